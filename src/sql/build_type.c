/* build_type.c -- nodes of types. */
#include "sql/build.h"
#include "sql/grammar_gen.h"

struct ast_type *type_named(struct parse *p, struct parse_names name)
{
    struct ast_type *node =
        NODE(p, AST_TYPE, AST_TYPE_NAMED, ast_type, name.count > 0 ? name.items[0].at : 0);
    if (node != NULL) node->name = path_end(name);
    return node;
}

/* "DOUBLE" and "PRECISION" become "DOUBLE PRECISION". */
static void append_words(struct parse *p, struct ast_type *type, struct slice words)
{
    struct ast_name *name = &type->name.parts[type->name.count - 1];
    char *text = parse_alloc(p, name->text.len + 1 + words.len);
    if (text == NULL) return;
    memcpy(text, name->text.data, name->text.len);
    text[name->text.len] = ' ';
    memcpy(text + name->text.len + 1, words.data, words.len);
    name->text = (struct slice){text, name->text.len + 1 + words.len};
    name->hash = slice_hash_folded(name->text);
    name->end = p->end;
    type->base.end = p->end;
}

struct ast_type *type_word(struct parse *p, struct ast_type *type, struct token word)
{
    if (p->rc != LLKV_OK) return NULL;
    if (word.flags & TOKEN_QUOTED) {
        parse_fail(p, LLKV_SYNTAX, NULL, word.at,
                   "a type of several words is written without quotes");
        return NULL;
    }
    append_words(p, type, token_text(p, &word));
    return type;
}

struct ast_type *type_zone(struct parse *p, struct ast_type *type, struct token with)
{
    if (p->rc != LLKV_OK) return NULL;
    bool without = with.code == TK_WITHOUT_TIME;
    append_words(p, type, without ? SLICE("WITHOUT TIME ZONE") : SLICE("WITH TIME ZONE"));
    return type;
}

struct ast_type *type_args(struct parse *p, struct ast_type *type, struct parse_list args)
{
    if (p->rc != LLKV_OK) return NULL;
    type->base.end = p->end;
    type->args = list_end(args);
    if (type->name.count != 1 || !slice_equal_folded(type->name.parts[0].text, SLICE("enum")))
        return type;
    for (uint32_t i = 0; i < args.count; i++) {
        if (args.items[i]->kind == AST_LITERAL && args.items[i]->op == AST_LITERAL_STRING) continue;
        parse_fail(p, LLKV_SYNTAX, NULL, args.items[i]->at, "the labels of an ENUM are strings");
        return NULL;
    }
    type->base.op = AST_TYPE_ENUM;
    type->labels = type->args;
    type->args = (struct ast_list){NULL, 0};
    type->name = (struct ast_path){NULL, 0};
    return type;
}

struct ast_type *type_list(struct parse *p, struct ast_type *element)
{
    struct ast_type *node =
        NODE(p, AST_TYPE, AST_TYPE_LIST, ast_type, p->rc == LLKV_OK ? element->base.at : 0);
    if (node != NULL) node->element = element;
    return node;
}

struct ast_type *type_array(struct parse *p, struct ast_type *element, struct token size)
{
    struct ast_type *node =
        NODE(p, AST_TYPE, AST_TYPE_ARRAY, ast_type, p->rc == LLKV_OK ? element->base.at : 0);
    if (node == NULL) return NULL;
    struct ast_literal *number = (struct ast_literal *)expr_number(p, size);
    if (number == NULL) return NULL;
    if (!(number->base.flags & AST_LITERAL_FITS) || number->value == 0)
        parse_fail(p, LLKV_SYNTAX, NULL, size.at, "an array needs a size of at least 1");
    node->element = element;
    node->size = number->value;
    return node;
}

struct ast_type *type_members(struct parse *p, enum ast_type_op op, struct token word,
                              struct parse_list members)
{
    struct ast_type *node = NODE(p, AST_TYPE, op, ast_type, word.at);
    if (node != NULL) node->members = list_end(members);
    return node;
}

struct ast_type *type_map(struct parse *p, struct token word, struct ast_type *key,
                          struct ast_type *value)
{
    struct ast_type *node = NODE(p, AST_TYPE, AST_TYPE_MAP, ast_type, word.at);
    if (node == NULL) return NULL;
    node->element = key;
    node->value = value;
    return node;
}

struct ast *type_member(struct parse *p, struct token name, struct ast_type *type)
{
    struct ast_member *node = NODE(p, AST_MEMBER, 0, ast_member, name.at);
    if (node == NULL) return NULL;
    node->name = token_name(p, &name);
    node->type = type;
    return &node->base;
}

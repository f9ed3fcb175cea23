/* build_call.c -- nodes of calls, plain and with words inside. */
#include "sql/build.h"
#include "sql/grammar_gen.h"

struct ast_call *call_open(struct parse *p, struct token name)
{
    struct ast_call *node = NODE(p, AST_CALL, 0, ast_call, name.at);
    if (node == NULL) return NULL;
    node->name = path_end(names_one(p, name));
    return node;
}

struct ast_call *call_open_path(struct parse *p, struct ast *value, struct token name)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_column *column = (struct ast_column *)value;
    bool is_path = value->kind == AST_COLUMN && value->at == column->path.parts[0].at;
    struct ast_call *node = NODE(p, AST_CALL, 0, ast_call, value->at);
    if (node == NULL) return NULL;
    if (is_path) {
        struct parse_names path = {column->path.parts, column->path.count, column->path.count};
        node->name = path_end(names_add(p, path, name));
    } else {
        node->name = path_end(names_one(p, name));
        node->base.flags = AST_CALL_METHOD;
        node->args = list_end(list_one(p, value));
    }
    return node;
}

struct ast_call *call_args(struct parse *p, struct ast_call *call, int flags,
                           struct parse_list args)
{
    if (p->rc != LLKV_OK) return NULL;
    if (call->args.count > 0) args = list_prepend(p, call->args.items[0], args);
    call->args = list_end(args);
    call->base.flags |= (uint8_t)flags;
    return call;
}

struct ast_call *call_star(struct parse *p, struct ast_call *call, struct ast *star)
{
    if (p->rc != LLKV_OK) return NULL;
    const struct ast_star *clauses = (const struct ast_star *)star;
    if (call->base.flags & AST_CALL_METHOD) {
        parse_fail(p, LLKV_SYNTAX, NULL, star->at, "* is no argument of a method");
        return NULL;
    }
    if (clauses->exclude.count + clauses->replace.count + clauses->rename.count == 0)
        call->base.flags |= AST_CALL_STAR;
    else
        call->args = list_end(list_one(p, star));
    return call;
}

static bool given_twice(struct parse *p, const struct ast_call *call, bool given,
                        const char *clause)
{
    if (p->rc != LLKV_OK) return true;
    if (given)
        parse_fail(p, LLKV_SYNTAX, NULL, call->base.at, "%s is given twice for this call", clause);
    return given;
}

struct ast_call *call_order(struct parse *p, struct ast_call *call, struct parse_list order)
{
    if (p->rc != LLKV_OK || given_twice(p, call, call->order.count > 0, "ORDER BY")) return NULL;
    call->order = list_end(order);
    return call;
}

struct ast_call *call_nulls(struct parse *p, struct ast_call *call, struct token word)
{
    if (p->rc != LLKV_OK) return NULL;
    uint8_t both = AST_CALL_IGNORE_NULLS | AST_CALL_RESPECT_NULLS;
    if (given_twice(p, call, (call->base.flags & both) != 0, "IGNORE or RESPECT NULLS"))
        return NULL;
    call->base.flags |= word.code == TK_IGNORE ? AST_CALL_IGNORE_NULLS : AST_CALL_RESPECT_NULLS;
    call->base.end = p->end;
    return call;
}

struct ast_call *call_end(struct parse *p, struct ast_call *call)
{
    if (p->rc != LLKV_OK) return NULL;
    call->base.end = p->end;
    return call;
}

struct ast_call *call_within(struct parse *p, struct ast_call *call, struct parse_list order)
{
    if (p->rc != LLKV_OK || given_twice(p, call, call->within_group.count > 0, "WITHIN GROUP"))
        return NULL;
    call->within_group = list_end(order);
    return call_end(p, call);
}

struct ast_call *call_filter(struct parse *p, struct ast_call *call, struct ast *condition)
{
    if (p->rc != LLKV_OK || given_twice(p, call, call->filter != NULL, "FILTER")) return NULL;
    call->filter = condition;
    return call_end(p, call);
}

struct ast_call *call_over_name(struct parse *p, struct ast_call *call, struct token name)
{
    if (p->rc != LLKV_OK || given_twice(p, call, call->over != NULL, "OVER")) return NULL;
    call->over = window_new(p, &name);
    if (call->over == NULL) return NULL;
    call->over->base.flags = AST_WINDOW_NAME_ONLY;
    return call_end(p, call);
}

struct ast_call *call_over(struct parse *p, struct ast_call *call, struct token open,
                           struct ast_window *window)
{
    if (p->rc != LLKV_OK || given_twice(p, call, call->over != NULL, "OVER")) return NULL;
    call->over = window;
    window->base.at = open.at;
    window->base.end = p->end;
    return call_end(p, call);
}

struct ast *expr_bare_call(struct parse *p, struct token name)
{
    struct ast_call *call = call_open(p, name);
    if (call == NULL) return NULL;
    call->base.flags = AST_CALL_BARE;
    return &call->base;
}

struct ast *call_plain(struct parse *p, struct token name, struct parse_list args)
{
    struct ast_call *call = call_open(p, name);
    if (call == NULL || p->rc != LLKV_OK) return NULL;
    call->args = list_end(args);
    return &call->base;
}

struct ast *call_fixed(struct parse *p, struct token word, const char *name, struct parse_list args)
{
    struct ast *node = call_plain(p, word, args);
    if (node == NULL) return NULL;
    struct ast_name *function = &((struct ast_call *)node)->name.parts[0];
    function->text = slice_of(name);
    function->hash = slice_hash_folded(function->text);
    return node;
}

struct ast *expr_comprehension(struct parse *p, struct token open, struct ast *value,
                               struct parse_names names, struct ast *list)
{
    struct ast *lambda = expr_lambda(p, open, names, value);
    return call_fixed(p, open, "list_transform", list_of(p, list, lambda, NULL, NULL));
}

struct ast *expr_filter(struct parse *p, struct token open, struct ast *condition,
                        struct parse_names names, struct ast *list)
{
    struct ast *lambda = expr_lambda(p, open, names, condition);
    return call_fixed(p, open, "list_filter", list_of(p, list, lambda, NULL, NULL));
}

struct ast *call_trim(struct parse *p, struct token word, const struct token *side,
                      struct ast *characters, struct ast *value)
{
    const char *name = side != NULL && side->code == TK_LEADING    ? "ltrim"
                       : side != NULL && side->code == TK_TRAILING ? "rtrim"
                                                                   : "trim";
    return call_fixed(p, word, name, list_of(p, value, characters, NULL, NULL));
}

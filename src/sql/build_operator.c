/* build_operator.c -- nodes of operators and predicates. */
#include "sql/build.h"
#include "sql/grammar_gen.h"

/* A chain grows in place. */
struct ast *expr_logic(struct parse *p, enum ast_logic_op op, struct ast *left, struct ast *right)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_logic *node = (struct ast_logic *)left;
    if (left->kind != AST_LOGIC || left->op != op) {
        node = NODE(p, AST_LOGIC, op, ast_logic, left->at);
        if (node == NULL) return NULL;
        node->operands = list_end(list_one(p, left));
    }
    node->operands = list_extend(p, node->operands, right);
    node->base.end = p->end;
    return &node->base;
}

struct ast *expr_unary(struct parse *p, enum ast_unary_op op, struct token sign, struct ast *value)
{
    struct ast_unary *node = NODE(p, AST_UNARY, op, ast_unary, sign.at);
    if (node == NULL) return NULL;
    node->value = value;
    return &node->base;
}

struct ast *expr_postfix(struct parse *p, enum ast_unary_op op, struct ast *value)
{
    struct ast_unary *node = NODE(p, AST_UNARY, op, ast_unary, at_of(value));
    if (node == NULL) return NULL;
    node->value = value;
    return &node->base;
}

struct ast *expr_binary(struct parse *p, enum ast_binary_op op, struct ast *left, struct ast *right)
{
    struct ast_binary *node = NODE(p, AST_BINARY, op, ast_binary, at_of(left));
    if (node == NULL) return NULL;
    node->left = left;
    node->right = right;
    return &node->base;
}

static enum ast_binary_op binary_op(struct token token)
{
    switch (token.code) {
    case TK_PLUS: return AST_BINARY_ADD;
    case TK_MINUS: return AST_BINARY_SUB;
    case TK_STAR: return AST_BINARY_MUL;
    case TK_SLASH: return AST_BINARY_DIV;
    case TK_INT_DIV: return AST_BINARY_INT_DIV;
    case TK_REM: return AST_BINARY_MOD;
    case TK_POWER: return AST_BINARY_POWER;
    case TK_CONCAT: return AST_BINARY_CONCAT;
    case TK_AMP: return AST_BINARY_BIT_AND;
    case TK_PIPE: return AST_BINARY_BIT_OR;
    case TK_LSHIFT: return AST_BINARY_SHIFT_LEFT;
    case TK_RSHIFT: return AST_BINARY_SHIFT_RIGHT;
    case TK_EQ: return AST_BINARY_EQ;
    case TK_NE: return AST_BINARY_NE;
    case TK_LT: return AST_BINARY_LT;
    case TK_LE: return AST_BINARY_LE;
    case TK_GT: return AST_BINARY_GT;
    case TK_GE: return AST_BINARY_GE;
    case TK_ARROW: return AST_BINARY_ARROW;
    case TK_ARROW_TEXT: return AST_BINARY_ARROW_TEXT;
    case TK_CONTAINS: return AST_BINARY_CONTAINS;
    case TK_CONTAINED: return AST_BINARY_CONTAINED;
    case TK_OVERLAP: return AST_BINARY_OVERLAP;
    case TK_STARTS: return AST_BINARY_STARTS;
    default: return AST_BINARY_OP_COUNT; /* the grammar passes no other */
    }
}

struct ast *expr_operator(struct parse *p, struct token op, struct ast *left, struct ast *right)
{
    return expr_binary(p, binary_op(op), left, right);
}

static bool is_open_comparison(const struct ast *node)
{
    if (node->kind != AST_BINARY || node->op < AST_BINARY_EQ || node->op > AST_BINARY_GE)
        return false;
    bool in_parens = node->at < ((const struct ast_binary *)node)->left->at;
    return !in_parens;
}

/* The grammar would take a < b < c from the left. */
struct ast *expr_compare(struct parse *p, struct token op, struct ast *left, struct ast *right)
{
    if (p->rc != LLKV_OK) return NULL;
    if (is_open_comparison(left)) {
        parse_fail(p, LLKV_SYNTAX, NULL, op.at, "comparisons do not chain");
        parse_hint(p, "write a < b AND b < c");
        return NULL;
    }
    return expr_binary(p, binary_op(op), left, right);
}

struct ast *expr_is(struct parse *p, int op, int flags, struct ast *value)
{
    struct ast_is *node = NODE(p, AST_IS, op, ast_is, at_of(value));
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->value = value;
    return &node->base;
}

int quantified_compare(struct token op)
{
    return (int)binary_op(op);
}

struct ast *expr_quantified(struct parse *p, int op, struct token word, struct ast *left,
                            struct ast_query *query, struct ast *array)
{
    struct ast_quantified *node =
        NODE(p, AST_QUANTIFIED, op & ~LIKE_NOT, ast_quantified, at_of(left));
    if (node == NULL) return NULL;
    if (word.code == TK_ALL) node->base.flags |= AST_QUANTIFIED_ALL;
    if (op & LIKE_NOT) node->base.flags |= AST_NEGATED;
    node->left = left;
    node->query = query;
    node->array = array;
    return &node->base;
}

struct ast *expr_between(struct parse *p, int flags, struct ast *value, struct ast *low,
                         struct ast *high)
{
    struct ast_between *node = NODE(p, AST_BETWEEN, 0, ast_between, at_of(value));
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->value = value;
    node->low = low;
    node->high = high;
    return &node->base;
}

int like_op(struct token word, bool negated)
{
    int op = AST_LIKE_LIKE, not = negated ? LIKE_NOT : 0;
    switch (word.code) {
    case TK_LIKE: break;
    case TK_ILIKE: op = AST_LIKE_ILIKE; break;
    case TK_GLOB: op = AST_LIKE_GLOB; break;
    case TK_REGEXP: op = AST_LIKE_REGEXP; break;
    case TK_MATCH: op = AST_LIKE_MATCH; break;
    case TK_SIMILAR: op = AST_LIKE_SIMILAR; break;
    case TK_TILDE: op = AST_LIKE_TILDE; break;
    case TK_TILDE_CI: op = AST_LIKE_TILDE_CASELESS; break;
    case TK_NOT_TILDE: op = AST_LIKE_TILDE, not = LIKE_NOT; break;
    case TK_NOT_TILDE_CI: op = AST_LIKE_TILDE_CASELESS, not = LIKE_NOT; break;
    case TK_LIKE_OP: break;
    case TK_NOT_LIKE_OP: not = LIKE_NOT; break;
    case TK_ILIKE_OP: op = AST_LIKE_ILIKE; break;
    case TK_NOT_ILIKE_OP: op = AST_LIKE_ILIKE, not = LIKE_NOT; break;
    case TK_GLOB_OP: op = AST_LIKE_GLOB; break;
    default: break; /* the grammar passes no other */
    }
    return AST_QUANTIFIED_LIKE + op + not ;
}

struct ast *expr_like(struct parse *p, int op, struct ast *value, struct ast *pattern,
                      struct ast *escape)
{
    int plain = (op & ~LIKE_NOT) - AST_QUANTIFIED_LIKE;
    struct ast_like *node = NODE(p, AST_LIKE, plain, ast_like, at_of(value));
    if (node == NULL) return NULL;
    if (op & LIKE_NOT) node->base.flags = AST_NEGATED;
    node->value = value;
    node->pattern = pattern;
    node->escape = escape;
    return &node->base;
}

struct ast *expr_in_list(struct parse *p, int flags, struct ast *value, struct parse_list items)
{
    struct ast_in_list *node = NODE(p, AST_IN_LIST, 0, ast_in_list, at_of(value));
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->value = value;
    node->items = list_end(items);
    return &node->base;
}

struct ast *expr_in_query(struct parse *p, int flags, struct ast *value, struct ast_query *query)
{
    struct ast_in_query *node = NODE(p, AST_IN_QUERY, 0, ast_in_query, at_of(value));
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->value = value;
    node->query = query;
    return &node->base;
}

struct ast *expr_in_table(struct parse *p, int flags, struct ast *value, struct ast *source)
{
    struct ast_in_table *node = NODE(p, AST_IN_TABLE, 0, ast_in_table, at_of(value));
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->value = value;
    node->source = source;
    return &node->base;
}

struct ast *in_source_call(struct parse *p, struct ast *name, struct parse_list args)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_call *node = NODE(p, AST_CALL, 0, ast_call, name->at);
    if (node == NULL) return NULL;
    if (name->kind != AST_COLUMN) {
        parse_fail(p, LLKV_SYNTAX, NULL, name->at, "only a function can be called");
        return NULL;
    }
    node->name = ((struct ast_column *)name)->path;
    node->args = list_end(args);
    return &node->base;
}

struct ast *expr_at_zone(struct parse *p, struct ast *value, struct ast *zone)
{
    struct ast_at_zone *node = NODE(p, AST_AT_ZONE, 0, ast_at_zone, at_of(value));
    if (node == NULL) return NULL;
    node->value = value;
    node->zone = zone;
    return &node->base;
}

struct ast *expr_collate(struct parse *p, struct ast *value, struct parse_names collation)
{
    struct ast_collate *node = NODE(p, AST_COLLATE, 0, ast_collate, at_of(value));
    if (node == NULL) return NULL;
    node->value = value;
    node->collation = path_end(collation);
    return &node->base;
}

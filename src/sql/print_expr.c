/* print_expr.c -- expressions, types and names as SQL text. */
#include <inttypes.h>
#include <stdio.h>

#include "base/vec.h"
#include "sql/chars.h"
#include "sql/lex.h"
#include "sql/print_priv.h"

/* ---- text ----------------------------------------------------------------------------------- */

void put_bytes(struct printer *out, struct slice text)
{
    if (out->rc != LLKV_OK) return;
    if (out->capacity - out->len <= text.len) {
        size_t capacity = (out->capacity + text.len) * 2 + 64;
        char *data = cx_alloc(out->cx, capacity);
        if (data == NULL) {
            out->rc = LLKV_NOMEM;
            return;
        }
        if (out->len > 0) memcpy(data, out->data, out->len);
        out->data = data;
        out->capacity = capacity;
    }
    if (text.len > 0) memcpy(out->data + out->len, text.data, text.len);
    out->len += text.len;
}

void put(struct printer *out, const char *text)
{
    put_bytes(out, slice_of(text));
}

void put_number(struct printer *out, int64_t value)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%" PRId64, value);
    put_bytes(out, (struct slice){text, (size_t)len});
}

/* Between quotes, which are doubled inside. */
static void put_quoted(struct printer *out, struct slice text, char quote)
{
    struct slice mark = {&quote, 1};
    put_bytes(out, mark);
    size_t begin = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != quote) continue;
        put_bytes(out, (struct slice){text.data + begin, i + 1 - begin});
        begin = i;
    }
    put_bytes(out, (struct slice){text.data + begin, text.len - begin});
    put_bytes(out, mark);
}

void put_string(struct printer *out, struct slice text)
{
    put_quoted(out, text, '\'');
}

static bool needs_quotes(struct slice name)
{
    if (name.len == 0 || !char_is_word_start(name.data[0])) return true;
    for (size_t i = 0; i < name.len; i++)
        if (!char_is_word(name.data[i]) || (uint8_t)name.data[i] >= 0x80) return true;
    return sql_keyword(name, NULL) != 0;
}

void put_name(struct printer *out, const struct ast_name *name)
{
    if (needs_quotes(name->text))
        put_quoted(out, name->text, '"');
    else
        put_bytes(out, name->text);
}

void put_path(struct printer *out, struct ast_path path)
{
    for (uint32_t i = 0; i < path.count; i++) {
        if (i > 0) put(out, ".");
        put_name(out, &path.parts[i]);
    }
}

void put_names(struct printer *out, struct ast_names names)
{
    for (uint32_t i = 0; i < names.count; i++) {
        if (i > 0) put(out, ", ");
        put_name(out, &names.items[i]);
    }
}

void put_columns(struct printer *out, struct ast_names names)
{
    if (names.count == 0) return;
    put(out, " (");
    put_names(out, names);
    put(out, ")");
}

void put_list(struct printer *out, struct ast_list list)
{
    for (uint32_t i = 0; i < list.count; i++) {
        if (i > 0) put(out, ", ");
        put_node(out, list.items[i]);
    }
}

/* ---- types ---------------------------------------------------------------------------------- */

/* Several words are one name; arguments stand before WITH or WITHOUT TIME ZONE. */
static void put_named_type(struct printer *out, const struct ast_type *type)
{
    static const struct slice tails[] = {{" WITH TIME ZONE", 15}, {" WITHOUT TIME ZONE", 18}};
    struct ast_path path = type->name;
    const struct ast_name *last = &path.parts[path.count - 1];
    struct slice words = last->text, tail = {"", 0};
    for (uint32_t i = 0; i + 1 < path.count; i++) {
        put_name(out, &path.parts[i]);
        put(out, ".");
    }
    for (uint32_t i = 0; i < ARRAY_COUNT(tails); i++) {
        if (words.len <= tails[i].len) continue;
        struct slice end = {words.data + words.len - tails[i].len, tails[i].len};
        if (!slice_equal(end, tails[i])) continue;
        tail = tails[i];
        words.len -= tails[i].len;
        break;
    }
    if (last->quoted)
        put_quoted(out, words, '"');
    else
        put_bytes(out, words);
    if (type->args.count > 0) {
        put(out, "(");
        put_list(out, type->args);
        put(out, ")");
    }
    put_bytes(out, tail);
}

static void put_bare_type(struct printer *out, const struct ast_type *type)
{
    switch ((enum ast_type_op)type->base.op) {
    case AST_TYPE_NAMED: put_named_type(out, type); return;
    case AST_TYPE_LIST:
        put_type(out, type->element);
        put(out, "[]");
        return;
    case AST_TYPE_ARRAY:
        put_type(out, type->element);
        put(out, "[");
        put_number(out, type->size);
        put(out, "]");
        return;
    case AST_TYPE_STRUCT: put(out, "STRUCT("); break;
    case AST_TYPE_UNION: put(out, "UNION("); break;
    case AST_TYPE_MAP:
        put(out, "MAP(");
        put_type(out, type->element);
        put(out, ", ");
        put_type(out, type->value);
        break;
    case AST_TYPE_ENUM: put(out, "ENUM("); break;
    }
    put_list(out, type->members);
    put_list(out, type->labels);
    put(out, ")");
}

void put_type(struct printer *out, const struct ast_type *type)
{
    if (out->rc == LLKV_OK) out->rc = cx_enter(out->cx);
    if (out->rc != LLKV_OK) return;
    put_bare_type(out, type);
    if (out->rc == LLKV_OK) cx_leave(out->cx);
}

/* ---- operators ------------------------------------------------------------------------------ */

struct operator_shown {
    const char *text;
    enum rank rank;
};
static const struct operator_shown binary_shown[AST_BINARY_OP_COUNT] = {
    [AST_BINARY_ADD] = {" + ", RANK_ADD},
    [AST_BINARY_SUB] = {" - ", RANK_ADD},
    [AST_BINARY_MUL] = {" * ", RANK_MULTIPLY},
    [AST_BINARY_DIV] = {" / ", RANK_MULTIPLY},
    [AST_BINARY_INT_DIV] = {" // ", RANK_MULTIPLY},
    [AST_BINARY_MOD] = {" % ", RANK_MULTIPLY},
    [AST_BINARY_POWER] = {" ** ", RANK_POWER},
    [AST_BINARY_CONCAT] = {" || ", RANK_OPERATOR},
    [AST_BINARY_BIT_AND] = {" & ", RANK_OPERATOR},
    [AST_BINARY_BIT_OR] = {" | ", RANK_OPERATOR},
    [AST_BINARY_SHIFT_LEFT] = {" << ", RANK_OPERATOR},
    [AST_BINARY_SHIFT_RIGHT] = {" >> ", RANK_OPERATOR},
    [AST_BINARY_EQ] = {" = ", RANK_COMPARE},
    [AST_BINARY_NE] = {" <> ", RANK_COMPARE},
    [AST_BINARY_LT] = {" < ", RANK_COMPARE},
    [AST_BINARY_LE] = {" <= ", RANK_COMPARE},
    [AST_BINARY_GT] = {" > ", RANK_COMPARE},
    [AST_BINARY_GE] = {" >= ", RANK_COMPARE},
    [AST_BINARY_DISTINCT] = {" IS DISTINCT FROM ", RANK_IS},
    [AST_BINARY_NOT_DISTINCT] = {" IS NOT DISTINCT FROM ", RANK_IS},
    [AST_BINARY_ARROW] = {" -> ", RANK_OPERATOR},
    [AST_BINARY_ARROW_TEXT] = {" ->> ", RANK_OPERATOR},
    [AST_BINARY_CONTAINS] = {" @> ", RANK_OPERATOR},
    [AST_BINARY_CONTAINED] = {" <@ ", RANK_OPERATOR},
    [AST_BINARY_OVERLAP] = {" && ", RANK_OPERATOR},
    [AST_BINARY_STARTS] = {" ^@ ", RANK_OPERATOR},
};
static const char *const like_shown[] = {" LIKE ",   " ILIKE ", " SIMILAR TO ", " GLOB ",
                                         " REGEXP ", " MATCH ", " ~ ",          " ~* "};

static bool like_is_sign(uint32_t op)
{
    return op == AST_LIKE_TILDE || op == AST_LIKE_TILDE_CASELESS;
}

static enum rank rank_of(const struct ast *node)
{
    switch ((enum ast_kind)node->kind) {
    case AST_LAMBDA: return RANK_NONE;
    case AST_LOGIC: return node->op == AST_LOGIC_OR ? RANK_OR : RANK_AND;
    case AST_UNARY:
        if (node->op == AST_UNARY_NOT) return RANK_NOT;
        return node->op == AST_UNARY_FACTORIAL ? RANK_OPERATOR : RANK_UNARY;
    case AST_IS: return RANK_IS;
    case AST_BINARY: return binary_shown[node->op].rank;
    case AST_QUANTIFIED: return node->op < AST_QUANTIFIED_LIKE ? RANK_COMPARE : RANK_LIKE;
    case AST_BETWEEN:
    case AST_IN_LIST:
    case AST_IN_QUERY:
    case AST_IN_TABLE: return RANK_LIKE;
    case AST_LIKE: return like_is_sign(node->op) ? RANK_OPERATOR : RANK_LIKE;
    case AST_AT_ZONE: return RANK_ZONE;
    case AST_COLLATE: return RANK_COLLATE;
    case AST_SUBSCRIPT:
    case AST_SLICE:
    case AST_FIELD: return RANK_POSTFIX;
    default: return RANK_PRIMARY;
    }
}

/* The least rank of the operands of a binary operator: comparisons do not chain. */
static enum rank left_minimum(enum rank rank)
{
    return rank == RANK_COMPARE || rank == RANK_LIKE ? rank + 1 : rank;
}

/* The chain of left operands in a loop: first the parentheses it begins with, then the operand at
 * the bottom, then operators and right operands on the way up. */
static void put_binary(struct printer *out, const struct ast *node)
{
    VEC(const struct ast_binary *) spine = {0};
    for (; node->kind == AST_BINARY; node = ((const struct ast_binary *)node)->left) {
        if (out->rc == LLKV_OK) out->rc = VEC_RESERVE(out->cx, &spine);
        if (out->rc != LLKV_OK) return;
        spine.items[spine.count++] = (const struct ast_binary *)node;
        const struct ast *left = ((const struct ast_binary *)node)->left;
        bool parens = left->kind == AST_BINARY && rank_of(left) < left_minimum(rank_of(node));
        if (parens) put(out, "(");
    }
    put_expr(out, node, left_minimum(rank_of(&spine.items[spine.count - 1]->base)));
    for (uint32_t i = spine.count; i-- > 0;) {
        const struct ast_binary *binary = spine.items[i];
        enum rank rank = rank_of(&binary->base);
        put(out, binary_shown[binary->base.op].text);
        put_expr(out, binary->right, rank + 1);
        if (i > 0 && rank < left_minimum(rank_of(&spine.items[i - 1]->base))) put(out, ")");
    }
}

static void put_logic(struct printer *out, const struct ast_logic *logic)
{
    bool is_or = logic->base.op == AST_LOGIC_OR;
    for (uint32_t i = 0; i < logic->operands.count; i++) {
        if (i > 0) put(out, is_or ? " OR " : " AND ");
        put_expr(out, logic->operands.items[i], is_or ? RANK_AND : RANK_NOT);
    }
}

static void put_unary(struct printer *out, const struct ast_unary *unary)
{
    static const char *const signs[] = {"- ", "+ ", "NOT ", "~ ", "", "@ "};
    if (unary->base.op == AST_UNARY_FACTORIAL) {
        put_expr(out, unary->value, RANK_OPERATOR);
        put(out, " !");
        return;
    }
    bool plain = unary->base.op != AST_UNARY_NOT && unary->base.op != AST_UNARY_ABS &&
                 unary->value->kind != AST_UNARY;
    struct slice sign = slice_of(signs[unary->base.op]);
    if (plain) sign.len--;
    put_bytes(out, sign);
    put_expr(out, unary->value, unary->base.op == AST_UNARY_NOT ? RANK_NOT : RANK_UNARY);
}

static void put_is(struct printer *out, const struct ast_is *is)
{
    static const char *const words[] = {"NULL", "TRUE", "FALSE", "UNKNOWN"};
    put_expr(out, is->value, RANK_IS);
    put(out, is->base.flags & AST_NEGATED ? " IS NOT " : " IS ");
    put(out, words[is->base.op]);
}

static void put_between(struct printer *out, const struct ast_between *between)
{
    put_expr(out, between->value, RANK_OPERATOR);
    put(out, between->base.flags & AST_NEGATED ? " NOT BETWEEN " : " BETWEEN ");
    if (between->base.flags & AST_BETWEEN_SYMMETRIC) put(out, "SYMMETRIC ");
    put_expr(out, between->low, RANK_OPERATOR);
    put(out, " AND ");
    put_expr(out, between->high, RANK_OPERATOR);
}

static void put_like_word(struct printer *out, uint32_t op, bool negated)
{
    if (!negated)
        put(out, like_shown[op]);
    else if (op == AST_LIKE_TILDE)
        put(out, " !~ ");
    else if (op == AST_LIKE_TILDE_CASELESS)
        put(out, " !~* ");
    else {
        put(out, " NOT");
        put(out, like_shown[op]);
    }
}

static void put_like(struct printer *out, const struct ast_like *like)
{
    enum rank right = like_is_sign(like->base.op) ? RANK_ADD : RANK_OPERATOR;
    put_expr(out, like->value, RANK_OPERATOR);
    put_like_word(out, like->base.op, like->base.flags & AST_NEGATED);
    put_expr(out, like->pattern, right);
    if (like->escape == NULL) return;
    put(out, " ESCAPE ");
    put_expr(out, like->escape, RANK_OPERATOR);
}

static void put_in(struct printer *out, const struct ast *node)
{
    const struct ast_in_list *in = (const struct ast_in_list *)node;
    put_expr(out, in->value, RANK_OPERATOR);
    put(out, node->flags & AST_NEGATED ? " NOT IN " : " IN ");
    if (node->kind == AST_IN_TABLE) {
        put_expr(out, ((const struct ast_in_table *)node)->source, RANK_POSTFIX);
        return;
    }
    put(out, "(");
    if (node->kind == AST_IN_QUERY)
        put_query(out, ((const struct ast_in_query *)node)->query);
    else
        put_list(out, in->items);
    put(out, ")");
}

static void put_quantified(struct printer *out, const struct ast_quantified *node)
{
    bool compare = node->base.op < AST_QUANTIFIED_LIKE;
    put_expr(out, node->left, compare ? RANK_LIKE : RANK_OPERATOR);
    if (compare)
        put(out, binary_shown[node->base.op].text);
    else
        put_like_word(out, node->base.op - AST_QUANTIFIED_LIKE, node->base.flags & AST_NEGATED);
    put(out, node->base.flags & AST_QUANTIFIED_ALL ? "ALL (" : "ANY (");
    if (node->query != NULL)
        put_query(out, node->query);
    else
        put_expr(out, node->array, RANK_NONE);
    put(out, ")");
}

/* ---- operands ------------------------------------------------------------------------------- */

static void put_blob(struct printer *out, struct slice bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    put(out, "X'");
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = (uint8_t)bytes.data[i];
        char pair[2] = {digits[byte >> 4], digits[byte & 15]};
        put_bytes(out, (struct slice){pair, 2});
    }
    put(out, "'");
}

static void put_literal(struct printer *out, const struct ast_literal *literal)
{
    switch ((enum ast_literal_op)literal->base.op) {
    case AST_LITERAL_NULL: put(out, "NULL"); return;
    case AST_LITERAL_TRUE: put(out, "TRUE"); return;
    case AST_LITERAL_FALSE: put(out, "FALSE"); return;
    case AST_LITERAL_STRING: put_string(out, literal->text); return;
    case AST_LITERAL_BLOB: put_blob(out, literal->text); return;
    case AST_LITERAL_INTEGER:
    case AST_LITERAL_DECIMAL:
    case AST_LITERAL_REAL: put_bytes(out, literal->text); return;
    }
}

static void put_param(struct printer *out, const struct ast_param *param)
{
    if (param->name.len > 0) {
        put(out, "@");
        put_bytes(out, param->name);
    } else {
        put(out, "$");
        put_number(out, param->number);
    }
}

static void put_star_clause(struct printer *out, const char *word, struct ast_list list)
{
    if (list.count == 0) return;
    put(out, word);
    put_list(out, list);
    put(out, ")");
}

static void put_star(struct printer *out, const struct ast_star *star)
{
    put_path(out, star->qualifier);
    put(out, star->qualifier.count > 0 ? ".*" : "*");
    put_star_clause(out, " EXCLUDE (", star->exclude);
    put_star_clause(out, " REPLACE (", star->replace);
    put_star_clause(out, " RENAME (", star->rename);
}

static void put_case(struct printer *out, const struct ast_case *node)
{
    put(out, "CASE");
    if (node->operand != NULL) {
        put(out, " ");
        put_expr(out, node->operand, RANK_NONE + 1);
    }
    for (uint32_t i = 0; i < node->whens.count; i++) {
        const struct ast_when *when = (const struct ast_when *)node->whens.items[i];
        put(out, " WHEN ");
        put_expr(out, when->condition, RANK_NONE);
        put(out, " THEN ");
        put_expr(out, when->result, RANK_NONE);
    }
    if (node->otherwise != NULL) {
        put(out, " ELSE ");
        put_expr(out, node->otherwise, RANK_NONE);
    }
    put(out, " END");
}

static const char *const unit_words[] = {
    "",     "MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR",    "DAY",
    "WEEK", "MONTH",       "QUARTER",     "YEAR",   "DECADE", "CENTURY", "MILLENNIUM"};

static void put_interval(struct printer *out, const struct ast_interval *interval)
{
    bool plain = interval->value->kind == AST_LITERAL || interval->value->kind == AST_PARAM;
    put(out, plain ? "INTERVAL " : "INTERVAL (");
    put_expr(out, interval->value, RANK_NONE);
    if (!plain) put(out, ")");
    if (interval->base.op == AST_UNIT_NONE) return;
    put(out, " ");
    put(out, unit_words[interval->base.op]);
    if (interval->last_unit == AST_UNIT_NONE) return;
    put(out, " TO ");
    put(out, unit_words[interval->last_unit]);
}

/* What a subscript, a point or a method can follow without parentheses. `plain_name`: also a chain
 * of names, which a point would lengthen. */
static void put_base(struct printer *out, const struct ast *value, bool plain_name)
{
    bool safe = (value->kind == AST_COLUMN && plain_name) || value->kind == AST_SUBSCRIPT ||
                value->kind == AST_SLICE || value->kind == AST_FIELD ||
                (value->kind == AST_CALL && !(value->flags & AST_CALL_BARE)) ||
                (value->kind == AST_ARRAY && plain_name);
    if (!safe) put(out, "(");
    put_expr(out, value, RANK_NONE);
    if (!safe) put(out, ")");
}

static void put_slice_node(struct printer *out, const struct ast_slice *slice)
{
    put_base(out, slice->value, true);
    put(out, "[");
    if (slice->low != NULL) put_expr(out, slice->low, RANK_NONE);
    put(out, " : ");
    if (slice->high != NULL) put_expr(out, slice->high, RANK_NONE);
    if (slice->step != NULL) {
        put(out, " : ");
        put_expr(out, slice->step, RANK_NONE);
    }
    put(out, "]");
}

static void put_map(struct printer *out, const struct ast_map *map)
{
    put(out, "MAP {");
    for (uint32_t i = 0; i < map->keys.count; i++) {
        if (i > 0) put(out, ", ");
        put_expr(out, map->keys.items[i], RANK_NONE);
        put(out, " : ");
        put_expr(out, map->values.items[i], RANK_NONE);
    }
    put(out, "}");
}

static void put_struct(struct printer *out, const struct ast_struct *node)
{
    put(out, "{");
    for (uint32_t i = 0; i < node->members.count; i++) {
        const struct ast_argument *item = (const struct ast_argument *)node->members.items[i];
        if (i > 0) put(out, ", ");
        put_string(out, item->name.text);
        put(out, " : ");
        put_expr(out, item->value, RANK_NONE);
    }
    put(out, "}");
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void put_call_args(struct printer *out, const struct ast_call *call)
{
    struct ast_list args = call->args;
    if (call->base.flags & AST_CALL_METHOD) {
        args.items++;
        args.count--;
    }
    put(out, "(");
    if (call->base.flags & AST_CALL_DISTINCT) put(out, "DISTINCT ");
    if (call->base.flags & AST_CALL_STAR) put(out, "*");
    put_list(out, args);
    if (call->order.count > 0) {
        put(out, " ORDER BY ");
        put_list(out, call->order);
    }
    put(out, ")");
}

void put_call(struct printer *out, const struct ast_call *call)
{
    if (call->base.flags & AST_CALL_BARE) {
        put_bytes(out, call->name.parts[0].text);
        return;
    }
    if (call->base.flags & AST_CALL_METHOD) {
        put_base(out, call->args.items[0], false);
        put(out, ".");
    }
    put_path(out, call->name);
    put_call_args(out, call);
    if (call->within_group.count > 0) {
        put(out, " WITHIN GROUP (ORDER BY ");
        put_list(out, call->within_group);
        put(out, ")");
    }
    if (call->base.flags & AST_CALL_IGNORE_NULLS) put(out, " IGNORE NULLS");
    if (call->base.flags & AST_CALL_RESPECT_NULLS) put(out, " RESPECT NULLS");
    if (call->filter != NULL) {
        put(out, " FILTER (WHERE ");
        put_expr(out, call->filter, RANK_NONE);
        put(out, ")");
    }
    if (call->over == NULL) return;
    put(out, " OVER ");
    put_window(out, call->over);
}

/* ---- any expression ------------------------------------------------------------------------- */

static void put_between_words(struct printer *out, const char *before, const struct ast_list *list,
                              const char *after)
{
    put(out, before);
    put_list(out, *list);
    put(out, after);
}

static void put_pair(struct printer *out, const struct ast *value, enum rank minimum,
                     const char *words)
{
    put_expr(out, value, minimum);
    put(out, words);
}

/* A query in parentheses, behind a word. */
static void put_subquery(struct printer *out, const char *word, const struct ast_query *query)
{
    put(out, word);
    put(out, "(");
    put_query(out, query);
    put(out, ")");
}

/* Kinds whose text is not worth a function of its own; false if it is none of them. */
static bool put_small(struct printer *out, const struct ast *node)
{
    switch ((enum ast_kind)node->kind) {
    case AST_COLUMN: put_path(out, ((const struct ast_column *)node)->path); return true;
    case AST_POSITION:
        put(out, "#");
        put_number(out, ((const struct ast_position *)node)->number);
        return true;
    case AST_EXISTS:
        put_subquery(out, "EXISTS ", ((const struct ast_exists *)node)->query);
        return true;
    case AST_SUBQUERY:
        put_subquery(out, node->flags & AST_SUBQUERY_ARRAY ? "ARRAY" : "",
                     ((const struct ast_subquery *)node)->query);
        return true;
    case AST_ROW:
        put_between_words(out, "ROW(", &((const struct ast_row *)node)->items, ")");
        return true;
    case AST_ARRAY:
        put_between_words(out, "[", &((const struct ast_array *)node)->items, "]");
        return true;
    case AST_GROUPING:
        put_between_words(out, "GROUPING(", &((const struct ast_grouping *)node)->args, ")");
        return true;
    case AST_DEFAULT: put(out, "DEFAULT"); return true;
    case AST_ARGUMENT:
        put_name(out, &((const struct ast_argument *)node)->name);
        put(out, " => ");
        put_expr(out, ((const struct ast_argument *)node)->value, RANK_NONE);
        return true;
    case AST_CAST:
        put(out, node->flags & AST_CAST_TRY ? "TRY_CAST(" : "CAST(");
        put_pair(out, ((const struct ast_cast *)node)->value, RANK_OR, " AS ");
        put_type(out, ((const struct ast_cast *)node)->type);
        put(out, ")");
        return true;
    case AST_TYPED:
        put_type(out, ((const struct ast_typed *)node)->type);
        put(out, " ");
        put_string(out, ((const struct ast_typed *)node)->text);
        return true;
    default: return false;
    }
}

static bool put_access(struct printer *out, const struct ast *node)
{
    switch ((enum ast_kind)node->kind) {
    case AST_SUBSCRIPT:
        put_base(out, ((const struct ast_subscript *)node)->value, true);
        put(out, "[");
        put_pair(out, ((const struct ast_subscript *)node)->index, RANK_NONE, "]");
        return true;
    case AST_FIELD:
        put_base(out, ((const struct ast_field *)node)->value, false);
        put(out, ".");
        put_name(out, &((const struct ast_field *)node)->name);
        return true;
    case AST_LAMBDA:
        put(out, "lambda ");
        put_names(out, ((const struct ast_lambda *)node)->names);
        put(out, " : ");
        put_expr(out, ((const struct ast_lambda *)node)->body, RANK_NONE);
        return true;
    case AST_COLLATE:
        put_pair(out, ((const struct ast_collate *)node)->value, RANK_COLLATE, " COLLATE ");
        put_path(out, ((const struct ast_collate *)node)->collation);
        return true;
    case AST_AT_ZONE: {
        const struct ast_at_zone *at = (const struct ast_at_zone *)node;
        put_pair(out, at->value, RANK_ZONE, at->zone == NULL ? " AT LOCAL" : " AT TIME ZONE ");
        if (at->zone != NULL) put_expr(out, at->zone, RANK_ZONE + 1);
        return true;
    }
    default: return put_small(out, node);
    }
}

static void put_bare_expr(struct printer *out, const struct ast *node)
{
    switch ((enum ast_kind)node->kind) {
    case AST_LITERAL: put_literal(out, (const struct ast_literal *)node); return;
    case AST_STAR: put_star(out, (const struct ast_star *)node); return;
    case AST_PARAM: put_param(out, (const struct ast_param *)node); return;
    case AST_UNARY: put_unary(out, (const struct ast_unary *)node); return;
    case AST_BINARY: put_binary(out, node); return;
    case AST_LOGIC: put_logic(out, (const struct ast_logic *)node); return;
    case AST_IS: put_is(out, (const struct ast_is *)node); return;
    case AST_BETWEEN: put_between(out, (const struct ast_between *)node); return;
    case AST_LIKE: put_like(out, (const struct ast_like *)node); return;
    case AST_IN_LIST:
    case AST_IN_QUERY:
    case AST_IN_TABLE: put_in(out, node); return;
    case AST_QUANTIFIED: put_quantified(out, (const struct ast_quantified *)node); return;
    case AST_CASE: put_case(out, (const struct ast_case *)node); return;
    case AST_CALL: put_call(out, (const struct ast_call *)node); return;
    case AST_STRUCT: put_struct(out, (const struct ast_struct *)node); return;
    case AST_MAP: put_map(out, (const struct ast_map *)node); return;
    case AST_SLICE: put_slice_node(out, (const struct ast_slice *)node); return;
    case AST_INTERVAL: put_interval(out, (const struct ast_interval *)node); return;
    default: break;
    }
    if (put_access(out, node) || out->rc != LLKV_OK) return;
    out->rc = cx_fail(out->cx, LLKV_INTERNAL, "%s is no expression",
                      ast_kind_name((enum ast_kind)node->kind));
}

void put_expr(struct printer *out, const struct ast *node, enum rank minimum)
{
    if (out->rc == LLKV_OK) out->rc = cx_enter(out->cx);
    if (out->rc != LLKV_OK) return;
    bool parens = rank_of(node) < minimum;
    if (parens) put(out, "(");
    put_bare_expr(out, node);
    if (parens) put(out, ")");
    if (out->rc == LLKV_OK) cx_leave(out->cx);
}

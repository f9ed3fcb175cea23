/* build_expr.c -- nodes of expressions: operands, then operators. */
#include "sql/build.h"
#include "sql/grammar_gen.h"

/* ---- literals and names --------------------------------------------------------------------- */

struct ast *expr_word(struct parse *p, struct token token, enum ast_literal_op op)
{
    return (struct ast *)NODE(p, AST_LITERAL, op, ast_literal, token.at);
}

struct ast *expr_number(struct parse *p, struct token token)
{
    enum ast_literal_op op = token.code == TK_INTEGER   ? AST_LITERAL_INTEGER
                             : token.code == TK_DECIMAL ? AST_LITERAL_DECIMAL
                                                        : AST_LITERAL_REAL;
    struct ast_literal *node = NODE(p, AST_LITERAL, op, ast_literal, token.at);
    if (node == NULL) return NULL;
    literal_number(p, &token, node);
    return &node->base;
}

struct ast *expr_string(struct parse *p, struct token token)
{
    struct ast_literal *node = NODE(p, AST_LITERAL, AST_LITERAL_STRING, ast_literal, token.at);
    if (node == NULL) return NULL;
    node->text = token_text(p, &token);
    return &node->base;
}

struct ast *expr_blob(struct parse *p, struct token token)
{
    struct ast_literal *node = NODE(p, AST_LITERAL, AST_LITERAL_BLOB, ast_literal, token.at);
    if (node == NULL) return NULL;
    node->text = literal_blob(p, &token);
    return &node->base;
}

struct ast *expr_one(struct parse *p)
{
    struct ast_literal *node = NODE(p, AST_LITERAL, AST_LITERAL_INTEGER, ast_literal, p->end);
    if (node == NULL) return NULL;
    node->text = SLICE("1");
    node->value = 1;
    node->base.flags = AST_LITERAL_FITS;
    return &node->base;
}

/* The number of the parameter `name`, new or known. */
static uint32_t param_named(struct parse *p, struct slice name)
{
    for (uint32_t i = 0; i < p->params.count; i++)
        if (p->params.items[i].len != 0 && slice_equal(p->params.items[i], name)) return i + 1;
    return p->params.count + 1;
}

/* The number behind ? or $; too large a one is reported. */
static uint32_t param_numbered(struct parse *p, struct token token)
{
    uint64_t number = 0;
    for (uint32_t i = 1; i < token.len && number <= SQL_PARAMETERS_MAX; i++)
        number = number * 10 + (uint64_t)(p->text.data[token.at + i] - '0');
    if (number >= 1 && number <= SQL_PARAMETERS_MAX) return (uint32_t)number;
    parse_fail(p, LLKV_LIMIT, "54000", token.at, "parameters are numbered from 1 to %d",
               SQL_PARAMETERS_MAX);
    return 1;
}

static llkv_code param_grow(struct parse *p, uint32_t number)
{
    while (p->params.count < number)
        VEC_PUSH(p->cx, &p->params, (struct slice){NULL, 0});
    return LLKV_OK;
}

struct ast *param_node_new(struct parse *p, struct token token)
{
    struct ast_param *node = NODE(p, AST_PARAM, 0, ast_param, token.at);
    if (node == NULL) return NULL;
    const char *text = p->text.data + token.at;
    if (token.len > 1 && text[1] >= '0' && text[1] <= '9') {
        node->number = param_numbered(p, token);
    } else if (token.len > 1) {
        node->name = (struct slice){text + 1, token.len - 1};
        node->number = param_named(p, node->name);
    } else {
        node->number = p->params.count + 1;
    }
    if (node->number > SQL_PARAMETERS_MAX)
        parse_fail(p, LLKV_LIMIT, "54000", token.at, "more than %d parameters", SQL_PARAMETERS_MAX);
    if (p->rc == LLKV_OK) p->rc = param_grow(p, node->number);
    if (p->rc == LLKV_OK && node->name.len != 0) p->params.items[node->number - 1] = node->name;
    return &node->base;
}

struct ast *expr_position(struct parse *p, struct token token)
{
    struct ast_position *node = NODE(p, AST_POSITION, 0, ast_position, token.at);
    if (node == NULL) return NULL;
    uint64_t number = 0;
    for (uint32_t i = 1; i < token.len && number <= SQL_COLUMNS_MAX; i++)
        number = number * 10 + (uint64_t)(p->text.data[token.at + i] - '0');
    if (number == 0 || number > SQL_COLUMNS_MAX)
        parse_fail(p, LLKV_SYNTAX, NULL, token.at, "columns are numbered from 1 to %d",
                   SQL_COLUMNS_MAX);
    node->number = (uint32_t)number;
    return &node->base;
}

struct ast *expr_default(struct parse *p, struct token token)
{
    return (struct ast *)NODE(p, AST_DEFAULT, 0, ast_default, token.at);
}

struct ast *column_node_new(struct parse *p, struct token token)
{
    struct ast_column *node = NODE(p, AST_COLUMN, 0, ast_column, token.at);
    if (node == NULL) return NULL;
    struct ast_name *name = parse_alloc(p, sizeof *name);
    if (name == NULL) return NULL;
    *name = token_name(p, &token);
    node->path = (struct ast_path){name, 1};
    return &node->base;
}

struct ast *expr_of_path(struct parse *p, struct parse_names path)
{
    struct ast_column *node =
        NODE(p, AST_COLUMN, 0, ast_column, path.count > 0 ? path.items[0].at : p->end);
    if (node == NULL) return NULL;
    node->path = path_end(path);
    return &node->base;
}

/* A chain of names that did not stand in parentheses. */
static bool is_path(const struct ast *value)
{
    const struct ast_column *column = (const struct ast_column *)value;
    return value->kind == AST_COLUMN && value->at == column->path.parts[0].at;
}

struct ast *expr_field(struct parse *p, struct ast *value, struct token name)
{
    if (p->rc != LLKV_OK) return NULL;
    if (is_path(value)) {
        struct ast_column *column = (struct ast_column *)value;
        struct parse_names path = {column->path.parts, column->path.count, column->path.count};
        column->path = path_end(names_add(p, path, name));
        column->base.end = p->end;
        return value;
    }
    struct ast_field *node = NODE(p, AST_FIELD, 0, ast_field, value->at);
    if (node == NULL) return NULL;
    node->value = value;
    node->name = token_name(p, &name);
    return &node->base;
}

/* ---- stars ---------------------------------------------------------------------------------- */

static struct ast *star_new(struct parse *p, uint32_t at, struct ast_path qualifier,
                            struct ast_star *clauses)
{
    struct ast_star *node = clauses != NULL ? clauses : NODE(p, AST_STAR, 0, ast_star, at);
    if (node == NULL || p->rc != LLKV_OK) return NULL;
    node->qualifier = qualifier;
    node->base.at = at;
    node->base.end = p->end;
    return &node->base;
}

struct ast *expr_plain_star(struct parse *p, struct token star, struct ast_star *clauses)
{
    return star_new(p, star.at, (struct ast_path){NULL, 0}, clauses);
}

struct ast *expr_star(struct parse *p, struct ast *qualifier, struct ast_star *clauses)
{
    if (p->rc != LLKV_OK) return NULL;
    if (is_path(qualifier))
        return star_new(p, qualifier->at, ((struct ast_column *)qualifier)->path, clauses);
    parse_fail(p, LLKV_UNSUPPORTED, NULL, qualifier->at, "only a table can stand before .*");
    return NULL;
}

struct ast_star *star_exclude(struct parse *p, struct token word, struct parse_list columns)
{
    struct ast_star *node = NODE(p, AST_STAR, 0, ast_star, word.at);
    if (node != NULL) node->exclude = list_end(columns);
    return node;
}

struct ast_star *star_replace(struct parse *p, struct token word, struct parse_list items)
{
    struct ast_star *node = NODE(p, AST_STAR, 0, ast_star, word.at);
    if (node != NULL) node->replace = list_end(items);
    return node;
}

struct ast_star *star_rename(struct parse *p, struct token word, struct parse_list items)
{
    struct ast_star *node = NODE(p, AST_STAR, 0, ast_star, word.at);
    if (node != NULL) node->rename = list_end(items);
    return node;
}

struct ast_star *star_merge(struct parse *p, struct ast_star *into, struct ast_star *from)
{
    if (p->rc != LLKV_OK) return NULL;
    if ((into->exclude.count > 0 && from->exclude.count > 0) ||
        (into->replace.count > 0 && from->replace.count > 0) ||
        (into->rename.count > 0 && from->rename.count > 0)) {
        parse_fail(p, LLKV_SYNTAX, NULL, from->base.at, "this clause of * is given twice");
        return NULL;
    }
    if (from->exclude.count > 0) into->exclude = from->exclude;
    if (from->replace.count > 0) into->replace = from->replace;
    if (from->rename.count > 0) into->rename = from->rename;
    return into;
}

/* ---- access, parentheses, rows -------------------------------------------------------------- */

struct ast *expr_subscript(struct parse *p, struct ast *value, struct ast *index)
{
    struct ast_subscript *node = NODE(p, AST_SUBSCRIPT, 0, ast_subscript, at_of(value));
    if (node == NULL) return NULL;
    node->value = value;
    node->index = index;
    return &node->base;
}

struct ast *expr_slice(struct parse *p, struct ast *value, struct ast *low, struct ast *high,
                       struct ast *step)
{
    struct ast_slice *node = NODE(p, AST_SLICE, 0, ast_slice, at_of(value));
    if (node == NULL) return NULL;
    node->value = value;
    node->low = low;
    node->high = high;
    node->step = step;
    return &node->base;
}

static struct ast *subquery_at(struct parse *p, uint32_t at, uint8_t flags, struct ast_query *query)
{
    struct ast_subquery *node = NODE(p, AST_SUBQUERY, 0, ast_subquery, at);
    if (node == NULL) return NULL;
    node->base.flags = flags;
    node->query = query;
    return &node->base;
}

struct ast *expr_subquery(struct parse *p, struct ast_query *query)
{
    return p->rc == LLKV_OK ? subquery_at(p, query->base.at, 0, query) : NULL;
}

struct ast *expr_array_query(struct parse *p, struct token word, struct ast_query *query)
{
    return subquery_at(p, word.at, AST_SUBQUERY_ARRAY, query);
}

struct ast *expr_parens(struct parse *p, struct token open, struct ast *value)
{
    if (p->rc != LLKV_OK) return NULL;
    value->at = open.at;
    value->end = p->end;
    return value;
}

struct ast *expr_row(struct parse *p, struct token open, struct parse_list items)
{
    struct ast_row *node = NODE(p, AST_ROW, 0, ast_row, open.at);
    if (node == NULL) return NULL;
    node->items = list_end(items);
    return &node->base;
}

struct ast *expr_exists(struct parse *p, struct token word, struct ast_query *query)
{
    struct ast_exists *node = NODE(p, AST_EXISTS, 0, ast_exists, word.at);
    if (node == NULL) return NULL;
    node->query = query;
    return &node->base;
}

struct ast *expr_array(struct parse *p, struct token open, struct parse_list items)
{
    struct ast_array *node = NODE(p, AST_ARRAY, 0, ast_array, open.at);
    if (node == NULL) return NULL;
    node->items = list_end(items);
    return &node->base;
}

struct ast *expr_argument(struct parse *p, struct token name, struct ast *value)
{
    struct ast_argument *node = NODE(p, AST_ARGUMENT, 0, ast_argument, name.at);
    if (node == NULL) return NULL;
    node->name = token_name(p, &name);
    node->value = value;
    return &node->base;
}

struct ast *expr_struct(struct parse *p, struct token open, struct parse_list members)
{
    struct ast_struct *node = NODE(p, AST_STRUCT, 0, ast_struct, open.at);
    if (node == NULL) return NULL;
    node->members = list_end(members);
    return &node->base;
}

struct ast *expr_map(struct parse *p, struct token word, struct parse_list pairs)
{
    struct ast_map *node = NODE(p, AST_MAP, 0, ast_map, word.at);
    struct parse_list keys = list_none(), values = list_none();
    for (uint32_t i = 0; i + 1 < pairs.count && p->rc == LLKV_OK; i += 2) {
        keys = list_add(p, keys, pairs.items[i]);
        values = list_add(p, values, pairs.items[i + 1]);
    }
    if (node == NULL || p->rc != LLKV_OK) return NULL;
    node->keys = list_end(keys);
    node->values = list_end(values);
    return &node->base;
}

/* ---- CASE, CAST, typed literals ------------------------------------------------------------- */

struct ast *expr_case(struct parse *p, struct token word, struct ast *operand,
                      struct parse_list whens, struct ast *otherwise)
{
    struct ast_case *node = NODE(p, AST_CASE, 0, ast_case, word.at);
    if (node == NULL) return NULL;
    node->operand = operand;
    node->whens = list_end(whens);
    node->otherwise = otherwise;
    return &node->base;
}

struct ast *expr_when(struct parse *p, struct token word, struct ast *condition, struct ast *result)
{
    struct ast_when *node = NODE(p, AST_WHEN, 0, ast_when, word.at);
    if (node == NULL) return NULL;
    node->condition = condition;
    node->result = result;
    return &node->base;
}

struct ast *expr_cast(struct parse *p, uint32_t at, int flags, struct ast *value,
                      struct ast_type *type)
{
    struct ast_cast *node = NODE(p, AST_CAST, 0, ast_cast, at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->value = value;
    node->type = type;
    return &node->base;
}

struct ast *expr_typed(struct parse *p, struct token word, struct token last, struct token text)
{
    struct ast_typed *node = NODE(p, AST_TYPED, 0, ast_typed, word.at);
    if (node == NULL) return NULL;
    node->text = token_text(p, &text);
    node->type = type_named(p, names_one(p, word));
    if (last.at != word.at) node->type = type_zone(p, node->type, last);
    if (node->type != NULL) node->type->base.end = last.at + last.len;
    return &node->base;
}

static enum ast_unit unit_of(struct parse *p, const struct token *word)
{
    static const char *const names[] = {
        "",     "microsecond", "millisecond", "second", "minute", "hour",    "day",
        "week", "month",       "quarter",     "year",   "decade", "century", "millennium"};
    struct slice text = {p->text.data + word->at, word->len};
    if (token_is(p, word, "centuries")) return AST_UNIT_CENTURY;
    if (token_is(p, word, "millennia")) return AST_UNIT_MILLENNIUM;
    for (uint32_t i = AST_UNIT_MICROSECOND; i <= AST_UNIT_MILLENNIUM; i++) {
        struct slice name = slice_of(names[i]);
        bool plural = text.len == name.len + 1 && (text.data[name.len] | 0x20) == 's';
        if (slice_equal_folded((struct slice){text.data, text.len - plural}, name))
            return (enum ast_unit)i;
    }
    parse_fail(p, LLKV_SYNTAX, NULL, word->at, "\"%.*s\" is no unit of time", SLICE_ARG(text));
    parse_hint(p, "units are microsecond to millennium, in singular or plural");
    return AST_UNIT_NONE;
}

struct ast *expr_interval(struct parse *p, struct token word, struct ast *value,
                          const struct token *unit, const struct token *last_unit)
{
    struct ast_interval *node = NODE(p, AST_INTERVAL, 0, ast_interval, word.at);
    if (node == NULL) return NULL;
    node->value = value;
    if (unit != NULL) node->base.op = (uint16_t)unit_of(p, unit);
    if (last_unit != NULL) node->last_unit = unit_of(p, last_unit);
    return &node->base;
}

struct ast *expr_lambda(struct parse *p, struct token word, struct parse_names names,
                        struct ast *body)
{
    struct ast_lambda *node = NODE(p, AST_LAMBDA, 0, ast_lambda, word.at);
    if (node == NULL) return NULL;
    node->names = names_end(names);
    node->body = body;
    return &node->base;
}

struct ast *expr_grouping(struct parse *p, struct token word, struct parse_list args)
{
    struct ast_grouping *node = NODE(p, AST_GROUPING, 0, ast_grouping, word.at);
    if (node == NULL) return NULL;
    node->args = list_end(args);
    return &node->base;
}

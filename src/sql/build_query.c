/* build_query.c -- nodes of queries: clauses, set operations, VALUES, WITH, windows. */
#include "sql/build.h"
#include "sql/grammar_gen.h"

/* ---- query, WITH, ORDER BY, LIMIT ----------------------------------------------------------- */

struct ast_query *query_wrap(struct parse *p, struct ast *body)
{
    struct ast_query *node = NODE(p, AST_QUERY, 0, ast_query, at_of(body));
    if (node != NULL) node->body = body;
    return node;
}

struct ast_query *query_new(struct parse *p, struct ast *body)
{
    if (p->rc != LLKV_OK) return NULL;
    return body->kind == AST_QUERY ? (struct ast_query *)body : query_wrap(p, body);
}

struct ast_query *query_with(struct parse *p, struct ast_with *with, struct ast_query *query)
{
    if (p->rc != LLKV_OK) return NULL;
    query->with = with;
    query->base.at = with->base.at;
    return query;
}

struct ast_query *query_parens(struct parse *p, struct token open, struct ast_query *query)
{
    if (p->rc != LLKV_OK) return NULL;
    query->base.at = open.at;
    query->base.end = p->end;
    return query;
}

struct ast *query_as_body(struct parse *p, struct ast_query *query)
{
    if (p->rc != LLKV_OK) return NULL;
    if (query->with != NULL || query->order.count > 0 || query->limit != NULL ||
        query->offset != NULL)
        return &query->base;
    query->body->at = query->base.at;
    query->body->end = query->base.end;
    return query->body;
}

struct ast_query *query_clause(struct parse *p, struct ast_query *query, struct ast_query *clause)
{
    if (p->rc != LLKV_OK) return NULL;
    bool limited = query->limit != NULL || query->offset != NULL;
    if (clause->order.count > 0) {
        if (limited || query->order.count > 0)
            parse_fail(p, LLKV_SYNTAX, NULL, clause->base.at, "%s",
                       limited ? "ORDER BY stands before LIMIT and OFFSET"
                               : "ORDER BY is given twice");
        query->order = clause->order;
    }
    if (clause->limit != NULL && query->limit != NULL)
        parse_fail(p, LLKV_SYNTAX, NULL, clause->base.at, "LIMIT is given twice");
    if (clause->offset != NULL && query->offset != NULL)
        parse_fail(p, LLKV_SYNTAX, NULL, clause->base.at, "OFFSET is given twice");
    if (clause->limit != NULL) query->limit = clause->limit;
    if (clause->offset != NULL) query->offset = clause->offset;
    query->base.flags |= clause->base.flags;
    query->base.end = p->end;
    return query;
}

struct ast_query *clause_order(struct parse *p, struct token word, struct parse_list order)
{
    struct ast_query *node = NODE(p, AST_QUERY, 0, ast_query, word.at);
    if (node != NULL) node->order = list_end(order);
    return node;
}

struct ast_query *clause_limit(struct parse *p, struct token word, struct ast *limit,
                               struct ast *offset, int flags)
{
    struct ast_query *node = NODE(p, AST_QUERY, 0, ast_query, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->limit = limit;
    node->offset = offset;
    return node;
}

struct ast_query *clause_offset(struct parse *p, struct token word, struct ast *offset)
{
    return clause_limit(p, word, NULL, offset, 0);
}

struct ast_with *with_new(struct parse *p, struct token word, int flags, struct parse_list ctes)
{
    struct ast_with *node = NODE(p, AST_WITH, 0, ast_with, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->ctes = list_end(ctes);
    return node;
}

struct ast *cte_new(struct parse *p, struct token name, struct parse_names columns, int flags,
                    struct ast_query *query)
{
    struct ast_cte *node = NODE(p, AST_CTE, 0, ast_cte, name.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->name = token_name(p, &name);
    node->columns = names_end(columns);
    node->query = query;
    return &node->base;
}

/* ---- set operations, VALUES ----------------------------------------------------------------- */

struct ast *setop_new(struct parse *p, struct token word, int flags, struct ast *left,
                      struct ast *right)
{
    if (p->rc != LLKV_OK) return NULL;
    enum ast_setop_op op = word.code == TK_UNION       ? AST_SETOP_UNION
                           : word.code == TK_INTERSECT ? AST_SETOP_INTERSECT
                                                       : AST_SETOP_EXCEPT;
    struct ast_setop *node = (struct ast_setop *)left;
    if (left->kind != AST_SETOP || left->op != op || left->flags != flags) {
        node = NODE(p, AST_SETOP, op, ast_setop, left->at);
        if (node == NULL) return NULL;
        node->base.flags = (uint8_t)flags;
        node->arms = list_end(list_one(p, left));
    }
    node->arms = list_extend(p, node->arms, right);
    node->base.end = p->end;
    return &node->base;
}

struct parse_values *values_new(struct parse *p, struct token word, struct parse_list row)
{
    struct parse_values *values = p->rc == LLKV_OK ? parse_alloc(p, sizeof *values) : NULL;
    if (values == NULL) return NULL;
    *values = (struct parse_values){
        .at = word.at, .cells = row, .row_count = 1, .column_count = row.count};
    return values;
}

struct parse_values *values_rows(struct parse *p, struct token word)
{
    if (p->rc != LLKV_OK) return NULL;
    p->rows->at = word.at;
    return p->rows;
}

struct parse_values *values_row(struct parse *p, struct parse_values *values, struct token open,
                                struct parse_list row)
{
    if (p->rc != LLKV_OK) return NULL;
    if (row.count != values->column_count) {
        parse_fail(p, LLKV_SYNTAX, NULL, open.at,
                   "rows of VALUES must be equally long: the first has %u values, this one %u",
                   values->column_count, row.count);
        return NULL;
    }
    for (uint32_t i = 0; i < row.count; i++)
        values->cells = list_add(p, values->cells, row.items[i]);
    values->row_count++;
    return values;
}

struct ast *values_end(struct parse *p, struct parse_values *values)
{
    struct ast_values *node = NODE(p, AST_VALUES, 0, ast_values, p->rc == LLKV_OK ? values->at : 0);
    if (node == NULL) return NULL;
    node->cells = values->cells.items;
    node->row_count = values->row_count;
    node->column_count = values->column_count;
    return &node->base;
}

/* ---- SELECT --------------------------------------------------------------------------------- */

/* The order of clauses; while a select is built its op holds the last one seen. */
enum clause {
    CLAUSE_ITEMS,
    CLAUSE_FROM,
    CLAUSE_WHERE,
    CLAUSE_GROUP,
    CLAUSE_HAVING,
    CLAUSE_WINDOW,
    CLAUSE_QUALIFY,
    CLAUSE_SAMPLE
};

/* False after reporting that the clause stands in the wrong place. */
static bool clause_fits(struct parse *p, struct ast_select *select, struct token word,
                        enum clause clause)
{
    static const char *const names[] = {"SELECT", "FROM",   "WHERE",   "GROUP BY",
                                        "HAVING", "WINDOW", "QUALIFY", "USING SAMPLE"};
    if (p->rc != LLKV_OK) return false;
    if (select->base.op >= clause) {
        bool twice = select->base.op == clause;
        parse_fail(p, LLKV_SYNTAX, NULL, word.at,
                   twice ? "%s is given twice" : "%s stands before %s", names[clause],
                   names[select->base.op]);
        return false;
    }
    select->base.op = (uint16_t)clause;
    select->base.end = p->end;
    return true;
}

struct ast *select_end(struct ast_select *select)
{
    if (select == NULL) return NULL;
    select->base.op = 0;
    return &select->base;
}

struct ast_select *select_new(struct parse *p, struct token word, int flags,
                              struct parse_list items)
{
    struct ast_select *node = NODE(p, AST_SELECT, 0, ast_select, word.at);
    if (node == NULL) return NULL;
    if (items.count > SQL_COLUMNS_MAX)
        parse_fail(p, LLKV_LIMIT, "54011", word.at, "a select list has at most %d items",
                   SQL_COLUMNS_MAX);
    node->base.flags = (uint8_t)flags;
    node->items = list_end(items);
    return node;
}

struct ast_select *select_distinct_on(struct parse *p, struct token word, struct parse_list on,
                                      struct parse_list items)
{
    struct ast_select *node = select_new(p, word, AST_SELECT_DISTINCT, items);
    if (node != NULL) node->distinct_on = list_end(on);
    return node;
}

struct ast_select *select_from_items(struct parse *p, struct token word, struct parse_list from,
                                     int flags, struct parse_list items)
{
    struct ast_select *node = select_new(p, word, flags, items);
    if (node == NULL) return NULL;
    node->from = list_end(from);
    node->base.op = CLAUSE_FROM;
    return node;
}

struct ast_select *select_from_first(struct parse *p, struct token word, struct parse_list from)
{
    struct ast *star = (struct ast *)NODE(p, AST_STAR, 0, ast_star, word.at);
    if (star == NULL) return NULL;
    star->end = word.at;
    return select_from_items(p, word, from, AST_SELECT_FROM_FIRST, list_one(p, star));
}

struct ast *select_table(struct parse *p, struct token word, struct parse_names path)
{
    struct parse_list from = list_one(p, table_item_new(p, path, NULL));
    return select_end(select_from_first(p, word, from));
}

struct ast_select *select_from(struct parse *p, struct ast_select *select, struct token word,
                               struct parse_list from)
{
    if (!clause_fits(p, select, word, CLAUSE_FROM)) return NULL;
    select->from = list_end(from);
    return select;
}

struct ast_select *select_where(struct parse *p, struct ast_select *select, struct token word,
                                struct ast *condition)
{
    if (!clause_fits(p, select, word, CLAUSE_WHERE)) return NULL;
    select->where = condition;
    return select;
}

struct ast_select *select_group(struct parse *p, struct ast_select *select, struct token word,
                                struct parse_list group)
{
    if (!clause_fits(p, select, word, CLAUSE_GROUP)) return NULL;
    select->group = list_end(group);
    return select;
}

struct ast_select *select_group_all(struct parse *p, struct ast_select *select, struct token word)
{
    if (!clause_fits(p, select, word, CLAUSE_GROUP)) return NULL;
    select->base.flags |= AST_SELECT_GROUP_ALL;
    return select;
}

struct ast_select *select_having(struct parse *p, struct ast_select *select, struct token word,
                                 struct ast *condition)
{
    if (!clause_fits(p, select, word, CLAUSE_HAVING)) return NULL;
    select->having = condition;
    return select;
}

struct ast_select *select_windows(struct parse *p, struct ast_select *select, struct token word,
                                  struct parse_list windows)
{
    if (!clause_fits(p, select, word, CLAUSE_WINDOW)) return NULL;
    select->windows = list_end(windows);
    return select;
}

struct ast_select *select_qualify(struct parse *p, struct ast_select *select, struct token word,
                                  struct ast *condition)
{
    if (!clause_fits(p, select, word, CLAUSE_QUALIFY)) return NULL;
    select->qualify = condition;
    return select;
}

struct ast_select *select_sample(struct parse *p, struct ast_select *select, struct token word,
                                 struct ast_sample *sample)
{
    if (!clause_fits(p, select, word, CLAUSE_SAMPLE)) return NULL;
    select->sample = sample_end(sample);
    return select;
}

struct ast *item_new(struct parse *p, struct ast *value, const struct token *name)
{
    struct ast_item *node = NODE(p, AST_ITEM, 0, ast_item, at_of(value));
    if (node == NULL) return NULL;
    node->value = value;
    if (name != NULL) node->name = token_name(p, name);
    return &node->base;
}

struct ast *item_prefix(struct parse *p, struct token name, struct ast *value)
{
    struct ast *node = item_new(p, value, &name);
    if (node != NULL) node->at = name.at;
    return node;
}

/* ---- grouping, ordering, windows ------------------------------------------------------------ */

struct ast *group_expr(struct parse *p, struct ast *value)
{
    if (p->rc != LLKV_OK || value->kind != AST_ROW || p->text.data[value->at] != '(') return value;
    struct ast_group_set *node = NODE(p, AST_GROUP_SET, AST_GROUP_PLAIN, ast_group_set, value->at);
    if (node != NULL) node->items = ((struct ast_row *)value)->items;
    return (struct ast *)node;
}

struct ast *group_set(struct parse *p, enum ast_group_op op, struct token word,
                      struct parse_list items)
{
    struct ast_group_set *node = NODE(p, AST_GROUP_SET, op, ast_group_set, word.at);
    if (node == NULL) return NULL;
    node->items = list_end(items);
    return &node->base;
}

struct ast_order *order_new(struct parse *p, struct ast *value)
{
    struct ast_order *node = NODE(p, AST_ORDER, 0, ast_order, at_of(value));
    if (node != NULL) node->value = value;
    return node;
}

struct ast_order *order_all(struct parse *p, struct token word)
{
    return NODE(p, AST_ORDER, 0, ast_order, word.at);
}

struct ast_order *order_flag(struct parse *p, struct ast_order *order, int flag)
{
    if (p->rc != LLKV_OK) return NULL;
    uint8_t direction = AST_ORDER_ASC | AST_ORDER_DESC;
    uint8_t nulls = AST_ORDER_NULLS_FIRST | AST_ORDER_NULLS_LAST;
    bool is_direction = (flag & direction) != 0;
    if (order->base.flags & (is_direction ? direction | nulls : nulls))
        parse_fail(p, LLKV_SYNTAX, NULL, p->end,
                   "a sort key takes one ASC or DESC, then one NULLS FIRST or LAST");
    order->base.flags |= (uint8_t)flag;
    order->base.end = p->end;
    return order;
}

struct ast *window_def(struct parse *p, struct token name, struct token open,
                       struct ast_window *window)
{
    struct ast_window_def *node = NODE(p, AST_WINDOW_DEF, 0, ast_window_def, name.at);
    if (node == NULL) return NULL;
    node->name = token_name(p, &name);
    node->window = window;
    window->base.at = open.at;
    window->base.end = p->end;
    return &node->base;
}

struct ast_window *window_new(struct parse *p, const struct token *name)
{
    struct ast_window *node =
        NODE(p, AST_WINDOW, AST_FRAME_NONE, ast_window, name == NULL ? p->end : name->at);
    if (node != NULL && name != NULL) node->name = token_name(p, name);
    return node;
}

static bool window_fits(struct parse *p, const struct token *word, bool too_late)
{
    if (p->rc != LLKV_OK) return false;
    if (too_late)
        parse_fail(p, LLKV_SYNTAX, NULL, word->at,
                   "a window is PARTITION BY, ORDER BY, a frame, in this order and each once");
    return !too_late;
}

struct ast_window *window_partition(struct parse *p, struct ast_window *window, struct token word,
                                    struct parse_list list)
{
    bool fits = window_fits(p, &word,
                            p->rc == LLKV_OK && (window->partition.count > 0 ||
                                                 window->order.count > 0 || window->base.op != 0));
    if (!fits) return NULL;
    window->partition = list_end(list);
    return window;
}

struct ast_window *window_order(struct parse *p, struct ast_window *window, struct token word,
                                struct parse_list list)
{
    bool fits = window_fits(p, &word,
                            p->rc == LLKV_OK && (window->order.count > 0 || window->base.op != 0));
    if (!fits) return NULL;
    window->order = list_end(list);
    return window;
}

struct ast_window *window_frame(struct parse *p, struct ast_window *window, struct token unit,
                                struct parse_bound *start, struct parse_bound *stop)
{
    if (!window_fits(p, &unit, p->rc == LLKV_OK && window->base.op != 0)) return NULL;
    window->base.op = unit.code == TK_ROWS    ? AST_FRAME_ROWS
                      : unit.code == TK_RANGE ? AST_FRAME_RANGE
                                              : AST_FRAME_GROUPS;
    window->start = start->kind;
    window->start_offset = start->offset;
    window->stop = stop == NULL ? (uint32_t)AST_BOUND_CURRENT_ROW : stop->kind;
    window->stop_offset = stop == NULL ? NULL : stop->offset;
    if (window->start > window->stop || window->start == AST_BOUND_UNBOUNDED_FOLLOWING ||
        window->stop == AST_BOUND_UNBOUNDED_PRECEDING)
        parse_fail(p, LLKV_SYNTAX, "42P20", unit.at, "the frame ends before it starts");
    return window;
}

struct ast_window *window_exclude(struct parse *p, struct ast_window *window,
                                  enum ast_frame_exclude what)
{
    if (p->rc != LLKV_OK) return NULL;
    if (window->base.op == AST_FRAME_NONE)
        parse_fail(p, LLKV_SYNTAX, NULL, p->end, "EXCLUDE needs a frame before it");
    window->exclude = what;
    return window;
}

struct parse_bound *bound_new(struct parse *p, enum ast_frame_bound kind, struct ast *offset)
{
    struct parse_bound *bound = p->rc == LLKV_OK ? parse_alloc(p, sizeof *bound) : NULL;
    if (bound != NULL) *bound = (struct parse_bound){(uint32_t)kind, offset};
    return bound;
}

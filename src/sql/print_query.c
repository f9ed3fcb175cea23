/* print_query.c -- queries as SQL text, and the door of the printer. */
#include "sql/print_priv.h"

/* ---- FROM ----------------------------------------------------------------------------------- */

static void put_alias(struct printer *out, const struct ast_name *alias, struct ast_names columns)
{
    if (!ast_name_given(alias)) return;
    put(out, " AS ");
    put_name(out, alias);
    if (columns.count == 0) return;
    put(out, "(");
    put_names(out, columns);
    put(out, ")");
}

static void put_sample(struct printer *out, const char *word, const struct ast_sample *sample)
{
    if (sample == NULL) return;
    put(out, word);
    if (ast_name_given(&sample->method)) put_name(out, &sample->method);
    put(out, "(");
    put_expr(out, sample->amount, RANK_NONE);
    put(out, sample->base.op == AST_SAMPLE_PERCENT ? " PERCENT)" : " ROWS)");
    if (sample->seed == NULL) return;
    put(out, " REPEATABLE (");
    put_expr(out, sample->seed, RANK_NONE);
    put(out, ")");
}

static void put_table(struct printer *out, const struct ast_table *table)
{
    if (table->base.flags & AST_TABLE_FILE)
        put_string(out, table->path.parts[0].text);
    else
        put_path(out, table->path);
    put_alias(out, &table->alias, table->columns);
    if (table->base.flags & AST_TABLE_NOT_INDEXED) put(out, " NOT INDEXED");
    if (ast_name_given(&table->indexed_by)) {
        put(out, " INDEXED BY ");
        put_name(out, &table->indexed_by);
    }
    put_sample(out, " TABLESAMPLE ", table->sample);
}

static void put_table_function(struct printer *out, const struct ast_table_function *node)
{
    if (node->base.flags & AST_FROM_LATERAL) put(out, "LATERAL ");
    put_call(out, node->call);
    if (node->base.flags & AST_FROM_ORDINALITY) put(out, " WITH ORDINALITY");
    put_alias(out, &node->alias, node->columns);
    put_sample(out, " TABLESAMPLE ", node->sample);
}

static void put_derived(struct printer *out, const struct ast_derived *node)
{
    put(out, node->base.flags & AST_FROM_LATERAL ? "LATERAL (" : "(");
    put_query(out, node->query);
    put(out, ")");
    put_alias(out, &node->alias, node->columns);
    put_sample(out, " TABLESAMPLE ", node->sample);
}

/* A from item that stands alone: joins get parentheses. */
static void put_table_ref(struct printer *out, const struct ast *item)
{
    const struct ast_join *join = (const struct ast_join *)item;
    bool parens = item->kind == AST_JOIN && !ast_name_given(&join->alias);
    if (parens) put(out, "(");
    put_from(out, item);
    if (parens) put(out, ")");
}

static void put_join_body(struct printer *out, const struct ast_join *join)
{
    static const char *const words[] = {"JOIN",      "CROSS JOIN", "LEFT JOIN", "RIGHT JOIN",
                                        "FULL JOIN", "SEMI JOIN",  "ANTI JOIN", "POSITIONAL JOIN"};
    put_from(out, join->left);
    put(out, " ");
    if (join->base.flags & AST_JOIN_NATURAL) put(out, "NATURAL ");
    if (join->base.flags & AST_JOIN_ASOF) put(out, "ASOF ");
    put(out, words[join->base.op]);
    put(out, " ");
    put_table_ref(out, join->right);
    if (join->on != NULL) {
        put(out, " ON ");
        put_expr(out, join->on, RANK_NONE);
    } else if (join->using.count > 0) {
        put(out, " USING");
        put_columns(out, join->using);
    }
}

static void put_join(struct printer *out, const struct ast_join *join)
{
    bool named = ast_name_given(&join->alias);
    if (named) put(out, "(");
    put_join_body(out, join);
    if (!named) return;
    put(out, ")");
    put_alias(out, &join->alias, join->columns);
}

/* The words of the statement, for what the form behind a table cannot say. */
static void put_pivot_statement(struct printer *out, const struct ast_pivot *pivot)
{
    put(out, "PIVOT ");
    put_table_ref(out, pivot->source);
    for (uint32_t i = 0; i < pivot->on.count; i++) {
        const struct ast_pivot_on *on = (const struct ast_pivot_on *)pivot->on.items[i];
        put(out, i == 0 ? " ON " : ", ");
        put_expr(out, on->value,
                 on->items.count > 0 || on->query != NULL ? RANK_OPERATOR : RANK_NONE);
        if (on->items.count == 0 && on->query == NULL) continue;
        put(out, " IN (");
        if (on->query != NULL)
            put_query(out, on->query);
        else
            put_list(out, on->items);
        put(out, ")");
    }
    if (pivot->aggregates.count > 0) {
        put(out, " USING ");
        put_list(out, pivot->aggregates);
    }
    if (pivot->group.count == 0) return;
    put(out, " GROUP BY ");
    put_list(out, pivot->group);
}

static void put_pivot_column(struct printer *out, const struct ast *column)
{
    if (column->kind != AST_ROW) {
        put_expr(out, column, RANK_NONE);
        return;
    }
    put(out, "(");
    put_list(out, ((const struct ast_row *)column)->items);
    put(out, ")");
}

static void put_pivot(struct printer *out, const struct ast_pivot *pivot)
{
    put_table_ref(out, pivot->source);
    put(out, " PIVOT (");
    put_list(out, pivot->aggregates);
    put(out, " FOR");
    for (uint32_t i = 0; i < pivot->on.count; i++) {
        const struct ast_pivot_on *on = (const struct ast_pivot_on *)pivot->on.items[i];
        put(out, " ");
        put_pivot_column(out, on->value);
        put(out, " IN (");
        if (on->query != NULL)
            put_query(out, on->query);
        else
            put_list(out, on->items);
        put(out, ")");
    }
    if (pivot->group.count > 0) {
        put(out, " GROUP BY ");
        put_list(out, pivot->group);
    }
    put(out, ")");
    put_alias(out, &pivot->alias, pivot->columns);
}

static void put_unpivot(struct printer *out, const struct ast_unpivot *unpivot)
{
    put_table_ref(out, unpivot->source);
    put(out, unpivot->base.flags & AST_UNPIVOT_INCLUDE_NULLS ? " UNPIVOT INCLUDE NULLS ("
                                                             : " UNPIVOT (");
    bool tuple = unpivot->values.count > 1;
    if (tuple) put(out, "(");
    put_names(out, unpivot->values);
    put(out, tuple ? ") FOR " : " FOR ");
    put_name(out, &unpivot->name);
    put(out, " IN (");
    put_list(out, unpivot->items);
    put(out, "))");
    put_alias(out, &unpivot->alias, unpivot->columns);
}

static void put_unpivot_statement(struct printer *out, const struct ast_unpivot *unpivot)
{
    put(out, "UNPIVOT ");
    put_table_ref(out, unpivot->source);
    if (unpivot->base.flags & AST_UNPIVOT_INCLUDE_NULLS) put(out, " INCLUDE NULLS");
    put(out, " ON ");
    put_list(out, unpivot->items);
    if (!ast_name_given(&unpivot->name)) return;
    put(out, " INTO NAME ");
    put_name(out, &unpivot->name);
    put(out, " VALUE ");
    put_names(out, unpivot->values);
}

void put_from(struct printer *out, const struct ast *item)
{
    if (out->rc == LLKV_OK) out->rc = cx_enter(out->cx);
    if (out->rc != LLKV_OK) return;
    switch ((enum ast_kind)item->kind) {
    case AST_TABLE: put_table(out, (const struct ast_table *)item); break;
    case AST_DERIVED: put_derived(out, (const struct ast_derived *)item); break;
    case AST_TABLE_FUNCTION:
        put_table_function(out, (const struct ast_table_function *)item);
        break;
    case AST_JOIN: put_join(out, (const struct ast_join *)item); break;
    case AST_PIVOT: put_pivot(out, (const struct ast_pivot *)item); break;
    case AST_UNPIVOT: put_unpivot(out, (const struct ast_unpivot *)item); break;
    default:
        out->rc = cx_fail(out->cx, LLKV_INTERNAL, "%s is no from item",
                          ast_kind_name((enum ast_kind)item->kind));
    }
    if (out->rc == LLKV_OK) cx_leave(out->cx);
}

/* ---- windows, ordering, grouping ------------------------------------------------------------ */

void put_order(struct printer *out, const struct ast_order *order)
{
    if (order->value == NULL)
        put(out, "ALL");
    else
        put_expr(out, order->value, RANK_NONE);
    if (order->base.flags & AST_ORDER_ASC) put(out, " ASC");
    if (order->base.flags & AST_ORDER_DESC) put(out, " DESC");
    if (order->base.flags & AST_ORDER_NULLS_FIRST) put(out, " NULLS FIRST");
    if (order->base.flags & AST_ORDER_NULLS_LAST) put(out, " NULLS LAST");
}

static void put_bound(struct printer *out, uint32_t bound, const struct ast *offset)
{
    static const char *const words[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW",
                                        " FOLLOWING", "UNBOUNDED FOLLOWING"};
    if (offset != NULL) put_expr(out, offset, RANK_IS);
    put(out, words[bound]);
}

static void put_frame(struct printer *out, const struct ast_window *window)
{
    static const char *const units[] = {"", "ROWS", "RANGE", "GROUPS"};
    static const char *const excludes[] = {"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP",
                                           " EXCLUDE TIES"};
    if (window->base.op == AST_FRAME_NONE) return;
    put(out, units[window->base.op]);
    put(out, " BETWEEN ");
    put_bound(out, window->start, window->start_offset);
    put(out, " AND ");
    put_bound(out, window->stop, window->stop_offset);
    put(out, excludes[window->exclude]);
}

/* A blank between the clauses of a window. */
static void put_gap(struct printer *out, bool *any)
{
    if (*any) put(out, " ");
    *any = true;
}

void put_window(struct printer *out, const struct ast_window *window)
{
    bool any = false;
    if (window->base.flags & AST_WINDOW_NAME_ONLY) {
        put_name(out, &window->name);
        return;
    }
    put(out, "(");
    if (ast_name_given(&window->name)) {
        put_gap(out, &any);
        put_name(out, &window->name);
    }
    if (window->partition.count > 0) {
        put_gap(out, &any);
        put(out, "PARTITION BY ");
        put_list(out, window->partition);
    }
    if (window->order.count > 0) {
        put_gap(out, &any);
        put(out, "ORDER BY ");
        put_list(out, window->order);
    }
    if (window->base.op != AST_FRAME_NONE) put_gap(out, &any);
    put_frame(out, window);
    put(out, ")");
}

static void put_group_set(struct printer *out, const struct ast_group_set *set)
{
    static const char *const words[] = {"ROLLUP (", "CUBE (", "GROUPING SETS (", "("};
    put(out, words[set->base.op]);
    put_list(out, set->items);
    bool lone = set->base.op == AST_GROUP_PLAIN && set->items.count == 1;
    put(out, lone ? ",)" : ")");
}

/* ---- SELECT --------------------------------------------------------------------------------- */

static void put_clause(struct printer *out, const char *word, struct ast_list list)
{
    if (list.count == 0) return;
    put(out, word);
    put_list(out, list);
}

static void put_condition(struct printer *out, const char *word, const struct ast *condition)
{
    if (condition == NULL) return;
    put(out, word);
    put_expr(out, condition, RANK_NONE);
}

/* A lone PIVOT or UNPIVOT that only the statement's form can say; false if it is not. */
static bool put_pivot_select(struct printer *out, const struct ast_select *select)
{
    if (select->from.count != 1 || !(select->base.flags & AST_SELECT_FROM_FIRST)) return false;
    const struct ast *item = select->from.items[0];
    if (item->kind == AST_UNPIVOT) {
        const struct ast_unpivot *unpivot = (const struct ast_unpivot *)item;
        if (ast_name_given(&unpivot->name) && unpivot->values.count > 0) return false;
        put_unpivot_statement(out, unpivot);
        return true;
    }
    if (item->kind != AST_PIVOT) return false;
    const struct ast_pivot *pivot = (const struct ast_pivot *)item;
    bool complete = pivot->aggregates.count > 0 && pivot->on.count > 0;
    for (uint32_t i = 0; i < pivot->on.count; i++) {
        const struct ast_pivot_on *on = (const struct ast_pivot_on *)pivot->on.items[i];
        bool name = on->value->kind == AST_COLUMN || on->value->kind == AST_ROW;
        complete = complete && name && (on->items.count > 0 || on->query != NULL);
    }
    if (!complete) put_pivot_statement(out, pivot);
    return !complete;
}

static void put_select_head(struct printer *out, const struct ast_select *select)
{
    if (select->base.flags & AST_SELECT_FROM_FIRST) return;
    put(out, "SELECT ");
    if (select->base.flags & AST_SELECT_DISTINCT) put(out, "DISTINCT ");
    if (select->distinct_on.count > 0) {
        put(out, "ON (");
        put_list(out, select->distinct_on);
        put(out, ") ");
    }
    put_list(out, select->items);
    if (select->from.count > 0) put(out, " ");
}

static void put_select(struct printer *out, const struct ast_select *select)
{
    if (put_pivot_select(out, select)) return;
    put_select_head(out, select);
    put_clause(out, "FROM ", select->from);
    put_condition(out, " WHERE ", select->where);
    if (select->base.flags & AST_SELECT_GROUP_ALL) put(out, " GROUP BY ALL");
    put_clause(out, " GROUP BY ", select->group);
    put_condition(out, " HAVING ", select->having);
    put_clause(out, " WINDOW ", select->windows);
    put_condition(out, " QUALIFY ", select->qualify);
    put_sample(out, " USING SAMPLE ", select->sample);
}

static void put_values(struct printer *out, const struct ast_values *values)
{
    put(out, "VALUES ");
    for (uint32_t row = 0; row < values->row_count; row++) {
        put(out, row == 0 ? "(" : ", (");
        put_list(out, (struct ast_list){values->cells + (size_t)row * values->column_count,
                                        values->column_count});
        put(out, ")");
    }
}

static void put_body(struct printer *out, const struct ast *body);

static void put_setop(struct printer *out, const struct ast_setop *setop)
{
    static const char *const words[] = {" UNION ", " INTERSECT ", " EXCEPT "};
    for (uint32_t i = 0; i < setop->arms.count; i++) {
        const struct ast *arm = setop->arms.items[i];
        bool parens = arm->kind != AST_SELECT && arm->kind != AST_VALUES;
        if (i > 0) {
            put(out, words[setop->base.op]);
            if (setop->base.flags & AST_SETOP_ALL) put(out, "ALL ");
            if (setop->base.flags & AST_SETOP_BY_NAME) put(out, "BY NAME ");
        }
        if (parens) put(out, "(");
        put_body(out, arm);
        if (parens) put(out, ")");
    }
}

static void put_body(struct printer *out, const struct ast *body)
{
    if (out->rc == LLKV_OK) out->rc = cx_enter(out->cx);
    if (out->rc != LLKV_OK) return;
    switch ((enum ast_kind)body->kind) {
    case AST_SELECT: put_select(out, (const struct ast_select *)body); break;
    case AST_SETOP: put_setop(out, (const struct ast_setop *)body); break;
    case AST_VALUES: put_values(out, (const struct ast_values *)body); break;
    case AST_QUERY: put_query(out, (const struct ast_query *)body); break;
    case AST_DESCRIBE: put_node(out, body); break;
    default:
        out->rc = cx_fail(out->cx, LLKV_INTERNAL, "%s is no query",
                          ast_kind_name((enum ast_kind)body->kind));
    }
    if (out->rc == LLKV_OK) cx_leave(out->cx);
}

/* ---- WITH, LIMIT ---------------------------------------------------------------------------- */

static void put_cte(struct printer *out, const struct ast_cte *cte)
{
    put_name(out, &cte->name);
    put_columns(out, cte->columns);
    put(out, " AS ");
    if (cte->base.flags & AST_CTE_MATERIALIZED) put(out, "MATERIALIZED ");
    if (cte->base.flags & AST_CTE_NOT_MATERIALIZED) put(out, "NOT MATERIALIZED ");
    put(out, "(");
    put_query(out, cte->query);
    put(out, ")");
}

void put_with(struct printer *out, const struct ast_with *with)
{
    if (with == NULL) return;
    put(out, with->base.flags & AST_WITH_RECURSIVE ? "WITH RECURSIVE " : "WITH ");
    put_list(out, with->ctes);
    put(out, " ");
}

static void put_limit(struct printer *out, const struct ast_query *query)
{
    bool percent = query->base.flags & AST_QUERY_LIMIT_PERCENT;
    put_condition(out, " OFFSET ", query->offset);
    if (query->limit == NULL) return;
    if (query->base.flags & AST_QUERY_WITH_TIES) {
        put(out, " FETCH FIRST (");
        put_expr(out, query->limit, RANK_NONE);
        put(out, percent ? ") PERCENT ROWS WITH TIES" : ") ROWS WITH TIES");
    } else {
        put_condition(out, " LIMIT ", query->limit);
        if (percent) put(out, " PERCENT");
    }
}

void put_query(struct printer *out, const struct ast_query *query)
{
    bool parens = query->body->kind == AST_QUERY || query->body->kind == AST_DESCRIBE;
    put_with(out, query->with);
    if (parens) put(out, "(");
    put_body(out, query->body);
    if (parens) put(out, ")");
    put_clause(out, " ORDER BY ", query->order);
    put_limit(out, query);
}

/* ---- any node ------------------------------------------------------------------------------- */

static void put_item(struct printer *out, const struct ast_item *item)
{
    put_expr(out, item->value, RANK_OR);
    if (!ast_name_given(&item->name)) return;
    put(out, " AS ");
    put_name(out, &item->name);
}

bool put_query_node(struct printer *out, const struct ast *node)
{
    switch ((enum ast_kind)node->kind) {
    case AST_QUERY: put_query(out, (const struct ast_query *)node); return true;
    case AST_WITH: put_with(out, (const struct ast_with *)node); return true;
    case AST_CTE: put_cte(out, (const struct ast_cte *)node); return true;
    case AST_SELECT:
    case AST_SETOP:
    case AST_VALUES: put_body(out, node); return true;
    case AST_ITEM: put_item(out, (const struct ast_item *)node); return true;
    case AST_GROUP_SET: put_group_set(out, (const struct ast_group_set *)node); return true;
    case AST_ORDER: put_order(out, (const struct ast_order *)node); return true;
    case AST_WINDOW: put_window(out, (const struct ast_window *)node); return true;
    case AST_WINDOW_DEF:
        put_name(out, &((const struct ast_window_def *)node)->name);
        put(out, " AS ");
        put_window(out, ((const struct ast_window_def *)node)->window);
        return true;
    case AST_TABLE:
    case AST_DERIVED:
    case AST_TABLE_FUNCTION:
    case AST_JOIN:
    case AST_PIVOT:
    case AST_UNPIVOT: put_from(out, node); return true;
    case AST_SAMPLE: put_sample(out, "", (const struct ast_sample *)node); return true;
    case AST_TYPE: put_type(out, (const struct ast_type *)node); return true;
    case AST_MEMBER:
        put_name(out, &((const struct ast_member *)node)->name);
        put(out, " ");
        put_type(out, ((const struct ast_member *)node)->type);
        return true;
    default: return false;
    }
}

void put_node(struct printer *out, const struct ast *node)
{
    if (put_query_node(out, node) || put_dml(out, node) || put_command(out, node)) return;
    put_expr(out, node, RANK_NONE);
}

static void print_finish(struct printer *out, struct slice *out_text)
{
    put_bytes(out, (struct slice){"", 1});
    *out_text =
        out->rc == LLKV_OK ? (struct slice){out->data, out->len - 1} : (struct slice){NULL, 0};
}

llkv_code ast_print(struct cx *cx, const struct ast *node, struct slice *out_text)
{
    struct printer out = {.cx = cx};
    uint32_t depth = cx->depth;
    put_node(&out, node);
    print_finish(&out, out_text);
    cx->depth = depth;
    return out.rc;
}

llkv_code sql_quote_name(struct cx *cx, struct slice name, struct slice *out_text)
{
    struct printer out = {.cx = cx};
    put_name(&out, &(struct ast_name){.text = name});
    print_finish(&out, out_text);
    return out.rc;
}

llkv_code sql_quote_string(struct cx *cx, struct slice text, struct slice *out_text)
{
    struct printer out = {.cx = cx};
    put_string(&out, text);
    print_finish(&out, out_text);
    return out.rc;
}

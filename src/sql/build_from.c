/* build_from.c -- nodes of the FROM clause: tables, joins, samples, pivots. */
#include "sql/build.h"
#include "sql/grammar_gen.h"

/* ---- tables --------------------------------------------------------------------------------- */

struct parse_alias *alias_new(struct parse *p, struct token name, struct parse_names columns)
{
    struct parse_alias *alias = p->rc == LLKV_OK ? parse_alloc(p, sizeof *alias) : NULL;
    if (alias == NULL) return NULL;
    *alias = (struct parse_alias){token_name(p, &name), names_end(columns)};
    return alias;
}

static void set_alias(const struct parse_alias *alias, struct ast_name *name,
                      struct ast_names *columns)
{
    if (alias == NULL) return;
    *name = alias->name;
    *columns = alias->columns;
}

struct ast *table_item_new(struct parse *p, struct parse_names path, struct parse_alias *alias)
{
    struct ast_table *node =
        NODE(p, AST_TABLE, 0, ast_table, path.count > 0 ? path.items[0].at : p->end);
    if (node == NULL) return NULL;
    node->path = path_end(path);
    set_alias(alias, &node->alias, &node->columns);
    return &node->base;
}

struct ast *table_file(struct parse *p, struct token file, struct parse_alias *alias)
{
    struct ast *node = table_item_new(p, names_one(p, file), alias);
    if (node != NULL) node->flags = AST_TABLE_FILE;
    return node;
}

struct ast *table_indexed(struct parse *p, struct ast *table, const struct token *index)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_table *node = (struct ast_table *)table;
    if (table->kind != AST_TABLE || table->flags != 0 || ast_name_given(&node->indexed_by)) {
        parse_fail(p, LLKV_SYNTAX, NULL, table->at,
                   "INDEXED BY or NOT INDEXED stands once, behind a table");
        return NULL;
    }
    if (index == NULL)
        table->flags |= AST_TABLE_NOT_INDEXED;
    else
        node->indexed_by = token_name(p, index);
    table->end = p->end;
    return table;
}

struct ast *derived_new(struct parse *p, const struct token *lateral, struct ast_query *query,
                        struct parse_alias *alias)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_derived *node =
        NODE(p, AST_DERIVED, 0, ast_derived, lateral != NULL ? lateral->at : query->base.at);
    if (node == NULL) return NULL;
    if (lateral != NULL) node->base.flags = AST_FROM_LATERAL;
    node->query = query;
    set_alias(alias, &node->alias, &node->columns);
    return &node->base;
}

struct ast *derived_values(struct parse *p, struct parse_values *values, struct parse_alias *alias)
{
    return derived_new(p, NULL, query_wrap(p, values_end(p, values)), alias);
}

/* name : item, which is item AS name. */
struct ast *from_prefix(struct parse *p, struct token name, struct ast *item)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_name *place = NULL;
    if (item->kind == AST_TABLE)
        place = &((struct ast_table *)item)->alias;
    else if (item->kind == AST_DERIVED)
        place = &((struct ast_derived *)item)->alias;
    else if (item->kind == AST_TABLE_FUNCTION)
        place = &((struct ast_table_function *)item)->alias;
    else if (item->kind == AST_JOIN)
        place = &((struct ast_join *)item)->alias;
    if (place == NULL || ast_name_given(place)) {
        parse_fail(p, LLKV_SYNTAX, NULL, name.at, "this table has a name already, or takes none");
        return NULL;
    }
    *place = token_name(p, &name);
    item->at = name.at;
    return item;
}

struct ast_call *table_call(struct parse *p, struct parse_names name, struct parse_list args)
{
    struct ast_call *node =
        NODE(p, AST_CALL, 0, ast_call, name.count > 0 ? name.items[0].at : p->end);
    if (node == NULL) return NULL;
    node->name = path_end(name);
    node->args = list_end(args);
    return node;
}

struct ast *table_function(struct parse *p, const struct token *lateral, struct ast_call *call,
                           int flags, struct parse_alias *alias)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_table_function *node = NODE(p, AST_TABLE_FUNCTION, 0, ast_table_function,
                                           lateral != NULL ? lateral->at : call->base.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)(flags | (lateral != NULL ? AST_FROM_LATERAL : 0));
    node->call = call;
    set_alias(alias, &node->alias, &node->columns);
    return &node->base;
}

/* ---- joins ---------------------------------------------------------------------------------- */

struct ast *join_new(struct parse *p, int words, struct ast *left, struct ast *right)
{
    struct ast_join *node = NODE(p, AST_JOIN, words & 0xff, ast_join, at_of(left));
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)(words >> 8);
    node->left = left;
    node->right = right;
    return &node->base;
}

/* A join that waits for its condition: not in parentheses, not complete without one. */
static bool join_is_open(const struct ast *item)
{
    if (item->kind != AST_JOIN) return false;
    const struct ast_join *join = (const struct ast_join *)item;
    bool in_parens = item->at < join->left->at;
    return !in_parens && join->on == NULL && join->using.count == 0 &&
           item->op != AST_JOIN_POSITIONAL && !(item->flags & AST_JOIN_NATURAL);
}

/* The join a condition belongs to. In a JOIN b JOIN c ON x ON y the second ON turns
 * (a JOIN b) JOIN c ON x into a JOIN (b JOIN c ON x). */
static struct ast_join *join_for_condition(struct parse *p, struct ast *item, struct token word)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_join *join = (struct ast_join *)item;
    if (join_is_open(item)) return join;
    bool in_parens = item->kind != AST_JOIN || item->at < join->left->at;
    if (in_parens || (item->flags & AST_JOIN_NATURAL) || !join_is_open(join->left)) {
        parse_fail(p, LLKV_SYNTAX, NULL, word.at,
                   "there is no join without a condition before this");
        return NULL;
    }
    struct ast_join *outer = (struct ast_join *)join->left;
    join->left = outer->right;
    join->base.at = join->left->at;
    outer->right = &join->base;
    return outer;
}

struct ast *join_on(struct parse *p, struct ast *join, struct token word, struct ast *condition)
{
    struct ast_join *node = join_for_condition(p, join, word);
    if (node == NULL) return NULL;
    if (node->base.op == AST_JOIN_CROSS) node->base.op = AST_JOIN_INNER;
    node->on = condition;
    node->base.end = p->end;
    return &node->base;
}

struct ast *join_using(struct parse *p, struct ast *join, struct token word,
                       struct parse_names columns)
{
    struct ast_join *node = join_for_condition(p, join, word);
    if (node == NULL) return NULL;
    if (node->base.op == AST_JOIN_CROSS) node->base.op = AST_JOIN_INNER;
    node->using = names_end(columns);
    node->base.end = p->end;
    return &node->base;
}

struct ast *from_parens(struct parse *p, struct token open, struct ast *item,
                        struct parse_alias *alias)
{
    if (p->rc != LLKV_OK) return NULL;
    if (item->kind == AST_JOIN && !ast_name_given(&((struct ast_join *)item)->alias)) {
        struct ast_join *join = (struct ast_join *)item;
        set_alias(alias, &join->alias, &join->columns);
    } else if (alias != NULL) {
        parse_fail(p, LLKV_SYNTAX, NULL, alias->name.at, "only a join in parentheses takes a name");
        return NULL;
    }
    item->at = open.at;
    item->end = p->end;
    return item;
}

/* ---- samples -------------------------------------------------------------------------------- */

/* While no unit was written; a method in front makes it percent, else it is rows. */
enum { SAMPLE_UNKNOWN = 99 };

struct ast_sample *sample_new(struct parse *p, struct ast *amount, int unit)
{
    struct ast_sample *node = NODE(p, AST_SAMPLE, 0, ast_sample, at_of(amount));
    if (node == NULL) return NULL;
    node->amount = amount;
    node->base.op = (uint16_t)(unit < 0 ? SAMPLE_UNKNOWN : unit);
    return node;
}

struct ast_sample *sample_method(struct parse *p, struct ast_sample *sample, struct token method,
                                 struct ast *seed)
{
    if (p->rc != LLKV_OK) return NULL;
    sample->method = token_name(p, &method);
    sample->seed = seed;
    sample->base.end = p->end;
    return sample;
}

struct ast_sample *sample_named(struct parse *p, struct ast_sample *sample, struct token method)
{
    if (p->rc != LLKV_OK) return NULL;
    sample = sample_method(p, sample, method, NULL);
    sample->base.at = method.at;
    bool rows = token_is(p, &method, "reservoir");
    if (sample->base.op == SAMPLE_UNKNOWN)
        sample->base.op = rows ? AST_SAMPLE_ROWS : AST_SAMPLE_PERCENT;
    return sample;
}

struct ast_sample *sample_seed(struct parse *p, struct ast_sample *sample, struct ast *seed)
{
    if (p->rc != LLKV_OK) return NULL;
    if (sample->seed != NULL) parse_fail(p, LLKV_SYNTAX, NULL, seed->at, "the seed is given twice");
    sample->seed = seed;
    sample->base.end = p->end;
    return sample;
}

struct ast_sample *sample_end(struct ast_sample *sample)
{
    if (sample != NULL && sample->base.op == SAMPLE_UNKNOWN) sample->base.op = AST_SAMPLE_ROWS;
    return sample;
}

struct ast *from_sample(struct parse *p, struct ast *item, struct token word,
                        struct ast_sample *sample)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_sample **place = NULL;
    if (item->kind == AST_TABLE)
        place = &((struct ast_table *)item)->sample;
    else if (item->kind == AST_DERIVED)
        place = &((struct ast_derived *)item)->sample;
    else if (item->kind == AST_TABLE_FUNCTION)
        place = &((struct ast_table_function *)item)->sample;
    if (place == NULL || *place != NULL) {
        parse_fail(p, LLKV_SYNTAX, NULL, word.at,
                   "TABLESAMPLE stands once, behind a table, a query or a function");
        return NULL;
    }
    *place = sample_end(sample);
    item->end = p->end;
    return item;
}

/* ---- PIVOT, UNPIVOT ------------------------------------------------------------------------- */

struct ast *pivot_on(struct parse *p, struct ast *column, struct parse_list items,
                     struct ast_query *query)
{
    struct ast_pivot_on *node = NODE(p, AST_PIVOT_ON, 0, ast_pivot_on, at_of(column));
    if (node == NULL) return NULL;
    node->value = column;
    node->items = list_end(items);
    node->query = query;
    return &node->base;
}

/* ON year, ON year IN (2000, 2010): the expression holds the IN. */
struct ast *pivot_on_expr(struct parse *p, struct ast *value)
{
    if (p->rc != LLKV_OK) return NULL;
    struct parse_list items = list_none();
    if (value->kind == AST_IN_QUERY && value->flags == 0) {
        struct ast_in_query *in = (struct ast_in_query *)value;
        return pivot_on(p, in->value, items, in->query);
    }
    if (value->kind != AST_IN_LIST || value->flags != 0) return pivot_on(p, value, items, NULL);
    struct ast_in_list *in = (struct ast_in_list *)value;
    for (uint32_t i = 0; i < in->items.count; i++) {
        struct ast *item = item_new(p, in->items.items[i], NULL);
        if (item != NULL) item->end = in->items.items[i]->end;
        items = list_add(p, items, item);
    }
    return pivot_on(p, in->value, items, NULL);
}

struct ast_pivot *pivot_clause(struct parse *p, struct token word, struct parse_list on,
                               struct parse_list aggregates, struct parse_list group)
{
    struct ast_pivot *node = NODE(p, AST_PIVOT, 0, ast_pivot, word.at);
    if (node == NULL) return NULL;
    node->on = list_end(on);
    node->aggregates = list_end(aggregates);
    node->group = list_end(group);
    return node;
}

struct ast_pivot *pivot_merge(struct parse *p, struct ast_pivot *into, struct ast_pivot *from)
{
    if (p->rc != LLKV_OK) return NULL;
    if ((into->on.count > 0 && from->on.count > 0) ||
        (into->aggregates.count > 0 && from->aggregates.count > 0) ||
        (into->group.count > 0 && from->group.count > 0)) {
        parse_fail(p, LLKV_SYNTAX, NULL, from->base.at, "this clause of PIVOT is given twice");
        return NULL;
    }
    if (from->on.count > 0) into->on = from->on;
    if (from->aggregates.count > 0) into->aggregates = from->aggregates;
    if (from->group.count > 0) into->group = from->group;
    return into;
}

struct ast *pivot_new(struct parse *p, struct token word, struct ast *source,
                      struct ast_pivot *clauses, struct parse_alias *alias)
{
    struct ast_pivot *node = clauses != NULL ? clauses : NODE(p, AST_PIVOT, 0, ast_pivot, word.at);
    if (node == NULL || p->rc != LLKV_OK) return NULL;
    node->source = source;
    node->base.at = source->at;
    node->base.end = p->end;
    set_alias(alias, &node->alias, &node->columns);
    return &node->base;
}

/* SELECT * FROM item, for the forms that are statements of their own. */
static struct ast *select_star(struct parse *p, struct token word, struct ast *item)
{
    struct ast_select *select = select_from_first(p, word, list_one(p, item));
    return select_end(select);
}

struct ast *pivot_statement(struct parse *p, struct token word, struct ast *source,
                            struct ast_pivot *clauses)
{
    return select_star(p, word, pivot_new(p, word, source, clauses, NULL));
}

struct ast_unpivot *unpivot_what(struct parse *p, int flags, struct parse_names values,
                                 const struct token *name, struct parse_list items)
{
    struct ast_unpivot *node = NODE(p, AST_UNPIVOT, 0, ast_unpivot, p->end);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->values = names_end(values);
    if (name != NULL) node->name = token_name(p, name);
    node->items = list_end(items);
    return node;
}

struct ast *unpivot_new(struct parse *p, struct token word, struct ast *source,
                        struct ast_unpivot *what, struct parse_alias *alias)
{
    (void)word; /* the node begins with its source */
    if (p->rc != LLKV_OK) return NULL;
    what->source = source;
    what->base.at = source->at;
    what->base.end = p->end;
    set_alias(alias, &what->alias, &what->columns);
    return &what->base;
}

struct ast *unpivot_statement(struct parse *p, struct token word, struct ast *source,
                              struct ast_unpivot *what)
{
    return select_star(p, word, unpivot_new(p, word, source, what, NULL));
}

/* plan_testing.h -- a catalog of tables, and statements as logical plans in text before and after
 * the rules. */
#ifndef TESTS_PLAN_TESTING_H
#define TESTS_PLAN_TESTING_H
#include "catalog_testing.h"
#include "plan/bind/bind.h"
#include "sql/parse.h"
#include "store_testing.h"

struct plan_lab {
    struct world world;
    struct catalog *catalog;
    struct settings settings;
    struct snapshot snapshot;
    struct table_reader reader; /* of the snapshot */
    struct test_cx t;
};

static inline struct plan_env lab_env(struct plan_lab *lab)
{
    return (struct plan_env){.catalog = {.common = catalog_newest(lab->catalog)},
                             .reader = &lab->reader,
                             .settings = &lab->settings,
                             .debug_checks = true};
}

static inline struct ast_stmt *lab_parse(struct plan_lab *lab, const char *sql)
{
    struct ast_stmt *stmt = NULL;
    size_t at = 0;
    assert_ok(&lab->t, sql_parse_next(&lab->t.cx, NULL, slice_of(sql), &at, &stmt));
    assert_non_null(stmt);
    return stmt;
}

static inline void lab_table(struct plan_lab *lab, const char *sql)
{
    struct table_def *def;
    const struct object *object;
    struct plan_env env = lab_env(lab);
    struct ast_stmt *stmt = lab_parse(lab, sql);
    assert_ok(&lab->t, plan_bind_create_table(&lab->t.cx, &env,
                                              (const struct ast_create_table *)stmt->node, &def));
    assert_ok(&lab->t,
              change_create_table(&lab->t.cx, lab->catalog, lab->world.manager, def, &object));
}

static inline void lab_init(struct plan_lab *lab)
{
    memset(lab, 0, sizeof *lab);
    world_init(&lab->world, 64, 8);
    test_cx_init(&lab->t);
    lab->catalog =
        catalog_new(&lab->t.cx, lab->world.manager, lab->world.pager, &lab->world.options);
    assert_non_null(lab->catalog);
    assert_ok(&lab->t, txn_snapshot_begin(&lab->t.cx, lab->world.manager, &lab->snapshot));
    lab->reader = (struct table_reader){.snapshot = &lab->snapshot};
    lab->settings.disabled_rules = RULE_BIT(apply_by_cost);
    lab_table(lab, "CREATE TABLE a (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER NOT NULL)");
    lab_table(lab, "CREATE TABLE b (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER NOT NULL)");
    lab_table(lab, "CREATE TABLE c (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER NOT NULL)");
}

static inline void lab_deinit(struct plan_lab *lab)
{
    txn_snapshot_end(lab->world.manager, &lab->snapshot);
    catalog_free(lab->catalog);
    test_cx_deinit(&lab->t);
    world_deinit(&lab->world);
}

/* The fixture of a test: a laboratory of its own. */
static inline int lab_setup(void **state)
{
    struct plan_lab *lab = malloc(sizeof *lab);
    assert_non_null(lab);
    lab_init(lab);
    *state = lab;
    return 0;
}

static inline int lab_teardown(void **state)
{
    lab_deinit(*state);
    free(*state);
    return 0;
}

/* The plan of a query, bound and not yet rewritten. */
static inline struct plan *lab_bind(struct plan_lab *lab, const char *sql)
{
    struct cx *cx = &lab->t.cx;
    struct ast_stmt *stmt = lab_parse(lab, sql);
    struct plan_env *env = cx_alloc(cx, sizeof *env);
    struct plan *plan = cx_alloc_zero(cx, sizeof *plan);
    assert_non_null(env);
    assert_non_null(plan);
    *env = lab_env(lab);
    plan->cx = cx;
    plan->settings = env->settings;
    plan->catalog = env->catalog;
    plan->reader = env->reader;
    plan->debug_checks = true;
    struct binder binder = {.plan = plan,
                            .cx = cx,
                            .env = env,
                            .settings = env->settings,
                            .text = cx->text,
                            .view_at = -1};
    struct bound_query query;
    assert_int_equal(stmt->node->kind, AST_QUERY);
    assert_ok(&lab->t,
              bind_query(&binder, NULL, NULL, (const struct ast_query *)stmt->node, &query));
    plan->root = query.node;
    for (uint32_t i = 0; i < query.column_count; i++) {
        assert_ok(&lab->t, VEC_RESERVE(cx, &plan->out));
        plan->out.items[plan->out.count++] = query.columns[i].iu;
    }
    return plan;
}

static inline const char *lab_print(struct plan_lab *lab, struct plan *plan)
{
    const char *text;
    assert_ok(&lab->t, plan_print(plan, plan->root, &text));
    return text;
}

/* After the rules, with the numbers of columns taken out. */
static inline const char *lab_optimize(struct plan_lab *lab, const char *sql)
{
    struct plan *plan = lab_bind(lab, sql);
    assert_ok(&lab->t, plan_optimize(plan, NULL));
    const char *text = lab_print(lab, plan);
    char *out = cx_strndup(&lab->t.cx, text, strlen(text)), *to = out;
    assert_non_null(out);
    for (const char *at = out; *at != '\0';) {
        if (*at == '#') {
            at++;
            while (*at >= '0' && *at <= '9')
                at++;
        } else {
            *to++ = *at++;
        }
    }
    *to = '\0';
    return out;
}
#endif

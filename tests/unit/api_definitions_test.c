/* Definitions that no statement made: a file may hold any text where SQL should be. Whatever is
 * asked of such tables and views is answered or refused, and the session goes on. */
#include <stdio.h>
#include <stdlib.h>

#include "api_testing.h"
#include "base/compiler.h"
#include "catalog_testing.h"
#include "runtime/engine.h"

static const struct column_def plain[] = {
    {.name = "a", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}},
    {.name = "b", .type = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW}},
};

struct hostile {
    struct fixture *f;
    struct database *db;
    struct test_cx t;
    uint32_t made;
    char name[32];
};

static void hostile_init(struct hostile *h, struct fixture *f)
{
    *h = (struct hostile){.f = f};
    h->db = ((struct engine *)(void *)f->engine)->database; /* the handle is the runtime's object */
    test_cx_init(&h->t);
}

static const char *next_name(struct hostile *h)
{
    (void)snprintf(h->name, sizeof h->name, "h%u", h->made++);
    return h->name;
}

/* Every kind of statement on the table; errors are those of statements. */
static void use(struct hostile *h)
{
    static const char *const statements[] = {
        "SELECT * FROM %s",
        "SELECT count(*), max(a) FROM %s WHERE a > 0",
        "INSERT INTO %s(a) VALUES (1)",
        "INSERT INTO %s VALUES (2, 'x')",
        "INSERT INTO %s DEFAULT VALUES",
        "INSERT INTO %s(b) SELECT 'y' FROM range(20)",
        "UPDATE %s SET a = a + 1, b = 'z'",
        "SELECT * FROM %s WHERE a = 2",
        "CREATE INDEX i_%s ON t(a)",
        "EXPLAIN SELECT * FROM %s",
        "DELETE FROM %s",
        "CREATE VIEW v_%s AS SELECT 1",
    };
    for (size_t i = 0; i < ARRAY_COUNT(statements); i++) {
        char sql[200];
        (void)snprintf(sql, sizeof sql, statements[i], h->name);
        llkv_code rc = run(h->f, sql);
        if (rc == LLKV_INTERNAL || rc == LLKV_MISUSE) fail_msg("%s: %s", sql, h->f->error.message);
        assert_true(rc == LLKV_OK || h->f->error.message[0] != '\0');
    }
    assert_int_equal(scalar(h->f, "SELECT 6 * 7"), 42);
}

static void use_table(struct hostile *h, struct table_def *def)
{
    const struct object *object;
    def->schema = "main";
    def->name = next_name(h);
    for (uint32_t i = 0; i < def->column_count; i++) {
        struct column_def *column = (struct column_def *)(uintptr_t)&def->columns[i];
        column->name_hash = slice_hash_folded(slice_of(column->name));
    }
    llkv_code rc = change_create_table(&h->t.cx, h->db->catalog, h->db->manager, def, &object);
    if (rc == LLKV_OK) use(h);
}

static char *repeat(const char *unit, uint32_t count, const char *end)
{
    size_t bytes = strlen(unit);
    char *text = malloc(bytes * count + strlen(end) + 1);
    for (uint32_t i = 0; i < count; i++)
        memcpy(text + i * bytes, unit, bytes);
    strcpy(text + bytes * count, end);
    return text;
}

static const char *const texts[] = {
    "",
    " ",
    "(",
    ")",
    "1)",
    "1, 2",
    "1; DROP TABLE t",
    "SELECT 1",
    "(SELECT max(a) FROM t)",
    "(SELECT 1 FROM h0)",
    "a",
    "b",
    "nothing",
    "t.a",
    "*",
    "sum(1)",
    "sum(a)",
    "?",
    "$1",
    ":x",
    "row_number() OVER ()",
    "CAST(1 AS nothing)",
    "'abc'",
    "X'00'",
    "NULL",
    "DEFAULT",
    "random()",
    "1 / 0",
    "9223372036854775807 + 1",
    "CASE",
    "EXISTS (SELECT * FROM t)",
    "a IN (SELECT a FROM t)",
    "-- nothing",
    "/*",
    "'",
    "\"",
    "\x01",
    "a = b",
    "(1, 2)",
    "INTERVAL '1' DAY",
    "rowid",
    "nextval('s')",
};

static void definitions_of_tables(void **state)
{
    struct hostile h;
    hostile_init(&h, *state);
    run_ok(h.f, "CREATE TABLE t(a INTEGER)");
    run_ok(h.f, "INSERT INTO t VALUES (3)");
    char *deep = repeat("(", 5000, "1"), *minus = repeat("- ", 100000, "1");
    char *many = repeat("1 + ", 100000, "1");
    const char *const long_texts[] = {deep, minus, many};
    for (uint32_t i = 0; i < ARRAY_COUNT(texts) + 3; i++) {
        const char *text = i < ARRAY_COUNT(texts) ? texts[i] : long_texts[i - ARRAY_COUNT(texts)];
        for (uint32_t kind = 0; kind < 4; kind++) {
            struct column_def columns[2] = {plain[0], plain[1]};
            const struct check_def check = {.name = NULL, .sql = text};
            struct table_def def = {.column_count = 2, .columns = columns};
            if (kind == 0) columns[0].default_sql = text;
            if (kind == 1) columns[1].generated_sql = text;
            if (kind == 2) def.checks = &check, def.check_count = 1;
            if (kind == 3) columns[0].generated_sql = text, columns[1].generated_sql = "a";
            use_table(&h, &def);
        }
    }
    free(deep);
    free(minus);
    free(many);
    test_cx_deinit(&h.t);
}

/* Names that are taken or none, columns that are computed from each other, types that tables do not
 * have, keys of the same column twice. */
static void strange_tables(void **state)
{
    struct hostile h;
    hostile_init(&h, *state);
    run_ok(h.f, "CREATE TABLE t(a INTEGER)");
    static const char *const names[] = {"a", "", "A", "rowid", "\"", "select"};
    for (uint32_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct column_def columns[2] = {plain[0], plain[1]};
        columns[1].name = names[i];
        struct table_def def = {.column_count = 2, .columns = columns};
        use_table(&h, &def);
        columns[0].generated_sql = "b";
        columns[1].generated_sql = "a";
        use_table(&h, &def);
    }
    for (uint8_t id = 0; id < TYPE_COUNT; id++) {
        struct column_def columns[2] = {plain[0], plain[1]};
        const struct key_column of_key[] = {{.column = 1}, {.column = 1, .descending = true}, {0}};
        const struct key_def keys[] = {
            {.name = "k", .unique = true, .primary = true, .column_count = 3, .columns = of_key},
            {.name = "k", .id = 1, .column_count = 1, .columns = of_key},
        };
        columns[0].type = type_of(id);
        columns[1].type = type_of((enum type_id)(TYPE_COUNT - 1 - id));
        struct table_def def = {.column_count = 2, .columns = columns};
        use_table(&h, &def);
        def.keys = keys;
        def.key_count = 2;
        use_table(&h, &def);
    }
    test_cx_deinit(&h.t);
}

static void definitions_of_views(void **state)
{
    struct hostile h;
    hostile_init(&h, *state);
    run_ok(h.f, "CREATE TABLE t(a INTEGER)");
    static const char *const queries[] = {
        "SELECT",
        "INSERT INTO t VALUES (1)",
        "DROP TABLE t",
        "BEGIN",
        "COMMIT",
        "PRAGMA version",
        "SELECT ?",
        "SELECT 1, 2",
        "SELECT * FROM h0",
        "SELECT * FROM h1, h2, h3",
        "SELECT a a, a a FROM t",
        "VALUES (1), (2)",
        "EXPLAIN SELECT 1",
        "SELECT 1; SELECT 2",
        "COPY t TO 'x'",
        "SELECT * FROM t ORDER BY 9",
        "WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT * FROM r LIMIT 2",
        "CHECKPOINT",
        "CREATE VIEW h99 AS SELECT 1",
        "SELECT * FROM v_h1",
    };
    static const char *const names[] = {"a", "b", "", "a", "a"};
    for (uint32_t i = 0; i < ARRAY_COUNT(texts) + ARRAY_COUNT(queries); i++) {
        const char *text = i < ARRAY_COUNT(texts) ? texts[i] : queries[i - ARRAY_COUNT(texts)];
        for (uint32_t count = 0; count < 6; count += 1 + count % 2) {
            const struct view_def def = {.schema = SLICE("main"),
                                         .name = slice_of(next_name(&h)),
                                         .sql = slice_of(text),
                                         .column_names = count == 0 ? NULL : names,
                                         .column_count = count};
            assert_int_equal(change_create_view(&h.t.cx, h.db->catalog, h.db->manager, &def),
                             LLKV_OK);
            use(&h);
        }
    }
    test_cx_deinit(&h.t);
}

/* Statements that would store what no later statement can mean. */
static void statements_store_no_parameters(void **state)
{
    struct fixture *f = *state;
    static const char *const statements[] = {
        "CREATE TABLE p(a INTEGER DEFAULT (?))",
        "CREATE TABLE p(a INTEGER CHECK (a > ?))",
        "CREATE TABLE p(a INTEGER, CHECK (a > $2))",
        "CREATE VIEW p AS SELECT ? x",
    };
    for (size_t i = 0; i < ARRAY_COUNT(statements); i++) {
        assert_int_equal(run(f, statements[i]), LLKV_SEMANTIC);
        assert_string_equal(f->error.sqlstate, "42P02");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(definitions_of_tables, open_all, close_all),
        cmocka_unit_test_setup_teardown(strange_tables, open_all, close_all),
        cmocka_unit_test_setup_teardown(definitions_of_views, open_all, close_all),
        cmocka_unit_test_setup_teardown(statements_store_no_parameters, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#define _GNU_SOURCE 1
/* Delimited text: what was written with any quotes and line ends is read back, whatever the size of
 * a block and the number of threads; plain numbers and dates are what CAST makes of them; every
 * fault has a line; every allocation fails once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/number_plain.h"
#include "base/os_file.h"
#include "format/csv_priv.h"
#include "func/cast.h"
#include "task/task.h"

enum { ROWS_MAX = 6000, COLUMNS = 3, TEXT_MAX = 24 };

static struct arena arena;
static llkv_error error;
static struct cx cx;
static char path[64];
static uint64_t seed;

static uint32_t pick(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

static int setup(void **state)
{
    (void)state;
    error = (llkv_error)LLKV_ERROR_INIT;
    arena_init(&arena, NULL);
    cx = (struct cx){.arena = &arena, .error = &error};
    strcpy(path, "/tmp/llkv_csv_XXXXXX");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    seed = 20;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)remove(path);
    arena_deinit(&arena);
    assert_int_equal(mem_used_bytes(), 0);
    return 0;
}

static void put_file(const char *text, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static const struct csv_column text_columns[COLUMNS] = {
    {.type = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW}, .name = "a"},
    {.type = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW}, .name = "b"},
    {.type = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW}, .name = "c"},
};

static struct csv_spec spec_of(uint32_t block)
{
    return (struct csv_spec){.path = path,
                             .dialect = {.delimiter = ',', .header = CSV_NO},
                             .column_count = COLUMNS,
                             .columns = text_columns,
                             .table = "t",
                             .debug_block_bytes = block};
}

/* ---- round trips ---- */

struct cell {
    bool is_null;
    uint8_t len;
    char text[TEXT_MAX];
};
static struct cell cells[ROWS_MAX][COLUMNS];
static uint64_t lines[ROWS_MAX];
static uint32_t row_count;
static char buffer[ROWS_MAX * COLUMNS * (TEXT_MAX * 2 + 4)];

static void random_cell(struct cell *cell, bool quotes)
{
    static const char letters[] = "ab,\"\n\r\\|\xc3x 0123456789";
    cell->is_null = pick(8) == 0;
    cell->len = (uint8_t)(cell->is_null ? 0 : pick(TEXT_MAX - 1));
    for (uint32_t i = 0; i < cell->len; i++) {
        cell->text[i] = letters[pick(quotes ? sizeof letters - 1 : 2)];
        if (cell->text[i] != '\xc3') continue;
        if (i + 1 == cell->len)
            cell->text[i] = 'y';
        else
            cell->text[++i] = '\xa4';
    }
}

static size_t put_cell(char *out, const struct cell *cell, uint64_t *line)
{
    size_t len = 0;
    bool quote = !cell->is_null && (cell->len == 0 || pick(4) == 0);
    for (uint32_t i = 0; i < cell->len; i++)
        quote |= strchr(",\"\n\r", cell->text[i]) != NULL;
    if (quote) out[len++] = '"';
    for (uint32_t i = 0; i < cell->len; i++) {
        if (cell->text[i] == '"') out[len++] = '"';
        out[len++] = cell->text[i];
        *line += cell->text[i] == '\n';
    }
    if (quote) out[len++] = '"';
    return len;
}

static size_t random_text(const char *line_end, bool quotes)
{
    size_t len = 0;
    uint64_t line = 1;
    for (uint32_t r = 0; r < row_count; r++) {
        lines[r] = line;
        for (uint32_t c = 0; c < COLUMNS; c++) {
            random_cell(&cells[r][c], quotes);
            if (c != 0) buffer[len++] = ',';
            len += put_cell(buffer + len, &cells[r][c], &line);
        }
        if (pick(3) == 0) buffer[len++] = ','; /* at the end of the line: no value */
        if (r + 1 == row_count && pick(2) == 0) break;
        memcpy(buffer + len, line_end, strlen(line_end));
        len += strlen(line_end);
        line++;
        if (pick(16) != 0) continue;
        memcpy(buffer + len, line_end, strlen(line_end)); /* an empty line */
        len += strlen(line_end);
        line++;
    }
    return len;
}

static void check_batch(const struct csv_reader *reader, const struct batch *batch, uint32_t first)
{
    assert_null(batch->sel);
    assert_true(first + batch->live <= row_count);
    for (uint32_t i = 0; i < batch->live; i++) {
        assert_int_equal(csv_reader_line(reader, i), lines[first + i]);
        for (uint32_t c = 0; c < COLUMNS; c++) {
            const struct cell *cell = &cells[first + i][c];
            const struct str_view *view = (const struct str_view *)batch->columns[c].data + i;
            assert_int_equal(vec_valid(&batch->columns[c], i), !cell->is_null);
            if (cell->is_null) continue;
            assert_int_equal(view->len, cell->len);
            assert_memory_equal(str_data(view), cell->text, cell->len);
        }
    }
}

static void read_all(uint32_t block, struct task_pool *pool)
{
    const struct csv_spec spec = spec_of(block);
    struct csv_reader *reader;
    const struct batch *batch;
    uint32_t rows = 0;
    cx.pool = pool;
    if (csv_reader_open(&cx, &spec, &reader) != LLKV_OK) fail_msg("%s", error.message);
    for (;;) {
        if (csv_reader_next(&cx, reader, &batch) != LLKV_OK) fail_msg("%s", error.message);
        if (batch == NULL) break;
        check_batch(reader, batch, rows);
        rows += batch->live;
    }
    assert_int_equal(rows, row_count);
    csv_reader_close(reader);
    cx.pool = NULL;
}

static void test_round_trips(void **state)
{
    static const char *const line_ends[] = {"\n", "\r\n", "\r"};
    static const uint32_t blocks[] = {64, 67, 200, 4096, 0};
    struct task_pool *pool = task_pool_new(3);
    (void)state;
    assert_non_null(pool);
    for (uint32_t i = 0; i < 36; i++) {
        row_count = i % 4 == 3 ? ROWS_MAX : pick(40);
        const size_t len = random_text(line_ends[i % 3], i % 5 != 0);
        put_file(buffer, len);
        for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++)
            read_all(blocks[b], b % 2 == 0 ? pool : NULL);
    }
    task_pool_free(pool);
}

/* ---- faults ---- */

static llkv_code read_text(const char *text, const struct csv_spec *spec)
{
    struct csv_reader *reader = NULL;
    const struct batch *batch;
    put_file(text, strlen(text));
    llkv_code rc = csv_reader_open(&cx, spec, &reader);
    while (rc == LLKV_OK) {
        rc = csv_reader_next(&cx, reader, &batch);
        if (batch == NULL) break;
    }
    csv_reader_close(reader);
    return rc;
}

static void check_fault(const char *text, const char *where, const char *why)
{
    const struct csv_spec spec = spec_of(0);
    char expected[256];
    assert_int_not_equal(read_text(text, &spec), LLKV_OK);
    (void)snprintf(expected, sizeof expected, "%s, %s: %s", path, where, why);
    assert_string_equal(error.message, expected);
}

static void test_faults(void **state)
{
    (void)state;
    check_fault("a,b,c\nd,e\n", "line 2", "2 values where 3 are expected");
    check_fault("a,b,c\n\nd,e,f,g", "line 3", "4 values where 3 are expected");
    check_fault("a,b,c\nd,\"e\n\nf", "line 2", "a quote is not closed");
    check_fault("\"a\nb\",b,c\n\"d\"e,f,g\n", "line 3",
                "a closing quote is followed by something else than a delimiter");
    check_fault("a,b,\xff\n", "line 1, column 3 (c)", "the value is not valid UTF-8");
    check_fault("a,b,c\nd,e\n\"x\"y,,", "line 2", "2 values where 3 are expected");
}

static void test_dialects(void **state)
{
    struct csv_spec spec = spec_of(0);
    (void)state;
    spec.dialect.delimiter = ';';
    spec.dialect.quote_given = true;
    spec.dialect.quote = '\'';
    spec.dialect.escape = '\\';
    assert_int_equal(read_text("'a;\\'\\\\';b;c\n", &spec), LLKV_OK);
    spec.dialect.escape = ';';
    assert_int_equal(read_text("a;b;c\n", &spec), LLKV_DATA);
    spec = spec_of(0);
    spec.dialect.null_padding = true;
    spec.dialect.skip = 2;
    assert_int_equal(read_text("skipped \" line\nand another,,,,,,,\na\nb,c\n", &spec), LLKV_OK);
    assert_int_equal(read_text("\x1f\x8b gzip", &spec), LLKV_UNSUPPORTED);
    spec.path = "/nonexistent/file.csv";
    assert_int_equal(read_text("", &spec), LLKV_NAME);
}

/* ---- sniffing ---- */

static void check_sniffed(const char *text, uint32_t first_is_number, uint32_t rows)
{
    struct csv_column columns[COLUMNS];
    memcpy(columns, text_columns, sizeof columns);
    if (first_is_number) columns[0].type = type_of(TYPE_BIGINT);
    struct csv_spec spec = spec_of(0);
    struct csv_reader *reader;
    const struct batch *batch;
    spec.columns = columns;
    spec.dialect.delimiter = 0;
    spec.dialect.header = CSV_SNIFF;
    put_file(text, strlen(text));
    if (csv_reader_open(&cx, &spec, &reader) != LLKV_OK) fail_msg("%s", error.message);
    if (csv_reader_next(&cx, reader, &batch) != LLKV_OK) fail_msg("%s", error.message);
    assert_int_equal(batch == NULL ? 0 : batch->live, rows);
    csv_reader_close(reader);
}

static void test_sniffing(void **state)
{
    (void)state;
    check_sniffed("x|y|z\n1|2|3\n", 0, 2);
    check_sniffed("x|y|z\n1|2|3\n", 1, 1);
    check_sniffed("A;b;C\n1;2;3\n", 0, 1);
    check_sniffed("1\t2,2\t3\n4\t5\t6\n", 1, 2);
    check_sniffed("\xef\xbb\xbf"
                  "a,b,c,\n1,2,3,\n",
                  1, 1);
    check_sniffed("a,b,c", 0, 0);
    check_sniffed("", 1, 0);
}

/* ---- plain texts ---- */

/* What is read at first sight is what CAST reads. */
static void check_plain(struct slice text, struct type type)
{
    struct value value;
    const enum text_result result = cast_parse(text, type, false, &arena, &value);
    int64_t plain;
    int32_t days;
    if (type.id == TYPE_BIGINT && number_plain_i64(text, &plain)) {
        i128 wide;
        assert_int_equal(number_cast_i128(text, &wide), TEXT_OK);
        assert_true(wide == plain);
    }
    if (type.id == TYPE_DECIMAL && number_plain_decimal(text, type.precision, type.scale, &plain)) {
        i128 wide;
        assert_int_equal(number_cast_decimal(text, type.precision, type.scale, &wide), TEXT_OK);
        assert_true(wide == plain);
        assert_int_equal(result, TEXT_OK);
    }
    double real, nearest;
    if (type.id == TYPE_DOUBLE && number_plain_double(text, &real)) {
        assert_int_equal(number_cast_double(text, &nearest), TEXT_OK);
        assert_memory_equal(&real, &nearest, sizeof real);
    }
    if (type.id == TYPE_DATE && date_plain(text, &days)) {
        char blank[16] = " "; /* with a blank it is read the long way */
        int32_t other;
        assert_true(text.len < sizeof blank - 1);
        memcpy(blank + 1, text.data, text.len);
        assert_int_equal(result, TEXT_OK);
        assert_int_equal(date_parse((struct slice){blank, text.len + 1}, &other), TEXT_OK);
        assert_int_equal(days, other);
    }
}

static void test_plain(void **state)
{
    static const char letters[] = "0123456789-.0123456789 _e";
    char text[24];
    (void)state;
    for (uint32_t i = 0; i < 300000; i++) {
        const uint32_t len = pick(22), kinds = pick(3) == 0 ? sizeof letters - 1 : 12;
        for (uint32_t k = 0; k < len; k++)
            text[k] = letters[k == 0 && pick(3) == 0 ? 10 : pick(kinds)];
        const uint32_t precision = 1 + pick(38), scale = pick(precision + 1);
        check_plain((struct slice){text, len}, type_of(TYPE_BIGINT));
        check_plain((struct slice){text, len}, type_of(TYPE_DOUBLE));
        check_plain((struct slice){text, len}, type_decimal(precision, scale));
    }
    for (uint32_t i = 0; i < 100000; i++) {
        (void)snprintf(text, sizeof text, "%04u-%02u-%02u", 1 + pick(9999), pick(15), pick(34));
        check_plain((struct slice){text, 10}, type_of(TYPE_DATE));
        text[pick(10)] = letters[pick(sizeof letters - 1)];
        check_plain((struct slice){text, 10}, type_of(TYPE_DATE));
    }
}

/* ---- lack of memory ---- */

static void test_memory(void **state)
{
    const struct csv_spec spec = spec_of(64);
    (void)state;
    for (int64_t nth = 1;; nth++) {
        put_file("", 0);
        mem_fail_nth(nth, false);
        const llkv_code rc = read_text("a,b,c\n\"a line that is longer than one block of so few "
                                       "bytes, \"\"quoted\"\"\",x,y\n1,2,3\n",
                                       &spec);
        mem_fail_nth(0, false);
        arena_reset(&arena);
        if (rc == LLKV_OK) break;
        assert_int_equal(rc, LLKV_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trips, setup, teardown),
        cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dialects, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sniffing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
    };
    return cmocka_run_group_tests_name("format_csv", tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/export_priv.h"
#include "arrow/result.h"
#include "base/bitmap.h"
#include "base/uuid.h"

static struct arena arena;
static llkv_error error;
static struct cx cx;

static int set_up(void **state)
{
    (void)state;
    error = (llkv_error)LLKV_ERROR_INIT;
    cx = (struct cx){.arena = &arena, .error = &error};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mem_fail_nth(0, false);
    arena_deinit(&arena);
    return mem_used_bytes() != 0;
}

static bool valid_at(const struct ArrowArray *array, size_t row)
{
    const uint8_t *bits = array->buffers[0];
    return bits == NULL || ((bits[row / 8] >> (row % 8)) & 1) != 0;
}

static void formats_are_those_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        enum type_id id;
        const char *format;
    } cases[] = {
        {TYPE_NULL, "n"},         {TYPE_BOOLEAN, "b"},      {TYPE_TINYINT, "c"},
        {TYPE_SMALLINT, "s"},     {TYPE_INTEGER, "i"},      {TYPE_BIGINT, "l"},
        {TYPE_HUGEINT, "d:38,0"}, {TYPE_UTINYINT, "C"},     {TYPE_USMALLINT, "S"},
        {TYPE_UINTEGER, "I"},     {TYPE_UBIGINT, "L"},      {TYPE_UHUGEINT, "d:38,0"},
        {TYPE_FLOAT, "f"},        {TYPE_DOUBLE, "g"},       {TYPE_DECIMAL, "d:18,3"},
        {TYPE_VARCHAR, "u"},      {TYPE_BLOB, "z"},         {TYPE_DATE, "tdD"},
        {TYPE_TIME, "ttu"},       {TYPE_TIMESTAMP, "tsu:"}, {TYPE_TIMESTAMPTZ, "tsu:UTC"},
        {TYPE_INTERVAL, "tin"},   {TYPE_UUID, "w:16"},      {TYPE_NUMBER, "g"},
    };
    static_assert(ARRAY_COUNT(cases) == TYPE_COUNT, "all types");
    const char *names[TYPE_COUNT];
    struct type types[TYPE_COUNT];
    for (uint32_t i = 0; i < TYPE_COUNT; i++) {
        names[i] = cx_printf(&cx, "column %u", i);
        types[i] = type_of(cases[i].id);
    }
    types[14] = type_decimal(18, 3);
    struct result_schema schema = {TYPE_COUNT, names, types};
    struct ArrowSchema out;
    assert_int_equal(arrow_export_schema(&cx, &schema, &out), LLKV_OK);
    assert_string_equal(out.format, "+s");
    assert_int_equal(out.n_children, TYPE_COUNT);
    for (uint32_t i = 0; i < TYPE_COUNT; i++) {
        const struct ArrowSchema *child = out.children[i];
        assert_string_equal(child->format, cases[i].format);
        assert_string_equal(child->name, names[i]);
        assert_int_equal(child->flags, ARROW_FLAG_NULLABLE);
        assert_int_equal(child->metadata != NULL, cases[i].id == TYPE_UUID);
    }
    /* A child that moved out lives on, and its parent's release leaves it alone. */
    struct ArrowSchema moved = *out.children[5];
    out.children[5]->release = NULL;
    out.release(&out);
    assert_null(out.release);
    assert_string_equal(moved.name, "column 5");
    assert_string_equal(moved.format, "l");
    moved.release(&moved);
    assert_null(moved.release);

    for (int64_t nth = 1;; nth++) {
        mem_fail_nth(nth, true);
        llkv_code rc = arrow_export_schema(&cx, &schema, &out);
        mem_fail_nth(0, false);
        if (rc == LLKV_OK) break;
        assert_int_equal(rc, LLKV_NOMEM);
    }
    out.release(&out);
}

/* One value of each type in every row but the NULL ones. */
enum { ROWS = 150 };

struct columns {
    uint64_t validity[3];
    _Alignas(16) i128 i128s[ROWS];
    u128 u128s[ROWS];
    int8_t i8s[ROWS];
    int16_t i16s[ROWS];
    int32_t i32s[ROWS];
    int64_t i64s[ROWS];
    double f64s[ROWS];
    uint64_t bools[3];
    struct str_view views[ROWS];
    char texts[ROWS][40];
    struct interval intervals[ROWS];
    struct number numbers[ROWS];
};

static struct columns *columns_new(void)
{
    struct columns *c = cx_alloc_zero(&cx, sizeof *c);
    for (int i = 0; i < ROWS; i++) {
        bit_put(c->validity, (size_t)i, i % 7 != 3);
        bit_put(c->bools, (size_t)i, i % 3 == 0);
        c->i8s[i] = (int8_t)(i - 70);
        c->i16s[i] = (int16_t)(i * 100 - 7000);
        c->i32s[i] = i * 100000 - 7000000;
        c->i64s[i] = i * INT64_C(10000000000) - 7;
        c->i128s[i] = (i128)i * INT64_MAX * 1000 - 5;
        c->u128s[i] = (u128)i * UINT64_MAX;
        c->f64s[i] = i / 4.0;
        snprintf(c->texts[i], sizeof c->texts[i], "%0*d", i % 35, i);
        c->views[i] = str_of(c->texts[i], (uint32_t)strlen(c->texts[i]));
        c->intervals[i] = (struct interval){i, -i, i * 1000};
        c->numbers[i].is_real = i % 2 == 0;
        if (i % 2 == 0)
            c->numbers[i].d = i / 8.0;
        else
            c->numbers[i].i = i;
    }
    /* What lies under NULLs must not be looked at. */
    c->i128s[3] = (i128)((u128)1 << 127);
    c->u128s[3] = ~(u128)0;
    c->intervals[3].micros = INT64_MAX;
    c->numbers[3].i = INT64_MAX;
    c->views[3] = (struct str_view){.len = 100};
    return c;
}

static struct vector flat(enum phys_type phys, const void *data, const uint64_t *validity)
{
    return (struct vector){
        .phys = (uint8_t)phys, .shape = VEC_FLAT, .rows = ROWS, .data = data, .validity = validity};
}

enum { COLUMNS = 14 };

static const char *const all_names[COLUMNS] = {"i8", "i16", "i32", "i64", "huge", "uhuge", "f64",
                                               "b",  "s",   "iv",  "num", "dec",  "uuid",  "n"};

static void all_types(struct type types[COLUMNS])
{
    static const enum type_id ids[COLUMNS] = {
        TYPE_TINYINT,  TYPE_SMALLINT, TYPE_DATE,    TYPE_TIMESTAMP, TYPE_HUGEINT,
        TYPE_UHUGEINT, TYPE_DOUBLE,   TYPE_BOOLEAN, TYPE_VARCHAR,   TYPE_INTERVAL,
        TYPE_NUMBER,   TYPE_DECIMAL,  TYPE_UUID,    TYPE_NULL};
    for (int i = 0; i < COLUMNS; i++)
        types[i] = type_of(ids[i]);
    types[11] = type_decimal(9, 2);
}

static void all_columns(const struct columns *c, struct vector columns[COLUMNS])
{
    columns[0] = flat(PHYS_I8, c->i8s, c->validity);
    columns[1] = flat(PHYS_I16, c->i16s, NULL);
    columns[2] = flat(PHYS_I32, c->i32s, c->validity);
    columns[3] = flat(PHYS_I64, c->i64s, c->validity);
    columns[4] = flat(PHYS_I128, c->i128s, c->validity);
    columns[5] = flat(PHYS_U128, c->u128s, c->validity);
    columns[6] = flat(PHYS_F64, c->f64s, c->validity);
    columns[7] = flat(PHYS_BOOL, c->bools, c->validity);
    columns[8] = flat(PHYS_VIEW, c->views, c->validity);
    columns[9] = flat(PHYS_MDN, c->intervals, c->validity);
    columns[10] = flat(PHYS_NUMBER, c->numbers, c->validity);
    columns[11] = flat(PHYS_I32, c->i32s, c->validity);
    columns[12] = flat(PHYS_I128, c->i128s, c->validity);
    columns[13] = flat(PHYS_NULLS, NULL, NULL);
}

/* Row `row` of the arrays holds row `i` of the columns. */
static void check_row(const struct ArrowArray *root, size_t row, const struct columns *c, size_t i)
{
    struct ArrowArray *const *a = root->children;
    assert_int_equal(((const int16_t *)a[1]->buffers[1])[row], c->i16s[i]);
    bool valid = bit_get(c->validity, i);
    for (int k = 0; k < COLUMNS - 1; k++)
        assert_int_equal(valid_at(a[k], row), k == 1 || valid);
    const int32_t *offsets = a[8]->buffers[1];
    if (!valid) {
        assert_int_equal(offsets[row], offsets[row + 1]);
        return;
    }
    assert_int_equal(((const int8_t *)a[0]->buffers[1])[row], c->i8s[i]);
    assert_int_equal(((const int32_t *)a[2]->buffers[1])[row], c->i32s[i]);
    assert_int_equal(((const int64_t *)a[3]->buffers[1])[row], c->i64s[i]);
    assert_true(((const i128 *)a[4]->buffers[1])[row] == c->i128s[i]);
    assert_true(((const i128 *)a[5]->buffers[1])[row] == (i128)c->u128s[i]);
    assert_true(((const double *)a[6]->buffers[1])[row] == c->f64s[i]);
    const uint8_t *bits = a[7]->buffers[1];
    assert_int_equal((bits[row / 8] >> (row % 8)) & 1, bit_get(c->bools, i));
    assert_int_equal(offsets[row + 1] - offsets[row], strlen(c->texts[i]));
    assert_memory_equal((const char *)a[8]->buffers[2] + offsets[row], c->texts[i],
                        strlen(c->texts[i]));
    const int32_t *interval = (const int32_t *)a[9]->buffers[1] + 4 * row;
    int64_t nanos;
    memcpy(&nanos, interval + 2, sizeof nanos);
    assert_int_equal(interval[0], c->intervals[i].months);
    assert_int_equal(interval[1], c->intervals[i].days);
    assert_int_equal(nanos, c->intervals[i].micros * 1000);
    double number = c->numbers[i].is_real ? c->numbers[i].d : (double)c->numbers[i].i;
    assert_true(((const double *)a[10]->buffers[1])[row] == number);
    assert_true(((const i128 *)a[11]->buffers[1])[row] == c->i32s[i]);
    uint8_t uuid[UUID_BYTES];
    uuid_to_bytes(c->i128s[i], uuid);
    assert_memory_equal((const uint8_t *)a[12]->buffers[1] + UUID_BYTES * row, uuid, UUID_BYTES);
}

static void check_shape(const struct ArrowArray *root, int64_t rows, int64_t nulls)
{
    assert_int_equal(root->length, rows);
    assert_int_equal(root->null_count, 0);
    assert_int_equal(root->n_buffers, 1);
    assert_null(root->buffers[0]);
    assert_int_equal(root->n_children, COLUMNS);
    for (int i = 0; i < COLUMNS; i++) {
        const struct ArrowArray *a = root->children[i];
        assert_int_equal(a->length, rows);
        assert_int_equal(a->offset, 0);
        assert_int_equal(a->n_buffers, i == 13 ? 0 : i == 8 ? 3 : 2);
        assert_int_equal(a->null_count, i == 13 ? rows : i == 1 ? 0 : nulls);
        for (int64_t b = 1; b < a->n_buffers; b++) {
            assert_non_null(a->buffers[b]);
            assert_int_equal((uintptr_t)a->buffers[b] % 64, 0);
        }
    }
}

static void batches_export_all_types(void **state)
{
    (void)state;
    struct columns *c = columns_new();
    struct type types[COLUMNS];
    struct vector columns[COLUMNS];
    all_types(types);
    all_columns(c, columns);
    struct result_schema schema = {COLUMNS, all_names, types};
    struct batch batch = {.rows = ROWS, .live = ROWS, .column_count = COLUMNS, .columns = columns};
    struct ArrowArray out;
    assert_int_equal(arrow_export_batch(&cx, &schema, &batch, &out), LLKV_OK);
    check_shape(&out, ROWS, ROWS / 7 + (ROWS % 7 > 3));
    for (size_t i = 0; i < ROWS; i++)
        check_row(&out, i, c, i);
    out.release(&out);
    assert_null(out.release);

    uint16_t sel[ROWS];
    uint16_t live = 0;
    int64_t nulls = 0;
    for (uint16_t i = 0; i < ROWS; i++)
        if (i % 5 < 2) {
            sel[live++] = i;
            nulls += i % 7 == 3;
        }
    batch.sel = sel;
    batch.live = live;
    assert_int_equal(arrow_export_batch(&cx, &schema, &batch, &out), LLKV_OK);
    check_shape(&out, live, nulls);
    for (size_t i = 0; i < live; i++)
        check_row(&out, i, c, sel[i]);
    out.release(&out);

    batch.live = 0;
    assert_int_equal(arrow_export_batch(&cx, &schema, &batch, &out), LLKV_OK);
    check_shape(&out, 0, 0);
    assert_int_equal(((const int32_t *)out.children[8]->buffers[1])[0], 0);
    out.release(&out);

    schema.column_count = batch.column_count = 0;
    batch.sel = NULL;
    batch.live = ROWS;
    assert_int_equal(arrow_export_batch(&cx, &schema, &batch, &out), LLKV_OK);
    assert_int_equal(out.length, ROWS);
    out.release(&out);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct columns *c = columns_new();
    struct type types[COLUMNS];
    struct vector columns[COLUMNS];
    all_types(types);
    all_columns(c, columns);
    struct result_schema schema = {COLUMNS, all_names, types};
    struct batch batch = {.rows = ROWS, .live = ROWS, .column_count = COLUMNS, .columns = columns};
    int64_t before = mem_used_bytes();
    for (int64_t nth = 1;; nth++) {
        struct ArrowArray out;
        mem_fail_nth(nth, false);
        llkv_code rc = arrow_export_batch(&cx, &schema, &batch, &out);
        mem_fail_nth(0, false);
        if (rc == LLKV_OK) {
            out.release(&out);
            assert_true(nth > 30);
            break;
        }
        assert_int_equal(rc, LLKV_NOMEM);
        assert_int_equal(mem_used_bytes(), before);
    }
}

static void shapes_are_flattened(void **state)
{
    (void)state;
    int64_t seq[2] = {10, -3};
    int64_t constant[2] = {42, 0};
    uint64_t no = 0;
    int32_t offsets[] = {0, 1, 1, 20, 22};
    uint8_t codes[] = {2, 0, 1, 2};
    int64_t values[] = {7, 8, 9};
    struct vector dictionary = {.phys = PHYS_I64, .shape = VEC_FLAT, .rows = 3, .data = values};
    struct vector columns[] = {
        {.phys = PHYS_I64, .shape = VEC_SEQ, .rows = 4, .data = seq},
        {.phys = PHYS_I64, .shape = VEC_CONST, .rows = 4, .data = constant},
        {.phys = PHYS_I64, .shape = VEC_CONST, .rows = 4, .data = constant, .validity = &no},
        {.phys = PHYS_VIEW,
         .shape = VEC_OFFS,
         .rows = 4,
         .data = offsets,
         .aux = "abcdefghijklmnopqrstuvwxyz0123456789"},
        {.phys = PHYS_I64,
         .shape = VEC_DICT,
         .code_width = 1,
         .rows = 4,
         .data = codes,
         .aux = &dictionary},
        {.phys = PHYS_NULLS, .shape = VEC_FLAT, .rows = 4},
        {.phys = PHYS_NULLS, .shape = VEC_FLAT, .rows = 4},
        {.phys = PHYS_NULLS, .shape = VEC_FLAT, .rows = 4},
    };
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct type types[] = {type_of(TYPE_BIGINT),  type_of(TYPE_BIGINT), type_of(TYPE_BIGINT),
                           type_of(TYPE_VARCHAR), type_of(TYPE_BIGINT), type_of(TYPE_BOOLEAN),
                           type_of(TYPE_BLOB),    type_of(TYPE_DOUBLE)};
    struct result_schema schema = {8, names, types};
    struct batch batch = {.rows = 4, .live = 4, .column_count = 8, .columns = columns};
    struct ArrowArray out;
    assert_int_equal(arrow_export_batch(&cx, &schema, &batch, &out), LLKV_OK);
    assert_memory_equal(out.children[0]->buffers[1], ((int64_t[]){10, 7, 4, 1}), 32);
    assert_memory_equal(out.children[1]->buffers[1], ((int64_t[]){42, 42, 42, 42}), 32);
    assert_int_equal(out.children[2]->null_count, 4);
    assert_memory_equal(out.children[3]->buffers[1], offsets, sizeof offsets);
    assert_memory_equal(out.children[3]->buffers[2], "abcdefghijklmnopqrstuv", 22);
    assert_memory_equal(out.children[4]->buffers[1], ((int64_t[]){9, 7, 8, 9}), 32);
    for (int i = 5; i < 8; i++)
        assert_int_equal(out.children[i]->null_count, 4);
    assert_memory_equal(out.children[6]->buffers[1], ((int32_t[]){0, 0, 0, 0, 0}), 20);
    out.release(&out);
}

static void expect_refusal(struct type type, const void *data, const char *message)
{
    static const char *const names[] = {"amount"};
    struct vector column = {.phys = type.phys, .shape = VEC_FLAT, .rows = 1, .data = data};
    struct result_schema schema = {1, names, &type};
    struct batch batch = {.rows = 1, .live = 1, .column_count = 1, .columns = &column};
    struct ArrowArray out;
    assert_int_equal(arrow_export_batch(&cx, &schema, &batch, &out), LLKV_OVERFLOW);
    assert_string_equal(error.message, message);
    assert_string_equal(error.sqlstate, "22003");
}

static void values_that_arrow_cannot_hold_are_refused(void **state)
{
    (void)state;
    i128 huge = (i128)number_pow10(38);
    expect_refusal(
        type_of(TYPE_HUGEINT), &huge,
        "column \"amount\": 100000000000000000000000000000000000000 does not fit Arrow's "
        "decimal128(38, 0)");
    huge = -huge;
    expect_refusal(type_of(TYPE_HUGEINT), &huge,
                   "column \"amount\": -100000000000000000000000000000000000000 does not fit "
                   "Arrow's decimal128(38, 0)");
    u128 uhuge = ~(u128)0;
    expect_refusal(type_of(TYPE_UHUGEINT), &uhuge,
                   "column \"amount\": 340282366920938463463374607431768211455 does not fit "
                   "Arrow's decimal128(38, 0)");
    struct interval interval = {0, 0, INT64_MIN};
    expect_refusal(type_of(TYPE_INTERVAL), &interval,
                   "column \"amount\": -9223372036854775808 microseconds does not fit Arrow's "
                   "interval of nanoseconds");
    struct number number = {.i = (INT64_C(1) << 53) + 1};
    expect_refusal(type_of(TYPE_NUMBER), &number,
                   "column \"amount\": 9007199254740993 does not fit Arrow's float64");
    number.i = INT64_MAX;
    expect_refusal(type_of(TYPE_NUMBER), &number,
                   "column \"amount\": 9223372036854775807 does not fit Arrow's float64");
}

static int released;

static void note_release(void *owner)
{
    (void)owner;
    released++;
}

static void buffers_are_handed_over_without_copying(void **state)
{
    (void)state;
    static const int64_t longs[] = {1, 2, 3};
    static const int32_t offsets[] = {0, 1, 2, 3};
    static const uint8_t validity[] = {5};
    released = 0;
    struct buffer *values = buffer_wrap(NULL, longs, sizeof longs, note_release, NULL);
    struct buffer *bits = buffer_wrap(NULL, validity, 1, note_release, NULL);
    struct buffer *offs = buffer_wrap(NULL, offsets, sizeof offsets, note_release, NULL);
    struct buffer *heap = buffer_wrap(NULL, "xyz", 3, note_release, NULL);
    static const char *const names[] = {"a", "b", "c"};
    struct type types[] = {type_of(TYPE_BIGINT), type_of(TYPE_VARCHAR), type_of(TYPE_NULL)};
    struct result_schema schema = {3, names, types};
    struct result_column columns[] = {
        {.validity = bits, .values = values, .null_count = 1}, {.values = offs, .heap = heap}, {0}};
    struct ArrowArray out;
    for (int64_t nth = 1;; nth++) {
        mem_fail_nth(nth, true);
        llkv_code rc = arrow_export_buffers(&cx, &schema, columns, 3, &out);
        mem_fail_nth(0, false);
        if (rc == LLKV_OK) break;
        assert_int_equal(rc, LLKV_NOMEM);
        assert_int_equal(released, 0);
    }
    assert_ptr_equal(out.children[0]->buffers[0], validity);
    assert_ptr_equal(out.children[0]->buffers[1], longs);
    assert_int_equal(out.children[0]->null_count, 1);
    assert_ptr_equal(out.children[1]->buffers[1], offsets);
    assert_int_equal(out.children[2]->null_count, 3);
    buffer_unref(values);
    buffer_unref(bits);
    buffer_unref(offs);
    buffer_unref(heap);
    assert_int_equal(released, 0);
    /* Move one child out; release the parent first, then the child. */
    struct ArrowArray moved = *out.children[0];
    out.children[0]->release = NULL;
    out.release(&out);
    assert_null(out.release);
    assert_int_equal(released, 2);
    assert_int_equal(((const int64_t *)moved.buffers[1])[2], 3);
    moved.release(&moved);
    assert_null(moved.release);
    assert_int_equal(released, 4);

    /* Too few bytes is found. */
    struct buffer *small = buffer_wrap(NULL, longs, sizeof longs, NULL, NULL);
    struct result_column one = {.values = small};
    schema.column_count = 1;
    assert_int_equal(arrow_export_buffers(&cx, &schema, &one, 4, &out), LLKV_INTERNAL);
    /* Release a child in place before its parent. */
    assert_int_equal(arrow_export_buffers(&cx, &schema, &one, 3, &out), LLKV_OK);
    out.children[0]->release(out.children[0]);
    assert_null(out.children[0]->release);
    out.release(&out);
    buffer_unref(small);
    assert_true(arrow_is_native(type_decimal(38, 2)));
    assert_false(arrow_is_native(type_decimal(18, 2)));
    assert_false(arrow_is_native(type_of(TYPE_VARCHAR)));
    assert_true(arrow_is_native(type_of(TYPE_DATE)));
}

/* A source of numbered rows. */
struct counter {
    struct result_source source;
    uint32_t next_row, rows, per_batch;
    uint32_t fail_at; /* batches from this row on fail */
    int closed;
    int64_t values[VEC_ROWS_MAX];
    struct str_view texts[VEC_ROWS_MAX];
    uint32_t text_bytes; /* of each text */
    char *text;
    struct vector columns[2];
    struct batch batch;
};

static llkv_code counter_next(struct result_source *source, struct cx *run,
                              const struct batch **out_batch)
{
    struct counter *c = (struct counter *)source;
    if (cx_alloc(run, 10) == NULL) return LLKV_NOMEM;
    if (c->next_row >= c->fail_at)
        return cx_fail_at(run, LLKV_DATA, 7, "22012", "division by zero in row %u", c->next_row);
    *out_batch = NULL;
    if (c->next_row == c->rows) return LLKV_OK;
    uint32_t n = c->rows - c->next_row < c->per_batch ? c->rows - c->next_row : c->per_batch;
    for (uint32_t i = 0; i < n; i++) {
        c->values[i] = c->next_row + i;
        c->texts[i] = str_of(c->text, c->text_bytes);
    }
    c->columns[0] =
        (struct vector){.phys = PHYS_I64, .shape = VEC_FLAT, .rows = n, .data = c->values};
    c->columns[1] =
        (struct vector){.phys = PHYS_VIEW, .shape = VEC_FLAT, .rows = n, .data = c->texts};
    c->batch = (struct batch){.rows = n, .live = n, .column_count = 2, .columns = c->columns};
    c->next_row += n;
    *out_batch = &c->batch;
    return LLKV_OK;
}

static void counter_close(struct result_source *source)
{
    ((struct counter *)source)->closed++;
}

static void counter_init(struct counter *c, uint32_t rows, uint32_t per_batch)
{
    static char text[] = "a text that does not fit a view";
    memset(c, 0, sizeof *c);
    c->source = (struct result_source){counter_next, counter_close};
    c->rows = rows;
    c->per_batch = per_batch;
    c->fail_at = UINT32_MAX;
    c->text = text;
    c->text_bytes = sizeof text - 1;
}

static const char *const counter_names[] = {"n", "s"};
static struct type counter_types[2];

static struct result_schema counter_schema(void)
{
    counter_types[0] = type_of(TYPE_BIGINT);
    counter_types[1] = type_of(TYPE_VARCHAR);
    return (struct result_schema){2, counter_names, counter_types};
}

static void streams_deliver_everything_in_order(void **state)
{
    (void)state;
    static struct counter c;
    struct result_schema schema = counter_schema();
    static const uint32_t sizes[][2] = {{0, 1}, {1, 1}, {100, 7}, {50000, 2048}, {20000, 13}};
    for (size_t round = 0; round < ARRAY_COUNT(sizes); round++) {
        counter_init(&c, sizes[round][0], sizes[round][1]);
        struct ArrowArrayStream stream;
        assert_int_equal(arrow_export_stream(&cx, &schema, &c.source, &stream), LLKV_OK);
        struct ArrowSchema out_schema;
        assert_int_equal(stream.get_schema(&stream, &out_schema), 0);
        assert_string_equal(out_schema.children[1]->name, "s");
        out_schema.release(&out_schema);
        int64_t seen = 0;
        int64_t arrays = 0;
        for (;;) {
            struct ArrowArray array;
            assert_int_equal(stream.get_next(&stream, &array), 0);
            if (array.release == NULL) break;
            arrays++;
            assert_true(array.length > 0);
            if (arrays == 1) assert_int_equal(array.length, c.batch.rows);
            const int64_t *values = array.children[0]->buffers[1];
            for (int64_t i = 0; i < array.length; i++)
                assert_int_equal(values[i], seen + i);
            const int32_t *offsets = array.children[1]->buffers[1];
            assert_int_equal(offsets[array.length], array.length * (int64_t)c.text_bytes);
            seen += array.length;
            array.release(&array);
        }
        assert_int_equal(seen, c.rows);
        assert_true(arrays <= 2 + c.rows / 16000);
        assert_null(stream.get_last_error(&stream));
        struct ArrowArray again;
        assert_int_equal(stream.get_next(&stream, &again), 0);
        assert_null(again.release);
        assert_int_equal(c.closed, 0);
        stream.release(&stream);
        assert_null(stream.release);
        assert_int_equal(c.closed, 1);
    }
}

static void streams_tell_their_errors(void **state)
{
    (void)state;
    static struct counter c;
    struct result_schema schema = counter_schema();
    counter_init(&c, 1000, 10);
    c.fail_at = 30;
    cx.text = SLICE("SELECT 1 / 0");
    struct ArrowArrayStream stream;
    assert_int_equal(arrow_export_stream(&cx, &schema, &c.source, &stream), LLKV_OK);
    cx.text = (struct slice){0};
    struct ArrowArray array;
    assert_int_equal(stream.get_next(&stream, &array), 0);
    assert_int_equal(array.length, 10);
    struct ArrowArray kept = array; /* lives longer than the stream */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(stream.get_next(&stream, &array), EINVAL);
        assert_null(array.release);
        assert_string_equal(stream.get_last_error(&stream), "division by zero in row 30");
    }
    stream.release(&stream);
    assert_int_equal(c.closed, 1);
    assert_int_equal(((const int64_t *)kept.children[0]->buffers[1])[9], 9);
    kept.release(&kept);

    atomic_bool cancel = true;
    cx.cancel = &cancel;
    counter_init(&c, 1000, 10);
    assert_int_equal(arrow_export_stream(&cx, &schema, &c.source, &stream), LLKV_OK);
    assert_int_equal(stream.get_next(&stream, &array), ECANCELED);
    stream.release(&stream);
    cx.cancel = NULL;

    for (int64_t nth = 1;; nth++) {
        counter_init(&c, 5000, 1000);
        mem_fail_nth(nth, false);
        llkv_code rc = arrow_export_stream(&cx, &schema, &c.source, &stream);
        if (rc != LLKV_OK) {
            assert_int_equal(rc, LLKV_NOMEM);
            assert_int_equal(c.closed, 0); /* the source stays its owner's */
            continue;
        }
        int result = 0;
        do {
            /* The source above does not expect failures itself. */
            if (stream.private_data == NULL) break;
            result = stream.get_next(&stream, &array);
            if (result == 0 && array.release != NULL)
                array.release(&array);
            else
                break;
        } while (true);
        mem_fail_nth(0, false);
        stream.release(&stream);
        assert_int_equal(c.closed, 1);
        if (result == 0) break;
        assert_int_equal(result, ENOMEM);
    }
}

/* What the offsets of one array do not reach goes to the next. */
static void full_heaps_split_batches(void **state)
{
    (void)state;
    static struct counter c;
    struct result_schema schema = counter_schema();
    counter_init(&c, 10, 10);
    const struct batch *batch;
    assert_int_equal(counter_next(&c.source, &cx, &batch), LLKV_OK);
    static const uint64_t half = 0x155;
    c.columns[0].validity = &half;
    struct exporter *exporter;
    assert_int_equal(exporter_new(&cx, &schema, &exporter), LLKV_OK);
    exporter->columns[1].heap_bytes_max = 4 * c.text_bytes + 5;
    struct ArrowArray array;
    uint32_t at = 0;
    for (uint32_t round = 0; round < 3; round++) {
        uint32_t taken;
        assert_int_equal(exporter_append(&cx, exporter, batch, at, &taken), LLKV_OK);
        assert_int_equal(taken, round < 2 ? 4 : 2);
        if (round < 2) {
            uint32_t none;
            assert_int_equal(exporter_append(&cx, exporter, batch, at + 4, &none), LLKV_OK);
            assert_int_equal(none, 0);
        }
        assert_int_equal(exporter_finish(&cx, exporter, &array), LLKV_OK);
        assert_int_equal(array.length, taken);
        assert_int_equal(array.children[0]->length, taken);
        assert_int_equal(array.children[0]->null_count, taken / 2);
        assert_int_equal(((const int64_t *)array.children[0]->buffers[1])[0], at);
        assert_int_equal(((const int32_t *)array.children[1]->buffers[1])[taken],
                         taken * c.text_bytes);
        array.release(&array);
        at += taken;
    }
    exporter_free(exporter);
    exporter_free(NULL);
}

static void one_value_too_long_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"s"};
    struct type type = type_of(TYPE_VARCHAR);
    struct str_view view = {.len = UINT32_MAX, .ptr = (const uint8_t *)"x"}; /* never read */
    struct vector column = {.phys = PHYS_VIEW, .shape = VEC_FLAT, .rows = 1, .data = &view};
    struct result_schema schema = {1, names, &type};
    struct batch batch = {.rows = 1, .live = 1, .column_count = 1, .columns = &column};
    struct ArrowArray out;
    assert_int_equal(arrow_export_batch(&cx, &schema, &batch, &out), LLKV_LIMIT);
}

static void uuids_go_round(void **state)
{
    (void)state;
    i128 low, high, back;
    assert_int_equal(uuid_parse(SLICE("00112233-4455-6677-8899-AABBCCDDEEFF"), &low), TEXT_OK);
    char text[UUID_TEXT_BYTES + 1];
    assert_int_equal(uuid_print(low, text), UUID_TEXT_BYTES);
    assert_string_equal(text, "00112233-4455-6677-8899-aabbccddeeff");
    assert_int_equal(uuid_parse(SLICE(" {ff112233445566778899aabbccddeeff} "), &high), TEXT_OK);
    assert_true(low < high);
    uint8_t bytes[UUID_BYTES];
    uuid_to_bytes(high, bytes);
    assert_int_equal(bytes[0], 0xff);
    back = uuid_from_bytes(bytes);
    assert_true(back == high);
    static const char *const bad[] = {"",
                                      "0011",
                                      "00112233-4455-6677-8899-aabbccddeefg",
                                      "00112233-4455-6677-8899-aabbccddeeff0",
                                      "-00112233445566778899aabbccddeeff",
                                      "00112233--4455-6677-8899-aabbccddeeff",
                                      "00112233-4455-6677-8899-aabbccddeeff-"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_int_equal(uuid_parse(slice_of(bad[i]), &back), TEXT_INVALID);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(formats_are_those_of_the_specification),
        TEST(batches_export_all_types),
        TEST(every_allocation_may_fail),
        TEST(shapes_are_flattened),
        TEST(values_that_arrow_cannot_hold_are_refused),
        TEST(buffers_are_handed_over_without_copying),
        TEST(streams_deliver_everything_in_order),
        TEST(streams_tell_their_errors),
        TEST(full_heaps_split_batches),
        TEST(one_value_too_long_is_refused),
        TEST(uuids_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Sealed segments: written, found again by their two numbers, and damaged in every byte. */
#include "base/crc32c.h"
#include "column/chunk_priv.h"
#include "column/sealed.h"
#include "store_testing.h"

enum { COLUMNS = 7, ROWS = 60, VECTOR_ROWS = 16 };
static const uint8_t phys[COLUMNS] = {PHYS_I64,  PHYS_I32, PHYS_VIEW,  PHYS_BOOL,
                                      PHYS_I128, PHYS_F64, PHYS_NUMBER};
static const struct type types[COLUMNS] = {
    {.id = TYPE_BIGINT, .phys = PHYS_I64},   {.id = TYPE_DATE, .phys = PHYS_I32},
    {.id = TYPE_VARCHAR, .phys = PHYS_VIEW}, {.id = TYPE_BOOLEAN, .phys = PHYS_BOOL},
    {.id = TYPE_HUGEINT, .phys = PHYS_I128}, {.id = TYPE_DOUBLE, .phys = PHYS_F64},
    {.id = TYPE_NUMBER, .phys = PHYS_NUMBER}};
static const struct layout layout = {.column_count = COLUMNS,
                                     .phys = phys,
                                     .types = types,
                                     .segment_rows = 64,
                                     .vector_rows = VECTOR_ROWS,
                                     .vectors = 4,
                                     .vector_words = 1};

struct fixture {
    llkv_pager *pager;
    struct test_cx t;
    struct sealed *sealed;
    struct sketch sketches[COLUMNS];
};

static const char *const words[] = {"", "short", "a text that is not short at all"};

/* Value of a cell: a slot, and whether it is there. */
static bool cell(uint32_t column, uint32_t row, uint8_t *slot)
{
    memset(slot, 0, 16);
    if (column != 0 && (row * 7 + column) % 5 == 0) return false;
    switch (phys[column]) {
    case PHYS_I64: {
        int64_t v = row * 3;
        memcpy(slot, &v, sizeof v);
        break;
    }
    case PHYS_VIEW: {
        struct str_view v = str_of(words[row % 3], (uint32_t)strlen(words[row % 3]));
        memcpy(slot, &v, sizeof v);
        break;
    }
    case PHYS_BOOL: slot[0] = row % 3 == 0; break;
    case PHYS_NUMBER: {
        struct number v = {.i = row, .is_real = row % 2};
        memcpy(slot, &v, sizeof v);
        break;
    }
    default: memset(slot, (int)(row % 100), phys_bytes[phys[column]]);
    }
    return true;
}

static struct vector make_vector(const void *arg, uint32_t column, uint32_t vector,
                                 uint64_t *scratch)
{
    static _Alignas(16) uint8_t data[VECTOR_ROWS * 16 + 16];
    struct vector v = {.phys = phys[column], .shape = VEC_FLAT, .data = data};
    (void)arg;
    memset(data, 0, sizeof data);
    scratch[VEC_WORDS_MAX] = 0;
    for (uint32_t i = 0; i < VECTOR_ROWS && vector * VECTOR_ROWS + i < ROWS; i++, v.rows++) {
        uint8_t slot[16];
        bit_put(scratch + VEC_WORDS_MAX, i, cell(column, vector * VECTOR_ROWS + i, slot));
        if (phys[column] == PHYS_BOOL) {
            bit_put((uint64_t *)(void *)data, i, slot[0]);
        } else {
            memcpy(data + i * phys_bytes[phys[column]], slot, phys_bytes[phys[column]]);
        }
    }
    if (!bitmap_all(scratch + VEC_WORDS_MAX, v.rows)) v.validity = scratch + VEC_WORDS_MAX;
    return v;
}

static void fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    test_cx_init(&f->t);
    f->pager = pager_memory_new(NULL);
    assert_non_null(f->pager);
    struct sealed_source source = {.vector = make_vector, .rows = ROWS, .sketches = f->sketches};
    assert_ok(&f->t, sealed_new(&f->t.cx, NULL, f->pager, &layout, &source, &f->sealed));
    sealed_keep(f->sealed, true);
}

static void fixture_deinit(struct fixture *f)
{
    sealed_free(f->sealed);
    f->pager->methods->close(f->pager);
    test_cx_deinit(&f->t);
}

/* Every value of a segment; with `expected` they are those that were written. */
static llkv_code read_all(struct fixture *f, struct sealed_ref ref, bool expected)
{
    struct sealed *sealed;
    TRY(sealed_open(&f->t.cx, NULL, f->pager, &layout, ref, &sealed));
    llkv_code rc = LLKV_OK;
    for (uint32_t c = 0; c < COLUMNS && rc == LLKV_OK; c++) {
        rc = chunk_ready(&f->t.cx, sealed->columns[c]);
        for (uint32_t v = 0; rc == LLKV_OK && v * VECTOR_ROWS < sealed->rows; v++) {
            uint32_t n = sealed->rows - v * VECTOR_ROWS;
            struct vector in = sealed_vector(sealed, c, v, n < VECTOR_ROWS ? n : VECTOR_ROWS);
            struct vector flat;
            _Alignas(16) uint8_t data[VECTOR_ROWS * 16 + 16];
            uint64_t validity[1];
            vec_flatten(&in, NULL, in.rows, data, validity, &flat);
            for (uint32_t i = 0; i < in.rows; i++) {
                uint8_t slot[16];
                bool valid = vec_valid(&flat, i);
                struct value value = vec_value(&flat, (struct type){.phys = phys[c]}, i);
                uint32_t sum = 0;
                for (size_t b = 0; valid && phys[c] == PHYS_VIEW && b < value.s.len; b++)
                    sum += (uint8_t)value.s.data[b];
                (void)sum;
                if (!expected) continue;
                assert_int_equal(valid, cell(c, v * VECTOR_ROWS + i, slot));
                if (!valid) continue;
                if (phys[c] == PHYS_BOOL) {
                    assert_int_equal(value.b, slot[0]);
                } else if (phys[c] == PHYS_VIEW) {
                    struct str_view view;
                    memcpy(&view, slot, sizeof view);
                    assert_int_equal(value.s.len, view.len);
                    assert_memory_equal(value.s.data, str_data(&view), view.len);
                } else {
                    assert_memory_equal((const uint8_t *)flat.data + i * phys_bytes[phys[c]], slot,
                                        phys_bytes[phys[c]]);
                }
            }
        }
    }
    sealed_free(sealed);
    return rc;
}

static void found_again(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    struct fixture f;
    fixture_init(&f);
    struct sealed_ref ref = sealed_ref_of(f.sealed);
    assert_ok(&f.t, read_all(&f, ref, true));
    struct sealed *again;
    struct sketch sketches[COLUMNS] = {0};
    assert_ok(&f.t, sealed_open(&f.t.cx, NULL, f.pager, &layout, ref, &again));
    assert_false(atomic_load(&again->columns[0]->ready));
    for (uint32_t c = 0; c < COLUMNS; c++) {
        const struct column_chunk *a = f.sealed->columns[c];
        const struct column_chunk *b = again->columns[c];
        assert_memory_equal(&a->zone, &b->zone, sizeof a->zone);
        assert_memory_equal(a->zones, b->zones, 4 * sizeof *a->zones);
        assert_int_equal(b->ascending, c == 0);
        assert_int_equal(b->strictly, c == 0);
    }
    sealed_add_sketches(again, sketches);
    assert_memory_equal(sketches, f.sketches, sizeof sketches);
    assert_ok(&f.t, sealed_sync(&f.t.cx, again));
    sealed_free(again);
    ref.header_offset += 64;
    assert_int_equal(read_all(&f, ref, false), LLKV_CORRUPT);
    ref.batch_seq = 77;
    assert_int_equal(read_all(&f, ref, false), LLKV_CORRUPT);
    fixture_deinit(&f);
    assert_int_equal(mem_used_bytes(), used);
}

/* One column is another one: the rest is shared, what was replaced is discarded. */
static void columns_are_replaced(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    struct fixture f;
    struct blob_sink sink;
    fixture_init(&f);
    sealed_keep(f.sealed, false);
    blob_sink_init(&sink, NULL, f.pager);
    struct sealed_source source = {.vector = make_vector, .rows = ROWS};
    struct blob_ref head;
    uint64_t extent;
    struct column_chunk *columns[COLUMNS] = {0};
    assert_ok(&f.t, chunk_write(&f.t.cx, &sink, &layout, 2, &source, &head, &extent));
    assert_ok(&f.t, blob_sink_finish(&f.t.cx, &sink));
    head.handle = blob_sink_resolve(&sink, head.handle);
    assert_ok(&f.t, chunk_open(&f.t.cx, NULL, f.pager, &layout, 2, head, &columns[2]));
    struct sealed *next = sealed_of(NULL, f.pager, &layout, columns, f.sealed);
    assert_non_null(next);
    struct blob_ref gone = f.sealed->columns[2]->head;
    struct blob_ref stays = f.sealed->columns[3]->head;
    llkv_pager_view view = {0};
    sealed_free(f.sealed);
    f.sealed = next;
    assert_int_equal(blob_view(&f.t.cx, f.pager, gone, &view), LLKV_CORRUPT);
    assert_ok(&f.t, blob_view(&f.t.cx, f.pager, stays, &view));
    blob_view_release(f.pager, &view);
    assert_int_equal(next->rows, ROWS);
    assert_ok(&f.t, chunk_ready(&f.t.cx, next->columns[2]));
    blob_sink_deinit(&sink);
    fixture_deinit(&f);
    assert_int_equal(mem_used_bytes(), used);
}

static uint8_t *bytes_at(struct fixture *f, uint64_t handle, uint64_t bytes)
{
    llkv_pager_view view;
    assert_ok(&f->t, pager_view(&f->t.cx, f->pager, handle, bytes, &view));
    uint8_t *at = (uint8_t *)(uintptr_t)view.data;
    f->pager->methods->view_release(f->pager, &view);
    return at;
}

static void flip_all(struct fixture *f, uint64_t handle, uint64_t bytes)
{
    uint8_t *at = bytes_at(f, handle, bytes);
    struct sealed_ref ref = sealed_ref_of(f->sealed);
    for (uint64_t i = 0; i < bytes; i++) {
        at[i] ^= (uint8_t)(1u << (i % 8));
        assert_int_equal(read_all(f, ref, true), LLKV_CORRUPT);
        at[i] ^= (uint8_t)(1u << (i % 8));
    }
    assert_ok(&f->t, read_all(f, ref, true));
}

static void every_byte_damaged(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    flip_all(&f, f.sealed->header.handle, f.sealed->header.bytes);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        const struct column_chunk *chunk = f.sealed->columns[c];
        flip_all(&f, chunk->head.handle, chunk->head.bytes);
        for (uint32_t part = 0; part < PART_COUNT; part++) {
            const struct chunk_buffer *buffer = &chunk->buffers[part];
            if (buffer->bytes == 0) continue;
            flip_all(&f, pager_handle(blob_batch(chunk->head), buffer->offset), buffer->bytes);
        }
    }
    fixture_deinit(&f);
}

/* The sums are made right again, so that the checks behind them are reached. */
static void damage_with_right_sums(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct sealed_ref ref = sealed_ref_of(f.sealed);
    uint8_t *header = bytes_at(&f, f.sealed->header.handle, f.sealed->header.bytes);
    const uint32_t header_bytes = f.sealed->header.bytes - 4;
    for (uint32_t c = 0; c < COLUMNS; c++) {
        const struct column_chunk *chunk = f.sealed->columns[c];
        uint8_t *head = bytes_at(&f, chunk->head.handle, chunk->head.bytes);
        uint8_t *data =
            bytes_at(&f, pager_handle(blob_batch(chunk->head), chunk->buffers[PART_DATA].offset),
                     chunk->buffers[PART_DATA].bytes);
        const uint64_t data_bytes = chunk->buffers[PART_DATA].bytes;
        uint64_t crc_at = (uint64_t)((const uint8_t *)chunk->buffers[PART_DATA].crcs -
                                     (const uint8_t *)chunk->views[0].data);
        for (uint64_t i = 0; i < chunk->head.bytes + data_bytes; i++) {
            static const uint8_t flips[] = {0x01, 0x10, 0x80, 0xff};
            for (uint32_t k = 0; k < sizeof flips; k++) {
                uint8_t *at = i < chunk->head.bytes ? head + i : data + (i - chunk->head.bytes);
                uint32_t sum, old_sum, old_crc, old_header;
                memcpy(&old_crc, head + crc_at, 4);
                *at ^= flips[k];
                sum = crc32c(0, data, data_bytes);
                if (i >= chunk->head.bytes) memcpy(head + crc_at, &sum, 4);
                uint8_t *ref_at = header + 24 + c * BLOB_REF_BYTES + 12;
                memcpy(&old_sum, ref_at, 4);
                memcpy(&old_header, header + header_bytes, 4);
                sum = crc32c(0, head, chunk->head.bytes);
                memcpy(ref_at, &sum, 4);
                sum = crc32c(0, header, header_bytes);
                memcpy(header + header_bytes, &sum, 4);
                llkv_code rc = read_all(&f, ref, false); /* an error or some answer */
                assert_true(rc == LLKV_OK || rc == LLKV_CORRUPT);
                *at ^= flips[k];
                memcpy(head + crc_at, &old_crc, 4);
                memcpy(ref_at, &old_sum, 4);
                memcpy(header + header_bytes, &old_header, 4);
            }
        }
    }
    assert_ok(&f.t, read_all(&f, ref, true));
    fixture_deinit(&f);
}

/* Bytes of a column's buffer are other ones, and all sums are right. What does a reader get? */
static llkv_code touch_changed(struct fixture *f, uint32_t c, enum chunk_part part, uint32_t at,
                               const char *bytes, uint32_t count)
{
    const struct column_chunk *chunk = f->sealed->columns[c];
    const struct chunk_buffer *buffer = &chunk->buffers[part];
    uint8_t *header = bytes_at(f, f->sealed->header.handle, f->sealed->header.bytes);
    uint8_t *head = bytes_at(f, chunk->head.handle, chunk->head.bytes);
    uint8_t *data =
        bytes_at(f, pager_handle(blob_batch(chunk->head), buffer->offset), buffer->bytes);
    uint8_t *crc_at =
        head + ((const uint8_t *)buffer->crcs - (const uint8_t *)chunk->views[0].data);
    uint8_t before[16];
    llkv_code rc = LLKV_OK;
    memcpy(before, data + at, count);
    for (uint32_t pass = 0; pass < 2; pass++) { /* there and back */
        memcpy(data + at, pass == 0 ? (const uint8_t *)bytes : before, count);
        uint32_t sum = crc32c(0, data, buffer->bytes);
        memcpy(crc_at, &sum, 4);
        sum = crc32c(0, head, chunk->head.bytes);
        memcpy(header + 24 + c * BLOB_REF_BYTES + 12, &sum, 4);
        sum = crc32c(0, header, f->sealed->header.bytes - 4u);
        memcpy(header + f->sealed->header.bytes - 4, &sum, 4);
        if (pass == 0) rc = read_all(f, sealed_ref_of(f->sealed), false);
    }
    return rc;
}

/* Rows 0 to 2 of the texts: "", "short", a long one. */
static void texts_are_utf8(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_ok(&f.t, touch_changed(&f, 2, PART_HEAP, 1, "\xc3\xa4", 2));
    assert_ok(&f.t, touch_changed(&f, 2, PART_HEAP, 1, "\xe2\x82\xac", 3));
    assert_int_equal(touch_changed(&f, 2, PART_HEAP, 1, "\xff", 1), LLKV_CORRUPT);
    assert_int_equal(touch_changed(&f, 2, PART_HEAP, 1, "\xc3", 1), LLKV_CORRUPT);
    assert_int_equal(touch_changed(&f, 2, PART_HEAP, 1, "\xed\xa0\x80", 3), LLKV_CORRUPT);
    /* A character that two texts share. */
    assert_int_equal(touch_changed(&f, 2, PART_HEAP, 4, "\xc3\xa4", 2), LLKV_CORRUPT);
    /* One that the last text cuts off: what stands behind it is padding. */
    const uint32_t end = (uint32_t)f.sealed->columns[2]->text_bytes;
    assert_int_equal(touch_changed(&f, 2, PART_HEAP, end - 1, "\xc3\xa4", 2), LLKV_CORRUPT);
    assert_ok(&f.t, touch_changed(&f, 2, PART_HEAP, end, "\xff", 1));
    assert_ok(&f.t, read_all(&f, sealed_ref_of(f.sealed), true));
    fixture_deinit(&f);
}

static void values_are_of_their_type(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_int_equal(touch_changed(&f, 1, PART_DATA, 0, "\0\0\0\x80", 4), LLKV_CORRUPT);
    assert_ok(&f.t, touch_changed(&f, 1, PART_DATA, 2 * 4, "\0\0\0\x80", 4)); /* NULL is there */
    assert_ok(&f.t, touch_changed(&f, 1, PART_DATA, 0, "\xff\xff\xff\x7f", 4));
    /* It is no NULL to a reader when the bounds of its vector count none. */
    const struct blob_ref ref = f.sealed->columns[1]->head;
    uint8_t *zone_at = bytes_at(&f, ref.handle, ref.bytes) + sizeof(struct chunk_head);
    struct zone before, zone;
    memcpy(&before, zone_at, sizeof before);
    zone = before;
    zone.values += zone.nulls;
    zone.nulls = 0;
    memcpy(zone_at, &zone, sizeof zone);
    assert_int_equal(touch_changed(&f, 1, PART_DATA, 2 * 4, "\0\0\0\x80", 4), LLKV_CORRUPT);
    memcpy(zone_at, &before, sizeof before);
    assert_int_equal(touch_changed(&f, 6, PART_DATA, 8, "\2", 1), LLKV_CORRUPT);
    fixture_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_again),        cmocka_unit_test(columns_are_replaced),
        cmocka_unit_test(every_byte_damaged), cmocka_unit_test(damage_with_right_sums),
        cmocka_unit_test(texts_are_utf8),     cmocka_unit_test(values_are_of_their_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

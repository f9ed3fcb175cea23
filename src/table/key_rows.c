/* Key columns of up to a vector of rows, wherever these rows are, and the keys made from them. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "table/table_priv.h"
#include "table/value_print.h"

llkv_code key_rows_init(struct cx *cx, struct key_rows *kr, const struct table *table,
                        const struct key_def *def)
{
    *kr = (struct key_rows){.table = table, .def = def, .bytes = {.budget = table->budget}};
    size_t count = def->column_count;
    kr->columns = cx_alloc_zero(cx, count * sizeof *kr->columns);
    kr->rooms = cx_alloc_zero(cx, count * sizeof *kr->rooms);
    kr->flat_rooms = cx_alloc_zero(cx, count * sizeof *kr->flat_rooms);
    bool ok = kr->columns != NULL && kr->rooms != NULL && kr->flat_rooms != NULL;
    return ok ? LLKV_OK : LLKV_NOMEM;
}

void key_rows_deinit(struct key_rows *kr)
{
    normkey_deinit(&kr->bytes);
}

/* kr->columns[i] = v, made FLAT. */
static llkv_code set_flat(struct cx *cx, struct key_rows *kr, uint32_t i, const struct vector *v)
{
    if (v->shape == VEC_FLAT) {
        kr->columns[i] = *v;
        return LLKV_OK;
    }
    TRY(value_room_ensure(cx, &kr->flat_rooms[i]));
    vec_flatten(v, NULL, v->rows, kr->flat_rooms[i].data, kr->flat_rooms[i].validity,
                &kr->columns[i]);
    return LLKV_OK;
}

llkv_code key_rows_read(struct cx *cx, struct key_rows *kr, struct segment *segment,
                        uint32_t vector, uint32_t rows, int64_t ts)
{
    kr->rows = rows;
    for (uint32_t i = 0; i < kr->def->column_count; i++) {
        struct vector v;
        TRY(segment_read(cx, segment, kr->def->columns[i].column, vector, rows, ts, &kr->rooms[i],
                         &v));
        TRY(set_flat(cx, kr, i, &v));
    }
    return LLKV_OK;
}

llkv_code key_rows_gather(struct cx *cx, struct key_rows *kr, struct segment *segment,
                          uint32_t vector, const uint16_t *positions, uint32_t n, int64_t ts)
{
    kr->rows = n;
    for (uint32_t i = 0; i < kr->def->column_count; i++) {
        uint16_t column = kr->def->columns[i].column;
        struct value_room *room = &kr->rooms[i];
        TRY(value_room_ensure(cx, room));
        const uint32_t last = n == 0 ? 0 : positions[n - 1] + 1u;
        struct value_source source;
        TRY(segment_source(cx, segment, column, vector, last, ts, &source));
        value_source_gather(&source, positions, n, room->data, room->validity, 0);
        kr->columns[i] = (struct vector){.phys = source.phys,
                                         .shape = VEC_FLAT,
                                         .rows = n,
                                         .data = room->data,
                                         .validity = room->validity};
    }
    return LLKV_OK;
}

llkv_code key_rows_buffer(struct cx *cx, struct key_rows *kr, const struct rowbuf *buf,
                          uint32_t first, uint32_t n)
{
    kr->rows = n;
    for (uint32_t i = 0; i < kr->def->column_count; i++) {
        TRY(value_room_bits(cx, &kr->rooms[i]));
        kr->columns[i] =
            rowbuf_vector(buf, kr->def->columns[i].column, first, n, kr->rooms[i].validity);
    }
    return LLKV_OK;
}

llkv_code key_rows_sealed(struct cx *cx, struct key_rows *kr, const struct sealed *sealed,
                          uint32_t vector, uint32_t n)
{
    kr->rows = n;
    for (uint32_t i = 0; i < kr->def->column_count; i++) {
        uint16_t column = kr->def->columns[i].column;
        TRY(chunk_ready(cx, sealed->columns[column]));
        struct vector v = sealed_vector(sealed, column, vector, n);
        TRY(set_flat(cx, kr, i, &v));
    }
    return LLKV_OK;
}

llkv_code key_rows_make(struct cx *cx, struct key_rows *kr, uint32_t row)
{
    assert(row < kr->rows);
    kr->bytes.len = 0;
    kr->has_null = false;
    for (uint32_t i = 0; i < kr->def->column_count; i++) {
        const struct vector *v = &kr->columns[i];
        const uint8_t *slot = NULL;
        uint8_t bit;
        if (!vec_valid(v, row)) {
            kr->has_null = true;
        } else if (v->phys == PHYS_BOOL) {
            bit = bit_get(v->data, row);
            slot = &bit;
        } else {
            slot = (const uint8_t *)v->data + (size_t)row * phys_bytes[v->phys];
        }
        TRY(normkey_append(cx, &kr->bytes, v->phys, kr->def->columns[i].descending, slot));
    }
    return LLKV_OK;
}

llkv_code key_rows_collision(struct cx *cx, const struct key_rows *kr, uint32_t row)
{
    char text[300];
    size_t at = 0;
    const struct table_def *def = kr->table->def;
    for (uint32_t i = 0; i < kr->def->column_count; i++) {
        const struct column_def *column = &def->columns[kr->def->columns[i].column];
        char printed[VALUE_PRINT_BYTES];
        struct value value = vec_value(&kr->columns[i], column->type, row);
        (void)value_print(&value, printed);
        int wrote = snprintf(text + at, sizeof text - at, "%s%s: %s", i == 0 ? "" : ", ",
                             column->name, printed);
        if (wrote < 0 || (size_t)wrote >= sizeof text - at) break;
        at += (size_t)wrote;
    }
    return cx_fail_at(cx, LLKV_CONSTRAINT, -1, "23505",
                      "duplicate key \"%s\" violates %s constraint \"%s\"", text,
                      kr->def->primary ? "primary key" : "unique", kr->def->name);
}

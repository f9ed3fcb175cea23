/* join_columns.c -- dense and unique build keys: what is needed of the built rows as columns that
 * are indexed by the key, and a bit per key that is there. The rows are not looked at again. */
#include "exec/join.h"

enum { COLUMN_ROWS_MIN = 4096, COLUMNS_MAX = 4 };

void join_columns_release(struct join_state *s)
{
    for (uint32_t i = 0; i < s->column_count; i++)
        big_free(s->budget, s->columns[i].values, s->columns[i].bytes);
    big_free(s->budget, s->present, s->present_bytes);
    s->column_count = 0;
    s->present = NULL;
}

/* Kinds that ask of a left row whether it has a partner, and perhaps for the partner's values. */
static bool kind_fits(const struct op_join *join)
{
    return !join->deferred && (join->kind == PJOIN_INNER || join->kind == PJOIN_SEMI ||
                               join->kind == PJOIN_ANTI || join->kind == PJOIN_MARK_EXISTS);
}

/* Columns of the rows that come out, each once; false if one is not made for this. */
static bool find_columns(const struct op_join *join, struct join_state *s)
{
    for (uint32_t i = 0; i < join->node->base.out_count; i++) {
        const uint32_t c = join->out[i].column;
        if (join->out[i].side != JOIN_RIGHT || join_columns_find(s, c) != NULL) continue;
        const uint32_t width = phys_bytes[join->fmt.phys[c]];
        if (width == 0 || width > 8 || rowstore_has_nulls(s->rows.store, c)) return false;
        if (s->column_count == COLUMNS_MAX) return false;
        s->columns[s->column_count++] =
            (struct join_values){.column = c, .width = width, .bytes = s->dense_range * width};
    }
    return true;
}

/* One column of every row that is there. */
ALWAYS_INLINE void fill_width(const struct join_state *s, const struct join_values *v, uint32_t at,
                              const uint32_t width)
{
    for (uint64_t key = 0; key < s->dense_range; key++) {
        if (s->dense_rows[key] == 0) continue;
        const uint8_t *row = rowstore_at(s->rows.store, s->dense_rows[key] - 1);
        memcpy(v->values + key * width, row + at, width);
    }
}

static void fill_column(const struct op_join *join, const struct join_state *s,
                        const struct join_values *v)
{
    const uint32_t at = join->fmt.at[v->column];
    switch (v->width) {
    case 1: fill_width(s, v, at, 1); break;
    case 2: fill_width(s, v, at, 2); break;
    case 4: fill_width(s, v, at, 4); break;
    default: fill_width(s, v, at, 8); break;
    }
}

llkv_code join_columns_build(struct run *run, const struct op_join *join, struct join_state *s)
{
    if (!kind_fits(join) || !s->unique || s->rows.store->count < COLUMN_ROWS_MIN) return LLKV_OK;
    if (!find_columns(join, s)) {
        s->column_count = 0;
        return LLKV_OK;
    }
    s->present_bytes = bitmap_words(s->dense_range + 1) * sizeof *s->present;
    s->present = big_alloc(run->cx, s->present_bytes);
    if (s->present == NULL) return LLKV_NOMEM;
    for (uint64_t key = 0; key < s->dense_range; key++)
        s->present[key >> 6] |= (uint64_t)(s->dense_rows[key] != 0) << (key & 63);
    for (uint32_t i = 0; i < s->column_count; i++) {
        s->columns[i].values = big_alloc(run->cx, s->columns[i].bytes);
        if (s->columns[i].values == NULL) return LLKV_NOMEM;
        fill_column(join, s, &s->columns[i]);
    }
    return LLKV_OK;
}

const struct join_values *join_columns_find(const struct join_state *s, uint32_t column)
{
    for (uint32_t i = 0; i < s->column_count; i++)
        if (s->columns[i].column == column) return &s->columns[i];
    return NULL;
}

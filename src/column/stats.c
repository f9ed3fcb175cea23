/* Statistics of a column, kept up by every commit so that asking for them costs nothing. */
#include <assert.h>
#include <string.h>

#include "column/store.h"
#include "column/store_priv.h"

static void note_order(struct column_state *state, bool ascending, bool strictly)
{
    if (!ascending) atomic_store_explicit(&state->descends, true, memory_order_relaxed);
    if (!strictly) atomic_store_explicit(&state->repeats, true, memory_order_relaxed);
}

/* Up to a vector of rows: keys are in `keys` if the type has any. */
static void note_rows(struct column_state *state, enum phys_type phys, const uint64_t *keys,
                      const struct zone *zone, uint32_t n)
{
    live_zone_merge(&state->zone, zone);
    bool ascending = zone_is_exact(phys) && zone->nulls == 0;
    bool strictly = ascending;
    if (ascending && !atomic_load_explicit(&state->descends, memory_order_relaxed))
        zone_order(keys, n, state->any ? &state->last_key : NULL, &ascending, &strictly);
    note_order(state, ascending, strictly);
    if (keys == NULL) return;
    state->last_key = keys[n - 1];
    state->any = true;
}

/* Rows of a buffer that went to one vector of an open segment. */
static void note_vector(struct store *store, uint32_t c, struct open_block *block,
                        const struct rowbuf *buf, uint32_t first, uint32_t n)
{
    struct sketch *sketches = atomic_load_explicit(&store->sketches, memory_order_relaxed);
    enum phys_type phys = store->layout.phys[c];
    uint64_t scratch[2 * VEC_WORDS_MAX];
    uint64_t keys[VEC_ROWS_MAX];
    struct zone zone = {0};
    struct vector v = rowbuf_vector(buf, c, first, n, scratch);
    bool keyed = zone_has_keys(phys);
    if (phys == PHYS_NULLS) {
        zone.nulls = n;
    } else {
        if (keyed) zone_keys(phys, v.data, 0, n, keys);
        zone_add(&zone, keyed ? keys : NULL, v.validity, n);
        sketch_add(&sketches[c], phys, v.data, 0, v.validity, n);
    }
    live_zone_merge(&block->columns[c].zone, &zone);
    note_rows(&store->columns[c], phys, keyed ? keys : NULL, &zone, n);
}

void store_note_block(const struct layout *layout, uint32_t c, struct open_block *block,
                      const struct rowbuf *buf, uint32_t first, uint32_t n)
{
    enum phys_type phys = layout->phys[c];
    uint64_t scratch[2 * VEC_WORDS_MAX];
    uint64_t keys[VEC_ROWS_MAX];
    struct zone zone = {0};
    struct vector v = rowbuf_vector(buf, c, first, n, scratch);
    bool keyed = zone_has_keys(phys);
    if (phys == PHYS_NULLS) {
        zone.nulls = n;
    } else {
        if (keyed) zone_keys(phys, v.data, 0, n, keys);
        zone_add(&zone, keyed ? keys : NULL, v.validity, n);
    }
    live_zone_merge(&block->columns[c].zone, &zone);
}

static void note_open(struct store *store, const struct store_piece *piece)
{
    const struct layout *layout = &store->layout;
    struct segment *segment = store_segment(store, layout_segment(layout, piece->row_id));
    uint32_t position = layout_position(layout, piece->row_id);
    for (uint32_t done = 0; done < piece->rows;) {
        uint32_t at = (position + done) % layout->vector_rows;
        uint32_t n = layout->vector_rows - at;
        if (n > piece->rows - done) n = piece->rows - done;
        struct open_block *block = atomic_load_explicit(
            &segment->vectors[(position + done) / layout->vector_rows].open, memory_order_relaxed);
        for (uint32_t c = 0; c < layout->column_count; c++)
            note_vector(store, c, block, piece->buf, piece->first + done, n);
        done += n;
    }
}

static void note_sealed(struct store *store, const struct sealed *sealed)
{
    for (uint32_t c = 0; c < store->layout.column_count; c++) {
        struct column_state *state = &store->columns[c];
        const struct column_chunk *column = sealed->columns[c];
        live_zone_merge(&state->zone, &column->zone);
        bool falls = state->any && column->first_key < state->last_key;
        bool stays = state->any && column->first_key == state->last_key;
        note_order(state, column->ascending && !falls,
                   column->ascending && column->strictly && !falls && !stays);
        state->last_key = column->last_key;
        state->any = true;
    }
}

void store_note_piece(struct store *store, const struct store_piece *piece)
{
    if (piece->sealed != NULL) {
        note_sealed(store, piece->sealed);
    } else {
        note_open(store, piece);
    }
}

void store_note_overlay(struct store *store, uint32_t column, const struct overlay *overlay)
{
    struct column_state *state = &store->columns[column];
    live_zone_merge(&state->zone, &overlay->fresh);
    note_order(state, false, false);
}

void store_note_patch(struct store *store, uint32_t column, const struct patch *patch)
{
    struct sketch *sketches = atomic_load_explicit(&store->sketches, memory_order_relaxed);
    enum phys_type phys = store->layout.phys[column];
    sketch_add(&sketches[column], phys == PHYS_BOOL ? PHYS_U8 : phys, patch->values, 0,
               patch->validity, patch->count);
}

void store_column_stats(struct store *store, uint32_t column, struct store_stats *out_stats)
{
    struct column_state *state = &store->columns[column];
    const struct sketch *sketches = atomic_load_explicit(&store->sketches, memory_order_acquire);
    out_stats->zone = live_zone_read(&state->zone);
    out_stats->ascending = !atomic_load_explicit(&state->descends, memory_order_relaxed) &&
                           zone_is_exact(store->layout.phys[column]);
    out_stats->strictly =
        out_stats->ascending && !atomic_load_explicit(&state->repeats, memory_order_relaxed);
    out_stats->distinct = sketches == NULL ? 1 : sketch_estimate(&sketches[column]);
}

#include "table/scan.h"

#include <assert.h>

#include "table/own_read.h"

struct scan {
    const struct scan_spec *spec;
    struct store *store;
    const struct layout *layout;
    struct store_view view;
    struct own_view own;         /* the reader's own writes */
    uint32_t stored_segments;    /* segments from here on are chunks of its inserted rows */
    const uint64_t *own_changed; /* rows of the vector with a change, or NULL */
    uint32_t segment_number;
    struct segment *segment;
    uint32_t rows;   /* visible in the segment */
    uint32_t vector; /* the next one */
    struct vector *columns;
    struct value_room *rooms; /* one per column of the spec */
    int64_t sequence[2];      /* of the row id column */
    int64_t zero, own_txn;
    uint16_t sel[VEC_ROWS_MAX + 64];
};

uint32_t scan_segment_count(const struct scan_spec *spec)
{
    struct store_view view = table_view(spec->table, spec->reader->snapshot);
    struct own_view own = own_view_of(spec->table, spec->reader);
    return store_view_segments(spec->table->store, &view) + own_view_pieces(&own);
}

llkv_code scan_new(struct cx *cx, const struct scan_spec *spec, struct scan **out_scan)
{
    struct scan *scan = cx_alloc(cx, sizeof *scan);
    if (scan == NULL) return LLKV_NOMEM;
    scan->spec = spec;
    scan->store = spec->table->store;
    scan->layout = store_layout(scan->store);
    scan->view = table_view(spec->table, spec->reader->snapshot);
    scan->own = own_view_of(spec->table, spec->reader);
    scan->stored_segments = store_view_segments(scan->store, &scan->view);
    scan->own_changed = NULL;
    scan->segment = NULL;
    scan->rows = 0;
    scan->vector = 0;
    scan->zero = 0;
    scan->columns = cx_alloc_zero(cx, spec->column_count * sizeof *scan->columns);
    scan->rooms = cx_alloc_zero(cx, spec->column_count * sizeof *scan->rooms);
    if (scan->columns == NULL || scan->rooms == NULL) return LLKV_NOMEM;
    *out_scan = scan;
    return LLKV_OK;
}

/* ---- leaving out ---- */

/* May a value within the bounds meet the condition? Keys of wide types are coarse: equal keys say
 * nothing. */
static bool may_compare(enum scan_predicate_op op, const struct zone *zone, uint64_t key,
                        bool exact)
{
    switch (op) {
    case SCAN_EQ: return zone->min <= key && key <= zone->max;
    case SCAN_LT: return exact ? zone->min < key : zone->min <= key;
    case SCAN_LE: return zone->min <= key;
    case SCAN_GT: return exact ? zone->max > key : zone->max >= key;
    case SCAN_GE: return zone->max >= key;
    case SCAN_IS_NULL:
    case SCAN_NOT_NULL: break;
    }
    return true;
}

static bool may_match(const struct scan_predicate *predicate, enum phys_type phys,
                      const struct zone *zone)
{
    if (predicate->op == SCAN_IS_NULL) return zone->nulls != 0;
    if (zone->values == 0) return false; /* NULL meets no other condition */
    if (predicate->op == SCAN_NOT_NULL) return true;
    if (predicate->value.is_null) return false;
    if (!zone_has_keys(phys)) return true;
    return may_compare(predicate->op, zone, zone_key_of_value(&predicate->value),
                       zone_is_exact(phys));
}

/* Can every condition be met by a row of the vector, or (vector < 0) of the segment? */
static bool may_hold(struct scan *scan, int64_t vector)
{
    const struct scan_spec *spec = scan->spec;
    if (spec->table->options.no_pruning) return true;
    for (uint32_t i = 0; i < spec->predicate_count; i++) {
        const struct scan_predicate *predicate = &spec->predicates[i];
        if (predicate->column >= scan->layout->column_count) continue;
        enum phys_type phys = scan->layout->phys[predicate->column];
        if (phys == PHYS_NULLS) continue;
        struct zone zone = vector < 0 ? segment_zone(scan->segment, predicate->column, scan->rows)
                                      : segment_vector_zone(scan->segment, predicate->column,
                                                            (uint32_t)vector, scan->view.ts);
        if (!may_match(predicate, phys, &zone)) return false;
    }
    return true;
}

/* Rows of a vector with changes of the reader's own. */
static const uint64_t *own_changes(const struct scan *scan, uint32_t vector)
{
    const struct row_set *changed = &scan->own.writes->own.rows_changed;
    return row_set_peek(changed, (uint64_t)scan->segment_number * scan->layout->vectors + vector);
}

/* New values may be anything: statistics know nothing of them. */
static bool own_changes_any(const struct scan *scan)
{
    if (scan->own.writes == NULL) return false;
    for (uint32_t v = 0; v * scan->layout->vector_rows < scan->rows; v++)
        if (own_changes(scan, v) != NULL) return true;
    return false;
}

llkv_code scan_open_segment(struct cx *cx, struct scan *scan, uint32_t segment, bool *out_empty)
{
    TRY(cx_check_cancel(cx));
    *out_empty = true;
    scan->segment_number = segment;
    if (segment >= scan->stored_segments) {
        scan->segment = NULL;
        scan->vector = 0;
        scan->rows = own_view_piece_rows(&scan->own, segment - scan->stored_segments);
        *out_empty = false;
        return LLKV_OK;
    }
    scan->rows = store_segment_rows(scan->store, &scan->view, segment);
    scan->vector = 0;
    if (scan->rows == 0) return LLKV_OK;
    scan->segment = store_segment(scan->store, segment);
    if (!may_hold(scan, -1) && !own_changes_any(scan)) {
        scan->rows = 0;
        return LLKV_OK;
    }
    *out_empty = false;
    return LLKV_OK;
}

/* ---- handing out ---- */

/* Positions of the rows that are not deleted; NULL: all are there. */
static const uint16_t *live_rows(struct scan *scan, uint32_t vector, uint32_t rows,
                                 uint32_t *out_live)
{
    const uint64_t *deleted = segment_deleted(scan->segment, vector, scan->view.ts);
    *out_live = rows;
    if (deleted == NULL) return NULL;
    uint32_t live = 0;
    for (uint32_t w = 0; w < bitmap_words(rows); w++) {
        uint32_t here = rows - w * 64 < 64 ? rows - w * 64 : 64;
        uint64_t bits = ~deleted[w] & low_bits(here);
        for (; bits != 0; bits &= bits - 1)
            scan->sel[live++] = (uint16_t)(w * 64 + (uint32_t)__builtin_ctzll(bits));
    }
    *out_live = live;
    return live == rows ? NULL : scan->sel;
}

/* Take out what the reader's transaction deleted. */
static const uint16_t *live_own(struct scan *scan, uint64_t first_row, uint32_t rows,
                                const uint16_t *sel, uint32_t *io_live)
{
    uint32_t live = 0;
    for (uint32_t i = 0; i < *io_live; i++) {
        const uint16_t position = sel == NULL ? (uint16_t)i : sel[i];
        const struct own_change *change = NULL;
        if (scan->own_changed == NULL || bit_get(scan->own_changed, position))
            change = own_view_change(&scan->own, first_row + position);
        if (change != NULL && change->batch == NULL) continue;
        scan->sel[live++] = position;
    }
    *io_live = live;
    return live == rows ? NULL : scan->sel;
}

/* Put the reader's own values on top of a vector of stored rows. */
static llkv_code patch_own(struct cx *cx, struct scan *scan, uint32_t i, uint32_t vector,
                           uint32_t rows)
{
    struct vector *v = &scan->columns[i];
    struct value_room *room = &scan->rooms[i];
    const struct vector base = *v;
    const uint64_t first =
        layout_row_id(scan->layout, scan->segment_number, vector * scan->layout->vector_rows);
    TRY(value_room_ensure(cx, room));
    own_copy_flat(&base, room, v);
    for (uint32_t w = 0; w < bitmap_words(rows); w++) {
        for (uint64_t bits = scan->own_changed[w]; bits != 0; bits &= bits - 1) {
            uint32_t position = w * 64 + (uint32_t)__builtin_ctzll(bits);
            const struct own_change *change = own_view_change(&scan->own, first + position);
            if (change == NULL || change->batch == NULL) continue;
            update_put(change->batch, change->at, scan->spec->columns[i], room->data,
                       room->validity, position);
        }
    }
    return LLKV_OK;
}

/* Of rows the reader's transaction inserted, from `first` on. */
static llkv_code own_virtual_column(struct scan *scan, uint32_t i, uint64_t first, uint32_t rows)
{
    struct vector *out = &scan->columns[i];
    *out = (struct vector){.phys = PHYS_I64, .shape = VEC_CONST, .rows = rows};
    out->data = &scan->zero;
    if (scan->spec->columns[i] == SCAN_COLUMN_ROW_ID) {
        scan->sequence[0] = (int64_t)first;
        scan->sequence[1] = 1;
        out->shape = VEC_SEQ;
        out->data = scan->sequence;
    } else if (scan->spec->columns[i] == SCAN_COLUMN_CREATED_BY) {
        scan->own_txn = -(int64_t)scan->own.writes->set->txn;
        out->data = &scan->own_txn;
    }
    return LLKV_OK;
}

/* The next vector of rows the reader's transaction inserted. */
static llkv_code next_own(struct cx *cx, struct scan *scan, struct batch *out_batch)
{
    const uint32_t vector_rows = scan->layout->vector_rows;
    const uint32_t k = scan->segment_number - scan->stored_segments;
    const uint64_t base = TABLE_OWN_ROW_FIRST + writes_piece(scan->own.writes, k).first;
    while (scan->vector * vector_rows < scan->rows) {
        const uint32_t at = scan->vector++ * vector_rows;
        const uint32_t rows = scan->rows - at < vector_rows ? scan->rows - at : vector_rows;
        uint32_t live = rows;
        scan->own_changed = NULL;
        const uint16_t *sel = live_own(scan, base + at, rows, NULL, &live);
        if (live == 0) continue;
        for (uint32_t i = 0; i < scan->spec->column_count; i++) {
            uint16_t column = scan->spec->columns[i];
            if (column >= scan->layout->column_count) {
                TRY(own_virtual_column(scan, i, base + at, rows));
            } else {
                TRY(own_view_read(cx, &scan->own, k, at, rows, column, &scan->rooms[i],
                                  &scan->columns[i]));
            }
        }
        out_batch->rows = rows;
        out_batch->live = live;
        out_batch->sel = sel;
        out_batch->segment = scan->segment_number;
        out_batch->first_row = at;
        return LLKV_OK;
    }
    return LLKV_OK;
}

static llkv_code virtual_column(struct cx *cx, struct scan *scan, uint32_t i, uint32_t vector,
                                uint32_t rows)
{
    struct vector *out = &scan->columns[i];
    uint64_t first =
        layout_row_id(scan->layout, scan->segment_number, vector * scan->layout->vector_rows);
    *out = (struct vector){.phys = PHYS_I64, .rows = rows};
    switch (scan->spec->columns[i]) {
    case SCAN_COLUMN_ROW_ID:
        scan->sequence[0] = (int64_t)first;
        scan->sequence[1] = 1;
        out->shape = VEC_SEQ;
        out->data = scan->sequence;
        return LLKV_OK;
    case SCAN_COLUMN_DELETED_BY: /* what is handed out is not deleted */
        out->shape = VEC_CONST;
        out->data = &scan->zero;
        return LLKV_OK;
    default: break;
    }
    assert(scan->spec->columns[i] == SCAN_COLUMN_CREATED_BY);
    TRY(value_room_ensure(cx, &scan->rooms[i]));
    store_created_by(scan->store, first, rows, scan->rooms[i].data);
    out->shape = VEC_FLAT;
    out->data = scan->rooms[i].data;
    return LLKV_OK;
}

static llkv_code read_vector(struct cx *cx, struct scan *scan, uint32_t vector, uint32_t rows)
{
    for (uint32_t i = 0; i < scan->spec->column_count; i++) {
        uint16_t column = scan->spec->columns[i];
        if (column >= scan->layout->column_count) {
            TRY(virtual_column(cx, scan, i, vector, rows));
        } else {
            llkv_code rc = segment_read(cx, scan->segment, column, vector, rows, scan->view.ts,
                                        &scan->rooms[i], &scan->columns[i]);
            if (UNLIKELY(rc != LLKV_OK))
                return table_read_failed(cx, scan->spec->table, column, rc);
            if (scan->own_changed != NULL) TRY(patch_own(cx, scan, i, vector, rows));
        }
    }
    return LLKV_OK;
}

llkv_code scan_next(struct cx *cx, struct scan *scan, struct batch *out_batch)
{
    const uint32_t vector_rows = scan->layout->vector_rows;
    TRY(cx_check_cancel(cx));
    *out_batch = (struct batch){.column_count = scan->spec->column_count, .columns = scan->columns};
    if (scan->segment_number >= scan->stored_segments) return next_own(cx, scan, out_batch);
    while (scan->vector * vector_rows < scan->rows) {
        uint32_t vector = scan->vector++;
        uint32_t rows = scan->rows - vector * vector_rows;
        if (rows > vector_rows) rows = vector_rows;
        if (scan->own.writes != NULL) scan->own_changed = own_changes(scan, vector);
        if (scan->spec->predicate_count != 0 && scan->own_changed == NULL &&
            !may_hold(scan, vector))
            continue;
        uint32_t live;
        const uint16_t *sel = live_rows(scan, vector, rows, &live);
        if (scan->own_changed != NULL)
            sel = live_own(scan,
                           layout_row_id(scan->layout, scan->segment_number, vector * vector_rows),
                           rows, sel, &live);
        if (live == 0) continue;
        TRY(read_vector(cx, scan, vector, rows));
        out_batch->rows = rows;
        out_batch->live = live;
        out_batch->sel = sel;
        out_batch->segment = scan->segment_number;
        out_batch->first_row = vector * vector_rows;
        return LLKV_OK;
    }
    return LLKV_OK;
}

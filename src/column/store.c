#include "column/store.h"

#include <assert.h>
#include <string.h>

#include "column/store_priv.h"

enum { MARKS_FIRST = 8, DIRECTORY_FIRST = 4 };

static struct marks *marks_new(struct mem_budget *budget, uint32_t capacity)
{
    struct marks *marks = mem_alloc_zero(budget, sizeof *marks + capacity * sizeof(struct mark));
    if (marks != NULL) marks->capacity = capacity;
    return marks;
}

static struct directory *directory_new(struct mem_budget *budget, uint32_t capacity)
{
    struct directory *made =
        mem_alloc_zero(budget, sizeof *made + capacity * sizeof(_Atomic(struct segment *)));
    if (made != NULL) made->capacity = capacity;
    return made;
}

static bool init_parts(struct store *store, const struct store_options *options)
{
    const uint32_t columns = options->column_count;
    uint8_t *phys = mem_alloc(store->budget, columns == 0 ? 1 : columns);
    struct type *types = mem_alloc(store->budget, (columns + 1u) * sizeof *types);
    store->layout.phys = phys;
    store->layout.types = types;
    store->columns =
        mem_alloc_zero(store->budget, columns * sizeof *store->columns + sizeof(uint64_t));
    struct marks *marks = marks_new(store->budget, MARKS_FIRST);
    struct directory *directory = directory_new(store->budget, DIRECTORY_FIRST);
    atomic_init(&store->marks, marks);
    atomic_init(&store->directory, directory);
    if (phys == NULL || types == NULL || store->columns == NULL || marks == NULL ||
        directory == NULL)
        return false;
    for (uint32_t c = 0; c < columns; c++) {
        types[c] = options->types[c];
        phys[c] = types[c].phys;
        live_zone_init(&store->columns[c].zone);
    }
    return true;
}

struct store *store_new(struct mem_budget *budget, struct readers *readers, llkv_pager *pager,
                        const struct store_options *options)
{
    assert(options->vector_rows >= VECTOR_ROWS_MIN && options->vector_rows <= VEC_ROWS_MAX);
    assert(options->segment_rows >= options->vector_rows);
    assert(options->segment_rows <= SEGMENT_ROWS_DEFAULT);
    struct store *store = mem_alloc_zero(budget, sizeof *store);
    if (store == NULL) return NULL;
    store->budget = budget;
    store->readers = readers;
    store->pager = pager;
    store->layout = (struct layout){
        .column_count = options->column_count,
        .segment_rows = options->segment_rows,
        .vector_rows = options->vector_rows,
        .vectors = options->segment_rows / options->vector_rows,
        .vector_words = (uint32_t)bitmap_words(options->vector_rows),
    };
    if (init_parts(store, options)) return store;
    store_free(store);
    return NULL;
}

void store_drop(struct store *store)
{
    if (store == NULL) return;
    for (uint32_t i = 0; i < store->segment_count; i++)
        segment_drop(atomic_load_explicit(&store_directory(store)->items[i], memory_order_relaxed));
    store_stored_free(store, true);
    store_free(store);
}

void store_free(struct store *store)
{
    if (store == NULL) return;
    store_stored_free(store, false);
    struct directory *directory = store_directory(store);
    for (uint32_t i = 0; i < store->segment_count; i++)
        segment_free(atomic_load_explicit(&directory->items[i], memory_order_relaxed));
    mem_free(directory);
    mem_free(store_marks(store));
    mem_free(atomic_load_explicit(&store->sketches, memory_order_relaxed));
    mem_free(store->columns);
    mem_free((void *)(uintptr_t)store->layout.phys);
    mem_free((void *)(uintptr_t)store->layout.types);
    mem_free(store);
}

struct marks *store_marks(struct store *store)
{
    return atomic_load_explicit(&store->marks, memory_order_relaxed);
}

struct directory *store_directory(struct store *store)
{
    return atomic_load_explicit(&store->directory, memory_order_relaxed);
}

const struct layout *store_layout(const struct store *store)
{
    return &store->layout;
}

struct mem_budget *store_budget(const struct store *store)
{
    return store->budget;
}

llkv_pager *store_pager(const struct store *store)
{
    return store->pager;
}

/* The index of the newest mark that is not newer than `ts`, or -1. */
static int64_t mark_index(const struct marks *marks, int64_t ts)
{
    uint32_t count = atomic_load_explicit(&marks->count, memory_order_acquire);
    int64_t i = (int64_t)count - 1;
    enum { NEAR = 8 }; /* most snapshots are new */
    for (uint32_t tries = 0; i >= 0 && tries < NEAR; tries++, i--)
        if (marks->items[i].ts <= ts) return i;
    int64_t low = -1;
    while (low < i) {
        int64_t middle = i - (i - low) / 2;
        if (marks->items[middle].ts <= ts) {
            low = middle;
        } else {
            i = middle - 1;
        }
    }
    return low;
}

struct store_view store_view_at(struct store *store, int64_t ts)
{
    const struct marks *marks = atomic_load_explicit(&store->marks, memory_order_acquire);
    int64_t i = mark_index(marks, ts);
    struct store_view view = {.ts = ts};
    if (i < 0) return view;
    view.row_end = marks->items[i].row_end;
    view.live_rows = marks->items[i].live_rows;
    return view;
}

uint32_t store_view_segments(const struct store *store, const struct store_view *view)
{
    return view->row_end == 0 ? 0 : layout_segment(&store->layout, view->row_end - 1) + 1;
}

struct segment *store_segment(struct store *store, uint32_t index)
{
    struct directory *directory = atomic_load_explicit(&store->directory, memory_order_acquire);
    assert(index < directory->capacity);
    return atomic_load_explicit(&directory->items[index], memory_order_acquire);
}

uint32_t store_segment_rows(struct store *store, const struct store_view *view, uint32_t index)
{
    uint64_t base = layout_row_id(&store->layout, index, 0);
    if (view->row_end <= base) return 0;
    if (view->row_end - base <= store->layout.segment_rows) return (uint32_t)(view->row_end - base);
    /* A later segment has followed: nothing is appended to this one any more. */
    return atomic_load_explicit(&store_segment(store, index)->rows, memory_order_relaxed);
}

bool store_row_visible(struct store *store, const struct store_view *view, uint64_t row_id)
{
    if (row_id >= view->row_end) return false;
    uint32_t index = layout_segment(&store->layout, row_id);
    uint32_t position = layout_position(&store->layout, row_id);
    if (position >= store_segment_rows(store, view, index)) return false;
    const uint64_t *deleted = segment_deleted(store_segment(store, index),
                                              position / store->layout.vector_rows, view->ts);
    return deleted == NULL || !bit_get(deleted, position % store->layout.vector_rows);
}

int64_t store_changed_ts(struct store *store, int64_t ts)
{
    const struct marks *marks = atomic_load_explicit(&store->marks, memory_order_acquire);
    int64_t i = mark_index(marks, ts);
    return i < 0 ? -1 : marks->items[i].ts;
}

void store_created_by(struct store *store, uint64_t first_row, uint32_t n, int64_t *out_ts)
{
    const struct marks *marks = atomic_load_explicit(&store->marks, memory_order_acquire);
    uint32_t count = atomic_load_explicit(&marks->count, memory_order_acquire);
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) { /* the first mark whose end lies behind the row */
        uint32_t middle = low + (high - low) / 2;
        if (marks->items[middle].row_end <= first_row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        while (low < count && marks->items[low].row_end <= first_row + i)
            low++;
        out_ts[i] = low < count ? marks->items[low].ts : 0;
    }
}

int64_t store_last_ts(struct store *store)
{
    const struct marks *marks = store_marks(store);
    uint32_t count = atomic_load_explicit(&marks->count, memory_order_relaxed);
    return count == 0 ? 0 : marks->items[count - 1].ts;
}

bool store_row_changed(struct store *store, uint64_t row_id, int64_t ts)
{
    uint32_t position = layout_position(&store->layout, row_id);
    uint32_t row = position % store->layout.vector_rows;
    struct segment *segment = store_segment(store, layout_segment(&store->layout, row_id));
    const struct touch *touch = segment->vectors[position / store->layout.vector_rows].touches;
    for (; touch != NULL && touch->ts > ts; touch = touch->older)
        if (bit_get(touch->bits, row)) return true;
    return false;
}

uint64_t store_data_version(const struct store *store)
{
    return atomic_load_explicit(&store->data_version, memory_order_acquire);
}

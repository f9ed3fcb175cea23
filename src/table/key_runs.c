#include "table/key_runs.h"

#include <assert.h>
#include <string.h>

#define SIGN_BIT (UINT64_C(1) << 63)

struct run {
    uint64_t first, last; /* zone keys */
    uint32_t segment;
    uint32_t rows;
};

/* Immutable, ascending. */
struct run_list {
    struct retired retired;
    uint32_t count;
    struct run items[];
};

struct key_runs {
    struct index_runs base; /* first */
    struct mem_budget *budget;
    struct readers *readers;
    struct store *store;
    uint16_t column;
    uint8_t phys;
    bool descending;
    _Atomic(struct run_list *) list; /* NULL: none */
    struct run_list *next;           /* of the change being made, or NULL */
    bool any;                        /* a key went to the tree, the outermost ones: */
    uint64_t tree_first, tree_last;
};

static struct key_runs *runs_of(struct index_runs *base)
{
    return (struct key_runs *)base;
}

static const struct key_runs *runs_of_const(const struct index_runs *base)
{
    return (const struct key_runs *)base;
}

static bool is_integer(enum phys_type phys)
{
    switch (phys) {
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64:
    case PHYS_U8:
    case PHYS_U16:
    case PHYS_U32:
    case PHYS_U64: return true;
    default: return false;
    }
}

static bool is_signed(enum phys_type phys)
{
    return phys == PHYS_I8 || phys == PHYS_I16 || phys == PHYS_I32 || phys == PHYS_I64;
}

/* The zone key that goes with the bytes of a key (index/normkey.h); false: it is NULL. */
static bool zone_key_of_bytes(const struct key_runs *runs, const uint8_t *key, size_t len,
                              uint64_t *out_key)
{
    const uint8_t flip = runs->descending ? 0xff : 0;
    const size_t width = phys_bytes[runs->phys];
    if ((key[0] ^ flip) == 0) return false;
    assert(len == width + 1);
    (void)len;
    uint64_t value = 0;
    switch (width) { /* one load each */
    case 8: memcpy(&value, key + 1, 8); break;
    case 4: memcpy(&value, key + 1, 4); break;
    default: memcpy(&value, key + 1, width); break;
    }
    value = __builtin_bswap64(value) ^ (runs->descending ? UINT64_MAX : 0);
    value >>= 64 - 8 * width;
    /* Signed values have their sign flipped at their own width. */
    if (is_signed(runs->phys)) value += SIGN_BIT - (UINT64_C(1) << (8 * width - 1));
    *out_key = value;
    return true;
}

/* ---- looking up ---- */

static const struct run *find_run(const struct run_list *list, uint64_t key)
{
    uint32_t low = 0;
    uint32_t high = list == NULL ? 0 : list->count;
    while (low < high) { /* the first run that ends at the key or behind it */
        uint32_t middle = low + (high - low) / 2;
        if (list->items[middle].last < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (list == NULL || low == list->count || list->items[low].first > key) return NULL;
    return &list->items[low];
}

/* Where the key stands if the keys are spread evenly; exact where they are without gaps. */
static uint32_t guess_row(const struct run *run, uint64_t key)
{
    const uint64_t span = run->last - run->first;
    const uint64_t at = key - run->first;
    if (span < run->rows) return (uint32_t)at;
    return (uint32_t)((double)at / (double)span * (double)(run->rows - 1));
}

static llkv_code find_row(struct cx *cx, const struct key_runs *runs, const struct run *run,
                          uint64_t key, bool *out_found, uint64_t *out_row)
{
    const struct segment *segment = store_segment(runs->store, run->segment);
    const struct sealed *sealed = atomic_load_explicit(&segment->sealed, memory_order_acquire);
    struct column_chunk *chunk = sealed->columns[runs->column];
    TRY(chunk_ready(cx, chunk));
    uint32_t low = 0;
    uint32_t high = run->rows;
    uint32_t middle = guess_row(run, key);
    for (; low < high; middle = low + (high - low) / 2) {
        uint64_t here;
        zone_keys(runs->phys, chunk->data, middle, 1, &here);
        if (here == key) {
            *out_found = true;
            *out_row = layout_row_id(store_layout(runs->store), run->segment, middle);
            return LLKV_OK;
        }
        if (here < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return LLKV_OK;
}

static const struct run_list *newest_list(const struct key_runs *runs)
{
    if (runs->next != NULL) return runs->next;
    return atomic_load_explicit(&runs->list, memory_order_relaxed);
}

static llkv_code runs_find(struct cx *cx, struct index_runs *base, const uint8_t *key, size_t len,
                           bool changing, bool *out_found, uint64_t *out_row)
{
    struct key_runs *runs = runs_of(base);
    const struct run_list *list =
        changing ? newest_list(runs) : atomic_load_explicit(&runs->list, memory_order_acquire);
    uint64_t zone_key;
    *out_found = false;
    if (list == NULL || !zone_key_of_bytes(runs, key, len, &zone_key)) return LLKV_OK;
    const struct run *run = find_run(list, zone_key);
    return run == NULL ? LLKV_OK : find_row(cx, runs, run, zone_key, out_found, out_row);
}

bool key_runs_has(const struct index_runs *base, uint32_t segment)
{
    const struct run_list *list = base == NULL ? NULL : newest_list(runs_of_const(base));
    for (uint32_t i = 0; list != NULL && i < list->count; i++)
        if (list->items[i].segment == segment) return true;
    return false;
}

static uint64_t runs_rows(const struct index_runs *base)
{
    const struct run_list *list =
        atomic_load_explicit(&runs_of_const(base)->list, memory_order_acquire);
    uint64_t rows = 0;
    for (uint32_t i = 0; list != NULL && i < list->count; i++)
        rows += list->items[i].rows;
    return rows;
}

/* ---- changing ---- */

static void runs_note(struct index_runs *base, const uint8_t *key, size_t len)
{
    struct key_runs *runs = runs_of(base);
    uint64_t zone_key;
    if (!zone_key_of_bytes(runs, key, len, &zone_key)) return;
    if (!runs->any || zone_key < runs->tree_first) runs->tree_first = zone_key;
    if (!runs->any || zone_key > runs->tree_last) runs->tree_last = zone_key;
    runs->any = true;
}

static void list_free(void *list)
{
    mem_free(list);
}

static void runs_undo(struct index_runs *base)
{
    struct key_runs *runs = runs_of(base);
    mem_free(runs->next);
    runs->next = NULL;
}

static void runs_apply(struct index_runs *base)
{
    struct key_runs *runs = runs_of(base);
    struct run_list *next = runs->next;
    struct run_list *old = atomic_load_explicit(&runs->list, memory_order_relaxed);
    if (next == NULL) return;
    for (uint32_t i = 0; i < next->count; i++) {
        struct segment *segment = store_segment(runs->store, next->items[i].segment);
        atomic_store_explicit(&segment->pinned[runs->column], 1, memory_order_relaxed);
    }
    runs->next = NULL;
    atomic_store_explicit(&runs->list, next, memory_order_release);
    if (old != NULL) readers_retire(runs->readers, &old->retired, list_free);
}

static void runs_free(struct index_runs *base)
{
    struct key_runs *runs = runs_of(base);
    mem_free(runs->next);
    mem_free(atomic_load_explicit(&runs->list, memory_order_relaxed));
    mem_free(runs);
}

static const struct index_runs methods = {
    .find = runs_find,
    .note = runs_note,
    .rows = runs_rows,
    .apply = runs_apply,
    .undo = runs_undo,
    .free = runs_free,
};

llkv_code key_runs_new(struct cx *cx, struct table *table, struct store *store,
                       const struct key_def *def, struct index_runs **out_runs)
{
    const enum phys_type phys = table->def->columns[def->columns[0].column].type.phys;
    *out_runs = NULL;
    if (def->column_count != 1 || !is_integer(phys)) return LLKV_OK;
    struct key_runs *runs = mem_alloc_zero(table->budget, sizeof *runs);
    if (runs == NULL) return cx_nomem(cx);
    runs->base = methods;
    runs->budget = table->budget;
    runs->readers = txn_readers(table->manager);
    runs->store = store;
    runs->column = def->columns[0].column;
    runs->phys = (uint8_t)phys;
    runs->descending = def->columns[0].descending;
    *out_runs = &runs->base;
    return LLKV_OK;
}

/* `at`: where it comes between the others; false: it overlaps one. */
static bool place_of(const struct run_list *list, const struct run *run, uint32_t *out_at)
{
    uint32_t at = list == NULL ? 0 : list->count;
    while (at > 0 && list->items[at - 1].first > run->last)
        at--; /* loads append, mostly */
    *out_at = at;
    return at == 0 || list->items[at - 1].last < run->first;
}

llkv_code key_runs_admit(struct cx *cx, struct index_runs *base, uint32_t segment,
                         const struct sealed *sealed, bool *out_admitted)
{
    *out_admitted = false;
    if (base == NULL) return LLKV_OK;
    struct key_runs *runs = runs_of(base);
    const struct column_chunk *chunk = sealed->columns[runs->column];
    const struct run run = {chunk->first_key, chunk->last_key, segment, sealed->rows};
    uint32_t at;
    if (!chunk->strictly || chunk->zone.nulls != 0 || run.first > run.last) return LLKV_OK;
    if (runs->any && run.first <= runs->tree_last && run.last >= runs->tree_first) return LLKV_OK;
    const struct run_list *old = newest_list(runs);
    if (!place_of(old, &run, &at)) return LLKV_OK;
    const uint32_t count = old == NULL ? 0 : old->count;
    struct run_list *made =
        mem_alloc_zero(runs->budget, sizeof *made + (count + 1u) * sizeof(struct run));
    if (made == NULL) return cx_nomem(cx);
    made->count = count + 1;
    made->items[at] = run;
    if (at != 0) memcpy(made->items, old->items, at * sizeof run);
    if (at != count) memcpy(made->items + at + 1, old->items + at, (count - at) * sizeof run);
    mem_free(runs->next);
    runs->next = made;
    *out_admitted = true;
    return LLKV_OK;
}

#include "index/index.h"

#include <assert.h>
#include <string.h>

#include "index/art.h"

enum { ROW_BYTES = 8, REMOVALS_AT_LEAST = 16, YOUNG_MAX = 4 };

/* Nodes and entries that only older versions need; freed together. */
struct garbage {
    struct retired retired;
    struct art_node *nodes;
    struct art_leaf *leaves;
};

struct index {
    _Atomic art_ref root;       /* the published version */
    _Atomic uint64_t published; /* its number; moves after the root */
    struct mem_budget *budget;
    struct readers *readers;
    struct index_runs *runs; /* or NULL */
    uint64_t version;        /* the writer's, like all below */

    struct art_leaf *waiting, **waiting_end; /* dead entries, and some that came back to life */
    uint64_t last_ended;                     /* entries that the last change ended */
    uint64_t sticky, sticky_dead;            /* entries that stand for one of a run */

    bool changing;
    struct art_change change;
    struct art_leaf *ended, *added; /* entries the change concerns */
    struct art_leaf *removed;       /* taken out of the tree */
    struct garbage *garbage;        /* room for what the change leaves behind */
    uint8_t *key;                   /* a key with its row id */
    size_t key_capacity;
};

struct index *index_new(struct mem_budget *budget, struct readers *readers, struct index_runs *runs)
{
    struct index *index = mem_alloc_zero(budget, sizeof *index);
    if (index == NULL) return NULL;
    index->budget = budget;
    index->readers = readers;
    index->runs = runs;
    index->waiting_end = &index->waiting;
    return index;
}

struct index_runs *index_runs_of(struct index *index)
{
    return index->runs;
}

static void free_leaves(struct art_leaf *leaf)
{
    while (leaf != NULL) {
        struct art_leaf *next = leaf->next;
        mem_free(leaf);
        leaf = next;
    }
}

static void garbage_free(void *object)
{
    struct garbage *garbage = object;
    if (garbage == NULL) return;
    art_free_garbage(garbage->nodes);
    free_leaves(garbage->leaves);
    mem_free(garbage);
}

void index_free(struct index *index)
{
    if (index == NULL) return;
    assert(!index->changing);
    if (index->runs != NULL) index->runs->free(index->runs);
    art_free(atomic_load_explicit(&index->root, memory_order_relaxed));
    garbage_free(index->garbage);
    mem_free(index->key);
    mem_free(index);
}

struct visit {
    index_visit_fn *fn;
    void *arg;
    bool run; /* still to be told: the row of a run */
    bool stopped;
    uint64_t run_row;
};

static bool tell_run(struct visit *visit)
{
    visit->run = false;
    visit->stopped = !visit->fn(visit->arg, visit->run_row, true);
    return !visit->stopped;
}

/* An entry of the tree overrules the one of a run. */
static bool visit_leaf(void *arg, struct art_leaf *leaf)
{
    struct visit *visit = arg;
    uint64_t row = art_leaf_row(leaf);
    bool live = atomic_load_explicit(&leaf->dead_ts, memory_order_relaxed) == 0;
    if (visit->run && row == visit->run_row) visit->run = false;
    if (visit->run && row > visit->run_row && !tell_run(visit)) return false;
    visit->stopped = !visit->fn(visit->arg, row, live);
    return !visit->stopped;
}

llkv_code index_lookup(struct cx *cx, struct index *index, const uint8_t *key, size_t len,
                       index_visit_fn *fn, void *arg)
{
    struct visit visit = {.fn = fn, .arg = arg};
    if (index->runs != NULL)
        TRY(index->runs->find(cx, index->runs, key, len, false, &visit.run, &visit.run_row));
    /* The tree after the runs: what ended since then is in it. */
    art_each(atomic_load_explicit(&index->root, memory_order_acquire), key, (uint32_t)len,
             visit_leaf, &visit);
    if (visit.run && !visit.stopped) (void)tell_run(&visit); /* nobody is left to be told */
    return LLKV_OK;
}

uint64_t index_published(const struct index *index)
{
    return atomic_load_explicit(&index->published, memory_order_acquire);
}

/* ---- changes ---- */

static void push_waiting(struct index *index, struct art_leaf *leaf)
{
    leaf->next = NULL;
    *index->waiting_end = leaf;
    index->waiting_end = &leaf->next;
}

static struct art_leaf *pop_waiting(struct index *index)
{
    struct art_leaf *leaf = index->waiting;
    index->waiting = leaf->next;
    if (leaf->next == NULL) index->waiting_end = &index->waiting;
    return leaf;
}

/* Take entries out that died before every snapshot: twice as many as the last change ended, so that
 * the list cannot grow for ever. Lack of memory leaves them for later. */
static void remove_some(struct index *index)
{
    int64_t oldest = index->readers->oldest_ts(index->readers);
    uint64_t limit = REMOVALS_AT_LEAST + index->last_ended * 2;
    uint32_t too_young = 0;
    for (uint64_t i = 0; index->waiting != NULL && i < limit && too_young < YOUNG_MAX; i++) {
        struct art_leaf *leaf = index->waiting;
        int64_t dead_ts = atomic_load_explicit(&leaf->dead_ts, memory_order_relaxed);
        if (dead_ts > oldest) { /* it may have lived again; those behind it may be older */
            push_waiting(index, pop_waiting(index));
            too_young++;
            continue;
        }
        if (dead_ts != 0 && !art_remove(&index->change, leaf)) return;
        (void)pop_waiting(index);
        leaf->waiting = false;
        if (dead_ts == 0) continue; /* it lives again */
        leaf->next = index->removed;
        index->removed = leaf;
    }
}

llkv_code index_change_begin(struct cx *cx, struct index *index)
{
    assert(!index->changing);
    if (index->garbage == NULL) {
        index->garbage = mem_alloc_zero(index->budget, sizeof *index->garbage);
        if (index->garbage == NULL) return cx_nomem(cx);
    }
    index->changing = true;
    index->change = (struct art_change){
        .budget = index->budget,
        .owner = ++index->version,
        .root = atomic_load_explicit(&index->root, memory_order_relaxed),
    };
    if (index->waiting != NULL) remove_some(index);
    return LLKV_OK;
}

/* index->key = key and row id. */
static llkv_code make_key(struct cx *cx, struct index *index, const uint8_t *key, size_t len,
                          uint64_t row_id)
{
    if (len > UINT32_MAX - ROW_BYTES) return cx_fail(cx, LLKV_LIMIT, "a key is too long");
    if (index->key_capacity < len + ROW_BYTES) {
        size_t capacity = (len + ROW_BYTES) * 2;
        uint8_t *grown = mem_realloc(index->key, capacity, index->budget);
        if (grown == NULL) return cx_nomem(cx);
        index->key = grown;
        index->key_capacity = capacity;
    }
    memcpy(index->key, key, len);
    const uint64_t row_bytes = __builtin_bswap64(row_id);
    memcpy(index->key + len, &row_bytes, ROW_BYTES);
    return LLKV_OK;
}

/* The entry of a run ends: from now on the tree says what is known of it. */
static llkv_code make_sticky(struct cx *cx, struct index *index, const uint8_t *key, size_t len,
                             uint64_t row_id, struct art_leaf **out_leaf)
{
    bool found = false;
    bool made;
    uint64_t row = 0;
    if (index->runs != NULL) TRY(index->runs->find(cx, index->runs, key, len, true, &found, &row));
    /* A run from a file is believed to ascend until a row is not found where it stands. */
    if (!found || row != row_id)
        return cx_fail(cx, LLKV_CORRUPT, "the keys of a segment are not in the order it names");
    struct art_leaf *leaf =
        art_insert(&index->change, index->key, (uint32_t)len + ROW_BYTES, &made);
    if (leaf == NULL) return cx_nomem(cx);
    assert(made);
    leaf->sticky = true;
    *out_leaf = leaf;
    return LLKV_OK;
}

llkv_code index_change_end(struct cx *cx, struct index *index, const uint8_t *key, size_t len,
                           uint64_t row_id)
{
    assert(index->changing);
    TRY(make_key(cx, index, key, len, row_id));
    struct art_leaf *leaf = art_find(index->change.root, index->key, (uint32_t)len + ROW_BYTES);
    if (leaf == NULL) TRY(make_sticky(cx, index, key, len, row_id, &leaf));
    CHECK(cx, leaf != NULL && !leaf->changing);
    leaf->changing = leaf->ending = true;
    leaf->next_change = index->ended;
    index->ended = leaf;
    return LLKV_OK;
}

llkv_code index_change_add(struct cx *cx, struct index *index, const uint8_t *key, size_t len,
                           uint64_t row_id)
{
    assert(index->changing);
    bool made;
    TRY(make_key(cx, index, key, len, row_id));
    if (index->runs != NULL) index->runs->note(index->runs, key, len);
    struct art_leaf *leaf =
        art_insert(&index->change, index->key, (uint32_t)len + ROW_BYTES, &made);
    if (leaf == NULL) return cx_nomem(cx);
    CHECK(cx, made || atomic_load_explicit(&leaf->dead_ts, memory_order_relaxed) != 0);
    CHECK(cx, !leaf->changing);
    leaf->changing = true;
    leaf->next_change = index->added;
    index->added = leaf;
    return LLKV_OK;
}

struct live_search {
    bool found;
    bool run; /* a run has the key, and nothing of the tree overrules it yet */
    uint64_t row_id, run_row;
};

/* An entry that the change concerns is on its way out or in. */
static bool find_live(void *arg, struct art_leaf *leaf)
{
    struct live_search *search = arg;
    bool dead = atomic_load_explicit(&leaf->dead_ts, memory_order_relaxed) != 0;
    bool coming = leaf->changing && !leaf->ending;
    if (search->run && art_leaf_row(leaf) == search->run_row) search->run = false;
    if (leaf->ending || (dead && !coming)) return true;
    search->found = true;
    search->row_id = art_leaf_row(leaf);
    return false;
}

llkv_code index_change_lives(struct cx *cx, struct index *index, const uint8_t *key, size_t len,
                             bool *out_lives, uint64_t *out_row_id)
{
    struct live_search search = {0};
    if (index->runs != NULL)
        TRY(index->runs->find(cx, index->runs, key, len, true, &search.run, &search.run_row));
    art_each(index->change.root, key, (uint32_t)len, find_live, &search);
    *out_lives = search.found || search.run;
    *out_row_id = search.found ? search.row_id : search.run_row;
    return LLKV_OK;
}

static void wait_for_removal(struct index *index, struct art_leaf *leaf)
{
    if (leaf->waiting || leaf->sticky) return;
    leaf->waiting = true;
    push_waiting(index, leaf);
}

void index_change_apply(struct index *index, int64_t ts)
{
    assert(index->changing);
    index->last_ended = 0;
    for (struct art_leaf *leaf = index->ended; leaf != NULL; leaf = leaf->next_change) {
        index->last_ended++;
        leaf->changing = leaf->ending = false;
        index->sticky += leaf->sticky && leaf->owner == index->change.owner;
        index->sticky_dead += leaf->sticky;
        atomic_store_explicit(&leaf->dead_ts, ts, memory_order_relaxed);
        wait_for_removal(index, leaf);
    }
    for (struct art_leaf *leaf = index->added; leaf != NULL; leaf = leaf->next_change) {
        leaf->changing = false;
        index->sticky_dead -= leaf->sticky;
        atomic_store_explicit(&leaf->dead_ts, 0, memory_order_relaxed);
    }
    /* Runs first: a reader that finds a run finds what overrules it in the tree. */
    if (index->runs != NULL) index->runs->apply(index->runs);
    atomic_store_explicit(&index->root, index->change.root, memory_order_release);
    atomic_fetch_add_explicit(&index->published, 1, memory_order_release);
    if (index->change.garbage != NULL || index->removed != NULL) {
        index->garbage->nodes = index->change.garbage;
        index->garbage->leaves = index->removed;
        readers_retire(index->readers, &index->garbage->retired, garbage_free);
        index->garbage = NULL;
    }
    index->ended = index->added = index->removed = NULL;
    index->changing = false;
}

void index_change_undo(struct index *index)
{
    if (!index->changing) return;
    for (struct art_leaf *leaf = index->ended; leaf != NULL; leaf = leaf->next_change)
        leaf->changing = leaf->ending = false;
    for (struct art_leaf *leaf = index->added; leaf != NULL; leaf = leaf->next_change)
        leaf->changing = false;
    while (index->removed != NULL) { /* still in the published version */
        struct art_leaf *leaf = index->removed;
        index->removed = leaf->next;
        wait_for_removal(index, leaf);
    }
    art_discard(&index->change);
    if (index->runs != NULL) index->runs->undo(index->runs);
    index->ended = index->added = NULL;
    index->changing = false;
}

/* ---- check ---- */

llkv_code index_check(struct cx *cx, struct index *index, uint64_t *out_live)
{
    art_ref root = atomic_load_explicit(&index->root, memory_order_acquire);
    uint64_t leaves = 0;
    uint64_t dead = 0;
    if (!art_check(root, &leaves)) return cx_fail(cx, LLKV_CORRUPT, "a key's tree is not sound");
    for (const struct art_leaf *leaf = index->waiting; leaf != NULL; leaf = leaf->next) {
        if (art_find(root, leaf->key, leaf->len) != leaf)
            return cx_fail(cx, LLKV_CORRUPT, "an entry waits that is not in the tree");
        dead += atomic_load_explicit(&leaf->dead_ts, memory_order_relaxed) != 0;
    }
    *out_live = leaves - dead - index->sticky_dead;
    if (index->runs != NULL) *out_live += index->runs->rows(index->runs) - index->sticky;
    return LLKV_OK;
}

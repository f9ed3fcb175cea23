/* index.h -- the entries of one key: (key values, row id), and which of them live.
 *
 * An index proposes row ids, no more: an entry stays as long as a snapshot may need it, so whoever
 * looks something up checks the row it finds. The latest committed state is known exactly: an entry
 * lives if and only if its row has that key now.
 *
 * Owns:    the tree, the entries, what waits to be removed.
 * Threads: lookups hold a registered snapshot and take no lock; changes belong to the thread that
 *          holds the commit mutex, one at a time.
 * Holds:   every live row has exactly one live entry; a dead entry is waiting to be removed. */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H
#include "base/cx.h"
#include "storage/retire.h"

struct index;

/* Entries that stand in no tree, because the rows themselves are in the order of the key. The index
 * asks for them, whoever owns the rows answers. Such an entry lives as long as the tree holds
 * nothing for its key and row; once it ends, an entry of the tree says so, for ever. */
struct index_runs {
    /* The row with this key; with `changing` in the state of the change being made, else in the
     * published one. LLKV_CORRUPT. */
    llkv_code (*find)(struct cx *cx, struct index_runs *runs, const uint8_t *key, size_t len,
                      bool changing, bool *out_found, uint64_t *out_row);
    /* A key is about to come into the tree. */
    void (*note)(struct index_runs *runs, const uint8_t *key, size_t len);
    uint64_t (*rows)(const struct index_runs *runs);
    void (*apply)(struct index_runs *runs);
    void (*undo)(struct index_runs *runs);
    void (*free)(struct index_runs *runs);
};

/* NULL: no memory. `readers` outlives it; `runs` (or NULL) is taken over on success. */
struct index *index_new(struct mem_budget *budget, struct readers *readers,
                        struct index_runs *runs);
/* What it was made with. */
struct index_runs *index_runs_of(struct index *index);
/* No reader is left. NULL is allowed. */
void index_free(struct index *index);

/* Call fn for every entry of the key (normkey bytes without a row id), row ids ascending, until it
 * returns false. `live`: it belongs to the latest committed state (as of some moment during the
 * call). */
typedef bool index_visit_fn(void *arg, uint64_t row_id, bool live);
NODISCARD llkv_code index_lookup(struct cx *cx, struct index *index, const uint8_t *key, size_t len,
                                 index_visit_fn *fn, void *arg);

/* Counts the changes that were published. What a lookup found, which began after the count was
 * asked for, is still so under the commit mutex if the count is. */
uint64_t index_published(const struct index *index);

/* ---- a change: begin, then insert and remove, then apply or undo ---- */
/* Also takes entries out that no snapshot needs any more. */
NODISCARD llkv_code index_change_begin(struct cx *cx, struct index *index);
/* The entry of a row with this key ends. It is there and lives. */
NODISCARD llkv_code index_change_end(struct cx *cx, struct index *index, const uint8_t *key,
                                     size_t len, uint64_t row_id);
/* A row with this key comes. */
NODISCARD llkv_code index_change_add(struct cx *cx, struct index *index, const uint8_t *key,
                                     size_t len, uint64_t row_id);
/* Does an entry with this key live, the change taken into account? */
NODISCARD llkv_code index_change_lives(struct cx *cx, struct index *index, const uint8_t *key,
                                       size_t len, bool *out_lives, uint64_t *out_row_id);
void index_change_apply(struct index *index, int64_t ts);
void index_change_undo(struct index *index);

/* The structure is sound; *out_live: entries that live. While nobody commits. */
NODISCARD llkv_code index_check(struct cx *cx, struct index *index, uint64_t *out_live);
#endif

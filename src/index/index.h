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

/* NULL: no memory. `readers` outlives it. */
struct index *index_new(struct mem_budget *budget, struct readers *readers);
/* No reader is left. NULL is allowed. */
void index_free(struct index *index);

/* Call fn for every entry of the key (normkey bytes without a row id), row ids ascending, until it
 * returns false. `live`: it belongs to the latest committed state (as of some moment during the
 * call). */
typedef bool index_visit_fn(void *arg, uint64_t row_id, bool live);
void index_lookup(struct index *index, const uint8_t *key, size_t len, index_visit_fn *fn,
                  void *arg);

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
bool index_change_lives(struct index *index, const uint8_t *key, size_t len, uint64_t *out_row_id);
void index_change_apply(struct index *index, int64_t ts);
void index_change_undo(struct index *index);

/* The structure is sound; *out_live: entries that live. While nobody commits. */
NODISCARD llkv_code index_check(struct cx *cx, struct index *index, uint64_t *out_live);
#endif

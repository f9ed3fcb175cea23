/* key_runs.h -- keys without a tree: sealed segments whose values of the key ascend strictly.
 *
 * For a key of one integer or temporal column such a segment (a run) is its own index: the row of a
 * value is found by the bounds of the runs and a binary search in the column. Runs of a key do not
 * overlap, so a value is in one of them at most, and finding it costs the logarithm of their
 * number.
 *
 * Owns:    the list of the runs.
 * Threads: readers look at published lists; changes belong to the commit mutex.
 * Holds:   the columns of runs are pinned (column/segment.h): their base never changes. */
#ifndef TABLE_KEY_RUNS_H
#define TABLE_KEY_RUNS_H
#include "table/table_priv.h"

/* For the key of a table whose rows are in `store`. *out_runs stays NULL if the key can have no
 * runs. An index takes them over. */
NODISCARD llkv_code key_runs_new(struct cx *cx, struct table *table, struct store *store,
                                 const struct key_def *def, struct index_runs **out_runs);
/* While the index of the runs is being changed: the rows of a segment, whose sealed columns are
 * these, become a run if they can. Nobody else has keys between the first and the last of them.
 * `runs` may be NULL. */
NODISCARD llkv_code key_runs_admit(struct cx *cx, struct index_runs *runs, uint32_t segment,
                                   const struct sealed *sealed, bool *out_admitted);
/* Is the segment a run, one of the change included? */
bool key_runs_has(const struct index_runs *runs, uint32_t segment);
#endif

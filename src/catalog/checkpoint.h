/* checkpoint.h -- the catalog and its tables in a pager: written now and then, found again.
 *
 * Threads: checkpoints queue; commits and readers go on beside one. Recovery comes before anything
 * else is done with the catalog and its transactions. */
#ifndef CATALOG_CHECKPOINT_H
#define CATALOG_CHECKPOINT_H
#include "catalog/catalog.h"

struct checkpoint_info {
    int64_t ts;             /* of the state that was written; the log before it is needed no more */
    uint64_t written_bytes; /* into batches */
    bool published;         /* false: nothing was committed since the last one */
};

/* Write what has changed since the last checkpoint and publish the root that names it. On failure
 * the older root holds on, and nothing is lost but time. out_info may be NULL. */
NODISCARD llkv_code catalog_checkpoint(struct cx *cx, struct catalog *catalog,
                                       struct checkpoint_info *out_info);
/* Fill a new catalog from the pager's root, if there is one; tables are loaded when they are used
 * first. The manager goes on from the root's commit. *out_replay_from: frames from this commit on
 * are not in it. Sizes of storage units are the root's. */
NODISCARD llkv_code catalog_recover(struct cx *cx, struct catalog *catalog,
                                    int64_t *out_replay_from);
#endif

/* replay.h -- frames of the log become commits again.
 *
 * A frame is decoded into an ordinary write set and committed in the ordinary way with its own
 * timestamp, so rows, keys and statistics come out as they were. The row ids that inserted rows get
 * must be those the frame tells. Nothing read is trusted: LLKV_CORRUPT, never a crash.
 *
 * Threads: one, while nobody else uses the manager. */
#ifndef TABLE_REPLAY_H
#define TABLE_REPLAY_H
#include "base/pack.h"
#include "table/table.h"

/* Who knows the tables and the catalog. Functions that may be NULL are so marked. */
struct replay_target {
    llkv_pager *pager; /* of the log: batches that frames name are in it */
    void *arg;
    /* Before and after the ops of a frame (maybe NULL, both). End is called after every begin that
     * succeeded. */
    llkv_code (*begin)(struct cx *cx, void *arg, const struct snapshot *snapshot);
    void (*end)(void *arg);
    /* The body of a FRAME_CATALOG op. NULL: such an op is damage. */
    llkv_code (*catalog)(struct cx *cx, void *arg, struct pack_reader *body);
    /* A table by id, ready to be written; one that came with this frame too. */
    llkv_code (*table)(struct cx *cx, void *arg, uint64_t id, struct table **out_table);
    /* What takes part in the commit besides `rows`, maybe NULL. */
    struct txn_participant *(*participants)(void *arg, struct txn_participant *rows);
};

/* Commit the frames of a group (as log_replay brings it) that are newer than the watermark. */
NODISCARD llkv_code table_replay_group(struct cx *cx, struct txn_manager *manager,
                                       const struct replay_target *target,
                                       const llkv_pager_group *group);
#endif

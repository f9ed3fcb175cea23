/* txn.h -- who sees which row: commit timestamps, snapshots, the commit order.
 *
 * Owns:    the published watermark, the registered snapshots, the one mutex that orders commits,
 *          the way of commits into the log of a durable pager.
 * Threads: snapshots begin and end without a lock; commits queue on the mutex. A snapshot is
 *          immutable.
 * Holds:   snapshot.ts <= the published watermark; timestamps are dense and never reused. While a
 *          snapshot is registered, nothing it can reach is freed (it is an epoch reader as well).
 */
#ifndef TXN_TXN_H
#define TXN_TXN_H
#include <stdint.h>

#include "base/cx.h"
#include "llkv/pager.h"
#include "storage/planted.h"
#include "storage/retire.h"

struct frame;
struct txn_manager;

struct snapshot {
    int64_t ts;    /* sees commits with a timestamp <= ts */
    uint32_t slot; /* in the manager's register; the manager's own */
};

/* The id of every statement that commits by itself. */
#define TXN_ID_AUTO_COMMIT ((uint64_t)1)

/* `budget` is charged for what the manager keeps. NULL: no memory. */
struct txn_manager *txn_manager_new(struct mem_budget *budget);
/* No snapshot may be registered. NULL is allowed. */
void txn_manager_free(struct txn_manager *manager);

/* An id for an explicit transaction: from 2 on, never used again. */
uint64_t txn_id_new(struct txn_manager *manager);

/* Register a snapshot of the latest commit. Fails only for lack of memory. */
NODISCARD llkv_code txn_snapshot_begin(struct cx *cx, struct txn_manager *manager,
                                       struct snapshot *out_snapshot);
void txn_snapshot_end(struct txn_manager *manager, const struct snapshot *snapshot);

/* No registered or future snapshot is older than this. */
int64_t txn_oldest_ts(struct txn_manager *manager);
int64_t txn_watermark(struct txn_manager *manager);

/* Go on behind the commit `ts` of a file: the watermark is there. Nobody else knows the manager
 * yet.
 */
void txn_resume(struct txn_manager *manager, int64_t ts);

/* Free `ptr` with `fn` once no snapshot registered now is left. The object begins with a struct
 * retired, so that this cannot fail. Call under the commit mutex or from a thread that has unlinked
 * `ptr` already; `fn` is called by any thread. */
void txn_retire(struct txn_manager *manager, void *ptr, void (*fn)(void *ptr));
/* The same door for modules below this one. Lives as long as the manager. */
struct readers *txn_readers(struct txn_manager *manager);

/* What takes part in a commit: tables and keys. */
struct txn_participant {
    /* Under the commit mutex, before a timestamp exists: check conflicts against what others
     * committed since `snapshot`, reserve memory, so that apply cannot fail. */
    llkv_code (*reserve)(struct cx *cx, struct txn_participant *p, const struct snapshot *snapshot);
    /* Put what happened into the frame of the commit; after every reserve, and only if there is a
     * log. May fail: then every undo runs. NULL: nothing. */
    llkv_code (*encode)(struct cx *cx, struct txn_participant *p, struct frame *frame);
    /* Install the writes with timestamp `ts`; readers do not see them before the publish. */
    void (*apply)(struct txn_participant *p, int64_t ts);
    /* Undo reserve; called for those whose reserve succeeded before another's failed. A reserve
     * that fails cleans up after itself. */
    void (*undo)(struct txn_participant *p);
    struct txn_participant *next;
};

/* Commit: every reserve, one timestamp, every apply, publish. On failure nothing happened; but
 * LLKV_UNKNOWN (08007): nobody knows whether it is in the log. After that every commit is refused
 * with LLKV_READONLY. */
NODISCARD llkv_code txn_commit(struct cx *cx, struct txn_manager *manager,
                               const struct snapshot *snapshot, struct txn_participant *first,
                               int64_t *out_ts);

/* ---- the log ---- */

/* When is a commit published? FULL: durable. NORMAL: written, and durable soon. OFF: written. */
enum txn_synchronous { TXN_SYNC_OFF, TXN_SYNC_NORMAL, TXN_SYNC_FULL };

/* From the next commit on there is a log: that of `pager`, which has LLKV_PAGER_DURABLE_LOG, whose
 * last frame is that of the watermark, and which outlives the manager. Once, while nobody commits.
 */
NODISCARD llkv_code txn_log_open(struct cx *cx, struct txn_manager *manager, llkv_pager *pager,
                                 enum txn_synchronous mode);
/* The pager of the log, or NULL: there is none, and encode is never called. */
llkv_pager *txn_log_pager(struct txn_manager *manager);
void txn_log_set_synchronous(struct txn_manager *manager, enum txn_synchronous mode);
/* Everything published so far is durable when the call returns. Without a log: at once. */
NODISCARD llkv_code txn_log_sync(struct cx *cx, struct txn_manager *manager);
/* A write or a sync of the log failed. */
bool txn_log_has_failed(struct txn_manager *manager);
/* Bytes of frames written since the log was opened here. */
uint64_t txn_log_bytes(struct txn_manager *manager);
/* Bytes of rows in batches that only frames name: what the next root will hold instead. */
uint64_t txn_log_batch_bytes(const struct txn_manager *manager);

/* A batch of the log's pager that a frame names and nothing else will. Made with mem_alloc. */
struct txn_log_batch {
    struct txn_log_batch *next;
    int64_t ts; /* the frame's */
    uint32_t batch_seq;
    uint64_t bytes; /* of rows in it */
};
/* Take over a list of them, for the commit that is being applied; under the commit mutex. */
void txn_log_keep(struct txn_manager *manager, struct txn_log_batch *batches, int64_t ts);
/* Frames below `ts` will not be replayed once the next root is published: discard what only they
 * name. To be called just before the root is published. */
void txn_log_release(struct txn_manager *manager, llkv_pager *pager, int64_t ts);
/* Tests: a fault of the protocol, before anybody commits. */
void txn_log_plant(struct txn_manager *manager, enum planted_bug bug);

/* Recovery, after txn_resume and before txn_log_open, while nobody else uses the manager: commit
 * what a frame holds; its timestamp must be the next one, else LLKV_CORRUPT. */
NODISCARD llkv_code txn_recover_commit(struct cx *cx, struct txn_manager *manager,
                                       const struct snapshot *snapshot,
                                       struct txn_participant *first, int64_t ts);

/* Run fn(cx, arg) while nobody commits, under the commit mutex. Returns what it returns. */
NODISCARD llkv_code txn_exclusively(struct cx *cx, struct txn_manager *manager,
                                    llkv_code (*fn)(struct cx *cx, void *arg), void *arg);
#endif

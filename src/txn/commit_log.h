/* commit_log.h -- commits on their way to the log of a durable pager: group commit.
 *
 * Frames queue in the order of their timestamps. Whoever waits first leads: it writes what is
 * queued as one group, publishes it and wakes the others; meanwhile the next ones queue. A helper
 * thread makes written groups durable in NORMAL, and writes down what is durable when commits
 * pause.
 *
 * States:  open -> failed, for good: after a failed write or sync nobody knows what the medium
 *          holds, so every waiter gets 08007 and no further commit begins.
 * Owns:    the queue, the group buffer, the helper thread.
 * Threads: everything may be called by any thread; commit_log_enqueue in the order of timestamps.
 * Holds:   published <= written; in FULL published <= durable. Groups are appended by one thread at
 *          a time, in order. */
#ifndef TXN_COMMIT_LOG_H
#define TXN_COMMIT_LOG_H
#include <stdatomic.h>

#include "base/cx.h"
#include "llkv/pager.h"
#include "txn/txn.h"

struct commit_log;

/* A frame that waits; memory of the thread that commits. */
struct commit_entry {
    const void *bytes;
    size_t size;
    int64_t ts;
    struct commit_entry *next;
    enum { ENTRY_WAITS, ENTRY_PUBLISHED, ENTRY_FAILED } state;
};

/* `watermark` is raised with every group; the next frame is that of *watermark + 1. */
NODISCARD llkv_code commit_log_new(struct cx *cx, llkv_pager *pager, _Atomic int64_t *watermark,
                                   enum txn_synchronous mode, struct commit_log **out_log);
/* Nobody waits. What was not synced stays as it is. NULL is allowed. */
void commit_log_free(struct commit_log *log);
llkv_pager *commit_log_pager(struct commit_log *log);
void commit_log_set_mode(struct commit_log *log, enum txn_synchronous mode);
/* Before anybody commits. */
void commit_log_plant(struct commit_log *log, enum planted_bug bug);
bool commit_log_has_failed(struct commit_log *log);
uint64_t commit_log_bytes(struct commit_log *log);

/* Queue a frame. Cannot fail; under the commit mutex. */
void commit_log_enqueue(struct commit_log *log, struct commit_entry *entry);
/* Until the frame is published. LLKV_UNKNOWN. */
NODISCARD llkv_code commit_log_wait(struct cx *cx, struct commit_log *log,
                                    struct commit_entry *entry);
/* Everything published so far is durable when the call returns. */
NODISCARD llkv_code commit_log_sync(struct cx *cx, struct commit_log *log);
#endif

/* checkpointer.h -- a thread that writes checkpoints of a database on a durable pager.
 *
 * When: 16 MiB of log since the last one, or the last one is 60 seconds old and something was
 * committed since. In between it prepares what commits would otherwise wait for.
 *
 * Threads: start and stop by the thread that opens and closes the database. */
#ifndef RUNTIME_CHECKPOINTER_H
#define RUNTIME_CHECKPOINTER_H
#include "runtime/database.h"

struct checkpointer;

NODISCARD llkv_code checkpointer_start(struct cx *cx, struct database *database,
                                       struct checkpointer **out_checkpointer);
/* Ends the thread; a checkpoint that is under way is given up. NULL is allowed. */
void checkpointer_stop(struct checkpointer *checkpointer);
#endif

/* replay.h -- what the log holds beyond the root: definitions and rows, commit by commit.
 *
 * Threads: one, before anything else is done with the catalog and its transactions. */
#ifndef CATALOG_REPLAY_H
#define CATALOG_REPLAY_H
#include "catalog/catalog.h"

/* Commit every frame of the pager's log from the commit `from` on, the next one after the
 * watermark. *out_frames: how many there were. LLKV_CORRUPT. */
NODISCARD llkv_code catalog_replay(struct cx *cx, struct catalog *catalog, int64_t from,
                                   uint64_t *out_frames);
#endif

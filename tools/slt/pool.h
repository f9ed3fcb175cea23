/* pool.h -- run files in child processes, several at a time.
 *
 * Owns:    the children and the pipes to them.
 * Threads: forks, so the caller must be the only thread.
 * Holds:   a child runs file after file until it dies; a file that crashes or hangs costs only
 *          itself, and a fresh child takes the child's place. */
#ifndef SLT_POOL_H
#define SLT_POOL_H
#include "slt/run_file.h"
#include "slt/walk.h"

/* Called for each file as it is done, in any order; the result belongs to the pool. */
typedef void slt_done_fn(void *arg, size_t file, const struct slt_result *result);

/* False, with a message on `err`, if the pool itself fails, or if a child that had done its files
 * did not end well (as under a leak checker). */
bool slt_pool_run(const struct slt_options *options, const struct slt_files *files,
                  slt_done_fn *done, void *arg, FILE *err);
#endif

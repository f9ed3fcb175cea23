/* engine.h -- what a program opens: a way into a database, which several of them may share.
 *
 * Opens of one file in one process share its database, found by device and inode: a second set of
 * locks, caches and sequences of commits beside the first would tear the file apart.
 *
 * Owns:    a share of the database; the last one to close it closes the database.
 * Threads: free-threaded. The list of open files is the only state of the process.
 * Holds:   after a fork everything of the parent is refused in the child (engine_check). */
#ifndef RUNTIME_ENGINE_H
#define RUNTIME_ENGINE_H
#include "base/os_fork.h"
#include "runtime/database.h"

struct engine {
    struct database *database;
    struct os_fork_mark fork;
    bool read_only;
    atomic_uint session_count;
};

/* `options` may be NULL. */
NODISCARD llkv_code engine_open(struct cx *cx, const llkv_engine_options *options,
                                struct engine **out_engine);
/* LLKV_BUSY while sessions of it are open. */
NODISCARD llkv_code engine_close(struct cx *cx, struct engine *engine);
/* LLKV_MISUSE in a child of the process that opened it. */
NODISCARD llkv_code engine_refuse_child(struct cx *cx);
ALWAYS_INLINE llkv_code engine_check(struct cx *cx, const struct engine *engine)
{
    return UNLIKELY(os_forked(&engine->fork)) ? engine_refuse_child(cx) : LLKV_OK;
}
#endif

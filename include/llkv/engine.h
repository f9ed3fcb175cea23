/* engine.h -- opening and closing a database. */
#ifndef LLKV_ENGINE_H
#define LLKV_ENGINE_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "llkv/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct llkv_pager;
typedef struct llkv_engine llkv_engine;

/* How to open. Zero-initialise, set struct_size, then what differs from the default. */
typedef struct llkv_engine_options {
    uint32_t struct_size;
    uint32_t threads;            /* worker threads, the caller's included; 0: one per processor */
    uint64_t memory_limit;       /* bytes; 0: 80 % of the machine's memory */
    const char *path;            /* of the file; NULL, "" or ":memory:": a database in memory */
    struct llkv_pager *pager;    /* instead of a path; borrowed, must outlive the engine */
    uint32_t debug_segment_rows; /* 0, or smaller storage units to test with: a power of two, */
    uint32_t debug_vector_rows;  /* at least 8 and 64; the answers must not depend on them */
    bool read_only;              /* nothing is written, not even to recover */
    bool must_exist;             /* else a file that is not there is made */
    bool must_create;            /* LLKV_EXISTS if the file is there */
    bool debug_no_pruning;       /* test with statistics switched off */
} llkv_engine_options;

/* Open a database. `options` may be NULL: a new database in memory. A file that this process has
 * open already is shared: both engines see the same, and what is set with the first open (memory
 * limit, threads) holds. After a fork an engine and everything of it belong to the parent only; in
 * the child every call says LLKV_MISUSE. */
LLKV_API LLKV_NODISCARD llkv_code llkv_engine_open(const llkv_engine_options *options,
                                                   llkv_engine **out_engine, llkv_error *error);

/* Close it. LLKV_BUSY, and nothing happens, while sessions of it are open. NULL is allowed. */
LLKV_API llkv_code llkv_engine_close(llkv_engine *engine, llkv_error *error);

/* "0.1.0", a string constant. */
LLKV_API const char *llkv_version(void);

#ifdef __cplusplus
}
#endif
#endif

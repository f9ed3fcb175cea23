/* run_file.h -- run one file on an engine of its own.
 *
 * Owns:    the engine and the connections while the file runs; a result owns its texts.
 * Threads: one at a time; `progress` may be read by another process at any moment. */
#ifndef SLT_RUN_FILE_H
#define SLT_RUN_FILE_H
#include <stdatomic.h>

#include "slt/cause.h"
#include "slt/check.h"
#include "slt/slt.h"

enum { SLT_SLOW_COUNT = 5, SLT_SLOW_SQL_BYTES = 100 };

struct slt_slow {
    uint64_t ns;
    uint32_t line;
    char sql[SLT_SLOW_SQL_BYTES];
};

/* Plain numbers, so that a result travels between processes as it is. */
struct slt_counts {
    uint64_t records, passed, failed, skipped;
    uint64_t cpu_ns, wall_ns;
    struct slt_kind_time kinds[SLT_KIND_COUNT];
    struct slt_slow slow[SLT_SLOW_COUNT]; /* slowest first; ns 0: none */
};

/* Zero-initialised: empty. */
struct slt_result {
    struct slt_counts counts;
    struct slt_text failures; /* for people */
    struct slt_causes causes;
};

/* How far a file has got, in memory that a parent process shares. */
struct slt_progress {
    atomic_uint line;
    atomic_ullong records, failed;
};

/* Run the file. Whatever goes wrong is a failure in the result. */
void slt_file_run(const struct slt_options *options, const char *path,
                  struct slt_progress *progress, struct slt_result *out_result);
void slt_result_deinit(struct slt_result *result);
#endif

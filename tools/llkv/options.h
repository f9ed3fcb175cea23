/* options.h -- the command line.
 *
 * Owns:    the lists in it; their strings are those of main().
 * Threads: one at a time. */
#ifndef SHELL_OPTIONS_H
#define SHELL_OPTIONS_H
#include "llkv/output.h"
#include "slt/slt.h"

/* Something to run, in the order of the command line. */
enum task_kind { TASK_FIRST_SQL, TASK_SQL, TASK_FILE }; /* --cmd, -c or SQL, -f */

struct task {
    enum task_kind kind;
    const char *text; /* SQL or path */
};

/* Zero-initialised, it can be deinitialised. */
struct options {
    const char *path; /* of the database; NULL: in memory */
    struct task *tasks;
    size_t task_count, task_cap;
    struct output_format format;
    uint64_t memory_limit;
    uint32_t threads;
    uint32_t debug_segment_rows, debug_vector_rows; /* 0: as usual */
    bool no_pruning;
    bool read_only, bail, echo;
    bool batch, interactive; /* whatever standard input is */
    bool help, version;
    struct slt_options slt;
};

enum options_outcome { OPTIONS_OK, OPTIONS_WRONG };

/* OPTIONS_WRONG after a message on `err`. */
enum options_outcome options_parse(struct options *options, int argc, char **argv, FILE *err);
void options_print_help(FILE *out);
void options_deinit(struct options *options);
#endif

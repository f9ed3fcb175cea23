/* slt.h -- the sqllogictest harness: runs files of statements, queries and expected results.
 *
 * Owns:    nothing between calls.
 * Threads: slt_run forks: call it from a process with one thread and no open engine.
 * Holds:   uses only the public interface of the library. */
#ifndef SLT_SLT_H
#define SLT_SLT_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>
#include <stdio.h>

/* Zero-initialise, then slt_options_init. Strings are borrowed, the arrays are owned. */
struct slt_options {
    const char **paths; /* files and folders */
    size_t path_count, path_cap;
    const char **labels; /* instead of the dialect's; NULL-terminated, NULL: the dialect's */
    size_t label_count, label_cap;
    const char *dialect;   /* NULL: chosen per file */
    const char *disable;   /* optimizer rules to switch off */
    const char *junit;     /* file to write, or NULL */
    const char *list_pass; /* file to write, or NULL */
    const char *from;      /* file with the names of the files to run below `paths`, or NULL */
    const char *mirror;    /* folder that stands for the web, or NULL */
    uint32_t jobs, timeout_seconds, failures_max, threads;
    uint64_t memory_limit;
    bool multi;                /* every connection on a thread of its own */
    bool drive;                /* engines on files instead of memory */
    uint32_t checkpoint_every; /* a checkpoint after so many records; 0: none */
    bool small;                /* smallest storage units */
    bool no_pruning;           /* statistics switched off */
    bool causes;               /* group the failures */
    bool stats;
};

/* Defaults; stats come from LLKV_SLT_STATS in the environment. */
void slt_options_init(struct slt_options *options);
/* Is `argument` (with one dash or two) an option of the harness? */
bool slt_option_is(const char *argument);
/* Take the option argv[*index] with its value; *index then stands on the last word taken. False,
 * with a message on `err`, if the value is missing or wrong. */
bool slt_option_take(struct slt_options *options, int argc, char **argv, int *index, FILE *err);
/* One more file or folder. False without memory. */
bool slt_options_add_path(struct slt_options *options, const char *path);
void slt_options_deinit(struct slt_options *options);
/* Print a line of help for each option. */
void slt_options_help(FILE *out);

/* Run everything. 0: all passed; 1: something failed; 2: the options name nothing to run. */
int slt_run(const struct slt_options *options, FILE *out, FILE *err);
#endif

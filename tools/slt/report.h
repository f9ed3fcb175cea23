/* report.h -- what came out: failures as they come, totals at the end.
 *
 * Owns:    the numbers of every file, and the failure texts if a JUnit report wants them.
 * Threads: one at a time. */
#ifndef SLT_REPORT_H
#define SLT_REPORT_H
#include "slt/run_file.h"
#include "slt/walk.h"

struct slt_file_counts {
    uint64_t records, passed, failed, skipped, cpu_ns, wall_ns;
    bool done;
    char *failures; /* NUL-terminated, or NULL */
};

/* Zero-initialised, it can be deinitialised. */
struct slt_report {
    const struct slt_options *options;
    const struct slt_files *files;
    FILE *out, *err;
    struct slt_file_counts *counts; /* one per file */
    struct slt_causes causes;
    struct slt_kind_time kinds[SLT_KIND_COUNT];
    struct slt_slow slow[SLT_SLOW_COUNT]; /* of all files; */
    size_t slow_file[SLT_SLOW_COUNT];     /* in which */
    uint64_t start_ns;
};

/* False without memory. */
bool slt_report_init(struct slt_report *report, const struct slt_options *options,
                     const struct slt_files *files, FILE *out, FILE *err);
/* A file is done: print its failures, keep its numbers. */
void slt_report_add(struct slt_report *report, size_t file, const struct slt_result *result);
/* Print the summary and write the files asked for. False if a file did not pass or one of those
 * could not be written. */
bool slt_report_finish(struct slt_report *report);
void slt_report_deinit(struct slt_report *report);

/* Write the JUnit report. 0, or errno. */
int slt_junit_write(const struct slt_report *report, const char *path);
/* The length of the folder part of a path. */
size_t slt_folder_len(const char *path);
#endif

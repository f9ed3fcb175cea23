#include "slt/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "slt/dialect.h"

enum { SLOW_FILES = 5 };

bool slt_report_init(struct slt_report *report, const struct slt_options *options,
                     const struct slt_files *files, FILE *out, FILE *err)
{
    *report = (struct slt_report){.options = options, .files = files, .out = out, .err = err};
    report->start_ns = slt_clock_ns();
    report->counts = calloc(files->count + 1, sizeof *report->counts);
    return report->counts != NULL;
}

void slt_report_deinit(struct slt_report *report)
{
    if (report->counts != NULL) {
        for (size_t i = 0; i < report->files->count; i++)
            free(report->counts[i].failures);
    }
    free(report->counts);
    slt_causes_deinit(&report->causes);
    *report = (struct slt_report){0};
}

size_t slt_folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path);
}

/* The slowest records of all files, each with its file. */
static void note_slow(struct slt_report *report, size_t file, const struct slt_slow *one)
{
    size_t last = SLT_SLOW_COUNT - 1;
    if (one->ns <= report->slow[last].ns) return;
    size_t i = last;
    for (; i > 0 && report->slow[i - 1].ns < one->ns; i--) {
        report->slow[i] = report->slow[i - 1];
        report->slow_file[i] = report->slow_file[i - 1];
    }
    report->slow[i] = *one;
    report->slow_file[i] = file;
}

static bool file_passed(const struct slt_file_counts *counts)
{
    return counts->done && counts->failed == 0;
}

void slt_report_add(struct slt_report *report, size_t file, const struct slt_result *result)
{
    struct slt_file_counts *counts = &report->counts[file];
    *counts = (struct slt_file_counts){
        .records = result->counts.records,
        .passed = result->counts.passed,
        .failed = result->counts.failed,
        .skipped = result->counts.skipped,
        .cpu_ns = result->counts.cpu_ns,
        .wall_ns = result->counts.wall_ns,
        .done = true,
    };
    for (size_t i = 0; i < SLT_KIND_COUNT; i++) {
        report->kinds[i].count += result->counts.kinds[i].count;
        report->kinds[i].ns += result->counts.kinds[i].ns;
    }
    for (size_t i = 0; i < SLT_SLOW_COUNT; i++)
        note_slow(report, file, &result->counts.slow[i]);
    for (size_t i = 0; i < result->causes.count; i++) {
        const struct slt_cause *cause = &result->causes.items[i];
        struct slt_slice text = {cause->text, strlen(cause->text)};
        (void)slt_causes_add(&report->causes, text, cause->count); /* lost without memory */
    }
    if (result->failures.len == 0) return;
    (void)fwrite(result->failures.data, 1, result->failures.len, report->out);
    uint32_t shown = report->options->failures_max;
    if (counts->failed > shown) {
        fprintf(report->out, "%s: %" PRIu64 " more failures\n", report->files->items[file].path,
                counts->failed - shown);
    }
    (void)fflush(report->out); /* long runs are watched */
    if (report->options->junit == NULL) return;
    counts->failures = calloc(1, result->failures.len + 1);
    if (counts->failures != NULL) {
        memcpy(counts->failures, result->failures.data, result->failures.len);
    }
}

struct sum {
    uint64_t files, files_passed, records, passed, failed, skipped, cpu_ns;
};

static void add_to(struct sum *sum, const struct slt_file_counts *counts)
{
    sum->files++;
    if (file_passed(counts)) sum->files_passed++;
    sum->records += counts->records;
    sum->passed += counts->passed;
    sum->failed += counts->failed;
    sum->skipped += counts->skipped;
    sum->cpu_ns += counts->cpu_ns;
}

static void print_sum(FILE *out, const char *name, size_t len, const struct sum *sum)
{
    fprintf(out,
            "%.*s: %" PRIu64 " files, %" PRIu64 " passed; %" PRIu64 " records, %" PRIu64
            " passed, %" PRIu64 " failed, %" PRIu64 " skipped\n",
            (int)len, name, sum->files, sum->files_passed, sum->records, sum->passed, sum->failed,
            sum->skipped);
}

/* A line per folder; files of one folder stand together. */
static void print_folders(const struct slt_report *report, struct sum *out_total)
{
    const struct slt_files *files = report->files;
    for (size_t i = 0; i < files->count;) {
        const char *path = files->items[i].path;
        size_t len = slt_folder_len(path);
        struct sum sum = {0};
        for (; i < files->count; i++) {
            const char *other = files->items[i].path;
            if (slt_folder_len(other) != len || memcmp(other, path, len) != 0) break;
            add_to(&sum, &report->counts[i]);
            add_to(out_total, &report->counts[i]);
        }
        print_sum(report->out, len == 0 ? "." : path, len == 0 ? 1 : len, &sum);
    }
}

static void print_causes(struct slt_report *report)
{
    slt_causes_sort(&report->causes);
    fprintf(report->out, "failures by cause:\n");
    for (size_t i = 0; i < report->causes.count; i++) {
        const struct slt_cause *cause = &report->causes.items[i];
        fprintf(report->out, "%8" PRIu64 "  %s\n", cause->count, cause->text);
    }
}

static double to_ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

static void print_slow_files(const struct slt_report *report)
{
    bool *shown = calloc(report->files->count, sizeof *shown);
    if (shown == NULL) return;
    fprintf(report->out, "slowest files (ms):\n");
    for (int rank = 0; rank < SLOW_FILES; rank++) {
        size_t slowest = SIZE_MAX;
        for (size_t i = 0; i < report->files->count; i++) {
            if (shown[i]) continue;
            if (slowest == SIZE_MAX ||
                report->counts[i].wall_ns > report->counts[slowest].wall_ns) {
                slowest = i;
            }
        }
        if (slowest == SIZE_MAX) break;
        shown[slowest] = true;
        fprintf(report->out, "%10.1f  %s\n", to_ms(report->counts[slowest].wall_ns),
                report->files->items[slowest].path);
    }
    free(shown);
}

static void print_stats(const struct slt_report *report, const struct sum *total)
{
    double micros = (double)total->cpu_ns / 1e3;
    fprintf(report->out, "wall %.1f ms, CPU %.1f ms, CPU per record %.2f us\n",
            to_ms(slt_clock_ns() - report->start_ns), to_ms(total->cpu_ns),
            total->records == 0 ? 0.0 : micros / (double)total->records);
    fprintf(report->out, "statements by kind (count, ms, us each):\n");
    for (int i = 0; i < SLT_KIND_COUNT; i++) {
        const struct slt_kind_time *kind = &report->kinds[i];
        if (kind->count == 0) continue;
        fprintf(report->out, "%10" PRIu64 " %10.1f %10.2f  %s\n", kind->count, to_ms(kind->ns),
                (double)kind->ns / 1e3 / (double)kind->count,
                llkv_result_kind_text((llkv_result_kind)i));
    }
    print_slow_files(report);
    fprintf(report->out, "slowest records (ms):\n");
    for (size_t i = 0; i < SLT_SLOW_COUNT && report->slow[i].ns > 0; i++) {
        fprintf(report->out, "%10.2f  %s:%" PRIu32 "  %s\n", to_ms(report->slow[i].ns),
                report->files->items[report->slow_file[i]].path, report->slow[i].line,
                report->slow[i].sql);
    }
}

/* The names of the files that passed, as they are called inside their corpus. 0, or errno. */
static int write_passed(const struct slt_report *report, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) return errno;
    for (size_t i = 0; i < report->files->count; i++) {
        /* A file that was skipped as a whole has shown nothing. */
        if (!file_passed(&report->counts[i]) || report->counts[i].passed == 0) continue;
        fprintf(file, "%s\n", slt_dialect_corpus_name(report->files->items[i].path));
    }
    int rc = ferror(file) != 0 ? EIO : 0;
    if (fclose(file) != 0 && rc == 0) rc = errno;
    return rc;
}

static bool written(const struct slt_report *report, const char *path, int rc)
{
    if (rc != 0) fprintf(report->err, "Error: cannot write %s: %s\n", path, strerror(rc));
    return rc == 0;
}

bool slt_report_finish(struct slt_report *report)
{
    const struct slt_options *options = report->options;
    struct sum total = {0};
    print_folders(report, &total);
    if (options->causes && total.failed > 0) print_causes(report);
    if (options->stats) print_stats(report, &total);
    print_sum(report->out, "total", 5, &total);
    bool well = total.files == total.files_passed;
    if (options->list_pass != NULL) {
        const char *path = options->list_pass;
        well = written(report, path, write_passed(report, path)) && well;
    }
    if (options->junit != NULL) {
        well = written(report, options->junit, slt_junit_write(report, options->junit)) && well;
    }
    return well;
}

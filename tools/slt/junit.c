#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "slt/report.h"

/* Escaped for XML; control characters XML cannot hold become '?'. */
static void write_xml(FILE *file, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        switch (c) {
        case '<': (void)fputs("&lt;", file); break;
        case '>': (void)fputs("&gt;", file); break;
        case '&': (void)fputs("&amp;", file); break;
        case '"': (void)fputs("&quot;", file); break;
        default: (void)fputc(c < 0x20 && c != '\n' && c != '\t' ? '?' : c, file); break;
        }
    }
}

static void write_case(const struct slt_report *report, FILE *file, size_t index)
{
    const struct slt_file_counts *counts = &report->counts[index];
    const char *path = report->files->items[index].path;
    size_t folder = slt_folder_len(path);
    fprintf(file, "    <testcase classname=\"");
    write_xml(file, path, folder);
    fprintf(file, "\" name=\"");
    const char *name = folder > 0 ? path + folder + 1 : path;
    write_xml(file, name, strlen(name));
    fprintf(file, "\" assertions=\"%" PRIu64 "\" time=\"%.3f\">", counts->records,
            (double)counts->wall_ns / 1e9);
    if (!counts->done || counts->failed > 0) {
        fprintf(file, "<failure message=\"%" PRIu64 " of %" PRIu64 " records failed\">",
                counts->failed, counts->records);
        if (counts->failures != NULL) write_xml(file, counts->failures, strlen(counts->failures));
        fprintf(file, "</failure>");
    }
    fprintf(file, "</testcase>\n");
}

static void write_suite(const struct slt_report *report, FILE *file, size_t first, size_t end)
{
    size_t failed = 0;
    for (size_t i = first; i < end; i++) {
        if (!report->counts[i].done || report->counts[i].failed > 0) failed++;
    }
    const char *path = report->files->items[first].path;
    fprintf(file, "  <testsuite name=\"");
    write_xml(file, path, slt_folder_len(path));
    fprintf(file, "\" tests=\"%zu\" failures=\"%zu\">\n", end - first, failed);
    for (size_t i = first; i < end; i++)
        write_case(report, file, i);
    fprintf(file, "  </testsuite>\n");
}

int slt_junit_write(const struct slt_report *report, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) return errno;
    fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    const struct slt_files *files = report->files;
    for (size_t first = 0; first < files->count;) {
        size_t len = slt_folder_len(files->items[first].path), end = first;
        while (end < files->count && slt_folder_len(files->items[end].path) == len &&
               memcmp(files->items[end].path, files->items[first].path, len) == 0) {
            end++;
        }
        write_suite(report, file, first, end);
        first = end;
    }
    fprintf(file, "</testsuites>\n");
    int rc = ferror(file) != 0 ? EIO : 0;
    if (fclose(file) != 0 && rc == 0) rc = errno;
    return rc;
}

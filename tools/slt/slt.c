#include "slt/slt.h"

#include "slt/pool.h"
#include "slt/report.h"
#include "slt/walk.h"

static void on_done(void *arg, size_t file, const struct slt_result *result)
{
    slt_report_add(arg, file, result);
}

int slt_run(const struct slt_options *options, FILE *out, FILE *err)
{
    struct slt_files files = {0};
    struct slt_report report = {0};
    int code = 2;
    if (!slt_walk(&files, options, err)) {
        code = 2; /* the message is out already */
    } else if (files.count == 0) {
        fprintf(err, "Error: there is no .slt, .test or .slturl file to run\n");
    } else if (!slt_report_init(&report, options, &files, out, err)) {
        fprintf(err, "Error: out of memory\n");
    } else {
        bool ran = slt_pool_run(options, &files, on_done, &report, err);
        bool passed = slt_report_finish(&report);
        code = ran && passed ? 0 : 1;
    }
    slt_report_deinit(&report);
    slt_files_deinit(&files);
    return code;
}

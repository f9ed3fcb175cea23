#include "sink.h"

#include <inttypes.h>

static void separate(struct bench_sink *sink)
{
    if (sink->inside) slt_text_addc(sink->rows, '\t');
    sink->inside = true;
}

void bench_sink_int(struct bench_sink *sink, int64_t value)
{
    sink->fold += (uint64_t)value;
    if (sink->rows == NULL) return;
    separate(sink);
    slt_text_addf(sink->rows, "%" PRId64, value);
}

static uint64_t sum_bytes(const char *data, size_t bytes)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes; i++)
        sum += (unsigned char)data[i];
    return sum;
}

void bench_sink_text(struct bench_sink *sink, const char *value, size_t bytes)
{
    sink->fold += sum_bytes(value, bytes);
    if (sink->rows == NULL) return;
    separate(sink);
    slt_text_add(sink->rows, value, bytes);
}

void bench_sink_row(struct bench_sink *sink)
{
    sink->row_count++;
    sink->inside = false;
    if (sink->rows != NULL) slt_text_addc(sink->rows, '\n');
}

void bench_sink_lines(struct bench_sink *sink, const char *lines, size_t bytes)
{
    sink->fold += sum_bytes(lines, bytes);
    for (size_t i = 0; i < bytes; i++)
        sink->row_count += lines[i] == '\n';
    if (sink->rows != NULL) slt_text_add(sink->rows, lines, bytes);
}

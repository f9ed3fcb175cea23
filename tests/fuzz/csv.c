/* csv.c -- any bytes as a file of delimited text: what is sniffed can be read or fails with a line,
 * and what is read does not depend on the size of blocks. */
#define _GNU_SOURCE 1
#include "format/csv.h"

#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "fuzz.h"

enum { COLUMNS_MAX = 64, HEAD_BYTES = 4, BYTES_MAX = 1 << 16 };

struct outcome {
    llkv_code rc;
    char message[512];
    uint64_t rows, hash;
};

static void put_file(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "w");
    FUZZ_CHECK(file != NULL);
    FUZZ_CHECK(fwrite(data, 1, size, file) == size);
    FUZZ_CHECK(fclose(file) == 0);
}

/* The first bytes choose; mostly everything is left open. */
static struct csv_dialect choose_dialect(const uint8_t *head)
{
    static const char characters[] = {0, 0, 0, ',', '|', 'a', '\'', '"', '\\', '\t'};
    struct csv_dialect d = {0};
    d.delimiter = characters[head[0] % sizeof characters];
    d.quote_given = head[1] % 4 == 0;
    d.quote = characters[head[1] / 4 % sizeof characters];
    d.escape = characters[head[2] % sizeof characters];
    d.header = (uint8_t)(head[3] % 3);
    d.null_padding = head[3] / 4 % 2 != 0;
    d.skip = head[3] / 8 % 4;
    d.null_length = (uint8_t)(head[2] / 16 % 3);
    memcpy(d.null_text, "NA", 2);
    return d;
}

static void take_batch(const struct csv_spec *spec, const struct batch *batch, struct outcome *out)
{
    out->rows += batch->live;
    for (uint32_t i = 0; i < batch->live; i++) {
        for (uint32_t c = 0; c < spec->column_count; c++) {
            const struct value v = vec_value(&batch->columns[c], spec->columns[c].type, i);
            uint64_t bits[2] = {v.is_null, 0};
            if (!v.is_null && v.type.phys == PHYS_VIEW)
                bits[1] = hash_bytes(v.s.data, v.s.len);
            else if (!v.is_null)
                bits[1] = (uint64_t)v.i;
            out->hash = out->hash * 31 + hash_bytes(bits, sizeof bits);
        }
    }
}

static struct outcome read_all(const struct csv_spec *spec)
{
    struct outcome out = {0};
    struct arena arena;
    struct csv_reader *reader = NULL;
    const struct batch *batch = NULL;
    llkv_error error = LLKV_ERROR_INIT;
    struct cx cx = {.arena = &arena, .error = &error};
    arena_init(&arena, NULL);
    out.rc = csv_reader_open(&cx, spec, &reader);
    while (out.rc == LLKV_OK) {
        out.rc = csv_reader_next(&cx, reader, &batch);
        if (out.rc != LLKV_OK || batch == NULL) break;
        FUZZ_CHECK(batch->live != 0 && csv_reader_line(reader, batch->live - 1) != 0);
        take_batch(spec, batch, &out);
    }
    FUZZ_CHECK(out.rc != LLKV_INTERNAL && out.rc != LLKV_NOMEM);
    if (out.rc != LLKV_OK) { /* rows of the same batch are lost with it */
        out.rows = out.hash = 0;
        memcpy(out.message, error.message, sizeof out.message);
        FUZZ_CHECK(strstr(out.message, ", line ") != NULL);
    }
    csv_reader_close(reader);
    arena_deinit(&arena);
    return out;
}

static void read_sniffed(const char *path, const struct csv_sniffed *sniffed)
{
    struct csv_column columns[COLUMNS_MAX];
    for (uint32_t c = 0; c < sniffed->column_count; c++)
        columns[c] = (struct csv_column){.type = sniffed->types[c], .name = sniffed->names[c]};
    struct csv_spec spec = {.path = path,
                            .dialect = sniffed->dialect,
                            .column_count = sniffed->column_count,
                            .columns = columns,
                            .table = "t"};
    const struct outcome whole = read_all(&spec);
    spec.debug_block_bytes = 64;
    const struct outcome parts = read_all(&spec);
    FUZZ_CHECK(whole.rc == parts.rc);
    FUZZ_CHECK(whole.rows == parts.rows && whole.hash == parts.hash);
    FUZZ_CHECK(strcmp(whole.message, parts.message) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct arena arena;
    struct csv_sniffed sniffed;
    llkv_error error = LLKV_ERROR_INIT;
    struct cx cx = {.arena = &arena, .error = &error};
    if (size < HEAD_BYTES || size > BYTES_MAX) return 0;
    const struct csv_dialect dialect = choose_dialect(data);
    (void)snprintf(path, sizeof path, "/tmp/llkv_fuzz_csv_%ld", (long)getpid());
    put_file(path, data + HEAD_BYTES, size - HEAD_BYTES);
    arena_init(&arena, NULL);
    const llkv_code rc = csv_sniff(&cx, path, &dialect, &sniffed);
    FUZZ_CHECK(rc != LLKV_INTERNAL && rc != LLKV_NOMEM);
    if (rc == LLKV_OK && sniffed.column_count <= COLUMNS_MAX) read_sniffed(path, &sniffed);
    arena_deinit(&arena);
    (void)remove(path);
    return 0;
}

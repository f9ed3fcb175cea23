#include "llkv/output.h"

#include <math.h>
#include <string.h>

#include "llkv/output_priv.h"

static const struct {
    const char *name, *help;
} modes[OUTPUT_MODE_COUNT] = {
#define X(id, name, help) {name, help},
    OUTPUT_MODE_LIST(X)
#undef X
};

bool output_mode_find(const char *name, enum output_mode *out_mode)
{
    for (int i = 0; i < OUTPUT_MODE_COUNT; i++) {
        if (strcmp(modes[i].name, name) != 0) continue;
        *out_mode = (enum output_mode)i;
        return true;
    }
    return false;
}

const char *output_mode_name(enum output_mode mode)
{
    return modes[mode].name;
}

const char *output_mode_help(enum output_mode mode)
{
    return modes[mode].help;
}

llkv_code output_nomem(llkv_error *error)
{
    *error = (llkv_error)LLKV_ERROR_INIT;
    error->code = LLKV_NOMEM;
    (void)snprintf(error->message, sizeof error->message, "out of memory"); /* fits */
    (void)snprintf(error->sqlstate, sizeof error->sqlstate, "%s", llkv_code_sqlstate(LLKV_NOMEM));
    return LLKV_NOMEM;
}

bool output_is_number(llkv_type type)
{
    switch (type) {
    case LLKV_TYPE_TINYINT:
    case LLKV_TYPE_SMALLINT:
    case LLKV_TYPE_INTEGER:
    case LLKV_TYPE_BIGINT:
    case LLKV_TYPE_HUGEINT:
    case LLKV_TYPE_UTINYINT:
    case LLKV_TYPE_USMALLINT:
    case LLKV_TYPE_UINTEGER:
    case LLKV_TYPE_UBIGINT:
    case LLKV_TYPE_UHUGEINT:
    case LLKV_TYPE_FLOAT:
    case LLKV_TYPE_DOUBLE:
    case LLKV_TYPE_DECIMAL:
    case LLKV_TYPE_NUMBER: return true;
    case LLKV_TYPE_NULL:
    case LLKV_TYPE_BOOLEAN:
    case LLKV_TYPE_VARCHAR:
    case LLKV_TYPE_BLOB:
    case LLKV_TYPE_DATE:
    case LLKV_TYPE_TIME:
    case LLKV_TYPE_TIMESTAMP:
    case LLKV_TYPE_TIMESTAMPTZ:
    case LLKV_TYPE_INTERVAL:
    case LLKV_TYPE_UUID: return false;
    }
    return false;
}

static const char *null_text(const struct output_format *format)
{
    if (format->null_text != NULL) return format->null_text;
    bool table = format->mode == OUTPUT_BOX || format->mode == OUTPUT_TABLE ||
                 format->mode == OUTPUT_MARKDOWN || format->mode == OUTPUT_LINE;
    return table ? "NULL" : "";
}

static void escape_blob(struct slt_text *out, struct slt_slice bytes)
{
    slt_text_clear(out);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
            slt_text_addc(out, (char)c);
        else
            slt_text_addf(out, "\\x%02X", c);
    }
}

struct slt_slice output_cell(const struct output_format *format, llkv_statement *statement,
                             uint32_t column, struct slt_text *scratch)
{
    if (llkv_value_is_null(statement, column)) {
        const char *text = null_text(format);
        return (struct slt_slice){text, strlen(text)};
    }
    size_t len = 0;
    const char *text = llkv_value_text(statement, column, &len);
    if (text == NULL) {
        scratch->failed = true;
        return (struct slt_slice){"", 0};
    }
    if (llkv_value_type(statement, column) != LLKV_TYPE_BLOB) return (struct slt_slice){text, len};
    escape_blob(scratch, (struct slt_slice){text, len});
    return (struct slt_slice){scratch->data == NULL ? "" : scratch->data, scratch->len};
}

static void write_slice(FILE *file, struct slt_slice text)
{
    (void)fwrite(text.data, 1, text.len,
                 file); /* a failure stays in the stream, and is seen there */
}

static void write_csv(FILE *file, struct slt_slice text)
{
    bool quote = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == ',' || c == '"' || c == '\n' || c == '\r') quote = true;
    }
    if (!quote) {
        write_slice(file, text);
        return;
    }
    (void)fputc('"', file);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"') (void)fputc('"', file);
        (void)fputc(text.data[i], file);
    }
    (void)fputc('"', file);
}

static void write_json(FILE *file, struct slt_slice text)
{
    (void)fputc('"', file);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        switch (c) {
        case '"': (void)fputs("\\\"", file); break;
        case '\\': (void)fputs("\\\\", file); break;
        case '\n': (void)fputs("\\n", file); break;
        case '\r': (void)fputs("\\r", file); break;
        case '\t': (void)fputs("\\t", file); break;
        default:
            if (c < 0x20)
                fprintf(file, "\\u%04x", c);
            else
                (void)fputc(c, file);
        }
    }
    (void)fputc('"', file);
}

static void write_separated(const struct output_format *format, FILE *file, uint32_t column,
                            struct slt_slice text)
{
    static const char separators[OUTPUT_MODE_COUNT] = {
        [OUTPUT_CSV] = ',', [OUTPUT_TABS] = '\t', [OUTPUT_LIST] = '|'};
    const bool own = format->mode == OUTPUT_LIST && format->separator != 0;
    if (column > 0) (void)fputc(own ? format->separator : separators[format->mode], file);
    if (format->mode == OUTPUT_CSV)
        write_csv(file, text);
    else
        write_slice(file, text);
}

static void write_names(const struct output_format *format, llkv_statement *statement, FILE *file)
{
    uint32_t count = llkv_column_count(statement);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = llkv_column_name(statement, i);
        write_separated(format, file, i, (struct slt_slice){name, strlen(name)});
    }
    (void)fputc('\n', file);
}

static void write_line_row(const struct output_format *format, llkv_statement *statement,
                           FILE *file, struct slt_text *scratch)
{
    uint32_t count = llkv_column_count(statement);
    size_t width = 0;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = llkv_column_name(statement, i);
        size_t name_width = output_width((struct slt_slice){name, strlen(name)});
        if (name_width > width) width = name_width;
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *name = llkv_column_name(statement, i);
        size_t pad = width - output_width((struct slt_slice){name, strlen(name)});
        fprintf(file, "%*s%s = ", (int)pad, "", name);
        write_slice(file, output_cell(format, statement, i, scratch));
        (void)fputc('\n', file);
    }
}

/* A number that JSON can hold is written bare. */
static bool is_json_number(llkv_statement *statement, uint32_t column)
{
    llkv_type type = llkv_value_type(statement, column);
    if (type == LLKV_TYPE_FLOAT || type == LLKV_TYPE_DOUBLE) {
        return isfinite(llkv_value_double(statement, column)) != 0;
    }
    return output_is_number(type);
}

static void write_json_row(llkv_statement *statement, FILE *file, struct slt_text *scratch)
{
    static const struct output_format plain = {.mode = OUTPUT_JSON};
    uint32_t count = llkv_column_count(statement);
    (void)fputc('{', file);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = llkv_column_name(statement, i);
        if (i > 0) (void)fputc(',', file);
        write_json(file, (struct slt_slice){name, strlen(name)});
        (void)fputc(':', file);
        struct slt_slice text = output_cell(&plain, statement, i, scratch);
        bool bare =
            llkv_value_type(statement, i) == LLKV_TYPE_BOOLEAN || is_json_number(statement, i);
        if (llkv_value_is_null(statement, i))
            (void)fputs("null", file);
        else if (bare)
            write_slice(file, text);
        else
            write_json(file, text);
    }
    (void)fputc('}', file);
}

/* One row in a mode that needs no widths; `first` is the first of the result. */
static void write_row(const struct output_format *format, llkv_statement *statement, FILE *file,
                      bool first, struct slt_text *scratch)
{
    if (format->mode == OUTPUT_LINE) {
        if (!first) (void)fputc('\n', file);
        write_line_row(format, statement, file, scratch);
    } else if (format->mode == OUTPUT_JSON || format->mode == OUTPUT_JSONLINES) {
        if (format->mode == OUTPUT_JSON) (void)fputs(first ? "[" : ",\n", file);
        write_json_row(statement, file, scratch);
        if (format->mode == OUTPUT_JSONLINES) (void)fputc('\n', file);
    } else {
        uint32_t count = llkv_column_count(statement);
        for (uint32_t i = 0; i < count; i++) {
            struct slt_slice text = output_cell(format, statement, i, scratch);
            write_separated(format, file, i, text);
        }
        (void)fputc('\n', file);
    }
}

static llkv_code write_rows(const struct output_format *format, llkv_statement *statement,
                            FILE *file, llkv_error *error)
{
    bool separated =
        format->mode == OUTPUT_CSV || format->mode == OUTPUT_TABS || format->mode == OUTPUT_LIST;
    struct slt_text scratch = {0};
    llkv_code rc = LLKV_OK;
    bool named = false;
    for (bool first = true;; first = false) {
        bool row = false;
        rc = llkv_statement_step(statement, &row, error);
        if (separated && format->headers && !named && rc == LLKV_OK) {
            write_names(format, statement, file);
            named = true;
        }
        if (rc != LLKV_OK || !row) {
            if (format->mode == OUTPUT_JSON && !(first && rc != LLKV_OK)) {
                (void)fputs(first ? "[]\n" : "]\n", file);
            }
            break;
        }
        write_row(format, statement, file, first, &scratch);
        if (scratch.failed) {
            rc = output_nomem(error);
            break;
        }
    }
    slt_text_deinit(&scratch);
    return rc;
}

llkv_code output_statement(const struct output_format *format, llkv_statement *statement,
                           FILE *file, llkv_error *error)
{
    if (llkv_column_count(statement) == 0) {
        bool row = true;
        llkv_code rc = LLKV_OK;
        while (rc == LLKV_OK && row)
            rc = llkv_statement_step(statement, &row, error);
        return rc;
    }
    if (format->mode == OUTPUT_BOX || format->mode == OUTPUT_TABLE ||
        format->mode == OUTPUT_MARKDOWN) {
        return output_table(format, statement, file, error);
    }
    return write_rows(format, statement, file, error);
}

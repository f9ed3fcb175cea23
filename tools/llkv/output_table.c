#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "llkv/output_priv.h"

/* Widths come from the first rows; what is wider later pushes its own line to the right. */
enum { ROWS_MEASURED = 10000, BYTES_MEASURED = 16 << 20 };

struct column {
    size_t width;
    bool right;
};

struct table {
    const struct output_format *format;
    FILE *file;
    uint32_t column_count;
    struct column *columns;
    struct slt_text cells; /* of the rows kept: each a text followed by a NUL */
    size_t row_count;
    bool started; /* the head is out, widths are settled */
};

/* What a table is drawn with. */
struct lines {
    const char *across, *down;
    const char *top[3], *middle[3], *bottom[3]; /* left, between, right; NULL: no such line */
};

static const struct lines box_lines = {"\u2500",
                                       "\u2502",
                                       {"\u250c", "\u252c", "\u2510"},
                                       {"\u251c", "\u253c", "\u2524"},
                                       {"\u2514", "\u2534", "\u2518"}};
static const struct lines table_lines = {
    "-", "|", {"+", "+", "+"}, {"+", "+", "+"}, {"+", "+", "+"}};
static const struct lines markdown_lines = {
    "-", "|", {NULL, NULL, NULL}, {"|", "|", "|"}, {NULL, NULL, NULL}};

static const struct lines *lines_of(const struct table *table)
{
    if (table->format->mode == OUTPUT_BOX) return &box_lines;
    return table->format->mode == OUTPUT_MARKDOWN ? &markdown_lines : &table_lines;
}

size_t output_width(struct slt_slice text)
{
    size_t width = 0;
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text.data;
    for (size_t left = text.len; left > 0;) {
        if (*at >= 0x20 && *at < 0x7f) {
            at++;
            left--;
            width++;
            continue;
        }
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t used = utf8proc_iterate(at, (utf8proc_ssize_t)left, &point);
        if (used <= 0) { /* not UTF-8: one byte, one column */
            used = 1;
            width++;
        } else {
            int columns = utf8proc_charwidth(point);
            if (columns > 0) width += (size_t)columns;
        }
        at += used;
        left -= (size_t)used;
    }
    return width;
}

/* A cell's text on one line: control characters escaped, and what Markdown takes for a border. */
static void add_cell(struct table *table, struct slt_slice text)
{
    struct slt_text *out = &table->cells;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '\n')
            slt_text_addz(out, "\\n");
        else if (c == '\t')
            slt_text_addz(out, "\\t");
        else if (c == '\r')
            slt_text_addz(out, "\\r");
        else if (c < 0x20 || c == 0x7f)
            slt_text_addf(out, "\\x%02X", c);
        else if (c == '|' && table->format->mode == OUTPUT_MARKDOWN)
            slt_text_addz(out, "\\|");
        else
            slt_text_addc(out, (char)c);
    }
    slt_text_addc(out, '\0');
}

/* Take the next cell off the kept ones. */
static struct slt_slice next_cell(struct slt_slice *rest)
{
    struct slt_slice cell = {rest->data, strlen(rest->data)};
    rest->data += cell.len + 1;
    rest->len -= cell.len + 1;
    return cell;
}

static void measure(struct table *table)
{
    struct slt_slice rest = {table->cells.data, table->cells.len};
    while (rest.len > 0) {
        for (uint32_t i = 0; i < table->column_count && rest.len > 0; i++) {
            size_t width = output_width(next_cell(&rest));
            if (width > table->columns[i].width) table->columns[i].width = width;
        }
    }
}

static void draw_line(const struct table *table, const char *const ends[3])
{
    if (ends[0] == NULL) return;
    const struct lines *lines = lines_of(table);
    for (uint32_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        (void)fputs(ends[i == 0 ? 0 : 1], table->file);
        size_t width = column->width + 2;
        bool aligned = table->format->mode == OUTPUT_MARKDOWN && column->right;
        for (size_t j = 0; j < width - (aligned ? 1 : 0); j++) {
            (void)fputs(lines->across, table->file);
        }
        if (aligned) (void)fputc(':', table->file);
    }
    fprintf(table->file, "%s\n", ends[2]);
}

static void draw_row(const struct table *table, struct slt_slice *rest)
{
    const struct lines *lines = lines_of(table);
    for (uint32_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        struct slt_slice cell = next_cell(rest);
        size_t width = output_width(cell);
        int pad = width < column->width ? (int)(column->width - width) : 0;
        fprintf(table->file, "%s %*s", lines->down, column->right ? pad : 0, "");
        (void)fwrite(cell.data, 1, cell.len, table->file);
        fprintf(table->file, "%*s ", column->right ? 0 : pad, "");
    }
    fprintf(table->file, "%s\n", lines->down);
}

/* Print the rows kept so far; the first time, settle the widths and print the head before them
 * (the names are the first row kept). */
static void draw_kept(struct table *table)
{
    struct slt_slice rest = {table->cells.data, table->cells.len};
    if (!table->started) {
        measure(table);
        draw_line(table, lines_of(table)->top);
        draw_row(table, &rest);
        draw_line(table, lines_of(table)->middle);
        table->started = true;
    }
    while (rest.len > 0)
        draw_row(table, &rest);
    slt_text_clear(&table->cells);
    table->row_count = 0;
}

static bool begin_table(struct table *table, llkv_statement *statement)
{
    table->columns = calloc(table->column_count, sizeof *table->columns);
    if (table->columns == NULL) return false;
    for (uint32_t i = 0; i < table->column_count; i++) {
        const char *name = llkv_column_name(statement, i);
        table->columns[i].right = output_is_number(llkv_column_type(statement, i));
        add_cell(table, (struct slt_slice){name, strlen(name)});
    }
    return !table->cells.failed;
}

static llkv_code collect_rows(struct table *table, llkv_statement *statement, llkv_error *error)
{
    struct slt_text scratch = {0};
    llkv_code rc = LLKV_OK;
    for (;;) {
        bool row = false;
        rc = llkv_statement_step(statement, &row, error);
        if (rc != LLKV_OK || !row) break;
        for (uint32_t i = 0; i < table->column_count; i++) {
            add_cell(table, output_cell(table->format, statement, i, &scratch));
        }
        table->row_count++;
        if (table->cells.failed || scratch.failed) {
            rc = output_nomem(error);
            break;
        }
        if (table->row_count == ROWS_MEASURED || table->cells.len > BYTES_MEASURED) {
            draw_kept(table);
        }
    }
    slt_text_deinit(&scratch);
    return rc;
}

llkv_code output_table(const struct output_format *format, llkv_statement *statement, FILE *file,
                       llkv_error *error)
{
    struct table table = {
        .format = format, .file = file, .column_count = llkv_column_count(statement)};
    llkv_code rc;
    if (begin_table(&table, statement)) {
        rc = collect_rows(&table, statement, error);
        bool failed_early = rc != LLKV_OK && !table.started;
        if (!failed_early && !table.cells.failed) {
            draw_kept(&table);
            draw_line(&table, lines_of(&table)->bottom);
        }
    } else {
        rc = output_nomem(error);
    }
    free(table.columns);
    slt_text_deinit(&table.cells);
    return rc;
}

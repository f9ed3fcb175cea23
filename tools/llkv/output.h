/* output.h -- rows on the screen, in the mode the user chose.
 *
 * Owns:    nothing between calls.
 * Threads: one at a time. */
#ifndef SHELL_OUTPUT_H
#define SHELL_OUTPUT_H
#include <stdbool.h>
#include <stdio.h>

#include "llkv.h"
#include "slt/text.h"

/* X(id, name, help) */
#define OUTPUT_MODE_LIST(X)                                                                        \
    X(BOX, "box", "a table drawn with lines")                                                      \
    X(TABLE, "table", "a table drawn with + - |")                                                  \
    X(MARKDOWN, "markdown", "a table for documents")                                               \
    X(CSV, "csv", "comma-separated values")                                                        \
    X(TABS, "tabs", "tab-separated values")                                                        \
    X(LIST, "list", "values separated by |")                                                       \
    X(LINE, "line", "a line for each value")                                                       \
    X(JSON, "json", "an array of objects")                                                         \
    X(JSONLINES, "jsonlines", "an object on each line")

enum output_mode {
#define X(id, name, help) OUTPUT_##id,
    OUTPUT_MODE_LIST(X)
#undef X
        OUTPUT_MODE_COUNT
};

struct output_format {
    enum output_mode mode;
    bool headers;
    const char *null_text; /* NULL: the mode's own */
    char separator;        /* of list; 0: | */
};

/* False if there is no mode of that name. */
bool output_mode_find(const char *name, enum output_mode *out_mode);
const char *output_mode_name(enum output_mode mode);
const char *output_mode_help(enum output_mode mode);

/* Run the statement to its end and print its rows, if it has any. */
llkv_code output_statement(const struct output_format *format, llkv_statement *statement,
                           FILE *file, llkv_error *error);

/* How many columns of a terminal the text takes. */
size_t output_width(struct slt_slice text);
#endif

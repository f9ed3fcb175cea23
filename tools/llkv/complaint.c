#include "llkv/complaint.h"

#include <string.h>

#include "llkv/output.h"

/* Of a long line only the part around the caret is shown. */
enum { SHOWN_BEFORE = 60, SHOWN_AFTER = 40 };

static bool continues_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Tabs would put the caret elsewhere. */
static void print_plain(FILE *file, struct slt_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        (void)fputc((unsigned char)text.data[i] < 0x20 ? ' ' : text.data[i], file);
    }
}

static void print_line(FILE *file, struct slt_slice line, size_t at)
{
    size_t from = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
    size_t to = line.len - at > SHOWN_AFTER ? at + SHOWN_AFTER : line.len;
    while (from > 0 && continues_character(line.data[from]))
        from--;
    while (to < line.len && continues_character(line.data[to]))
        to++;
    size_t caret = 2 + (from > 0 ? 4 : 0);
    for (size_t i = from; i < at; i++) {
        if ((unsigned char)line.data[i] < 0x20) caret++;
    }
    caret += output_width((struct slt_slice){line.data + from, at - from});
    fprintf(file, "  %s", from > 0 ? "... " : "");
    print_plain(file, (struct slt_slice){line.data + from, to - from});
    fprintf(file, "%s\n%*s^\n", to < line.len ? " ..." : "", (int)caret, "");
}

static void print_place(FILE *file, const struct place *place, size_t offset)
{
    const char *text = place->text.data;
    size_t at = place->start + offset, line_start = 0, line_end = at;
    uint32_t line = place->first_line;
    for (size_t i = 0; i < at; i++) {
        if (text[i] != '\n') continue;
        line++;
        line_start = i + 1;
    }
    while (line_end < place->text.len && text[line_end] != '\n' && text[line_end] != '\r') {
        line_end++;
    }
    uint32_t column = 1;
    for (size_t i = line_start; i < at; i++) {
        if (!continues_character(text[i])) column++;
    }
    fprintf(file, "  at %s%sline %u, column %u\n", place->name == NULL ? "" : place->name,
            place->name == NULL ? "" : ", ", line, column);
    print_line(file, (struct slt_slice){text + line_start, line_end - line_start}, at - line_start);
}

void complaint_print(FILE *file, const llkv_error *error, const struct place *place)
{
    fprintf(file, "Error: %s\n",
            error->message[0] == '\0' ? llkv_code_text(error->code) : error->message);
    if (place != NULL && error->offset >= 0) {
        size_t offset = (size_t)error->offset;
        if (offset <= place->text.len - place->start) print_place(file, place, offset);
    }
    if (error->sqlstate[0] != '\0') fprintf(file, "  SQLSTATE %s\n", error->sqlstate);
    if (error->hint[0] != '\0') fprintf(file, "  Hint: %s\n", error->hint);
}

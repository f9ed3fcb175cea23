#include "format/csv_priv.h"

static bool is_character(char c)
{
    return c > 0 && c != '\n' && c != '\r';
}

static llkv_code refuse(struct cx *cx, const char *what)
{
    return cx_fail_at(cx, LLKV_DATA, -1, "22023", "%s", what);
}

llkv_code csv_dialect_check(struct cx *cx, const struct csv_dialect *d)
{
    const char quote = d->quote_given ? d->quote : '"';
    if (d->delimiter != 0 && !is_character(d->delimiter))
        return refuse(cx, "the delimiter must be an ASCII character");
    if (quote != 0 && !is_character(quote))
        return refuse(cx, "the quote must be an ASCII character");
    if (d->escape != 0 && !is_character(d->escape))
        return refuse(cx, "the escape must be an ASCII character");
    if (d->delimiter != 0 && (d->delimiter == quote || d->delimiter == d->escape))
        return refuse(cx, "the delimiter must not be the quote or the escape");
    if (quote == 0 && d->escape != 0) return refuse(cx, "an escape needs a quote");
    for (uint32_t i = 0; i < d->null_length; i++) {
        const char c = d->null_text[i];
        const bool ends = c == '\n' || c == '\r' || (d->delimiter != 0 && c == d->delimiter);
        if (ends || (quote != 0 && c == quote))
            return refuse(cx,
                          "the text of NULL must not hold the delimiter, the quote or a line end");
    }
    return LLKV_OK;
}

const char *csv_delimiter_name(char delimiter)
{
    switch (delimiter) {
    case ',': return "comma";
    case ';': return "semicolon";
    case '|': return "bar";
    case '\t': return "tab";
    default: return "another character";
    }
}

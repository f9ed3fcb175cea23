#include "slt/loose.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES_MAX = 64 };

/* All of the text is a number. */
static bool number_of(struct slt_slice text, long double *out)
{
    char digits[NUMBER_BYTES_MAX];
    char *end = digits;
    if (text.len == 0 || text.len >= sizeof digits) return false;
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    *out = strtold(digits, &end);
    return *end == '\0' && digits[0] != ' ';
}

static bool is_whole(struct slt_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr("+-0123456789", text.data[i]) == NULL) return false;
    return true;
}

/* Reals may differ by a hundredth of their size, as they may there. */
static bool same_number(struct slt_slice actual, struct slt_slice expected)
{
    long double a, b;
    if (!number_of(actual, &a) || !number_of(expected, &b)) return false;
    if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
    if (a == b) return true;
    if (is_whole(actual) || isinf(a) || isinf(b)) return false;
    return fabsl(a - b) <= 0.01L * fabsl(b) + 1e-8L;
}

static bool same_boolean(struct slt_slice actual, struct slt_slice expected)
{
    return (slt_slice_is(actual, "1") && slt_slice_is_nocase(expected, "true")) ||
           (slt_slice_is(actual, "0") && slt_slice_is_nocase(expected, "false"));
}

/* What the two dialects of patterns share is what the files use. */
static bool matches(struct slt_slice actual, struct slt_slice pattern)
{
    struct slt_text whole = {0}, subject = {0};
    regex_t regex;
    slt_text_addz(&whole, "^(");
    slt_text_add(&whole, pattern.data, pattern.len);
    slt_text_addz(&whole, ")$");
    slt_text_addc(&whole, '\0');
    slt_text_add(&subject, actual.data, actual.len);
    slt_text_addc(&subject, '\0');
    bool same = false;
    if (!whole.failed && !subject.failed && regcomp(&regex, whole.data, REG_EXTENDED) == 0) {
        same = regexec(&regex, subject.data, 0, NULL, 0) == 0;
        regfree(&regex);
    }
    slt_text_deinit(&whole);
    slt_text_deinit(&subject);
    return same;
}

bool slt_loose_value(struct slt_slice actual, struct slt_slice expected)
{
    static const char with[] = "<REGEX>:", without[] = "<!REGEX>:";
    const size_t with_len = sizeof with - 1, without_len = sizeof without - 1;
    if (actual.len == expected.len && memcmp(actual.data, expected.data, actual.len) == 0)
        return true;
    if (expected.len >= with_len && memcmp(expected.data, with, with_len) == 0)
        return matches(actual,
                       (struct slt_slice){expected.data + with_len, expected.len - with_len});
    if (expected.len >= without_len && memcmp(expected.data, without, without_len) == 0)
        return !matches(
            actual, (struct slt_slice){expected.data + without_len, expected.len - without_len});
    return same_boolean(actual, expected) || same_number(actual, expected);
}

static size_t count_lines(struct slt_slice text)
{
    size_t count = 0;
    struct slt_slice line;
    while (slt_slice_line(&text, &line))
        count++;
    return count;
}

static bool every_line_has_tab(struct slt_slice text)
{
    struct slt_slice line;
    bool all = text.len > 0;
    while (slt_slice_line(&text, &line))
        all = all && memchr(line.data, '\t', line.len) != NULL;
    return all;
}

/* The next value of an expected row; `last` takes all that is left. */
static struct slt_slice next_cell(struct slt_slice *rest, const char *between, bool last)
{
    size_t len = 0;
    bool blanks = between[0] == ' ';
    while (blanks && rest->len > 0 && strchr(between, rest->data[0]) != NULL)
        rest->data++, rest->len--;
    while (len < rest->len && (last || strchr(between, rest->data[len]) == NULL))
        len++;
    struct slt_slice cell = {rest->data, len};
    size_t step = len < rest->len ? len + 1 : len;
    rest->data += step;
    rest->len -= step;
    while (blanks && last && cell.len > 0 && strchr(between, cell.data[cell.len - 1]) != NULL)
        cell.len--;
    return cell;
}

static bool same_rows(const struct slt_loose *answer, const char *between)
{
    struct slt_slice actual = answer->actual, expected = answer->expected, row, value;
    while (slt_slice_line(&expected, &row)) {
        for (size_t c = 0; c < answer->columns; c++) {
            if (!slt_slice_line(&actual, &value)) return false;
            struct slt_slice cell = next_cell(&row, between, c + 1 == answer->columns);
            if (!slt_loose_value(value, cell)) return false;
        }
    }
    return actual.len == 0;
}

/* The rows as texts without the blanks: values may hold blanks themselves. */
static bool same_without_blanks(struct slt_slice actual, struct slt_slice expected)
{
    size_t a = 0, b = 0;
    for (;;) {
        while (a < actual.len && strchr(" \t\n", actual.data[a]) != NULL)
            a++;
        while (b < expected.len && strchr(" \t\n", expected.data[b]) != NULL)
            b++;
        if (a == actual.len || b == expected.len) return a == actual.len && b == expected.len;
        if (actual.data[a++] != expected.data[b++]) return false;
    }
}

bool slt_loose_same(const struct slt_loose *answer)
{
    const size_t lines = count_lines(answer->expected);
    const size_t rows = answer->columns == 0 ? 0 : answer->count / answer->columns;
    if (answer->blanks)
        return lines == rows ? same_rows(answer, " \t") ||
                                   same_without_blanks(answer->actual, answer->expected)
                             : same_without_blanks(answer->actual, answer->expected);
    bool by_row = answer->columns > 1 && (lines == rows || every_line_has_tab(answer->expected));
    if (by_row) return same_rows(answer, "\t");
    struct slt_loose single = *answer;
    single.columns = 1;
    return lines == answer->count && same_rows(&single, "");
}

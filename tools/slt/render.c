#include "slt/render.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIGNIFICANT_DIGITS = 16, FRACTION_DIGITS = 3 };

void slt_render_int64(struct slt_text *out, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) digits[--at] = '-';
    slt_text_add(out, digits + at, sizeof digits - at);
}

void slt_render_truncated(struct slt_text *out, double value)
{
    if (isnan(value))
        slt_render_int64(out, 0);
    else if (value >= 9223372036854775807.0)
        slt_render_int64(out, INT64_MAX);
    else if (value <= -9223372036854775808.0)
        slt_render_int64(out, INT64_MIN);
    else
        slt_render_int64(out, (int64_t)value);
}

void slt_render_prefix(struct slt_text *out, struct slt_slice text)
{
    size_t i = 0;
    while (i < text.len &&
           (text.data[i] == ' ' || (text.data[i] >= '\t' && text.data[i] <= '\r'))) {
        i++;
    }
    bool negative = i < text.len && text.data[i] == '-';
    if (negative || (i < text.len && text.data[i] == '+')) i++;
    const uint64_t max = negative ? (uint64_t)1 << 63 : INT64_MAX;
    uint64_t value = 0;
    for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        value = value > (max - digit) / 10 ? max : value * 10 + digit;
        if (value == max) break;
    }
    if (negative && value == max)
        slt_render_int64(out, INT64_MIN);
    else
        slt_render_int64(out, negative ? -(int64_t)value : (int64_t)value);
}

/* A magnitude of at least 14 digits before the point: its 16 significant digits, then zeros. */
static void render_large(struct slt_text *out, double magnitude)
{
    char form[40];
    (void)snprintf(form, sizeof form, "%.*e", SIGNIFICANT_DIGITS - 1, magnitude); /* fits */
    int exponent = 0;
    const char *e = strchr(form, 'e');
    if (e == NULL || sscanf(e + 1, "%d", &exponent) != 1) return; /* cannot be: it is finite */
    for (int place = 0; place <= exponent + FRACTION_DIGITS; place++) {
        if (place == exponent + 1) slt_text_addc(out, '.');
        int digit = place == 0 ? 0 : place + 1; /* form is d.ddd */
        slt_text_addc(out, place < SIGNIFICANT_DIGITS ? form[digit] : '0');
    }
}

/* Below that: halves round up, also those that are a hair short of one in binary, as SQLite's
 * printf rounds them. */
static void render_small(struct slt_text *out, double magnitude)
{
    long double exact = (long double)magnitude;
    if (magnitude < 68719476736.0) exact += exact * 3e-16L;
    exact += 0.0005L;
    uint64_t whole = (uint64_t)exact;
    uint64_t thousandths = (uint64_t)((exact - (long double)whole) * 1000.0L);
    if (thousandths > 999) thousandths = 999;
    slt_text_addf(out, "%" PRIu64 ".%03" PRIu64, whole, thousandths);
}

void slt_render_real(struct slt_text *out, double value)
{
    if (isnan(value)) {
        slt_text_addz(out, "NULL"); /* SQLite has no NaN */
        return;
    }
    if (value < 0) slt_text_addc(out, '-');
    double magnitude = fabs(value);
    if (isinf(value))
        slt_text_addz(out, "Inf");
    else if (magnitude < 1e13)
        render_small(out, magnitude);
    else
        render_large(out, magnitude);
}

void slt_render_real_text(struct slt_text *out, double value)
{
    char form[40];
    if (isnan(value)) {
        slt_text_addz(out, "NULL");
        return;
    }
    if (isinf(value)) {
        slt_text_addz(out, value < 0 ? "-Inf" : "Inf");
        return;
    }
    (void)snprintf(form, sizeof form, "%.15g", value == 0.0 ? 0.0 : value); /* no -0; fits */
    size_t mantissa = strcspn(form, "e");
    bool point = memchr(form, '.', mantissa) != NULL;
    slt_text_add(out, form, mantissa);
    if (!point) slt_text_addz(out, ".0");
    slt_text_addz(out, form + mantissa);
}

void slt_render_text(struct slt_text *out, struct slt_slice text, bool utf8)
{
    if (text.len == 0) {
        slt_text_addz(out, "(empty)");
        return;
    }
    char *to = slt_text_room(out, text.len);
    if (to == NULL) return;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool shown = c >= 0x20 && (c < 0x7f || (utf8 && c > 0x7f));
        to[i] = shown ? (char)c : '@';
    }
    out->len += text.len;
}

/* Integers that 64 signed bits do not hold. */
static bool is_wide_integer(llkv_type type)
{
    return type == LLKV_TYPE_HUGEINT || type == LLKV_TYPE_UBIGINT || type == LLKV_TYPE_UHUGEINT;
}

static void render_integer(struct slt_text *out, llkv_statement *statement, uint32_t column)
{
    llkv_type type = llkv_value_type(statement, column);
    switch (type) {
    case LLKV_TYPE_BOOLEAN:
        slt_text_addc(out, llkv_value_bool(statement, column) ? '1' : '0');
        return;
    case LLKV_TYPE_TINYINT:
    case LLKV_TYPE_SMALLINT:
    case LLKV_TYPE_INTEGER:
    case LLKV_TYPE_BIGINT:
    case LLKV_TYPE_UTINYINT:
    case LLKV_TYPE_USMALLINT:
    case LLKV_TYPE_UINTEGER: slt_render_int64(out, llkv_value_int64(statement, column)); return;
    case LLKV_TYPE_FLOAT:
    case LLKV_TYPE_DOUBLE: slt_render_truncated(out, llkv_value_double(statement, column)); return;
    case LLKV_TYPE_NULL:
    case LLKV_TYPE_NUMBER: /* of a column; a value is either integer or real */
    case LLKV_TYPE_HUGEINT:
    case LLKV_TYPE_UBIGINT:
    case LLKV_TYPE_UHUGEINT:
    case LLKV_TYPE_DECIMAL:
    case LLKV_TYPE_VARCHAR:
    case LLKV_TYPE_BLOB:
    case LLKV_TYPE_DATE:
    case LLKV_TYPE_TIME:
    case LLKV_TYPE_TIMESTAMP:
    case LLKV_TYPE_TIMESTAMPTZ:
    case LLKV_TYPE_INTERVAL:
    case LLKV_TYPE_UUID: break;
    }
    size_t len = 0;
    const char *text = llkv_value_text(statement, column, &len);
    if (text == NULL)
        out->failed = true;
    else if (is_wide_integer(type))
        slt_text_add(out, text, len);
    else
        slt_render_prefix(out, (struct slt_slice){text, len});
}

static void render_as_text(struct slt_text *out, llkv_statement *statement, uint32_t column,
                           const struct slt_dialect *dialect)
{
    llkv_type type = llkv_value_type(statement, column);
    if (type == LLKV_TYPE_BOOLEAN) {
        slt_text_addc(out, llkv_value_bool(statement, column) ? '1' : '0');
        return;
    }
    if (dialect->sqlite_reals && (type == LLKV_TYPE_DOUBLE || type == LLKV_TYPE_FLOAT)) {
        slt_render_real_text(out, llkv_value_double(statement, column));
        return;
    }
    size_t len = 0;
    const char *text = llkv_value_text(statement, column, &len);
    if (text == NULL)
        out->failed = true;
    else
        slt_render_text(out, (struct slt_slice){text, len}, dialect->utf8);
}

void slt_render_value(struct slt_text *out, llkv_statement *statement, uint32_t column, char type,
                      const struct slt_dialect *dialect)
{
    if (llkv_value_is_null(statement, column)) {
        slt_text_add(out, "NULL", 4);
        return;
    }
    if (type == 'I') {
        render_integer(out, statement, column);
    } else if (type == 'R') {
        bool boolean = llkv_value_type(statement, column) == LLKV_TYPE_BOOLEAN;
        slt_render_real(out, boolean ? (llkv_value_bool(statement, column) ? 1.0 : 0.0)
                                     : llkv_value_double(statement, column));
    } else {
        render_as_text(out, statement, column, dialect);
    }
}

#include "base/number.h"

#include <assert.h>
#include <string.h>

#include "base/number_scan.h"

#define U128_MAX (~(u128)0)
#define I128_MIN_MAGNITUDE ((u128)1 << 127)

const uint64_t number_powers_of_10[20] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

u128 number_pow10(uint32_t n)
{
    assert(n <= NUMBER_DIGITS_MAX);
    return n <= 19 ? number_powers_of_10[n]
                   : (u128)number_powers_of_10[n - 19] * number_powers_of_10[19];
}

/* The digits of `value` so that they end right before `end`, at least `digits_min` of them; returns
 * where they begin. */
static char *put_u64(uint64_t value, uint32_t digits_min, char *end)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233"
        "34353637383940414243444546474849505152535455565758596061626364656667"
        "6869707172737475767778798081828384858687888990919293949596979899";
    char *p = end;
    while (value >= 100) {
        p -= 2;
        memcpy(p, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        p -= 2;
        memcpy(p, pairs + 2 * value, 2);
    } else if (value != 0 || p == end) {
        *--p = (char)('0' + value);
    }
    while (end - p < (ptrdiff_t)digits_min)
        *--p = '0';
    return p;
}

static char *put_u128(u128 value, char *end)
{
    const uint64_t chunk = 10000000000000000000u; /* 10^19 */
    char *p = end;
    while (value >> 64 != 0) {
        p = put_u64((uint64_t)(value % chunk), 19, p);
        value /= chunk;
    }
    return value == 0 && p != end ? p : put_u64((uint64_t)value, 1, p);
}

static size_t finish(const char *begin, const char *end, char *out)
{
    size_t len = (size_t)(end - begin);
    assert(len < NUMBER_TEXT_MAX);
    memcpy(out, begin, len);
    out[len] = '\0';
    return len;
}

size_t number_print_u64(uint64_t value, char *out)
{
    char text[NUMBER_TEXT_MAX];
    char *end = text + sizeof text;
    return finish(put_u64(value, 1, end), end, out);
}

size_t number_print_i64(int64_t value, char *out)
{
    char text[NUMBER_TEXT_MAX];
    char *end = text + sizeof text;
    char *begin = put_u64(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1, end);
    if (value < 0) *--begin = '-';
    return finish(begin, end, out);
}

size_t number_print_u128(u128 value, char *out)
{
    char text[NUMBER_TEXT_MAX];
    char *end = text + sizeof text;
    return finish(put_u128(value, end), end, out);
}

size_t number_print_i128(i128 value, char *out)
{
    return number_print_decimal(value, 0, out);
}

size_t number_print_decimal(i128 value, uint32_t scale, char *out)
{
    assert(scale <= NUMBER_DIGITS_MAX);
    char text[NUMBER_TEXT_MAX];
    char *end = text + sizeof text;
    char *begin = put_u128(value < 0 ? 0 - (u128)value : (u128)value, end);
    if (scale != 0) {
        while (end - begin <= (ptrdiff_t)scale)
            *--begin = '0';
        size_t whole = (size_t)(end - begin) - scale;
        memmove(begin - 1, begin, whole);
        begin--;
        begin[whole] = '.';
    }
    if (value < 0) *--begin = '-';
    return finish(begin, end, out);
}

static enum text_result parse_magnitude(struct slice digits, u128 limit, u128 *out)
{
    if (digits.len == 0) return TEXT_INVALID;
    uint64_t low = 0;
    size_t i = 0;
    for (; i < digits.len && i < 19; i++) { /* 19 digits fit 64 bits */
        uint32_t digit = (uint8_t)digits.data[i] - (uint32_t)'0';
        if (digit > 9) return TEXT_INVALID;
        low = low * 10 + digit;
    }
    u128 value = low;
    bool fits = true;
    for (; i < digits.len; i++) {
        uint32_t digit = (uint8_t)digits.data[i] - (uint32_t)'0';
        if (digit > 9) return TEXT_INVALID;
        if (value > (U128_MAX - digit) / 10) fits = false;
        value = value * 10 + digit;
    }
    if (!fits || value > limit) return TEXT_RANGE;
    *out = value;
    return TEXT_OK;
}

static bool take_sign(struct slice *text)
{
    if (text->len == 0 || (text->data[0] != '-' && text->data[0] != '+')) return false;
    bool negative = text->data[0] == '-';
    text->data++;
    text->len--;
    return negative;
}

enum text_result number_parse_i64(struct slice text, int64_t *out_value)
{
    bool negative = take_sign(&text);
    u128 value;
    enum text_result result = parse_magnitude(text, (u128)INT64_MAX + negative, &value);
    if (result == TEXT_OK) *out_value = (int64_t)(negative ? 0 - (uint64_t)value : (uint64_t)value);
    return result;
}

enum text_result number_parse_u64(struct slice text, uint64_t *out_value)
{
    bool negative = take_sign(&text);
    u128 value;
    enum text_result result = parse_magnitude(text, negative ? 0 : UINT64_MAX, &value);
    if (result == TEXT_OK) *out_value = (uint64_t)value;
    return result;
}

enum text_result number_parse_i128(struct slice text, i128 *out_value)
{
    bool negative = take_sign(&text);
    u128 value;
    enum text_result result = parse_magnitude(text, I128_MIN_MAGNITUDE - !negative, &value);
    if (result == TEXT_OK) *out_value = (i128)(negative ? 0 - value : value);
    return result;
}

enum text_result number_parse_u128(struct slice text, u128 *out_value)
{
    bool negative = take_sign(&text);
    u128 value;
    enum text_result result = parse_magnitude(text, negative ? 0 : U128_MAX, &value);
    if (result == TEXT_OK) *out_value = value;
    return result;
}

static uint32_t digit_value(char c)
{
    if (c >= '0' && c <= '9') return (uint32_t)(c - '0');
    uint32_t letter = (uint8_t)c | 0x20u;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : 16;
}

/* "0x..." or "0b..." behind the sign: is it one, and what is it? */
static bool parse_radix(struct slice text, enum text_result *out_result, u128 *out)
{
    if (text.len < 2 || text.data[0] != '0') return false;
    char mark = (char)(text.data[1] | 0x20);
    if (mark != 'x' && mark != 'b') return false;
    uint32_t bits = mark == 'x' ? 4 : 1;
    u128 value = 0;
    bool fits = true;
    bool after_digit = false;
    for (size_t i = 2; i < text.len; i++) {
        if (text.data[i] == '_' && after_digit && i + 1 < text.len) {
            after_digit = false;
            continue;
        }
        uint32_t digit = digit_value(text.data[i]);
        *out_result = TEXT_INVALID;
        if (digit >= 1u << bits) return true;
        if (value >> (128 - bits) != 0) fits = false;
        value = value << bits | digit;
        after_digit = true;
    }
    *out_result = !after_digit ? TEXT_INVALID : fits ? TEXT_OK : TEXT_RANGE;
    if (*out_result == TEXT_OK) *out = value;
    return true;
}

/* round(text * 10^scale), sign apart. */
static enum text_result scaled_magnitude(const struct number_scan *scan, uint32_t scale, u128 *out)
{
    int64_t point = (int64_t)scan->whole_digits + scan->exponent + (int64_t)scale;
    struct digit_walk walk = digit_walk_begin(scan);
    u128 value = 0;
    uint32_t digit;
    int64_t i = 0;
    for (; i < point && digit_walk_next(&walk, &digit); i++) {
        if (value > (U128_MAX - digit) / 10) return TEXT_RANGE;
        value = value * 10 + digit;
    }
    for (; i < point && value != 0; i++) {
        if (value > U128_MAX / 10) return TEXT_RANGE;
        value *= 10;
    }
    /* The first digit that does not count decides: halves go away from zero. */
    if (i == point && point >= 0 && digit_walk_next(&walk, &digit) && digit >= 5) {
        if (value == U128_MAX) return TEXT_RANGE;
        value++;
    }
    *out = value;
    return TEXT_OK;
}

static enum text_result cast_scaled(struct slice text, uint32_t scale, bool *out_negative,
                                    u128 *out)
{
    struct number_scan scan;
    struct slice rest = slice_trim(text);
    *out_negative = take_sign(&rest);
    enum text_result result;
    u128 value = 0;
    if (parse_radix(rest, &result, &value)) {
        if (result == TEXT_OK && value > U128_MAX / number_pow10(scale)) result = TEXT_RANGE;
        if (result == TEXT_OK) *out = value * number_pow10(scale);
        return result;
    }
    if (number_scan(rest, &scan) != rest.len || rest.len == 0) return TEXT_INVALID;
    return scaled_magnitude(&scan, scale, out);
}

enum text_result number_cast_i128(struct slice text, i128 *out_value)
{
    bool negative;
    u128 value;
    enum text_result result = cast_scaled(text, 0, &negative, &value);
    if (result != TEXT_OK) return result;
    if (value > I128_MIN_MAGNITUDE - !negative) return TEXT_RANGE;
    *out_value = (i128)(negative ? 0 - value : value);
    return TEXT_OK;
}

enum text_result number_cast_u128(struct slice text, u128 *out_value)
{
    bool negative;
    u128 value;
    enum text_result result = cast_scaled(text, 0, &negative, &value);
    if (result != TEXT_OK) return result;
    if (negative && value != 0) return TEXT_RANGE;
    *out_value = value;
    return TEXT_OK;
}

enum text_result number_cast_decimal(struct slice text, uint32_t precision, uint32_t scale,
                                     i128 *out_value)
{
    assert(precision <= NUMBER_DIGITS_MAX);
    assert(scale <= precision);
    bool negative;
    u128 value;
    enum text_result result = cast_scaled(text, scale, &negative, &value);
    if (result != TEXT_OK) return result;
    if (value >= number_pow10(precision)) return TEXT_RANGE;
    *out_value = negative ? -(i128)value : (i128)value;
    return TEXT_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice text)
{
    while (text.len != 0 && is_blank(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len != 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

/* Digits from `at`, with single underscores between them if wanted; returns where they end. */
static size_t scan_digits(struct slice text, size_t at, bool underscores, size_t *out_digits)
{
    size_t digits = 0;
    for (; at < text.len; at++) {
        if (text.data[at] >= '0' && text.data[at] <= '9') {
            digits++;
            continue;
        }
        bool between = underscores && text.data[at] == '_' && digits != 0 && at + 1 < text.len &&
                       text.data[at - 1] != '_' && text.data[at + 1] >= '0' &&
                       text.data[at + 1] <= '9';
        if (!between) break;
    }
    *out_digits = digits;
    return at;
}

/* An exponent at `at`, if a complete one stands there. */
static size_t scan_exponent(struct slice text, size_t at, int64_t *out_exponent)
{
    enum { EXPONENT_MAX = 1000000000 }; /* beyond what any count of digits can make up for */
    size_t i = at + 1;
    if (at >= text.len || (text.data[at] | 0x20) != 'e') return at;
    bool negative = i < text.len && text.data[i] == '-';
    if (i < text.len && (text.data[i] == '-' || text.data[i] == '+')) i++;
    size_t digits;
    size_t end = scan_digits(text, i, false, &digits);
    if (digits == 0) return at;
    int64_t exponent = 0;
    for (; i < end; i++)
        if (exponent < EXPONENT_MAX) exponent = exponent * 10 + (text.data[i] - '0');
    if (exponent > EXPONENT_MAX) exponent = EXPONENT_MAX;
    *out_exponent = negative ? -exponent : exponent;
    return end;
}

static size_t scan_number(struct slice text, bool underscores, struct number_scan *out)
{
    *out = (struct number_scan){0};
    size_t fraction_digits = 0;
    size_t end = scan_digits(text, 0, underscores, &out->whole_digits);
    out->whole = (struct slice){text.data, end};
    if (end < text.len && text.data[end] == '.') {
        size_t begin = end + 1;
        size_t fraction_end = scan_digits(text, begin, underscores, &fraction_digits);
        out->fraction = (struct slice){text.data + begin, fraction_end - begin};
        if (out->whole_digits + fraction_digits != 0) end = fraction_end;
    }
    if (out->whole_digits + fraction_digits == 0) return 0;
    return scan_exponent(text, end, &out->exponent);
}

size_t number_scan(struct slice text, struct number_scan *out)
{
    return scan_number(text, true, out);
}

struct slice number_prefix(struct slice text, bool *out_is_integer)
{
    size_t at = 0;
    while (at < text.len && is_blank(text.data[at]))
        at++;
    struct slice rest = {text.data + at, text.len - at};
    (void)take_sign(&rest); /* only its place matters here */
    struct number_scan scan;
    size_t used = scan_number(rest, false, &scan);
    *out_is_integer = used != 0 && used == scan.whole.len;
    if (used == 0) return (struct slice){text.data, 0};
    return (struct slice){text.data, (size_t)(rest.data - text.data) + used};
}

/* number_plain.h -- the texts that numbers mostly have, read without a call: a sign and few digits.
 *
 * False means nothing but "ask number.h": where a text is read here, it means what it means there.
 * The outputs change only on success. */
#ifndef BASE_NUMBER_PLAIN_H
#define BASE_NUMBER_PLAIN_H
#include "base/number.h"

enum { PLAIN_DIGITS_MAX = 18 }; /* always fit int64_t */

/* 8 characters that are all digits, as a number. */
ALWAYS_INLINE bool number_eight_digits(const char *p, uint64_t *out)
{
    uint64_t v;
    memcpy(&v, p, sizeof v); /* the first digit in the lowest byte */
    const uint64_t zeros = v ^ UINT64_C(0x3030303030303030);
    const uint64_t over = zeros + UINT64_C(0x7676767676767676); /* beyond 9: the top bit */
    if (((zeros | over) & UINT64_C(0x8080808080808080)) != 0) return false;
    v = zeros * 10 + (zeros >> 8);
    v = (((v & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064)) +
         (((v >> 16) & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001))) >>
        32;
    *out = v & UINT32_MAX;
    return true;
}

/* Digits only, at least one; the caller sees to their number. */
ALWAYS_INLINE bool number_digits(const char *p, size_t len, uint64_t *io_value)
{
    uint64_t value = *io_value, eight;
    size_t i = 0;
    if (len == 0) return false;
    for (; len - i >= 8; i += 8) {
        if (!number_eight_digits(p + i, &eight)) return false;
        value = value * 100000000 + eight;
    }
    for (; i < len; i++) {
        const uint32_t digit = (uint32_t)(uint8_t)p[i] - '0';
        if (digit > 9) return false;
        value = value * 10 + digit;
    }
    *io_value = value;
    return true;
}

/* [-]digits, at most 18. */
ALWAYS_INLINE bool number_plain_i64(struct slice text, int64_t *out)
{
    const bool negative = text.len != 0 && text.data[0] == '-';
    const size_t len = text.len - negative;
    uint64_t value = 0;
    if (len > PLAIN_DIGITS_MAX || !number_digits(text.data + negative, len, &value)) return false;
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* [-]digits[.digits] with no more digits behind the point than `scale`, times 10^scale; at most 18
 * digits altogether, and at most `precision`. */
ALWAYS_INLINE bool number_plain_decimal(struct slice text, uint32_t precision, uint32_t scale,
                                        int64_t *out)
{
    const bool negative = text.len != 0 && text.data[0] == '-';
    const char *p = text.data + negative;
    const size_t len = text.len - negative;
    size_t whole = 0, fraction = 0;
    uint64_t value = 0;
    if (scale > PLAIN_DIGITS_MAX || len > PLAIN_DIGITS_MAX + 1) return false;
    while (whole < len && p[whole] != '.')
        whole++;
    if (whole + scale > PLAIN_DIGITS_MAX || !number_digits(p, whole, &value)) return false;
    if (whole < len) {
        fraction = len - whole - 1;
        if (fraction > scale || !number_digits(p + whole + 1, fraction, &value)) return false;
    }
    value *= number_powers_of_10[scale - fraction];
    if (precision < PLAIN_DIGITS_MAX && value >= number_powers_of_10[precision]) return false;
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* [-]digits[.digits], at most 15 digits altogether: the digits as an integer and the power of ten
 * are exact, so their quotient is the nearest double. */
ALWAYS_INLINE bool number_plain_double(struct slice text, double *out)
{
    enum { EXACT_DIGITS_MAX = 15 };
    const bool negative = text.len != 0 && text.data[0] == '-';
    const char *p = text.data + negative;
    const size_t len = text.len - negative;
    size_t whole = 0, fraction = 0;
    uint64_t value = 0;
    if (len > EXACT_DIGITS_MAX + 1) return false;
    while (whole < len && p[whole] != '.')
        whole++;
    if (whole > EXACT_DIGITS_MAX || !number_digits(p, whole, &value)) return false;
    if (whole < len) {
        fraction = len - whole - 1;
        if (!number_digits(p + whole + 1, fraction, &value)) return false;
    }
    const double magnitude = (double)value / (double)number_powers_of_10[fraction];
    *out = negative ? -magnitude : magnitude;
    return true;
}
#endif

/* number.h -- numbers and their texts, the same in every locale.
 *
 * Printing writes at most NUMBER_TEXT_MAX bytes with the NUL and returns the length without it.
 * Parsing takes the whole slice or fails; the outputs change only on success. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H
#include <stdint.h>

#include <stdbool.h>

#include "base/compiler.h"
#include "base/slice.h"

enum { NUMBER_TEXT_MAX = 48, NUMBER_DIGITS_MAX = 38 };

/* What became of a text that was read as a value (dates use it as well). */
enum text_result {
    TEXT_OK,
    TEXT_INVALID, /* not the text of such a value */
    TEXT_RANGE,   /* it is, but of one that does not fit */
};

size_t number_print_i64(int64_t value, char *out);
size_t number_print_u64(uint64_t value, char *out);
size_t number_print_i128(i128 value, char *out);
size_t number_print_u128(u128 value, char *out);
/* value / 10^scale with exactly `scale` digits behind the point; scale <= 38. */
size_t number_print_decimal(i128 value, uint32_t scale, char *out);
/* The shortest text that reads back as the same value, with ".0" or an exponent: an exponent below
 * 1e-4 and from 1e16 on, with a sign and two digits at least. "inf", "-inf", "nan". */
size_t number_print_double(double value, char *out);
size_t number_print_float(float value, char *out);

/* A sign and decimal digits, nothing else. */
NODISCARD enum text_result number_parse_i64(struct slice text, int64_t *out_value);
NODISCARD enum text_result number_parse_u64(struct slice text, uint64_t *out_value);
NODISCARD enum text_result number_parse_i128(struct slice text, i128 *out_value);
NODISCARD enum text_result number_parse_u128(struct slice text, u128 *out_value);

/* The same as CAST reads text: blanks around, one underscore between digits, 0x and 0b, a point and
 * an exponent; halves are rounded away from zero. */
NODISCARD enum text_result number_cast_i128(struct slice text, i128 *out_value);
NODISCARD enum text_result number_cast_u128(struct slice text, u128 *out_value);
/* round(text * 10^scale) with at most `precision` digits. */
NODISCARD enum text_result number_cast_decimal(struct slice text, uint32_t precision,
                                               uint32_t scale, i128 *out_value);
/* The nearest value, ties to even. Blanks around, underscores, "inf", "infinity" and "nan" in any
 * case are read; too large is TEXT_RANGE, too small is zero. */
NODISCARD enum text_result number_cast_double(struct slice text, double *out_value);
NODISCARD enum text_result number_cast_float(struct slice text, float *out_value);

/* The longest beginning of `text` that reads as a number, leading blanks included; empty if there
 * is none. *out_is_integer: a sign and digits only. What it returns passes number_cast_double. */
struct slice number_prefix(struct slice text, bool *out_is_integer);

/* Without the blanks (space, \t, \n, \v, \f, \r) at both ends. */
struct slice slice_trim(struct slice text);

/* 10^n, n <= 38. */
u128 number_pow10(uint32_t n);
/* Those that fit 64 bits. */
extern const uint64_t number_powers_of_10[20];
#endif

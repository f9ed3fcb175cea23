/* number_scan.h -- the decimal digits of a number's text. Shared by number.c and number_real.c. */
#ifndef BASE_NUMBER_SCAN_H
#define BASE_NUMBER_SCAN_H
#include "base/number.h"

/* whole.fraction * 10^exponent. The digits may have underscores between them. */
struct number_scan {
    struct slice whole, fraction;
    size_t whole_digits;
    int64_t exponent;
};

/* Read an unsigned decimal number at the beginning of `text`; returns its bytes, 0 if there is
 * none. */
size_t number_scan(struct slice text, struct number_scan *out);

/* The digits one by one, the point left out. */
struct digit_walk {
    struct slice part, next_part;
    size_t at;
};

ALWAYS_INLINE struct digit_walk digit_walk_begin(const struct number_scan *scan)
{
    return (struct digit_walk){scan->whole, scan->fraction, 0};
}

ALWAYS_INLINE bool digit_walk_next(struct digit_walk *walk, uint32_t *out_digit)
{
    for (;;) {
        if (walk->at == walk->part.len) {
            if (walk->next_part.len == 0) return false;
            walk->part = walk->next_part;
            walk->next_part.len = 0;
            walk->at = 0;
        }
        char c = walk->part.data[walk->at++];
        if (c == '_') continue;
        *out_digit = (uint32_t)(c - '0');
        return true;
    }
}
#endif

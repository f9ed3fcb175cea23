/* number.h -- values that are integer or real one by one, as SQLite has them. */
#ifndef COMPUTE_NUMBER_H
#define COMPUTE_NUMBER_H
#include "arrow/type.h"

ALWAYS_INLINE struct number number_int(int64_t i)
{
    return (struct number){.i = i};
}
ALWAYS_INLINE struct number number_real(double d)
{
    return (struct number){.d = d, .is_real = 1};
}
ALWAYS_INLINE double number_to_real(struct number x)
{
    return x.is_real ? x.d : (double)x.i;
}
/* Towards zero; what does not fit becomes the nearest that does, NaN becomes 0. */
ALWAYS_INLINE int64_t real_to_int(double x)
{
    if (!(x >= -0x1p63)) return x != x ? 0 : INT64_MIN;
    return x >= 0x1p63 ? INT64_MAX : (int64_t)x;
}
ALWAYS_INLINE int64_t number_to_int(struct number x)
{
    return x.is_real ? real_to_int(x.d) : x.i;
}

/* Exact, integer against real; NaN equals NaN and is above everything. < 0, 0, > 0. */
int number_compare(struct number a, struct number b);
#endif

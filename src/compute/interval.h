/* interval.h -- the order of intervals: months count 30 days, days 24 hours. */
#ifndef COMPUTE_INTERVAL_H
#define COMPUTE_INTERVAL_H
#include "arrow/type.h"

/* The normal form: all in microseconds. Equal intervals have equal ones. */
ALWAYS_INLINE i128 interval_micros(struct interval x)
{
    const int64_t days = (int64_t)x.months * 30 + x.days;
    return (i128)days * INT64_C(86400000000) + x.micros;
}
#endif

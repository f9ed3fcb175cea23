/* date_part.h -- the fields of times by name, for the files of this folder. */
#ifndef FUNC_DATE_PART_H
#define FUNC_DATE_PART_H
#include "base/date.h"
#include "func/func_priv.h"

/* X(NAME): a field that date_part, date_trunc and date_diff know. */
#define DATE_PART_LIST(X)                                                                          \
    X(MICROSECOND)                                                                                 \
    X(MILLISECOND)                                                                                 \
    X(SECOND)                                                                                      \
    X(MINUTE)                                                                                      \
    X(HOUR)                                                                                        \
    X(DAY)                                                                                         \
    X(WEEK)                                                                                        \
    X(MONTH)                                                                                       \
    X(QUARTER)                                                                                     \
    X(YEAR)                                                                                        \
    X(DECADE)                                                                                      \
    X(CENTURY)                                                                                     \
    X(MILLENNIUM)                                                                                  \
    X(DOW)                                                                                         \
    X(ISODOW)                                                                                      \
    X(DOY)                                                                                         \
    X(ISOYEAR)                                                                                     \
    X(YEARWEEK)                                                                                    \
    X(ERA)                                                                                         \
    X(EPOCH)                                                                                       \
    X(TIMEZONE)                                                                                    \
    X(JULIAN)

enum date_part {
#define X(name) PART_##name,
    DATE_PART_LIST(X)
#undef X
        PART_COUNT
};

/* By its name, in any case and number ("year", "years", "y" ...); LLKV_DATA (22023) if there is
 * none. */
NODISCARD llkv_code date_part_find(struct func_call *call, struct slice name,
                                   enum date_part *out_part);

/* What fields are taken of: the time of day of a DATE is 0, the day of a TIME 1970-01-01. */
struct moment {
    int64_t days, time;
    struct interval interval;
    bool is_interval, is_finite;
};
struct moment date_moment(const struct func_call *call, uint32_t k, uint32_t i);
/* False: the moment has no such field (it is infinite): NULL. */
bool date_part_get(enum date_part part, const struct moment *moment, int64_t *out_value);
/* The same for second and epoch with their fractions. */
double date_part_real(enum date_part part, const struct moment *moment);
#endif

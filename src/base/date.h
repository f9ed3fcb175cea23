/* date.h -- days, times of day and timestamps, and their texts. Proleptic Gregorian, no leap
 * seconds; year 0 is 1 BC.
 *
 * DATE is days since 1970-01-01, TIME microseconds since midnight, TIMESTAMP microseconds since
 * 1970-01-01 00:00:00. The ends of the ranges stand for infinity. Printing writes at most
 * DATE_TEXT_MAX bytes with the NUL and returns the length without it; the outputs of parsing change
 * only on success. */
#ifndef BASE_DATE_H
#define BASE_DATE_H
#include <stdint.h>

#include <stdbool.h>

#include "base/compiler.h"
#include "base/number.h"
#include "base/slice.h"

enum { DATE_TEXT_MAX = 128 };

#define MICROS_PER_SECOND INT64_C(1000000)
#define MICROS_PER_DAY INT64_C(86400000000)

#define DATE_INFINITY INT32_MAX
#define DATE_MINUS_INFINITY (-INT32_MAX)
#define DATE_MIN (-INT32_MAX + 1) /* 5877642-06-25 (BC) */
#define DATE_MAX (INT32_MAX - 1)  /* 5881580-07-10 */
#define TIMESTAMP_INFINITY INT64_MAX
#define TIMESTAMP_MINUS_INFINITY (-INT64_MAX)
#define TIMESTAMP_MIN INT64_C(-9223372022400000000) /* 290309-12-22 (BC) 00:00:00 */
#define TIMESTAMP_MAX (INT64_MAX - 1)               /* 294247-01-10 04:00:54.775806 */

struct civil {
    int64_t year; /* 0 is 1 BC */
    uint32_t month, day;
};

/* Any day whose year fits 32 bits. */
int64_t date_from_civil(int64_t year, uint32_t month, uint32_t day);
struct civil date_to_civil(int64_t days);
bool date_is_leap_year(int64_t year);
/* 28..31; month is 1..12. */
uint32_t date_days_in_month(int64_t year, uint32_t month);
/* The day `months` later, cut to the last of its month; false if that is out of DATE's range. */
NODISCARD bool date_add_months(int32_t days, int64_t months, int32_t *out_days);
/* 1 = Monday .. 7 = Sunday */
uint32_t date_weekday(int64_t days);
/* The ISO 8601 week 1..53 and the year that it belongs to. */
uint32_t date_iso_week(int64_t days, int64_t *out_year);

/* Split a finite timestamp: the day, and the microseconds since its midnight. */
ALWAYS_INLINE int64_t timestamp_days(int64_t micros, int64_t *out_time)
{
    int64_t days = micros / MICROS_PER_DAY;
    int64_t time = micros % MICROS_PER_DAY;
    *out_time = time < 0 ? time + MICROS_PER_DAY : time;
    return time < 0 ? days - 1 : days;
}
/* False if it is out of range. `time` may be a whole day or more, or negative. */
NODISCARD bool timestamp_make(int64_t days, int64_t time, int64_t *out_micros);
/* DATE to TIMESTAMP and back, infinities included; false if out of range. */
NODISCARD bool timestamp_from_date(int32_t days, int64_t *out_micros);
int32_t timestamp_to_date(int64_t micros);

/* "2024-02-29", "0044-03-15 (BC)", "infinity" */
size_t date_print(int32_t days, char *out);
/* "04:05:06", "04:05:06.7"; 0 <= micros <= MICROS_PER_DAY */
size_t time_print(int64_t micros, char *out);
/* The day and the time with a blank between them. */
size_t timestamp_print(int64_t micros, char *out);
/* The same moment as clocks show it `offset_seconds` east of Greenwich, and that: "+00", "-03:30"
 */
size_t timestamp_print_offset(int64_t micros, int32_t offset_seconds, char *out);
/* "1 year 2 months 3 days 04:05:06.7", "00:00:00" */
size_t interval_print(int32_t months, int32_t days, int64_t micros, char *out);

/* [-]Y-M-D with - or / between, optionally "(BC)", "infinity", "-infinity" or "epoch"; blanks
 * around. A time behind it must be a valid one, and is dropped. */
NODISCARD enum text_result date_parse(struct slice text, int32_t *out_days);
/* Exactly YYYY-MM-DD, a day that there is: what date_parse makes of it. False for other texts. */
NODISCARD bool date_plain(struct slice text, int32_t *out_days);
/* H:M[:S[.fraction]] up to 24:00:00; digits beyond microseconds are cut. Of a timestamp, its time.
 */
NODISCARD enum text_result time_parse(struct slice text, int64_t *out_micros);
/* A date, and behind a blank or T a time, and behind that Z, an offset or a zone. An offset is
 * applied, so that *out_micros is UTC, and *out_zone becomes "UTC"; the name of another zone is
 * left to the caller: *out_zone is then its part of `text`; empty if none is given. With a NULL
 * `out_zone` such names are invalid. */
NODISCARD enum text_result timestamp_parse(struct slice text, int64_t *out_micros,
                                           struct slice *out_zone);
/* Numbers with units (microseconds to millennia, fractions carry down) and at most one time. */
NODISCARD enum text_result interval_parse(struct slice text, int32_t *out_months, int32_t *out_days,
                                          int64_t *out_micros);
/* The length of one unit by its name ("day", "days", "d" ...), in months, days or microseconds, the
 * others being 0. False if there is no such unit. */
NODISCARD bool interval_unit(struct slice name, int32_t *out_months, int32_t *out_days,
                             int64_t *out_micros);
#endif

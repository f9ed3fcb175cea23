#include "base/date.h"

#include <assert.h>
#include <string.h>

enum {
    DAYS_PER_400_YEARS = 146097,
    DAYS_TO_1970 = 719468, /* from 0000-03-01 */
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Years begin in March here, so that the leap day comes last; every 400 years are alike. */
int64_t date_from_civil(int64_t year, uint32_t month, uint32_t day)
{
    assert(month >= 1 && month <= 12);
    int64_t from_march = month > 2 ? month - 3 : month + 9;
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * from_march + 2) / 5 + (int64_t)day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_400_YEARS + day_of_era - DAYS_TO_1970;
}

struct civil date_to_civil(int64_t days)
{
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = floor_div(shifted, DAYS_PER_400_YEARS);
    uint32_t day_of_era = (uint32_t)(shifted - era * DAYS_PER_400_YEARS);
    uint32_t leap_days = day_of_era / 1460 - day_of_era / 36524 + day_of_era / 146096;
    uint32_t year_of_era = (day_of_era - leap_days) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t from_march = (5 * day_of_year + 2) / 153;
    uint32_t month = from_march < 10 ? from_march + 3 : from_march - 9;
    return (struct civil){
        .year = era * 400 + year_of_era + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * from_march + 2) / 5 + 1,
    };
}

bool date_is_leap_year(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

uint32_t date_days_in_month(int64_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    assert(month >= 1 && month <= 12);
    return days[month - 1] + (month == 2 && date_is_leap_year(year) ? 1u : 0u);
}

bool date_add_months(int32_t days, int64_t months, int32_t *out_days)
{
    enum { MONTHS_MAX = 12 * 12000000 }; /* farther than the range is wide */
    if (months > MONTHS_MAX || months < -MONTHS_MAX) return false;
    struct civil c = date_to_civil(days);
    int64_t total = c.year * 12 + (int64_t)c.month - 1 + months;
    int64_t year = floor_div(total, 12);
    uint32_t month = (uint32_t)(total - year * 12) + 1;
    uint32_t last = date_days_in_month(year, month);
    int64_t moved = date_from_civil(year, month, c.day < last ? c.day : last);
    if (moved < DATE_MIN || moved > DATE_MAX) return false;
    *out_days = (int32_t)moved;
    return true;
}

uint32_t date_weekday(int64_t days)
{
    int64_t from_monday = days + 3; /* 1970-01-01 was a Thursday */
    return (uint32_t)(from_monday - floor_div(from_monday, 7) * 7) + 1;
}

uint32_t date_iso_week(int64_t days, int64_t *out_year)
{
    /* A week belongs to the year of its Thursday. */
    int64_t thursday = days - (int64_t)date_weekday(days) + 4;
    *out_year = date_to_civil(thursday).year;
    return (uint32_t)((thursday - date_from_civil(*out_year, 1, 1)) / 7) + 1;
}

bool timestamp_make(int64_t days, int64_t time, int64_t *out_micros)
{
    i128 micros = (i128)days * MICROS_PER_DAY + time;
    if (micros < TIMESTAMP_MIN || micros > TIMESTAMP_MAX) return false;
    *out_micros = (int64_t)micros;
    return true;
}

bool timestamp_from_date(int32_t days, int64_t *out_micros)
{
    if (days == DATE_INFINITY || days == DATE_MINUS_INFINITY) {
        *out_micros = days == DATE_INFINITY ? TIMESTAMP_INFINITY : TIMESTAMP_MINUS_INFINITY;
        return true;
    }
    return timestamp_make(days, 0, out_micros);
}

int32_t timestamp_to_date(int64_t micros)
{
    if (micros == TIMESTAMP_INFINITY) return DATE_INFINITY;
    if (micros == TIMESTAMP_MINUS_INFINITY) return DATE_MINUS_INFINITY;
    int64_t time;
    return (int32_t)timestamp_days(micros, &time);
}

/* Text out */

static size_t put_text(const char *text, char *out)
{
    size_t len = strlen(text);
    memcpy(out, text, len + 1);
    return len;
}

static size_t put_number(uint64_t value, uint32_t digits_min, char *out)
{
    char text[NUMBER_TEXT_MAX];
    size_t len = number_print_u64(value, text);
    size_t zeros = len < digits_min ? digits_min - len : 0;
    memset(out, '0', zeros);
    memcpy(out + zeros, text, len + 1);
    return zeros + len;
}

static size_t put_day(int64_t days, char *out)
{
    struct civil c = date_to_civil(days);
    size_t n = put_number((uint64_t)(c.year > 0 ? c.year : 1 - c.year), 4, out);
    out[n++] = '-';
    n += put_number(c.month, 2, out + n);
    out[n++] = '-';
    n += put_number(c.day, 2, out + n);
    return c.year > 0 ? n : n + put_text(" (BC)", out + n);
}

/* Hours may have more than two digits: intervals have such times. */
static size_t put_time(uint64_t micros, char *out)
{
    uint64_t seconds = micros / (uint64_t)MICROS_PER_SECOND;
    size_t n = put_number(seconds / 3600, 2, out);
    out[n++] = ':';
    n += put_number(seconds / 60 % 60, 2, out + n);
    out[n++] = ':';
    n += put_number(seconds % 60, 2, out + n);
    uint64_t fraction = micros % (uint64_t)MICROS_PER_SECOND;
    if (fraction == 0) return n;
    out[n++] = '.';
    n += put_number(fraction, 6, out + n);
    while (out[n - 1] == '0')
        n--;
    out[n] = '\0';
    return n;
}

size_t date_print(int32_t days, char *out)
{
    if (days == DATE_INFINITY) return put_text("infinity", out);
    if (days == DATE_MINUS_INFINITY) return put_text("-infinity", out);
    return put_day(days, out);
}

size_t time_print(int64_t micros, char *out)
{
    assert(micros >= 0 && micros <= MICROS_PER_DAY);
    return put_time((uint64_t)micros, out);
}

static bool put_infinity(int64_t micros, char *out, size_t *out_len)
{
    if (micros != TIMESTAMP_INFINITY && micros != TIMESTAMP_MINUS_INFINITY) return false;
    *out_len = put_text(micros == TIMESTAMP_INFINITY ? "infinity" : "-infinity", out);
    return true;
}

static size_t put_timestamp(int64_t days, int64_t time, char *out)
{
    size_t n = put_day(days, out);
    out[n++] = ' ';
    return n + put_time((uint64_t)time, out + n);
}

size_t timestamp_print(int64_t micros, char *out)
{
    size_t len;
    if (put_infinity(micros, out, &len)) return len;
    int64_t time;
    int64_t days = timestamp_days(micros, &time);
    return put_timestamp(days, time, out);
}

size_t timestamp_print_offset(int64_t micros, int32_t offset_seconds, char *out)
{
    size_t n;
    if (put_infinity(micros, out, &n)) return n;
    int64_t time;
    int64_t days = timestamp_days(micros, &time);
    time += (int64_t)offset_seconds * MICROS_PER_SECOND;
    days += floor_div(time, MICROS_PER_DAY);
    time -= floor_div(time, MICROS_PER_DAY) * MICROS_PER_DAY;
    n = put_timestamp(days, time, out);
    uint32_t offset = (uint32_t)(offset_seconds < 0 ? -offset_seconds : offset_seconds);
    out[n++] = offset_seconds < 0 ? '-' : '+';
    n += put_number(offset / 3600, 2, out + n);
    if (offset % 3600 == 0) return n;
    out[n++] = ':';
    n += put_number(offset / 60 % 60, 2, out + n);
    if (offset % 60 == 0) return n;
    out[n++] = ':';
    return n + put_number(offset % 60, 2, out + n);
}

static size_t put_count(int64_t count, const char *unit, char *out)
{
    if (count == 0) return 0;
    size_t n = number_print_i64(count, out);
    out[n++] = ' ';
    n += put_text(unit, out + n);
    if (count != 1 && count != -1) out[n++] = 's';
    out[n++] = ' ';
    return n;
}

size_t interval_print(int32_t months, int32_t days, int64_t micros, char *out)
{
    size_t n = put_count(months / 12, "year", out);
    n += put_count(months % 12, "month", out + n);
    n += put_count(days, "day", out + n);
    if (n != 0 && micros == 0) {
        out[--n] = '\0';
        return n;
    }
    if (micros < 0) out[n++] = '-';
    return n + put_time(micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros, out + n);
}

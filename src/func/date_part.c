#include "func/date_part.h"

#include "func/func_impl.h"

/* Fields of dates, times, timestamps and intervals. */

/* ---- names ---- */

struct part_name {
    const char *name;
    uint8_t part;
};
static const struct part_name part_names[] = {
    {"year", PART_YEAR},
    {"yr", PART_YEAR},
    {"y", PART_YEAR},
    {"month", PART_MONTH},
    {"mon", PART_MONTH},
    {"day", PART_DAY},
    {"dayofmonth", PART_DAY},
    {"d", PART_DAY},
    {"hour", PART_HOUR},
    {"hr", PART_HOUR},
    {"h", PART_HOUR},
    {"minute", PART_MINUTE},
    {"min", PART_MINUTE},
    {"m", PART_MINUTE},
    {"second", PART_SECOND},
    {"sec", PART_SECOND},
    {"s", PART_SECOND},
    {"millisecond", PART_MILLISECOND},
    {"msec", PART_MILLISECOND},
    {"ms", PART_MILLISECOND},
    {"microsecond", PART_MICROSECOND},
    {"usec", PART_MICROSECOND},
    {"us", PART_MICROSECOND},
    {"week", PART_WEEK},
    {"weekofyear", PART_WEEK},
    {"w", PART_WEEK},
    {"quarter", PART_QUARTER},
    {"decade", PART_DECADE},
    {"dec", PART_DECADE},
    {"century", PART_CENTURY},
    {"cent", PART_CENTURY},
    {"c", PART_CENTURY},
    {"millennium", PART_MILLENNIUM},
    {"mil", PART_MILLENNIUM},
    {"dow", PART_DOW},
    {"dayofweek", PART_DOW},
    {"weekday", PART_DOW},
    {"isodow", PART_ISODOW},
    {"doy", PART_DOY},
    {"dayofyear", PART_DOY},
    {"isoyear", PART_ISOYEAR},
    {"yearweek", PART_YEARWEEK},
    {"era", PART_ERA},
    {"epoch", PART_EPOCH},
    {"timezone", PART_TIMEZONE},
    {"julian", PART_JULIAN},
    {"centuries", PART_CENTURY},
    {"millennia", PART_MILLENNIUM},
};

llkv_code date_part_find(struct func_call *call, struct slice name, enum date_part *out_part)
{
    struct slice word = slice_trim(name);
    for (int plural = 0; plural < 2; plural++) {
        for (size_t i = 0; i < ARRAY_COUNT(part_names); i++) {
            if (!slice_equal_folded(word, slice_of(part_names[i].name))) continue;
            *out_part = (enum date_part)part_names[i].part;
            return LLKV_OK;
        }
        if (word.len < 3 || (word.data[word.len - 1] | 0x20) != 's') break;
        word.len--;
    }
    return cx_fail_at(call->cx, LLKV_DATA, call->at, "22023", "'%.*s' is not a field of a time",
                      SLICE_ARG(name));
}

/* ---- moments ---- */

struct moment date_moment(const struct func_call *call, uint32_t k, uint32_t i)
{
    struct moment moment = {.is_finite = true};
    switch ((enum type_id)call->arg_types[k].id) {
    case TYPE_DATE: {
        moment.days = arg_i32(call, k, i);
        moment.is_finite = moment.days != DATE_INFINITY && moment.days != DATE_MINUS_INFINITY;
        break;
    }
    case TYPE_TIME: moment.time = arg_i64(call, k, i); break;
    case TYPE_INTERVAL:
        moment.interval = arg_interval(call, k, i);
        moment.is_interval = true;
        break;
    default: {
        int64_t micros = arg_i64(call, k, i);
        moment.is_finite = micros != TIMESTAMP_INFINITY && micros != TIMESTAMP_MINUS_INFINITY;
        moment.days = timestamp_days(micros, &moment.time);
        break;
    }
    }
    return moment;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t time_part(enum date_part part, int64_t time)
{
    switch (part) {
    case PART_MICROSECOND: return time % (60 * MICROS_PER_SECOND);
    case PART_MILLISECOND: return time % (60 * MICROS_PER_SECOND) / 1000;
    case PART_SECOND: return time / MICROS_PER_SECOND % 60;
    case PART_MINUTE: return time / (60 * MICROS_PER_SECOND) % 60;
    default: return time / (3600 * MICROS_PER_SECOND);
    }
}

/* 1 for the years 1 to `size`, -1 for those before. */
static int64_t span_of_years(int64_t year, int64_t size)
{
    return year > 0 ? (year - 1) / size + 1 : -((-year) / size + 1);
}

static double interval_seconds(const struct interval *interval)
{
    /* years have 365.25 days, as their months together */
    int64_t years = interval->months / 12;
    int64_t months = interval->months % 12;
    return (double)years * 365.25 * 86400.0 + (double)(months * 30 + interval->days) * 86400.0 +
           (double)interval->micros / 1e6;
}

static bool interval_part(enum date_part part, const struct interval *interval, int64_t *out)
{
    int64_t years = interval->months / 12;
    switch (part) {
    case PART_YEAR: *out = years; return true;
    case PART_MONTH: *out = interval->months % 12; return true;
    case PART_QUARTER: *out = interval->months % 12 / 3 + 1; return true;
    case PART_DECADE: *out = years / 10; return true;
    case PART_CENTURY: *out = years / 100; return true;
    case PART_MILLENNIUM: *out = years / 1000; return true;
    case PART_DAY: *out = interval->days; return true;
    case PART_EPOCH: *out = (int64_t)interval_seconds(interval); return true;
    case PART_MICROSECOND:
    case PART_MILLISECOND:
    case PART_SECOND:
    case PART_MINUTE:
    case PART_HOUR: *out = time_part(part, interval->micros); return true;
    case PART_WEEK:
    case PART_DOW:
    case PART_ISODOW:
    case PART_DOY:
    case PART_ISOYEAR:
    case PART_YEARWEEK:
    case PART_ERA:
    case PART_TIMEZONE:
    case PART_JULIAN:
    case PART_COUNT: break;
    }
    return false;
}

/* Days before 4714-11-24 BC have negative numbers. */
enum { JULIAN_OF_1970 = 2440588 };

static int64_t week_part(enum date_part part, int64_t days)
{
    int64_t year;
    uint32_t week = date_iso_week(days, &year);
    if (part == PART_WEEK) return week;
    return part == PART_ISOYEAR ? year : year * 100 + (year < 0 ? -(int64_t)week : week);
}

bool date_part_get(enum date_part part, const struct moment *moment, int64_t *out)
{
    if (moment->is_interval) return interval_part(part, &moment->interval, out);
    if (!moment->is_finite) return false;
    struct civil civil = date_to_civil(moment->days);
    switch (part) {
    case PART_MICROSECOND:
    case PART_MILLISECOND:
    case PART_SECOND:
    case PART_MINUTE:
    case PART_HOUR: *out = time_part(part, moment->time); return true;
    case PART_DAY: *out = civil.day; return true;
    case PART_MONTH: *out = civil.month; return true;
    case PART_QUARTER: *out = (civil.month - 1) / 3 + 1; return true;
    case PART_YEAR: *out = civil.year; return true;
    case PART_DECADE: *out = floor_div(civil.year, 10); return true;
    case PART_CENTURY: *out = span_of_years(civil.year, 100); return true;
    case PART_MILLENNIUM: *out = span_of_years(civil.year, 1000); return true;
    case PART_DOW: *out = date_weekday(moment->days) % 7; return true;
    case PART_ISODOW: *out = date_weekday(moment->days); return true;
    case PART_DOY: *out = moment->days - date_from_civil(civil.year, 1, 1) + 1; return true;
    case PART_WEEK:
    case PART_ISOYEAR:
    case PART_YEARWEEK: *out = week_part(part, moment->days); return true;
    case PART_ERA: *out = civil.year > 0; return true;
    case PART_EPOCH: *out = moment->days * 86400 + moment->time / MICROS_PER_SECOND; return true;
    case PART_TIMEZONE: *out = 0; return true;
    case PART_JULIAN: *out = moment->days + JULIAN_OF_1970; return true;
    case PART_COUNT: break;
    }
    return false;
}

double date_part_real(enum date_part part, const struct moment *moment)
{
    if (part == PART_EPOCH && moment->is_interval) return interval_seconds(&moment->interval);
    if (part == PART_EPOCH) return (double)moment->days * 86400.0 + (double)moment->time / 1e6;
    return (double)moment->days + JULIAN_OF_1970 + (double)moment->time / (double)MICROS_PER_DAY;
}

/* ---- functions of one field: year(x), month(x) ... ---- */

static llkv_code get_part(struct func_call *call, enum date_part part)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        int64_t value;
        if (!call_live(call, i)) continue;
        struct moment moment = date_moment(call, 0, i);
        if (date_part_get(part, &moment, &value)) {
            call_set_i64(call, i, value);
        } else {
            call_null(call, i);
        }
    }
    return LLKV_OK;
}

#define PART_FUNCTION(name, part)                                                                  \
    llkv_code func_##name(struct func_call *call)                                                  \
    {                                                                                              \
        return get_part(call, part);                                                               \
    }
PART_FUNCTION(year, PART_YEAR)
PART_FUNCTION(month, PART_MONTH)
PART_FUNCTION(day, PART_DAY)
PART_FUNCTION(hour, PART_HOUR)
PART_FUNCTION(minute, PART_MINUTE)
PART_FUNCTION(second, PART_SECOND)
PART_FUNCTION(millisecond, PART_MILLISECOND)
PART_FUNCTION(microsecond, PART_MICROSECOND)
PART_FUNCTION(week, PART_WEEK)
PART_FUNCTION(quarter, PART_QUARTER)
PART_FUNCTION(decade, PART_DECADE)
PART_FUNCTION(century, PART_CENTURY)
PART_FUNCTION(millennium, PART_MILLENNIUM)
PART_FUNCTION(dow, PART_DOW)
PART_FUNCTION(isodow, PART_ISODOW)
PART_FUNCTION(doy, PART_DOY)
PART_FUNCTION(isoyear, PART_ISOYEAR)
PART_FUNCTION(yearweek, PART_YEARWEEK)
PART_FUNCTION(era, PART_ERA)

static llkv_code get_real(struct func_call *call, enum date_part part)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct moment moment = date_moment(call, 0, i);
        if (moment.is_finite) {
            call_set_f64(call, i, date_part_real(part, &moment));
        } else {
            call_null(call, i);
        }
    }
    return LLKV_OK;
}

llkv_code func_epoch(struct func_call *call)
{
    return get_real(call, PART_EPOCH);
}

llkv_code func_julian(struct func_call *call)
{
    return get_real(call, PART_JULIAN);
}

/* date_part('field', x) */
llkv_code func_date_part(struct func_call *call)
{
    enum date_part part = PART_YEAR;
    struct slice known = {NULL, 0};
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        int64_t value;
        if (!call_live(call, i)) continue;
        struct slice name = arg_text(call, 0, i);
        if (known.data == NULL || !slice_equal(name, known)) TRY(date_part_find(call, name, &part));
        known = name;
        struct moment moment = date_moment(call, 1, i);
        if (date_part_get(part, &moment, &value)) {
            call_set_i64(call, i, value);
        } else {
            call_null(call, i);
        }
    }
    return LLKV_OK;
}

/* ---- names of days and months ---- */

const char *const date_day_names[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
const char *const date_month_names[12] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};

static llkv_code get_name(struct func_call *call, bool month)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct moment moment = date_moment(call, 0, i);
        if (!moment.is_finite) {
            call_null(call, i);
            continue;
        }
        const char *name = month ? date_month_names[date_to_civil(moment.days).month - 1]
                                 : date_day_names[date_weekday(moment.days) - 1];
        call_set_text(call, i, slice_of(name));
    }
    return LLKV_OK;
}

llkv_code func_dayname(struct func_call *call)
{
    return get_name(call, false);
}
llkv_code func_monthname(struct func_call *call)
{
    return get_name(call, true);
}

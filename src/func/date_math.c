#include <math.h>

#include "func/date_part.h"
#include "func/func_impl.h"

/* Arithmetic of times. */

static llkv_code fail(struct func_call *call, const char *what)
{
    return cx_fail_at(call->cx, LLKV_OVERFLOW, call->at, "22008", "%s out of range", what);
}

static bool infinite_micros(int64_t micros)
{
    return micros == TIMESTAMP_INFINITY || micros == TIMESTAMP_MINUS_INFINITY;
}

static bool infinite_days(int32_t days)
{
    return days == DATE_INFINITY || days == DATE_MINUS_INFINITY;
}

/* ---- DATE and days ---- */

static llkv_code set_date(struct func_call *call, uint32_t i, int64_t days)
{
    if (days < DATE_MIN || days > DATE_MAX) return fail(call, "DATE");
    ((int32_t *)call->out)[i] = (int32_t)days;
    return LLKV_OK;
}

static llkv_code move_days(struct func_call *call, uint32_t date, uint32_t number, int64_t sign)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        int32_t days = arg_i32(call, date, i);
        if (infinite_days(days)) {
            ((int32_t *)call->out)[i] = days;
        } else {
            TRY(set_date(call, i, (int64_t)days + sign * arg_i32(call, number, i)));
        }
    }
    return LLKV_OK;
}

llkv_code func_date_plus_days(struct func_call *call)
{
    return move_days(call, 0, 1, 1);
}
llkv_code func_days_plus_date(struct func_call *call)
{
    return move_days(call, 1, 0, 1);
}
llkv_code func_date_minus_days(struct func_call *call)
{
    return move_days(call, 0, 1, -1);
}

llkv_code func_date_minus_date(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        int32_t a = arg_i32(call, 0, i);
        int32_t b = arg_i32(call, 1, i);
        if (infinite_days(a) || infinite_days(b)) return fail(call, "difference of dates");
        call_set_i64(call, i, (int64_t)a - b);
    }
    return LLKV_OK;
}

/* ---- moments and intervals ---- */

/* micros + sign * interval: months first, then days, then time. */
static bool move(int64_t micros, struct interval by, int sign, int64_t *out)
{
    int64_t time;
    int64_t days = timestamp_days(micros, &time);
    if (by.months != 0) {
        int32_t moved;
        if (days < DATE_MIN || days > DATE_MAX) return false;
        if (!date_add_months((int32_t)days, (int64_t)by.months * sign, &moved)) return false;
        days = moved;
    }
    days += (int64_t)by.days * sign;
    int64_t day_micros, whole;
    if (__builtin_mul_overflow(days, MICROS_PER_DAY, &day_micros)) return false;
    if (__builtin_add_overflow(day_micros, time, &whole)) return false;
    bool over = sign > 0 ? __builtin_add_overflow(whole, by.micros, &whole)
                         : __builtin_sub_overflow(whole, by.micros, &whole);
    *out = whole;
    return !over && whole >= TIMESTAMP_MIN && whole <= TIMESTAMP_MAX;
}

static bool arg_micros(const struct func_call *call, uint32_t k, uint32_t i, int64_t *out)
{
    if (call->arg_types[k].id == TYPE_DATE) return timestamp_from_date(arg_i32(call, k, i), out);
    *out = arg_i64(call, k, i);
    return true;
}

static llkv_code move_all(struct func_call *call, uint32_t moment, uint32_t interval, int sign)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        int64_t micros;
        if (!call_live(call, i)) continue;
        if (!arg_micros(call, moment, i, &micros)) return fail(call, "TIMESTAMP");
        if (!infinite_micros(micros) &&
            !move(micros, arg_interval(call, interval, i), sign, &micros))
            return fail(call, "TIMESTAMP");
        call_set_i64(call, i, micros);
    }
    return LLKV_OK;
}

llkv_code func_moment_plus(struct func_call *call)
{
    return move_all(call, 0, 1, 1);
}
llkv_code func_plus_moment(struct func_call *call)
{
    return move_all(call, 1, 0, 1);
}
llkv_code func_moment_minus(struct func_call *call)
{
    return move_all(call, 0, 1, -1);
}

/* TIMESTAMP - TIMESTAMP: days and time, of one sign. */
llkv_code func_timestamp_minus(struct func_call *call)
{
    struct interval *out = call->out;
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        int64_t a = arg_i64(call, 0, i);
        int64_t b = arg_i64(call, 1, i);
        int64_t micros;
        if (infinite_micros(a) || infinite_micros(b) || __builtin_sub_overflow(a, b, &micros))
            return fail(call, "difference of timestamps");
        out[i] = (struct interval){.days = (int32_t)(micros / MICROS_PER_DAY),
                                   .micros = micros % MICROS_PER_DAY};
    }
    return LLKV_OK;
}

static llkv_code date_and_time(struct func_call *call, uint32_t date, uint32_t time)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        int64_t micros;
        if (!call_live(call, i)) continue;
        int32_t days = arg_i32(call, date, i);
        if (!timestamp_from_date(days, &micros)) return fail(call, "TIMESTAMP");
        if (!infinite_days(days) && !timestamp_make(days, arg_i64(call, time, i), &micros))
            return fail(call, "TIMESTAMP");
        call_set_i64(call, i, micros);
    }
    return LLKV_OK;
}

llkv_code func_date_plus_time(struct func_call *call)
{
    return date_and_time(call, 0, 1);
}
llkv_code func_time_plus_date(struct func_call *call)
{
    return date_and_time(call, 1, 0);
}

/* TIME +- INTERVAL goes round the clock; months and days do nothing. */
static llkv_code move_time(struct func_call *call, uint32_t time, uint32_t interval, int sign)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        int64_t by = arg_interval(call, interval, i).micros % MICROS_PER_DAY;
        int64_t sum = (arg_i64(call, time, i) + sign * by) % MICROS_PER_DAY;
        call_set_i64(call, i, sum < 0 ? sum + MICROS_PER_DAY : sum);
    }
    return LLKV_OK;
}

llkv_code func_time_plus(struct func_call *call)
{
    return move_time(call, 0, 1, 1);
}
llkv_code func_plus_time(struct func_call *call)
{
    return move_time(call, 1, 0, 1);
}
llkv_code func_time_minus(struct func_call *call)
{
    return move_time(call, 0, 1, -1);
}

/* ---- intervals among themselves ---- */

static bool interval_sum(struct interval a, struct interval b, int sign, struct interval *out)
{
    bool over = sign > 0 ? __builtin_add_overflow(a.months, b.months, &out->months)
                         : __builtin_sub_overflow(a.months, b.months, &out->months);
    over |= sign > 0 ? __builtin_add_overflow(a.days, b.days, &out->days)
                     : __builtin_sub_overflow(a.days, b.days, &out->days);
    over |= sign > 0 ? __builtin_add_overflow(a.micros, b.micros, &out->micros)
                     : __builtin_sub_overflow(a.micros, b.micros, &out->micros);
    return !over;
}

static llkv_code sum_intervals(struct func_call *call, int sign)
{
    struct interval *out = call->out;
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        if (!interval_sum(arg_interval(call, 0, i), arg_interval(call, 1, i), sign, &out[i]))
            return fail(call, "INTERVAL");
    }
    return LLKV_OK;
}

llkv_code func_interval_plus(struct func_call *call)
{
    return sum_intervals(call, 1);
}
llkv_code func_interval_minus(struct func_call *call)
{
    return sum_intervals(call, -1);
}

llkv_code func_interval_negate(struct func_call *call)
{
    struct interval *out = call->out;
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        if (!interval_sum((struct interval){0}, arg_interval(call, 0, i), -1, &out[i]))
            return fail(call, "INTERVAL");
    }
    return LLKV_OK;
}

static bool interval_product(struct interval a, int64_t by, struct interval *out)
{
    int64_t months, days;
    if (__builtin_mul_overflow((int64_t)a.months, by, &months)) return false;
    if (__builtin_mul_overflow((int64_t)a.days, by, &days)) return false;
    if (months != (int32_t)months || days != (int32_t)days) return false;
    out->months = (int32_t)months;
    out->days = (int32_t)days;
    return !__builtin_mul_overflow(a.micros, by, &out->micros);
}

static llkv_code multiply(struct func_call *call, uint32_t interval, uint32_t number)
{
    struct interval *out = call->out;
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        if (!interval_product(arg_interval(call, interval, i), arg_i64(call, number, i), &out[i]))
            return fail(call, "INTERVAL");
    }
    return LLKV_OK;
}

llkv_code func_interval_times(struct func_call *call)
{
    return multiply(call, 0, 1);
}
llkv_code func_times_interval(struct func_call *call)
{
    return multiply(call, 1, 0);
}

/* to_years(n), to_days(n) ...: n units */
static llkv_code units(struct func_call *call, const char *name)
{
    struct interval unit = {0};
    struct interval *out = call->out;
    CHECK(call->cx, interval_unit(slice_of(name), &unit.months, &unit.days, &unit.micros));
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        if (!interval_product(unit, arg_i64(call, 0, i), &out[i])) return fail(call, "INTERVAL");
    }
    return LLKV_OK;
}

#define UNIT_FUNCTION(name)                                                                        \
    llkv_code func_to_##name(struct func_call *call)                                               \
    {                                                                                              \
        return units(call, #name);                                                                 \
    }
UNIT_FUNCTION(years)
UNIT_FUNCTION(quarters)
UNIT_FUNCTION(months)
UNIT_FUNCTION(weeks)
UNIT_FUNCTION(days)
UNIT_FUNCTION(hours)
UNIT_FUNCTION(minutes)
UNIT_FUNCTION(seconds)
UNIT_FUNCTION(milliseconds)
UNIT_FUNCTION(microseconds)
UNIT_FUNCTION(decades)
UNIT_FUNCTION(centuries)
UNIT_FUNCTION(millennia)

/* ---- date_trunc ---- */

static int64_t trunc_days(enum date_part part, int64_t days)
{
    struct civil civil = date_to_civil(days);
    int64_t year = civil.year;
    int64_t size = part == PART_DECADE ? 10 : part == PART_CENTURY ? 100 : 1000;
    switch (part) {
    case PART_WEEK:
    case PART_YEARWEEK: return days - date_weekday(days) + 1;
    case PART_MONTH: return date_from_civil(year, civil.month, 1);
    case PART_QUARTER: return date_from_civil(year, (civil.month - 1) / 3 * 3 + 1, 1);
    case PART_YEAR: return date_from_civil(year, 1, 1);
    case PART_ISOYEAR: {
        int64_t iso_year;
        uint32_t week = date_iso_week(days, &iso_year);
        return days - date_weekday(days) + 1 - 7 * ((int64_t)week - 1);
    }
    case PART_DECADE:
    case PART_CENTURY:
    case PART_MILLENNIUM: {
        int64_t first = year / size - (year % size < 0);
        return date_from_civil(first * size, 1, 1);
    }
    default: return days;
    }
}

static int64_t trunc_time(enum date_part part, int64_t time)
{
    switch (part) {
    case PART_MICROSECOND: return time;
    case PART_MILLISECOND: return time - time % 1000;
    case PART_SECOND:
    case PART_EPOCH: return time - time % MICROS_PER_SECOND;
    case PART_MINUTE: return time - time % (60 * MICROS_PER_SECOND);
    case PART_HOUR: return time - time % (3600 * MICROS_PER_SECOND);
    default: return 0;
    }
}

static struct interval trunc_interval(enum date_part part, struct interval interval)
{
    interval.micros = trunc_time(part, interval.micros);
    int32_t unit = 0;
    switch (part) {
    case PART_MILLENNIUM: unit = 12000; break;
    case PART_CENTURY: unit = 1200; break;
    case PART_DECADE: unit = 120; break;
    case PART_YEAR: unit = 12; break;
    case PART_QUARTER: unit = 3; break;
    case PART_MONTH: unit = 1; break;
    case PART_WEEK: interval.days -= interval.days % 7; return interval;
    default: return interval;
    }
    interval.months -= interval.months % unit;
    interval.days = 0;
    return interval;
}

static llkv_code trunc_one(struct func_call *call, uint32_t i, enum date_part part)
{
    struct moment moment = date_moment(call, 1, i);
    if (moment.is_interval) {
        ((struct interval *)call->out)[i] = trunc_interval(part, moment.interval);
        return LLKV_OK;
    }
    int64_t days = moment.is_finite ? trunc_days(part, moment.days) : moment.days;
    if (call->type.id == TYPE_DATE) {
        ((int32_t *)call->out)[i] = (int32_t)days;
        return LLKV_OK;
    }
    int64_t micros = arg_i64(call, 1, i);
    if (moment.is_finite && !timestamp_make(days, trunc_time(part, moment.time), &micros))
        return fail(call, "TIMESTAMP");
    call_set_i64(call, i, micros);
    return LLKV_OK;
}

llkv_code func_date_trunc(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        enum date_part part;
        if (!call_live(call, i)) continue;
        TRY(date_part_find(call, arg_text(call, 0, i), &part));
        TRY(trunc_one(call, i, part));
    }
    return LLKV_OK;
}

/* ---- date_diff: how many boundaries of the field lie between ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* The number of the field's span that the moment lies in. */
static int64_t span_number(enum date_part part, const struct moment *moment)
{
    struct civil civil = date_to_civil(moment->days);
    int64_t seconds = moment->days * 86400 + moment->time / MICROS_PER_SECOND;
    switch (part) {
    case PART_MICROSECOND: return moment->days * MICROS_PER_DAY + moment->time;
    case PART_MILLISECOND: return moment->days * 86400000 + moment->time / 1000;
    case PART_SECOND:
    case PART_EPOCH: return seconds;
    case PART_MINUTE: return floor_div(seconds, 60);
    case PART_HOUR: return floor_div(seconds, 3600);
    case PART_WEEK:
    case PART_YEARWEEK: return floor_div(moment->days + 3, 7); /* 1970-01-01 was a Thursday */
    case PART_MONTH: return civil.year * 12 + civil.month;
    case PART_QUARTER: return civil.year * 4 + (civil.month - 1) / 3;
    case PART_YEAR: return civil.year;
    case PART_DECADE: return floor_div(civil.year, 10);
    case PART_CENTURY: return floor_div(civil.year, 100);
    case PART_MILLENNIUM: return floor_div(civil.year, 1000);
    case PART_ISOYEAR: {
        int64_t year;
        (void)date_iso_week(moment->days, &year);
        return year;
    }
    default: return moment->days;
    }
}

llkv_code func_date_diff(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        enum date_part part;
        if (!call_live(call, i)) continue;
        TRY(date_part_find(call, arg_text(call, 0, i), &part));
        struct moment a = date_moment(call, 1, i);
        struct moment b = date_moment(call, 2, i);
        if (a.is_finite && b.is_finite) {
            call_set_i64(call, i, span_number(part, &b) - span_number(part, &a));
        } else {
            call_null(call, i);
        }
    }
    return LLKV_OK;
}

/* ---- last_day, age ---- */

llkv_code func_last_day(struct func_call *call)
{
    int32_t *out = call->out;
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct moment moment = date_moment(call, 0, i);
        struct civil civil = date_to_civil(moment.days);
        if (!moment.is_finite) {
            call_null(call, i);
            continue;
        }
        uint32_t last = date_days_in_month(civil.year, civil.month);
        out[i] = (int32_t)(moment.days - civil.day + last);
    }
    return LLKV_OK;
}

/* later - earlier in years and months, then days, then time; later >= earlier. */
static struct interval age_between(int64_t later, int64_t earlier)
{
    int64_t time_a, time_b;
    int64_t days_a = timestamp_days(later, &time_a);
    int64_t days_b = timestamp_days(earlier, &time_b);
    struct civil a = date_to_civil(days_a);
    struct civil b = date_to_civil(days_b);
    int64_t months = (a.year - b.year) * 12 + (int64_t)a.month - (int64_t)b.month;
    int64_t days = (int64_t)a.day - (int64_t)b.day;
    int64_t time = time_a - time_b;
    if (time < 0) {
        time += MICROS_PER_DAY;
        days--;
    }
    if (days < 0) {
        /* the days of the month in which the last whole one ended */
        days += date_days_in_month(b.year, b.month);
        months--;
    }
    return (struct interval){(int32_t)months, (int32_t)days, time};
}

llkv_code func_age(struct func_call *call)
{
    struct interval *out = call->out;
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        int64_t a = arg_i64(call, 0, i);
        int64_t b = arg_i64(call, 1, i);
        if (infinite_micros(a) || infinite_micros(b)) {
            call_null(call, i);
        } else if (a >= b) {
            out[i] = age_between(a, b);
        } else {
            struct interval age = age_between(b, a);
            out[i] = (struct interval){-age.months, -age.days, -age.micros};
        }
    }
    return LLKV_OK;
}

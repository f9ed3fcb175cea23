#include <math.h>
#include <time.h>

#include "func/date_part.h"
#include "func/func_impl.h"

/* Times from numbers, from the clock, and to texts of any form. */

static llkv_code fail(struct func_call *call, const char *what)
{
    return cx_fail_at(call->cx, LLKV_OVERFLOW, call->at, "22008", "%s out of range", what);
}

/* ---- from numbers ---- */

static bool civil_days(int64_t year, int64_t month, int64_t day, int64_t *out_days)
{
    if (year < -6000000 || year > 6000000 || month < 1 || month > 12 || day < 1) return false;
    if (day > date_days_in_month(year, (uint32_t)month)) return false;
    *out_days = date_from_civil(year, (uint32_t)month, (uint32_t)day);
    return *out_days >= DATE_MIN && *out_days <= DATE_MAX;
}

static bool clock_micros(int64_t hour, int64_t minute, double second, int64_t *out_micros)
{
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59) return false;
    if (!(second >= 0 && second < 60.000001)) return false;
    *out_micros = (hour * 3600 + minute * 60) * MICROS_PER_SECOND + (int64_t)llround(second * 1e6);
    return *out_micros <= MICROS_PER_DAY;
}

llkv_code func_make_date(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        int64_t days;
        if (!call_live(call, i)) continue;
        if (!civil_days(arg_i64(call, 0, i), arg_i64(call, 1, i), arg_i64(call, 2, i), &days))
            return fail(call, "make_date: DATE");
        ((int32_t *)call->out)[i] = (int32_t)days;
    }
    return LLKV_OK;
}

llkv_code func_make_time(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        int64_t micros;
        if (!call_live(call, i)) continue;
        if (!clock_micros(arg_i64(call, 0, i), arg_i64(call, 1, i), arg_f64(call, 2, i), &micros))
            return fail(call, "make_time: TIME");
        call_set_i64(call, i, micros);
    }
    return LLKV_OK;
}

llkv_code func_make_timestamp(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        int64_t days, time, micros;
        if (!call_live(call, i)) continue;
        if (!civil_days(arg_i64(call, 0, i), arg_i64(call, 1, i), arg_i64(call, 2, i), &days) ||
            !clock_micros(arg_i64(call, 3, i), arg_i64(call, 4, i), arg_f64(call, 5, i), &time) ||
            !timestamp_make(days, time, &micros))
            return fail(call, "make_timestamp: TIMESTAMP");
        call_set_i64(call, i, micros);
    }
    return LLKV_OK;
}

static llkv_code from_epoch(struct func_call *call, int64_t unit)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        int64_t micros;
        if (!call_live(call, i)) continue;
        if (__builtin_mul_overflow(arg_i64(call, 0, i), unit, &micros) || micros < TIMESTAMP_MIN ||
            micros > TIMESTAMP_MAX)
            return fail(call, "TIMESTAMP");
        call_set_i64(call, i, micros);
    }
    return LLKV_OK;
}

llkv_code func_make_timestamp_us(struct func_call *call)
{
    return from_epoch(call, 1);
}
llkv_code func_make_timestamp_ms(struct func_call *call)
{
    return from_epoch(call, 1000);
}

llkv_code func_to_timestamp(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        double micros = round(arg_f64(call, 0, i) * 1e6);
        if (!(micros >= (double)TIMESTAMP_MIN && micros < (double)TIMESTAMP_MAX))
            return fail(call, "TIMESTAMP");
        call_set_i64(call, i, (int64_t)micros);
    }
    return LLKV_OK;
}

static llkv_code to_epoch(struct func_call *call, int64_t unit)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        int64_t micros = arg_i64(call, 0, i);
        if (micros == TIMESTAMP_INFINITY || micros == TIMESTAMP_MINUS_INFINITY) {
            call_null(call, i);
            continue;
        }
        call_set_i64(call, i, micros / unit - (micros % unit < 0));
    }
    return LLKV_OK;
}

llkv_code func_epoch_us(struct func_call *call)
{
    return to_epoch(call, 1);
}
llkv_code func_epoch_ms(struct func_call *call)
{
    return to_epoch(call, 1000);
}

/* ---- the clock: one time for the whole statement ---- */

static int64_t statement_time(const struct func_call *call)
{
    if (call->cx->now_micros != 0) return call->cx->now_micros;
    struct timespec now = {0};
    (void)timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * MICROS_PER_SECOND + now.tv_nsec / 1000;
}

llkv_code func_now(struct func_call *call)
{
    int64_t now = statement_time(call);
    for (uint32_t i = 0; i < call->n; i++)
        call_set_i64(call, i, now);
    return LLKV_OK;
}

llkv_code func_today(struct func_call *call)
{
    int64_t time;
    int32_t today = (int32_t)timestamp_days(statement_time(call), &time);
    for (uint32_t i = 0; i < call->n; i++)
        ((int32_t *)call->out)[i] = today;
    return LLKV_OK;
}

llkv_code func_current_time(struct func_call *call)
{
    int64_t time;
    (void)timestamp_days(statement_time(call), &time);
    for (uint32_t i = 0; i < call->n; i++)
        call_set_i64(call, i, time);
    return LLKV_OK;
}

/* ---- strftime ---- */

struct writer {
    char *text;
    size_t len;
};

static void put_text(struct writer *w, const char *text, size_t len)
{
    memcpy(w->text + w->len, text, len);
    w->len += len;
}

/* With zeros in front, `width` digits at least. */
static void put_number(struct writer *w, int64_t value, size_t width)
{
    char digits[NUMBER_TEXT_MAX];
    if (value < 0) w->text[w->len++] = '-';
    size_t len = number_print_i64(value < 0 ? -value : value, digits);
    for (size_t i = len; i < width; i++)
        w->text[w->len++] = '0';
    put_text(w, digits, len);
}

static int64_t part(const struct moment *moment, enum date_part which)
{
    int64_t value = 0;
    (void)date_part_get(which, moment, &value);
    return value;
}

/* Weeks of the year that begin on `first` (1 Monday, 7 Sunday); the days before the first are 0. */
static int64_t week_from(const struct moment *moment, uint32_t first)
{
    int64_t into_week = ((int64_t)date_weekday(moment->days) - first + 7) % 7;
    return (part(moment, PART_DOY) + 6 - into_week) / 7;
}

static void put_date_forms(struct writer *w, const struct moment *m, char form)
{
    char text[DATE_TEXT_MAX];
    if (form == 'c' || form == 'x') {
        put_text(w, text, date_print((int32_t)m->days, text));
        if (form == 'c') w->text[w->len++] = ' ';
    }
    if (form != 'x') put_text(w, text, time_print(m->time - m->time % MICROS_PER_SECOND, text));
}

static void put_names(struct writer *w, const struct moment *m, char form)
{
    enum { SHORT_LEN = 3 };
    const char *day = date_day_names[date_weekday(m->days) - 1];
    const char *month = date_month_names[date_to_civil(m->days).month - 1];
    const char *name = form == 'a' || form == 'A' ? day : month;
    bool is_short = form == 'a' || form == 'b' || form == 'h';
    put_text(w, name, is_short ? SHORT_LEN : strlen(name));
}

/* False if there is no such form. */
static bool put_form(struct writer *w, const struct moment *m, char form)
{
    int64_t hour = part(m, PART_HOUR);
    switch (form) {
    case 'a':
    case 'A':
    case 'b':
    case 'h':
    case 'B': put_names(w, m, form); return true;
    case 'c':
    case 'x':
    case 'X':
    case 'T': put_date_forms(w, m, form == 'T' ? 'X' : form); return true;
    case 'd': put_number(w, part(m, PART_DAY), 2); return true;
    case 'e': put_number(w, part(m, PART_DAY), 1); return true;
    case 'F': {
        char text[DATE_TEXT_MAX];
        put_text(w, text, date_print((int32_t)m->days, text));
        return true;
    }
    case 'f': put_number(w, part(m, PART_MICROSECOND) % MICROS_PER_SECOND, 6); return true;
    case 'g': put_number(w, part(m, PART_MILLISECOND) % 1000, 3); return true;
    case 'n': put_number(w, part(m, PART_MICROSECOND) % MICROS_PER_SECOND * 1000, 9); return true;
    case 'G': put_number(w, part(m, PART_ISOYEAR), 4); return true;
    case 'H': put_number(w, hour, 2); return true;
    case 'I': put_number(w, (hour + 11) % 12 + 1, 2); return true;
    case 'j': put_number(w, part(m, PART_DOY), 3); return true;
    case 'J': {
        char text[NUMBER_TEXT_MAX];
        put_text(w, text, number_print_double(date_part_real(PART_JULIAN, m) - 0.5, text));
        return true;
    }
    case 'm': put_number(w, part(m, PART_MONTH), 2); return true;
    case 'M': put_number(w, part(m, PART_MINUTE), 2); return true;
    case 'p': put_text(w, hour < 12 ? "AM" : "PM", 2); return true;
    case 's': put_number(w, part(m, PART_EPOCH), 1); return true;
    case 'S': put_number(w, part(m, PART_SECOND), 2); return true;
    case 'u': put_number(w, part(m, PART_ISODOW), 1); return true;
    case 'U': put_number(w, week_from(m, 7), 2); return true;
    case 'V': put_number(w, part(m, PART_WEEK), 2); return true;
    case 'w': put_number(w, part(m, PART_DOW), 1); return true;
    case 'W': put_number(w, week_from(m, 1), 2); return true;
    case 'y': put_number(w, (part(m, PART_YEAR) % 100 + 100) % 100, 2); return true;
    case 'Y': put_number(w, part(m, PART_YEAR), 4); return true;
    case 'z': put_text(w, "+00", 3); return true;
    case 'Z': put_text(w, "UTC", 3); return true;
    case '%': w->text[w->len++] = '%'; return true;
    default: return false;
    }
}

/* %-d and the like: without the zeros in front. */
static void drop_zeros(struct writer *w, size_t from)
{
    size_t zeros = 0;
    while (from + zeros + 1 < w->len && w->text[from + zeros] == '0')
        zeros++;
    memmove(w->text + from, w->text + from + zeros, w->len - from - zeros);
    w->len -= zeros;
}

static llkv_code format_one(struct func_call *call, uint32_t i, const struct moment *moment,
                            struct slice form)
{
    /* no form writes more than that; two bytes are the shortest */
    struct writer w = {0};
    TRY(call_room(call, form.len / 2 * DATE_TEXT_MAX + form.len, &w.text));
    for (size_t at = 0; at < form.len; at++) {
        if (form.data[at] != '%') {
            w.text[w.len++] = form.data[at];
            continue;
        }
        bool plain = at + 1 < form.len && form.data[at + 1] == '-';
        at += plain ? 2 : 1;
        size_t from = w.len;
        if (at >= form.len || !put_form(&w, moment, form.data[at]))
            return cx_fail_at(call->cx, LLKV_DATA, call->at, "22007",
                              "strftime: '%.*s' has an unknown form", SLICE_ARG(form));
        if (plain) drop_zeros(&w, from);
    }
    call_set_text(call, i, (struct slice){w.text, w.len});
    return LLKV_OK;
}

static llkv_code format_all(struct func_call *call, uint32_t moment_arg, uint32_t form_arg)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct moment moment = date_moment(call, moment_arg, i);
        if (moment.is_finite) {
            TRY(format_one(call, i, &moment, arg_text(call, form_arg, i)));
        } else {
            struct value value = arg_value(call, moment_arg, i);
            char text[CAST_TEXT_MAX];
            TRY(call_copy_text(call, i, (struct slice){text, cast_print(&value, text)}));
        }
    }
    return LLKV_OK;
}

llkv_code func_strftime(struct func_call *call)
{
    return format_all(call, 0, 1);
}
llkv_code func_strftime_form_first(struct func_call *call)
{
    return format_all(call, 1, 0);
}

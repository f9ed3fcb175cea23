#include <assert.h>
#include <string.h>

#include "base/date.h"

/* What is left to read. */
struct reader {
    const char *at, *end;
};

static bool at_digit(const struct reader *r)
{
    return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

static bool take(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static bool skip_blanks(struct reader *r)
{
    const char *begin = r->at;
    while (r->at < r->end && (*r->at == ' ' || (*r->at >= '\t' && *r->at <= '\r')))
        r->at++;
    return r->at != begin;
}

static bool take_text(struct reader *r, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(r->end - r->at) < len) return false;
    if (!slice_equal_folded((struct slice){r->at, len}, (struct slice){text, len})) return false;
    r->at += len;
    return true;
}

/* A number of 1..digits_max digits. */
static bool take_number(struct reader *r, uint32_t digits_max, uint32_t *out)
{
    uint32_t value = 0;
    uint32_t digits = 0;
    for (; at_digit(r) && digits < digits_max; digits++)
        value = value * 10 + (uint32_t)(*r->at++ - '0');
    *out = value;
    return digits != 0;
}

/* A fraction behind a point, in millionths; further digits are cut. */
static uint32_t take_micros(struct reader *r)
{
    uint32_t micros = 0;
    uint32_t digits = 0;
    for (; at_digit(r); r->at++, digits++)
        if (digits < 6) micros = micros * 10 + (uint32_t)(*r->at - '0');
    for (; digits < 6; digits++)
        micros *= 10;
    return micros;
}

static enum text_result read_day(struct reader *r, int64_t *out_days)
{
    enum { YEAR_DIGITS_MAX = 9 };
    bool negative = take(r, '-');
    uint32_t number;
    uint32_t month;
    uint32_t day;
    if (!take_number(r, YEAR_DIGITS_MAX, &number)) return TEXT_INVALID;
    if (at_digit(r)) return TEXT_RANGE;
    char between = r->at < r->end ? *r->at : '\0';
    if (between != '-' && between != '/') return TEXT_INVALID;
    if (!take(r, between) || !take_number(r, 2, &month)) return TEXT_INVALID;
    if (!take(r, between) || !take_number(r, 2, &day)) return TEXT_INVALID;
    if (at_digit(r)) return TEXT_INVALID;
    int64_t year = negative ? -(int64_t)number : (int64_t)number;
    struct reader bc = *r;
    skip_blanks(&bc);
    if (take_text(&bc, "(BC)")) {
        if (year <= 0) return TEXT_RANGE; /* there is no year 0 in this way of counting */
        year = 1 - year;
        *r = bc;
    }
    if (month < 1 || month > 12) return TEXT_RANGE;
    if (day < 1 || day > date_days_in_month(year, month)) return TEXT_RANGE;
    *out_days = date_from_civil(year, month, day);
    return TEXT_OK;
}

/* Two digits as a number; above 99 if they are none. */
static uint32_t two_digits(const char *p)
{
    const uint32_t tens = (uint32_t)(uint8_t)p[0] - '0', ones = (uint32_t)(uint8_t)p[1] - '0';
    return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
}

bool date_plain(struct slice text, int32_t *out_days)
{
    if (text.len != 10 || text.data[4] != '-' || text.data[7] != '-') return false;
    const uint32_t century = two_digits(text.data), years = two_digits(text.data + 2);
    const uint32_t month = two_digits(text.data + 5), day = two_digits(text.data + 8);
    if (century > 99 || years > 99 || month < 1 || month > 12 || day < 1) return false;
    const int64_t year = century * 100 + years;
    if (day > 28 && day > date_days_in_month(year, month)) return false;
    *out_days = (int32_t)date_from_civil(year, month, day);
    return true;
}

static enum text_result read_time(struct reader *r, int64_t *out_micros)
{
    uint32_t hour;
    uint32_t minute = 0;
    uint32_t second = 0;
    uint32_t micros = 0;
    if (!take_number(r, 2, &hour) || !take(r, ':')) return TEXT_INVALID;
    /* Each part only behind the one before; a colon may end it. */
    if (take_number(r, 2, &minute) && take(r, ':') && take_number(r, 2, &second) && take(r, '.'))
        micros = take_micros(r);
    if (hour > 24 || minute > 59 || second > 59) return TEXT_RANGE;
    int64_t time = ((int64_t)hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND + micros;
    if (time > MICROS_PER_DAY) return TEXT_RANGE;
    *out_micros = time;
    return TEXT_OK;
}

/* "Z", "UTC", "+H[:M[:S]]", "+HHMM"; *out_seconds is what to subtract. */
static bool read_offset(struct reader *r, int32_t *out_seconds)
{
    *out_seconds = 0;
    struct reader try = *r;
    if ((take_text(&try, "UTC") || take(&try, 'Z') || take(&try, 'z')) && try.at == try.end) {
        *r = try;
        return true;
    }
    bool negative = r->at < r->end && *r->at == '-';
    if (!take(r, '-') && !take(r, '+')) return false;
    uint32_t hour;
    uint32_t minute = 0;
    uint32_t second = 0;
    if (!take_number(r, 2, &hour)) return false;
    if (take(r, ':')) {
        if (!take_number(r, 2, &minute)) return false;
        if (take(r, ':') && !take_number(r, 2, &second)) return false;
    } else if (at_digit(r) && !take_number(r, 2, &minute)) {
        return false;
    }
    if (hour > 15 || minute > 59 || second > 59) return false;
    int32_t seconds = (int32_t)(hour * 3600 + minute * 60 + second);
    *out_seconds = negative ? -seconds : seconds;
    return true;
}

static bool read_zone(struct reader *r, int32_t *out_seconds, struct slice *out_zone)
{
    *out_seconds = 0;
    *out_zone = (struct slice){r->at, 0};
    skip_blanks(r);
    if (r->at == r->end) return true;
    if (read_offset(r, out_seconds)) {
        *out_zone = SLICE("UTC");
        return r->at == r->end;
    }
    const char *begin = r->at;
    for (; r->at < r->end; r->at++) {
        char c = *r->at;
        char letter = (char)(c | 0x20);
        bool in_name = (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '/' ||
                       c == '_' || c == '-' || c == '+';
        if (!in_name) return false;
    }
    *out_zone = (struct slice){begin, (size_t)(r->end - begin)};
    char first = (char)(*begin | 0x20);
    return first >= 'a' && first <= 'z';
}

struct moment {
    int64_t days, time;
    int32_t offset_seconds;
    bool has_time;
    struct slice zone;
};

static enum text_result read_moment(struct reader *r, struct moment *m)
{
    *m = (struct moment){0};
    enum text_result result = read_day(r, &m->days);
    if (result != TEXT_OK || r->at == r->end) return result;
    if (!take(r, 'T') && !take(r, 't') && !skip_blanks(r)) return TEXT_INVALID;
    result = read_time(r, &m->time);
    if (result != TEXT_OK) return result;
    m->has_time = true;
    return read_zone(r, &m->offset_seconds, &m->zone) ? TEXT_OK : TEXT_INVALID;
}

/* "infinity", "-infinity", "epoch"; the last has days and time 0. */
static bool is_special(struct slice text, bool *out_infinite, bool *out_negative)
{
    *out_negative = text.len != 0 && text.data[0] == '-';
    struct slice word = text;
    if (*out_negative) word = (struct slice){text.data + 1, text.len - 1};
    *out_infinite =
        slice_equal_folded(word, SLICE("infinity")) || slice_equal_folded(word, SLICE("inf"));
    return *out_infinite || slice_equal_folded(text, SLICE("epoch"));
}

static struct reader reader_of(struct slice trimmed)
{
    return (struct reader){trimmed.data, trimmed.data + trimmed.len};
}

enum text_result date_parse(struct slice text, int32_t *out_days)
{
    bool infinite;
    bool negative;
    if (date_plain(text, out_days)) return TEXT_OK;
    text = slice_trim(text);
    if (is_special(text, &infinite, &negative)) {
        *out_days = !infinite ? 0 : negative ? DATE_MINUS_INFINITY : DATE_INFINITY;
        return TEXT_OK;
    }
    struct reader r = reader_of(text);
    struct moment m;
    enum text_result result = read_moment(&r, &m);
    if (result != TEXT_OK) return result;
    if (m.days < DATE_MIN || m.days > DATE_MAX) return TEXT_RANGE;
    *out_days = (int32_t)m.days;
    return TEXT_OK;
}

enum text_result time_parse(struct slice text, int64_t *out_micros)
{
    struct slice trimmed = slice_trim(text);
    struct reader r = reader_of(trimmed);
    int64_t micros;
    enum text_result result = read_time(&r, &micros);
    if (result == TEXT_OK && r.at != r.end) result = TEXT_INVALID;
    if (result == TEXT_INVALID) {
        struct moment m;
        r = reader_of(trimmed);
        if (read_moment(&r, &m) != TEXT_OK || !m.has_time) return TEXT_INVALID;
        micros = m.time;
        result = TEXT_OK;
    }
    if (result == TEXT_OK) *out_micros = micros;
    return result;
}

enum text_result timestamp_parse(struct slice text, int64_t *out_micros, struct slice *out_zone)
{
    bool infinite;
    bool negative;
    text = slice_trim(text);
    if (is_special(text, &infinite, &negative)) {
        *out_micros = !infinite ? 0 : negative ? TIMESTAMP_MINUS_INFINITY : TIMESTAMP_INFINITY;
        if (out_zone != NULL) *out_zone = SLICE("UTC");
        return TEXT_OK;
    }
    struct reader r = reader_of(text);
    struct moment m;
    enum text_result result = read_moment(&r, &m);
    if (result != TEXT_OK) return result;
    bool is_named = m.zone.len != 0 && !slice_equal(m.zone, SLICE("UTC"));
    if (is_named && out_zone == NULL) return TEXT_INVALID;
    int64_t time = m.time - (int64_t)m.offset_seconds * MICROS_PER_SECOND;
    int64_t micros;
    if (!timestamp_make(m.days, time, &micros)) return TEXT_RANGE;
    *out_micros = micros;
    if (out_zone != NULL) *out_zone = m.zone;
    return TEXT_OK;
}

/* Intervals */

struct unit {
    const char *names[6];
    int32_t months, days;
    int64_t micros;
};

static const struct unit units[] = {
    {{"microsecond", "microseconds", "us", "usec", "usecs", "micros"}, 0, 0, 1},
    {{"millisecond", "milliseconds", "ms", "msec", "msecs", "millis"}, 0, 0, 1000},
    {{"second", "seconds", "s", "sec", "secs"}, 0, 0, MICROS_PER_SECOND},
    {{"minute", "minutes", "m", "min", "mins"}, 0, 0, 60 * MICROS_PER_SECOND},
    {{"hour", "hours", "h", "hr", "hrs"}, 0, 0, 3600 * MICROS_PER_SECOND},
    {{"day", "days", "d"}, 0, 1, 0},
    {{"week", "weeks", "w"}, 0, 7, 0},
    {{"month", "months", "mon", "mons"}, 1, 0, 0},
    {{"quarter", "quarters"}, 3, 0, 0},
    {{"year", "years", "y", "yr", "yrs"}, 12, 0, 0},
    {{"decade", "decades", "dec", "decs"}, 120, 0, 0},
    {{"century", "centuries", "c", "cent"}, 1200, 0, 0},
    {{"millennium", "millennia", "mil", "mils", "millenium"}, 12000, 0, 0},
};

bool interval_unit(struct slice name, int32_t *out_months, int32_t *out_days, int64_t *out_micros)
{
    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        for (size_t j = 0; j < ARRAY_COUNT(units[i].names) && units[i].names[j] != NULL; j++) {
            if (!slice_equal_folded(name, slice_of(units[i].names[j]))) continue;
            *out_months = units[i].months;
            *out_days = units[i].days;
            *out_micros = units[i].micros;
            return true;
        }
    }
    return false;
}

enum { DAYS_PER_MONTH = 30 };

/* The sums so far; wide, so that checking the range once at the end is enough. */
struct interval_sum {
    i128 months, days, micros;
};

/* Add count + millionths / 10^6 units. What is left of a month is days of 30 to the month, what is
 * left of a day is time. */
static void add_units(struct interval_sum *sum, int64_t count, int64_t millionths,
                      const struct unit *unit)
{
    const int64_t million = 1000000;
    i128 days_part = 0; /* millionths of days */
    sum->months += (i128)count * unit->months;
    sum->days += (i128)count * unit->days;
    sum->micros += (i128)count * unit->micros;
    if (unit->months != 0) {
        int64_t months_part = millionths * unit->months;
        sum->months += months_part / million;
        days_part = (i128)(months_part % million) * DAYS_PER_MONTH;
    }
    days_part += (i128)millionths * unit->days;
    sum->days += days_part / million;
    i128 micros_part = (days_part % million) * MICROS_PER_DAY + (i128)millionths * unit->micros;
    sum->micros += micros_part / million;
}

static bool take_count(struct reader *r, int64_t *out_count, int64_t *out_millionths)
{
    bool negative = r->at < r->end && *r->at == '-';
    if (!take(r, '-')) take(r, '+');
    const char *begin = r->at;
    int64_t count = 0;
    while (at_digit(r)) {
        bool over = __builtin_mul_overflow(count, 10, &count);
        over |= __builtin_add_overflow(count, *r->at++ - '0', &count);
        if (over) return false;
    }
    bool any = r->at != begin;
    int64_t millionths = 0;
    if (take(r, '.')) {
        any |= at_digit(r);
        millionths = take_micros(r);
    }
    *out_count = negative ? -count : count;
    *out_millionths = negative ? -millionths : millionths;
    return any;
}

/* [-]H+:M[:S[.f]] */
static enum text_result read_clock(struct reader *r, struct interval_sum *sum)
{
    enum { HOUR_DIGITS_MAX = 9 };
    bool negative = r->at < r->end && *r->at == '-';
    if (!take(r, '-')) take(r, '+');
    uint32_t hour;
    uint32_t minute;
    uint32_t second = 0;
    uint32_t micros = 0;
    if (!take_number(r, HOUR_DIGITS_MAX, &hour) || !take(r, ':')) return TEXT_INVALID;
    if (!take_number(r, 2, &minute)) return TEXT_INVALID;
    if (take(r, ':') && !take_number(r, 2, &second)) return TEXT_INVALID;
    if (take(r, '.')) micros = take_micros(r);
    if (minute > 59 || second > 59) return TEXT_RANGE;
    int64_t time =
        ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * MICROS_PER_SECOND + micros;
    sum->micros += negative ? -time : time;
    return TEXT_OK;
}

static bool is_clock(const struct reader *r)
{
    struct reader look = *r;
    if (!take(&look, '-')) take(&look, '+');
    while (at_digit(&look))
        look.at++;
    return look.at < look.end && *look.at == ':';
}

static enum text_result read_unit(struct reader *r, struct interval_sum *sum)
{
    int64_t count;
    int64_t millionths;
    if (!take_count(r, &count, &millionths)) return TEXT_INVALID;
    skip_blanks(r);
    const char *begin = r->at;
    while (r->at < r->end && ((*r->at | 0x20) >= 'a' && (*r->at | 0x20) <= 'z'))
        r->at++;
    struct unit unit = {0};
    struct slice name = {begin, (size_t)(r->at - begin)};
    if (!interval_unit(name, &unit.months, &unit.days, &unit.micros)) return TEXT_INVALID;
    add_units(sum, count, millionths, &unit);
    return TEXT_OK;
}

enum text_result interval_parse(struct slice text, int32_t *out_months, int32_t *out_days,
                                int64_t *out_micros)
{
    struct reader r = reader_of(slice_trim(text));
    struct interval_sum sum = {0};
    bool had_clock = false;
    if (r.at == r.end) return TEXT_INVALID;
    while (r.at < r.end) {
        bool clock = is_clock(&r);
        if (clock && had_clock) return TEXT_INVALID;
        had_clock |= clock;
        enum text_result result = clock ? read_clock(&r, &sum) : read_unit(&r, &sum);
        if (result != TEXT_OK) return result;
        skip_blanks(&r);
    }
    if (sum.months != (int32_t)sum.months || sum.days != (int32_t)sum.days ||
        sum.micros != (int64_t)sum.micros)
        return TEXT_RANGE;
    *out_months = (int32_t)sum.months;
    *out_days = (int32_t)sum.days;
    *out_micros = (int64_t)sum.micros;
    return TEXT_OK;
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/date.h"

static void civil_days_go_round(void **state)
{
    (void)state;
    assert_int_equal(date_from_civil(1970, 1, 1), 0);
    assert_int_equal(date_from_civil(2000, 2, 29), 11016);
    assert_int_equal(date_from_civil(-5877641, 6, 25), DATE_MIN);
    assert_int_equal(date_from_civil(5881580, 7, 10), DATE_MAX);
    int64_t expect = date_from_civil(-1000, 1, 1);
    for (int64_t year = -1000; year < 3000; year++)
        for (uint32_t month = 1; month <= 12; month++)
            for (uint32_t day = 1; day <= date_days_in_month(year, month); day++, expect++) {
                assert_int_equal(date_from_civil(year, month, day), expect);
                struct civil c = date_to_civil(expect);
                assert_int_equal(c.year, year);
                assert_int_equal(c.month, month);
                assert_int_equal(c.day, day);
            }
    for (int64_t days = DATE_MIN; days < DATE_MAX - 99991; days += 99991) {
        struct civil c = date_to_civil(days);
        assert_int_equal(date_from_civil(c.year, c.month, c.day), days);
    }
}

static void weeks_follow_the_thursday(void **state)
{
    (void)state;
    int64_t year;
    assert_int_equal(date_weekday(0), 4);
    assert_int_equal(date_weekday(-4), 7);
    assert_int_equal(date_iso_week(date_from_civil(2021, 1, 3), &year), 53);
    assert_int_equal(year, 2020);
    assert_int_equal(date_iso_week(date_from_civil(2021, 1, 4), &year), 1);
    assert_int_equal(year, 2021);
    assert_int_equal(date_iso_week(date_from_civil(2018, 12, 31), &year), 1);
    assert_int_equal(year, 2019);
}

static void months_are_added(void **state)
{
    (void)state;
    int32_t days;
    assert_true(date_add_months((int32_t)date_from_civil(2024, 1, 31), 1, &days));
    assert_int_equal(days, date_from_civil(2024, 2, 29));
    assert_true(date_add_months((int32_t)date_from_civil(2024, 1, 31), -13, &days));
    assert_int_equal(days, date_from_civil(2022, 12, 31));
    assert_false(date_add_months(DATE_MAX, 1, &days));
    assert_false(date_add_months(0, INT64_MAX, &days));
    assert_false(date_add_months(0, INT64_MIN, &days));
}

static void expect_date(const char *text, enum text_result result, const char *expect)
{
    int32_t days = 77;
    enum text_result got = date_parse(slice_of(text), &days);
    if (got != result) fail_msg("%s: %d", text, got);
    if (result != TEXT_OK) {
        assert_int_equal(days, 77);
        return;
    }
    char out[DATE_TEXT_MAX];
    assert_int_equal(date_print(days, out), strlen(expect));
    assert_string_equal(out, expect);
}

static void dates_read_and_print(void **state)
{
    (void)state;
    expect_date("1993-08-14", TEXT_OK, "1993-08-14");
    expect_date(" 1900-1-1 ", TEXT_OK, "1900-01-01");
    expect_date("2000/02/29", TEXT_OK, "2000-02-29");
    expect_date("-1993-08-14", TEXT_OK, "1994-08-14 (BC)");
    expect_date("0000-01-01", TEXT_OK, "0001-01-01 (BC)");
    expect_date("044-03-15 (BC)", TEXT_OK, "0044-03-15 (BC)");
    expect_date("0044-03-15 (bc)", TEXT_OK, "0044-03-15 (BC)");
    expect_date("5877642-06-25 (BC)", TEXT_OK, "5877642-06-25 (BC)");
    expect_date("5881580-07-10", TEXT_OK, "5881580-07-10");
    expect_date("infinity", TEXT_OK, "infinity");
    expect_date("-Infinity", TEXT_OK, "-infinity");
    expect_date("epoch", TEXT_OK, "1970-01-01");
    expect_date("2021-03-01 10:00:00", TEXT_OK, "2021-03-01");
    expect_date("2021-03-01T10:00:00Z", TEXT_OK, "2021-03-01");
    static const char *const invalid[] = {"",           "  ",         "blabla",      "1992",
                                          "1992-",      "1992-01",    "1992-01-",    "02-02-1992",
                                          "1900a01a01", "1900-01/01", "2021-03-01x", "2021-03-01 x",
                                          "-epoch",     "2021-03-011"};
    for (size_t i = 0; i < ARRAY_COUNT(invalid); i++)
        expect_date(invalid[i], TEXT_INVALID, NULL);
    static const char *const range[] = {
        "1993-20-14",         "1993-08-99",       "1993-02-29",          "1900-02-29",
        "5877642-06-24 (BC)", "5881580-07-11",    "99999999-01-01",      "1000000000-01-01",
        "0000-01-01 (BC)",    "-0030-01-01 (BC)", "30000307-01-01 (BC)", "1993-00-01",
        "1993-01-00"};
    for (size_t i = 0; i < ARRAY_COUNT(range); i++)
        expect_date(range[i], TEXT_RANGE, NULL);
}

static void expect_time(const char *text, enum text_result result, const char *expect)
{
    int64_t micros;
    enum text_result got = time_parse(slice_of(text), &micros);
    if (got != result) fail_msg("%s: %d", text, got);
    if (result != TEXT_OK) return;
    char out[DATE_TEXT_MAX];
    time_print(micros, out);
    assert_string_equal(out, expect);
}

static void times_read_and_print(void **state)
{
    (void)state;
    expect_time("00:01:20", TEXT_OK, "00:01:20");
    expect_time("20:08:10.998", TEXT_OK, "20:08:10.998");
    expect_time("20:08:10.33", TEXT_OK, "20:08:10.33");
    expect_time("11:", TEXT_OK, "11:00:00");
    expect_time("11:1", TEXT_OK, "11:01:00");
    expect_time("11:11:", TEXT_OK, "11:11:00");
    expect_time("24:00:00", TEXT_OK, "24:00:00");
    expect_time("23:59:59.9999999", TEXT_OK, "23:59:59.999999");
    expect_time("2000-01-01 12:34:56", TEXT_OK, "12:34:56");
    static const char *const invalid[] = {"", " ", "1", "11", "11:11:f", "2000-01-01", "00;00;00"};
    for (size_t i = 0; i < ARRAY_COUNT(invalid); i++)
        expect_time(invalid[i], TEXT_INVALID, NULL);
    expect_time("24:00:01", TEXT_RANGE, NULL);
    expect_time("25:00:00", TEXT_RANGE, NULL);
    expect_time("10:60:00", TEXT_RANGE, NULL);
    expect_time("59:59:23", TEXT_RANGE, NULL);
}

static void expect_timestamp(const char *text, enum text_result result, const char *expect)
{
    int64_t micros;
    struct slice zone;
    enum text_result got = timestamp_parse(slice_of(text), &micros, &zone);
    if (got != result) fail_msg("%s: %d", text, got);
    if (result != TEXT_OK) return;
    char out[DATE_TEXT_MAX];
    timestamp_print(micros, out);
    assert_string_equal(out, expect);
}

static void timestamps_read_and_print(void **state)
{
    (void)state;
    expect_timestamp("1992-01-01", TEXT_OK, "1992-01-01 00:00:00");
    expect_timestamp("2001-04-20 14:42:11.12300000000000000000", TEXT_OK,
                     "2001-04-20 14:42:11.123");
    expect_timestamp("2001-04-20T14:42", TEXT_OK, "2001-04-20 14:42:00");
    expect_timestamp("2001-04-20 24:00:00", TEXT_OK, "2001-04-21 00:00:00");
    expect_timestamp("1969-12-31 23:59:59.5", TEXT_OK, "1969-12-31 23:59:59.5");
    expect_timestamp("290309-12-22 (BC) 00:00:00", TEXT_OK, "290309-12-22 (BC) 00:00:00");
    expect_timestamp("290309-12-21 (BC) 12:59:59.999999", TEXT_RANGE, NULL);
    expect_timestamp("294247-01-10 04:00:54.775806", TEXT_OK, "294247-01-10 04:00:54.775806");
    expect_timestamp("294247-01-10 04:00:54.775807", TEXT_RANGE, NULL);
    expect_timestamp("infinity", TEXT_OK, "infinity");
    expect_timestamp("-infinity", TEXT_OK, "-infinity");
    expect_timestamp("2000-01-01 00:00:00+01", TEXT_OK, "1999-12-31 23:00:00");
    expect_timestamp("2000-01-01 00:00:00-03:30", TEXT_OK, "2000-01-01 03:30:00");
    expect_timestamp("2000-01-01T00:00:00Z", TEXT_OK, "2000-01-01 00:00:00");
    expect_timestamp("2000-01-01 00:00:00 UTC", TEXT_OK, "2000-01-01 00:00:00");
    expect_timestamp("0044-03-15 (BC) 20:08:10.001-15:59", TEXT_OK, "0044-03-16 (BC) 12:07:10.001");
    static const char *const invalid[] = {"blabla",
                                          "02-02-1992 00:00:00",
                                          "1900a01a01 00:00:00",
                                          "1900-1-1 00;00;00",
                                          "1900-1-1 00a00a00",
                                          "1900-1-1 00/00/00",
                                          "1900-1-1 00-00-00",
                                          "2000-01-01 00:00:00 +",
                                          "2000-01-01 00:00:00 1",
                                          "2000-01-01 00:00:00 1Z",
                                          "2000-01-01 00:00:00 a b"};
    for (size_t i = 0; i < ARRAY_COUNT(invalid); i++)
        expect_timestamp(invalid[i], TEXT_INVALID, NULL);
    expect_timestamp("1993-20-14 00:00:00", TEXT_RANGE, NULL);
    expect_timestamp("1900-1-1 59:59:23", TEXT_RANGE, NULL);

    int64_t micros;
    struct slice zone;
    assert_int_equal(timestamp_parse(SLICE("2000-01-01 00:00:00 Europe/Berlin"), &micros, &zone),
                     TEXT_OK);
    assert_true(slice_equal(zone, SLICE("Europe/Berlin")));
    assert_int_equal(timestamp_parse(SLICE("2000-01-01 00:00:00 Europe/Berlin"), &micros, NULL),
                     TEXT_INVALID);
    assert_int_equal(timestamp_parse(SLICE("2000-01-01 00:00:00"), &micros, &zone), TEXT_OK);
    assert_int_equal(zone.len, 0);
    char out[DATE_TEXT_MAX];
    timestamp_print_offset(0, 0, out);
    assert_string_equal(out, "1970-01-01 00:00:00+00");
    timestamp_print_offset(0, -12600, out);
    assert_string_equal(out, "1969-12-31 20:30:00-03:30");
    timestamp_print_offset(1, 3661, out);
    assert_string_equal(out, "1970-01-01 01:01:01.000001+01:01:01");
    timestamp_print_offset(TIMESTAMP_MAX, 50400, out);
    assert_string_equal(out, "294247-01-10 18:00:54.775806+14");
}

static void dates_and_timestamps_convert(void **state)
{
    (void)state;
    int64_t micros;
    assert_true(timestamp_from_date((int32_t)date_from_civil(294247, 1, 10), &micros));
    assert_false(timestamp_from_date((int32_t)date_from_civil(294247, 1, 11), &micros));
    assert_true(timestamp_from_date((int32_t)date_from_civil(-290307, 1, 1), &micros));
    assert_false(timestamp_from_date((int32_t)date_from_civil(-290308, 1, 1), &micros));
    assert_true(timestamp_from_date(DATE_INFINITY, &micros));
    assert_true(micros == TIMESTAMP_INFINITY);
    assert_int_equal(timestamp_to_date(TIMESTAMP_MINUS_INFINITY), DATE_MINUS_INFINITY);
    assert_int_equal(timestamp_to_date(-1), -1);
    assert_int_equal(timestamp_to_date(0), 0);
}

static void expect_interval(const char *text, enum text_result result, const char *expect)
{
    int32_t months;
    int32_t days;
    int64_t micros;
    enum text_result got = interval_parse(slice_of(text), &months, &days, &micros);
    if (got != result) fail_msg("%s: %d", text, got);
    if (result != TEXT_OK) return;
    char out[DATE_TEXT_MAX];
    size_t len = interval_print(months, days, micros, out);
    assert_string_equal(out, expect);
    assert_int_equal(len, strlen(expect));
}

static void intervals_read_and_print(void **state)
{
    (void)state;
    expect_interval("1 year 2 months 3 days 04:05:06.7", TEXT_OK,
                    "1 year 2 months 3 days 04:05:06.7");
    expect_interval("1 month", TEXT_OK, "1 month");
    expect_interval("-1 day 02:00:00", TEXT_OK, "-1 day 02:00:00");
    expect_interval("0 seconds", TEXT_OK, "00:00:00");
    expect_interval("-13 months", TEXT_OK, "-1 year -1 month");
    expect_interval("0.5 month", TEXT_OK, "15 days");
    expect_interval("1.5 days", TEXT_OK, "1 day 12:00:00");
    expect_interval("1.5 years", TEXT_OK, "1 year 6 months");
    expect_interval("-1.5 hours", TEXT_OK, "-01:30:00");
    expect_interval("2 weeks", TEXT_OK, "14 days");
    expect_interval("100 HOURS", TEXT_OK, "100:00:00");
    expect_interval("17 years 3 months 1 day 2 hours 1 minute 57 seconds", TEXT_OK,
                    "17 years 3 months 1 day 02:01:57");
    expect_interval("2147483647 days 9223372036854775807 microseconds", TEXT_OK,
                    "2147483647 days 2562047788:00:54.775807");
    expect_interval("2147483648 days", TEXT_RANGE, NULL);
    expect_interval("999999999999 years", TEXT_RANGE, NULL);
    static const char *const invalid[] = {"",
                                          "1",
                                          "day",
                                          "1 foo",
                                          "1 day 1:00 1:00",
                                          "- day",
                                          "1 day x",
                                          "99999999999999999999 days"};
    for (size_t i = 0; i < ARRAY_COUNT(invalid); i++)
        expect_interval(invalid[i], TEXT_INVALID, NULL);
    char out[DATE_TEXT_MAX];
    interval_print(INT32_MIN, INT32_MIN, INT64_MIN, out);
    assert_string_equal(out,
                        "-178956970 years -8 months -2147483648 days -2562047788:00:54.775808");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(civil_days_go_round),
        cmocka_unit_test(weeks_follow_the_thursday),
        cmocka_unit_test(months_are_added),
        cmocka_unit_test(dates_read_and_print),
        cmocka_unit_test(times_read_and_print),
        cmocka_unit_test(timestamps_read_and_print),
        cmocka_unit_test(dates_and_timestamps_convert),
        cmocka_unit_test(intervals_read_and_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

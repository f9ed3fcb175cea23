/* func_impl.h -- the functions that the table of function_table.c names; docs and types stand
 * there. */
#ifndef FUNC_FUNC_IMPL_H
#define FUNC_FUNC_IMPL_H
#include "func/func_priv.h"

func_eval_fn func_abs, func_acos, func_acosh, func_age, func_ascii, func_asin, func_asinh,
    func_atan, func_atan2, func_atanh, func_bin_integer, func_bit_count, func_bit_length, func_cbrt,
    func_ceil, func_century, func_check_length, func_chr, func_concat, func_concat_ws,
    func_contains, func_cos, func_cosh, func_cot, func_current_time, func_date_diff,
    func_date_minus_date, func_date_minus_days, func_date_part, func_date_plus_days,
    func_date_plus_time, func_date_trunc, func_day, func_dayname, func_days_plus_date, func_decade,
    func_decode, func_degrees, func_dow, func_doy, func_encode, func_ends_with, func_epoch,
    func_epoch_ms, func_epoch_us, func_era, func_exp, func_factorial, func_floor, func_gcd,
    func_greatest, func_hex, func_hex_integer, func_hour, func_initcap, func_instr,
    func_interval_minus, func_interval_negate, func_interval_plus, func_interval_times,
    func_isfinite, func_isinf, func_isnan, func_isodow, func_isoyear, func_julian, func_last_day,
    func_lcm, func_least, func_left, func_length, func_ln, func_log10, func_log2, func_log_base,
    func_lower, func_lpad, func_ltrim, func_make_date, func_make_time, func_make_timestamp,
    func_make_timestamp_ms, func_make_timestamp_us, func_microsecond, func_millennium,
    func_millisecond, func_minute, func_mod_integer, func_mod_real, func_moment_minus,
    func_moment_plus, func_month, func_monthname, func_now, func_octet_length, func_pi,
    func_plus_moment, func_plus_time, func_pow, func_quarter, func_quote, func_radians, func_random,
    func_repeat, func_replace, func_reverse, func_right, func_round, func_round_even, func_rpad,
    func_rtrim, func_second, func_sign, func_sin, func_sinh, func_split_part, func_sqrt,
    func_starts_with, func_strftime, func_strftime_form_first, func_substr, func_tan, func_tanh,
    func_time_minus, func_time_plus, func_time_plus_date, func_times_interval, func_timestamp_minus,
    func_to_centuries, func_to_days, func_to_decades, func_to_hours, func_to_microseconds,
    func_to_millennia, func_to_milliseconds, func_to_minutes, func_to_months, func_to_quarters,
    func_to_seconds, func_to_timestamp, func_to_weeks, func_to_years, func_today, func_translate,
    func_trim, func_trunc, func_typeof, func_unicode, func_upper, func_week, func_xor, func_year,
    func_yearweek, func_zeroblob;

/* "Monday" .., "January" .. */
extern const char *const date_day_names[7];
extern const char *const date_month_names[12];
#endif

#include <math.h>

#include "base/number.h"
#include "func/func_impl.h"

/* Functions that take every numeric type: integers (exact, in 128 bits), decimals, reals, NUMBER.
 */

/* ---- integers of any width ---- */

static bool is_integer(enum phys_type phys)
{
    return phys >= PHYS_I8 && phys <= PHYS_U128;
}

static i128 wide(const struct value *value)
{
    switch ((enum phys_type)value->type.phys) {
    case PHYS_I128: return value->h;
    case PHYS_U128: return (i128)value->uh;
    case PHYS_U8:
    case PHYS_U16:
    case PHYS_U32:
    case PHYS_U64: return (i128)value->u;
    case PHYS_NULLS:
    case PHYS_BOOL:
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64:
    case PHYS_F32:
    case PHYS_F64:
    case PHYS_VIEW:
    case PHYS_MDN:
    case PHYS_NUMBER:
    case PHYS_COUNT: break;
    }
    return value->i;
}

/* False if it does not fit the physical type. */
static bool store_wide(struct func_call *call, uint32_t i, i128 number)
{
    enum phys_type phys = (enum phys_type)call->type.phys;
    uint32_t bits = phys_bytes[phys] * 8u;
    struct value value = {.type = call->type};
    if (phys == PHYS_I128 || phys == PHYS_U128) {
        value.h = number;
    } else if (phys >= PHYS_U8) {
        if (number < 0 || number >> bits != 0) return false;
        value.u = (uint64_t)number;
    } else {
        i128 limit = (i128)1 << (bits - 1);
        if (number < -limit || number >= limit) return false;
        value.i = (int64_t)number;
    }
    value_store(&value, phys, call->out, i);
    return true;
}

static double real_of(const struct value *value)
{
    return value->type.phys == PHYS_F32 ? (double)value->f : value->d;
}

static void store_real(struct func_call *call, uint32_t i, double x)
{
    struct value value = {.type = call->type};
    if (call->type.phys == PHYS_F32) {
        value.f = (float)x;
    } else {
        value.d = x;
    }
    value_store(&value, (enum phys_type)call->type.phys, call->out, i);
}

static void store_number(struct func_call *call, uint32_t i, struct number number)
{
    ((struct number *)call->out)[i] = number;
}

/* ---- abs ---- */

static struct number abs_number(struct number number)
{
    if (number.is_real) {
        number.d = fabs(number.d);
    } else if (number.i == INT64_MIN) {
        number.d = 9223372036854775808.0;
        number.is_real = 1;
    } else if (number.i < 0) {
        number.i = -number.i;
    }
    return number;
}

static llkv_code abs_integer(struct func_call *call, uint32_t i, const struct value *value)
{
    i128 number = wide(value);
    bool negative = number < 0 && value->type.phys != PHYS_U128;
    i128 least = (i128)((u128)1 << 127);
    if (negative && number == least) return call_fail_range(call, "abs");
    if (!store_wide(call, i, negative ? -number : number)) return call_fail_range(call, "abs");
    return LLKV_OK;
}

llkv_code func_abs(struct func_call *call)
{
    CHECK(call->cx, call->type.phys == call->arg_types[0].phys);
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct value value = arg_value(call, 0, i);
        if (value.type.phys == PHYS_NUMBER) {
            store_number(call, i, abs_number(value.number));
        } else if (is_integer((enum phys_type)value.type.phys)) {
            TRY(abs_integer(call, i, &value));
        } else {
            store_real(call, i, fabs(real_of(&value)));
        }
    }
    return LLKV_OK;
}

/* ---- sign: -1, 0, 1; NULL of NaN ---- */

static int sign_of(const struct value *value)
{
    enum phys_type phys = (enum phys_type)value->type.phys;
    double real = phys == PHYS_NUMBER ? value->number.d : real_of(value);
    if (phys == PHYS_U128) return value->uh != 0;
    if (is_integer(phys)) {
        i128 number = wide(value);
        return (number > 0) - (number < 0);
    }
    if (phys == PHYS_NUMBER && !value->number.is_real)
        return (value->number.i > 0) - (value->number.i < 0);
    return (real > 0) - (real < 0);
}

llkv_code func_sign(struct func_call *call)
{
    int8_t *out = call->out;
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct value value = arg_value(call, 0, i);
        out[i] = (int8_t)sign_of(&value);
    }
    return LLKV_OK;
}

/* ---- rounding ---- */

enum rounding { ROUND_HALF_AWAY, ROUND_HALF_EVEN, ROUND_DOWN, ROUND_UP, ROUND_ZERO };

static double round_real(double x, enum rounding how)
{
    switch (how) {
    case ROUND_HALF_AWAY: return round(x);
    case ROUND_HALF_EVEN: return x - remainder(x, 1.0);
    case ROUND_DOWN: return floor(x);
    case ROUND_UP: return ceil(x);
    case ROUND_ZERO: return trunc(x);
    }
    return x;
}

static double round_digits(double x, int64_t digits, enum rounding how)
{
    enum { DIGITS_MAX = 308 };
    if (digits == 0 || !isfinite(x)) return isfinite(x) ? round_real(x, how) : x;
    if (digits > DIGITS_MAX) return x;
    if (digits < -DIGITS_MAX) return 0.0;
    double unit = pow(10.0, (double)(digits < 0 ? -digits : digits));
    double scaled = digits > 0 ? x * unit : x / unit;
    if (!isfinite(scaled)) return x;
    double rounded = round_real(scaled, how);
    return digits > 0 ? rounded / unit : rounded * unit;
}

/* number / 10^drop, rounded, times 10^drop again. */
static i128 round_wide(i128 number, uint32_t drop, enum rounding how)
{
    if (drop == 0) return number;
    if (drop > NUMBER_DIGITS_MAX) return 0;
    i128 unit = (i128)number_pow10(drop);
    i128 quotient = number / unit;
    i128 rest = number % unit;
    i128 twice = rest < 0 ? rest : -rest; /* -|rest| */
    bool above_half = twice < -(unit / 2) || (unit % 2 != 0 && twice == -(unit / 2));
    bool half = twice == -(unit / 2);
    i128 away = number < 0 ? -1 : 1;
    switch (how) {
    case ROUND_HALF_AWAY: quotient += above_half || half ? away : 0; break;
    case ROUND_HALF_EVEN: quotient += above_half || (half && quotient % 2 != 0) ? away : 0; break;
    case ROUND_DOWN: quotient -= rest < 0; break;
    case ROUND_UP: quotient += rest > 0; break;
    case ROUND_ZERO: break;
    }
    return quotient * unit;
}

/* Integers and decimals: the digits behind `digits` go. The result has the scale of call->type. */
static llkv_code round_exact(struct func_call *call, uint32_t i, const struct value *value,
                             int64_t digits, enum rounding how)
{
    uint32_t scale = value->type.scale;
    int64_t drop = (int64_t)scale - digits;
    if (drop < 0) drop = 0;
    if (drop > NUMBER_DIGITS_MAX) drop = NUMBER_DIGITS_MAX + 1;
    i128 number = round_wide(wide(value), (uint32_t)drop, how);
    bool fits = true;
    if (call->type.scale < scale) {
        number = round_wide(number, scale - call->type.scale, how) /
                 (i128)number_pow10(scale - call->type.scale);
    } else if (call->type.scale > scale) {
        fits =
            !__builtin_mul_overflow(number, (i128)number_pow10(call->type.scale - scale), &number);
    }
    if (fits && call->type.id == TYPE_DECIMAL) {
        i128 limit = (i128)number_pow10(call->type.precision);
        fits = number < limit && number > -limit;
    }
    return fits && store_wide(call, i, number) ? LLKV_OK : call_fail_range(call, "rounding");
}

static struct number round_number(struct number number, int64_t digits, enum rounding how)
{
    if (number.is_real) {
        number.d = round_digits(number.d, digits, how);
    } else if (digits < 0) {
        uint32_t drop = digits < -NUMBER_DIGITS_MAX ? NUMBER_DIGITS_MAX + 1 : (uint32_t)-digits;
        i128 rounded = round_wide(number.i, drop, how);
        number.is_real = rounded > INT64_MAX || rounded < INT64_MIN;
        if (number.is_real) {
            number.d = (double)rounded;
        } else {
            number.i = (int64_t)rounded;
        }
    }
    return number;
}

static llkv_code round_all(struct func_call *call, enum rounding how)
{
    /* only a DECIMAL may become another one, with less digits */
    CHECK(call->cx, call->type.id == call->arg_types[0].id);
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct value value = arg_value(call, 0, i);
        int64_t digits = call->arg_count > 1 ? arg_i32(call, 1, i) : 0;
        if (value.type.phys == PHYS_NUMBER) {
            store_number(call, i, round_number(value.number, digits, how));
        } else if (value.type.phys == PHYS_U128) {
            value_store(&value, PHYS_U128, call->out, i);
        } else if (is_integer((enum phys_type)value.type.phys)) {
            TRY(round_exact(call, i, &value, digits, how));
        } else {
            store_real(call, i, round_digits(real_of(&value), digits, how));
        }
    }
    return LLKV_OK;
}

llkv_code func_round(struct func_call *call)
{
    return round_all(call, ROUND_HALF_AWAY);
}
llkv_code func_round_even(struct func_call *call)
{
    return round_all(call, ROUND_HALF_EVEN);
}
llkv_code func_floor(struct func_call *call)
{
    return round_all(call, ROUND_DOWN);
}
llkv_code func_ceil(struct func_call *call)
{
    return round_all(call, ROUND_UP);
}
llkv_code func_trunc(struct func_call *call)
{
    return round_all(call, ROUND_ZERO);
}

/* ---- integers only ---- */

/* The remainder has the sign of the dividend; NULL if divided by 0. */
llkv_code func_mod_integer(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct value a = arg_value(call, 0, i);
        struct value b = arg_value(call, 1, i);
        i128 divisor = wide(&b);
        if (divisor == 0) {
            call_null(call, i);
        } else if (divisor != -1 && !store_wide(call, i, wide(&a) % divisor)) {
            return call_fail_range(call, "mod");
        }
    }
    return LLKV_OK;
}

static u128 magnitude(i128 x)
{
    return x < 0 ? 0 - (u128)x : (u128)x;
}

static u128 common_divisor(u128 a, u128 b)
{
    while (b != 0) {
        u128 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static bool store_magnitude(struct func_call *call, uint32_t i, u128 x)
{
    return x >> 127 == 0 && store_wide(call, i, (i128)x);
}

llkv_code func_gcd(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct value a = arg_value(call, 0, i);
        struct value b = arg_value(call, 1, i);
        u128 divisor = common_divisor(magnitude(wide(&a)), magnitude(wide(&b)));
        if (!store_magnitude(call, i, divisor)) return call_fail_range(call, "gcd");
    }
    return LLKV_OK;
}

llkv_code func_lcm(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct value a = arg_value(call, 0, i);
        struct value b = arg_value(call, 1, i);
        u128 x = magnitude(wide(&a));
        u128 y = magnitude(wide(&b));
        if (x == 0 || y == 0) continue;
        u128 product;
        if (__builtin_mul_overflow(x / common_divisor(x, y), y, &product) ||
            !store_magnitude(call, i, product))
            return call_fail_range(call, "lcm");
    }
    return LLKV_OK;
}

llkv_code func_factorial(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        int32_t n = arg_i32(call, 0, i);
        i128 product = 1;
        if (n < 0)
            return cx_fail_at(call->cx, LLKV_DATA, call->at, "22003",
                              "the factorial of a negative number");
        for (int32_t k = 2; k <= n; k++)
            if (__builtin_mul_overflow(product, (i128)k, &product))
                return call_fail_range(call, "factorial");
        (void)store_wide(call, i, product);
    }
    return LLKV_OK;
}

llkv_code func_bit_count(struct func_call *call)
{
    int8_t *out = call->out;
    for (uint32_t i = 0; i < call->n; i++)
        out[i] = (int8_t)__builtin_popcountll((uint64_t)arg_i64(call, 0, i));
    return LLKV_OK;
}

llkv_code func_xor(struct func_call *call)
{
    for (uint32_t i = 0; i < call->n; i++)
        call_set_i64(call, i, arg_i64(call, 0, i) ^ arg_i64(call, 1, i));
    return LLKV_OK;
}

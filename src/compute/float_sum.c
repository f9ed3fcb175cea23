#include "compute/float_sum.h"

#include <math.h>

#include "base/bitmap.h"
#include "compute/wide.h"

enum { WINDOW_BIAS = FLOAT_WINDOW_BIAS, BIN_BITS = 32 };

/* The highest bin of a value with its first bit at 2^exponent: it stays below 2^31 units, so that
 * it rounds to nothing in the next bin. */
static int bin_of(int exponent)
{
    return (exponent + 1) >> 5;
}

static void raise_window(struct float_sum *sum, int bin)
{
    const int window = bin + WINDOW_BIAS;
    if (window <= sum->window) return;
    const int shift = sum->window == 0 ? 0 : window - sum->window;
    for (int k = 0; k < SUM_BINS && shift > 0; k++) {
        const bool kept = k + shift < SUM_BINS;
        sum->bin[k] = kept ? sum->bin[k + shift] : 0;
        sum->carry[k] = kept ? sum->carry[k + shift] : (int16_t)0;
    }
    sum->window = (int16_t)window;
}

/* v / 2^bits, half to even. */
ALWAYS_INLINE u128 shift_even(u128 v, uint32_t bits)
{
    return (v + (((u128)1 << (bits - 1)) - 1) + ((v >> bits) & 1)) >> bits;
}

/* Add (-1)^negative * mantissa * 2^exponent; mantissa > 0. */
ALWAYS_INLINE void deposit(struct float_sum *sum, bool negative, uint64_t mantissa, int exponent)
{
    raise_window(sum, bin_of(exponent + 63 - __builtin_clzll(mantissa)));
    /* In units of the bin of its lowest bit the value has at most 95 bits: three digits. */
    const u128 v = (u128)mantissa << (exponent & (BIN_BITS - 1));
    const u128 v1 = shift_even(v, 32), v2 = shift_even(v, 64);
    int64_t digits[3] = {(int64_t)(uint64_t)(v - (v1 << 32)), (int64_t)(uint64_t)(v1 - (v2 << 32)),
                         (int64_t)(uint64_t)v2};
    const int lowest = (exponent >> 5) - (sum->window - WINDOW_BIAS - (SUM_BINS - 1));
    for (int k = 0; k < 3; k++) {
        const int bin = lowest + k; /* above the window digits are 0, below it they are dropped */
        if (bin >= 0 && bin < SUM_BINS)
            float_sum_add_digit(sum, bin, negative ? -digits[k] : digits[k]);
    }
}

struct float_fields {
    bool negative;
    uint64_t mantissa;
    int exponent; /* of the lowest bit of the mantissa */
};

/* False for NaN and infinities, which are noted in the sum. */
ALWAYS_INLINE bool take_apart(struct float_sum *sum, double x, struct float_fields *out)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int biased = (int)((bits >> 52) & 0x7ff);
    const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    out->negative = bits >> 63 != 0;
    if (UNLIKELY(biased == 0x7ff)) {
        const int infinite = out->negative ? FLOAT_NEGATIVE : FLOAT_POSITIVE;
        sum->special |= (uint8_t)(fraction != 0 ? FLOAT_NAN : infinite);
        return false;
    }
    out->mantissa = biased == 0 ? fraction : fraction | UINT64_C(1) << 52;
    out->exponent = (biased == 0 ? 1 : biased) - 1075;
    return true;
}

void float_sum_add_slow(struct float_sum *sum, double x)
{
    struct float_fields f;
    if (take_apart(sum, x, &f) && f.mantissa != 0) deposit(sum, f.negative, f.mantissa, f.exponent);
}

void float_sum_add_square(struct float_sum *sum, double x)
{
    struct float_fields f;
    if (!take_apart(sum, x, &f) || f.mantissa == 0) return;
    const u128 square = (u128)f.mantissa * f.mantissa;
    const uint64_t low = (uint64_t)square, high = (uint64_t)(square >> 64);
    if (high != 0) deposit(sum, false, high, 2 * f.exponent + 64);
    if (low != 0) deposit(sum, false, low, 2 * f.exponent);
}

void float_sum_add_int(struct float_sum *sum, i128 x)
{
    const u128 magnitude = i128_magnitude(x);
    const uint64_t low = (uint64_t)magnitude, high = (uint64_t)(magnitude >> 64);
    if (high != 0) deposit(sum, x < 0, high, 64);
    if (low != 0) deposit(sum, x < 0, low, 0);
}

/* Below 8 values the detour through lanes does not pay. The lanes cut by adding 1.5 * 2^52 units,
 * which must be a normal number for each of the four bins. */
enum { RUN_ROWS_MIN = 8, LANE_WINDOW_MIN = -30, LANE_WINDOW_MAX = 30 };

/* Make the window high enough for all of x; false if lanes cannot work there. */
static bool open_window(struct float_sum *sum, const struct tier *tier, const double *x, uint32_t n)
{
    const uint64_t largest = tier->largest_f64(x, n);
    const int bin = bin_of((int)(largest >> 52) - 1023); /* NaN and infinity end up out of range */
    if (largest == 0 || bin < LANE_WINDOW_MIN || bin > LANE_WINDOW_MAX) return false;
    raise_window(sum, bin);
    return true;
}

static bool add_lanes(struct float_sum *sum, const struct tier *tier, const double *x, uint32_t n)
{
    const int window = sum->window - WINDOW_BIAS;
    if (window < LANE_WINDOW_MIN || window > LANE_WINDOW_MAX) return false;
    struct float_bins bins;
    if (!tier->float_bins(x, n, window, &bins)) return false;
    for (int k = 0; k < SUM_BINS; k++)
        float_sum_add_digit(sum, k, bins.bin[k]);
    return true;
}

void float_sum_add_run(struct float_sum *sum, const double *x, uint32_t n)
{
    assert(n <= VEC_ROWS_MAX);
    const struct tier *tier = tier_best();
    if (n >= RUN_ROWS_MIN) {
        /* The window that served so far most likely serves again: one pass over the values. */
        if (sum->window != 0 && add_lanes(sum, tier, x, n)) return;
        if (open_window(sum, tier, x, n) && add_lanes(sum, tier, x, n)) return;
    }
    for (uint32_t i = 0; i < n; i++)
        float_sum_add(sum, x[i]);
}

void float_strip_cut(struct float_strip *strip)
{
    const struct tier *tier = tier_best();
    const uint64_t largest = tier->largest_f64(strip->x, FLOAT_STRIP_ROWS);
    const int bin = bin_of((int)(largest >> 52) - 1023);
    strip->window = -1;
    if (largest == 0 || bin < LANE_WINDOW_MIN || bin > LANE_WINDOW_MAX) return;
    strip->digit_count = tier->float_digits(strip->x, bin, strip->digits);
    strip->window = bin + WINDOW_BIAS;
}

void float_sum_merge(struct float_sum *into, const struct float_sum *from)
{
    into->special |= from->special;
    if (from->window == 0) return;
    raise_window(into, from->window - WINDOW_BIAS);
    const int shift = into->window - from->window;
    for (int k = shift; k < SUM_BINS; k++) {
        float_sum_add_digit(into, k - shift, from->bin[k]);
        into->carry[k - shift] = (int16_t)(into->carry[k - shift] + from->carry[k]);
    }
}

/* ---- reading ---- */

/* |total| = (head + a little, if sticky) * 2^exponent */
struct float_head {
    bool negative, sticky;
    u128 head;
    int exponent;
};

/* The sum of the bins, `sign` times: the highest bin with all carries, and the 96 bits below it. */
static i128 carry_up(const struct float_sum *sum, int sign, u128 *out_low)
{
    u128 low = 0;
    i128 carried = 0;
    for (int k = 0; k < SUM_BINS; k++) {
        carried += sign * ((i128)sum->carry[k] * ((i128)1 << 64) + sum->bin[k]);
        if (k == SUM_BINS - 1) break;
        low |= (u128)(uint32_t)carried << (BIN_BITS * k);
        carried >>= BIN_BITS;
    }
    *out_low = low;
    return carried;
}

static struct float_head head_of(const struct float_sum *sum)
{
    struct float_head head = {0};
    u128 low;
    i128 top = carry_up(sum, 1, &low);
    head.negative = top < 0;
    if (head.negative) top = carry_up(sum, -1, &low);
    const int low_bits_count = BIN_BITS * (SUM_BINS - 1);
    int kept = low_bits_count; /* of the low bits; there are more only if the top is below 2^32 */
    while (kept > 0 && (u128)top >> (128 - kept) != 0)
        kept--;
    const int cut = low_bits_count - kept;
    head.head = (u128)top << kept | low >> cut;
    head.sticky = (low & (((u128)1 << cut) - 1)) != 0;
    head.exponent = BIN_BITS * (sum->window - WINDOW_BIAS - (SUM_BINS - 1)) + cut;
    return head;
}

static double special_total(uint8_t special)
{
    if (special == FLOAT_POSITIVE) return (double)INFINITY;
    if (special == FLOAT_NEGATIVE) return -(double)INFINITY;
    return (double)NAN;
}

double float_sum_total(const struct float_sum *sum)
{
    return float_sum_ratio(sum, 1);
}

double float_sum_ratio(const struct float_sum *sum, uint64_t divisor)
{
    assert(divisor > 0);
    if (sum->special != 0) return special_total(sum->special);
    if (sum->window == 0) return 0.0;
    const struct float_head h = head_of(sum);
    if (h.head == 0) return 0.0;
    if (divisor == 1) return u128_scaled(h.negative, h.head, h.sticky, h.exponent);
    /* With all 128 bits in use a quotient by 64 keeps 64 of them, and a remainder that is sticky.
     */
    const uint64_t high = (uint64_t)(h.head >> 64);
    const int shift = high != 0 ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)h.head);
    const u128 full = h.head << shift;
    return u128_scaled(h.negative, full / divisor, full % divisor != 0 || h.sticky,
                       h.exponent - shift);
}

struct float_parts float_sum_parts(const struct float_sum *sum)
{
    struct float_parts parts = {0};
    if (sum->window == 0) return parts;
    const struct float_head h = head_of(sum);
    if (h.head == 0) return parts;
    const uint64_t top = (uint64_t)(h.head >> 64);
    const int shift = top != 0 ? __builtin_clzll(top) : 64 + __builtin_clzll((uint64_t)h.head);
    const u128 full = h.head << shift;
    const double sign = h.negative ? -1.0 : 1.0;
    parts.high = sign * ldexp((double)(uint64_t)(full >> 75), -53);
    parts.low = sign * ldexp((double)((uint64_t)(full >> 22) & low_bits(53)), -106);
    parts.exponent = h.exponent - shift + 128;
    return parts;
}

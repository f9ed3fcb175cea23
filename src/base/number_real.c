/* Binary floating point to the shortest decimal text and back, exactly.
 *
 * Both ways multiply by a 128-bit approximation of a power of ten. To text: the interval of reals
 * that round to the value is scaled so that it holds few integers, and the shortest of those is
 * taken (R. Giulietti, "The Schubfach way to render doubles"). From text: the product is bounded
 * from both sides; if both bounds round to the same value that is it, else big integers decide. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/number_scan.h"
#include "base/pow10.inc.h"

/* The two formats. A value is c * 2^q with c < 2^bits. */
struct format {
    int32_t bits;         /* of the significand, the hidden one included */
    int32_t exponent_min; /* q of subnormal values */
    int32_t exponent_max; /* biased, of infinity */
};
static const struct format format_double = {53, -1074, 2047};
static const struct format format_float = {24, -149, 255};

/* floor(log2(10^k)), floor(log10(2^q)) and floor(log10(3/4 * 2^q)): exact over the range of double,
 * which the unit test proves by trying all. */
static int32_t floor_log2_pow10(int32_t k)
{
    return (int32_t)(((int64_t)k * INT64_C(14267572527)) >> 32);
}

static int32_t floor_log10_pow2(int32_t q)
{
    return (int32_t)(((int64_t)q * INT64_C(1292913986)) >> 32);
}

static int32_t floor_log10_3_4_pow2(int32_t q)
{
    return (int32_t)(((int64_t)q * INT64_C(1292913986) - INT64_C(536607789)) >> 32);
}

/* floor(g * c / 2^128) with the lowest bit set if anything but a tiny rest was cut off. `g` is a
 * little above 10^k, hence the "but". */
static uint64_t multiply_to_odd(u128 g, uint64_t c)
{
    u128 low = (u128)(uint64_t)g * c;
    u128 high = (u128)(uint64_t)(g >> 64) * c + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

struct decimal {
    uint64_t digits;
    int32_t exponent;
};

/* The shortest decimal among those that read back as c * 2^q, and of these the nearest. */
static struct decimal shortest(uint64_t c, int32_t q, bool lower_is_closer)
{
    bool odd = (c & 1) != 0; /* then the ends of the interval round away from the value */
    int32_t k = lower_is_closer ? floor_log10_3_4_pow2(q) : floor_log10_pow2(q);
    int32_t h = q + floor_log2_pow10(-k) + 1;
    assert(-k >= POW10_FIRST && -k <= POW10_LAST);
    assert(h >= 1 && h <= 4);
    const uint64_t *bits = pow10_bits[-k - POW10_FIRST];
    u128 g = ((u128)bits[0] << 64 | bits[1]) + 1;
    uint64_t value = multiply_to_odd(g, (4 * c) << h);
    uint64_t lower = multiply_to_odd(g, (4 * c - 2 + lower_is_closer) << h) + odd;
    uint64_t upper = multiply_to_odd(g, (4 * c + 2) << h) - odd;

    uint64_t s = value / 4;
    if (s >= 10) { /* one digit less? */
        uint64_t tens = s / 10;
        bool below_inside = lower <= 40 * tens;
        bool above_inside = 40 * tens + 40 <= upper;
        if (below_inside != above_inside) return (struct decimal){tens + above_inside, k + 1};
    }
    bool below_inside = lower <= 4 * s;
    bool above_inside = 4 * s + 4 <= upper;
    if (below_inside != above_inside) return (struct decimal){s + above_inside, k};
    uint64_t middle = 4 * s + 2;
    bool up = value > middle || (value == middle && (s & 1) != 0);
    return (struct decimal){s + up, k};
}

static size_t put_exponent(int32_t exponent, char *out)
{
    uint32_t e = (uint32_t)(exponent < 0 ? -exponent : exponent);
    size_t n = 0;
    out[n++] = 'e';
    out[n++] = exponent < 0 ? '-' : '+';
    if (e < 10) out[n++] = '0';
    return n + number_print_u64(e, out + n);
}

/* 0.000ddd, ddd.ddd or ddd000.0 */
static size_t put_positional(const char *digits, size_t count, int32_t exponent, char *out)
{
    size_t n = 0;
    if (exponent < 0) {
        memcpy(out, "0.000000", 8);
        n = (size_t)(1 - exponent);
        memcpy(out + n, digits, count);
        return n + count;
    }
    size_t whole = (size_t)exponent + 1;
    size_t known = count < whole ? count : whole;
    memcpy(out, digits, known);
    memset(out + known, '0', whole - known);
    n = whole;
    out[n++] = '.';
    if (count <= whole)
        out[n++] = '0';
    else
        memcpy(out + n, digits + whole, count - whole);
    return count <= whole ? n : n + count - whole;
}

static size_t put_decimal(struct decimal d, bool negative, char *out)
{
    enum { EXPONENT_FORM_BELOW = -4, EXPONENT_FORM_FROM = 16 };
    char digits[NUMBER_TEXT_MAX];
    size_t count = number_print_u64(d.digits, digits);
    int32_t exponent = d.exponent + (int32_t)count - 1; /* of the first digit */
    while (count > 1 && digits[count - 1] == '0')
        count--;
    size_t n = 0;
    if (negative) out[n++] = '-';
    if (exponent >= EXPONENT_FORM_BELOW && exponent < EXPONENT_FORM_FROM) {
        n += put_positional(digits, count, exponent, out + n);
        out[n] = '\0';
        return n;
    }
    out[n++] = digits[0];
    if (count > 1) out[n++] = '.';
    memcpy(out + n, digits + 1, count - 1);
    n += count - 1;
    return n + put_exponent(exponent, out + n);
}

static size_t print_bits(uint64_t fraction, int32_t biased, bool negative, const struct format *f,
                         char *out)
{
    if (biased == f->exponent_max) {
        const char *text = fraction != 0 ? "nan" : negative ? "-inf" : "inf";
        size_t len = strlen(text);
        memcpy(out, text, len + 1);
        return len;
    }
    if (biased == 0 && fraction == 0) return put_decimal((struct decimal){0, 0}, negative, out);
    bool normal = biased != 0;
    uint64_t c = fraction | (normal ? UINT64_C(1) << (f->bits - 1) : 0);
    int32_t q = f->exponent_min + (normal ? biased - 1 : 0);
    bool lower_is_closer = fraction == 0 && biased > 1;
    return put_decimal(shortest(c, q, lower_is_closer), negative, out);
}

size_t number_print_double(double value, char *out)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return print_bits(bits & ((UINT64_C(1) << 52) - 1), (int32_t)(bits >> 52 & 2047),
                      bits >> 63 != 0, &format_double, out);
}

size_t number_print_float(float value, char *out)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return print_bits(bits & ((1u << 23) - 1), (int32_t)(bits >> 23 & 255), bits >> 31 != 0,
                      &format_float, out);
}

/* From text. Values are their encodings without the sign: they order as the values do, and the next
 * value has the next encoding, up to infinity. */

static uint64_t encoded_infinity(const struct format *f)
{
    return (uint64_t)f->exponent_max << (f->bits - 1);
}

/* top * 2^exponent plus something below top's last bit (if `sticky`), rounded half to even. */
static uint64_t round_to_format(u128 top, int32_t exponent, bool sticky, const struct format *f)
{
    assert(top >> 126 != 0);
    int32_t top_bits = top >> 127 != 0 ? 128 : 127;
    int32_t first = exponent + top_bits - 1; /* the place of the first bit */
    int32_t q = first - (f->bits - 1);       /* the place of the last bit kept */
    if (q < f->exponent_min) q = f->exponent_min;
    int32_t cut = q - exponent;
    if (cut > 128) return 0;
    uint64_t kept = cut == 128 ? 0 : (uint64_t)(top >> cut);
    bool half = (top >> (cut - 1) & 1) != 0;
    bool rest = sticky || (top & (((u128)1 << (cut - 1)) - 1)) != 0;
    uint64_t base = (uint64_t)(q - f->exponent_min) << (f->bits - 1);
    /* A normal value has its hidden bit in `kept`: it counts the exponent up by one. */
    uint64_t encoded = base + kept + (half && (rest || (kept & 1) != 0));
    return encoded < encoded_infinity(f) ? encoded : encoded_infinity(f);
}

/* w * t * 2^exponent rounded; w and t are not 0, t has its top bit set. */
static uint64_t round_product(uint64_t w, u128 t, int32_t exponent, const struct format *f)
{
    int32_t zeros = __builtin_clzll(w);
    w <<= zeros;
    u128 low = (u128)(uint64_t)t * w;
    u128 top = (u128)(uint64_t)(t >> 64) * w + (uint64_t)(low >> 64);
    return round_to_format(top, exponent - zeros + 64, (uint64_t)low != 0, f);
}

enum { BIG_LIMBS = 160, BIG_DIGITS_MAX = 800 };

/* A whole number below 2^5120, enough for 801 digits times what the range of double asks for. */
struct big {
    uint32_t limbs[BIG_LIMBS];
    int32_t count;
};

static void big_multiply_add(struct big *big, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (int32_t i = 0; i < big->count; i++) {
        carry += (uint64_t)big->limbs[i] * factor;
        big->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry == 0) return;
    assert(big->count < BIG_LIMBS);
    big->limbs[big->count++] = (uint32_t)carry;
}

static void big_multiply_pow10(struct big *big, int64_t n)
{
    for (; n >= 9; n -= 9)
        big_multiply_add(big, 1000000000, 0);
    for (; n > 0; n--)
        big_multiply_add(big, 10, 0);
}

static void big_shift_left(struct big *big, int32_t n)
{
    for (; n >= 31; n -= 31)
        big_multiply_add(big, UINT32_C(1) << 31, 0);
    if (n > 0) big_multiply_add(big, UINT32_C(1) << n, 0);
}

static int big_compare(const struct big *a, const struct big *b)
{
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    for (int32_t i = a->count - 1; i >= 0; i--)
        if (a->limbs[i] != b->limbs[i]) return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

/* The number's first digits as a whole number; *out_exponent is the power of ten that goes with it.
 * Digits beyond BIG_DIGITS_MAX cannot reach the middle between two values: all they can do is to
 * lie above it, which one further digit does as well. */
static void big_from_digits(struct big *big, const struct number_scan *scan, int64_t *out_exponent)
{
    struct digit_walk walk = digit_walk_begin(scan);
    uint32_t digit;
    int64_t seen = 0;
    int64_t used = 0;
    bool rest = false;
    big->count = 0;
    for (; digit_walk_next(&walk, &digit); seen++) {
        if (used == BIG_DIGITS_MAX) {
            rest |= digit != 0;
            continue;
        }
        if (digit != 0 || used != 0) used++;
        if (used != 0) big_multiply_add(big, 10, digit);
    }
    int64_t left_out = 0;
    if (used == BIG_DIGITS_MAX) { /* count the digits again that did not fit */
        int64_t leading = 0;
        walk = digit_walk_begin(scan);
        while (digit_walk_next(&walk, &digit) && digit == 0)
            leading++;
        left_out = seen - leading - BIG_DIGITS_MAX;
        big_multiply_add(big, 10, rest);
        left_out--;
    }
    *out_exponent = scan->exponent + (int64_t)scan->whole_digits - seen + left_out;
}

/* Is the number above (1), below (-1) or at the middle between `encoded` and the next value? */
static int compare_to_middle(const struct number_scan *scan, uint64_t encoded,
                             const struct format *f)
{
    uint64_t hidden = UINT64_C(1) << (f->bits - 1);
    int32_t biased = (int32_t)(encoded >> (f->bits - 1));
    uint64_t c = (encoded & (hidden - 1)) | (biased != 0 ? hidden : 0);
    int32_t q = f->exponent_min + (biased != 0 ? biased - 1 : 0) - 1;
    uint64_t middle = 2 * c + 1; /* times 2^q */

    struct big number, other = {.count = 0};
    int64_t exponent;
    big_from_digits(&number, scan, &exponent);
    other.limbs[other.count++] = (uint32_t)middle;
    if (middle >> 32 != 0) other.limbs[other.count++] = (uint32_t)(middle >> 32);
    big_multiply_pow10(&number, exponent);
    big_multiply_pow10(&other, -exponent);
    big_shift_left(&number, -q);
    big_shift_left(&other, q);
    return big_compare(&number, &other);
}

/* The first 19 significant digits, and the power of ten that goes with them. */
static uint64_t leading_digits(const struct number_scan *scan, int64_t *out_exponent,
                               bool *out_more)
{
    struct digit_walk walk = digit_walk_begin(scan);
    uint64_t w = 0;
    uint32_t digit;
    int64_t position =
        0; /* of the next digit; digits before `whole_digits` stand before the point */
    int64_t used = 0;
    int64_t end = 0;
    *out_more = false;
    for (; digit_walk_next(&walk, &digit); position++) {
        if (used == 19) {
            *out_more |= digit != 0;
            continue;
        }
        w = w * 10 + digit;
        used += w != 0;
        end = position + 1;
    }
    *out_exponent = scan->exponent + (int64_t)scan->whole_digits - end;
    return w;
}

static bool small_product(uint64_t w, int64_t exponent, uint64_t *out_encoded)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (w >> 53 != 0 || exponent < -22 || exponent > 22) return false;
    /* Both operands are exact, so the one operation rounds correctly. */
    double value = exponent < 0 ? (double)w / powers[-exponent] : (double)w * powers[exponent];
    memcpy(out_encoded, &value, sizeof value);
    return true;
}

static uint64_t encode(const struct number_scan *scan, const struct format *f)
{
    int64_t exponent;
    bool more;
    uint64_t encoded;
    uint64_t w = leading_digits(scan, &exponent, &more);
    if (w == 0 || exponent < POW10_FIRST) return 0; /* below half of the least value */
    if (exponent > 308) return encoded_infinity(f);
    if (f == &format_double && !more && small_product(w, exponent, &encoded)) return encoded;

    const uint64_t *bits = pow10_bits[exponent - POW10_FIRST];
    u128 power = (u128)bits[0] << 64 | bits[1];
    int32_t scale = floor_log2_pow10((int32_t)exponent) - 127;
    bool power_is_exact = exponent >= 0 && exponent <= 55; /* 5^55 < 2^128 */
    uint64_t low = round_product(w, power, scale, f);
    if (!more && power_is_exact) return low;
    uint64_t high = round_product(w + more, power + !power_is_exact, scale, f);
    if (low == high) return low;
    assert(high == low + 1);
    int order = compare_to_middle(scan, low, f);
    return order < 0 ? low : order > 0 ? high : low + (low & 1);
}

static bool is_word(struct slice text, const char *word)
{
    return slice_equal_folded(text, slice_of(word));
}

/* The encoding of `text` without its sign; names of infinity and NaN included. */
static enum text_result cast_real(struct slice text, const struct format *f, bool *out_negative,
                                  uint64_t *out_encoded)
{
    struct slice rest = slice_trim(text);
    *out_negative = rest.len != 0 && rest.data[0] == '-';
    if (rest.len != 0 && (rest.data[0] == '-' || rest.data[0] == '+')) {
        rest.data++;
        rest.len--;
    }
    if (rest.len == 0) return TEXT_INVALID;
    struct number_scan scan;
    if (number_scan(rest, &scan) == rest.len) {
        uint64_t encoded = encode(&scan, f);
        if (encoded == encoded_infinity(f)) return TEXT_RANGE;
        *out_encoded = encoded;
        return TEXT_OK;
    }
    *out_encoded = encoded_infinity(f);
    if (is_word(rest, "inf") || is_word(rest, "infinity")) return TEXT_OK;
    *out_encoded |= UINT64_C(1) << (f->bits - 2);
    return is_word(rest, "nan") ? TEXT_OK : TEXT_INVALID;
}

enum text_result number_cast_double(struct slice text, double *out_value)
{
    bool negative;
    uint64_t encoded;
    enum text_result result = cast_real(text, &format_double, &negative, &encoded);
    if (result != TEXT_OK) return result;
    encoded |= (uint64_t)negative << 63;
    memcpy(out_value, &encoded, sizeof encoded);
    return TEXT_OK;
}

enum text_result number_cast_float(struct slice text, float *out_value)
{
    bool negative;
    uint64_t encoded;
    enum text_result result = cast_real(text, &format_float, &negative, &encoded);
    if (result != TEXT_OK) return result;
    uint32_t bits = (uint32_t)encoded | (uint32_t)negative << 31;
    memcpy(out_value, &bits, sizeof bits);
    return TEXT_OK;
}

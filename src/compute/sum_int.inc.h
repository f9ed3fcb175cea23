/* compute/sum_int.inc.h -- template: exact sums of integers, 2,048 at a time.
 *
 * In: K_ID, K_TYPE, K_BITS, K_LANE (int64_t or uint64_t), K_BIAS (64 bits: added before the check,
 * so that small negative values pass it).
 *
 * Types up to 32 bits cannot overflow a 64-bit lane in 2,048 rows. 64-bit values are added as they
 * are while a check of their top bits is ORed beside; only if one needs more than 52 bits is the
 * strip summed anew, in halves. */
#define K_FN(name) CONCAT4(sum, K_ID, name)

#if K_BITS == 64
/* Is the sum of 2,048 values with these ORed check words below 2^63? */
enum { K_FN(top) = 52 };
#define K_CHECK(x) ((uint64_t)(x) + K_BIAS)

static i128 K_FN(halves)(const K_TYPE *x, uint32_t n)
{
    uint64_t low = 0;
    K_LANE high = 0;
    for (uint32_t i = 0; i < n; i++) {
        low += (uint32_t)x[i];
        high += x[i] >> 32;
    }
    return (i128)high * ((i128)1 << 32) + low;
}

static i128 K_FN(dense)(const K_TYPE *x, uint32_t n)
{
    uint64_t sum = 0, check = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += (uint64_t)x[i];
        check |= K_CHECK(x[i]);
    }
    return check >> K_FN(top) == 0 ? (i128)(K_LANE)sum : K_FN(halves)(x, n);
}
#undef K_CHECK
#else
static i128 K_FN(dense)(const K_TYPE *x, uint32_t n)
{
    K_LANE sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}
#endif

/* Slots under NULLs become 0. */
static i128 K_FN(masked)(const K_TYPE *x, uint64_t valid, uint32_t n)
{
    K_TYPE kept[64];
    for (uint32_t i = 0; i < n; i++)
        kept[i] = (K_TYPE)(((valid >> i) & 1) != 0 ? x[i] : 0);
    return K_FN(dense)(kept, n);
}

static i128 K_FN(of)(const void *data, const uint64_t *validity, uint32_t n)
{
    const K_TYPE *x = (const K_TYPE *)data;
    if (validity == NULL) return K_FN(dense)(x, n);
    i128 sum = 0;
    for (uint32_t i = 0; i < n; i += 64) {
        const uint32_t rows = n - i < 64 ? n - i : 64;
        const uint64_t valid = validity[i >> 6] & low_bits(rows);
        if (valid == low_bits(rows)) {
            sum += K_FN(dense)(x + i, rows);
        } else if (valid != 0) {
            sum += K_FN(masked)(x + i, valid, rows);
        }
    }
    return sum;
}
#include "compute/undef_type.inc.h"

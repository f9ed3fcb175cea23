/* compute/min_max.inc.h -- template: the smallest and the largest of the valid values.
 *
 * In: K_ID, K_TYPE, and K_ORD (a type of integer key), K_KEY(x), K_UNKEY(key), K_KEY_MIN,
 * K_KEY_MAX: keys order as values do; -0.0 is below 0.0 here so that the answer is one and the same
 * whatever the order of the rows, and every NaN is the same largest value. */
#define K_FN(name) CONCAT4(min_max, K_ID, name)

/* The values of one word of validity: slots under NULLs become the neutral key. */
static void K_FN(masked)(const K_TYPE *x, uint64_t valid, uint32_t n, K_ORD *io_min, K_ORD *io_max)
{
    K_ORD least = *io_min, most = *io_max;
    for (uint32_t i = 0; i < n; i++) {
        const bool is_valid = (valid >> i) & 1;
        const K_ORD key = K_KEY(x[i]);
        const K_ORD low = is_valid ? key : K_KEY_MAX, high = is_valid ? key : K_KEY_MIN;
        least = low < least ? low : least;
        most = high > most ? high : most;
    }
    *io_min = least;
    *io_max = most;
}

static void K_FN(dense)(const K_TYPE *x, uint32_t n, K_ORD *io_min, K_ORD *io_max)
{
    K_ORD least = *io_min, most = *io_max;
    for (uint32_t i = 0; i < n; i++) {
        const K_ORD key = K_KEY(x[i]);
        least = key < least ? key : least;
        most = key > most ? key : most;
    }
    *io_min = least;
    *io_max = most;
}

static bool K_FN(of)(const void *data, const uint64_t *validity, uint32_t n, void *out_min,
                     void *out_max)
{
    const K_TYPE *x = (const K_TYPE *)data;
    K_ORD least = K_KEY_MAX, most = K_KEY_MIN;
    uint64_t any = validity == NULL && n > 0;
    if (validity == NULL) {
        K_FN(dense)(x, n, &least, &most);
    } else {
        for (uint32_t i = 0; i < n; i += 64) {
            const uint32_t rows = n - i < 64 ? n - i : 64;
            const uint64_t valid = validity[i >> 6] & low_bits(rows);
            any |= valid;
            if (valid == low_bits(rows)) {
                K_FN(dense)(x + i, rows, &least, &most);
            } else if (valid != 0) {
                K_FN(masked)(x + i, valid, rows, &least, &most);
            }
        }
    }
    if (any == 0) return false;
    const K_TYPE min = K_UNKEY(least), max = K_UNKEY(most);
    memcpy(out_min, &min, sizeof min);
    memcpy(out_max, &max, sizeof max);
    return true;
}
#undef K_ORD
#undef K_KEY
#undef K_UNKEY
#undef K_KEY_MIN
#undef K_KEY_MAX
#include "compute/undef_type.inc.h"

/* compute/compare_view.inc.h -- comparisons of texts and blobs, for the tier that includes it.
 *
 * Equality looks at whole slots first, 64 at a time: equal slots are equal texts, slots with
 * another length or prefix are not, and only what is left needs the bytes behind the pointers. */

/* Bytes 0..3 as a number in the order of texts. Zero padding is below every byte, so two different
 * prefixes decide. */
ALWAYS_INLINE uint32_t view_prefix(const struct str_view *v)
{
    uint32_t prefix;
    memcpy(&prefix, v->prefix, 4);
    return __builtin_bswap32(prefix);
}

ALWAYS_INLINE bool view_less(const struct str_view *a, const struct str_view *b)
{
    const uint32_t x = view_prefix(a), y = view_prefix(b);
    return x != y ? x < y : str_compare(a, b) < 0;
}

static uint64_t view_same64(const struct str_view *a, const struct str_view *b, const bool b_scalar)
{
    if (b_scalar && b->len <= STR_INLINE_MAX) return simd_same_slots64(a, b, true, false);
    uint64_t same = simd_same_slots64(a, b, b_scalar, false);
    uint64_t open = simd_same_slots64(a, b, b_scalar, true) & ~same;
    for (; open != 0; open &= open - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(open);
        const struct str_view *x = a + i;
        const struct str_view *y = b + (b_scalar ? 0 : i);
        /* The lengths are equal here; short texts with other tails differ. */
        if (x->len > STR_INLINE_MAX && memcmp(x->ptr, y->ptr, x->len) == 0)
            same |= UINT64_C(1) << i;
    }
    return same;
}

static uint64_t view_word(const struct str_view *a, const struct str_view *b, uint32_t n,
                          const bool less, const bool a_scalar, const bool b_scalar)
{
    if (!less && n == 64) return view_same64(a, b, b_scalar);
    uint64_t bits = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct str_view *x = a + (a_scalar ? 0 : i), *y = b + (b_scalar ? 0 : i);
        bits |= (uint64_t)(less ? view_less(x, y) : str_equal(x, y)) << i;
    }
    return bits;
}

ALWAYS_INLINE void compare_view(uint64_t *restrict out, const struct str_view *a,
                                const struct str_view *b, uint32_t n, const uint32_t how)
{
    const bool less = (how & COMPARE_LESS) != 0;
    const bool a_scalar = (how & COMPARE_A_SCALAR) != 0, b_scalar = (how & COMPARE_B_SCALAR) != 0;
    const uint64_t flip = (how & COMPARE_INVERT) != 0 ? ~UINT64_C(0) : 0;
    for (uint32_t i = 0; i < n; i += 64)
        out[i >> 6] = flip ^ view_word(a + (a_scalar ? 0 : i), b + (b_scalar ? 0 : i),
                                       n - i < 64 ? n - i : 64, less, a_scalar, b_scalar);
}

#define K_ID view
#define K_BODY(out, a, b, n, how)                                                                  \
    compare_view((uint64_t *)out, (const struct str_view *)a, (const struct str_view *)b, n, how)
#include "compute/compare.inc.h"

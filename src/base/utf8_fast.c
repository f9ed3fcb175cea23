/* Every fault of UTF-8 shows in two neighbouring bytes, but for a lead byte of three or four that
 * has too few tails behind it or too many. So the high half of a byte, the low half of it, and the
 * high half of the next one are each looked up in a table of the faults that they allow; a fault
 * that all three allow is there. The method is that of Keiser and Lemire ("Validating UTF-8 in less
 * than one instruction per byte", 2021). */
#include "base/utf8_fast.h"

#include "base/compiler.h"

#if defined(__AVX2__)
#include <immintrin.h>

enum {
    TOO_SHORT = 1 << 0,    /* a lead byte without a tail behind it */
    TOO_LONG = 1 << 1,     /* ASCII with a tail behind it */
    OVERLONG_3 = 1 << 2,   /* e0 80..9f */
    SURROGATE = 1 << 4,    /* ed a0..bf */
    OVERLONG_2 = 1 << 5,   /* c0, c1 */
    TWO_TAILS = 1 << 7,    /* which is right where a lead byte wants them: compared with that */
    TOO_LARGE = 1 << 3,    /* f4 90..bf and what is above */
    TOO_LARGE_80 = 1 << 6, /* f5 80..8f and what is above; */
    OVERLONG_4 = 1 << 6,   /* f0 80..8f: the same bit, as the low halves differ */
    ANY_LOW = TOO_SHORT | TOO_LONG | TWO_TAILS, /* faults that the low half does not matter for */
};

#define TWICE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

/* The bytes that stand `n` before those of `now`. */
#define BEFORE(now, last, n)                                                                       \
    _mm256_alignr_epi8(now, _mm256_permute2x128_si256(last, now, 0x21), 16 - (n))

static __m256i high_half(__m256i bytes)
{
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
}

static __m256i pair_faults(__m256i now, __m256i before)
{
    const __m256i first_high =
        TWICE(TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
              (char)TWO_TAILS, (char)TWO_TAILS, (char)TWO_TAILS, (char)TWO_TAILS,
              TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
              TOO_SHORT | TOO_LARGE | TOO_LARGE_80 | OVERLONG_4);
    const char large = (char)(ANY_LOW | TOO_LARGE | TOO_LARGE_80);
    const __m256i first_low =
        TWICE((char)(ANY_LOW | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), (char)(ANY_LOW | OVERLONG_2),
              (char)ANY_LOW, (char)ANY_LOW, (char)(ANY_LOW | TOO_LARGE), large, large, large, large,
              large, large, large, large, (char)(large | SURROGATE), large, large);
    const char tail = (char)(TOO_LONG | OVERLONG_2 | TWO_TAILS);
    const __m256i second_high =
        TWICE(TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
              TOO_SHORT, (char)(tail | OVERLONG_3 | TOO_LARGE_80 | OVERLONG_4),
              (char)(tail | OVERLONG_3 | TOO_LARGE), (char)(tail | SURROGATE | TOO_LARGE),
              (char)(tail | SURROGATE | TOO_LARGE), TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT);
    const __m256i low = _mm256_and_si256(before, _mm256_set1_epi8(0x0f));
    return _mm256_and_si256(_mm256_and_si256(_mm256_shuffle_epi8(first_high, high_half(before)),
                                             _mm256_shuffle_epi8(first_low, low)),
                            _mm256_shuffle_epi8(second_high, high_half(now)));
}

static __m256i faults(__m256i now, __m256i last)
{
    /* The top bit is set where a lead byte of three or four, two or three before, wants a tail. */
    const __m256i third =
        _mm256_subs_epu8(BEFORE(now, last, 2), _mm256_set1_epi8((char)(0xe0 - 0x80)));
    const __m256i fourth =
        _mm256_subs_epu8(BEFORE(now, last, 3), _mm256_set1_epi8((char)(0xf0 - 0x80)));
    const __m256i wanted =
        _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(wanted, pair_faults(now, BEFORE(now, last, 1)));
}

/* The last place at or before `at` where a character may begin. */
static size_t back_to_start(const uint8_t *text, size_t at)
{
    size_t back = 0;
    while (back < 3 && back < at && (text[at - 1 - back] & 0xc0) == 0x80)
        back++;
    /* Before the tails stands a lead byte, whose character may not be complete. */
    return back < at && text[at - 1 - back] >= 0xc0 ? at - 1 - back : at;
}

size_t utf8_valid_strides(const uint8_t *text, size_t len)
{
    __m256i last = _mm256_setzero_si256();
    size_t done = 0;
    for (size_t end = 0; len - done >= sizeof last; done = end) {
        __m256i wrong = _mm256_setzero_si256();
        end = done + (len - done < UTF8_STRIDE_BYTES ? len - done : UTF8_STRIDE_BYTES);
        end -= (end - done) % sizeof last;
        for (size_t i = done; i < end; i += sizeof last) {
            const __m256i now = _mm256_loadu_si256((const __m256i *)(const void *)(text + i));
            wrong = _mm256_or_si256(wrong, faults(now, last));
            last = now;
        }
        if (!_mm256_testz_si256(wrong, wrong)) break;
    }
    return back_to_start(text, done);
}
#else
size_t utf8_valid_strides(const uint8_t *text, size_t len)
{
    (void)text;
    (void)len;
    return 0;
}
#endif

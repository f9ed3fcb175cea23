#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitmap.h"
#include "base/crc32c.h"
#include "base/hash.h"
#include "base/pack.h"
#include "base/slice.h"
#include "base/utf8.h"

enum { WORDS = 8, BITS = WORDS * 64 };

static void fill_random(uint64_t *words)
{
    for (int i = 0; i < WORDS; i++)
        words[i] = (uint64_t)rand() * 0x9e3779b97f4a7c15u ^ (uint64_t)rand() << 33;
}

static void bitmaps_count_and_fill(void **state)
{
    (void)state;
    uint64_t words[WORDS];
    for (size_t bits = 0; bits <= BITS; bits++) {
        fill_random(words);
        size_t count = 0;
        for (size_t i = 0; i < bits; i++)
            count += bit_get(words, i);
        assert_int_equal(bitmap_count(words, bits), count);
        assert_int_equal(bitmap_all(words, bits), count == bits);
        bitmap_fill(words, bits, true);
        assert_true(bitmap_all(words, bits));
        assert_int_equal(bitmap_count(words, bitmap_words(bits) * 64), bits);
        if (bits != 0) {
            bit_clear(words, bits - 1);
            assert_false(bitmap_all(words, bits));
            bit_put(words, bits - 1, true);
            assert_true(bitmap_all(words, bits));
        }
        bitmap_fill(words, bits, false);
        assert_int_equal(bitmap_count(words, bits), 0);
    }
}

static void bitmaps_copy_from_and_to_any_bit(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t bits = (size_t)rand() % 200;
        size_t at = (size_t)rand() % 200;
        /* Exactly as large as needed, so that the address sanitizer sees a word too many. */
        size_t src_words = bitmap_words(at + bits);
        uint64_t *src = calloc(src_words + 1, sizeof *src);
        uint64_t *dst = calloc(src_words + 1, sizeof *dst);
        uint64_t random[WORDS];
        fill_random(random);
        memcpy(src, random, src_words * 8);
        src = realloc(src, src_words * 8 + !src_words);
        bitmap_copy_bits(dst, src, at, bits);
        for (size_t i = 0; i < bits; i++)
            assert_int_equal(bit_get(dst, i), bit_get(src, at + i));
        for (size_t i = bits; i < bitmap_words(bits) * 64; i++)
            assert_false(bit_get(dst, i));

        uint64_t *packed = malloc(bitmap_words(bits) * 8 + !bits);
        memcpy(packed, dst, bitmap_words(bits) * 8);
        fill_random(random);
        memcpy(dst, random, src_words * 8);
        bitmap_append_bits(dst, at, packed, bits);
        for (size_t i = 0; i < src_words * 64; i++)
            assert_int_equal(bit_get(dst, i), i >= at && i < at + bits ? bit_get(packed, i - at)
                                                                       : bit_get(random, i));
        free(src);
        free(dst);
        free(packed);
    }
}

static void names_fold(void **state)
{
    (void)state;
    assert_true(slice_equal_folded(SLICE("Abc_9"), SLICE("aBC_9")));
    assert_false(slice_equal_folded(SLICE("abc"), SLICE("abd")));
    assert_false(slice_equal_folded(SLICE("abc"), SLICE("ab")));
    assert_false(slice_equal_folded(SLICE("@"), SLICE("`")));
    assert_false(slice_equal_folded(SLICE("\xc3\x84"), SLICE("\xc3\xa4")));
    assert_true(slice_equal((struct slice){NULL, 0}, SLICE("")));
    assert_int_equal(slice_hash_folded(SLICE("Customer_Name")),
                     slice_hash_folded(SLICE("cUSTOMER_nAME")));
    assert_int_not_equal(slice_hash_folded(SLICE("a")), slice_hash_folded(SLICE("b")));
    assert_int_not_equal(hash_bytes("a", 1), hash_bytes("b", 1));
    assert_int_equal(hash_bytes("abc", 3), hash_bytes("abcd", 3));
}

static size_t valid_prefix_slowly(const uint8_t *s, size_t len)
{
    size_t i = 0;
    while (i < len) {
        uint32_t c = s[i];
        size_t n = c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : 4;
        if (c >= 0x80 && (c < 0xc0 || c >= 0xf8)) return i;
        if (i + n > len) return i;
        if (n > 1) c &= 0x7fu >> n;
        for (size_t j = 1; j < n; j++) {
            if ((s[i + j] & 0xc0) != 0x80) return i;
            c = c << 6 | (s[i + j] & 0x3fu);
        }
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return i;
        i += n;
    }
    return len;
}

static bool valid_slowly(const uint8_t *s, size_t len)
{
    return valid_prefix_slowly(s, len) == len;
}

/* Four bytes at every place of a long text, which is read many bytes at a time. */
static void long_utf8_is_as_valid_as_short(void **state)
{
    (void)state;
    enum { LEN = 2500 };
    static const char *const fillers[] = {"\xc3\xa4", "\xe2\x82\xac.", "\xf0\x9f\x98\x80",
                                          "a\xd0\xb1 c"};
    static const uint8_t odd[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2,
                                  0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff};
    uint64_t seed = 77;
    uint8_t *text = malloc(LEN);
    for (uint32_t round = 0; round < 20000; round++) {
        const char *filler = fillers[round % 4];
        const size_t unit = strlen(filler);
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        const uint64_t dice = seed >> 20;
        const size_t len = round % 8 == 0 ? LEN : 64 + dice % 120;
        for (size_t i = 0; i < len; i++)
            text[i] = (uint8_t)filler[i % unit];
        size_t at = round % 8 == 0 ? (dice >> 8) % (LEN - 4) : (dice >> 8) % (len - 4);
        for (uint32_t i = 0; i < 1 + (dice >> 20) % 4; i++)
            text[at + i] = odd[(dice >> (22 + 5 * i)) % sizeof odd];
        uint8_t *exact = malloc(len); /* reading behind the end is found */
        memcpy(exact, text, len);
        assert_int_equal(utf8_valid_prefix((const char *)exact, len),
                         valid_prefix_slowly(exact, len));
        free(exact);
    }
    free(text);
}

static void utf8_validity_agrees_with_its_definition(void **state)
{
    (void)state;
    for (uint32_t a = 0; a < 256; a++)
        for (uint32_t b = 0; b < 256; b++)
            for (uint32_t c = 0x70; c < 0xd0; c += 0xf)
                for (uint32_t d = 0x7f; d < 0xc2; d += 0x21) {
                    uint8_t s[4] = {(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d};
                    for (size_t n = 1; n <= 4; n++)
                        assert_int_equal(utf8_valid((const char *)s, n), valid_slowly(s, n));
                }
    char text[64];
    for (size_t at = 0; at < 40; at++) {
        memset(text, 'a', sizeof text);
        assert_true(utf8_is_ascii(text, sizeof text));
        text[at] = (char)0xff;
        assert_false(utf8_is_ascii(text, sizeof text));
        assert_int_equal(utf8_valid_prefix(text, sizeof text), at);
    }
    assert_true(utf8_valid(NULL, 0));
}

static void code_points_go_round(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= UTF8_CODE_POINT_MAX + 1; c++) {
        char out[UTF8_BYTES_MAX];
        size_t n = utf8_encode(c, out);
        bool exists = c <= UTF8_CODE_POINT_MAX && !(c >= 0xd800 && c < 0xe000);
        assert_int_equal(n != 0, exists);
        if (!exists) continue;
        assert_true(utf8_valid(out, n));
        size_t bytes;
        assert_int_equal(utf8_decode(out, &bytes), c);
        assert_int_equal(bytes, n);
    }
}

static void code_points_are_counted(void **state)
{
    (void)state;
    static const uint32_t some[] = {'a', 0xe4, 0x20ac, 0x1f600};
    for (int round = 0; round < 2000; round++) {
        char text[400];
        size_t ends[101] = {0};
        size_t len = 0;
        size_t count = (size_t)rand() % 100;
        for (size_t i = 0; i < count; i++) {
            len += utf8_encode(some[rand() % (round % 4 + 1)], text + len);
            ends[i + 1] = len;
        }
        assert_int_equal(utf8_count(text, len), count);
        for (size_t i = 0; i <= count; i++)
            assert_int_equal(utf8_prefix_bytes(text, len, i), ends[i]);
        assert_int_equal(utf8_prefix_bytes(text, len, count + 5), len);
    }
}

/* The definition, a bit at a time. */
static uint32_t crc_by_bits(const uint8_t *at, size_t bytes)
{
    uint32_t state = UINT32_MAX;
    for (size_t i = 0; i < bytes; i++) {
        state ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            state = (state >> 1) ^ (state & 1 ? 0x82f63b78 : 0);
    }
    return ~state;
}

static void crc32c_equals_its_definition(void **state)
{
    (void)state;
    enum { BYTES = 700 };
    uint8_t bytes[BYTES];
    uint32_t sums[BYTES / 8 + 1];
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)rand();
    for (size_t n = 0; n < BYTES; n += n < 70 ? 1 : 37) {
        assert_int_equal(crc32c(0, bytes + n % 3, n - n % 3 * (n > 3)),
                         crc_by_bits(bytes + n % 3, n - n % 3 * (n > 3)));
        assert_int_equal(crc32c(crc32c(0, bytes, n / 3), bytes + n / 3, n - n / 3),
                         crc_by_bits(bytes, n));
        for (size_t block = 8; block <= 256; block *= 2) {
            crc32c_blocks(bytes, n, block, sums);
            for (size_t i = 0; i * block < n; i++)
                assert_int_equal(
                    sums[i],
                    crc_by_bits(bytes + i * block, n - i * block < block ? n - i * block : block));
        }
    }
}

static void packed_values_come_back(void **state)
{
    (void)state;
    struct pack_writer w = {0};
    struct pack_reader r;
    struct slice text;
    pack_u8(&w, 7);
    pack_u16(&w, 65535);
    pack_align(&w, 8);
    pack_u32(&w, 1u << 31);
    pack_u64(&w, UINT64_MAX - 1);
    pack_text(&w, "name");
    pack_text(&w, NULL);
    pack_text(&w, "");
    pack_crc(&w);
    assert_false(w.bad);
    for (size_t cut = 0; cut < w.len; cut++) { /* a reader never looks behind its end */
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, w.data, cut);
        pack_reader_init(&r, copy, cut);
        assert_false(unpack_crc(&r));
        pack_reader_init(&r, copy, cut);
        for (int i = 0; i < 60; i++)
            (void)unpack_u8(&r);
        assert_true(r.bad);
        assert_int_equal(unpack_u64(&r), 0);
        free(copy);
    }
    pack_reader_init(&r, w.data, w.len);
    assert_true(unpack_crc(&r));
    assert_int_equal(unpack_u8(&r), 7);
    assert_int_equal(unpack_u16(&r), 65535);
    unpack_align(&r, 8);
    assert_int_equal(unpack_u32(&r), 1u << 31);
    assert_true(unpack_u64(&r) == UINT64_MAX - 1);
    assert_true(unpack_text(&r, &text));
    assert_int_equal(text.len, 4);
    assert_false(unpack_text(&r, &text));
    assert_false(r.bad);
    assert_true(unpack_text(&r, &text));
    assert_int_equal(text.len, 0);
    assert_int_equal(pack_left(&r), 0);
    w.data[3] ^= 1;
    pack_reader_init(&r, w.data, w.len);
    assert_false(unpack_crc(&r));
    pack_writer_deinit(&w);
}

int main(void)
{
    srand(20240607);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bitmaps_count_and_fill),
        cmocka_unit_test(bitmaps_copy_from_and_to_any_bit),
        cmocka_unit_test(names_fold),
        cmocka_unit_test(long_utf8_is_as_valid_as_short),
        cmocka_unit_test(utf8_validity_agrees_with_its_definition),
        cmocka_unit_test(code_points_go_round),
        cmocka_unit_test(code_points_are_counted),
        cmocka_unit_test(crc32c_equals_its_definition),
        cmocka_unit_test(packed_values_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

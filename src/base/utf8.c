#include "base/utf8.h"

#include <string.h>

#include "base/cpu.h"
#include "base/utf8_fast.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

static uint64_t load8(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

static size_t ascii_prefix(const char *text, size_t len)
{
    size_t i = 0;
    while (len - i >= 16 && ((load8(text + i) | load8(text + i + 8)) & HIGH_BITS) == 0)
        i += 16;
    while (i < len && (uint8_t)text[i] < 0x80)
        i++;
    return i;
}

bool utf8_is_ascii(const char *text, size_t len)
{
    return ascii_prefix(text, len) == len;
}

static bool is_tail(char c)
{
    return ((uint8_t)c & 0xc0) == 0x80;
}

/* Bytes of the valid code point beyond ASCII at `text`, 0 if there is none. The second byte is
 * where overlong forms, surrogates and values beyond U+10FFFF show. */
static size_t multibyte(const char *text, size_t len)
{
    uint8_t first = (uint8_t)text[0];
    if (first < 0xc2 || first > 0xf4) return 0;
    size_t bytes = utf8_length(first);
    if (len < bytes) return 0;
    uint8_t second = (uint8_t)text[1];
    uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return 0;
    for (size_t i = 2; i < bytes; i++)
        if (!is_tail(text[i])) return 0;
    return bytes;
}

/* Below that the tables are not worth loading. */
enum { STRIDES_LEAST_BYTES = 64 };

size_t utf8_valid_prefix(const char *text, size_t len)
{
    size_t i = ascii_prefix(text, len);
    if (len - i >= STRIDES_LEAST_BYTES && cpu_tier_get() != CPU_BASELINE) {
        i += utf8_valid_strides((const uint8_t *)text + i, len - i);
        i += ascii_prefix(text + i, len - i);
    }
    while (i < len) {
        size_t bytes = multibyte(text + i, len - i);
        if (bytes == 0) return i;
        i += bytes;
        if (i < len && (uint8_t)text[i] < 0x80) i += ascii_prefix(text + i, len - i);
    }
    return i;
}

bool utf8_valid(const char *text, size_t len)
{
    return utf8_valid_prefix(text, len) == len;
}

/* Eight bytes at a time: a tail byte has bit 7 set and bit 6 clear. */
static size_t tails8(uint64_t word)
{
    return (size_t)__builtin_popcountll(word & ~(word << 1) & HIGH_BITS);
}

size_t utf8_count(const char *text, size_t len)
{
    size_t count = len;
    size_t i = 0;
    for (; len - i >= 8; i += 8)
        count -= tails8(load8(text + i));
    for (; i < len; i++)
        count -= is_tail(text[i]);
    return count;
}

size_t utf8_prefix_bytes(const char *text, size_t len, size_t count)
{
    if (count >= len) return len;
    size_t i = 0;
    while (len - i >= 8) { /* whole words while they cannot hold the end */
        size_t begins = 8 - tails8(load8(text + i));
        if (begins > count) break;
        count -= begins;
        i += 8;
    }
    while (i < len && (count != 0 || is_tail(text[i]))) {
        count -= !is_tail(text[i]);
        i++;
    }
    return i;
}

uint32_t utf8_decode(const char *text, size_t *out_bytes)
{
    uint8_t first = (uint8_t)text[0];
    size_t bytes = utf8_length(first);
    uint32_t code_point = bytes == 1 ? first : first & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++)
        code_point = code_point << 6 | ((uint8_t)text[i] & 0x3fu);
    *out_bytes = bytes;
    return code_point;
}

size_t utf8_encode(uint32_t code_point, char out[UTF8_BYTES_MAX])
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xc0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3f));
        return 2;
    }
    if (code_point < 0x10000) {
        if (code_point >= 0xd800 && code_point < 0xe000) return 0;
        out[0] = (char)(0xe0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code_point & 0x3f));
        return 3;
    }
    if (code_point > UTF8_CODE_POINT_MAX) return 0;
    out[0] = (char)(0xf0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code_point & 0x3f));
    return 4;
}

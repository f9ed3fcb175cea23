/* utf8.h -- validation and walking of UTF-8. Text inside the engine is valid; it is checked where
 * it comes in. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/compiler.h"

enum { UTF8_BYTES_MAX = 4, UTF8_CODE_POINT_MAX = 0x10ffff };

/* The number of leading bytes that are valid: `len` if all are. No overlong forms, surrogates or
 * values beyond U+10FFFF; NUL is a character like others. */
size_t utf8_valid_prefix(const char *text, size_t len);
bool utf8_valid(const char *text, size_t len);
/* Are all bytes below 0x80? */
bool utf8_is_ascii(const char *text, size_t len);
/* Code points in valid text. */
size_t utf8_count(const char *text, size_t len);
/* Bytes of the first `count` code points of valid text; `len` if there are not as many. */
size_t utf8_prefix_bytes(const char *text, size_t len, size_t count);

/* Bytes of the code point that begins with `first`, in valid text. */
ALWAYS_INLINE size_t utf8_length(uint8_t first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
/* The code point at `text` (valid); its bytes go to *out_bytes. */
uint32_t utf8_decode(const char *text, size_t *out_bytes);
/* Write a code point; returns its bytes, 0 if it is a surrogate or too large. */
size_t utf8_encode(uint32_t code_point, char out[UTF8_BYTES_MAX]);
#endif

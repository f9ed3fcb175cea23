/* utf8_fast.h -- validation of UTF-8 with the byte shuffles of AVX2: the one file that is compiled
 * for them. Elsewhere this is never called. */
#ifndef BASE_UTF8_FAST_H
#define BASE_UTF8_FAST_H
#include <stddef.h>
#include <stdint.h>

/* Leading bytes that are valid and end with a character: all but the last few if the text is
 * valid, at least up to UTF8_STRIDE_BYTES before the first fault otherwise. */
size_t utf8_valid_strides(const uint8_t *text, size_t len);
enum { UTF8_STRIDE_BYTES = 1024 };
#endif

/* chars.h -- which bytes make up words. Bytes above 0x7f are letters. */
#ifndef SQL_CHARS_H
#define SQL_CHARS_H
#include <stdint.h>

#include <stdbool.h>

#include "base/compiler.h"

ALWAYS_INLINE bool char_is_word_start(char c)
{
    uint8_t folded = (uint8_t)((uint8_t)c | 0x20);
    return (folded >= 'a' && folded <= 'z') || c == '_' || (uint8_t)c >= 0x80;
}

ALWAYS_INLINE bool char_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

ALWAYS_INLINE bool char_is_word(char c)
{
    return char_is_word_start(c) || char_is_digit(c) || c == '$';
}
#endif

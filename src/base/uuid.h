/* uuid.h -- UUIDs as 128-bit numbers, bytes and text.
 *
 * The number is the 16 bytes, first one highest, with the top bit flipped: numbers then compare as
 * bytes and texts do. Every module converts through these functions. */
#ifndef BASE_UUID_H
#define BASE_UUID_H
#include <stdint.h>

#include "base/compiler.h"
#include "base/number.h"
#include "base/slice.h"

enum { UUID_BYTES = 16, UUID_TEXT_BYTES = 36 };

void uuid_to_bytes(i128 uuid, uint8_t out[UUID_BYTES]);
i128 uuid_from_bytes(const uint8_t bytes[UUID_BYTES]);
/* Lower case, 8-4-4-4-12 digits and a NUL; returns UUID_TEXT_BYTES. */
size_t uuid_print(i128 uuid, char out[UUID_TEXT_BYTES + 1]);
/* 32 hexadecimal digits in any case; a hyphen may follow every second of them, braces may stand
 * around them and blanks around those. */
NODISCARD enum text_result uuid_parse(struct slice text, i128 *out_uuid);
#endif

#include "base/uuid.h"

#define TOP_BIT ((u128)1 << 127)

void uuid_to_bytes(i128 uuid, uint8_t out[UUID_BYTES])
{
    u128 bits = (u128)uuid ^ TOP_BIT;
    for (int i = UUID_BYTES - 1; i >= 0; i--, bits >>= 8)
        out[i] = (uint8_t)bits;
}

i128 uuid_from_bytes(const uint8_t bytes[UUID_BYTES])
{
    u128 bits = 0;
    for (int i = 0; i < UUID_BYTES; i++)
        bits = bits << 8 | bytes[i];
    return (i128)(bits ^ TOP_BIT);
}

size_t uuid_print(i128 uuid, char out[UUID_TEXT_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[UUID_BYTES];
    uuid_to_bytes(uuid, bytes);
    size_t n = 0;
    for (int i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out[n++] = '-';
        out[n++] = digits[bytes[i] >> 4];
        out[n++] = digits[bytes[i] & 15];
    }
    out[n] = '\0';
    return n;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    int letter = c | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

enum text_result uuid_parse(struct slice text, i128 *out_uuid)
{
    text = slice_trim(text);
    if (text.len >= 2 && text.data[0] == '{' && text.data[text.len - 1] == '}')
        text = (struct slice){text.data + 1, text.len - 2};
    u128 bits = 0;
    uint32_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool may_be_hyphen = count != 0 && count % 2 == 0 && count < 2 * UUID_BYTES;
        if (text.data[i] == '-' && may_be_hyphen && text.data[i - 1] != '-') continue;
        int digit = digit_of(text.data[i]);
        if (digit < 0 || count == 2 * UUID_BYTES) return TEXT_INVALID;
        bits = bits << 4 | (uint32_t)digit;
        count++;
    }
    if (count != 2 * UUID_BYTES) return TEXT_INVALID;
    *out_uuid = (i128)(bits ^ TOP_BIT);
    return TEXT_OK;
}

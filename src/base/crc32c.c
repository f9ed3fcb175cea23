#include "base/crc32c.h"

#include "base/cpu.h"
#include "base/crc32c_fast.h"

/* ---- by table: the reflected polynomial 0x82f63b78, half a byte at a time ---- */

/* The remainder of every low half of a byte. */
static const uint32_t half_low[16] = {
    0x00000000, 0xf26b8303, 0xe13b70f7, 0x1350f3f4, 0xc79a971f, 0x35f1141c, 0x26a1e7e8, 0xd4ca64eb,
    0x8ad958cf, 0x78b2dbcc, 0x6be22838, 0x9989ab3b, 0x4d43cfd0, 0xbf284cd3, 0xac78bf27, 0x5e133c24,
};
/* And of every high half. */
static const uint32_t half_high[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t sum_plain(uint32_t state, const uint8_t *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        uint8_t byte = (uint8_t)(state ^ at[i]);
        state = (state >> 8) ^ half_low[byte & 15] ^ half_high[byte >> 4];
    }
    return state;
}

/* ---- by instruction ---- */

uint32_t crc32c(uint32_t crc, const void *data, size_t bytes)
{
    if (bytes == 0) return crc;
    if (cpu_has_crc32c()) return ~crc32c_fast(~crc, data, bytes);
    return ~sum_plain(~crc, data, bytes);
}

void crc32c_blocks(const void *data, size_t bytes, size_t block_bytes, uint32_t *out)
{
    const uint8_t *at = data;
    if (cpu_has_crc32c()) {
        size_t whole = bytes / block_bytes / CRC32C_LANES * CRC32C_LANES;
        for (size_t i = 0; i < whole; i += CRC32C_LANES)
            crc32c_lanes(at + i * block_bytes, block_bytes, out + i);
        at += whole * block_bytes;
        bytes -= whole * block_bytes;
        out += whole;
    }
    while (bytes != 0) {
        size_t n = bytes < block_bytes ? bytes : block_bytes;
        *out++ = crc32c(0, at, n);
        at += n;
        bytes -= n;
    }
}

/* crc32.h -- CRC-32/IEEE, the checksum of zlib, PNG and simd-r-drive.
 *
 * Reflected polynomial 0xEDB88320, register and result inverted; crc32_ieee(0, "123456789", 9) is
 * 0xCBF43926. Not the CRC-32C (Castagnoli) of other formats. Carry-less multiplication does the
 * work where the processor has it. Threads: any. */
#ifndef BASE_CRC32_H
#define BASE_CRC32_H
#include <stddef.h>
#include <stdint.h>

/* The checksum of what `crc` is the checksum of, followed by `bytes` bytes; begin with 0. */
uint32_t crc32_ieee(uint32_t crc, const void *data, size_t bytes);

/* What `crc`, the checksum of A, adds to that of A followed by B of `bytes` bytes:
 *     crc(AB) == crc32_ieee_shift(crc(A), |B|) ^ crc(B) */
uint32_t crc32_ieee_shift(uint32_t crc, uint64_t bytes);

/* For tests: the same without the processor's help. */
uint32_t crc32_ieee_plain(uint32_t crc, const void *data, size_t bytes);
#endif

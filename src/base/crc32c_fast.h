/* crc32c_fast.h -- CRC-32C with the instruction of x86-64: the one file that is compiled for it,
 * and the one that asks whether the processor has it. Elsewhere these are never called. */
#ifndef BASE_CRC32C_FAST_H
#define BASE_CRC32C_FAST_H
#include <stddef.h>
#include <stdint.h>

enum { CRC32C_LANES = 3 }; /* the instruction takes 3 cycles, and a new one starts every cycle */

/* Without the inversions at both ends. */
uint32_t crc32c_fast(uint32_t state, const uint8_t *at, size_t bytes);
/* The sums of CRC32C_LANES blocks that follow each other. */
void crc32c_lanes(const uint8_t *at, size_t block_bytes, uint32_t *out);
#endif

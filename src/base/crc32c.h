/* crc32c.h -- CRC-32C (Castagnoli), with the processor's instruction where it has one.
 *
 * What detects damage in the engine's own structures. The container's entries carry another sum
 * (CRC-32 IEEE), which is not this one. Any thread. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H
#include <stddef.h>
#include <stdint.h>

/* Continue from `crc` (0: begin). crc32c(0, "123456789", 9) == 0xe3069283. */
uint32_t crc32c(uint32_t crc, const void *data, size_t bytes);
/* One sum per block of `block_bytes` (a multiple of 8), the last block may be shorter: several
 * blocks are summed at a time, which is what makes it fast. */
void crc32c_blocks(const void *data, size_t bytes, size_t block_bytes, uint32_t *out);
#endif

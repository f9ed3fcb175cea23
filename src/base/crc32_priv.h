/* crc32_priv.h -- the part of CRC-32 that is compiled for processors with PCLMULQDQ. Private. */
#ifndef BASE_CRC32_PRIV_H
#define BASE_CRC32_PRIV_H
#include <stddef.h>
#include <stdint.h>

enum { CRC32_FOLD_BYTES = 64, CRC32_REST_BYTES = 16 };

/* Fold `bytes` bytes, a multiple of 16 and at least 64, behind the register `crc` into 16 bytes
 * with the same remainder: the register after `data` is that after `out_rest`, begun with 0. */
void crc32_fold(uint32_t crc, const void *data, size_t bytes, uint8_t out_rest[CRC32_REST_BYTES]);
#endif

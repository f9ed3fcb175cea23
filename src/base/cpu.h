/* cpu.h -- which instruction sets this processor may be asked for. */
#ifndef BASE_CPU_H
#define BASE_CPU_H
#include <stdbool.h>

enum cpu_tier {
    CPU_BASELINE, /* what the architecture promises: SSE2, or NEON */
    CPU_AVX2,
    CPU_AVX512, /* F, BW, VL, DQ and VBMI2 */
};

/* The highest tier that processor and operating system support, or a lower one if the environment
 * variable LLKV_CPU names it (baseline, avx2, avx512). Found once; any thread may ask. */
enum cpu_tier cpu_tier_get(void);
/* Carry-less multiplication of 64-bit words, on x86-64. Never with LLKV_CPU=baseline. */
bool cpu_has_clmul(void);
/* The CRC-32C instruction of SSE 4.2. Never with LLKV_CPU=baseline. */
bool cpu_has_crc32c(void);
/* "baseline", "avx2", "avx512" */
const char *cpu_tier_name(enum cpu_tier tier);
#endif

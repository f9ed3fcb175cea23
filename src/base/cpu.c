#include "base/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

const char *cpu_tier_name(enum cpu_tier tier)
{
    switch (tier) {
    case CPU_BASELINE: return "baseline";
    case CPU_AVX2: return "avx2";
    case CPU_AVX512: return "avx512";
    }
    return "unknown";
}

static enum cpu_tier detect(void)
{
#if defined(__x86_64__)
    /* The builtin looks at XGETBV too: a register file the system does not save is not reported. */
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2")) return CPU_BASELINE;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq") ||
        !__builtin_cpu_supports("avx512vbmi2"))
        return CPU_AVX2;
    return CPU_AVX512;
#else
    return CPU_BASELINE;
#endif
}

static enum cpu_tier choose(void)
{
    enum cpu_tier best = detect();
    const char *wish = getenv("LLKV_CPU");
    if (wish == NULL) return best;
    for (int tier = CPU_BASELINE; tier <= (int)best; tier++)
        if (strcmp(wish, cpu_tier_name((enum cpu_tier)tier)) == 0) return (enum cpu_tier)tier;
    return best;
}

enum cpu_tier cpu_tier_get(void)
{
    static atomic_int known = -1; /* racing threads find the same answer */
    int tier = atomic_load_explicit(&known, memory_order_relaxed);
    if (tier < 0) {
        tier = (int)choose();
        atomic_store_explicit(&known, tier, memory_order_relaxed);
    }
    return (enum cpu_tier)tier;
}

bool cpu_has_clmul(void)
{
#if defined(__x86_64__)
    static atomic_int known = -1; /* racing threads find the same answer */
    int has = atomic_load_explicit(&known, memory_order_relaxed);
    if (has < 0) {
        __builtin_cpu_init();
        has = cpu_tier_get() != CPU_BASELINE && __builtin_cpu_supports("pclmul");
        atomic_store_explicit(&known, has, memory_order_relaxed);
    }
    return has != 0;
#else
    return false;
#endif
}

bool cpu_has_crc32c(void)
{
#if defined(__x86_64__)
    static atomic_int known = -1; /* racing threads find the same answer */
    int has = atomic_load_explicit(&known, memory_order_relaxed);
    if (has < 0) {
        __builtin_cpu_init();
        has = cpu_tier_get() != CPU_BASELINE && __builtin_cpu_supports("sse4.2");
        atomic_store_explicit(&known, has, memory_order_relaxed);
    }
    return has != 0;
#else
    return false;
#endif
}

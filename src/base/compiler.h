/* compiler.h -- the only place that knows the compiler. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H
#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define UNUSED __attribute__((unused))
#define PREFETCH(p) __builtin_prefetch(p)
#define CONCAT_(a, b) a##b
#define CONCAT(a, b) CONCAT_(a, b)
#define CONCAT4_(a, b, c) a##_##b##_##c
#define CONCAT4(a, b, c) CONCAT4_(a, b, c)
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Tell the processor that this is a loop that waits. */
#if defined(__x86_64__)
#define CPU_PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define CPU_PAUSE() __asm__ volatile("yield")
#else
#define CPU_PAUSE() ((void)0)
#endif

/* 1 in builds with the thread sanitizer, which does not understand fences. */
#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER 1
#endif
#endif
#ifndef THREAD_SANITIZER
#define THREAD_SANITIZER 0
#endif

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;
#endif

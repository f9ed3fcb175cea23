/* alloc.h -- all memory of the library comes from here: counted, limited, and made to fail in
 * tests.
 *
 * Every allocation is charged to a budget (one per engine; NULL is the process-wide one, which has
 * no limit). Memory is given back to the budget it came from. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H
#include <stddef.h>
#include <stdint.h>

#include <stdatomic.h>

#include "base/compiler.h"

struct block_pool;

struct mem_budget {
    _Atomic int64_t used_bytes;
    _Atomic int64_t peak_bytes;
    int64_t limit_bytes;       /* 0: none */
    struct block_pool *blocks; /* set by block_pool_new; what it keeps goes when the limit is hit */
};

/* NULL if the budget or the machine has no more. Contents undefined; aligned to 16. */
void *mem_alloc(struct mem_budget *budget, size_t bytes);
void *mem_alloc_zero(struct mem_budget *budget, size_t bytes);
/* Aligned to 64, contents undefined. Freed with mem_free as well. */
void *mem_alloc_aligned(struct mem_budget *budget, size_t bytes);
/* NULL if it fails: `ptr` is then untouched. `ptr` may be NULL; never an aligned one. */
void *mem_realloc(void *ptr, size_t bytes, struct mem_budget *budget);
/* NULL is allowed. */
void mem_free(void *ptr);

/* Count bytes that live elsewhere against the budget; false, and nothing is counted, if it has no
 * room for them. Paired with mem_uncharge. */
NODISCARD _Bool mem_charge(struct mem_budget *budget, size_t bytes);
void mem_uncharge(struct mem_budget *budget, size_t bytes);

/* Whole pages for big recycled blocks: `bytes` is a multiple of MEM_PAGE_BYTES, the result is
 * aligned to it, zeroed, and of huge pages where the system has them. Given back with its size. */
enum { MEM_PAGE_BYTES = 2 * 1024 * 1024 };
void *mem_map(struct mem_budget *budget, size_t bytes);
void mem_unmap(struct mem_budget *budget, void *ptr, size_t bytes);

/* a * b, a + b; false if it does not fit size_t. */
NODISCARD ALWAYS_INLINE _Bool size_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
NODISCARD ALWAYS_INLINE _Bool size_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

/* Tests: allocation number `nth` from now (1 = the next) fails, and with `for_good` every one after
 * it; 0 switches it off. Also by LLKV_FAIL=alloc:N (see fault.h). */
void mem_fail_nth(int64_t nth, _Bool for_good);
/* Allocations made so far; tests assert on differences. */
uint64_t mem_alloc_count(void);
/* Bytes in use over all budgets; 0 at the end of a test means nothing leaked. */
int64_t mem_used_bytes(void);
#endif

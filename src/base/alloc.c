#define _DEFAULT_SOURCE 1
#include "base/alloc.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/buffer.h"
#include "base/fault.h"

/* Stands right before every allocation. */
struct header {
    struct mem_budget *budget;
    size_t bytes; /* as asked for; the top bit tells an aligned one */
};
static_assert(sizeof(struct header) == 16, "keeps what follows aligned to 16");
enum { ALIGN = 64, ZEROED_HERE_MAX = 1024 };
#define ALIGNED_BIT ((size_t)1 << 63)
#define BYTES_MAX (((size_t)1 << 62) - 1)

/* The process-wide counters: statistics and fault injection for tests, never read by the engine. */
static struct mem_budget process;
static _Atomic uint64_t alloc_count;
static struct fault_point alloc_fault = FAULT_POINT("alloc:");

void mem_fail_nth(int64_t nth, _Bool for_good)
{
    fault_arm(&alloc_fault, nth, for_good);
}

static void count_up(struct mem_budget *budget, int64_t used)
{
    int64_t peak = atomic_load_explicit(&budget->peak_bytes, memory_order_relaxed);
    while (used > peak &&
           !atomic_compare_exchange_weak_explicit(&budget->peak_bytes, &peak, used,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

static bool charge(struct mem_budget *budget, size_t bytes)
{
    int64_t added = (int64_t)bytes;
    int64_t used =
        atomic_fetch_add_explicit(&budget->used_bytes, added, memory_order_relaxed) + added;
    if (budget->limit_bytes != 0 && used > budget->limit_bytes) {
        atomic_fetch_sub_explicit(&budget->used_bytes, added, memory_order_relaxed);
        return false;
    }
    count_up(budget, used);
    return true;
}

static void uncharge(struct mem_budget *budget, size_t bytes)
{
    int64_t before =
        atomic_fetch_sub_explicit(&budget->used_bytes, (int64_t)bytes, memory_order_relaxed);
    assert(before >= (int64_t)bytes);
    (void)before; /* without assertions */
}

_Bool mem_charge(struct mem_budget *budget, size_t bytes)
{
    if (bytes > BYTES_MAX) return false;
    if (charge(budget, bytes)) return true;
    if (budget->blocks == NULL || block_pool_trim(budget->blocks, 0) == 0) return false;
    return charge(budget, bytes);
}

void mem_uncharge(struct mem_budget *budget, size_t bytes)
{
    uncharge(budget, bytes);
}

/* Count `bytes` in; false if they must not be had. */
static bool admit(struct mem_budget *budget, size_t bytes)
{
    if (bytes > BYTES_MAX) return false;
    atomic_fetch_add_explicit(&alloc_count, 1, memory_order_relaxed);
    if (fault_due(&alloc_fault)) return false;
    if (budget != NULL && !mem_charge(budget, bytes)) return false;
    return charge(&process, bytes);
}

static void dismiss(struct mem_budget *budget, size_t bytes)
{
    if (budget != NULL) uncharge(budget, bytes);
    uncharge(&process, bytes);
}

void *mem_alloc(struct mem_budget *budget, size_t bytes)
{
    if (UNLIKELY(!admit(budget, bytes))) return NULL;
    struct header *header = malloc(sizeof *header + bytes);
    if (UNLIKELY(header == NULL)) {
        dismiss(budget, bytes);
        return NULL;
    }
    *header = (struct header){budget, bytes};
    return header + 1;
}

void *mem_alloc_zero(struct mem_budget *budget, size_t bytes)
{
    /* calloc passes by the thread's cache of small blocks, but knows what the system has zeroed. */
    if (bytes <= ZEROED_HERE_MAX) {
        void *ptr = mem_alloc(budget, bytes);
        return UNLIKELY(ptr == NULL) ? NULL : memset(ptr, 0, bytes);
    }
    if (UNLIKELY(!admit(budget, bytes))) return NULL;
    struct header *header = calloc(1, sizeof *header + bytes);
    if (UNLIKELY(header == NULL)) {
        dismiss(budget, bytes);
        return NULL;
    }
    *header = (struct header){budget, bytes};
    return header + 1;
}

void *mem_alloc_aligned(struct mem_budget *budget, size_t bytes)
{
    if (UNLIKELY(!admit(budget, bytes))) return NULL;
    size_t total = (ALIGN + bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    char *base = aligned_alloc(ALIGN, total);
    if (UNLIKELY(base == NULL)) {
        dismiss(budget, bytes);
        return NULL;
    }
    struct header *header = (struct header *)(void *)(base + ALIGN) - 1;
    *header = (struct header){budget, bytes | ALIGNED_BIT};
    return header + 1;
}

void *mem_realloc(void *ptr, size_t bytes, struct mem_budget *budget)
{
    if (ptr == NULL) return mem_alloc(budget, bytes);
    struct header *header = (struct header *)ptr - 1;
    assert(header->budget == budget);
    assert((header->bytes & ALIGNED_BIT) == 0);
    size_t old_bytes = header->bytes;
    size_t added = bytes > old_bytes ? bytes - old_bytes : 0;
    if (UNLIKELY(!admit(budget, added))) return NULL;
    struct header *moved = realloc(header, sizeof *header + bytes);
    if (UNLIKELY(moved == NULL)) {
        dismiss(budget, added);
        return NULL;
    }
    dismiss(budget, old_bytes + added - bytes);
    moved->bytes = bytes;
    return moved + 1;
}

void mem_free(void *ptr)
{
    if (ptr == NULL) return;
    struct header *header = (struct header *)ptr - 1;
    size_t bytes = header->bytes;
    dismiss(header->budget, bytes & ~ALIGNED_BIT);
    if ((bytes & ALIGNED_BIT) != 0)
        free((char *)ptr - ALIGN);
    else
        free(header);
}

void *mem_map(struct mem_budget *budget, size_t bytes)
{
    assert(bytes % MEM_PAGE_BYTES == 0);
    if (!admit(budget, bytes)) return NULL;
    size_t total = bytes + MEM_PAGE_BYTES;
    char *base = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        dismiss(budget, bytes);
        return NULL;
    }
    size_t skip = (MEM_PAGE_BYTES - ((uintptr_t)base & (MEM_PAGE_BYTES - 1))) % MEM_PAGE_BYTES;
    if (skip != 0) munmap(base, skip);
    munmap(base + skip + bytes, MEM_PAGE_BYTES - skip);
    (void)madvise(base + skip, bytes, MADV_HUGEPAGE); /* a wish: small pages do as well */
    return base + skip;
}

void mem_unmap(struct mem_budget *budget, void *ptr, size_t bytes)
{
    if (ptr == NULL) return;
    munmap(ptr, bytes);
    dismiss(budget, bytes);
}

uint64_t mem_alloc_count(void)
{
    return atomic_load_explicit(&alloc_count, memory_order_relaxed);
}

int64_t mem_used_bytes(void)
{
    return atomic_load_explicit(&process.used_bytes, memory_order_relaxed);
}

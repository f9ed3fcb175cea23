#include "task/epoch.h"

#include <stddef.h>

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

enum { RECLAIM_EVERY = 32 };

/* The epoch has a cache line of its own. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct epoch_domain {
    _Alignas(64) _Atomic uint64_t epoch; /* from 1; counts what was retired */
    _Alignas(64) pthread_mutex_t lock;
    struct epoch_slot *slots;
    struct epoch_item *oldest, *newest; /* retired, in the order of their epochs */
    uint64_t waiting;
    uint64_t retired_since; /* the last attempt to reclaim */
    struct mem_budget *budget;
};

/* A reader's "I am inside" and a writer's look at the readers must not pass each other: one of the
 * two sees what the other did before. */
static void meet(void)
{
#if !THREAD_SANITIZER
    atomic_thread_fence(memory_order_seq_cst);
#endif
}

struct epoch_domain *epoch_domain_new(struct mem_budget *budget)
{
    struct epoch_domain *domain = mem_alloc_aligned(budget, sizeof *domain);
    if (domain == NULL) return NULL;
    *domain = (struct epoch_domain){.budget = budget};
    atomic_init(&domain->epoch, 1);
    if (pthread_mutex_init(&domain->lock, NULL) == 0) return domain;
    mem_free(domain);
    return NULL;
}

void epoch_domain_free(struct epoch_domain *domain)
{
    if (domain == NULL) return;
    assert(domain->slots == NULL);
    uint64_t waiting = epoch_reclaim(domain);
    assert(waiting == 0);
    (void)waiting; /* without assertions */
    pthread_mutex_destroy(&domain->lock);
    mem_free(domain);
}

struct epoch_slot *epoch_slot_new(struct epoch_domain *domain)
{
    struct epoch_slot *slot = mem_alloc_aligned(domain->budget, sizeof *slot);
    if (slot == NULL) return NULL;
    *slot = (struct epoch_slot){.domain = domain};
    pthread_mutex_lock(&domain->lock);
    slot->next = domain->slots;
    domain->slots = slot;
    pthread_mutex_unlock(&domain->lock);
    return slot;
}

void epoch_slot_free(struct epoch_slot *slot)
{
    if (slot == NULL) return;
    assert(slot->depth == 0);
    struct epoch_domain *domain = slot->domain;
    pthread_mutex_lock(&domain->lock);
    struct epoch_slot **at = &domain->slots;
    while (*at != slot)
        at = &(*at)->next;
    *at = slot->next;
    pthread_mutex_unlock(&domain->lock);
    mem_free(slot);
}

void epoch_enter(struct epoch_slot *slot)
{
    if (slot->depth++ != 0) return;
    /* An old value only makes writers wait longer; with a new one the reader sees what was unlinked
     * before it. */
    uint64_t epoch = atomic_load_explicit(&slot->domain->epoch, memory_order_acquire);
    (void)atomic_exchange_explicit(&slot->epoch, epoch, memory_order_seq_cst); /* it was 0 */
    meet();
}

void epoch_exit(struct epoch_slot *slot)
{
    assert(slot->depth > 0);
    if (--slot->depth != 0) return;
    atomic_store_explicit(&slot->epoch, 0, memory_order_release);
}

/* The lowest epoch that a reader shows; UINT64_MAX if nobody is inside. Under the lock. */
static uint64_t oldest_reader(const struct epoch_domain *domain)
{
    uint64_t oldest = UINT64_MAX;
    meet();
    for (struct epoch_slot *slot = domain->slots; slot != NULL; slot = slot->next) {
        uint64_t epoch = atomic_load_explicit(&slot->epoch, memory_order_seq_cst);
        if (epoch != 0 && epoch < oldest) oldest = epoch;
    }
    return oldest;
}

uint64_t epoch_reclaim(struct epoch_domain *domain)
{
    struct epoch_item *free_first = NULL;
    struct epoch_item **free_end = &free_first;
    pthread_mutex_lock(&domain->lock);
    domain->retired_since = 0;
    uint64_t reader = domain->oldest == NULL ? 0 : oldest_reader(domain);
    while (domain->oldest != NULL && domain->oldest->epoch < reader) {
        struct epoch_item *item = domain->oldest;
        domain->oldest = item->next;
        domain->waiting--;
        *free_end = item;
        free_end = &item->next;
    }
    *free_end = NULL;
    if (domain->oldest == NULL) domain->newest = NULL;
    uint64_t waiting = domain->waiting;
    pthread_mutex_unlock(&domain->lock);
    while (free_first != NULL) {
        struct epoch_item *next = free_first->next;
        free_first->free_fn(free_first);
        free_first = next;
    }
    return waiting;
}

void epoch_retire(struct epoch_domain *domain, void *ptr, void (*fn)(void *ptr))
{
    struct epoch_item *item = ptr;
    item->next = NULL;
    item->free_fn = fn;
    pthread_mutex_lock(&domain->lock);
    /* Readers that show this epoch or an older one may have found the object. */
    item->epoch = atomic_fetch_add_explicit(&domain->epoch, 1, memory_order_seq_cst);
    if (domain->newest != NULL)
        domain->newest->next = item;
    else
        domain->oldest = item;
    domain->newest = item;
    domain->waiting++;
    bool reclaim = ++domain->retired_since >= RECLAIM_EVERY;
    pthread_mutex_unlock(&domain->lock);
    if (reclaim) (void)epoch_reclaim(domain); /* how many wait does not matter here */
}

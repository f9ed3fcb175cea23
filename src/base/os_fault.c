#define _GNU_SOURCE 1
#include "base/os_fault.h"

#include <stddef.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RANGES_MAX = 4096 };

/* A signal handler finds nothing but what is static. `begin` is 0 in a free range; it is set last
 * and cleared first, so the handler never sees half of a range. */
static struct range {
    _Atomic uintptr_t begin;
    _Atomic uintptr_t end;
} ranges[RANGES_MAX];
static atomic_uint ranges_used; /* none beyond was ever taken */
static _Atomic uint64_t faults;
static pthread_mutex_t ranges_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t installed = PTHREAD_ONCE_INIT;
static struct sigaction before;
static uintptr_t page_bytes;

static bool guarded(uintptr_t address)
{
    uint32_t used = atomic_load(&ranges_used);
    for (uint32_t i = 0; i < used; i++) {
        uintptr_t begin = atomic_load(&ranges[i].begin);
        if (begin != 0 && address >= begin && address < atomic_load(&ranges[i].end)) return true;
    }
    return false;
}

/* mmap is a plain system call here: it takes no lock and no memory of the process. */
static bool replace_page(uintptr_t address)
{
    union {
        uintptr_t number;
        void *pointer;
    } page = {.number = address / page_bytes * page_bytes};
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    return mmap(page.pointer, page_bytes, PROT_READ, flags, -1, 0) != MAP_FAILED;
}

static void handle(int signal_number, siginfo_t *info, void *context)
{
    int error = errno;
    uintptr_t address = (uintptr_t)info->si_addr;
    if (guarded(address) && replace_page(address)) {
        atomic_fetch_add(&faults, 1);
        errno = error;
        return;
    }
    if ((before.sa_flags & SA_SIGINFO) != 0)
        before.sa_sigaction(signal_number, info, context);
    else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
        before.sa_handler(signal_number);
    else
        (void)sigaction(SIGBUS, &before, NULL); /* and it comes again */
    errno = error;
}

static void install(void)
{
    page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct sigaction action = {.sa_sigaction = handle,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGBUS, &action, &before); /* cannot fail with these arguments */
}

bool os_fault_guard(const void *data, uint64_t bytes)
{
    (void)pthread_once(&installed, install);
    bool found = false;
    pthread_mutex_lock(&ranges_lock);
    for (uint32_t i = 0; i < RANGES_MAX && !found; i++) {
        if (atomic_load(&ranges[i].begin) != 0) continue;
        found = true;
        atomic_store(&ranges[i].end, (uintptr_t)data + bytes);
        atomic_store(&ranges[i].begin, (uintptr_t)data);
        if (i >= atomic_load(&ranges_used)) atomic_store(&ranges_used, i + 1);
    }
    pthread_mutex_unlock(&ranges_lock);
    return found;
}

void os_fault_unguard(const void *data)
{
    pthread_mutex_lock(&ranges_lock);
    uint32_t used = atomic_load(&ranges_used);
    for (uint32_t i = 0; i < used; i++)
        if (atomic_load(&ranges[i].begin) == (uintptr_t)data) atomic_store(&ranges[i].begin, 0);
    pthread_mutex_unlock(&ranges_lock);
}

uint64_t os_fault_count(void)
{
    return atomic_load(&faults);
}

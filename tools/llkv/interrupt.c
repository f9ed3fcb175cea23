#include "llkv/interrupt.h"

#include <stddef.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/select.h>
#include <unistd.h>

static _Atomic(llkv_session *) watched;
static atomic_bool happened;

/* A statement that is about to start does not hear of it, so it is told again while it is watched.
 */
static void on_signal(int signal_number)
{
    if (signal_number == SIGINT) atomic_store(&happened, true);
    llkv_session *session = atomic_load(&watched);
    if (session == NULL || !atomic_load(&happened)) return;
    llkv_session_interrupt(session);
    (void)alarm(1);
}

void interrupt_install(void)
{
    struct sigaction interrupt = {.sa_handler = on_signal};
    struct sigaction again = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    (void)sigemptyset(&interrupt.sa_mask); /* cannot fail on a mask of our own */
    (void)sigaddset(&interrupt.sa_mask, SIGALRM);
    again.sa_mask = interrupt.sa_mask;
    /* Without them Ctrl-C ends the command, which is bearable. */
    (void)sigaction(SIGALRM, &again, NULL);
    (void)sigaction(SIGINT, &interrupt, NULL);
}

void interrupt_watch(llkv_session *session)
{
    atomic_store(&watched, session);
}

bool interrupt_take(void)
{
    return atomic_exchange(&happened, false);
}

bool interrupt_wait(int fd)
{
    sigset_t interrupt, before;
    (void)sigemptyset(&interrupt); /* cannot fail on a mask of our own, nor can the next two */
    (void)sigaddset(&interrupt, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &interrupt, &before);
    sigset_t open = before;
    (void)sigdelset(&open, SIGINT);
    bool ready = false;
    while (!ready && !atomic_load(&happened)) {
        fd_set fds;
        FD_ZERO(&fds);
        FD_SET(fd, &fds);
        int count = pselect(fd + 1, &fds, NULL, NULL, NULL, &open);
        ready = count > 0 || (count < 0 && errno != EINTR); /* let the read tell the error */
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return ready;
}

#include "llkv/interrupt.h"

#include <stddef.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/select.h>

static _Atomic(llkv_session *) watched;
static atomic_bool happened;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    atomic_store(&happened, true);
    llkv_session *session = atomic_load(&watched);
    if (session != NULL) llkv_session_interrupt(session);
}

void interrupt_install(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    (void)sigemptyset(&action.sa_mask); /* cannot fail on a mask of our own */
    (void)sigaction(SIGINT, &action,
                    NULL); /* without it Ctrl-C ends the command, which is bearable */
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

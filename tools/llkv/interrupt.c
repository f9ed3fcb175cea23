#include "llkv/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

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
    (void)sigemptyset(&action.sa_mask);      /* cannot fail on a mask of our own */
    (void)sigaction(SIGINT, &action, NULL); /* without it Ctrl-C ends the command, which is bearable */
}

void interrupt_watch(llkv_session *session)
{
    atomic_store(&watched, session);
}

bool interrupt_take(void)
{
    return atomic_exchange(&happened, false);
}

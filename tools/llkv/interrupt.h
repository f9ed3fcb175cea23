/* interrupt.h -- Ctrl-C.
 *
 * Owns:    the process's handler of SIGINT and the two variables it needs, which is why this is the
 *          one place of the command with static state.
 * Threads: the main thread. */
#ifndef SHELL_INTERRUPT_H
#define SHELL_INTERRUPT_H
#include <stdbool.h>

#include "llkv.h"

/* Install the handler; system calls are not restarted after it. */
void interrupt_install(void);
/* From now on Ctrl-C interrupts what this session runs, or starts within a second; NULL: nothing.
 */
void interrupt_watch(llkv_session *session);
/* Was there a Ctrl-C since the last call? */
bool interrupt_take(void);
/* Wait until `fd` can be read. False after a Ctrl-C, also one that came before the call: it is
 * never slept through. */
bool interrupt_wait(int fd);
#endif

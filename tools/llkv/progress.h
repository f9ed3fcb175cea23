/* progress.h -- how far a long statement is, on a terminal.
 *
 * Owns:    a thread between start and stop.
 * Threads: one at a time; its own thread only asks the session and writes to `out`. */
#ifndef SHELL_PROGRESS_H
#define SHELL_PROGRESS_H
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "llkv.h"

struct progress {
    llkv_session *session;
    FILE *out;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t over;
    bool running, stop;
};

/* From now on a line on `out` tells how far the session's statement is, once it has taken a while.
 * Nothing happens if `out` is no terminal, or there is no thread to be had. */
void progress_start(struct progress *progress, llkv_session *session, FILE *out);
/* The line is gone when it returns. */
void progress_stop(struct progress *progress);
#endif

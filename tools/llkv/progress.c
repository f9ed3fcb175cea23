#include "llkv/progress.h"

#include <time.h>
#include <unistd.h>

enum { FIRST_MS = 500, NEXT_MS = 100, BAR = 30, CLOCK_NS = 1000000 };

static double seconds_since(const struct timespec *begin)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

static void show(const struct progress *p, const struct timespec *begin)
{
    uint64_t done, total;
    char bar[BAR + 1];
    if (!llkv_session_progress(p->session, &done, &total)) return;
    if (done > total) done = total;
    const double part = (double)done / (double)total;
    for (int i = 0; i < BAR; i++)
        bar[i] = (double)i < part * BAR ? '#' : '.';
    bar[BAR] = '\0';
    const double taken = seconds_since(begin);
    fprintf(p->out, "\r[%s] %3.0f %%  %.0f s left \033[K", bar, part * 100,
            part > 0 ? taken / part - taken : 0.0);
    (void)fflush(p->out); /* a line that is not seen is no failure */
}

static void *watch(void *arg)
{
    struct progress *p = arg;
    struct timespec begin;
    bool shown = false;
    (void)clock_gettime(CLOCK_MONOTONIC, &begin); /* cannot fail for this clock */
    pthread_mutex_lock(&p->mutex);
    for (int wait = FIRST_MS; !p->stop; wait = NEXT_MS) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until); /* cannot fail for this clock */
        until.tv_nsec += (int64_t)wait * CLOCK_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&p->over, &p->mutex, &until); /* early is early */
        if (p->stop) break;
        show(p, &begin);
        shown = true;
    }
    pthread_mutex_unlock(&p->mutex);
    if (shown) (void)fputs("\r\033[K", p->out);
    (void)fflush(p->out);
    return NULL;
}

void progress_start(struct progress *p, llkv_session *session, FILE *out)
{
    *p = (struct progress){.session = session, .out = out};
    if (isatty(fileno(out)) == 0) return;
    if (pthread_mutex_init(&p->mutex, NULL) != 0) return;
    if (pthread_cond_init(&p->over, NULL) == 0) {
        p->running = pthread_create(&p->thread, NULL, watch, p) == 0;
        if (p->running) return;
        (void)pthread_cond_destroy(&p->over); /* nobody waits */
    }
    (void)pthread_mutex_destroy(&p->mutex); /* nobody holds it */
}

void progress_stop(struct progress *p)
{
    if (!p->running) return;
    pthread_mutex_lock(&p->mutex);
    p->stop = true;
    pthread_cond_signal(&p->over);
    pthread_mutex_unlock(&p->mutex);
    (void)pthread_join(p->thread, NULL); /* it was created, and is joined once */
    (void)pthread_cond_destroy(&p->over);
    (void)pthread_mutex_destroy(&p->mutex);
    p->running = false;
}

/* cx.h -- one statement's world: where memory comes from, where errors go, whether to stop.
 *
 * Owned by one thread at a time. A worker that helps a statement has a cx of its own, with its own
 * arena and error, and the statement's cancel flag. */
#ifndef BASE_CX_H
#define BASE_CX_H
#include <stddef.h>

#include <stdatomic.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/slice.h"
#include "llkv/status.h"

struct task_pool;

enum { CX_DEPTH_MAX = 1000 };

/* How far a statement is, in units of its own; total 0: nobody knows. Read from any thread. */
struct cx_progress {
    _Atomic uint64_t done, total;
};
/* `progress` may be NULL. */
void cx_progress_set(struct cx_progress *progress, uint64_t done, uint64_t total);

struct cx {
    struct arena *arena;          /* reset when the statement ends */
    llkv_error *error;            /* never NULL inside the library */
    const atomic_bool *cancel;    /* polled once per batch; may be NULL */
    struct mem_budget *budget;    /* for what outlives or outgrows the arena; may be NULL */
    struct task_pool *pool;       /* NULL: run everything on this thread */
    struct slice text;            /* the SQL text that offsets point into */
    uint32_t depth;               /* of recursions over the statement */
    int64_t now_micros;           /* when the statement began, UTC since 1970; 0: ask the clock */
    struct cx_progress *progress; /* or NULL */
};

/* Record an error at the place that discovers it, and return its code. */
NODISCARD llkv_code cx_fail(struct cx *cx, llkv_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same with a place in the SQL text (`offset` in bytes, -1: none) and a finer SQLSTATE
 * (NULL: the code's own). */
NODISCARD llkv_code cx_fail_at(struct cx *cx, llkv_code code, int32_t offset, const char *sqlstate,
                               const char *fmt, ...) PRINTF_LIKE(5, 6);
/* Say what to do about the error just recorded; returns its code. */
NODISCARD llkv_code cx_hint(struct cx *cx, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Prefix the message already recorded with what the caller was doing. */
NODISCARD llkv_code cx_while(struct cx *cx, llkv_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Give the error just recorded a place in the SQL text if it has none; returns `code`. */
NODISCARD llkv_code cx_place(struct cx *cx, llkv_code code, int32_t offset);
/* LLKV_NOMEM, recorded without formatting or memory. */
NODISCARD llkv_code cx_nomem(struct cx *cx);
/* LLKV_CANCELLED once the flag is set. */
NODISCARD llkv_code cx_check_cancel(struct cx *cx);
/* Guard a recursion: LLKV_LIMIT (54001) beyond CX_DEPTH_MAX. Pair with cx_leave on success. */
NODISCARD llkv_code cx_enter(struct cx *cx);
ALWAYS_INLINE void cx_leave(struct cx *cx)
{
    cx->depth--;
}

/* From the statement arena; NULL after recording LLKV_NOMEM:
 *     struct node *n = cx_alloc(cx, sizeof *n);
 *     if (n == NULL) return LLKV_NOMEM; */
void *cx_alloc(struct cx *cx, size_t bytes);
void *cx_alloc_zero(struct cx *cx, size_t bytes);
/* count * size, checked. */
void *cx_alloc_array(struct cx *cx, size_t count, size_t size);
/* A NUL-terminated copy. */
char *cx_strndup(struct cx *cx, const char *text, size_t len);
/* printf into the arena. */
char *cx_printf(struct cx *cx, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Propagate. TRY only where nothing needs undoing; TRY_TO once something does. */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        llkv_code try_rc_ = (expr);                                                                \
        if (UNLIKELY(try_rc_ != LLKV_OK)) return try_rc_;                                          \
    } while (0)

#define TRY_TO(label, rc, expr)                                                                    \
    do {                                                                                           \
        (rc) = (expr);                                                                             \
        if (UNLIKELY((rc) != LLKV_OK)) goto label;                                                 \
    } while (0)

/* Believed, not proven: asserts in debug builds, LLKV_INTERNAL in release ones. */
#define CHECK(cx, condition)                                                                       \
    do {                                                                                           \
        if (UNLIKELY(!(condition)))                                                                \
            return cx_fail((cx), LLKV_INTERNAL, "%s:%d: %s", __FILE__, __LINE__, #condition);      \
    } while (0)
#endif

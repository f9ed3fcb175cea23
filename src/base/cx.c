#include "base/cx.h"

#include <stdarg.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* A message that did not fit ends with a whole code point. */
static void trim_text(char *text, size_t size, int wanted)
{
    if (wanted < 0) text[0] = '\0';
    if (wanted < 0 || (size_t)wanted < size) return;
    size_t lead = size - 1;
    while (lead > 0 && ((uint8_t)text[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead == 0) return;
    uint8_t first = (uint8_t)text[--lead];
    size_t whole = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (lead + whole > size - 1) text[lead] = '\0';
}

PRINTF_LIKE(3, 0) static void format(char *out, size_t size, const char *fmt, va_list args)
{
    int wanted = vsnprintf(out, size, fmt, args);
    trim_text(out, size, wanted);
}

static void set_place(struct cx *cx, int32_t offset)
{
    llkv_error *error = cx->error;
    error->offset = -1;
    error->line = 0;
    error->column = 0;
    if (offset < 0 || cx->text.data == NULL) return;
    size_t end = (size_t)offset < cx->text.len ? (size_t)offset : cx->text.len;
    int32_t line = 1;
    int32_t column = 1;
    for (size_t i = 0; i < end; i++) {
        uint8_t c = (uint8_t)cx->text.data[i];
        if (c == '\n') {
            line++;
            column = 1;
        } else if ((c & 0xc0) != 0x80) {
            column++;
        }
    }
    error->offset = (int32_t)end;
    error->line = line;
    error->column = column;
}

static void set_code(struct cx *cx, llkv_code code, const char *sqlstate)
{
    assert(code != LLKV_OK);
    llkv_error *error = cx->error;
    if (sqlstate == NULL) sqlstate = llkv_code_sqlstate(code);
    assert(strlen(sqlstate) == 5);
    error->code = code;
    error->retryable = code == LLKV_CONFLICT;
    error->hint[0] = '\0';
    memcpy(error->sqlstate, sqlstate, sizeof error->sqlstate);
}

llkv_code cx_fail(struct cx *cx, llkv_code code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    format(cx->error->message, sizeof cx->error->message, fmt, args);
    va_end(args);
    set_code(cx, code, NULL);
    set_place(cx, -1);
    return code;
}

llkv_code cx_fail_at(struct cx *cx, llkv_code code, int32_t offset, const char *sqlstate,
                     const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    format(cx->error->message, sizeof cx->error->message, fmt, args);
    va_end(args);
    set_code(cx, code, sqlstate);
    set_place(cx, offset);
    return code;
}

llkv_code cx_hint(struct cx *cx, const char *fmt, ...)
{
    assert(cx->error->code != LLKV_OK);
    va_list args;
    va_start(args, fmt);
    format(cx->error->hint, sizeof cx->error->hint, fmt, args);
    va_end(args);
    return cx->error->code;
}

llkv_code cx_while(struct cx *cx, llkv_code code, const char *fmt, ...)
{
    assert(code != LLKV_OK);
    llkv_error *error = cx->error;
    char cause[sizeof error->message];
    memcpy(cause, error->message, sizeof cause);
    va_list args;
    va_start(args, fmt);
    format(error->message, sizeof error->message, fmt, args);
    va_end(args);
    size_t used = strlen(error->message);
    size_t room = sizeof error->message - used;
    int wanted = snprintf(error->message + used, room, ": %s", cause);
    trim_text(error->message + used, room, wanted);
    return code;
}

llkv_code cx_place(struct cx *cx, llkv_code code, int32_t offset)
{
    assert(code != LLKV_OK);
    if (cx->error->offset < 0) set_place(cx, offset);
    return code;
}

void cx_progress_set(struct cx_progress *progress, uint64_t done, uint64_t total)
{
    if (progress == NULL) return;
    atomic_store_explicit(&progress->done, done, memory_order_relaxed);
    atomic_store_explicit(&progress->total, total, memory_order_relaxed);
}

llkv_code cx_nomem(struct cx *cx)
{
    static const char text[] = "out of memory";
    memcpy(cx->error->message, text, sizeof text);
    set_code(cx, LLKV_NOMEM, NULL);
    set_place(cx, -1);
    return LLKV_NOMEM;
}

llkv_code cx_check_cancel(struct cx *cx)
{
    if (LIKELY(cx->cancel == NULL || !atomic_load_explicit(cx->cancel, memory_order_relaxed)))
        return LLKV_OK;
    return cx_fail(cx, LLKV_CANCELLED, "the statement was cancelled");
}

llkv_code cx_enter(struct cx *cx)
{
    if (UNLIKELY(cx->depth >= CX_DEPTH_MAX))
        return cx_fail_at(cx, LLKV_LIMIT, -1, "54001", "nested deeper than %d levels",
                          (int)CX_DEPTH_MAX);
    cx->depth++;
    return LLKV_OK;
}

static NOINLINE void *no_memory(struct cx *cx)
{
    llkv_code code = cx_nomem(cx);
    assert(code == LLKV_NOMEM);
    (void)code; /* the caller sees NULL */
    return NULL;
}

void *cx_alloc(struct cx *cx, size_t bytes)
{
    if (bytes == 0) bytes = 1; /* the pointer must not be NULL */
    if (UNLIKELY(bytes > PTRDIFF_MAX)) return no_memory(cx);
    void *p = arena_alloc(cx->arena, bytes);
    return LIKELY(p != NULL) ? p : no_memory(cx);
}

void *cx_alloc_zero(struct cx *cx, size_t bytes)
{
    void *p = cx_alloc(cx, bytes);
    if (p != NULL) memset(p, 0, bytes);
    return p;
}

void *cx_alloc_array(struct cx *cx, size_t count, size_t size)
{
    size_t bytes;
    if (!size_mul(count, size, &bytes)) bytes = SIZE_MAX;
    return cx_alloc(cx, bytes);
}

char *cx_strndup(struct cx *cx, const char *text, size_t len)
{
    size_t bytes;
    if (!size_add(len, 1, &bytes)) bytes = SIZE_MAX;
    char *copy = cx_alloc(cx, bytes);
    if (copy == NULL) return NULL;
    if (len != 0) memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *cx_printf(struct cx *cx, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    char *out = len < 0 ? cx_strndup(cx, "", 0) : cx_alloc(cx, (size_t)len + 1);
    if (out != NULL && len >= 0) vsnprintf(out, (size_t)len + 1, fmt, again);
    va_end(again);
    va_end(args);
    return out;
}

#include <stdarg.h>

#include <assert.h>
#include <stdio.h>

#include "storage/pager.h"
#include "storage/pager_priv.h"

llkv_code pager_fail(llkv_error *error, llkv_code code, const char *fmt, ...)
{
    assert(code != LLKV_OK);
    if (error == NULL) return code;
    char text[sizeof error->message];
    va_list args;
    va_start(args, fmt);
    if (vsnprintf(text, sizeof text, fmt, args) < 0) text[0] = '\0';
    va_end(args);
    struct cx cx = {.error = error};
    return cx_fail(&cx, code, "%s", text);
}

/* A pager from outside may have returned a code and nothing else. */
static llkv_code complete(struct cx *cx, llkv_code rc, const char *what)
{
    if (rc == LLKV_OK || cx->error->code == rc) return rc;
    if (rc == LLKV_NOMEM) return cx_nomem(cx);
    return cx_fail(cx, rc, "the pager failed to %s", what);
}

static void forget_error(struct cx *cx)
{
    cx->error->code = LLKV_OK;
}

llkv_code pager_batch_begin(struct cx *cx, llkv_pager *pager, llkv_pager_batch **out_batch)
{
    forget_error(cx);
    return complete(cx, pager->methods->batch_begin(pager, out_batch, cx->error), "begin a batch");
}

llkv_code pager_batch_add(struct cx *cx, llkv_pager *pager, llkv_pager_batch *batch, uint64_t bytes,
                          void **out_space, uint64_t *out_offset)
{
    forget_error(cx);
    llkv_code rc = pager->methods->batch_add(pager, batch, bytes, out_space, out_offset, cx->error);
    return complete(cx, rc, "add to a batch");
}

llkv_code pager_batch_seal(struct cx *cx, llkv_pager *pager, llkv_pager_batch *batch,
                           uint32_t *out_batch_seq)
{
    forget_error(cx);
    llkv_code rc = pager->methods->batch_seal(pager, batch, out_batch_seq, cx->error);
    return complete(cx, rc, "seal a batch");
}

llkv_code pager_batch_sync(struct cx *cx, llkv_pager *pager, uint32_t batch_seq)
{
    forget_error(cx);
    return complete(cx, pager->methods->batch_sync(pager, batch_seq, cx->error), "sync a batch");
}

void pager_discard(llkv_pager *pager, uint64_t handle, uint64_t bytes)
{
    uint64_t rounded = (bytes + LLKV_PAGER_ALIGN - 1) / LLKV_PAGER_ALIGN * LLKV_PAGER_ALIGN;
    pager->methods->discard(pager, (uint32_t)(handle >> 32),
                            (handle & UINT32_MAX) * LLKV_PAGER_ALIGN, rounded);
}

llkv_code pager_view(struct cx *cx, llkv_pager *pager, uint64_t handle, uint64_t bytes,
                     llkv_pager_view *out_view)
{
    forget_error(cx);
    llkv_code rc = pager->methods->view(pager, handle, bytes, out_view, cx->error);
    return complete(cx, rc, "view a batch");
}

llkv_code pager_root_get(struct cx *cx, llkv_pager *pager, uint64_t *out_version, void *out_root,
                         size_t *out_bytes, uint64_t *out_replay_from)
{
    forget_error(cx);
    llkv_code rc = pager->methods->root_get(pager, out_version, out_root, out_bytes,
                                            out_replay_from, cx->error);
    return complete(cx, rc, "read its root");
}

llkv_code pager_root_publish(struct cx *cx, llkv_pager *pager, uint64_t expected_version,
                             const void *root, size_t bytes, uint64_t replay_from)
{
    forget_error(cx);
    llkv_code rc =
        pager->methods->root_publish(pager, expected_version, root, bytes, replay_from, cx->error);
    return complete(cx, rc, "publish a root");
}

llkv_code pager_log_replay(struct cx *cx, llkv_pager *pager, uint64_t from_lsn,
                           llkv_pager_replay_fn *fn, void *arg)
{
    forget_error(cx);
    llkv_code rc = pager->methods->log_replay(pager, from_lsn, fn, arg, cx->error);
    return complete(cx, rc, "replay its log");
}

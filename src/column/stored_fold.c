/* The stored state goes on: what a published root replaced is given up, and what it has anew
 * becomes the base in memory. */
#include <assert.h>
#include <string.h>

#include "column/stored_priv.h"

static bool same_blob(struct blob_ref a, struct blob_ref b)
{
    return a.bytes == b.bytes && (a.bytes == 0 || a.handle == b.handle);
}

static void resolve(const struct blob_sink *sink, struct blob_ref *ref)
{
    if (ref->bytes != 0) ref->handle = blob_sink_resolve(sink, ref->handle);
}

static void resolve_segment(const struct blob_sink *sink, struct stored_segment *segment)
{
    resolve(sink, &segment->record);
    resolve(sink, &segment->deletes);
    for (uint32_t i = 0; i < segment->fragment_count; i++)
        resolve(sink, &segment->fragments[i].blob);
    for (uint32_t c = 0; c < segment->column_count; c++) {
        resolve(sink, &segment->columns[c].chunk);
        resolve(sink, &segment->columns[c].patch);
    }
}

/* The chunk in memory with this head, or NULL. */
static struct column_chunk *chunk_in_memory(struct segment *segment, uint32_t column,
                                            struct blob_ref head)
{
    struct sealed *sealed = atomic_load_explicit(&segment->sealed, memory_order_acquire);
    if (sealed == NULL || !same_blob(sealed->columns[column]->head, head)) return NULL;
    return sealed->columns[column];
}

/* ---- what a root replaces ---- */

/* A range that is needed no more. */
struct replaced {
    uint32_t segment;
    int64_t column; /* of a chunk; -1: it is something else */
    struct blob_ref blob;
    uint64_t bytes;
};
typedef void replaced_fn(void *arg, const struct replaced *range);

struct telling {
    replaced_fn *fn;
    void *arg;
    uint32_t segment;
};

static void tell_blob(const struct telling *t, struct blob_ref blob)
{
    if (blob.bytes == 0) return;
    t->fn(t->arg, &(struct replaced){t->segment, -1, blob, blob.bytes});
}

static void tell_chunk(const struct telling *t, uint32_t column, struct blob_ref head,
                       uint64_t bytes)
{
    if (head.bytes == 0) return;
    t->fn(t->arg, &(struct replaced){t->segment, column, head, bytes});
}

static bool has_fragment(const struct stored_segment *segment, struct blob_ref blob)
{
    for (uint32_t i = 0; segment != NULL && i < segment->fragment_count; i++)
        if (same_blob(segment->fragments[i].blob, blob)) return true;
    return false;
}

/* What `old` names and `made` (NULL: nothing takes its place) does not, in the order in which it
 * was written: neighbours make one range, and ranges are given back by whole pages. */
static void tell_segment(const struct telling *t, const struct stored_segment *old,
                         const struct stored_segment *made)
{
    for (uint32_t i = 0; i < old->fragment_count; i++)
        if (!has_fragment(made, old->fragments[i].blob)) tell_blob(t, old->fragments[i].blob);
    for (uint32_t c = 0; c < old->column_count; c++) {
        const struct stored_column *column = &old->columns[c];
        if (made == NULL || !same_blob(column->patch, made->columns[c].patch))
            tell_blob(t, column->patch);
        if (made == NULL || !same_blob(column->chunk, made->columns[c].chunk))
            tell_chunk(t, c, column->chunk, column->chunk_bytes);
    }
    if (made == NULL || !same_blob(old->deletes, made->deletes)) tell_blob(t, old->deletes);
    tell_blob(t, old->record);
}

/* The base in memory, where the record names other chunks, and its header: once the root names the
 * chunks, nobody looks for them by that. What stood in the old record has been told already. */
static void tell_base(const struct telling *t, const struct segment *segment,
                      const struct stored_segment *old, const struct stored_segment *made)
{
    const struct sealed *sealed = atomic_load_explicit(&segment->sealed, memory_order_acquire);
    if (sealed == NULL || !stored_has_base(made)) return;
    tell_blob(t, sealed->header);
    for (uint32_t c = 0; c < made->column_count && !stored_has_base(old); c++) {
        const struct column_chunk *chunk = sealed->columns[c];
        if (!same_blob(chunk->head, made->columns[c].chunk))
            tell_chunk(t, c, chunk->head, chunk->extent_bytes);
    }
}

/* Everything the current image names and `image` does not. */
static void tell_all(struct store *store, const struct stored_image *image, struct telling *t)
{
    const struct stored_image *old = store->stored;
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct stored_segment *made = image->segments[i];
        const struct stored_segment *before =
            old != NULL && i < old->segment_count ? old->segments[i] : NULL;
        if (made == NULL || made == before) continue; /* as it was */
        t->segment = i;
        if (before != NULL) tell_segment(t, before, made);
        tell_base(t, store_segment(store, i), before, made);
    }
    if (old == NULL) return;
    if (!same_blob(old->sketches, image->sketches)) tell_blob(t, old->sketches);
    tell_blob(t, old->ref);
}

struct packing {
    struct pack_writer *w;
    size_t begin;
};

static void pack_range(void *arg, const struct replaced *range)
{
    const struct packing *p = arg;
    pack_blob_range(p->w, p->begin, range->blob.handle, range->bytes);
}

void store_pack_replaced(struct store *store, const struct stored_image *image,
                         struct pack_writer *w)
{
    struct packing packing = {w, w->len};
    struct telling t = {.fn = pack_range, .arg = &packing};
    tell_all(store, image, &t);
}

/* A chunk that is the base in memory goes when the last reader of that base does. */
static void discard_range(void *arg, const struct replaced *range)
{
    struct store *store = arg;
    struct column_chunk *chunk = NULL;
    if (range->column >= 0)
        chunk = chunk_in_memory(store_segment(store, range->segment), (uint32_t)range->column,
                                range->blob);
    if (chunk != NULL) {
        atomic_store_explicit(&chunk->kept, false, memory_order_relaxed);
        return;
    }
    store->pager->methods->discard(store->pager, blob_batch(range->blob), blob_offset(range->blob),
                                   blob_round(range->bytes));
}

/* ---- going on ---- */

void store_checkpoint_apply(struct store *store, struct stored_image *image,
                            const struct blob_sink *sink)
{
    struct stored_image *old = store->stored;
    struct telling t = {.fn = discard_range, .arg = store};
    tell_all(store, image, &t);
    resolve(sink, &image->ref);
    resolve(sink, &image->sketches);
    for (uint32_t i = 0; i < image->segment_count; i++) {
        struct stored_segment **made = &image->segments[i];
        struct stored_segment **before =
            old != NULL && i < old->segment_count ? &old->segments[i] : NULL;
        if (*made == NULL) { /* it moves over */
            *made = *before;
            *before = NULL;
            continue;
        }
        resolve_segment(sink, *made);
        const struct segment *segment = store_segment(store, i);
        struct sealed *sealed = atomic_load_explicit(&segment->sealed, memory_order_acquire);
        if (sealed != NULL && stored_has_base(*made)) sealed->header = (struct blob_ref){0};
    }
    stored_image_free(old);
    store->stored = image;
}

void store_stored_free(struct store *store, bool discard)
{
    struct stored_image *image = store->stored;
    if (image == NULL) return;
    struct telling t = {.fn = discard_range, .arg = store};
    for (t.segment = 0; discard && t.segment < image->segment_count; t.segment++)
        tell_segment(&t, image->segments[t.segment], NULL);
    if (discard) {
        tell_blob(&t, image->sketches);
        tell_blob(&t, image->ref);
    }
    stored_image_free(image);
    store->stored = NULL;
}

/* ---- folding ---- */

struct fold {
    struct store *store;
    struct segment *segment;
    const struct stored_segment *stored;
    struct column_chunk **chunks; /* per column: the new one, or NULL */
    uint32_t *replaced;
    uint32_t count;
    int64_t ts;
    struct sealed *next;
};

/* The column of the root is another one than the base in memory, and may take its place. */
static bool may_fold(const struct fold *f, uint32_t column, int64_t oldest)
{
    const struct stored_column *stored = &f->stored->columns[column];
    const struct sealed *sealed = atomic_load_explicit(&f->segment->sealed, memory_order_acquire);
    if (stored->chunk.bytes == 0 || same_blob(stored->chunk, sealed->columns[column]->head))
        return false;
    if (stored->chunk_ts > oldest) return false;
    return atomic_load_explicit(&f->segment->pinned[column], memory_order_relaxed) == 0;
}

static llkv_code open_replaced(struct cx *cx, struct fold *f, int64_t oldest)
{
    struct store *store = f->store;
    f->count = 0;
    f->ts = INT64_MAX;
    for (uint32_t c = 0; c < store->layout.column_count; c++) {
        f->chunks[c] = NULL;
        if (!may_fold(f, c, oldest)) continue;
        const struct stored_column *stored = &f->stored->columns[c];
        TRY(chunk_open(cx, store->budget, store->pager, &store->layout, c, stored->chunk,
                       &f->chunks[c]));
        f->replaced[f->count++] = c;
        TRY(chunk_make_ready(cx, f->chunks[c], true)); /* written by this process */
        if (stored->chunk_ts < f->ts) f->ts = stored->chunk_ts;
    }
    return LLKV_OK;
}

/* Under the commit mutex; a key that was added since the look before may count on a column now. */
static llkv_code publish_fold(struct cx *cx, void *arg)
{
    struct fold *f = arg;
    (void)cx;
    for (uint32_t i = 0; i < f->count; i++)
        if (atomic_load_explicit(&f->segment->pinned[f->replaced[i]], memory_order_relaxed) != 0)
            return LLKV_OK;
    segment_fold(f->segment, f->store->readers, f->next, f->replaced, f->count, f->ts);
    f->next = NULL;
    return LLKV_OK;
}

static llkv_code fold_segment(struct cx *cx, struct fold *f, int64_t oldest,
                              store_exclusively_fn *exclusively, void *manager)
{
    struct store *store = f->store;
    struct sealed *old = atomic_load_explicit(&f->segment->sealed, memory_order_acquire);
    llkv_code rc = open_replaced(cx, f, oldest);
    if (rc == LLKV_OK && f->count != 0) {
        f->next = sealed_of(store->budget, store->pager, &store->layout, f->chunks, old);
        if (f->next == NULL) rc = cx_nomem(cx);
    }
    if (f->next != NULL) {
        memset(f->chunks, 0, store->layout.column_count * sizeof(struct column_chunk *));
        rc = exclusively(cx, manager, publish_fold, f);
    }
    for (uint32_t c = 0; c < store->layout.column_count; c++)
        chunk_unref(f->chunks[c]);
    sealed_free(f->next);
    f->next = NULL;
    return rc;
}

llkv_code store_fold(struct cx *cx, struct store *store, store_exclusively_fn *exclusively,
                     void *manager)
{
    const struct stored_image *image = store->stored;
    if (image == NULL) return LLKV_OK;
    int64_t oldest = store->readers->oldest_ts(store->readers);
    struct arena_mark mark = arena_mark(cx->arena);
    const uint32_t columns = store->layout.column_count;
    struct fold f = {.store = store};
    f.chunks = cx_alloc_zero(cx, columns * sizeof(struct column_chunk *));
    f.replaced = cx_alloc_array(cx, columns, sizeof *f.replaced);
    if (f.chunks == NULL || f.replaced == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < image->segment_count; i++) {
        f.segment = store_segment(store, i);
        f.stored = image->segments[i];
        if (atomic_load_explicit(&f.segment->sealed, memory_order_acquire) == NULL) continue;
        TRY(fold_segment(cx, &f, oldest, exclusively, manager));
    }
    arena_rewind(cx->arena, mark);
    return LLKV_OK;
}

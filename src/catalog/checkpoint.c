#include "catalog/checkpoint.h"

#include <assert.h>
#include <string.h>

#include "catalog/checkpoint_priv.h"

/* A checkpoint on its way. */
struct checkpoint {
    struct cx *cx;
    struct catalog *catalog;
    const struct catalog_snapshot *view;
    struct snapshot snapshot;
    struct blob_sink sink;
    uint32_t count;
    const struct object **objects; /* those that are stored */
    struct stored_image **images;  /* of tables that changed */
    struct pack_writer ranges;     /* that the new root replaces: */
    size_t own_begin;              /* those of the catalog itself come last */
    struct stored_catalog next;
};

/* ---- what is to be written ---- */

static llkv_code collect(struct checkpoint *ck)
{
    const struct catalog_snapshot *view = ck->view;
    struct mem_budget *budget = ck->catalog->budget;
    ck->objects = cx_alloc_array(ck->cx, view->count + 1u, sizeof *ck->objects);
    ck->images = cx_alloc_zero(ck->cx, (view->count + 1u) * sizeof *ck->images);
    ck->next.objects = mem_alloc_zero(budget, (view->count + 1u) * sizeof *ck->next.objects);
    if (ck->objects == NULL || ck->images == NULL) return LLKV_NOMEM;
    if (ck->next.objects == NULL) return cx_nomem(ck->cx);
    for (uint32_t i = 0; i < view->count; i++)
        ck->objects[ck->count++] = &view->entries[i]->object;
    return LLKV_OK;
}

/* What the current root says of this very object; NULL: nothing. */
static const struct stored_object *find_stored(const struct stored_catalog *stored,
                                               const struct object *object)
{
    uint32_t low = 0;
    uint32_t high = stored->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (stored->objects[middle].id < object->id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == stored->count || stored->objects[low].id != object->id) return NULL;
    return stored->objects[low].version == object->version ? &stored->objects[low] : NULL;
}

static llkv_code write_definition(struct checkpoint *ck, const struct object *object,
                                  struct stored_object *out)
{
    const struct stored_object *stored = find_stored(ck->catalog->stored, object);
    *out = (struct stored_object){.id = object->id, .version = object->version};
    if (stored != NULL) {
        out->def = stored->def;
        return LLKV_OK;
    }
    struct pack_writer w = {.budget = ck->sink.budget};
    catalog_object_encode(&w, object);
    llkv_code rc = blob_sink_put(ck->cx, &ck->sink, &w, &out->def);
    pack_writer_deinit(&w);
    return rc;
}

static llkv_code write_objects(struct checkpoint *ck)
{
    for (uint32_t i = 0; i < ck->count; i++) {
        const struct object *object = ck->objects[i];
        TRY(cx_check_cancel(ck->cx));
        TRY(write_definition(ck, object, &ck->next.objects[i]));
        ck->next.count = i + 1;
        if (object->kind != OBJECT_TABLE) continue;
        struct arena_mark mark = arena_mark(ck->cx->arena);
        TRY(table_checkpoint(ck->cx, object->table, &ck->sink, ck->snapshot.ts, &ck->images[i]));
        arena_rewind(ck->cx->arena, mark);
    }
    return LLKV_OK;
}

static void pack_range(const struct checkpoint *ck, struct pack_writer *w, struct blob_ref blob)
{
    if (blob.bytes != 0) pack_blob_range(w, ck->own_begin, blob.handle, blob.bytes);
}

/* What the current root names for itself and the next one does not: its image, and definitions.
 * Both lists ascend by id. */
static void pack_own(const struct checkpoint *ck, struct pack_writer *w)
{
    const struct stored_catalog *old = ck->catalog->stored;
    uint32_t at = 0;
    for (uint32_t i = 0; i < old->count; i++) {
        const struct stored_object *before = &old->objects[i];
        while (at < ck->next.count && ck->next.objects[at].id < before->id)
            at++;
        const struct stored_object *now = at < ck->next.count ? &ck->next.objects[at] : NULL;
        bool stays = now != NULL && now->id == before->id && now->def.handle == before->def.handle;
        if (!stays) pack_range(ck, w, before->def);
    }
    pack_range(ck, w, old->replaced);
    pack_range(ck, w, old->image);
}

static llkv_code write_replaced(struct checkpoint *ck)
{
    struct pack_writer *w = &ck->ranges;
    w->budget = ck->sink.budget;
    pack_u32(w, REPLACED_MAGIC);
    for (uint32_t i = 0; i < ck->count; i++)
        if (ck->images[i] != NULL) table_pack_replaced(ck->objects[i]->table, ck->images[i], w);
    ck->own_begin = w->len;
    pack_own(ck, w);
    return blob_sink_put(ck->cx, &ck->sink, w, &ck->next.replaced);
}

static llkv_code write_image(struct checkpoint *ck)
{
    struct pack_writer w = {.budget = ck->sink.budget};
    uint64_t bytes = CATALOG_FIXED_BYTES + (uint64_t)ck->count * CATALOG_OBJECT_BYTES;
    TRY(blob_sink_reserve(ck->cx, &ck->sink, bytes));
    pack_u32(&w, CATALOG_MAGIC);
    pack_u32(&w, CATALOG_FORMAT);
    pack_u32(&w, ck->count);
    pack_blob_ref(&w, &ck->sink, ck->next.replaced);
    for (uint32_t i = 0; i < ck->count; i++) {
        struct blob_ref rows = {0};
        if (ck->images[i] != NULL) {
            rows = stored_image_ref(ck->images[i]);
        } else if (ck->objects[i]->kind == OBJECT_TABLE) {
            rows = table_stored_ref(ck->objects[i]->table);
        }
        pack_u64(&w, ck->objects[i]->id);
        pack_blob_ref(&w, &ck->sink, ck->next.objects[i].def);
        pack_blob_ref(&w, &ck->sink, rows);
    }
    assert(w.bad || w.len == bytes);
    llkv_code rc = blob_sink_put(ck->cx, &ck->sink, &w, &ck->next.image);
    pack_writer_deinit(&w);
    return rc;
}

/* ---- the root ---- */

static llkv_code publish(struct checkpoint *ck)
{
    struct catalog *catalog = ck->catalog;
    struct pack_writer w = {.budget = ck->sink.budget};
    ck->next.image.handle = blob_sink_resolve(&ck->sink, ck->next.image.handle);
    pack_u64(&w, ROOT_MAGIC);
    pack_u32(&w, CATALOG_FORMAT);
    pack_u64(&w, (uint64_t)ck->snapshot.ts);
    pack_u64(&w, atomic_load(catalog->last_id));
    pack_u32(&w, catalog->options.segment_rows);
    pack_u32(&w, catalog->options.vector_rows);
    pack_blob_ref(&w, &ck->sink, ck->next.image);
    pack_crc(&w);
    llkv_code rc = w.bad ? cx_nomem(ck->cx) : LLKV_OK;
    if (rc == LLKV_OK) txn_log_release(catalog->manager, catalog->pager, ck->snapshot.ts + 1);
    if (rc == LLKV_OK)
        rc = pager_root_publish(ck->cx, catalog->pager, catalog->stored->root_version, w.data,
                                w.len, (uint64_t)ck->snapshot.ts + 1);
    pack_writer_deinit(&w);
    return rc;
}

/* ---- afterwards ---- */

/* Tables give up what is theirs. */
static void discard_own(const struct checkpoint *ck)
{
    struct pack_reader r;
    llkv_pager *pager = ck->catalog->pager;
    pack_reader_init(&r, ck->ranges.data + ck->own_begin, ck->ranges.len - ck->own_begin);
    while (pack_left(&r) != 0) {
        uint64_t handle = unpack_u64(&r);
        pager_discard(pager, handle, unpack_u64(&r));
    }
}

static void apply(struct checkpoint *ck)
{
    struct catalog *catalog = ck->catalog;
    struct stored_catalog *stored = catalog->stored;
    for (uint32_t i = 0; i < ck->next.count; i++)
        ck->next.objects[i].def.handle =
            blob_sink_resolve(&ck->sink, ck->next.objects[i].def.handle);
    for (uint32_t i = 0; i < ck->count; i++) {
        if (ck->images[i] == NULL) continue;
        table_checkpoint_apply(ck->objects[i]->table, ck->images[i], &ck->sink);
        ck->images[i] = NULL;
    }
    discard_own(ck);
    mem_free(stored->objects);
    ck->next.replaced.handle = blob_sink_resolve(&ck->sink, ck->next.replaced.handle);
    ck->next.root_version = stored->root_version + 1;
    ck->next.ts = ck->snapshot.ts;
    *stored = ck->next;
    ck->next.objects = NULL;
}

/* What cannot be folded now is folded by a later checkpoint. */
static void fold_all(struct checkpoint *ck)
{
    llkv_error ignored = LLKV_ERROR_INIT;
    struct cx cx = *ck->cx;
    cx.error = &ignored;
    for (uint32_t i = 0; i < ck->count; i++) {
        if (ck->objects[i]->kind != OBJECT_TABLE) continue;
        if (table_fold(&cx, ck->objects[i]->table) != LLKV_OK) return;
    }
}

static llkv_code write_all(struct checkpoint *ck)
{
    TRY(collect(ck));
    TRY(write_objects(ck));
    TRY(write_replaced(ck));
    TRY(write_image(ck));
    TRY(blob_sink_finish(ck->cx, &ck->sink));
    return publish(ck);
}

static llkv_code run(struct checkpoint *ck, struct checkpoint_info *info)
{
    struct catalog *catalog = ck->catalog;
    info->ts = ck->snapshot.ts;
    if (catalog->stored->root_version != 0 && catalog->stored->ts == ck->snapshot.ts)
        return LLKV_OK;
    ck->view = catalog_view(catalog, &ck->snapshot);
    blob_sink_init(&ck->sink, catalog->budget, catalog->pager);
    llkv_code rc = write_all(ck);
    info->written_bytes = ck->sink.total_bytes;
    info->published = rc == LLKV_OK;
    if (rc == LLKV_OK) {
        apply(ck);
        fold_all(ck);
    } else {
        for (uint32_t i = 0; ck->images != NULL && i < ck->count; i++)
            stored_image_free(ck->images[i]);
        mem_free(ck->next.objects);
        blob_sink_discard(&ck->sink);
    }
    pack_writer_deinit(&ck->ranges);
    blob_sink_deinit(&ck->sink);
    return rc;
}

llkv_code catalog_checkpoint(struct cx *cx, struct catalog *catalog,
                             struct checkpoint_info *out_info)
{
    struct checkpoint_info info = {0};
    struct checkpoint ck = {.cx = cx, .catalog = catalog};
    struct arena_mark mark = arena_mark(cx->arena);
    catalog_sweep(catalog); /* what can be given up now is told to the root */
    pthread_mutex_lock(&catalog->checkpoint_lock);
    llkv_code rc = txn_snapshot_begin(cx, catalog->manager, &ck.snapshot);
    if (rc == LLKV_OK) {
        rc = run(&ck, &info);
        txn_snapshot_end(catalog->manager, &ck.snapshot);
    }
    pthread_mutex_unlock(&catalog->checkpoint_lock);
    if (rc == LLKV_OK) arena_rewind(cx->arena, mark);
    if (out_info != NULL) *out_info = info;
    return rc;
}

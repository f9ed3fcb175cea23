#include "catalog/replay.h"

#include "catalog/catalog_priv.h"
#include "catalog/change_op.h"
#include "catalog/image.h"
#include "storage/pager.h"
#include "table/replay.h"

/* A frame is an edit with the ids that it tells, and a write set; both are committed together as
 * they were at first. */
struct replay {
    struct cx *cx;
    struct catalog *catalog;
    struct replay_target target;
    struct catalog_edit *edit;
    llkv_error *error;
    uint64_t frames;
};

static llkv_code damaged(struct cx *cx)
{
    return cx_fail(cx, LLKV_CORRUPT, "a change of the catalog in the log is not what was written");
}

static llkv_code begin(struct cx *cx, void *arg, const struct snapshot *snapshot)
{
    struct replay *r = arg;
    TRY(catalog_edit_new(cx, r->catalog, snapshot, TXN_ID_AUTO_COMMIT, &r->edit));
    r->edit->trusted = true;
    return LLKV_OK;
}

static void end(void *arg)
{
    struct replay *r = arg;
    catalog_edit_free(r->edit);
    r->edit = NULL;
    catalog_sweep(r->catalog);
}

/* ---- definitions ---- */

static llkv_code put(struct cx *cx, struct replay *r, const struct object_image *image)
{
    const struct catalog_snapshot *view = catalog_edit_view(r->edit);
    const struct object *on = catalog_find_id(view, image->table_id);
    const struct object *same = catalog_find_id(view, image->id);
    struct slice schema = slice_of(image->schema);
    struct slice name = slice_of(image->name);
    /* An id is given once; a view that is replaced keeps its own. */
    if (same != NULL && (same->kind != OBJECT_VIEW || image->kind != OBJECT_VIEW ||
                         !slice_equal_folded(slice_of(same->name), name) ||
                         !slice_equal_folded(slice_of(same->schema), schema)))
        return damaged(cx);
    switch ((enum object_kind)image->kind) {
    case OBJECT_SCHEMA: return catalog_edit_create_schema(cx, r->edit, name, image->id);
    case OBJECT_TABLE: return catalog_edit_create_table(cx, r->edit, image->def, NULL);
    case OBJECT_VIEW: {
        const struct view_def def = {.id = image->id,
                                     .schema = schema,
                                     .name = name,
                                     .sql = slice_of(image->sql),
                                     .column_names = image->column_names,
                                     .column_count = image->column_count,
                                     .or_replace = true};
        return catalog_edit_create_view(cx, r->edit, &def);
    }
    case OBJECT_INDEX:
        if (on == NULL || on->kind != OBJECT_TABLE) return damaged(cx);
        for (uint32_t i = 0; i < image->key->column_count; i++)
            if (image->key->columns[i].column >= table_definition(on->table)->column_count)
                return damaged(cx);
        return catalog_edit_create_index(cx, r->edit, on, image->key, NULL);
    case OBJECT_TRIGGER: {
        const struct trigger_def def = {
            .id = image->id, .on = on, .name = name, .sql = slice_of(image->sql)};
        if (on == NULL) return damaged(cx);
        return catalog_edit_create_trigger(cx, r->edit, &def);
    }
    }
    return damaged(cx);
}

static llkv_code drop(struct cx *cx, struct replay *r, uint64_t id)
{
    const struct object *object = catalog_find_id(catalog_edit_view(r->edit), id);
    return object == NULL ? damaged(cx) : catalog_edit_drop(cx, r->edit, object);
}

static llkv_code change(struct cx *cx, void *arg, struct pack_reader *body)
{
    struct replay *r = arg;
    struct object_image image;
    uint8_t op = unpack_u8(body);
    if (op == CHANGE_OP_DROP) {
        uint64_t id = unpack_u64(body);
        if (body->bad || pack_left(body) != 0) return damaged(cx);
        return drop(cx, r, id);
    }
    if (op != CHANGE_OP_PUT) return damaged(cx);
    struct arena_mark mark = arena_mark(cx->arena);
    size_t bytes = pack_left(body);
    TRY(catalog_object_decode(cx, unpack_bytes(body, bytes), bytes, &image));
    llkv_code rc = put(cx, r, &image);
    /* Names that are taken or missing: the log does not fit what it is applied to. */
    if (rc == LLKV_EXISTS || rc == LLKV_NAME || rc == LLKV_SEMANTIC || rc == LLKV_DEPENDENT)
        rc = cx_while(cx, damaged(cx), "replaying the log");
    if (rc == LLKV_OK) arena_rewind(cx->arena, mark);
    return rc;
}

/* ---- rows ---- */

static llkv_code find_table(struct cx *cx, void *arg, uint64_t id, struct table **out_table)
{
    struct replay *r = arg;
    const struct object *object = catalog_find_id(catalog_edit_view(r->edit), id);
    if (object == NULL || object->kind != OBJECT_TABLE)
        return cx_fail(cx, LLKV_CORRUPT, "the log names a table that is not there");
    TRY(table_load(cx, object->table));
    *out_table = object->table;
    return LLKV_OK;
}

static struct txn_participant *participants(void *arg, struct txn_participant *rows)
{
    struct replay *r = arg;
    return catalog_edit_participants(r->edit, rows);
}

/* ---- groups ---- */

static llkv_code take_group(void *arg, uint64_t first_lsn, uint32_t frames, const void *bytes,
                            size_t size)
{
    struct replay *r = arg;
    const llkv_pager_group whole = {.struct_size = sizeof whole,
                                    .frames = frames,
                                    .first_lsn = first_lsn,
                                    .bytes = bytes,
                                    .size = size};
    struct arena_mark mark = arena_mark(r->cx->arena);
    TRY(cx_check_cancel(r->cx));
    TRY(table_replay_group(r->cx, r->catalog->manager, &r->target, &whole));
    arena_rewind(r->cx->arena, mark);
    return LLKV_OK;
}

llkv_code catalog_replay(struct cx *cx, struct catalog *catalog, int64_t from, uint64_t *out_frames)
{
    struct replay r = {.cx = cx, .catalog = catalog};
    struct llkv_pager *pager = catalog->pager;
    r.target = (struct replay_target){.pager = pager,
                                      .arg = &r,
                                      .begin = begin,
                                      .end = end,
                                      .catalog = change,
                                      .table = find_table,
                                      .participants = participants};
    const int64_t before = txn_watermark(catalog->manager);
    *out_frames = 0;
    TRY(pager_log_replay(cx, pager, (uint64_t)from, take_group, &r));
    *out_frames = (uint64_t)(txn_watermark(catalog->manager) - before);
    return LLKV_OK;
}

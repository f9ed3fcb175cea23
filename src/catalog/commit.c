/* commit.c -- an edit becomes public: checked against what others have committed since it began,
 * then the next generation. */
#include <stddef.h>

#include <assert.h>

#include "catalog/catalog_priv.h"
#include "catalog/change_op.h"
#include "catalog/image.h"
#include "txn/frame.h"

static struct catalog_edit *edit_of(struct txn_participant *p)
{
    return (struct catalog_edit *)p;
}

static struct catalog_snapshot *newest_of(struct catalog *catalog)
{
    return atomic_load_explicit(&catalog->newest, memory_order_relaxed);
}

static bool holds(const struct catalog_snapshot *snapshot, const struct entry *entry)
{
    return catalog_find_id(snapshot, entry->object.id) == &entry->object;
}

/* Was there when the edit began, and is not any more in its view? */
static bool takes_away(const struct catalog_edit *edit, const struct entry *entry)
{
    return holds(edit->base, entry) && !holds(edit->view, entry);
}

/* ---- conflicts with what others have committed ---- */

static llkv_code conflict(struct cx *cx, const struct object *object, const char *what)
{
    return cx_fail_at(cx, LLKV_CONFLICT, -1, "40001", "%s \"%s\" was %s by another transaction",
                      object_kind_text(object->kind), object->name, what);
}

/* What this edit builds on is still there: `entry` is one of the view. */
static llkv_code check_there(struct cx *cx, const struct catalog_edit *edit,
                             const struct catalog_snapshot *now, const struct object *object)
{
    if (object == NULL || catalog_find_id(edit->base, object->id) == NULL) return LLKV_OK; /* own */
    return catalog_find_id(now, object->id) != NULL ? LLKV_OK : conflict(cx, object, "dropped");
}

static llkv_code check_put(struct cx *cx, const struct catalog_edit *edit,
                           const struct catalog_snapshot *now, const struct change *change)
{
    const struct object *object = &change->entry->object;
    if (!holds(edit->view, change->entry)) return LLKV_OK; /* it went again */
    struct slice schema = slice_of(object->schema);
    const struct object *taken = snapshot_find(now, object_space(object->kind), schema,
                                               slice_of(object->name), object->name_hash);
    if (taken != NULL && !takes_away(edit, entry_of(taken)))
        return conflict(cx, taken, holds(edit->base, entry_of(taken)) ? "changed" : "created");
    if (object->kind != OBJECT_SCHEMA)
        TRY(check_there(cx, edit, now, catalog_find_schema(edit->view, schema)));
    if (object->kind != OBJECT_INDEX && object->kind != OBJECT_TRIGGER) return LLKV_OK;
    return check_there(cx, edit, now, catalog_find_id(edit->view, object->table_id));
}

/* Nobody else has put anything into a schema that goes. */
static llkv_code check_still_empty(struct cx *cx, const struct catalog_edit *edit,
                                   const struct catalog_snapshot *now, const struct object *schema)
{
    for (uint32_t i = 0; i < now->count; i++) {
        const struct entry *entry = now->entries[i];
        if (holds(edit->base, entry)) continue;
        if (!slice_equal_folded(slice_of(entry->object.schema), slice_of(schema->name))) continue;
        return conflict(cx, &entry->object, "created");
    }
    return LLKV_OK;
}

static llkv_code check_drop(struct cx *cx, const struct catalog_edit *edit,
                            const struct catalog_snapshot *now, const struct entry *entry)
{
    if (!holds(edit->base, entry)) return LLKV_OK;
    if (!holds(now, entry))
        return conflict(cx, &entry->object,
                        catalog_find_id(now, entry->object.id) == NULL ? "dropped" : "changed");
    if (entry->object.kind != OBJECT_SCHEMA) return LLKV_OK;
    return check_still_empty(cx, edit, now, &entry->object);
}

static llkv_code check_all(struct cx *cx, const struct catalog_edit *edit,
                           const struct catalog_snapshot *now)
{
    for (uint32_t i = 0; i < edit->count; i++) {
        const struct change *change = &edit->changes[i];
        if (change->kind == CHANGE_DROP)
            TRY(check_drop(cx, edit, now, change->entry));
        else
            TRY(check_put(cx, edit, now, change));
        if (change->old != NULL) TRY(check_drop(cx, edit, now, change->old));
    }
    return LLKV_OK;
}

/* ---- the next generation ---- */

/* Goes from what others have made as well. */
static bool leaves(const struct object *object, const void *arg)
{
    const struct catalog_edit *edit = arg;
    if (takes_away(edit, entry_of(object))) return true;
    if (object->kind != OBJECT_INDEX && object->kind != OBJECT_TRIGGER) return false;
    return catalog_find_id(edit->base, object->table_id) != NULL &&
           catalog_find_id(edit->view, object->table_id) == NULL;
}

static llkv_code merge(struct cx *cx, struct catalog_edit *edit, struct catalog_snapshot *now,
                       struct catalog_snapshot **out)
{
    struct mem_budget *budget = edit->catalog->budget;
    struct snapshot_change change = {.without = leaves, .arg = edit};
    struct catalog_snapshot *made = snapshot_new(budget, now, &change);
    change = (struct snapshot_change){0};
    for (uint32_t i = 0; i < edit->count && made != NULL; i++) {
        if (edit->changes[i].kind != CHANGE_PUT) continue;
        if (!holds(edit->view, edit->changes[i].entry)) continue;
        change.put = edit->changes[i].entry;
        struct catalog_snapshot *grown = snapshot_new(budget, made, &change);
        snapshot_free(made);
        made = grown;
    }
    if (made == NULL) return cx_nomem(cx);
    made->version = atomic_fetch_add(&edit->catalog->last_version, 1) + 1;
    *out = made;
    return LLKV_OK;
}

static llkv_code reserve(struct cx *cx, struct txn_participant *p, const struct snapshot *snapshot)
{
    struct catalog_edit *edit = edit_of(p);
    struct catalog_snapshot *now = newest_of(edit->catalog);
    (void)snapshot; /* the edit's base says what it has seen */
    assert(edit->next == NULL);
    if (now == edit->base) {
        edit->next = edit->view;
        return LLKV_OK;
    }
    TRY(check_all(cx, edit, now));
    return merge(cx, edit, now, &edit->next);
}

static void undo(struct txn_participant *p)
{
    struct catalog_edit *edit = edit_of(p);
    if (edit->next != edit->view) snapshot_free(edit->next);
    edit->next = NULL;
}

/* ---- for the log ---- */

/* What is left of the changes when they are done: objects that are there in the end, and those of
 * before that are not. What is temporary is not for the log. */
static void encode_change(const struct catalog_edit *edit, const struct change *change,
                          struct frame *frame)
{
    const struct object *object = &change->entry->object;
    const bool puts = change->kind == CHANGE_PUT;
    if (object->temporary || !holds(puts ? edit->view : edit->base, change->entry)) return;
    frame_op_begin(frame, FRAME_CATALOG);
    pack_u8(&frame->bytes, puts ? CHANGE_OP_PUT : CHANGE_OP_DROP);
    if (puts)
        catalog_object_encode(&frame->bytes, object);
    else
        pack_u64(&frame->bytes, object->id);
    frame_op_end(frame);
}

static llkv_code encode(struct cx *cx, struct txn_participant *p, struct frame *frame)
{
    struct catalog_edit *edit = edit_of(p);
    (void)cx; /* a lack of memory shows when the frame is finished */
    for (uint32_t i = 0; i < edit->count; i++)
        encode_change(edit, &edit->changes[i], frame);
    return LLKV_OK;
}

/* ---- apply ---- */

static void bury(struct catalog *catalog, struct entry *entry, int64_t ts)
{
    entry->dropped_ts = ts;
    entry->grave_next = catalog->graves;
    catalog->graves = entry;
}

/* What this commit takes out of the catalog waits for the snapshots that still see it; what was
 * made and dropped by the edit goes the same way. */
static void bury_all(struct catalog_edit *edit, const struct catalog_snapshot *now,
                     const struct catalog_snapshot *next, int64_t ts)
{
    struct catalog *catalog = edit->catalog;
    pthread_mutex_lock(&catalog->lock);
    for (uint32_t i = 0; i < now->count; i++)
        if (!holds(next, now->entries[i])) bury(catalog, now->entries[i], ts);
    for (uint32_t i = 0; i < edit->count; i++) {
        const struct change *change = &edit->changes[i];
        if (change->kind == CHANGE_PUT && !holds(next, change->entry))
            bury(catalog, change->entry, ts);
    }
    atomic_store_explicit(&catalog->unswept, true, memory_order_relaxed);
    pthread_mutex_unlock(&catalog->lock);
}

static void apply(struct txn_participant *p, int64_t ts)
{
    struct catalog_edit *edit = edit_of(p);
    struct catalog *catalog = edit->catalog;
    struct catalog_snapshot *now = newest_of(catalog), *next = edit->next;
    for (uint32_t i = 0; i < edit->count; i++) {
        const struct object *object = &edit->changes[i].entry->object;
        if (edit->changes[i].kind != CHANGE_PUT || object->kind != OBJECT_INDEX) continue;
        if (holds(next, edit->changes[i].entry)) table_key_settle(edit->changes[i].entry->key);
    }
    bury_all(edit, now, next, ts);
    next->ts = ts;
    atomic_store_explicit(&next->older, now, memory_order_relaxed);
    atomic_store_explicit(&catalog->newest, next, memory_order_release);
    atomic_store_explicit(&catalog->newest_version, next->version, memory_order_release);
}

/* Keys leave their tables when the rows of the same commit have been applied: those still change
 * them. */
static void apply_last(struct txn_participant *p, int64_t ts)
{
    struct catalog_edit *edit =
        (struct catalog_edit *)(void *)((char *)p - offsetof(struct catalog_edit, last));
    for (uint32_t i = 0; i < edit->count; i++) {
        const struct object *object = &edit->changes[i].entry->object;
        if (edit->changes[i].kind != CHANGE_DROP || object->kind != OBJECT_INDEX) continue;
        if (catalog_find_id(edit->next, object->table_id) != NULL)
            table_key_remove(object->table, edit->changes[i].entry->key, ts);
    }
    edit_done(edit, ts);
}

struct txn_participant *catalog_edit_participants(struct catalog_edit *edit,
                                                  struct txn_participant *between)
{
    if (edit == NULL || edit->count == 0) return between;
    edit->last = (struct txn_participant){.apply = apply_last};
    edit->participant = (struct txn_participant){
        .reserve = reserve, .encode = encode, .apply = apply, .undo = undo};
    struct txn_participant **end = &between;
    while (*end != NULL)
        end = &(*end)->next;
    *end = &edit->last;
    edit->participant.next = between;
    return &edit->participant;
}

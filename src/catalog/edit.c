/* edit.c -- life and savepoints of an edit. */
#include "catalog/edit.h"

#include <assert.h>
#include <string.h>

#include "catalog/catalog_priv.h"

llkv_code catalog_edit_new(struct cx *cx, struct catalog *catalog, const struct snapshot *snapshot,
                           uint64_t txn, struct catalog_edit **out_edit)
{
    struct catalog_edit *edit = mem_alloc_zero(catalog->budget, sizeof *edit);
    if (edit == NULL) return cx_nomem(cx);
    edit->catalog = catalog;
    edit->base = (struct catalog_snapshot *)(uintptr_t)catalog_view(catalog, snapshot);
    edit->view = edit->base;
    edit->snapshot = *snapshot;
    edit->txn = txn;
    *out_edit = edit;
    return LLKV_OK;
}

const struct catalog_snapshot *catalog_edit_view(const struct catalog_edit *edit)
{
    return edit->view;
}

bool catalog_edit_is_empty(const struct catalog_edit *edit)
{
    return edit->count == 0;
}

/* The view is about to be left: nobody but a mark may still need it. */
static void leave_view(struct catalog_edit *edit)
{
    if (edit->view != edit->base && edit->view->pins == 0) snapshot_free(edit->view);
}

void edit_set_view(struct catalog_edit *edit, struct catalog_snapshot *view)
{
    leave_view(edit);
    edit->view = view;
}

/* A change that is taken back: its object was never public, its drop never happened. */
static void undo_change(const struct change *change)
{
    struct entry *entry = change->entry;
    const struct object *object = &entry->object;
    if (change->kind == CHANGE_DROP) {
        if (object->kind == OBJECT_INDEX) table_key_keep(entry->key);
        return;
    }
    if (object->kind == OBJECT_INDEX) table_key_unstage(object->table, entry->key);
    entry_free(entry);
}

static void undo_to(struct catalog_edit *edit, uint32_t changes)
{
    while (edit->count > changes)
        undo_change(&edit->changes[--edit->count]);
}

void catalog_edit_free(struct catalog_edit *edit)
{
    if (edit == NULL) return;
    if (!edit->committed) {
        undo_to(edit, 0);
        leave_view(edit);
        for (uint32_t i = 0; i < edit->gate_count; i++)
            table_gate_release(edit->gates[i], edit->txn, false, 0);
    }
    assert(edit->next == NULL);
    mem_free(edit->gates);
    mem_free(edit->changes);
    mem_free(edit);
}

void edit_done(struct catalog_edit *edit, int64_t ts)
{
    for (uint32_t i = 0; i < edit->gate_count; i++)
        table_gate_release_locked(edit->gates[i], edit->txn, true, ts);
    if (edit->next != edit->view) leave_view(edit);
    edit->next = NULL;
    edit->committed = true;
}

struct catalog_mark catalog_edit_mark(struct catalog_edit *edit)
{
    edit->view->pins += edit->view != edit->base;
    return (struct catalog_mark){edit->view, edit->count};
}

void catalog_edit_release(struct catalog_edit *edit, const struct catalog_mark *mark)
{
    if (mark->view == edit->base) return;
    assert(mark->view->pins > 0);
    if (--mark->view->pins == 0 && mark->view != edit->view) snapshot_free(mark->view);
}

void catalog_edit_rollback(struct catalog_edit *edit, const struct catalog_mark *mark)
{
    assert(mark->changes <= edit->count);
    undo_to(edit, mark->changes);
    if (edit->view == mark->view) return;
    edit_set_view(edit, mark->view);
}

static void call_for_table(const struct change *change, enum change_kind kind,
                           void (*fn)(void *arg, const struct table *table), void *arg)
{
    const struct object *object = &change->entry->object;
    if (change->kind == kind && object->kind == OBJECT_TABLE) fn(arg, object->table);
}

void catalog_edit_dropped_tables(const struct catalog_edit *edit,
                                 void (*fn)(void *arg, const struct table *table), void *arg)
{
    for (uint32_t i = 0; i < edit->count; i++)
        call_for_table(&edit->changes[i], CHANGE_DROP, fn, arg);
}

void catalog_edit_made_tables(const struct catalog_edit *edit, const struct catalog_mark *mark,
                              void (*fn)(void *arg, const struct table *table), void *arg)
{
    for (uint32_t i = edit->count; i > (mark == NULL ? 0 : mark->changes); i--)
        call_for_table(&edit->changes[i - 1], CHANGE_PUT, fn, arg);
}

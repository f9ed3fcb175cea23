/* suggest.c -- the object whose name is nearest. */
#include "catalog/catalog_priv.h"

enum { EDITS_MAX = 2 };

const char *catalog_suggest(const struct catalog_snapshot *snapshot, struct slice name)
{
    const char *best = NULL;
    uint32_t best_edits = EDITS_MAX + 1;
    if (name.len == 0) return NULL;
    for (uint32_t i = 0; i < snapshot->count; i++) {
        const struct object *object = &snapshot->entries[i]->object;
        if (object->kind != OBJECT_TABLE && object->kind != OBJECT_VIEW) continue;
        struct slice other = slice_of(object->name);
        uint32_t distance = slice_edits(name, other);
        /* A name of two letters is not "near" to every other one. */
        if (distance >= best_edits || distance >= name.len) continue;
        best = object->name;
        best_edits = distance;
    }
    return best;
}

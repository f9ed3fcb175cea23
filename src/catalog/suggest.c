/* The nearest name: edits are an insertion, a removal, another byte, two neighbours swapped. */
#include <string.h>

#include "catalog/catalog_priv.h"

enum { NAME_MAX = 64, EDITS_MAX = 2 };

static uint8_t fold(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static uint32_t min2(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Three rows of the usual table are enough; names are at most NAME_MAX long. */
static uint32_t edits(struct slice a, struct slice b)
{
    uint32_t rows[3][NAME_MAX + 1];
    for (uint32_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (uint32_t i = 1; i <= a.len; i++) {
        uint32_t *now = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3];
        const uint32_t *above2 = rows[(i + 1) % 3];
        now[0] = i;
        for (uint32_t j = 1; j <= b.len; j++) {
            bool same = fold(a.data[i - 1]) == fold(b.data[j - 1]);
            now[j] = min2(above[j - 1] + !same, min2(above[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && fold(a.data[i - 1]) == fold(b.data[j - 2]) &&
                fold(a.data[i - 2]) == fold(b.data[j - 1]))
                now[j] = min2(now[j], above2[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

const char *catalog_suggest(const struct catalog_snapshot *snapshot, struct slice name)
{
    const char *best = NULL;
    uint32_t best_edits = EDITS_MAX + 1;
    if (name.len == 0 || name.len > NAME_MAX) return NULL;
    for (uint32_t i = 0; i < snapshot->count; i++) {
        const struct object *object = &snapshot->entries[i]->object;
        if (object->kind != OBJECT_TABLE && object->kind != OBJECT_VIEW) continue;
        struct slice other = slice_of(object->name);
        if (other.len > NAME_MAX || other.len > name.len + EDITS_MAX) continue;
        if (name.len > other.len + EDITS_MAX) continue;
        uint32_t distance = edits(name, other);
        /* A name of two letters is not "near" to every other one. */
        if (distance >= best_edits || distance >= name.len) continue;
        best = object->name;
        best_edits = distance;
    }
    return best;
}

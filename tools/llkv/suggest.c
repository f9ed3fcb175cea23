#include "llkv/suggest.h"

#include <string.h>

enum { NAME_MAX_BYTES = 40, DISTANCE_MAX = 3 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Insertions, deletions and replacements that turn one name into the other. */
static size_t distance(const char *lhs, size_t lhs_len, const char *rhs, size_t rhs_len)
{
    size_t row[NAME_MAX_BYTES + 1];
    for (size_t j = 0; j <= rhs_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= lhs_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= rhs_len; j++) {
            size_t replaced = diagonal + (lhs[i - 1] == rhs[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = smallest(row[j] + 1, row[j - 1] + 1, replaced);
        }
    }
    return row[rhs_len];
}

const char *suggest_name(const char *typed, const char *const *names, size_t count)
{
    size_t len = strlen(typed), best = DISTANCE_MAX + 1;
    const char *found = NULL;
    if (len > NAME_MAX_BYTES) return NULL;
    size_t allowed = (len + 2) / 3;
    for (size_t i = 0; i < count; i++) {
        size_t name_len = strlen(names[i]);
        if (name_len > NAME_MAX_BYTES) continue;
        size_t steps = distance(typed, len, names[i], name_len);
        if (steps <= allowed && steps < best) {
            best = steps;
            found = names[i];
        }
    }
    return found;
}

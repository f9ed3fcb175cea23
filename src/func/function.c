#include "func/function.h"

#include "func/function_table.h"

/* Names to functions. */

uint32_t function_count(void)
{
    return function_table_count;
}

const struct function *function_at(uint32_t index)
{
    return &function_table[index];
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Order of a name as written and one of the table. */
static int compare(struct slice name, const char *known)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t a = (uint8_t)fold(name.data[i]);
        uint8_t b = (uint8_t)known[i];
        if (a != b) return a < b ? -1 : 1;
    }
    return known[name.len] == '\0' ? 0 : -1;
}

const struct function *function_find(struct slice name, uint32_t *out_count)
{
    uint32_t low = 0;
    uint32_t high = function_table_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (compare(name, function_table[middle].name) > 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct function *first = &function_table[low];
    uint32_t count = 0;
    while (low + count < function_table_count) {
        const char *known = first[count].name;
        if (count > 0 && known == first->name) {
            count++; /* the same literal, most often */
        } else if (compare(name, known) == 0) {
            count++;
        } else {
            break;
        }
    }
    *out_count = count;
    return count == 0 ? NULL : first;
}

/* ---- suggestions ---- */

enum { SUGGEST_EDITS = 2 };

const char *function_suggest(struct slice name)
{
    const char *best = NULL;
    uint32_t least = SUGGEST_EDITS + 1;
    if (name.len < 2) return NULL;
    for (uint32_t i = 0; i < function_table_count; i++) {
        struct slice known = slice_of(function_table[i].name);
        if (known.len < 2) continue;
        if (i > 0 && function_table[i].name == function_table[i - 1].name) continue;
        uint32_t distance = slice_edits(name, known);
        /* a name of two letters is near to everything */
        if (distance >= least || distance * 2 > name.len) continue;
        least = distance;
        best = function_table[i].name;
    }
    return best;
}

/* ---- aggregates ---- */

struct aggregate_name {
    const char *name;
    uint8_t op;
};
static const struct aggregate_name aggregate_names[] = {
    {"count", AGG_COUNT},
    {"sum", AGG_SUM},
    {"total", AGG_TOTAL},
    {"avg", AGG_AVG},
    {"mean", AGG_AVG},
    {"min", AGG_MIN},
    {"max", AGG_MAX},
    {"any_value", AGG_ANY},
    {"first", AGG_FIRST},
    {"arbitrary", AGG_FIRST},
    {"last", AGG_LAST},
    {"bool_and", AGG_BOOL_AND},
    {"every", AGG_BOOL_AND},
    {"bool_or", AGG_BOOL_OR},
    {"bit_and", AGG_BIT_AND},
    {"bit_or", AGG_BIT_OR},
    {"bit_xor", AGG_BIT_XOR},
    {"group_concat", AGG_GROUP_CONCAT},
    {"string_agg", AGG_GROUP_CONCAT},
    {"listagg", AGG_GROUP_CONCAT},
    {"var_pop", AGG_VAR_POP},
    {"var_samp", AGG_VAR_SAMP},
    {"variance", AGG_VAR_SAMP},
    {"stddev_pop", AGG_STDDEV_POP},
    {"stddev_samp", AGG_STDDEV_SAMP},
    {"stddev", AGG_STDDEV_SAMP},
};

bool function_aggregate(struct slice name, bool star, enum agg_op *out_op)
{
    for (size_t i = 0; i < ARRAY_COUNT(aggregate_names); i++) {
        if (!slice_equal_folded(name, slice_of(aggregate_names[i].name))) continue;
        enum agg_op op = (enum agg_op)aggregate_names[i].op;
        if (star && op != AGG_COUNT) return false;
        *out_op = star ? AGG_COUNT_STAR : op;
        return true;
    }
    return false;
}

/* slice.h -- a borrowed run of bytes; not NUL-terminated. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"

struct slice {
    const char *data; /* may be NULL if len is 0 */
    size_t len;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
/* For printf: "%.*s", SLICE_ARG(s) */
#define SLICE_ARG(s) (int)(s).len, (s).data

ALWAYS_INLINE struct slice slice_of(const char *text)
{
    return (struct slice){text, text == NULL ? 0 : strlen(text)};
}

ALWAYS_INLINE bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* As SQL compares names: ASCII letters without case, other bytes as they are. */
bool slice_equal_folded(struct slice a, struct slice b);
/* The hash that goes with slice_equal_folded. */
uint32_t slice_hash_folded(struct slice s);
/* How many insertions, removals, other bytes or swapped neighbours lie between two names, folded.
 * Names of more than SLICE_EDITS_MAX bytes are as far apart as can be. */
enum { SLICE_EDITS_MAX = 64 };
uint32_t slice_edits(struct slice a, struct slice b);
#endif

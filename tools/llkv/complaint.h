/* complaint.h -- errors as people read them.
 *
 * Owns:    nothing.
 * Threads: one at a time. */
#ifndef SHELL_COMPLAINT_H
#define SHELL_COMPLAINT_H
#include <stdio.h>

#include "llkv.h"
#include "slt/text.h"

/* Where a statement stands: in `text`, whose first line has the number `first_line` in `name`
 * (NULL: unnamed), from `start` on. */
struct place {
    const char *name;
    struct slt_slice text;
    size_t start;
    uint32_t first_line;
};

/* Print the error: message, place, the line with a caret, SQLSTATE, hint. error->offset counts from
 * place->start; `place` may be NULL. */
void complaint_print(FILE *file, const llkv_error *error, const struct place *place);
#endif

/* cause.h -- failures grouped by what caused them.
 *
 * Owns:    the table of causes and their texts.
 * Threads: one at a time. */
#ifndef SLT_CAUSE_H
#define SLT_CAUSE_H
#include "slt/text.h"

struct slt_cause {
    uint64_t hash, count;
    char *text;
};

/* Zero-initialised: empty. */
struct slt_causes {
    struct slt_cause *items;
    size_t count, cap;
};

/* Append an error message without what differs from place to place: quoted parts become '_',
 * digits become 0, and a single word behind the last ": " becomes _. */
void slt_cause_normalise(struct slt_text *out, struct slt_slice message);

/* Count `count` more failures of one cause. False without memory. */
bool slt_causes_add(struct slt_causes *causes, struct slt_slice text, uint64_t count);
/* Most frequent first. */
void slt_causes_sort(struct slt_causes *causes);
void slt_causes_deinit(struct slt_causes *causes);
#endif

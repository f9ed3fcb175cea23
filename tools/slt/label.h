/* label.h -- query labels: results that must be the same wherever their label stands.
 *
 * Owns:    the table of labels and digests of one file.
 * Threads: one at a time.
 * Holds:   only the first SLT_LABEL_BYTES bytes of a label count. */
#ifndef SLT_LABEL_H
#define SLT_LABEL_H
#include "slt/values.h"

enum { SLT_LABEL_BYTES = 20 };

struct slt_label {
    char name[SLT_LABEL_BYTES]; /* padded with NULs; all NUL: the place is free */
    char digest[SLT_DIGEST_BYTES];
};

/* Zero-initialised: empty. Open addressing; `cap` is a power of two. */
struct slt_labels {
    struct slt_label *table;
    size_t count, cap;
};

/* Remember `digest` for `name`, or look up the one remembered before: *out_digest is that one, or
 * NULL if the label is new. False without memory. */
bool slt_labels_note(struct slt_labels *labels, struct slt_slice name,
                     const char digest[SLT_DIGEST_BYTES], const char **out_digest);
void slt_labels_deinit(struct slt_labels *labels);
#endif

#include "slt/label.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS_MIN = 64 };

static size_t hash_name(const char name[SLT_LABEL_BYTES])
{
    uint64_t hash = 0;
    for (size_t i = 0; i < SLT_LABEL_BYTES; i++) {
        hash = (hash ^ (unsigned char)name[i]) * UINT64_C(0x9e3779b97f4a7c15);
    }
    return (size_t)(hash >> 17);
}

/* The place of `name`, or the free one where it belongs. */
static struct slt_label *place(struct slt_label *table, size_t cap,
                               const char name[SLT_LABEL_BYTES])
{
    for (size_t i = hash_name(name);; i++) {
        struct slt_label *label = &table[i & (cap - 1)];
        if (label->name[0] == '\0') return label;
        if (memcmp(label->name, name, SLT_LABEL_BYTES) == 0) return label;
    }
}

static bool grow(struct slt_labels *labels)
{
    if (labels->count * 2 < labels->cap) return true;
    size_t cap = labels->cap == 0 ? LABELS_MIN : labels->cap * 2;
    struct slt_label *table = calloc(cap, sizeof *table);
    if (table == NULL) return false;
    for (size_t i = 0; i < labels->cap; i++) {
        const struct slt_label *label = &labels->table[i];
        if (label->name[0] != '\0') *place(table, cap, label->name) = *label;
    }
    free(labels->table);
    labels->table = table;
    labels->cap = cap;
    return true;
}

bool slt_labels_note(struct slt_labels *labels, struct slt_slice name,
                     const char digest[SLT_DIGEST_BYTES], const char **out_digest)
{
    assert(name.len > 0);
    if (!grow(labels)) return false;
    char key[SLT_LABEL_BYTES] = {0};
    memcpy(key, name.data, name.len < sizeof key ? name.len : sizeof key);
    struct slt_label *label = place(labels->table, labels->cap, key);
    if (label->name[0] != '\0') {
        *out_digest = label->digest;
        return true;
    }
    memcpy(label->name, key, sizeof key);
    memcpy(label->digest, digest, SLT_DIGEST_BYTES);
    labels->count++;
    *out_digest = NULL;
    return true;
}

void slt_labels_deinit(struct slt_labels *labels)
{
    free(labels->table);
    *labels = (struct slt_labels){0};
}

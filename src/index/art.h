/* art.h -- an adaptive radix tree over byte keys, changed by copying, read without a lock.
 *
 * A change makes a new version: nodes of the published version are copied on their way, nodes of
 * the version being made are changed in place (they carry its number as owner). The caller
 * publishes the new root and gets the list of nodes that only the old version needs.
 *
 * No key may be the beginning of another one. The last 8 bytes of a key are its row id, big-endian.
 *
 * Threads: one writer; readers walk a root they loaded, while the version is protected.
 * Holds:   an inner node has a prefix common to all keys below and children in ascending order of
 * the next byte. */
#ifndef INDEX_ART_H
#define INDEX_ART_H
#include <stdint.h>

#include <stdatomic.h>
#include <stdbool.h>

#include "base/alloc.h"

struct art_node;

/* What a key leads to. `key` ends with the row id. */
struct art_leaf {
    _Atomic int64_t dead_ts;      /* the commit that ended the entry; 0: it lives */
    uint64_t owner;               /* the version that made it */
    struct art_leaf *next;        /* of a list of the owner of the index: waiting, or garbage */
    struct art_leaf *next_change; /* of the change being made */
    uint32_t len;
    bool waiting;  /* in the list of entries to be removed */
    bool sticky;   /* stands for an entry of a run: it is never removed */
    bool changing; /* in the change being made: */
    bool ending;   /* it is to die, else to live */
    uint8_t key[];
};

/* A child: a node, a leaf (lowest bit set), or 0. */
typedef uintptr_t art_ref;

/* The version being made. */
struct art_change {
    struct mem_budget *budget;
    uint64_t owner;
    art_ref root;
    struct art_node *garbage; /* of the published version, no longer in this one */
};

/* The leaf of `key`, or NULL. */
struct art_leaf *art_find(art_ref root, const uint8_t *key, uint32_t len);
/* Call fn for every leaf whose key begins with `prefix`, in order, until it returns false. Every
 * key is exactly 8 bytes longer than `prefix`, or differs from it. */
void art_each(art_ref root, const uint8_t *prefix, uint32_t len,
              bool (*fn)(void *arg, struct art_leaf *leaf), void *arg);
/* The leaf of `key`, made if there is none (*out_made). NULL: no memory, nothing changed. */
struct art_leaf *art_insert(struct art_change *change, const uint8_t *key, uint32_t len,
                            bool *out_made);
/* Take a leaf out; it is the caller's then. False: no memory, it is still in. */
bool art_remove(struct art_change *change, struct art_leaf *leaf);

/* Free the nodes and leaves that were made by the change and are still in its tree. */
void art_discard(struct art_change *change);
/* Free a list of garbage. */
void art_free_garbage(struct art_node *garbage);
/* Free a whole tree. */
void art_free(art_ref root);
/* The structure is sound; *out_leaves counts the leaves. For the newest version only, while no
 * change is being made. */
bool art_check(art_ref root, uint64_t *out_leaves);

static inline uint64_t art_leaf_row(const struct art_leaf *leaf)
{
    uint64_t row = 0;
    for (uint32_t i = leaf->len - 8; i < leaf->len; i++)
        row = row << 8 | leaf->key[i];
    return row;
}
#endif

/* art_priv.h -- nodes of the tree, shared by walking (art.c) and changing (art_change.c). */
#ifndef INDEX_ART_PRIV_H
#define INDEX_ART_PRIV_H
#include "base/compiler.h"
#include "index/art.h"

enum art_kind { ART_4, ART_16, ART_48, ART_256 };
enum { ART_PREFIX_BYTES = 12 };

/* A prefix may be longer than what is kept here; the rest is read from any leaf below. */
struct art_node {
    struct art_node *next; /* of a list of garbage or of nodes to visit */
    uint64_t owner;
    uint32_t prefix_len;
    uint16_t count;
    uint8_t kind;
    uint8_t prefix[ART_PREFIX_BYTES];
};

struct art_node_4 {
    struct art_node head;
    uint8_t bytes[4]; /* ascending */
    art_ref children[4];
};
struct art_node_16 {
    struct art_node head;
    uint8_t bytes[16];
    art_ref children[16];
};
struct art_node_48 {
    struct art_node head;
    uint8_t slots[256]; /* 0: none, else index of the child + 1 */
    art_ref children[48];
};
struct art_node_256 {
    struct art_node head;
    art_ref children[256];
};

ALWAYS_INLINE bool art_is_leaf(art_ref ref)
{
    return (ref & 1) != 0;
}
ALWAYS_INLINE struct art_leaf *art_leaf_of(art_ref ref)
{
    return (struct art_leaf *)(ref - 1);
}
ALWAYS_INLINE struct art_node *art_node_of(art_ref ref)
{
    return (struct art_node *)ref;
}
ALWAYS_INLINE art_ref art_ref_of_leaf(const struct art_leaf *leaf)
{
    return (art_ref)leaf + 1;
}
ALWAYS_INLINE art_ref art_ref_of_node(const struct art_node *node)
{
    return (art_ref)node;
}

/* The place of the child for a byte; NULL: none. */
art_ref *art_child(struct art_node *node, uint8_t byte);
/* The children in ascending order of their bytes, counted from 0; 0 behind the last. `io_at` begins
 * at 0 and is the walk's own. */
art_ref art_next_child(const struct art_node *node, uint32_t *io_at);
/* The leaf with the smallest key. */
struct art_leaf *art_first_leaf(art_ref ref);
/* How many bytes of the node's prefix agree with key[depth..len). */
uint32_t art_prefix_match(const struct art_node *node, const uint8_t *key, uint32_t len,
                          uint32_t depth);
#endif

/* How the tree changes: on the way down every node becomes the change's own. */
#include <assert.h>
#include <string.h>

#include "index/art.h"
#include "index/art_priv.h"

static const size_t node_bytes[] = {
    [ART_4] = sizeof(struct art_node_4),
    [ART_16] = sizeof(struct art_node_16),
    [ART_48] = sizeof(struct art_node_48),
    [ART_256] = sizeof(struct art_node_256),
};
static const uint16_t node_room[] = {[ART_4] = 4, [ART_16] = 16, [ART_48] = 48, [ART_256] = 256};
/* With so many children a node becomes one of the next smaller kind: less than it has room for, so
 * that one insert and one removal in turn do not copy it every time. */
static const uint16_t node_shrink[] = {[ART_4] = 0, [ART_16] = 3, [ART_48] = 12, [ART_256] = 40};

static struct art_node *node_new(struct art_change *change, enum art_kind kind)
{
    struct art_node *node = mem_alloc_zero(change->budget, node_bytes[kind]);
    if (node == NULL) return NULL;
    node->kind = (uint8_t)kind;
    node->owner = change->owner;
    return node;
}

/* A node leaves the tree: at once if nobody else knows it. */
static void drop_node(struct art_change *change, struct art_node *node)
{
    if (node->owner == change->owner) {
        mem_free(node);
        return;
    }
    node->next = change->garbage;
    change->garbage = node;
}

/* The node at *slot, made the change's own; NULL: no memory. */
static struct art_node *own_node(struct art_change *change, art_ref *slot)
{
    struct art_node *node = art_node_of(*slot);
    if (node->owner == change->owner) return node;
    struct art_node *copy = mem_alloc(change->budget, node_bytes[node->kind]);
    if (copy == NULL) return NULL;
    memcpy(copy, node, node_bytes[node->kind]);
    copy->owner = change->owner;
    copy->next = NULL;
    drop_node(change, node);
    *slot = art_ref_of_node(copy);
    return copy;
}

static void insert_sorted(uint8_t *bytes, art_ref *children, uint32_t count, uint8_t byte,
                          art_ref child)
{
    uint32_t at = 0;
    while (at < count && bytes[at] < byte)
        at++;
    memmove(bytes + at + 1, bytes + at, count - at);
    memmove(children + at + 1, children + at, (count - at) * sizeof *children);
    bytes[at] = byte;
    children[at] = child;
}

/* There is room and no child for the byte. */
static void put_child(struct art_node *node, uint8_t byte, art_ref child)
{
    assert(node->count < node_room[node->kind]);
    switch ((enum art_kind)node->kind) {
    case ART_4: {
        struct art_node_4 *n = (struct art_node_4 *)node;
        insert_sorted(n->bytes, n->children, node->count, byte, child);
        break;
    }
    case ART_16: {
        struct art_node_16 *n = (struct art_node_16 *)node;
        insert_sorted(n->bytes, n->children, node->count, byte, child);
        break;
    }
    case ART_48: {
        struct art_node_48 *n = (struct art_node_48 *)node;
        uint8_t slot = 0;
        while (n->children[slot] != 0)
            slot++;
        n->children[slot] = child;
        n->slots[byte] = (uint8_t)(slot + 1);
        break;
    }
    case ART_256: ((struct art_node_256 *)node)->children[byte] = child; break;
    }
    node->count++;
}

static void remove_sorted(uint8_t *bytes, art_ref *children, uint32_t count, uint8_t byte)
{
    uint32_t at = 0;
    while (bytes[at] != byte)
        at++;
    memmove(bytes + at, bytes + at + 1, count - at - 1);
    memmove(children + at, children + at + 1, (count - at - 1) * sizeof *children);
}

static void take_child(struct art_node *node, uint8_t byte)
{
    switch ((enum art_kind)node->kind) {
    case ART_4: {
        struct art_node_4 *n = (struct art_node_4 *)node;
        remove_sorted(n->bytes, n->children, node->count, byte);
        break;
    }
    case ART_16: {
        struct art_node_16 *n = (struct art_node_16 *)node;
        remove_sorted(n->bytes, n->children, node->count, byte);
        break;
    }
    case ART_48: {
        struct art_node_48 *n = (struct art_node_48 *)node;
        n->children[n->slots[byte] - 1] = 0;
        n->slots[byte] = 0;
        break;
    }
    case ART_256: ((struct art_node_256 *)node)->children[byte] = 0; break;
    }
    node->count--;
}

/* The byte of the child that art_next_child just handed out. */
static uint8_t byte_at(const struct art_node *node, uint32_t at_behind)
{
    switch ((enum art_kind)node->kind) {
    case ART_4: return ((const struct art_node_4 *)node)->bytes[at_behind - 1];
    case ART_16: return ((const struct art_node_16 *)node)->bytes[at_behind - 1];
    case ART_48:
    case ART_256: break;
    }
    return (uint8_t)(at_behind - 1);
}

/* Replace the own node at *slot by one of another kind; NULL: no memory. */
static struct art_node *convert(struct art_change *change, art_ref *slot, enum art_kind kind)
{
    struct art_node *node = art_node_of(*slot);
    struct art_node *made = node_new(change, kind);
    if (made == NULL) return NULL;
    made->prefix_len = node->prefix_len;
    memcpy(made->prefix, node->prefix, sizeof made->prefix);
    uint32_t at = 0;
    for (art_ref child; (child = art_next_child(node, &at)) != 0;)
        put_child(made, byte_at(node, at), child);
    drop_node(change, node);
    *slot = art_ref_of_node(made);
    return made;
}

static void set_prefix(struct art_node *node, const uint8_t *bytes, uint32_t len)
{
    node->prefix_len = len;
    memcpy(node->prefix, bytes, len < ART_PREFIX_BYTES ? len : ART_PREFIX_BYTES);
}

static struct art_leaf *leaf_new(struct art_change *change, const uint8_t *key, uint32_t len)
{
    struct art_leaf *leaf = mem_alloc(change->budget, sizeof *leaf + len);
    if (leaf == NULL) return NULL;
    memset(leaf, 0, sizeof *leaf);
    leaf->owner = change->owner;
    leaf->len = len;
    memcpy(leaf->key, key, len);
    return leaf;
}

/* Two leaves where one was. */
static bool split_leaf(struct art_change *change, art_ref *slot, struct art_leaf *made,
                       uint32_t depth)
{
    struct art_leaf *old = art_leaf_of(*slot);
    uint32_t limit = old->len < made->len ? old->len : made->len;
    uint32_t at = depth;
    while (at < limit && old->key[at] == made->key[at])
        at++;
    assert(at < limit); /* no key begins another */
    struct art_node *node = node_new(change, ART_4);
    if (node == NULL) return false;
    set_prefix(node, made->key + depth, at - depth);
    put_child(node, old->key[at], *slot);
    put_child(node, made->key[at], art_ref_of_leaf(made));
    *slot = art_ref_of_node(node);
    return true;
}

/* A node above the own node at *slot, because the key leaves its prefix after `match` bytes. */
static bool split_prefix(struct art_change *change, art_ref *slot, struct art_leaf *made,
                         uint32_t depth, uint32_t match)
{
    struct art_node *node = art_node_of(*slot);
    const struct art_leaf *below = art_first_leaf(*slot);
    struct art_node *above = node_new(change, ART_4);
    if (above == NULL) return false;
    set_prefix(above, made->key + depth, match);
    put_child(above, below->key[depth + match], *slot);
    put_child(above, made->key[depth + match], art_ref_of_leaf(made));
    set_prefix(node, below->key + depth + match + 1, node->prefix_len - match - 1);
    *slot = art_ref_of_node(above);
    return true;
}

static bool add_leaf(struct art_change *change, art_ref *slot, struct art_leaf *made,
                     uint32_t depth)
{
    struct art_node *node = art_node_of(*slot);
    if (node->count == node_room[node->kind]) {
        node = convert(change, slot, (enum art_kind)(node->kind + 1));
        if (node == NULL) return false;
    }
    put_child(node, made->key[depth], art_ref_of_leaf(made));
    return true;
}

/* Put a new leaf in; its key is not there. */
static bool insert_leaf(struct art_change *change, struct art_leaf *made)
{
    art_ref *slot = &change->root;
    uint32_t depth = 0;
    while (*slot != 0) {
        if (art_is_leaf(*slot)) return split_leaf(change, slot, made, depth);
        struct art_node *node = own_node(change, slot);
        if (node == NULL) return false;
        uint32_t match = art_prefix_match(node, made->key, made->len, depth);
        if (match < node->prefix_len) return split_prefix(change, slot, made, depth, match);
        depth += node->prefix_len;
        art_ref *child = art_child(node, made->key[depth]);
        if (child == NULL) return add_leaf(change, slot, made, depth);
        slot = child;
        depth++;
    }
    *slot = art_ref_of_leaf(made);
    return true;
}

struct art_leaf *art_insert(struct art_change *change, const uint8_t *key, uint32_t len,
                            bool *out_made)
{
    assert(len >= 8);
    *out_made = false;
    struct art_leaf *leaf = art_find(change->root, key, len);
    if (leaf != NULL) return leaf;
    leaf = leaf_new(change, key, len);
    if (leaf == NULL) return NULL;
    if (!insert_leaf(change, leaf)) {
        mem_free(leaf);
        return NULL;
    }
    *out_made = true;
    return leaf;
}

/* The sibling of the child for `byte` in a node of two children. */
static art_ref *sibling_of(struct art_node *node, uint8_t byte)
{
    uint32_t at = 0;
    (void)art_next_child(node, &at);
    uint8_t first = byte_at(node, at);
    if (first == byte) {
        (void)art_next_child(node, &at);
        first = byte_at(node, at);
    }
    return art_child(node, first);
}

/* Take a child out of an own node of two at *slot: what is left takes the node's place. The node's
 * prefix begins at `depth` in the keys below. False: no memory, nothing changed. */
static bool fold(struct art_change *change, art_ref *slot, uint8_t byte, uint32_t depth)
{
    struct art_node *node = art_node_of(*slot);
    art_ref *left = sibling_of(node, byte);
    if (!art_is_leaf(*left)) {
        struct art_node *kept = own_node(change, left);
        if (kept == NULL) return false;
        const struct art_leaf *below = art_first_leaf(*left);
        set_prefix(kept, below->key + depth, node->prefix_len + 1 + kept->prefix_len);
    }
    *slot = *left;
    drop_node(change, node);
    return true;
}

/* A node that stays too large without memory for a smaller one is sound all the same. */
static void shrink(struct art_change *change, art_ref *slot)
{
    struct art_node *node = art_node_of(*slot);
    if (node->count > node_shrink[node->kind]) return;
    if (convert(change, slot, (enum art_kind)(node->kind - 1)) == NULL) return;
}

bool art_remove(struct art_change *change, struct art_leaf *leaf)
{
    art_ref *slot = &change->root;
    uint32_t depth = 0;
    assert(*slot != 0);
    if (art_is_leaf(*slot)) {
        assert(art_leaf_of(*slot) == leaf);
        *slot = 0;
        return true;
    }
    for (;;) {
        struct art_node *node = own_node(change, slot);
        if (node == NULL) return false;
        uint32_t begin = depth;
        depth += node->prefix_len;
        uint8_t byte = leaf->key[depth];
        art_ref *child = art_child(node, byte);
        assert(child != NULL);
        if (*child == art_ref_of_leaf(leaf)) {
            if (node->count == 2) return fold(change, slot, byte, begin);
            take_child(node, byte);
            shrink(change, slot);
            return true;
        }
        assert(!art_is_leaf(*child));
        slot = child;
        depth++;
    }
}

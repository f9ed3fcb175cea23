#include "index/art.h"

#include <assert.h>
#include <string.h>

#include "index/art_priv.h"

static art_ref *child_in(const uint8_t *bytes, art_ref *children, uint32_t count, uint8_t byte)
{
    for (uint32_t i = 0; i < count; i++)
        if (bytes[i] == byte) return &children[i];
    return NULL;
}

art_ref *art_child(struct art_node *node, uint8_t byte)
{
    switch ((enum art_kind)node->kind) {
    case ART_4: {
        struct art_node_4 *n = (struct art_node_4 *)node;
        return child_in(n->bytes, n->children, node->count, byte);
    }
    case ART_16: {
        struct art_node_16 *n = (struct art_node_16 *)node;
        return child_in(n->bytes, n->children, node->count, byte);
    }
    case ART_48: {
        struct art_node_48 *n = (struct art_node_48 *)node;
        return n->slots[byte] == 0 ? NULL : &n->children[n->slots[byte] - 1];
    }
    case ART_256: {
        struct art_node_256 *n = (struct art_node_256 *)node;
        return n->children[byte] == 0 ? NULL : &n->children[byte];
    }
    }
    assert(false);
    return NULL;
}

art_ref art_next_child(const struct art_node *node, uint32_t *io_at)
{
    switch ((enum art_kind)node->kind) {
    case ART_4:
        if (*io_at == node->count) return 0;
        return ((const struct art_node_4 *)node)->children[(*io_at)++];
    case ART_16:
        if (*io_at == node->count) return 0;
        return ((const struct art_node_16 *)node)->children[(*io_at)++];
    case ART_48: {
        const struct art_node_48 *n = (const struct art_node_48 *)node;
        while (*io_at < 256) {
            uint8_t slot = n->slots[(*io_at)++];
            if (slot != 0) return n->children[slot - 1];
        }
        return 0;
    }
    case ART_256: {
        const struct art_node_256 *n = (const struct art_node_256 *)node;
        while (*io_at < 256) {
            art_ref child = n->children[(*io_at)++];
            if (child != 0) return child;
        }
        return 0;
    }
    }
    assert(false);
    return 0;
}

struct art_leaf *art_first_leaf(art_ref ref)
{
    while (!art_is_leaf(ref)) {
        uint32_t at = 0;
        ref = art_next_child(art_node_of(ref), &at);
        assert(ref != 0);
    }
    return art_leaf_of(ref);
}

uint32_t art_prefix_match(const struct art_node *node, const uint8_t *key, uint32_t len,
                          uint32_t depth)
{
    uint32_t limit = len - depth < node->prefix_len ? len - depth : node->prefix_len;
    uint32_t known = limit < ART_PREFIX_BYTES ? limit : ART_PREFIX_BYTES;
    uint32_t i = 0;
    static_assert(ART_PREFIX_BYTES >= 8, "eight bytes may be loaded");
    if (len - depth >= 8) { /* eight at once; the first that differs is the lowest */
        uint64_t have, want;
        memcpy(&have, node->prefix, sizeof have);
        memcpy(&want, key + depth, sizeof want);
        have ^= want;
        i = have == 0 ? 8 : (uint32_t)__builtin_ctzll(have) / 8;
        if (i > known) i = known;
    }
    while (i < known && node->prefix[i] == key[depth + i])
        i++;
    if (i < known || known == limit) return i;
    const struct art_leaf *leaf = art_first_leaf(art_ref_of_node(node));
    while (i < limit && leaf->key[depth + i] == key[depth + i])
        i++;
    return i;
}

struct art_leaf *art_find(art_ref root, const uint8_t *key, uint32_t len)
{
    uint32_t depth = 0;
    art_ref ref = root;
    while (ref != 0 && !art_is_leaf(ref)) {
        struct art_node *node = art_node_of(ref);
        depth += node->prefix_len; /* compared as a whole at the leaf */
        if (depth >= len) return NULL;
        art_ref *child = art_child(node, key[depth]);
        if (child == NULL) return NULL;
        ref = *child;
        depth++;
    }
    if (ref == 0) return NULL;
    struct art_leaf *leaf = art_leaf_of(ref);
    return leaf->len == len && memcmp(leaf->key, key, len) == 0 ? leaf : NULL;
}

/* The subtree of all keys that may begin with `prefix`; 0: none. */
static art_ref subtree(art_ref root, const uint8_t *prefix, uint32_t len)
{
    uint32_t depth = 0;
    art_ref ref = root;
    while (ref != 0 && !art_is_leaf(ref)) {
        struct art_node *node = art_node_of(ref);
        depth += node->prefix_len;
        if (depth >= len) return ref;
        art_ref *child = art_child(node, prefix[depth]);
        if (child == NULL) return 0;
        ref = *child;
        depth++;
    }
    return ref;
}

void art_each(art_ref root, const uint8_t *prefix, uint32_t len,
              bool (*fn)(void *arg, struct art_leaf *leaf), void *arg)
{
    /* Below the prefix only the row id is left: 8 bytes, so at most 8 nodes on a path. */
    enum { DEPTH_MAX = 10 };
    struct {
        const struct art_node *node;
        uint32_t at;
    } stack[DEPTH_MAX];
    uint32_t depth = 0;
    art_ref ref = subtree(root, prefix, len);
    if (ref == 0) return;
    const struct art_leaf *first = art_first_leaf(ref);
    if (first->len < len || memcmp(first->key, prefix, len) != 0) return;
    for (;;) {
        if (ref != 0 && art_is_leaf(ref)) {
            if (!fn(arg, art_leaf_of(ref))) return;
        } else if (ref != 0) {
            assert(depth < DEPTH_MAX);
            stack[depth].node = art_node_of(ref);
            stack[depth++].at = 0;
        }
        do {
            if (depth == 0) return;
            ref = art_next_child(stack[depth - 1].node, &stack[depth - 1].at);
            if (ref == 0) depth--;
        } while (ref == 0);
    }
}

/* ---- freeing and checking: the way down may be as long as a key, so nodes are kept in a list ----
 */

static void push(struct art_node **list, art_ref ref)
{
    art_node_of(ref)->next = *list;
    *list = art_node_of(ref);
}

/* Free what `owner` made (0: everything) below and at `root`. A node that somebody else made has
 * only nodes of others below it. */
static void free_tree(art_ref root, uint64_t owner)
{
    struct art_node *list = NULL;
    if (root == 0) return;
    if (art_is_leaf(root)) {
        if (owner == 0 || art_leaf_of(root)->owner == owner) mem_free(art_leaf_of(root));
        return;
    }
    if (owner == 0 || art_node_of(root)->owner == owner) push(&list, root);
    while (list != NULL) {
        struct art_node *node = list;
        list = node->next;
        uint32_t at = 0;
        for (art_ref child; (child = art_next_child(node, &at)) != 0;) {
            if (art_is_leaf(child)) {
                struct art_leaf *leaf = art_leaf_of(child);
                if (owner == 0 || leaf->owner == owner) mem_free(leaf);
            } else if (owner == 0 || art_node_of(child)->owner == owner) {
                push(&list, child);
            }
        }
        mem_free(node);
    }
}

void art_discard(struct art_change *change)
{
    free_tree(change->root, change->owner);
    change->root = 0;
    change->garbage = NULL; /* still in the published version */
}

void art_free(art_ref root)
{
    free_tree(root, 0);
}

void art_free_garbage(struct art_node *garbage)
{
    while (garbage != NULL) {
        struct art_node *next = garbage->next;
        mem_free(garbage);
        garbage = next;
    }
}

/* Every leaf is found again under its own key, and keys ascend from child to child. */
static bool check_node(art_ref root, const struct art_node *node, uint64_t *io_leaves)
{
    const struct art_leaf *before = NULL;
    uint32_t at = 0;
    uint32_t count = 0;
    for (art_ref child; (child = art_next_child(node, &at)) != 0; count++) {
        const struct art_leaf *leaf = art_first_leaf(child);
        uint32_t len = before == NULL ? 0 : before->len < leaf->len ? before->len : leaf->len;
        if (before != NULL && memcmp(before->key, leaf->key, len) >= 0) return false;
        before = leaf;
        if (!art_is_leaf(child)) continue;
        if (art_find(root, leaf->key, leaf->len) != leaf) return false;
        (*io_leaves)++;
    }
    return count == node->count && count > 0;
}

bool art_check(art_ref root, uint64_t *out_leaves)
{
    struct art_node *list = NULL;
    *out_leaves = 0;
    if (root == 0) return true;
    if (art_is_leaf(root)) {
        *out_leaves = 1;
        return true;
    }
    push(&list, root);
    while (list != NULL) {
        struct art_node *node = list;
        list = node->next;
        if (!check_node(root, node, out_leaves)) return false;
        uint32_t at = 0;
        for (art_ref child; (child = art_next_child(node, &at)) != 0;)
            if (!art_is_leaf(child)) push(&list, child);
    }
    return true;
}

#include "storage/batch_table.h"

#include <assert.h>
#include <string.h>

#include "base/crc32c.h"

enum node_state {
    NODE_CLEAN,   /* as on the medium */
    NODE_CHANGED, /* not written */
    NODE_ENCODED, /* written, perhaps: not committed */
};

struct node_child {
    uint64_t offset; /* in the file; 0: none there */
    uint32_t crc;
    struct batch_node *node; /* NULL: not read, or none */
};

struct batch_node {
    enum node_state state;
    bool leaf;
    union {
        struct batch_place places[BATCH_NODE_WAYS];
        struct node_child children[BATCH_NODE_WAYS];
    } u;
};

static_assert(sizeof(uint64_t) * 2 * BATCH_NODE_WAYS == BATCH_NODE_BYTES, "on disk");

/* Which way at `level` (0: in a leaf). */
static uint32_t way_of(uint32_t seq, uint32_t level)
{
    return (uint32_t)((uint64_t)seq >> (6 * level)) % BATCH_NODE_WAYS;
}

static bool covers(uint32_t height, uint32_t seq)
{
    return height >= BATCH_HEIGHT_MAX || (uint64_t)seq >> (6 * height) == 0;
}

static struct batch_node *node_new(struct batch_table *table, bool leaf)
{
    struct batch_node *node = mem_alloc_zero(table->budget, sizeof *node);
    if (node != NULL) node->leaf = leaf;
    return node;
}

/* The depth is at most BATCH_HEIGHT_MAX. */
static void node_free(struct batch_node *node)
{
    if (node == NULL) return;
    if (!node->leaf)
        for (uint32_t i = 0; i < BATCH_NODE_WAYS; i++)
            node_free(node->u.children[i].node);
    mem_free(node);
}

static void node_decode(struct batch_node *node, const uint8_t bytes[BATCH_NODE_BYTES])
{
    for (uint32_t i = 0; i < BATCH_NODE_WAYS; i++) {
        const uint8_t *from = bytes + i * 16;
        if (node->leaf) {
            memcpy(&node->u.places[i].offset, from, 8);
            memcpy(&node->u.places[i].data_end, from + 8, 8);
        } else {
            memcpy(&node->u.children[i].offset, from, 8);
            memcpy(&node->u.children[i].crc, from + 8, 4);
        }
    }
}

/* Entries begin at blocks; sums of what is in them cannot overflow. */
static bool places_are_sound(const struct batch_node *node)
{
    for (uint32_t i = 0; node->leaf && i < BATCH_NODE_WAYS; i++) {
        const struct batch_place *place = &node->u.places[i];
        if (place->data_end == 0) continue;
        if (place->offset % STORAGE_BLOCK_BYTES != 0 || place->offset > STORAGE_NUMBER_MAX ||
            place->data_end > ENTRY_BYTES_MAX)
            return false;
    }
    return true;
}

static llkv_code node_read(struct cx *cx, struct batch_table *table, const struct node_child *from,
                           bool leaf, struct batch_node **out_node)
{
    uint8_t bytes[BATCH_NODE_BYTES];
    TRY(os_fs_read(cx, table->file, bytes, sizeof bytes, from->offset));
    if (crc32c(0, bytes, sizeof bytes) != from->crc)
        return cx_fail(cx, LLKV_CORRUPT, "the batch table at byte %llu is damaged",
                       (unsigned long long)from->offset);
    struct batch_node *node = node_new(table, leaf);
    if (node == NULL) return cx_nomem(cx);
    node_decode(node, bytes);
    if (!places_are_sound(node)) {
        mem_free(node);
        return cx_fail(cx, LLKV_CORRUPT, "the batch table at byte %llu names no batches",
                       (unsigned long long)from->offset);
    }
    *out_node = node;
    return LLKV_OK;
}

llkv_code batch_table_init(struct cx *cx, struct batch_table *table, struct os_fs_file *file,
                           struct mem_budget *budget, const struct table_ref *ref)
{
    *table = (struct batch_table){.file = file, .budget = budget, .ref = *ref};
    if (ref->height == 0) return LLKV_OK;
    if (ref->height > BATCH_HEIGHT_MAX || ref->offset == 0)
        return cx_fail(cx, LLKV_CORRUPT, "the batch table is damaged");
    struct node_child root = {.offset = ref->offset, .crc = ref->crc};
    TRY(node_read(cx, table, &root, ref->height == 1, &table->root));
    table->height = ref->height;
    return LLKV_OK;
}

void batch_table_deinit(struct batch_table *table)
{
    node_free(table->root);
    *table = (struct batch_table){0};
}

/* The node below `parent` on the way to `seq`; NULL if there is none. */
static llkv_code child_get(struct cx *cx, struct batch_table *table, struct batch_node *parent,
                           uint32_t level, uint32_t seq, struct batch_node **out_node)
{
    struct node_child *child = &parent->u.children[way_of(seq, level)];
    if (child->node == NULL && child->offset != 0)
        TRY(node_read(cx, table, child, level == 1, &child->node));
    *out_node = child->node;
    return LLKV_OK;
}

llkv_code batch_table_get(struct cx *cx, struct batch_table *table, uint32_t seq,
                          struct batch_place **out_place)
{
    *out_place = NULL;
    if (table->root == NULL || !covers(table->height, seq)) return LLKV_OK;
    struct batch_node *node = table->root;
    for (uint32_t level = table->height - 1; level > 0 && node != NULL; level--)
        TRY(child_get(cx, table, node, level, seq, &node));
    if (node == NULL) return LLKV_OK;
    struct batch_place *place = &node->u.places[way_of(seq, 0)];
    if (place->data_end != 0) *out_place = place;
    return LLKV_OK;
}

/* The depth is at most BATCH_HEIGHT_MAX. */
static void each_below(const struct batch_node *node, batch_place_fn *fn, void *arg)
{
    if (node == NULL) return;
    for (uint32_t i = 0; i < BATCH_NODE_WAYS; i++) {
        if (!node->leaf)
            each_below(node->u.children[i].node, fn, arg);
        else if (node->u.places[i].data_end != 0)
            fn(arg, &node->u.places[i]);
    }
}

void batch_table_each(const struct batch_table *table, batch_place_fn *fn, void *arg)
{
    each_below(table->root, fn, arg);
}

/* Put a new root above the present one, until `seq` is covered. */
static llkv_code raise_root(struct cx *cx, struct batch_table *table, uint32_t seq)
{
    while (table->height == 0 || !covers(table->height, seq)) {
        struct batch_node *root = node_new(table, table->height == 0);
        if (root == NULL) return cx_nomem(cx);
        root->state = NODE_CHANGED;
        /* Written perhaps, but as a root: where, only its new parent could keep. */
        if (table->root != NULL && table->root->state == NODE_ENCODED)
            table->root->state = NODE_CHANGED;
        if (table->root != NULL)
            root->u.children[0] = (struct node_child){
                .offset = table->ref.offset, .crc = table->ref.crc, .node = table->root};
        table->root = root;
        table->height++;
        /* Until the next commit nothing on the medium is this root. */
        table->ref = (struct table_ref){0};
    }
    return LLKV_OK;
}

llkv_code batch_table_reserve(struct cx *cx, struct batch_table *table, uint32_t seq)
{
    TRY(raise_root(cx, table, seq));
    struct batch_node *node = table->root;
    for (uint32_t level = table->height - 1; level > 0; level--) {
        struct batch_node *child = NULL;
        TRY(child_get(cx, table, node, level, seq, &child));
        if (child == NULL) {
            child = node_new(table, level == 1);
            if (child == NULL) return cx_nomem(cx);
            /* An empty node says nothing: it is written once something is put into it. */
            node->u.children[way_of(seq, level)].node = child;
        }
        node = child;
    }
    if (node->u.places[way_of(seq, 0)].data_end != 0)
        return cx_fail(cx, LLKV_CORRUPT, "the batch table has batch %u, which is to come", seq);
    return LLKV_OK;
}

/* The place of `seq`, whose nodes are in memory, with all on the way to it changed. */
static struct batch_place *place_to_change(struct batch_table *table, uint32_t seq)
{
    struct batch_node *node = table->root;
    for (uint32_t level = table->height - 1; level > 0; level--) {
        node->state = NODE_CHANGED;
        node = node->u.children[way_of(seq, level)].node;
    }
    node->state = NODE_CHANGED;
    return &node->u.places[way_of(seq, 0)];
}

void batch_table_put(struct batch_table *table, uint32_t seq, uint64_t offset, uint64_t data_end)
{
    struct batch_place *place = place_to_change(table, seq);
    assert(place->data_end == 0 && data_end != 0);
    *place = (struct batch_place){.offset = offset, .data_end = data_end};
}

llkv_code batch_table_drop(struct cx *cx, struct batch_table *table, uint32_t seq)
{
    struct batch_place *place = NULL;
    TRY(batch_table_get(cx, table, seq, &place));
    if (place == NULL || place->dropped) return LLKV_OK;
    place_to_change(table, seq)->dropped = true;
    return LLKV_OK;
}

static uint64_t changed_below(const struct batch_node *node)
{
    if (node == NULL || node->state == NODE_CLEAN) return 0;
    uint64_t count = 1;
    if (!node->leaf)
        for (uint32_t i = 0; i < BATCH_NODE_WAYS; i++)
            count += changed_below(node->u.children[i].node);
    return count;
}

uint64_t batch_table_changed_bytes(const struct batch_table *table)
{
    return changed_below(table->root) * BATCH_NODE_BYTES;
}

/* Where the encoding goes. */
struct encoder {
    uint64_t offset;
    uint8_t *out;
};

static void leaf_encode(const struct batch_node *node, uint8_t bytes[BATCH_NODE_BYTES])
{
    for (uint32_t i = 0; i < BATCH_NODE_WAYS; i++) {
        const struct batch_place *place = &node->u.places[i];
        if (place->dropped) continue;
        memcpy(bytes + i * 16, &place->offset, 8);
        memcpy(bytes + i * 16 + 8, &place->data_end, 8);
    }
}

/* Children first, so that the node can say where they are. */
static void node_encode(struct batch_node *node, struct encoder *e, uint64_t *out_offset,
                        uint32_t *out_crc)
{
    uint8_t bytes[BATCH_NODE_BYTES] = {0};
    if (node->leaf) leaf_encode(node, bytes);
    for (uint32_t i = 0; !node->leaf && i < BATCH_NODE_WAYS; i++) {
        struct node_child *child = &node->u.children[i];
        if (child->node != NULL && child->node->state != NODE_CLEAN)
            node_encode(child->node, e, &child->offset, &child->crc);
        memcpy(bytes + i * 16, &child->offset, 8);
        memcpy(bytes + i * 16 + 8, &child->crc, 4);
    }
    memcpy(e->out, bytes, sizeof bytes);
    *out_offset = e->offset;
    *out_crc = crc32c(0, bytes, sizeof bytes);
    e->out += BATCH_NODE_BYTES;
    e->offset += BATCH_NODE_BYTES;
    node->state = NODE_ENCODED;
}

struct table_ref batch_table_encode(struct batch_table *table, uint64_t offset, uint8_t *out)
{
    if (table->root == NULL) return (struct table_ref){0};
    if (table->root->state == NODE_CLEAN) return table->ref;
    struct encoder e = {offset, out};
    struct table_ref ref = {.height = table->height};
    node_encode(table->root, &e, &ref.offset, &ref.crc);
    return ref;
}

static void commit_below(struct batch_node *node)
{
    if (node == NULL || node->state == NODE_CLEAN) return;
    if (!node->leaf)
        for (uint32_t i = 0; i < BATCH_NODE_WAYS; i++)
            commit_below(node->u.children[i].node);
    if (node->state == NODE_ENCODED) node->state = NODE_CLEAN;
}

void batch_table_commit(struct batch_table *table, const struct table_ref *ref)
{
    commit_below(table->root);
    if (table->height == ref->height) table->ref = *ref;
}

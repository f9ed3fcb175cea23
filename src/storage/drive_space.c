/* Ranges that nobody needs: remembered, written down with each root, punched two roots later. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "storage/drive_priv.h"

struct drop_bytes {
    uint64_t offset;    /* 0: in the file */
    uint64_t bytes;     /* 8 */
    uint64_t version;   /* 16: of the root that dropped it */
    uint32_t batch_seq; /* 24 */
    uint32_t zero;      /* 28 */
};
static_assert(sizeof(struct drop_bytes) == DROP_BYTES, "on disk");

/* Without memory the range is forgotten: its space is lost, nothing else. `lock` is held. */
static void add_drop(struct drive_pager *dp, const struct drive_drop *drop)
{
    if (dp->drop_count > 0) {
        struct drive_drop *last = &dp->drops[dp->drop_count - 1];
        bool follows = last->batch_seq == drop->batch_seq && last->version == drop->version &&
                       last->offset + last->bytes == drop->offset;
        if (follows) {
            last->bytes += drop->bytes;
            return;
        }
    }
    if (dp->drop_count == dp->drop_capacity) {
        uint32_t wanted = dp->drop_capacity == 0 ? 64 : dp->drop_capacity * 2;
        size_t bytes;
        if (wanted <= dp->drop_capacity || !size_mul(wanted, sizeof *dp->drops, &bytes)) return;
        struct drive_drop *grown = mem_realloc(dp->drops, bytes, dp->budget);
        if (grown == NULL) return;
        dp->drops = grown;
        dp->drop_capacity = wanted;
    }
    dp->drops[dp->drop_count++] = *drop;
}

/* `lock` is held. */
static void discard_range(struct cx *cx, struct drive_pager *dp, uint32_t batch_seq,
                          uint64_t offset, uint64_t bytes)
{
    struct batch_place *place = NULL;
    if (batch_table_get(cx, &dp->table, batch_seq, &place) != LLKV_OK) return;
    if (place == NULL || place->dropped || offset >= place->data_end) return;
    bool whole = offset == 0 && bytes == UINT64_MAX;
    if (bytes > place->data_end - offset) bytes = place->data_end - offset;
    /* The header goes with the batch: it is looked at only behind the newest root. */
    if (!whole && offset < ENTRY_HEADER_BYTES) {
        if (bytes <= ENTRY_HEADER_BYTES - offset) return;
        bytes -= ENTRY_HEADER_BYTES - offset;
        offset = ENTRY_HEADER_BYTES;
    }
    struct drive_drop drop = {
        .offset = place->offset + offset, .bytes = bytes, .batch_seq = batch_seq};
    if (whole && batch_table_drop(cx, &dp->table, batch_seq) != LLKV_OK) return;
    add_drop(dp, &drop);
}

void drive_discard(llkv_pager *pager, uint32_t batch_seq, uint64_t offset, uint64_t bytes)
{
    struct drive_pager *dp = drive_of(pager);
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = drive_cx(dp, &local); /* a hint: what fails here is not worth an error */
    if (dp->options.read_only || bytes == 0) return;
    pthread_mutex_lock(&dp->lock);
    discard_range(&cx, dp, batch_seq, offset, bytes);
    pthread_mutex_unlock(&dp->lock);
}

/* Does the root `version` say that it is free? */
static bool told(const struct drive_drop *drop, uint64_t version)
{
    return drop->version != 0 && drop->version <= version;
}

void drive_drops_assign(struct drive_pager *dp, uint64_t version)
{
    for (uint32_t i = 0; i < dp->drop_count; i++)
        if (dp->drops[i].version == 0) dp->drops[i].version = version;
}

uint32_t drive_drops_count(const struct drive_pager *dp, uint64_t version)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < dp->drop_count; i++)
        count += told(&dp->drops[i], version);
    return count;
}

void drive_drops_encode(const struct drive_pager *dp, uint64_t version, uint8_t *out)
{
    for (uint32_t i = 0; i < dp->drop_count; i++) {
        const struct drive_drop *drop = &dp->drops[i];
        if (!told(drop, version)) continue;
        struct drop_bytes b = {drop->offset, drop->bytes, drop->version, drop->batch_seq, 0};
        memcpy(out, &b, sizeof b);
        out += sizeof b;
    }
}

/* A range from a file: inside it, behind its first block. */
static bool drop_plausible(const struct drop_bytes *b, const struct entry *root)
{
    return b->offset >= STORAGE_BLOCK_BYTES && b->offset <= root->offset &&
           b->bytes <= root->offset - b->offset && b->version != 0 && b->version <= root->version;
}

llkv_code drive_drops_decode(struct cx *cx, struct drive_pager *dp, const struct entry *root,
                             const uint8_t *bytes)
{
    for (uint32_t i = 0; i < root->drops.bytes / DROP_BYTES; i++) {
        struct drop_bytes b;
        memcpy(&b, bytes + (size_t)i * DROP_BYTES, sizeof b);
        if (!drop_plausible(&b, root))
            return cx_fail(cx, LLKV_CORRUPT, "\"%s\": the list of free ranges is damaged",
                           dp->path);
        struct drive_drop drop = {b.offset, b.bytes, b.version, b.batch_seq};
        add_drop(dp, &drop);
    }
    return LLKV_OK;
}

/* ---- punching ---- */

/* A range that may go now, unless somebody looks at it. */
struct due {
    struct drive_drop drop;
    uint64_t reach; /* the furthest end of this one and those before it */
    bool seen;
};

struct due_list {
    struct due *items; /* offsets ascend */
    uint32_t count;
};

static int compare_due(const void *a, const void *b)
{
    const uint64_t x = ((const struct due *)a)->drop.offset;
    const uint64_t y = ((const struct due *)b)->drop.offset;
    return x < y ? -1 : x > y;
}

static void mark_seen(struct due_list *list, uint64_t begin, uint64_t end)
{
    uint32_t low = 0;
    uint32_t high = list->count;
    while (low < high) { /* the first one that begins at the end or behind it */
        uint32_t middle = low + (high - low) / 2;
        if (list->items[middle].drop.offset < end)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t i = low; i > 0 && list->items[i - 1].reach > begin; i--) {
        struct due *due = &list->items[i - 1];
        due->seen = due->seen || due->drop.offset + due->drop.bytes > begin;
    }
}

static void mark_pins(void *arg, const struct batch_place *place)
{
    for (const struct batch_pin *pin = place->pins; pin != NULL; pin = pin->next)
        mark_seen(arg, pin->offset, pin->offset + pin->bytes);
}

/* The whole blocks inside the range; what it shares with others stays. */
static void punch(struct cx *cx, struct drive_pager *dp, const struct drive_drop *drop)
{
    const uint64_t block = STORAGE_BLOCK_BYTES;
    uint64_t begin = (drop->offset + block - 1) / block * block;
    uint64_t end = (drop->offset + drop->bytes) / block * block;
    bool done = false;
    if (begin >= end || begin < block) return;
    /* A range that cannot be punched stays as it is: space is lost, nothing else. */
    (void)dp->fs->punch(cx, dp->file, begin, end - begin, &done);
}

/* Take what the root `version` lets go off the list; `items` has room for all. What is looked at is
 * found by where it lies, whatever batch a range says it is of: both come from the file, and a page
 * that was checked must not become another one below its reader. `lock` is held. */
static struct due_list take_due(struct drive_pager *dp, uint64_t version, struct due *items)
{
    struct due_list list = {.items = items};
    uint32_t kept = 0;
    for (uint32_t i = 0; i < dp->drop_count; i++) {
        const struct drive_drop drop = dp->drops[i];
        if (drop.version != 0 && drop.version < version)
            items[list.count++] = (struct due){.drop = drop};
        else
            dp->drops[kept++] = drop;
    }
    qsort(items, list.count, sizeof *items, compare_due);
    uint64_t reach = 0;
    for (uint32_t i = 0; i < list.count; i++) {
        const uint64_t end = items[i].drop.offset + items[i].drop.bytes;
        reach = end > reach ? end : reach;
        items[i].reach = reach;
    }
    batch_table_each(&dp->table, mark_pins, &list);
    for (uint32_t i = 0; i < list.count; i++)
        if (items[i].seen) dp->drops[kept++] = items[i].drop;
    dp->drop_count = kept;
    return list;
}

void drive_punch(struct drive_pager *dp, uint64_t version)
{
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = drive_cx(dp, &local); /* nothing here is worth an error: the list remains */
    bool pinned = true;
    pthread_mutex_lock(&dp->lock);
    uint32_t capacity = dp->drop_count;
    pthread_mutex_unlock(&dp->lock);
    if (capacity == 0) return;
    if (drive_lock_pinned(&cx, dp, &pinned) != LLKV_OK || pinned) return;
    pthread_mutex_lock(&dp->lock);
    struct due *items = mem_alloc(dp->budget, (dp->drop_count + 1u) * sizeof *items);
    if (items != NULL) {
        /* Under the lock to the end: no view begins in between. */
        const struct due_list list = take_due(dp, version, items);
        for (uint32_t i = 0; i < list.count; i++)
            if (!items[i].seen) punch(&cx, dp, &items[i].drop);
    }
    pthread_mutex_unlock(&dp->lock);
    mem_free(items);
}

/* The catalog from the pager's root: objects at once, rows when they are asked for. */
#include <assert.h>
#include <string.h>

#include "catalog/checkpoint_priv.h"

struct recovery {
    struct cx *cx;
    struct catalog *catalog;
    struct stored_catalog stored;
    uint64_t last_id, replay_from;
    struct entry **entries; /* ids ascend */
    uint32_t count;
};

static llkv_code damaged(struct recovery *r, const char *what)
{
    return cx_fail(r->cx, LLKV_CORRUPT, "%s is not what was written", what);
}

/* ---- the root ---- */

static bool is_power_of_two(uint32_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

static bool units_are_sound(uint32_t segment_rows, uint32_t vector_rows)
{
    return is_power_of_two(segment_rows) && is_power_of_two(vector_rows) &&
           vector_rows <= segment_rows && vector_rows >= VECTOR_ROWS_MIN &&
           vector_rows <= VEC_ROWS_MAX && segment_rows >= SEGMENT_ROWS_MIN &&
           segment_rows <= SEGMENT_ROWS_DEFAULT;
}

static llkv_code read_root(struct recovery *r, const uint8_t *root, size_t bytes)
{
    struct pack_reader reader;
    struct table_options *options = &r->catalog->options;
    pack_reader_init(&reader, root, bytes);
    if (!unpack_crc(&reader) || unpack_u64(&reader) != ROOT_MAGIC) return damaged(r, "the root");
    uint32_t format = unpack_u32(&reader);
    if (format != CATALOG_FORMAT)
        return cx_fail(r->cx, LLKV_UNSUPPORTED, "the file has format %u, this version reads %d",
                       format, CATALOG_FORMAT);
    r->stored.ts = (int64_t)unpack_u64(&reader);
    r->last_id = unpack_u64(&reader);
    uint32_t segment_rows = unpack_u32(&reader);
    uint32_t vector_rows = unpack_u32(&reader);
    r->stored.image = unpack_blob_ref(&reader, 0);
    if (reader.bad || pack_left(&reader) != 0 || r->stored.ts < 0 || r->stored.ts > TS_STORED_MAX ||
        r->last_id > CATALOG_ID_MAX || r->replay_from != (uint64_t)r->stored.ts + 1 ||
        !units_are_sound(segment_rows, vector_rows))
        return damaged(r, "the root");
    options->segment_rows = segment_rows;
    options->vector_rows = vector_rows;
    return LLKV_OK;
}

/* ---- objects ---- */

static struct entry *find_entry(struct recovery *r, uint64_t id, enum object_kind kind)
{
    uint32_t low = 0;
    uint32_t high = r->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (r->entries[middle]->object.id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == r->count || r->entries[low]->object.id != id) return NULL;
    return r->entries[low]->object.kind == kind ? r->entries[low] : NULL;
}

static llkv_code restore_table(struct recovery *r, struct entry *entry,
                               const struct object_image *image, struct blob_ref rows)
{
    struct catalog *catalog = r->catalog;
    struct cx lasting = *r->cx;
    lasting.budget = catalog->budget;
    entry->object.table_id = entry->object.id;
    return table_restore(&lasting, catalog->manager, catalog->pager, &catalog->options, image->def,
                         rows, &entry->object.table);
}

static llkv_code restore_index(struct recovery *r, struct entry *entry,
                               const struct object_image *image)
{
    struct entry *on = find_entry(r, image->table_id, OBJECT_TABLE);
    if (on == NULL) return damaged(r, "an index");
    const uint32_t width = table_definition(on->object.table)->column_count;
    for (uint32_t i = 0; i < image->key->column_count; i++)
        if (image->key->columns[i].column >= width) return damaged(r, "an index");
    entry->object.table = on->object.table;
    entry->object.table_id = image->table_id;
    entry->object.unique = image->key->unique;
    return table_key_restore(r->cx, on->object.table, image->key, &entry->key);
}

static llkv_code restore_trigger(struct recovery *r, struct entry *entry,
                                 const struct object_image *image)
{
    struct entry *on = find_entry(r, image->table_id, OBJECT_TABLE);
    if (on == NULL) on = find_entry(r, image->table_id, OBJECT_VIEW);
    if (on == NULL) return damaged(r, "a trigger");
    entry->object.table = on->object.table;
    entry->object.table_id = image->table_id;
    return LLKV_OK;
}

static llkv_code fill_entry(struct recovery *r, struct entry *entry,
                            const struct object_image *image, struct blob_ref rows)
{
    struct object *object = &entry->object;
    object->id = image->id;
    object->version = 1;
    object->schema = image->schema;
    object->name = image->name;
    object->name_hash = slice_hash_folded(slice_of(image->name));
    object->sql = image->sql;
    object->column_names = image->column_names;
    object->column_count = image->column_count;
    if (rows.bytes != 0 && image->kind != OBJECT_TABLE) return damaged(r, "an object");
    if (slice_equal_folded(slice_of(image->schema), SLICE("temp"))) return damaged(r, "an object");
    switch ((enum object_kind)image->kind) {
    case OBJECT_TABLE: TRY(restore_table(r, entry, image, rows)); break;
    case OBJECT_INDEX: TRY(restore_index(r, entry, image)); break;
    case OBJECT_TRIGGER: TRY(restore_trigger(r, entry, image)); break;
    case OBJECT_VIEW:
    case OBJECT_SCHEMA: break;
    }
    object->kind = image->kind;
    return LLKV_OK;
}

/* The definition is decoded straight into the memory of the entry. */
static llkv_code restore_object(struct recovery *r, uint64_t id, struct blob_ref def,
                                struct blob_ref rows)
{
    llkv_pager_view view;
    struct object_image image;
    struct entry *entry = mem_alloc_zero(r->catalog->budget, sizeof *entry);
    if (entry == NULL) return cx_nomem(r->cx);
    entry->object.kind = OBJECT_SCHEMA; /* owns nothing yet */
    arena_init(&entry->arena, r->catalog->budget);
    struct cx inner = *r->cx;
    inner.arena = &entry->arena;
    llkv_code rc = blob_view(r->cx, r->catalog->pager, def, &view);
    if (rc == LLKV_OK) {
        rc = catalog_object_decode(&inner, view.data, def.bytes, &image);
        blob_view_release(r->catalog->pager, &view);
    }
    if (rc == LLKV_OK && image.id != id) rc = damaged(r, "an object");
    if (rc == LLKV_OK) rc = fill_entry(r, entry, &image, rows);
    if (rc != LLKV_OK) {
        entry_close(entry);
        return rc;
    }
    r->stored.objects[r->count] = (struct stored_object){.id = id, .version = 1, .def = def};
    r->entries[r->count++] = entry;
    return LLKV_OK;
}

/* Perhaps for the second time, which does no harm. */
static void give_up(llkv_pager *pager, const void *data, uint32_t bytes)
{
    struct pack_reader reader;
    pack_reader_init(&reader, data, bytes);
    (void)unpack_u32(&reader); /* the magic number */
    while (pack_left(&reader) != 0) {
        uint64_t handle = unpack_u64(&reader);
        pager_discard(pager, handle, unpack_u64(&reader));
    }
}

/* What the root replaced; not if somebody only reads. */
static llkv_code discard_replaced(struct recovery *r)
{
    llkv_pager_view view;
    const struct blob_ref ref = r->stored.replaced;
    TRY(blob_view(r->cx, r->catalog->pager, ref, &view));
    uint32_t magic = 0;
    bool sound = ref.bytes >= sizeof magic && (ref.bytes - sizeof magic) % 16 == 0;
    if (sound) memcpy(&magic, view.data, sizeof magic);
    sound = sound && magic == REPLACED_MAGIC;
    if (sound) give_up(r->catalog->pager, view.data, ref.bytes);
    blob_view_release(r->catalog->pager, &view);
    return sound ? LLKV_OK : damaged(r, "the list of what was replaced");
}

static llkv_code read_image(struct recovery *r, struct pack_reader *reader)
{
    const uint32_t seq = blob_batch(r->stored.image);
    struct mem_budget *budget = r->catalog->budget;
    bool sound = unpack_u32(reader) == CATALOG_MAGIC;
    sound = unpack_u32(reader) == CATALOG_FORMAT && sound;
    uint32_t count = unpack_u32(reader);
    r->stored.replaced = unpack_blob_ref(reader, seq);
    if (!sound || reader->bad || count > OBJECTS_MAX ||
        pack_left(reader) != (uint64_t)count * CATALOG_OBJECT_BYTES)
        return damaged(r, "the catalog");
    r->entries = mem_alloc_zero(budget, (count + 1u) * sizeof(struct entry *));
    r->stored.objects = mem_alloc_zero(budget, (count + 1u) * sizeof *r->stored.objects);
    if (r->entries == NULL || r->stored.objects == NULL) return cx_nomem(r->cx);
    uint64_t last = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t id = unpack_u64(reader);
        struct blob_ref def = unpack_blob_ref(reader, seq);
        struct blob_ref rows = unpack_blob_ref(reader, seq);
        if (reader->bad || id <= last || id > r->last_id) return damaged(r, "the catalog");
        last = id;
        struct arena_mark mark = arena_mark(r->cx->arena);
        TRY(restore_object(r, id, def, rows));
        arena_rewind(r->cx->arena, mark);
        TRY(cx_check_cancel(r->cx));
    }
    return LLKV_OK;
}

static llkv_code load_image(struct recovery *r)
{
    llkv_pager_view view;
    struct pack_reader reader;
    TRY(blob_view(r->cx, r->catalog->pager, r->stored.image, &view));
    pack_reader_init(&reader, view.data, r->stored.image.bytes);
    llkv_code rc = read_image(r, &reader);
    blob_view_release(r->catalog->pager, &view);
    return rc;
}

/* ---- the catalog ---- */

/* Every object is what its name finds, in a schema that there is. */
static llkv_code check_names(struct recovery *r, const struct catalog_snapshot *view)
{
    for (uint32_t i = 0; i < view->count; i++) {
        const struct object *object = &view->entries[i]->object;
        struct slice schema = slice_of(object->schema);
        bool known = schema_is_builtin(schema) || catalog_find_schema(view, schema) != NULL;
        if (!known || snapshot_find(view, object_space(object->kind), schema,
                                    slice_of(object->name), object->name_hash) != object)
            return damaged(r, "the name of an object");
    }
    return LLKV_OK;
}

/* Nobody else has seen the catalog. */
static llkv_code install(struct recovery *r)
{
    struct catalog *catalog = r->catalog;
    struct catalog_snapshot *empty = atomic_load_explicit(&catalog->newest, memory_order_relaxed);
    struct catalog_snapshot *made = snapshot_of(catalog->budget, r->entries, r->count);
    if (made == NULL) return cx_nomem(r->cx);
    llkv_code rc = check_names(r, made);
    if (rc != LLKV_OK) {
        snapshot_free(made);
        return rc;
    }
    made->version = 1;
    atomic_store_explicit(&catalog->newest, made, memory_order_release);
    snapshot_free(empty);
    atomic_store(catalog->last_id, r->last_id);
    r->stored.count = r->count;
    *catalog->stored = r->stored;
    txn_resume(catalog->manager, r->stored.ts);
    return LLKV_OK;
}

static llkv_code recover(struct recovery *r, const uint8_t *root, size_t bytes)
{
    llkv_code rc = read_root(r, root, bytes);
    if (rc == LLKV_OK) rc = load_image(r);
    if (rc == LLKV_OK) rc = discard_replaced(r);
    if (rc == LLKV_OK) rc = install(r);
    if (rc != LLKV_OK) {
        for (uint32_t i = r->count; i > 0; i--)
            entry_close(r->entries[i - 1]);
        mem_free(r->stored.objects);
    }
    mem_free(r->entries);
    return rc;
}

llkv_code catalog_recover(struct cx *cx, struct catalog *catalog, int64_t *out_replay_from)
{
    struct recovery r = {.cx = cx, .catalog = catalog};
    uint8_t *root = cx_alloc(cx, LLKV_PAGER_ROOT_BYTES_MAX);
    size_t bytes;
    uint64_t replay_from;
    if (root == NULL) return LLKV_NOMEM;
    assert(catalog->stored->root_version == 0);
    TRY(pager_root_get(cx, catalog->pager, &r.stored.root_version, root, &bytes, &replay_from));
    if (r.stored.root_version == 0) {
        *out_replay_from = 1;
        return LLKV_OK;
    }
    if (bytes > LLKV_PAGER_ROOT_BYTES_MAX) return damaged(&r, "the root");
    r.replay_from = replay_from;
    TRY(recover(&r, root, bytes));
    *out_replay_from = r.stored.ts + 1;
    return LLKV_OK;
}

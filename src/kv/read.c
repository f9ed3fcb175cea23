#include <assert.h>
#include <string.h>

#include "kv/kv_priv.h"

/* A file is mapped again when so much is not in the mapping; less is copied. */
enum { MAP_AGAIN_BYTES_MIN = 256 * 1024, MAP_AGAIN_FRACTION = 4 };
/* The pin of a copy stands before it and keeps it aligned. */
enum { PIN_BYTES = 64 };
static_assert(sizeof(struct kv_pin) <= PIN_BYTES, "the copy follows at a multiple of 64");

struct kv_cursor {
    struct kv_slot *slots;
    size_t count, next;
};

static llkv_code corrupt(struct cx *cx, const struct kv *drive, const struct kv_slot *slot)
{
    return cx_fail(cx, LLKV_CORRUPT, "\"%s\", the value at byte %llu: %s", drive->path,
                   (unsigned long long)slot->payload, srd_fault_text(SRD_FAULT_CHECKSUM));
}

/* Does a value that is followed by its trailer match it? */
static bool matches(const struct kv_slot *slot, const uint8_t *data)
{
    struct srd_trailer trailer = srd_trailer_decode(data + slot->bytes);
    return trailer.key_hash == slot->key && trailer.crc == srd_crc(data, (size_t)slot->bytes);
}

static bool is_mapped(const struct kv *drive, uint64_t end)
{
    return drive->map != NULL && end <= drive->map->bytes;
}

/* Map the whole file if it pays. Old mappings stay for the views that show them. */
static llkv_code map_more(struct cx *cx, struct kv *drive)
{
    uint64_t mapped = drive->map == NULL ? 0 : drive->map->bytes;
    uint64_t more = mapped / MAP_AGAIN_FRACTION;
    if (more < MAP_AGAIN_BYTES_MIN) more = MAP_AGAIN_BYTES_MIN;
    if (drive->no_map || (mapped != 0 && drive->tail - mapped < more)) return LLKV_OK;
    struct os_fs_file *file = drive->file->file;
    struct kv_pin *pin = mem_alloc_zero(cx->budget, sizeof *pin);
    if (pin == NULL) return cx_nomem(cx);
    llkv_code rc = file->fs->map(cx, file, 0, drive->tail, &pin->data);
    if (rc != LLKV_OK) {
        mem_free(pin);
        return rc;
    }
    atomic_init(&pin->refs, 1);
    pin->fs = drive->fs;
    pin->bytes = drive->tail;
    kv_pin_unref(drive->map);
    drive->map = pin;
    return LLKV_OK;
}

/* A copy; the caller does not hold the mutex, but a reference to the file. */
static llkv_code read_copy(struct cx *cx, const struct kv *drive, struct kv_file *file,
                           const struct kv_slot *slot, llkv_drive_view *out_view)
{
    uint64_t bytes = slot->bytes + SRD_TRAILER_BYTES;
    struct kv_pin *pin = mem_alloc_aligned(cx->budget, PIN_BYTES + (size_t)bytes);
    if (pin == NULL) return cx_nomem(cx);
    *pin = (struct kv_pin){.data = (const uint8_t *)pin + PIN_BYTES, .bytes = bytes};
    atomic_init(&pin->refs, 1);
    uint8_t *data = (uint8_t *)pin + PIN_BYTES;
    llkv_code rc = os_fs_read(cx, file->file, data, bytes, slot->payload);
    if (rc == LLKV_OK && !matches(slot, data)) rc = corrupt(cx, drive, slot);
    if (rc != LLKV_OK) {
        kv_pin_unref(pin);
        return rc;
    }
    *out_view = (llkv_drive_view){data, (size_t)slot->bytes, pin};
    return LLKV_OK;
}

static llkv_code view_map(struct cx *cx, const struct kv *drive, struct kv_pin *map,
                          const struct kv_slot *slot, llkv_drive_view *out_view)
{
    const uint8_t *data = (const uint8_t *)map->data + slot->payload;
    if (!matches(slot, data)) {
        kv_pin_unref(map);
        return corrupt(cx, drive, slot);
    }
    *out_view = (llkv_drive_view){data, (size_t)slot->bytes, map};
    return LLKV_OK;
}

llkv_code kv_get(struct cx *cx, struct kv *drive, uint64_t key, llkv_drive_view *out_view)
{
    struct kv_slot slot = {0};
    struct kv_pin *map = NULL;
    struct kv_file *file = NULL;
    llkv_code rc = LLKV_OK;
    *out_view = (llkv_drive_view){0};
    pthread_mutex_lock(&drive->mutex);
    const struct kv_slot *found = kv_index_find(&drive->index, key);
    if (found != NULL) {
        slot = *found;
        uint64_t end = slot.payload + slot.bytes + SRD_TRAILER_BYTES;
        assert(end <= drive->tail);
        if (!is_mapped(drive, end)) rc = map_more(cx, drive);
        if (rc == LLKV_OK && is_mapped(drive, end)) {
            map = drive->map;
            atomic_fetch_add(&map->refs, 1);
        } else if (rc == LLKV_OK) {
            file = drive->file;
            kv_file_ref(file);
        }
    }
    pthread_mutex_unlock(&drive->mutex);
    if (map != NULL) return view_map(cx, drive, map, &slot, out_view);
    if (file != NULL) rc = read_copy(cx, drive, file, &slot, out_view);
    kv_file_unref(file);
    return rc;
}

void kv_release(llkv_drive_view *view)
{
    kv_pin_unref(view->pin);
    *view = (llkv_drive_view){0};
}

bool kv_exists(struct kv *drive, uint64_t key)
{
    pthread_mutex_lock(&drive->mutex);
    bool exists = kv_index_find(&drive->index, key) != NULL;
    pthread_mutex_unlock(&drive->mutex);
    return exists;
}

llkv_code kv_cursor_open(struct cx *cx, struct kv *drive, struct kv_cursor **out_cursor)
{
    struct kv_cursor *cursor = mem_alloc_zero(cx->budget, sizeof *cursor);
    if (cursor == NULL) return cx_nomem(cx);
    pthread_mutex_lock(&drive->mutex);
    llkv_code rc = kv_index_list(cx, &drive->index, &cursor->slots);
    cursor->count = drive->index.count;
    pthread_mutex_unlock(&drive->mutex);
    if (rc == LLKV_OK)
        *out_cursor = cursor;
    else
        mem_free(cursor);
    return rc;
}

bool kv_cursor_next(struct kv_cursor *cursor, llkv_drive_entry *out_entry)
{
    if (cursor->next == cursor->count) return false;
    const struct kv_slot *slot = &cursor->slots[cursor->next++];
    *out_entry = (llkv_drive_entry){slot->key, slot->bytes, slot->payload};
    return true;
}

void kv_cursor_close(struct kv_cursor *cursor)
{
    mem_free(cursor->slots);
    mem_free(cursor);
}

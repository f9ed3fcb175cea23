/* tree.c -- files and names, and the changes that are made to them. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_priv.h"

static char *text_copy(const char *text)
{
    if (text == NULL) return NULL;
    size_t bytes = strlen(text) + 1;
    return memcpy(crash_alloc(bytes), text, bytes);
}

/* ---- names ---- */

struct name *names_find(const struct names *names, const char *path)
{
    for (uint32_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i].path, path) == 0) return &names->items[i];
    }
    return NULL;
}

void names_set(struct names *names, const char *path, uint32_t inode)
{
    struct name *name = names_find(names, path);
    if (name == NULL) {
        names->items = crash_grow(names->items, (names->count + 1) * sizeof(struct name));
        name = &names->items[names->count++];
        name->path = text_copy(path);
    }
    name->inode = inode;
}

void names_remove(struct names *names, const char *path)
{
    struct name *name = names_find(names, path);
    if (name == NULL) return;
    free(name->path);
    *name = names->items[--names->count];
}

/* ---- trees ---- */

void tree_deinit(struct tree *tree)
{
    for (uint32_t i = 0; i < tree->file_count; i++)
        image_deinit(&tree->files[i]);
    for (uint32_t i = 0; i < tree->names.count; i++)
        free(tree->names.items[i].path);
    free(tree->files);
    free(tree->names.items);
    *tree = (struct tree){0};
}

void tree_reserve(struct tree *tree, uint32_t inode)
{
    if (inode < tree->file_count) return;
    tree->files = crash_grow(tree->files, (inode + 1) * sizeof(struct image));
    for (uint32_t i = tree->file_count; i <= inode; i++)
        tree->files[i] = (struct image){0};
    tree->file_count = inode + 1;
}

void tree_copy(struct tree *to, const struct tree *from)
{
    *to = (struct tree){0};
    if (from->file_count > 0) tree_reserve(to, from->file_count - 1);
    for (uint32_t i = 0; i < from->file_count; i++)
        image_copy(&to->files[i], &from->files[i]);
    for (uint32_t i = 0; i < from->names.count; i++)
        names_set(&to->names, from->names.items[i].path, from->names.items[i].inode);
}

/* A rename moves the file it was made for, whatever else happened to the names. */
static void apply_rename(struct names *names, const struct record *record)
{
    struct name *from = names_find(names, record->path);
    if (from != NULL && from->inode == record->inode) names_remove(names, record->path);
    names_set(names, record->to, record->inode);
}

void tree_apply(struct tree *tree, const struct record *record)
{
    tree_reserve(tree, record->inode);
    struct image *file = &tree->files[record->inode];
    switch (record->kind) {
    case RECORD_WRITE: image_write(file, record->data, record->bytes, record->offset); break;
    case RECORD_RESIZE: image_resize(file, record->bytes); break;
    case RECORD_PUNCH: image_punch(file, record->offset, record->bytes); break;
    case RECORD_LINK: names_set(&tree->names, record->path, record->inode); break;
    case RECORD_UNLINK: names_remove(&tree->names, record->path); break;
    case RECORD_RENAME: apply_rename(&tree->names, record); break;
    case RECORD_SYNC:
    case RECORD_SYNC_FAILED:
    case RECORD_WRITE_DURABLE:
    case RECORD_DIRECTORY_SYNC: break;
    }
}

/* ---- records ---- */

void record_deinit(struct record *record)
{
    free(record->data);
    free(record->path);
    free(record->to);
    *record = (struct record){0};
}

struct record record_copy(const struct record *record)
{
    struct record copy = *record;
    if (record->data != NULL) {
        copy.data = crash_grow(NULL, record->bytes);
        memcpy(copy.data, record->data, record->bytes);
    }
    copy.path = text_copy(record->path);
    copy.to = text_copy(record->to);
    return copy;
}

void disk_record(struct disk *disk, struct record record)
{
    if (disk->record_count == disk->record_room) {
        disk->record_room = disk->record_room * 2 + 64;
        disk->records = crash_grow(disk->records, disk->record_room * sizeof(struct record));
    }
    tree_apply(&disk->now, &record);
    disk->records[disk->record_count++] = record;
}

void disk_print(struct disk *disk)
{
    static const char *const kinds[] = {
        [RECORD_WRITE] = "write",         [RECORD_RESIZE] = "resize",
        [RECORD_PUNCH] = "punch",         [RECORD_SYNC] = "sync",
        [RECORD_SYNC_FAILED] = "no sync", [RECORD_WRITE_DURABLE] = "durable",
        [RECORD_LINK] = "link",           [RECORD_UNLINK] = "unlink",
        [RECORD_RENAME] = "rename",       [RECORD_DIRECTORY_SYNC] = "directory sync",
    };
    for (uint64_t i = 0; i < disk->record_count; i++) {
        const struct record *record = &disk->records[i];
        printf("%6llu %-14s file %u, %llu + %llu%s %s %s\n", (unsigned long long)i,
               kinds[record->kind], record->inode, (unsigned long long)record->offset,
               (unsigned long long)record->bytes,
               record->kind == RECORD_WRITE && record->data == NULL ? " zeros" : "",
               record->path == NULL ? "" : record->path, record->to == NULL ? "" : record->to);
    }
}

/* disk_priv.h -- what the simulated disk is made of. */
#ifndef CRASH_DISK_PRIV_H
#define CRASH_DISK_PRIV_H
#include <pthread.h>

#include "disk.h"
#include "image.h"

enum record_kind {
    RECORD_WRITE,          /* of `bytes` at `offset`; data NULL: zeros */
    RECORD_RESIZE,         /* to `bytes` */
    RECORD_PUNCH,          /* `bytes` at `offset` */
    RECORD_SYNC,           /* of `inode`: covers its records below `offset` */
    RECORD_SYNC_FAILED,    /* those are never durable for certain any more */
    RECORD_WRITE_DURABLE,  /* the write that is record `offset` */
    RECORD_LINK,           /* `path` names `inode` */
    RECORD_UNLINK,         /* `path` is gone */
    RECORD_RENAME,         /* `path` is called `to` from now on */
    RECORD_DIRECTORY_SYNC, /* covers all changes of names below `offset` */
};

struct record {
    enum record_kind kind;
    uint32_t inode;
    uint64_t offset, bytes;
    uint8_t *data;
    char *path, *to;
};

struct name {
    char *path;
    uint32_t inode;
};

struct names {
    struct name *items;
    uint32_t count;
};

/* The files of a disk by number, and their names; a file without a name stays. */
struct tree {
    struct image *files;
    uint32_t file_count;
    struct names names;
};

struct held_lock {
    const void *owner; /* the open file */
    uint32_t inode;
    enum os_lock_kind kind;
    uint64_t begin, end;
};

struct disk {
    struct os_fs fs; /* first: a pointer to it is one to the disk */
    pthread_mutex_t mutex;
    struct tree start, now;
    struct record *records;
    uint64_t record_count, record_room;
    uint64_t carried; /* those before the first change of this life */
    struct held_lock *locks;
    uint32_t lock_count;
    uint64_t random;
    int64_t calls, held, fail_left;
    bool fail_for_good;
    enum disk_failure failure;
    uint64_t limit_bytes;
    uint32_t sync_micros;
};

void tree_deinit(struct tree *tree);
void tree_copy(struct tree *to, const struct tree *from);
/* Room for that file; new ones are empty. */
void tree_reserve(struct tree *tree, uint32_t inode);
/* Does a change to a file or to the names; syncs do nothing. */
void tree_apply(struct tree *tree, const struct record *record);

struct name *names_find(const struct names *names, const char *path);
void names_set(struct names *names, const char *path, uint32_t inode);
void names_remove(struct names *names, const char *path);

struct record record_copy(const struct record *record);
void record_deinit(struct record *record);
/* Adds a record, which the disk owns from now on, and does it to what is there now. */
void disk_record(struct disk *disk, struct record record);
#endif

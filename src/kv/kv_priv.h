/* kv_priv.h -- what the files of this folder share. Private to kv. */
#ifndef KV_KV_PRIV_H
#define KV_KV_PRIV_H
#include <pthread.h>
#include <stdatomic.h>

#include "kv/append.h"
#include "kv/index.h"
#include "kv/kv.h"
#include "storage/srd_scan.h"

/* Memory that views show: a mapping of the file from byte 0, or a copy of one value. */
struct kv_pin {
    atomic_uint refs;
    const struct os_fs *fs; /* NULL: a copy, behind this struct */
    const void *data;
    uint64_t bytes;
};

/* An open file, shared with readers who do not hold the mutex. */
struct kv_file {
    atomic_uint refs;
    struct os_fs_file *file;
};

struct kv {
    const struct os_fs *fs;
    char *path;
    bool read_only, no_sync, no_map;
    uint32_t process_id; /* who opened it */
    pthread_mutex_t mutex;
    /* ---- under the mutex ---- */
    struct kv_file *file;
    struct kv_pin *map; /* of the first bytes of the file; NULL: none yet */
    uint64_t tail;
    uint64_t lost_bytes; /* read only: behind the tail */
    struct kv_index index;
    struct kv_append append;  /* a stream that is open has it */
    struct kv_stream *stream; /* the one that is open */
    bool ragged;              /* something may be behind the tail: cut before the next write */
    bool failed;              /* no more writes: what is on the medium is not known */
};

struct kv_stream {
    struct kv *drive;
    uint64_t key;
    llkv_code rc; /* of the write that failed */
};

struct kv_file *kv_file_new(struct cx *cx, struct os_fs_file *file);
void kv_file_ref(struct kv_file *file);
void kv_file_unref(struct kv_file *file);
void kv_pin_unref(struct kv_pin *pin);

/* Take the lock of the one writer; LLKV_BUSY if another has it. */
NODISCARD llkv_code kv_lock_writer(struct cx *cx, struct os_fs_file *file, const char *path);
/* Clean up after an error, which stays the one that is told. */
void kv_remove_quietly(struct cx *cx, const struct os_fs *fs, const char *path);

/* May this drive be written? Then the file ends at the tail, and `append` stands there. */
NODISCARD llkv_code kv_write_begin(struct cx *cx, struct kv *drive);
/* Make what was appended part of the drive, durable if it has to be. If it cannot be written, it is
 * gone; after LLKV_UNKNOWN it is there. `rc` is what came before: not LLKV_OK undoes everything. */
NODISCARD llkv_code kv_write_end(struct cx *cx, struct kv *drive, llkv_code rc);
#endif

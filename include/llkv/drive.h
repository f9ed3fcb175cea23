/* drive.h -- a drive: one file of values under keys, in the format of simd-r-drive.
 *
 * A value is written once, at the end of the file, and stays where it is; a later value of the same
 * key hides it, a delete hides the key, llkv_drive_compact gives the space back. On disk a key is a
 * number of 64 bits: the hash of its bytes, which themselves are stored nowhere.
 *
 * Opening reads the whole file and checks every entry: nothing is answered from a file that does
 * not hold together from its end to its first byte. Bytes that an interrupted write left at the end
 * are not seen, and cut off by the next writer. If entries have been damaged, only a read-only
 * drive opens: it shows what comes before the damage. llkv_drive_verify says what is wrong,
 * llkv_drive_salvage takes everything that is whole into a new file.
 *
 * Processes: one writer at a time (LLKV_BUSY for a second); readers see the file as it was when
 * they opened it, also while it is written and compacted. Threads: a drive may be used by any
 * number of threads at once; a stream or a cursor by one at a time. A failed call changes nothing,
 * unless it returns LLKV_UNKNOWN: then the drive takes no more writes until it is opened again. */
#ifndef LLKV_DRIVE_H
#define LLKV_DRIVE_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "llkv/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct llkv_drive llkv_drive;
typedef struct llkv_drive_stream llkv_drive_stream;
typedef struct llkv_drive_cursor llkv_drive_cursor;

/* What a key is on disk. A number of one's own does as well as a hash. */
typedef uint64_t llkv_drive_key;

/* XXH3-64 of the bytes of a key. */
LLKV_API llkv_drive_key llkv_drive_key_of(const void *data, size_t bytes);

typedef enum llkv_drive_mode {
    LLKV_DRIVE_WRITE,    /* the file is there, or is made */
    LLKV_DRIVE_EXISTING, /* it must be there */
    LLKV_DRIVE_NEW,      /* it must not */
    LLKV_DRIVE_READ,     /* read only: nothing is written, not even to repair */
} llkv_drive_mode;

/* How to open. Zero-initialise, set struct_size, then what differs from the default. */
typedef struct llkv_drive_options {
    uint32_t struct_size;
    llkv_drive_mode mode;
    bool no_sync; /* writes are on the medium only after llkv_drive_sync and llkv_drive_close */
    bool no_map;  /* copy every value: a file cut short by others gives errors, not signals */
    bool
        mark_pads; /* fill gaps with 0x5a instead of zeros: other files than simd-r-drive writes, */
                   /* which its own recovery takes for entries less easily */
} llkv_drive_options;

/* Open the drive in the file `path`. `options` may be NULL. LLKV_CORRUPT if entries are damaged;
 * LLKV_BUSY while another writer has it open; LLKV_UNSUPPORTED for the file of a database, which is
 * a drive for readers only. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_open(const char *path,
                                                  const llkv_drive_options *options,
                                                  llkv_drive **out_drive, llkv_error *error);
/* Close it, synced. Views and cursors may outlive it. LLKV_BUSY, and nothing happens, while a
 * stream is open; after any other failure it is closed. NULL is allowed. */
LLKV_API llkv_code llkv_drive_close(llkv_drive *drive, llkv_error *error);

/* Everything written so far is on the medium. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_sync(llkv_drive *drive, llkv_error *error);

typedef struct llkv_drive_info {
    uint32_t struct_size;
    uint64_t count;       /* keys */
    uint64_t value_bytes; /* of their values */
    uint64_t file_bytes; /* what the file takes; compaction leaves a little more than value_bytes */
    uint64_t lost_bytes; /* read only: behind what this drive shows, torn or damaged */
} llkv_drive_info;

/* Fill in *out_info, whose struct_size is set. */
LLKV_API void llkv_drive_info_get(llkv_drive *drive, llkv_drive_info *out_info);
LLKV_API uint64_t llkv_drive_count(llkv_drive *drive);

/* ---- writing ---- */

/* Any bytes but none, and but a single zero byte, which is how the format writes a delete. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_put(llkv_drive *drive, llkv_drive_key key,
                                                 const void *value, size_t bytes,
                                                 llkv_error *error);
/* *out_existed (may be NULL) is false if there was no such key; then nothing is written. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_delete(llkv_drive *drive, llkv_drive_key key,
                                                    bool *out_existed, llkv_error *error);

typedef struct llkv_drive_item {
    llkv_drive_key key;
    const void *value; /* NULL: delete the key */
    size_t bytes;
} llkv_drive_item;

/* All of them with one sync. If the machine stops meanwhile, the first few may be there alone. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_put_batch(llkv_drive *drive,
                                                       const llkv_drive_item *items, size_t count,
                                                       llkv_error *error);

/* A value in pieces. It appears when the stream is finished; until then other writes are
 * LLKV_BUSY. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_stream_begin(llkv_drive *drive, llkv_drive_key key,
                                                          llkv_drive_stream **out_stream,
                                                          llkv_error *error);
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_stream_write(llkv_drive_stream *stream,
                                                          const void *data, size_t bytes,
                                                          llkv_error *error);
/* Both free the stream, also on failure. NULL is allowed. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_stream_finish(llkv_drive_stream *stream,
                                                           llkv_error *error);
LLKV_API void llkv_drive_stream_abort(llkv_drive_stream *stream);

/* The value of `from` under the key `to`, and `from` deleted. LLKV_NAME if there is no `from`; a
 * value that `to` had is hidden. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_rename(llkv_drive *drive, llkv_drive_key from,
                                                    llkv_drive_key to, llkv_error *error);
/* The value of `from` under the key `to` of `target`, which may be the same drive. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_copy(llkv_drive *drive, llkv_drive_key from,
                                                  llkv_drive *target, llkv_drive_key to,
                                                  llkv_error *error);

/* Write the current values, in their order, to "PATH-compact", and put that file in the place of
 * the old one, all of it synced. The name must be free and the path no symbolic link. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_compact(llkv_drive *drive, llkv_error *error);

/* ---- reading ---- */

/* The bytes of a value, at a multiple of 64 bytes, until it is released. `data` is NULL if there is
 * none. */
typedef struct llkv_drive_view {
    const void *data;
    size_t bytes;
    void *pin; /* the drive's own */
} llkv_drive_view;

/* The value of a key, checked against its checksum (LLKV_CORRUPT). No such key: LLKV_OK, and
 * out_view->data is NULL. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_get(llkv_drive *drive, llkv_drive_key key,
                                                 llkv_drive_view *out_view, llkv_error *error);
/* An empty view is allowed. */
LLKV_API void llkv_drive_release(llkv_drive_view *view);
LLKV_API bool llkv_drive_exists(llkv_drive *drive, llkv_drive_key key);

typedef struct llkv_drive_entry {
    llkv_drive_key key;
    uint64_t bytes;
    uint64_t offset; /* of the value in the file */
} llkv_drive_entry;

/* The keys as they are now, oldest value first; later writes do not change what it shows. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_cursor_open(llkv_drive *drive,
                                                         llkv_drive_cursor **out_cursor,
                                                         llkv_error *error);
/* False at the end. */
LLKV_API bool llkv_drive_cursor_next(llkv_drive_cursor *cursor, llkv_drive_entry *out_entry);
/* NULL is allowed. */
LLKV_API void llkv_drive_cursor_close(llkv_drive_cursor *cursor);

/* ---- files that may be damaged ---- */

/* Bytes of a file that belong to no whole entry. */
typedef struct llkv_drive_damage {
    uint64_t offset, bytes;
    const char *reason; /* a string constant */
} llkv_drive_damage;

typedef struct llkv_drive_report {
    uint32_t struct_size;
    bool torn;              /* the damage is one at the end that an interrupted write leaves */
    uint64_t entries;       /* whole ones, deletes and hidden values too */
    uint64_t damages;       /* 0: the file is whole */
    uint64_t damaged_bytes; /* of all of them */
    uint64_t file_bytes;
} llkv_drive_report;

typedef void llkv_drive_damage_fn(void *arg, const llkv_drive_damage *damage);

/* Read the whole file and tell `fn` (may be NULL) of every damage, from the end of the file to its
 * beginning. LLKV_OK also if there are some. Neither key hashes, which the format does not protect,
 * nor the last entries of a file that was cut off behind one can be found missing.
 * *out_report: struct_size is set. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_verify(const char *path, llkv_drive_damage_fn *fn,
                                                    void *arg, llkv_drive_report *out_report,
                                                    llkv_error *error);
/* Write every whole entry of `path` to the new file `to`, in order; report on what was left out. A
 * key whose delete or latest value was damaged shows the value before. */
LLKV_API LLKV_NODISCARD llkv_code llkv_drive_salvage(const char *path, const char *to,
                                                     llkv_drive_report *out_report,
                                                     llkv_error *error);

#ifdef __cplusplus
}
#endif
#endif

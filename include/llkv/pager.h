/* pager.h -- the contract between an engine and the place where its bytes live.
 *
 * A pager keeps immutable batches of bytes, one small root record that names what is current, and
 * (where it is durable) a redo log. Write one by filling in the table of functions;
 * llkv_pager_check runs the conformance test that the built-in ones pass.
 *
 *   batch   begin, add any number of 64-byte aligned pieces, seal. All or nothing, several may be
 *           open; a sealed batch never changes.
 *   handle  u64 = batch_seq << 32 | offset / 64. Names a place inside a sealed batch.
 *   view    bytes at a handle: a pointer that stays valid until it is released.
 *   root    (version, at most 4096 bytes, replay_from); publish compares and swaps on the version.
 *   log     append groups of frames, sync, replay. Only with LLKV_PAGER_DURABLE_LOG.
 *
 * Frames are numbered by their lsn, densely from 1. A group is what one log_append writes: `frames`
 * frames of consecutive lsn, as bytes that the pager does not look into. Publishing a root makes
 * everything sealed before durable, then the root; groups whose frames are all below its
 * `replay_from` are needed no more.
 *
 * Threads: every function may be called from any thread, except that one batch is built by one
 * thread at a time, log_append is called by one thread at a time and root_publish too. log_sync,
 * root_publish and everything of batches may run beside log_append.
 * Errors: LLKV_IO may be retried; LLKV_CONFLICT means that another writer took over (fenced);
 * LLKV_LIMIT that the medium is full; LLKV_CORRUPT that bytes are not what was written. A failed
 * call changes nothing. The exception: once log_append, log_sync, batch_sync or root_publish could
 * not write the log or make something durable (LLKV_IO with SQLSTATE 08007), nobody knows what is
 * on the medium; every further call that writes fails in the same way until the pager is opened
 * anew. */
#ifndef LLKV_PAGER_H
#define LLKV_PAGER_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "llkv/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LLKV_PAGER_ALIGN 64
#define LLKV_PAGER_ROOT_BYTES_MAX 4096
#define LLKV_PAGER_GROUP_BYTES_MAX (1024 * 1024 - 4096)

enum {
    LLKV_PAGER_ZERO_COPY = 1,      /* view hands out the stored bytes themselves */
    LLKV_PAGER_DURABLE_LOG = 2,    /* log_* work and survive a crash */
    LLKV_PAGER_CHEAP_SYNC = 4,     /* sync costs no device wait */
    LLKV_PAGER_SHARED_READERS = 8, /* other processes may read at the same time */
};

typedef struct llkv_pager llkv_pager;
typedef struct llkv_pager_batch llkv_pager_batch; /* the pager's own */

typedef struct llkv_pager_view {
    const void *data;
    void *pin; /* the pager's own */
} llkv_pager_view;

typedef struct llkv_pager_caps {
    uint32_t struct_size;
    uint32_t flags;
    uint64_t batch_bytes_max;
} llkv_pager_caps;

/* One log_append. No frames and no bytes: nothing is said but what is durable by now, so that
 * damage to the last frames can be told from a write that a crash cut short; written when commits
 * pause. */
typedef struct llkv_pager_group {
    uint32_t struct_size;
    uint32_t frames;
    uint64_t first_lsn; /* the last lsn + 1 */
    const void *bytes;
    size_t size;  /* at most LLKV_PAGER_GROUP_BYTES_MAX */
    bool durable; /* with all before it on the medium when the call returns */
} llkv_pager_group;

/* Another code than LLKV_OK ends the replay, which returns it. */
typedef llkv_code llkv_pager_replay_fn(void *arg, uint64_t first_lsn, uint32_t frames,
                                       const void *bytes, size_t size);

/* Fill in every function; log_* may be NULL without LLKV_PAGER_DURABLE_LOG. */
typedef struct llkv_pager_methods {
    uint32_t struct_size;
    llkv_pager_caps (*caps)(llkv_pager *pager);

    llkv_code (*batch_begin)(llkv_pager *pager, llkv_pager_batch **out_batch, llkv_error *error);
    /* Room for `bytes` bytes, 64-byte aligned; *out_space stays valid until seal or abort, and is
     * filled by the caller before seal. *out_offset is relative to the batch, in bytes. */
    llkv_code (*batch_add)(llkv_pager *pager, llkv_pager_batch *batch, uint64_t bytes,
                           void **out_space, uint64_t *out_offset, llkv_error *error);
    /* Frees the builder, also on failure. */
    llkv_code (*batch_seal)(llkv_pager *pager, llkv_pager_batch *batch, uint32_t *out_batch_seq,
                            llkv_error *error);
    void (*batch_abort)(llkv_pager *pager, llkv_pager_batch *batch);
    /* The batch is durable when the call returns: for bytes that a frame of the log names. */
    llkv_code (*batch_sync)(llkv_pager *pager, uint32_t batch_seq, llkv_error *error);
    /* A hint that these bytes are not needed any more, neither by the next root nor by a frame from
     * its replay_from on; views of them stay valid. A durable pager gives the space back only when
     * both of the newest roots were published after the call. From 0, UINT64_MAX bytes: the batch
     * is given up as a whole, and may be forgotten. */
    void (*discard)(llkv_pager *pager, uint32_t batch_seq, uint64_t offset, uint64_t bytes);

    llkv_code (*view)(llkv_pager *pager, uint64_t handle, uint64_t bytes, llkv_pager_view *out_view,
                      llkv_error *error);
    void (*view_release)(llkv_pager *pager, llkv_pager_view *view);

    /* `out_root` has room for LLKV_PAGER_ROOT_BYTES_MAX. Version 0 with 0 bytes: nothing yet, and
     * *out_replay_from is 1. */
    llkv_code (*root_get)(llkv_pager *pager, uint64_t *out_version, void *out_root,
                          size_t *out_bytes, uint64_t *out_replay_from, llkv_error *error);
    /* `replay_from` never shrinks and is at most the last lsn + 1. */
    llkv_code (*root_publish)(llkv_pager *pager, uint64_t expected_version, const void *root,
                              size_t bytes, uint64_t replay_from, llkv_error *error);

    /* After an open that found frames to replay, root_publish comes first. */
    llkv_code (*log_append)(llkv_pager *pager, const llkv_pager_group *group, llkv_error *error);
    /* Every frame up to `lsn` is on the medium when the call returns. */
    llkv_code (*log_sync)(llkv_pager *pager, uint64_t lsn, llkv_error *error);
    /* Bring every group that holds a frame of `from_lsn` or above, in order; `from_lsn` is at least
     * the root's replay_from. */
    llkv_code (*log_replay)(llkv_pager *pager, uint64_t from_lsn, llkv_pager_replay_fn *fn,
                            void *arg, llkv_error *error);

    void (*close)(llkv_pager *pager);
} llkv_pager_methods;

/* A pager begins with this; the rest is its own. */
struct llkv_pager {
    const llkv_pager_methods *methods;
};

/* A pager in memory; what it holds is gone with close. */
LLKV_API LLKV_NODISCARD llkv_code llkv_pager_memory_open(llkv_pager **out_pager, llkv_error *error);

/* Set struct_size; zeros are the defaults. */
typedef struct llkv_pager_drive_options {
    uint32_t struct_size;
    bool read_only;  /* writes nothing, not even to recover: the log is replayed from memory */
    bool must_exist; /* a file that is not there is LLKV_NAME; else it is created */
    /* Open although the log that the file requires is gone: what only it held is lost. */
    bool without_log;
    /* Of the redo log, between 1 MiB and 1 GiB, a multiple of 4096; 0: 16 MiB. It counts when a log
     * is made. */
    uint64_t log_segment_bytes;
} llkv_pager_drive_options;

/* A pager on a file that survives a crash: the container `path`, a valid simd-r-drive file, and
 * beside it, while it is written, the redo log `path`-log. One process at a time may write
 * (LLKV_BUSY names the other); any number may read. `options` may be NULL. */
LLKV_API LLKV_NODISCARD llkv_code llkv_pager_drive_open(const char *path,
                                                        const llkv_pager_drive_options *options,
                                                        llkv_pager **out_pager, llkv_error *error);

/* Run the conformance test on an empty pager. LLKV_OK, or the first rule it breaks. */
LLKV_API LLKV_NODISCARD llkv_code llkv_pager_check(llkv_pager *pager, llkv_error *error);

#ifdef __cplusplus
}
#endif
#endif

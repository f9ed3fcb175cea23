/* history.h -- what was asked of a durable pager, and so what it must hold after a crash.
 *
 * The history is the present line of what was done: groups of frames, some of which name a batch,
 * and roots that name batches. After a crash the pager must hold the root of some publish that was
 * begun, and the groups behind it up to the end of some group, byte for byte, with every batch that
 * these name; at least what was promised by then. Groups beyond that are lost: a later life may
 * write the same bytes again, as an application does that repeats what failed, or others. */
#ifndef CRASH_HISTORY_H
#define CRASH_HISTORY_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "subject.h"

/* Bytes in a batch; they follow from the seed. 0 bytes: none. */
struct batch_ref {
    uint64_t handle, bytes, seed;
};

struct group {
    uint64_t first_lsn;
    uint32_t frames;
    bool durable;
    struct batch_ref batch;
    uint64_t size;
    uint8_t *bytes;
};

enum { ROOT_REFS_MAX = 24 };

/* The root as it is stored; all of it is compared. */
struct root {
    uint64_t version, last_lsn, ref_count, filler;
    struct batch_ref refs[ROOT_REFS_MAX];
};

struct groups {
    struct group *items;
    uint64_t count;
};

/* Zero-initialised is a new database. */
struct history {
    struct groups groups; /* from lsn 1 on, without gaps */
    struct groups lost;   /* were asked for in an earlier life; are not there */
    struct root *roots;   /* of every publish that was begun */
    uint64_t root_count;
    struct promises promises; /* of the present life */
};

void history_deinit(struct history *history);
void history_copy(struct history *to, const struct history *from);
/* `bytes` becomes the history's. */
void history_add_group(struct history *history, struct group group);
void history_add_root(struct history *history, const struct root *root);

/* The last lsn asked for. */
uint64_t history_last(const struct history *history);
/* The group that begins there, or NULL. */
const struct group *history_group(const struct history *history, uint64_t first_lsn);
/* The newest attempt of that version, or NULL. */
const struct root *history_root(const struct history *history, uint64_t version);
/* A crash left the groups up to `lsn`, which ends one, and the root of `version`: the rest moves to
 * `lost`, the promises are over. */
void history_cut(struct history *history, uint64_t lsn, uint64_t version);

/* Bytes that follow from a seed. */
void bytes_fill(uint8_t *out, uint64_t bytes, uint64_t seed);
bool bytes_match(const uint8_t *data, uint64_t bytes, uint64_t seed);
#endif

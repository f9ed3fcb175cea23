/* subject.h -- what the crash harness drives: something that lives on a disk and promises to
 * survive.
 *
 * A subject has a history (what was asked of it, on its present line) and lives: it opens what is
 * on a disk, compares that with the history, cuts the history to it, then works and adds to it. Its
 * promises say how much of the history must be there after a crash. */
#ifndef CRASH_SUBJECT_H
#define CRASH_SUBJECT_H
#include <stdint.h>

#include <stdbool.h>

#include "disk.h"
#include "llkv/pager.h"
#include "storage/planted.h"

/* Behind that record of the disk this much must be there: after every crash if it is durable, else
 * after one that kept all that was written. `last` counts commits (or frames), `version` roots; or
 * `last` holds up to four counts of 16 bits, each with a maximum of its own. */
struct promise {
    uint64_t position, last, version;
    bool durable;
};

struct promises {
    struct promise *items;
    uint64_t count;
};

void promises_deinit(struct promises *promises);
void promises_copy(struct promises *to, const struct promises *from);
void promises_add(struct promises *promises, struct promise promise);
/* What must be there after a crash behind the first `position` records, given what had to be there
 * when this life began; `all_kept` if the crash kept what was not synced. */
struct promise promises_at(const struct promises *promises, const struct promise *floor,
                           uint64_t position, bool all_kept);

struct life_plan {
    uint64_t seed;
    uint32_t steps;
    bool normal;   /* synchronous = normal: most commits are not durable when they return */
    bool repeat;   /* begin with what was lost, byte for byte, where the subject can */
    bool small;    /* small segments in the log, where the subject can: many switches */
    bool clean;    /* close it after the steps; otherwise only after what counts */
    bool failures; /* calls are made to fail: an error is right, an unknown outcome ends the work */
    bool damaged;  /* bytes were changed: it may refuse to open or to answer, no more */
    bool trace;    /* print what is done */
    enum planted_bug bug;
};

struct life_result {
    uint64_t opened; /* records when it was open and compared, and writes again */
    uint64_t worked; /* records when the work was done */
    char what[512];  /* what is wrong; "": nothing */
};

struct subject {
    const char *name;
    void *(*history_new)(void);
    void (*history_free)(void *history);
    void *(*history_copy)(const void *history);
    const struct promises *(*promises)(const void *history);
    uint64_t (*last)(const void *history);
    /* At least `floor` must be there. False: something is wrong. */
    bool (*live)(struct disk *disk, void *history, const struct promise *floor,
                 const struct life_plan *plan, struct life_result *result);
};

extern const struct subject subject_pager;   /* groups, batches and roots of a drive pager */
extern const struct subject subject_sql;     /* a database, by SQL */
extern const struct subject subject_threads; /* one with writers in threads */

/* The drive pager of the file "db" on that disk. `segment_bytes` of the log; 0: the usual. */
llkv_code crash_drive_open(struct disk *disk, enum planted_bug bug, uint64_t segment_bytes,
                           llkv_pager **out_pager, llkv_error *error);
#endif

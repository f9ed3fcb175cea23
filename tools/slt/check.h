/* check.h -- run one record and judge what came of it.
 *
 * Owns:    the values, labels and texts it needs for that, for one file.
 * Threads: one at a time; slt_check_record runs on the thread of the record's connection. */
#ifndef SLT_CHECK_H
#define SLT_CHECK_H
#include "llkv.h"
#include "slt/label.h"
#include "slt/record.h"
#include "slt/values.h"

enum { SLT_KIND_COUNT = LLKV_RESULT_NOOP + 1 };

/* How many statements of a kind ran, and how long. */
struct slt_kind_time {
    uint64_t count, ns;
};

/* Zero-initialise, set `dialect`. */
struct slt_check {
    const struct slt_dialect *dialect;
    /* Results of more values are compared by their digest; 0: none. A digest in the file asks for
     * that as well: some files begin without the directive they were written with. */
    uint64_t hash_threshold;
    bool timed;             /* fill in `kinds` */
    bool failed;            /* the record just run */
    struct slt_text detail; /* then: what, the SQL, the difference, for people */
    struct slt_text cause;  /* then: the class of failure */
    struct slt_values values;
    struct slt_labels labels;
    struct slt_kind_time kinds[SLT_KIND_COUNT];
};

/* Run a statement or query record. */
void slt_check_record(struct slt_check *check, const struct slt_record *record,
                      llkv_session *session);
/* Note the label of a query that is not run. */
void slt_check_skipped(struct slt_check *check, const struct slt_record *record);
/* Begin the report of a failure that is no answer of the engine; the record may be NULL. */
void slt_check_fail(struct slt_check *check, const struct slt_record *record, const char *cause);
/* The same for an error the engine returned: `what` says at what. */
void slt_check_fail_error(struct slt_check *check, const struct slt_record *record,
                          const char *what, const llkv_error *error);
void slt_check_deinit(struct slt_check *check);

/* Nanoseconds of a clock that only runs forward. */
uint64_t slt_clock_ns(void);
#endif

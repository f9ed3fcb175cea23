/* sql_model.h -- what a database of the crash tests holds, as the test knows it.
 *
 * Four small tables t0..t3 (id, v, txt), which come and go, one big table (a, c, b) that is loaded
 * in bulk, and a view on t0. The text follows from a number, so that a row is two numbers. */
#ifndef CRASH_SQL_MODEL_H
#define CRASH_SQL_MODEL_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "llkv.h"

enum { MODEL_TABLES = 4, MODEL_IDS = 96, MODEL_BIG_IDS = 4096, MODEL_TEXT_MAX = 128 };

struct model_row {
    int64_t v;
    uint32_t text; /* 0: NULL */
    bool there;
};

struct model_table {
    bool exists;
    struct model_row rows[MODEL_IDS];
};

/* Zero-initialised is an empty database. */
struct model {
    struct model_table tables[MODEL_TABLES];
    bool view, big_exists;
    uint8_t big[MODEL_BIG_IDS]; /* c, 0: no such row */
    int32_t owners;             /* of this object; it does not change once there is more than one */
};

/* The text of a number other than 0; `out` has room for MODEL_TEXT_MAX. */
void model_text(uint32_t text, char *out);
/* Reads a database through a session; false: it cannot be one of ours, and `what` says why. */
bool model_read(llkv_session *session, struct model *out_model, char *what, size_t what_bytes);
bool model_equal(const struct model *a, const struct model *b);
/* The first difference in words. */
void model_difference(const struct model *found, const struct model *wanted, char *what,
                      size_t what_bytes);
/* Queries that use indexes and the view agree with the model; else false, and `what` says why. */
bool model_probe(llkv_session *session, const struct model *model, char *what, size_t what_bytes);
#endif

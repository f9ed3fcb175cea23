/* scan.h -- the one visibility-aware scan: segment by segment, vector by vector.
 *
 * Vectors point into the table's own memory (VEC_STABLE) where nothing was updated; patched ones
 * are copies. Deleted and invisible rows are left out of `sel`. Rows come in row-id order.
 *
 * Threads: a struct scan belongs to one worker; several scans share a spec. */
#ifndef TABLE_SCAN_H
#define TABLE_SCAN_H
#include "table/table.h"

enum {
    SCAN_COLUMN_ROW_ID = 0xffff, /* virtual columns, phys I64 */
    SCAN_COLUMN_CREATED_BY = 0xfffe,
    SCAN_COLUMN_DELETED_BY = 0xfffd,
};

/* A condition on one column that rows must meet: only for leaving out segments and vectors, the
 * caller still evaluates it. */
enum scan_predicate_op { SCAN_EQ, SCAN_LT, SCAN_LE, SCAN_GT, SCAN_GE, SCAN_IS_NULL, SCAN_NOT_NULL };
struct scan_predicate {
    uint16_t column; /* of the table */
    uint8_t op;
    struct value value; /* of the column's type */
};

struct scan_spec {
    struct table *table;
    const struct table_reader *reader;
    const uint16_t *columns; /* what to hand out: table columns or virtual ones */
    uint32_t column_count;
    const struct scan_predicate *predicates;
    uint32_t predicate_count;
};

struct scan; /* state of one worker */

/* Segments the reader can see, the open one included: the morsels. */
uint32_t scan_segment_count(const struct scan_spec *spec);
/* A scan without a segment yet; its memory comes from cx->arena, nothing needs closing. `spec` is
 * borrowed. Vector and batch storage are its own and reused by every scan_next. */
NODISCARD llkv_code scan_new(struct cx *cx, const struct scan_spec *spec, struct scan **out_scan);
/* Go to a segment. *out_empty: statistics rule every row out, nothing was read. */
NODISCARD llkv_code scan_open_segment(struct cx *cx, struct scan *scan, uint32_t segment,
                                      bool *out_empty);
/* The next vector with live rows; out_batch->rows == 0: the segment is done. out_batch->columns has
 * one vector per spec column. Valid until the next call. */
NODISCARD llkv_code scan_next(struct cx *cx, struct scan *scan, struct batch *out_batch);
#endif

/* table.h -- a table: columns and keys under one snapshot rule.
 *
 * Rows are named by row ids (segment * rows per segment + position) that never change. There are
 * three doors to rows: scan (scan.h), table_key_lookup with table_gather, and nothing else; all
 * take a reader. Writes are collected in a write set (write.h), private until it commits.
 *
 * Threads: everything here may be called from any thread. */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H
#include "arrow/vector.h"
#include "base/cx.h"
#include "llkv/pager.h"
#include "table/schema.h"
#include "txn/txn.h"

struct table;
struct write_set;

/* Who reads: what a snapshot sees and, inside a transaction, what the transaction wrote before
 * `mark` (write_set_mark). A reader never changes; what it points to outlives its use. */
struct table_reader {
    const struct snapshot *snapshot;
    const struct write_set *own; /* or NULL */
    uint32_t mark;
};

/* Rows a transaction inserted have provisional ids until it commits: from here on. */
#define TABLE_OWN_ROW_FIRST ((uint64_t)1 << 62)

/* Sizes of the storage units; powers of two, the same for all tables of an engine. */
struct table_options {
    uint32_t segment_rows; /* default 65,536 */
    uint32_t vector_rows;  /* default 2,048 = VEC_ROWS_MAX; scans hand out at most this many rows */
    bool no_pruning;       /* statistics rule nothing out (answers must be the same) */
};

/* Copies `def`. The table refers to manager and pager, which outlive it. */
NODISCARD llkv_code table_new(struct cx *cx, struct txn_manager *manager, struct llkv_pager *pager,
                              const struct table_options *options, const struct table_def *def,
                              struct table **out_table);
/* Frees at once: no snapshot may need it any more. NULL is allowed. What stands in the pager stays
 * there. */
void table_free(struct table *table);
/* The same for a table that is there no more: what stands in the pager is given up. */
void table_drop(struct table *table);
/* Everything below but table_definition and the numbers of keys wants the table to be loaded. One
 * that was made by table_new is; one that was restored from a file (checkpoint.h) is loaded by the
 * first call of this, and costs one load of a flag from then on. LLKV_CORRUPT. */
NODISCARD llkv_code table_load(struct cx *cx, struct table *table);
const struct table_def *table_definition(const struct table *table);

/* Rows the reader sees. Exact. */
int64_t table_row_count(struct table *table, const struct table_reader *reader);
/* Counts up with every commit that wrote to the table. */
uint64_t table_data_version(const struct table *table);

/* What is known of a column: bounds hold for every row the reader can see; counts are estimates
 * unless `exact`. */
struct column_stats {
    int64_t rows, nulls;
    double distinct; /* estimate, >= 1 */
    bool has_range;  /* min and max are set; false for no values, and for types without order */
    bool no_nulls;   /* proven */
    bool ascending;  /* proven: values ascend with the row id, no NULLs */
    bool unique;     /* proven: strictly ascending, or a unique key of this one column */
    struct value min, max; /* text: only numbers and temporals have bounds */
};
void table_column_stats(struct table *table, const struct table_reader *reader, uint16_t column,
                        struct column_stats *out_stats);

/* ---- keys ---- */
/* Keys in force now: the definition's and the indexes added since. Borrowed while the snapshot is.
 */
uint32_t table_key_count(const struct table *table);
const struct key_def *table_key(const struct table *table, uint32_t key);
/* May a plan for the snapshot use it? Not if its index was made later, or is made or dropped by a
 * transaction that has not committed. */
bool table_key_usable(const struct table *table, uint32_t key, const struct snapshot *snapshot);

/* ---- indexes that come and go with a commit (catalog/edit.h). Only one transaction at a time does
 * that to a table. ---- */
struct key;
struct key_stage {
    /* The rows of the transaction that makes the key, or NULL. They are not in it before the
     * commit; what they take away collides with nothing, what they bring is checked at the end of
     * the statement (write_set_statement_end). */
    const struct write_set *own;
    bool trusted; /* nothing collides: it was committed once, with the rows of the same commit */
};
/* Build a key over what is there; it is kept up from now on. 23505 if it is unique and rows
 * collide. `stage` may be NULL. */
NODISCARD llkv_code table_key_stage(struct cx *cx, struct table *table, const struct key_def *def,
                                    const struct key_stage *stage, struct key **out_key);
/* It was never there. The latest one staged goes first. */
void table_key_unstage(struct table *table, struct key *key);
/* In force, from this commit on; under the commit mutex. */
void table_key_settle(struct key *key);
/* It is about to go; and it stays after all. */
void table_key_leave(struct key *key);
void table_key_keep(struct key *key);
/* Gone with the commit `ts`; under the commit mutex. */
void table_key_remove(struct table *table, struct key *key, int64_t ts);

/* Rows whose key equals `values` (one per key column, of the column's type; a NULL finds nothing)
 * and which the reader sees, ascending: at most `max`, *out_count says how many were stored. */
NODISCARD llkv_code table_key_lookup(struct cx *cx, struct table *table,
                                     const struct table_reader *reader, uint32_t key,
                                     const struct value *values, uint64_t *out_rows, uint32_t max,
                                     uint32_t *out_count);
/* One column of rows the reader sees (n <= VEC_ROWS_MAX), as a FLAT vector; its storage comes
 * from cx->arena, or is the table's own. */
NODISCARD llkv_code table_gather(struct cx *cx, struct table *table,
                                 const struct table_reader *reader, const uint64_t *row_ids,
                                 uint32_t n, uint16_t column, struct vector *out);

/* ---- changes of the definition: at most one transaction at a time, and no other writer ---- */
enum table_gate {
    TABLE_GATE_NONE,
    TABLE_GATE_INDEX, /* an index is added: open transactions may have deleted rows before */
    TABLE_GATE_ALL    /* any other change */
};
/* Taken by a DDL statement, held until its transaction ends. 40001 if another one holds it, if
 * another open transaction has written to the table, or if a commit on it is newer than the
 * snapshot. Writers that meet a foreign gate get 40001. Taking it twice is once; the wider one
 * counts. `txn` is an id of its own also for a statement that commits by itself. */
NODISCARD llkv_code table_gate_take(struct cx *cx, struct table *table, uint64_t txn,
                                    const struct snapshot *snapshot, enum table_gate gate);
/* Give it back, if `txn` has it. `changed`: the definition changed with the commit `ts`, so that
 * writers with an older snapshot get 40001 from now on. Takes the commit mutex. */
void table_gate_release(struct table *table, uint64_t txn, bool changed, int64_t ts);
/* The same for those who have the commit mutex: in the apply of a participant. */
void table_gate_release_locked(struct table *table, uint64_t txn, bool changed, int64_t ts);
/* Everything that must hold of the structures, asserted; LLKV_CORRUPT with the first break. */
NODISCARD llkv_code table_check(struct cx *cx, struct table *table);
#endif

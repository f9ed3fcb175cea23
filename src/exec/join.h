/* join.h -- joins: the right side is built into rows, the left side is pushed through.
 *
 * A hash join finds the candidates of a left row through a directory of {u32 hash, u32 row + 1}
 * over the built rows, or through an array indexed by the key where keys are dense; equal keys are
 * chained by the rows' links in build order. In a loop join every built row is a candidate.
 * Candidates are paired up to VEC_ROWS_MAX at a time and the residual condition is evaluated on the
 * pairs.
 *
 * NOT IN and IN ask a second question for left rows without partner: is there a built row of the
 * same group (equal in all keys but the last) for which the comparison is unknown? `group_*`.
 *
 * Threads: the table is read-only once built, but for `marks`, which are atomic. */
#ifndef EXEC_JOIN_H
#define EXEC_JOIN_H
#include "exec/collect.h"

enum join_side { JOIN_LEFT, JOIN_RIGHT, JOIN_MARK };
struct join_column {
    uint8_t side;    /* enum join_side */
    uint32_t column; /* of the left batch, or of the built row */
};

struct op_join {
    struct op op;
    const struct pnode_join *node;
    uint8_t kind;
    bool loop;     /* no keys */
    bool one_word; /* one integer key: compared as a word */
    bool deferred; /* whether a left row has a partner is known after its last candidate */
    bool in_kind;  /* MARK_IN, ANTI_NULL: the second question is asked */
    const struct chain *build;
    struct rowfmt fmt;       /* keys, then what is needed above */
    struct rowfmt group_fmt; /* the same rows, all keys but the last */
    uint32_t key_end;        /* bytes of a key image */
    struct link_expr *build_exprs;
    struct link_expr *probe_keys;
    struct join_column *out;              /* per column of the node */
    uint32_t residual_count;              /* columns of the residual's layout: left, then right */
    struct join_column *residual_columns; /* side JOIN_MARK: not used */
    struct link_filter residual;
    struct link_expr *compare; /* loop joins of IN kinds: the comparison itself */
};

/* A column of the built rows by key. */
struct join_values {
    uint32_t column, width; /* of the row's format; bytes per value */
    uint8_t *values;
    size_t bytes;
};

struct join_state {
    struct collect rows;
    struct mem_budget *budget;
    bool built, dense, unique;
    uint64_t *dir;
    uint32_t mask;
    uint32_t *dense_rows; /* row + 1 per key value */
    int64_t dense_min;
    uint64_t dense_range;
    uint64_t *present; /* join_columns.c: a bit per key; NULL: candidates are rows */
    size_t present_bytes;
    uint32_t column_count;
    struct join_values columns[4];
    _Atomic uint64_t *marks; /* RIGHT, FULL, RSEMI, RANTI: built rows with a partner */
    size_t mark_words;
    /* IN kinds: rows of a group chained by group_links, those with a NULL in the last key first */
    uint64_t *group_dir;
    uint32_t group_mask;
    uint32_t *group_links;
    uint32_t group_head; /* one key: the only group */
};

enum join_phase { JOIN_IDLE, JOIN_PAIRS, JOIN_GROUP_PAIRS, JOIN_REST };

struct join_local {
    /* of one left batch */
    uint32_t phase;
    uint32_t at;             /* live row whose candidates are next */
    uint32_t candidate;      /* the next one, row + 1; 0: start with the row's head */
    struct rowreader reader; /* loop join: the next candidate */
    struct vector *keys;
    struct eval *key_evals;
    uint64_t *wide_hash;
    uint32_t *hash;
    const uint64_t *words; /* one_word: the keys, in the column itself or in word_room */
    uint64_t *word_room;
    uint8_t *stage;  /* otherwise: key images */
    uint32_t *heads; /* per live row: first candidate, row + 1; with columns: key - minimum + 1 */
    uint64_t matched[VEC_WORDS_MAX], unknown[VEC_WORDS_MAX]; /* per live row */
    uint32_t room;
    /* pairs */
    uint32_t pair_count;
    uint16_t *live;       /* live row */
    uint16_t *positions;  /* the same as position in the batch */
    const uint8_t **rows; /* the format's null row: none */
    uint32_t *row_ids;
    bool null_rows; /* some pair has none */
    bool every_row; /* pair i is row i of the batch */
    /* residual */
    struct vector *residual_vectors;
    struct colbuf *residual_columns;
    struct filter_eval residual;
    struct eval compare;
    /* output */
    struct vector *vectors;
    struct colbuf *columns;
    uint64_t *mark_bits, *mark_validity;
    uint16_t *sel;
    struct rowreader flush;
    struct batch batch;
};

/* op_join.c: `node`, `kind` and `loop` are set; what comes out, what is kept, what is compared. */
NODISCARD llkv_code join_link_columns(struct linker *lk, struct op_join *join);
/* join_build.c */
NODISCARD llkv_code join_prepare(struct run *run, const struct op *op);
/* join_columns.c: after a dense table was built, where it pays. */
NODISCARD llkv_code join_columns_build(struct run *run, const struct op_join *join,
                                       struct join_state *s);
void join_columns_release(struct join_state *s);
/* NULL: the column is not kept. */
const struct join_values *join_columns_find(const struct join_state *s, uint32_t column);
/* join_probe.c: heads of the live rows of `in`. */
NODISCARD llkv_code join_probe(struct run *run, const struct op_join *join, struct join_local *l,
                               const struct batch *in);
/* For live rows without partner: is the comparison unknown for a row of the group? Without residual
 * the answer goes to l->unknown; with one l->heads become the groups' first rows. */
NODISCARD llkv_code join_probe_groups(struct run *run, const struct op_join *join,
                                      struct join_local *l, const struct batch *in);
/* join_pairs.c */
NODISCARD llkv_code join_local_init(struct run *run, const struct op_join *join,
                                    struct join_local *l);
NODISCARD llkv_code join_attach(struct run *run, const struct op *op);
NODISCARD llkv_code join_push(struct run *run, const struct op *op, const struct batch *in,
                              const struct batch **out_batch, enum op_result *out_result);
/* join_output.c */
NODISCARD llkv_code join_emit_pairs(struct run *run, const struct op_join *join,
                                    struct join_local *l, const struct batch *in,
                                    const struct batch **out_batch);
NODISCARD llkv_code join_emit_left(struct run *run, const struct op_join *join,
                                   struct join_local *l, const struct batch *in,
                                   const struct batch **out_batch);
NODISCARD llkv_code join_flush(struct run *run, const struct op *op,
                               const struct batch **out_batch);
NODISCARD llkv_code join_residual(struct run *run, const struct op_join *join, struct join_local *l,
                                  const struct batch *in);

ALWAYS_INLINE bool join_keeps_right(uint8_t kind)
{
    return kind == PJOIN_RIGHT || kind == PJOIN_FULL || kind == PJOIN_RSEMI || kind == PJOIN_RANTI;
}
#endif

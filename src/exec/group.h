/* group.h -- GROUP BY and aggregates without it.
 *
 * Every range of the input has groups of its own: one row of states (plain), an array of states
 * indexed by the packed key (direct; a key outside the promised ranges turns it into a table), or a
 * table of keys with states. Ranges are merged in order, so that groups keep the order in which one
 * thread would have met them, and aggregates that depend on order get their rows in order.
 *
 * Threads: a group_range belongs to the run of its range; merging works on disjoint partitions. */
#ifndef EXEC_GROUP_H
#define EXEC_GROUP_H
#include "compute/totals.h"
#include "exec/collect.h"
#include "exec/keytab.h"
#include "exec/sort.h"

struct link_agg {
    const struct pagg *agg;
    const struct agg_kernel *kernel;
    uint32_t state_at; /* inside the states of a group */
    bool has_arg;
    agg_total_fn *total; /* DIRECT: fed from the totals; else NULL */
    uint32_t total_word; /* of the sum; 0: a count */
    bool by_row;         /* takes its value from the row of the group's MIN or MAX */
    struct link_expr arg;
    struct link_filter filter;
    struct rowfmt distinct_fmt;    /* group, value */
    struct rowfmt order_fmt;       /* group, what is sorted by, value */
    struct link_expr *order_exprs; /* of the columns from the second on, the value last */
    struct sort_key *order_keys;
};

struct group_dim {
    int64_t min;
    uint64_t span; /* values; NULL is number `span` */
};

struct op_group {
    struct op op;
    const struct pnode_group *node;
    const struct chain *input;
    uint8_t strategy; /* PLAIN, HASH or DIRECT */
    bool count_rows;  /* nothing but count(*) over a whole table */
    struct link_expr *keys;
    struct link_agg *aggs;
    uint32_t state_bytes, best_at; /* best_at: the value of row_of_agg so far */
    struct rowfmt fmt;             /* keys and states */
    struct rowfmt order_fmt;       /* DIRECT: keys and a pointer, to put groups in order */
    struct sort_key *order_keys;
    struct group_dim *dims;
    uint32_t slots;                               /* DIRECT: product of the dimensions */
    uint32_t sum_count, sum_aggs[TOTAL_SUMS_MAX]; /* aggregates whose arguments are added up */
    uint32_t ranges_per_thread;
};

/* A value by row: {0: nothing yet, 1: NULL, 2: a value}, 16 bytes of value. */
struct row_value {
    uint64_t state;
    uint64_t unused;
    uint8_t value[16];
};

/* What feeding one aggregate needs. */
struct agg_feed {
    struct eval arg;
    struct filter_eval filter;
    struct agg_context context;
    struct keytab seen; /* DISTINCT */
    struct rowstore ordered;
    struct eval *order_evals;
    struct vector *order_vectors;
    struct colbuf ids, words;
    uint16_t *sel;
    uint32_t *narrow_ids, *seen_ids;
};

struct group_range {
    struct run *run;
    struct arena heap;
    struct vector *keys;
    struct eval *key_evals;
    uint32_t *ids;
    uint32_t room;
    uint8_t *plain; /* PLAIN: states of the one group */
    bool direct;    /* still an array */
    uint8_t *states;
    uint64_t *counts; /* rows per slot; 0: no such group */
    size_t state_room, count_room;
    bool totals_tried, totals_on;
    struct totals totals; /* not yet in the states and counts */
    size_t totals_room;
    uint64_t totals_rows, totals_used; /* used: no |sum| is larger */
    bool has_table;
    struct keytab table;
    struct agg_feed *feeds;
};

struct group_state {
    struct group_range **ranges;
    uint32_t range_count, range_room;
    bool done;
    int64_t rows; /* count_rows */
    /* Groups of a direct array that became tables, in the order the array would have had. */
    bool by_order;
    struct rowstore order;
    struct sorter sorter;
};

/* Where the states of group 0 begin, and the distance to those of the next. */
ALWAYS_INLINE uint8_t *group_states(const struct op_group *g, const struct group_range *r,
                                    uint32_t *out_stride)
{
    if (g->strategy == PGROUP_PLAIN) {
        *out_stride = g->state_bytes;
        return r->plain;
    }
    if (r->direct) {
        *out_stride = g->state_bytes;
        return r->states;
    }
    *out_stride = g->fmt.stride;
    return r->table.rows == NULL ? NULL : r->table.rows + g->fmt.state_at;
}

/* group_feed.c */
NODISCARD llkv_code group_feeds_new(struct run *run, const struct op_group *g,
                                    struct group_range *r);
NODISCARD llkv_code group_feeds_reset(const struct op_group *g, struct group_range *r);
/* Rows of `in` to the states of their groups; ids NULL: PLAIN. */
NODISCARD llkv_code group_feed(struct run *run, const struct op_group *g, struct group_range *r,
                               const struct batch *in, const uint32_t *ids);
/* Feed what aggregates with an ORDER BY have put aside. */
NODISCARD llkv_code group_feed_ordered(struct run *run, const struct op_group *g,
                                       struct group_range *r);
/* group_row.c: aggregates that take their value from the row of the MIN or MAX. */
NODISCARD llkv_code group_feed_rows(struct run *run, const struct op_group *g,
                                    struct group_range *r, const struct batch *in,
                                    const uint32_t *ids);
/* group_direct.c */
NODISCARD llkv_code group_direct_new(struct run *run, const struct op_group *g,
                                     struct group_range *r);
/* count(*) without a filter is known from the slots' counts and not fed row by row. */
bool group_direct_counts(const struct op_group *g, const struct link_agg *a);
/* Feed it, once all rows of the range are there. */
NODISCARD llkv_code group_direct_finish(struct run *run, const struct op_group *g,
                                        struct group_range *r);
/* Numbers of the groups to r->ids; false: a key is outside. */
bool group_direct_ids(const struct op_group *g, struct group_range *r, uint32_t n);
/* group_totals.c */
void group_totals_link(struct op_group *g);
/* Count the rows of r->ids, and feed the aggregates that have a total if r->totals_on afterwards.
 */
NODISCARD llkv_code group_totals_feed(struct run *run, const struct op_group *g,
                                      struct group_range *r, const struct batch *in);
/* Totals to states. */
void group_totals_flush(const struct op_group *g, struct group_range *r);
/* Array to table. */
NODISCARD llkv_code group_direct_convert(struct run *run, const struct op_group *g,
                                         struct group_range *r);
/* Key k of n slots. */
NODISCARD llkv_code group_direct_key(struct run *run, const struct op_group *g, uint32_t k,
                                     const uint32_t *slots, uint32_t n, struct colbuf *buf,
                                     struct vector *out);
/* group_merge.c: all ranges into one answer. */
NODISCARD llkv_code group_merge(struct run *run, const struct op_group *g, struct group_state *s);
/* group_output.c */
NODISCARD llkv_code group_attach(struct run *run, const struct op *op);
uint32_t group_morsels(struct run *run, const struct op *op);
NODISCARD llkv_code group_seek(struct run *run, const struct op *op, uint32_t first, uint32_t end);
NODISCARD llkv_code group_next(struct run *run, const struct op *op,
                               const struct batch **out_batch);
#endif

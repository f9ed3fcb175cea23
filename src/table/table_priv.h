/* table_priv.h -- the inside of a table, shared by the files of this folder. */
#ifndef TABLE_TABLE_PRIV_H
#define TABLE_TABLE_PRIV_H
#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "column/store.h"
#include "index/index.h"
#include "index/normkey.h"
#include "table/table.h"

/* Why plans do not use a key, in bits; 0: it is in force. Every commit keeps all of them up. */
enum key_state {
    KEY_STAGED = 1, /* its index is not committed: no plan knows it */
    KEY_LEAVING = 2 /* its index is dropped, but that is not committed: nothing is unique by it */
};

/* One key. */
struct key {
    struct retired retired;
    struct arena arena; /* of its definition */
    struct key_def def;
    struct index *index;
    int64_t valid_from;    /* older snapshots do not find all their rows in it */
    _Atomic uint8_t state; /* of enum key_state */
};

/* Must rows differ in this key? */
ALWAYS_INLINE bool key_is_unique(const struct key *key)
{
    return key->def.unique &&
           (atomic_load_explicit(&key->state, memory_order_relaxed) & KEY_LEAVING) == 0;
}

/* Keys in the order of their making. Items only move down, when one is dropped. */
struct key_list {
    struct retired retired;
    uint32_t capacity;
    _Atomic uint32_t count;
    _Atomic(struct key *) items[];
};

struct table {
    struct txn_manager *manager;
    struct mem_budget *budget;
    struct table_options options;
    struct arena arena; /* of the definition */
    const struct table_def *def;
    bool *required; /* per column: NOT NULL, or part of the primary key */
    struct store *store;
    struct blob_ref image; /* where its rows stand, until it is loaded */
    atomic_bool loaded;
    pthread_mutex_t load_lock;
    _Atomic(struct key_list *) keys;
    struct table_writes
        *writers;      /* of open explicit transactions; under the commit mutex, as is: */
    uint64_t gate;     /* the transaction that changes the definition; 0: none */
    uint8_t gate_kind; /* enum table_gate */
    int64_t schema_ts; /* when the definition was changed last, */
    int64_t index_ts;  /* and when an index was added */
    _Atomic int64_t
        keys_moved_ts; /* numbers of added keys mean something else to older snapshots */
};

/* Deep copies into an arena. */
NODISCARD llkv_code table_def_copy(struct cx *cx, struct arena *arena, const struct table_def *def,
                                   const struct table_def **out_def);
NODISCARD llkv_code key_def_copy(struct cx *cx, struct arena *arena, const struct key_def *key,
                                 struct key_def *out_key);

/* ---- table.c ---- */
NODISCARD llkv_code table_store_new(struct cx *cx, const struct table *table,
                                    struct llkv_pager *pager, struct store **out_store);
/* After an error while a column was read: damage is told with the names of column and table. */
NODISCARD llkv_code table_read_failed(struct cx *cx, const struct table *table, uint32_t column,
                                      llkv_code rc);
/* A cx whose memory is `arena`, for as long as `cx` lives. */
struct cx cx_with_arena(const struct cx *cx, struct arena *arena);

/* ---- keys.c ---- */
NODISCARD llkv_code table_keys_init(struct cx *cx, struct table *table);
/* Entries of every key for the rows of a table that was loaded and that nobody else knows. */
NODISCARD llkv_code table_keys_fill(struct cx *cx, struct table *table, struct store *store);
void table_keys_deinit(struct table *table);
/* The keys a commit must keep up; under the commit mutex. */
struct key_list *table_keys(const struct table *table);
ALWAYS_INLINE struct key *key_at(const struct key_list *keys, uint32_t i)
{
    return atomic_load_explicit(&keys->items[i], memory_order_acquire);
}

/* ---- key_rows.c: keys of up to a vector of rows ---- */
/* The key's columns as FLAT vectors. Owned by an arena, but for `bytes`. */
struct key_rows {
    const struct table *table;
    const struct key_def *def;
    uint32_t rows;
    struct vector *columns; /* one per key column */
    struct value_room *rooms, *flat_rooms;
    struct normkey bytes; /* of the row asked for last */
    bool has_null;        /* it has a NULL */
};
NODISCARD llkv_code key_rows_init(struct cx *cx, struct key_rows *kr, const struct table *table,
                                  const struct key_def *def);
void key_rows_deinit(struct key_rows *kr);
/* The first `rows` rows of a vector of the table. */
NODISCARD llkv_code key_rows_read(struct cx *cx, struct key_rows *kr, struct segment *segment,
                                  uint32_t vector, uint32_t rows, int64_t ts);
/* n rows of a vector, by position. */
NODISCARD llkv_code key_rows_gather(struct cx *cx, struct key_rows *kr, struct segment *segment,
                                    uint32_t vector, const uint16_t *positions, uint32_t n,
                                    int64_t ts);
/* n rows that stand in a buffer. */
NODISCARD llkv_code key_rows_buffer(struct cx *cx, struct key_rows *kr, const struct rowbuf *buf,
                                    uint32_t first, uint32_t n);
/* The rows of a vector of sealed columns. */
NODISCARD llkv_code key_rows_sealed(struct cx *cx, struct key_rows *kr, const struct sealed *sealed,
                                    uint32_t vector, uint32_t n);
/* Set bytes and has_null for one of the rows. */
NODISCARD llkv_code key_rows_make(struct cx *cx, struct key_rows *kr, uint32_t row);
/* 23505, with the values of one of the rows. */
NODISCARD llkv_code key_rows_collision(struct cx *cx, const struct key_rows *kr, uint32_t row);

/* ---- scan.c: what a snapshot sees ---- */
struct store_view table_view(const struct table *table, const struct snapshot *snapshot);
#endif

/* write_priv.h -- what a write set collects per table; shared by collecting (write.c, insert.c,
 * write_update.c) and committing (commit.c, commit_keys.c). */
#ifndef TABLE_WRITE_PRIV_H
#define TABLE_WRITE_PRIV_H
#include "table/key_map.h"
#include "table/own.h"
#include "table/row_set.h"
#include "table/table_priv.h"
#include "table/write.h"

/* As many full buffers may wait to be sealed at the same time. */
enum { SEALS_MAX = 8 };

/* Inserted rows: sealed already, or in a buffer that is full in another way. */
struct chunk {
    struct sealed *sealed; /* or NULL: */
    struct rowbuf buf;     /* of a sealed one: empty, or kept for those who read it */
    uint64_t first;        /* number of its first row among the rows inserted */
};

/* Where inserted rows are: a chunk or, behind the last one, the buffer that is filled now. */
struct piece {
    const struct sealed *sealed; /* or NULL: */
    const struct rowbuf *buf;
    uint64_t first;
    uint32_t rows;
};

/* New values for some columns of up to a segment's worth of rows. */
struct update_batch {
    struct update_batch *next;
    struct layout layout;
    uint16_t *columns; /* of the table; the layout's columns in order */
    uint8_t *phys;
    struct rowbuf values;
    uint64_t *row_ids; /* one per row of `values` */
    uint32_t row_id_room;
};

/* Rows of this set by a key. A set of an explicit transaction has all keys, with the rows whose
 * key it updated as well: for lookups, and for unique keys at the end of a statement. Else there
 * are only unique ones, for REPLACE and IGNORE. Entries only propose rows. */
struct own_key {
    const struct key *key;
    struct key_map map;
    struct key_rows rows;
    uint64_t hash;      /* of the bytes made last */
    uint64_t published; /* of the index, when the first rows were checked */
    bool is_checked;    /* rows were checked; all of them against that state */
    bool must_recheck;  /* not all */
};

struct update_ref;

/* What goes to the log (encode.h). */
struct encoded {
    struct pack_writer bytes; /* the last part */
    struct blob_ref *parts;   /* large ones before it, in batches */
    uint32_t part_count, part_capacity;
};

struct table_writes {
    struct txn_participant participant; /* first */
    struct table_writes *next;
    struct write_set *set;
    struct table *table;
    struct arena arena;                              /* of what is small */
    struct own own;                                  /* of an explicit transaction */
    struct table_writes *next_writer, **writer_link; /* the table's open transactions */
    bool only_deletes; /* so far. Under the commit mutex, if the table knows the set */

    struct chunk **chunks;
    uint32_t chunk_count, chunk_capacity;
    uint32_t unsealed; /* the last chunks that are full and wait to be sealed together */
    uint32_t spare_count;
    struct rowbuf *spare;     /* SEALS_MAX places for empty ones with room; or NULL */
    struct rowbuf rows;       /* the last ones inserted; zero until there are any */
    uint64_t inserted;        /* in chunks and rows */
    struct sketch *sketches;  /* of sealed chunks; NULL: none yet */
    struct row_set own_dead;  /* inserted and replaced; by number */
    struct own_key *own_keys; /* NULL: not needed yet */
    uint32_t own_key_count;
    bool has_own_keys;
    uint64_t keyed_rows;    /* rows with smaller numbers are in the maps */
    uint32_t keyed_changes; /* the same for changes */

    struct row_set deleted, updated; /* by row id */
    struct update_batch *updates, **updates_end, *update_last;

    /* While it commits: */
    bool takes_part;
    struct encoded encoded;
    struct store_change change;
    struct update_ref *refs; /* by row id, those of inserted rows last */
    uint32_t ref_count, own_ref_count;
    struct row_unit *touched; /* vectors with deletes or updates */
    uint32_t touched_count;
    struct key_list *keys;
    uint32_t keys_begun;
};

struct write_set {
    struct txn_manager *manager;
    const struct snapshot *snapshot;
    uint64_t txn;
    struct mem_budget *budget;
    struct table_writes *first;
    uint32_t step;                     /* of what is written now */
    struct blob_sink sink;             /* large parts for the log; zero: none */
    struct txn_log_batch *log_batches; /* those of the sink; the manager's after the commit */
    bool replays;                      /* chunks end where the log says */
    bool committed;
    bool logged; /* a frame may name the batches of the sink */
};

/* The writes of an explicit transaction can be read and cut back, and are guarded by intents. */
ALWAYS_INLINE bool writes_explicit(const struct table_writes *writes)
{
    return writes->set->txn != TXN_ID_AUTO_COMMIT;
}

/* What the set has for a table, made if there is nothing yet. `deletes`: that is all the caller
 * will do with it. */
NODISCARD llkv_code writes_of(struct cx *cx, struct write_set *set, struct table *table,
                              bool deletes, struct table_writes **out_writes);
/* Chunk k of the inserted rows; k == chunk_count: the buffer. */
struct piece writes_piece(const struct table_writes *writes, uint32_t k);
/* The chunk of a row that was inserted. */
uint32_t writes_piece_of(const struct table_writes *writes, uint64_t number);
/* Rows number first .. of those inserted, n of them, all in one chunk: into the key's columns. */
NODISCARD llkv_code writes_key_rows(struct cx *cx, struct table_writes *writes, struct key_rows *kr,
                                    uint64_t first, uint32_t *out_rows);
/* For a replay: rows that gather now are a chunk, maybe a sealed one; and take over a segment. */
NODISCARD llkv_code writes_break(struct cx *cx, struct table_writes *writes, bool seal);
/* ---- seal.c ---- */
/* How many full buffers are worth waiting for: 1 if each is sealed at once. */
uint32_t writes_seals(const struct cx *cx, const struct table_writes *writes);
/* The buffer, which is full, waits; the last of them starts the work. */
NODISCARD llkv_code writes_seal_later(struct cx *cx, struct table_writes *writes);
/* Seal those that wait. */
NODISCARD llkv_code writes_seal(struct cx *cx, struct table_writes *writes);
/* One buffer; `sketches` take up its values. */
NODISCARD llkv_code writes_seal_buffer(struct cx *cx, const struct table *table,
                                       const struct rowbuf *buf, struct sketch *sketches,
                                       struct sealed **out_sealed);
NODISCARD llkv_code writes_ensure_sketches(struct cx *cx, struct table_writes *writes);
NODISCARD llkv_code writes_ensure_chunk(struct cx *cx, struct table_writes *writes);
NODISCARD llkv_code writes_adopt(struct cx *cx, struct table_writes *writes, struct sealed *sealed);
/* Keep the first `keep` rows of those inserted. */
void writes_cut_rows(struct table_writes *writes, uint64_t keep);
/* Is the row there now, for its own transaction? It was once. */
bool writes_row_lives(const struct table_writes *writes, uint64_t row_id);
/* Note that a row is deleted, which lives. */
NODISCARD llkv_code writes_delete_row(struct cx *cx, struct table_writes *writes, uint64_t row_id);

/* ---- own_keys.c ---- */
void own_keys_deinit(struct table_writes *writes);
/* The maps are there, for the keys the table has now, and know every row written so far. Unique
 * keys of an explicit transaction's new rows are checked: 23505. */
NODISCARD llkv_code own_keys_update(struct cx *cx, struct table_writes *writes);
/* Enter a row of own->rows, whose bytes and hash are made. */
NODISCARD llkv_code own_key_add(struct cx *cx, struct own_key *own, uint64_t row_id);
/* Were the set's keys, as they are now, found to be unique in what is committed now? Under the
 * commit mutex. */
bool own_keys_hold(const struct table_writes *writes, const struct key *key);
/* Does a change of the row give its key columns new values? */
bool own_change_moves(const struct own_change *change, const struct key_def *def);
/* Has the row, which is in the map, these key bytes because its own transaction wrote them? */
NODISCARD llkv_code own_row_has_key(struct cx *cx, struct table_writes *writes,
                                    const struct key_def *def, uint64_t row_id,
                                    const struct normkey *bytes, bool *out_has);

/* ---- intent.c: all under the commit mutex, but for writes_claim, which takes it ---- */
/* Take intents for rows that are to be updated or deleted, or 40001. */
NODISCARD llkv_code writes_claim(struct cx *cx, struct table_writes *writes,
                                 const uint64_t *row_ids, uint32_t n);
/* Join the open transactions of the table, which takes the commit mutex. */
NODISCARD llkv_code writes_join(struct cx *cx, struct table_writes *writes);
void writes_leave(struct table_writes *writes);
/* The set will insert or update, too: 40001 if an index was added since its snapshot. */
NODISCARD llkv_code writes_go_further(struct cx *cx, struct table_writes *writes);
/* May this set commit, as far as gates and the intents of others go? */
NODISCARD llkv_code writes_check_others(struct cx *cx, struct table_writes *writes);

/* One updated row. */
struct update_ref {
    uint64_t row_id;
    const struct update_batch *batch;
    uint32_t at; /* in the batch */
};
/* writes->refs: all updates but those of deleted rows, by row id; in cx->arena. */
NODISCARD llkv_code writes_update_refs(struct cx *cx, struct table_writes *writes);
/* How many of the refs from the first on belong to the same vector. */
uint32_t update_group(const struct update_ref *refs, uint32_t count, uint32_t vector_rows);
/* Is there a new value for the column? Its number in the batch, or -1. */
int update_column(const struct update_batch *batch, uint16_t column);
/* Put the new value of a column, if there is one, into slot `slot` of FLAT data and its validity.
 */
void update_put(const struct update_batch *batch, uint32_t at, uint16_t column, void *data,
                uint64_t *validity, size_t slot);

/* ---- commit_keys.c ---- */
/* Begin a change of every key. */
NODISCARD llkv_code commit_keys_begin(struct cx *cx, struct table_writes *writes);
/* Entries of deleted rows and of updated keys end, then those of new keys come; 23505. */
NODISCARD llkv_code commit_keys_change(struct cx *cx, struct table_writes *writes);
void commit_keys_apply(struct table_writes *writes, int64_t ts);
void commit_keys_undo(struct table_writes *writes);
#endif

/* rows.h -- rows in memory: what joins, groups, sorts and shared subplans keep.
 *
 * A row is {u32 hash, u32 link} | null words (bit c: column c is NULL) | one slot per column |
 * states. Columns of up to 8 bytes take one 8-byte slot (zero extended), the others two. The slot
 * of a NULL is zero, so equal keys have equal bytes; where that is not so (texts, 1 = 1.0) keys are
 * compared column by column.
 *
 * A struct rowstore is an ordered list of blocks of rows; a row number is (block << shift | index),
 * with gaps where a block is not full. Rows never move. Texts are kept by pointer if they outlive
 * the statement's snapshot, copied to the store's heap otherwise.
 *
 * Threads: one writer; readers share it once it is written. Zero is a valid, empty store. */
#ifndef EXEC_ROWS_H
#define EXEC_ROWS_H
#include "exec/exec_priv.h"

enum { ROW_HASH_AT = 0, ROW_LINK_AT = 4, ROW_NULLS_AT = 8 };
#define ROW_NONE UINT32_MAX /* no row */

struct rowfmt {
    uint32_t column_count, key_count; /* the first columns are the key */
    uint32_t null_words;
    uint32_t end;      /* of the columns */
    uint32_t state_at; /* behind them, aligned to 16; states may be empty */
    uint32_t stride;
    bool packed;             /* every key is one slot whose bytes decide equality */
    const uint8_t *phys;     /* per column */
    const uint32_t *at;      /* of its slot */
    const uint8_t *null_row; /* all NULL: `stride` bytes */
};

/* Keys come first in `phys`. Lives in cx->arena. */
NODISCARD llkv_code rowfmt_init(struct cx *cx, struct rowfmt *fmt, const uint8_t *phys,
                                uint32_t column_count, uint32_t key_count, uint32_t state_bytes);
/* Where rows are written: `stride` bytes apart. */
struct rowdest {
    uint8_t *rows;
    uint32_t stride;
};
/* Write rows from .. from + n of FLAT dense columns. Keys are normalised (-0.0, NaN).
 * `column_count` columns, the first of the format; the header is left alone. */
void rowfmt_write(const struct rowfmt *fmt, const struct vector *columns, uint32_t column_count,
                  uint32_t from, uint32_t n, const struct rowdest *dest);
/* Rows to read; `nulls` false: the column read is known to have none. */
struct rowlist {
    const uint8_t *const *rows;
    uint32_t n;
    bool nulls;
};
/* Column c of the rows into `buf` as a FLAT vector. */
NODISCARD llkv_code rowfmt_read(struct run *run, const struct rowfmt *fmt, uint32_t c,
                                const struct rowlist *list, struct colbuf *buf, struct vector *out);
/* Are the keys of two rows (or key images of the same format) equal? NULL equals NULL. */
bool rowfmt_equal(const struct rowfmt *fmt, const uint8_t *a, const uint8_t *b);
/* The hashes of n key images and of the key columns they were written from: 32 bits each. */
void rowfmt_hash(const struct rowfmt *fmt, const struct vector *keys, uint32_t n, uint64_t *scratch,
                 uint32_t *out_hash);

/* n FLAT values of up to 8 bytes as words, zero extended. */
void vec_words(const struct vector *v, uint32_t n, uint64_t *restrict out);

ALWAYS_INLINE bool row_is_null(const uint8_t *row, uint32_t c)
{
    uint64_t word;
    memcpy(&word, row + ROW_NULLS_AT + (size_t)(c >> 6) * 8, 8);
    return (word >> (c & 63)) & 1;
}
ALWAYS_INLINE uint32_t row_link(const uint8_t *row)
{
    uint32_t link;
    memcpy(&link, row + ROW_LINK_AT, 4);
    return link;
}
ALWAYS_INLINE uint32_t row_hash(const uint8_t *row)
{
    uint32_t hash;
    memcpy(&hash, row + ROW_HASH_AT, 4);
    return hash;
}
ALWAYS_INLINE uint64_t row_word(const uint8_t *row, uint32_t at)
{
    uint64_t word;
    memcpy(&word, row + at, 8);
    return word;
}
ALWAYS_INLINE void row_set_link(uint8_t *row, uint32_t link)
{
    memcpy(row + ROW_LINK_AT, &link, 4);
}

/* The integer in a slot of `phys`. */
ALWAYS_INLINE int64_t slot_integer(uint8_t phys, uint64_t word)
{
    switch (phys) {
    case PHYS_I8: return (int8_t)word;
    case PHYS_I16: return (int16_t)word;
    case PHYS_I32: return (int32_t)word;
    default: return (int64_t)word;
    }
}

struct rowblock {
    uint8_t *rows;
    uint32_t used, capacity;
    bool pooled,
        heap; /* from the block pool; from mem_alloc_aligned; else of a slab or the arena */
};

struct rowstore {
    const struct rowfmt *fmt;
    struct run *run;
    uint32_t shift;
    uint32_t block_count; /* made */
    uint32_t filled;      /* in use: the last of them is being written */
    uint32_t block_capacity;
    struct rowblock *blocks;
    uint8_t **slabs; /* blocks are cut from them; they stay with the store that got them */
    uint32_t slab_count, slab_capacity, slab_used;
    uint64_t count;
    uint64_t *null_seen; /* bit per column */
    bool texts_kept;     /* some texts were copied to the heap */
    struct arena heap;
};

/* Released with the run. */
NODISCARD llkv_code rowstore_init(struct run *run, struct rowstore *store,
                                  const struct rowfmt *fmt);
/* Empty, memory kept. */
void rowstore_reset(struct rowstore *store);
/* Give the memory back now. */
void rowstore_deinit(void *store);
/* Append rows from .. from + n of FLAT dense columns. hash may be NULL. */
NODISCARD llkv_code rowstore_append(struct rowstore *store, const struct vector *columns,
                                    const uint32_t *hash, uint32_t n);
/* Append the rows of `from`, which is empty afterwards but keeps its texts. */
NODISCARD llkv_code rowstore_concat(struct rowstore *store, struct rowstore *from);
/* Append copies of n rows of `from`, which may be released afterwards. */
NODISCARD llkv_code rowstore_copy(struct rowstore *store, const struct rowstore *from,
                                  const uint8_t *const *rows, uint32_t n);
ALWAYS_INLINE uint8_t *rowstore_at(const struct rowstore *store, uint32_t row)
{
    const struct rowblock *b = &store->blocks[row >> store->shift];
    return b->rows + (size_t)(row & ((UINT32_C(1) << store->shift) - 1)) * store->fmt->stride;
}
/* Row numbers are below this. */
ALWAYS_INLINE uint32_t rowstore_end(const struct rowstore *store)
{
    return store->filled << store->shift;
}
ALWAYS_INLINE bool rowstore_has_nulls(const struct rowstore *store, uint32_t c)
{
    return store->null_seen != NULL && bit_get(store->null_seen, c);
}

/* Reads a store in order. Zero is its start. */
struct rowreader {
    uint32_t block, index;
};
/* The next rows, at most `max` (<= VEC_ROWS_MAX); their number. */
uint32_t rowstore_next(const struct rowstore *store, struct rowreader *reader, uint32_t max,
                       const uint8_t **out_rows);
#endif

/* srd_find.h -- finds the ends of whole entries in bytes that no chain leads to. Private to
 * storage.
 *
 * Every byte may be where an entry ends. Checksums of ranges are taken from those of prefixes of
 * the file, so that a candidate costs the same however long its payload claims to be: a hostile
 * file costs time in proportion to its length.
 *
 * Owns: the checksums of prefixes, one per block. Threads: one at a time. */
#ifndef STORAGE_SRD_FIND_H
#define STORAGE_SRD_FIND_H
#include "storage/srd_scan.h"

struct srd_finder {
    struct srd_reader *reader;
    uint64_t block_bytes;
    uint32_t *prefix;     /* [k]: of the first k blocks */
    uint32_t *inner;      /* [i]: of the blocks before inner_block and i bytes of it */
    uint64_t inner_block; /* UINT64_MAX: none yet */
    uint8_t *scratch;     /* one block */
};

/* Pair with srd_finder_deinit, also on failure. `reader` is borrowed. */
NODISCARD llkv_code srd_finder_init(struct cx *cx, struct srd_reader *reader,
                                    struct srd_finder *out_finder);
void srd_finder_deinit(struct srd_finder *finder);

/* The highest tail <= `from` and > `floor` at which a whole entry ends that begins at `floor` or
 * behind it; *out_entry is that entry. *out_found is false if there is none. */
NODISCARD llkv_code srd_finder_next(struct cx *cx, struct srd_finder *finder, uint64_t from,
                                    uint64_t floor, bool *out_found, struct srd_entry *out_entry);
/* Is the entry that ends at `tail` whole? */
NODISCARD llkv_code srd_finder_check(struct cx *cx, struct srd_finder *finder, uint64_t tail,
                                     bool *out_whole, struct srd_entry *out_entry);
#endif

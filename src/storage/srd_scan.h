/* srd_scan.h -- a whole container by the strict rule: every entry from the end to byte 0 has its
 * checksum and its pad, and the entries cover the file without a gap.
 *
 * Where the file does not end with such a chain, the tail is the highest byte that one ends at.
 * What follows it is torn (an append that a crash cut short) unless something shows that it was
 * whole once: then it is damaged, and must not be cut off.
 *
 * Reads go through a window, not a mapping: every failure is a code. Cost: one pass over a file
 * that is whole; else a second one, and a look at every byte behind the tail. Threads: one at a
 * time. */
#ifndef STORAGE_SRD_SCAN_H
#define STORAGE_SRD_SCAN_H
#include "base/os_fs.h"
#include "storage/srd.h"

struct srd_reader {
    struct os_fs_file *file; /* borrowed */
    uint64_t size;           /* of the file; nothing behind it is read */
    uint8_t *window;
    uint64_t window_at, window_bytes;
};

/* Pair with srd_reader_deinit, also on failure. */
NODISCARD llkv_code srd_reader_init(struct cx *cx, struct os_fs_file *file, uint64_t size,
                                    struct srd_reader *out_reader);
void srd_reader_deinit(struct srd_reader *reader);
/* The checksum of a range of the file. */
NODISCARD llkv_code srd_reader_crc(struct cx *cx, struct srd_reader *reader, uint64_t offset,
                                   uint64_t bytes, uint32_t *out_crc);
/* The entry that ends at `tail`: its place, and nothing else, is looked at. */
NODISCARD llkv_code srd_reader_locate(struct cx *cx, struct srd_reader *reader, uint64_t tail,
                                      struct srd_entry *out_entry, enum srd_fault *out_fault);
/* The entry that ends at `tail`, all of it checked. It is set if *out_fault is SRD_FAULT_NONE, PAD
 * or CHECKSUM. */
NODISCARD llkv_code srd_reader_entry(struct cx *cx, struct srd_reader *reader, uint64_t tail,
                                     struct srd_entry *out_entry, enum srd_fault *out_fault);

enum srd_state {
    SRD_WHOLE,   /* the tail is the end of the file */
    SRD_TORN,    /* behind the tail is the beginning of an append, or what a crash made of it */
    SRD_DAMAGED, /* behind the tail are entries that were whole once */
};

struct srd_verdict {
    uint64_t tail;
    enum srd_state state;
};

/* Bytes that belong to no whole entry. */
struct srd_damage {
    uint64_t from, to;
    enum srd_fault fault;
};

/* What a scan reports to. `damage` may be NULL. */
struct srd_visitor {
    llkv_code (*entry)(struct cx *cx, void *arg, const struct srd_entry *entry);
    llkv_code (*damage)(struct cx *cx, void *arg, const struct srd_damage *damage);
    /* Forget all that was reported: it is reported again, another way. */
    void (*restart)(void *arg);
    void *arg;
};

/* The entries from the tail down to byte 0, newest first. */
NODISCARD llkv_code srd_scan_chain(struct cx *cx, struct srd_reader *reader,
                                   const struct srd_visitor *visitor,
                                   struct srd_verdict *out_verdict);
/* All whole entries, those behind damage too, and the damage between them, from the end down. */
NODISCARD llkv_code srd_scan_all(struct cx *cx, struct srd_reader *reader,
                                 const struct srd_visitor *visitor,
                                 struct srd_verdict *out_verdict);
#endif

#include "storage/srd_find.h"

#include <assert.h>
#include <string.h>

#include "base/crc32.h"

enum {
    BLOCK_BYTES = 4096,
    BIG_BLOCK_BYTES = 64 * 1024,
    CHUNK_BYTES = 4096,          /* ends looked at per read */
    DIRECT_BYTES_MAX = 64 * 1024 /* payloads up to this are read; longer ones cost two blocks */
};
/* From this size on there are fewer checksums, of bigger blocks. */
#define BIG_FILE_BYTES (UINT64_C(16) << 30)

static llkv_code sum_blocks(struct cx *cx, struct srd_finder *f)
{
    uint64_t blocks = f->reader->size / f->block_bytes;
    uint32_t crc = 0;
    f->prefix[0] = 0;
    for (uint64_t k = 0; k < blocks; k++) {
        if (k % 1024 == 0) TRY(cx_check_cancel(cx));
        TRY(os_fs_read(cx, f->reader->file, f->scratch, f->block_bytes, k * f->block_bytes));
        crc = crc32_ieee(crc, f->scratch, (size_t)f->block_bytes);
        f->prefix[k + 1] = crc;
    }
    return LLKV_OK;
}

llkv_code srd_finder_init(struct cx *cx, struct srd_reader *reader, struct srd_finder *out_finder)
{
    uint64_t block_bytes = reader->size < BIG_FILE_BYTES ? BLOCK_BYTES : BIG_BLOCK_BYTES;
    *out_finder = (struct srd_finder){
        .reader = reader, .block_bytes = block_bytes, .inner_block = UINT64_MAX};
    size_t sums = (size_t)(reader->size / block_bytes + 1), bytes;
    if (!size_mul(sums, sizeof *out_finder->prefix, &bytes)) return cx_nomem(cx);
    out_finder->prefix = mem_alloc(cx->budget, bytes);
    out_finder->inner = mem_alloc(cx->budget, (size_t)block_bytes * sizeof *out_finder->inner);
    out_finder->scratch = mem_alloc(cx->budget, (size_t)block_bytes);
    if (out_finder->prefix == NULL || out_finder->inner == NULL || out_finder->scratch == NULL)
        return cx_nomem(cx);
    return sum_blocks(cx, out_finder);
}

void srd_finder_deinit(struct srd_finder *finder)
{
    mem_free(finder->prefix);
    mem_free(finder->inner);
    mem_free(finder->scratch);
    *finder = (struct srd_finder){0};
}

/* The checksum of the first `bytes` bytes of the file. */
static llkv_code sum_to(struct cx *cx, struct srd_finder *f, uint64_t bytes, uint32_t *out_crc)
{
    uint64_t block = bytes / f->block_bytes, rest = bytes % f->block_bytes;
    TRY(os_fs_read(cx, f->reader->file, f->scratch, rest, bytes - rest));
    *out_crc = crc32_ieee(f->prefix[block], f->scratch, (size_t)rest);
    return LLKV_OK;
}

/* The same for neighbours: all sums of a block at once. */
static llkv_code sum_near(struct cx *cx, struct srd_finder *f, uint64_t bytes, uint32_t *out_crc)
{
    uint64_t block = bytes / f->block_bytes, start = block * f->block_bytes;
    if (block != f->inner_block) {
        uint64_t left = f->reader->size - start;
        uint64_t count = left < f->block_bytes ? left : f->block_bytes;
        f->inner_block = UINT64_MAX;
        TRY(os_fs_read(cx, f->reader->file, f->scratch, count, start));
        f->inner[0] = f->prefix[block];
        for (uint64_t i = 1; i < count; i++)
            f->inner[i] = crc32_ieee_plain(f->inner[i - 1], f->scratch + i - 1, 1);
        f->inner_block = block;
    }
    *out_crc = f->inner[bytes - start];
    return LLKV_OK;
}

static llkv_code check_pad(struct cx *cx, struct srd_finder *f, const struct srd_entry *entry,
                           bool *out_right)
{
    uint8_t pad[SRD_ALIGN];
    size_t bytes = (size_t)(entry->payload - entry->prev);
    TRY(os_fs_read(cx, f->reader->file, pad, bytes, entry->prev));
    *out_right = srd_pad_allowed(pad, bytes);
    return LLKV_OK;
}

static llkv_code check_sum(struct cx *cx, struct srd_finder *f, const struct srd_entry *entry,
                           bool *out_right)
{
    uint32_t before = 0, after = 0;
    TRY(sum_near(cx, f, entry->tail - SRD_TRAILER_BYTES, &after));
    if (entry->payload != 0) TRY(sum_to(cx, f, entry->payload, &before));
    before = crc32_ieee_shift(before, entry->payload_bytes);
    *out_right = (before ^ after) == entry->crc;
    return LLKV_OK;
}

llkv_code srd_finder_next(struct cx *cx, struct srd_finder *finder, uint64_t from, uint64_t floor,
                          bool *out_found, struct srd_entry *out_entry)
{
    uint8_t chunk[CHUNK_BYTES + SRD_TOMBSTONE_BYTES];
    assert(from <= finder->reader->size);
    *out_found = false;
    uint64_t least = floor + SRD_TOMBSTONE_BYTES;
    while (from >= least) {
        TRY(cx_check_cancel(cx));
        uint64_t low = from - least >= CHUNK_BYTES ? from - CHUNK_BYTES + 1 : least;
        uint64_t at = low - SRD_TOMBSTONE_BYTES;
        TRY(os_fs_read(cx, finder->reader->file, chunk, from - at, at));
        for (uint64_t tail = from; tail >= low; tail--) {
            const uint8_t *last = chunk + (tail - SRD_TOMBSTONE_BYTES - at);
            struct srd_entry entry;
            bool right = false;
            uint64_t prev;
            memcpy(&prev, last + 1 + 8, sizeof prev);
            if (prev >= tail) continue; /* most bytes say this */
            if (srd_entry_locate(tail, last, &entry) != SRD_FAULT_NONE) continue;
            if (entry.prev < floor) continue;
            TRY(check_pad(cx, finder, &entry, &right));
            if (right) TRY(check_sum(cx, finder, &entry, &right));
            if (!right) continue;
            *out_found = true;
            *out_entry = entry;
            return LLKV_OK;
        }
        from = low - 1;
    }
    return LLKV_OK;
}

llkv_code srd_finder_check(struct cx *cx, struct srd_finder *finder, uint64_t tail, bool *out_whole,
                           struct srd_entry *out_entry)
{
    struct srd_entry entry;
    enum srd_fault fault = SRD_FAULT_NONE;
    *out_whole = false;
    TRY(srd_reader_locate(cx, finder->reader, tail, &entry, &fault));
    if (fault != SRD_FAULT_NONE) return LLKV_OK;
    if (entry.payload_bytes <= DIRECT_BYTES_MAX) {
        TRY(srd_reader_entry(cx, finder->reader, tail, &entry, &fault));
        *out_whole = fault == SRD_FAULT_NONE;
    } else {
        TRY(check_pad(cx, finder, &entry, out_whole));
        if (*out_whole) TRY(check_sum(cx, finder, &entry, out_whole));
    }
    if (*out_whole) *out_entry = entry;
    return LLKV_OK;
}

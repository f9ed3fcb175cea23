#include "storage/srd_scan.h"

#include <assert.h>
#include <string.h>

#include "base/crc32.h"
#include "base/hash.h"
#include "storage/srd_find.h"

enum { WINDOW_BYTES = 256 * 1024, CANCEL_EVERY = 1024 };

/* ---- reading ---- */

llkv_code srd_reader_init(struct cx *cx, struct os_fs_file *file, uint64_t size,
                          struct srd_reader *out_reader)
{
    *out_reader = (struct srd_reader){.file = file, .size = size};
    if (size > SRD_TAIL_MAX) return cx_fail(cx, LLKV_LIMIT, "the file is too long");
    size_t room = size < WINDOW_BYTES ? (size_t)size : WINDOW_BYTES;
    out_reader->window = mem_alloc(cx->budget, room == 0 ? 1 : room);
    return out_reader->window == NULL ? cx_nomem(cx) : LLKV_OK;
}

void srd_reader_deinit(struct srd_reader *reader)
{
    mem_free(reader->window);
    *reader = (struct srd_reader){0};
}

/* The bytes at `offset`, until the next call. A scan goes down: what is read ends where it is asked
 * for, and begins a window before. */
static llkv_code look(struct cx *cx, struct srd_reader *r, uint64_t offset, uint64_t bytes,
                      const uint8_t **out)
{
    uint64_t end = offset + bytes;
    assert(bytes <= WINDOW_BYTES);
    assert(end <= r->size);
    if (offset < r->window_at || end > r->window_at + r->window_bytes) {
        uint64_t at = end < WINDOW_BYTES ? 0 : end - WINDOW_BYTES;
        r->window_bytes = 0;
        TRY(os_fs_read(cx, r->file, r->window, end - at, at));
        r->window_at = at;
        r->window_bytes = end - at;
    }
    *out = r->window + (offset - r->window_at);
    return LLKV_OK;
}

llkv_code srd_reader_crc(struct cx *cx, struct srd_reader *reader, uint64_t offset, uint64_t bytes,
                         uint32_t *out_crc)
{
    uint32_t crc = 0;
    while (bytes > 0) {
        const uint8_t *from = NULL;
        uint64_t some = bytes < WINDOW_BYTES ? bytes : WINDOW_BYTES;
        TRY(cx_check_cancel(cx));
        TRY(look(cx, reader, offset, some, &from));
        crc = crc32_ieee(crc, from, (size_t)some);
        offset += some;
        bytes -= some;
    }
    *out_crc = crc;
    return LLKV_OK;
}

llkv_code srd_reader_locate(struct cx *cx, struct srd_reader *reader, uint64_t tail,
                            struct srd_entry *out_entry, enum srd_fault *out_fault)
{
    const uint8_t *last = NULL;
    *out_fault = SRD_FAULT_SHORT;
    if (tail < SRD_TOMBSTONE_BYTES) return LLKV_OK;
    TRY(look(cx, reader, tail - SRD_TOMBSTONE_BYTES, SRD_TOMBSTONE_BYTES, &last));
    *out_fault = srd_entry_locate(tail, last, out_entry);
    return LLKV_OK;
}

llkv_code srd_reader_entry(struct cx *cx, struct srd_reader *reader, uint64_t tail,
                           struct srd_entry *out_entry, enum srd_fault *out_fault)
{
    const uint8_t *from = NULL;
    uint32_t crc = 0;
    TRY(srd_reader_locate(cx, reader, tail, out_entry, out_fault));
    if (*out_fault != SRD_FAULT_NONE) return LLKV_OK;
    uint64_t pad = out_entry->payload - out_entry->prev;
    TRY(look(cx, reader, out_entry->prev, pad, &from));
    *out_fault = SRD_FAULT_PAD;
    if (!srd_pad_allowed(from, (size_t)pad)) return LLKV_OK;
    TRY(srd_reader_crc(cx, reader, out_entry->payload, out_entry->payload_bytes, &crc));
    *out_fault = crc == out_entry->crc ? SRD_FAULT_NONE : SRD_FAULT_CHECKSUM;
    return LLKV_OK;
}

/* ---- a set of tails ---- */

struct tails {
    uint64_t *slots; /* 0: free; a power of two of them */
    size_t cap, count;
};

/* Add `tail`; *out_new is false if it was there. */
static llkv_code tails_add(struct cx *cx, struct tails *tails, uint64_t tail, bool *out_new)
{
    assert(tail != 0);
    if (tails->count * 2 >= tails->cap) {
        size_t cap = tails->cap == 0 ? 256 : tails->cap * 2;
        uint64_t *slots = mem_alloc_zero(cx->budget, cap * sizeof *slots);
        if (slots == NULL) return cx_nomem(cx);
        for (size_t i = 0; i < tails->cap; i++) {
            if (tails->slots[i] == 0) continue;
            size_t at = hash_u64(tails->slots[i]) & (cap - 1);
            while (slots[at] != 0)
                at = (at + 1) & (cap - 1);
            slots[at] = tails->slots[i];
        }
        mem_free(tails->slots);
        tails->slots = slots;
        tails->cap = cap;
    }
    size_t at = hash_u64(tail) & (tails->cap - 1);
    while (tails->slots[at] != 0 && tails->slots[at] != tail)
        at = (at + 1) & (tails->cap - 1);
    *out_new = tails->slots[at] == 0;
    tails->slots[at] = tail;
    tails->count += *out_new;
    return LLKV_OK;
}

/* ---- where the tail is, and what follows it ---- */

/* Report the entries from `tail` down to the first that is not whole, or to 0: *out_stop. */
static llkv_code walk(struct cx *cx, struct srd_reader *reader, uint64_t tail,
                      const struct srd_visitor *visitor, uint64_t *out_stop)
{
    for (uint64_t n = 1; tail > 0; n++) {
        struct srd_entry entry;
        enum srd_fault fault = SRD_FAULT_NONE;
        if (n % CANCEL_EVERY == 0) TRY(cx_check_cancel(cx));
        TRY(srd_reader_entry(cx, reader, tail, &entry, &fault));
        if (fault != SRD_FAULT_NONE) break;
        TRY(visitor->entry(cx, visitor->arg, &entry));
        assert(entry.prev < tail);
        tail = entry.prev;
    }
    *out_stop = tail;
    return LLKV_OK;
}

/* Does a chain of whole entries lead from `tail` to 0? Tails of chains that do not are in `broken`,
 * so that none is followed twice. */
static llkv_code chain_holds(struct cx *cx, struct srd_finder *finder, uint64_t tail,
                             struct tails *broken, bool *out_holds)
{
    bool new_tail = true, whole = true;
    while (tail > 0 && whole) {
        struct srd_entry entry = {0};
        TRY(cx_check_cancel(cx));
        TRY(tails_add(cx, broken, tail, &new_tail));
        if (!new_tail) break;
        TRY(srd_finder_check(cx, finder, tail, &whole, &entry));
        if (whole) tail = entry.prev;
    }
    *out_holds = tail == 0;
    return LLKV_OK;
}

/* Are the bytes between two tails one entry, but for where its trailer says it begins? */
static llkv_code whole_but_link(struct cx *cx, struct srd_reader *reader, uint64_t from,
                                uint64_t to, bool *out_whole)
{
    const uint8_t *last = NULL;
    uint32_t crc = 0;
    *out_whole = false;
    if (to - from < SRD_TOMBSTONE_BYTES) return LLKV_OK;
    TRY(look(cx, reader, to - SRD_TOMBSTONE_BYTES, SRD_TOMBSTONE_BYTES, &last));
    struct srd_trailer trailer = srd_trailer_decode(last + 1);
    uint64_t end = to - SRD_TRAILER_BYTES, payload = from + srd_pad_bytes(from);
    if (to - from == SRD_TOMBSTONE_BYTES && last[0] == 0) payload = from;
    if (payload >= end) return LLKV_OK;
    TRY(srd_reader_crc(cx, reader, payload, end - payload, &crc));
    *out_whole = crc == trailer.crc;
    return LLKV_OK;
}

/* The last entry, if it began at `tail`, is there with its trailer, which a write that was cut
 * short does not leave behind. Zeros are no trailer: they are what a longer file is filled with. */
static llkv_code last_was_whole(struct cx *cx, struct srd_reader *reader, uint64_t tail,
                                bool *out_whole)
{
    struct srd_entry entry;
    enum srd_fault fault = SRD_FAULT_NONE;
    TRY(srd_reader_entry(cx, reader, reader->size, &entry, &fault));
    bool located = fault == SRD_FAULT_PAD || fault == SRD_FAULT_CHECKSUM;
    *out_whole =
        located && entry.prev == tail && (tail != 0 || (entry.key_hash != 0 && entry.crc != 0));
    if (*out_whole) return LLKV_OK;
    return whole_but_link(cx, reader, tail, reader->size, out_whole);
}

/* The tail of a file whose end is not one. */
static llkv_code find_tail(struct cx *cx, struct srd_finder *finder, struct srd_verdict *out)
{
    struct tails broken = {0};
    uint64_t from = finder->reader->size;
    bool holds = false;
    llkv_code rc = LLKV_OK;
    *out = (struct srd_verdict){.state = SRD_TORN};
    while (!holds) {
        struct srd_entry entry;
        bool found = false;
        TRY_TO(done, rc, srd_finder_next(cx, finder, from, 0, &found, &entry));
        if (!found) break;
        TRY_TO(done, rc, chain_holds(cx, finder, entry.tail, &broken, &holds));
        if (holds)
            out->tail = entry.tail;
        else
            out->state = SRD_DAMAGED; /* an entry is whole, and what it follows is not */
        from = entry.tail - 1;
    }
    if (out->state == SRD_TORN) {
        bool whole = false;
        TRY_TO(done, rc, last_was_whole(cx, finder->reader, out->tail, &whole));
        if (whole) out->state = SRD_DAMAGED;
    }
done:
    mem_free(broken.slots);
    return rc;
}

/* ---- scans ---- */

static llkv_code report(struct cx *cx, struct srd_reader *reader, const struct srd_visitor *visitor,
                        const struct srd_verdict *verdict, struct srd_damage damage)
{
    struct srd_entry entry;
    bool whole = false;
    if (verdict->state == SRD_TORN) {
        damage.fault = SRD_FAULT_TORN;
    } else {
        TRY(srd_reader_entry(cx, reader, damage.to, &entry, &damage.fault));
        bool located = damage.fault == SRD_FAULT_PAD || damage.fault == SRD_FAULT_CHECKSUM;
        if (!located || entry.prev != damage.from) {
            TRY(whole_but_link(cx, reader, damage.from, damage.to, &whole));
            damage.fault = whole ? SRD_FAULT_LINK : SRD_FAULT_LOST;
        }
    }
    return visitor->damage(cx, visitor->arg, &damage);
}

/* Everything behind the tail, from the end down. An entry that claims bytes before the tail is
 * none: they belong to others. */
static llkv_code scan_behind(struct cx *cx, struct srd_finder *finder,
                             const struct srd_visitor *visitor, const struct srd_verdict *verdict)
{
    uint64_t at = finder->reader->size;
    while (at > verdict->tail) {
        struct srd_entry entry = {0};
        bool found = false;
        TRY(srd_finder_next(cx, finder, at, verdict->tail, &found, &entry));
        uint64_t end = found ? entry.tail : verdict->tail;
        struct srd_damage damage = {.from = end, .to = at};
        if (end < at) TRY(report(cx, finder->reader, visitor, verdict, damage));
        if (found) TRY(visitor->entry(cx, visitor->arg, &entry));
        at = found ? entry.prev : end;
    }
    assert(at == verdict->tail);
    return LLKV_OK;
}

static llkv_code scan(struct cx *cx, struct srd_reader *reader, const struct srd_visitor *visitor,
                      bool all, struct srd_verdict *out_verdict)
{
    struct srd_finder finder = {0};
    uint64_t stop = 0;
    llkv_code rc = LLKV_OK;
    *out_verdict = (struct srd_verdict){.tail = reader->size, .state = SRD_WHOLE};
    TRY(walk(cx, reader, reader->size, visitor, &stop));
    if (stop == 0) return LLKV_OK;
    visitor->restart(visitor->arg);
    TRY_TO(done, rc, srd_finder_init(cx, reader, &finder));
    TRY_TO(done, rc, find_tail(cx, &finder, out_verdict));
    if (all) TRY_TO(done, rc, scan_behind(cx, &finder, visitor, out_verdict));
    TRY_TO(done, rc, walk(cx, reader, out_verdict->tail, visitor, &stop));
    if (stop != 0) rc = cx_fail(cx, LLKV_CORRUPT, "the file changed while it was read");
done:
    srd_finder_deinit(&finder);
    return rc;
}

llkv_code srd_scan_chain(struct cx *cx, struct srd_reader *reader,
                         const struct srd_visitor *visitor, struct srd_verdict *out_verdict)
{
    return scan(cx, reader, visitor, false, out_verdict);
}

llkv_code srd_scan_all(struct cx *cx, struct srd_reader *reader, const struct srd_visitor *visitor,
                       struct srd_verdict *out_verdict)
{
    return scan(cx, reader, visitor, true, out_verdict);
}

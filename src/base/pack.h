/* pack.h -- bytes of a file: written one after the other, read back with every step checked.
 *
 * Integers are little-endian. A reader never looks behind its end: what does not fit makes it bad,
 * bad stays bad, and everything read from a bad reader is zero. So a decoder reads what it expects,
 * checks the values and asks once whether the reader is still good. */
#ifndef BASE_PACK_H
#define BASE_PACK_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/alloc.h"
#include "base/slice.h"

/* Zeroed memory with a budget is an empty writer. Lack of memory makes it bad: what is put then is
 * lost, and pack_writer_ok says so. */
struct pack_writer {
    uint8_t *data;
    size_t len, capacity;
    struct mem_budget *budget;
    bool bad;
};

void pack_writer_deinit(struct pack_writer *w);
/* Room for `bytes` bytes at the end, not filled; NULL: no memory. */
uint8_t *pack_room(struct pack_writer *w, size_t bytes);
void pack_bytes(struct pack_writer *w, const void *data, size_t bytes);
void pack_u8(struct pack_writer *w, uint8_t value);
void pack_u16(struct pack_writer *w, uint16_t value);
void pack_u32(struct pack_writer *w, uint32_t value);
void pack_u64(struct pack_writer *w, uint64_t value);
/* 7 bits per byte, lowest first; at most 10 bytes. */
void pack_varint(struct pack_writer *w, uint64_t value);
/* Its length as u32, then the bytes. NULL is another text than "". */
void pack_text(struct pack_writer *w, const char *text);
/* The crc32c of everything before it. */
void pack_crc(struct pack_writer *w);
/* Zeros up to a multiple of `unit`, counted from the beginning of the writer. */
void pack_align(struct pack_writer *w, size_t unit);

struct pack_reader {
    const uint8_t *begin, *at, *end;
    bool bad;
};

void pack_reader_init(struct pack_reader *r, const void *data, size_t bytes);
/* The next `bytes` bytes, or NULL. */
const uint8_t *unpack_bytes(struct pack_reader *r, size_t bytes);
uint8_t unpack_u8(struct pack_reader *r);
uint16_t unpack_u16(struct pack_reader *r);
uint32_t unpack_u32(struct pack_reader *r);
uint64_t unpack_u64(struct pack_reader *r);
/* More than 64 bits are bad. */
uint64_t unpack_varint(struct pack_reader *r);
/* False: it is NULL (or the reader is bad). The bytes are borrowed. A text with a NUL in it is bad:
 * names and SQL have none. */
bool unpack_text(struct pack_reader *r, struct slice *out);
void unpack_align(struct pack_reader *r, size_t unit);
/* Before anything was read: is there a sum at the end, and is it right? The end then moves before
 * it. */
bool unpack_crc(struct pack_reader *r);
size_t pack_left(const struct pack_reader *r);
#endif

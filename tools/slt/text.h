/* text.h -- slices of text and a text that grows.
 *
 * Owns:    slt_text owns its bytes; a slice borrows.
 * Threads: one at a time.
 * Holds:   after a failed allocation `failed` is set, further additions are ignored, and what was
 *          there before stays valid. Callers look at `failed` once, at the end. */
#ifndef SLT_TEXT_H
#define SLT_TEXT_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#if defined(__GNUC__)
#define SLT_PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define SLT_PRINTF_LIKE(fmt, args)
#endif

struct slt_slice {
    const char *data;
    size_t len;
};

/* Zero-initialised: empty. `data` is not NUL-terminated. */
struct slt_text {
    char *data;
    size_t len, cap;
    bool failed;
};

/* Room for `bytes` more bytes, written from data + len on by the caller, who then adds to len.
 * NULL, with `failed` set, without memory. */
char *slt_text_room(struct slt_text *text, size_t bytes);
void slt_text_add(struct slt_text *text, const char *data, size_t len);
void slt_text_addz(struct slt_text *text, const char *string);
void slt_text_addc(struct slt_text *text, char c);
void slt_text_addf(struct slt_text *text, const char *fmt, ...) SLT_PRINTF_LIKE(2, 3);
/* Empty it and forget a failure; the memory stays. */
void slt_text_clear(struct slt_text *text);
void slt_text_deinit(struct slt_text *text);

bool slt_slice_is(struct slt_slice slice, const char *string);
/* ASCII letters compare without case. */
bool slt_slice_is_nocase(struct slt_slice slice, const char *string);
bool slt_slice_contains(struct slt_slice slice, struct slt_slice part);
/* Take the next line off `rest`, without its newline. False when `rest` is empty. */
bool slt_slice_line(struct slt_slice *rest, struct slt_slice *out_line);

/* Read a whole file; 0, or errno. `*out` keeps one byte of spare capacity behind len. */
int slt_text_read_file(struct slt_text *out, const char *path);
#endif

/* values.h -- the values of one result as text, sorted and hashed.
 *
 * Owns:    the text: every value followed by a newline, in the order to compare.
 * Threads: one at a time.
 * Holds:   no value contains a byte below 0x20. So the newline that ends a value is smaller than
 *          every byte of a value, and comparing rows as runs of bytes is comparing them column by
 *          column. */
#ifndef SLT_VALUES_H
#define SLT_VALUES_H
#include "slt/record.h"
#include "slt/text.h"

enum { SLT_DIGEST_BYTES = 33 }; /* 32 hexadecimal digits and the NUL */

struct slt_span {
    uint64_t key;     /* its first eight bytes, most significant first, padded with zeros */
    uint32_t at, len; /* in the text */
};

/* Zero-initialised: empty. */
struct slt_values {
    struct slt_text text;
    size_t count;                    /* of values */
    struct slt_text sorted;          /* spare text that sorting writes into */
    struct slt_span *spans, *merged; /* scratch of sorting, spans_cap each */
    size_t spans_cap;
};

/* Empty it; memory stays. */
void slt_values_clear(struct slt_values *values);
/* End the value that was appended to values->text. */
void slt_values_end(struct slt_values *values);
/* Put rows (of `columns` values) or single values in bytewise order. False without memory. */
bool slt_values_sort(struct slt_values *values, enum slt_sort sort, size_t columns);
void slt_values_deinit(struct slt_values *values);

/* The MD5 of `text`, in hexadecimal. */
void slt_digest(struct slt_slice text, char out_digest[SLT_DIGEST_BYTES]);
#endif

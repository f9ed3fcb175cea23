/* row_codec.h -- values of rows as bytes of the log, and back.
 *
 * A block is up to VEC_ROWS_MAX rows of some columns: varint rows, then per column u8 shape (all
 * valid, bits, all NULL), the bits, the values: fixed widths as they are, BOOL as bits, texts as
 * varint length and bytes. Nothing is trusted when it is read. */
#ifndef TABLE_ROW_CODEC_H
#define TABLE_ROW_CODEC_H
#include "arrow/vector.h"
#include "base/cx.h"
#include "base/pack.h"
#include "table/schema.h"

/* n rows (those of `sel`, or the first) of one vector per column. */
void rows_pack(struct pack_writer *w, const struct vector *columns, uint32_t column_count,
               const uint16_t *sel, uint32_t n);

/* A block of columns of these types: one FLAT vector each, in cx->arena; texts point into the
 * bytes. LLKV_CORRUPT. */
NODISCARD llkv_code rows_unpack(struct cx *cx, struct pack_reader *r, const struct type *types,
                                uint32_t column_count, struct batch *out_rows);
#endif

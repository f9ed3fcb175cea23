/* render.h -- values as the files show them.
 *
 * Owns:    nothing; everything is appended to a text.
 * Threads: one at a time per text. */
#ifndef SLT_RENDER_H
#define SLT_RENDER_H
#include "llkv.h"
#include "slt/dialect.h"
#include "slt/text.h"

/* The value of the current row in `column` by the type letter I, R or T. A text without memory
 * sets out->failed. */
void slt_render_value(struct slt_text *out, llkv_statement *statement, uint32_t column, char type,
                      const struct slt_dialect *dialect);

/* I: an integer in decimal. */
void slt_render_int64(struct slt_text *out, int64_t value);
/* I: a real, truncated toward zero and clamped to 64 bits; NaN is 0. */
void slt_render_truncated(struct slt_text *out, double value);
/* I: the integer a text begins with behind blanks, clamped to 64 bits; 0 if there is none. */
void slt_render_prefix(struct slt_text *out, struct slt_slice text);
/* R: three digits behind the point, at most 16 significant ones, zeros after those. */
void slt_render_real(struct slt_text *out, double value);
/* T: a real with 15 significant digits that always shows a point. */
void slt_render_real_text(struct slt_text *out, double value);
/* T: `(empty)` for nothing, '@' for control characters and, unless `utf8`, all beyond ASCII. */
void slt_render_text(struct slt_text *out, struct slt_slice text, bool utf8);
#endif

/* output_priv.h -- what the files of output.h share.
 *
 * Owns:    nothing.
 * Threads: one at a time. */
#ifndef SHELL_OUTPUT_PRIV_H
#define SHELL_OUTPUT_PRIV_H
#include "llkv/output.h"

/* The text of a value; a blob with its bytes escaped. What NULL shows as comes from the format.
 * `scratch` may be used for it. Without memory scratch->failed is set. */
struct slt_slice output_cell(const struct output_format *format, llkv_statement *statement,
                             uint32_t column, struct slt_text *scratch);
/* Numbers stand to the right. */
bool output_is_number(llkv_type type);
/* Box, table, markdown. */
llkv_code output_table(const struct output_format *format, llkv_statement *statement, FILE *file,
                       llkv_error *error);
/* LLKV_NOMEM, with the error filled in. */
llkv_code output_nomem(llkv_error *error);
#endif

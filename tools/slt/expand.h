/* expand.h -- files with loops and variables, written out.
 *
 * `loop V A B`, `foreach V a b ..` (several names and values with commas between) and `endloop`
 * become their bodies, {V} and ${V} the values; `skipif` and `onlyif` with conditions on variables
 * are decided; what stands between `mode skip` and `mode unskip` goes. What is left is a file of
 * plain records. Lines `#@N` say that the next line was line N.
 *
 * Owns:    nothing. Threads: any. */
#ifndef SLT_EXPAND_H
#define SLT_EXPAND_H
#include "slt/dialect.h"
#include "slt/text.h"

struct slt_variable {
    struct slt_slice name, value;
};

enum { SLT_VARIABLES_MAX = 32, SLT_EXPANDED_BYTES_MAX = 256 * 1024 * 1024 };

/* Variables that every file has, such as {TEST_DIR}. */
struct slt_variables {
    struct slt_variable items[SLT_VARIABLES_MAX];
    size_t count;
};

/* *out_problem: what is wrong with the file, or NULL. False then, or without memory. */
bool slt_expand(struct slt_slice text, const struct slt_dialect *dialect,
                const struct slt_variables *variables, struct slt_text *out,
                const char **out_problem);
#endif

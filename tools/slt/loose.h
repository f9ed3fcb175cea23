/* loose.h -- answers as DuckDB's runner and sqllogictest-rs compare them: value by value, numbers
 * as numbers, patterns as patterns.
 *
 * Owns: nothing. Threads: any. */
#ifndef SLT_LOOSE_H
#define SLT_LOOSE_H
#include "slt/text.h"

struct slt_loose {
    struct slt_slice actual; /* values, each ended by a newline, row by row */
    size_t count, columns;
    struct slt_slice expected; /* lines */
    bool blanks;               /* columns of a row stand behind one another with blanks between */
};

/* A line per value, or a line per row with TABs between: whichever the lines are. */
bool slt_loose_same(const struct slt_loose *answer);
/* One value: the same text, number or boolean; `<REGEX>:` and `<!REGEX>:` match all of it. */
bool slt_loose_value(struct slt_slice actual, struct slt_slice expected);
#endif

/* dialect.h -- the kinds of sqllogictest files and what distinguishes them.
 *
 * Owns:    the table of dialects, constant.
 * Threads: any. */
#ifndef SLT_DIALECT_H
#define SLT_DIALECT_H
#include <stddef.h>

#include <stdbool.h>

struct slt_dialect {
    const char *name;          /* as --slt-dialect takes it */
    const char *what;          /* whose files these are, for messages */
    const char *const *labels; /* for skipif and onlyif, NULL-terminated */
    const char *setup;         /* SQL run on each new connection, or NULL */
    bool supported;            /* false: the files are refused by name */
    bool names_connections;    /* `statement ok con1`, `query I con1`, `connection con1` */
    bool compares_error_text;  /* `----` and text below `statement error` */
    bool tab_rows;             /* expected rows may be lines with TABs */
    bool utf8;                 /* text beyond ASCII is shown as it is, not as '@' */
    bool sqlite_reals;         /* a real shown as text has 15 digits */
    bool overflow_ends_result; /* 22003 from sum() ends the result instead of failing */
    bool expands;              /* loops and variables (expand.h) */
    bool loop_counts;          /* the third word of loop is a count, not an end */
    bool directives;           /* require, load, restart, reconnect, mode ... */
    bool any_types;            /* type letters only count columns; DML as a query gives its count */
    bool loose;                /* values compare as in loose.h, error texts not at all */
    bool loose_blanks;         /* and stand behind one another with blanks between */
};

/* NULL if there is none of that name. */
const struct slt_dialect *slt_dialect_find(const char *name);

/* The dialect of a file by where it lies and what it is called: below a folder that holds
 * MANIFEST.tsv the next path component names the corpus; otherwise a component of that name does,
 * otherwise the extension (.test: sqlite, everything else: own). Never NULL. */
const struct slt_dialect *slt_dialect_of_file(const char *path);

/* Where the name of `path` inside its corpus begins: behind the folder that holds MANIFEST.tsv;
 * `path` itself if there is none. */
const char *slt_dialect_corpus_name(const char *path);
#endif

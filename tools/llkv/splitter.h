/* splitter.h -- where a statement ends, for text that is still being typed or read.
 *
 * It knows just enough of SQL for that: quotes of every kind, comments, and that the body of
 * CREATE TRIGGER holds semicolons. What a statement means is the library's business.
 *
 * Owns:    nothing.
 * Threads: one at a time.
 * Holds:   a scan may stop in the middle of a token and goes on there when there is more text, so
 *          that reading a long statement piece by piece takes time linear in its length. */
#ifndef SHELL_SPLITTER_H
#define SHELL_SPLITTER_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

/* Zero-initialised: at the beginning of a statement. */
struct splitter {
    size_t at;      /* everything before this was seen, relative to the statement's start */
    uint32_t words; /* seen, at most 8: tells where CREATE TRIGGER may stand */
    bool create;    /* the first word is CREATE */
    bool trigger;   /* it is CREATE ... TRIGGER */
    bool begun;     /* its body has begun */
    bool ended;     /* its END was the last thing seen */
    uint32_t cases; /* CASE without END in that body */
    bool any;       /* something else than blanks and comments was seen */
};

/* Look for the end of the statement that begins at text[0]. True when it is there: *out_end is the
 * place behind its semicolon. False when more text is needed; call again with the same start. */
bool splitter_scan(struct splitter *splitter, const char *text, size_t len, size_t *out_end);
#endif

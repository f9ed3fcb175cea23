/* filter.h -- what a word means where it stands: the only place with context outside the grammar.
 *
 * Owns:    up to eight tokens read ahead.      Threads: belongs to one parse.
 * Holds:   the tokens come out in the order of the text, none is lost. */
#ifndef SQL_FILTER_H
#define SQL_FILTER_H
#include <stdint.h>

#include <stdbool.h>

#include "sql/lex.h"
#include "sql/parse.h"

enum { FILTER_AHEAD_MAX = 8 };

struct filter {
    struct lexer lexer;
    struct token ahead[FILTER_AHEAD_MAX]; /* a ring */
    uint32_t ahead_at, ahead_count;
    uint16_t last, before_last; /* codes handed out */
    uint32_t depth;             /* of parentheses, brackets, braces and CASE */
    uint32_t prefixes;          /* prefix operators in a row */
    uint8_t head;               /* how much of CREATE ... TRIGGER was seen: enum in filter.c */
    bool is_insert;             /* began with INSERT or REPLACE, and no VALUES yet */
    bool started;
    uint64_t position_calls[SQL_DEPTH_MAX / 64 +
                            2]; /* bit d: the parenthesis at depth d is POSITION's */
};

/* Behind filter_init come the tokens of the statement at `at`. */
void filter_init(struct filter *filter, struct slice text, size_t at, bool brackets);

/* The next token. A semicolon that ends the statement comes out as TK_SEMICOLON with *out_end set;
 * one inside a trigger's body without. At the end of the text code 0, with *out_end. */
struct token filter_next(struct filter *filter, bool *out_end);

/* The token `index` places ahead, as the lexer gave it. */
struct token filter_peek(struct filter *filter, uint32_t index);
#endif

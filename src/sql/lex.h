/* lex.h -- SQL text to tokens that point into the text.
 *
 * Owns:    nothing; allocates nothing and never fails: what is no token comes out as TK_ILLEGAL
 * with a reason. Also used by highlighters. Threads: a lexer belongs to one thread. Holds:   tokens
 * do not overlap and their offsets grow; behind the last one comes code 0 for ever.
 *
 * Literals and names are not decoded here (literal.h). Words are keywords or TK_ID by the word
 * alone; what they mean where they stand is decided in filter.h. */
#ifndef SQL_LEX_H
#define SQL_LEX_H
#include <stddef.h>
#include <stdint.h>

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/slice.h"

enum token_flag {
    TOKEN_QUOTED = 1,   /* an identifier in quotes: the text includes them */
    TOKEN_DECODE = 2,   /* doubled quotes, escapes or several pieces: the text is not the value */
    TOKEN_HIGH = 4,     /* holds bytes above 0x7f, which are not checked yet */
    TOKEN_RESERVED = 8, /* a keyword that is no name */
    TOKEN_FREE = 16     /* a keyword that may be a name */
};

enum string_form { STRING_PLAIN, STRING_ESCAPES, STRING_DOLLAR, STRING_UNICODE };

enum lex_fault {
    FAULT_BYTE, /* no token begins with this byte */
    FAULT_STRING,
    FAULT_NAME,
    FAULT_COMMENT,
    FAULT_NUMBER,
    FAULT_EMPTY_NAME,
    FAULT_BITS /* B'...', which is not supported */
};

struct token {
    uint16_t code;  /* TK_* of the grammar; 0 at the end of the text */
    uint8_t flags;  /* enum token_flag */
    uint8_t detail; /* of a string: enum string_form; of TK_ILLEGAL: enum lex_fault */
    uint32_t at, len;
};

/* A token written in one piece: it travels in registers, and narrow writes that are read back as a
 * whole would wait for the store. */
ALWAYS_INLINE struct token token_pack(uint32_t code, uint32_t flags, uint32_t detail, uint32_t at,
                                      uint32_t len)
{
    uint64_t head = code | flags << 16 | detail << 24 | (uint64_t)at << 32;
    struct token token;
    memcpy(&token, &head, sizeof head);
    token.len = len;
    return token;
}
static_assert(offsetof(struct token, at) == 4 && offsetof(struct token, len) == 8,
              "the first eight bytes are packed by hand");

struct lexer {
    const char *text;
    uint32_t len;
    uint32_t at;
    bool brackets; /* [x] may be a name */
    bool operand;  /* the last token may end an operand */
};

/* The next token, blanks and comments skipped. */
struct token sql_lex(struct lexer *lexer);

/* The text of a token of which only the code is known, for messages: "SELECT", "a name", "','". */
const char *sql_token_text(uint16_t code);

/* The keyword `word` is, or 0; *out_reserved (may be NULL) says whether it needs quotes as a name.
 */
uint16_t sql_keyword(struct slice word, bool *out_reserved);

/* The first keyword of the code in capitals, or NULL if there is none. */
const char *sql_keyword_shown(uint16_t code);

/* Keyword number `index` in lower case, or NULL behind the last. */
const char *sql_keyword_at(uint32_t index);
#endif

/* lex.re -- where tokens begin and end. Long bodies (strings, comments, words) are walked by hand,
 * with memchr where it fits; re2c decides between all others. The text is not NUL-terminated, so
 * every peek is bounded. */
#include "sql/lex.h"

#include <string.h>

#include "sql/grammar_gen.h"
#include "sql/keyword_gen.h"
#include "sql/chars.h"

/* A token that is no operator: it may end an operand. */
static struct token token_make(struct lexer *lexer, uint32_t code, uint32_t flags,
                               const char *begin, const char *end)
{
    uint32_t at = (uint32_t)(begin - lexer->text), len = (uint32_t)(end - begin);
    lexer->at = at + len;
    lexer->operand = true;
    return token_pack(code, flags, 0, at, len);
}

static struct token token_operator(struct lexer *lexer, uint32_t code, const char *begin,
                                   const char *end)
{
    struct token token = token_make(lexer, code, 0, begin, end);
    lexer->operand = false;
    return token;
}

static struct token string_make(struct lexer *lexer, enum string_form form, uint32_t flags,
                                const char *begin, const char *end)
{
    struct token token = token_make(lexer, TK_STRING, flags, begin, end);
    token.detail = (uint8_t)form;
    return token;
}

static struct token fault(struct lexer *lexer, enum lex_fault reason, const char *begin,
                          const char *end)
{
    struct token token = token_make(lexer, TK_ILLEGAL, 0, begin, end);
    token.detail = (uint8_t)reason;
    return token;
}

/* Behind a nested comment; NULL if it is not closed. `cursor` is behind the opening. */
static const char *skip_comment(const char *cursor, const char *limit)
{
    uint32_t depth = 1;
    while (limit - cursor >= 2) {
        if (cursor[0] == '*' && cursor[1] == '/') {
            cursor += 2;
            if (--depth == 0) return cursor;
        } else if (cursor[0] == '/' && cursor[1] == '*') {
            cursor += 2;
            depth++;
        } else {
            cursor++;
        }
    }
    return NULL;
}

/* Behind the closing quote, doubled quotes skipped; NULL if it is not closed. `cursor` is behind the
 * opening. Adds TOKEN_DECODE and TOKEN_HIGH to *flags. */
static const char *skip_quoted(const char *cursor, const char *limit, char quote, uint8_t *flags)
{
    for (;;) {
        const char *end =
            cursor < limit ? memchr(cursor, quote, (size_t)(limit - cursor)) : NULL;
        if (end == NULL) return NULL;
        uint8_t high = 0;
        for (const char *c = cursor; c < end; c++)
            high |= (uint8_t)*c;
        if (high & 0x80) *flags |= TOKEN_HIGH;
        if (end + 1 == limit || end[1] != quote) return end + 1;
        *flags |= TOKEN_DECODE;
        cursor = end + 2;
    }
}

/* The same for E'..': a backslash takes the next byte along. */
static const char *skip_escapes(const char *cursor, const char *limit)
{
    for (; cursor < limit; cursor++) {
        if (*cursor == '\\') {
            cursor++;
        } else if (*cursor == '\'') {
            if (cursor + 1 == limit || cursor[1] != '\'') return cursor + 1;
            cursor++;
        }
    }
    return NULL;
}

/* Strings with a line break between them are one. Returns behind the opening quote of the next, or
 * NULL. */
static const char *next_piece(const char *cursor, const char *limit)
{
    bool line_break = false;
    for (; cursor < limit; cursor++) {
        if (*cursor == '\n' || *cursor == '\r') line_break = true;
        else if (*cursor == '\'' && line_break) return cursor + 1;
        else if (*cursor != ' ' && *cursor != '\t') return NULL;
    }
    return NULL;
}

/* `cursor` is behind the opening quote of a string of the form `form`. */
static struct token lex_string(struct lexer *lexer, enum string_form form, const char *begin,
                               const char *cursor)
{
    const char *limit = lexer->text + lexer->len;
    uint8_t flags = form == STRING_PLAIN ? 0 : TOKEN_DECODE | TOKEN_HIGH;
    for (;;) {
        cursor = form == STRING_ESCAPES ? skip_escapes(cursor, limit)
                                        : skip_quoted(cursor, limit, '\'', &flags);
        if (cursor == NULL || cursor > limit) return fault(lexer, FAULT_STRING, begin, limit);
        if (cursor == limit || (*cursor != ' ' && *cursor != '\n' && *cursor != '\r' &&
                                *cursor != '\t'))
            break;
        const char *next = next_piece(cursor, limit);
        if (next == NULL) break;
        flags |= TOKEN_DECODE;
        cursor = next;
    }
    if (form == STRING_PLAIN) return token_make(lexer, TK_STRING, flags, begin, cursor);
    return string_make(lexer, form, flags, begin, cursor);
}

/* $tag$ ... $tag$; [begin, cursor) is the opening tag. */
static struct token lex_dollar(struct lexer *lexer, const char *begin, const char *cursor)
{
    const char *limit = lexer->text + lexer->len;
    size_t tag_len = (size_t)(cursor - begin);
    for (; (size_t)(limit - cursor) >= tag_len; cursor++) {
        cursor = memchr(cursor, '$', (size_t)(limit - cursor));
        if (cursor == NULL || (size_t)(limit - cursor) < tag_len) break;
        if (memcmp(cursor, begin, tag_len) != 0) continue;
        return string_make(lexer, STRING_DOLLAR, TOKEN_DECODE | TOKEN_HIGH, begin,
                           cursor + tag_len);
    }
    return fault(lexer, FAULT_STRING, begin, limit);
}

static struct token lex_quoted_name(struct lexer *lexer, const char *begin, char quote)
{
    const char *limit = lexer->text + lexer->len;
    uint8_t flags = TOKEN_QUOTED;
    const char *end = skip_quoted(begin + 1, limit, quote, &flags);
    if (end == NULL) return fault(lexer, FAULT_NAME, begin, limit);
    if (end - begin == 2) return fault(lexer, FAULT_EMPTY_NAME, begin, end);
    return token_make(lexer, TK_ID, flags, begin, end);
}

/* [words], where a name may stand; false if what is in the brackets is no name. */
static bool lex_bracket_name(struct lexer *lexer, const char *begin, struct token *out_token)
{
    const char *limit = lexer->text + lexer->len;
    const char *end = memchr(begin, ']', (size_t)(limit - begin));
    if (end == NULL || end == begin + 1 || !char_is_word_start(begin[1])) return false;
    uint8_t flags = TOKEN_QUOTED;
    for (const char *c = begin + 1; c < end; c++) {
        if (!char_is_word(*c) && *c != ' ') return false;
        if ((uint8_t)*c >= 0x80) flags |= TOKEN_HIGH;
    }
    *out_token = token_make(lexer, TK_ID, flags, begin, end + 1);
    return true;
}

/* A word: its first 16 bytes, folded, are the key into the keyword table. */
static struct token lex_word(struct lexer *lexer, const char *begin)
{
    const char *limit = lexer->text + lexer->len, *c = begin;
    uint64_t words[2] = {0, 0};
    uint8_t high = 0;
    do {
        uint8_t byte = (uint8_t)*c;
        high |= byte;
        byte |= (uint8_t)((byte >= 'A' && byte <= 'Z') << 5);
        size_t i = (size_t)(c - begin) >> 3;
        words[i > 0] = words[i > 0] << 8 | byte;
        c++;
    } while (c < limit && char_is_word(*c));

    uint32_t len = (uint32_t)(c - begin);
    const struct keyword *keyword = keyword_find(words[0], words[1], begin, len);
    if (keyword == NULL) return token_make(lexer, TK_ID, high & 0x80 ? TOKEN_HIGH : 0, begin, c);
    struct token token = token_make(lexer, keyword->code, keyword->flags, begin, c);
    lexer->operand = keyword->operand;
    return token;
}

uint16_t sql_keyword(struct slice word, bool *out_reserved)
{
    if (word.len == 0 || word.len > KEYWORD_LEN_MAX) return 0;
    uint64_t words[2] = {0, 0};
    for (size_t i = 0; i < word.len; i++) {
        uint8_t byte = (uint8_t)word.data[i];
        byte |= (uint8_t)((byte >= 'A' && byte <= 'Z') << 5);
        words[i >> 3 > 0] = words[i >> 3 > 0] << 8 | byte;
    }
    const struct keyword *keyword =
        keyword_find(words[0], words[1], word.data, (uint32_t)word.len);
    if (keyword == NULL) return 0;
    if (out_reserved != NULL) *out_reserved = (keyword->flags & TOKEN_RESERVED) != 0;
    return keyword->code;
}

const char *sql_keyword_shown(uint16_t code)
{
    for (uint32_t i = 0; i < KEYWORD_COUNT; i++)
        if (keywords[i].code == code) return keywords[i].shown;
    return NULL;
}

const char *sql_keyword_at(uint32_t index)
{
    return index < KEYWORD_COUNT ? keywords[index].text : NULL;
}

#define EMIT(id) return token_operator(lexer, (id), begin, cursor)
#define EMIT_OPERAND(id) return token_make(lexer, (id), 0, begin, cursor)

struct token sql_lex(struct lexer *lexer)
{
    const char *cursor = lexer->text + lexer->at, *limit = lexer->text + lexer->len;
    const char *begin, *marker = cursor;
    struct token named;
again:
    begin = cursor;
    if (cursor >= limit) {
        return token_operator(lexer, 0, limit, limit);
    }
    /*!re2c
        re2c:flags:input = custom;
        re2c:api:style = free-form;
        re2c:define:YYCTYPE = "unsigned char";
        re2c:define:YYPEEK = "(cursor < limit ? (unsigned char)*cursor : 0)";
        re2c:define:YYSKIP = "cursor++;";
        re2c:define:YYBACKUP = "marker = cursor;";
        re2c:define:YYRESTORE = "cursor = marker;";
        re2c:yyfill:enable = 0;

        blank = [ \t\r\n\f\v] | "\xef\xbb\xbf" | "\xc2\xa0";
        start = [a-zA-Z_\x80-\xff];
        part = [a-zA-Z_0-9$\x80-\xff];
        digits = [0-9]+ ("_" [0-9]+)*;
        point = digits "." digits? | "." digits;
        exponent = [eE] [+-]? digits;
        hex = "0" [xX] ("_"? [0-9a-fA-F])+;

        blank+               { goto again; }
        "--"                 {
            const char *end = memchr(cursor, '\n', (size_t)(limit - cursor));
            cursor = end == NULL ? limit : end + 1;
            goto again;
        }
        "/*"                 {
            const char *end = skip_comment(cursor, limit);
            if (end == NULL) return fault(lexer, FAULT_COMMENT, begin, limit);
            cursor = end;
            goto again;
        }
        start                { return lex_word(lexer, begin); }
        "'"                  { return lex_string(lexer, STRING_PLAIN, begin, cursor); }
        [eE] "'"             { return lex_string(lexer, STRING_ESCAPES, begin, cursor); }
        [uU] "&'"            { return lex_string(lexer, STRING_UNICODE, begin, cursor); }
        [xX] "'"             {
            uint8_t flags = 0;
            const char *end = skip_quoted(cursor, limit, '\'', &flags);
            if (end == NULL) return fault(lexer, FAULT_STRING, begin, limit);
            cursor = end;
            EMIT_OPERAND(TK_BLOB);
        }
        [bB] "'"             {
            uint8_t flags = 0;
            const char *end = skip_quoted(cursor, limit, '\'', &flags);
            return fault(lexer, FAULT_BITS, begin, end == NULL ? limit : end);
        }
        "$" (start part*)? "$" {
            if (memchr(begin + 1, '$', (size_t)(cursor - begin - 1)) != cursor - 1) {
                cursor = memchr(begin + 1, '$', (size_t)(cursor - begin - 1));
                cursor++;
            }
            return lex_dollar(lexer, begin, cursor);
        }
        "$" ([0-9]+ | start [a-zA-Z_0-9\x80-\xff]*) { EMIT_OPERAND(TK_PARAM); }
        "?" [0-9]*           { EMIT_OPERAND(TK_PARAM); }
        "@" start part*      { EMIT_OPERAND(TK_PARAM); }
        "#" [0-9]+           { EMIT_OPERAND(TK_COLUMN_NUMBER); }
        ["`]                 { return lex_quoted_name(lexer, begin, *begin); }

        digits               { EMIT_OPERAND(TK_INTEGER); }
        hex                  { EMIT_OPERAND(TK_INTEGER); }
        point                { EMIT_OPERAND(TK_DECIMAL); }
        (digits | point) exponent { EMIT_OPERAND(TK_REAL); }
        (digits | point | hex | (digits | point) exponent) start part* {
            return fault(lexer, FAULT_NUMBER, begin, cursor);
        }

        ":" start part*      {
            if (!lexer->operand) EMIT_OPERAND(TK_PARAM);
            cursor = begin + 1;
            EMIT(TK_COLON);
        }
        "["                  {
            if (lexer->brackets && !lexer->operand && lex_bracket_name(lexer, begin, &named))
                return named;
            /* Behind the bracket of a subscript a colon is the slice's. */
            bool subscript = lexer->operand;
            struct token token = token_make(lexer, TK_LB, 0, begin, cursor);
            lexer->operand = subscript && cursor < limit && *cursor == ':';
            return token;
        }
        "]"                  { EMIT_OPERAND(TK_RB); }
        "("                  { EMIT(TK_LP); }
        ")"                  { EMIT_OPERAND(TK_RP); }
        "{"                  { EMIT(TK_LC); }
        "}"                  { EMIT_OPERAND(TK_RC); }
        ","                  { EMIT(TK_COMMA); }
        ";"                  { EMIT(TK_SEMICOLON); }
        "."                  { EMIT(TK_DOT); }
        ":"                  { EMIT(TK_COLON); }
        "::"                 { EMIT(TK_TYPECAST); }
        ":=" | "=>"          { EMIT(TK_NAMED); }
        "=" | "=="           { EMIT(TK_EQ); }
        "<>" | "!="          { EMIT(TK_NE); }
        "<"                  { EMIT(TK_LT); }
        "<="                 { EMIT(TK_LE); }
        ">"                  { EMIT(TK_GT); }
        ">="                 { EMIT(TK_GE); }
        "+"                  { EMIT(TK_PLUS); }
        "-"                  { EMIT(TK_MINUS); }
        "*"                  { EMIT(TK_STAR); }
        "/"                  { EMIT(TK_SLASH); }
        "//"                 { EMIT(TK_INT_DIV); }
        "%"                  { EMIT(TK_REM); }
        "**" | "^"           { EMIT(TK_POWER); }
        "||"                 { EMIT(TK_CONCAT); }
        "|"                  { EMIT(TK_PIPE); }
        "&"                  { EMIT(TK_AMP); }
        "<<"                 { EMIT(TK_LSHIFT); }
        ">>"                 { EMIT(TK_RSHIFT); }
        "~"                  { EMIT(TK_TILDE); }
        "~*"                 { EMIT(TK_TILDE_CI); }
        "!~"                 { EMIT(TK_NOT_TILDE); }
        "!~*"                { EMIT(TK_NOT_TILDE_CI); }
        "~~"                 { EMIT(TK_LIKE_OP); }
        "~~*"                { EMIT(TK_ILIKE_OP); }
        "!~~"                { EMIT(TK_NOT_LIKE_OP); }
        "!~~*"               { EMIT(TK_NOT_ILIKE_OP); }
        "~~~"                { EMIT(TK_GLOB_OP); }
        "->"                 { EMIT(TK_ARROW); }
        "->>"                { EMIT(TK_ARROW_TEXT); }
        "@>"                 { EMIT(TK_CONTAINS); }
        "<@"                 { EMIT(TK_CONTAINED); }
        "&&"                 { EMIT(TK_OVERLAP); }
        "^@"                 { EMIT(TK_STARTS); }
        "!"                  { EMIT(TK_BANG); }
        "@"                  { EMIT(TK_AT_SIGN); }
        *                    { return fault(lexer, FAULT_BYTE, begin, begin + 1); }
    */
}

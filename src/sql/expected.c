/* expected.c -- what a syntax error says: where, what was found, what could stand there, a hint. */
#include <stdio.h>

#include "sql/build.h"
#include "sql/grammar_gen.h"

enum { EXPECTED_MAX = 5 };

/* ---- names of tokens ------------------------------------------------------------------------ */

struct token_shown {
    uint16_t code;
    const char *text;
};

/* Tokens that are no keyword of their own. */
static const struct token_shown shown[] = {
    {0, "the end of the statement"},
    {TK_ID, "a name"},
    {TK_STRING, "a string"},
    {TK_BLOB, "a blob"},
    {TK_INTEGER, "an integer"},
    {TK_DECIMAL, "a number"},
    {TK_REAL, "a number"},
    {TK_PARAM, "a parameter"},
    {TK_COLUMN_NUMBER, "#n"},
    {TK_LP, "'('"},
    {TK_RP, "')'"},
    {TK_LB, "'['"},
    {TK_RB, "']'"},
    {TK_LC, "'{'"},
    {TK_RC, "'}'"},
    {TK_COMMA, "','"},
    {TK_SEMICOLON, "';'"},
    {TK_DOT, "'.'"},
    {TK_COLON, "':'"},
    {TK_TYPECAST, "'::'"},
    {TK_NAMED, "'=>'"},
    {TK_EQ, "'='"},
    {TK_NE, "'<>'"},
    {TK_LT, "'<'"},
    {TK_LE, "'<='"},
    {TK_GT, "'>'"},
    {TK_GE, "'>='"},
    {TK_PLUS, "'+'"},
    {TK_MINUS, "'-'"},
    {TK_STAR, "'*'"},
    {TK_SLASH, "'/'"},
    {TK_REM, "'%'"},
    {TK_PERCENT_SIGN, "'%'"},
    {TK_TILDE, "'~'"},
    {TK_NOT_OP, "NOT"},
    {TK_POSITION_IN, "IN"},
    {TK_ROW_CALL, "ROW"},
    {TK_MAP_LITERAL, "MAP"},
    {TK_GROUPING_SETS, "GROUPING SETS"},
    {TK_ON_CONFLICT, "ON CONFLICT"},
    {TK_ON_COMMIT, "ON COMMIT"},
    {TK_WITH_TIME, "WITH TIME ZONE"},
    {TK_WITHOUT_TIME, "WITHOUT TIME ZONE"},
    {TK_WITH_ORDINALITY, "WITH ORDINALITY"},
    {TK_WITH_NO, "WITH NO DATA"},
    {TK_WITH_DATA, "WITH DATA"},
    {TK_WITH_TIES, "WITH TIES"},
    {TK_USING_SAMPLE, "USING SAMPLE"},
    {TK_UNIT, "a unit of time"},
};

const char *sql_token_text(uint16_t code)
{
    for (uint32_t i = 0; i < ARRAY_COUNT(shown); i++)
        if (shown[i].code == code) return shown[i].text;
    const char *keyword = sql_keyword_shown(code);
    return keyword != NULL ? keyword : "an operator";
}

/* ---- groups of tokens that are named together ----------------------------------------------- */

static const uint16_t expression_starts[] = {
    TK_ID,          TK_STRING,    TK_INTEGER,      TK_DECIMAL,    TK_REAL,     TK_BLOB,
    TK_PARAM,       TK_DEFAULT,   TK_CURRENT_WORD, TK_NULL,       TK_TRUE,     TK_FALSE,
    TK_LP,          TK_ROW_CALL,  TK_EXISTS,       TK_ARRAY,      TK_LB,       TK_LC,
    TK_CASE,        TK_CAST,      TK_TRY_CAST,     TK_TYPED_WORD, TK_INTERVAL, TK_LAMBDA,
    TK_EXTRACT,     TK_SUBSTRING, TK_POSITION,     TK_OVERLAY,    TK_TRIM,     TK_GROUPING,
    TK_NOT,         TK_MINUS,     TK_PLUS,         TK_TILDE,      TK_AT_SIGN,  TK_COLUMN_NUMBER,
    TK_MAP_LITERAL,
};
static const uint16_t operators[] = {
    TK_OR,           TK_AND,      TK_IS,          TK_ISNULL,  TK_NOTNULL,      TK_EQ,
    TK_NE,           TK_LT,       TK_LE,          TK_GT,      TK_GE,           TK_BETWEEN,
    TK_IN,           TK_LIKE,     TK_ILIKE,       TK_SIMILAR, TK_GLOB,         TK_REGEXP,
    TK_MATCH,        TK_NOT_OP,   TK_PIPE,        TK_AMP,     TK_LSHIFT,       TK_RSHIFT,
    TK_CONCAT,       TK_ARROW,    TK_ARROW_TEXT,  TK_TILDE,   TK_TILDE_CI,     TK_NOT_TILDE,
    TK_LIKE_OP,      TK_ILIKE_OP, TK_NOT_LIKE_OP, TK_GLOB_OP, TK_CONTAINS,     TK_CONTAINED,
    TK_OVERLAP,      TK_STARTS,   TK_BANG,        TK_PLUS,    TK_MINUS,        TK_STAR,
    TK_SLASH,        TK_INT_DIV,  TK_REM,         TK_POWER,   TK_AT,           TK_COLLATE,
    TK_LB,           TK_TYPECAST, TK_DOT,         TK_NOT,     TK_NOT_TILDE_CI, TK_NOT_ILIKE_OP,
    TK_PERCENT_SIGN,
};

struct expected {
    struct parse *p;
    bool *fits;
    uint32_t code_count;
    char text[200];
    size_t len;
    uint32_t count;
};

static void say(struct expected *e, const char *what)
{
    if (e->count++ >= EXPECTED_MAX) return;
    const char *comma = e->count == 1 ? "" : ", ";
    int written = snprintf(e->text + e->len, sizeof e->text - e->len, "%s%s", comma, what);
    e->len += (size_t)written;
    if (e->len >= sizeof e->text) e->len = sizeof e->text - 1;
}

static void drop(struct expected *e, const uint16_t *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        e->fits[codes[i]] = false;
}

static void say_expected(struct expected *e)
{
    if (e->fits[TK_SELECT] && e->fits[TK_CREATE]) {
        say(e, "a statement");
        return;
    }
    if (e->fits[TK_RP]) say(e, "')'");
    if (e->fits[TK_COMMA]) say(e, "','");
    e->fits[TK_RP] = e->fits[TK_COMMA] = false;
    if (e->fits[TK_INTEGER] && e->fits[TK_CASE]) {
        say(e, "an expression");
        drop(e, expression_starts, ARRAY_COUNT(expression_starts));
    }
    if (e->fits[TK_PLUS] && e->fits[TK_EQ]) {
        say(e, "an operator");
        drop(e, operators, ARRAY_COUNT(operators));
    }
    for (uint16_t code = 1; code < e->code_count; code++) {
        bool is_filler = code == TK_ILLEGAL || code == TK_START_EXPR || code == TK_START_TYPE ||
                         code == TK_VALUES_ROWS;
        if (e->fits[code] && !is_filler) say(e, sql_token_text(code));
    }
    if (e->fits[0] && e->count < EXPECTED_MAX) say(e, sql_token_text(0));
    if (e->count > EXPECTED_MAX && e->len + 5 < sizeof e->text) {
        memcpy(e->text + e->len, " ...", 5);
        e->len += 4;
    }
}

/* ---- hints ---------------------------------------------------------------------------------- */

/* Edits (insert, delete, replace, swap) between two short words, without case; 9: far apart. */
static uint32_t distance(struct slice a, struct slice b)
{
    enum { WORD_MAX = 20 };
    uint32_t d[3][WORD_MAX + 1];
    if (a.len > WORD_MAX || b.len > WORD_MAX) return 9;
    for (uint32_t j = 0; j <= b.len; j++)
        d[0][j] = j;
    for (uint32_t i = 1; i <= a.len; i++) {
        uint32_t *row = d[i % 3], *up = d[(i + 2) % 3], *up2 = d[(i + 1) % 3];
        row[0] = i;
        for (uint32_t j = 1; j <= b.len; j++) {
            char x = (char)(a.data[i - 1] | 0x20), y = (char)(b.data[j - 1] | 0x20);
            uint32_t best = up[j - 1] + (x != y);
            if (up[j] + 1 < best) best = up[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            bool swapped =
                i > 1 && j > 1 && x == (b.data[j - 2] | 0x20) && (a.data[i - 2] | 0x20) == y;
            if (swapped && up2[j - 2] + 1 < best) best = up2[j - 2] + 1;
            row[j] = best;
        }
    }
    return d[a.len % 3][b.len];
}

/* A keyword that fits and is spelt almost like the word found. */
static const char *similar_keyword(const struct expected *e, struct slice word)
{
    for (uint16_t code = 1; code < e->code_count; code++) {
        const char *keyword = e->fits[code] ? sql_keyword_shown(code) : NULL;
        if (keyword != NULL && word.len > 3 && distance(word, slice_of(keyword)) <= 1)
            return keyword;
    }
    return NULL;
}

static const char *fixed_hint(const struct expected *e, const struct token *found)
{
    if (found->code == TK_INTO) return "to make a table of a query write CREATE TABLE ... AS";
    if (found->code == TK_FOR) return "rows are not locked: FOR UPDATE is not supported";
    struct token next = filter_peek(e->p->filter, 0);
    if (found->code == TK_ON && token_is(e->p, &next, "duplicate"))
        return "write ON CONFLICT ... DO UPDATE SET ...";
    if (found->code == TK_ARROW) return "for a function write lambda x: ...";
    return NULL;
}

static void add_hint(struct expected *e, const struct token *found, bool name_fits)
{
    struct parse *p = e->p;
    struct slice word = {p->text.data + found->at, found->len};
    const char *hint = fixed_hint(e, found);
    const char *keyword =
        found->code == TK_ID && !(found->flags & TOKEN_QUOTED) ? similar_keyword(e, word) : NULL;
    if (hint != NULL)
        p->rc = cx_hint(p->cx, "%s", hint);
    else if (keyword != NULL)
        p->rc = cx_hint(p->cx, "did you mean %s?", keyword);
    else if (name_fits && found->flags & TOKEN_RESERVED)
        p->rc = cx_hint(p->cx, "\"%.*s\" is a reserved word: as a name it needs double quotes",
                        SLICE_ARG(word));
}

/* ---- the message ---------------------------------------------------------------------------- */

/* What is no token has a message of its own. */
static void illegal(struct parse *p, struct token found)
{
    static const char *const texts[] = {
        [FAULT_BYTE] = "this byte does not belong to SQL",
        [FAULT_STRING] = "the string that begins here is not closed",
        [FAULT_NAME] = "the quoted name that begins here is not closed",
        [FAULT_COMMENT] = "the comment that begins here is not closed",
        [FAULT_NUMBER] = "letters follow this number without a blank",
        [FAULT_EMPTY_NAME] = "a name cannot be empty",
        [FAULT_BITS] = "bit strings are not supported",
    };
    bool bits = found.detail == FAULT_BITS;
    parse_fail(p, bits ? LLKV_UNSUPPORTED : LLKV_SYNTAX, NULL, found.at, "%s", texts[found.detail]);
}

/* At most 40 bytes of the token, cut between characters. */
static struct slice token_sample(const struct parse *p, const struct token *token)
{
    struct slice text = {p->text.data + token->at, token->len};
    if (text.len <= 40) return text;
    text.len = 40;
    while (text.len > 0 && ((uint8_t)text.data[text.len] & 0xc0) == 0x80)
        text.len--;
    return text;
}

void parse_unexpected(struct parse *p, struct token found, bool *fits, uint32_t code_count)
{
    if (found.code == TK_ILLEGAL) {
        illegal(p, found);
        return;
    }
    struct expected e = {.p = p, .fits = fits, .code_count = code_count};
    bool name_fits = fits[TK_ID];
    bool *all = cx_alloc(p->cx, code_count);
    if (all == NULL) {
        p->rc = LLKV_NOMEM;
        return;
    }
    memcpy(all, fits, code_count);
    say_expected(&e);
    e.fits = all;
    const char *expected = e.count > 0 ? "; expected " : "";
    bool at_end = found.len == 0 || found.code == TK_SEMICOLON;
    uint32_t at = found.len == 0 ? p->end : found.at; /* where it breaks off, blanks left out */
    if (at_end)
        parse_fail(p, LLKV_SYNTAX, NULL, at, "the statement ends too early%s%s", expected, e.text);
    else
        parse_fail(p, LLKV_SYNTAX, NULL, found.at, "syntax error at \"%.*s\"%s%s",
                   SLICE_ARG(token_sample(p, &found)), expected, e.text);
    if (!at_end) add_hint(&e, &found, name_fits);
}

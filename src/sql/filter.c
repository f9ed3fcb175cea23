/* filter.c -- words that need a look at their neighbours. */
#include "sql/filter.h"

#include <string.h>

#include "sql/grammar_gen.h"

/* How much of CREATE [OR REPLACE] [TEMP] TRIGGER ... BEGIN ... END was seen. */
enum head { HEAD_NONE, HEAD_CREATE, HEAD_TRIGGER, HEAD_BODY };

void filter_init(struct filter *filter, struct slice text, size_t at, bool brackets)
{
    memset(filter, 0, offsetof(struct filter, position_calls));
    filter->lexer = (struct lexer){
        .text = text.data, .len = (uint32_t)text.len, .at = (uint32_t)at, .brackets = brackets};
    filter->position_calls[0] = 0;
}

struct token filter_peek(struct filter *filter, uint32_t index)
{
    while (filter->ahead_count <= index) {
        uint32_t slot = (filter->ahead_at + filter->ahead_count) % FILTER_AHEAD_MAX;
        filter->ahead[slot] = sql_lex(&filter->lexer);
        filter->ahead_count++;
    }
    return filter->ahead[(filter->ahead_at + index) % FILTER_AHEAD_MAX];
}

static struct token take(struct filter *filter)
{
    if (filter->ahead_count == 0) return sql_lex(&filter->lexer);
    const struct token token = filter->ahead[filter->ahead_at];
    filter->ahead_at = (filter->ahead_at + 1) % FILTER_AHEAD_MAX;
    filter->ahead_count--;
    return token;
}

static uint16_t peek_code(struct filter *filter, uint32_t index)
{
    return filter_peek(filter, index).code;
}

static bool may_be_name(struct token token)
{
    return token.code == TK_ID || (token.flags & TOKEN_FREE) != 0;
}

static bool token_text_is(const struct filter *filter, struct token token, const char *word)
{
    struct slice text = {filter->lexer.text + token.at, token.len};
    return slice_equal_folded(text, slice_of(word));
}

/* ---- single words --------------------------------------------------------------------------- */

static bool is_like_word(uint16_t code)
{
    return code == TK_BETWEEN || code == TK_IN || code == TK_LIKE || code == TK_ILIKE ||
           code == TK_SIMILAR || code == TK_GLOB || code == TK_REGEXP || code == TK_MATCH;
}

static bool ends_operand(uint16_t code)
{
    switch (code) {
    case TK_ID:
    case TK_STRING:
    case TK_BLOB:
    case TK_INTEGER:
    case TK_DECIMAL:
    case TK_REAL:
    case TK_PARAM:
    case TK_COLUMN_NUMBER:
    case TK_RP:
    case TK_RB:
    case TK_RC:
    case TK_END:
    case TK_NULL:
    case TK_TRUE:
    case TK_FALSE:
    case TK_CURRENT_WORD:
    case TK_UNIT:
    case TK_ISNULL:
    case TK_NOTNULL:
    case TK_BANG:
    case TK_DEFAULT:
    case TK_ZONE:
    case TK_LOCAL: return true;
    default: return false;
    }
}

/* NOT before an operator it negates; else the NOT of a whole expression. */
static uint16_t word_not(struct filter *filter)
{
    uint16_t next = peek_code(filter, 0);
    if (next == TK_DEFERRABLE) return TK_NOT_OP;
    bool operand = ends_operand(filter->last);
    return operand && is_like_word(next) ? TK_NOT_OP : TK_NOT;
}

static bool is_unit(const struct filter *filter, struct token token)
{
    static const char *const units[] = {"microsecond", "millisecond", "second",   "minute",
                                        "hour",        "day",         "week",     "month",
                                        "quarter",     "year",        "decade",   "century",
                                        "centuries",   "millennium",  "millennia"};
    if (!may_be_name(token) || token.flags & TOKEN_QUOTED) return false;
    struct slice text = {filter->lexer.text + token.at, token.len};
    for (uint32_t i = 0; i < ARRAY_COUNT(units); i++) {
        struct slice unit = slice_of(units[i]);
        bool plural = text.len == unit.len + 1 && (text.data[unit.len] | 0x20) == 's';
        if (slice_equal_folded((struct slice){text.data, text.len - plural}, unit)) return true;
    }
    return false;
}

static void retag(struct filter *filter, uint32_t index, uint16_t code)
{
    filter->ahead[(filter->ahead_at + index) % FILTER_AHEAD_MAX].code = code;
}

/* INTERVAL before its value; the words behind the value become units. */
static uint16_t word_interval(struct filter *filter)
{
    uint16_t value = peek_code(filter, 0);
    if (value == TK_LP) return TK_INTERVAL;
    if (value != TK_STRING && value != TK_INTEGER && value != TK_DECIMAL && value != TK_REAL &&
        value != TK_PARAM)
        return TK_ID;
    if (!is_unit(filter, filter_peek(filter, 1))) return TK_INTERVAL;
    retag(filter, 1, TK_UNIT);
    if (peek_code(filter, 2) == TK_TO && is_unit(filter, filter_peek(filter, 3)))
        retag(filter, 3, TK_UNIT);
    return TK_INTERVAL;
}

/* DATE, TIME, TIMESTAMP before a string, also with WITH TIME ZONE between. */
static uint16_t word_typed(struct filter *filter, uint16_t otherwise)
{
    uint16_t next = peek_code(filter, 0);
    if (next == TK_STRING) return TK_TYPED_WORD;
    bool zone = next == TK_WITH && peek_code(filter, 1) == TK_TIME &&
                peek_code(filter, 2) == TK_ZONE && peek_code(filter, 3) == TK_STRING;
    return zone ? TK_TYPED_WORD : otherwise;
}

static uint16_t word_with(struct filter *filter)
{
    switch (peek_code(filter, 0)) {
    case TK_TIME: return peek_code(filter, 1) == TK_ZONE ? TK_WITH_TIME : TK_WITH;
    case TK_ORDINALITY: return filter->last == TK_RP ? TK_WITH_ORDINALITY : TK_WITH;
    case TK_NO: return peek_code(filter, 1) == TK_DATA ? TK_WITH_NO : TK_WITH;
    case TK_DATA:
        return peek_code(filter, 1) == TK_AS || filter->last == 0 ? TK_WITH : TK_WITH_DATA;
    case TK_TIES: return filter->last == TK_ROW || filter->last == TK_ROWS ? TK_WITH_TIES : TK_WITH;
    default: return TK_WITH;
    }
}

/* ON before CONFLICT: a column of that name is followed by an operator instead. */
static uint16_t word_on(struct filter *filter)
{
    uint16_t next = peek_code(filter, 0);
    if (next == TK_COMMIT) return TK_ON_COMMIT;
    if (next != TK_CONFLICT) return TK_ON;
    switch (peek_code(filter, 1)) {
    case TK_LP:
    case TK_DO:
    case TK_ON:
    case TK_REPLACE:
    case TK_IGNORE:
    case TK_ABORT:
    case TK_FAIL:
    case TK_ROLLBACK: return TK_ON_CONFLICT;
    default: return TK_ON;
    }
}

/* % behind which no operand can come is LIMIT's. */
static uint16_t word_percent(struct filter *filter)
{
    switch (peek_code(filter, 0)) {
    case 0:
    case TK_SEMICOLON:
    case TK_RP:
    case TK_OFFSET:
    case TK_UNION:
    case TK_EXCEPT:
    case TK_INTERSECT: return TK_PERCENT_SIGN;
    default: return TK_REM;
    }
}

static bool begins_join(uint16_t code)
{
    return code == TK_JOIN || code == TK_LEFT || code == TK_RIGHT || code == TK_FULL ||
           code == TK_INNER || code == TK_SEMI || code == TK_ANTI;
}

/* A word that is what it says only if `is`. */
static uint16_t only_if(bool is, uint16_t code)
{
    return is ? code : TK_ID;
}

/* Words of joins. */
static uint16_t join_word(struct filter *filter, uint16_t code)
{
    uint16_t next = peek_code(filter, 0);
    switch (code) {
    case TK_SEMI:
    case TK_ANTI:
    case TK_POSITIONAL: return only_if(next == TK_JOIN, code);
    case TK_ASOF: return only_if(begins_join(next), code);
    default: return only_if(next != TK_LP, code); /* LEFT(x, 1) is a call */
    }
}

/* Words behind a call, and of windows. */
static uint16_t window_word(struct filter *filter, uint16_t code)
{
    uint16_t next = peek_code(filter, 0), last = filter->last;
    bool behind_call = last == TK_RP || last == TK_NULLS;
    bool name_next = may_be_name(filter_peek(filter, 0));
    switch (code) {
    case TK_WINDOW: return only_if(name_next && peek_code(filter, 1) == TK_AS, code);
    case TK_OVER: return only_if(behind_call && (next == TK_LP || name_next), code);
    case TK_FILTER: return only_if(behind_call && next == TK_LP, code);
    case TK_WITHIN: return only_if(last == TK_RP && next == TK_GROUP, code);
    case TK_IGNORE: return only_if(next == TK_NULLS || last == TK_OR || last == TK_CONFLICT, code);
    case TK_RESPECT: return only_if(next == TK_NULLS, code);
    default: /* TK_NULLS */
        return only_if(next == TK_FIRST || next == TK_LAST || last == TK_IGNORE ||
                           last == TK_RESPECT || last == TK_INCLUDE || last == TK_EXCLUDE,
                       code);
    }
}

/* Other words that are what they say only before certain others. */
static uint16_t leading_word(struct filter *filter, uint16_t code)
{
    uint16_t next = peek_code(filter, 0);
    switch (code) {
    case TK_LAMBDA: {
        uint16_t after = peek_code(filter, 1);
        bool name = may_be_name(filter_peek(filter, 0));
        return only_if(name && (after == TK_COLON || after == TK_COMMA), code);
    }
    case TK_FETCH: return only_if(next == TK_FIRST || next == TK_NEXT, code);
    case TK_AT: return only_if(next == TK_TIME || next == TK_LOCAL, code);
    case TK_GROUPING:
        if (next == TK_SETS) return TK_GROUPING_SETS;
        return only_if(next == TK_LP, code);
    case TK_ROW: return next == TK_LP ? TK_ROW_CALL : code;
    case TK_ARRAY: return only_if(next == TK_LP || next == TK_LB, code);
    case TK_MAP: return next == TK_LC ? TK_MAP_LITERAL : only_if(next == TK_LP, code);
    case TK_CURRENT_WORD: return only_if(next != TK_LP && next != TK_DOT, code);
    case TK_POSITION: return only_if(next == TK_LP || filter->last == TK_BY, code);
    case TK_VALUES: return only_if(next == TK_LP || filter->last == TK_DEFAULT, code);
    case TK_INCLUDE:
        return only_if(next == TK_NULLS || (next == TK_LP && filter->last == TK_RP), code);
    case TK_DESCRIBE:
    case TK_SUMMARIZE: return only_if(next != TK_RP && next != TK_COMMA, code);
    default: return only_if(next == TK_LP, code); /* functions with words inside */
    }
}

static bool position_bit(const struct filter *filter)
{
    return filter->position_calls[filter->depth / 64] >> (filter->depth % 64) & 1;
}

static void set_position_bit(struct filter *filter, uint32_t depth, bool value)
{
    uint64_t bit = UINT64_C(1) << (depth % 64);
    uint64_t *word = &filter->position_calls[depth / 64];
    *word = value ? *word | bit : *word & ~bit;
}

/* What a keyword means here. Most mean what they say and cost nothing but this switch. */
static uint16_t resolve(struct filter *filter, uint16_t code)
{
    switch (code) {
    case TK_NOT: return word_not(filter);
    case TK_INTERVAL: return word_interval(filter);
    case TK_TYPED_WORD: return word_typed(filter, TK_ID);
    case TK_TIME: return word_typed(filter, TK_TIME);
    case TK_WITH: return word_with(filter);
    case TK_ON: return word_on(filter);
    case TK_USING: return peek_code(filter, 0) == TK_SAMPLE ? TK_USING_SAMPLE : TK_USING;
    case TK_LIKE: /* like('a', b) */
        return only_if(ends_operand(filter->last) || filter->last == TK_NOT_OP ||
                           peek_code(filter, 0) != TK_LP,
                       code);
    case TK_IN: return position_bit(filter) ? TK_POSITION_IN : TK_IN;
    case TK_SEMI:
    case TK_ANTI:
    case TK_POSITIONAL:
    case TK_ASOF:
    case TK_LEFT:
    case TK_RIGHT:
    case TK_FULL:
    case TK_INNER:
    case TK_CROSS:
    case TK_NATURAL: return join_word(filter, code);
    case TK_WINDOW:
    case TK_OVER:
    case TK_FILTER:
    case TK_WITHIN:
    case TK_IGNORE:
    case TK_RESPECT:
    case TK_NULLS: return window_word(filter, code);
    case TK_LAMBDA:
    case TK_FETCH:
    case TK_AT:
    case TK_GROUPING:
    case TK_ROW:
    case TK_ARRAY:
    case TK_MAP:
    case TK_CURRENT_WORD:
    case TK_POSITION:
    case TK_VALUES:
    case TK_INCLUDE:
    case TK_DESCRIBE:
    case TK_SUMMARIZE:
    case TK_STRUCT:
    case TK_CAST:
    case TK_TRY_CAST:
    case TK_EXTRACT:
    case TK_SUBSTRING:
    case TK_TRIM:
    case TK_OVERLAY:
    case TK_ROLLUP:
    case TK_CUBE: return leading_word(filter, code);
    default: return code;
    }
}

/* Behind ::, DOUBLE PRECISION and CHARACTER VARYING are one type; WITHOUT TIME ZONE is everywhere.
 */
static uint16_t resolve_name(struct filter *filter, struct token token)
{
    if (token.flags & TOKEN_QUOTED) return TK_ID;
    if (filter->before_last == TK_TYPECAST && filter->last == TK_ID &&
        (token_text_is(filter, token, "precision") || token_text_is(filter, token, "varying")))
        return TK_TYPE_TAIL;
    if (token.len == 7 && token_text_is(filter, token, "without") &&
        peek_code(filter, 0) == TK_TIME && peek_code(filter, 1) == TK_ZONE)
        return TK_WITHOUT_TIME;
    return TK_ID;
}

/* ---- the statement around ------------------------------------------------------------------- */

static void count_depth(struct filter *filter, uint16_t code)
{
    switch (code) {
    case TK_LP:
    case TK_LB:
    case TK_LC:
    case TK_CASE:
        filter->depth++;
        if (filter->depth <= SQL_DEPTH_MAX)
            set_position_bit(filter, filter->depth, filter->last == TK_POSITION);
        filter->prefixes = 0;
        break;
    case TK_RP:
    case TK_RB:
    case TK_RC:
    case TK_END:
        if (filter->depth > 0) filter->depth--;
        filter->prefixes = 0;
        break;
    case TK_POSITION_IN:
        set_position_bit(filter, filter->depth, false);
        filter->prefixes = 0;
        break;
    case TK_MINUS:
    case TK_PLUS:
    case TK_TILDE:
    case TK_NOT:
    case TK_AT_SIGN: filter->prefixes++; break;
    default: filter->prefixes = 0; break;
    }
}

/* Which statement this is, as far as it matters here. */
static void note_head(struct filter *filter, uint16_t code)
{
    if (!filter->started) {
        filter->started = true;
        filter->head = code == TK_CREATE ? HEAD_CREATE : HEAD_NONE;
        filter->is_insert = code == TK_INSERT || code == TK_REPLACE;
    } else if (filter->head == HEAD_CREATE) {
        if (code == TK_TRIGGER)
            filter->head = HEAD_TRIGGER;
        else if (code != TK_OR && code != TK_REPLACE && code != TK_TEMP && code != TK_TEMPORARY)
            filter->head = HEAD_NONE;
    } else if (filter->head == HEAD_TRIGGER && code == TK_BEGIN && filter->depth == 0) {
        filter->head = HEAD_BODY;
    } else if (filter->head == HEAD_BODY && code == TK_END && filter->depth == 0 &&
               filter->last == TK_SEMICOLON) {
        filter->head = HEAD_NONE;
    }
}

struct token filter_next(struct filter *filter, bool *out_end)
{
    const struct token token = take(filter);
    uint16_t code = token.code;
    uint8_t flags = token.flags;
    if (flags & (TOKEN_RESERVED | TOKEN_FREE)) {
        code = filter->last == TK_DOT ? TK_ID : resolve(filter, code);
        if (code == TK_ID) flags = 0;
    } else if (code == TK_ID) {
        code = resolve_name(filter, token);
    } else if (code == TK_REM) {
        code = word_percent(filter);
    }
    if (!filter->started || filter->head != HEAD_NONE) note_head(filter, code);
    count_depth(filter, code);
    filter->before_last = filter->last;
    filter->last = code;
    *out_end = code == 0 || (code == TK_SEMICOLON && filter->head != HEAD_BODY);
    return token_pack(code, flags, token.detail, token.at, token.len);
}

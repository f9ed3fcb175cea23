/* literal.c -- the values of names, strings, blobs and numbers. */
#include <inttypes.h>

#include "base/utf8.h"
#include "sql/build.h"
#include "sql/chars.h"

/* ---- strings -------------------------------------------------------------------------------- */

struct decode {
    struct parse *p;
    const struct token *token;
    const char *at, *limit; /* of the token's text */
    const char *escape;     /* the backslash last seen */
    char *out;
    size_t len;
};

static void bad_escape(const struct decode *d, const char *what)
{
    parse_fail(d->p, LLKV_SYNTAX, "22025", (uint32_t)(d->escape - d->p->text.data), "%s", what);
}

/* Up to `digits_max` digits of the base; false if there is none. */
static bool read_digits(struct decode *d, uint32_t base, int digits_max, uint32_t *out_value)
{
    uint32_t value = 0;
    int count = 0;
    for (; count < digits_max && d->at < d->limit; count++, d->at++) {
        char c = *d->at;
        uint32_t digit = char_is_digit(c) ? (uint32_t)(c - '0')
                         : (c | 0x20) >= 'a' && (c | 0x20) <= 'f'
                             ? (uint32_t)((c | 0x20) - 'a') + 10
                             : 99;
        if (digit >= base) break;
        value = value * base + digit;
    }
    *out_value = value;
    return count > 0;
}

static void put_code_point(struct decode *d, uint32_t code_point)
{
    size_t bytes = utf8_encode(code_point, d->out + d->len);
    if (bytes == 0) bad_escape(d, "this escape is no character");
    d->len += bytes;
}

/* Behind a backslash in E'...'. */
static void decode_backslash(struct decode *d)
{
    static const char named[] = "n\nr\rt\tb\bf\f";
    uint32_t value;
    char c = *d->at++;
    for (const char *n = named; *n != '\0'; n += 2) {
        if (c != *n) continue;
        d->out[d->len++] = n[1];
        return;
    }
    if (c == 'x') {
        if (!read_digits(d, 16, 2, &value)) bad_escape(d, "\\x needs hexadecimal digits");
        d->out[d->len++] = (char)value;
    } else if (c == 'u' || c == 'U') {
        const char *begin = d->at;
        int digits = c == 'u' ? 4 : 8;
        (void)read_digits(d, 16, digits, &value); /* too few is what the next line finds */
        if (d->at - begin != digits)
            bad_escape(d, "\\u needs 4, \\U 8 hexadecimal digits");
        else
            put_code_point(d, value);
    } else if (c >= '0' && c <= '7') {
        d->at--;
        (void)read_digits(d, 8, 3, &value); /* there is one */
        d->out[d->len++] = (char)value;
    } else {
        d->out[d->len++] = c;
    }
}

/* Behind a backslash in U&'...': four digits, + and six, or another backslash. */
static void decode_unicode(struct decode *d)
{
    uint32_t value;
    if (*d->at == '\\') {
        d->out[d->len++] = *d->at++;
        return;
    }
    int digits = *d->at == '+' ? 6 : 4;
    if (*d->at == '+') d->at++;
    const char *begin = d->at;
    (void)read_digits(d, 16, digits, &value); /* too few is what the next line finds */
    if (d->at - begin != digits)
        bad_escape(d, "\\ needs 4, \\+ 6 hexadecimal digits");
    else
        put_code_point(d, value);
}

/* The text between single quotes, and that of the pieces that follow. */
static void decode_quoted(struct decode *d)
{
    enum string_form form = (enum string_form)d->token->detail;
    while (*d->at != '\'')
        d->at++;
    d->at++;
    while (d->at < d->limit && d->p->rc == LLKV_OK) {
        char c = *d->at++;
        if (c == '\\') d->escape = d->at - 1;
        if (c == '\\' && form == STRING_ESCAPES) {
            decode_backslash(d);
        } else if (c == '\\' && form == STRING_UNICODE) {
            decode_unicode(d);
        } else if (c != '\'') {
            d->out[d->len++] = c;
        } else if (d->at < d->limit && *d->at == '\'') {
            d->out[d->len++] = '\'';
            d->at++;
        } else if (d->at < d->limit) { /* the next piece */
            while (*d->at != '\'')
                d->at++;
            d->at++;
        }
    }
}

static struct slice decode_string(struct parse *p, const struct token *token)
{
    const char *begin = p->text.data + token->at, *limit = begin + token->len;
    if (token->detail == STRING_DOLLAR) {
        const char *body = (const char *)memchr(begin + 1, '$', token->len - 1) + 1;
        size_t tag_len = (size_t)(body - begin);
        return (struct slice){body, token->len - 2 * tag_len};
    }
    /* The longest escape that grows is \u: six bytes for at most three, so this is enough. */
    struct decode d = {.p = p, .token = token, .at = begin, .limit = limit};
    d.out = parse_alloc(p, (size_t)token->len + UTF8_BYTES_MAX);
    if (d.out == NULL) return (struct slice){"", 0};
    decode_quoted(&d);
    return (struct slice){d.out, d.len};
}

/* Doubled quotes of a name become one. */
static struct slice decode_name(struct parse *p, struct slice inner, char quote)
{
    char *out = parse_alloc(p, inner.len + 1);
    if (out == NULL) return (struct slice){"", 0};
    size_t len = 0;
    for (size_t i = 0; i < inner.len; i++) {
        out[len++] = inner.data[i];
        if (inner.data[i] == quote) i++;
    }
    return (struct slice){out, len};
}

static struct slice check_utf8(struct parse *p, const struct token *token, struct slice text)
{
    if (utf8_valid(text.data, text.len)) return text;
    parse_fail(p, LLKV_DATA, "22021", token->at, "the text is not valid UTF-8");
    return (struct slice){"", 0};
}

struct slice token_text(struct parse *p, const struct token *token)
{
    if (p->rc != LLKV_OK) return (struct slice){"", 0};
    struct slice text = {p->text.data + token->at, token->len};
    bool quoted = token->flags & TOKEN_QUOTED;
    if (quoted || (token->len > 0 && *text.data == '\'' && !(token->flags & TOKEN_DECODE))) {
        text.data++;
        text.len -= 2;
        if (quoted && token->flags & TOKEN_DECODE) text = decode_name(p, text, text.data[-1]);
    } else if (token->flags & TOKEN_DECODE) {
        text = decode_string(p, token);
    }
    return token->flags & TOKEN_HIGH && p->rc == LLKV_OK ? check_utf8(p, token, text) : text;
}

struct ast_name token_name(struct parse *p, const struct token *token)
{
    struct ast_name name = {.text = token_text(p, token)};
    if (p->rc != LLKV_OK) return (struct ast_name){.text = {NULL, 0}};
    name.hash = slice_hash_folded(name.text);
    name.at = token->at;
    name.end = token->at + token->len;
    name.quoted =
        (token->flags & TOKEN_QUOTED) || (token->len > 0 && p->text.data[token->at] == '\'');
    if (name.text.len == 0)
        parse_fail(p, LLKV_SYNTAX, "42602", token->at, "a name cannot be empty");
    else if (memchr(name.text.data, '\0', name.text.len) != NULL)
        parse_fail(p, LLKV_SYNTAX, "42602", token->at, "a name cannot hold a NUL byte");
    return name;
}

bool token_is(const struct parse *p, const struct token *token, const char *word)
{
    struct slice text = {p->text.data + token->at, token->len};
    return slice_equal_folded(text, slice_of(word));
}

/* ---- blobs ---------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (char_is_digit(c)) return c - '0';
    char folded = (char)(c | 0x20);
    return folded >= 'a' && folded <= 'f' ? folded - 'a' + 10 : -1;
}

struct slice literal_blob(struct parse *p, const struct token *token)
{
    const char *digits = p->text.data + token->at + 2;
    size_t count = token->len - 3;
    char *out = p->rc == LLKV_OK ? parse_alloc(p, count / 2 + 1) : NULL;
    if (out == NULL) return (struct slice){"", 0};
    for (size_t i = 0; i < count; i++) {
        int digit = hex_digit(digits[i]);
        if (digit < 0) {
            parse_fail(p, LLKV_SYNTAX, "22P02", token->at + 2 + (uint32_t)i,
                       "a blob holds hexadecimal digits only");
            return (struct slice){"", 0};
        }
        out[i / 2] = (char)(i % 2 == 0 ? digit << 4 : out[i / 2] | digit);
    }
    if (count % 2 == 0) return (struct slice){out, count / 2};
    parse_fail(p, LLKV_SYNTAX, "22P02", token->at, "a blob needs two digits for each byte");
    return (struct slice){"", 0};
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void fit_integer(struct ast_literal *literal)
{
    uint64_t value = 0;
    if (literal->text.len > 19) {
        size_t zeros = 0;
        while (zeros < literal->text.len && literal->text.data[zeros] == '0')
            zeros++;
        if (literal->text.len - zeros > 19) return;
    }
    for (size_t i = 0; i < literal->text.len; i++)
        value = value * 10 + (uint64_t)(literal->text.data[i] - '0');
    if (value > INT64_MAX) return;
    literal->value = (int64_t)value;
    literal->base.flags |= AST_LITERAL_FITS;
}

/* 0x...: as decimal digits. */
static struct slice hex_to_decimal(struct parse *p, const struct token *token)
{
    const char *text = p->text.data + token->at;
    u128 value = 0;
    uint32_t digits = 0;
    for (uint32_t i = 2; i < token->len; i++) {
        if (text[i] == '_') continue;
        value = value << 4 | (uint32_t)hex_digit(text[i]);
        if (value != 0) digits++;
    }
    char buffer[40];
    size_t at = sizeof buffer;
    if (digits > 32) {
        parse_fail(p, LLKV_SYNTAX, "22003", token->at,
                   "a hexadecimal number has at most 32 digits");
        return (struct slice){"0", 1};
    }
    do {
        buffer[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value != 0);
    char *out = parse_alloc(p, sizeof buffer);
    if (out == NULL) return (struct slice){"0", 1};
    memcpy(out, buffer + at, sizeof buffer - at);
    return (struct slice){out, sizeof buffer - at};
}

static struct slice without_underscores(struct parse *p, struct slice text)
{
    char *out = parse_alloc(p, text.len);
    if (out == NULL) return (struct slice){"0", 1};
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '_') out[len++] = text.data[i];
    return (struct slice){out, len};
}

void literal_number(struct parse *p, const struct token *token, struct ast_literal *literal)
{
    struct slice text = {p->text.data + token->at, token->len};
    if (text.len > 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x')
        text = hex_to_decimal(p, token);
    else if (text.len > 2 && memchr(text.data, '_', text.len) != NULL)
        text = without_underscores(p, text);
    literal->text = text;
    if (literal->base.op == AST_LITERAL_INTEGER) fit_integer(literal);
}

/* parse.c -- one statement from text to tree: the driver's outside. */
#include "sql/parse.h"

#include <stdarg.h>

#include <stdio.h>

#include "sql/build.h"
#include "sql/grammar_gen.h"

enum { PARSER_STACK_BYTES_MAX = 1 << 20 };

/* ---- errors and memory ---------------------------------------------------------------------- */

void parse_fail(struct parse *p, llkv_code code, const char *sqlstate, uint32_t at, const char *fmt,
                ...)
{
    if (p->rc != LLKV_OK) return;
    char text[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args); /* a long message is cut */
    va_end(args);
    p->rc = cx_fail_at(p->cx, code, (int32_t)at, sqlstate, "%s", text);
}

void parse_hint(struct parse *p, const char *hint)
{
    if (p->rc != LLKV_OK) p->rc = cx_hint(p->cx, "%s", hint);
}

void parse_too_deep(struct parse *p)
{
    parse_fail(p, LLKV_LIMIT, "54001", p->end, "nested deeper than %d levels (sql_depth_max)",
               SQL_DEPTH_MAX);
}

void parse_accept(struct parse *p, struct ast *root)
{
    if (p->rc == LLKV_OK) p->root = root;
}

void *parse_alloc_slow(struct parse *p, size_t bytes)
{
    (void)bytes; /* the arena has just refused them */
    if (p->rc == LLKV_OK) p->rc = cx_nomem(p->cx);
    return NULL;
}

void *parse_stack_grow(struct parse *p, const void *old, size_t old_bytes, size_t bytes)
{
    if (bytes > PARSER_STACK_BYTES_MAX) return NULL;
    void *memory = parse_alloc(p, bytes);
    if (memory != NULL && old != NULL) memcpy(memory, old, old_bytes);
    return memory;
}

/* ---- lists ---------------------------------------------------------------------------------- */

struct parse_list list_grow(struct parse *p, struct parse_list list)
{
    if (p->rc != LLKV_OK) return list;
    uint32_t capacity = list.capacity == 0 ? 4 : list.capacity * 2;
    struct ast **items = parse_alloc(p, (size_t)capacity * sizeof *items);
    if (items == NULL) return list;
    if (list.count > 0) memcpy(items, list.items, (size_t)list.count * sizeof *items);
    return (struct parse_list){items, list.count, capacity};
}

struct ast_list list_extend(struct parse *p, struct ast_list list, struct ast *item)
{
    uint32_t capacity = list.count == 0 ? 0 : 4;
    while (capacity < list.count)
        capacity *= 2;
    return list_end(list_add(p, (struct parse_list){list.items, list.count, capacity}, item));
}

struct parse_list list_of(struct parse *p, struct ast *a, struct ast *b, struct ast *c,
                          struct ast *d)
{
    struct ast *items[4] = {a, b, c, d};
    struct parse_list list = list_none();
    for (int i = 0; i < 4; i++)
        if (items[i] != NULL) list = list_add(p, list, items[i]);
    return list;
}

struct parse_list list_prepend(struct parse *p, struct ast *item, struct parse_list list)
{
    list = list_add(p, list, item);
    if (p->rc != LLKV_OK) return list;
    memmove(list.items + 1, list.items, (size_t)(list.count - 1) * sizeof *list.items);
    list.items[0] = item;
    return list;
}

struct parse_names names_add(struct parse *p, struct parse_names names, struct token token)
{
    if (p->rc != LLKV_OK) return names;
    if (names.count == names.capacity) {
        uint32_t capacity = names.capacity == 0 ? 2 : names.capacity * 2;
        struct ast_name *items = parse_alloc(p, (size_t)capacity * sizeof *items);
        if (items == NULL) return names;
        if (names.count > 0) memcpy(items, names.items, (size_t)names.count * sizeof *items);
        names.items = items;
        names.capacity = capacity;
    }
    names.items[names.count++] = token_name(p, &token);
    return names;
}

/* ---- entry points --------------------------------------------------------------------------- */

static llkv_code check_text(struct cx *cx, struct slice text)
{
    if (text.len <= SQL_TEXT_BYTES_MAX) return LLKV_OK;
    return cx_fail_at(cx, LLKV_LIMIT, -1, "54000", "the SQL text is longer than %d bytes",
                      SQL_TEXT_BYTES_MAX);
}

/* Skip empty statements; false at the end of the text. */
static bool skip_empty(struct slice text, size_t *in_out_at, bool brackets)
{
    struct lexer lexer = {.text = text.data,
                          .len = (uint32_t)text.len,
                          .at = (uint32_t)*in_out_at,
                          .brackets = brackets};
    struct token token;
    do {
        token = sql_lex(&lexer);
    } while (token.code == TK_SEMICOLON);
    *in_out_at = token.at;
    return token.code != 0;
}

static void parse_begin(struct parse *p, struct filter *filter, struct slice text, size_t at)
{
    p->text = text;
    p->filter = filter;
    p->begin = p->end = (uint32_t)at;
}

static struct ast_stmt *statement_new(struct parse *p)
{
    struct ast_stmt *stmt = NODE(p, AST_STATEMENT, 0, ast_stmt, p->begin);
    if (stmt == NULL) return NULL;
    stmt->node = p->root;
    stmt->param_count = p->params.count;
    stmt->param_names = p->params.items;
    return stmt;
}

llkv_code sql_parse_next(struct cx *cx, const struct sql_options *options, struct slice text,
                         size_t *in_out_at, struct ast_stmt **out_stmt)
{
    bool brackets = options != NULL && options->sqlite_compat;
    size_t at = *in_out_at;
    *out_stmt = NULL;
    *in_out_at = text.len;
    cx->text = text;
    TRY(check_text(cx, text));
    if (!skip_empty(text, &at, brackets)) return LLKV_OK;

    struct filter filter;
    struct parse p = {.cx = cx};
    filter_init(&filter, text, at, brackets);
    parse_begin(&p, &filter, text, at);
    parse_run(&p, 0);
    struct ast_stmt *stmt = statement_new(&p);
    if (p.rc != LLKV_OK) {
        *in_out_at = sql_statement_end(text, at, brackets, NULL);
        return p.rc;
    }
    *in_out_at = p.stop;
    *out_stmt = stmt;
    return LLKV_OK;
}

/* The whole text as what `start` says. */
static llkv_code parse_part(struct cx *cx, bool brackets, struct slice text, uint16_t start,
                            struct ast **out_root)
{
    *out_root = NULL;
    cx->text = text;
    TRY(check_text(cx, text));
    struct filter filter;
    struct parse p = {.cx = cx};
    filter_init(&filter, text, 0, brackets);
    filter.started = true;
    parse_begin(&p, &filter, text, 0);
    parse_run(&p, start);
    TRY(p.rc);
    size_t rest = p.stop;
    if (skip_empty(text, &rest, brackets))
        return cx_fail_at(cx, LLKV_SYNTAX, (int32_t)rest, NULL,
                          "there is more text than one expression or type");
    *out_root = p.root;
    return LLKV_OK;
}

llkv_code sql_parse_expression(struct cx *cx, const struct sql_options *options, struct slice text,
                               struct ast **out_expression)
{
    bool brackets = options != NULL && options->sqlite_compat;
    return parse_part(cx, brackets, text, TK_START_EXPR, out_expression);
}

llkv_code sql_parse_type(struct cx *cx, struct slice text, struct ast_type **out_type)
{
    struct ast *root = NULL;
    *out_type = NULL;
    TRY(parse_part(cx, false, text, TK_START_TYPE, &root));
    *out_type = (struct ast_type *)root;
    return LLKV_OK;
}

size_t sql_statement_end(struct slice text, size_t at, bool sqlite_compat, bool *out_complete)
{
    struct filter filter;
    bool end = false, complete = true;
    size_t len = text.len < SQL_TEXT_BYTES_MAX ? text.len : SQL_TEXT_BYTES_MAX;
    if (at >= len) {
        if (out_complete != NULL) *out_complete = false;
        return text.len;
    }
    filter_init(&filter, (struct slice){text.data, len}, at, sqlite_compat);
    struct token token;
    do {
        token = filter_next(&filter, &end);
        if (token.code == TK_ILLEGAL && token.at + token.len == len) complete = false;
        if (filter.depth > SQL_DEPTH_MAX) filter.depth = SQL_DEPTH_MAX;
    } while (!end);
    if (out_complete != NULL) *out_complete = complete && token.code == TK_SEMICOLON;
    return token.code == TK_SEMICOLON ? token.at + token.len : text.len;
}

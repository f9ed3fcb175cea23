/* values.c -- INSERT ... VALUES with rows of plain literals: read without the parser.
 *
 * The grammar would build the same nodes at several times the cost. Rows are read until one holds
 * anything else than literals; from there on the parser goes on (grammar/select.y, VALUES_ROWS). */
#include "sql/build.h"
#include "sql/grammar_gen.h"

/* A literal, or a sign before a number; NULL if `token` begins something else. */
static struct ast *read_cell(struct parse *p, struct lexer *lexer, struct token token)
{
    p->end = token.at + token.len;
    switch (token.code) {
    case TK_INTEGER:
    case TK_DECIMAL:
    case TK_REAL: return expr_number(p, token);
    case TK_STRING: return expr_string(p, token);
    case TK_BLOB: return expr_blob(p, token);
    case TK_NULL: return expr_word(p, token, AST_LITERAL_NULL);
    case TK_TRUE: return expr_word(p, token, AST_LITERAL_TRUE);
    case TK_FALSE: return expr_word(p, token, AST_LITERAL_FALSE);
    case TK_MINUS:
    case TK_PLUS: break;
    default: return NULL;
    }
    struct token number = sql_lex(lexer);
    if (number.code != TK_INTEGER && number.code != TK_DECIMAL && number.code != TK_REAL)
        return NULL;
    p->end = number.at + number.len;
    struct ast *value = expr_number(p, number);
    enum ast_unary_op op = token.code == TK_MINUS ? AST_UNARY_MINUS : AST_UNARY_PLUS;
    return expr_unary(p, op, token, value);
}

/* The row behind the opening parenthesis; false if it is not made of literals alone. */
static bool read_row(struct parse *p, struct lexer *lexer, struct parse_list *cells)
{
    for (;;) {
        struct ast *cell = read_cell(p, lexer, sql_lex(lexer));
        if (cell == NULL) return false;
        *cells = list_add(p, *cells, cell);
        struct token token = sql_lex(lexer);
        if (token.code == TK_RP) return true;
        if (token.code != TK_COMMA) return false;
    }
}

/* True if one more row was added; `lexer` then stands behind its parenthesis. */
static bool read_next_row(struct parse *p, struct lexer *lexer, struct parse_values *rows)
{
    struct lexer ahead = *lexer;
    struct token token = sql_lex(&ahead);
    if (rows->row_count > 0) {
        if (token.code != TK_COMMA) return false;
        token = sql_lex(&ahead);
    }
    uint32_t before = rows->cells.count;
    if (token.code != TK_LP) return false;
    if (!read_row(p, &ahead, &rows->cells) || p->rc != LLKV_OK) {
        rows->cells.count = before;
        return false;
    }
    uint32_t columns = rows->cells.count - before;
    if (rows->row_count > 0 && columns != rows->column_count) {
        rows->cells.count = before; /* the parser finds the same, and says so */
        return false;
    }
    rows->column_count = columns;
    rows->row_count++;
    *lexer = ahead;
    return true;
}

bool values_read_rows(struct parse *p, uint32_t at)
{
    struct filter *filter = p->filter;
    if (!filter->is_insert || filter->depth != 0) return false;
    filter->is_insert = false;

    struct parse_values *rows = parse_alloc(p, sizeof *rows);
    if (rows == NULL) return false;
    *rows = (struct parse_values){.at = at};
    struct lexer lexer = filter->lexer;
    uint32_t end = p->end;
    lexer.at = filter_peek(filter, 0).at; /* again what was read ahead */
    lexer.operand = false;
    while (read_next_row(p, &lexer, rows))
        ;
    p->end = end;
    if (rows->row_count == 0 || p->rc != LLKV_OK) return false;
    filter->lexer = lexer;
    filter->ahead_count = 0;
    filter->last = TK_RP;
    p->rows = rows;
    p->rows_end = lexer.at;
    return true;
}

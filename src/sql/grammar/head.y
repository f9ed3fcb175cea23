// The SQL grammar, in parts that the build joins: head, stmt, select, from, expr, type, dml, ddl,
// util, tail, and the list of words that may be names. Actions only build the tree (build.h).
//
// Zero conflicts; what precedence settles on purpose is said at the rule. Tables are not compressed
// by default reductions (lemon -c), so that a word becomes a name only where the grammar has no use
// for it as a keyword.

%name sql_parser
%token_prefix TK_
%token_type {struct token}
%extra_context {struct parse *p}
%default_type {struct ast *}
%stack_size 0
%syntax_error { parse_syntax_error(yypParser, TOKEN); }
%stack_overflow { parse_too_deep(p); }
%start_symbol input

%include {
#include "sql/build.h"
#define YYNOERRORRECOVERY 1
// The parser's stack lies in the arena too: the template's calls become ours.
#define STACK_NEW(bytes) parse_stack_grow(p->p, NULL, 0, (bytes))
#define STACK_GROW(old, bytes)                                                                     \
    parse_stack_grow(p->p, (old), (size_t)p->yystksz * sizeof(yyStackEntry), (bytes))
#define STACK_FREE(old) ((void)(old))
#define malloc STACK_NEW
#define realloc STACK_GROW
#define free STACK_FREE
static void parse_syntax_error(void *parser, struct token found);
}

%token ILLEGAL.

// Precedence, from low to high. Operators of one line bind equally.
%nonassoc LAMBDA.
%nonassoc COMMA.
%left OR.
%left AND.
%right NOT.
%left IS ISNULL NOTNULL.
%left EQ NE LT LE GT GE.
%nonassoc BETWEEN IN LIKE ILIKE SIMILAR GLOB REGEXP MATCH NOT_OP.
%right ESCAPE.
%left PIPE AMP LSHIFT RSHIFT CONCAT ARROW ARROW_TEXT TILDE TILDE_CI NOT_TILDE NOT_TILDE_CI
      LIKE_OP ILIKE_OP NOT_LIKE_OP NOT_ILIKE_OP GLOB_OP CONTAINS CONTAINED OVERLAP STARTS BANG.
%left PLUS MINUS.
%left STAR SLASH INT_DIV REM.
%left POWER.
%left AT.
%left COLLATE.
%right UNARY.
%left LB.
%left TYPECAST.
%left DOT IGNORE RESPECT.

%token POSITION_IN COLUMN_NUMBER PARAM AT_SIGN NAMED.

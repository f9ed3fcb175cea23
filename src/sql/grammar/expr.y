// ---- names ----------------------------------------------------------------------------------------

// Any word, where nothing but a name can follow: AS select.
%type label {struct token}
label(A) ::= ID|STRING|ALL|AND|ANY|AS|ASC|BETWEEN|CASE|CHECK|COLLATE|CONSTRAINT|CREATE|DEFAULT|DESC
           |DISTINCT|ELSE|END|EXCEPT|EXISTS|FALSE|FOR|FOREIGN|FROM|GROUP|HAVING|IN|INTERSECT|INTO|IS
           |JOIN|LATERAL|LIKE|ILIKE|LIMIT|NOT|NULL|OFFSET|ON|OR|ORDER|PIVOT|PRIMARY|QUALIFY
           |REFERENCES|RETURNING|SELECT|SOME|TABLE|TABLESAMPLE|THEN|TO|TRUE|UNION|UNIQUE|UNPIVOT
           |USING|WHEN|WHERE|WITH(T). { A = T; }

%type path {struct parse_names}
path(A) ::= ID(T).              { A = names_one(p, T); }
path(A) ::= path(L) DOT ID(T).  { A = names_add(p, L, T); }

%type names {struct parse_names}
names(A) ::= ID(T).                 { A = names_one(p, T); }
names(A) ::= names(L) COMMA ID(T).  { A = names_add(p, L, T); }

// (a, b), a last comma allowed.
%type columns {struct parse_names}
columns(A) ::= LP names(L) RP.        { A = L; }
columns(A) ::= LP names(L) COMMA RP.  { A = L; }

// ---- lists of expressions -------------------------------------------------------------------------

%type exprs {struct parse_list}
exprs(A) ::= expr(E).                 { A = list_one(p, E); }
exprs(A) ::= exprs(L) COMMA expr(E).  { A = list_add(p, L, E); }

// Arguments of a call: also t.* and name => value.
%type args {struct parse_list}
args(A) ::= expr(E).                    { A = list_one(p, E); }
args(A) ::= special_arg(E).             { A = list_one(p, E); }
args(A) ::= args(L) COMMA expr(E).      { A = list_add(p, L, E); }
args(A) ::= args(L) COMMA special_arg(E). { A = list_add(p, L, E); }
special_arg(A) ::= ID(T) NAMED expr(E). { A = expr_argument(p, T, E); }
special_arg(A) ::= expr(E) DOT STAR.    { A = expr_star(p, E, NULL); }

// ---- primary expressions --------------------------------------------------------------------------

// Below IS: behind IS these words belong to it.
expr(A) ::= NULL(T). [OR]             { A = expr_word(p, T, AST_LITERAL_NULL); }
expr(A) ::= TRUE(T). [OR]             { A = expr_word(p, T, AST_LITERAL_TRUE); }
expr(A) ::= FALSE(T). [OR]            { A = expr_word(p, T, AST_LITERAL_FALSE); }
expr(A) ::= INTEGER|DECIMAL|REAL(T).  { A = expr_number(p, T); }
expr(A) ::= STRING(T).                { A = expr_string(p, T); }
expr(A) ::= BLOB(T).                  { A = expr_blob(p, T); }
expr(A) ::= PARAM(T).                 { A = param_node_new(p, T); }
expr(A) ::= COLUMN_NUMBER(T).         { A = expr_position(p, T); }
expr(A) ::= DEFAULT(T).               { A = expr_default(p, T); }
expr(A) ::= CURRENT_WORD(T).          { A = expr_bare_call(p, T); }
expr(A) ::= ID(T).                    { A = column_node_new(p, T); }
expr(A) ::= expr(E) DOT ID(T).        { A = expr_field(p, E, T); }
expr(A) ::= expr(E) LB expr(I) RB.    { A = expr_subscript(p, E, I); }
expr(A) ::= expr(E) LB bound_opt(L) COLON bound_opt(H) RB.
    { A = expr_slice(p, E, L, H, NULL); }
expr(A) ::= expr(E) LB bound_opt(L) COLON bound_opt(H) COLON bound_opt(S) RB.
    { A = expr_slice(p, E, L, H, S); }
expr(A) ::= expr(E) LB bound_opt(L) COLON MINUS COLON bound_opt(S) RB.
    { A = expr_slice(p, E, L, NULL, S); }
bound_opt(A) ::= .         { A = NULL; }
bound_opt(A) ::= expr(E).  { A = E; }

// A parenthesised query is a query as long as it can be: ((SELECT 1)) is one, ((SELECT 1) + 1) is
// not. See query_term in select.y, which has the higher precedence.
expr(A) ::= subquery(Q). [OR]                     { A = expr_subquery(p, Q); }
expr(A) ::= LP(B) expr(E) RP.                     { A = expr_parens(p, B, E); }
expr(A) ::= LP(B) expr(E) COMMA RP.               { A = expr_row(p, B, list_one(p, E)); }
expr(A) ::= LP(B) expr(E) COMMA exprs(L) RP.      { A = expr_row(p, B, list_prepend(p, E, L)); }
expr(A) ::= LP(B) expr(E) COMMA exprs(L) COMMA RP. { A = expr_row(p, B, list_prepend(p, E, L)); }
expr(A) ::= ROW_CALL(B) LP RP.                    { A = expr_row(p, B, list_none()); }
expr(A) ::= ROW_CALL(B) LP exprs(L) RP.           { A = expr_row(p, B, L); }
expr(A) ::= EXISTS(B) subquery(Q).                { A = expr_exists(p, B, Q); }
expr(A) ::= ARRAY(B) subquery(Q).                 { A = expr_array_query(p, B, Q); }
expr(A) ::= ARRAY(B) LB RB.                       { A = expr_array(p, B, list_none()); }
expr(A) ::= ARRAY(B) LB exprs(L) RB.              { A = expr_array(p, B, L); }
expr(A) ::= LB(B) RB.                             { A = expr_array(p, B, list_none()); }
expr(A) ::= LB(B) exprs(L) RB.                    { A = expr_array(p, B, L); }
expr(A) ::= LB(B) exprs(L) COMMA RB.              { A = expr_array(p, B, L); }
// [x + 1 FOR x IN list IF x > 0]
expr(A) ::= LB(B) expr(E) FOR names(N) IN expr(L) RB.  { A = expr_comprehension(p, B, E, N, L); }
expr(A) ::= LB(B) expr(E) FOR names(N) IN expr(L) IF expr(C) RB.
    { A = expr_comprehension(p, B, E, N, expr_filter(p, B, C, N, L)); }
expr(A) ::= LC(B) members(L) RC.                  { A = expr_struct(p, B, L); }
expr(A) ::= LC(B) members(L) COMMA RC.            { A = expr_struct(p, B, L); }
expr(A) ::= MAP_LITERAL(B) LC RC.                 { A = expr_map(p, B, list_none()); }
expr(A) ::= MAP_LITERAL(B) LC pairs(L) RC.        { A = expr_map(p, B, L); }
expr(A) ::= MAP_LITERAL(B) LC pairs(L) COMMA RC.  { A = expr_map(p, B, L); }

%type members {struct parse_list}
members(A) ::= member(E).                   { A = list_one(p, E); }
members(A) ::= members(L) COMMA member(E).  { A = list_add(p, L, E); }
member(A) ::= ID|STRING(T) COLON expr(E).   { A = expr_argument(p, T, E); }

// Keys and values in turn.
%type pairs {struct parse_list}
pairs(A) ::= expr(K) COLON expr(V).  { A = list_add(p, list_one(p, K), V); }
pairs(A) ::= pairs(L) COMMA expr(K) COLON expr(V).
    { A = list_add(p, list_add(p, L, K), V); }

expr(A) ::= CASE(B) whens(L) END.                      { A = expr_case(p, B, NULL, L, NULL); }
expr(A) ::= CASE(B) whens(L) ELSE expr(E) END.         { A = expr_case(p, B, NULL, L, E); }
expr(A) ::= CASE(B) expr(O) whens(L) END.              { A = expr_case(p, B, O, L, NULL); }
expr(A) ::= CASE(B) expr(O) whens(L) ELSE expr(E) END. { A = expr_case(p, B, O, L, E); }
%type whens {struct parse_list}
whens(A) ::= when(E).           { A = list_one(p, E); }
whens(A) ::= whens(L) when(E).  { A = list_add(p, L, E); }
when(A) ::= WHEN(B) expr(C) THEN expr(R).  { A = expr_when(p, B, C, R); }

expr(A) ::= CAST(B) LP expr(E) AS type(T) RP.      { A = expr_cast(p, B.at, 0, E, T); }
expr(A) ::= TRY_CAST(B) LP expr(E) AS type(T) RP.  { A = expr_cast(p, B.at, AST_CAST_TRY, E, T); }
// Brackets behind the type are the type's: x::INTEGER[3].
expr(A) ::= expr(E) TYPECAST cast_type(T). [UNARY] { A = expr_cast(p, at_of(E), 0, E, T); }
expr(A) ::= TYPED_WORD(T) STRING(S).               { A = expr_typed(p, T, T, S); }
expr(A) ::= TYPED_WORD(T) WITH_TIME TIME ZONE(Z) STRING(S). { A = expr_typed(p, T, Z, S); }

// The filter has found out which words are units.
expr(A) ::= INTERVAL(B) interval_value(V).             { A = expr_interval(p, B, V, NULL, NULL); }
expr(A) ::= INTERVAL(B) interval_value(V) UNIT(U).     { A = expr_interval(p, B, V, &U, NULL); }
expr(A) ::= INTERVAL(B) interval_value(V) UNIT(U) TO UNIT(W).
    { A = expr_interval(p, B, V, &U, &W); }
expr(A) ::= INTERVAL(B) LP expr(E) RP ID(U).           { A = expr_interval(p, B, E, &U, NULL); }
interval_value(A) ::= STRING(T).                { A = expr_string(p, T); }
interval_value(A) ::= INTEGER|DECIMAL|REAL(T).  { A = expr_number(p, T); }
interval_value(A) ::= PARAM(T).                 { A = param_node_new(p, T); }

expr(A) ::= LAMBDA(B) names(L) COLON expr(E). [LAMBDA]  { A = expr_lambda(p, B, L, E); }

// ---- calls ----------------------------------------------------------------------------------------

%type call {struct ast_call *}
%type call_open {struct ast_call *}
%type call_in {struct ast_call *}
call_open(A) ::= ID(T) LP.                 { A = call_open(p, T); }
call_open(A) ::= expr(E) DOT ID(T) LP.     { A = call_open_path(p, E, T); }
call_in(A) ::= call_open(C) args(L).           { A = call_args(p, C, 0, L); }
call_in(A) ::= call_open(C) args(L) COMMA.     { A = call_args(p, C, 0, L); }
call_in(A) ::= call_open(C) ALL args(L).       { A = call_args(p, C, 0, L); }
call_in(A) ::= call_open(C) DISTINCT args(L).  { A = call_args(p, C, AST_CALL_DISTINCT, L); }
call_in(A) ::= call_open(C) star(S).           { A = call_star(p, C, S); }
call_in(A) ::= call_in(C) ORDER BY order_list(L). { A = call_order(p, C, L); }
call_in(A) ::= call_in(C) IGNORE|RESPECT(T) NULLS. { A = call_nulls(p, C, T); }
call(A) ::= call_open(C) RP.  { A = call_end(p, C); }
call(A) ::= call_in(C) RP.    { A = call_end(p, C); }
call(A) ::= call(C) WITHIN GROUP LP ORDER BY order_list(L) RP.  { A = call_within(p, C, L); }
call(A) ::= call(C) FILTER LP WHERE expr(E) RP.  { A = call_filter(p, C, E); }
call(A) ::= call(C) FILTER LP expr(E) RP.        { A = call_filter(p, C, E); }
call(A) ::= call(C) IGNORE|RESPECT(T) NULLS.     { A = call_nulls(p, C, T); }
call(A) ::= call(C) OVER ID(T).                  { A = call_over_name(p, C, T); }
call(A) ::= call(C) OVER LP(B) window(W) RP.     { A = call_over(p, C, B, W); }
// In f(g(x) IGNORE NULLS) the words belong to g.
expr(A) ::= call(C). [OR]                        { A = (struct ast *)C; }

// Calls with words inside; behind them stands nothing but the call's end.
expr(A) ::= EXTRACT(B) LP ID|STRING(T) FROM expr(E) RP.
    { A = call_fixed(p, B, "date_part", list_of(p, expr_string(p, T), E, NULL, NULL)); }
expr(A) ::= SUBSTRING(B) LP args(L) RP.  { A = call_plain(p, B, L); }
expr(A) ::= SUBSTRING(B) LP expr(E) FROM expr(F) RP.
    { A = call_fixed(p, B, "substring", list_of(p, E, F, NULL, NULL)); }
expr(A) ::= SUBSTRING(B) LP expr(E) FROM expr(F) FOR expr(N) RP.
    { A = call_fixed(p, B, "substring", list_of(p, E, F, N, NULL)); }
expr(A) ::= SUBSTRING(B) LP expr(E) FOR expr(N) RP.
    { A = call_fixed(p, B, "substring", list_of(p, E, expr_one(p), N, NULL)); }
expr(A) ::= POSITION(B) LP args(L) RP.   { A = call_plain(p, B, L); }
expr(A) ::= POSITION(B) LP expr(N) POSITION_IN expr(H) RP.
    { A = call_fixed(p, B, "strpos", list_of(p, H, N, NULL, NULL)); }
expr(A) ::= OVERLAY(B) LP args(L) RP.    { A = call_plain(p, B, L); }
expr(A) ::= OVERLAY(B) LP expr(E) PLACING expr(R) FROM expr(F) RP.
    { A = call_fixed(p, B, "overlay", list_of(p, E, R, F, NULL)); }
expr(A) ::= OVERLAY(B) LP expr(E) PLACING expr(R) FROM expr(F) FOR expr(N) RP.
    { A = call_fixed(p, B, "overlay", list_of(p, E, R, F, N)); }
expr(A) ::= TRIM(B) LP args(L) RP.                     { A = call_plain(p, B, L); }
expr(A) ::= TRIM(B) LP expr(C) FROM expr(E) RP.        { A = call_trim(p, B, NULL, C, E); }
expr(A) ::= TRIM(B) LP trim_side(S) FROM expr(E) RP.   { A = call_trim(p, B, &S, NULL, E); }
expr(A) ::= TRIM(B) LP trim_side(S) expr(E) RP.        { A = call_trim(p, B, &S, NULL, E); }
expr(A) ::= TRIM(B) LP trim_side(S) expr(C) FROM expr(E) RP.
    { A = call_trim(p, B, &S, C, E); }
%type trim_side {struct token}
trim_side(A) ::= BOTH|LEADING|TRAILING(T).  { A = T; }
expr(A) ::= GROUPING(B) LP exprs(L) RP.     { A = expr_grouping(p, B, L); }

// ---- operators ------------------------------------------------------------------------------------

expr(A) ::= expr(L) OR expr(R).   { A = expr_logic(p, AST_LOGIC_OR, L, R); }
expr(A) ::= expr(L) AND expr(R).  { A = expr_logic(p, AST_LOGIC_AND, L, R); }
expr(A) ::= NOT(B) expr(E).       { A = expr_unary(p, AST_UNARY_NOT, B, E); }

expr(A) ::= expr(E) ISNULL.       { A = expr_is(p, AST_IS_NULL, 0, E); }
expr(A) ::= expr(E) NOTNULL.      { A = expr_is(p, AST_IS_NULL, AST_NEGATED, E); }
expr(A) ::= expr(E) NOT NULL. [IS]           { A = expr_is(p, AST_IS_NULL, AST_NEGATED, E); }
expr(A) ::= expr(E) IS is_word(W).           { A = expr_is(p, W, 0, E); }
expr(A) ::= expr(E) IS NOT is_word(W). [IS]  { A = expr_is(p, W, AST_NEGATED, E); }
%type is_word {int}
is_word(A) ::= NULL. [IS]     { A = AST_IS_NULL; }
is_word(A) ::= TRUE. [IS]     { A = AST_IS_TRUE; }
is_word(A) ::= FALSE. [IS]    { A = AST_IS_FALSE; }
is_word(A) ::= UNKNOWN. [IS]  { A = AST_IS_UNKNOWN; }
expr(A) ::= expr(L) IS DISTINCT FROM expr(R). [IS]
    { A = expr_binary(p, AST_BINARY_DISTINCT, L, R); }
expr(A) ::= expr(L) IS NOT DISTINCT FROM expr(R). [IS]
    { A = expr_binary(p, AST_BINARY_NOT_DISTINCT, L, R); }
expr(A) ::= expr(L) IS expr(R).           { A = expr_binary(p, AST_BINARY_NOT_DISTINCT, L, R); }
// Above NOT: x IS NOT y is no x IS (NOT y).
expr(A) ::= expr(L) IS NOT expr(R). [IS]  { A = expr_binary(p, AST_BINARY_DISTINCT, L, R); }

expr(A) ::= expr(L) EQ|NE|LT|LE|GT|GE(O) expr(R).  { A = expr_compare(p, O, L, R); }
expr(A) ::= expr(L) EQ|NE|LT|LE|GT|GE(O) ANY|SOME|ALL(Q) subquery(S).
    { A = expr_quantified(p, quantified_compare(O), Q, L, S, NULL); }
expr(A) ::= expr(L) EQ|NE|LT|LE|GT|GE(O) ANY|SOME|ALL(Q) LP expr(E) RP.
    { A = expr_quantified(p, quantified_compare(O), Q, L, NULL, E); }

// Above AND: the AND is the one of BETWEEN.
expr(A) ::= expr(E) between(F) expr(L) AND expr(H). [BETWEEN]
    { A = expr_between(p, F, E, L, H); }
%type between {int}
between(A) ::= BETWEEN.                   { A = 0; }
between(A) ::= BETWEEN SYMMETRIC.         { A = AST_BETWEEN_SYMMETRIC; }
between(A) ::= BETWEEN ASYMMETRIC.        { A = 0; }
between(A) ::= NOT_OP BETWEEN.            { A = AST_NEGATED; }
between(A) ::= NOT_OP BETWEEN SYMMETRIC.  { A = AST_NEGATED | AST_BETWEEN_SYMMETRIC; }
between(A) ::= NOT_OP BETWEEN ASYMMETRIC. { A = AST_NEGATED; }

expr(A) ::= expr(L) like(O) expr(R). [LIKE]                 { A = expr_like(p, O, L, R, NULL); }
expr(A) ::= expr(L) like(O) expr(R) ESCAPE expr(E). [LIKE]  { A = expr_like(p, O, L, R, E); }
expr(A) ::= expr(L) like(O) ANY|SOME|ALL(Q) subquery(S). [LIKE]
    { A = expr_quantified(p, O, Q, L, S, NULL); }
expr(A) ::= expr(L) like(O) ANY|SOME|ALL(Q) LP expr(E) RP. [LIKE]
    { A = expr_quantified(p, O, Q, L, NULL, E); }
// QUANTIFIED_LIKE + the operator; LIKE_NOT if negated.
%type like {int}
like(A) ::= LIKE|ILIKE|GLOB|REGEXP|MATCH(O).         { A = like_op(O, false); }
like(A) ::= NOT_OP LIKE|ILIKE|GLOB|REGEXP|MATCH(O).  { A = like_op(O, true); }
like(A) ::= SIMILAR(O) TO.                           { A = like_op(O, false); }
like(A) ::= NOT_OP SIMILAR(O) TO.                    { A = like_op(O, true); }
expr(A) ::= expr(L) TILDE|TILDE_CI|NOT_TILDE|NOT_TILDE_CI|LIKE_OP|ILIKE_OP|NOT_LIKE_OP
            |NOT_ILIKE_OP|GLOB_OP(O) expr(R).        { A = expr_like(p, like_op(O, false), L, R, NULL); }

%type in {int}
in(A) ::= IN.         { A = 0; }
in(A) ::= NOT_OP IN.  { A = AST_NEGATED; }
expr(A) ::= expr(E) in(N) LP RP. [IN]                 { A = expr_in_list(p, N, E, list_none()); }
expr(A) ::= expr(E) in(N) LP exprs(L) RP. [IN]        { A = expr_in_list(p, N, E, L); }
expr(A) ::= expr(E) in(N) LP exprs(L) COMMA RP. [IN]  { A = expr_in_list(p, N, E, L); }
expr(A) ::= expr(E) in(N) subquery(Q). [IN]           { A = expr_in_query(p, N, E, Q); }
expr(A) ::= expr(E) in(N) in_source(S). [IN]          { A = expr_in_table(p, N, E, S); }
in_source(A) ::= ID(T).                     { A = column_node_new(p, T); }
in_source(A) ::= in_source(E) DOT ID(T).    { A = expr_field(p, E, T); }
in_source(A) ::= in_source(E) LP RP.        { A = in_source_call(p, E, list_none()); }
in_source(A) ::= in_source(E) LP args(L) RP. { A = in_source_call(p, E, L); }
in_source(A) ::= in_source(E) LB expr(I) RB. { A = expr_subscript(p, E, I); }
in_source(A) ::= PARAM(T).                  { A = param_node_new(p, T); }
in_source(A) ::= LB(B) RB.                  { A = expr_array(p, B, list_none()); }
in_source(A) ::= LB(B) exprs(L) RB.         { A = expr_array(p, B, L); }
in_source(A) ::= LB(B) exprs(L) COMMA RB.   { A = expr_array(p, B, L); }

expr(A) ::= expr(L) PIPE|AMP|LSHIFT|RSHIFT|CONCAT|ARROW|ARROW_TEXT|CONTAINS|CONTAINED|OVERLAP
            |STARTS(O) expr(R).                  { A = expr_operator(p, O, L, R); }
expr(A) ::= expr(L) PLUS|MINUS(O) expr(R).       { A = expr_operator(p, O, L, R); }
expr(A) ::= expr(L) STAR|SLASH|INT_DIV|REM(O) expr(R). { A = expr_operator(p, O, L, R); }
expr(A) ::= expr(L) POWER(O) expr(R).            { A = expr_operator(p, O, L, R); }
expr(A) ::= expr(E) BANG.                        { A = expr_postfix(p, AST_UNARY_FACTORIAL, E); }
expr(A) ::= MINUS(B) expr(E). [UNARY]            { A = expr_unary(p, AST_UNARY_MINUS, B, E); }
expr(A) ::= PLUS(B) expr(E). [UNARY]             { A = expr_unary(p, AST_UNARY_PLUS, B, E); }
expr(A) ::= TILDE(B) expr(E). [UNARY]            { A = expr_unary(p, AST_UNARY_BIT_NOT, B, E); }
expr(A) ::= AT_SIGN(B) expr(E). [UNARY]          { A = expr_unary(p, AST_UNARY_ABS, B, E); }
expr(A) ::= expr(E) AT TIME ZONE expr(Z). [AT]   { A = expr_at_zone(p, E, Z); }
expr(A) ::= expr(E) AT LOCAL.                    { A = expr_at_zone(p, E, NULL); }
expr(A) ::= expr(E) COLLATE path(N). [COLLATE]   { A = expr_collate(p, E, N); }

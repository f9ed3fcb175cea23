// ---- FROM -----------------------------------------------------------------------------------------

%type from_list {struct parse_list}
from_list(A) ::= from_items(L).        { A = L; }
from_list(A) ::= from_items(L) COMMA.  { A = L; }
%type from_items {struct parse_list}
from_items(A) ::= from_item(E).                      { A = list_one(p, E); }
from_items(A) ::= from_items(L) COMMA from_item(E).  { A = list_add(p, L, E); }

// A condition joins the last join that has none, so a JOIN b JOIN c ON x ON y works (join_on).
from_item(A) ::= table_ref(T).                          { A = T; }
from_item(A) ::= ID(N) COLON table_ref(T).              { A = from_prefix(p, N, T); }
from_item(A) ::= STRING(N) COLON table_ref(T).          { A = from_prefix(p, N, T); }
from_item(A) ::= from_item(L) join_words(J) table_ref(R). { A = join_new(p, J, L, R); }
from_item(A) ::= from_item(J) ON(B) expr(E).            { A = join_on(p, J, B, E); }
from_item(A) ::= from_item(J) USING(B) columns(C).      { A = join_using(p, J, B, C); }

// enum ast_join_op, AST_JOIN_* << 8.
%type join_words {int}
join_words(A) ::= JOIN.                          { A = AST_JOIN_INNER; }
join_words(A) ::= join_type(T) JOIN.             { A = T; }
join_words(A) ::= NATURAL JOIN.                  { A = AST_JOIN_INNER | AST_JOIN_NATURAL << 8; }
join_words(A) ::= NATURAL join_type(T) JOIN.     { A = T | AST_JOIN_NATURAL << 8; }
join_words(A) ::= ASOF JOIN.                     { A = AST_JOIN_INNER | AST_JOIN_ASOF << 8; }
join_words(A) ::= ASOF join_type(T) JOIN.        { A = T | AST_JOIN_ASOF << 8; }
join_words(A) ::= CROSS JOIN.                    { A = AST_JOIN_CROSS; }
join_words(A) ::= POSITIONAL JOIN.               { A = AST_JOIN_POSITIONAL; }
%type join_type {int}
join_type(A) ::= INNER.        { A = AST_JOIN_INNER; }
join_type(A) ::= LEFT.         { A = AST_JOIN_LEFT; }
join_type(A) ::= LEFT OUTER.   { A = AST_JOIN_LEFT; }
join_type(A) ::= RIGHT.        { A = AST_JOIN_RIGHT; }
join_type(A) ::= RIGHT OUTER.  { A = AST_JOIN_RIGHT; }
join_type(A) ::= FULL.         { A = AST_JOIN_FULL; }
join_type(A) ::= FULL OUTER.   { A = AST_JOIN_FULL; }
join_type(A) ::= SEMI.         { A = AST_JOIN_SEMI; }
join_type(A) ::= ANTI.         { A = AST_JOIN_ANTI; }

table_ref(A) ::= path(N).                         { A = table_item_new(p, N, NULL); }
table_ref(A) ::= path(N) alias(X).                { A = table_item_new(p, N, X); }
table_ref(A) ::= STRING(S).                       { A = table_file(p, S, NULL); }
table_ref(A) ::= STRING(S) alias(X).              { A = table_file(p, S, X); }
table_ref(A) ::= subquery(Q). [OR]                { A = derived_new(p, NULL, Q, NULL); }
table_ref(A) ::= subquery(Q) alias(X).            { A = derived_new(p, NULL, Q, X); }
// In a list the comma goes on with the rows.
table_ref(A) ::= values(V). [LAMBDA]              { A = derived_values(p, V, NULL); }
table_ref(A) ::= values(V) alias(X).              { A = derived_values(p, V, X); }
table_ref(A) ::= LATERAL(B) subquery(Q).          { A = derived_new(p, &B, Q, NULL); }
table_ref(A) ::= LATERAL(B) subquery(Q) alias(X). { A = derived_new(p, &B, Q, X); }
table_ref(A) ::= table_call(C).                   { A = table_function(p, NULL, C, 0, NULL); }
table_ref(A) ::= table_call(C) alias(X).          { A = table_function(p, NULL, C, 0, X); }
table_ref(A) ::= table_call(C) WITH_ORDINALITY ORDINALITY.
    { A = table_function(p, NULL, C, AST_FROM_ORDINALITY, NULL); }
table_ref(A) ::= table_call(C) WITH_ORDINALITY ORDINALITY alias(X).
    { A = table_function(p, NULL, C, AST_FROM_ORDINALITY, X); }
table_ref(A) ::= LATERAL(B) table_call(C).           { A = table_function(p, &B, C, 0, NULL); }
table_ref(A) ::= LATERAL(B) table_call(C) alias(X).  { A = table_function(p, &B, C, 0, X); }
table_ref(A) ::= LP(B) from_item(J) RP.              { A = from_parens(p, B, J, NULL); }
table_ref(A) ::= LP(B) from_item(J) RP alias(X).     { A = from_parens(p, B, J, X); }
table_ref(A) ::= table_ref(T) INDEXED BY ID(N).      { A = table_indexed(p, T, &N); }
table_ref(A) ::= table_ref(T) NOT(B) INDEXED.        { A = table_indexed(p, T, NULL); (void)B; }
table_ref(A) ::= table_ref(T) TABLESAMPLE(B) sample(S).  { A = from_sample(p, T, B, S); }

%type table_call {struct ast_call *}
table_call(A) ::= path(N) LP RP.                 { A = table_call(p, N, list_none()); }
table_call(A) ::= path(N) LP args(L) RP.         { A = table_call(p, N, L); }
table_call(A) ::= path(N) LP args(L) COMMA RP.   { A = table_call(p, N, L); }

%type alias {struct parse_alias *}
alias(A) ::= ID(N).                { A = alias_new(p, N, names_none()); }
alias(A) ::= STRING(N).            { A = alias_new(p, N, names_none()); }
alias(A) ::= ID(N) columns(C).     { A = alias_new(p, N, C); }
alias(A) ::= AS ID(N).             { A = alias_new(p, N, names_none()); }
alias(A) ::= AS STRING(N).         { A = alias_new(p, N, names_none()); }
alias(A) ::= AS ID(N) columns(C).  { A = alias_new(p, N, C); }

%type sample {struct ast_sample *}
sample(A) ::= sample_amount(S).            { A = S; }
sample(A) ::= sample_amount(S) LP ID(M) RP. { A = sample_method(p, S, M, NULL); }
sample(A) ::= sample_amount(S) LP ID(M) COMMA INTEGER(N) RP. { A = sample_method(p, S, M, expr_number(p, N)); }
sample(A) ::= ID(M) LP sample_amount(S) RP. { A = sample_named(p, S, M); }
sample(A) ::= LP sample_amount(S) RP.      { A = S; }
sample(A) ::= sample(S) REPEATABLE LP expr(E) RP. { A = sample_seed(p, S, E); }
%type sample_amount {struct ast_sample *}
sample_amount(A) ::= sample_number(E).                { A = sample_new(p, E, -1); }
sample_amount(A) ::= sample_number(E) PERCENT|REM|PERCENT_SIGN. { A = sample_new(p, E, AST_SAMPLE_PERCENT); }
sample_amount(A) ::= sample_number(E) ROW|ROWS.       { A = sample_new(p, E, AST_SAMPLE_ROWS); }
sample_number(A) ::= INTEGER|DECIMAL|REAL(T).  { A = expr_number(p, T); }
sample_number(A) ::= PARAM(T).                 { A = param_node_new(p, T); }

// ---- PIVOT, UNPIVOT -------------------------------------------------------------------------------

table_ref(A) ::= table_ref(T) PIVOT(B) LP items(L) FOR pivot_ons(O) RP.
    { A = pivot_new(p, B, T, pivot_clause(p, B, O, L, list_none()), NULL); }
table_ref(A) ::= table_ref(T) PIVOT(B) LP items(L) FOR pivot_ons(O) RP alias(X).
    { A = pivot_new(p, B, T, pivot_clause(p, B, O, L, list_none()), X); }
table_ref(A) ::= table_ref(T) PIVOT(B) LP items(L) FOR pivot_ons(O) GROUP BY exprs(G) RP.
    { A = pivot_new(p, B, T, pivot_clause(p, B, O, L, G), NULL); }
table_ref(A) ::= table_ref(T) PIVOT(B) LP items(L) FOR pivot_ons(O) GROUP BY exprs(G) RP alias(X).
    { A = pivot_new(p, B, T, pivot_clause(p, B, O, L, G), X); }
%type pivot_ons {struct parse_list}
pivot_ons(A) ::= pivot_for(E).               { A = list_one(p, E); }
pivot_ons(A) ::= pivot_ons(L) pivot_for(E).  { A = list_add(p, L, E); }
pivot_for(A) ::= pivot_column(C) IN LP items(L) RP.  { A = pivot_on(p, C, L, NULL); }
pivot_for(A) ::= pivot_column(C) IN subquery(Q).     { A = pivot_on(p, C, list_none(), Q); }
pivot_column(A) ::= path(N).             { A = expr_of_path(p, N); }
pivot_column(A) ::= LP(B) exprs(L) RP.   { A = expr_row(p, B, L); }

table_ref(A) ::= table_ref(T) UNPIVOT(B) unpivot_nulls(F) LP unpivot_names(V) FOR ID(N) IN LP items(L) RP RP.
    { A = unpivot_new(p, B, T, unpivot_what(p, F, V, &N, L), NULL); }
table_ref(A) ::= table_ref(T) UNPIVOT(B) unpivot_nulls(F) LP unpivot_names(V) FOR ID(N) IN LP items(L) RP RP alias(X).
    { A = unpivot_new(p, B, T, unpivot_what(p, F, V, &N, L), X); }
%type unpivot_nulls {int}
unpivot_nulls(A) ::= .               { A = 0; }
unpivot_nulls(A) ::= INCLUDE NULLS.  { A = AST_UNPIVOT_INCLUDE_NULLS; }
unpivot_nulls(A) ::= EXCLUDE NULLS.  { A = 0; }
%type unpivot_names {struct parse_names}
unpivot_names(A) ::= ID(T).       { A = names_one(p, T); }
unpivot_names(A) ::= columns(C).  { A = C; }

pivot_statement(A) ::= PIVOT(B) table_ref(T) pivot_clauses(C).  { A = pivot_statement(p, B, T, C); }
pivot_statement(A) ::= PIVOT(B) table_ref(T).                   { A = pivot_statement(p, B, T, NULL); }
%type pivot_clauses {struct ast_pivot *}
pivot_clauses(A) ::= pivot_clause(C).                   { A = C; }
pivot_clauses(A) ::= pivot_clauses(L) pivot_clause(C).  { A = pivot_merge(p, L, C); }
%type pivot_clause {struct ast_pivot *}
pivot_clause(A) ::= ON(B) pivot_on_list(L).    { A = pivot_clause(p, B, L, list_none(), list_none()); }
pivot_clause(A) ::= USING(B) items(L).         { A = pivot_clause(p, B, list_none(), L, list_none()); }
pivot_clause(A) ::= GROUP(B) BY exprs(L).      { A = pivot_clause(p, B, list_none(), list_none(), L); }
%type pivot_on_list {struct parse_list}
pivot_on_list(A) ::= pivot_on_item(E).                         { A = list_one(p, E); }
pivot_on_list(A) ::= pivot_on_list(L) COMMA pivot_on_item(E).  { A = list_add(p, L, E); }
pivot_on_item(A) ::= expr(E).  { A = pivot_on_expr(p, E); }

pivot_statement(A) ::= UNPIVOT(B) table_ref(T) ON items(L).
    { A = unpivot_statement(p, B, T, unpivot_what(p, 0, names_none(), NULL, L)); }
pivot_statement(A) ::= UNPIVOT(B) table_ref(T) ON items(L) INTO NAME ID(N) VALUE names(V).
    { A = unpivot_statement(p, B, T, unpivot_what(p, 0, V, &N, L)); }
pivot_statement(A) ::= UNPIVOT(B) table_ref(T) INCLUDE NULLS ON items(L).
    { A = unpivot_statement(p, B, T, unpivot_what(p, AST_UNPIVOT_INCLUDE_NULLS, names_none(), NULL, L)); }
pivot_statement(A) ::= UNPIVOT(B) table_ref(T) INCLUDE NULLS ON items(L) INTO NAME ID(N) VALUE names(V).
    { A = unpivot_statement(p, B, T, unpivot_what(p, AST_UNPIVOT_INCLUDE_NULLS, V, &N, L)); }

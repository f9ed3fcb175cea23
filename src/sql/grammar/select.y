// ---- queries --------------------------------------------------------------------------------------

%type query {struct ast_query *}
%type query_tail {struct ast_query *}
%type query_clause {struct ast_query *}
%type subquery {struct ast_query *}
subquery(A) ::= LP(B) query(Q) RP.     { A = query_parens(p, B, Q); }
subquery(A) ::= LP(B) describe(S) RP.  { A = query_parens(p, B, query_wrap(p, S)); }

query(A) ::= query_body(B).             { A = query_new(p, B); }
query(A) ::= query_tail(Q).             { A = Q; }
query(A) ::= with(W) query_body(B).     { A = query_with(p, W, query_wrap(p, B)); }
query(A) ::= with(W) query_tail(Q).     { A = query_with(p, W, Q); }
query_tail(A) ::= query_body(B) query_clause(C).  { A = query_clause(p, query_wrap(p, B), C); }
query_tail(A) ::= query_tail(Q) query_clause(C).  { A = query_clause(p, Q, C); }

query_clause(A) ::= ORDER(B) BY order_list(L).  { A = clause_order(p, B, L); }
query_clause(A) ::= LIMIT(B) expr(E).           { A = clause_limit(p, B, E, NULL, 0); }
query_clause(A) ::= LIMIT(B) expr(E) PERCENT.   { A = clause_limit(p, B, E, NULL, AST_QUERY_LIMIT_PERCENT); }
query_clause(A) ::= LIMIT(B) expr(E) PERCENT_SIGN. { A = clause_limit(p, B, E, NULL, AST_QUERY_LIMIT_PERCENT); }
query_clause(A) ::= LIMIT(B) ALL.               { A = clause_limit(p, B, NULL, NULL, 0); }
query_clause(A) ::= LIMIT(B) expr(O) COMMA expr(E).  { A = clause_limit(p, B, E, O, 0); }
query_clause(A) ::= OFFSET(B) expr(E).          { A = clause_offset(p, B, E); }
query_clause(A) ::= OFFSET(B) expr(E) ROW|ROWS. { A = clause_offset(p, B, E); }
query_clause(A) ::= FETCH(B) FIRST|NEXT ROW|ROWS fetch_end(F).
    { A = clause_limit(p, B, expr_one(p), NULL, F); }
query_clause(A) ::= FETCH(B) FIRST|NEXT expr(E) ROW|ROWS fetch_end(F).
    { A = clause_limit(p, B, E, NULL, F); }
query_clause(A) ::= FETCH(B) FIRST|NEXT expr(E) PERCENT ROW|ROWS fetch_end(F).
    { A = clause_limit(p, B, E, NULL, F | AST_QUERY_LIMIT_PERCENT); }
%type fetch_end {int}
fetch_end(A) ::= ONLY.       { A = 0; }
fetch_end(A) ::= WITH_TIES TIES.  { A = AST_QUERY_WITH_TIES; }

%type with {struct ast_with *}
with(A) ::= WITH(B) ctes(L).            { A = with_new(p, B, 0, L); }
with(A) ::= WITH(B) RECURSIVE ctes(L).  { A = with_new(p, B, AST_WITH_RECURSIVE, L); }
%type ctes {struct parse_list}
ctes(A) ::= cte(E).                { A = list_one(p, E); }
ctes(A) ::= ctes(L) COMMA cte(E).  { A = list_add(p, L, E); }
cte(A) ::= ID(N) AS materialized(M) subquery(Q).             { A = cte_new(p, N, names_none(), M, Q); }
cte(A) ::= ID(N) columns(C) AS materialized(M) subquery(Q).  { A = cte_new(p, N, C, M, Q); }
%type materialized {int}
materialized(A) ::= .                  { A = 0; }
materialized(A) ::= MATERIALIZED.      { A = AST_CTE_MATERIALIZED; }
materialized(A) ::= NOT MATERIALIZED.  { A = AST_CTE_NOT_MATERIALIZED; }

// INTERSECT binds tighter than UNION and EXCEPT.
query_body(A) ::= query_factor(B).  { A = B; }
query_body(A) ::= query_body(L) UNION|EXCEPT(O) setop_flags(F) query_factor(R).
    { A = setop_new(p, O, F, L, R); }
query_factor(A) ::= query_term(B).  { A = B; }
query_factor(A) ::= query_factor(L) INTERSECT(O) setop_flags(F) query_term(R).
    { A = setop_new(p, O, F, L, R); }
%type setop_flags {int}
setop_flags(A) ::= .                   { A = 0; }
setop_flags(A) ::= ALL.                { A = AST_SETOP_ALL; }
setop_flags(A) ::= DISTINCT.           { A = 0; }
setop_flags(A) ::= BY NAME.            { A = AST_SETOP_BY_NAME; }
setop_flags(A) ::= ALL BY NAME.        { A = AST_SETOP_ALL | AST_SETOP_BY_NAME; }
setop_flags(A) ::= DISTINCT BY NAME.   { A = AST_SETOP_BY_NAME; }

query_term(A) ::= select(S).           { A = select_end(S); }
query_term(A) ::= values(V). [DOT]     { A = values_end(p, V); }
query_term(A) ::= values(V) COMMA.     { A = values_end(p, V); }
query_term(A) ::= TABLE(B) path(N).    { A = select_table(p, B, N); }
// Above expr ::= subquery (expr.y).
query_term(A) ::= subquery(Q). [DOT]   { A = query_as_body(p, Q); }
query_term(A) ::= pivot_statement(S).  { A = S; }

%type values {struct parse_values *}
values(A) ::= VALUES(B) LP exprs(L) RP.        { A = values_new(p, B, L); }
values(A) ::= VALUES(B) LP exprs(L) COMMA RP.  { A = values_new(p, B, L); }
values(A) ::= VALUES_ROWS(B).                  { A = values_rows(p, B); }
values(A) ::= values(V) COMMA LP(B) exprs(L) RP.        { A = values_row(p, V, B, L); }
values(A) ::= values(V) COMMA LP(B) exprs(L) COMMA RP.  { A = values_row(p, V, B, L); }

// Clauses are taken in any order here; the builder checks it, for a better message.
%type select {struct ast_select *}
select(A) ::= SELECT(B) items(L).           { A = select_new(p, B, 0, L); }
select(A) ::= SELECT(B) ALL items(L).       { A = select_new(p, B, 0, L); }
select(A) ::= SELECT(B) DISTINCT items(L).  { A = select_new(p, B, AST_SELECT_DISTINCT, L); }
select(A) ::= SELECT(B) DISTINCT ON LP exprs(O) RP items(L). { A = select_distinct_on(p, B, O, L); }
select(A) ::= from_first(S).                { A = S; }
select(A) ::= select(S) FROM(B) from_list(L).       { A = select_from(p, S, B, L); }
select(A) ::= select(S) WHERE(B) expr(E).           { A = select_where(p, S, B, E); }
select(A) ::= select(S) GROUP(B) BY ALL.            { A = select_group_all(p, S, B); }
select(A) ::= select(S) GROUP(B) BY groups(L).      { A = select_group(p, S, B, L); }
select(A) ::= select(S) GROUP(B) BY groups(L) COMMA. { A = select_group(p, S, B, L); }
select(A) ::= select(S) HAVING(B) expr(E).          { A = select_having(p, S, B, E); }
select(A) ::= select(S) WINDOW(B) window_defs(L).   { A = select_windows(p, S, B, L); }
select(A) ::= select(S) QUALIFY(B) expr(E).         { A = select_qualify(p, S, B, E); }
select(A) ::= select(S) USING_SAMPLE(B) SAMPLE sample(M). { A = select_sample(p, S, B, M); }

%type from_first {struct ast_select *}
from_first(A) ::= FROM(B) from_list(L).  { A = select_from_first(p, B, L); }
from_first(A) ::= FROM(B) from_list(L) SELECT items(I).           { A = select_from_items(p, B, L, 0, I); }
from_first(A) ::= FROM(B) from_list(L) SELECT ALL items(I).       { A = select_from_items(p, B, L, 0, I); }
from_first(A) ::= FROM(B) from_list(L) SELECT DISTINCT items(I).
    { A = select_from_items(p, B, L, AST_SELECT_DISTINCT, I); }

%type items {struct parse_list}
items(A) ::= item_list(L).        { A = L; }
items(A) ::= item_list(L) COMMA.  { A = L; }
%type item_list {struct parse_list}
item_list(A) ::= item(E).                     { A = list_one(p, E); }
item_list(A) ::= item_list(L) COMMA item(E).  { A = list_add(p, L, E); }
item(A) ::= expr(E).                  { A = item_new(p, E, NULL); }
item(A) ::= expr(E) AS label(T).      { A = item_new(p, E, &T); }
item(A) ::= expr(E) ID|STRING(T).     { A = item_new(p, E, &T); }
item(A) ::= ID(T) COLON expr(E).      { A = item_prefix(p, T, E); }
item(A) ::= star(S).                  { A = S; }
item(A) ::= star(S) AS label(T).      { A = item_new(p, S, &T); }
item(A) ::= expr(E) DOT STAR.         { A = expr_star(p, E, NULL); }
item(A) ::= expr(E) DOT STAR star_clauses(C).  { A = expr_star(p, E, C); }

star(A) ::= STAR(B).                  { A = expr_plain_star(p, B, NULL); }
star(A) ::= STAR(B) star_clauses(C).  { A = expr_plain_star(p, B, C); }
%type star_clauses {struct ast_star *}
star_clauses(A) ::= star_clause(C).                  { A = C; }
star_clauses(A) ::= star_clauses(L) star_clause(C).  { A = star_merge(p, L, C); }
%type star_clause {struct ast_star *}
star_clause(A) ::= EXCLUDE(B) path(N).                    { A = star_exclude(p, B, list_one(p, expr_of_path(p, N))); }
star_clause(A) ::= EXCLUDE(B) LP paths(L) RP.             { A = star_exclude(p, B, L); }
star_clause(A) ::= EXCLUDE(B) LP paths(L) COMMA RP.       { A = star_exclude(p, B, L); }
star_clause(A) ::= REPLACE(B) LP star_items(L) RP.        { A = star_replace(p, B, L); }
star_clause(A) ::= REPLACE(B) LP star_items(L) COMMA RP.  { A = star_replace(p, B, L); }
star_clause(A) ::= REPLACE(B) star_item(I).               { A = star_replace(p, B, list_one(p, I)); }
star_clause(A) ::= RENAME(B) LP star_renames(L) RP.       { A = star_rename(p, B, L); }
star_clause(A) ::= RENAME(B) LP star_renames(L) COMMA RP. { A = star_rename(p, B, L); }
star_clause(A) ::= RENAME(B) star_rename(I).              { A = star_rename(p, B, list_one(p, I)); }
%type paths {struct parse_list}
paths(A) ::= path(N).                 { A = list_one(p, expr_of_path(p, N)); }
paths(A) ::= paths(L) COMMA path(N).  { A = list_add(p, L, expr_of_path(p, N)); }
%type star_items {struct parse_list}
star_items(A) ::= star_item(E).                      { A = list_one(p, E); }
star_items(A) ::= star_items(L) COMMA star_item(E).  { A = list_add(p, L, E); }
star_item(A) ::= expr(E) AS label(T).  { A = item_new(p, E, &T); }
%type star_renames {struct parse_list}
star_renames(A) ::= star_rename(E).                        { A = list_one(p, E); }
star_renames(A) ::= star_renames(L) COMMA star_rename(E).  { A = list_add(p, L, E); }
star_rename(A) ::= path(N) AS label(T).  { A = item_new(p, expr_of_path(p, N), &T); }

// ---- grouping, ordering, windows ------------------------------------------------------------------

%type groups {struct parse_list}
groups(A) ::= group_item(E).                  { A = list_one(p, E); }
groups(A) ::= groups(L) COMMA group_item(E).  { A = list_add(p, L, E); }
group_item(A) ::= expr(E).                          { A = group_expr(p, E); }
group_item(A) ::= LP(B) RP.                         { A = group_set(p, AST_GROUP_PLAIN, B, list_none()); }
group_item(A) ::= ROLLUP(B) LP groups(L) RP.        { A = group_set(p, AST_GROUP_ROLLUP, B, L); }
group_item(A) ::= CUBE(B) LP groups(L) RP.          { A = group_set(p, AST_GROUP_CUBE, B, L); }
group_item(A) ::= GROUPING_SETS(B) SETS LP groups(L) RP.  { A = group_set(p, AST_GROUP_SETS, B, L); }

%type order_list {struct parse_list}
order_list(A) ::= order_item(E).                      { A = list_one(p, (struct ast *)E); }
order_list(A) ::= order_list(L) COMMA order_item(E).  { A = list_add(p, L, (struct ast *)E); }
%type order_item {struct ast_order *}
order_item(A) ::= expr(E).                             { A = order_new(p, E); }
order_item(A) ::= ALL(B).                              { A = order_all(p, B); }
order_item(A) ::= order_item(O) ASC.                   { A = order_flag(p, O, AST_ORDER_ASC); }
order_item(A) ::= order_item(O) DESC.                  { A = order_flag(p, O, AST_ORDER_DESC); }
order_item(A) ::= order_item(O) NULLS FIRST.           { A = order_flag(p, O, AST_ORDER_NULLS_FIRST); }
order_item(A) ::= order_item(O) NULLS LAST.            { A = order_flag(p, O, AST_ORDER_NULLS_LAST); }

%type window_defs {struct parse_list}
window_defs(A) ::= window_def(E).                       { A = list_one(p, E); }
window_defs(A) ::= window_defs(L) COMMA window_def(E).  { A = list_add(p, L, E); }
window_def(A) ::= ID(N) AS LP(B) window(W) RP.          { A = window_def(p, N, B, W); }
%type window {struct ast_window *}
window(A) ::= .                                    { A = window_new(p, NULL); }
window(A) ::= ID(N).                               { A = window_new(p, &N); }
window(A) ::= window(W) PARTITION(B) BY exprs(L).  { A = window_partition(p, W, B, L); }
window(A) ::= window(W) ORDER(B) BY order_list(L). { A = window_order(p, W, B, L); }
window(A) ::= window(W) ROWS|RANGE|GROUPS(U) frame_bound(S). { A = window_frame(p, W, U, S, NULL); }
window(A) ::= window(W) ROWS|RANGE|GROUPS(U) BETWEEN frame_bound(S) AND frame_bound(E).
    { A = window_frame(p, W, U, S, E); }
window(A) ::= window(W) EXCLUDE CURRENT ROW.  { A = window_exclude(p, W, AST_EXCLUDE_CURRENT_ROW); }
window(A) ::= window(W) EXCLUDE GROUP.        { A = window_exclude(p, W, AST_EXCLUDE_GROUP); }
window(A) ::= window(W) EXCLUDE TIES.         { A = window_exclude(p, W, AST_EXCLUDE_TIES); }
window(A) ::= window(W) EXCLUDE NO OTHERS.    { A = window_exclude(p, W, AST_EXCLUDE_NO_OTHERS); }
%type frame_bound {struct parse_bound *}
frame_bound(A) ::= UNBOUNDED PRECEDING.  { A = bound_new(p, AST_BOUND_UNBOUNDED_PRECEDING, NULL); }
frame_bound(A) ::= UNBOUNDED FOLLOWING.  { A = bound_new(p, AST_BOUND_UNBOUNDED_FOLLOWING, NULL); }
frame_bound(A) ::= CURRENT ROW.          { A = bound_new(p, AST_BOUND_CURRENT_ROW, NULL); }
frame_bound(A) ::= expr(E) PRECEDING.    { A = bound_new(p, AST_BOUND_PRECEDING, E); }
frame_bound(A) ::= expr(E) FOLLOWING.    { A = bound_new(p, AST_BOUND_FOLLOWING, E); }

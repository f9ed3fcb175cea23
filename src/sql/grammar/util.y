// ---- transactions ---------------------------------------------------------------------------------

statement(A) ::= BEGIN(B) begin_kind transaction_opt transaction_modes(M).   { A = transaction_new(p, AST_TRANSACTION_BEGIN, B, M, NULL); }
statement(A) ::= START(B) TRANSACTION transaction_modes(M).                  { A = transaction_new(p, AST_TRANSACTION_BEGIN, B, M, NULL); }
statement(A) ::= COMMIT|END(B) transaction_opt.     { A = transaction_new(p, AST_TRANSACTION_COMMIT, B, 0, NULL); }
statement(A) ::= ROLLBACK(B) transaction_opt.       { A = transaction_new(p, AST_TRANSACTION_ROLLBACK, B, 0, NULL); }
statement(A) ::= ABORT(B) transaction_opt.          { A = transaction_new(p, AST_TRANSACTION_ROLLBACK, B, 0, NULL); }
statement(A) ::= ROLLBACK(B) transaction_opt TO ID(N).            { A = transaction_new(p, AST_TRANSACTION_ROLLBACK_TO, B, 0, &N); }
statement(A) ::= ROLLBACK(B) transaction_opt TO SAVEPOINT ID(N).  { A = transaction_new(p, AST_TRANSACTION_ROLLBACK_TO, B, 0, &N); }
statement(A) ::= SAVEPOINT(B) ID(N).                { A = transaction_new(p, AST_TRANSACTION_SAVEPOINT, B, 0, &N); }
statement(A) ::= RELEASE(B) ID(N).                  { A = transaction_new(p, AST_TRANSACTION_RELEASE, B, 0, &N); }
statement(A) ::= RELEASE(B) SAVEPOINT ID(N).        { A = transaction_new(p, AST_TRANSACTION_RELEASE, B, 0, &N); }
statement(A) ::= SET(B) TRANSACTION transaction_mode(M) transaction_more(N).
    { A = transaction_new(p, AST_TRANSACTION_SET, B, mode_merge(p, M, N), NULL); }
begin_kind ::= .
begin_kind ::= DEFERRED.
begin_kind ::= IMMEDIATE.
begin_kind ::= EXCLUSIVE.
transaction_opt ::= .
transaction_opt ::= TRANSACTION.
transaction_opt ::= WORK.
// AST_TRANSACTION_READ_*, enum ast_isolation << 8.
%type transaction_modes {int}
transaction_modes(A) ::= .                                         { A = 0; }
transaction_modes(A) ::= transaction_mode(M) transaction_more(N).  { A = mode_merge(p, M, N); }
%type transaction_more {int}
transaction_more(A) ::= .                                               { A = 0; }
transaction_more(A) ::= transaction_more(L) transaction_mode(M).        { A = mode_merge(p, L, M); }
transaction_more(A) ::= transaction_more(L) COMMA transaction_mode(M).  { A = mode_merge(p, L, M); }
%type transaction_mode {int}
transaction_mode(A) ::= READ ONLY.                         { A = AST_TRANSACTION_READ_ONLY; }
transaction_mode(A) ::= READ WRITE.                        { A = AST_TRANSACTION_READ_WRITE; }
transaction_mode(A) ::= ISOLATION LEVEL READ UNCOMMITTED.  { A = AST_ISOLATION_READ_UNCOMMITTED << 8; }
transaction_mode(A) ::= ISOLATION LEVEL READ COMMITTED.    { A = AST_ISOLATION_READ_COMMITTED << 8; }
transaction_mode(A) ::= ISOLATION LEVEL REPEATABLE READ.   { A = AST_ISOLATION_REPEATABLE_READ << 8; }
transaction_mode(A) ::= ISOLATION LEVEL SERIALIZABLE.      { A = AST_ISOLATION_SERIALIZABLE << 8; }
transaction_mode(A) ::= ISOLATION LEVEL SNAPSHOT.          { A = AST_ISOLATION_SNAPSHOT << 8; }

// ---- prepared statements --------------------------------------------------------------------------

statement(A) ::= PREPARE(B) ID(N) AS plannable(S).                        { A = prepare_new(p, B, N, list_none(), S); }
statement(A) ::= PREPARE(B) ID(N) FROM plannable(S).                      { A = prepare_new(p, B, N, list_none(), S); }
statement(A) ::= PREPARE(B) ID(N) LP type_list(L) RP AS plannable(S).     { A = prepare_new(p, B, N, L, S); }
%type type_list {struct parse_list}
type_list(A) ::= type(T).                     { A = list_one(p, (struct ast *)T); }
type_list(A) ::= type_list(L) COMMA type(T).  { A = list_add(p, L, (struct ast *)T); }
execute(A) ::= EXECUTE(B) ID(N).               { A = execute_new(p, B, N, list_none()); }
execute(A) ::= EXECUTE(B) ID(N) LP RP.         { A = execute_new(p, B, N, list_none()); }
execute(A) ::= EXECUTE(B) ID(N) LP args(L) RP. { A = execute_new(p, B, N, L); }
statement(A) ::= DEALLOCATE(B) ID(N).          { A = deallocate_new(p, B, &N); }
statement(A) ::= DEALLOCATE(B) PREPARE ID(N).  { A = deallocate_new(p, B, &N); }
statement(A) ::= DEALLOCATE(B) ALL.            { A = deallocate_new(p, B, NULL); }
statement(A) ::= DEALLOCATE(B) PREPARE ALL.    { A = deallocate_new(p, B, NULL); }
call_statement(A) ::= CALL(B) table_call(C).   { A = call_statement(p, B, C); }

// ---- settings -------------------------------------------------------------------------------------

set(A) ::= SET(B) set_scope(S) path(N) set_to setting_values(L).  { A = set_new(p, B, S, N, L); }
set(A) ::= SET(B) set_scope(S) path(N) STRING(V).            { A = set_new(p, B, S, N, list_one(p, expr_string(p, V))); }
set(A) ::= SET(B) set_scope(S) TIME ZONE setting_value(V).   { A = set_time_zone(p, B, S, V); }
set(A) ::= RESET(B) set_scope(S) path(N).                    { A = reset_new(p, B, S, N); }
set(A) ::= RESET(B) ALL.                                     { A = reset_new(p, B, 0, names_none()); }
set_to ::= EQ.
set_to ::= TO.
%type set_scope {int}
set_scope(A) ::= .          { A = AST_SET_SCOPE_NONE; }
set_scope(A) ::= SESSION.   { A = AST_SET_SESSION; }
set_scope(A) ::= GLOBAL.    { A = AST_SET_GLOBAL; }
set_scope(A) ::= LOCAL.     { A = AST_SET_LOCAL; }
set_scope(A) ::= VARIABLE.  { A = AST_SET_VARIABLE; }
%type setting_values {struct parse_list}
setting_values(A) ::= setting_value(E).                          { A = list_one(p, E); }
setting_values(A) ::= setting_values(L) COMMA setting_value(E).  { A = list_add(p, L, E); }
setting_value(A) ::= expr(E).   { A = E; }
setting_value(A) ::= ON|ASC|DESC(T).  { A = column_node_new(p, T); }

statement(A) ::= SHOW(B) path(N).            { A = show_new(p, B, 0, N); }
statement(A) ::= SHOW(B) ALL.                { A = show_new(p, B, AST_SHOW_ALL, names_none()); }
statement(A) ::= SHOW(B) TABLES.             { A = show_new(p, B, AST_SHOW_TABLES, names_none()); }
statement(A) ::= SHOW(B) ALL TABLES.         { A = show_new(p, B, AST_SHOW_ALL | AST_SHOW_TABLES, names_none()); }
statement(A) ::= SHOW(B) TABLES FROM path(N). { A = show_new(p, B, AST_SHOW_TABLES | AST_SHOW_FROM, N); }
statement(A) ::= SHOW(B) DATABASES.          { A = show_new(p, B, AST_SHOW_DATABASES, names_none()); }
statement(A) ::= SHOW(B) SCHEMAS.            { A = show_new(p, B, AST_SHOW_SCHEMAS, names_none()); }

pragma(A) ::= PRAGMA(B) path(N).                              { A = pragma_new(p, B, 0, N, list_none()); }
pragma(A) ::= PRAGMA(B) path(N) EQ setting_values(L).         { A = pragma_new(p, B, AST_PRAGMA_ASSIGN, N, L); }
pragma(A) ::= PRAGMA(B) path(N) LP RP.                        { A = pragma_new(p, B, AST_PRAGMA_CALL, N, list_none()); }
pragma(A) ::= PRAGMA(B) path(N) LP setting_values(L) RP.      { A = pragma_new(p, B, AST_PRAGMA_CALL, N, L); }

// ---- EXPLAIN, DESCRIBE, ANALYZE -------------------------------------------------------------------

statement(A) ::= EXPLAIN(B) plannable(S).                       { A = explain_new(p, B, 0, list_none(), S); }
statement(A) ::= EXPLAIN(B) QUERY PLAN plannable(S).            { A = explain_new(p, B, AST_EXPLAIN_QUERY_PLAN, list_none(), S); }
statement(A) ::= EXPLAIN(B) ANALYZE plannable(S).               { A = explain_new(p, B, AST_EXPLAIN_ANALYZE, list_none(), S); }
statement(A) ::= EXPLAIN(B) FORMAT(F) ID(V) plannable(S).         { A = explain_new(p, B, 0, list_one(p, option_word(p, F, V)), S); }
statement(A) ::= EXPLAIN(B) ANALYZE FORMAT(F) ID(V) plannable(S). { A = explain_new(p, B, AST_EXPLAIN_ANALYZE, list_one(p, option_word(p, F, V)), S); }
statement(A) ::= EXPLAIN(B) options(L) plannable(S).            { A = explain_new(p, B, 0, L, S); }
statement(A) ::= EXPLAIN(B) ANALYZE options(L) plannable(S).    { A = explain_new(p, B, AST_EXPLAIN_ANALYZE, L, S); }

describe(A) ::= DESCRIBE(B).               { A = describe_new(p, AST_DESCRIBE_DESCRIBE, B, names_none(), NULL); }
describe(A) ::= DESCRIBE(B) path(N).       { A = describe_new(p, AST_DESCRIBE_DESCRIBE, B, N, NULL); }
describe(A) ::= DESCRIBE(B) query(Q).      { A = describe_new(p, AST_DESCRIBE_DESCRIBE, B, names_none(), (struct ast *)Q); }
describe(A) ::= SUMMARIZE(B) path(N).      { A = describe_new(p, AST_DESCRIBE_SUMMARIZE, B, N, NULL); }
describe(A) ::= SUMMARIZE(B) query(Q).     { A = describe_new(p, AST_DESCRIBE_SUMMARIZE, B, names_none(), (struct ast *)Q); }

statement(A) ::= ANALYZE(B).                     { A = analyze_new(p, B, names_none(), names_none()); }
statement(A) ::= ANALYZE(B) path(N).             { A = analyze_new(p, B, N, names_none()); }
statement(A) ::= ANALYZE(B) path(N) columns(C).  { A = analyze_new(p, B, N, C); }

// ---- options --------------------------------------------------------------------------------------

// (FORMAT csv, HEADER, DELIM = '|', FORCE_QUOTE (a, b))
%type options {struct parse_list}
options(A) ::= LP option_list(L) RP.        { A = L; }
options(A) ::= LP option_list(L) COMMA RP.  { A = L; }
%type option_list {struct parse_list}
option_list(A) ::= option(E).                      { A = list_one(p, E); }
option_list(A) ::= option_list(L) COMMA option(E). { A = list_add(p, L, E); }
option(A) ::= option_name(N).                        { A = option_new(p, N, list_none()); }
option(A) ::= option_name(N) option_value(V).        { A = option_new(p, N, list_one(p, V)); }
option(A) ::= option_name(N) EQ option_value(V).     { A = option_new(p, N, list_one(p, V)); }
option(A) ::= option_name(N) LP exprs(L) RP.         { A = option_new(p, N, L); }
option(A) ::= option_name(N) EQ LP exprs(L) RP.      { A = option_new(p, N, L); }
%type option_name {struct token}
option_name(A) ::= ID(T).       { A = T; }
option_name(A) ::= NULL(T).     { A = T; }
option_name(A) ::= DEFAULT(T).  { A = T; }
option_value(A) ::= STRING(T).                { A = expr_string(p, T); }
option_value(A) ::= INTEGER|DECIMAL|REAL(T).  { A = expr_number(p, T); }
option_value(A) ::= MINUS(B) INTEGER(T).      { A = expr_unary(p, AST_UNARY_MINUS, B, expr_number(p, T)); }
option_value(A) ::= PARAM(T).                 { A = param_node_new(p, T); }
option_value(A) ::= ID|ON(T).                 { A = column_node_new(p, T); }
option_value(A) ::= TRUE(T).                  { A = expr_word(p, T, AST_LITERAL_TRUE); }
option_value(A) ::= FALSE(T).                 { A = expr_word(p, T, AST_LITERAL_FALSE); }
option_value(A) ::= NULL(T).                  { A = expr_word(p, T, AST_LITERAL_NULL); }
option_value(A) ::= STAR(T).                  { A = expr_plain_star(p, T, NULL); }
option_value(A) ::= LB(B) exprs(L) RB.        { A = expr_array(p, B, L); }
option_value(A) ::= LC(B) members(L) RC.      { A = expr_struct(p, B, L); }

// ---- COPY, EXPORT, ATTACH -------------------------------------------------------------------------

copy(A) ::= copy_head(S).             { A = S; }
copy(A) ::= copy_head(S) options(L).       { A = copy_options(p, S, L); }
copy(A) ::= copy_head(S) WITH options(L).  { A = copy_options(p, S, L); }
copy_head(A) ::= COPY(B) path(N) copy_way(W) copy_file(F).             { A = copy_table(p, B, N, names_none(), W, F); }
copy_head(A) ::= COPY(B) path(N) columns(C) copy_way(W) copy_file(F).  { A = copy_table(p, B, N, C, W, F); }
copy_head(A) ::= COPY(B) subquery(Q) TO copy_file(F).                  { A = copy_query(p, B, Q, F); }
%type copy_way {int}
copy_way(A) ::= FROM.  { A = AST_COPY_FROM; }
copy_way(A) ::= TO.    { A = 0; }
copy_file(A) ::= STRING(T).           { A = expr_string(p, T); }
copy_file(A) ::= PARAM(T).            { A = param_node_new(p, T); }
copy_file(A) ::= LP(B) expr(E) RP.    { A = expr_parens(p, B, E); }
copy_file(A) ::= STDIN|STDOUT.        { A = NULL; }

statement(A) ::= EXPORT(B) DATABASE copy_file(F).                      { A = export_new(p, AST_EXPORT_EXPORT, B, NULL, F, list_none()); }
statement(A) ::= EXPORT(B) DATABASE copy_file(F) options(L).           { A = export_new(p, AST_EXPORT_EXPORT, B, NULL, F, L); }
statement(A) ::= EXPORT(B) DATABASE ID(N) TO copy_file(F).             { A = export_new(p, AST_EXPORT_EXPORT, B, &N, F, list_none()); }
statement(A) ::= EXPORT(B) DATABASE ID(N) TO copy_file(F) options(L).  { A = export_new(p, AST_EXPORT_EXPORT, B, &N, F, L); }
statement(A) ::= IMPORT(B) DATABASE copy_file(F).                      { A = export_new(p, AST_EXPORT_IMPORT, B, NULL, F, list_none()); }

statement(A) ::= attach(S).             { A = S; }
statement(A) ::= attach(S) options(L).  { A = attach_options(p, S, L); }
attach(A) ::= ATTACH(B) database_opt if_not_exists(F) copy_file(E).           { A = attach_new(p, B, F, E, NULL); }
attach(A) ::= ATTACH(B) database_opt if_not_exists(F) copy_file(E) AS ID(N).  { A = attach_new(p, B, F, E, &N); }
attach(A) ::= ATTACH(B) OR REPLACE database_opt copy_file(E) AS ID(N).        { A = attach_new(p, B, AST_CREATE_OR_REPLACE, E, &N); }
database_opt ::= .
database_opt ::= DATABASE.
statement(A) ::= DETACH(B) database_opt if_exists(F) ID(N).  { A = detach_new(p, B, F, N); }
statement(A) ::= USE(B) path(N).                             { A = use_new(p, B, N); }

// ---- the storage ----------------------------------------------------------------------------------

statement(A) ::= CHECKPOINT(B).              { A = checkpoint_new(p, B, 0, NULL); }
statement(A) ::= CHECKPOINT(B) ID(N).        { A = checkpoint_new(p, B, 0, &N); }
statement(A) ::= FORCE(B) CHECKPOINT.        { A = checkpoint_new(p, B, AST_CHECKPOINT_FORCE, NULL); }
statement(A) ::= FORCE(B) CHECKPOINT ID(N).  { A = checkpoint_new(p, B, AST_CHECKPOINT_FORCE, &N); }

statement(A) ::= vacuum(S).                   { A = S; }
statement(A) ::= vacuum(S) INTO copy_file(F). { A = vacuum_into(p, S, F); }
vacuum(A) ::= VACUUM(B) vacuum_flags(F).                      { A = vacuum_new(p, B, F, list_none(), names_none(), names_none()); }
vacuum(A) ::= VACUUM(B) vacuum_flags(F) path(N).              { A = vacuum_new(p, B, F, list_none(), N, names_none()); }
vacuum(A) ::= VACUUM(B) vacuum_flags(F) path(N) columns(C).   { A = vacuum_new(p, B, F, list_none(), N, C); }
vacuum(A) ::= VACUUM(B) options(L).                           { A = vacuum_new(p, B, 0, L, names_none(), names_none()); }
vacuum(A) ::= VACUUM(B) options(L) path(N).                   { A = vacuum_new(p, B, 0, L, N, names_none()); }
%type vacuum_flags {int}
vacuum_flags(A) ::= .              { A = 0; }
vacuum_flags(A) ::= FULL.          { A = AST_VACUUM_FULL; }
vacuum_flags(A) ::= ANALYZE.       { A = AST_VACUUM_ANALYZE; }
vacuum_flags(A) ::= FULL ANALYZE.  { A = AST_VACUUM_FULL | AST_VACUUM_ANALYZE; }

statement(A) ::= BACKUP(B) TO copy_file(F).             { A = backup_new(p, B, NULL, F, list_none()); }
statement(A) ::= BACKUP(B) TO copy_file(F) options(L).  { A = backup_new(p, B, NULL, F, L); }
statement(A) ::= BACKUP(B) ID(N) TO copy_file(F).       { A = backup_new(p, B, &N, F, list_none()); }
statement(A) ::= BACKUP(B) ID(N) TO copy_file(F) options(L).  { A = backup_new(p, B, &N, F, L); }
statement(A) ::= INTEGRITY(B) CHECK.                    { A = integrity_new(p, B, names_none()); }
statement(A) ::= INTEGRITY(B) CHECK path(N).            { A = integrity_new(p, B, N); }

// ---- INSERT ---------------------------------------------------------------------------------------

// The table a statement writes to.
%type target {struct ast_table *}
target(A) ::= path(N).             { A = (struct ast_table *)table_item_new(p, N, NULL); }
target(A) ::= path(N) AS ID(X).    { A = (struct ast_table *)table_item_new(p, N, alias_new(p, X, names_none())); }

%type insert {struct ast_insert *}
insert(A) ::= insert_body(S).               { A = S; }
insert(A) ::= insert_body(S) RETURNING items(L).  { A = insert_returning(p, S, L); }
// Not one rule for what stands before the query: a parenthesis may open it or the columns.
%type insert_body {struct ast_insert *}
insert_body(A) ::= insert_verb(V) target(T) query(Q).
    { A = insert_new(p, V, T, names_none(), 0, Q); }
insert_body(A) ::= insert_verb(V) target(T) insert_words(F) query(Q).
    { A = insert_new(p, V, T, names_none(), F, Q); }
insert_body(A) ::= insert_verb(V) target(T) columns(C) query(Q).
    { A = insert_new(p, V, T, C, 0, Q); }
insert_body(A) ::= insert_verb(V) target(T) columns(C) insert_words(F) query(Q).
    { A = insert_new(p, V, T, C, F, Q); }
insert_body(A) ::= insert_verb(V) target(T) DEFAULT VALUES.
    { A = insert_new(p, V, T, names_none(), 0, NULL); }
insert_body(A) ::= insert_body(S) on_conflict(C).  { A = insert_on_conflict(p, S, C); }
%type insert_words {int}
insert_words(A) ::= insert_word(F).                  { A = F; }
insert_words(A) ::= insert_words(L) insert_word(F).  { A = L | F; }
%type insert_word {int}
insert_word(A) ::= BY NAME.                  { A = AST_INSERT_BY_NAME; }
insert_word(A) ::= BY POSITION.              { A = AST_INSERT_BY_POSITION; }
insert_word(A) ::= OVERRIDING SYSTEM VALUE.  { A = AST_INSERT_OVERRIDING_SYSTEM; }
insert_word(A) ::= OVERRIDING USER VALUE.    { A = AST_INSERT_OVERRIDING_USER; }
%type insert_verb {struct ast_insert *}
insert_verb(A) ::= INSERT(B) INTO.             { A = insert_begin(p, NULL, B, AST_CONFLICT_NONE); }
insert_verb(A) ::= INSERT(B) OR conflict(C) INTO.  { A = insert_begin(p, NULL, B, C); }
insert_verb(A) ::= REPLACE(B) INTO.            { A = insert_begin(p, NULL, B, AST_CONFLICT_REPLACE); }
insert_verb(A) ::= with(W) INSERT(B) INTO.     { A = insert_begin(p, W, B, AST_CONFLICT_NONE); }
insert_verb(A) ::= with(W) INSERT(B) OR conflict(C) INTO.  { A = insert_begin(p, W, B, C); }
insert_verb(A) ::= with(W) REPLACE(B) INTO.    { A = insert_begin(p, W, B, AST_CONFLICT_REPLACE); }

%type conflict {int}
conflict(A) ::= REPLACE.   { A = AST_CONFLICT_REPLACE; }
conflict(A) ::= IGNORE.    { A = AST_CONFLICT_IGNORE; }
conflict(A) ::= ABORT.     { A = AST_CONFLICT_ABORT; }
conflict(A) ::= FAIL.      { A = AST_CONFLICT_FAIL; }
conflict(A) ::= ROLLBACK.  { A = AST_CONFLICT_ROLLBACK; }

%type on_conflict {struct ast_on_conflict *}
on_conflict(A) ::= ON_CONFLICT(B) CONFLICT conflict_target(T) DO NOTHING.
    { A = on_conflict(p, B, T, list_none(), NULL); }
on_conflict(A) ::= ON_CONFLICT(B) CONFLICT conflict_target(T) DO UPDATE SET set_list(L).
    { A = on_conflict(p, B, T, L, NULL); }
on_conflict(A) ::= ON_CONFLICT(B) CONFLICT conflict_target(T) DO UPDATE SET set_list(L) WHERE expr(E).
    { A = on_conflict(p, B, T, L, E); }
%type conflict_target {struct ast_on_conflict *}
conflict_target(A) ::= .                                  { A = conflict_target(p, list_none(), NULL, NULL); }
conflict_target(A) ::= LP order_list(L) RP.               { A = conflict_target(p, L, NULL, NULL); }
conflict_target(A) ::= LP order_list(L) RP WHERE expr(E). { A = conflict_target(p, L, E, NULL); }
conflict_target(A) ::= ON CONSTRAINT ID(N).               { A = conflict_target(p, list_none(), NULL, &N); }

// ---- UPDATE, DELETE, MERGE, TRUNCATE --------------------------------------------------------------

%type set_list {struct parse_list}
set_list(A) ::= set_items(L).        { A = L; }
set_list(A) ::= set_items(L) COMMA.  { A = L; }
%type set_items {struct parse_list}
set_items(A) ::= set_item(E).                     { A = list_one(p, E); }
set_items(A) ::= set_items(L) COMMA set_item(E).  { A = list_add(p, L, E); }
set_item(A) ::= path(N) EQ expr(E).               { A = set_item(p, N, E); }
set_item(A) ::= LP(B) paths(L) RP EQ expr(E).     { A = set_tuple(p, B, L, E); }

// The alias may stand without AS.
%type write_target {struct ast_table *}
write_target(A) ::= target(T).        { A = T; }
write_target(A) ::= path(N) ID(X).    { A = (struct ast_table *)table_item_new(p, N, alias_new(p, X, names_none())); }
write_target(A) ::= write_target(T) INDEXED BY ID(N).  { A = (struct ast_table *)table_indexed(p, (struct ast *)T, &N); }
write_target(A) ::= write_target(T) NOT INDEXED.       { A = (struct ast_table *)table_indexed(p, (struct ast *)T, NULL); }

%type update {struct ast_update *}
update(A) ::= update_head(S).                   { A = S; }
update(A) ::= update(S) FROM(B) from_list(L).   { A = update_from(p, S, B, L); }
update(A) ::= update(S) WHERE(B) expr(E).       { A = update_where(p, S, B, E); }
update(A) ::= update(S) RETURNING(B) items(L).  { A = update_returning(p, S, B, L); }
%type update_head {struct ast_update *}
update_head(A) ::= UPDATE(B) write_target(T) SET set_list(L).
    { A = update_new(p, NULL, B, AST_CONFLICT_NONE, T, L); }
update_head(A) ::= UPDATE(B) OR conflict(C) write_target(T) SET set_list(L).
    { A = update_new(p, NULL, B, C, T, L); }
update_head(A) ::= with(W) UPDATE(B) write_target(T) SET set_list(L).
    { A = update_new(p, W, B, AST_CONFLICT_NONE, T, L); }
update_head(A) ::= with(W) UPDATE(B) OR conflict(C) write_target(T) SET set_list(L).
    { A = update_new(p, W, B, C, T, L); }

%type delete {struct ast_delete *}
%type delete_head {struct ast_delete *}
delete_head(A) ::= DELETE(B) FROM write_target(T).          { A = delete_new(p, NULL, B, T); }
delete_head(A) ::= with(W) DELETE(B) FROM write_target(T).  { A = delete_new(p, W, B, T); }
delete(A) ::= delete_head(S).                          { A = S; }
delete(A) ::= delete_head(S) USING from_list(L).       { A = delete_using(p, S, L); }
delete(A) ::= delete(S) WHERE(B) expr(E).              { A = delete_where(p, S, B, E); }
delete(A) ::= delete(S) RETURNING(B) items(L).         { A = delete_returning(p, S, B, L); }

%type merge {struct ast_merge *}
merge(A) ::= merge_whens(S).                      { A = S; }
merge(A) ::= merge_whens(S) RETURNING items(L).   { A = merge_returning(p, S, L); }
%type merge_whens {struct ast_merge *}
merge_whens(A) ::= merge_head(S) merge_when(W).   { A = merge_add(p, S, W); }
merge_whens(A) ::= merge_whens(S) merge_when(W).  { A = merge_add(p, S, W); }
%type merge_head {struct ast_merge *}
merge_head(A) ::= merge_into(S) USING table_ref(R) ON expr(E).       { A = merge_source(p, S, R, E, names_none()); }
merge_head(A) ::= merge_into(S) USING table_ref(R) USING columns(C). { A = merge_source(p, S, R, NULL, C); }
%type merge_into {struct ast_merge *}
merge_into(A) ::= MERGE(B) INTO write_target(T).          { A = merge_new(p, NULL, B, T); }
merge_into(A) ::= with(W) MERGE(B) INTO write_target(T).  { A = merge_new(p, W, B, T); }
merge_when(A) ::= WHEN(B) merge_match(M) THEN merge_action(X).           { A = merge_when(p, B, M, NULL, X); }
merge_when(A) ::= WHEN(B) merge_match(M) AND expr(E) THEN merge_action(X). { A = merge_when(p, B, M, E, X); }
%type merge_match {int}
merge_match(A) ::= MATCHED.                 { A = 0; }
merge_match(A) ::= NOT MATCHED.             { A = AST_MERGE_NOT_MATCHED; }
merge_match(A) ::= NOT MATCHED BY TARGET.   { A = AST_MERGE_NOT_MATCHED; }
merge_match(A) ::= NOT MATCHED BY SOURCE.   { A = AST_MERGE_NOT_MATCHED | AST_MERGE_BY_SOURCE; }
%type merge_action {struct ast_merge_when *}
merge_action(A) ::= UPDATE SET set_list(L).   { A = merge_action(p, AST_MERGE_UPDATE, 0, L, names_none()); }
merge_action(A) ::= UPDATE SET STAR.          { A = merge_action(p, AST_MERGE_UPDATE, AST_MERGE_STAR, list_none(), names_none()); }
merge_action(A) ::= UPDATE.                   { A = merge_action(p, AST_MERGE_UPDATE, AST_MERGE_STAR, list_none(), names_none()); }
merge_action(A) ::= UPDATE BY NAME.           { A = merge_action(p, AST_MERGE_UPDATE, AST_MERGE_STAR | AST_MERGE_BY_NAME, list_none(), names_none()); }
merge_action(A) ::= DELETE.                   { A = merge_action(p, AST_MERGE_DELETE, 0, list_none(), names_none()); }
merge_action(A) ::= DO NOTHING.               { A = merge_action(p, AST_MERGE_NOTHING, 0, list_none(), names_none()); }
merge_action(A) ::= INSERT.                   { A = merge_action(p, AST_MERGE_INSERT, AST_MERGE_STAR, list_none(), names_none()); }
merge_action(A) ::= INSERT STAR.              { A = merge_action(p, AST_MERGE_INSERT, AST_MERGE_STAR, list_none(), names_none()); }
merge_action(A) ::= INSERT BY NAME.           { A = merge_action(p, AST_MERGE_INSERT, AST_MERGE_STAR | AST_MERGE_BY_NAME, list_none(), names_none()); }
merge_action(A) ::= INSERT DEFAULT VALUES.    { A = merge_action(p, AST_MERGE_INSERT, AST_MERGE_DEFAULT_VALUES, list_none(), names_none()); }
merge_action(A) ::= INSERT VALUES LP exprs(L) RP.             { A = merge_action(p, AST_MERGE_INSERT, 0, L, names_none()); }
merge_action(A) ::= INSERT columns(C) VALUES LP exprs(L) RP.  { A = merge_action(p, AST_MERGE_INSERT, 0, L, C); }
merge_action(A) ::= ERROR.                    { A = merge_action(p, AST_MERGE_ERROR, 0, list_none(), names_none()); }
merge_action(A) ::= ERROR expr(E).            { A = merge_action(p, AST_MERGE_ERROR, 0, list_one(p, E), names_none()); }

truncate(A) ::= TRUNCATE(B) objects(L) truncate_flags(F).        { A = truncate_new(p, B, L, F); }
truncate(A) ::= TRUNCATE(B) TABLE objects(L) truncate_flags(F).  { A = truncate_new(p, B, L, F); }
%type truncate_flags {int}
truncate_flags(A) ::= .                                    { A = 0; }
truncate_flags(A) ::= truncate_flags(F) RESTART IDENTITY.  { A = F | AST_TRUNCATE_RESTART_IDENTITY; }
truncate_flags(A) ::= truncate_flags(F) CONTINUE IDENTITY. { A = F | AST_TRUNCATE_CONTINUE_IDENTITY; }
truncate_flags(A) ::= truncate_flags(F) CASCADE.           { A = F | AST_TRUNCATE_CASCADE; }
truncate_flags(A) ::= truncate_flags(F) RESTRICT.          { A = F; }

%type objects {struct parse_list}
objects(A) ::= path(N).                   { A = list_one(p, object_new(p, N)); }
objects(A) ::= objects(L) COMMA path(N).  { A = list_add(p, L, object_new(p, N)); }

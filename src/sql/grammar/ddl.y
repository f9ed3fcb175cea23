// ---- CREATE ---------------------------------------------------------------------------------------

// AST_CREATE_* flags of what stands between CREATE and the kind of object.
%type create {struct parse_create}
create(A) ::= CREATE(B).                               { A = create_begin(B, 0); }
create(A) ::= CREATE(B) OR REPLACE.                    { A = create_begin(B, AST_CREATE_OR_REPLACE); }
create(A) ::= CREATE(B) TEMP|TEMPORARY.                { A = create_begin(B, AST_CREATE_TEMP); }
create(A) ::= CREATE(B) OR REPLACE TEMP|TEMPORARY.     { A = create_begin(B, AST_CREATE_OR_REPLACE | AST_CREATE_TEMP); }
%type if_not_exists {int}
if_not_exists(A) ::= .               { A = 0; }
if_not_exists(A) ::= IF NOT EXISTS.  { A = AST_CREATE_IF_NOT_EXISTS; }

statement(A) ::= create_table(S).                        { A = (struct ast *)S; }
statement(A) ::= create_table(S) ON_COMMIT COMMIT PRESERVE ROWS.  { A = table_on_commit(p, S, AST_ON_COMMIT_PRESERVE); }
statement(A) ::= create_table(S) ON_COMMIT COMMIT DELETE ROWS.    { A = table_on_commit(p, S, AST_ON_COMMIT_DELETE); }
statement(A) ::= create_table(S) ON_COMMIT COMMIT DROP.           { A = table_on_commit(p, S, AST_ON_COMMIT_DROP); }
%type create_table {struct ast_create_table *}
%type table_head {struct ast_create_table *}
table_head(A) ::= create(C) TABLE if_not_exists(F) path(N).  { A = table_begin(p, C, F, N); }
create_table(A) ::= table_head(T) LP elements(L) RP.         { A = table_elements(p, T, L); }
create_table(A) ::= table_head(T) LP elements(L) COMMA RP.   { A = table_elements(p, T, L); }
create_as(A) ::= table_head(T) AS query(Q).                  { A = table_as(p, T, list_none(), Q, 0); }
create_as(A) ::= table_head(T) AS query(Q) WITH_DATA DATA.   { A = table_as(p, T, list_none(), Q, 0); }
create_as(A) ::= table_head(T) AS query(Q) WITH_NO NO DATA.  { A = table_as(p, T, list_none(), Q, AST_CREATE_NO_DATA); }
create_as(A) ::= table_head(T) LP elements(L) RP AS query(Q).  { A = table_as(p, T, L, Q, 0); }
create_as(A) ::= table_head(T) LP elements(L) RP AS query(Q) WITH_DATA DATA.   { A = table_as(p, T, L, Q, 0); }
create_as(A) ::= table_head(T) LP elements(L) RP AS query(Q) WITH_NO NO DATA.  { A = table_as(p, T, L, Q, AST_CREATE_NO_DATA); }

%type elements {struct parse_list}
elements(A) ::= element(E).                    { A = list_one(p, E); }
elements(A) ::= elements(L) COMMA element(E).  { A = list_add(p, L, E); }
element(A) ::= column_def(C).                  { A = (struct ast *)C; }
element(A) ::= table_constraint(C).            { A = (struct ast *)C; }
element(A) ::= LIKE(B) path(N) like_options(O). { A = table_like(p, B, N, O); }
%type like_options {int}
like_options(A) ::= .                                        { A = 0; }
like_options(A) ::= like_options(O) INCLUDING like_option(X). { A = O | X; }
like_options(A) ::= like_options(O) EXCLUDING like_option(X). { A = O & ~X; }
%type like_option {int}
like_option(A) ::= ALL.      { A = AST_LIKE_ALL; }
like_option(A) ::= ID(T).    { A = like_option(p, T); }
like_option(A) ::= IDENTITY. { A = AST_LIKE_IDENTITY; }
like_option(A) ::= GENERATED. { A = AST_LIKE_GENERATED; }

%type column_def {struct ast_column_def *}
column_def(A) ::= ID(N).                          { A = column_new(p, N, NULL); }
column_def(A) ::= ID(N) type(T).                  { A = column_new(p, N, T); }
column_def(A) ::= column_def(C) column_constraint(X).  { A = column_add(p, C, X); }

%type column_constraint {struct ast_constraint *}
%type column_rule {struct ast_constraint *}
column_constraint(A) ::= column_rule(C).                     { A = C; }
column_constraint(A) ::= CONSTRAINT(B) ID(N) column_rule(C). { A = constraint_name(p, B, N, C); }
column_rule(A) ::= NOT(B) NULL.         { A = constraint_new(p, AST_CONSTRAINT_NOT_NULL, B.at); }
column_rule(A) ::= NULL(B).             { A = constraint_new(p, AST_CONSTRAINT_NULL, B.at); }
// Above NOT and COLLATE, which begin the next constraint.
column_rule(A) ::= DEFAULT(B) expr(E). [DOT]  { A = constraint_value(p, AST_CONSTRAINT_DEFAULT, B, E); }
column_rule(A) ::= UNIQUE(B).           { A = constraint_new(p, AST_CONSTRAINT_UNIQUE, B.at); }
column_rule(A) ::= PRIMARY(B) KEY key_order(F).  { A = constraint_key(p, B, F); }
column_rule(A) ::= CHECK(B) LP expr(E) RP.       { A = constraint_value(p, AST_CONSTRAINT_CHECK, B, E); }
column_rule(A) ::= COLLATE(B) path(N).  { A = constraint_collate(p, B, N); }
column_rule(A) ::= AS(B) LP expr(E) RP.               { A = constraint_value(p, AST_CONSTRAINT_GENERATED, B, E); }
column_rule(A) ::= GENERATED(B) ALWAYS AS LP expr(E) RP. { A = constraint_value(p, AST_CONSTRAINT_GENERATED, B, E); }
column_rule(A) ::= GENERATED(B) ALWAYS AS IDENTITY.      { A = constraint_identity(p, B, AST_CONSTRAINT_ALWAYS, list_none()); }
column_rule(A) ::= GENERATED(B) BY DEFAULT AS IDENTITY.  { A = constraint_identity(p, B, 0, list_none()); }
column_rule(A) ::= GENERATED(B) ALWAYS AS IDENTITY LP sequence_options(L) RP.      { A = constraint_identity(p, B, AST_CONSTRAINT_ALWAYS, L); }
column_rule(A) ::= GENERATED(B) BY DEFAULT AS IDENTITY LP sequence_options(L) RP.  { A = constraint_identity(p, B, 0, L); }
column_rule(A) ::= column_rule(C) STORED.   { A = constraint_flag(p, C, AST_CONSTRAINT_STORED); }
column_rule(A) ::= column_rule(C) VIRTUAL.  { A = constraint_flag(p, C, AST_CONSTRAINT_VIRTUAL); }
column_rule(A) ::= references(C).           { A = C; }
column_rule(A) ::= USING(B) ID(W) ID.       { A = constraint_refused(p, B, W); }
column_rule(A) ::= column_rule(C) constraint_tail(F).      { A = constraint_flag(p, C, F); }
column_rule(A) ::= column_rule(C) ON_CONFLICT CONFLICT conflict(X).  { A = constraint_conflict(p, C, X); }
%type key_order {int}
key_order(A) ::= .               { A = 0; }
key_order(A) ::= ASC.            { A = 0; }
key_order(A) ::= DESC.           { A = AST_CONSTRAINT_DESC; }
key_order(A) ::= AUTOINCREMENT.  { A = AST_CONSTRAINT_AUTOINCREMENT; }
key_order(A) ::= ASC AUTOINCREMENT. { A = AST_CONSTRAINT_AUTOINCREMENT; }
%type constraint_tail {int}
constraint_tail(A) ::= DEFERRABLE.           { A = AST_CONSTRAINT_DEFERRABLE; }
constraint_tail(A) ::= NOT_OP DEFERRABLE.    { A = AST_CONSTRAINT_NOT_DEFERRABLE; }
constraint_tail(A) ::= INITIALLY DEFERRED.   { A = AST_CONSTRAINT_DEFERRED; }
constraint_tail(A) ::= INITIALLY IMMEDIATE.  { A = 0; }

%type references {struct ast_constraint *}
references(A) ::= REFERENCES(B) path(N).             { A = constraint_references(p, B, N, names_none()); }
references(A) ::= REFERENCES(B) path(N) columns(C).  { A = constraint_references(p, B, N, C); }
references(A) ::= references(C) ON DELETE action(X). { A = constraint_on_delete(p, C, X); }
references(A) ::= references(C) ON UPDATE action(X). { A = constraint_on_update(p, C, X); }
references(A) ::= references(C) MATCH match(X).      { A = constraint_match(p, C, X); }
%type action {int}
action(A) ::= NO ACTION.    { A = AST_ACTION_NO_ACTION; }
action(A) ::= RESTRICT.     { A = AST_ACTION_RESTRICT; }
action(A) ::= CASCADE.      { A = AST_ACTION_CASCADE; }
action(A) ::= SET NULL.     { A = AST_ACTION_SET_NULL; }
action(A) ::= SET DEFAULT.  { A = AST_ACTION_SET_DEFAULT; }
%type match {int}
match(A) ::= FULL.          { A = AST_MATCH_FULL; }
match(A) ::= ID(T).         { A = match_word(p, T); }

%type table_constraint {struct ast_constraint *}
%type table_rule {struct ast_constraint *}
table_constraint(A) ::= table_rule(C).                      { A = C; }
table_constraint(A) ::= CONSTRAINT(B) ID(N) table_rule(C).  { A = constraint_name(p, B, N, C); }
table_rule(A) ::= UNIQUE(B) LP order_list(L) RP.       { A = constraint_columns(p, AST_CONSTRAINT_UNIQUE, B, L); }
table_rule(A) ::= PRIMARY(B) KEY LP order_list(L) RP.  { A = constraint_columns(p, AST_CONSTRAINT_PRIMARY_KEY, B, L); }
table_rule(A) ::= CHECK(B) LP expr(E) RP.              { A = constraint_value(p, AST_CONSTRAINT_CHECK, B, E); }
table_rule(A) ::= FOREIGN(B) KEY LP order_list(L) RP references(C). { A = constraint_foreign(p, B, L, C); }
table_rule(A) ::= table_rule(C) constraint_tail(F).    { A = constraint_flag(p, C, F); }
table_rule(A) ::= table_rule(C) ON_CONFLICT CONFLICT conflict(X).  { A = constraint_conflict(p, C, X); }

// ---- CREATE INDEX, VIEW, SCHEMA, SEQUENCE, TYPE, FUNCTION -----------------------------------------

statement(A) ::= create_index(S).                 { A = (struct ast *)S; }
statement(A) ::= create_index(S) WHERE expr(E).   { A = index_where(p, S, E); }
%type create_index {struct ast_create_index *}
create_index(A) ::= index_head(S) LP order_list(L) RP.         { A = index_items(p, S, NULL, L); }
create_index(A) ::= index_head(S) LP order_list(L) COMMA RP.   { A = index_items(p, S, NULL, L); }
create_index(A) ::= index_head(S) USING ID(M) LP order_list(L) RP. { A = index_items(p, S, &M, L); }
create_index(A) ::= create_index(S) INCLUDE columns(C).        { A = index_include(p, S, C); }
%type index_head {struct ast_create_index *}
index_head(A) ::= create(C) INDEX if_not_exists(F) path(N) ON path(T).         { A = index_begin(p, C, F, N, T); }
index_head(A) ::= create(C) UNIQUE INDEX if_not_exists(F) path(N) ON path(T).  { A = index_begin(p, C, F | AST_CREATE_UNIQUE, N, T); }
index_head(A) ::= create(C) INDEX ON path(T).                                  { A = index_begin(p, C, 0, names_none(), T); }
index_head(A) ::= create(C) UNIQUE INDEX ON path(T).                           { A = index_begin(p, C, AST_CREATE_UNIQUE, names_none(), T); }

statement(A) ::= create(C) VIEW if_not_exists(F) path(N) AS query(Q).             { A = view_new(p, C, F, N, names_none(), Q); }
statement(A) ::= create(C) VIEW if_not_exists(F) path(N) columns(L) AS query(Q).  { A = view_new(p, C, F, N, L, Q); }
statement(A) ::= create(C) RECURSIVE VIEW if_not_exists(F) path(N) columns(L) AS query(Q).
    { A = view_new(p, C, F | AST_CREATE_RECURSIVE, N, L, Q); }
statement(A) ::= create(C) MATERIALIZED VIEW if_not_exists(F) path(N) AS query(Q).
    { A = view_new(p, C, F | AST_CREATE_MATERIALIZED, N, names_none(), Q); }
statement(A) ::= create(C) MATERIALIZED VIEW if_not_exists(F) path(N) columns(L) AS query(Q).
    { A = view_new(p, C, F | AST_CREATE_MATERIALIZED, N, L, Q); }
statement(A) ::= create(C) MATERIALIZED VIEW if_not_exists(F) path(N) AS query(Q) WITH_NO NO DATA.
    { A = view_new(p, C, F | AST_CREATE_MATERIALIZED | AST_CREATE_NO_DATA, N, names_none(), Q); }

statement(A) ::= create(C) SCHEMA if_not_exists(F) path(N).  { A = schema_new(p, C, F, N); }

statement(A) ::= create(C) SEQUENCE if_not_exists(F) path(N).                      { A = sequence_new(p, C, F, N, list_none()); }
statement(A) ::= create(C) SEQUENCE if_not_exists(F) path(N) sequence_options(L).  { A = sequence_new(p, C, F, N, L); }
%type sequence_options {struct parse_list}
sequence_options(A) ::= sequence_option(E).                      { A = list_one(p, E); }
sequence_options(A) ::= sequence_options(L) sequence_option(E).  { A = list_add(p, L, E); }
sequence_option(A) ::= AS(B) type(T).                   { A = sequence_option(p, B, AST_SEQUENCE_AS, (struct ast *)T); }
sequence_option(A) ::= INCREMENT(B) signed(E).          { A = sequence_option(p, B, AST_SEQUENCE_INCREMENT, E); }
sequence_option(A) ::= INCREMENT(B) BY signed(E).       { A = sequence_option(p, B, AST_SEQUENCE_INCREMENT, E); }
sequence_option(A) ::= MINVALUE(B) signed(E).           { A = sequence_option(p, B, AST_SEQUENCE_MINVALUE, E); }
sequence_option(A) ::= NO(B) MINVALUE.                  { A = sequence_option(p, B, AST_SEQUENCE_MINVALUE, NULL); }
sequence_option(A) ::= MAXVALUE(B) signed(E).           { A = sequence_option(p, B, AST_SEQUENCE_MAXVALUE, E); }
sequence_option(A) ::= NO(B) MAXVALUE.                  { A = sequence_option(p, B, AST_SEQUENCE_MAXVALUE, NULL); }
sequence_option(A) ::= START(B) signed(E).              { A = sequence_option(p, B, AST_SEQUENCE_START, E); }
sequence_option(A) ::= START(B) WITH signed(E).         { A = sequence_option(p, B, AST_SEQUENCE_START, E); }
sequence_option(A) ::= RESTART(B).                      { A = sequence_option(p, B, AST_SEQUENCE_RESTART, NULL); }
sequence_option(A) ::= RESTART(B) signed(E).            { A = sequence_option(p, B, AST_SEQUENCE_RESTART, E); }
sequence_option(A) ::= RESTART(B) WITH signed(E).       { A = sequence_option(p, B, AST_SEQUENCE_RESTART, E); }
sequence_option(A) ::= CACHE(B) signed(E).              { A = sequence_option(p, B, AST_SEQUENCE_CACHE, E); }
sequence_option(A) ::= CYCLE(B).                        { A = sequence_option(p, B, AST_SEQUENCE_CYCLE, NULL); }
sequence_option(A) ::= NO(B) CYCLE.                     { A = sequence_option(p, B, AST_SEQUENCE_NO_CYCLE, NULL); }
sequence_option(A) ::= OWNED(B) BY path(N).             { A = sequence_owner(p, B, N); }
signed(A) ::= INTEGER(T).              { A = expr_number(p, T); }
signed(A) ::= MINUS(B) INTEGER(T).     { A = expr_unary(p, AST_UNARY_MINUS, B, expr_number(p, T)); }
signed(A) ::= PLUS INTEGER(T).         { A = expr_number(p, T); }

statement(A) ::= create(C) TYPE if_not_exists(F) path(N) AS type(T).  { A = type_create(p, C, F, N, T); }
statement(A) ::= create(C) TYPE if_not_exists(F) path(N) AS LP(B) type_members(L) RP.
    { A = type_create(p, C, F, N, type_members(p, AST_TYPE_STRUCT, B, L)); }
statement(A) ::= create_domain(S).     { A = (struct ast *)S; }
%type create_domain {struct ast_create_type *}
create_domain(A) ::= create(C) DOMAIN if_not_exists(F) path(N) AS type(T).  { A = domain_new(p, C, F, N, T); }
create_domain(A) ::= create(C) DOMAIN if_not_exists(F) path(N) type(T).     { A = domain_new(p, C, F, N, T); }
create_domain(A) ::= create_domain(S) column_constraint(X).                 { A = domain_add(p, S, X); }

statement(A) ::= create(C) MACRO|FUNCTION(K) if_not_exists(F) path(N) function_bodies(L).
    { (void)K; A = function_new(p, C, F, N, AST_OBJECT_FUNCTION, L); }
statement(A) ::= create(C) MACRO|FUNCTION(K) if_not_exists(F) path(N) function_params(P) AS TABLE query(Q).
    { (void)K; A = function_new(p, C, F, N, AST_OBJECT_MACRO_TABLE, list_one(p, function_body(p, P, NULL, NULL, Q))); }
%type function_bodies {struct parse_list}
function_bodies(A) ::= function_body(E).                           { A = list_one(p, E); }
function_bodies(A) ::= function_bodies(L) COMMA function_body(E).  { A = list_add(p, L, E); }
function_body(A) ::= function_params(P) AS expr(E).                 { A = function_body(p, P, NULL, E, NULL); }
function_body(A) ::= function_params(P) RETURNS type(T) AS expr(E). { A = function_body(p, P, T, E, NULL); }
function_body(A) ::= function_params(P) RETURNS type(T) RETURN expr(E). { A = function_body(p, P, T, E, NULL); }
%type function_params {struct parse_params *}
function_params(A) ::= LP(B) RP.                        { A = function_params(p, B, list_none()); }
function_params(A) ::= LP(B) function_param_list(L) RP. { A = function_params(p, B, L); }
%type function_param_list {struct parse_list}
function_param_list(A) ::= function_param(E).                              { A = list_one(p, E); }
function_param_list(A) ::= function_param_list(L) COMMA function_param(E). { A = list_add(p, L, E); }
function_param(A) ::= ID(N).                         { A = function_param(p, N, NULL, NULL); }
function_param(A) ::= ID(N) type(T).                 { A = function_param(p, N, T, NULL); }
function_param(A) ::= ID(N) NAMED expr(E).           { A = function_param(p, N, NULL, E); }
function_param(A) ::= ID(N) type(T) NAMED expr(E).   { A = function_param(p, N, T, E); }
function_param(A) ::= ID(N) DEFAULT expr(E).         { A = function_param(p, N, NULL, E); }
function_param(A) ::= ID(N) type(T) DEFAULT expr(E). { A = function_param(p, N, T, E); }

// ---- CREATE TRIGGER -------------------------------------------------------------------------------

statement(A) ::= trigger_head(T) BEGIN trigger_body(L) END.
    { A = trigger_body(p, T, L); }
statement(A) ::= trigger_head(T) EXECUTE FUNCTION|PROCEDURE table_call(C).  { A = trigger_call(p, T, C); }
%type trigger_head {struct ast_create_trigger *}
trigger_head(A) ::= create(C) TRIGGER if_not_exists(F) path(N) trigger_time(W) trigger_events(E) ON path(T).
    { A = trigger_begin(p, C, F, N, trigger_time(p, E, W), T); }
trigger_head(A) ::= trigger_head(T) REFERENCING trigger_refs.    { A = T; }
trigger_head(A) ::= trigger_head(T) FOR EACH ROW.        { A = trigger_level(p, T, AST_TRIGGER_ROW); }
trigger_head(A) ::= trigger_head(T) FOR EACH STATEMENT.  { A = trigger_level(p, T, AST_TRIGGER_STATEMENT); }
trigger_head(A) ::= trigger_head(T) FOR ROW.             { A = trigger_level(p, T, AST_TRIGGER_ROW); }
trigger_head(A) ::= trigger_head(T) FOR STATEMENT.       { A = trigger_level(p, T, AST_TRIGGER_STATEMENT); }
trigger_head(A) ::= trigger_head(T) WHEN(B) expr(E).     { A = trigger_when(p, T, B, E); }
trigger_refs ::= trigger_ref.
trigger_refs ::= trigger_refs trigger_ref.
trigger_ref ::= OLD as_opt ID(N).          { trigger_ref(p, 0, N); }
trigger_ref ::= OLD ROW as_opt ID(N).      { trigger_ref(p, 0, N); }
trigger_ref ::= NEW as_opt ID(N).          { trigger_ref(p, 1, N); }
trigger_ref ::= NEW ROW as_opt ID(N).      { trigger_ref(p, 1, N); }
trigger_ref ::= OLD TABLE as_opt ID(N).    { trigger_ref(p, 2, N); }
trigger_ref ::= NEW TABLE as_opt ID(N).    { trigger_ref(p, 3, N); }
as_opt ::= .
as_opt ::= AS.
%type trigger_time {int}
trigger_time(A) ::= .            { A = AST_TRIGGER_DEFAULT; }
trigger_time(A) ::= BEFORE.      { A = AST_TRIGGER_BEFORE; }
trigger_time(A) ::= AFTER.       { A = AST_TRIGGER_AFTER; }
trigger_time(A) ::= INSTEAD OF.  { A = AST_TRIGGER_INSTEAD_OF; }
%type trigger_events {struct parse_events *}
trigger_events(A) ::= trigger_event(E).                     { A = E; }
trigger_events(A) ::= trigger_events(L) OR trigger_event(E). { A = trigger_events(p, L, E); }
%type trigger_event {struct parse_events *}
trigger_event(A) ::= INSERT.              { A = trigger_event(p, AST_TRIGGER_INSERT, names_none()); }
trigger_event(A) ::= DELETE.              { A = trigger_event(p, AST_TRIGGER_DELETE, names_none()); }
trigger_event(A) ::= TRUNCATE.            { A = trigger_event(p, AST_TRIGGER_TRUNCATE, names_none()); }
trigger_event(A) ::= UPDATE.              { A = trigger_event(p, AST_TRIGGER_UPDATE, names_none()); }
trigger_event(A) ::= UPDATE OF names(L).  { A = trigger_event(p, AST_TRIGGER_UPDATE, L); }
%type trigger_body {struct parse_list}
trigger_body(A) ::= trigger_step(E) SEMICOLON.                  { A = list_one(p, E); }
trigger_body(A) ::= trigger_body(L) trigger_step(E) SEMICOLON.  { A = list_add(p, L, E); }
trigger_step(A) ::= query(S).   { A = (struct ast *)S; }
trigger_step(A) ::= insert(S).  { A = (struct ast *)S; }
trigger_step(A) ::= update(S).  { A = (struct ast *)S; }
trigger_step(A) ::= delete(S).  { A = (struct ast *)S; }

// ---- DROP, ALTER, COMMENT -------------------------------------------------------------------------

statement(A) ::= DROP(B) object_kind(K) if_exists(F) objects(L) drop_flags(G).  { A = drop_new(p, B, K, F | G, L, names_none()); }
statement(A) ::= DROP(B) TRIGGER if_exists(F) objects(L) drop_flags(G).         { A = drop_new(p, B, AST_OBJECT_TRIGGER, F | G, L, names_none()); }
statement(A) ::= DROP(B) TRIGGER if_exists(F) objects(L) ON path(T) drop_flags(G).  { A = drop_new(p, B, AST_OBJECT_TRIGGER, F | G, L, T); }
%type object_kind {int}
object_kind(A) ::= TABLE.              { A = AST_OBJECT_TABLE; }
object_kind(A) ::= VIEW.               { A = AST_OBJECT_VIEW; }
object_kind(A) ::= MATERIALIZED VIEW.  { A = AST_OBJECT_MATERIALIZED_VIEW; }
object_kind(A) ::= INDEX.              { A = AST_OBJECT_INDEX; }
object_kind(A) ::= SCHEMA.             { A = AST_OBJECT_SCHEMA; }
object_kind(A) ::= SEQUENCE.           { A = AST_OBJECT_SEQUENCE; }
object_kind(A) ::= TYPE.               { A = AST_OBJECT_TYPE; }
object_kind(A) ::= DOMAIN.             { A = AST_OBJECT_DOMAIN; }
object_kind(A) ::= FUNCTION.           { A = AST_OBJECT_FUNCTION; }
object_kind(A) ::= MACRO.              { A = AST_OBJECT_FUNCTION; }
object_kind(A) ::= FUNCTION TABLE.     { A = AST_OBJECT_MACRO_TABLE; }
object_kind(A) ::= MACRO TABLE.        { A = AST_OBJECT_MACRO_TABLE; }
object_kind(A) ::= DATABASE.           { A = AST_OBJECT_DATABASE; }
%type if_exists {int}
if_exists(A) ::= .           { A = 0; }
if_exists(A) ::= IF EXISTS.  { A = AST_DROP_IF_EXISTS; }
%type drop_flags {int}
drop_flags(A) ::= .          { A = 0; }
drop_flags(A) ::= CASCADE.   { A = AST_DROP_CASCADE; }
drop_flags(A) ::= RESTRICT.  { A = AST_DROP_RESTRICT; }

statement(A) ::= ALTER(B) object_kind(K) if_exists(F) path(N) alter_actions(L).  { A = alter_new(p, B, K, F, N, L); }
statement(A) ::= ALTER(B) TRIGGER if_exists(F) path(N) alter_actions(L).         { A = alter_new(p, B, AST_OBJECT_TRIGGER, F, N, L); }
statement(A) ::= ALTER(B) object_kind(K) if_exists(F) path(N) sequence_options(L).  { A = alter_new(p, B, K, F, N, L); }
%type alter_actions {struct parse_list}
alter_actions(A) ::= alter_action(E).                         { A = list_one(p, E); }
alter_actions(A) ::= alter_actions(L) COMMA alter_action(E).  { A = list_add(p, L, E); }
alter_action(A) ::= ADD(B) column_opt if_not_exists(F) alter_column_def(C).  { A = alter_add_column(p, B, F, C); }
alter_action(A) ::= ADD(B) table_constraint(C).                        { A = alter_add_constraint(p, B, C); }
alter_action(A) ::= DROP(B) column_opt if_exists(F) path(N) drop_flags(G).  { A = alter_drop(p, B, AST_ALTER_DROP_COLUMN, F, N, G); }
alter_action(A) ::= DROP(B) CONSTRAINT if_exists(F) path(N) drop_flags(G).  { A = alter_drop(p, B, AST_ALTER_DROP_CONSTRAINT, F, N, G); }
alter_action(A) ::= ALTER(B) column_opt path(N) SET DEFAULT expr(E).   { A = alter_column(p, B, AST_ALTER_SET_DEFAULT, N, E); }
alter_action(A) ::= ALTER(B) column_opt path(N) DROP DEFAULT.          { A = alter_column(p, B, AST_ALTER_DROP_DEFAULT, N, NULL); }
alter_action(A) ::= ALTER(B) column_opt path(N) SET NOT NULL.          { A = alter_column(p, B, AST_ALTER_SET_NOT_NULL, N, NULL); }
alter_action(A) ::= ALTER(B) column_opt path(N) DROP NOT NULL.         { A = alter_column(p, B, AST_ALTER_DROP_NOT_NULL, N, NULL); }
alter_action(A) ::= ALTER(B) column_opt path(N) DROP EXPRESSION.       { A = alter_column(p, B, AST_ALTER_DROP_EXPRESSION, N, NULL); }
alter_action(A) ::= alter_type(T).                                     { A = T; }
alter_action(A) ::= alter_type(T) USING expr(E).                       { A = alter_using(p, T, E); }
alter_type(A) ::= ALTER(B) column_opt path(N) set_data_opt TYPE type(T).                   { A = alter_type(p, B, N, T, names_none()); }
alter_type(A) ::= ALTER(B) column_opt path(N) set_data_opt TYPE type(T) COLLATE path(C).   { A = alter_type(p, B, N, T, C); }
alter_type(A) ::= ALTER(B) column_opt path(N) set_data_opt TYPE.                           { A = alter_type(p, B, N, NULL, names_none()); }
alter_action(A) ::= RENAME(B) TO ID(N).                                { A = alter_rename(p, B, AST_ALTER_RENAME, names_none(), N); }
alter_action(A) ::= RENAME(B) column_opt path(O) TO ID(N).             { A = alter_rename(p, B, AST_ALTER_RENAME_COLUMN, O, N); }
alter_action(A) ::= RENAME(B) CONSTRAINT path(O) TO ID(N).             { A = alter_rename(p, B, AST_ALTER_RENAME_CONSTRAINT, O, N); }
alter_action(A) ::= SET(B) SCHEMA ID(N).                               { A = alter_rename(p, B, AST_ALTER_SET_SCHEMA, names_none(), N); }
alter_action(A) ::= ADD(B) VALUE if_not_exists(F) STRING(S).           { A = alter_add_value(p, B, F, S, NULL); }
alter_action(A) ::= ADD(B) VALUE if_not_exists(F) STRING(S) BEFORE STRING(N). { A = alter_add_value(p, B, F | AST_ALTER_BEFORE, S, &N); }
alter_action(A) ::= ADD(B) VALUE if_not_exists(F) STRING(S) AFTER STRING(N).  { A = alter_add_value(p, B, F, S, &N); }
column_opt ::= .
column_opt ::= COLUMN.
set_data_opt ::= .
set_data_opt ::= SET DATA.
%type alter_column_def {struct ast_column_def *}
alter_column_def(A) ::= column_def(C).  { A = C; }

statement(A) ::= COMMENT(B) ON object_kind(K) path(N) IS comment_text(E).     { A = comment_new(p, B, K, N, E); }
statement(A) ::= COMMENT(B) ON COLUMN path(N) IS comment_text(E).             { A = comment_new(p, B, AST_OBJECT_COLUMN, N, E); }
statement(A) ::= COMMENT(B) ON CONSTRAINT path(N) IS comment_text(E).         { A = comment_new(p, B, AST_OBJECT_CONSTRAINT, N, E); }
comment_text(A) ::= STRING(S).  { A = expr_string(p, S); }
comment_text(A) ::= NULL(T).    { A = expr_word(p, T, AST_LITERAL_NULL); }

statement(A) ::= REINDEX(B).                { A = reindex_new(p, B, names_none()); }
statement(A) ::= REINDEX(B) path(N).        { A = reindex_new(p, B, N); }
statement(A) ::= REINDEX(B) INDEX path(N).  { A = reindex_new(p, B, N); }
statement(A) ::= REINDEX(B) TABLE path(N).  { A = reindex_new(p, B, N); }

// ---- types ----------------------------------------------------------------------------------------

%type type {struct ast_type *}
%type type_base {struct ast_type *}
%type type_words {struct ast_type *}
%type cast_type {struct ast_type *}
%type cast_base {struct ast_type *}

// In CAST and column definitions: any run of words.
type(A) ::= type_base(T).                     { A = T; }
type(A) ::= type(T) LB RB.                    { A = type_list(p, T); }
type(A) ::= type(T) LB INTEGER(N) RB.         { A = type_array(p, T, N); }
type_base(A) ::= type_words(T).               { A = T; }
type_base(A) ::= type_words(T) LP RP.               { A = type_args(p, T, list_none()); }
type_base(A) ::= type_words(T) LP type_args(L) RP.  { A = type_args(p, T, L); }
type_base(A) ::= type_words(T) WITH_TIME|WITHOUT_TIME(W) TIME ZONE.  { A = type_zone(p, T, W); }
type_base(A) ::= type_words(T) LP type_args(L) RP WITH_TIME|WITHOUT_TIME(W) TIME ZONE.
    { A = type_zone(p, type_args(p, T, L), W); }
type_base(A) ::= type_nested(T).              { A = T; }
type_words(A) ::= path(N).                    { A = type_named(p, N); }
type_words(A) ::= type_words(T) ID(W).        { A = type_word(p, T, W); }

// Behind ::, one word or a known pair, since a name may follow as an alias.
cast_type(A) ::= cast_base(T). [OR]           { A = T; }
cast_type(A) ::= cast_type(T) LB RB.          { A = type_list(p, T); }
cast_type(A) ::= cast_type(T) LB INTEGER(N) RB.  { A = type_array(p, T, N); }
cast_base(A) ::= path(N). [OR]                { A = type_named(p, N); }
cast_base(A) ::= path(N) TYPE_TAIL(W).        { A = type_word(p, type_named(p, N), W); }
cast_base(A) ::= path(N) LP RP.               { A = type_args(p, type_named(p, N), list_none()); }
cast_base(A) ::= path(N) LP type_args(L) RP.  { A = type_args(p, type_named(p, N), L); }
cast_base(A) ::= path(N) TYPE_TAIL(W) LP type_args(L) RP.
    { A = type_args(p, type_word(p, type_named(p, N), W), L); }
cast_base(A) ::= path(N) WITH_TIME|WITHOUT_TIME(W) TIME ZONE.
    { A = type_zone(p, type_named(p, N), W); }
cast_base(A) ::= path(N) LP type_args(L) RP WITH_TIME|WITHOUT_TIME(W) TIME ZONE.
    { A = type_zone(p, type_args(p, type_named(p, N), L), W); }
cast_base(A) ::= type_nested(T).              { A = T; }

%type type_nested {struct ast_type *}
type_nested(A) ::= STRUCT|ROW_CALL(B) LP type_members(L) RP.
    { A = type_members(p, AST_TYPE_STRUCT, B, L); }
type_nested(A) ::= STRUCT|ROW_CALL(B) LP type_members(L) COMMA RP.
    { A = type_members(p, AST_TYPE_STRUCT, B, L); }
type_nested(A) ::= UNION(B) LP type_members(L) RP.  { A = type_members(p, AST_TYPE_UNION, B, L); }
type_nested(A) ::= MAP(B) LP type(K) COMMA type(V) RP.  { A = type_map(p, B, K, V); }
%type type_members {struct parse_list}
type_members(A) ::= type_member(E).                        { A = list_one(p, E); }
type_members(A) ::= type_members(L) COMMA type_member(E).  { A = list_add(p, L, E); }
type_member(A) ::= ID(T) type(Y).                          { A = type_member(p, T, Y); }

%type type_args {struct parse_list}
type_args(A) ::= type_arg(E).                      { A = list_one(p, E); }
type_args(A) ::= type_args(L) COMMA type_arg(E).   { A = list_add(p, L, E); }
type_arg(A) ::= INTEGER(T).        { A = expr_number(p, T); }
type_arg(A) ::= MINUS(B) INTEGER(T). { A = expr_unary(p, AST_UNARY_MINUS, B, expr_number(p, T)); }
type_arg(A) ::= STRING(T).         { A = expr_string(p, T); }
type_arg(A) ::= ID(T).             { A = column_node_new(p, T); }

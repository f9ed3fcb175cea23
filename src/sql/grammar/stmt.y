// ---- what can be parsed ---------------------------------------------------------------------------

// The first token of the other two is made by the driver.
input ::= statement(S).           { parse_accept(p, S); }
input ::= START_EXPR expr(E).     { parse_accept(p, E); }
input ::= START_TYPE type(T).     { parse_accept(p, (struct ast *)T); }

// What may be explained or prepared.
statement(A) ::= plannable(S).    { A = S; }
plannable(A) ::= query(Q).        { A = (struct ast *)Q; }
plannable(A) ::= insert(S).       { A = (struct ast *)S; }
plannable(A) ::= update(S).       { A = (struct ast *)S; }
plannable(A) ::= delete(S).       { A = (struct ast *)S; }
plannable(A) ::= merge(S).        { A = (struct ast *)S; }
plannable(A) ::= create_as(S).    { A = S; }
plannable(A) ::= execute(S).      { A = S; }
plannable(A) ::= call_statement(S). { A = S; }
plannable(A) ::= pragma(S).       { A = S; }
plannable(A) ::= copy(S).         { A = S; }
plannable(A) ::= truncate(S).     { A = S; }
plannable(A) ::= describe(S).     { A = S; }
plannable(A) ::= set(S).          { A = S; }

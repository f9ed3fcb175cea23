// ---- the driver, next to the tables it walks ------------------------------------------------------

%code {
#undef malloc
#undef realloc
#undef free

static void feed(yyParser *parser, uint16_t code, struct token token)
{
    sql_parser(parser, code, token);
}

void parse_run(struct parse *p, uint16_t start)
{
    yyParser parser;
    sql_parserInit(&parser, p);
    if (parser.yystack == NULL || p->rc != LLKV_OK) return;
    bool end = false;
    if (start != 0) feed(&parser, start, (struct token){.code = start});
    while (p->rc == LLKV_OK) {
        const struct token token = filter_next(p->filter, &end);
        uint16_t code = end ? 0 : token.code;
        if (p->filter->depth > SQL_DEPTH_MAX || p->filter->prefixes > SQL_DEPTH_MAX) {
            parse_too_deep(p);
            return;
        }
        if (code == TK_VALUES && values_read_rows(p, token.at)) code = TK_VALUES_ROWS;
        feed(&parser, code, token);
        if (end) {
            p->stop = token.at + token.len;
            return;
        }
        p->end = code == TK_VALUES_ROWS ? p->rows_end : token.at + token.len;
    }
}

// What to do with `code` in a state, names for keywords left aside.
static YYACTIONTYPE plain_action(YYCODETYPE code, YYACTIONTYPE state)
{
    if (state > YY_MAX_SHIFT) return state;
    size_t i = (size_t)yy_shift_ofst[state] + code;
    return yy_lookahead[i] == code ? yy_action[i] : yy_default[state];
}

// Would the parser take `code` now? Plays the reductions on a copy of the stack's states.
static bool acceptable(const yyParser *parser, YYCODETYPE code, YYACTIONTYPE *states)
{
    size_t top = (size_t)(parser->yytos - parser->yystack);
    for (size_t i = 0; i <= top; i++)
        states[i] = parser->yystack[i].stateno;
    for (;;) {
        YYACTIONTYPE action = plain_action(code, states[top]);
        if (action <= YY_MAX_SHIFTREDUCE) return true;
        if (action < YY_MIN_REDUCE) return action == YY_ACCEPT_ACTION;
        int rule = action - YY_MIN_REDUCE;
        top = (size_t)((ptrdiff_t)top + yyRuleInfoNRhs[rule]);
        states[top + 1] = yy_find_reduce_action(states[top], yyRuleInfoLhs[rule]);
        top++;
        if (states[top] == YY_ACCEPT_ACTION) return true;
    }
}

static void parse_syntax_error(void *opaque, struct token found)
{
    yyParser *parser = opaque;
    struct parse *p = parser->p;
    if (p->rc != LLKV_OK) return;
    size_t depth = (size_t)(parser->yytos - parser->yystack) + 2;
    YYACTIONTYPE *states = cx_alloc_array(p->cx, depth + 64, sizeof *states);
    bool *fits = cx_alloc_zero(p->cx, YYNTOKEN);
    if (states == NULL || fits == NULL) {
        p->rc = LLKV_NOMEM;
        return;
    }
    for (YYCODETYPE code = 0; code < YYNTOKEN; code++)
        fits[code] = acceptable(parser, code, states);
    parse_unexpected(p, found, fits, YYNTOKEN);
}
}

#include "base/hash.h"
#include "expr/program_priv.h"

/* From a tree (really a DAG: equal subtrees are computed once) to straight-line code. */

const uint64_t program_zeros[VEC_WORDS_MAX];

/* ---- registers ---- */

static llkv_code new_reg(struct compiler *c, struct reg_desc desc, uint16_t *out_reg)
{
    if (c->regs.count >= REGS_MAX)
        return cx_fail(c->cx, LLKV_LIMIT, "an expression has more than %u parts", REGS_MAX);
    *out_reg = (uint16_t)c->regs.count;
    VEC_PUSH(c->cx, &c->regs, desc);
    VEC_PUSH(c->cx, &c->last_use, 0);
    return LLKV_OK;
}

void compile_use(struct compiler *c, uint16_t reg)
{
    c->last_use.items[reg] = (uint16_t)c->code.count;
}

llkv_code compile_emit(struct compiler *c, struct instr instr, uint16_t *out_reg)
{
    bool scalar = (instr.flags & INSTR_SCALAR) != 0;
    struct reg_desc desc = {.kind = REG_TEMP, .phys = instr.phys, .scalar = scalar};
    TRY(new_reg(c, desc, out_reg));
    instr.out = *out_reg;
    c->temp_count++;
    compile_use(c, *out_reg);
    if (instr.a != REG_NONE) compile_use(c, instr.a);
    if (instr.b != REG_NONE) compile_use(c, instr.b);
    if (instr.c != REG_NONE) compile_use(c, instr.c);
    VEC_PUSH(c->cx, &c->code, instr);
    return LLKV_OK;
}

llkv_code compile_const(struct compiler *c, const struct value *value, uint16_t *out_reg)
{
    struct reg_desc desc = {
        .kind = REG_CONST, .phys = value->type.phys, .scalar = true, .index = c->consts.count};
    VEC_PUSH(c->cx, &c->consts, value);
    c->scalar_count++;
    return new_reg(c, desc, out_reg);
}

llkv_code compile_null(struct compiler *c, struct type type, uint16_t *out_reg)
{
    struct value *value = cx_alloc_zero(c->cx, sizeof *value);
    if (value == NULL) return LLKV_NOMEM;
    value->type = type;
    value->is_null = true;
    return compile_const(c, value, out_reg);
}

llkv_code compile_bool(struct compiler *c, bool truth, uint16_t *out_reg)
{
    struct value *value = cx_alloc_zero(c->cx, sizeof *value);
    if (value == NULL) return LLKV_NOMEM;
    value->type = type_of(TYPE_BOOLEAN);
    value->b = truth;
    return compile_const(c, value, out_reg);
}

/* ---- input columns: a child takes its columns from the inputs of its parent ---- */

static llkv_code input_of_column(struct compiler *c, uint32_t column, uint8_t phys,
                                 uint32_t *out_input)
{
    for (uint32_t i = 0; i < c->columns.count; i++) {
        if (c->columns.items[i] != column) continue;
        CHECK(c->cx, c->inputs.items[i].phys == phys);
        *out_input = i;
        return LLKV_OK;
    }
    struct program_input input = {.source = column, .phys = phys};
    if (c->parent != NULL) TRY(input_of_column(c->parent, column, phys, &input.source));
    *out_input = c->inputs.count;
    TRY(new_reg(c, (struct reg_desc){.kind = REG_INPUT, .phys = phys, .index = *out_input},
                &input.reg));
    VEC_PUSH(c->cx, &c->inputs, input);
    VEC_PUSH(c->cx, &c->columns, column);
    return LLKV_OK;
}

static llkv_code compile_column(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    if (e->type.phys == PHYS_NULLS) return compile_null(c, e->type, out_reg);
    uint32_t column = 0;
    while (column < c->options->layout_count && c->options->layout[column] != e->column)
        column++;
    CHECK(c->cx, column < c->options->layout_count);
    uint32_t input;
    TRY(input_of_column(c, column, e->type.phys, &input));
    *out_reg = c->inputs.items[input].reg;
    return LLKV_OK;
}

static llkv_code compile_param(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    c->scalar_count++;
    return new_reg(
        c,
        (struct reg_desc){
            .kind = REG_PARAM, .phys = e->type.phys, .scalar = true, .index = e->parameter},
        out_reg);
}

/* ---- the memo of what has been computed ---- */

static bool memo_find(const struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    uint16_t at = c->buckets[e->hash % MEMO_BUCKETS];
    for (; at != MEMO_END; at = c->memos.items[at].next) {
        const struct expr *known = c->memos.items[at].expr;
        if (known->hash != e->hash) continue;
        /* two calls of random() are two values, one node read twice is one */
        if (known != e && ((e->flags & EXPR_VOLATILE) || !expr_equal(known, e))) continue;
        *out_reg = c->memos.items[at].reg;
        return true;
    }
    return false;
}

static llkv_code memo_add(struct compiler *c, const struct expr *e, uint16_t reg)
{
    uint16_t *bucket = &c->buckets[e->hash % MEMO_BUCKETS];
    if (c->memos.count >= MEMO_END) return LLKV_OK;
    struct memo memo = {.expr = e, .reg = reg, .next = *bucket};
    *bucket = (uint16_t)c->memos.count;
    VEC_PUSH(c->cx, &c->memos, memo);
    return LLKV_OK;
}

static llkv_code compile_new(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    switch ((enum expr_kind)e->kind) {
    case EXPR_CONST: return compile_const(c, e->value, out_reg);
    case EXPR_COLUMN: return compile_column(c, e, out_reg);
    case EXPR_PARAM: return compile_param(c, e, out_reg);
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_CASE:
    case EXPR_COALESCE: return compile_lazy(c, e, out_reg);
    case EXPR_ARITH:
    case EXPR_UNARY:
    case EXPR_COMPARE:
    case EXPR_DISTINCT:
    case EXPR_NOT:
    case EXPR_IS_NULL:
    case EXPR_IS_NOT_NULL:
    case EXPR_IS_TRUE:
    case EXPR_IS_FALSE:
    case EXPR_NULLIF:
    case EXPR_CAST:
    case EXPR_IN:
    case EXPR_LIKE:
    case EXPR_CALL: return compile_operator(c, e, out_reg);
    case EXPR_KIND_COUNT: break;
    }
    return cx_fail(c->cx, LLKV_INTERNAL, "expression of kind %u", (unsigned)e->kind);
}

llkv_code compile_node(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    if (memo_find(c, e, out_reg)) return LLKV_OK;
    TRY(cx_enter(c->cx));
    TRY(compile_new(c, e, out_reg));
    cx_leave(c->cx);
    return memo_add(c, e, *out_reg);
}

/* ---- slots: a temporary takes one that nobody reads any more ---- */

struct slots {
    uint32_t *free, *dying, *next; /* free slots; per code index and register: chains */
    uint32_t free_count, count;
};

#define CHAIN_END UINT32_MAX

static llkv_code chain_deaths(struct compiler *c, struct slots *s)
{
    size_t regs = c->regs.count;
    size_t code = c->code.count;
    uint32_t *words = cx_alloc_array(c->cx, 2 * regs + code + 1, sizeof *words);
    if (words == NULL) return LLKV_NOMEM;
    *s = (struct slots){.free = words, .next = words + regs, .dying = words + 2 * regs};
    for (size_t i = 0; i < code; i++)
        s->dying[i] = CHAIN_END;
    for (uint32_t r = 0; r < regs; r++) {
        if (c->regs.items[r].kind != REG_TEMP) continue;
        uint32_t *chain = &s->dying[c->last_use.items[r]];
        s->next[r] = *chain;
        *chain = r;
    }
    return LLKV_OK;
}

/* An instruction takes its slot before those it reads last are given back: never in place. */
static void assign_slots(struct compiler *c, struct slots *s)
{
    for (uint32_t i = 0; i < c->code.count; i++) {
        struct reg_desc *out = &c->regs.items[c->code.items[i].out];
        out->index = s->free_count > 0 ? s->free[--s->free_count] : s->count++;
        for (uint32_t r = s->dying[i]; r != CHAIN_END; r = s->next[r])
            s->free[s->free_count++] = c->regs.items[r].index;
    }
}

static uint32_t strip_of_width(uint32_t width)
{
    return width == 0 ? VEC_ROWS_MAX : STRIP_BYTES / width;
}

static void measure(struct program *p)
{
    for (uint32_t i = 0; i < p->reg_count; i++) {
        uint32_t width = phys_bytes[p->regs[i].phys];
        if (p->regs[i].kind == REG_TEMP && width > p->temp_width) p->temp_width = width;
    }
    for (uint32_t i = 0; i < p->input_count; i++) {
        uint32_t width = phys_bytes[p->inputs[i].phys];
        if (width > p->input_width) p->input_width = width;
    }
    uint32_t wider = p->input_width > p->temp_width ? p->input_width : p->temp_width;
    p->strip_rows = strip_of_width(p->temp_width);
    p->gather_rows = strip_of_width(wider);
}

static llkv_code finish(struct compiler *c, const struct expr *e, uint16_t root,
                        const struct program **out_program)
{
    struct slots slots;
    TRY(chain_deaths(c, &slots));
    assign_slots(c, &slots);
    struct program *p = cx_alloc(c->cx, sizeof *p);
    if (p == NULL) return LLKV_NOMEM;
    *p = (struct program){
        .type = e->type,
        .nullable = (e->flags & EXPR_NULLABLE) != 0,
        .can_raise = (e->flags & EXPR_CAN_RAISE) != 0,
        .sqlite_compat = c->options->sqlite_compat,
        .wants_heap = c->wants_heap,
        .root = root,
        .reg_count = c->regs.count,
        .code_count = c->code.count,
        .slot_count = slots.count,
        .input_count = c->inputs.count,
        .temp_count = c->temp_count,
        .scalar_count = c->scalar_count,
        .child_count = c->children.count,
        .bound_count = c->bound.count,
        .call_args_max = c->call_args_max,
        .regs = c->regs.items,
        .code = c->code.items,
        .inputs = c->inputs.items,
        .consts = c->consts.items,
        .children = c->children.items,
        .bound = c->bound.items,
    };
    measure(p);
    *out_program = p;
    return LLKV_OK;
}

static llkv_code compile_tree(struct compiler *c, const struct expr *e,
                              const struct program **out_program)
{
    uint16_t root;
    memset(c->buckets, 0xff, sizeof c->buckets);
    TRY(compile_node(c, e, &root));
    return finish(c, e, root, out_program);
}

llkv_code compile_child(struct compiler *c, const struct expr *e, uint16_t *out_child)
{
    struct compiler child = {.cx = c->cx, .options = c->options, .parent = c};
    const struct program *program;
    TRY(cx_enter(c->cx));
    TRY(compile_tree(&child, e, &program));
    cx_leave(c->cx);
    c->wants_heap |= child.wants_heap;
    if (c->children.count >= REG_NONE)
        return cx_fail(c->cx, LLKV_LIMIT, "an expression has more than %u branches", REG_NONE);
    *out_child = (uint16_t)c->children.count;
    VEC_PUSH(c->cx, &c->children, program);
    return LLKV_OK;
}

llkv_code program_compile(struct cx *cx, const struct expr *e,
                          const struct program_options *options, const struct program **out_program)
{
    struct compiler c = {.cx = cx, .options = options};
    return compile_tree(&c, e, out_program);
}

struct type program_type(const struct program *program)
{
    return program->type;
}

bool program_nullable(const struct program *program)
{
    return program->nullable;
}

#include "base/bitmap.h"
#include "expr/program_priv.h"

/* One strip through the code. */

/* ---- validity ---- */

/* The validity of a strict operator's result. */
static const uint64_t *merge(const struct reg *a, const struct reg *b, uint64_t *bits, uint32_t n)
{
    if (a->validity == NULL || a->validity == b->validity) return b->validity;
    if (b->validity == NULL) return a->validity;
    for (size_t w = 0; w < bitmap_words(n); w++)
        bits[w] = a->validity[w] & b->validity[w];
    return bits;
}

static void copy_validity(uint64_t *bits, const uint64_t *validity, uint32_t n)
{
    if (validity == NULL) {
        memset(bits, 0xff, bitmap_words(n) * sizeof *bits);
    } else {
        memcpy(bits, validity, bitmap_words(n) * sizeof *bits);
    }
}

static bool row_valid(const struct reg *reg, uint32_t i)
{
    return reg->validity == NULL || bit_get(reg->validity, i);
}

static const void *slot_at(const struct reg *reg, bool scalar, uint8_t phys, uint32_t i)
{
    return (const uint8_t *)reg->data + (scalar ? 0 : (size_t)i * phys_bytes[phys]);
}

static struct value value_at(const struct reg *reg, struct type type, bool scalar, uint32_t i)
{
    struct vector v = {.phys = type.phys, .shape = VEC_FLAT, .rows = i + 1, .data = reg->data};
    return vec_value(&v, type, scalar ? 0 : i);
}

/* ---- kernels; a flag sends us to look for the offending slot ---- */

static llkv_code recheck_binary(struct cx *cx, const struct registers *r, const struct instr *in,
                                uint32_t n)
{
    const struct reg *a = &r->regs[in->a];
    const struct reg *b = &r->regs[in->b];
    bool sa = (in->flags & INSTR_A_SCALAR) != 0;
    bool sb = (in->flags & INSTR_B_SCALAR) != 0;
    for (uint32_t i = 0; i < n; i++) {
        u128 out;
        if (!row_valid(&r->regs[in->out], i)) continue;
        const void *left = slot_at(a, sa, in->in_phys, i);
        const void *right = slot_at(b, sb, in->in_phys, i);
        if (in->kernel(&out, left, right, NULL, 1) == 0) continue;
        struct value va = value_at(a, in->expr->args[0]->type, sa, i);
        struct value vb = value_at(b, in->expr->args[1]->type, sb, i);
        return expr_fail_arith(cx, in->expr, &va, &vb);
    }
    return LLKV_OK;
}

static llkv_code fail_slot(struct cx *cx, const struct instr *in, const struct reg *a, uint32_t i)
{
    bool scalar = (in->flags & INSTR_A_SCALAR) != 0;
    if (in->op == OP_PRECISION) return expr_fail_precision(cx, in->expr);
    struct value value = value_at(a, in->expr->args[0]->type, scalar, i);
    if (in->expr->kind == EXPR_UNARY) return expr_fail_unary(cx, in->expr, &value);
    /* between the two steps of a cast only its own type is known */
    if (value.type.phys != in->in_phys)
        return cx_fail_at(cx, LLKV_OVERFLOW, in->expr->at, "22003", "value out of range in a cast");
    return cast_fail_range(cx, &value, in->expr->type, in->expr->at);
}

static llkv_code recheck_unary(struct cx *cx, const struct registers *r, const struct instr *in,
                               uint32_t n)
{
    const struct reg *a = &r->regs[in->a];
    struct reg *out = &r->regs[in->out];
    if (in->op == OP_UNARY_TRY) {
        copy_validity(out->bits, out->validity, n);
        out->validity = out->bits;
    }
    for (uint32_t i = 0; i < n; i++) {
        u128 slot;
        const void *at = slot_at(a, (in->flags & INSTR_A_SCALAR) != 0, in->in_phys, i);
        if (!row_valid(out, i) || in->kernel(&slot, at, NULL, in->detail, 1) == 0) continue;
        if (in->op != OP_UNARY_TRY) return fail_slot(cx, in, a, i);
        bit_clear(out->bits, i);
    }
    return LLKV_OK;
}

static llkv_code run_unary(struct cx *cx, const struct registers *r, const struct instr *in,
                           uint32_t n)
{
    const struct reg *a = &r->regs[in->a];
    struct reg *out = &r->regs[in->out];
    uint32_t flag = in->kernel(out->slot, a->data, NULL, in->detail, n);
    out->validity = a->validity;
    return LIKELY(flag == 0) ? LLKV_OK : recheck_unary(cx, r, in, n);
}

static llkv_code run_divide(struct cx *cx, const struct registers *r, const struct instr *in,
                            uint32_t n)
{
    const struct reg *a = &r->regs[in->a];
    const struct reg *b = &r->regs[in->b];
    struct reg *out = &r->regs[in->out];
    enum phys_type phys = (enum phys_type)in->in_phys;
    uint32_t flag = in->kernel(out->slot, a->data, b->data, NULL, n);
    out->validity = merge(a, b, out->bits, n);
    if (in->flags & INSTR_B_SCALAR) {
        uint64_t one = 1;
        kernel_div_zero(&one, b->data, phys, true, 1);
        if ((one & 1) == 0) out->validity = program_zeros;
    } else {
        if (out->validity != out->bits) copy_validity(out->bits, out->validity, n);
        kernel_div_zero(out->bits, b->data, phys, false, n);
        if (out->validity != NULL || !bitmap_all(out->bits, n)) out->validity = out->bits;
    }
    if (LIKELY(flag == 0) || in->in_phys == PHYS_NUMBER || in->in_phys >= PHYS_F32) return LLKV_OK;
    return recheck_binary(cx, r, in, n);
}

/* ---- words ---- */

static uint64_t word_of(const uint64_t *validity, size_t w)
{
    return validity == NULL ? ~UINT64_C(0) : validity[w];
}

const uint64_t *program_and(uint64_t *restrict out, uint64_t *restrict bits, const struct reg *a,
                            const struct reg *b, uint32_t n)
{
    const uint64_t *ta = a->data, *tb = b->data;
    bool nulls = a->validity != NULL || b->validity != NULL;
    for (size_t w = 0; w < bitmap_words(n); w++) {
        out[w] = ta[w] & tb[w];
        if (!nulls) continue;
        uint64_t va = word_of(a->validity, w);
        uint64_t vb = word_of(b->validity, w);
        bits[w] = (va & vb) | (va & ~ta[w]) | (vb & ~tb[w]);
    }
    return nulls ? bits : NULL;
}

const uint64_t *program_or(uint64_t *restrict out, uint64_t *restrict bits, const struct reg *a,
                           const struct reg *b, uint32_t n)
{
    const uint64_t *ta = a->data, *tb = b->data;
    bool nulls = a->validity != NULL || b->validity != NULL;
    for (size_t w = 0; w < bitmap_words(n); w++) {
        out[w] = ta[w] | tb[w];
        if (!nulls) continue;
        uint64_t va = word_of(a->validity, w);
        uint64_t vb = word_of(b->validity, w);
        bits[w] = (va & vb) | (va & ta[w]) | (vb & tb[w]);
    }
    return nulls ? bits : NULL;
}

/* NOT, IS NULL, IS TRUE ...: of one word and its validity. */
static void run_test(const struct registers *r, const struct instr *in, uint32_t n)
{
    const struct reg *a = &r->regs[in->a];
    struct reg *out = &r->regs[in->out];
    const uint64_t *t = a->data;
    uint64_t *to = out->slot;
    uint64_t flip = in->flags & INSTR_NEGATE ? ~UINT64_C(0) : 0;
    size_t words = bitmap_words(n);
    out->validity = NULL;
    switch ((enum opcode)in->op) {
    case OP_NOT:
        for (size_t w = 0; w < words; w++)
            to[w] = ~t[w];
        out->validity = a->validity;
        return;
    case OP_IS_NULL:
        for (size_t w = 0; w < words; w++)
            to[w] = ~word_of(a->validity, w);
        return;
    case OP_IS_NOT_NULL:
        for (size_t w = 0; w < words; w++)
            to[w] = word_of(a->validity, w);
        return;
    case OP_IS_TRUE:
        for (size_t w = 0; w < words; w++)
            to[w] = (t[w] & word_of(a->validity, w)) ^ flip;
        return;
    default: /* OP_IS_FALSE */
        for (size_t w = 0; w < words; w++)
            to[w] = (~t[w] & word_of(a->validity, w)) ^ flip;
        return;
    }
}

static void run_distinct(const struct registers *r, const struct instr *in, uint32_t n)
{
    const uint64_t *differ = r->regs[in->a].data;
    struct reg *out = &r->regs[in->out];
    uint64_t *to = out->slot;
    uint64_t flip = in->flags & INSTR_NEGATE ? ~UINT64_C(0) : 0;
    for (size_t w = 0; w < bitmap_words(n); w++) {
        uint64_t va = word_of(r->regs[in->b].validity, w);
        uint64_t vb = word_of(r->regs[in->c].validity, w);
        to[w] = ((differ[w] & va & vb) | (va ^ vb)) ^ flip;
    }
    out->validity = NULL;
}

/* One value for n rows. */
static void spread(void *out, const void *value, uint32_t width, uint32_t n)
{
    uint8_t *to = out;
    for (uint32_t i = 0; i < n; i++)
        memcpy(to + (size_t)i * width, value, width);
}

static void run_nullif(const struct registers *r, const struct instr *in, uint32_t n)
{
    const struct reg *a = &r->regs[in->a];
    const struct reg *equal = &r->regs[in->b];
    struct reg *out = &r->regs[in->out];
    const uint64_t *t = equal->data;
    uint32_t width = phys_bytes[in->phys];
    if (in->phys == PHYS_BOOL) {
        memcpy(out->slot, a->data, bitmap_words(n) * sizeof(uint64_t));
    } else if (in->flags & INSTR_A_SCALAR) {
        spread(out->slot, a->data, width, n);
    } else {
        memcpy(out->slot, a->data, (size_t)n * width);
    }
    for (size_t w = 0; w < bitmap_words(n); w++)
        out->bits[w] = word_of(a->validity, w) & ~(t[w] & word_of(equal->validity, w));
    out->validity = out->bits;
}

/* ---- calls ---- */

static void gather_args(const struct registers *r, const struct call_detail *detail)
{
    for (uint32_t i = 0; i < detail->arg_count; i++) {
        const struct reg *arg = &r->regs[detail->args[i]];
        r->call_args[i] = (struct func_arg){arg->data, arg->validity, detail->scalar[i]};
    }
}

/* The rows where no argument is NULL; NULL: all. */
static const uint64_t *strict_validity(const struct registers *r, const struct call_detail *detail,
                                       uint64_t *bits, uint32_t n)
{
    struct reg all = {.validity = NULL};
    for (uint32_t i = 0; i < detail->arg_count; i++)
        all.validity = merge(&all, &r->regs[detail->args[i]], bits, n);
    return all.validity;
}

static llkv_code run_call(struct cx *cx, const struct registers *r, const struct instr *in,
                          uint32_t n)
{
    const struct call_detail *detail = in->detail;
    struct reg *out = &r->regs[in->out];
    uint64_t strict_bits[VEC_WORDS_MAX];
    const uint64_t *live = NULL;
    gather_args(r, detail);
    if (detail->strict) live = strict_validity(r, detail, strict_bits, n);
    copy_validity(out->bits, NULL, n);
    bool compat = r->program->sqlite_compat;
    if (in->expr->kind == EXPR_CAST) compat = in->expr->op == EXPR_CAST_SQLITE;
    struct func_call call = {.cx = cx,
                             .heap = r->heap,
                             .n = n,
                             .arg_count = detail->arg_count,
                             .args = r->call_args,
                             .arg_types = detail->arg_types,
                             .type = detail->type,
                             .live = live,
                             .out = out->slot,
                             .out_validity = out->bits,
                             .sqlite_compat = compat,
                             .try_cast = (in->flags & INSTR_TRY) != 0,
                             .at = in->expr->at};
    TRY(detail->eval(&call));
    out->validity = bitmap_all(out->bits, n) ? NULL : out->bits;
    if (live == NULL) return LLKV_OK;
    for (size_t w = 0; w < bitmap_words(n); w++)
        out->bits[w] &= live[w];
    out->validity = out->bits;
    return LLKV_OK;
}

/* ---- IN, LIKE ---- */

static void run_in(const struct registers *r, const struct instr *in, uint32_t n)
{
    const struct in_detail *detail = in->detail;
    const struct in_set *set = detail->set != NULL ? detail->set : r->bound[detail->bound];
    const struct reg *a = &r->regs[in->a];
    struct reg *out = &r->regs[in->out];
    uint64_t *to = out->slot;
    in_set_test(set, a->data, n, to);
    out->validity = a->validity;
    if (in_set_has_null(set)) {
        /* found: true; else perhaps the unknown one */
        for (size_t w = 0; w < bitmap_words(n); w++)
            out->bits[w] = word_of(a->validity, w) & to[w];
        out->validity = out->bits;
    }
    if (in->flags & INSTR_NEGATE)
        for (size_t w = 0; w < bitmap_words(n); w++)
            to[w] = ~to[w];
}

static void match_all(const struct like *like, const struct reg *text, uint64_t *out, uint64_t flip,
                      uint32_t n)
{
    const struct str_view *views = text->data;
    for (uint32_t from = 0; from < n; from += 64) {
        uint32_t count = n - from < 64 ? n - from : 64;
        uint64_t valid = word_of(text->validity, from / 64);
        uint64_t word = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (!(valid >> i & 1)) continue;
            word |= (uint64_t)like_match(like, str_slice(&views[from + i])) << i;
        }
        out[from / 64] = word ^ flip;
    }
}

static bool reg_scalar(const struct program *program, uint16_t reg)
{
    return program->regs[reg].scalar;
}

/* A pattern that is not constant is compiled for each row, in memory given back at once. */
static llkv_code match_row(struct cx *cx, const struct registers *r, const struct instr *in,
                           uint32_t i, bool *out_match)
{
    bool scalar_b = reg_scalar(r->program, in->b);
    bool scalar_a = reg_scalar(r->program, in->a);
    struct type text = type_of(TYPE_VARCHAR);
    struct value value = value_at(&r->regs[in->a], text, scalar_a, i);
    struct value pattern = value_at(&r->regs[in->b], text, scalar_b, i);
    enum like_case mode = LIKE_CASE_EXACT;
    if (in->expr->op & EXPR_LIKE_NOCASE)
        mode = r->program->sqlite_compat ? LIKE_CASE_ASCII : LIKE_CASE_UNICODE;
    int32_t escape = -1;
    if (in->c != REG_NONE) {
        bool scalar_c = reg_scalar(r->program, in->c);
        struct value character = value_at(&r->regs[in->c], text, scalar_c, i);
        TRY(like_escape(cx, character.s, in->expr->at, &escape));
    }
    struct like *like;
    TRY(like_new(cx, pattern.s, escape, mode, in->expr->at, &like));
    *out_match = like_match(like, value.s);
    return LLKV_OK;
}

static llkv_code run_like(struct cx *cx, const struct registers *r, const struct instr *in,
                          uint32_t n)
{
    const struct reg *a = &r->regs[in->a];
    struct reg *out = &r->regs[in->out];
    bool negated = (in->flags & INSTR_NEGATE) != 0;
    if (in->detail != NULL) {
        match_all(in->detail, a, out->slot, negated ? ~UINT64_C(0) : 0, n);
        out->validity = a->validity;
        return LLKV_OK;
    }
    struct cx scratch = *cx;
    scratch.arena = r->heap;
    out->validity = merge(a, &r->regs[in->b], out->bits, n);
    if (in->c != REG_NONE) out->validity = merge(out, &r->regs[in->c], out->bits, n);
    memset(out->slot, 0, bitmap_words(n) * sizeof(uint64_t));
    for (uint32_t i = 0; i < n; i++) {
        bool match = false;
        if (!row_valid(out, i)) continue;
        struct arena_mark mark = arena_mark(r->heap);
        llkv_code rc = match_row(&scratch, r, in, i, &match);
        arena_rewind(r->heap, mark);
        if (rc != LLKV_OK) return rc;
        bit_put(out->slot, i, match != negated);
    }
    return LLKV_OK;
}

/* ---- the loop ---- */

/* A scalar is read as words by some: let it have them. */
static void finish_scalar(struct reg *out, uint8_t phys)
{
    bool valid = out->validity == NULL || (out->validity[0] & 1) != 0;
    out->validity = valid ? NULL : program_zeros;
    if (phys != PHYS_BOOL) return;
    const uint64_t *word = out->slot;
    out->data = word[0] & 1 ? program_ones : program_zeros;
}

static llkv_code run_other(struct cx *cx, struct registers *r, const struct instr *in, uint32_t n)
{
    struct reg *out = &r->regs[in->out];
    switch ((enum opcode)in->op) {
    case OP_AND:
        out->validity = program_and(out->slot, out->bits, &r->regs[in->a], &r->regs[in->b], n);
        return LLKV_OK;
    case OP_OR:
        out->validity = program_or(out->slot, out->bits, &r->regs[in->a], &r->regs[in->b], n);
        return LLKV_OK;
    case OP_NOT:
    case OP_IS_NULL:
    case OP_IS_NOT_NULL:
    case OP_IS_TRUE:
    case OP_IS_FALSE: run_test(r, in, n); return LLKV_OK;
    case OP_DISTINCT: run_distinct(r, in, n); return LLKV_OK;
    case OP_NULLIF: run_nullif(r, in, n); return LLKV_OK;
    case OP_IN: run_in(r, in, n); return LLKV_OK;
    case OP_LIKE: return run_like(cx, r, in, n);
    case OP_CALL: return run_call(cx, r, in, n);
    case OP_DIVIDE: return run_divide(cx, r, in, n);
    case OP_LAZY_BOOL: return program_lazy_bool(cx, r, in, n);
    case OP_CASE: return program_case(cx, r, in, n);
    case OP_COALESCE: return program_coalesce(cx, r, in, n);
    case OP_UNARY:
    case OP_UNARY_CHECKED:
    case OP_UNARY_TRY:
    case OP_PRECISION: return run_unary(cx, r, in, n);
    case OP_BINARY:
    case OP_CHECKED: break;
    }
    return LLKV_OK;
}

llkv_code program_interpret(struct cx *cx, const struct program *program, struct registers *r,
                            uint32_t rows)
{
    const struct instr *end = program->code + program->code_count;
    for (const struct instr *in = program->code; in < end; in++) {
        uint32_t n = in->flags & INSTR_SCALAR ? 1 : rows;
        struct reg *out = &r->regs[in->out];
        if (LIKELY(in->op == OP_BINARY || in->op == OP_CHECKED)) {
            const struct reg *a = &r->regs[in->a];
            const struct reg *b = &r->regs[in->b];
            assert(out->slot != a->data);
            assert(out->slot != b->data);
            uint32_t flag = in->kernel(out->slot, a->data, b->data, NULL, n);
            out->validity = merge(a, b, out->bits, n);
            if (UNLIKELY(flag != 0) && in->op == OP_CHECKED) TRY(recheck_binary(cx, r, in, n));
        } else {
            TRY(run_other(cx, r, in, n));
        }
        if (in->flags & INSTR_SCALAR) finish_scalar(out, in->phys);
    }
    return LLKV_OK;
}

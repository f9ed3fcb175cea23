#include "base/bitmap.h"
#include "expr/program_priv.h"

/* Batches through a program: strip by strip, under selections, into results. */

const uint64_t program_ones[VEC_WORDS_MAX] = {
#define FOUR ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)
    FOUR, FOUR, FOUR, FOUR, FOUR,
    FOUR, FOUR, FOUR
#undef FOUR
};
static_assert(VEC_WORDS_MAX == 32, "program_ones has 32 words");

/* ---- inputs of a strip ---- */

static const void *values_from(const struct vector *v, uint32_t row)
{
    if (v->phys == PHYS_BOOL) return (const uint64_t *)v->data + row / 64;
    return (const uint8_t *)v->data + (size_t)row * phys_bytes[v->phys];
}

/* The rows from `row` on, a multiple of 64, of any shape. `seq` is room for the start of a SEQ. */
static struct vector slice_of_vector(const struct vector *v, uint32_t row, int64_t seq[2])
{
    struct vector part = *v;
    if (v->shape == VEC_CONST || row == 0) return part;
    part.rows = v->rows - row;
    if (v->validity != NULL) part.validity = v->validity + row / 64;
    switch ((enum vec_shape)v->shape) {
    case VEC_FLAT: part.data = values_from(v, row); break;
    case VEC_CONST: break;
    case VEC_OFFS: part.data = (const int32_t *)v->data + row; break;
    case VEC_DICT: part.data = (const uint8_t *)v->data + (size_t)row * v->code_width; break;
    case VEC_SEQ: {
        const int64_t *from = v->data;
        seq[0] = (int64_t)((uint64_t)from[0] + (uint64_t)from[1] * row);
        seq[1] = from[1];
        part.data = seq;
        break;
    }
    }
    return part;
}

static void load_input(struct reg *reg, const struct vector *v, uint8_t phys, const uint16_t *sel,
                       uint32_t row, uint32_t n)
{
    if (v->phys == PHYS_NULLS) {
        size_t bytes = phys == PHYS_BOOL ? bitmap_words(n) * 8 : (size_t)n * phys_bytes[phys];
        memset(reg->slot, 0, bytes);
        reg->data = reg->slot;
        reg->validity = program_zeros;
        return;
    }
    assert(v->phys == phys);
    int64_t seq[2];
    struct vector flat;
    if (sel != NULL) {
        vec_flatten(v, sel + row, n, reg->slot, reg->bits, &flat);
    } else {
        struct vector part = slice_of_vector(v, row, seq);
        vec_flatten(&part, NULL, n, reg->slot, reg->bits, &flat);
    }
    reg->data = flat.data;
    reg->validity = flat.validity;
}

static void load_inputs(const struct program *p, struct registers *r, const struct rows *rows,
                        uint32_t row, uint32_t n)
{
    for (uint32_t i = 0; i < p->input_count; i++) {
        const struct program_input *input = &p->inputs[i];
        const struct vector *v = &rows->columns[input->source];
        struct reg *reg = &r->regs[input->reg];
        if (LIKELY(rows->sel == NULL && v->shape == VEC_FLAT && v->phys == input->phys)) {
            reg->data = values_from(v, row);
            reg->validity = v->validity == NULL ? NULL : v->validity + row / 64;
        } else {
            load_input(reg, v, input->phys, rows->sel, row, n);
        }
        if (p->child_count == 0) continue;
        r->inputs[i] = (struct vector){.phys = input->phys,
                                       .shape = VEC_FLAT,
                                       .rows = n,
                                       .validity = reg->validity,
                                       .data = reg->data};
    }
}

/* Do all inputs lie there as the code wants them? */
static bool inputs_flat(const struct program *p, const struct vector *columns)
{
    for (uint32_t i = 0; i < p->input_count; i++) {
        const struct vector *v = &columns[p->inputs[i].source];
        if (v->shape != VEC_FLAT || v->phys != p->inputs[i].phys) return false;
    }
    return true;
}

/* ---- results ---- */

static void const_result(const struct program *p, const struct registers *r, uint32_t n,
                         struct vector *out)
{
    const struct reg *reg = &r->regs[p->root];
    *out = (struct vector){.phys = p->regs[p->root].phys,
                           .shape = VEC_CONST,
                           .rows = n,
                           .validity = reg->validity,
                           .data = reg->data};
}

static void column_result(struct registers *r, const struct vector *v, const struct rows *rows,
                          struct vector *out)
{
    *out = *v;
    out->rows = rows->n;
    if (rows->sel == NULL || v->shape == VEC_CONST || v->phys == PHYS_NULLS) return;
    vec_flatten(v, rows->sel, rows->n, r->result, r->result_validity, out);
}

/* Validity of one strip into that of the batch, which is NULL as long as all were valid. */
static void keep_validity(struct registers *r, const uint64_t *validity, uint32_t row, uint32_t n,
                          bool *io_nulls)
{
    uint64_t *to = r->result_validity + row / 64;
    if (validity != NULL && !*io_nulls) {
        memset(r->result_validity, 0xff, row / 8);
        *io_nulls = true;
    }
    if (!*io_nulls) return;
    if (validity != NULL) {
        memcpy(to, validity, bitmap_words(n) * sizeof *to);
    } else {
        memset(to, 0xff, bitmap_words(n) * sizeof *to);
    }
}

static void aim_root(const struct program *p, struct registers *r, uint32_t row)
{
    struct reg *root = &r->regs[p->root];
    uint32_t width = phys_bytes[p->regs[p->root].phys];
    root->slot = (uint8_t *)r->result + (width == 0 ? row / 8 : (size_t)row * width);
    root->data = root->slot;
}

static llkv_code run_strips(struct cx *cx, const struct program *p, struct registers *r,
                            const struct rows *rows, struct vector *out)
{
    bool plain = rows->sel == NULL && inputs_flat(p, rows->columns);
    uint32_t strip = plain ? r->strip_rows : r->gather_rows;
    uint32_t n = rows->n;
    const struct reg *root = &r->regs[p->root];
    bool nulls = false;
    for (uint32_t row = 0; row < n; row += strip) {
        uint32_t count = n - row < strip ? n - row : strip;
        load_inputs(p, r, rows, row, count);
        aim_root(p, r, row);
        TRY(program_interpret(cx, p, r, count));
        if (n > strip) keep_validity(r, root->validity, row, count, &nulls);
    }
    *out = (struct vector){.phys = p->regs[p->root].phys,
                           .shape = VEC_FLAT,
                           .rows = n,
                           .validity = nulls ? r->result_validity : NULL,
                           .data = r->result};
    if (n <= strip) out->validity = root->validity;
    return LLKV_OK;
}

llkv_code program_run_rows(struct cx *cx, const struct program *p, struct registers *r,
                           struct rows rows, struct vector *out)
{
    CHECK(cx, rows.n <= r->rows_max);
    const struct reg_desc *root = &p->regs[p->root];
    if (root->kind == REG_INPUT) {
        column_result(r, &rows.columns[p->inputs[root->index].source], &rows, out);
        return LLKV_OK;
    }
    if (!root->scalar && rows.n > 0) return run_strips(cx, p, r, &rows, out);
    if (root->kind == REG_TEMP && rows.n > 0) {
        load_inputs(p, r, &rows, 0, 1);
        TRY(program_interpret(cx, p, r, 1));
    }
    const_result(p, r, rows.n, out);
    return LLKV_OK;
}

/* ---- the first failing row ---- */

static bool is_of_a_row(llkv_code code)
{
    return code != LLKV_NOMEM && code != LLKV_CANCELLED && code != LLKV_INTERNAL &&
           code != LLKV_LIMIT;
}

/* The code was run column by column: the error found need not be that of the first row. */
static llkv_code run_reporting(struct cx *cx, const struct program *p, struct registers *r,
                               struct rows rows, struct vector *out)
{
    llkv_code code = program_run_rows(cx, p, r, rows, out);
    if (LIKELY(code == LLKV_OK) || rows.n <= 1 || !is_of_a_row(code)) return code;
    for (uint32_t i = 0; i < rows.n; i++) {
        uint16_t row = rows.sel == NULL ? (uint16_t)i : rows.sel[i];
        TRY(program_run_rows(cx, p, r, (struct rows){rows.columns, &row, 1}, out));
    }
    return code;
}

/* ---- selections ---- */

/* Rows not live cost less than gathering those that are, and cannot fail. */
static bool runs_over_all(const struct program *p, const struct batch *in)
{
    return in->sel != NULL && !p->can_raise && in->live >= in->rows / 2;
}

static void compact(void *values, uint32_t width, const uint16_t *sel, uint32_t n)
{
    /* ascending positions: nothing is overwritten before it is read */
    switch (width) {
    case 1: {
        uint8_t *at = values;
        for (uint32_t i = 0; i < n; i++)
            at[i] = at[sel[i]];
        return;
    }
    case 2: {
        uint16_t *at = values;
        for (uint32_t i = 0; i < n; i++)
            at[i] = at[sel[i]];
        return;
    }
    case 4: {
        uint32_t *at = values;
        for (uint32_t i = 0; i < n; i++)
            at[i] = at[sel[i]];
        return;
    }
    case 8: {
        uint64_t *at = values;
        for (uint32_t i = 0; i < n; i++)
            at[i] = at[sel[i]];
        return;
    }
    default: {
        assert(width == 16);
        struct str_view *at = values;
        for (uint32_t i = 0; i < n; i++)
            at[i] = at[sel[i]];
        return;
    }
    }
}

/* Keep the live rows of a result that was computed for all. */
static void compact_result(struct registers *r, const struct batch *in, struct vector *io)
{
    uint64_t words[VEC_WORDS_MAX];
    size_t bytes = bitmap_words(in->live) * sizeof(uint64_t);
    io->rows = in->live;
    if (io->shape == VEC_CONST) return;
    if (io->validity != NULL) {
        gather_bits16(words, io->validity, in->sel, in->live);
        memcpy(r->result_validity, words, bytes);
        io->validity = r->result_validity;
    }
    if (io->phys == PHYS_BOOL) {
        gather_bits16(words, io->data, in->sel, in->live);
        memcpy(r->result, words, bytes);
    } else {
        compact(r->result, phys_bytes[io->phys], in->sel, in->live);
    }
}

static void reset_heap(const struct program *p, struct registers *r)
{
    if (p->wants_heap) arena_reset(r->heap);
}

llkv_code program_run(struct cx *cx, const struct program *program, struct registers *r,
                      const struct batch *in, struct vector *out)
{
    reset_heap(program, r);
    if (program->regs[program->root].kind == REG_TEMP && runs_over_all(program, in)) {
        TRY(run_reporting(cx, program, r, (struct rows){in->columns, NULL, in->rows}, out));
        compact_result(r, in, out);
        return LLKV_OK;
    }
    return run_reporting(cx, program, r, (struct rows){in->columns, in->sel, in->live}, out);
}

/* ---- filters ---- */

/* Bits of the true rows among the first n, those behind cleared. False: it is the same for all, and
 * *out_all tells. */
static bool true_bits(struct registers *r, struct vector *v, uint32_t n, uint64_t *out_bits,
                      bool *out_all)
{
    if (v->phys == PHYS_NULLS || v->shape == VEC_CONST) {
        *out_all = v->phys != PHYS_NULLS && vec_valid(v, 0) && bit_get(v->data, 0);
        return false;
    }
    assert(n != 0);
    if (v->shape != VEC_FLAT) vec_flatten(v, NULL, n, r->result, r->result_validity, v);
    const uint64_t *t = v->data;
    size_t words = bitmap_words(n);
    for (size_t w = 0; w < words; w++)
        out_bits[w] = v->validity == NULL ? t[w] : t[w] & v->validity[w];
    if (n % 64 != 0) out_bits[words - 1] &= low_bits(n % 64);
    return true;
}

/* The live rows whose bit, counted over all rows, is set. In place. */
static uint32_t keep_live(uint16_t *sel, const uint16_t *live, uint32_t n, const uint64_t *bits)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint16_t row = live[i];
        sel[kept] = row;
        kept += bit_get(bits, row);
    }
    return kept;
}

/* The same for bits counted over the live rows. */
static uint32_t keep_dense(uint16_t *sel, const uint16_t *live, uint32_t n, const uint64_t *bits)
{
    uint32_t kept = 0;
    for (size_t w = 0; w < bitmap_words(n); w++) {
        for (uint64_t word = bits[w]; word != 0; word &= word - 1)
            sel[kept++] = live[w * 64 + (size_t)__builtin_ctzll(word)];
    }
    return kept;
}

llkv_code program_select(struct cx *cx, const struct program *program, struct registers *r,
                         struct batch *io, uint16_t *sel)
{
    struct vector v;
    uint64_t bits[VEC_WORDS_MAX];
    bool all;
    bool over_all = io->sel == NULL || runs_over_all(program, io);
    struct rows rows = {io->columns, over_all ? NULL : io->sel, over_all ? io->rows : io->live};
    uint32_t n = rows.n;
    reset_heap(program, r);
    if (io->live == 0) return LLKV_OK;
    TRY(run_reporting(cx, program, r, rows, &v));
    if (!true_bits(r, &v, n, bits, &all)) {
        if (!all) io->live = 0;
        if (!all) io->sel = sel;
        return LLKV_OK;
    }
    if (io->sel == NULL) {
        if (bitmap_count(bits, n) == n) return LLKV_OK;
        io->live = bits_to_positions(sel, bits, n);
    } else if (over_all) {
        io->live = keep_live(sel, io->sel, io->live, bits);
    } else {
        io->live = keep_dense(sel, io->sel, io->live, bits);
    }
    io->sel = sel;
    return LLKV_OK;
}

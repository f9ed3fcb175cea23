/* eval.c -- programs and columns to dense values, with scratch that is made at first use. */
#include "exec/exec_priv.h"

llkv_code colbuf_reserve(struct run *run, struct colbuf *buf, uint8_t phys, uint32_t rows)
{
    const uint32_t width = phys_bytes[phys];
    if (LIKELY(rows <= buf->rows && width <= buf->width)) return LLKV_OK;
    uint32_t room = rows <= 64 ? 64 : rows <= 512 ? 512 : VEC_ROWS_MAX;
    if (room < rows) room = (rows + 63) & ~UINT32_C(63);
    if (room < buf->rows) room = buf->rows;
    /* 64 bytes behind the end may be read, and slots must be initialised. */
    buf->data = cx_alloc_zero(run->cx, (size_t)room * (width == 0 ? 1 : width) + 64);
    buf->validity = cx_alloc_zero(run->cx, bitmap_words(room) * 8 + 64);
    if (buf->data == NULL || buf->validity == NULL) return LLKV_NOMEM;
    buf->rows = room;
    buf->width = width;
    return LLKV_OK;
}

/* A column of NULLs that has a type: zero values, no valid bit. */
static llkv_code flat_nulls(struct run *run, uint32_t n, uint8_t phys, struct colbuf *buf,
                            struct vector *out)
{
    TRY(colbuf_reserve(run, buf, phys, n));
    memset(buf->data, 0, (size_t)n * phys_bytes[phys] + bitmap_words(n) * 8 * (phys == PHYS_BOOL));
    memset(buf->validity, 0, bitmap_words(n) * 8);
    *out = (struct vector){.phys = phys,
                           .shape = VEC_FLAT,
                           .flags = VEC_STABLE,
                           .rows = n,
                           .validity = buf->validity,
                           .data = buf->data};
    return LLKV_OK;
}

llkv_code flat_column(struct run *run, const struct vector *v, const uint16_t *sel, uint32_t n,
                      uint8_t phys, struct colbuf *buf, struct vector *out)
{
    if (LIKELY(v->shape == VEC_FLAT && sel == NULL && v->phys == phys && phys != PHYS_NULLS)) {
        *out = *v;
        out->rows = n;
        return LLKV_OK;
    }
    if (v->phys == PHYS_NULLS) return flat_nulls(run, n, phys, buf, out);
    CHECK(run->cx, v->phys == phys);
    TRY(colbuf_reserve(run, buf, phys, n));
    const uint8_t flags = v->flags & VEC_STABLE;
    vec_flatten(v, sel, n, buf->data, buf->validity, out);
    out->rows = n;
    out->flags = flags;
    return LLKV_OK;
}

/* Registers for `rows` rows with the parameters of now. */
static llkv_code eval_ready(struct run *run, const struct link_expr *e, struct eval *ev,
                            uint32_t rows)
{
    if (UNLIKELY(rows > ev->rows)) {
        const uint32_t room = rows <= 64 ? 64 : rows <= 512 ? 512 : VEC_ROWS_MAX;
        CHECK(run->cx, rows <= VEC_ROWS_MAX);
        TRY(registers_new(run->cx, e->program, run->exec->env.params, room, &ev->registers));
        ev->rows = room;
        ev->epoch = run->exec->epoch;
    } else if (e->has_param && ev->epoch != run->exec->epoch) {
        TRY(registers_rebind(run->cx, ev->registers));
        ev->epoch = run->exec->epoch;
    }
    return LLKV_OK;
}

llkv_code eval_vector(struct run *run, const struct link_expr *e, struct eval *ev,
                      const struct batch *in, struct vector *out)
{
    if (e->program == NULL) {
        const struct vector *v = e->constant != NULL ? e->constant : &in->columns[e->column];
        if (in->sel == NULL || v->shape == VEC_CONST || v->phys == PHYS_NULLS) {
            *out = *v;
            out->rows = in->live;
            return LLKV_OK;
        }
        return flat_column(run, v, in->sel, in->live, v->phys, &ev->flat, out);
    }
    TRY(eval_ready(run, e, ev, in->rows));
    return program_run(run->cx, e->program, ev->registers, in, out);
}

llkv_code eval_flat(struct run *run, const struct link_expr *e, struct eval *ev,
                    const struct batch *in, struct vector *out)
{
    if (e->constant != NULL)
        return flat_column(run, e->constant, NULL, in->live, e->type.phys, &ev->flat, out);
    if (e->program == NULL)
        return flat_column(run, &in->columns[e->column], in->sel, in->live, e->type.phys, &ev->flat,
                           out);
    struct vector v;
    TRY(eval_ready(run, e, ev, in->rows));
    TRY(program_run(run->cx, e->program, ev->registers, in, &v));
    return flat_column(run, &v, NULL, in->live, e->type.phys, &ev->flat, out);
}

/* A BOOLEAN column as a condition. */
static llkv_code select_column(struct run *run, const struct link_expr *e, struct eval *ev,
                               struct batch *io, uint16_t *sel)
{
    struct vector v;
    TRY(flat_column(run, &io->columns[e->column], io->sel, io->live, PHYS_BOOL, &ev->flat, &v));
    const uint64_t *bits = v.data;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < io->live; i++) {
        const uint16_t position = io->sel == NULL ? (uint16_t)i : io->sel[i];
        sel[kept] = position;
        kept += bit_get(bits, i) && (v.validity == NULL || bit_get(v.validity, i));
    }
    if (kept == io->live) return LLKV_OK;
    io->sel = sel;
    io->live = kept;
    return LLKV_OK;
}

llkv_code filter_select(struct run *run, const struct link_filter *filter, struct filter_eval *fe,
                        struct batch *io)
{
    if (filter->count == 0) return LLKV_OK;
    if (UNLIKELY(fe->evals == NULL)) {
        fe->sel = cx_alloc(run->cx, (VEC_ROWS_MAX + 64) * sizeof *fe->sel);
        fe->evals = cx_alloc_zero(run->cx, filter->count * sizeof *fe->evals);
        if (fe->evals == NULL || fe->sel == NULL) return LLKV_NOMEM;
    }
    for (uint32_t c = 0; c < filter->count && io->live != 0; c++) {
        const struct link_expr *e = &filter->conjuncts[c];
        if (e->program == NULL) {
            TRY(select_column(run, e, &fe->evals[c], io, fe->sel));
            continue;
        }
        TRY(eval_ready(run, e, &fe->evals[c], io->rows));
        TRY(program_select(run->cx, e->program, fe->evals[c].registers, io, fe->sel));
    }
    return LLKV_OK;
}

llkv_code eval_scalar(struct run *run, const struct expr *e, struct value *out_value)
{
    if (e->kind == EXPR_CONST) {
        *out_value = *e->value;
        return LLKV_OK;
    }
    if (e->kind == EXPR_PARAM) {
        *out_value = run->exec->env.params[e->parameter];
        return LLKV_OK;
    }
    return expr_evaluate(run->cx, e, run->exec->env.params, run->exec->plan->plan->sqlite_compat,
                         out_value);
}

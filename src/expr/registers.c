#include "base/bitmap.h"
#include "expr/program_priv.h"

/* The memory that a program runs on: one piece of the arena per program, children apart. */

enum { DATA_ALIGN = 64, READ_PAD = 64 };

struct plan {
    size_t regs, inputs, args, children, bound, positions, scalars, slots, bits, buffers, result;
    size_t result_validity, total;
    size_t slot_bytes, bits_bytes, buffer_bytes;
    uint32_t rows_max, strip_rows, gather_rows;
};

static size_t take(struct plan *plan, size_t bytes)
{
    size_t at = plan->total;
    plan->total += (bytes + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN;
    return at;
}

static size_t value_bytes(uint32_t rows, uint32_t width)
{
    return width == 0 ? bitmap_words(rows) * sizeof(uint64_t) : (size_t)rows * width;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static struct plan make_plan(const struct program *p, uint32_t rows_max)
{
    struct plan plan = {.rows_max = least((rows_max + 63) / 64 * 64, VEC_ROWS_MAX)};
    if (plan.rows_max == 0) plan.rows_max = 64;
    plan.strip_rows = least(p->strip_rows, plan.rows_max);
    plan.gather_rows = least(p->gather_rows, plan.rows_max);
    plan.slot_bytes = value_bytes(plan.strip_rows, p->temp_width) + READ_PAD;
    plan.buffer_bytes = value_bytes(plan.gather_rows, p->input_width) + READ_PAD;
    plan.bits_bytes = bitmap_words(plan.strip_rows) * sizeof(uint64_t);
    bool children = p->child_count > 0;
    take(&plan, sizeof(struct registers));
    plan.regs = take(&plan, p->reg_count * sizeof(struct reg));
    plan.inputs = take(&plan, children ? p->input_count * sizeof(struct vector) : 0);
    plan.args = take(&plan, p->call_args_max * sizeof(struct func_arg));
    plan.children = take(&plan, p->child_count * sizeof(struct registers *));
    plan.bound = take(&plan, p->bound_count * sizeof(struct in_set *));
    plan.positions = take(&plan, children ? (plan.strip_rows + 64) * sizeof(uint16_t) : 0);
    plan.scalars = take(&plan, p->scalar_count * sizeof(u128) + READ_PAD);
    plan.slots = take(&plan, p->slot_count * plan.slot_bytes);
    plan.bits = take(&plan, (p->temp_count + p->input_count) * plan.bits_bytes);
    plan.buffers = take(&plan, p->input_count * plan.buffer_bytes);
    uint32_t width = phys_bytes[p->regs[p->root].phys];
    bool scalar = p->regs[p->root].scalar;
    plan.result = take(&plan, scalar ? 0 : value_bytes(plan.rows_max, width) + READ_PAD);
    plan.result_validity = take(&plan, scalar ? 0 : plan.rows_max / 8);
    return plan;
}

/* ---- scalars ---- */

static llkv_code store_scalar(struct cx *cx, const struct value *value, uint8_t phys,
                              struct reg *reg)
{
    bool null = value->is_null || phys == PHYS_NULLS;
    CHECK(cx, null || value->type.phys == phys);
    reg->validity = null ? program_zeros : NULL;
    reg->data = reg->slot;
    memset(reg->slot, 0, sizeof(u128));
    if (phys == PHYS_BOOL || phys == PHYS_NULLS) {
        reg->data = !null && value->b ? program_ones : program_zeros;
    } else if (!null) {
        value_store(value, (enum phys_type)phys, reg->slot, 0);
    }
    return LLKV_OK;
}

static llkv_code bind_list(struct cx *cx, const struct registers *r, uint32_t index)
{
    const struct expr *e = r->program->bound[index];
    uint32_t count = e->arg_count - 1;
    const struct value **values = cx_alloc_array(cx, count, sizeof(const struct value *));
    if (values == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const struct expr *item = e->args[i + 1];
        values[i] = item->kind == EXPR_CONST ? item->value : &r->params[item->parameter];
        CHECK(cx, values[i]->is_null || values[i]->type.phys == e->args[0]->type.phys);
    }
    return in_set_new(cx, e->args[0]->type, values, count, &r->bound[index]);
}

llkv_code registers_rebind(struct cx *cx, struct registers *r)
{
    const struct program *p = r->program;
    for (uint32_t i = 0; i < p->reg_count; i++) {
        const struct reg_desc *desc = &p->regs[i];
        if (desc->kind != REG_PARAM) continue;
        CHECK(cx, r->params != NULL);
        TRY(store_scalar(cx, &r->params[desc->index], desc->phys, &r->regs[i]));
    }
    for (uint32_t i = 0; i < p->bound_count; i++)
        TRY(bind_list(cx, r, i));
    for (uint32_t i = 0; i < p->child_count; i++)
        TRY(registers_rebind(cx, r->children[i]));
    return LLKV_OK;
}

/* ---- making ---- */

static llkv_code lay_out(struct cx *cx, struct registers *r, const struct plan *plan)
{
    const struct program *p = r->program;
    uint8_t *base = (uint8_t *)r;
    uint8_t *scalar = base + plan->scalars;
    uint8_t *bits = base + plan->bits;
    for (uint32_t i = 0; i < p->reg_count; i++) {
        const struct reg_desc *desc = &p->regs[i];
        struct reg *reg = &r->regs[i];
        *reg = (struct reg){0};
        switch ((enum reg_kind)desc->kind) {
        case REG_CONST:
            reg->slot = scalar;
            TRY(store_scalar(cx, p->consts[desc->index], desc->phys, reg));
            scalar += sizeof(u128);
            break;
        case REG_PARAM:
            reg->slot = scalar;
            scalar += sizeof(u128);
            break;
        case REG_INPUT:
            reg->slot = base + plan->buffers + desc->index * plan->buffer_bytes;
            reg->bits = (uint64_t *)(void *)bits;
            bits += plan->bits_bytes;
            break;
        case REG_TEMP:
            reg->slot = base + plan->slots + desc->index * plan->slot_bytes;
            reg->data = reg->slot;
            reg->bits = (uint64_t *)(void *)bits;
            bits += plan->bits_bytes;
            break;
        }
    }
    return LLKV_OK;
}

static llkv_code new_tree(struct cx *cx, const struct program *p, const struct value *params,
                          uint32_t rows_max, struct arena *heap, struct registers **out_registers)
{
    struct plan plan = make_plan(p, rows_max);
    struct registers *r = cx_alloc(cx, plan.total);
    if (r == NULL) return LLKV_NOMEM;
    uint8_t *base = (uint8_t *)r;
    *r = (struct registers){
        .program = p,
        .params = params,
        .heap = heap,
        .regs = (struct reg *)(void *)(base + plan.regs),
        .inputs = (struct vector *)(void *)(base + plan.inputs),
        .call_args = (struct func_arg *)(void *)(base + plan.args),
        .positions = (uint16_t *)(void *)(base + plan.positions),
        .children = (struct registers **)(void *)(base + plan.children),
        .bound = (const struct in_set **)(void *)(base + plan.bound),
        .result = base + plan.result,
        .result_validity = (uint64_t *)(void *)(base + plan.result_validity),
        .rows_max = plan.rows_max,
        .strip_rows = plan.strip_rows,
        .gather_rows = plan.gather_rows,
    };
    if (heap == NULL) r->heap = &r->own_heap;
    TRY(lay_out(cx, r, &plan));
    for (uint32_t i = 0; i < p->child_count; i++)
        TRY(new_tree(cx, p->children[i], params, plan.strip_rows, r->heap, &r->children[i]));
    *out_registers = r;
    return LLKV_OK;
}

static void deinit_heap(void *heap)
{
    arena_deinit(heap);
}

llkv_code registers_new(struct cx *cx, const struct program *program, const struct value *params,
                        uint32_t rows_max, struct registers **out_registers)
{
    struct registers *r;
    TRY(new_tree(cx, program, params, rows_max, NULL, &r));
    TRY(registers_rebind(cx, r));
    if (program->wants_heap) {
        arena_init(&r->own_heap, cx->arena->budget);
        if (!arena_on_reset(cx->arena, deinit_heap, &r->own_heap)) return cx_nomem(cx);
    }
    *out_registers = r;
    return LLKV_OK;
}

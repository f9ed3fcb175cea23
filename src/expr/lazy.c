#include "base/bitmap.h"
#include "expr/program_priv.h"

/* AND, OR, CASE and COALESCE over operands that only some rows need. */

static uint64_t word_of(const uint64_t *validity, size_t w)
{
    return validity == NULL ? ~UINT64_C(0) : validity[w];
}

/* The bits behind n are cleared, so that no dead row is run. */
static bool trim_tail(uint64_t *bits, uint32_t n)
{
    uint64_t any = 0;
    size_t words = bitmap_words(n);
    if (n % 64 != 0) bits[words - 1] &= low_bits(n % 64);
    for (size_t w = 0; w < words; w++)
        any |= bits[w];
    return any != 0;
}

/* Run child `child` on the rows of `need`: *out is dense, and *out_count rows long; they are at
 * r->positions. */
static llkv_code run_child(struct cx *cx, struct registers *r, uint16_t child, const uint64_t *need,
                           uint32_t n, struct vector *out)
{
    uint32_t count = bits_to_positions(r->positions, need, n);
    struct rows rows = {r->inputs, count == n ? NULL : r->positions, count};
    return program_run_rows(cx, r->program->children[child], r->children[child], rows, out);
}

/* ---- moving values of rows into a strip ---- */

static void fill_rows(void *out, const void *value, uint32_t width, const uint16_t *positions,
                      uint32_t count)
{
    uint8_t *to = out;
    for (uint32_t i = 0; i < count; i++)
        memcpy(to + (size_t)positions[i] * width, value, width);
}

static void scatter(void *out, const struct vector *v, const uint16_t *positions, uint32_t count)
{
    uint32_t width = phys_bytes[v->phys];
    if (v->phys == PHYS_NULLS) return;
    if (v->phys == PHYS_BOOL) {
        const uint64_t *from = v->data;
        uint64_t *to = out;
        for (uint32_t i = 0; i < count; i++)
            bit_put(to, positions[i], bit_get(from, v->shape == VEC_CONST ? 0 : i));
    } else if (v->shape == VEC_CONST) {
        fill_rows(out, v->data, width, positions, count);
    } else {
        scatter16(out, v->data, width, positions, count);
    }
}

static void scatter_validity(uint64_t *bits, const struct vector *v, const uint16_t *positions,
                             uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        bit_put(bits, positions[i], vec_valid(v, i));
}

static void blend_word(uint8_t *out, const uint8_t *from, bool scalar, uint32_t width,
                       uint64_t take)
{
    while (take != 0) {
        uint32_t i = (uint32_t)__builtin_ctzll(take);
        memcpy(out + (size_t)i * width, from + (scalar ? 0 : (size_t)i * width), width);
        take &= take - 1;
    }
}

/* out[i] = reg[i] where the bit of take is set. */
static void blend(void *out, const struct reg *reg, bool scalar, uint8_t phys, const uint64_t *take,
                  uint32_t n)
{
    uint32_t width = phys_bytes[phys];
    for (size_t w = 0; w < bitmap_words(n); w++) {
        if (take[w] == 0) continue;
        if (phys == PHYS_BOOL) {
            uint64_t *to = (uint64_t *)out + w;
            const uint64_t *from = (const uint64_t *)reg->data + w;
            *to = (*to & ~take[w]) | (*from & take[w]);
            continue;
        }
        size_t at = w * 64 * width;
        uint8_t *to = (uint8_t *)out + at;
        const uint8_t *from = (const uint8_t *)reg->data + (scalar ? 0 : at);
        if (take[w] == ~UINT64_C(0) && !scalar) {
            memcpy(to, from, (size_t)64 * width);
        } else if (width == 8) {
            blend_word(to, from, scalar, 8, take[w]);
        } else if (width == 4) {
            blend_word(to, from, scalar, 4, take[w]);
        } else if (width == 16) {
            blend_word(to, from, scalar, 16, take[w]);
        } else {
            blend_word(to, from, scalar, width, take[w]);
        }
    }
}

/* The value of an arm for the rows of `take`, into the result of `in`, and whether it is NULL into
 * its bits. */
static llkv_code take_arm(struct cx *cx, struct registers *r, const struct instr *in,
                          const struct arm *arm, const uint64_t *take, uint32_t n)
{
    struct reg *out = &r->regs[in->out];
    if (!arm->lazy) {
        const struct reg *reg = &r->regs[arm->index];
        if (r->program->regs[arm->index].phys != PHYS_NULLS)
            blend(out->slot, reg, arm->scalar, in->phys, take, n);
        for (size_t w = 0; w < bitmap_words(n); w++)
            out->bits[w] |= take[w] & word_of(reg->validity, w);
        return LLKV_OK;
    }
    struct vector v;
    TRY(run_child(cx, r, arm->index, take, n, &v));
    scatter(out->slot, &v, r->positions, v.rows);
    scatter_validity(out->bits, &v, r->positions, v.rows);
    return LLKV_OK;
}

/* Slots under NULLs hold something, too. */
static void clear_values(struct reg *out, uint8_t phys, uint32_t n)
{
    size_t words = bitmap_words(n);
    size_t bytes = phys == PHYS_BOOL ? words * sizeof(uint64_t) : (size_t)n * phys_bytes[phys];
    memset(out->slot, 0, bytes);
    memset(out->bits, 0, words * sizeof(uint64_t));
}

static void finish_validity(struct reg *out, uint32_t n)
{
    out->validity = bitmap_all(out->bits, n) ? NULL : out->bits;
}

/* ---- CASE ---- */

/* The rows of `rest` for which the condition holds. */
static llkv_code condition_rows(struct cx *cx, struct registers *r, const struct arm *arm,
                                const uint64_t *rest, uint32_t n, uint64_t *out_take)
{
    size_t words = bitmap_words(n);
    if (!arm->lazy) {
        const struct reg *reg = &r->regs[arm->index];
        const uint64_t *t = reg->data;
        for (size_t w = 0; w < words; w++)
            out_take[w] = rest[w] & t[w] & word_of(reg->validity, w);
        return LLKV_OK;
    }
    struct vector v;
    uint64_t valid[VEC_WORDS_MAX];
    memset(out_take, 0, words * sizeof *out_take);
    memset(valid, 0, words * sizeof *valid);
    TRY(run_child(cx, r, arm->index, rest, n, &v));
    scatter(out_take, &v, r->positions, v.rows);
    scatter_validity(valid, &v, r->positions, v.rows);
    for (size_t w = 0; w < words; w++)
        out_take[w] &= valid[w];
    return LLKV_OK;
}

llkv_code program_case(struct cx *cx, struct registers *r, const struct instr *in, uint32_t n)
{
    const struct arms_detail *detail = in->detail;
    struct reg *out = &r->regs[in->out];
    uint64_t rest[VEC_WORDS_MAX];
    uint64_t take[VEC_WORDS_MAX];
    bool any = true;
    uint32_t i = 0;
    clear_values(out, in->phys, n);
    memset(rest, 0xff, bitmap_words(n) * sizeof *rest);
    trim_tail(rest, n);
    for (; i + 1 < detail->count && any; i += 2) {
        TRY(condition_rows(cx, r, &detail->arms[i], rest, n, take));
        if (!trim_tail(take, n)) continue;
        TRY(take_arm(cx, r, in, &detail->arms[i + 1], take, n));
        for (size_t w = 0; w < bitmap_words(n); w++)
            rest[w] &= ~take[w];
        any = trim_tail(rest, n);
    }
    if (any && detail->count % 2 == 1)
        TRY(take_arm(cx, r, in, &detail->arms[detail->count - 1], rest, n));
    finish_validity(out, n);
    return LLKV_OK;
}

/* ---- COALESCE ---- */

llkv_code program_coalesce(struct cx *cx, struct registers *r, const struct instr *in, uint32_t n)
{
    const struct arms_detail *detail = in->detail;
    struct reg *out = &r->regs[in->out];
    uint64_t rest[VEC_WORDS_MAX];
    bool any = true;
    clear_values(out, in->phys, n);
    memset(rest, 0xff, bitmap_words(n) * sizeof *rest);
    trim_tail(rest, n);
    for (uint32_t i = 0; i < detail->count && any; i++) {
        TRY(take_arm(cx, r, in, &detail->arms[i], rest, n));
        for (size_t w = 0; w < bitmap_words(n); w++)
            rest[w] &= ~out->bits[w];
        any = trim_tail(rest, n);
    }
    finish_validity(out, n);
    return LLKV_OK;
}

/* ---- AND, OR ---- */

/* Rows that the operands so far do not decide. */
static bool undecided(const uint64_t *t, const uint64_t *v, bool is_or, uint64_t *out_need,
                      uint32_t n)
{
    for (size_t w = 0; w < bitmap_words(n); w++)
        out_need[w] = ~(word_of(v, w) & (is_or ? t[w] : ~t[w]));
    return trim_tail(out_need, n);
}

llkv_code program_lazy_bool(struct cx *cx, struct registers *r, const struct instr *in, uint32_t n)
{
    const struct arms_detail *detail = in->detail;
    const struct reg *first = &r->regs[in->a];
    struct reg *out = &r->regs[in->out];
    uint64_t need[VEC_WORDS_MAX], t[VEC_WORDS_MAX], v[VEC_WORDS_MAX], bits[VEC_WORDS_MAX];
    size_t bytes = bitmap_words(n) * sizeof(uint64_t);
    memcpy(out->slot, first->data, bytes);
    out->validity = first->validity;
    for (uint32_t i = 0; i < detail->count; i++) {
        if (!undecided(out->slot, out->validity, detail->is_or, need, n)) break;
        struct vector found;
        TRY(run_child(cx, r, detail->arms[i].index, need, n, &found));
        /* rows that did not run: the operand that changes nothing */
        memset(t, detail->is_or ? 0 : 0xff, bytes);
        memset(v, 0xff, bytes);
        scatter(t, &found, r->positions, found.rows);
        scatter_validity(v, &found, r->positions, found.rows);
        struct reg so_far = {.data = need, .validity = NULL};
        memcpy(need, out->slot, bytes);
        if (out->validity != NULL) {
            memcpy(bits, out->validity, bytes);
            so_far.validity = bits;
        }
        struct reg more = {.data = t, .validity = v};
        out->validity = detail->is_or ? program_or(out->slot, out->bits, &so_far, &more, n)
                                      : program_and(out->slot, out->bits, &so_far, &more, n);
    }
    return LLKV_OK;
}

/* agg_number.c -- sums over NUMBER (sqlite_compat): integers are summed exactly beside reals. */
#include "compute/agg_priv.h"
#include "compute/float_sum.h"
#include "compute/number.h"

struct number_state {
    struct float_sum reals; /* seen: there was one */
    uint64_t low, high;     /* the sum of the integers */
    int64_t count;
    int64_t zero;
};
static_assert(sizeof(struct number_state) % 16 == 0, "state_bytes");

static i128 integers_of(const struct number_state *s)
{
    return (i128)((u128)s->high << 64 | s->low);
}

static void add_integers(struct number_state *s, i128 x)
{
    const u128 sum = (u128)integers_of(s) + (u128)x;
    s->low = (uint64_t)sum;
    s->high = (uint64_t)(sum >> 64);
}

static void add_number(struct number_state *s, struct number x)
{
    s->count++;
    if (x.is_real) {
        s->reals.seen = 1;
        float_sum_add(&s->reals, x.d);
    } else {
        add_integers(s, x.i);
    }
}

#define A_FN(name) number_##name
#define A_STATE struct number_state
#define A_TYPE struct number
#define A_ADD(s, x) add_number(s, x)
#include "compute/agg_each.inc.h"
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_STATE
#undef A_TYPE
#undef A_ADD

static llkv_code number_merge(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    struct number_state *s = (struct number_state *)into;
    const struct number_state *f = (const struct number_state *)from;
    float_sum_merge(&s->reals, &f->reals);
    s->reals.seen |= f->reals.seen;
    add_integers(s, integers_of(f));
    s->count += f->count;
    return LLKV_OK;
}

/* Everything as reals, rounded once. */
static struct float_sum sum_of_all(const struct number_state *s)
{
    struct float_sum all = s->reals;
    float_sum_add_int(&all, integers_of(s));
    return all;
}

static llkv_code integer_final(struct agg_context *ac, const void *state, int64_t *out,
                               bool *out_valid)
{
    const struct number_state *s = (const struct number_state *)state;
    *out_valid = s->count != 0;
    *out = (int64_t)integers_of(s);
    if (*out != integers_of(s))
        return cx_fail(ac->cx, LLKV_OVERFLOW, "the sum does not fit BIGINT");
    return LLKV_OK;
}

static llkv_code i64_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    const struct number_state *s = (const struct number_state *)state;
    if (s->reals.seen != 0)
        return cx_fail(ac->cx, LLKV_INTERNAL, "a sum of integers met a real number");
    int64_t sum;
    TRY(integer_final(ac, state, &sum, out_valid));
    memcpy(out, &sum, sizeof sum);
    return LLKV_OK;
}

static llkv_code number_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    const struct number_state *s = (const struct number_state *)state;
    struct number sum;
    if (s->reals.seen != 0) {
        const struct float_sum all = sum_of_all(s);
        sum = number_real(float_sum_total(&all));
        *out_valid = true;
    } else {
        int64_t integer;
        TRY(integer_final(ac, state, &integer, out_valid));
        sum = number_int(integer);
    }
    memcpy(out, &sum, sizeof sum);
    return LLKV_OK;
}

static llkv_code total_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    const struct float_sum all = sum_of_all((const struct number_state *)state);
    const double total = float_sum_total(&all);
    memcpy(out, &total, sizeof total);
    *out_valid = true;
    return LLKV_OK;
}

static llkv_code average_final(struct agg_context *ac, const void *state, void *out,
                               bool *out_valid)
{
    (void)ac;
    const struct number_state *s = (const struct number_state *)state;
    const struct float_sum all = sum_of_all(s);
    const double average = s->count == 0 ? 0 : float_sum_ratio(&all, (uint64_t)s->count);
    memcpy(out, &average, sizeof average);
    *out_valid = s->count != 0;
    return LLKV_OK;
}

#define NUMBER(out, final)                                                                         \
    {                                                                                              \
        out, sizeof(struct number_state), number_update, number_groups, number_merge, final        \
    }

const struct agg_kernel *agg_number_find(enum agg_op op, enum phys_type in)
{
    static const struct agg_kernel sum_i64 = NUMBER(PHYS_I64, i64_final);
    static const struct agg_kernel sum_number = NUMBER(PHYS_NUMBER, number_final);
    static const struct agg_kernel total = NUMBER(PHYS_F64, total_final);
    static const struct agg_kernel average = NUMBER(PHYS_F64, average_final);
    if (in != PHYS_NUMBER) return NULL;
    if (op == AGG_SUM_I64) return &sum_i64;
    if (op == AGG_SUM_NUMBER) return &sum_number;
    if (op == AGG_TOTAL) return &total;
    if (op == AGG_AVG) return &average;
    return NULL;
}

#include "func/cast.h"

#include "func/func_priv.h"

/* Which steps a cast takes, and casts of single values. */

uint32_t cast_integer_digits(struct type type)
{
    static const uint8_t digits[TYPE_COUNT] = {
        [TYPE_TINYINT] = 3,  [TYPE_SMALLINT] = 5,  [TYPE_INTEGER] = 10,  [TYPE_BIGINT] = 19,
        [TYPE_HUGEINT] = 39, [TYPE_UTINYINT] = 3,  [TYPE_USMALLINT] = 5, [TYPE_UINTEGER] = 10,
        [TYPE_UBIGINT] = 20, [TYPE_UHUGEINT] = 39,
    };
    if (type.id == TYPE_DECIMAL) return (uint32_t)(type.precision - type.scale);
    return digits[type.id];
}

static bool is_kernel_type(struct type type)
{
    return type.id == TYPE_BOOLEAN || type_is_numeric(type);
}

static bool same_bytes(struct type from, struct type to)
{
    if (from.phys != to.phys) return false;
    if (from.id == TYPE_VARCHAR && to.id == TYPE_VARCHAR)
        return to.length == 0 || (from.length != 0 && from.length <= to.length);
    if (from.id == TYPE_DECIMAL && to.id == TYPE_DECIMAL)
        return from.scale == to.scale && from.precision <= to.precision;
    if (from.id == TYPE_TIMESTAMP || from.id == TYPE_TIMESTAMPTZ)
        return to.id == TYPE_TIMESTAMP || to.id == TYPE_TIMESTAMPTZ;
    return from.id == to.id;
}

/* ---- may it fail? ---- */

static bool integer_widens(struct type from, struct type to)
{
    uint32_t a = phys_bytes[from.phys];
    uint32_t b = phys_bytes[to.phys];
    bool from_signed = type_is_signed_integer(from);
    bool to_signed = type_is_signed_integer(to);
    if (from_signed == to_signed) return a <= b;
    return to_signed && a < b;
}

static bool decimal_widens(struct type from, struct type to)
{
    if (type_is_float(to) || to.id == TYPE_BOOLEAN || to.id == TYPE_NUMBER) return false;
    if (type_is_float(from) || from.id == TYPE_NUMBER) return true;
    uint32_t digits = cast_integer_digits(from);
    if (from.scale > to.scale) digits++; /* rounding may carry */
    /* the greatest number of an integer type has a last digit that not every number has */
    if (to.id != TYPE_DECIMAL) return digits >= cast_integer_digits(to);
    return digits > cast_integer_digits(to);
}

static bool kernel_can_raise(struct type from, struct type to, bool sqlite_compat)
{
    if (from.id == TYPE_BOOLEAN && to.id != TYPE_DECIMAL) return false;
    if (to.id == TYPE_BOOLEAN || to.id == TYPE_NUMBER || to.id == TYPE_DOUBLE) return false;
    if (from.id == TYPE_DECIMAL || to.id == TYPE_DECIMAL) {
        if (from.id == TYPE_BOOLEAN) return cast_integer_digits(to) == 0;
        return to.id == TYPE_FLOAT ? false : decimal_widens(from, to);
    }
    if (type_is_integer(from) && type_is_integer(to)) return !integer_widens(from, to);
    if (to.id == TYPE_FLOAT) return from.id == TYPE_DOUBLE || from.id == TYPE_NUMBER;
    return !sqlite_compat;
}

static bool call_can_raise(struct type from, struct type to, bool sqlite_compat)
{
    if (from.id == TYPE_VARCHAR) {
        if (to.id == TYPE_VARCHAR) return false;
        return !(sqlite_compat && (to.id == TYPE_BIGINT || to.id == TYPE_DOUBLE ||
                                   to.id == TYPE_NUMBER || to.id == TYPE_BOOLEAN));
    }
    if (from.id == TYPE_BLOB) return sqlite_compat;
    return to.id == TYPE_TIMESTAMP || to.id == TYPE_TIMESTAMPTZ || to.id == TYPE_TIME;
}

/* ---- the steps ---- */

func_eval_fn *function_cast(struct type from, struct type to)
{
    if (to.id == TYPE_VARCHAR) {
        if (from.id == TYPE_VARCHAR) return cast_text_to_text;
        if (from.id == TYPE_BLOB) return cast_blob_to_text;
        return from.id == TYPE_NULL ? NULL : cast_to_text;
    }
    if (from.id == TYPE_VARCHAR) return to.id == TYPE_NULL ? NULL : cast_from_text;
    bool from_timestamp = from.id == TYPE_TIMESTAMP || from.id == TYPE_TIMESTAMPTZ;
    bool to_timestamp = to.id == TYPE_TIMESTAMP || to.id == TYPE_TIMESTAMPTZ;
    if (from.id == TYPE_DATE && to_timestamp) return cast_date_to_timestamp;
    if (from_timestamp && to.id == TYPE_DATE) return cast_timestamp_to_date;
    if (from_timestamp && to.id == TYPE_TIME) return cast_timestamp_to_time;
    return NULL;
}

static struct cast_step kernel_step(struct type from, struct type to, bool sqlite_compat)
{
    enum phys_type a = (enum phys_type)from.phys;
    enum phys_type b = (enum phys_type)to.phys;
    struct cast_step step = {.from = from, .to = to};
    bool decimal = from.id == TYPE_DECIMAL || to.id == TYPE_DECIMAL;
    if (decimal && to.id != TYPE_BOOLEAN) {
        step.kernel = kernel_decimal_cast(a, b);
        step.has_param = true;
        step.decimal.from_scale = from.scale;
        step.decimal.to_scale = to.scale;
        step.decimal.to_precision = to.id == TYPE_DECIMAL ? to.precision : 0;
    } else {
        step.kernel = kernel_cast(sqlite_compat ? CAST_TRUNCATE : CAST_ROUND, a, b);
    }
    step.can_raise = kernel_can_raise(from, to, sqlite_compat);
    return step;
}

/* Between DECIMAL and these there is no kernel; what stands between. TYPE_NULL: none is needed. */
static enum type_id stopover(struct type from, struct type to)
{
    if (from.id == TYPE_BOOLEAN && to.id == TYPE_DECIMAL) return TYPE_INTEGER;
    if (from.id == TYPE_NUMBER && to.id == TYPE_DECIMAL) return TYPE_DOUBLE;
    if (from.id == TYPE_DECIMAL && to.id == TYPE_NUMBER) return TYPE_DOUBLE;
    return TYPE_NULL;
}

static bool kernel_plan(struct type from, struct type to, bool sqlite_compat,
                        struct cast_plan *plan)
{
    enum type_id between = stopover(from, to);
    if (between != TYPE_NULL) {
        struct type middle = type_of(between);
        plan->steps[0] = kernel_step(from, middle, sqlite_compat);
        plan->steps[1] = kernel_step(middle, to, sqlite_compat);
        plan->count = 2;
        return plan->steps[0].kernel != NULL && plan->steps[1].kernel != NULL;
    }
    plan->steps[0] = kernel_step(from, to, sqlite_compat);
    plan->count = 1;
    return plan->steps[0].kernel != NULL;
}

bool cast_find(struct type from, struct type to, bool sqlite_compat, struct cast_plan *out_plan)
{
    out_plan->count = 0;
    if (from.id == TYPE_NULL || same_bytes(from, to)) return true;
    if (is_kernel_type(from) && is_kernel_type(to))
        return kernel_plan(from, to, sqlite_compat, out_plan);
    struct cast_step step = {.from = from, .to = to, .eval = function_cast(from, to)};
    step.can_raise = call_can_raise(from, to, sqlite_compat);
    out_plan->steps[0] = step;
    out_plan->count = 1;
    return step.eval != NULL;
}

bool cast_can_raise(struct type from, struct type to, bool sqlite_compat)
{
    struct cast_plan plan;
    if (!cast_find(from, to, sqlite_compat, &plan)) return true;
    for (uint32_t i = 0; i < plan.count; i++)
        if (plan.steps[i].can_raise) return true;
    return false;
}

/* ---- single values ---- */

llkv_code cast_fail_range(struct cx *cx, const struct value *value, struct type to, int32_t at)
{
    struct slice text;
    char type[32];
    type_print(to, type, sizeof type);
    TRY(value_to_text(cx, value, &text));
    return cx_fail_at(cx, LLKV_OVERFLOW, at, "22003", "%.*s is out of range for %s",
                      SLICE_ARG(text), type);
}

/* Short texts stand in the view, which is gone when the cast returns. */
static llkv_code keep_text(struct cx *cx, struct value *io)
{
    if (io->is_null || io->type.phys != PHYS_VIEW || io->s.len > STR_INLINE_MAX) return LLKV_OK;
    char *copy = cx_strndup(cx, io->s.data, io->s.len);
    if (copy == NULL) return LLKV_NOMEM;
    io->s.data = copy;
    return LLKV_OK;
}

union slot {
    struct str_view view; /* the widest */
    uint64_t words[2];
    u128 wide;
};

static llkv_code cast_step(struct cx *cx, const struct cast_step *step, bool sqlite_compat,
                           int32_t at, struct value *io)
{
    union slot in[2] = {{.words = {0, 0}}};
    union slot out[2] = {{.words = {0, 0}}};
    uint64_t valid = 1;
    value_store(io, (enum phys_type)step->from.phys, &in[0], 0);
    if (step->kernel != NULL) {
        const void *param = step->has_param ? &step->decimal : NULL;
        if (step->kernel(&out[0], &in[0], NULL, param, 1) != 0 && step->can_raise)
            return cast_fail_range(cx, io, step->to, at);
    } else {
        struct func_arg arg = {&in[0], NULL, false};
        struct func_call call = {.cx = cx,
                                 .heap = cx->arena,
                                 .n = 1,
                                 .arg_count = 1,
                                 .args = &arg,
                                 .arg_types = &step->from,
                                 .type = step->to,
                                 .out = &out[0],
                                 .out_validity = &valid,
                                 .sqlite_compat = sqlite_compat,
                                 .at = at};
        TRY(step->eval(&call));
    }
    struct vector v = {.phys = step->to.phys, .shape = VEC_FLAT, .rows = 1, .data = &out[0]};
    *io = vec_value(&v, step->to, 0);
    return keep_text(cx, io);
}

llkv_code value_cast(struct cx *cx, const struct value *value, struct type to, bool sqlite_compat,
                     int32_t at, struct value *out_value)
{
    struct cast_plan plan;
    struct value result = *value;
    if (!cast_find(value->type, to, sqlite_compat, &plan)) {
        char from_text[32], to_text[32];
        type_print(value->type, from_text, sizeof from_text);
        type_print(to, to_text, sizeof to_text);
        return cx_fail_at(cx, LLKV_UNSUPPORTED, at, NULL, "casting %s to %s is not supported",
                          from_text, to_text);
    }
    if (!result.is_null)
        for (uint32_t i = 0; i < plan.count; i++)
            TRY(cast_step(cx, &plan.steps[i], sqlite_compat, at, &result));
    result.type = to;
    *out_value = result;
    return LLKV_OK;
}

/* statement.c -- prepare, bind, step, values. */
#include <string.h>

#include "api/api.h"
#include "base/utf8.h"
#include "func/function.h"

llkv_code llkv_prepare(llkv_session *session, const char *sql, size_t bytes,
                       llkv_statement **out_statement, size_t *out_used, llkv_error *error)
{
    struct api_call call;
    struct statement *statement = NULL;
    struct slice text = {sql, bytes};
    size_t used = 0;
    TRY(api_begin(&call, session_of(session), error));
    call.cx.text = text;
    llkv_code rc = statement_prepare(&call.cx, session_of(session), text, &statement, &used);
    if (out_used != NULL) *out_used = used;
    if (rc == LLKV_OK && out_used == NULL && used < bytes) {
        struct statement *second = NULL;
        struct slice rest = {sql + used, bytes - used};
        rc = statement_prepare(&call.cx, session_of(session), rest, &second, &used);
        if (rc == LLKV_OK && second != NULL) {
            statement_free(second);
            rc = cx_fail_at(&call.cx, LLKV_SYNTAX, (int32_t)(bytes - rest.len), NULL,
                            "one statement is expected, here begins another");
        }
        if (rc != LLKV_OK) statement_free(statement);
    }
    if (rc == LLKV_OK) *out_statement = (llkv_statement *)statement;
    return api_end(&call, rc);
}

void llkv_statement_free(llkv_statement *statement)
{
    struct statement *s = statement_of(statement);
    /* In a forked child it is left as it is: it is the parent's. */
    if (s != NULL && !os_forked(&s->session->engine->fork)) statement_free(s);
}

/* For calls that are made once a row: without memory of their own. `own` is for a caller that wants
 * no error. */
static struct cx begin_small(llkv_error *error, llkv_error *own)
{
    if (error == NULL) {
        *own = (llkv_error)LLKV_ERROR_INIT;
        error = own;
    }
    error->code = LLKV_OK;
    error->offset = -1;
    return (struct cx){.error = error};
}

/* ---- parameters ---- */

uint32_t llkv_statement_parameter_count(const llkv_statement *statement)
{
    return statement_view(statement)->param_count;
}

uint32_t llkv_statement_parameter_index(const llkv_statement *statement, const char *name)
{
    const struct statement *s = statement_view(statement);
    struct slice wanted = slice_of(name);
    for (uint32_t i = 0; i < s->param_count; i++) {
        struct slice have = s->ast->param_names[i];
        if (have.len != 0 && slice_equal_folded(have, wanted)) return i + 1;
    }
    return 0;
}

static llkv_code bind(llkv_statement *statement, uint32_t parameter, const struct value *value,
                      llkv_error *error)
{
    struct statement *s = statement_of(statement);
    llkv_error own;
    struct cx cx = begin_small(error, &own);
    TRY(engine_check(&cx, s->session->engine));
    return statement_bind(&cx, s, parameter, value);
}

llkv_code llkv_bind_null(llkv_statement *statement, uint32_t parameter, llkv_error *error)
{
    struct value value = {.type = type_of(TYPE_NULL), .is_null = true};
    return bind(statement, parameter, &value, error);
}

llkv_code llkv_bind_bool(llkv_statement *statement, uint32_t parameter, bool v, llkv_error *error)
{
    struct value value = {.type = type_of(TYPE_BOOLEAN)};
    value.b = v;
    return bind(statement, parameter, &value, error);
}

llkv_code llkv_bind_int64(llkv_statement *statement, uint32_t parameter, int64_t v,
                          llkv_error *error)
{
    struct value value = {.type = type_of(TYPE_BIGINT)};
    value.i = v;
    return bind(statement, parameter, &value, error);
}

llkv_code llkv_bind_double(llkv_statement *statement, uint32_t parameter, double v,
                           llkv_error *error)
{
    struct value value = {.type = type_of(TYPE_DOUBLE)};
    value.d = v;
    return bind(statement, parameter, &value, error);
}

llkv_code llkv_bind_text(llkv_statement *statement, uint32_t parameter, const char *v, size_t bytes,
                         llkv_error *error)
{
    struct value value = {.type = type_of(TYPE_VARCHAR)};
    value.s = (struct slice){v, bytes};
    if (utf8_valid(v, bytes)) return bind(statement, parameter, &value, error);
    struct api_call call;
    TRY(api_begin(&call, statement_of(statement)->session, error));
    return api_end(&call, cx_fail_at(&call.cx, LLKV_DATA, -1, "22021",
                                     "the text for parameter %u is not UTF-8", parameter));
}

llkv_code llkv_bind_blob(llkv_statement *statement, uint32_t parameter, const void *v, size_t bytes,
                         llkv_error *error)
{
    struct value value = {.type = type_of(TYPE_BLOB)};
    value.s = (struct slice){v, bytes};
    return bind(statement, parameter, &value, error);
}

/* ---- running ---- */

llkv_code llkv_statement_step(llkv_statement *statement, bool *out_row, llkv_error *error)
{
    struct statement *s = statement_of(statement);
    llkv_error own;
    struct cx cx = begin_small(error, &own);
    TRY(engine_check(&cx, s->session->engine));
    arena_reset(&s->value_arena);
    cx.arena = &s->value_arena;
    return statement_step(&cx, s, out_row);
}

void llkv_statement_reset(llkv_statement *statement)
{
    struct statement *s = statement_of(statement);
    if (!os_forked(&s->session->engine->fork)) statement_reset(s);
}

llkv_result_info llkv_statement_info(const llkv_statement *statement)
{
    return statement_view(statement)->info;
}

/* ---- columns ---- */

uint32_t llkv_column_count(const llkv_statement *statement)
{
    return statement_column_count(statement_view(statement));
}

const char *llkv_column_name(const llkv_statement *statement, uint32_t column)
{
    return statement_column_name(statement_view(statement), column);
}

llkv_type llkv_column_type(const llkv_statement *statement, uint32_t column)
{
    return (llkv_type)statement_column_type(statement_view(statement), column).id;
}

const char *llkv_column_type_text(const llkv_statement *statement, uint32_t column)
{
    return statement_column_type_text(statement_view(statement), column);
}

/* ---- values ---- */

/* Where the value of the current row lies, if that is as plain as it mostly is; else NULL. */
static const struct vector *flat_column(const struct statement *s, uint32_t column,
                                        uint32_t *out_row)
{
    if (s->batch == NULL || column >= s->batch->column_count) return NULL;
    const struct vector *v = &s->batch->columns[column];
    *out_row = s->batch->sel == NULL ? s->live : s->batch->sel[s->live];
    return v->shape == VEC_FLAT ? v : NULL;
}

bool llkv_value_is_null(const llkv_statement *statement, uint32_t column)
{
    const struct statement *s = statement_view(statement);
    uint32_t row;
    const struct vector *v = flat_column(s, column, &row);
    return v == NULL ? statement_value(s, column).is_null : !vec_valid(v, row);
}

llkv_type llkv_value_type(const llkv_statement *statement, uint32_t column)
{
    const struct statement *s = statement_view(statement);
    if (llkv_value_is_null(statement, column)) return LLKV_TYPE_NULL;
    const struct type type = statement_column_type(s, column);
    if (type.id != TYPE_NUMBER) return (llkv_type)type.id;
    struct value value = statement_value(s, column);
    return value.number.is_real ? LLKV_TYPE_DOUBLE : LLKV_TYPE_BIGINT;
}

bool llkv_value_bool(const llkv_statement *statement, uint32_t column)
{
    return llkv_value_double(statement, column) != 0;
}

static int64_t saturate(double d)
{
    if (d != d) return 0;
    if (d >= 9223372036854775808.0) return INT64_MAX;
    if (d < -9223372036854775808.0) return INT64_MIN;
    return (int64_t)d;
}

static double power_of_ten(uint32_t n)
{
    double p = 1;
    while (n-- > 0)
        p *= 10;
    return p;
}

static i128 wide_of(const struct value *v)
{
    switch ((enum phys_type)v->type.phys) {
    case PHYS_I128: return v->h;
    case PHYS_U128: return v->uh >> 127 ? (i128)(((u128)1 << 127) - 1) : (i128)v->uh;
    case PHYS_U8:
    case PHYS_U16:
    case PHYS_U32:
    case PHYS_U64: return (i128)v->u;
    default: return v->i;
    }
}

static int64_t text_prefix_int(struct slice text)
{
    struct value from = {.type = type_of(TYPE_VARCHAR)}, to = {0};
    struct api_call call;
    from.s = text;
    llkv_code rc = api_begin(&call, NULL, NULL);
    if (rc == LLKV_OK) rc = value_cast(&call.cx, &from, type_of(TYPE_BIGINT), true, -1, &to);
    (void)api_end(&call, rc); /* a text without a number is 0 */
    return rc == LLKV_OK && !to.is_null ? to.i : 0;
}

static double text_prefix_double(struct slice text)
{
    struct value from = {.type = type_of(TYPE_VARCHAR)}, to = {0};
    struct api_call call;
    from.s = text;
    llkv_code rc = api_begin(&call, NULL, NULL);
    if (rc == LLKV_OK) rc = value_cast(&call.cx, &from, type_of(TYPE_DOUBLE), true, -1, &to);
    (void)api_end(&call, rc);
    return rc == LLKV_OK && !to.is_null ? to.d : 0;
}

int64_t llkv_value_int64(const llkv_statement *statement, uint32_t column)
{
    const struct statement *s = statement_view(statement);
    uint32_t row;
    const struct vector *flat = flat_column(s, column, &row);
    if (flat != NULL && flat->phys == PHYS_I64 &&
        statement_column_type(s, column).id != TYPE_DECIMAL)
        return vec_valid(flat, row) ? ((const int64_t *)flat->data)[row] : 0;
    struct value v = statement_value(s, column);
    if (v.is_null) return 0;
    switch ((enum phys_type)v.type.phys) {
    case PHYS_BOOL: return v.b;
    case PHYS_F32: return saturate((double)v.f);
    case PHYS_F64: return saturate(v.d);
    case PHYS_NUMBER: return v.number.is_real ? saturate(v.number.d) : v.number.i;
    case PHYS_VIEW: return text_prefix_int(v.s);
    case PHYS_MDN:
    case PHYS_NULLS:
    case PHYS_COUNT: return 0;
    default: break;
    }
    i128 wide = wide_of(&v);
    for (uint32_t i = 0; v.type.id == TYPE_DECIMAL && i < v.type.scale; i++)
        wide /= 10;
    if (wide > INT64_MAX) return INT64_MAX;
    return wide < INT64_MIN ? INT64_MIN : (int64_t)wide;
}

double llkv_value_double(const llkv_statement *statement, uint32_t column)
{
    struct value v = statement_value(statement_view(statement), column);
    if (v.is_null) return 0;
    switch ((enum phys_type)v.type.phys) {
    case PHYS_BOOL: return v.b;
    case PHYS_F32: return (double)v.f;
    case PHYS_F64: return v.d;
    case PHYS_NUMBER: return v.number.is_real ? v.number.d : (double)v.number.i;
    case PHYS_VIEW: return text_prefix_double(v.s);
    case PHYS_MDN:
    case PHYS_NULLS:
    case PHYS_COUNT: return 0;
    default: break;
    }
    double wide = (double)wide_of(&v);
    return v.type.id == TYPE_DECIMAL ? wide / power_of_ten(v.type.scale) : wide;
}

const char *llkv_value_text(llkv_statement *statement, uint32_t column, size_t *out_bytes)
{
    struct statement *s = statement_of(statement);
    struct value v = statement_value(s, column);
    struct slice text = SLICE("");
    llkv_error error = LLKV_ERROR_INIT;
    struct cx cx = {.arena = &s->value_arena, .error = &error};
    if (!v.is_null && v.type.id == TYPE_BLOB)
        text = v.s;
    else if (!v.is_null && value_to_text(&cx, &v, &text) != LLKV_OK)
        return NULL;
    const char *copy = cx_strndup(&cx, text.data, text.len);
    if (out_bytes != NULL) *out_bytes = copy == NULL ? 0 : text.len;
    return copy;
}

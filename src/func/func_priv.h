/* func_priv.h -- reading arguments and writing results, for the functions of this folder. */
#ifndef FUNC_FUNC_PRIV_H
#define FUNC_FUNC_PRIV_H
#include "base/bitmap.h"
#include "base/number.h"
#include "base/utf8.h"
#include "func/cast.h"
#include "func/function.h"

/* ---- arguments ---- */

ALWAYS_INLINE bool call_live(const struct func_call *call, uint32_t i)
{
    return call->live == NULL || bit_get(call->live, i);
}
ALWAYS_INLINE uint32_t arg_row(const struct func_arg *arg, uint32_t i)
{
    return arg->constant ? 0 : i;
}
ALWAYS_INLINE bool arg_valid(const struct func_arg *arg, uint32_t i)
{
    return arg->validity == NULL || bit_get(arg->validity, arg_row(arg, i));
}
ALWAYS_INLINE struct slice arg_text(const struct func_call *call, uint32_t k, uint32_t i)
{
    const struct func_arg *arg = &call->args[k];
    return str_slice((const struct str_view *)arg->data + arg_row(arg, i));
}
ALWAYS_INLINE int64_t arg_i64(const struct func_call *call, uint32_t k, uint32_t i)
{
    const struct func_arg *arg = &call->args[k];
    return ((const int64_t *)arg->data)[arg_row(arg, i)];
}
ALWAYS_INLINE int32_t arg_i32(const struct func_call *call, uint32_t k, uint32_t i)
{
    const struct func_arg *arg = &call->args[k];
    return ((const int32_t *)arg->data)[arg_row(arg, i)];
}
ALWAYS_INLINE double arg_f64(const struct func_call *call, uint32_t k, uint32_t i)
{
    const struct func_arg *arg = &call->args[k];
    return ((const double *)arg->data)[arg_row(arg, i)];
}
ALWAYS_INLINE struct interval arg_interval(const struct func_call *call, uint32_t k, uint32_t i)
{
    const struct func_arg *arg = &call->args[k];
    return ((const struct interval *)arg->data)[arg_row(arg, i)];
}
/* Any argument as a value. */
struct value arg_value(const struct func_call *call, uint32_t k, uint32_t i);

/* ---- results ---- */

ALWAYS_INLINE void call_null(struct func_call *call, uint32_t i)
{
    bit_clear(call->out_validity, i);
}
ALWAYS_INLINE void call_set_i64(struct func_call *call, uint32_t i, int64_t value)
{
    ((int64_t *)call->out)[i] = value;
}
ALWAYS_INLINE void call_set_f64(struct func_call *call, uint32_t i, double value)
{
    ((double *)call->out)[i] = value;
}
ALWAYS_INLINE void call_set_bool(struct func_call *call, uint32_t i, bool value)
{
    bit_put((uint64_t *)call->out, i, value);
}
/* A text that lives as long as the arguments, or fits the view. */
ALWAYS_INLINE void call_set_text(struct func_call *call, uint32_t i, struct slice text)
{
    ((struct str_view *)call->out)[i] = str_of(text.data, (uint32_t)text.len);
}
/* All slots zero: those of rows that are skipped must hold something. */
void call_clear(struct func_call *call);
/* A text that is copied. */
NODISCARD llkv_code call_copy_text(struct func_call *call, uint32_t i, struct slice text);
/* `bytes` of the heap to write a text to; LLKV_LIMIT (54000) beyond TEXT_BYTES_MAX. */
enum { TEXT_BYTES_MAX = 1 << 30 };
NODISCARD llkv_code call_room(struct func_call *call, size_t bytes, char **out_room);
/* 22003 with the name of the function's result. */
NODISCARD llkv_code call_fail_range(struct func_call *call, const char *what);

/* ---- casts (cast_text.c, cast_print.c); of single values: cast.h ---- */
func_eval_fn cast_from_text, cast_to_text, cast_text_to_text, cast_blob_to_text;
func_eval_fn cast_date_to_timestamp, cast_timestamp_to_date, cast_timestamp_to_time;
#endif

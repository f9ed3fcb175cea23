#include "base/date.h"
#include "func/func_priv.h"

/* Casts between the temporal types. TIMESTAMP and TIMESTAMPTZ have the same bits: UTC. */

static llkv_code no_image(struct func_call *call, uint32_t i, const char *what)
{
    if (!call->try_cast) return cx_fail_at(call->cx, LLKV_OVERFLOW, call->at, "22008", "%s", what);
    call_null(call, i);
    return LLKV_OK;
}

llkv_code cast_date_to_timestamp(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        int64_t micros;
        if (!call_live(call, i)) continue;
        if (timestamp_from_date(arg_i32(call, 0, i), &micros)) {
            call_set_i64(call, i, micros);
        } else {
            TRY(no_image(call, i, "date out of range for TIMESTAMP"));
        }
    }
    return LLKV_OK;
}

llkv_code cast_timestamp_to_date(struct func_call *call)
{
    int32_t *out = call->out;
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++)
        if (call_live(call, i)) out[i] = timestamp_to_date(arg_i64(call, 0, i));
    return LLKV_OK;
}

llkv_code cast_timestamp_to_time(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        int64_t micros = arg_i64(call, 0, i);
        if (micros == TIMESTAMP_INFINITY || micros == TIMESTAMP_MINUS_INFINITY) {
            TRY(no_image(call, i, "an infinite timestamp has no time of day"));
            continue;
        }
        int64_t time;
        (void)timestamp_days(micros, &time);
        call_set_i64(call, i, time);
    }
    return LLKV_OK;
}

#include "func/func_priv.h"

struct value arg_value(const struct func_call *call, uint32_t k, uint32_t i)
{
    const struct func_arg *arg = &call->args[k];
    struct type type = call->arg_types[k];
    uint32_t row = arg_row(arg, i);
    struct vector v = {.phys = type.phys,
                       .shape = VEC_FLAT,
                       .rows = row + 1,
                       .validity = arg->validity,
                       .data = arg->data};
    return vec_value(&v, type, row);
}

void call_clear(struct func_call *call)
{
    uint32_t width = phys_bytes[call->type.phys];
    size_t bytes = width == 0 ? bitmap_words(call->n) * sizeof(uint64_t) : (size_t)call->n * width;
    memset(call->out, 0, bytes);
}

llkv_code call_room(struct func_call *call, size_t bytes, char **out_room)
{
    if (bytes > TEXT_BYTES_MAX)
        return cx_fail_at(call->cx, LLKV_LIMIT, call->at, NULL, "a text of %zu bytes is too long",
                          bytes);
    *out_room = arena_alloc(call->heap, bytes + 1);
    return *out_room == NULL ? cx_nomem(call->cx) : LLKV_OK;
}

llkv_code call_copy_text(struct func_call *call, uint32_t i, struct slice text)
{
    if (text.len > STR_INLINE_MAX) {
        char *room;
        TRY(call_room(call, text.len, &room));
        memcpy(room, text.data, text.len);
        text.data = room;
    }
    call_set_text(call, i, text);
    return LLKV_OK;
}

llkv_code call_fail_range(struct func_call *call, const char *what)
{
    char type[32];
    type_print(call->type, type, sizeof type);
    return cx_fail_at(call->cx, LLKV_OVERFLOW, call->at, "22003", "%s: out of range for %s", what,
                      type);
}

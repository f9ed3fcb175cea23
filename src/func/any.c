#include "compute/kernel.h"
#include "func/func_impl.h"

/* Functions of values of any type. */

/* The greatest (sign 1) or least (-1) of the arguments that are not NULL. */
static llkv_code extreme(struct func_call *call, int sign)
{
    call_clear(call);
    enum phys_type phys = (enum phys_type)call->type.phys;
    kernel_order_fn *order = kernel_order(phys);
    for (uint32_t k = 0; k < call->arg_count; k++)
        CHECK(call->cx, call->arg_types[k].phys == phys);
    for (uint32_t i = 0; i < call->n; i++) {
        struct str_view slots[2]; /* 16 bytes, as any value needs at most */
        bool found = false;
        struct value best = {.type = call->type};
        for (uint32_t k = 0; k < call->arg_count; k++) {
            if (!arg_valid(&call->args[k], i)) continue;
            struct value value = arg_value(call, k, i);
            bool better = !found;
            if (found && phys == PHYS_BOOL) better = sign > 0 ? value.b : !value.b;
            if (found && phys != PHYS_BOOL) {
                value_store(&value, phys, &slots[0], 0);
                value_store(&best, phys, &slots[1], 0);
                better = order(&slots[0], &slots[1]) * sign > 0;
            }
            if (better) best = value;
            found = true;
        }
        if (found) {
            value_store(&best, phys, call->out, i);
        } else {
            call_null(call, i);
        }
    }
    return LLKV_OK;
}

llkv_code func_greatest(struct func_call *call)
{
    return extreme(call, 1);
}
llkv_code func_least(struct func_call *call)
{
    return extreme(call, -1);
}

/* The name of the type; under sqlite_compat the class of the value. */
static const char *sqlite_class(const struct func_call *call, uint32_t i)
{
    if (!arg_valid(&call->args[0], i)) return "null";
    struct type type = call->arg_types[0];
    if (type.id == TYPE_NUMBER) return arg_value(call, 0, i).number.is_real ? "real" : "integer";
    if (type_is_integer(type) || type.id == TYPE_BOOLEAN) return "integer";
    if (type_is_numeric(type)) return "real";
    if (type.id == TYPE_BLOB) return "blob";
    return type.id == TYPE_NULL ? "null" : "text";
}

llkv_code func_typeof(struct func_call *call)
{
    char name[32];
    type_print(call->arg_types[0], name, sizeof name);
    if (call->arg_types[0].id == TYPE_NULL) memcpy(name, "\"NULL\"", sizeof "\"NULL\"");
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        const char *text = call->sqlite_compat ? sqlite_class(call, i) : name;
        TRY(call_copy_text(call, i, slice_of(text)));
    }
    return LLKV_OK;
}

/* ---- quote: a literal that reads as the value ---- */

static llkv_code quote_text(struct func_call *call, uint32_t i, struct slice text)
{
    char *room;
    size_t len = 0;
    TRY(call_room(call, text.len * 2 + 2, &room));
    room[len++] = '\'';
    for (size_t k = 0; k < text.len; k++) {
        if (text.data[k] == '\'') room[len++] = '\'';
        room[len++] = text.data[k];
    }
    room[len++] = '\'';
    call_set_text(call, i, (struct slice){room, len});
    return LLKV_OK;
}

static llkv_code quote_blob(struct func_call *call, uint32_t i, struct slice blob)
{
    static const char digits[] = "0123456789ABCDEF";
    char *room;
    size_t len = 0;
    TRY(call_room(call, blob.len * 2 + 3, &room));
    room[len++] = 'X';
    room[len++] = '\'';
    for (size_t k = 0; k < blob.len; k++) {
        uint8_t byte = (uint8_t)blob.data[k];
        room[len++] = digits[byte >> 4];
        room[len++] = digits[byte & 15];
    }
    room[len++] = '\'';
    call_set_text(call, i, (struct slice){room, len});
    return LLKV_OK;
}

llkv_code func_quote(struct func_call *call)
{
    char text[CAST_TEXT_MAX];
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        struct type type = call->arg_types[0];
        if (type.id == TYPE_NULL || !arg_valid(&call->args[0], i)) {
            call_set_text(call, i, SLICE("NULL"));
            continue;
        }
        struct value value = arg_value(call, 0, i);
        if (type.id == TYPE_VARCHAR) {
            TRY(quote_text(call, i, value.s));
        } else if (type.id == TYPE_BLOB) {
            TRY(quote_blob(call, i, value.s));
        } else {
            struct slice printed = {text, cast_print(&value, text)};
            TRY(type_is_temporal(type) || type.id == TYPE_UUID ? quote_text(call, i, printed)
                                                               : call_copy_text(call, i, printed));
        }
    }
    return LLKV_OK;
}

#include "base/date.h"
#include "base/number.h"
#include "base/uuid.h"
#include "func/cast.h"
#include "func/func_priv.h"

/* Values to texts. */

static size_t put_word(char *out, const char *word)
{
    size_t len = strlen(word);
    memcpy(out, word, len);
    return len;
}

static size_t print_number(struct number number, char *out)
{
    return number.is_real ? number_print_double(number.d, out) : number_print_i64(number.i, out);
}

static i128 decimal_integer(const struct value *value)
{
    return value->type.phys == PHYS_I128 ? value->h : value->i;
}

size_t cast_print(const struct value *value, char out[CAST_TEXT_MAX])
{
    static_assert((int)CAST_TEXT_MAX > (int)DATE_TEXT_MAX, "any text has room");
    switch ((enum type_id)value->type.id) {
    case TYPE_BOOLEAN: return put_word(out, value->b ? "true" : "false");
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INTEGER:
    case TYPE_BIGINT: return number_print_i64(value->i, out);
    case TYPE_HUGEINT: return number_print_i128(value->h, out);
    case TYPE_UTINYINT:
    case TYPE_USMALLINT:
    case TYPE_UINTEGER:
    case TYPE_UBIGINT: return number_print_u64(value->u, out);
    case TYPE_UHUGEINT: return number_print_u128(value->uh, out);
    case TYPE_FLOAT: return number_print_float(value->f, out);
    case TYPE_DOUBLE: return number_print_double(value->d, out);
    case TYPE_DECIMAL: return number_print_decimal(decimal_integer(value), value->type.scale, out);
    case TYPE_DATE: return date_print((int32_t)value->i, out);
    case TYPE_TIME: return time_print(value->i, out);
    case TYPE_TIMESTAMP: return timestamp_print(value->i, out);
    case TYPE_TIMESTAMPTZ: return timestamp_print_offset(value->i, 0, out);
    case TYPE_INTERVAL:
        return interval_print(value->interval.months, value->interval.days, value->interval.micros,
                              out);
    case TYPE_UUID: return uuid_print(value->h, out);
    case TYPE_NUMBER: return print_number(value->number, out);
    case TYPE_NULL:
    case TYPE_VARCHAR:
    case TYPE_BLOB:
    case TYPE_COUNT: break;
    }
    return 0;
}

size_t cast_print_blob(struct slice blob, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t len = 0;
    for (size_t i = 0; i < blob.len; i++) {
        uint8_t byte = (uint8_t)blob.data[i];
        if (byte >= 0x20 && byte <= 0x7e && byte != '"' && byte != '\\') {
            out[len++] = (char)byte;
            continue;
        }
        out[len++] = '\\';
        out[len++] = 'x';
        out[len++] = digits[byte >> 4];
        out[len++] = digits[byte & 15];
    }
    return len;
}

llkv_code cast_to_text(struct func_call *call)
{
    char text[CAST_TEXT_MAX];
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct value value = arg_value(call, 0, i);
        struct slice printed = {text, cast_print(&value, text)};
        if (call->type.length != 0 && printed.len > call->type.length)
            printed.len = call->type.length;
        TRY(call_copy_text(call, i, printed));
    }
    return LLKV_OK;
}

/* sqlite_compat: the bytes as they are, which must be text. */
static llkv_code blob_as_it_is(struct func_call *call, uint32_t i, struct slice blob)
{
    if (utf8_valid(blob.data, blob.len)) {
        call_set_text(call, i, blob);
        return LLKV_OK;
    }
    if (!call->try_cast)
        return cx_fail_at(call->cx, LLKV_DATA, call->at, "22021", "a blob is not valid UTF-8");
    call_null(call, i);
    return LLKV_OK;
}

llkv_code cast_blob_to_text(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        char *room;
        if (!call_live(call, i)) continue;
        struct slice blob = arg_text(call, 0, i);
        if (call->sqlite_compat) {
            TRY(blob_as_it_is(call, i, blob));
            continue;
        }
        TRY(call_room(call, blob.len * 4, &room));
        size_t len = cast_print_blob(blob, room);
        if (call->type.length != 0 && len > call->type.length) len = call->type.length;
        call_set_text(call, i, (struct slice){room, len});
    }
    return LLKV_OK;
}

llkv_code value_to_text(struct cx *cx, const struct value *value, struct slice *out_text)
{
    char text[CAST_TEXT_MAX];
    size_t len = 0;
    if (value->is_null) {
        *out_text = SLICE("NULL");
        return LLKV_OK;
    }
    if (value->type.id == TYPE_VARCHAR) {
        *out_text = value->s;
        return LLKV_OK;
    }
    if (value->type.id == TYPE_BLOB) {
        char *room = cx_alloc(cx, value->s.len * 4 + 1);
        if (room == NULL) return LLKV_NOMEM;
        *out_text = (struct slice){room, cast_print_blob(value->s, room)};
        return LLKV_OK;
    }
    len = cast_print(value, text);
    char *copy = cx_strndup(cx, text, len);
    if (copy == NULL) return LLKV_NOMEM;
    *out_text = (struct slice){copy, len};
    return LLKV_OK;
}

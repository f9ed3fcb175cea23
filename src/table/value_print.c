#include "table/value_print.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/number.h"
#include "base/uuid.h"

static size_t print_text(const struct value *value, char *out)
{
    enum { TEXT_MAX = 60 };
    static const char digits[] = "0123456789abcdef";
    const uint8_t *text = (const uint8_t *)value->s.data;
    size_t len = value->s.len;
    size_t at = 0;
    if (value->type.id == TYPE_BLOB) {
        for (size_t i = 0; i < len && at + 2 < TEXT_MAX; i++) {
            out[at++] = digits[text[i] >> 4];
            out[at++] = digits[text[i] & 15];
        }
        len *= 2;
    } else {
        at = len < TEXT_MAX ? len : TEXT_MAX;
        while (at < len && at > 0 && (text[at] & 0xc0) == 0x80)
            at--; /* whole code points */
        if (at != 0) memcpy(out, text, at);
    }
    if (at < len) {
        memcpy(out + at, "...", 3);
        at += 3;
    }
    out[at] = '\0';
    return at;
}

static size_t print_integer(const struct value *value, char *out)
{
    const struct type type = value->type;
    i128 wide = type.phys == PHYS_I128 ? value->h : (i128)value->i;
    switch ((enum type_id)type.id) {
    case TYPE_DECIMAL: return number_print_decimal(wide, type.scale, out);
    case TYPE_DATE: return date_print((int32_t)value->i, out);
    case TYPE_TIME: return time_print(value->i, out);
    case TYPE_TIMESTAMP: return timestamp_print(value->i, out);
    case TYPE_TIMESTAMPTZ: return timestamp_print_offset(value->i, 0, out);
    case TYPE_UUID: return uuid_print(wide, out);
    default: return number_print_i128(wide, out);
    }
}

static size_t print(const struct value *value, char *out)
{
    if (value->is_null) return (size_t)snprintf(out, VALUE_PRINT_BYTES, "NULL");
    switch ((enum phys_type)value->type.phys) {
    case PHYS_BOOL: return (size_t)snprintf(out, VALUE_PRINT_BYTES, value->b ? "true" : "false");
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64:
    case PHYS_I128: return print_integer(value, out);
    case PHYS_U8:
    case PHYS_U16:
    case PHYS_U32:
    case PHYS_U64: return number_print_u64(value->u, out);
    case PHYS_U128: return number_print_u128(value->uh, out);
    case PHYS_F32: return number_print_float(value->f, out);
    case PHYS_F64: return number_print_double(value->d, out);
    case PHYS_VIEW: return print_text(value, out);
    case PHYS_MDN:
        return interval_print(value->interval.months, value->interval.days, value->interval.micros,
                              out);
    case PHYS_NULLS:
    case PHYS_NUMBER:
    case PHYS_COUNT: break;
    }
    return (size_t)snprintf(out, VALUE_PRINT_BYTES, "?");
}

size_t value_print(const struct value *value, char out[VALUE_PRINT_BYTES])
{
    size_t len = print(value, out);
    out[len] = '\0';
    return len;
}

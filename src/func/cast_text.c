#include <math.h>

#include "base/date.h"
#include "base/number_plain.h"
#include "base/uuid.h"
#include "func/func_priv.h"

/* Texts to values. */

/* ---- numbers ---- */

static bool fits_signed(i128 value, uint32_t bytes)
{
    if (bytes == 16) return true;
    i128 limit = (i128)1 << (bytes * 8 - 1);
    return value >= -limit && value < limit;
}

static bool fits_unsigned(u128 value, uint32_t bytes)
{
    return bytes == 16 || value >> (bytes * 8) == 0;
}

static enum text_result parse_signed(struct slice text, struct type to, struct value *out)
{
    i128 wide;
    int64_t narrow;
    if (number_parse_i64(text, &narrow) == TEXT_OK) {
        wide = narrow;
    } else {
        enum text_result result = number_cast_i128(text, &wide);
        if (result != TEXT_OK) return result;
    }
    if (!fits_signed(wide, phys_bytes[to.phys])) return TEXT_RANGE;
    if (to.phys == PHYS_I128) {
        out->h = wide;
    } else {
        out->i = (int64_t)wide;
    }
    return TEXT_OK;
}

static enum text_result parse_unsigned(struct slice text, struct type to, struct value *out)
{
    u128 wide;
    enum text_result result = number_cast_u128(text, &wide);
    if (result != TEXT_OK) return result;
    if (!fits_unsigned(wide, phys_bytes[to.phys])) return TEXT_RANGE;
    if (to.phys == PHYS_U128) {
        out->uh = wide;
    } else {
        out->u = (uint64_t)wide;
    }
    return TEXT_OK;
}

static enum text_result parse_decimal(struct slice text, struct type to, struct value *out)
{
    i128 wide;
    if (to.phys != PHYS_I128 && number_plain_decimal(text, to.precision, to.scale, &out->i))
        return TEXT_OK;
    enum text_result result = number_cast_decimal(text, to.precision, to.scale, &wide);
    if (result != TEXT_OK) return result;
    if (to.phys == PHYS_I128) {
        out->h = wide;
    } else {
        out->i = (int64_t)wide;
    }
    return TEXT_OK;
}

/* What SQLite reads at the beginning of a text: an integer, a real, or 0. */
static struct number prefix_number(struct slice text)
{
    struct number number;
    memset(&number, 0, sizeof number);
    bool is_integer = true;
    struct slice prefix = number_prefix(text, &is_integer);
    if (prefix.len == 0) return number;
    int64_t integer;
    if (is_integer && number_parse_i64(slice_trim(prefix), &integer) == TEXT_OK) {
        number.i = integer;
        return number;
    }
    double real = 0;
    if (number_cast_double(prefix, &real) != TEXT_OK)
        real = slice_trim(prefix).data[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    number.d = real;
    number.is_real = 1;
    return number;
}

static double number_real(struct number number)
{
    return number.is_real ? number.d : (double)number.i;
}

/* Truncated and saturated to int64, as SQLite does. */
static int64_t number_integer(struct number number)
{
    if (!number.is_real) return number.i;
    if (number.d >= 9223372036854775807.0) return INT64_MAX;
    if (number.d <= -9223372036854775808.0) return INT64_MIN;
    return number.d < 0 || number.d >= 0 ? (int64_t)number.d : 0;
}

/* sqlite_compat: false if the type has no such rule. */
static bool parse_prefix(struct slice text, struct type to, struct value *out)
{
    struct number number = prefix_number(text);
    switch ((enum type_id)to.id) {
    case TYPE_BIGINT: out->i = number_integer(number); return true;
    case TYPE_DOUBLE: out->d = number_real(number); return true;
    case TYPE_NUMBER: out->number = number; return true;
    case TYPE_BOOLEAN: {
        double real = number_real(number);
        out->b = real < 0 || real > 0;
        return true;
    }
    default: return false;
    }
}

/* A NUMBER outside sqlite_compat: the whole text. */
static enum text_result parse_number(struct slice text, struct value *out)
{
    struct number number;
    double real;
    enum text_result result = number_cast_double(text, &real);
    if (result != TEXT_OK) return result;
    memset(&number, 0, sizeof number);
    int64_t integer;
    if (number_parse_i64(slice_trim(text), &integer) == TEXT_OK) {
        number.i = integer;
    } else {
        number.d = real;
        number.is_real = 1;
    }
    out->number = number;
    return TEXT_OK;
}

/* ---- BOOLEAN, BLOB, UUID ---- */

static enum text_result parse_bool(struct slice text, struct value *out)
{
    static const char *const words[2][5] = {{"false", "f", "no", "n", "0"},
                                            {"true", "t", "yes", "y", "1"}};
    struct slice word = slice_trim(text);
    for (int truth = 0; truth < 2; truth++) {
        for (int i = 0; i < 5; i++) {
            if (!slice_equal_folded(word, slice_of(words[truth][i]))) continue;
            out->b = truth == 1;
            return TEXT_OK;
        }
    }
    return TEXT_INVALID;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* \xAA stands for a byte; other bytes stand for themselves if they are ASCII. TEXT_RANGE stands for
 * a lack of memory: the heap then holds nothing new. */
static enum text_result parse_blob(struct slice text, struct arena *heap, struct value *out)
{
    char *bytes = arena_alloc(heap, text.len + 1);
    size_t len = 0;
    if (bytes == NULL) return TEXT_RANGE;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if ((uint8_t)c >= 0x80) return TEXT_INVALID;
        if (c == '\\') {
            if (i + 3 >= text.len || text.data[i + 1] != 'x') return TEXT_INVALID;
            int high = hex_digit(text.data[i + 2]);
            int low = hex_digit(text.data[i + 3]);
            if (high < 0 || low < 0) return TEXT_INVALID;
            c = (char)(high * 16 + low);
            i += 3;
        }
        bytes[len++] = c;
    }
    out->s = (struct slice){bytes, len};
    return TEXT_OK;
}

static enum text_result parse_uuid(struct slice text, struct value *out)
{
    return uuid_parse(text, &out->h);
}

/* ---- times ---- */

static enum text_result parse_timestamptz(struct slice text, struct value *out)
{
    struct slice zone;
    enum text_result result = timestamp_parse(text, &out->i, &zone);
    if (result != TEXT_OK) return result;
    return zone.len == 0 || slice_equal_folded(zone, SLICE("UTC")) ? TEXT_OK : TEXT_INVALID;
}

static enum text_result parse_date(struct slice text, struct value *out)
{
    int32_t days;
    enum text_result result = date_parse(text, &days);
    if (result == TEXT_OK) out->i = days;
    return result;
}

static enum text_result parse_interval(struct slice text, struct value *out)
{
    struct interval interval;
    enum text_result result =
        interval_parse(text, &interval.months, &interval.days, &interval.micros);
    if (result == TEXT_OK) out->interval = interval;
    return result;
}

/* ---- all ---- */

enum text_result cast_parse(struct slice text, struct type to, bool sqlite_compat,
                            struct arena *heap, struct value *out_value)
{
    memset(out_value, 0, sizeof *out_value);
    out_value->type = to;
    if (sqlite_compat && parse_prefix(text, to, out_value)) return TEXT_OK;
    switch ((enum type_id)to.id) {
    case TYPE_BOOLEAN: return parse_bool(text, out_value);
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INTEGER:
    case TYPE_BIGINT:
    case TYPE_HUGEINT: return parse_signed(text, to, out_value);
    case TYPE_UTINYINT:
    case TYPE_USMALLINT:
    case TYPE_UINTEGER:
    case TYPE_UBIGINT:
    case TYPE_UHUGEINT: return parse_unsigned(text, to, out_value);
    case TYPE_FLOAT: return number_cast_float(text, &out_value->f);
    case TYPE_DOUBLE:
        if (number_plain_double(text, &out_value->d)) return TEXT_OK;
        return number_cast_double(text, &out_value->d);
    case TYPE_DECIMAL: return parse_decimal(text, to, out_value);
    case TYPE_BLOB: return parse_blob(text, heap, out_value);
    case TYPE_DATE: return parse_date(text, out_value);
    case TYPE_TIME: return time_parse(text, &out_value->i);
    case TYPE_TIMESTAMP: return timestamp_parse(text, &out_value->i, NULL);
    case TYPE_TIMESTAMPTZ: return parse_timestamptz(text, out_value);
    case TYPE_INTERVAL: return parse_interval(text, out_value);
    case TYPE_UUID: return parse_uuid(text, out_value);
    case TYPE_NUMBER: return parse_number(text, out_value);
    case TYPE_NULL:
    case TYPE_VARCHAR:
    case TYPE_COUNT: break;
    }
    return TEXT_INVALID;
}

llkv_code cast_fail_text(struct cx *cx, struct slice text, struct type to, enum text_result why,
                         int32_t at)
{
    enum { SHOWN_MAX = 80 };
    char type[32];
    bool temporal = type_is_temporal(to);
    type_print(to, type, sizeof type);
    if (text.len > SHOWN_MAX) text.len = SHOWN_MAX;
    if (why == TEXT_RANGE)
        return cx_fail_at(cx, LLKV_OVERFLOW, at, temporal ? "22008" : "22003",
                          "'%.*s' is out of range for %s", SLICE_ARG(text), type);
    return cx_fail_at(cx, LLKV_DATA, at, temporal ? "22007" : "22P02", "'%.*s' is not a valid %s",
                      SLICE_ARG(text), type);
}

llkv_code cast_from_text(struct func_call *call)
{
    struct value value;
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        enum text_result result =
            cast_parse(text, call->type, call->sqlite_compat, call->heap, &value);
        if (LIKELY(result == TEXT_OK)) {
            value_store(&value, (enum phys_type)call->type.phys, call->out, i);
            continue;
        }
        if (result == TEXT_RANGE && call->type.id == TYPE_BLOB) return cx_nomem(call->cx);
        if (!call->try_cast) return cast_fail_text(call->cx, text, call->type, result, call->at);
        call_null(call, i);
    }
    return LLKV_OK;
}

/* VARCHAR(n): what is longer is cut. */
llkv_code cast_text_to_text(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        if (text.len > call->type.length)
            text.len = utf8_prefix_bytes(text.data, text.len, call->type.length);
        call_set_text(call, i, text);
    }
    return LLKV_OK;
}

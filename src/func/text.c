#include <utf8proc.h>

#include "base/number.h"
#include "func/func_impl.h"

/* Functions that measure, search and cut texts. What they cut out is not copied. */

static struct slice cut(struct slice text, size_t from, size_t to)
{
    return (struct slice){text.data + from, to - from};
}

/* ---- measures ---- */

llkv_code func_length(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        call_set_i64(call, i, (int64_t)utf8_count(text.data, text.len));
    }
    return LLKV_OK;
}

llkv_code func_octet_length(struct func_call *call)
{
    const struct func_arg *arg = &call->args[0];
    for (uint32_t i = 0; i < call->n; i++)
        call_set_i64(call, i, ((const struct str_view *)arg->data)[arg_row(arg, i)].len);
    return LLKV_OK;
}

llkv_code func_bit_length(struct func_call *call)
{
    const struct func_arg *arg = &call->args[0];
    for (uint32_t i = 0; i < call->n; i++)
        call_set_i64(call, i,
                     (int64_t)((const struct str_view *)arg->data)[arg_row(arg, i)].len * 8);
    return LLKV_OK;
}

/* The first code point; NULL of an empty text for unicode(), 0 for ascii(). */
static llkv_code first_point(struct func_call *call, bool null_if_empty)
{
    int32_t *out = call->out;
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        size_t bytes;
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        if (text.len > 0) {
            out[i] = (int32_t)utf8_decode(text.data, &bytes);
        } else if (null_if_empty) {
            call_null(call, i);
        }
    }
    return LLKV_OK;
}

llkv_code func_ascii(struct func_call *call)
{
    return first_point(call, false);
}
llkv_code func_unicode(struct func_call *call)
{
    return first_point(call, true);
}

/* ---- search ---- */

/* The byte where `part` first stands at or after `from`; SIZE_MAX if nowhere. */
static size_t find_from(struct slice text, struct slice part, size_t from)
{
    if (part.len == 0) return from;
    while (from < text.len && text.len - from >= part.len) {
        const char *hit = memchr(text.data + from, part.data[0], text.len - from - part.len + 1);
        if (hit == NULL) return SIZE_MAX;
        if (memcmp(hit, part.data, part.len) == 0) return (size_t)(hit - text.data);
        from = (size_t)(hit - text.data) + 1;
    }
    return SIZE_MAX;
}

llkv_code func_instr(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        size_t at = find_from(text, arg_text(call, 1, i), 0);
        if (at != SIZE_MAX) call_set_i64(call, i, (int64_t)utf8_count(text.data, at) + 1);
    }
    return LLKV_OK;
}

llkv_code func_starts_with(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        struct slice part = arg_text(call, 1, i);
        call_set_bool(call, i, text.len >= part.len && memcmp(text.data, part.data, part.len) == 0);
    }
    return LLKV_OK;
}

llkv_code func_ends_with(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        struct slice part = arg_text(call, 1, i);
        call_set_bool(call, i,
                      text.len >= part.len &&
                          memcmp(text.data + text.len - part.len, part.data, part.len) == 0);
    }
    return LLKV_OK;
}

llkv_code func_contains(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        size_t at = find_from(arg_text(call, 0, i), arg_text(call, 1, i), 0);
        call_set_bool(call, i, at != SIZE_MAX);
    }
    return LLKV_OK;
}

/* ---- cutting ---- */

static size_t size_of_count(int64_t count)
{
    return count <= 0 ? 0 : (size_t)count;
}

/* Code points [first, first + count) counted from 0; what lies outside is left out. */
static struct slice cut_points(struct slice text, int64_t first, int64_t count)
{
    int64_t end;
    if (__builtin_add_overflow(first, count, &end)) end = INT64_MAX;
    if (first < 0) first = 0;
    if (end < first) end = first;
    size_t from = utf8_prefix_bytes(text.data, text.len, size_of_count(first));
    struct slice rest = cut(text, from, text.len);
    rest.len = utf8_prefix_bytes(rest.data, rest.len, size_of_count(end - first));
    return rest;
}

enum { SUBSTR_MAX = INT32_MAX };

/* Starts count from 1; negative ones from the end; start 0 is the place before the first. A
 * negative length goes to the left. */
static struct slice substring(struct slice text, int64_t start, int64_t length)
{
    int64_t first = start - 1;
    if (start < 0) first = (int64_t)utf8_count(text.data, text.len) + start;
    if (length < 0) {
        first += length;
        length = -length;
    }
    return cut_points(text, first, length);
}

llkv_code func_substr(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        int64_t start = arg_i64(call, 1, i);
        int64_t length = call->arg_count > 2 ? arg_i64(call, 2, i) : SUBSTR_MAX;
        if (start > SUBSTR_MAX || start < -SUBSTR_MAX || length > SUBSTR_MAX ||
            length < -SUBSTR_MAX)
            return cx_fail_at(call->cx, LLKV_OVERFLOW, call->at, "22003",
                              "substring: start and length must fit 32 bits");
        call_set_text(call, i, substring(arg_text(call, 0, i), start, length));
    }
    return LLKV_OK;
}

/* Into VARCHAR(n): blanks behind the n-th character are cut off, anything else there is 22001. */
llkv_code func_check_length(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        int64_t length = arg_i64(call, 1, i);
        struct slice kept = cut_points(text, 0, length);
        for (size_t k = kept.len; k < text.len; k++)
            if (text.data[k] != ' ')
                return cx_fail_at(
                    call->cx, LLKV_DATA, call->at, "22001", "'%.*s' is longer than %lld characters",
                    (int)(text.len > 40 ? 40 : text.len), text.data, (long long)length);
        call_set_text(call, i, kept);
    }
    return LLKV_OK;
}

/* left(text, n): the first n; all but the last -n if negative. */
llkv_code func_left(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        int64_t count = arg_i64(call, 1, i);
        if (count < 0) count += (int64_t)utf8_count(text.data, text.len);
        call_set_text(call, i, cut_points(text, 0, count));
    }
    return LLKV_OK;
}

llkv_code func_right(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        int64_t count = arg_i64(call, 1, i);
        int64_t all = (int64_t)utf8_count(text.data, text.len);
        int64_t skip = count < 0 ? (count < -all ? all : -count) : all - count;
        call_set_text(call, i, cut_points(text, skip, all));
    }
    return LLKV_OK;
}

/* ---- trimming ---- */

static bool set_has(struct slice set, struct slice character)
{
    for (size_t at = 0; at < set.len;) {
        size_t bytes = utf8_length((uint8_t)set.data[at]);
        if (bytes == character.len && memcmp(set.data + at, character.data, bytes) == 0)
            return true;
        at += bytes;
    }
    return false;
}

static struct slice trim_start(struct slice text, struct slice set)
{
    size_t at = 0;
    while (at < text.len) {
        size_t bytes = utf8_length((uint8_t)text.data[at]);
        if (!set_has(set, cut(text, at, at + bytes))) break;
        at += bytes;
    }
    return cut(text, at, text.len);
}

static struct slice trim_end(struct slice text, struct slice set)
{
    size_t end = text.len;
    while (end > 0) {
        size_t at = end - 1;
        while (at > 0 && ((uint8_t)text.data[at] & 0xc0) == 0x80)
            at--;
        if (!set_has(set, cut(text, at, end))) break;
        end = at;
    }
    return cut(text, 0, end);
}

static llkv_code trim_all(struct func_call *call, bool start, bool end)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        struct slice set = call->arg_count > 1 ? arg_text(call, 1, i) : SLICE(" ");
        if (start) text = trim_start(text, set);
        if (end) text = trim_end(text, set);
        call_set_text(call, i, text);
    }
    return LLKV_OK;
}

llkv_code func_trim(struct func_call *call)
{
    return trim_all(call, true, true);
}
llkv_code func_ltrim(struct func_call *call)
{
    return trim_all(call, true, false);
}
llkv_code func_rtrim(struct func_call *call)
{
    return trim_all(call, false, true);
}

/* ---- split_part(text, separator, n): the n-th part from 1, from the end if negative ---- */

static size_t count_parts(struct slice text, struct slice separator)
{
    size_t count = 1;
    size_t at = 0;
    if (separator.len == 0) return 1;
    while ((at = find_from(text, separator, at)) != SIZE_MAX) {
        count++;
        at += separator.len;
    }
    return count;
}

static struct slice part_at(struct slice text, struct slice separator, size_t index)
{
    size_t from = 0;
    for (;;) {
        size_t end = separator.len == 0 ? SIZE_MAX : find_from(text, separator, from);
        if (index == 0) return cut(text, from, end == SIZE_MAX ? text.len : end);
        if (end == SIZE_MAX) return (struct slice){"", 0};
        from = end + separator.len;
        index--;
    }
}

llkv_code func_split_part(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        struct slice separator = arg_text(call, 1, i);
        int64_t n = arg_i64(call, 2, i);
        if (n < 0)
            n += (int64_t)count_parts(text, separator) + 1;
        else if (n == 0)
            n = 1;
        if (n > 0) call_set_text(call, i, part_at(text, separator, (size_t)n - 1));
    }
    return LLKV_OK;
}

#include <utf8proc.h>

#include "func/func_impl.h"

/* Functions that write new texts. */

/* ---- upper, lower, initcap ---- */

enum casing { CASING_LOWER, CASING_UPPER, CASING_INITCAP };

static uint32_t map_point(uint32_t c, bool upper)
{
    if (c < 0x80) {
        if (upper) return c >= 'a' && c <= 'z' ? c - 32 : c;
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    }
    utf8proc_int32_t point = (utf8proc_int32_t)c;
    return (uint32_t)(upper ? utf8proc_toupper(point) : utf8proc_tolower(point));
}

static bool is_word_point(uint32_t c)
{
    if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

static llkv_code change_case(struct func_call *call, uint32_t i, enum casing casing)
{
    struct slice text = arg_text(call, 0, i);
    char *room;
    size_t len = 0;
    bool inside = false;
    /* a mapped character may take more bytes than it had, but never more than twice */
    TRY(call_room(call, text.len * 2, &room));
    for (size_t at = 0; at < text.len;) {
        size_t bytes;
        uint32_t c = utf8_decode(text.data + at, &bytes);
        bool upper = casing == CASING_UPPER || (casing == CASING_INITCAP && !inside);
        inside = casing == CASING_INITCAP && is_word_point(c);
        len += utf8_encode(map_point(c, upper), room + len);
        at += bytes;
    }
    call_set_text(call, i, (struct slice){room, len});
    return LLKV_OK;
}

static llkv_code change_cases(struct func_call *call, enum casing casing)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++)
        if (call_live(call, i)) TRY(change_case(call, i, casing));
    return LLKV_OK;
}

llkv_code func_upper(struct func_call *call)
{
    return change_cases(call, CASING_UPPER);
}
llkv_code func_lower(struct func_call *call)
{
    return change_cases(call, CASING_LOWER);
}
llkv_code func_initcap(struct func_call *call)
{
    return change_cases(call, CASING_INITCAP);
}

/* ---- concat, concat_ws, || ---- */

/* The valid arguments from `from` on, `separator` between them. */
static llkv_code join(struct func_call *call, uint32_t i, uint32_t from, struct slice separator)
{
    char *room;
    size_t bytes = 0;
    size_t len = 0;
    bool first = true;
    for (uint32_t k = from; k < call->arg_count; k++)
        if (arg_valid(&call->args[k], i)) bytes += arg_text(call, k, i).len + separator.len;
    TRY(call_room(call, bytes, &room));
    for (uint32_t k = from; k < call->arg_count; k++) {
        if (!arg_valid(&call->args[k], i)) continue;
        if (!first && separator.len > 0) {
            memcpy(room + len, separator.data, separator.len);
            len += separator.len;
        }
        struct slice text = arg_text(call, k, i);
        if (text.len > 0) memcpy(room + len, text.data, text.len);
        len += text.len;
        first = false;
    }
    call_set_text(call, i, (struct slice){room, len});
    return LLKV_OK;
}

llkv_code func_concat(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++)
        if (call_live(call, i)) TRY(join(call, i, 0, SLICE("")));
    return LLKV_OK;
}

llkv_code func_concat_ws(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (arg_valid(&call->args[0], i)) {
            TRY(join(call, i, 1, arg_text(call, 0, i)));
        } else {
            call_null(call, i);
        }
    }
    return LLKV_OK;
}

/* ---- repeat, reverse, pad ---- */

llkv_code func_repeat(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        char *room;
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        int64_t count = arg_i64(call, 1, i);
        if (count <= 0 || text.len == 0) continue;
        if ((uint64_t)count > TEXT_BYTES_MAX / text.len) count = TEXT_BYTES_MAX + 1;
        TRY(call_room(call, (size_t)count * text.len, &room));
        for (int64_t k = 0; k < count; k++)
            memcpy(room + (size_t)k * text.len, text.data, text.len);
        call_set_text(call, i, (struct slice){room, (size_t)count * text.len});
    }
    return LLKV_OK;
}

/* By characters as people see them: what combines stays behind its base. */
static void reverse_into(char *room, struct slice text)
{
    utf8proc_int32_t state = 0;
    size_t start = 0;
    size_t to = text.len;
    for (size_t at = 0; at < text.len;) {
        size_t bytes;
        utf8proc_int32_t c = (utf8proc_int32_t)utf8_decode(text.data + at, &bytes);
        at += bytes;
        bool ends = true;
        if (at < text.len) {
            size_t ignored;
            utf8proc_int32_t next = (utf8proc_int32_t)utf8_decode(text.data + at, &ignored);
            ends = utf8proc_grapheme_break_stateful(c, next, &state);
        }
        if (!ends) continue;
        to -= at - start;
        memcpy(room + to, text.data + start, at - start);
        start = at;
    }
}

llkv_code func_reverse(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        char *room;
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        TRY(call_room(call, text.len, &room));
        reverse_into(room, text);
        call_set_text(call, i, (struct slice){room, text.len});
    }
    return LLKV_OK;
}

/* `count` characters of `fill`, over and over. */
static size_t fill_with(char *room, struct slice fill, size_t count)
{
    size_t len = 0;
    size_t at = 0;
    for (size_t k = 0; k < count; k++) {
        size_t bytes = utf8_length((uint8_t)fill.data[at]);
        memcpy(room + len, fill.data + at, bytes);
        len += bytes;
        at = at + bytes == fill.len ? 0 : at + bytes;
    }
    return len;
}

static llkv_code pad_one(struct func_call *call, uint32_t i, bool left)
{
    struct slice text = arg_text(call, 0, i);
    struct slice fill = call->arg_count > 2 ? arg_text(call, 2, i) : SLICE(" ");
    int64_t want = arg_i64(call, 1, i);
    size_t have = utf8_count(text.data, text.len);
    char *room;
    if (want <= 0) return LLKV_OK;
    if ((uint64_t)want <= have) {
        text.len = utf8_prefix_bytes(text.data, text.len, (size_t)want);
        call_set_text(call, i, text);
        return LLKV_OK;
    }
    if (fill.len == 0)
        return cx_fail_at(call->cx, LLKV_DATA, call->at, "22023", "cannot pad with an empty text");
    size_t missing = (size_t)want - have;
    if (missing > TEXT_BYTES_MAX / UTF8_BYTES_MAX) missing = TEXT_BYTES_MAX;
    TRY(call_room(call, text.len + missing * UTF8_BYTES_MAX, &room));
    size_t len = 0;
    if (left) len = fill_with(room, fill, missing);
    if (text.len > 0) memcpy(room + len, text.data, text.len);
    len += text.len;
    if (!left) len += fill_with(room + len, fill, missing);
    call_set_text(call, i, (struct slice){room, len});
    return LLKV_OK;
}

llkv_code func_lpad(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++)
        if (call_live(call, i)) TRY(pad_one(call, i, true));
    return LLKV_OK;
}

llkv_code func_rpad(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++)
        if (call_live(call, i)) TRY(pad_one(call, i, false));
    return LLKV_OK;
}

/* ---- replace, translate ---- */

static size_t count_hits(struct slice text, struct slice part)
{
    size_t hits = 0;
    size_t at = 0;
    while (part.len > 0 && at + part.len <= text.len) {
        bool hit = memcmp(text.data + at, part.data, part.len) == 0;
        at += hit ? part.len : 1;
        hits += hit;
    }
    return hits;
}

static llkv_code replace_one(struct func_call *call, uint32_t i)
{
    struct slice text = arg_text(call, 0, i);
    struct slice part = arg_text(call, 1, i);
    struct slice by = arg_text(call, 2, i);
    size_t hits = count_hits(text, part);
    if (hits == 0) {
        call_set_text(call, i, text);
        return LLKV_OK;
    }
    char *room;
    size_t len = 0;
    TRY(call_room(call, text.len - hits * part.len + hits * by.len, &room));
    for (size_t at = 0; at < text.len;) {
        if (text.len - at >= part.len && memcmp(text.data + at, part.data, part.len) == 0) {
            if (by.len > 0) memcpy(room + len, by.data, by.len);
            len += by.len;
            at += part.len;
        } else {
            room[len++] = text.data[at++];
        }
    }
    call_set_text(call, i, (struct slice){room, len});
    return LLKV_OK;
}

llkv_code func_replace(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++)
        if (call_live(call, i)) TRY(replace_one(call, i));
    return LLKV_OK;
}

/* The index of a character in a text, in code points; SIZE_MAX if it is not there. */
static size_t point_index(struct slice text, uint32_t c)
{
    size_t index = 0;
    for (size_t at = 0; at < text.len; index++) {
        size_t bytes;
        if (utf8_decode(text.data + at, &bytes) == c) return index;
        at += bytes;
    }
    return SIZE_MAX;
}

llkv_code func_translate(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        char *room;
        size_t len = 0;
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        struct slice from = arg_text(call, 1, i);
        struct slice to = arg_text(call, 2, i);
        TRY(call_room(call, text.len * UTF8_BYTES_MAX, &room));
        for (size_t at = 0; at < text.len;) {
            size_t bytes;
            uint32_t c = utf8_decode(text.data + at, &bytes);
            at += bytes;
            size_t index = point_index(from, c);
            if (index != SIZE_MAX) {
                size_t place = utf8_prefix_bytes(to.data, to.len, index);
                if (place == to.len) continue;
                c = utf8_decode(to.data + place, &bytes);
            }
            len += utf8_encode(c, room + len);
        }
        call_set_text(call, i, (struct slice){room, len});
    }
    return LLKV_OK;
}

/* ---- chr, hex, bytes ---- */

llkv_code func_chr(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        char bytes[UTF8_BYTES_MAX];
        if (!call_live(call, i)) continue;
        int32_t c = arg_i32(call, 0, i);
        size_t len = c < 0 ? 0 : utf8_encode((uint32_t)c, bytes);
        if (len == 0)
            return cx_fail_at(call->cx, LLKV_DATA, call->at, "54000",
                              "%d is not the number of a character", (int)c);
        call_set_text(call, i, (struct slice){bytes, len});
    }
    return LLKV_OK;
}

llkv_code func_hex(struct func_call *call)
{
    static const char digits[] = "0123456789ABCDEF";
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        char *room;
        if (!call_live(call, i)) continue;
        struct slice text = arg_text(call, 0, i);
        TRY(call_room(call, text.len * 2, &room));
        for (size_t k = 0; k < text.len; k++) {
            room[2 * k] = digits[(uint8_t)text.data[k] >> 4];
            room[2 * k + 1] = digits[(uint8_t)text.data[k] & 15];
        }
        call_set_text(call, i, (struct slice){room, text.len * 2});
    }
    return LLKV_OK;
}

static llkv_code print_base(struct func_call *call, uint32_t shift)
{
    static const char digits[] = "0123456789ABCDEF";
    uint64_t mask = (UINT64_C(1) << shift) - 1;
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        char text[64];
        size_t at = sizeof text;
        if (!call_live(call, i)) continue;
        uint64_t bits = (uint64_t)arg_i64(call, 0, i);
        do {
            text[--at] = digits[bits & mask];
            bits >>= shift;
        } while (bits != 0);
        TRY(call_copy_text(call, i, (struct slice){text + at, sizeof text - at}));
    }
    return LLKV_OK;
}

llkv_code func_hex_integer(struct func_call *call)
{
    return print_base(call, 4);
}
llkv_code func_bin_integer(struct func_call *call)
{
    return print_base(call, 1);
}

/* A text is a blob of its bytes; a blob that is valid UTF-8 a text. */
llkv_code func_encode(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++)
        if (call_live(call, i)) call_set_text(call, i, arg_text(call, 0, i));
    return LLKV_OK;
}

llkv_code func_decode(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        if (!call_live(call, i)) continue;
        struct slice blob = arg_text(call, 0, i);
        if (!utf8_valid(blob.data, blob.len))
            return cx_fail_at(call->cx, LLKV_DATA, call->at, "22021",
                              "decode: the blob is not valid UTF-8");
        call_set_text(call, i, blob);
    }
    return LLKV_OK;
}

llkv_code func_zeroblob(struct func_call *call)
{
    call_clear(call);
    for (uint32_t i = 0; i < call->n; i++) {
        char *room;
        if (!call_live(call, i)) continue;
        int64_t bytes = arg_i64(call, 0, i);
        if (bytes <= 0) continue;
        TRY(call_room(call, (size_t)bytes, &room));
        memset(room, 0, (size_t)bytes);
        call_set_text(call, i, (struct slice){room, (size_t)bytes});
    }
    return LLKV_OK;
}

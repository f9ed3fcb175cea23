#include "func/like.h"

#include <utf8proc.h>

#include "base/utf8.h"

/* A pattern is cut at its % into segments, each a run of characters, some of them free (_). The
 * first and the last are fixed to the ends unless a % stands there; those between are looked for
 * from the left, each the first time it fits, which is never wrong. */

enum like_kind { LIKE_EQUALS, LIKE_PREFIX, LIKE_SUFFIX, LIKE_CONTAINS, LIKE_SEGMENTS };

/* Either bytes to compare, or code points of which ANY_CHARACTER fits every one. */
struct segment {
    const char *bytes; /* NULL: compare by code points */
    size_t len;
    const uint32_t *points;
    uint32_t point_count;
};

struct like {
    uint8_t kind, mode;
    bool open_start, open_end; /* a % at that end */
    uint32_t segment_count;
    struct segment *segments;
};

#define ANY_CHARACTER UINT32_MAX

static uint32_t fold(enum like_case mode, uint32_t c)
{
    if (c < 0x80) {
        bool upper = c >= 'A' && c <= 'Z';
        return mode != LIKE_CASE_EXACT && upper ? c + ('a' - 'A') : c;
    }
    return mode == LIKE_CASE_UNICODE ? (uint32_t)utf8proc_tolower((utf8proc_int32_t)c) : c;
}

/* ---- compiling ---- */

llkv_code like_escape(struct cx *cx, struct slice text, int32_t at, int32_t *out_escape)
{
    *out_escape = -1;
    if (text.len == 0) return LLKV_OK;
    size_t bytes;
    uint32_t c = utf8_decode(text.data, &bytes);
    if (bytes != text.len)
        return cx_fail_at(cx, LLKV_DATA, at, "22019", "the escape text must be one character");
    *out_escape = (int32_t)c;
    return LLKV_OK;
}

/* One token of a pattern: a character, ANY_CHARACTER, or SPLIT for %. */
#define SPLIT (UINT32_MAX - 1)

static llkv_code next_token(struct cx *cx, struct slice pattern, size_t *io_at, int32_t escape,
                            int32_t at, uint32_t *out_token)
{
    size_t bytes;
    uint32_t c = utf8_decode(pattern.data + *io_at, &bytes);
    *io_at += bytes;
    *out_token = c;
    if (escape >= 0 && c == (uint32_t)escape) {
        uint32_t next = 0;
        if (*io_at < pattern.len) next = utf8_decode(pattern.data + *io_at, &bytes);
        if (*io_at == pattern.len || (next != '%' && next != '_' && next != c))
            return cx_fail_at(cx, LLKV_DATA, at, "22025",
                              "the escape character must stand before %%, _ or itself");
        *io_at += bytes;
        *out_token = next;
    } else if (c == '%') {
        *out_token = SPLIT;
    } else if (c == '_') {
        *out_token = ANY_CHARACTER;
    }
    return LLKV_OK;
}

static llkv_code finish_segment(struct cx *cx, struct like *like, const uint32_t *points,
                                uint32_t count)
{
    struct segment *segment = &like->segments[like->segment_count++];
    *segment = (struct segment){.points = points, .point_count = count};
    bool plain = like->mode == LIKE_CASE_EXACT;
    for (uint32_t i = 0; i < count; i++)
        plain &= points[i] != ANY_CHARACTER;
    if (!plain) return LLKV_OK;
    char *bytes = cx_alloc(cx, (size_t)count * UTF8_BYTES_MAX + 1);
    if (bytes == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        segment->len += utf8_encode(points[i], bytes + segment->len);
    segment->bytes = bytes;
    return LLKV_OK;
}

static enum like_kind kind_of(const struct like *like)
{
    if (like->segment_count != 1 || like->segments[0].bytes == NULL) return LIKE_SEGMENTS;
    if (!like->open_start) return like->open_end ? LIKE_PREFIX : LIKE_EQUALS;
    return like->open_end ? LIKE_CONTAINS : LIKE_SUFFIX;
}

llkv_code like_new(struct cx *cx, struct slice pattern, int32_t escape, enum like_case mode,
                   int32_t at, struct like **out_like)
{
    struct like *like = cx_alloc_zero(cx, sizeof *like);
    /* at most one segment per %, and one more; every character is a code point at most */
    struct segment *segments = cx_alloc_array(cx, pattern.len + 1, sizeof *segments);
    uint32_t *points = cx_alloc_array(cx, pattern.len + 1, sizeof *points);
    if (like == NULL || segments == NULL || points == NULL) return LLKV_NOMEM;
    like->mode = (uint8_t)mode;
    like->segments = segments;
    uint32_t from = 0;
    uint32_t count = 0;
    bool split = false;
    for (size_t i = 0; i < pattern.len;) {
        uint32_t token;
        TRY(next_token(cx, pattern, &i, escape, at, &token));
        split = token == SPLIT;
        if (!split) {
            points[count++] = token == ANY_CHARACTER ? token : fold(mode, token);
            continue;
        }
        if (count == 0) like->open_start = true;
        if (count > from) TRY(finish_segment(cx, like, points + from, count - from));
        from = count;
    }
    like->open_end = split;
    if (count > from || like->segment_count == 0)
        TRY(finish_segment(cx, like, points + from, count - from));
    like->kind = (uint8_t)kind_of(like);
    *out_like = like;
    return LLKV_OK;
}

llkv_code like_compile(struct cx *cx, struct slice pattern, int32_t escape, bool ignore_case,
                       struct like **out_like)
{
    enum like_case mode = ignore_case ? LIKE_CASE_UNICODE : LIKE_CASE_EXACT;
    return like_new(cx, pattern, escape, mode, -1, out_like);
}

/* ---- matching ---- */

static bool bytes_at(struct slice text, size_t at, const struct segment *s)
{
    return text.len - at >= s->len && memcmp(text.data + at, s->bytes, s->len) == 0;
}

/* Does the segment fit at `at`? *out_end is behind it then. */
static bool fits(const struct like *like, const struct segment *s, struct slice text, size_t at,
                 size_t *out_end)
{
    if (s->bytes != NULL) {
        *out_end = at + s->len;
        return bytes_at(text, at, s);
    }
    for (uint32_t i = 0; i < s->point_count; i++) {
        if (at >= text.len) return false;
        size_t bytes;
        uint32_t c = utf8_decode(text.data + at, &bytes);
        if (s->points[i] != ANY_CHARACTER && fold((enum like_case)like->mode, c) != s->points[i])
            return false;
        at += bytes;
    }
    *out_end = at;
    return true;
}

/* Where the bytes first stand in `text` from `at` on; false if nowhere. */
static bool find_bytes(const struct segment *s, struct slice text, size_t at, size_t *out_at)
{
    if (s->len == 0) {
        *out_at = at;
        return true;
    }
    while (at < text.len && text.len - at >= s->len) {
        const char *hit = memchr(text.data + at, s->bytes[0], text.len - at - s->len + 1);
        if (hit == NULL) return false;
        at = (size_t)(hit - text.data);
        if (hit[s->len - 1] == s->bytes[s->len - 1] && memcmp(hit, s->bytes, s->len) == 0) {
            *out_at = at;
            return true;
        }
        at++;
    }
    return false;
}

static bool find(const struct like *like, const struct segment *s, struct slice text, size_t at,
                 size_t *out_end)
{
    if (s->bytes != NULL) {
        if (!find_bytes(s, text, at, &at)) return false;
        *out_end = at + s->len;
        return true;
    }
    while (at <= text.len) {
        if (fits(like, s, text, at, out_end)) return true;
        if (at == text.len) break;
        at += utf8_length((uint8_t)text.data[at]);
    }
    return false;
}

/* The place from which the segment would reach exactly to the end; false if the text is shorter. */
static bool end_start(const struct segment *s, struct slice text, size_t *out_at)
{
    if (s->bytes != NULL) {
        *out_at = text.len - s->len;
        return text.len >= s->len;
    }
    size_t at = text.len;
    for (uint32_t i = 0; i < s->point_count; i++) {
        if (at == 0) return false;
        at--;
        while (at > 0 && ((uint8_t)text.data[at] & 0xc0) == 0x80)
            at--;
    }
    *out_at = at;
    return true;
}

static bool match_segments(const struct like *like, struct slice text)
{
    const struct segment *s = like->segments;
    const struct segment *end = s + like->segment_count;
    size_t at = 0;
    size_t behind;
    if (!like->open_start) {
        if (!fits(like, s, text, 0, &at)) return false;
        s++;
        if (s == end) return like->open_end || at == text.len;
    }
    for (; s + 1 < end || (s < end && like->open_end); s++)
        if (!find(like, s, text, at, &at)) return false;
    if (s == end) return true;
    size_t last;
    return end_start(s, text, &last) && last >= at && fits(like, s, text, last, &behind);
}

bool like_match(const struct like *like, struct slice text)
{
    const struct segment *s = &like->segments[0];
    size_t at;
    switch ((enum like_kind)like->kind) {
    case LIKE_EQUALS: return text.len == s->len && bytes_at(text, 0, s);
    case LIKE_PREFIX: return bytes_at(text, 0, s);
    case LIKE_SUFFIX: return text.len >= s->len && bytes_at(text, text.len - s->len, s);
    case LIKE_CONTAINS: return find_bytes(s, text, 0, &at);
    case LIKE_SEGMENTS: return match_segments(like, text);
    }
    return false;
}

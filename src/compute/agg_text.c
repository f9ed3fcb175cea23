/* agg_text.c -- aggregates that keep texts or blobs: MIN, MAX, ANY, FIRST, LAST, GROUP_CONCAT.
 *
 * What a view points to may be gone with its batch, so states own copies: short ones in themselves,
 * longer ones in the heap, in place while they fit what was taken there before. */
#include "compute/agg_priv.h"

enum { TEXT_BYTES_MAX = 1 << 30 /* what a text of SQL may have */ };

struct text_state {
    uint32_t len, capacity; /* of bytes */
    uint8_t *bytes;
    uint8_t small[STR_INLINE_MAX]; /* the text if it fits */
    uint8_t seen, valid;
    uint8_t zero[2];
};
static_assert(sizeof(struct text_state) == 32, "state_bytes");

static struct str_view text_view(const struct text_state *s)
{
    return str_of(s->len <= STR_INLINE_MAX ? s->small : s->bytes, s->len);
}

/* Room for `bytes` in the heap; `kept` bytes of what is there move along. */
static llkv_code text_reserve(struct agg_context *ac, struct text_state *s, uint64_t bytes,
                              uint32_t kept)
{
    if (bytes <= s->capacity) return LLKV_OK;
    if (bytes > TEXT_BYTES_MAX)
        return cx_fail(ac->cx, LLKV_LIMIT, "a text of an aggregate exceeds %d bytes",
                       (int)TEXT_BYTES_MAX);
    uint64_t capacity = 32;
    while (capacity < bytes)
        capacity *= 2;
    uint8_t *room = (uint8_t *)arena_alloc(ac->heap, (size_t)capacity);
    if (room == NULL) return cx_nomem(ac->cx);
    if (kept > 0) memcpy(room, s->bytes, kept);
    s->bytes = room;
    s->capacity = (uint32_t)capacity;
    return LLKV_OK;
}

static llkv_code text_keep(struct agg_context *ac, struct text_state *s, const struct str_view *v)
{
    if (v->len > STR_INLINE_MAX) {
        TRY(text_reserve(ac, s, v->len, 0));
        memcpy(s->bytes, v->ptr, v->len);
    } else {
        memcpy(s->small, str_data(v), v->len);
    }
    s->len = v->len;
    s->seen = s->valid = 1;
    return LLKV_OK;
}

enum text_rule { TEXT_MIN, TEXT_MAX, TEXT_ANY, TEXT_FIRST, TEXT_LAST };

/* v is NULL for a row without a value. */
ALWAYS_INLINE llkv_code text_offer(struct agg_context *ac, struct text_state *s,
                                   const struct str_view *v, const enum text_rule rule)
{
    if (v == NULL) {
        if (rule == TEXT_LAST || (rule == TEXT_FIRST && s->seen == 0)) {
            s->seen = 1;
            s->valid = 0;
        }
        return LLKV_OK;
    }
    if (s->seen != 0 && rule != TEXT_LAST) {
        if (rule == TEXT_ANY || rule == TEXT_FIRST) return LLKV_OK;
        const struct str_view kept = text_view(s);
        const int order = str_compare(v, &kept);
        if (rule == TEXT_MIN ? order >= 0 : order <= 0) return LLKV_OK;
    }
    return text_keep(ac, s, v);
}

static llkv_code text_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    const struct text_state *s = (const struct text_state *)state;
    const struct str_view view = s->valid != 0 ? text_view(s) : str_of(NULL, 0);
    memcpy(out, &view, sizeof view);
    *out_valid = s->valid != 0;
    return LLKV_OK;
}

/* Of the last texts only the very last is worth a copy. */
static uint32_t text_first(enum text_rule rule, uint32_t n)
{
    return rule == TEXT_LAST && n > 0 ? n - 1 : 0;
}

#define T_NAME min
#define T_RULE TEXT_MIN
#include "compute/agg_text.inc.h"
#define T_NAME max
#define T_RULE TEXT_MAX
#include "compute/agg_text.inc.h"
#define T_NAME any
#define T_RULE TEXT_ANY
#include "compute/agg_text.inc.h"
#define T_NAME first
#define T_RULE TEXT_FIRST
#include "compute/agg_text.inc.h"
#define T_NAME last
#define T_RULE TEXT_LAST
#include "compute/agg_text.inc.h"

/* ---- GROUP_CONCAT: the text grows in the heap, doubling ---- */

static llkv_code concat_add(struct agg_context *ac, struct text_state *s, const uint8_t *text,
                            uint32_t len)
{
    const size_t between = s->seen != 0 ? ac->separator.len : 0;
    uint64_t total;
    if (__builtin_add_overflow((uint64_t)s->len + len, (uint64_t)between, &total))
        total = UINT64_MAX;
    TRY(text_reserve(ac, s, total, s->len));
    if (between > 0) memcpy(s->bytes + s->len, ac->separator.data, between);
    if (len > 0) memcpy(s->bytes + s->len + between, text, len);
    s->len = (uint32_t)total;
    s->seen = s->valid = 1;
    return LLKV_OK;
}

static llkv_code concat_update(struct agg_context *ac, void *state, const void *data,
                               const uint64_t *validity, uint32_t n)
{
    const struct str_view *x = (const struct str_view *)data;
    for (uint32_t i = 0; i < n; i++)
        if (agg_valid(validity, i))
            TRY(concat_add(ac, (struct text_state *)state, str_data(&x[i]), x[i].len));
    return LLKV_OK;
}

static llkv_code concat_groups(struct agg_context *ac, uint8_t *rows, uint32_t stride,
                               const uint32_t *group, const void *data, const uint64_t *validity,
                               uint32_t n)
{
    const struct str_view *x = (const struct str_view *)data;
    for (uint32_t i = 0; i < n; i++) {
        struct text_state *s = (struct text_state *)(void *)(rows + (size_t)group[i] * stride);
        if (agg_valid(validity, i)) TRY(concat_add(ac, s, str_data(&x[i]), x[i].len));
    }
    return LLKV_OK;
}

static llkv_code concat_merge(struct agg_context *ac, void *into, const void *from)
{
    const struct text_state *f = (const struct text_state *)from;
    return f->seen == 0 ? LLKV_OK : concat_add(ac, (struct text_state *)into, f->bytes, f->len);
}

static llkv_code concat_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    const struct text_state *s = (const struct text_state *)state;
    const struct str_view view = str_of(s->bytes, s->len);
    memcpy(out, &view, sizeof view);
    *out_valid = s->valid != 0;
    return LLKV_OK;
}

#define TEXT(name)                                                                                 \
    {                                                                                              \
        PHYS_VIEW, sizeof(struct text_state), name##_update, name##_groups, name##_merge,          \
            text_final                                                                             \
    }

const struct agg_kernel *agg_text_find(enum agg_op op, enum phys_type in)
{
    static const struct agg_kernel kernels[AGG_COUNT_OF_OPS] = {
        [AGG_MIN] = TEXT(min),
        [AGG_MAX] = TEXT(max),
        [AGG_ANY] = TEXT(any),
        [AGG_FIRST] = TEXT(first),
        [AGG_LAST] = TEXT(last),
        [AGG_GROUP_CONCAT] = {PHYS_VIEW, sizeof(struct text_state), concat_update, concat_groups,
                              concat_merge, concat_final},
    };
    return in != PHYS_VIEW || kernels[op].update == NULL ? NULL : &kernels[op];
}

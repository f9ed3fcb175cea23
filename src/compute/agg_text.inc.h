/* compute/agg_text.inc.h -- template: an aggregate that keeps one text. In: T_NAME, T_RULE. */
static llkv_code CONCAT(T_NAME, _update)(struct agg_context *ac, void *state, const void *data,
                                         const uint64_t *validity, uint32_t n)
{
    const struct str_view *x = (const struct str_view *)data;
    struct text_state *s = (struct text_state *)state;
    for (uint32_t i = text_first(T_RULE, n); i < n; i++)
        TRY(text_offer(ac, s, agg_valid(validity, i) ? &x[i] : NULL, T_RULE));
    return LLKV_OK;
}

static llkv_code CONCAT(T_NAME, _groups)(struct agg_context *ac, uint8_t *rows, uint32_t stride,
                                         const uint32_t *group, const void *data,
                                         const uint64_t *validity, uint32_t n)
{
    const struct str_view *x = (const struct str_view *)data;
    for (uint32_t i = 0; i < n; i++) {
        struct text_state *s = (struct text_state *)(void *)(rows + (size_t)group[i] * stride);
        TRY(text_offer(ac, s, agg_valid(validity, i) ? &x[i] : NULL, T_RULE));
    }
    return LLKV_OK;
}

static llkv_code CONCAT(T_NAME, _merge)(struct agg_context *ac, void *into, const void *from)
{
    const struct text_state *f = (const struct text_state *)from;
    if (f->seen == 0) return LLKV_OK;
    const struct str_view view = text_view(f);
    return text_offer(ac, (struct text_state *)into, f->valid != 0 ? &view : NULL, T_RULE);
}
#undef T_NAME
#undef T_RULE

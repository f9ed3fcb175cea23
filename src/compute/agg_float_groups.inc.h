/* compute/agg_float_groups.inc.h -- template: update_groups of SUM or AVG of floats.
 *
 * In:  F_FN(name), F_TYPE, F_CHUNK(out, x, validity, n), F_STATE, F_SUM(state), F_NOTE(state)
 * Out: static F_FN(groups) */
ALWAYS_INLINE void F_FN(rows)(const struct float_rows *rows, const struct float_strip *strip,
                              const uint64_t *validity, uint32_t n, const uint32_t digit_count)
{
    for (uint32_t i = 0; i < n; i++) {
        F_STATE *s = (F_STATE *)(void *)(rows->rows + (size_t)rows->group[i] * rows->stride);
        if (!agg_valid(validity, i)) continue;
        float_sum_add_from(F_SUM(s), strip, i, digit_count);
        F_NOTE(s);
    }
}

static llkv_code F_FN(groups)(struct agg_context *ac, uint8_t *rows, uint32_t stride,
                              const uint32_t *group, const void *data, const uint64_t *validity,
                              uint32_t n)
{
    (void)ac;
    struct float_strip strip;
    for (uint32_t at = 0; at < n; at += FLOAT_STRIP_ROWS) {
        const uint32_t part = n - at < FLOAT_STRIP_ROWS ? n - at : FLOAT_STRIP_ROWS;
        const uint64_t *valid = validity == NULL ? NULL : validity + at / 64;
        F_CHUNK(strip.x, (const F_TYPE *)data + at, valid, part);
        for (uint32_t i = part; i < FLOAT_STRIP_ROWS; i++)
            strip.x[i] = 0;
        float_strip_cut(&strip);
        const struct float_rows target = {rows, stride, group + at};
        if (strip.window >= 0 && strip.digit_count == SUM_BINS - 1) {
            F_FN(rows)(&target, &strip, valid, part, SUM_BINS - 1);
        } else {
            F_FN(rows)(&target, &strip, valid, part, SUM_BINS);
        }
    }
    return LLKV_OK;
}
#undef F_FN
#undef F_TYPE
#undef F_CHUNK

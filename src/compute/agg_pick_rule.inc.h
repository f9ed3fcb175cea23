/* compute/agg_pick_rule.inc.h -- template: update and update_groups for one width and rule. */
static llkv_code CONCAT4(P_RULE_NAME, P_ID, update)(struct agg_context *ac, void *state,
                                                    const void *data, const uint64_t *validity,
                                                    uint32_t n)
{
    (void)ac;
    struct pick_state *s = (struct pick_state *)state;
    if (n == 0 || (P_RULE != PICK_LAST && s->seen != 0)) return LLKV_OK;
    if (P_RULE == PICK_LAST) {
        pick(s, data, n - 1, agg_valid(validity, n - 1), P_WIDTH, P_RULE);
        return LLKV_OK;
    }
    for (uint32_t i = 0; i < n && s->seen == 0; i++)
        pick(s, data, i, agg_valid(validity, i), P_WIDTH, P_RULE);
    return LLKV_OK;
}

static llkv_code CONCAT4(P_RULE_NAME, P_ID, groups)(struct agg_context *ac, uint8_t *rows,
                                                    uint32_t stride, const uint32_t *group,
                                                    const void *data, const uint64_t *validity,
                                                    uint32_t n)
{
    (void)ac;
    for (uint32_t i = 0; i < n; i++) {
        struct pick_state *s = (struct pick_state *)(void *)(rows + (size_t)group[i] * stride);
        pick(s, data, i, agg_valid(validity, i), P_WIDTH, P_RULE);
    }
    return LLKV_OK;
}
#undef P_RULE_NAME
#undef P_RULE

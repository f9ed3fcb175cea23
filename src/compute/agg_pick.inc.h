/* compute/agg_pick.inc.h -- template: ANY, FIRST and LAST for one width. In: P_ID, P_WIDTH. */
#define P_RULE_NAME any
#define P_RULE PICK_ANY
#include "compute/agg_pick_rule.inc.h"
#define P_RULE_NAME first
#define P_RULE PICK_FIRST
#include "compute/agg_pick_rule.inc.h"
#define P_RULE_NAME last
#define P_RULE PICK_LAST
#include "compute/agg_pick_rule.inc.h"

static llkv_code CONCAT4(pick, P_ID, final)(struct agg_context *ac, const void *state, void *out,
                                            bool *out_valid)
{
    (void)ac;
    const struct pick_state *s = (const struct pick_state *)state;
    *out_valid = s->valid != 0;
    memcpy(out, s->value, P_WIDTH == 0 ? 1 : P_WIDTH);
    return LLKV_OK;
}
#undef P_ID
#undef P_WIDTH

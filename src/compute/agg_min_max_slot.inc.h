/* compute/agg_min_max_slot.inc.h -- template: MIN and MAX of a type of 16 bytes. In: S_ID, S_PHYS.
 */
#define A_STATE struct slot_state
#define A_TYPE struct slot
#define A_FN(name) CONCAT4(min, S_ID, name)
#define A_ADD(s, x) slot_add((s), &(x), S_PHYS, false)
#include "compute/agg_each.inc.h"
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_ADD
#define A_FN(name) CONCAT4(max, S_ID, name)
#define A_ADD(s, x) slot_add((s), &(x), S_PHYS, true)
#include "compute/agg_each.inc.h"
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_ADD
#undef A_STATE
#undef A_TYPE

static llkv_code CONCAT4(min, S_ID, merge)(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    const struct slot_state *f = (const struct slot_state *)from;
    if (f->seen != 0) slot_add((struct slot_state *)into, &f->value, S_PHYS, false);
    return LLKV_OK;
}
static llkv_code CONCAT4(max, S_ID, merge)(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    const struct slot_state *f = (const struct slot_state *)from;
    if (f->seen != 0) slot_add((struct slot_state *)into, &f->value, S_PHYS, true);
    return LLKV_OK;
}
#undef S_ID
#undef S_PHYS

/* pass.c -- everything between binding and physical planning, in order. A pass runs if the
 * statement has what it is for and one of its rules is on. */
#include <assert.h>

#include "plan/join/join.h"
#include "plan/rule/rule.h"
#include "plan/stats/stats.h"
#include "plan/unnest/unnest.h"

enum feature { FEATURE_JOIN = 1, FEATURE_OUTER = 2, FEATURE_SUBQUERY = 4, FEATURE_ALWAYS = 8 };

/* A pass that always runs looks at its rule itself. */
#define RULE_ALWAYS (UINT64_C(1) << 63)
static_assert(RULE_COUNT < 63, "bit 63 is no rule");

struct pass {
    const char *name;
    uint32_t features; /* any of them */
    uint64_t rules;    /* any of them */
    llkv_code (*run)(struct plan *plan);
    llkv_code (*run_dml)(struct plan *plan, const struct ldml *dml); /* instead of `run` */
};

static const struct pass passes[] = {
    {.name = "mark_to_semi",
     .features = FEATURE_SUBQUERY,
     .rules = RULE_BIT(mark_to_semi),
     .run_dml = rule_mark_to_semi},
    {.name = "unnest", .features = FEATURE_SUBQUERY, .rules = RULE_BIT(unnest), .run = rule_unnest},
    {.name = "settle",
     .features = FEATURE_SUBQUERY,
     .rules = RULE_BIT(mark_to_semi),
     .run = unnest_settle},
    {.name = "conditions",
     .features = FEATURE_ALWAYS,
     .rules = RULE_BIT(or_factor) | RULE_BIT(or_to_in),
     .run = rule_conditions},
    {.name = "outer_to_inner",
     .features = FEATURE_OUTER | FEATURE_SUBQUERY,
     .rules = RULE_BIT(outer_to_inner),
     .run = rule_outer_to_inner},
    {.name = "pushdown",
     .features = FEATURE_ALWAYS,
     .rules = RULE_BIT(pushdown),
     .run = rule_pushdown},
    {.name = "prune", .features = FEATURE_ALWAYS, .rules = RULE_BIT(prune), .run_dml = rule_prune},
    {.name = "filter_order",
     .features = FEATURE_ALWAYS,
     .rules = RULE_BIT(filter_order),
     .run = rule_filter_order},
    {.name = "join_order",
     .features = FEATURE_JOIN | FEATURE_SUBQUERY,
     .rules = RULE_ALWAYS, /* without the rule: the order of the text, cross products last */
     .run = rule_join_order},
    {.name = "share_columns",
     .features = FEATURE_SUBQUERY,
     .rules = RULE_BIT(unnest),
     .run = rule_share_columns},
};

/* Builds with assertions check every plan. */
#ifdef NDEBUG
enum { CHECK_ALL = 0 };
#else
enum { CHECK_ALL = 1 };
#endif

static llkv_code tree_rows(struct plan *plan, struct lnode **io_node)
{
    return (*io_node)->rows >= 0 ? LLKV_OK : stats_rows(plan, *io_node);
}

static uint32_t features_of(const struct plan *plan)
{
    uint32_t features = FEATURE_ALWAYS;
    if (plan->has_join) features |= FEATURE_JOIN;
    if (plan->has_outer) features |= FEATURE_OUTER;
    if (plan->has_subquery) features |= FEATURE_SUBQUERY;
    return features;
}

llkv_code plan_optimize(struct plan *plan, struct ldml *dml)
{
    const uint32_t features = features_of(plan);
    const bool check = CHECK_ALL || plan->debug_checks;
    if (check) TRY(plan_check(plan, "binding"));
    for (size_t i = 0; i < ARRAY_COUNT(passes); i++) {
        const struct pass *pass = &passes[i];
        if ((pass->features & features) == 0) continue;
        if ((plan->settings->disabled_rules & pass->rules) == pass->rules) continue;
        TRY(pass->run != NULL ? pass->run(plan) : pass->run_dml(plan, dml));
        if (check) TRY(plan_check(plan, pass->name));
    }
    return plan_each_tree(plan, tree_rows);
}

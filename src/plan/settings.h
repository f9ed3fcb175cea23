/* settings.h -- the settings of a session that binding and planning look at. */
#ifndef PLAN_SETTINGS_H
#define PLAN_SETTINGS_H
#include <stdint.h>

#include <stdbool.h>

enum null_order { NULLS_LAST, NULLS_FIRST, NULLS_SQLITE, NULLS_POSTGRES };

/* X(name, what it does): rewrites that can be switched off with SET disabled_rules = 'a,b' or
 * 'all'. The answers never depend on them. */
#define PLAN_RULE_LIST(X)                                                                          \
    X(const_fold, "expressions without columns are evaluated once, while binding")                 \
    X(bool_simplify, "AND, OR and NOT over known operands disappear")                              \
    X(or_factor, "conditions common to all arms of an OR stand beside it")                         \
    X(or_to_in, "a = 1 OR a = 2 becomes a IN (1, 2)")                                              \
    X(unnest, "correlated subqueries become joins")                                                \
    X(apply_by_cost, "but not where running them again and again over few rows is cheaper")        \
    X(init_plan, "an uncorrelated scalar subquery runs once, before the rest")                     \
    X(mark_to_semi, "EXISTS and IN as conditions become semi and anti joins")                      \
    X(outer_to_inner, "outer joins whose padded rows are rejected become inner")                   \
    X(pushdown, "conditions move towards the tables they speak of")                                \
    X(equality_classes, "conditions follow equalities to other tables")                            \
    X(join_order, "inner joins are ordered by cost, not as written")                               \
    X(hash_join, "equalities join by hash, not by loops")                                          \
    X(filter_order, "conditions that drop most for least work are checked first")                  \
    X(prune, "columns nobody needs are not read")                                                  \
    X(scan_predicates, "conditions leave out segments by their statistics")                        \
    X(key_lookup, "equality on a key looks rows up")                                               \
    X(direct_group, "groups with a known small key range need no hashing")                         \
    X(dense_join, "joins on a known small key range need no hashing")                              \
    X(top_n, "ORDER BY with LIMIT keeps only what it needs")                                       \
    X(apply_memo, "what stays correlated remembers answers per outer value")

enum plan_rule {
#define X(name, text) RULE_##name,
    PLAN_RULE_LIST(X)
#undef X
        RULE_COUNT
};
#define RULE_BIT(name) (UINT64_C(1) << RULE_##name)

/* Parts of the settings that are set apart from each other. */
enum settings_part {
    SETTINGS_SQLITE_COMPAT = 1,
    SETTINGS_INTEGER_DIVISION = 2,
    SETTINGS_CHAR_LENGTH = 4,
    SETTINGS_NULL_ORDER = 8,
    SETTINGS_DEFAULT_ORDER = 16,
    SETTINGS_DISABLED_RULES = 32,
    SETTINGS_EXTERNAL_ACCESS = 64,
    SETTINGS_ALL = 127
};

struct settings {
    bool sqlite_compat;
    bool integer_division; /* `/` of integers truncates */
    bool char_length_enforce;
    uint8_t null_order; /* enum null_order */
    bool default_desc;
    bool no_external_access; /* files outside of the database are not touched */
    uint64_t disabled_rules; /* bits of enum plan_rule */
};
#endif

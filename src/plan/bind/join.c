/* join.c -- joins: kinds, conditions, USING and NATURAL, aliases of whole joins. */
#include "plan/bind/bind.h"

static void pad_side(struct binder *b, struct scope *scope, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        struct scope_relation *r = &scope->relations.items[i];
        for (uint32_t c = 0; c < r->column_count; c++) {
            r->columns[c].nullable = true;
            if (r->columns[c].iu != 0) b->plan->ius.items[r->columns[c].iu].nullable = true;
        }
    }
}

/* The relations of one join, as a scope of their own: what ON may name. */
static struct scope part_of(const struct scope *scope, uint32_t from, uint32_t to)
{
    struct scope part = {.parent = scope->parent, .ctes = scope->ctes, .clause = CLAUSE_FROM};
    part.relations.items = scope->relations.items + from;
    part.relations.count = part.relations.capacity = to - from;
    return part;
}

/* The side of the join that a subquery of its condition reads: 1 if it is none. */
static llkv_code side_of(struct binder *b, const struct lnode *join, const struct lnode *subquery,
                         const struct ast *on, int *out_side)
{
    struct iuset named = {0}, left = {0}, right = {0};
    TRY(lnode_free(b->plan, subquery->child[1], &named));
    for (uint32_t i = 0; i < subquery->join.conditions.count; i++)
        TRY(iuset_add_expr(b->cx, &named, subquery->join.conditions.items[i]));
    TRY(lnode_produced(b->plan, join->child[0], &left));
    TRY(lnode_produced(b->plan, join->child[1], &right));
    bool of_left = iuset_intersects(&named, &left), of_right = iuset_intersects(&named, &right);
    if (of_left && of_right)
        return bind_unsupported(b, on,
                                "a subquery over both sides in the condition of an outer join");
    *out_side = of_left ? 0 : 1;
    return LLKV_OK;
}

/* Subqueries of an ON condition were put on top of the join. Where rows are padded their answers
 * are needed below it: each goes to the side it reads. */
static llkv_code sink_subqueries(struct binder *b, struct lnode *join, struct lnode *top,
                                 const struct ast *on)
{
    VEC(struct lnode *) chain = {0};
    for (; top != join; top = top->child[0])
        VEC_PUSH(b->cx, &chain, top);
    for (uint32_t i = chain.count; i-- > 0;) {
        int side = 1;
        struct lnode *subquery = chain.items[i];
        struct iuset outer = {0}, own = {0};
        TRY(side_of(b, join, subquery, on, &side));
        TRY(lnode_free(b->plan, subquery->child[1], &outer));
        TRY(lnode_produced(b->plan, join->child[side], &own));
        subquery->dependent = iuset_intersects(&outer, &own);
        subquery->child[0] = join->child[side];
        join->child[side] = subquery;
    }
    return LLKV_OK;
}

static llkv_code join_condition(struct binder *b, struct scope *part, struct lnode *join,
                                const struct ast *on, struct lnode **out)
{
    const struct expr *condition;
    part->node = join;
    TRY(bind_condition(b, part, on, &condition));
    if (part->node != join && join->kind == LJOIN_INNER)
        return lnode_select(b->plan, part->node, condition, out);
    TRY(sink_subqueries(b, join, part->node, on));
    *out = join;
    return plan_conjuncts(b->plan, condition, &join->join.conditions);
}

static struct scope_column *visible_column(struct scope *scope, uint32_t from, uint32_t to,
                                           struct slice name, struct scope_relation **out)
{
    for (uint32_t i = from; i < to; i++) {
        struct scope_relation *r = &scope->relations.items[i];
        for (uint32_t c = 0; c < r->column_count; c++)
            if (!r->columns[c].hidden && slice_equal_folded(r->columns[c].name, name)) {
                *out = r;
                return &r->columns[c];
            }
    }
    return NULL;
}

/* A column of USING and where it comes from. */
struct using_pair {
    struct slice name;
    iu_id left, right;
};
struct sides {
    uint32_t left, middle, right; /* relations left..middle-1 and middle..right-1 */
    VEC(struct using_pair) pairs;
};

static llkv_code using_column(struct binder *b, struct scope *scope, struct sides *sides,
                              struct lnode *join, struct slice name, int32_t at)
{
    struct scope_relation *rl = NULL, *rr = NULL;
    struct scope_column *l = visible_column(scope, sides->left, sides->middle, name, &rl);
    struct scope_column *r = visible_column(scope, sides->middle, sides->right, name, &rr);
    if (l == NULL || r == NULL)
        return cx_fail_at(b->cx, LLKV_NAME, at, "42703",
                          "column \"%.*s\" is not on the %s side of the join", SLICE_ARG(name),
                          l == NULL ? "left" : "right");
    iu_id left, right;
    TRY(bind_relation_column(b, rl, (uint32_t)(l - rl->columns), &left));
    TRY(bind_relation_column(b, rr, (uint32_t)(r - rr->columns), &right));
    const struct expr *x, *y, *equal;
    TRY(plan_column(b->plan, left, at, &x));
    TRY(plan_column(b->plan, right, at, &y));
    TRY(bind_compare(b, CMP_EQ, x, y, at, &equal));
    VEC_PUSH(b->cx, &join->join.conditions, equal);
    if (join->kind == LJOIN_FULL) { /* a column of its own: merge_pairs */
        l->hidden = r->hidden = true;
        VEC_PUSH(b->cx, &sides->pairs, (struct using_pair){name, left, right});
        return LLKV_OK;
    }
    (join->kind == LJOIN_RIGHT ? l : r)->hidden = true;
    (join->kind == LJOIN_RIGHT ? r : l)->merged = true;
    return LLKV_OK;
}

/* FULL JOIN USING: neither side always has the value. */
static llkv_code merge_pairs(struct binder *b, struct scope *scope, const struct sides *sides,
                             struct lnode **io_node)
{
    struct lnode *map;
    uint32_t count = sides->pairs.count;
    if (count == 0) return LLKV_OK;
    struct scope_column *columns = cx_alloc_array(b->cx, count, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    TRY(lnode_new(b->plan, LOP_MAP, *io_node, NULL, &map));
    for (uint32_t i = 0; i < count; i++) {
        const struct using_pair *pair = &sides->pairs.items[i];
        const struct expr *args[2], *e;
        struct type type;
        iu_id iu;
        TRY(plan_column(b->plan, pair->left, -1, &args[0]));
        TRY(plan_column(b->plan, pair->right, -1, &args[1]));
        TRY(bind_unify(b, args, 2, "the columns of USING", &type));
        TRY(bind_make(b, EXPR_COALESCE, 0, type, args, 2, -1, &e));
        TRY(plan_iu_new(b->plan, type, "", true, &iu));
        VEC_PUSH(b->cx, &map->map.items, (struct lmap_item){iu, e});
        columns[i] = (struct scope_column){.name = pair->name,
                                           .hash = slice_hash_folded(pair->name),
                                           .iu = iu,
                                           .type = type,
                                           .nullable = true,
                                           .merged = true};
    }
    struct scope_relation relation = {.column_count = count, .columns = columns};
    VEC_PUSH(b->cx, &scope->relations, relation);
    *io_node = map;
    return LLKV_OK;
}

static llkv_code using_all(struct binder *b, struct scope *scope, struct sides *sides,
                           const struct ast_join *ast, struct lnode *join)
{
    int32_t at = bind_at(b, &ast->base);
    for (uint32_t i = 0; i < ast->using.count; i++)
        TRY(using_column(b, scope, sides, join, ast->using.items[i].text,
                         bind_at_name(b, &ast->using.items[i])));
    if ((ast->base.flags & AST_JOIN_NATURAL) == 0) return LLKV_OK;
    uint32_t shared = 0;
    for (uint32_t i = sides->left; i < sides->middle; i++) {
        for (uint32_t c = 0; c < scope->relations.items[i].column_count; c++) {
            struct scope_column *column = &scope->relations.items[i].columns[c];
            struct scope_relation *other = NULL;
            if (column->hidden || column->merged) continue;
            if (visible_column(scope, sides->middle, sides->right, column->name, &other) == NULL)
                continue;
            TRY(using_column(b, scope, sides, join, column->name, at));
            shared++;
        }
    }
    if (shared > 0) return LLKV_OK;
    return cx_fail_at(b->cx, LLKV_SEMANTIC, at, "42703", "NATURAL JOIN without a common column");
}

static llkv_code join_kind(struct binder *b, const struct ast_join *ast, enum ljoin_kind *out)
{
    if ((ast->base.flags & AST_JOIN_ASOF) != 0) return bind_unsupported(b, &ast->base, "ASOF JOIN");
    switch ((enum ast_join_op)ast->base.op) {
    case AST_JOIN_INNER:
    case AST_JOIN_CROSS: *out = LJOIN_INNER; return LLKV_OK;
    case AST_JOIN_LEFT: *out = LJOIN_LEFT; return LLKV_OK;
    case AST_JOIN_RIGHT: *out = LJOIN_RIGHT; return LLKV_OK;
    case AST_JOIN_FULL: *out = LJOIN_FULL; return LLKV_OK;
    case AST_JOIN_SEMI: *out = LJOIN_SEMI; return LLKV_OK;
    case AST_JOIN_ANTI: *out = LJOIN_ANTI; return LLKV_OK;
    case AST_JOIN_POSITIONAL: break;
    }
    return bind_unsupported(b, &ast->base, "POSITIONAL JOIN");
}

/* (a JOIN b) AS j(...): one relation of all columns that * shows. */
static llkv_code rename_join(struct binder *b, struct scope *scope, uint32_t first,
                             const struct ast_join *ast)
{
    uint32_t room = 0, count = 0;
    for (uint32_t i = first; i < scope->relations.count; i++)
        room += scope->relations.items[i].column_count;
    struct scope_column *columns = cx_alloc_array(b->cx, room + 1u, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    for (int merged = 1; merged >= 0; merged--)
        for (uint32_t i = first; i < scope->relations.count; i++) {
            struct scope_relation *r = &scope->relations.items[i];
            for (uint32_t c = 0; c < r->column_count; c++) {
                iu_id iu;
                if (r->columns[c].hidden || r->columns[c].merged != (merged == 1)) continue;
                TRY(bind_relation_column(b, r, c, &iu));
                columns[count] = r->columns[c];
                columns[count++].merged = false;
            }
        }
    scope->relations.count = first;
    struct scope_relation relation = {.column_count = count, .columns = columns};
    return bind_add_relation(b, scope, &relation, &ast->alias, &ast->columns);
}

static llkv_code mark_lateral(struct binder *b, struct lnode *join)
{
    struct iuset outer = {0}, left = {0};
    if (!b->has_lateral) return LLKV_OK;
    TRY(lnode_free(b->plan, join->child[1], &outer));
    TRY(lnode_produced(b->plan, join->child[0], &left));
    join->dependent = iuset_intersects(&outer, &left);
    b->plan->has_subquery |= join->dependent;
    return LLKV_OK;
}

llkv_code bind_cross(struct binder *b, struct lnode *left, struct lnode *right, struct lnode **out)
{
    struct lnode *join;
    TRY(lnode_new(b->plan, LOP_JOIN, left, right, &join));
    join->kind = LJOIN_INNER;
    b->plan->has_join = true;
    *out = join;
    return mark_lateral(b, join);
}

llkv_code bind_join(struct binder *b, struct scope *scope, const struct ast_join *ast,
                    struct lnode **out)
{
    enum ljoin_kind kind = LJOIN_INNER;
    struct lnode *left, *right, *join;
    struct sides sides = {.left = scope->relations.count};
    TRY(join_kind(b, ast, &kind));
    TRY(bind_item(b, scope, ast->left, &left));
    sides.middle = scope->relations.count;
    TRY(bind_item(b, scope, ast->right, &right));
    sides.right = scope->relations.count;
    if (kind == LJOIN_LEFT || kind == LJOIN_FULL) pad_side(b, scope, sides.middle, sides.right);
    TRY(lnode_new(b->plan, LOP_JOIN, left, right, &join));
    join->kind = (uint8_t)kind;
    b->plan->has_join = true;
    b->plan->has_outer |= kind != LJOIN_INNER;
    TRY(mark_lateral(b, join));
    if (join->dependent && (kind == LJOIN_RIGHT || kind == LJOIN_FULL))
        return bind_unsupported(b, ast->right, "LATERAL on the right side of a RIGHT or FULL join");
    TRY(using_all(b, scope, &sides, ast, join));
    *out = join;
    if (ast->on != NULL) {
        struct scope part = part_of(scope, sides.left, sides.right);
        TRY(join_condition(b, &part, join, ast->on, out));
    }
    if (kind == LJOIN_RIGHT || kind == LJOIN_FULL) pad_side(b, scope, sides.left, sides.middle);
    if (kind == LJOIN_SEMI || kind == LJOIN_ANTI) scope->relations.count = sides.middle;
    TRY(merge_pairs(b, scope, &sides, out));
    return ast_name_given(&ast->alias) ? rename_join(b, scope, sides.left, ast) : LLKV_OK;
}

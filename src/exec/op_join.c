/* op_join.c -- linking of joins: what is kept of the right side, where output columns come from. */
#include "exec/join.h"

struct column_set {
    const iu_id *layout;
    uint32_t count;
    uint64_t *used;
};

static void use_column(void *arg, iu_id column)
{
    struct column_set *set = arg;
    const int32_t at = layout_find(set->layout, set->count, column);
    if (at >= 0) bit_set(set->used, (size_t)at);
}

static bool is_float(uint8_t phys)
{
    return phys == PHYS_F32 || phys == PHYS_F64 || phys == PHYS_NUMBER;
}

/* The column of the built row that holds column `c` of the right child: a key that is that column,
 * unless keys change it (-0.0), or a place of its own. */
static int32_t key_slot(const struct pnode_join *node, uint32_t c)
{
    const struct pnode *right = node->base.child[1];
    for (uint32_t k = 0; k < node->key_count; k++) {
        const struct expr *e = node->keys[k].right;
        if (e->kind == EXPR_COLUMN && e->column == right->out[c] && !is_float(e->type.phys))
            return (int32_t)k;
    }
    return -1;
}

/* Format of the built rows; slots[c] is the place of the right child's column c. */
static llkv_code link_build(struct linker *lk, struct op_join *join, const uint64_t *used,
                            uint32_t *slots)
{
    const struct pnode_join *node = join->node;
    const struct pnode *right = node->base.child[1];
    const uint32_t most = node->key_count + right->out_count;
    uint8_t *phys = cx_alloc(lk->cx, most + 1);
    join->build_exprs = cx_alloc_array(lk->cx, most + 1, sizeof *join->build_exprs);
    join->probe_keys = cx_alloc_array(lk->cx, node->key_count + 1, sizeof *join->probe_keys);
    if (phys == NULL || join->build_exprs == NULL || join->probe_keys == NULL) return LLKV_NOMEM;
    const struct pnode *left = node->base.child[0];
    uint32_t count = node->key_count;
    for (uint32_t k = 0; k < node->key_count; k++) {
        TRY(link_expr(lk, node->keys[k].right, right->out, right->out_count,
                      &join->build_exprs[k]));
        TRY(link_expr(lk, node->keys[k].left, left->out, left->out_count, &join->probe_keys[k]));
        phys[k] = join->build_exprs[k].type.phys;
        CHECK(lk->cx, phys[k] == join->probe_keys[k].type.phys);
    }
    for (uint32_t c = 0; c < right->out_count; c++) {
        if (!bit_get(used, c)) continue;
        const int32_t key = key_slot(node, c);
        slots[c] = key >= 0 ? (uint32_t)key : count;
        if (key >= 0) continue;
        join->build_exprs[count] = (struct link_expr){.column = c, .type = right->out_types[c]};
        phys[count++] = right->out_types[c].phys;
    }
    TRY(rowfmt_init(lk->cx, &join->fmt, phys, count, node->key_count, 0));
    join->key_end = count > node->key_count ? join->fmt.at[node->key_count] : join->fmt.end;
    join->group_fmt = join->fmt;
    if (node->key_count != 0) join->group_fmt.key_count--;
    join->one_word = node->key_count == 1 && join->fmt.packed && !is_float(phys[0]) &&
                     phys[0] != PHYS_NULLS && !node->keys[0].null_equal;
    return LLKV_OK;
}

static llkv_code locate(struct linker *lk, const struct op_join *join, const uint32_t *slots,
                        iu_id column, struct join_column *out)
{
    const struct pnode_join *node = join->node;
    const struct pnode *left = node->base.child[0], *right = node->base.child[1];
    int32_t at = layout_find(left->out, left->out_count, column);
    if (at >= 0) {
        *out = (struct join_column){JOIN_LEFT, (uint32_t)at};
        return LLKV_OK;
    }
    at = layout_find(right->out, right->out_count, column);
    if (at >= 0) {
        *out = (struct join_column){JOIN_RIGHT, slots[at]};
        return LLKV_OK;
    }
    CHECK(lk->cx, column == node->mark);
    CHECK(lk->cx, node->kind == PJOIN_MARK_EXISTS || node->kind == PJOIN_MARK_IN);
    *out = (struct join_column){JOIN_MARK, 0};
    return LLKV_OK;
}

/* The residual sees the columns of both sides; only those it uses are gathered. */
static llkv_code link_residual(struct linker *lk, struct op_join *join, const iu_id *layout,
                               const uint32_t *slots, const uint64_t *left_used,
                               const uint64_t *right_used)
{
    const struct pnode_join *node = join->node;
    const uint32_t left = node->base.child[0]->out_count, right = node->base.child[1]->out_count;
    struct pfilter filter = node->residual;
    join->residual_count = left + right;
    join->residual_columns =
        cx_alloc_array(lk->cx, left + right + 1, sizeof *join->residual_columns);
    if (join->residual_columns == NULL) return LLKV_NOMEM;
    for (uint32_t c = 0; c < left; c++)
        join->residual_columns[c] =
            (struct join_column){bit_get(left_used, c) ? JOIN_LEFT : JOIN_MARK, c};
    for (uint32_t c = 0; c < right; c++)
        join->residual_columns[left + c] =
            (struct join_column){bit_get(right_used, c) ? JOIN_RIGHT : JOIN_MARK, slots[c]};
    if (join->loop && join->in_kind) {
        CHECK(lk->cx, filter.count != 0);
        join->compare = cx_alloc(lk->cx, sizeof *join->compare);
        if (join->compare == NULL) return LLKV_NOMEM;
        filter.count--;
        TRY(link_expr(lk, filter.conjuncts[filter.count], layout, left + right, join->compare));
    }
    return link_conjuncts(lk, &filter, layout, left + right, &join->residual);
}

llkv_code join_link_columns(struct linker *lk, struct op_join *join)
{
    const struct pnode_join *node = join->node;
    const struct pnode *left = node->base.child[0], *right = node->base.child[1];
    const uint32_t both = left->out_count + right->out_count;
    iu_id *layout = cx_alloc_array(lk->cx, both + 1, sizeof *layout);
    uint64_t *left_used = cx_alloc_zero(lk->cx, (bitmap_words(left->out_count) + 1) * 8);
    uint64_t *right_used = cx_alloc_zero(lk->cx, (bitmap_words(right->out_count) + 1) * 8);
    uint64_t *kept = cx_alloc_zero(lk->cx, (bitmap_words(right->out_count) + 1) * 8);
    uint32_t *slots = cx_alloc_zero(lk->cx, (right->out_count + 1) * sizeof *slots);
    join->out = cx_alloc_array(lk->cx, node->base.out_count + 1, sizeof *join->out);
    if (layout == NULL || left_used == NULL || right_used == NULL || kept == NULL ||
        slots == NULL || join->out == NULL)
        return LLKV_NOMEM;
    memcpy(layout, left->out, left->out_count * sizeof *layout);
    memcpy(layout + left->out_count, right->out, right->out_count * sizeof *layout);
    struct column_set l = {left->out, left->out_count, left_used};
    struct column_set r = {right->out, right->out_count, right_used};
    struct column_set k = {right->out, right->out_count, kept};
    for (uint32_t i = 0; i < node->residual.count; i++) {
        expr_columns(node->residual.conjuncts[i], use_column, &l);
        expr_columns(node->residual.conjuncts[i], use_column, &r);
        expr_columns(node->residual.conjuncts[i], use_column, &k);
    }
    for (uint32_t i = 0; i < node->base.out_count; i++)
        use_column(&k, node->base.out[i]);
    TRY(link_build(lk, join, kept, slots));
    for (uint32_t i = 0; i < node->base.out_count; i++)
        TRY(locate(lk, join, slots, node->base.out[i], &join->out[i]));
    return link_residual(lk, join, layout, slots, left_used, right_used);
}

static const struct op_class join_class = {
    .name = "join",
    .cost_ns = 15,
    .prepare = join_prepare,
    .attach = join_attach,
    .push = join_push,
};
static const struct op_class join_right_class = {
    .name = "join that keeps the right side",
    .cost_ns = 15,
    .prepare = join_prepare,
    .attach = join_attach,
    .push = join_push,
    .flush = join_flush,
};

llkv_code link_join(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    const struct pnode_join *j = (const struct pnode_join *)node;
    struct op_join *join;
    TRY(link_op(lk, join_keeps_right(j->kind) ? &join_right_class : &join_class, node, sizeof *join,
                &join));
    join->node = j;
    join->kind = j->kind;
    join->loop = j->key_count == 0;
    join->in_kind = j->kind == PJOIN_MARK_IN || j->kind == PJOIN_ANTI_NULL;
    join->deferred = join->loop || j->residual.count != 0;
    TRY(link_chain(lk, node->child[1], &join->build));
    TRY(join_link_columns(lk, join));
    *out_op = &join->op;
    return LLKV_OK;
}

/* dml.c -- the targets of INSERT, UPDATE, DELETE. */
#include "plan/phys/phys.h"

static llkv_code exprs_of(struct phys *p, const struct expr *const *exprs, uint32_t count,
                          const struct expr *const **out)
{
    const struct expr **list = cx_alloc_array(p->cx, count + 1u, sizeof *list);
    if (list == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        TRY(phys_expr(p, exprs[i], &list[i]));
    *out = list;
    return LLKV_OK;
}

static llkv_code target(struct phys *p, enum pop op, size_t bytes, struct pnode *child,
                        struct pnode **out)
{
    TRY(phys_node(p, op, bytes, NULL, 0, out));
    (*out)->child[0] = child;
    (*out)->child_count = 1;
    (*out)->rows = child->rows;
    return LLKV_OK;
}

static llkv_code phys_insert(struct phys *p, const struct ldml *dml, struct pnode *child,
                             struct pnode **out)
{
    TRY(target(p, POP_INSERT, sizeof(struct pnode_insert), child, out));
    struct pnode_insert *node = (struct pnode_insert *)*out;
    node->table = dml->object->table;
    node->object_id = dml->object->id;
    node->on_conflict = dml->on_conflict;
    node->row = dml->row;
    node->check_names = dml->check_names;
    TRY(exprs_of(p, dml->values, dml->column_count, &node->values));
    return phys_filter(p, &dml->checks, &node->checks);
}

static llkv_code phys_update(struct phys *p, const struct ldml *dml, struct pnode *child,
                             struct pnode **out)
{
    TRY(target(p, POP_UPDATE, sizeof(struct pnode_update), child, out));
    struct pnode_update *node = (struct pnode_update *)*out;
    uint32_t width = table_definition(dml->object->table)->column_count;
    node->table = dml->object->table;
    node->object_id = dml->object->id;
    node->row_id = dml->row_id;
    node->column_count = dml->column_count;
    node->columns = dml->columns;
    node->on_conflict = dml->on_conflict;
    node->row = dml->row;
    node->check_names = dml->check_names;
    TRY(exprs_of(p, dml->values, dml->column_count, &node->values));
    if (dml->current != NULL) TRY(exprs_of(p, dml->current, width, &node->current));
    return phys_filter(p, &dml->checks, &node->checks);
}

/* The columns the target reads from its input. */
static llkv_code dml_need(struct phys *p, const struct ldml *dml, struct iuset *out)
{
    if (dml->row_id != 0) TRY(iuset_add(p->cx, out, dml->row_id));
    for (uint32_t i = 0; i < dml->column_count; i++)
        TRY(iuset_add_expr(p->cx, out, dml->values[i]));
    uint32_t width = table_definition(dml->object->table)->column_count;
    for (uint32_t i = 0; dml->current != NULL && i < width; i++)
        TRY(iuset_add_expr(p->cx, out, dml->current[i]));
    return LLKV_OK;
}

llkv_code phys_dml(struct phys *p, const struct ldml *dml, struct pnode **out)
{
    struct iuset need = {0};
    struct pnode *child;
    TRY(dml_need(p, dml, &need));
    TRY(phys_build(p, p->plan->root, &need, &child));
    if (dml->kind == LDML_INSERT) return phys_insert(p, dml, child, out);
    if (dml->kind == LDML_UPDATE) return phys_update(p, dml, child, out);
    TRY(target(p, POP_DELETE, sizeof(struct pnode_delete), child, out));
    struct pnode_delete *node = (struct pnode_delete *)*out;
    node->table = dml->object->table;
    node->object_id = dml->object->id;
    node->row_id = dml->row_id;
    node->all = dml->all;
    return LLKV_OK;
}

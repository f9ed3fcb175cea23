/* pplan.c -- the physical plan as a whole. */
#include <string.h>

#include "plan/phys/phys.h"

static llkv_code phys_init(struct phys *p, struct plan *plan)
{
    *p = (struct phys){.plan = plan, .cx = plan->cx};
    p->iu_capacity = plan->ius.count * 2 + 16;
    p->parameter_of = cx_alloc_array(p->cx, p->iu_capacity, sizeof *p->parameter_of);
    p->shared_index = cx_alloc_array(p->cx, plan->shared.count + 1u, sizeof *p->shared_index);
    if (p->parameter_of == NULL || p->shared_index == NULL) return LLKV_NOMEM;
    memset(p->parameter_of, 0, p->iu_capacity * sizeof *p->parameter_of);
    memset(p->shared_index, 0, (plan->shared.count + 1u) * sizeof *p->shared_index);
    p->parameter_count = plan->parameter_types.count;
    return LLKV_OK;
}

/* The rows go to a file instead of the caller. */
static llkv_code build_copy_to(struct phys *p, struct pnode *rows, struct pplan *out)
{
    struct csv_target *target = p->plan->copy_to;
    struct csv_sink_column *columns = cx_alloc_array(p->cx, rows->out_count + 1u, sizeof *columns);
    struct pnode *root;
    if (columns == NULL) return LLKV_NOMEM;
    CHECK(p->cx, target->column_count == rows->out_count);
    for (uint32_t i = 0; i < rows->out_count; i++) {
        columns[i] = target->columns[i];
        columns[i].type = rows->out_types[i];
    }
    target->columns = columns;
    TRY(phys_node(p, POP_CSV_WRITE, sizeof(struct pnode_csv_write), NULL, 0, &root));
    ((struct pnode_csv_write *)root)->target = target;
    root->child[0] = rows;
    root->child_count = 1;
    root->rows = rows->rows;
    out->kind = LLKV_RESULT_COPY;
    out->root = root;
    out->column_count = 0;
    out->types = NULL;
    return LLKV_OK;
}

static llkv_code build_result(struct phys *p, struct pplan *out)
{
    struct plan *plan = p->plan;
    struct iuset need = {0};
    struct pnode *root;
    for (uint32_t i = 0; i < plan->out.count; i++)
        TRY(iuset_add(p->cx, &need, plan->out.items[i]));
    TRY(phys_build(p, plan->root, &need, &root));
    TRY(phys_columns(p, root, plan->out.items, plan->out.count, &root));
    out->kind = LLKV_RESULT_SELECT;
    out->root = root;
    out->column_count = root->out_count;
    out->types = root->out_types;
    out->names = plan->names;
    out->ordered = plan->ordered;
    return plan->copy_to == NULL ? LLKV_OK : build_copy_to(p, root, out);
}

static llkv_code build_dml(struct phys *p, const struct ldml *dml, struct pplan *out)
{
    struct pnode *root;
    TRY(phys_dml(p, dml, &root));
    out->changes = true;
    out->root = root;
    out->kind = dml->copy                  ? LLKV_RESULT_COPY
                : dml->kind == LDML_INSERT ? LLKV_RESULT_INSERT
                : dml->kind == LDML_UPDATE ? LLKV_RESULT_UPDATE
                                           : LLKV_RESULT_DELETE;
    out->object_name = cx_strndup(p->cx, dml->object->name, strlen(dml->object->name));
    return out->object_name == NULL ? LLKV_NOMEM : LLKV_OK;
}

static llkv_code keep_names(struct phys *p, struct pplan *out)
{
    const char **names = cx_alloc_array(p->cx, p->plan->ius.count + 1u, sizeof *names);
    if (names == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < p->plan->ius.count; i++)
        names[i] = p->plan->ius.items[i].name;
    out->iu_names = names;
    out->iu_count = p->plan->ius.count;
    return LLKV_OK;
}

llkv_code plan_physical(struct plan *plan, const struct ldml *dml, struct pplan **out_pplan)
{
    struct phys p;
    struct pplan *out = cx_alloc_zero(plan->cx, sizeof *out);
    if (out == NULL) return LLKV_NOMEM;
    TRY(phys_init(&p, plan));
    if (dml->kind == LDML_NONE)
        TRY(build_result(&p, out));
    else
        TRY(build_dml(&p, dml, out));
    TRY(keep_names(&p, out));
    out->node_count = p.node_count;
    out->user_parameter_count = plan->parameter_types.count;
    out->parameter_count = p.parameter_count;
    out->parameter_types = plan->parameter_types.items;
    out->inits = p.inits.items;
    out->init_count = p.inits.count;
    out->shared = p.shared.items;
    out->shared_count = p.shared.count;
    if (!plan->reads_files) out->catalog_version = catalog_scope_version(&plan->catalog);
    out->uses_clock = plan->uses_clock;
    out->sqlite_compat = plan->settings->sqlite_compat;
    *out_pplan = out;
    return LLKV_OK;
}

/* star.c -- the columns that a * stands for. */
#include "plan/bind/bind.h"

static llkv_code add_relation(struct binder *b, struct scope_relation *r, bool qualified,
                              bool merged, star_columns *out)
{
    for (uint32_t c = 0; c < r->column_count; c++) {
        if (!qualified && r->columns[c].hidden) continue;
        if (!qualified && r->columns[c].merged != merged) continue;
        VEC_PUSH(b->cx, out, (struct star_column){r->columns[c].name, r, c, NULL});
    }
    return LLKV_OK;
}

static llkv_code all_columns(struct binder *b, struct scope *scope, const struct ast_star *star,
                             star_columns *out)
{
    if (star->qualifier.count != 0) {
        struct scope_relation *r;
        TRY(bind_relation(b, scope, &star->qualifier, &r));
        return add_relation(b, r, true, false, out);
    }
    if (scope->relations.count == 0)
        return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, &star->base), "42601", "* without FROM");
    for (int merged = 1; merged >= 0; merged--)
        for (uint32_t i = 0; i < scope->relations.count; i++)
            TRY(add_relation(b, &scope->relations.items[i], false, merged == 1, out));
    return LLKV_OK;
}

static bool is_called(const struct star_column *column, const struct ast_path *path)
{
    if (!slice_equal_folded(column->name, path->parts[path->count - 1].text)) return false;
    return path->count == 1 ||
           slice_equal_folded(column->relation->name, path->parts[path->count - 2].text);
}

static llkv_code not_there(struct binder *b, const struct ast *at, const struct ast_path *path)
{
    return cx_fail_at(b->cx, LLKV_NAME, bind_at(b, at), "42703",
                      "\"%.*s\" is not among the columns of *",
                      SLICE_ARG(path->parts[path->count - 1].text));
}

static llkv_code exclude(struct binder *b, const struct ast_star *star, star_columns *io)
{
    for (uint32_t i = 0; i < star->exclude.count; i++) {
        const struct ast *item = star->exclude.items[i];
        const struct ast_path *path = &((const struct ast_column *)item)->path;
        uint32_t kept = 0;
        for (uint32_t c = 0; c < io->count; c++)
            if (!is_called(&io->items[c], path)) io->items[kept++] = io->items[c];
        if (kept == io->count) return not_there(b, item, path);
        io->count = kept;
    }
    if (io->count != 0) return LLKV_OK;
    return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, &star->base), "42601",
                      "EXCLUDE leaves no column");
}

static llkv_code replace(struct binder *b, const struct ast_star *star, star_columns *io)
{
    for (uint32_t i = 0; i < star->replace.count; i++) {
        const struct ast_item *item = (const struct ast_item *)star->replace.items[i];
        struct ast_name name = item->name;
        const struct ast_path path = {.parts = &name, .count = 1};
        bool found = false;
        for (uint32_t c = 0; c < io->count; c++) {
            if (!is_called(&io->items[c], &path)) continue;
            io->items[c].replaced = item->value;
            found = true;
        }
        if (!found) return not_there(b, &item->base, &path);
    }
    return LLKV_OK;
}

static llkv_code rename(struct binder *b, const struct ast_star *star, star_columns *io)
{
    for (uint32_t i = 0; i < star->rename.count; i++) {
        const struct ast_item *item = (const struct ast_item *)star->rename.items[i];
        const struct ast_path *path = &((const struct ast_column *)item->value)->path;
        bool found = false;
        for (uint32_t c = 0; c < io->count; c++) {
            if (!is_called(&io->items[c], path)) continue;
            io->items[c].name = item->name.text;
            found = true;
        }
        if (!found) return not_there(b, &item->base, path);
    }
    return LLKV_OK;
}

llkv_code bind_star(struct binder *b, struct scope *scope, const struct ast_star *star,
                    star_columns *out)
{
    TRY(all_columns(b, scope, star, out));
    if (star->exclude.count != 0) TRY(exclude(b, star, out));
    if (star->replace.count != 0) TRY(replace(b, star, out));
    return star->rename.count != 0 ? rename(b, star, out) : LLKV_OK;
}

/* read_csv.c -- files of delimited text in FROM: 'file.csv', read_csv(), sniff_csv(). Names and
 * types of columns are found out while the statement is bound. */
#include "plan/bind/bind.h"

/* header = true, delim := '|', skip => 1 */
static llkv_code named_option(struct binder *b, const struct ast *arg, struct ast **out)
{
    struct ast_option *option = cx_alloc_zero(b->cx, sizeof *option);
    struct ast **values = cx_alloc_array(b->cx, 1, sizeof *values);
    const struct ast_binary *equal = (const struct ast_binary *)arg;
    if (option == NULL || values == NULL) return LLKV_NOMEM;
    if (arg->kind == AST_ARGUMENT) {
        option->name = ((const struct ast_argument *)arg)->name;
        values[0] = ((const struct ast_argument *)arg)->value;
    } else if (arg->kind == AST_BINARY && arg->op == AST_BINARY_EQ &&
               equal->left->kind == AST_COLUMN &&
               ((const struct ast_column *)equal->left)->path.count == 1) {
        option->name = ((const struct ast_column *)equal->left)->path.parts[0];
        values[0] = equal->right;
    } else {
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, arg), "42601",
                          "the arguments are the name of a file and options as name = value");
    }
    option->base = (struct ast){.kind = AST_OPTION, .at = arg->at, .end = arg->end};
    option->values = (struct ast_list){.items = values, .count = 1};
    *out = &option->base;
    return LLKV_OK;
}

static llkv_code call_arguments(struct binder *b, const struct ast_call *call, const char **path,
                                struct csv_options *options)
{
    struct ast **items = cx_alloc_array(b->cx, call->args.count + 1u, sizeof *items);
    if (items == NULL) return LLKV_NOMEM;
    if (call->args.count == 0)
        return cx_fail_at(b->cx, LLKV_NAME, bind_at(b, &call->base), "42883",
                          "the name of a file is missing");
    TRY(bind_file_name(b, call->args.items[0], path));
    for (uint32_t i = 1; i < call->args.count; i++)
        TRY(named_option(b, call->args.items[i], &items[i - 1]));
    const struct ast_list list = {.items = items, .count = call->args.count - 1};
    return bind_csv_options(b, &list, false, options);
}

/* ---- rows ---- */

/* The columns of the file, each with an IU. */
static llkv_code file_columns(struct binder *b, const struct csv_sniffed *sniffed,
                              struct lnode *node, struct csv_column *columns,
                              struct scope_column *scope_columns)
{
    for (uint32_t c = 0; c < sniffed->column_count; c++) {
        const char *name = sniffed->names[c];
        iu_id iu;
        columns[c] = (struct csv_column){.type = sniffed->types[c], .name = name};
        TRY(plan_iu_new(b->plan, sniffed->types[c], name, true, &iu));
        VEC_PUSH(b->cx, &node->csv.ius, iu);
        scope_columns[c] = (struct scope_column){.name = slice_of(name),
                                                 .hash = slice_hash_folded(slice_of(name)),
                                                 .iu = iu,
                                                 .type = sniffed->types[c],
                                                 .nullable = true};
    }
    return LLKV_OK;
}

static llkv_code bind_file(struct binder *b, const char *path, const struct csv_dialect *dialect,
                           struct slice name, struct lnode **out, struct scope_relation *relation)
{
    struct csv_sniffed sniffed;
    TRY(csv_sniff(b->cx, path, dialect, &sniffed));
    if (sniffed.column_count > BIND_COLUMNS_MAX)
        return cx_fail_at(b->cx, LLKV_LIMIT, -1, "54011",
                          "%s has %u columns, at most %d can be read", path, sniffed.column_count,
                          BIND_COLUMNS_MAX);
    struct csv_spec *spec = cx_alloc_zero(b->cx, sizeof *spec);
    struct csv_column *columns = cx_alloc_array(b->cx, sniffed.column_count, sizeof *columns);
    struct scope_column *shown = cx_alloc_array(b->cx, sniffed.column_count, sizeof *shown);
    if (spec == NULL || columns == NULL || shown == NULL) return LLKV_NOMEM;
    TRY(lnode_new(b->plan, LOP_CSV, NULL, NULL, out));
    TRY(file_columns(b, &sniffed, *out, columns, shown));
    *spec = (struct csv_spec){.path = path,
                              .dialect = sniffed.dialect,
                              .column_count = sniffed.column_count,
                              .columns = columns,
                              .table = path};
    (*out)->csv.spec = spec;
    b->plan->reads_files = true;
    *relation = (struct scope_relation){.name = name,
                                        .hash = slice_hash_folded(name),
                                        .column_count = sniffed.column_count,
                                        .columns = shown};
    return LLKV_OK;
}

/* "data/people.csv" is people. */
static struct slice stem_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(name, '.');
    return (struct slice){name, dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name)};
}

llkv_code bind_csv_table(struct binder *b, const struct ast_table *table, struct lnode **out,
                         struct scope_relation *relation)
{
    const struct csv_dialect dialect = {.header = CSV_SNIFF};
    struct slice text = table->path.parts[0].text;
    TRY(bind_refuse_files(b, &table->base));
    const char *path = cx_strndup(b->cx, text.data, text.len);
    if (path == NULL) return LLKV_NOMEM;
    if (strlen(path) != text.len)
        return cx_fail_at(b->cx, LLKV_DATA, bind_at(b, &table->base), "22021",
                          "the name of a file has no zero bytes");
    return bind_file(b, path, &dialect, stem_of(path), out, relation);
}

/* ---- sniff_csv ---- */

/* As SQL writes a name: quotes in it are doubled. */
static const char *quoted_name(struct binder *b, const char *name)
{
    char *text = cx_alloc(b->cx, strlen(name) * 2 + 3), *to = text;
    if (text == NULL) return NULL;
    *to++ = '"';
    for (; *name != '\0'; name++) {
        if (*name == '"') *to++ = '"';
        *to++ = *name;
    }
    *to++ = '"';
    *to = '\0';
    return text;
}

static llkv_code column_list(struct binder *b, const struct csv_sniffed *sniffed, const char **out)
{
    const char *text = "";
    for (uint32_t c = 0; c < sniffed->column_count && text != NULL; c++) {
        char type[32];
        type_print(sniffed->types[c], type, sizeof type);
        const char *name = quoted_name(b, sniffed->names[c]);
        if (name == NULL) return LLKV_NOMEM;
        text = cx_printf(b->cx, "%s%s%s %s", text, c == 0 ? "" : ", ", name, type);
    }
    *out = text;
    return text == NULL ? LLKV_NOMEM : LLKV_OK;
}

static llkv_code text_cell(struct binder *b, const char *text, const struct expr **out)
{
    const struct value value = {.type = type_of(TYPE_VARCHAR), .s = slice_of(text)};
    return expr_const(b->cx, &value, -1, out);
}

static llkv_code sniff_row(struct binder *b, const struct csv_sniffed *sniffed,
                           const struct expr **cells)
{
    const struct csv_dialect *d = &sniffed->dialect;
    const char delimiter[2] = {d->delimiter, '\0'}, quote[2] = {d->quote, '\0'};
    const char escape[2] = {d->escape, '\0'};
    const char *columns;
    TRY(column_list(b, sniffed, &columns));
    TRY(text_cell(b, cx_strndup(b->cx, delimiter, 1), &cells[0]));
    TRY(text_cell(b, cx_strndup(b->cx, quote, strlen(quote)), &cells[1]));
    TRY(text_cell(b, cx_strndup(b->cx, escape, strlen(escape)), &cells[2]));
    TRY(bind_bool(b, d->header == CSV_YES, -1, &cells[3]));
    return text_cell(b, columns, &cells[4]);
}

static llkv_code bind_sniff(struct binder *b, const char *path, const struct csv_dialect *dialect,
                            struct slice name, struct lnode **out, struct scope_relation *relation)
{
    enum { COLUMN_COUNT = 5 };
    static const char *const names[COLUMN_COUNT] = {"delimiter", "quote", "escape", "has_header",
                                                    "columns"};
    struct scope_column *shown = cx_alloc_array(b->cx, COLUMN_COUNT, sizeof *shown);
    const struct expr *cells[COLUMN_COUNT];
    struct csv_sniffed sniffed;
    if (shown == NULL) return LLKV_NOMEM;
    TRY(csv_sniff(b->cx, path, dialect, &sniffed));
    TRY(sniff_row(b, &sniffed, cells));
    TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, out));
    (*out)->values.row_count = 1;
    b->plan->reads_files = true;
    for (uint32_t c = 0; c < COLUMN_COUNT; c++) {
        iu_id iu;
        TRY(plan_iu_new(b->plan, cells[c]->type, names[c], false, &iu));
        VEC_PUSH(b->cx, &(*out)->values.ius, iu);
        VEC_PUSH(b->cx, &(*out)->values.exprs, cells[c]);
        shown[c] = (struct scope_column){.name = slice_of(names[c]),
                                         .hash = slice_hash_folded(slice_of(names[c])),
                                         .iu = iu,
                                         .type = cells[c]->type};
    }
    *relation = (struct scope_relation){.name = name,
                                        .hash = slice_hash_folded(name),
                                        .column_count = COLUMN_COUNT,
                                        .columns = shown};
    return LLKV_OK;
}

bool bind_is_csv_function(struct slice name)
{
    return slice_equal_folded(name, SLICE("read_csv")) ||
           slice_equal_folded(name, SLICE("read_csv_auto")) ||
           slice_equal_folded(name, SLICE("sniff_csv"));
}

llkv_code bind_csv_function(struct binder *b, const struct ast_call *call, struct lnode **out,
                            struct scope_relation *relation)
{
    struct slice name = call->name.parts[call->name.count - 1].text;
    struct csv_options options;
    const char *path;
    TRY(bind_refuse_files(b, &call->base));
    TRY(call_arguments(b, call, &path, &options));
    if (slice_equal_folded(name, SLICE("sniff_csv")))
        return bind_sniff(b, path, &options.dialect, name, out, relation);
    return bind_file(b, path, &options.dialect, name, out, relation);
}

/* ast.c -- walking, copying, comparing and hashing trees, all from the list in ast.def.
 *
 * Left-deep chains of binary operators are walked in a loop; everything else recurses, to
 * CX_DEPTH_MAX levels. */
#include "sql/ast.h"

#include "base/hash.h"
#include "base/vec.h"

enum form { KIND, NODE, LIST, CELLS, NAME, NAMES, PATH, SLICE_TEXT, U32, I64 };

struct field {
    uint16_t offset; /* of a KIND: the size of the struct */
    uint16_t form;
};

/* One table: a KIND, the fields of that kind, the next KIND ... */
#define FORM_NODE NODE
#define FORM_LIST LIST
#define FORM_CELLS CELLS
#define FORM_NAME NAME
#define FORM_NAMES NAMES
#define FORM_PATH PATH
#define FORM_SLICE SLICE_TEXT
#define FORM_U32 U32
#define FORM_I64 I64
static const struct field fields[] = {
#define AST_NODE(name, type) {sizeof(struct type), KIND},
#define AST_FIELD(type, member, form) {offsetof(struct type, member), FORM_##form},
#include "sql/ast.def"
#undef AST_NODE
#undef AST_FIELD
    {0, KIND},
};
enum field_index {
#define AST_NODE(name, type) START_##name,
#define AST_FIELD(type, member, form) INDEX_##type##_##member,
#include "sql/ast.def"
#undef AST_NODE
#undef AST_FIELD
    INDEX_END
};
static const uint16_t starts[AST_KIND_COUNT] = {
#define AST_NODE(name, type) [AST_##name] = START_##name,
#define AST_FIELD(type, member, form)
#include "sql/ast.def"
#undef AST_NODE
#undef AST_FIELD
};
static const char *const kind_names[AST_KIND_COUNT] = {
    "none",
#define AST_NODE(name, type) #name,
#define AST_FIELD(type, member, form)
#include "sql/ast.def"
#undef AST_NODE
#undef AST_FIELD
};

static const struct field *first_field(const struct ast *node)
{
    return &fields[starts[node->kind] + 1];
}

static const void *member(const struct ast *node, const struct field *field)
{
    return (const char *)node + field->offset;
}

/* Members are read by memcpy: a pointer to a node may have any node's type. */
static struct ast *child_of(const struct ast *node, const struct field *field)
{
    struct ast *child;
    memcpy(&child, member(node, field), sizeof child);
    return child;
}

/* The children of a LIST or of CELLS. */
static struct ast_list list_of(const struct ast *node, const struct field *field)
{
    struct ast_list list;
    if (field->form == LIST) {
        memcpy(&list, member(node, field), sizeof list);
    } else {
        const struct ast_values *values = (const struct ast_values *)node;
        list = (struct ast_list){values->cells, values->row_count * values->column_count};
    }
    return list;
}

/* ---- walking -------------------------------------------------------------------------------- */

static llkv_code visit(struct cx *cx, const struct ast *node, ast_visit_fn *fn, void *state);

static llkv_code visit_children(struct cx *cx, const struct ast *node, ast_visit_fn *fn,
                                void *state)
{
    for (const struct field *f = first_field(node); f->form != KIND; f++) {
        if (f->form == NODE) {
            TRY(visit(cx, child_of(node, f), fn, state));
        } else if (f->form == LIST || f->form == CELLS) {
            struct ast_list list = list_of(node, f);
            for (uint32_t i = 0; i < list.count; i++)
                TRY(visit(cx, list.items[i], fn, state));
        }
    }
    return LLKV_OK;
}

/* The chain of left operands first, then the right ones from the bottom up. */
static llkv_code visit_spine(struct cx *cx, const struct ast *node, ast_visit_fn *fn, void *state)
{
    VEC(const struct ast *) rights = {0};
    for (;;) {
        bool descend = true;
        TRY(fn(cx, node, state, &descend));
        if (!descend) break;
        if (node->kind != AST_BINARY) {
            TRY(visit_children(cx, node, fn, state));
            break;
        }
        const struct ast_binary *binary = (const struct ast_binary *)node;
        VEC_PUSH(cx, &rights, binary->right);
        node = binary->left;
    }
    while (rights.count > 0)
        TRY(visit(cx, rights.items[--rights.count], fn, state));
    return LLKV_OK;
}

static llkv_code visit(struct cx *cx, const struct ast *node, ast_visit_fn *fn, void *state)
{
    if (node == NULL) return LLKV_OK;
    TRY(cx_enter(cx));
    TRY(visit_spine(cx, node, fn, state));
    cx_leave(cx);
    return LLKV_OK;
}

llkv_code ast_visit(struct cx *cx, const struct ast *node, ast_visit_fn *fn, void *state)
{
    return visit(cx, node, fn, state);
}

/* ---- copying -------------------------------------------------------------------------------- */

static llkv_code clone_slice(struct cx *cx, struct slice *text)
{
    if (text->data == NULL) return LLKV_OK;
    char *copy = cx_strndup(cx, text->data, text->len);
    if (copy == NULL) return LLKV_NOMEM;
    text->data = copy;
    return LLKV_OK;
}

static llkv_code clone_names(struct cx *cx, struct ast_name **items, uint32_t count)
{
    if (count == 0) return LLKV_OK;
    struct ast_name *copy = cx_alloc_array(cx, count, sizeof *copy);
    if (copy == NULL) return LLKV_NOMEM;
    memcpy(copy, *items, count * sizeof *copy);
    for (uint32_t i = 0; i < count; i++)
        TRY(clone_slice(cx, &copy[i].text));
    *items = copy;
    return LLKV_OK;
}

static llkv_code clone_list(struct cx *cx, struct ast ***items, uint32_t count)
{
    if (count == 0) return LLKV_OK;
    struct ast **copy = cx_alloc_array(cx, count, sizeof(struct ast *));
    if (copy == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        TRY(ast_clone(cx, (*items)[i], &copy[i]));
    *items = copy;
    return LLKV_OK;
}

/* Make one member of the flat copy `node` its own. */
static llkv_code clone_field(struct cx *cx, struct ast *node, const struct field *field)
{
    char *place = (char *)node + field->offset;
    switch ((enum form)field->form) {
    case NODE: {
        struct ast *child = child_of(node, field);
        TRY(ast_clone(cx, child, &child));
        memcpy(place, &child, sizeof child);
        return LLKV_OK;
    }
    case LIST: {
        struct ast_list *list = (struct ast_list *)(void *)place;
        return clone_list(cx, &list->items, list->count);
    }
    case CELLS: {
        struct ast_values *values = (struct ast_values *)node;
        return clone_list(cx, &values->cells, values->row_count * values->column_count);
    }
    case NAME: return clone_slice(cx, &((struct ast_name *)(void *)place)->text);
    case NAMES: {
        struct ast_names *names = (struct ast_names *)(void *)place;
        return clone_names(cx, &names->items, names->count);
    }
    case PATH: {
        struct ast_path *path = (struct ast_path *)(void *)place;
        return clone_names(cx, &path->parts, path->count);
    }
    case SLICE_TEXT: return clone_slice(cx, (struct slice *)(void *)place);
    case KIND:
    case U32:
    case I64: return LLKV_OK;
    }
    return LLKV_OK;
}

static llkv_code clone_params(struct cx *cx, struct ast_stmt *stmt)
{
    if (stmt->param_count == 0) return LLKV_OK;
    struct slice *names = cx_alloc_array(cx, stmt->param_count, sizeof *names);
    if (names == NULL) return LLKV_NOMEM;
    memcpy(names, stmt->param_names, stmt->param_count * sizeof *names);
    for (uint32_t i = 0; i < stmt->param_count; i++)
        TRY(clone_slice(cx, &names[i]));
    stmt->param_names = names;
    return LLKV_OK;
}

static llkv_code clone_flat(struct cx *cx, const struct ast *node, struct ast **out_copy)
{
    size_t bytes = fields[starts[node->kind]].offset;
    *out_copy = cx_alloc(cx, bytes);
    if (*out_copy == NULL) return LLKV_NOMEM;
    memcpy(*out_copy, node, bytes);
    return LLKV_OK;
}

llkv_code ast_clone(struct cx *cx, const struct ast *node, struct ast **out_copy)
{
    struct ast *top = NULL;
    struct ast **place = &top;
    if (node == NULL) {
        *out_copy = NULL;
        return LLKV_OK;
    }
    TRY(cx_enter(cx));
    while (node->kind == AST_BINARY) {
        const struct ast_binary *binary = (const struct ast_binary *)node;
        TRY(clone_flat(cx, node, place));
        struct ast_binary *copy = (struct ast_binary *)*place;
        TRY(ast_clone(cx, binary->right, &copy->right));
        place = &copy->left;
        node = binary->left;
    }
    TRY(clone_flat(cx, node, place));
    for (const struct field *f = first_field(node); f->form != KIND; f++)
        TRY(clone_field(cx, *place, f));
    if (node->kind == AST_STATEMENT) TRY(clone_params(cx, (struct ast_stmt *)*place));
    cx_leave(cx);
    *out_copy = top;
    return LLKV_OK;
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool equal(const struct ast *a, const struct ast *b, uint32_t depth);

static bool equal_names(const struct ast_name *a, const struct ast_name *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!slice_equal_folded(a[i].text, b[i].text)) return false;
    return true;
}

static bool equal_lists(struct ast_list a, struct ast_list b, uint32_t depth)
{
    if (a.count != b.count) return false;
    for (uint32_t i = 0; i < a.count; i++)
        if (!equal(a.items[i], b.items[i], depth)) return false;
    return true;
}

static bool equal_field(const struct ast *a, const struct ast *b, const struct field *field,
                        uint32_t depth)
{
    const void *x = member(a, field), *y = member(b, field);
    switch ((enum form)field->form) {
    case NODE: return equal(child_of(a, field), child_of(b, field), depth);
    case LIST:
    case CELLS: return equal_lists(list_of(a, field), list_of(b, field), depth);
    case NAME: return equal_names(x, y, 1);
    case NAMES: {
        const struct ast_names *m = x, *n = y;
        return m->count == n->count && equal_names(m->items, n->items, m->count);
    }
    case PATH: {
        const struct ast_path *m = x, *n = y;
        return m->count == n->count && equal_names(m->parts, n->parts, m->count);
    }
    case SLICE_TEXT: return slice_equal(*(const struct slice *)x, *(const struct slice *)y);
    case U32: return memcmp(x, y, sizeof(uint32_t)) == 0;
    case I64: return memcmp(x, y, sizeof(int64_t)) == 0;
    case KIND: return true;
    }
    return true;
}

static bool equal_heads(const struct ast *a, const struct ast *b)
{
    return a->kind == b->kind && a->op == b->op && a->flags == b->flags;
}

static bool equal(const struct ast *a, const struct ast *b, uint32_t depth)
{
    if (depth++ >= CX_DEPTH_MAX) return false;
    for (;;) {
        if (a == b) return true;
        if (a == NULL || b == NULL || !equal_heads(a, b)) return false;
        if (a->kind != AST_BINARY) break;
        const struct ast_binary *x = (const struct ast_binary *)a;
        const struct ast_binary *y = (const struct ast_binary *)b;
        if (!equal(x->right, y->right, depth)) return false;
        a = x->left;
        b = y->left;
    }
    for (const struct field *f = first_field(a); f->form != KIND; f++)
        if (!equal_field(a, b, f, depth)) return false;
    return true;
}

bool ast_equal(const struct ast *a, const struct ast *b)
{
    return equal(a, b, 0);
}

/* ---- hashing -------------------------------------------------------------------------------- */

static uint64_t hash_node(const struct ast *node, uint32_t depth);

static uint64_t hash_names(uint64_t acc, const struct ast_name *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        acc = hash_mix(acc, names[i].hash);
    return hash_mix(acc, count);
}

static uint64_t hash_field(uint64_t acc, const struct ast *node, const struct field *field,
                           uint32_t depth)
{
    const void *x = member(node, field);
    switch ((enum form)field->form) {
    case NODE: return hash_mix(acc, hash_node(child_of(node, field), depth));
    case LIST:
    case CELLS: {
        struct ast_list list = list_of(node, field);
        for (uint32_t i = 0; i < list.count; i++)
            acc = hash_mix(acc, hash_node(list.items[i], depth));
        return hash_mix(acc, list.count);
    }
    case NAME: return hash_names(acc, x, 1);
    case NAMES:
        return hash_names(acc, ((const struct ast_names *)x)->items,
                          ((const struct ast_names *)x)->count);
    case PATH:
        return hash_names(acc, ((const struct ast_path *)x)->parts,
                          ((const struct ast_path *)x)->count);
    case SLICE_TEXT: {
        const struct slice *text = x;
        return hash_mix(acc, hash_bytes(text->data, text->len));
    }
    case U32: return hash_mix(acc, *(const uint32_t *)x);
    case I64: return hash_mix(acc, (uint64_t) * (const int64_t *)x);
    case KIND: return acc;
    }
    return acc;
}

static uint64_t hash_node(const struct ast *node, uint32_t depth)
{
    uint64_t acc = HASH_NULL;
    if (depth++ >= CX_DEPTH_MAX) return acc;
    for (; node != NULL; node = ((const struct ast_binary *)node)->left) {
        acc = hash_mix(acc, (uint64_t)node->kind | (uint64_t)node->flags << 8 |
                                (uint64_t)node->op << 16);
        if (node->kind != AST_BINARY) break;
        acc = hash_mix(acc, hash_node(((const struct ast_binary *)node)->right, depth));
    }
    if (node == NULL) return acc;
    for (const struct field *f = first_field(node); f->form != KIND; f++)
        acc = hash_field(acc, node, f, depth);
    return acc;
}

uint64_t ast_hash(const struct ast *node)
{
    return hash_node(node, 0);
}

/* ---- names for messages --------------------------------------------------------------------- */

const char *ast_kind_name(enum ast_kind kind)
{
    return (uint32_t)kind < AST_KIND_COUNT ? kind_names[kind] : "none";
}

static const char *const object_names[] = {
    [AST_OBJECT_TABLE] = "TABLE",
    [AST_OBJECT_VIEW] = "VIEW",
    [AST_OBJECT_MATERIALIZED_VIEW] = "MATERIALIZED VIEW",
    [AST_OBJECT_INDEX] = "INDEX",
    [AST_OBJECT_TRIGGER] = "TRIGGER",
    [AST_OBJECT_SCHEMA] = "SCHEMA",
    [AST_OBJECT_SEQUENCE] = "SEQUENCE",
    [AST_OBJECT_TYPE] = "TYPE",
    [AST_OBJECT_DOMAIN] = "DOMAIN",
    [AST_OBJECT_FUNCTION] = "FUNCTION",
    [AST_OBJECT_MACRO_TABLE] = "MACRO TABLE",
    [AST_OBJECT_COLUMN] = "COLUMN",
    [AST_OBJECT_CONSTRAINT] = "CONSTRAINT",
    [AST_OBJECT_DATABASE] = "DATABASE",
};

const char *ast_object_name(enum ast_object_kind kind)
{
    return (uint32_t)kind < ARRAY_COUNT(object_names) ? object_names[kind] : "OBJECT";
}

static const char *transaction_name(uint16_t op)
{
    static const char *const names[] = {"BEGIN",   "COMMIT",      "ROLLBACK",       "SAVEPOINT",
                                        "RELEASE", "ROLLBACK TO", "SET TRANSACTION"};
    return op < ARRAY_COUNT(names) ? names[op] : "BEGIN";
}

static const char *describe_name(uint16_t op)
{
    return op == AST_DESCRIBE_SUMMARIZE ? "SUMMARIZE" : "DESCRIBE";
}

const char *ast_statement_name(const struct ast *node)
{
    switch ((enum ast_kind)node->kind) {
    case AST_STATEMENT: return ast_statement_name(((const struct ast_stmt *)node)->node);
    case AST_QUERY: return "SELECT";
    case AST_CREATE_TABLE:
        return ((const struct ast_create_table *)node)->query != NULL ? "CREATE TABLE AS"
                                                                      : "CREATE TABLE";
    case AST_CREATE_INDEX: return "CREATE INDEX";
    case AST_CREATE_VIEW:
        return node->flags & AST_CREATE_MATERIALIZED ? "CREATE MATERIALIZED VIEW" : "CREATE VIEW";
    case AST_CREATE_TRIGGER: return "CREATE TRIGGER";
    case AST_CREATE_SCHEMA: return "CREATE SCHEMA";
    case AST_CREATE_SEQUENCE: return "CREATE SEQUENCE";
    case AST_CREATE_TYPE: return node->op == AST_OBJECT_DOMAIN ? "CREATE DOMAIN" : "CREATE TYPE";
    case AST_CREATE_FUNCTION:
        return node->op == AST_OBJECT_MACRO_TABLE ? "CREATE MACRO TABLE" : "CREATE FUNCTION";
    case AST_COMMENT: return "COMMENT ON";
    case AST_TRANSACTION: return transaction_name(node->op);
    case AST_SET: return node->op == AST_SET_RESET ? "RESET" : "SET";
    case AST_DESCRIBE: return describe_name(node->op);
    case AST_EXPORT: return node->op == AST_EXPORT_IMPORT ? "IMPORT DATABASE" : "EXPORT DATABASE";
    case AST_CALL_STATEMENT: return "CALL";
    case AST_INTEGRITY: return "INTEGRITY CHECK";
    default: return ast_kind_name((enum ast_kind)node->kind); /* INSERT, DROP, COPY ... */
    }
}

struct slice ast_path_schema(const struct ast_path *path)
{
    if (path->count < 2) return (struct slice){0};
    const struct slice schema = path->parts[path->count - 2].text;
    if (path->count == 2 || !slice_equal_folded(schema, SLICE("main"))) return schema;
    const struct slice database = path->parts[path->count - 3].text;
    return slice_equal_folded(database, SLICE("temp")) ? database : schema;
}

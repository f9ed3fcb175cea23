/* ast_node.h -- what all nodes share: heads, names, lists, kinds. Include ast.h. */
#ifndef SQL_AST_NODE_H
#define SQL_AST_NODE_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/compiler.h"
#include "base/slice.h"

/* The head of every node. `op` and `flags` mean what the comment of the struct says. */
struct ast {
    uint8_t kind; /* enum ast_kind */
    uint8_t flags;
    uint16_t op;
    uint32_t at, end;
};

/* A name as a value: quotes removed, doubled quotes undone, letters as written. */
struct ast_name {
    struct slice text;
    uint32_t hash; /* slice_hash_folded(text); 0 if there is no name */
    uint32_t at, end;
    bool quoted; /* "x", `x`, [x], or 'x' where a string may stand for a name */
};

/* a.b.c: parts[count - 1] is the object, what stands before it qualifies it. count 0: none given.
 */
struct ast_path {
    struct ast_name *parts;
    uint32_t count;
};

struct ast_names {
    struct ast_name *items;
    uint32_t count;
};

/* Children of any kind; the comment beside a list says which kinds occur. */
struct ast_list {
    struct ast **items;
    uint32_t count;
};

ALWAYS_INLINE bool ast_name_given(const struct ast_name *name)
{
    return name->text.data != NULL;
}

enum ast_kind {
    AST_NONE, /* never in a tree */
#define AST_NODE(name, type) AST_##name,
#define AST_FIELD(type, member, form)
#include "sql/ast.def"
#undef AST_NODE
#undef AST_FIELD
    AST_KIND_COUNT
};

#endif

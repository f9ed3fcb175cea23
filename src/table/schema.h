/* schema.h -- what a table is: columns, keys, checks. Immutable once a table was made from it. */
#ifndef TABLE_SCHEMA_H
#define TABLE_SCHEMA_H
#include <stdint.h>

#include <stdbool.h>

#include "arrow/type.h"
#include "base/slice.h"

enum { TABLE_COLUMNS_MAX = 10000 };

struct column_def {
    const char *name;   /* as written */
    uint32_t name_hash; /* slice_hash_folded */
    struct type type;
    bool not_null;
    const char *default_sql; /* canonical text of an expression, or NULL */
    const char *generated_sql;
};

struct key_column {
    uint16_t column;
    bool descending;
};

/* A primary key, a UNIQUE constraint or an index. */
struct key_def {
    const char *name; /* of the constraint or index; unique per schema */
    uint64_t id;      /* object id of the index; 0 for one that belongs to a constraint */
    bool unique, primary;
    uint16_t column_count;
    const struct key_column *columns;
};

struct check_def {
    const char *name; /* or NULL */
    const char *sql;  /* canonical text */
};

struct table_def {
    uint64_t id;
    const char *schema, *name;
    uint32_t column_count, key_count, check_count;
    const struct column_def *columns;
    const struct key_def
        *keys; /* those made with the table; indexes added later live in the table */
    const struct check_def *checks;
    bool temporary;
};

/* The position of a column, or -1. */
int table_def_column(const struct table_def *def, struct slice name, uint32_t name_hash);
#endif

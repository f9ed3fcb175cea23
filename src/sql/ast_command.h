/* ast_command.h -- nodes of statements other than queries. The rules of ast.h hold. Include ast.h.
 */
#ifndef SQL_AST_COMMAND_H
#define SQL_AST_COMMAND_H
#include "sql/ast_query.h"

/* ---- DML ------------------------------------------------------------------------------------ */

enum ast_conflict { /* INSERT OR x, UPDATE OR x, ON CONFLICT x in a constraint */
                    AST_CONFLICT_NONE,
                    AST_CONFLICT_REPLACE,
                    AST_CONFLICT_IGNORE,
                    AST_CONFLICT_ABORT,
                    AST_CONFLICT_FAIL,
                    AST_CONFLICT_ROLLBACK
};
enum {
    AST_INSERT_BY_NAME = 1,
    AST_INSERT_BY_POSITION = 2,
    AST_INSERT_OVERRIDING_SYSTEM = 4,
    AST_INSERT_OVERRIDING_USER = 8
};

/* op: enum ast_conflict (REPLACE INTO is AST_CONFLICT_REPLACE). query NULL: DEFAULT VALUES. */
struct ast_insert {
    struct ast base;
    struct ast_with *with; /* or NULL */
    struct ast_table *table;
    struct ast_names columns;
    struct ast_query *query;     /* or NULL */
    struct ast_list on_conflict; /* AST_ON_CONFLICT */
    struct ast_list returning;   /* AST_ITEM, AST_STAR */
};

enum { AST_ON_CONFLICT_UPDATE = 1 }; /* else DO NOTHING */

struct ast_on_conflict {
    struct ast base;
    struct ast_list target;     /* AST_ORDER: columns or expressions; empty: any constraint */
    struct ast *target_where;   /* or NULL */
    struct ast_name constraint; /* ON CONSTRAINT n, or not given */
    struct ast_list sets;       /* AST_SET_ITEM */
    struct ast *where;          /* or NULL */
};

enum { AST_SET_TUPLE = 1 };

/* column = value; with AST_SET_TUPLE (a, b) = value, where value is an AST_ROW, an AST_SUBQUERY or
 * one expression. */
struct ast_set_item {
    struct ast base;
    struct ast_list targets; /* AST_COLUMN */
    struct ast *value;       /* expression or AST_DEFAULT */
};

/* op: enum ast_conflict. */
struct ast_update {
    struct ast base;
    struct ast_with *with; /* or NULL */
    struct ast_table *table;
    struct ast_list sets;      /* AST_SET_ITEM */
    struct ast_list from;      /* from items */
    struct ast *where;         /* or NULL */
    struct ast_list returning; /* AST_ITEM, AST_STAR */
};

struct ast_delete {
    struct ast base;
    struct ast_with *with; /* or NULL */
    struct ast_table *table;
    struct ast_list from; /* USING: from items */
    struct ast *where;    /* or NULL */
    struct ast_list returning;
};

struct ast_merge {
    struct ast base;
    struct ast_with *with; /* or NULL */
    struct ast_table *table;
    struct ast *source; /* a from item */
    struct ast *on;     /* or NULL if using is given */
    struct ast_names using;
    struct ast_list whens; /* AST_MERGE_WHEN */
    struct ast_list returning;
};

enum ast_merge_op {
    AST_MERGE_UPDATE,
    AST_MERGE_DELETE,
    AST_MERGE_INSERT,
    AST_MERGE_NOTHING,
    AST_MERGE_ERROR
};
enum {
    AST_MERGE_NOT_MATCHED = 1, /* NOT MATCHED [BY TARGET]; neither flag: MATCHED */
    AST_MERGE_BY_SOURCE = 2,   /* NOT MATCHED BY SOURCE */
    AST_MERGE_STAR = 4,        /* UPDATE SET *, INSERT * */
    AST_MERGE_BY_NAME = 8,     /* UPDATE, INSERT BY NAME */
    AST_MERGE_DEFAULT_VALUES = 16
};

/* op: enum ast_merge_op. */
struct ast_merge_when {
    struct ast base;
    struct ast *condition; /* or NULL */
    struct ast_list sets;  /* AST_SET_ITEM */
    struct ast_names columns;
    struct ast_list values; /* expressions and AST_DEFAULT; for ERROR the message */
};

enum {
    AST_TRUNCATE_RESTART_IDENTITY = 1,
    AST_TRUNCATE_CONTINUE_IDENTITY = 2,
    AST_TRUNCATE_CASCADE = 4
};

struct ast_truncate {
    struct ast base;
    struct ast_list tables; /* AST_OBJECT */
};

/* ---- DDL ------------------------------------------------------------------------------------ */

/* The name of an object, where a node is needed. */
struct ast_object {
    struct ast base;
    struct ast_path path;
};

enum ast_object_kind {
    AST_OBJECT_TABLE,
    AST_OBJECT_VIEW,
    AST_OBJECT_MATERIALIZED_VIEW,
    AST_OBJECT_INDEX,
    AST_OBJECT_TRIGGER,
    AST_OBJECT_SCHEMA,
    AST_OBJECT_SEQUENCE,
    AST_OBJECT_TYPE,
    AST_OBJECT_DOMAIN,
    AST_OBJECT_FUNCTION, /* also MACRO */
    AST_OBJECT_MACRO_TABLE,
    AST_OBJECT_COLUMN, /* COMMENT ON only */
    AST_OBJECT_CONSTRAINT,
    AST_OBJECT_DATABASE
};

enum { /* of all CREATE statements */
       AST_CREATE_OR_REPLACE = 1,
       AST_CREATE_TEMP = 2,
       AST_CREATE_IF_NOT_EXISTS = 4,
       AST_CREATE_UNIQUE = 8,       /* index */
       AST_CREATE_MATERIALIZED = 8, /* view */
       AST_CREATE_RECURSIVE = 16,   /* view */
       AST_CREATE_NO_DATA = 32      /* table, materialized view: WITH NO DATA */
};

enum ast_on_commit {
    AST_ON_COMMIT_NONE,
    AST_ON_COMMIT_PRESERVE,
    AST_ON_COMMIT_DELETE,
    AST_ON_COMMIT_DROP
};

/* op: enum ast_on_commit. Either columns (and constraints), or query with column_names. */
struct ast_create_table {
    struct ast base;
    struct ast_path path;
    struct ast_list columns;       /* AST_COLUMN_DEF and AST_LIKE_TABLE, in order */
    struct ast_list constraints;   /* AST_CONSTRAINT */
    struct ast_names column_names; /* CREATE TABLE t(a, b) AS ... */
    struct ast_query *query;       /* or NULL */
};

struct ast_column_def {
    struct ast base;
    struct ast_name name;
    struct ast_type *type;       /* NULL: none written */
    struct ast_list constraints; /* AST_CONSTRAINT */
};

enum { /* LIKE t INCLUDING/EXCLUDING x: what is included, in ast_like_table.include */
       AST_LIKE_DEFAULTS = 1,
       AST_LIKE_CONSTRAINTS = 2,
       AST_LIKE_INDEXES = 4,
       AST_LIKE_GENERATED = 8,
       AST_LIKE_IDENTITY = 16,
       AST_LIKE_COMMENTS = 32,
       AST_LIKE_ALL = 63
};
struct ast_like_table {
    struct ast base;
    struct ast_path path;
    uint32_t include;
};

enum ast_constraint_op {
    AST_CONSTRAINT_NOT_NULL,
    AST_CONSTRAINT_NULL, /* NULL: explicitly nullable */
    AST_CONSTRAINT_DEFAULT,
    AST_CONSTRAINT_UNIQUE,
    AST_CONSTRAINT_PRIMARY_KEY,
    AST_CONSTRAINT_CHECK,
    AST_CONSTRAINT_FOREIGN_KEY, /* REFERENCES on a column: columns is empty */
    AST_CONSTRAINT_GENERATED,   /* AS (expr) */
    AST_CONSTRAINT_IDENTITY,
    AST_CONSTRAINT_COLLATE
};
enum {
    AST_CONSTRAINT_STORED = 1, /* GENERATED ... STORED (else virtual) */
    AST_CONSTRAINT_ALWAYS = 2, /* IDENTITY: GENERATED ALWAYS (else BY DEFAULT) */
    AST_CONSTRAINT_DEFERRABLE = 4,
    AST_CONSTRAINT_DEFERRED = 8,       /* INITIALLY DEFERRED */
    AST_CONSTRAINT_AUTOINCREMENT = 16, /* PRIMARY KEY AUTOINCREMENT */
    AST_CONSTRAINT_VIRTUAL = 32,       /* VIRTUAL was written */
    AST_CONSTRAINT_NOT_DEFERRABLE = 64,
    AST_CONSTRAINT_DESC = 128 /* PRIMARY KEY DESC on a column */
};
enum ast_action {
    AST_ACTION_NONE,
    AST_ACTION_NO_ACTION,
    AST_ACTION_RESTRICT,
    AST_ACTION_CASCADE,
    AST_ACTION_SET_NULL,
    AST_ACTION_SET_DEFAULT
};
enum ast_match { AST_MATCH_NONE, AST_MATCH_SIMPLE, AST_MATCH_FULL, AST_MATCH_PARTIAL };

/* op: enum ast_constraint_op. Of a column or of a table. */
struct ast_constraint {
    struct ast base;
    struct ast_name name;    /* CONSTRAINT name, or not given */
    struct ast_list columns; /* AST_ORDER: UNIQUE, PRIMARY KEY, FOREIGN KEY of a table */
    struct ast *value;       /* DEFAULT, CHECK, GENERATED: the expression, or NULL */
    struct ast_path target;  /* FOREIGN KEY: the table; COLLATE: the collation */
    struct ast_names target_columns;
    struct ast_list options;       /* IDENTITY: AST_OPTION as of a sequence */
    uint32_t on_delete, on_update; /* enum ast_action */
    uint32_t match;                /* enum ast_match */
    uint32_t conflict;             /* enum ast_conflict */
};

/* flags AST_CREATE_*. */
struct ast_create_index {
    struct ast base;
    struct ast_path path; /* count 0: no name given */
    struct ast_path table;
    struct ast_name method;   /* USING method, or not given */
    struct ast_list items;    /* AST_ORDER */
    struct ast_names include; /* INCLUDE (columns) */
    struct ast *where;        /* or NULL */
};

struct ast_create_view {
    struct ast base;
    struct ast_path path;
    struct ast_names columns;
    struct ast_query *query; /* its text is [query->base.at, query->base.end) */
};

enum ast_trigger_time {
    AST_TRIGGER_DEFAULT,
    AST_TRIGGER_BEFORE,
    AST_TRIGGER_AFTER,
    AST_TRIGGER_INSTEAD_OF
};
enum {
    AST_TRIGGER_INSERT = 1,
    AST_TRIGGER_UPDATE = 2,
    AST_TRIGGER_DELETE = 4,
    AST_TRIGGER_TRUNCATE = 8
};
enum ast_trigger_level { AST_TRIGGER_LEVEL_NONE, AST_TRIGGER_ROW, AST_TRIGGER_STATEMENT };

/* op: enum ast_trigger_time. */
struct ast_create_trigger {
    struct ast base;
    struct ast_path path;
    uint32_t events;          /* AST_TRIGGER_INSERT | ... */
    uint32_t level;           /* enum ast_trigger_level */
    struct ast_names columns; /* UPDATE OF */
    struct ast_path table;
    struct ast_name old_name, new_name;   /* REFERENCING OLD [ROW] AS, or not given */
    struct ast_name old_table, new_table; /* REFERENCING OLD TABLE AS */
    struct ast *when;                     /* or NULL */
    struct ast_list body;                 /* statements between BEGIN and END */
    struct ast_call *call;                /* EXECUTE FUNCTION f(), or NULL */
};

struct ast_create_schema {
    struct ast base;
    struct ast_path path;
};

enum ast_sequence_option {
    AST_SEQUENCE_INCREMENT = 1, /* value */
    AST_SEQUENCE_MINVALUE,      /* value, or NULL for NO MINVALUE */
    AST_SEQUENCE_MAXVALUE,      /* value, or NULL */
    AST_SEQUENCE_START,         /* value */
    AST_SEQUENCE_RESTART,       /* value, or NULL: from START */
    AST_SEQUENCE_CACHE,         /* value */
    AST_SEQUENCE_CYCLE,
    AST_SEQUENCE_NO_CYCLE,
    AST_SEQUENCE_OWNED_BY, /* value: AST_COLUMN, or NULL for OWNED BY NONE */
    AST_SEQUENCE_AS        /* value: AST_TYPE */
};

/* name [=] values: of COPY, EXPLAIN, ATTACH, VACUUM, EXPORT. op: 0, or enum ast_sequence_option in
 * the options of a sequence (then name is not given). */
struct ast_option {
    struct ast base;
    struct ast_name name;
    struct ast_list
        values; /* literals, AST_COLUMN for bare words, AST_STAR, AST_ROW; may be empty */
};

struct ast_create_sequence {
    struct ast base;
    struct ast_path path;
    struct ast_list options; /* AST_OPTION */
};

/* op: AST_OBJECT_TYPE or AST_OBJECT_DOMAIN. */
struct ast_create_type {
    struct ast base;
    struct ast_path path;
    struct ast_type *type;
    struct ast_list constraints; /* of a domain: AST_CONSTRAINT */
};

/* op: AST_OBJECT_FUNCTION or AST_OBJECT_MACRO_TABLE (AS TABLE query). */
struct ast_create_function {
    struct ast base;
    struct ast_path path;
    struct ast_list bodies; /* AST_FUNCTION_BODY, one per overload */
};
struct ast_function_body {
    struct ast base;
    struct ast_list params;   /* AST_FUNCTION_PARAM */
    struct ast_type *returns; /* or NULL */
    struct ast *value;        /* an expression, or NULL */
    struct ast_query *query;  /* AS TABLE, or NULL */
};
struct ast_function_param {
    struct ast base;
    struct ast_name name;
    struct ast_type *type; /* or NULL */
    struct ast *value;     /* the default, or NULL */
};

enum { AST_DROP_IF_EXISTS = 1, AST_DROP_CASCADE = 2, AST_DROP_RESTRICT = 4 };

/* op: enum ast_object_kind; AST_DROP_*. */
struct ast_drop {
    struct ast base;
    struct ast_list objects; /* AST_OBJECT */
    struct ast_path table;   /* DROP TRIGGER t ON table */
};

enum { AST_ALTER_IF_EXISTS = 1 };

/* op: enum ast_object_kind. */
struct ast_alter {
    struct ast base;
    struct ast_path path;
    struct ast_list actions; /* AST_ALTER_ACTION; AST_OPTION of a sequence */
};

enum ast_alter_op {
    AST_ALTER_ADD_COLUMN,        /* column */
    AST_ALTER_DROP_COLUMN,       /* name */
    AST_ALTER_RENAME_COLUMN,     /* name, new_name */
    AST_ALTER_SET_TYPE,          /* name, type, value = USING, or NULL; collation */
    AST_ALTER_SET_DEFAULT,       /* name, value */
    AST_ALTER_DROP_DEFAULT,      /* name */
    AST_ALTER_SET_NOT_NULL,      /* name */
    AST_ALTER_DROP_NOT_NULL,     /* name */
    AST_ALTER_ADD_CONSTRAINT,    /* constraint */
    AST_ALTER_DROP_CONSTRAINT,   /* name */
    AST_ALTER_RENAME_CONSTRAINT, /* name, new_name */
    AST_ALTER_RENAME,            /* new_name */
    AST_ALTER_SET_SCHEMA,        /* new_name */
    AST_ALTER_ADD_VALUE,         /* of an enum type: value = the label; name: BEFORE/AFTER label */
    AST_ALTER_DROP_EXPRESSION    /* name: a generated column becomes a plain one */
};
enum {
    AST_ALTER_COLUMN_IF_EXISTS = 1, /* DROP COLUMN IF EXISTS */
    AST_ALTER_IF_NOT_EXISTS = 2,    /* ADD COLUMN IF NOT EXISTS */
    AST_ALTER_CASCADE = 4,
    AST_ALTER_RESTRICT = 8,
    AST_ALTER_BEFORE = 16 /* ADD VALUE ... BEFORE */
};

/* op: enum ast_alter_op. `name` is an AST_COLUMN or AST_OBJECT path because a column may be a
 * member of a struct (a.b). */
struct ast_alter_action {
    struct ast base;
    struct ast_path name;
    struct ast_name new_name;
    struct ast_column_def *column;     /* or NULL */
    struct ast_type *type;             /* or NULL */
    struct ast *value;                 /* or NULL */
    struct ast_path collation;         /* SET DATA TYPE t COLLATE c */
    struct ast_constraint *constraint; /* or NULL */
};

/* COMMENT ON kind path IS text. op: enum ast_object_kind. */
struct ast_comment {
    struct ast base;
    struct ast_path path;
    struct ast *text; /* AST_LITERAL: a string or NULL */
};

struct ast_reindex {
    struct ast base;
    struct ast_path path; /* of an index, table or collation; count 0: everything */
};

/* ---- transactions, settings, utilities ------------------------------------------------------ */

enum ast_transaction_op {
    AST_TRANSACTION_BEGIN,
    AST_TRANSACTION_COMMIT,
    AST_TRANSACTION_ROLLBACK,
    AST_TRANSACTION_SAVEPOINT,   /* name */
    AST_TRANSACTION_RELEASE,     /* name */
    AST_TRANSACTION_ROLLBACK_TO, /* name */
    AST_TRANSACTION_SET          /* SET TRANSACTION modes */
};
enum { AST_TRANSACTION_READ_ONLY = 1, AST_TRANSACTION_READ_WRITE = 2 };
enum ast_isolation {
    AST_ISOLATION_NONE,
    AST_ISOLATION_READ_UNCOMMITTED,
    AST_ISOLATION_READ_COMMITTED,
    AST_ISOLATION_REPEATABLE_READ,
    AST_ISOLATION_SERIALIZABLE,
    AST_ISOLATION_SNAPSHOT
};

/* op: enum ast_transaction_op. DEFERRED, IMMEDIATE, EXCLUSIVE leave no trace. */
struct ast_transaction {
    struct ast base;
    struct ast_name name;
    uint32_t isolation; /* enum ast_isolation */
};

struct ast_prepare {
    struct ast base;
    struct ast_name name;
    struct ast_list types; /* AST_TYPE: PREPARE p(INTEGER, TEXT) AS */
    struct ast *statement;
    uint32_t param_count; /* of the statement */
};
struct ast_execute {
    struct ast base;
    struct ast_name name;
    struct ast_list args; /* expressions, AST_ARGUMENT */
};
struct ast_deallocate {
    struct ast base;
    struct ast_name name; /* not given: ALL */
};

enum ast_set_op { AST_SET_SET, AST_SET_RESET };
enum ast_set_scope {
    AST_SET_SCOPE_NONE,
    AST_SET_SESSION,
    AST_SET_GLOBAL,
    AST_SET_LOCAL,
    AST_SET_VARIABLE
};

/* op: enum ast_set_op. SET a.b = v, SET x TO v1, v2. */
struct ast_set {
    struct ast base;
    struct ast_path name; /* RESET ALL: count 0; SET TIME ZONE: timezone */
    struct ast_list
        values;     /* expressions; bare words are AST_COLUMN; AST_DEFAULT; empty for RESET */
    uint32_t scope; /* enum ast_set_scope */
};

enum {
    AST_SHOW_ALL = 1,
    AST_SHOW_TABLES = 2,
    AST_SHOW_DATABASES = 4,
    AST_SHOW_SCHEMAS = 8,
    AST_SHOW_FROM = 16
};

/* SHOW name; SHOW ALL TABLES is AST_SHOW_ALL | AST_SHOW_TABLES; SHOW ALL alone lists the settings.
 */
struct ast_show {
    struct ast base;
    struct ast_path
        name; /* the setting or table; with AST_SHOW_FROM the schema of SHOW TABLES FROM s */
};

enum { AST_PRAGMA_ASSIGN = 1, AST_PRAGMA_CALL = 2 };

/* PRAGMA name; PRAGMA name = value (AST_PRAGMA_ASSIGN); PRAGMA name(values) (AST_PRAGMA_CALL). */
struct ast_pragma {
    struct ast base;
    struct ast_path name;
    struct ast_list values; /* expressions; bare words are AST_COLUMN */
};

enum { AST_EXPLAIN_ANALYZE = 1, AST_EXPLAIN_QUERY_PLAN = 2 };

struct ast_explain {
    struct ast base;
    struct ast_list options; /* AST_OPTION: EXPLAIN (FORMAT JSON, COST off) */
    struct ast *statement;
};

enum ast_describe_op { AST_DESCRIBE_DESCRIBE, AST_DESCRIBE_SUMMARIZE };

/* op: enum ast_describe_op. Exactly one of path (count > 0) and statement; DESCRIBE alone has
 * neither: all tables. */
struct ast_describe {
    struct ast base;
    struct ast_path path;
    struct ast *statement; /* or NULL */
};

/* ANALYZE [table [(columns)]]. */
struct ast_analyze {
    struct ast base;
    struct ast_path path; /* count 0: everything */
    struct ast_names columns;
};

enum { AST_COPY_FROM = 1, AST_COPY_STDIO = 2 }; /* else TO; STDIN or STDOUT: file is NULL */

struct ast_copy {
    struct ast base;
    struct ast_path path; /* count 0: query is set */
    struct ast_names columns;
    struct ast_query *query; /* or NULL */
    struct ast *file;        /* a string literal, a parameter or an expression; or NULL */
    struct ast_list options; /* AST_OPTION */
};

enum { AST_CHECKPOINT_FORCE = 1 };
struct ast_checkpoint {
    struct ast base;
    struct ast_name name; /* of the database, or not given */
};

enum { AST_VACUUM_FULL = 1, AST_VACUUM_ANALYZE = 2 };
struct ast_vacuum {
    struct ast base;
    struct ast_path path; /* count 0: everything */
    struct ast_names columns;
    struct ast_list options; /* AST_OPTION */
    struct ast *into;        /* VACUUM INTO file, or NULL */
};

/* flags AST_CREATE_OR_REPLACE, AST_CREATE_IF_NOT_EXISTS. */
struct ast_attach {
    struct ast base;
    struct ast *file;
    struct ast_name name; /* or not given */
    struct ast_list options;
};
struct ast_detach { /* flags AST_DROP_IF_EXISTS */
    struct ast base;
    struct ast_name name;
};
struct ast_use {
    struct ast base;
    struct ast_path path;
};

enum ast_export_op { AST_EXPORT_EXPORT, AST_EXPORT_IMPORT };
struct ast_export { /* op: enum ast_export_op */
    struct ast base;
    struct ast_name database; /* EXPORT DATABASE name TO file, or not given */
    struct ast *file;
    struct ast_list options;
};

/* CALL f(args). */
struct ast_call_statement {
    struct ast base;
    struct ast_call *call;
};

/* BACKUP [name] TO file. */
struct ast_backup {
    struct ast base;
    struct ast_name name;
    struct ast *file;
    struct ast_list options;
};

/* INTEGRITY CHECK [name]. */
struct ast_integrity {
    struct ast base;
    struct ast_path path;
};

#endif

/* build_command.h -- the second half of build.h: nodes of statements other than queries. The rules
 * of build.h hold. Include build.h. */
#ifndef SQL_BUILD_COMMAND_H
#define SQL_BUILD_COMMAND_H
#include "sql/build.h"

/* ---- DML (build_dml.c) ---------------------------------------------------------------------- */

struct ast_insert *insert_begin(struct parse *p, struct ast_with *with, struct token word,
                                enum ast_conflict conflict);
struct ast_insert *insert_new(struct parse *p, struct ast_insert *insert, struct ast_table *table,
                              struct parse_names columns, int flags, struct ast_query *query);
struct ast_insert *insert_on_conflict(struct parse *p, struct ast_insert *insert,
                                      struct ast_on_conflict *clause);
struct ast_insert *insert_returning(struct parse *p, struct ast_insert *insert,
                                    struct parse_list items);
struct ast_on_conflict *conflict_target(struct parse *p, struct parse_list target,
                                        struct ast *where, const struct token *constraint);
struct ast_on_conflict *on_conflict(struct parse *p, struct token word,
                                    struct ast_on_conflict *clause, struct parse_list sets,
                                    struct ast *where);
struct ast *set_item(struct parse *p, struct parse_names target, struct ast *value);
struct ast *set_tuple(struct parse *p, struct token open, struct parse_list targets,
                      struct ast *value);
struct ast_update *update_new(struct parse *p, struct ast_with *with, struct token word,
                              enum ast_conflict conflict, struct ast_table *table,
                              struct parse_list sets);
struct ast_update *update_from(struct parse *p, struct ast_update *update, struct token word,
                               struct parse_list from);
struct ast_update *update_where(struct parse *p, struct ast_update *update, struct token word,
                                struct ast *condition);
struct ast_update *update_returning(struct parse *p, struct ast_update *update, struct token word,
                                    struct parse_list items);
struct ast_delete *delete_new(struct parse *p, struct ast_with *with, struct token word,
                              struct ast_table *table);
struct ast_delete *delete_using(struct parse *p, struct ast_delete *delete, struct parse_list from);
struct ast_delete *delete_where(struct parse *p, struct ast_delete *delete, struct token word,
                                struct ast *condition);
struct ast_delete *delete_returning(struct parse *p, struct ast_delete *delete, struct token word,
                                    struct parse_list items);
struct ast_merge *merge_new(struct parse *p, struct ast_with *with, struct token word,
                            struct ast_table *table);
struct ast_merge *merge_source(struct parse *p, struct ast_merge *merge, struct ast *source,
                               struct ast *on, struct parse_names using);
struct ast_merge *merge_add(struct parse *p, struct ast_merge *merge, struct ast *when);
struct ast_merge *merge_returning(struct parse *p, struct ast_merge *merge,
                                  struct parse_list items);
struct ast *merge_when(struct parse *p, struct token word, int flags, struct ast *condition,
                       struct ast_merge_when *action);
struct ast_merge_when *merge_action(struct parse *p, enum ast_merge_op op, int flags,
                                    struct parse_list list, struct parse_names columns);
struct ast *truncate_new(struct parse *p, struct token word, struct parse_list tables, int flags);
struct ast *object_new(struct parse *p, struct parse_names path);

/* ---- DDL (build_ddl.c, build_object.c) ------------------------------------------------------ */

ALWAYS_INLINE struct parse_create create_begin(struct token word, int flags)
{
    return (struct parse_create){word.at, flags};
}
struct ast_create_table *table_begin(struct parse *p, struct parse_create create, int flags,
                                     struct parse_names path);
struct ast_create_table *table_elements(struct parse *p, struct ast_create_table *table,
                                        struct parse_list elements);
struct ast *table_as(struct parse *p, struct ast_create_table *table, struct parse_list elements,
                     struct ast_query *query, int flags);
struct ast *table_on_commit(struct parse *p, struct ast_create_table *table,
                            enum ast_on_commit what);
struct ast *table_like(struct parse *p, struct token word, struct parse_names path, int include);
int like_option(struct parse *p, struct token word);
struct ast_column_def *column_new(struct parse *p, struct token name, struct ast_type *type);
struct ast_column_def *column_add(struct parse *p, struct ast_column_def *column,
                                  struct ast_constraint *constraint);
struct ast_constraint *constraint_new(struct parse *p, enum ast_constraint_op op, uint32_t at);
/* USING COMPRESSION x: storage chooses for itself. */
struct ast_constraint *constraint_refused(struct parse *p, struct token word, struct token what);
struct ast_constraint *constraint_name(struct parse *p, struct token word, struct token name,
                                       struct ast_constraint *constraint);
struct ast_constraint *constraint_value(struct parse *p, enum ast_constraint_op op,
                                        struct token word, struct ast *value);
struct ast_constraint *constraint_key(struct parse *p, struct token word, int flags);
struct ast_constraint *constraint_collate(struct parse *p, struct token word,
                                          struct parse_names collation);
struct ast_constraint *constraint_identity(struct parse *p, struct token word, int flags,
                                           struct parse_list options);
struct ast_constraint *constraint_flag(struct parse *p, struct ast_constraint *constraint,
                                       int flag);
struct ast_constraint *constraint_conflict(struct parse *p, struct ast_constraint *constraint,
                                           enum ast_conflict conflict);
struct ast_constraint *constraint_references(struct parse *p, struct token word,
                                             struct parse_names table, struct parse_names columns);
struct ast_constraint *constraint_on_delete(struct parse *p, struct ast_constraint *constraint,
                                            enum ast_action action);
struct ast_constraint *constraint_on_update(struct parse *p, struct ast_constraint *constraint,
                                            enum ast_action action);
struct ast_constraint *constraint_match(struct parse *p, struct ast_constraint *constraint,
                                        enum ast_match match);
int match_word(struct parse *p, struct token word);
struct ast_constraint *constraint_columns(struct parse *p, enum ast_constraint_op op,
                                          struct token word, struct parse_list columns);
struct ast_constraint *constraint_foreign(struct parse *p, struct token word,
                                          struct parse_list columns,
                                          struct ast_constraint *references);

struct ast_create_index *index_begin(struct parse *p, struct parse_create create, int flags,
                                     struct parse_names path, struct parse_names table);
struct ast_create_index *index_items(struct parse *p, struct ast_create_index *index,
                                     const struct token *method, struct parse_list items);
struct ast_create_index *index_include(struct parse *p, struct ast_create_index *index,
                                       struct parse_names columns);
struct ast *index_where(struct parse *p, struct ast_create_index *index, struct ast *condition);
struct ast *view_new(struct parse *p, struct parse_create create, int flags,
                     struct parse_names path, struct parse_names columns, struct ast_query *query);
struct ast *schema_new(struct parse *p, struct parse_create create, int flags,
                       struct parse_names path);
struct ast *sequence_new(struct parse *p, struct parse_create create, int flags,
                         struct parse_names path, struct parse_list options);
struct ast *sequence_option(struct parse *p, struct token word, enum ast_sequence_option option,
                            struct ast *value);
struct ast *sequence_owner(struct parse *p, struct token word, struct parse_names path);
struct ast *type_create(struct parse *p, struct parse_create create, int flags,
                        struct parse_names path, struct ast_type *type);
struct ast_create_type *domain_new(struct parse *p, struct parse_create create, int flags,
                                   struct parse_names path, struct ast_type *type);
struct ast_create_type *domain_add(struct parse *p, struct ast_create_type *domain,
                                   struct ast_constraint *constraint);
struct ast *function_new(struct parse *p, struct parse_create create, int flags,
                         struct parse_names path, enum ast_object_kind kind,
                         struct parse_list bodies);
struct ast *function_body(struct parse *p, struct parse_params *params, struct ast_type *returns,
                          struct ast *value, struct ast_query *query);
struct parse_params *function_params(struct parse *p, struct token open, struct parse_list list);
struct ast *function_param(struct parse *p, struct token name, struct ast_type *type,
                           struct ast *value);

struct ast_create_trigger *trigger_begin(struct parse *p, struct parse_create create, int flags,
                                         struct parse_names path, struct parse_events *events,
                                         struct parse_names table);
struct parse_events *trigger_time(struct parse *p, struct parse_events *events,
                                  enum ast_trigger_time time);
struct ast_create_trigger *trigger_level(struct parse *p, struct ast_create_trigger *trigger,
                                         enum ast_trigger_level level);
struct ast_create_trigger *trigger_when(struct parse *p, struct ast_create_trigger *trigger,
                                        struct token word, struct ast *condition);
void trigger_ref(struct parse *p, uint32_t which, struct token name);
struct parse_events *trigger_event(struct parse *p, uint32_t event, struct parse_names columns);
struct parse_events *trigger_events(struct parse *p, struct parse_events *into,
                                    struct parse_events *from);
struct ast *trigger_body(struct parse *p, struct ast_create_trigger *trigger,
                         struct parse_list statements);
struct ast *trigger_call(struct parse *p, struct ast_create_trigger *trigger,
                         struct ast_call *call);

struct ast *drop_new(struct parse *p, struct token word, enum ast_object_kind kind, int flags,
                     struct parse_list objects, struct parse_names table);
struct ast *alter_new(struct parse *p, struct token word, enum ast_object_kind kind, int flags,
                      struct parse_names path, struct parse_list actions);
struct ast *alter_add_column(struct parse *p, struct token word, int flags,
                             struct ast_column_def *column);
struct ast *alter_add_constraint(struct parse *p, struct token word,
                                 struct ast_constraint *constraint);
struct ast *alter_drop(struct parse *p, struct token word, enum ast_alter_op op, int flags,
                       struct parse_names name, int behaviour);
struct ast *alter_column(struct parse *p, struct token word, enum ast_alter_op op,
                         struct parse_names name, struct ast *value);
struct ast *alter_type(struct parse *p, struct token word, struct parse_names name,
                       struct ast_type *type, struct parse_names collation);
struct ast *alter_using(struct parse *p, struct ast *action, struct ast *value);
struct ast *alter_rename(struct parse *p, struct token word, enum ast_alter_op op,
                         struct parse_names old_name, struct token new_name);
struct ast *alter_add_value(struct parse *p, struct token word, int flags, struct token label,
                            const struct token *neighbour);
struct ast *comment_new(struct parse *p, struct token word, enum ast_object_kind kind,
                        struct parse_names path, struct ast *text);
struct ast *reindex_new(struct parse *p, struct token word, struct parse_names path);

/* ---- utilities (build_util.c) --------------------------------------------------------------- */

struct ast *transaction_new(struct parse *p, enum ast_transaction_op op, struct token word,
                            int modes, const struct token *name);
/* Both sets of modes; an error if they say different things. */
int mode_merge(struct parse *p, int a, int b);
struct ast *prepare_new(struct parse *p, struct token word, struct token name,
                        struct parse_list types, struct ast *statement);
struct ast *execute_new(struct parse *p, struct token word, struct token name,
                        struct parse_list args);
struct ast *deallocate_new(struct parse *p, struct token word, const struct token *name);
struct ast *call_statement(struct parse *p, struct token word, struct ast_call *call);
struct ast *set_new(struct parse *p, struct token word, enum ast_set_scope scope,
                    struct parse_names name, struct parse_list values);
struct ast *set_time_zone(struct parse *p, struct token word, enum ast_set_scope scope,
                          struct ast *value);
struct ast *reset_new(struct parse *p, struct token word, enum ast_set_scope scope,
                      struct parse_names name);
struct ast *show_new(struct parse *p, struct token word, int flags, struct parse_names name);
struct ast *pragma_new(struct parse *p, struct token word, int flags, struct parse_names name,
                       struct parse_list values);
struct ast *explain_new(struct parse *p, struct token word, int flags, struct parse_list options,
                        struct ast *statement);
struct ast *describe_new(struct parse *p, enum ast_describe_op op, struct token word,
                         struct parse_names path, struct ast *statement);
struct ast *analyze_new(struct parse *p, struct token word, struct parse_names path,
                        struct parse_names columns);
struct ast *option_new(struct parse *p, struct token name, struct parse_list values);
struct ast *option_word(struct parse *p, struct token name, struct token value);
struct ast *copy_table(struct parse *p, struct token word, struct parse_names path,
                       struct parse_names columns, int flags, struct ast *file);
struct ast *copy_query(struct parse *p, struct token word, struct ast_query *query,
                       struct ast *file);
struct ast *copy_options(struct parse *p, struct ast *copy, struct parse_list options);
struct ast *export_new(struct parse *p, enum ast_export_op op, struct token word,
                       const struct token *database, struct ast *file, struct parse_list options);
struct ast *attach_new(struct parse *p, struct token word, int flags, struct ast *file,
                       const struct token *name);
struct ast *attach_options(struct parse *p, struct ast *attach, struct parse_list options);
struct ast *detach_new(struct parse *p, struct token word, int flags, struct token name);
struct ast *use_new(struct parse *p, struct token word, struct parse_names path);
struct ast *checkpoint_new(struct parse *p, struct token word, int flags, const struct token *name);
struct ast *vacuum_new(struct parse *p, struct token word, int flags, struct parse_list options,
                       struct parse_names path, struct parse_names columns);
struct ast *vacuum_into(struct parse *p, struct ast *vacuum, struct ast *file);
struct ast *backup_new(struct parse *p, struct token word, const struct token *name,
                       struct ast *file, struct parse_list options);
struct ast *integrity_new(struct parse *p, struct token word, struct parse_names path);

#endif

/* build_object.c -- nodes of CREATE INDEX, VIEW, SCHEMA, SEQUENCE, TYPE, FUNCTION and TRIGGER. */
#include "sql/build.h"
#include "sql/grammar_gen.h"

/* ---- indexes, views, schemas, sequences ----------------------------------------------------- */

struct ast_create_index *index_begin(struct parse *p, struct parse_create create, int flags,
                                     struct parse_names path, struct parse_names table)
{
    struct ast_create_index *node = NODE(p, AST_CREATE_INDEX, 0, ast_create_index, create.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)(create.flags | flags);
    node->path = path_end(path);
    node->table = path_end(table);
    return node;
}

struct ast_create_index *index_items(struct parse *p, struct ast_create_index *index,
                                     const struct token *method, struct parse_list items)
{
    if (p->rc != LLKV_OK) return NULL;
    if (method != NULL) index->method = token_name(p, method);
    index->items = list_end(items);
    index->base.end = p->end;
    return index;
}

struct ast_create_index *index_include(struct parse *p, struct ast_create_index *index,
                                       struct parse_names columns)
{
    if (p->rc != LLKV_OK) return NULL;
    if (index->include.count > 0)
        parse_fail(p, LLKV_SYNTAX, NULL, p->end, "INCLUDE is given twice");
    index->include = names_end(columns);
    index->base.end = p->end;
    return index;
}

struct ast *index_where(struct parse *p, struct ast_create_index *index, struct ast *condition)
{
    if (p->rc != LLKV_OK) return NULL;
    index->where = condition;
    index->base.end = p->end;
    return &index->base;
}

struct ast *view_new(struct parse *p, struct parse_create create, int flags,
                     struct parse_names path, struct parse_names columns, struct ast_query *query)
{
    struct ast_create_view *node = NODE(p, AST_CREATE_VIEW, 0, ast_create_view, create.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)(create.flags | flags);
    node->path = path_end(path);
    node->columns = names_end(columns);
    node->query = query;
    return &node->base;
}

struct ast *schema_new(struct parse *p, struct parse_create create, int flags,
                       struct parse_names path)
{
    struct ast_create_schema *node = NODE(p, AST_CREATE_SCHEMA, 0, ast_create_schema, create.at);
    if (node == NULL) return NULL;
    if (create.flags & AST_CREATE_TEMP) {
        parse_fail(p, LLKV_SYNTAX, NULL, create.at, "a schema cannot be temporary");
        return NULL;
    }
    node->base.flags = (uint8_t)(create.flags | flags);
    node->path = path_end(path);
    return &node->base;
}

struct ast *sequence_new(struct parse *p, struct parse_create create, int flags,
                         struct parse_names path, struct parse_list options)
{
    struct ast_create_sequence *node =
        NODE(p, AST_CREATE_SEQUENCE, 0, ast_create_sequence, create.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)(create.flags | flags);
    node->path = path_end(path);
    node->options = list_end(options);
    return &node->base;
}

struct ast *sequence_option(struct parse *p, struct token word, enum ast_sequence_option option,
                            struct ast *value)
{
    struct ast_option *node = NODE(p, AST_OPTION, option, ast_option, word.at);
    if (node == NULL) return NULL;
    if (value != NULL) node->values = list_end(list_one(p, value));
    return &node->base;
}

struct ast *sequence_owner(struct parse *p, struct token word, struct parse_names path)
{
    bool none = p->rc == LLKV_OK && path.count == 1 && !path.items[0].quoted &&
                slice_equal_folded(path.items[0].text, SLICE("none"));
    return sequence_option(p, word, AST_SEQUENCE_OWNED_BY, none ? NULL : expr_of_path(p, path));
}

/* ---- types, functions ----------------------------------------------------------------------- */

static struct ast_create_type *type_begin(struct parse *p, struct parse_create create, int flags,
                                          enum ast_object_kind kind, struct parse_names path)
{
    struct ast_create_type *node = NODE(p, AST_CREATE_TYPE, kind, ast_create_type, create.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)(create.flags | flags);
    node->path = path_end(path);
    return node;
}

struct ast *type_create(struct parse *p, struct parse_create create, int flags,
                        struct parse_names path, struct ast_type *type)
{
    struct ast_create_type *node = type_begin(p, create, flags, AST_OBJECT_TYPE, path);
    if (node == NULL) return NULL;
    node->type = type;
    return &node->base;
}

struct ast_create_type *domain_new(struct parse *p, struct parse_create create, int flags,
                                   struct parse_names path, struct ast_type *type)
{
    struct ast_create_type *node = type_begin(p, create, flags, AST_OBJECT_DOMAIN, path);
    if (node != NULL) node->type = type;
    return node;
}

struct ast_create_type *domain_add(struct parse *p, struct ast_create_type *domain,
                                   struct ast_constraint *constraint)
{
    if (p->rc != LLKV_OK) return NULL;
    domain->constraints = list_extend(p, domain->constraints, &constraint->base);
    domain->base.end = p->end;
    return domain;
}

struct ast *function_new(struct parse *p, struct parse_create create, int flags,
                         struct parse_names path, enum ast_object_kind kind,
                         struct parse_list bodies)
{
    struct ast_create_function *node =
        NODE(p, AST_CREATE_FUNCTION, kind, ast_create_function, create.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)(create.flags | flags);
    node->path = path_end(path);
    node->bodies = list_end(bodies);
    return &node->base;
}

struct parse_params *function_params(struct parse *p, struct token open, struct parse_list list)
{
    struct parse_params *params = p->rc == LLKV_OK ? parse_alloc(p, sizeof *params) : NULL;
    if (params != NULL) *params = (struct parse_params){open.at, list_end(list)};
    return params;
}

struct ast *function_body(struct parse *p, struct parse_params *params, struct ast_type *returns,
                          struct ast *value, struct ast_query *query)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_function_body *node = NODE(p, AST_FUNCTION_BODY, 0, ast_function_body, params->at);
    if (node == NULL) return NULL;
    node->params = params->list;
    node->returns = returns;
    node->value = value;
    node->query = query;
    return &node->base;
}

struct ast *function_param(struct parse *p, struct token name, struct ast_type *type,
                           struct ast *value)
{
    struct ast_function_param *node = NODE(p, AST_FUNCTION_PARAM, 0, ast_function_param, name.at);
    if (node == NULL) return NULL;
    node->name = token_name(p, &name);
    node->type = type;
    node->value = value;
    return &node->base;
}

/* ---- triggers ------------------------------------------------------------------------------- */

struct parse_events *trigger_event(struct parse *p, uint32_t event, struct parse_names columns)
{
    struct parse_events *events = p->rc == LLKV_OK ? parse_alloc(p, sizeof *events) : NULL;
    if (events != NULL)
        *events = (struct parse_events){event, AST_TRIGGER_DEFAULT, names_end(columns)};
    return events;
}

struct parse_events *trigger_events(struct parse *p, struct parse_events *into,
                                    struct parse_events *from)
{
    if (p->rc != LLKV_OK) return NULL;
    if (into->events & from->events)
        parse_fail(p, LLKV_SYNTAX, NULL, p->end, "an event of the trigger is given twice");
    into->events |= from->events;
    if (from->columns.count > 0) into->columns = from->columns;
    return into;
}

struct parse_events *trigger_time(struct parse *p, struct parse_events *events,
                                  enum ast_trigger_time time)
{
    if (p->rc != LLKV_OK) return NULL;
    events->time = time;
    return events;
}

struct ast_create_trigger *trigger_begin(struct parse *p, struct parse_create create, int flags,
                                         struct parse_names path, struct parse_events *events,
                                         struct parse_names table)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_create_trigger *node =
        NODE(p, AST_CREATE_TRIGGER, events->time, ast_create_trigger, create.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)(create.flags | flags);
    node->path = path_end(path);
    node->events = events->events;
    node->columns = events->columns;
    node->table = path_end(table);
    return node;
}

struct ast_create_trigger *trigger_level(struct parse *p, struct ast_create_trigger *trigger,
                                         enum ast_trigger_level level)
{
    if (p->rc != LLKV_OK) return NULL;
    if (trigger->level != AST_TRIGGER_LEVEL_NONE)
        parse_fail(p, LLKV_SYNTAX, NULL, p->end, "FOR EACH is given twice");
    trigger->level = level;
    return trigger;
}

struct ast_create_trigger *trigger_when(struct parse *p, struct ast_create_trigger *trigger,
                                        struct token word, struct ast *condition)
{
    if (p->rc != LLKV_OK) return NULL;
    if (trigger->when != NULL) parse_fail(p, LLKV_SYNTAX, NULL, word.at, "WHEN is given twice");
    trigger->when = condition;
    return trigger;
}

void trigger_ref(struct parse *p, uint32_t which, struct token name)
{
    if (p->rc != LLKV_OK) return;
    if (ast_name_given(&p->trigger_refs[which]))
        parse_fail(p, LLKV_SYNTAX, NULL, name.at, "this name is given twice");
    p->trigger_refs[which] = token_name(p, &name);
}

static struct ast *trigger_end(struct parse *p, struct ast_create_trigger *trigger)
{
    trigger->old_name = p->trigger_refs[0];
    trigger->new_name = p->trigger_refs[1];
    trigger->old_table = p->trigger_refs[2];
    trigger->new_table = p->trigger_refs[3];
    trigger->base.end = p->end;
    return &trigger->base;
}

struct ast *trigger_body(struct parse *p, struct ast_create_trigger *trigger,
                         struct parse_list statements)
{
    if (p->rc != LLKV_OK) return NULL;
    trigger->body = list_end(statements);
    return trigger_end(p, trigger);
}

struct ast *trigger_call(struct parse *p, struct ast_create_trigger *trigger, struct ast_call *call)
{
    if (p->rc != LLKV_OK) return NULL;
    trigger->call = call;
    return trigger_end(p, trigger);
}

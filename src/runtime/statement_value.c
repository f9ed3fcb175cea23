/* What goes into a statement and comes out: parameters, columns, the values of the current row. */
#include <string.h>

#include "runtime/statement_priv.h"

llkv_code statement_bind(struct cx *cx, struct statement *s, uint32_t parameter,
                         const struct value *value)
{
    if (parameter == 0 || parameter > s->param_count)
        return cx_fail(cx, LLKV_MISUSE, "there is no parameter %u; the statement has %u", parameter,
                       s->param_count);
    if (s->state == STATEMENT_RUNNING) statement_reset(s);
    struct value *bound = &s->params[parameter - 1];
    if (value->is_null || value->type.phys != PHYS_VIEW) {
        *bound = *value;
    } else {
        struct param_room *room = &s->param_rooms[parameter - 1];
        if (room->bytes <= value->s.len) { /* twice as much each time: little is left behind */
            const size_t bytes = (value->s.len + 1) * 2;
            char *data = arena_alloc(&s->param_arena, bytes);
            if (data == NULL) return cx_nomem(cx);
            *room = (struct param_room){data, bytes};
        }
        if (value->s.len != 0) memcpy(room->data, value->s.data, value->s.len);
        *bound = *value;
        bound->s = (struct slice){room->data, value->s.len};
    }
    return LLKV_OK;
}

uint32_t statement_column_count(const struct statement *s)
{
    if (s->plan != NULL) return s->plan->kind == LLKV_RESULT_SELECT ? s->plan->column_count : 0;
    return s->rows.column_count;
}

const char *statement_column_name(const struct statement *s, uint32_t column)
{
    if (column >= statement_column_count(s)) return NULL;
    return s->plan != NULL ? s->plan->names[column] : s->rows.names[column];
}

struct type statement_column_type(const struct statement *s, uint32_t column)
{
    if (column >= statement_column_count(s)) return type_of(TYPE_NULL);
    return s->plan != NULL ? s->plan->types[column] : type_of(TYPE_VARCHAR);
}

const char *statement_column_type_text(const struct statement *s, uint32_t column)
{
    static const char *const plain[] = {
#define X(name, sql) sql,
        LLKV_TYPE_LIST(X)
#undef X
    };
    if (s->plan != NULL && s->type_texts != NULL && column < s->plan->column_count &&
        s->type_texts[column] != NULL)
        return s->type_texts[column];
    return plain[statement_column_type(s, column).id];
}

struct value statement_value(const struct statement *s, uint32_t column)
{
    if (s->batch == NULL || column >= s->batch->column_count)
        return (struct value){.type = type_of(TYPE_NULL), .is_null = true};
    uint32_t row = s->batch->sel == NULL ? s->live : s->batch->sel[s->live];
    return vec_value(&s->batch->columns[column], statement_column_type(s, column), row);
}

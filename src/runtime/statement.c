#include <string.h>

#include "base/hash.h"
#include "runtime/statement_priv.h"

/* ---- making and keeping ---- */

struct cx statement_cx(const struct cx *cx, struct statement *s, struct arena *arena)
{
    struct session *session = s->session;
    return (struct cx){.arena = arena,
                       .error = cx->error,
                       .cancel = &session->cancel,
                       .progress = &session->progress,
                       .budget = &session->database->budget,
                       .pool = session->database->pool,
                       .text = s->text,
                       .now_micros = s->now_micros};
}

llkv_code statement_take_idle(struct cx *cx, struct session *session, struct statement **out)
{
    struct statement *s = session->idle;
    session->idle = NULL;
    *out = s;
    if (s != NULL) return LLKV_OK;
    struct mem_budget *budget = &session->database->budget;
    s = mem_alloc_zero(budget, sizeof *s);
    if (s == NULL) return cx_nomem(cx);
    s->session = session;
    arena_init(&s->plan_arena, budget);
    arena_init(&s->run_arena, budget);
    arena_init(&s->param_arena, budget);
    arena_init(&s->value_arena, budget);
    *out = s;
    return LLKV_OK;
}

void statement_drop_execution(struct statement *s)
{
    exec_close(s->kept);
    s->kept = NULL;
}

static void clear(struct statement *s)
{
    statement_drop_execution(s);
    statement_reset(s);
    arena_reset(&s->value_arena);
    arena_reset(&s->param_arena);
    arena_reset(&s->plan_arena);
    s->state = STATEMENT_IDLE;
    s->cached = s->typed_by_values = false;
    s->ast = NULL;
    s->plan = NULL;
    s->linked = NULL;
    s->param_count = 0;
    s->params = s->run_params = NULL;
    s->param_rooms = NULL;
    s->text = (struct slice){0};
    s->rows = (struct text_rows){0};
    s->transaction = NULL;
    s->is_part = false;
    s->reads = NULL;
}

static void destroy(struct statement *s)
{
    clear(s);
    arena_deinit(&s->value_arena);
    arena_deinit(&s->param_arena);
    arena_deinit(&s->run_arena);
    arena_deinit(&s->plan_arena);
    mem_free(s);
}

static void keep_idle(struct statement *s)
{
    struct session *session = s->session;
    clear(s);
    if (session->idle == NULL)
        session->idle = s;
    else
        destroy(s);
}

void statement_drop_kept(struct session *session)
{
    for (size_t i = 0; i < SESSION_CACHE_SLOTS; i++) {
        if (session->cache[i] != NULL) destroy(session->cache[i]);
        session->cache[i] = NULL;
    }
    if (session->idle != NULL) destroy(session->idle);
    session->idle = NULL;
}

void statement_free(struct statement *s)
{
    if (s == NULL) return;
    struct session *session = s->session;
    assert(session->open_count > 0);
    session->open_count--;
    statement_reset(s);
    if (!s->cached) {
        keep_idle(s);
        return;
    }
    for (uint32_t i = 0; i < s->param_count; i++) {
        s->params[i] = (struct value){.is_null = true};
        s->param_rooms[i] = (struct param_room){0};
    }
    arena_reset(&s->param_arena);
    struct statement **slot = &session->cache[s->text_hash % SESSION_CACHE_SLOTS];
    if (*slot != NULL) keep_idle(*slot);
    *slot = s;
}

enum { KEPT_TEXT_BYTES_MAX = 64 * 1024 };

/* A text worth keeping was met before: one-off texts cost one store here. */
static bool met_before(struct session *session, uint64_t hash)
{
    uint32_t *slot = &session->seen[hash % SESSION_SEEN_SLOTS];
    uint32_t tag = (uint32_t)(hash >> 32) | 1;
    bool met = *slot == tag;
    *slot = tag;
    return met;
}

/* Of the catalog that the next statement will see, as far as that is known. */
static struct catalog_version catalog_version_now(const struct session *session)
{
    const struct transaction *txn = &session->transaction;
    if (txn->state == TRANSACTION_NONE || !txn->has_snapshot)
        return (struct catalog_version){
            .temp = session->temp == NULL ? 0 : catalog_newest_version(session->temp),
            .common = catalog_newest_version(session->database->catalog)};
    const struct catalog_scope scope = transaction_catalog(txn);
    return catalog_scope_version(&scope);
}

static struct statement *take_cached(struct session *session, struct slice sql, uint64_t hash)
{
    struct statement **slot = &session->cache[hash % SESSION_CACHE_SLOTS];
    struct statement *s = *slot;
    if (s == NULL || s->text_hash != hash || !slice_equal(s->text, sql)) return NULL;
    if (s->settings_epoch != session->settings_epoch) return NULL;
    /* Its columns are asked for before it runs: those of another catalog would be wrong. */
    if (!statement_plan_is_of(s->plan, catalog_version_now(session))) return NULL;
    if (session->transaction.state == TRANSACTION_FAILED) return NULL; /* refused in the long way */
    *slot = NULL;
    return s;
}

/* ---- from text to statement ---- */

/* Where the first statement ends. Most texts are one: then no semicolon stands before the last
 * byte, and they need not be read for it. */
static size_t first_end(struct slice sql, bool sqlite_compat)
{
    const char *semicolon = sql.len == 0 ? NULL : memchr(sql.data, ';', sql.len - 1);
    return semicolon == NULL ? sql.len : sql_statement_end(sql, 0, sqlite_compat, NULL);
}

static llkv_code parse(struct cx *cx, struct statement *s, struct slice sql, size_t *out_used)
{
    /* Errors are told in the caller's text; the tree points into a copy of the statement. */
    struct sql_options options = {.sqlite_compat = s->session->settings.sqlite_compat};
    struct cx parse_cx = statement_cx(cx, s, &s->plan_arena);
    size_t end = first_end(sql, options.sqlite_compat);
    *out_used = end;
    char *copy = cx_strndup(&parse_cx, sql.data, end);
    if (copy == NULL) return LLKV_NOMEM;
    s->text = parse_cx.text = (struct slice){copy, end};
    size_t at = 0;
    return sql_parse_next(&parse_cx, &options, s->text, &at, &s->ast);
}

static llkv_code prepare_new(struct cx *cx, struct statement *s, struct slice sql, size_t *out_used)
{
    size_t used = 0;
    *out_used = 0;
    do { /* empty statements in front */
        arena_reset(&s->plan_arena);
        struct slice rest = {sql.data + *out_used, sql.len - *out_used};
        llkv_code rc = parse(cx, s, rest, &used);
        *out_used += used;
        if (rc != LLKV_OK) return rc;
    } while (s->ast == NULL && *out_used < sql.len);
    if (s->ast == NULL) return LLKV_OK;
    struct cx plan_cx = statement_cx(cx, s, &s->plan_arena);
    s->param_count = s->ast->param_count;
    s->params = cx_alloc_array(&plan_cx, s->param_count + 1u, sizeof *s->params);
    s->param_rooms = cx_alloc_zero(&plan_cx, (s->param_count + 1u) * sizeof *s->param_rooms);
    if (s->params == NULL || s->param_rooms == NULL) return LLKV_NOMEM;
    memset(s->params, 0, (s->param_count + 1u) * sizeof *s->params);
    for (uint32_t i = 0; i < s->param_count; i++)
        s->params[i].is_null = true;
    TRY(statement_enter(cx, s));
    return statement_compile(cx, s);
}

/* Places in errors were counted in the statement's own text. */
static void shift_error(struct cx *cx, struct slice sql, size_t start)
{
    llkv_error *e = cx->error;
    if (e->offset < 0 || start == 0 || start > sql.len) return;
    for (size_t i = 0; i < start; i++) {
        if (sql.data[i] == '\n') e->line++;
    }
    if (e->line > 0 && e->offset >= 0) {
        size_t at = start + (size_t)e->offset, from = at;
        while (from > 0 && sql.data[from - 1] != '\n')
            from--;
        int32_t column = 1;
        for (size_t i = from; i < at && i < sql.len; i++)
            if (((unsigned char)sql.data[i] & 0xc0) != 0x80) column++;
        e->column = column;
    }
    e->offset += (int32_t)start;
}

llkv_code statement_failed(struct cx *cx, llkv_code rc)
{
    if (rc != LLKV_CORRUPT || cx->error->hint[0] != '\0') return rc;
    return cx_hint(cx,
                   "The file is damaged here, or another program has written to it. What is not "
                   "damaged can still be read; the rest has to come from a copy.");
}

llkv_code statement_prepare(struct cx *cx, struct session *session, struct slice sql,
                            struct statement **out_statement, size_t *out_used)
{
    /* The rest of a long script is not looked up once for each of its statements. */
    const bool may_keep = sql.len <= KEPT_TEXT_BYTES_MAX;
    uint64_t hash = may_keep ? hash_bytes(sql.data, sql.len) : 0;
    *out_statement = NULL;
    session_refresh_settings(session);
    struct statement *s = may_keep ? take_cached(session, sql, hash) : NULL;
    if (s != NULL) {
        *out_used = sql.len;
        *out_statement = s;
        session->open_count++;
        return LLKV_OK;
    }
    *out_used = 0;
    TRY(statement_take_idle(cx, session, &s));
    session->open_count++;
    atomic_store_explicit(&session->cancel, false, memory_order_relaxed);
    llkv_code rc = prepare_new(cx, s, sql, out_used);
    if (rc != LLKV_OK) {
        shift_error(cx, sql, *out_used - s->text.len);
        rc = statement_failed(cx, rc);
    }
    if (rc != LLKV_OK || s->ast == NULL) {
        statement_free(s);
        return rc;
    }
    s->state = STATEMENT_PREPARED;
    s->text_hash = hash;
    s->cached = may_keep && s->text.len == sql.len && s->plan != NULL && met_before(session, hash);
    *out_statement = s;
    return LLKV_OK;
}

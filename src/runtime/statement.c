#include "runtime/statement.h"

#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "func/function.h"
#include "plan/plan.h"
#include "storage/drive_pager.h"
#include "table/write.h"
#include "task/task.h"

/* ---- making and keeping ---- */

static struct cx statement_cx(const struct cx *cx, struct statement *s, struct arena *arena)
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

static llkv_code take_idle(struct cx *cx, struct session *session, struct statement **out)
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

/* Its memory goes with the run arena. */
static void drop_execution(struct statement *s)
{
    exec_close(s->kept);
    s->kept = NULL;
}

static void clear(struct statement *s)
{
    drop_execution(s);
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

static bool is_of(const struct pplan *plan, struct catalog_version version)
{
    return plan->catalog_version.common == version.common &&
           plan->catalog_version.temp == version.temp;
}

static struct statement *take_cached(struct session *session, struct slice sql, uint64_t hash)
{
    struct statement **slot = &session->cache[hash % SESSION_CACHE_SLOTS];
    struct statement *s = *slot;
    if (s == NULL || s->text_hash != hash || !slice_equal(s->text, sql)) return NULL;
    if (s->settings_epoch != session->settings_epoch) return NULL;
    /* Its columns are asked for before it runs: those of another catalog would be wrong. */
    if (!is_of(s->plan, catalog_version_now(session))) return NULL;
    if (session->transaction.state == TRANSACTION_FAILED) return NULL; /* refused in the long way */
    *slot = NULL;
    return s;
}

/* ---- transactions ---- */

/* The transaction of the session, if there is one now. Most statements are refused once it failed.
 */
static llkv_code enter(struct cx *cx, struct statement *s)
{
    struct transaction *txn = &s->session->transaction;
    if (s->is_part) return LLKV_OK;
    s->transaction = txn->state == TRANSACTION_NONE ? NULL : txn;
    if (txn->state != TRANSACTION_FAILED || command_ends_failure(s->ast->node)) return LLKV_OK;
    return cx_fail_at(cx, LLKV_TRANSACTION, (int32_t)s->ast->node->at, "25P02",
                      "a statement of the transaction has failed: it can only be rolled back");
}

static void enlist(struct statement *s)
{
    struct session *session = s->session;
    s->running_next = session->running;
    if (s->running_next != NULL) s->running_next->running_place = &s->running_next;
    s->running_place = &session->running;
    session->running = s;
}

static void delist(struct statement *s)
{
    if (s->running_place == NULL) return;
    *s->running_place = s->running_next;
    if (s->running_next != NULL) s->running_next->running_place = s->running_place;
    s->running_place = NULL;
    s->running_next = NULL;
}

void session_cut_running(struct session *session)
{
    for (struct statement *s = session->running, *next; s != NULL; s = next) {
        next = s->running_next;
        if (s->transaction != &session->transaction) continue; /* it has its own snapshot */
        statement_reset(s);
        s->state = STATEMENT_CUT;
    }
}

static void set_mark(struct statement *s)
{
    const bool reads = s->plan != NULL && !s->plan->changes;
    const bool controls = s->ast->node->kind == AST_TRANSACTION;
    if (s->transaction == NULL || s->is_part || reads || controls) return;
    s->mark = transaction_set_mark(s->transaction);
    s->has_mark = true;
}

static void release_mark(struct statement *s)
{
    if (s->has_mark) transaction_release_mark(s->transaction, &s->mark);
    s->has_mark = false;
}

/* What is wrong with a command shows before it changes anything, but for these. */
static bool fails_while_executing(const struct statement *s, llkv_code rc)
{
    if (s->plan != NULL) return s->executes;
    switch (rc) {
    case LLKV_SYNTAX:
    case LLKV_NAME:
    case LLKV_EXISTS:
    case LLKV_TYPE:
    case LLKV_SEMANTIC:
    case LLKV_UNSUPPORTED:
    case LLKV_TRANSACTION:
    case LLKV_DEPENDENT:
    case LLKV_READONLY:
    case LLKV_BUSY:
    case LLKV_MISUSE: return false;
    default: return true;
    }
}

/* After an error: the statement leaves no trace, and its transaction can go on or not. */
static void fail(struct statement *s, llkv_code rc)
{
    struct transaction *txn = s->transaction;
    const bool fatal = txn != NULL && !s->is_part && fails_while_executing(s, rc) &&
                       !s->session->settings.sqlite_compat;
    exec_close(s->exec);
    s->exec = NULL;
    drop_execution(s);
    if (s->has_mark) transaction_go_back(txn, &s->mark);
    statement_reset(s);
    if (fatal && txn->state == TRANSACTION_ACTIVE) txn->state = TRANSACTION_FAILED;
}

/* ---- planning ---- */

static struct catalog_scope catalog_of(const struct statement *s)
{
    if (s->transaction != NULL) return transaction_catalog(s->transaction);
    return session_catalog(s->session, &s->snapshot);
}

static struct plan_env plan_env_of(const struct statement *s, const struct catalog_scope *now)
{
    return (struct plan_env){.catalog = s->reads != NULL ? *s->reads : *now,
                             .target = now,
                             .reader = &s->reader,
                             .settings = &s->session->settings,
                             .params = s->typed_by_values ? s->params : NULL,
                             .param_count = s->param_count};
}

static llkv_code begin_snapshot(struct cx *cx, struct statement *s)
{
    if (s->has_snapshot) return LLKV_OK;
    if (s->transaction != NULL) {
        TRY(transaction_take_snapshot(cx, s->transaction));
        s->reader = transaction_reader(s->transaction);
        return LLKV_OK;
    }
    TRY(txn_snapshot_begin(cx, s->session->database->manager, &s->snapshot));
    s->reader = (struct table_reader){.snapshot = &s->snapshot};
    s->has_snapshot = true;
    return LLKV_OK;
}

static void end_snapshot(struct statement *s)
{
    struct database *db = s->session->database;
    if (!s->has_snapshot) return;
    s->has_snapshot = false;
    txn_snapshot_end(db->manager, &s->snapshot);
    catalog_sweep(db->catalog);
    session_sweep(s->session);
}

static bool has_plan(const struct ast *node)
{
    return node->kind == AST_QUERY || node->kind == AST_INSERT || node->kind == AST_UPDATE ||
           node->kind == AST_DELETE || node->kind == AST_COPY;
}

/* Texts of types that have modifiers; most results have none. */
static llkv_code print_types(struct cx *cx, struct statement *s)
{
    s->type_texts = NULL;
    for (uint32_t i = 0; i < s->plan->column_count; i++) {
        struct type type = s->plan->types[i];
        char text[32];
        if (type.id != TYPE_DECIMAL && type.length == 0) continue;
        if (s->type_texts == NULL) {
            size_t bytes = s->plan->column_count * sizeof *s->type_texts;
            s->type_texts = cx_alloc_zero(cx, bytes);
            if (s->type_texts == NULL) return LLKV_NOMEM;
        }
        size_t len = type_print(type, text, sizeof text);
        s->type_texts[i] = cx_strndup(cx, text, len);
        if (s->type_texts[i] == NULL) return LLKV_NOMEM;
    }
    return LLKV_OK;
}

/* Under the snapshot: bind, optimize, link. */
static llkv_code make_plan(struct cx *cx, struct statement *s)
{
    struct cx plan_cx = statement_cx(cx, s, &s->plan_arena);
    const struct catalog_scope now = catalog_of(s);
    struct plan_env env = plan_env_of(s, &now);
    const uint64_t newest = catalog_newest_version(s->session->database->catalog);
    drop_execution(s);
    TRY(plan_statement(&plan_cx, &env, s->ast, &s->plan));
    TRY(exec_link(&plan_cx, s->plan, &s->linked));
    TRY(print_types(&plan_cx, s));
    s->settings_epoch = s->session->settings_epoch;
    s->newest_version = newest;
    s->run_params = cx_alloc_array(&plan_cx, s->plan->parameter_count + 1u, sizeof *s->run_params);
    if (s->run_params == NULL) return LLKV_NOMEM;
    memset(s->run_params, 0, (s->plan->parameter_count + 1u) * sizeof *s->run_params);
    s->info = (llkv_result_info){.kind = s->plan->kind,
                                 .object = s->plan->object_name,
                                 .has_rows = s->plan->kind == LLKV_RESULT_SELECT};
    return LLKV_OK;
}

static llkv_code compile(struct cx *cx, struct statement *s)
{
    if (!has_plan(s->ast->node)) {
        struct cx plan_cx = statement_cx(cx, s, &s->plan_arena);
        return command_describe(&plan_cx, s);
    }
    TRY(begin_snapshot(cx, s));
    llkv_code rc = make_plan(cx, s);
    end_snapshot(s);
    if (rc != LLKV_LIMIT) return rc;
    struct cx place_cx = statement_cx(cx, s, &s->plan_arena);
    return cx_place(&place_cx, rc, (int32_t)s->ast->node->at);
}

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
    TRY(enter(cx, s));
    return compile(cx, s);
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
    TRY(take_idle(cx, session, &s));
    session->open_count++;
    atomic_store_explicit(&session->cancel, false, memory_order_relaxed);
    llkv_code rc = prepare_new(cx, s, sql, out_used);
    if (rc != LLKV_OK) shift_error(cx, sql, *out_used - s->text.len);
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

/* ---- running ---- */

/* A BIGINT, which programs bind, that a narrower integer type of the plan can hold. */
static bool narrows(const struct value *value, struct type planned)
{
    if (value->type.id != TYPE_BIGINT) return false;
    switch (planned.id) {
    case TYPE_TINYINT: return value->i == (int8_t)value->i;
    case TYPE_SMALLINT: return value->i == (int16_t)value->i;
    case TYPE_INTEGER: return value->i == (int32_t)value->i;
    default: return false;
    }
}

/* The bound value as the type the plan gave the parameter; false: it would not be the same value.
 */
static llkv_code as_planned(struct cx *cx, const struct value *value, struct type planned,
                            struct value *out, bool *out_same)
{
    *out = *value;
    *out_same = true;
    if (value->is_null) out->type = planned;
    if (value->is_null || type_equal(value->type, planned)) return LLKV_OK;
    if (narrows(value, planned)) {
        out->type = planned;
        return LLKV_OK;
    }
    struct value back;
    bool text = value->type.id == TYPE_VARCHAR || planned.id == TYPE_VARCHAR;
    if (text && planned.id != TYPE_NULL) { /* as a literal would: it must parse */
        TRY(value_cast(cx, value, planned, false, -1, out));
        out->type = planned;
        return LLKV_OK;
    }
    *out_same = false;
    if (!type_is_numeric(value->type) || !type_is_numeric(planned)) return LLKV_OK;
    llkv_code rc = value_cast(cx, value, planned, false, -1, out);
    if (rc == LLKV_OK) rc = value_cast(cx, out, value->type, false, -1, &back);
    if (rc == LLKV_NOMEM) return rc;
    out->type = planned;
    *out_same = rc == LLKV_OK && memcmp(&back.i, &value->i, sizeof back.i) == 0;
    return LLKV_OK;
}

/* Fill in what the plan reads; false: it was made for other types. */
static llkv_code fill_params(struct cx *cx, struct statement *s, bool *out_fit)
{
    *out_fit = true;
    for (uint32_t i = 0; i < s->param_count && *out_fit; i++)
        TRY(as_planned(cx, &s->params[i], s->plan->parameter_types[i], &s->run_params[i], out_fit));
    return LLKV_OK;
}

/* The plan is used again as it is, or made anew in place. */
static llkv_code refresh_plan(struct cx *cx, struct statement *s)
{
    /* Any change of the catalog counts: a name may mean another object now. So do changes that the
     * snapshot does not see: an index the plan uses may be gone. */
    const struct catalog_scope scope = s->reads != NULL ? *s->reads : catalog_of(s);
    bool fresh = s->settings_epoch == s->session->settings_epoch &&
                 is_of(s->plan, catalog_scope_version(&scope)) &&
                 s->newest_version == catalog_newest_version(s->session->database->catalog);
    bool fit;
    if (!fresh) TRY(make_plan(cx, s));
    TRY(fill_params(cx, s, &fit));
    if (fit) return LLKV_OK;
    s->typed_by_values = true;
    TRY(make_plan(cx, s));
    TRY(fill_params(cx, s, &fit));
    CHECK(cx, fit);
    return LLKV_OK;
}

/* Where DML puts its changes: what is committed at its end, or the transaction's. */
static llkv_code take_writes(struct cx *cx, struct statement *s)
{
    if (s->transaction != NULL) return transaction_writes(cx, s->transaction, &s->writes);
    return write_set_new(cx, s->session->database->manager, &s->snapshot, TXN_ID_AUTO_COMMIT,
                         &s->writes);
}

static const struct table *target_of(const struct pplan *plan)
{
    switch (plan->root->op) {
    case POP_INSERT: return ((const struct pnode_insert *)plan->root)->table;
    case POP_UPDATE: return ((const struct pnode_update *)plan->root)->table;
    case POP_DELETE: return ((const struct pnode_delete *)plan->root)->table;
    default: return NULL;
    }
}

static llkv_code check_may_write(struct cx *cx, const struct statement *s)
{
    const struct table *table = target_of(s->plan);
    if (table != NULL && table_definition(table)->temporary) return LLKV_OK;
    return session_check_may_write(cx, s->session, (int32_t)s->ast->node->at);
}

static llkv_code start_plan(struct cx *cx, struct statement *s)
{
    struct cx run_cx = statement_cx(cx, s, &s->run_arena);
    struct database *db = s->session->database;
    TRY(begin_snapshot(cx, s));
    TRY(refresh_plan(&run_cx, s));
    if (s->plan->changes) TRY(check_may_write(&run_cx, s));
    s->executes = true;
    if (s->plan->changes) TRY(take_writes(&run_cx, s));
    struct exec_env env = {.manager = db->manager,
                           .reader = &s->reader,
                           .params = s->run_params,
                           .writes = s->writes,
                           .blocks = db->blocks,
                           .threads = db->threads};
    if (s->kept == NULL) return exec_open(&run_cx, s->linked, &env, &s->exec);
    s->exec = s->kept;
    s->kept = NULL;
    exec_restart(s->exec, &env);
    return LLKV_OK;
}

/* One FLAT batch out of the texts a command made. */
static llkv_code text_batch(struct cx *cx, struct statement *s, const struct batch **out)
{
    struct text_rows *rows = &s->rows;
    *out = NULL;
    if (s->batch != NULL || rows->row_count == 0) return LLKV_OK;
    CHECK(cx, rows->row_count <= VEC_ROWS_MAX);
    struct cx run_cx = statement_cx(cx, s, &s->run_arena);
    s->row_vectors = cx_alloc_array(&run_cx, rows->column_count, sizeof *s->row_vectors);
    if (s->row_vectors == NULL) return LLKV_NOMEM;
    for (uint32_t c = 0; c < rows->column_count; c++) {
        struct str_view *views = cx_alloc_array(&run_cx, rows->row_count + 1u, sizeof *views);
        uint64_t *valid = cx_alloc_array(&run_cx, VEC_WORDS_MAX, sizeof *valid);
        if (views == NULL || valid == NULL) return LLKV_NOMEM;
        memset(valid, 0, VEC_WORDS_MAX * sizeof *valid);
        for (uint32_t r = 0; r < rows->row_count; r++) {
            const char *text = rows->cells[r * rows->column_count + c];
            views[r] = str_of(text == NULL ? "" : text, text == NULL ? 0 : (uint32_t)strlen(text));
            if (text != NULL) valid[r >> 6] |= UINT64_C(1) << (r & 63);
        }
        s->row_vectors[c] = (struct vector){.phys = PHYS_VIEW,
                                            .shape = VEC_FLAT,
                                            .rows = rows->row_count,
                                            .validity = valid,
                                            .data = views};
    }
    s->row_batch = (struct batch){.rows = rows->row_count,
                                  .live = rows->row_count,
                                  .column_count = rows->column_count,
                                  .columns = s->row_vectors};
    *out = &s->row_batch;
    return LLKV_OK;
}

static int64_t clock_micros(void)
{
    struct timespec now;
    if (timespec_get(&now, TIME_UTC) == 0) return 0;
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static llkv_code start(struct cx *cx, struct statement *s)
{
    statement_reset(s);
    session_refresh_settings(s->session);
    TRY(enter(cx, s));
    enlist(s);
    set_mark(s);
    cx_progress_set(&s->session->progress, 0, 0);
    atomic_store_explicit(&s->session->cancel, false, memory_order_relaxed);
    s->state = STATEMENT_RUNNING;
    s->row_count = 0;
    s->now_micros = s->plan != NULL && s->plan->uses_clock ? clock_micros() : 0;
    if (s->plan != NULL) return start_plan(cx, s);
    struct cx run_cx = statement_cx(cx, s, &s->run_arena);
    return command_run(&run_cx, s);
}

/* The execution of a small DML statement serves the next run as well, for as long as what its runs
 * leave in the arena is little. */
static void keep_execution(struct statement *s, struct arena_mark mark)
{
    enum { KEPT_BYTES_MAX = 64 * 1024 };
    if (s->plan == NULL || !s->plan->changes || !exec_may_restart(s->exec)) return;
    if (s->run_arena.total_bytes > KEPT_BYTES_MAX) return;
    arena_rewind(&s->run_arena, mark); /* what the end took */
    s->kept = s->exec;
    s->exec = NULL;
}

static llkv_code finish(struct cx *cx, struct statement *s)
{
    const struct arena_mark mark = arena_mark(&s->run_arena);
    s->info.rows = s->row_count;
    if (s->writes != NULL) {
        struct cx run_cx = statement_cx(cx, s, &s->run_arena);
        TRY(s->transaction == NULL ? write_set_commit(&run_cx, s->writes)
                                   : write_set_statement_end(&run_cx, s->writes));
        s->info.rows = exec_rows_changed(s->exec);
    }
    if (s->plan != NULL && s->plan->kind == LLKV_RESULT_COPY)
        s->info.rows = exec_rows_changed(s->exec);
    s->info.note = NULL;
    if (s->exec != NULL && exec_note(s->exec)[0] != '\0') {
        memcpy(s->note, exec_note(s->exec), sizeof s->note);
        s->info.note = s->note;
    }
    keep_execution(s, mark);
    statement_reset(s);
    s->state = STATEMENT_DONE;
    return LLKV_OK;
}

static llkv_code advance(struct cx *cx, struct statement *s, const struct batch **out)
{
    *out = NULL;
    if (s->state == STATEMENT_CUT) {
        s->state = STATEMENT_PREPARED;
        return cx_fail(cx, LLKV_TRANSACTION, "the transaction that the statement ran in is over");
    }
    if (s->state != STATEMENT_RUNNING) TRY(start(cx, s));
    if (s->plan == NULL) {
        TRY(text_batch(cx, s, out));
    } else {
        struct cx run_cx = statement_cx(cx, s, &s->run_arena);
        TRY(exec_next(&run_cx, s->exec, out));
    }
    /* Before rows go out, or writes in. */
    TRY(drive_pager_check_pages(cx, s->session->database->pager));
    s->batch = *out;
    if (*out != NULL) {
        s->row_count += (*out)->live;
        return LLKV_OK;
    }
    return finish(cx, s);
}

llkv_code statement_next(struct cx *cx, struct statement *s, const struct batch **out_batch)
{
    llkv_code rc = advance(cx, s, out_batch);
    if (rc != LLKV_OK) fail(s, rc);
    return rc;
}

llkv_code statement_step(struct cx *cx, struct statement *s, bool *out_row)
{
    if (s->state == STATEMENT_RUNNING && s->batch != NULL && s->live + 1 < s->batch->live) {
        s->live++;
        *out_row = true;
        return LLKV_OK;
    }
    const struct batch *batch;
    *out_row = false;
    TRY(statement_next(cx, s, &batch));
    s->live = 0;
    *out_row = batch != NULL;
    return LLKV_OK;
}

void statement_reset(struct statement *s)
{
    exec_close(s->exec);
    if (s->transaction == NULL) write_set_free(s->writes);
    release_mark(s);
    delist(s);
    end_snapshot(s);
    s->exec = NULL;
    s->writes = NULL;
    s->executes = false;
    s->batch = NULL;
    s->live = 0;
    s->rows.row_count = 0;
    s->rows.cells = NULL;
    if (s->kept == NULL) arena_reset(&s->run_arena);
    if (s->state >= STATEMENT_RUNNING) s->state = STATEMENT_PREPARED;
}

llkv_code statement_run_part(struct cx *cx, struct session *session,
                             struct transaction *transaction, struct ast *node,
                             const struct catalog_scope *reads, int64_t *out_rows)
{
    struct statement *part;
    TRY(take_idle(cx, session, &part));
    session->open_count++;
    struct cx plan_cx = statement_cx(cx, part, &part->plan_arena);
    part->text = cx->text;
    part->transaction = transaction;
    part->is_part = true;
    part->reads = reads;
    struct ast_stmt *stmt = cx_alloc_zero(&plan_cx, sizeof *stmt);
    llkv_code rc = stmt == NULL ? LLKV_NOMEM : LLKV_OK;
    const struct batch *batch;
    if (stmt != NULL) {
        stmt->base = (struct ast){.kind = AST_STATEMENT, .at = node->at, .end = node->end};
        stmt->node = node;
        part->ast = stmt;
        part->state = STATEMENT_PREPARED;
        rc = compile(cx, part);
    }
    if (rc == LLKV_OK) rc = statement_next(cx, part, &batch);
    if (rc == LLKV_OK) *out_rows = part->info.rows;
    statement_free(part);
    return rc;
}

/* ---- parameters, columns, values ---- */

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

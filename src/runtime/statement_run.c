/* A statement from its start to its end, and its part in a transaction. */
#include <string.h>
#include <time.h>

#include "runtime/statement_priv.h"
#include "storage/drive_pager.h"
#include "table/write.h"

/* ---- transactions ---- */

llkv_code statement_enter(struct cx *cx, struct statement *s)
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
    statement_drop_execution(s);
    if (s->has_mark) transaction_go_back(txn, &s->mark);
    statement_reset(s);
    if (fatal && txn->state == TRANSACTION_ACTIVE) txn->state = TRANSACTION_FAILED;
}

llkv_code statement_begin_snapshot(struct cx *cx, struct statement *s)
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

void statement_end_snapshot(struct statement *s)
{
    if (!s->has_snapshot) return;
    s->has_snapshot = false;
    session_end_snapshot(s->session, &s->snapshot);
}

/* ---- running ---- */

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
    TRY(statement_begin_snapshot(cx, s));
    TRY(statement_refresh_plan(&run_cx, s));
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
    TRY(statement_enter(cx, s));
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
    if (rc == LLKV_OK) return LLKV_OK;
    fail(s, rc);
    return statement_failed(cx, rc);
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
    statement_end_snapshot(s);
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
    TRY(statement_take_idle(cx, session, &part));
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
        rc = statement_compile(cx, part);
    }
    if (rc == LLKV_OK) rc = statement_next(cx, part, &batch);
    if (rc == LLKV_OK) *out_rows = part->info.rows;
    statement_free(part);
    return rc;
}

/* The functions of llkv.h that the sqllogictest harness calls, on SQLite: so the same harness can
 * run the same files on both, and the difference is the engines'. What the harness does not call is
 * not here, and what SQLite has not (storage units, a pager) is refused. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "llkv.h"
#include "slt/slt.h"

struct llkv_engine {
    sqlite3 *db;
    uint32_t session_count;
};

struct llkv_session {
    llkv_engine *engine;
};

struct llkv_statement {
    sqlite3 *db;
    sqlite3_stmt *stmt; /* NULL: a setting of LLKV's, which SQLite has no need of */
    llkv_result_kind kind;
};

/* What the harness says first in SQLite's dialect: be like SQLite. */
static const char setup[] = "SET sqlite_compat = true";

const char *llkv_code_sqlstate(llkv_code code)
{
    switch (code) {
#define X(name, text, adbc, sqlstate)                                                              \
    case LLKV_##name: return sqlstate;
        LLKV_STATUS_LIST(X)
#undef X
    }
    return "XX000";
}

const char *llkv_result_kind_text(llkv_result_kind kind)
{
    switch (kind) {
#define X(name, text)                                                                              \
    case LLKV_RESULT_##name: return text;
        LLKV_RESULT_LIST(X)
#undef X
    }
    return "";
}

static llkv_code fail(llkv_error *error, llkv_code code, const char *message)
{
    if (error == NULL) return code;
    *error = (llkv_error)LLKV_ERROR_INIT;
    error->code = code;
    (void)snprintf(error->message, sizeof error->message, "%s", message); /* cut if too long */
    (void)snprintf(error->sqlstate, sizeof error->sqlstate, "%s", llkv_code_sqlstate(code));
    return code;
}

/* SQLite's codes are coarse; the harness tells apart what its files tell apart. */
static llkv_code fail_sqlite(llkv_error *error, sqlite3 *db)
{
    const char *message = sqlite3_errmsg(db);
    llkv_code code = LLKV_SEMANTIC;
    switch (sqlite3_errcode(db)) {
    case SQLITE_NOMEM: code = LLKV_NOMEM; break;
    case SQLITE_CONSTRAINT: code = LLKV_CONSTRAINT; break;
    case SQLITE_INTERRUPT: code = LLKV_CANCELLED; break;
    case SQLITE_BUSY: code = LLKV_BUSY; break;
    case SQLITE_TOOBIG: code = LLKV_LIMIT; break;
    default:
        if (strcmp(message, "integer overflow") == 0) code = LLKV_OVERFLOW;
        break;
    }
    return fail(error, code, message);
}

llkv_code llkv_engine_open(const llkv_engine_options *options, llkv_engine **out_engine,
                           llkv_error *error)
{
    bool plain = options == NULL ||
                 (options->path == NULL && options->pager == NULL && !options->read_only &&
                  options->debug_segment_rows == 0 && options->debug_vector_rows == 0 &&
                  !options->debug_no_pruning && options->memory_limit == 0);
    if (!plain) return fail(error, LLKV_UNSUPPORTED, "SQLite is run in memory, without options");
    llkv_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) return fail(error, LLKV_NOMEM, "out of memory");
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(":memory:", &engine->db, flags, NULL) != SQLITE_OK) {
        llkv_code code = fail_sqlite(error, engine->db);
        (void)sqlite3_close(engine->db); /* it was never in use */
        free(engine);
        return code;
    }
    *out_engine = engine;
    return LLKV_OK;
}

llkv_code llkv_engine_close(llkv_engine *engine, llkv_error *error)
{
    if (engine == NULL) return LLKV_OK;
    if (engine->session_count > 0) return fail(error, LLKV_BUSY, "sessions are open");
    if (sqlite3_close(engine->db) != SQLITE_OK) return fail_sqlite(error, engine->db);
    free(engine);
    return LLKV_OK;
}

llkv_code llkv_session_open(llkv_engine *engine, llkv_session **out_session, llkv_error *error)
{
    if (engine->session_count > 0)
        return fail(error, LLKV_UNSUPPORTED, "SQLite in memory has one session");
    llkv_session *session = calloc(1, sizeof *session);
    if (session == NULL) return fail(error, LLKV_NOMEM, "out of memory");
    session->engine = engine;
    engine->session_count++;
    *out_session = session;
    return LLKV_OK;
}

llkv_code llkv_session_open_like(llkv_session *like, llkv_session **out_session, llkv_error *error)
{
    return llkv_session_open(like->engine, out_session, error);
}

llkv_code llkv_session_close(llkv_session *session, llkv_error *error)
{
    (void)error; /* nothing can go wrong */
    if (session == NULL) return LLKV_OK;
    session->engine->session_count--;
    free(session);
    return LLKV_OK;
}

static llkv_result_kind kind_of(const char *sql, size_t bytes)
{
    static const struct {
        const char *word;
        llkv_result_kind kind;
    } words[] = {
        {"SELECT", LLKV_RESULT_SELECT}, {"INSERT", LLKV_RESULT_INSERT},
        {"UPDATE", LLKV_RESULT_UPDATE}, {"DELETE", LLKV_RESULT_DELETE},
        {"DROP", LLKV_RESULT_DROP},     {"CREATE", LLKV_RESULT_CREATE_TABLE},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i].word);
        if (bytes > len && strncasecmp(sql, words[i].word, len) == 0) return words[i].kind;
    }
    return LLKV_RESULT_UTILITY;
}

llkv_code llkv_prepare(llkv_session *session, const char *sql, size_t bytes,
                       llkv_statement **out_statement, size_t *out_used, llkv_error *error)
{
    sqlite3 *db = session->engine->db;
    sqlite3_stmt *stmt = NULL;
    const char *rest = sql + bytes;
    *out_statement = NULL;
    if (out_used != NULL) *out_used = bytes;
    if (bytes > INT32_MAX) return fail(error, LLKV_LIMIT, "the text is too long");
    bool set = bytes == sizeof setup - 1 && memcmp(sql, setup, bytes) == 0;
    if (!set && sqlite3_prepare_v2(db, sql, (int)bytes, &stmt, &rest) != SQLITE_OK)
        return fail_sqlite(error, db);
    if (out_used != NULL) *out_used = (size_t)(rest - sql);
    if (!set && stmt == NULL) return LLKV_OK; /* blanks */
    llkv_statement *statement = calloc(1, sizeof *statement);
    if (statement == NULL) {
        (void)sqlite3_finalize(stmt); /* it was never run */
        return fail(error, LLKV_NOMEM, "out of memory");
    }
    *statement = (llkv_statement){db, stmt, set ? LLKV_RESULT_SET : kind_of(sql, bytes)};
    *out_statement = statement;
    return LLKV_OK;
}

void llkv_statement_free(llkv_statement *statement)
{
    if (statement == NULL) return;
    (void)sqlite3_finalize(statement->stmt); /* repeats the error of the last step */
    free(statement);
}

llkv_code llkv_statement_step(llkv_statement *statement, bool *out_row, llkv_error *error)
{
    *out_row = false;
    if (statement->stmt == NULL) return LLKV_OK;
    switch (sqlite3_step(statement->stmt)) {
    case SQLITE_ROW: *out_row = true; return LLKV_OK;
    case SQLITE_DONE: return LLKV_OK;
    default: return fail_sqlite(error, statement->db);
    }
}

llkv_result_info llkv_statement_info(const llkv_statement *statement)
{
    return (llkv_result_info){
        .kind = statement->kind, .offset = 0, .has_rows = llkv_column_count(statement) > 0};
}

uint32_t llkv_column_count(const llkv_statement *statement)
{
    return (uint32_t)sqlite3_column_count(statement->stmt); /* 0 for NULL */
}

bool llkv_value_is_null(const llkv_statement *statement, uint32_t column)
{
    return sqlite3_column_type(statement->stmt, (int)column) == SQLITE_NULL;
}

llkv_type llkv_value_type(const llkv_statement *statement, uint32_t column)
{
    switch (sqlite3_column_type(statement->stmt, (int)column)) {
    case SQLITE_INTEGER: return LLKV_TYPE_BIGINT;
    case SQLITE_FLOAT: return LLKV_TYPE_DOUBLE;
    case SQLITE_TEXT: return LLKV_TYPE_VARCHAR;
    case SQLITE_BLOB: return LLKV_TYPE_BLOB;
    default: return LLKV_TYPE_NULL;
    }
}

bool llkv_value_bool(const llkv_statement *statement, uint32_t column)
{
    return sqlite3_column_int64(statement->stmt, (int)column) != 0;
}

int64_t llkv_value_int64(const llkv_statement *statement, uint32_t column)
{
    return sqlite3_column_int64(statement->stmt, (int)column);
}

double llkv_value_double(const llkv_statement *statement, uint32_t column)
{
    return sqlite3_column_double(statement->stmt, (int)column);
}

const char *llkv_value_text(llkv_statement *statement, uint32_t column, size_t *out_bytes)
{
    const unsigned char *text = sqlite3_column_text(statement->stmt, (int)column);
    if (out_bytes != NULL) *out_bytes = (size_t)sqlite3_column_bytes(statement->stmt, (int)column);
    return (const char *)text;
}

int main(int argc, char **argv)
{
    struct slt_options options;
    slt_options_init(&options);
    int code = 0;
    for (int i = 1; i < argc && code == 0; i++) {
        if (!slt_option_is(argv[i])) {
            fprintf(stderr, "Error: no option of the harness: %s\n", argv[i]);
            code = 2;
        } else if (!slt_option_take(&options, argc, argv, &i, stderr)) {
            code = 2;
        }
    }
    if (code == 0) code = slt_run(&options, stdout, stderr);
    slt_options_deinit(&options);
    return code;
}

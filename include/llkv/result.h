/* result.h -- run a script, get a structured result for each statement. */
#ifndef LLKV_RESULT_H
#define LLKV_RESULT_H
#include "llkv/arrow_abi.h"
#include "llkv/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, text): what a statement was. */
#define LLKV_RESULT_LIST(X)                                                                        \
    X(SELECT, "SELECT")                                                                            \
    X(INSERT, "INSERT")                                                                            \
    X(UPDATE, "UPDATE")                                                                            \
    X(DELETE, "DELETE")                                                                            \
    X(CREATE_TABLE, "CREATE TABLE")                                                                \
    X(CREATE_INDEX, "CREATE INDEX")                                                                \
    X(CREATE_VIEW, "CREATE VIEW")                                                                  \
    X(CREATE_TRIGGER, "CREATE TRIGGER")                                                            \
    X(CREATE_SCHEMA, "CREATE SCHEMA")                                                              \
    X(DROP, "DROP")                                                                                \
    X(ALTER, "ALTER")                                                                              \
    X(TRANSACTION, "TRANSACTION")                                                                  \
    X(SET, "SET")                                                                                  \
    X(EXPLAIN, "EXPLAIN")                                                                          \
    X(UTILITY, "UTILITY")                                                                          \
    X(NOOP, "NOOP")                                                                                \
    X(COPY, "COPY")

typedef enum llkv_result_kind {
#define X(name, text) LLKV_RESULT_##name,
    LLKV_RESULT_LIST(X)
#undef X
} llkv_result_kind;

/* What a statement of kind TRANSACTION was, and after it ran what it did: COMMIT of a transaction
 * that had failed is a ROLLBACK. */
typedef enum llkv_txn_kind {
    LLKV_TXN_NONE,
    LLKV_TXN_BEGIN,
    LLKV_TXN_COMMIT,
    LLKV_TXN_ROLLBACK,
    LLKV_TXN_SAVEPOINT,
    LLKV_TXN_RELEASE,
    LLKV_TXN_ROLLBACK_TO
} llkv_txn_kind;

typedef struct llkv_result_info {
    llkv_result_kind kind;
    int64_t rows;       /* SELECT: rows returned; INSERT, UPDATE, DELETE: rows changed;
                         * COPY: rows read or written; else 0 */
    const char *object; /* the table, view or index concerned, or NULL; owned by the results */
    const char *note;   /* what the statement found out by itself, or NULL; as long as `object` */
    int32_t offset;     /* where the statement begins in the script, in bytes */
    bool has_rows;      /* there is a row set to take */
    llkv_txn_kind transaction;
} llkv_result_info;

typedef struct llkv_results llkv_results;

/* Run every statement of `sql` (`bytes` long, need not be NUL-terminated), in order, each in a
 * transaction of its own unless one is open. Stops at the first error; *out_results then holds the
 * results before it and the code says what happened. The row sets are held in memory. */
LLKV_API LLKV_NODISCARD llkv_code llkv_execute(llkv_session *session, const char *sql, size_t bytes,
                                               llkv_results **out_results, llkv_error *error);

/* 0 for NULL. */
LLKV_API size_t llkv_results_count(const llkv_results *results);
/* `index` < llkv_results_count(). The info borrows from `results`. */
LLKV_API llkv_result_info llkv_results_info(const llkv_results *results, size_t index);
/* Move the row set of one result out as a stream, which the caller releases. LLKV_MISUSE if there
 * is none or it was taken before. */
LLKV_API LLKV_NODISCARD llkv_code llkv_results_take(llkv_results *results, size_t index,
                                                    struct ArrowArrayStream *out_stream,
                                                    llkv_error *error);
LLKV_API void llkv_results_free(llkv_results *results);

/* Run one SELECT and stream its record batches. The stream holds a snapshot until it is released;
 * an error while it runs comes from get_next, its text from get_last_error. */
LLKV_API LLKV_NODISCARD llkv_code llkv_query(llkv_session *session, const char *sql, size_t bytes,
                                             struct ArrowArrayStream *out_stream,
                                             llkv_error *error);

LLKV_API const char *llkv_result_kind_text(llkv_result_kind kind);

#ifdef __cplusplus
}
#endif
#endif

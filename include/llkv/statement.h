/* statement.h -- prepare once, bind, step through rows. */
#ifndef LLKV_STATEMENT_H
#define LLKV_STATEMENT_H
#include "llkv/arrow_abi.h"
#include "llkv/result.h"
#include "llkv/session.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct llkv_statement llkv_statement;

/* Compile the first statement of `sql`. *out_used is set to the bytes it took, its semicolon and
 * leading blanks included, so that a script is walked by calling again with what is left; it may be
 * NULL if `sql` must hold one statement only (more is LLKV_SYNTAX). *out_statement is NULL when
 * there was nothing but blanks and comments. After an error *out_used is set as well: to the end
 * of the statement that failed. */
LLKV_API LLKV_NODISCARD llkv_code llkv_prepare(llkv_session *session, const char *sql, size_t bytes,
                                               llkv_statement **out_statement, size_t *out_used,
                                               llkv_error *error);

/* Finish and free; never fails, NULL is allowed. Rows not yet fetched are dropped. */
LLKV_API void llkv_statement_free(llkv_statement *statement);

/* Parameters are counted from 1, in order of first appearance (?, :n, @n, $n) or by their number
 * (?N, $N). Values stay bound over resets. Text and blobs are copied. */
LLKV_API uint32_t llkv_statement_parameter_count(const llkv_statement *statement);
/* 0 if there is no parameter of that name (given without its sign). */
LLKV_API uint32_t llkv_statement_parameter_index(const llkv_statement *statement, const char *name);
LLKV_API LLKV_NODISCARD llkv_code llkv_bind_null(llkv_statement *statement, uint32_t parameter,
                                                 llkv_error *error);
LLKV_API LLKV_NODISCARD llkv_code llkv_bind_bool(llkv_statement *statement, uint32_t parameter,
                                                 bool value, llkv_error *error);
LLKV_API LLKV_NODISCARD llkv_code llkv_bind_int64(llkv_statement *statement, uint32_t parameter,
                                                  int64_t value, llkv_error *error);
LLKV_API LLKV_NODISCARD llkv_code llkv_bind_double(llkv_statement *statement, uint32_t parameter,
                                                   double value, llkv_error *error);
LLKV_API LLKV_NODISCARD llkv_code llkv_bind_text(llkv_statement *statement, uint32_t parameter,
                                                 const char *value, size_t bytes,
                                                 llkv_error *error);
LLKV_API LLKV_NODISCARD llkv_code llkv_bind_blob(llkv_statement *statement, uint32_t parameter,
                                                 const void *value, size_t bytes,
                                                 llkv_error *error);

/* Run to the next row. *out_row is false when the statement is complete; a statement without rows
 * is complete after its first step. Stepping a complete statement starts it anew, and so does the
 * first step after a reset or an error. */
LLKV_API LLKV_NODISCARD llkv_code llkv_statement_step(llkv_statement *statement, bool *out_row,
                                                      llkv_error *error);
LLKV_API void llkv_statement_reset(llkv_statement *statement);

/* What the statement is, and after completion what it did. */
LLKV_API llkv_result_info llkv_statement_info(const llkv_statement *statement);

/* X(name, sql): the type of a result column. */
#define LLKV_TYPE_LIST(X)                                                                          \
    X(NULL, "NULL")                                                                                \
    X(BOOLEAN, "BOOLEAN")                                                                          \
    X(TINYINT, "TINYINT")                                                                          \
    X(SMALLINT, "SMALLINT")                                                                        \
    X(INTEGER, "INTEGER")                                                                          \
    X(BIGINT, "BIGINT")                                                                            \
    X(HUGEINT, "HUGEINT")                                                                          \
    X(UTINYINT, "UTINYINT")                                                                        \
    X(USMALLINT, "USMALLINT")                                                                      \
    X(UINTEGER, "UINTEGER")                                                                        \
    X(UBIGINT, "UBIGINT")                                                                          \
    X(UHUGEINT, "UHUGEINT")                                                                        \
    X(FLOAT, "FLOAT")                                                                              \
    X(DOUBLE, "DOUBLE")                                                                            \
    X(DECIMAL, "DECIMAL")                                                                          \
    X(VARCHAR, "VARCHAR")                                                                          \
    X(BLOB, "BLOB")                                                                                \
    X(DATE, "DATE")                                                                                \
    X(TIME, "TIME")                                                                                \
    X(TIMESTAMP, "TIMESTAMP")                                                                      \
    X(TIMESTAMPTZ, "TIMESTAMP WITH TIME ZONE")                                                     \
    X(INTERVAL, "INTERVAL")                                                                        \
    X(UUID, "UUID")                                                                                \
    X(NUMBER, "NUMBER")

typedef enum llkv_type {
#define X(name, sql) LLKV_TYPE_##name,
    LLKV_TYPE_LIST(X)
#undef X
} llkv_type;

/* Columns of the result, known once the statement is prepared. `column` counts from 0. */
LLKV_API uint32_t llkv_column_count(const llkv_statement *statement);
LLKV_API const char *llkv_column_name(const llkv_statement *statement, uint32_t column);
LLKV_API llkv_type llkv_column_type(const llkv_statement *statement, uint32_t column);
/* The type as SQL writes it, with its modifiers: "DECIMAL(12,2)". Valid as long as the statement.
 */
LLKV_API const char *llkv_column_type_text(const llkv_statement *statement, uint32_t column);

/* Values of the current row. Numbers are converted as CAST would (out of range saturates; a text
 * gives its numeric prefix); NULL gives 0, false or an empty text. The type of the value itself is
 * told by llkv_value_type: it differs from the column's for NULL and for NUMBER. */
LLKV_API bool llkv_value_is_null(const llkv_statement *statement, uint32_t column);
LLKV_API llkv_type llkv_value_type(const llkv_statement *statement, uint32_t column);
LLKV_API bool llkv_value_bool(const llkv_statement *statement, uint32_t column);
LLKV_API int64_t llkv_value_int64(const llkv_statement *statement, uint32_t column);
LLKV_API double llkv_value_double(const llkv_statement *statement, uint32_t column);
/* The value as text, as CAST(value AS VARCHAR) writes it; NUL-terminated, valid until the next
 * step, reset or free. *out_bytes may be NULL. Blobs come as their bytes. NULL on lack of memory.
 */
LLKV_API const char *llkv_value_text(llkv_statement *statement, uint32_t column, size_t *out_bytes);

/* Instead of stepping: run the statement and stream its batches. The statement stays in use until
 * the stream is released. */
LLKV_API LLKV_NODISCARD llkv_code llkv_statement_stream(llkv_statement *statement,
                                                        struct ArrowArrayStream *out_stream,
                                                        llkv_error *error);

#ifdef __cplusplus
}
#endif
#endif

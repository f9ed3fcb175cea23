/* status.h -- the codes every call returns, and the error object a caller may pass along.
 *
 * A function that can fail returns llkv_code. The details (message, position in the SQL text, hint)
 * go to an llkv_error that the caller owns; it may be NULL where nobody wants to know. */
#ifndef LLKV_STATUS_H
#define LLKV_STATUS_H
#include <stdint.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LLKV_API __attribute__((visibility("default")))
#define LLKV_NODISCARD __attribute__((warn_unused_result))
#else
#define LLKV_API
#define LLKV_NODISCARD
#endif

/* X(name, text, adbc_status, sqlstate) -- the only list of codes; everything else is generated.
 * A code is the class of a failure; the SQLSTATE in the error object may be finer. */
#define LLKV_STATUS_LIST(X)                                                                        \
    X(OK, "ok", 0, "00000")                                                                        \
    X(NOMEM, "out of memory", 9, "53200")                                                          \
    X(LIMIT, "a limit was exceeded", 9, "54000")                                                   \
    X(IO, "i/o error", 10, "58030")                                                                \
    X(CORRUPT, "file is not what was written", 10, "XX001")                                        \
    X(SYNTAX, "syntax error", 5, "42601")                                                          \
    X(NAME, "no such object or column", 3, "42704")                                                \
    X(EXISTS, "object exists already", 4, "42P07")                                                 \
    X(TYPE, "types do not fit", 5, "42804")                                                        \
    X(SEMANTIC, "statement has no meaning", 5, "42000")                                            \
    X(UNSUPPORTED, "not supported", 2, "0A000")                                                    \
    X(OVERFLOW, "numeric value out of range", 7, "22003")                                          \
    X(DATA, "value is not valid", 7, "22000")                                                      \
    X(CARDINALITY, "more than one row", 7, "21000")                                                \
    X(CONSTRAINT, "constraint violated", 8, "23000")                                               \
    X(CONFLICT, "transaction conflict", 8, "40001")                                                \
    X(TRANSACTION, "transaction state does not allow this", 6, "25000")                            \
    X(DEPENDENT, "other objects depend on this", 6, "2BP01")                                       \
    X(BUSY, "in use", 6, "55006")                                                                  \
    X(READONLY, "read only", 6, "25006")                                                           \
    X(MISUSE, "the call is not allowed here", 6, "HY010")                                          \
    X(CANCELLED, "cancelled", 11, "57014")                                                         \
    X(TIMEOUT, "timed out", 12, "57014")                                                           \
    X(UNKNOWN, "outcome unknown", 10, "08007")                                                     \
    X(INTERNAL, "bug in llkv", 9, "XX000")

typedef enum llkv_code {
#define X(name, text, adbc, sqlstate) LLKV_##name,
    LLKV_STATUS_LIST(X)
#undef X
} llkv_code;

/* What went wrong. Caller-owned and never allocated, so it cannot leak. Set struct_size to
 * sizeof(llkv_error) (or use LLKV_ERROR_INIT) before the first use. Every other field means
 * something only after a call that was given this object returned another code than LLKV_OK. */
typedef struct llkv_error {
    uint32_t struct_size;
    llkv_code code;
    int32_t offset;       /* byte in the SQL text, from 0; -1 if the error has no place in it */
    int32_t line, column; /* of that byte, from 1; 0 if offset is -1. Columns count code points */
    bool retryable;       /* the same transaction may succeed if it is run again */
    char sqlstate[6];
    char message[512];
    char hint[256]; /* empty, or what to do about it */
} llkv_error;

#define LLKV_ERROR_INIT                                                                            \
    {                                                                                              \
        sizeof(llkv_error), LLKV_OK, -1, 0, 0, false, "", "", ""                                   \
    }

/* The short text of a code, a string constant. */
LLKV_API const char *llkv_code_text(llkv_code code);
/* The SQLSTATE class of a code, a string constant of five characters. */
LLKV_API const char *llkv_code_sqlstate(llkv_code code);
/* The ADBC status that stands for a code. */
LLKV_API int llkv_code_adbc(llkv_code code);

#ifdef __cplusplus
}
#endif
#endif

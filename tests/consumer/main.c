/* Use the installed library from outside: C and C++, static and shared. Internal names of the
 * library are taken here on purpose, to show that they do not meet. */
#include <llkv.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
int cx_fail = 1;
int mem_alloc = 2;
int arena_init = 3;
#ifdef __cplusplus
}
#endif

static int answer(llkv_session *session, llkv_error *error)
{
    const char *sql = "SELECT 40 + 2 AS answer";
    llkv_statement *statement = NULL;
    bool row = false;
    int64_t value = 0;
    if (llkv_prepare(session, sql, strlen(sql), &statement, NULL, error) != LLKV_OK) return 1;
    if (llkv_statement_step(statement, &row, error) == LLKV_OK && row)
        value = llkv_value_int64(statement, 0);
    llkv_statement_free(statement);
    return value == 42 ? 0 : 1;
}

int main(void)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_engine *engine = NULL;
    llkv_session *session = NULL;
    int failed = 1;
    if (llkv_engine_open(NULL, &engine, &error) == LLKV_OK &&
        llkv_session_open(engine, &session, &error) == LLKV_OK)
        failed = answer(session, &error);
    if (llkv_session_close(session, &error) != LLKV_OK) failed = 1;
    if (llkv_engine_close(engine, &error) != LLKV_OK) failed = 1;
    if (failed) fprintf(stderr, "consumer: %s\n", error.message);
    if (strcmp(llkv_version(), EXPECTED_VERSION) != 0) {
        fprintf(stderr, "consumer: library %s, package %s\n", llkv_version(), EXPECTED_VERSION);
        failed = 1;
    }
    return failed || cx_fail + mem_alloc + arena_init != 6;
}

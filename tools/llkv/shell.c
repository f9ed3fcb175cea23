#include "llkv/shell.h"

#include <stdarg.h>

#include <string.h>

#include "llkv/interrupt.h"
#include "llkv/progress.h"

void shell_note_failure(struct shell *shell)
{
    if (shell->exit_code == SHELL_EXIT_OK && !shell->interactive) {
        shell->exit_code = SHELL_EXIT_FAILED;
    }
    if (shell->bail) {
        shell->exit_code = SHELL_EXIT_FAILED;
        shell->leaving = true;
    }
}

void shell_complain(struct shell *shell, const char *fmt, ...)
{
    va_list args;
    (void)fflush(shell->out);
    (void)fputs("Error: ", shell->err);
    va_start(args, fmt);
    (void)vfprintf(shell->err, fmt, args);
    va_end(args);
    (void)fputc('\n', shell->err);
    shell_note_failure(shell);
}

static llkv_code open_both(const struct options *options, const char *path,
                           llkv_engine **out_engine, llkv_session **out_session, llkv_error *error)
{
    llkv_engine_options engine_options = {
        .struct_size = sizeof engine_options,
        .threads = options->threads,
        .memory_limit = options->memory_limit,
        .path = path,
        .debug_segment_rows = options->debug_segment_rows,
        .debug_vector_rows = options->debug_vector_rows,
        .debug_no_pruning = options->no_pruning,
        .read_only = options->read_only,
    };
    llkv_code rc = llkv_engine_open(&engine_options, out_engine, error);
    if (rc != LLKV_OK) return rc;
    rc = llkv_session_open(*out_engine, out_session, error);
    if (rc != LLKV_OK) {
        (void)llkv_engine_close(*out_engine, NULL); /* the first error is the one to tell */
        *out_engine = NULL;
    }
    return rc;
}

bool shell_open(struct shell *shell, const struct options *options)
{
    *shell = (struct shell){
        .options = options,
        .format = options->format,
        .out = stdout,
        .err = stderr,
        .bail = options->bail,
        .echo = options->echo,
    };
    llkv_error error = LLKV_ERROR_INIT;
    llkv_code rc = open_both(options, options->path, &shell->engine, &shell->session, &error);
    if (rc == LLKV_OK) return true;
    complaint_print(shell->err, &error, NULL);
    shell->exit_code = SHELL_EXIT_OPEN;
    return false;
}

static bool close_both(struct shell *shell)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_code rc = llkv_session_close(shell->session, &error);
    shell->session = NULL;
    if (rc == LLKV_OK) rc = llkv_engine_close(shell->engine, &error);
    shell->engine = NULL;
    if (rc == LLKV_OK) return true;
    complaint_print(shell->err, &error, NULL);
    return false;
}

bool shell_reopen(struct shell *shell, const char *path)
{
    llkv_engine *engine = NULL;
    llkv_session *session = NULL;
    llkv_error error = LLKV_ERROR_INIT;
    if (open_both(shell->options, path, &engine, &session, &error) != LLKV_OK) {
        complaint_print(shell->err, &error, NULL);
        return false;
    }
    bool closed = close_both(shell);
    shell->engine = engine;
    shell->session = session;
    return closed;
}

void shell_close(struct shell *shell)
{
    if (shell->engine == NULL) return;
    if (!close_both(shell) && shell->exit_code == SHELL_EXIT_OK) {
        shell->exit_code = SHELL_EXIT_FAILED;
    }
}

static void echo_statement(const struct shell *shell, struct slt_slice sql)
{
    while (sql.len > 0 && strchr(" \t\r\n", sql.data[0]) != NULL) {
        sql.data++;
        sql.len--;
    }
    if (sql.len == 0) return;
    (void)fwrite(sql.data, 1, sql.len, shell->out);
    (void)fputc('\n', shell->out);
}

/* Run the first statement of `sql`; *out_used is how much of it that was. */
static llkv_code run_first(struct shell *shell, struct slt_slice sql, size_t *out_used,
                           llkv_error *error)
{
    llkv_statement *statement = NULL;
    interrupt_watch(shell->session);
    llkv_code rc = llkv_prepare(shell->session, sql.data, sql.len, &statement, out_used, error);
    if (shell->echo && *out_used > 0 && *out_used <= sql.len) {
        echo_statement(shell, (struct slt_slice){sql.data, *out_used});
    }
    const bool copies =
        statement != NULL && llkv_statement_info(statement).kind == LLKV_RESULT_COPY;
    struct progress progress = {0};
    if (copies) progress_start(&progress, shell->session, shell->err);
    if (rc == LLKV_OK && statement != NULL) {
        rc = output_statement(&shell->format, statement, shell->out, error);
    }
    progress_stop(&progress);
    llkv_statement_free(statement);
    interrupt_watch(NULL);
    return rc;
}

void shell_run_sql(struct shell *shell, const struct place *place, size_t end)
{
    const llkv_error too_late = {.struct_size = sizeof too_late,
                                 .sqlstate = "57014",
                                 .message = "interrupted, after the statement was done",
                                 .offset = -1};
    struct place at = *place;
    while (at.start < end && !shell->leaving) {
        struct slt_slice sql = {at.text.data + at.start, end - at.start};
        llkv_error error = LLKV_ERROR_INIT;
        size_t used = 0;
        llkv_code rc = run_first(shell, sql, &used, &error);
        if (fflush(shell->out) != 0 || ferror(shell->out) != 0) {
            shell->leaving = true; /* nobody reads any more */
            shell->exit_code = SHELL_EXIT_FAILED;
        }
        if (rc != LLKV_OK) {
            complaint_print(shell->err, &error, &at);
            shell_note_failure(shell);
        }
        if (interrupt_take() && !shell->interactive) {
            if (rc == LLKV_OK) complaint_print(shell->err, &too_late, NULL);
            shell->leaving = true;
            shell->exit_code = SHELL_EXIT_INTERRUPTED;
        }
        if (used == 0 || used > sql.len) return;
        at.start += used;
    }
}

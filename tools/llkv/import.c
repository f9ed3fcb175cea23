/* import.c -- .import: a file of delimited text into a table, by COPY. */
#include "llkv/import.h"

#include <stdlib.h>
#include <string.h>

#include "llkv/progress.h"

/* What the command says about the file; NULL: nothing. */
struct import {
    const char *file, *table, *separator, *skip;
    bool header_given, header;
    bool created; /* the table was not there */
};

/* ---- options ---- */

static bool complain_form(struct shell *shell)
{
    shell_complain(shell, "the form is .import %s", IMPORT_ARGUMENTS);
    return false;
}

static bool take_header(struct import *import, bool header)
{
    import->header_given = true;
    import->header = header;
    return true;
}

static bool take_skip(struct shell *shell, struct import *import, const char *lines)
{
    char *end = NULL;
    const bool digit = lines != NULL && lines[0] >= '0' && lines[0] <= '9';
    if (digit) (void)strtol(lines, &end, 10); /* the value is COPY's business */
    if (!digit || *end != '\0') {
        shell_complain(shell, "--skip takes a number of lines");
        return false;
    }
    import->skip = lines;
    return true;
}

/* The option word[*io_at] and its value. */
static bool take_option(struct shell *shell, struct import *import, char *const *word, size_t count,
                        size_t *io_at)
{
    const char *name = word[*io_at] + 1;
    if (*name == '-') name++;
    const char *value = *io_at + 1 < count ? word[*io_at + 1] : NULL;
    if (strcmp(name, "csv") == 0) return import->separator = ",", true;
    if (strcmp(name, "tabs") == 0) return import->separator = "\t", true;
    if (strcmp(name, "header") == 0) return take_header(import, true);
    if (strcmp(name, "noheader") == 0) return take_header(import, false);
    if (strcmp(name, "skip") == 0) {
        ++*io_at;
        return take_skip(shell, import, value);
    }
    if (strcmp(name, "separator") == 0 && value != NULL) {
        ++*io_at;
        import->separator = value;
        return true;
    }
    shell_complain(shell, ".import has no option %s", word[*io_at]);
    return false;
}

static bool parse(struct shell *shell, struct import *import, char *const *word, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (word[i][0] == '-' && word[i][1] != '\0') {
            if (!take_option(shell, import, word, count, &i)) return false;
        } else if (import->file == NULL) {
            import->file = word[i];
        } else if (import->table == NULL) {
            import->table = word[i];
        } else {
            return complain_form(shell);
        }
    }
    return import->table != NULL || complain_form(shell);
}

/* ---- SQL ---- */

static void add_quoted(struct slt_text *sql, const char *text, char quote)
{
    slt_text_addc(sql, quote);
    for (; *text != '\0'; text++) {
        if (*text == quote) slt_text_addc(sql, quote);
        slt_text_addc(sql, *text);
    }
    slt_text_addc(sql, quote);
}

/* The options, each with `before` in front and `between` name and value. */
static void add_options(struct slt_text *sql, const struct import *import, const char *before,
                        const char *between)
{
    if (import->separator != NULL) {
        slt_text_addf(sql, "%sdelimiter%s", before, between);
        add_quoted(sql, import->separator, '\'');
        before = ", ";
    }
    if (import->skip != NULL) {
        slt_text_addf(sql, "%sskip%s%s", before, between, import->skip);
        before = ", ";
    }
    if (import->header_given)
        slt_text_addf(sql, "%sheader%s%s", before, between, import->header ? "true" : "false");
}

static llkv_code nomem(llkv_error *error)
{
    *error = (llkv_error)LLKV_ERROR_INIT;
    error->code = LLKV_NOMEM;
    (void)snprintf(error->message, sizeof error->message, "out of memory"); /* fits */
    return LLKV_NOMEM;
}

static llkv_code prepare(struct shell *shell, const struct slt_text *sql,
                         llkv_statement **out_statement, llkv_error *error)
{
    size_t used;
    if (sql->failed) return nomem(error);
    return llkv_prepare(shell->session, sql->data, sql->len, out_statement, &used, error);
}

static llkv_code run(struct shell *shell, const struct slt_text *sql, llkv_result_info *out_info,
                     llkv_statement **out_statement, llkv_error *error)
{
    bool row = true;
    llkv_code rc = prepare(shell, sql, out_statement, error);
    struct progress progress;
    progress_start(&progress, shell->session, shell->err);
    while (rc == LLKV_OK && row)
        rc = llkv_statement_step(*out_statement, &row, error);
    progress_stop(&progress);
    if (rc == LLKV_OK) *out_info = llkv_statement_info(*out_statement);
    return rc;
}

/* A statement nobody looks at further. */
static llkv_code run_only(struct shell *shell, const struct slt_text *sql, llkv_error *error)
{
    llkv_statement *statement = NULL;
    llkv_result_info info;
    llkv_code rc = run(shell, sql, &info, &statement, error);
    llkv_statement_free(statement);
    return rc;
}

static llkv_code table_exists(struct shell *shell, const struct import *import, bool *out_exists,
                              llkv_error *error)
{
    struct slt_text sql = {0};
    llkv_statement *statement = NULL;
    slt_text_addz(&sql, "SELECT 1 FROM ");
    add_quoted(&sql, import->table, '"');
    llkv_code rc = prepare(shell, &sql, &statement, error);
    llkv_statement_free(statement);
    slt_text_deinit(&sql);
    *out_exists = rc == LLKV_OK;
    return rc == LLKV_NAME ? LLKV_OK : rc;
}

/* The columns that the file seems to have. */
static llkv_code sniff_columns(struct shell *shell, const struct import *import,
                               struct slt_text *columns, llkv_error *error)
{
    struct slt_text sql = {0};
    llkv_statement *statement = NULL;
    bool row = false;
    slt_text_addz(&sql, "SELECT columns FROM sniff_csv(");
    add_quoted(&sql, import->file, '\'');
    add_options(&sql, import, ", ", " := ");
    slt_text_addc(&sql, ')');
    llkv_code rc = prepare(shell, &sql, &statement, error);
    if (rc == LLKV_OK) rc = llkv_statement_step(statement, &row, error);
    if (rc == LLKV_OK && row) {
        size_t len = 0;
        const char *text = llkv_value_text(statement, 0, &len);
        if (text != NULL) slt_text_add(columns, text, len);
        if (text == NULL || columns->failed) rc = nomem(error);
    }
    llkv_statement_free(statement);
    slt_text_deinit(&sql);
    return rc;
}

static llkv_code create_table(struct shell *shell, struct import *import, llkv_error *error)
{
    struct slt_text columns = {0}, sql = {0};
    llkv_code rc = sniff_columns(shell, import, &columns, error);
    if (rc == LLKV_OK) {
        slt_text_addz(&sql, "CREATE TABLE ");
        add_quoted(&sql, import->table, '"');
        slt_text_addc(&sql, '(');
        slt_text_add(&sql, columns.data, columns.len);
        slt_text_addc(&sql, ')');
        rc = run_only(shell, &sql, error);
        import->created = rc == LLKV_OK;
    }
    if (import->created)
        fprintf(shell->out, "Created table %s (%.*s).\n", import->table, (int)columns.len,
                columns.data);
    slt_text_deinit(&columns);
    slt_text_deinit(&sql);
    return rc;
}

static llkv_code drop_table(struct shell *shell, const struct import *import)
{
    struct slt_text sql = {0};
    llkv_error error = LLKV_ERROR_INIT; /* that of the import is the one to tell */
    slt_text_addz(&sql, "DROP TABLE ");
    add_quoted(&sql, import->table, '"');
    llkv_code rc = run_only(shell, &sql, &error);
    slt_text_deinit(&sql);
    return rc;
}

static llkv_code copy(struct shell *shell, const struct import *import, llkv_error *error)
{
    struct slt_text sql = {0};
    llkv_statement *statement = NULL;
    llkv_result_info info;
    slt_text_addz(&sql, "COPY ");
    add_quoted(&sql, import->table, '"');
    slt_text_addz(&sql, " FROM ");
    add_quoted(&sql, import->file, '\'');
    if (import->separator != NULL || import->skip != NULL || import->header_given) {
        add_options(&sql, import, " (", " ");
        slt_text_addc(&sql, ')');
    }
    llkv_code rc = run(shell, &sql, &info, &statement, error);
    if (rc == LLKV_OK)
        fprintf(shell->out, "Imported %lld rows into %s%s%s%s.\n", (long long)info.rows,
                import->table, info.note == NULL ? "" : " (", info.note == NULL ? "" : info.note,
                info.note == NULL ? "" : ")");
    llkv_statement_free(statement);
    slt_text_deinit(&sql);
    return rc;
}

void import_run(struct shell *shell, char *const *word, size_t count)
{
    struct import import = {0};
    llkv_error error = LLKV_ERROR_INIT;
    bool exists = false;
    if (shell->separator[0] != '\0') import.separator = shell->separator;
    if (!parse(shell, &import, word, count)) return;
    interrupt_watch(shell->session);
    llkv_code rc = table_exists(shell, &import, &exists, &error);
    if (rc == LLKV_OK && !exists) rc = create_table(shell, &import, &error);
    if (rc == LLKV_OK) rc = copy(shell, &import, &error);
    if (rc != LLKV_OK && import.created && drop_table(shell, &import) == LLKV_OK)
        fprintf(shell->out, "Dropped table %s.\n", import.table);
    interrupt_watch(NULL);
    if (rc == LLKV_OK) return;
    error.offset = -1; /* in SQL that nobody has written */
    error.line = error.column = 0;
    (void)fflush(shell->out);
    complaint_print(shell->err, &error, NULL);
    shell_note_failure(shell);
}

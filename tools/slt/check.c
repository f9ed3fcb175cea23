#include "slt/check.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "slt/cause.h"
#include "slt/loose.h"
#include "slt/render.h"

enum { SQL_SHOWN_BYTES = 2000, DIFF_LINES = 12 };

uint64_t slt_clock_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void slt_check_deinit(struct slt_check *check)
{
    slt_values_deinit(&check->values);
    slt_labels_deinit(&check->labels);
    slt_text_deinit(&check->detail);
    slt_text_deinit(&check->cause);
}

static void show_sql(struct slt_text *out, struct slt_slice sql)
{
    struct slt_slice line;
    bool cut = sql.len > SQL_SHOWN_BYTES;
    if (cut) sql.len = SQL_SHOWN_BYTES;
    while (slt_slice_line(&sql, &line)) {
        slt_text_addz(out, "    ");
        slt_text_add(out, line.data, line.len);
        slt_text_addz(out, cut && sql.len == 0 ? " ...\n" : "\n");
    }
}

static void begin_failure(struct slt_check *check)
{
    check->failed = true;
    slt_text_clear(&check->detail);
    slt_text_clear(&check->cause);
}

void slt_check_fail(struct slt_check *check, const struct slt_record *record, const char *cause)
{
    begin_failure(check);
    slt_text_addz(&check->cause, cause);
    slt_text_addf(&check->detail, "%s\n", cause);
    if (record != NULL) show_sql(&check->detail, record->sql);
}

/* What error texts are compared with, and shown as. */
static void show_error(struct slt_text *out, const llkv_error *error)
{
    slt_text_addf(out, "%s: %s", error->sqlstate, error->message);
    if (error->line > 0) slt_text_addf(out, " (line %d, column %d)", error->line, error->column);
    if (error->hint[0] != '\0') slt_text_addf(out, " hint: %s", error->hint);
}

void slt_check_fail_error(struct slt_check *check, const struct slt_record *record,
                          const char *what, const llkv_error *error)
{
    begin_failure(check);
    struct slt_slice message = {error->message, strlen(error->message)};
    slt_text_addf(&check->cause, "%s %s: ", what, error->sqlstate);
    slt_cause_normalise(&check->cause, message);
    slt_text_addf(&check->detail, "%s: ", what);
    show_error(&check->detail, error);
    slt_text_addc(&check->detail, '\n');
    if (record != NULL) show_sql(&check->detail, record->sql);
}

static void show_lines(struct slt_text *out, char sign, struct slt_slice lines)
{
    struct slt_slice line;
    size_t shown = 0, left = 0;
    while (slt_slice_line(&lines, &line)) {
        if (shown == DIFF_LINES) {
            left++;
            continue;
        }
        slt_text_addf(out, "  %c ", sign);
        slt_text_add(out, line.data, line.len);
        slt_text_addc(out, '\n');
        shown++;
    }
    if (left > 0) slt_text_addf(out, "  %c ... %zu more\n", sign, left);
}

/* Drop the lines that both begin with; returns how many. */
static size_t drop_common(struct slt_slice *lhs, struct slt_slice *rhs)
{
    size_t same = 0;
    for (;;) {
        struct slt_slice left = *lhs, right = *rhs, left_line, right_line;
        if (!slt_slice_line(&left, &left_line) || !slt_slice_line(&right, &right_line)) break;
        if (left_line.len != right_line.len ||
            memcmp(left_line.data, right_line.data, left_line.len) != 0) {
            break;
        }
        *lhs = left;
        *rhs = right;
        same++;
    }
    return same;
}

static void fail_answer(struct slt_check *check, const struct slt_record *record,
                        struct slt_slice expected, struct slt_slice actual)
{
    slt_check_fail(check, record, "wrong answer");
    size_t same = drop_common(&expected, &actual);
    if (same > 0) slt_text_addf(&check->detail, "    (the first %zu agree)\n", same);
    show_lines(&check->detail, '-', expected);
    show_lines(&check->detail, '+', actual);
}

static struct slt_slice as_slice(const struct slt_text *text)
{
    return (struct slt_slice){text->data, text->len};
}

static void note_time(struct slt_check *check, const llkv_statement *statement, uint64_t start)
{
    if (!check->timed || statement == NULL) return;
    llkv_result_kind kind = llkv_statement_info(statement).kind;
    if ((unsigned)kind >= SLT_KIND_COUNT) return;
    check->kinds[kind].count++;
    check->kinds[kind].ns += slt_clock_ns() - start;
}

/* Run every statement of the record, rows dropped. */
static llkv_code run_statements(struct slt_check *check, struct slt_slice sql,
                                llkv_session *session, llkv_error *error)
{
    while (sql.len > 0) {
        llkv_statement *statement = NULL;
        size_t used = 0;
        uint64_t start = check->timed ? slt_clock_ns() : 0;
        llkv_code rc = llkv_prepare(session, sql.data, sql.len, &statement, &used, error);
        bool row = statement != NULL;
        while (row && rc == LLKV_OK)
            rc = llkv_statement_step(statement, &row, error);
        note_time(check, statement, start);
        llkv_statement_free(statement);
        if (rc != LLKV_OK) return rc;
        if (used == 0 || used > sql.len) return LLKV_OK;
        sql.data += used;
        sql.len -= used;
    }
    return LLKV_OK;
}

static void check_error_text(struct slt_check *check, const struct slt_record *record,
                             const llkv_error *error)
{
    struct slt_text actual = {0};
    show_error(&actual, error);
    struct slt_slice rest = record->expected, line;
    while (slt_slice_line(&rest, &line)) {
        if (slt_slice_contains(as_slice(&actual), line)) continue;
        slt_check_fail(check, record, "another error than expected");
        show_lines(&check->detail, '-', line);
        show_lines(&check->detail, '+', as_slice(&actual));
        break;
    }
    slt_text_deinit(&actual);
}

static void check_statement(struct slt_check *check, const struct slt_record *record,
                            llkv_session *session)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_code rc = run_statements(check, record->sql, session, &error);
    if (rc == LLKV_OK && record->expect_error) {
        slt_check_fail(check, record, "an error was expected, and none came");
    } else if (rc == LLKV_INTERNAL || (rc != LLKV_OK && !record->expect_error && !record->maybe)) {
        slt_check_fail_error(check, record, "error", &error);
    } else if (rc != LLKV_OK && record->has_expected && check->dialect->compares_error_text) {
        check_error_text(check, record, &error);
    }
}

static llkv_code fetch_rows(struct slt_check *check, const struct slt_record *record,
                            llkv_statement *statement, llkv_error *error)
{
    uint32_t columns = (uint32_t)record->types.len;
    for (;;) {
        bool row = false;
        llkv_code rc = llkv_statement_step(statement, &row, error);
        if (rc != LLKV_OK || !row) return rc;
        for (uint32_t i = 0; i < columns; i++) {
            char type = check->dialect->any_types ? 'T' : record->types.data[i];
            slt_render_value(&check->values.text, statement, i, type, check->dialect);
            slt_values_end(&check->values);
        }
    }
}

static bool changes_rows(const llkv_statement *statement)
{
    llkv_result_kind kind = llkv_statement_info(statement).kind;
    return kind == LLKV_RESULT_INSERT || kind == LLKV_RESULT_UPDATE || kind == LLKV_RESULT_DELETE;
}

/* DML that is asked for an answer: how many rows it changed. */
static llkv_code fetch_count(struct slt_check *check, llkv_statement *statement, llkv_error *error)
{
    bool row = false;
    llkv_code rc = llkv_statement_step(statement, &row, error);
    if (rc != LLKV_OK) return rc;
    slt_render_int64(&check->values.text, llkv_statement_info(statement).rows);
    slt_values_end(&check->values);
    return LLKV_OK;
}

/* Does a call of sum() stand in the SQL? */
static bool calls_sum(struct slt_slice sql)
{
    for (size_t i = 0; i + 3 < sql.len; i++) {
        struct slt_slice word = {sql.data + i, 3};
        if (!slt_slice_is_nocase(word, "sum")) continue;
        if (i > 0 && (isalnum((unsigned char)sql.data[i - 1]) || sql.data[i - 1] == '_')) continue;
        size_t at = i + 3;
        while (at < sql.len && isspace((unsigned char)sql.data[at]))
            at++;
        if (at < sql.len && sql.data[at] == '(') return true;
    }
    return false;
}

/* Run the query and collect its values. False when the record has failed by that. */
static bool run_query(struct slt_check *check, const struct slt_record *record,
                      llkv_session *session)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_statement *statement = NULL;
    uint64_t start = check->timed ? slt_clock_ns() : 0;
    slt_values_clear(&check->values);
    llkv_code rc =
        llkv_prepare(session, record->sql.data, record->sql.len, &statement, NULL, &error);
    uint32_t columns = statement == NULL ? 0 : llkv_column_count(statement);
    bool fits = columns == record->types.len;
    bool counts = check->dialect->any_types && columns == 0 && record->types.len == 1 &&
                  rc == LLKV_OK && changes_rows(statement);
    if (counts) rc = fetch_count(check, statement, &error);
    fits = fits || counts;
    if (rc == LLKV_OK && fits && !counts) rc = fetch_rows(check, record, statement, &error);
    note_time(check, statement, start);
    llkv_statement_free(statement);
    if (rc == LLKV_OVERFLOW && check->dialect->overflow_ends_result && calls_sum(record->sql)) {
        rc = LLKV_OK;
    }
    if (rc != LLKV_OK) {
        slt_check_fail_error(check, record, "error", &error);
        return false;
    }
    if (!fits) {
        slt_check_fail(check, record, "another number of columns than expected");
        slt_text_addf(&check->detail, "  - %zu columns\n  + %u columns\n", record->types.len,
                      columns);
        return false;
    }
    return true;
}

/* "30 values hashing to 3c13dee48d9356ae19af2515e05e6b54": the digest, or nothing. */
static struct slt_slice digest_of_expected(struct slt_slice expected)
{
    static const char middle[] = " values hashing to ";
    size_t digits = 0;
    while (digits < expected.len && isdigit((unsigned char)expected.data[digits]))
        digits++;
    size_t at = digits + sizeof middle - 1;
    bool is = digits > 0 && expected.len == at + SLT_DIGEST_BYTES &&
              memcmp(expected.data + digits, middle, sizeof middle - 1) == 0;
    if (!is) return (struct slt_slice){0};
    return (struct slt_slice){expected.data + at, SLT_DIGEST_BYTES - 1};
}

/* Labels are compared before values. False when the record has failed by that. */
static bool check_label(struct slt_check *check, const struct slt_record *record,
                        const char digest[SLT_DIGEST_BYTES])
{
    const char *earlier = NULL;
    if (!slt_labels_note(&check->labels, record->label, digest, &earlier)) {
        slt_check_fail(check, record, "out of memory in the harness");
        return false;
    }
    if (earlier == NULL || strcmp(earlier, digest) == 0) return true;
    slt_check_fail(check, record, "another answer than an earlier query of the same label");
    slt_text_addf(&check->detail, "  - label %.*s: %s\n  + label %.*s: %s\n",
                  (int)record->label.len, record->label.data, earlier, (int)record->label.len,
                  record->label.data, digest);
    return false;
}

static void compare_digest(struct slt_check *check, const struct slt_record *record,
                           const char *digest)
{
    char line[80];
    struct slt_text actual = {.data = line, .cap = sizeof line}; /* long enough: never grows */
    slt_text_addf(&actual, "%zu values hashing to %s\n", check->values.count, digest);
    if (actual.len == record->expected.len &&
        memcmp(actual.data, record->expected.data, actual.len) == 0) {
        return;
    }
    fail_answer(check, record, record->expected, as_slice(&actual));
    slt_text_addz(&check->detail, "    the values:\n");
    show_lines(&check->detail, ' ', as_slice(&check->values.text));
}

static void check_query(struct slt_check *check, const struct slt_record *record,
                        llkv_session *session)
{
    if (!run_query(check, record, session)) return;
    struct slt_values *values = &check->values;
    if (values->text.failed || !slt_values_sort(values, record->sort, record->types.len)) {
        slt_check_fail(check, record, "out of memory in the harness");
        return;
    }
    bool hashed = (check->hash_threshold > 0 && values->count > check->hash_threshold) ||
                  digest_of_expected(record->expected).len > 0;
    char digest[SLT_DIGEST_BYTES];
    if (hashed || record->label.len > 0) slt_digest(as_slice(&values->text), digest);
    if (record->label.len > 0 && !check_label(check, record, digest)) return;
    if (hashed) {
        compare_digest(check, record, digest);
    } else if (check->dialect->loose) {
        const struct slt_loose answer = {.actual = as_slice(&values->text),
                                         .count = values->count,
                                         .columns = record->types.len,
                                         .expected = record->expected,
                                         .blanks = check->dialect->loose_blanks};
        bool labelled = record->label.len > 0; /* then only that counts */
        if (!labelled && !slt_loose_same(&answer))
            fail_answer(check, record, record->expected, as_slice(&values->text));
    } else if (values->text.len != record->expected.len ||
               (values->text.len > 0 &&
                memcmp(values->text.data, record->expected.data, values->text.len) != 0)) {
        fail_answer(check, record, record->expected, as_slice(&values->text));
    }
}

void slt_check_record(struct slt_check *check, const struct slt_record *record,
                      llkv_session *session)
{
    check->failed = false;
    if (record->kind == SLT_RECORD_QUERY)
        check_query(check, record, session);
    else
        check_statement(check, record, session);
}

void slt_check_skipped(struct slt_check *check, const struct slt_record *record)
{
    check->failed = false;
    if (record->kind != SLT_RECORD_QUERY || record->label.len == 0) return;
    char digest[SLT_DIGEST_BYTES];
    struct slt_slice hashed = digest_of_expected(record->expected);
    if (hashed.len > 0) {
        memcpy(digest, hashed.data, hashed.len);
        digest[hashed.len] = '\0';
    } else {
        slt_digest(record->expected, digest);
    }
    (void)check_label(check, record, digest);
}

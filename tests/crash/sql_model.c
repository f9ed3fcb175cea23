#include "sql_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void model_text(uint32_t text, char *out)
{
    int used = snprintf(out, MODEL_TEXT_MAX, "text %u ", text);
    size_t tail = text % 50;
    memset(out + used, 'x', tail);
    out[(size_t)used + tail] = '\0';
}

/* Walks over the rows of one query. */
struct rows {
    llkv_session *session;
    llkv_statement *statement;
    llkv_error error;
    bool missing; /* what the query names is not there */
};

static bool rows_open(struct rows *rows, llkv_session *session, const char *sql)
{
    *rows = (struct rows){.session = session, .error = LLKV_ERROR_INIT};
    llkv_code rc = llkv_prepare(session, sql, strlen(sql), &rows->statement, NULL, &rows->error);
    rows->missing = rc == LLKV_NAME;
    return rc == LLKV_OK;
}

/* False at the end, and after an error (then rows->error.code is set). */
static bool rows_next(struct rows *rows)
{
    bool row = false;
    llkv_code rc = llkv_statement_step(rows->statement, &row, &rows->error);
    rows->error.code = rc;
    return rc == LLKV_OK && row;
}

static bool complain(const struct rows *rows, const char *sql, char *what, size_t what_bytes)
{
    (void)snprintf(what, what_bytes, "%s: %s (%s)", sql, rows->error.message, rows->error.sqlstate);
    return false;
}

static bool read_row(struct rows *rows, struct model_table *table)
{
    int64_t id = llkv_value_int64(rows->statement, 0);
    if (id < 0 || id >= MODEL_IDS || table->rows[id].there) return false;
    struct model_row row = {.v = llkv_value_int64(rows->statement, 1), .there = true};
    if (!llkv_value_is_null(rows->statement, 2)) {
        char expected[MODEL_TEXT_MAX];
        const char *text = llkv_value_text(rows->statement, 2, NULL);
        if (text == NULL || strncmp(text, "text ", 5) != 0) return false;
        row.text = (uint32_t)strtoul(text + 5, NULL, 10);
        model_text(row.text, expected);
        if (strcmp(text, expected) != 0) return false;
    }
    table->rows[id] = row;
    return true;
}

static bool read_table(llkv_session *session, int number, struct model_table *table, char *what,
                       size_t what_bytes)
{
    char sql[128];
    struct rows rows;
    bool fine = true;
    (void)snprintf(sql, sizeof sql, "SELECT id, v, txt FROM t%d ORDER BY id", number);
    if (!rows_open(&rows, session, sql))
        return rows.missing || complain(&rows, sql, what, what_bytes);
    table->exists = true;
    while (fine && rows_next(&rows)) {
        fine = read_row(&rows, table);
        if (!fine) (void)snprintf(what, what_bytes, "%s: a row that nobody wrote", sql);
    }
    if (fine && rows.error.code != LLKV_OK) fine = complain(&rows, sql, what, what_bytes);
    llkv_statement_free(rows.statement);
    return fine;
}

static bool read_big(llkv_session *session, struct model *model, char *what, size_t what_bytes)
{
    const char *sql = "SELECT a, c, length(b) FROM big ORDER BY a";
    struct rows rows;
    bool fine = true;
    if (!rows_open(&rows, session, sql))
        return rows.missing || complain(&rows, sql, what, what_bytes);
    model->big_exists = true;
    while (fine && rows_next(&rows)) {
        int64_t a = llkv_value_int64(rows.statement, 0), c = llkv_value_int64(rows.statement, 1);
        fine = a >= 0 && a < MODEL_BIG_IDS && c > 0 && c < 256 && model->big[a] == 0 &&
               llkv_value_int64(rows.statement, 2) == 100;
        if (fine)
            model->big[a] = (uint8_t)c;
        else
            (void)snprintf(what, what_bytes, "%s: a row that nobody wrote", sql);
    }
    if (fine && rows.error.code != LLKV_OK) fine = complain(&rows, sql, what, what_bytes);
    llkv_statement_free(rows.statement);
    return fine;
}

static bool scalar(llkv_session *session, const char *sql, int64_t *out_value, struct rows *rows)
{
    if (!rows_open(rows, session, sql)) return false;
    bool row = rows_next(rows);
    if (row) *out_value = llkv_value_int64(rows->statement, 0);
    llkv_statement_free(rows->statement);
    return row;
}

bool model_read(llkv_session *session, struct model *out_model, char *what, size_t what_bytes)
{
    struct model model = {0};
    for (int i = 0; i < MODEL_TABLES; i++) {
        if (!read_table(session, i, &model.tables[i], what, what_bytes)) return false;
    }
    if (!read_big(session, &model, what, what_bytes)) return false;
    struct rows rows;
    int64_t count = 0;
    model.view = scalar(session, "SELECT count(*) FROM v0", &count, &rows);
    if (!model.view && !rows.missing)
        return complain(&rows, "SELECT count(*) FROM v0", what, what_bytes);
    *out_model = model;
    return true;
}

static bool row_equal(const struct model_row *a, const struct model_row *b)
{
    return a->there == b->there && (!a->there || (a->v == b->v && a->text == b->text));
}

static bool table_equal(const struct model_table *a, const struct model_table *b)
{
    if (a->exists != b->exists) return false;
    for (int id = 0; id < MODEL_IDS; id++) {
        if (a->exists && !row_equal(&a->rows[id], &b->rows[id])) return false;
    }
    return true;
}

bool model_equal(const struct model *a, const struct model *b)
{
    for (int i = 0; i < MODEL_TABLES; i++) {
        if (!table_equal(&a->tables[i], &b->tables[i])) return false;
    }
    if (a->view != b->view || a->big_exists != b->big_exists) return false;
    return !a->big_exists || memcmp(a->big, b->big, MODEL_BIG_IDS) == 0;
}

void model_difference(const struct model *found, const struct model *wanted, char *what,
                      size_t what_bytes)
{
    for (int i = 0; i < MODEL_TABLES; i++) {
        const struct model_table *a = &found->tables[i], *b = &wanted->tables[i];
        for (int id = 0; id < MODEL_IDS; id++) {
            if (a->exists == b->exists && (!a->exists || row_equal(&a->rows[id], &b->rows[id])))
                continue;
            (void)snprintf(what, what_bytes, "t%d %d: table %d row %d v %lld, wanted %d %d %lld", i,
                           id, a->exists, a->rows[id].there, (long long)a->rows[id].v, b->exists,
                           b->rows[id].there, (long long)b->rows[id].v);
            return;
        }
    }
    for (int a = 0; a < MODEL_BIG_IDS; a++) {
        if (found->big[a] == wanted->big[a]) continue;
        (void)snprintf(what, what_bytes, "big %d: %d, wanted %d", a, found->big[a], wanted->big[a]);
        return;
    }
    (void)snprintf(what, what_bytes, "big table %d, view %d, wanted %d %d", found->big_exists,
                   found->view, wanted->big_exists, wanted->view);
}

static bool probe(llkv_session *session, const char *sql, int64_t wanted, char *what,
                  size_t what_bytes)
{
    struct rows rows;
    int64_t value = -1;
    if (!scalar(session, sql, &value, &rows)) return complain(&rows, sql, what, what_bytes);
    if (value == wanted) return true;
    (void)snprintf(what, what_bytes, "%s: %lld, wanted %lld", sql, (long long)value,
                   (long long)wanted);
    return false;
}

static bool probe_table(llkv_session *session, const struct model_table *table, int number,
                        char *what, size_t what_bytes)
{
    char sql[128];
    int last = -1;
    int64_t same = 0;
    for (int id = 0; id < MODEL_IDS; id++) {
        if (table->rows[id].there) last = id;
    }
    if (last < 0) return true;
    for (int id = 0; id < MODEL_IDS; id++)
        same += table->rows[id].there && table->rows[id].v == table->rows[last].v;
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM t%d WHERE v = %lld", number,
                   (long long)table->rows[last].v);
    if (!probe(session, sql, same, what, what_bytes)) return false;
    (void)snprintf(sql, sizeof sql, "SELECT v FROM t%d WHERE id = %d", number, last);
    return probe(session, sql, table->rows[last].v, what, what_bytes);
}

bool model_probe(llkv_session *session, const struct model *model, char *what, size_t what_bytes)
{
    int64_t above = 0;
    for (int i = 0; i < MODEL_TABLES; i++) {
        if (model->tables[i].exists &&
            !probe_table(session, &model->tables[i], i, what, what_bytes))
            return false;
    }
    if (!model->view) return true;
    for (int id = 0; id < MODEL_IDS; id++)
        above += model->tables[0].rows[id].there && model->tables[0].rows[id].v > 500;
    return probe(session, "SELECT count(*) FROM v0", above, what, what_bytes);
}

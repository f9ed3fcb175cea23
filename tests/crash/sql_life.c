/* sql_life.c -- lives of a database: SQL through the public interface, compared with a model.
 *
 * Two sessions of one thread take turns. They write rows of their own parity, so that they never
 * meet, and tables come and go while no transaction is open; so the committed state after each
 * commit is known exactly. */
#include <stdarg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "image.h"
#include "runtime/engine.h"
#include "sql_model.h"
#include "subject.h"

/* The states after each commit, from the empty database on. */
struct sql_history {
    struct model **states;
    uint64_t count;
    struct promises promises;
};

struct writer {
    llkv_session *session;
    int parity; /* of the ids it writes */
    bool open;  /* a transaction; `own` is the state as it sees it */
    bool saved; /* a savepoint; `save` is the state then */
    bool changed;
    uint32_t left; /* statements until its end */
    struct model own, save;
};

struct life {
    llkv_pager *pager;
    llkv_engine *engine;
    struct disk *disk;
    struct sql_history *history;
    const struct life_plan *plan;
    struct life_result *result;
    uint64_t random;
    struct writer writers[2];
    bool alone; /* the first writer changes tables in a transaction: the other one waits */
    llkv_error error;
};

PRINTF_LIKE(2, 3) static bool wrong(struct life *life, const char *format, ...)
{
    va_list args;
    if (life->result->what[0] != '\0') return false;
    va_start(args, format);
    (void)vsnprintf(life->result->what, sizeof life->result->what, format, args);
    va_end(args);
    /* Damage that is found is what it should be. */
    if (life->plan->damaged && strstr(life->result->what, "(XX001)") != NULL)
        life->result->what[0] = '\0';
    return false;
}

static uint64_t below(struct life *life, uint64_t bound)
{
    return crash_random_below(&life->random, bound);
}

/* ---- the history ---- */

static void model_unref(struct model *model)
{
    if (--model->owners == 0) free(model);
}

static void *sql_history_new(void)
{
    struct sql_history *history = crash_alloc(sizeof *history);
    history->states = crash_alloc(sizeof *history->states);
    history->states[0] = crash_alloc(sizeof(struct model));
    history->states[0]->owners = 1;
    history->count = 1;
    return history;
}

static void sql_history_free(void *history_in)
{
    struct sql_history *history = history_in;
    for (uint64_t i = 0; i < history->count; i++)
        model_unref(history->states[i]);
    free(history->states);
    promises_deinit(&history->promises);
    free(history);
}

static void *sql_history_copy(const void *from_in)
{
    const struct sql_history *from = from_in;
    struct sql_history *copy = crash_alloc(sizeof *copy);
    copy->states = crash_alloc(from->count * sizeof *copy->states);
    copy->count = from->count;
    for (uint64_t i = 0; i < from->count; i++) {
        copy->states[i] = from->states[i];
        copy->states[i]->owners++;
    }
    promises_copy(&copy->promises, &from->promises);
    return copy;
}

static const struct promises *sql_promises(const void *history)
{
    return &((const struct sql_history *)history)->promises;
}

static uint64_t sql_last(const void *history)
{
    return ((const struct sql_history *)history)->count - 1;
}

static const struct model *committed(const struct life *life)
{
    return life->history->states[life->history->count - 1];
}

static void history_push(struct life *life, const struct model *state)
{
    struct sql_history *history = life->history;
    history->states = crash_grow(history->states, (history->count + 1) * sizeof *history->states);
    struct model *copy = crash_alloc(sizeof *copy);
    *copy = *state;
    copy->owners = 1;
    history->states[history->count++] = copy;
}

static void promise(struct life *life, bool durable)
{
    promises_add(&life->history->promises, (struct promise){.position = disk_position(life->disk),
                                                            .last = sql_last(life->history),
                                                            .durable = durable});
}

/* ---- running statements ---- */

static bool run(struct life *life, struct writer *writer, const char *sql)
{
    llkv_results *results = NULL;
    if (life->plan->trace)
        printf("%6llu %d: %.200s\n", (unsigned long long)disk_position(life->disk), writer->parity,
               sql);
    llkv_code rc = llkv_execute(writer->session, sql, strlen(sql), &results, &life->error);
    llkv_results_free(results);
    if (rc == LLKV_OK) return true;
    return wrong(life, "%.200s: %s (%s)", sql, life->error.message, life->error.sqlstate);
}

/* The state that a statement of the writer starts from; outside a transaction it is made for it. */
static struct model *state_of(struct life *life, struct writer *writer)
{
    if (!writer->open) writer->own = *committed(life);
    return &writer->own;
}

/* What one writer wrote goes over what the others committed since. */
static void merge(struct life *life, struct writer *writer, struct model *out_state)
{
    *out_state = *committed(life);
    if (life->alone || !writer->open) {
        *out_state = writer->own;
        return;
    }
    for (int i = 0; i < MODEL_TABLES; i++) {
        for (int id = writer->parity; id < MODEL_IDS; id += 2)
            out_state->tables[i].rows[id] = writer->own.tables[i].rows[id];
    }
    if (writer->parity == 0) memcpy(out_state->big, writer->own.big, MODEL_BIG_IDS);
}

/* Runs what commits. The state it makes is asked for before, and promised after it. */
static bool run_commit(struct life *life, struct writer *writer, const char *sql)
{
    struct model state;
    merge(life, writer, &state);
    bool same = model_equal(&state, committed(life));
    if (!same) history_push(life, &state);
    if (!run(life, writer, sql)) return false;
    if (!same) promise(life, !life->plan->normal);
    return true;
}

/* A statement whose effect on writer->own is there already. */
static bool run_change(struct life *life, struct writer *writer, const char *sql)
{
    if (!writer->open) return run_commit(life, writer, sql);
    writer->changed = true;
    return run(life, writer, sql);
}

/* ---- rows ---- */

static int some_id(struct life *life, const struct writer *writer)
{
    return (int)below(life, MODEL_IDS / 2) * 2 + writer->parity;
}

static bool insert_rows(struct life *life, struct writer *writer, struct model *state, int number)
{
    char sql[4096];
    int used = snprintf(sql, sizeof sql, "INSERT INTO t%d VALUES", number), rows = 0;
    uint64_t wanted = below(life, 4) == 0 ? 1 + below(life, 20) : 1 + below(life, 3);
    for (uint64_t i = 0; i < wanted; i++) {
        int id = some_id(life, writer);
        struct model_row *row = &state->tables[number].rows[id];
        if (row->there) continue;
        *row = (struct model_row){(int64_t)below(life, 1000), (uint32_t)below(life, 4000), true};
        char text[MODEL_TEXT_MAX] = "";
        if (row->text != 0) model_text(row->text, text);
        used += snprintf(sql + used, sizeof sql - (size_t)used, "%s(%d, %lld, %s%s%s)",
                         rows++ == 0 ? " " : ", ", id, (long long)row->v,
                         row->text == 0 ? "NULL" : "'", text, row->text == 0 ? "" : "'");
    }
    return rows == 0 || run_change(life, writer, sql);
}

static bool update_row(struct life *life, struct writer *writer, struct model *state, int number)
{
    char sql[512], text[MODEL_TEXT_MAX];
    int id = some_id(life, writer);
    struct model_row *row = &state->tables[number].rows[id];
    int64_t v = (int64_t)below(life, 1000);
    uint32_t number_of_text = 1 + (uint32_t)below(life, 4000);
    model_text(number_of_text, text);
    (void)snprintf(sql, sizeof sql, "UPDATE t%d SET v = %lld, txt = '%s' WHERE id = %d", number,
                   (long long)v, text, id);
    if (row->there) *row = (struct model_row){v, number_of_text, true};
    return run_change(life, writer, sql);
}

static bool update_range(struct life *life, struct writer *writer, struct model *state, int number)
{
    char sql[256];
    int first = (int)below(life, MODEL_IDS), last = first + (int)below(life, 30);
    int64_t by = 1 + (int64_t)below(life, 50);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE t%d SET v = v + %lld WHERE id BETWEEN %d AND %d AND id %% 2 = %d",
                   number, (long long)by, first, last, writer->parity);
    for (int id = first; id <= last && id < MODEL_IDS; id++) {
        struct model_row *row = &state->tables[number].rows[id];
        if (row->there && id % 2 == writer->parity) row->v += by;
    }
    return run_change(life, writer, sql);
}

static bool delete_range(struct life *life, struct writer *writer, struct model *state, int number)
{
    char sql[256];
    int first = (int)below(life, MODEL_IDS), last = first + (int)below(life, 4);
    (void)snprintf(sql, sizeof sql, "DELETE FROM t%d WHERE id BETWEEN %d AND %d AND id %% 2 = %d",
                   number, first, last, writer->parity);
    for (int id = first; id <= last && id < MODEL_IDS; id++) {
        if (id % 2 == writer->parity) state->tables[number].rows[id] = (struct model_row){0};
    }
    return run_change(life, writer, sql);
}

static bool change_small(struct life *life, struct writer *writer)
{
    struct model *state = state_of(life, writer);
    int number = (int)below(life, MODEL_TABLES);
    if (!state->tables[number].exists) return true;
    switch (below(life, 8)) {
    case 0:
    case 1:
    case 2: return insert_rows(life, writer, state, number);
    case 3:
    case 4:
    case 5: return update_row(life, writer, state, number);
    case 6: return update_range(life, writer, state, number);
    default: return delete_range(life, writer, state, number);
    }
}

/* Loads: whole segments, and more than a frame holds. */
static bool load_big(struct life *life, struct writer *writer, struct model *state)
{
    static const int sizes[] = {5, 60, 400, 3000};
    int size = sizes[below(life, 4)], first = (int)below(life, MODEL_BIG_IDS), last = first;
    while (last < MODEL_BIG_IDS && last - first < size && state->big[last] == 0)
        last++;
    if (first == last) return true;
    int c = 1 + (int)below(life, 200);
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO big SELECT range, %d, repeat('b', 100) FROM range(%d, %d)", c,
                   first, last);
    for (int a = first; a < last; a++)
        state->big[a] = (uint8_t)c;
    return run_change(life, writer, sql);
}

static bool change_big(struct life *life, struct writer *writer)
{
    struct model *state = state_of(life, writer);
    if (!state->big_exists || writer->parity != 0) return true;
    if (below(life, 3) == 0) return load_big(life, writer, state);
    char sql[256];
    int first = (int)below(life, MODEL_BIG_IDS), last = first + (int)below(life, 300);
    int c = below(life, 2) == 0 ? 0 : 1 + (int)below(life, 200);
    if (c == 0)
        (void)snprintf(sql, sizeof sql, "DELETE FROM big WHERE a BETWEEN %d AND %d", first, last);
    else
        (void)snprintf(sql, sizeof sql, "UPDATE big SET c = %d WHERE a BETWEEN %d AND %d", c, first,
                       last);
    for (int a = first; a <= last && a < MODEL_BIG_IDS; a++) {
        if (state->big[a] != 0) state->big[a] = (uint8_t)c;
    }
    return run_change(life, writer, sql);
}

/* ---- tables ---- */

static bool change_table(struct life *life, struct writer *writer)
{
    struct model *state = state_of(life, writer);
    char sql[256];
    int number = (int)below(life, MODEL_TABLES);
    struct model_table *table = &state->tables[number];
    if (!table->exists) {
        (void)snprintf(sql, sizeof sql,
                       "CREATE TABLE t%d(id BIGINT PRIMARY KEY, v BIGINT NOT NULL, txt VARCHAR)",
                       number);
        *table = (struct model_table){.exists = true};
    } else if (below(life, 3) == 0 && !(number == 0 && state->view)) {
        (void)snprintf(sql, sizeof sql, "DROP TABLE t%d", number);
        *table = (struct model_table){0};
    } else {
        /* An index shows in no row; whether it is there follows from nothing but itself. */
        (void)snprintf(sql, sizeof sql,
                       below(life, 2) == 0 ? "DROP INDEX IF EXISTS i%d"
                                           : "CREATE INDEX IF NOT EXISTS i%d ON t%d(v)",
                       number, number);
    }
    return run_change(life, writer, sql);
}

static bool change_other(struct life *life, struct writer *writer)
{
    struct model *state = state_of(life, writer);
    if (!state->big_exists) {
        state->big_exists = true;
        return run_change(life, writer,
                          "CREATE TABLE big(a BIGINT PRIMARY KEY, c BIGINT, b VARCHAR)");
    }
    if (!state->tables[0].exists) return true;
    state->view = !state->view;
    return run_change(life, writer,
                      state->view ? "CREATE VIEW v0 AS SELECT id, v FROM t0 WHERE v > 500"
                                  : "DROP VIEW v0");
}

static bool change_tables(struct life *life, struct writer *writer)
{
    if (life->writers[0].open + life->writers[1].open > 0 && !life->alone) return true;
    return below(life, 4) == 0 ? change_other(life, writer) : change_table(life, writer);
}

/* ---- transactions ---- */

static bool begin(struct life *life, struct writer *writer)
{
    writer->own = *committed(life);
    writer->left = below(life, 6) == 0 ? 50 : 2 + (uint32_t)below(life, 8);
    if (!run(life, writer, "BEGIN")) return false;
    life->alone = writer->parity == 0 && !life->writers[1].open && below(life, 5) == 0;
    writer->open = true;
    writer->changed = writer->saved = false;
    return true;
}

static bool finish(struct life *life, struct writer *writer)
{
    bool fine =
        below(life, 5) == 0 ? run(life, writer, "ROLLBACK") : run_commit(life, writer, "COMMIT");
    writer->open = false;
    if (writer->parity == 0) life->alone = false;
    return fine;
}

static bool savepoint(struct life *life, struct writer *writer)
{
    if (!writer->saved) {
        writer->save = writer->own;
        writer->saved = true;
        return run(life, writer, "SAVEPOINT s");
    }
    if (below(life, 2) == 0) {
        writer->saved = false;
        return run(life, writer, "RELEASE s");
    }
    writer->own = writer->save;
    return run(life, writer, "ROLLBACK TO s");
}

/* Refused while a transaction has changes. */
static bool checkpoint(struct life *life, struct writer *writer)
{
    llkv_results *results = NULL;
    const char *sql = "CHECKPOINT";
    if (life->plan->trace)
        printf("%6llu %d: %s\n", (unsigned long long)disk_position(life->disk), writer->parity,
               sql);
    llkv_code rc = llkv_execute(writer->session, sql, strlen(sql), &results, &life->error);
    llkv_results_free(results);
    if (rc == LLKV_BUSY && life->writers[0].open + life->writers[1].open > 0) return true;
    if (rc != LLKV_OK)
        return wrong(life, "%s: %s (%s)", sql, life->error.message, life->error.sqlstate);
    promise(life, true);
    return true;
}

/* The first life: tables to begin with. */
static bool create_tables(struct life *life)
{
    struct writer *writer = &life->writers[0];
    for (int i = 0; i < 2; i++) {
        char sql[128];
        struct model *state = state_of(life, writer);
        (void)snprintf(sql, sizeof sql,
                       "CREATE TABLE t%d(id BIGINT PRIMARY KEY, v BIGINT NOT NULL, txt VARCHAR)",
                       i);
        state->tables[i] = (struct model_table){.exists = true};
        if (!run_change(life, writer, sql)) return false;
    }
    state_of(life, writer)->big_exists = true;
    return run_change(life, writer, "CREATE TABLE big(a BIGINT PRIMARY KEY, c BIGINT, b VARCHAR)");
}

static bool step(struct life *life)
{
    struct writer *writer = &life->writers[life->alone ? 0 : below(life, 2)];
    if (writer->open) {
        if (writer->left-- == 0) return finish(life, writer);
        if (below(life, 12) == 0) return savepoint(life, writer);
        if (life->alone && below(life, 3) == 0) return change_tables(life, writer);
        return below(life, 5) == 0 ? change_big(life, writer) : change_small(life, writer);
    }
    switch (below(life, 12)) {
    case 0:
    case 1: return begin(life, writer);
    case 2: return change_tables(life, writer);
    case 3: return checkpoint(life, writer);
    case 4:
    case 5: return change_big(life, writer);
    default: return change_small(life, writer);
    }
}

/* ---- a life ---- */

static bool open_database(struct life *life)
{
    llkv_code rc = crash_drive_open(life->disk, life->plan->bug, 0, &life->pager, &life->error);
    if (rc != LLKV_OK)
        return wrong(life, "open: %s (%s)", life->error.message, life->error.sqlstate);
    llkv_engine_options options = {.struct_size = sizeof options,
                                   .threads = 1,
                                   .pager = life->pager,
                                   .debug_segment_rows = 128,
                                   .debug_vector_rows = 64};
    rc = llkv_engine_open(&options, &life->engine, &life->error);
    if (rc != LLKV_OK)
        return wrong(life, "open: %s (%s)", life->error.message, life->error.sqlstate);
    /* The public handle is the runtime's object. */
    txn_log_plant(((struct engine *)life->engine)->database->manager, life->plan->bug);
    for (int i = 0; i < 2; i++) {
        rc = llkv_session_open(life->engine, &life->writers[i].session, &life->error);
        if (rc != LLKV_OK) return wrong(life, "session: %s", life->error.message);
        life->writers[i].parity = i;
    }
    return run(life, &life->writers[0],
               life->plan->normal ? "PRAGMA synchronous=normal" : "PRAGMA synchronous=full");
}

/* The newest state that is what was found, and not older than what must be there. */
static bool compare(struct life *life, const struct promise *floor)
{
    struct sql_history *history = life->history;
    struct model found;
    char what[400] = "";
    uint64_t i = history->count;
    if (!model_read(life->writers[0].session, &found, what, sizeof what))
        return wrong(life, "%s", what);
    while (i > 0 && !model_equal(&found, history->states[i - 1]))
        i--;
    if (i == 0) {
        model_difference(&found, committed(life), what, sizeof what);
        return wrong(life, "no state of %llu, %llu at least: %s",
                     (unsigned long long)sql_last(history), (unsigned long long)floor->last, what);
    }
    if (i - 1 < floor->last)
        return wrong(life, "commit %llu is the last, but %llu was acknowledged",
                     (unsigned long long)(i - 1), (unsigned long long)floor->last);
    while (history->count > i)
        model_unref(history->states[--history->count]);
    promises_deinit(&history->promises);
    if (!model_probe(life->writers[0].session, committed(life), what, sizeof what))
        return wrong(life, "%s", what);
    return true;
}

static bool close_database(struct life *life)
{
    bool fine = true;
    for (int i = 0; i < 2; i++) {
        if (llkv_session_close(life->writers[i].session, &life->error) != LLKV_OK)
            fine = wrong(life, "closing a session: %s", life->error.message);
    }
    if (life->engine != NULL && llkv_engine_close(life->engine, &life->error) != LLKV_OK)
        fine = wrong(life, "closing: %s (%s)", life->error.message, life->error.sqlstate);
    if (life->pager != NULL) life->pager->methods->close(life->pager);
    return fine;
}

static bool sql_live(struct disk *disk, void *history, const struct promise *floor,
                     const struct life_plan *plan, struct life_result *result)
{
    struct life *life = crash_alloc(sizeof *life);
    *life = (struct life){.disk = disk,
                          .history = history,
                          .plan = plan,
                          .result = result,
                          .random = plan->seed,
                          .error = LLKV_ERROR_INIT};
    *result = (struct life_result){0};
    bool fine = open_database(life) && compare(life, floor);
    if (fine) {
        result->opened = disk_position(disk);
        promise(life, true);
    }
    if (fine && plan->steps > 0 && sql_last(history) == 0) fine = create_tables(life);
    for (uint32_t i = 0; fine && i < plan->steps * 5; i++)
        fine = step(life);
    result->worked = disk_position(disk);
    fine = close_database(life) && fine;
    if (fine && plan->clean) {
        result->worked = disk_position(disk);
        promise(life, true);
    }
    if (disk_held_count(disk) != 0) fine = wrong(life, "files or mappings left open");
    free(life);
    return plan->damaged ? result->what[0] == '\0' : fine;
}

const struct subject subject_sql = {.name = "sql",
                                    .history_new = sql_history_new,
                                    .history_free = sql_history_free,
                                    .history_copy = sql_history_copy,
                                    .promises = sql_promises,
                                    .last = sql_last,
                                    .live = sql_live};

/* Who writes to a table: the open explicit transactions, their intents on rows, and the gate for
 * changes of the definition. Everything here happens under the commit mutex, so that a commit and a
 * statement never miss each other. */
#include <assert.h>

#include "table/write_priv.h"

static llkv_code fail_row(struct cx *cx, const struct table *table, const char *what)
{
    return cx_fail_at(cx, LLKV_CONFLICT, -1, "40001", "a row of table \"%s\" was changed by %s",
                      table->def->name, what);
}

static llkv_code check_gate(struct cx *cx, const struct table_writes *writes)
{
    const struct table *table = writes->table;
    if (table->gate != 0 && table->gate != writes->set->txn)
        return cx_fail_at(cx, LLKV_CONFLICT, -1, "40001",
                          "another transaction is changing the definition of table \"%s\"",
                          table->def->name);
    const int64_t ts = writes->set->snapshot->ts;
    if (table->schema_ts > ts || (table->index_ts > ts && !writes->only_deletes))
        return cx_fail_at(cx, LLKV_CONFLICT, -1, "40001",
                          "the definition of table \"%s\" was changed since the transaction began",
                          table->def->name);
    return LLKV_OK;
}

/* ---- explicit transactions ---- */

static llkv_code join(struct cx *cx, void *arg)
{
    struct table_writes *writes = arg;
    struct table *table = writes->table;
    TRY(check_gate(cx, writes));
    writes->next_writer = table->writers;
    writes->writer_link = &table->writers;
    if (table->writers != NULL) table->writers->writer_link = &writes->next_writer;
    table->writers = writes;
    return LLKV_OK;
}

llkv_code writes_join(struct cx *cx, struct table_writes *writes)
{
    return txn_exclusively(cx, writes->set->manager, join, writes);
}

static llkv_code go_further(struct cx *cx, void *arg)
{
    struct table_writes *writes = arg;
    writes->only_deletes = false;
    llkv_code rc = check_gate(cx, writes);
    writes->only_deletes = rc != LLKV_OK;
    return rc;
}

llkv_code writes_go_further(struct cx *cx, struct table_writes *writes)
{
    return txn_exclusively(cx, writes->set->manager, go_further, writes);
}

void writes_leave(struct table_writes *writes)
{
    if (writes->writer_link == NULL) return;
    *writes->writer_link = writes->next_writer;
    if (writes->next_writer != NULL) writes->next_writer->writer_link = writes->writer_link;
    writes->writer_link = NULL;
}

struct claim {
    struct table_writes *writes;
    const uint64_t *row_ids;
    uint32_t n;
};

static bool has_row(const struct row_set *set, uint64_t row)
{
    const uint64_t *bits = row_set_peek(set, row / set->vector_rows);
    return bits != NULL && bit_get(bits, row % set->vector_rows);
}

static llkv_code check_row(struct cx *cx, const struct table_writes *writes, uint64_t row_id)
{
    const struct table *table = writes->table;
    for (const struct table_writes *w = table->writers; w != NULL; w = w->next_writer)
        if (w != writes && has_row(&w->own.rows_changed, row_id))
            return fail_row(cx, table, "another transaction that is still open");
    if (store_row_changed(table->store, row_id, writes->set->snapshot->ts))
        return fail_row(cx, table, "another transaction since this one began");
    return LLKV_OK;
}

/* First every check, then the intents: a statement that fails leaves none. */
static llkv_code claim_rows(struct cx *cx, void *arg)
{
    const struct claim *claim = arg;
    struct own *own = &claim->writes->own;
    TRY(check_gate(cx, claim->writes));
    for (uint32_t i = 0; i < claim->n; i++) {
        uint64_t row_id = claim->row_ids[i];
        if (row_id >= TABLE_OWN_ROW_FIRST || has_row(&own->rows_changed, row_id)) continue;
        TRY(check_row(cx, claim->writes, row_id));
    }
    for (uint32_t i = 0; i < claim->n; i++) {
        bool added;
        if (claim->row_ids[i] < TABLE_OWN_ROW_FIRST)
            TRY(row_set_add(cx, &own->rows_changed, claim->row_ids[i], &added));
    }
    return LLKV_OK;
}

llkv_code writes_claim(struct cx *cx, struct table_writes *writes, const uint64_t *row_ids,
                       uint32_t n)
{
    struct claim claim = {writes, row_ids, n};
    return txn_exclusively(cx, writes->set->manager, claim_rows, &claim);
}

/* ---- whoever commits ---- */

llkv_code writes_check_others(struct cx *cx, struct table_writes *writes)
{
    const struct table *table = writes->table;
    const struct layout *layout = store_layout(table->store);
    TRY(check_gate(cx, writes));
    for (const struct table_writes *w = table->writers; w != NULL; w = w->next_writer) {
        for (uint32_t i = 0; w != writes && i < writes->touched_count; i++) {
            const struct row_unit *unit = &writes->touched[i];
            const uint64_t *bits = row_set_peek(&w->own.rows_changed, unit->unit);
            for (uint32_t k = 0; bits != NULL && k < layout->vector_words; k++)
                if ((bits[k] & unit->bits[k]) != 0)
                    return fail_row(cx, table, "another transaction that is still open");
        }
    }
    return LLKV_OK;
}

/* ---- the gate ---- */

struct gate {
    struct table *table;
    uint64_t txn;
    const struct snapshot *snapshot;
    enum table_gate kind;
    bool changed;
    int64_t ts;
};

/* Whoever only deleted rows may go on: its commit takes them out of the keys that are there then,
 * and an index that is being added has the rows, as nothing was committed. */
static llkv_code take_gate(struct cx *cx, void *arg)
{
    const struct gate *gate = arg;
    struct table *table = gate->table;
    if (table->gate == gate->txn && gate->kind <= table->gate_kind) return LLKV_OK;
    const int64_t ts = gate->snapshot->ts;
    bool free = (table->gate == 0 || table->gate == gate->txn) && table->schema_ts <= ts &&
                table->index_ts <= ts && store_last_ts(table->store) <= ts;
    for (const struct table_writes *w = table->writers; w != NULL; w = w->next_writer)
        free = free &&
               (w->set->txn == gate->txn || (gate->kind == TABLE_GATE_INDEX && w->only_deletes));
    if (!free)
        return cx_fail_at(cx, LLKV_CONFLICT, -1, "40001",
                          "table \"%s\" is being changed by another transaction, or was since this "
                          "one began",
                          table->def->name);
    table->gate = gate->txn;
    table->gate_kind = (uint8_t)gate->kind;
    return LLKV_OK;
}

llkv_code table_gate_take(struct cx *cx, struct table *table, uint64_t txn,
                          const struct snapshot *snapshot, enum table_gate kind)
{
    struct gate gate = {.table = table, .txn = txn, .snapshot = snapshot, .kind = kind};
    assert(txn != TXN_ID_AUTO_COMMIT);
    return txn_exclusively(cx, table->manager, take_gate, &gate);
}

void table_gate_release_locked(struct table *table, uint64_t txn, bool changed, int64_t ts)
{
    if (table->gate != txn) return;
    if (changed && table->gate_kind == TABLE_GATE_INDEX) table->index_ts = ts;
    if (changed && table->gate_kind == TABLE_GATE_ALL) table->schema_ts = ts;
    table->gate = 0;
    table->gate_kind = TABLE_GATE_NONE;
}

static llkv_code release_gate(struct cx *cx, void *arg)
{
    const struct gate *gate = arg;
    (void)cx; /* nothing can fail */
    table_gate_release_locked(gate->table, gate->txn, gate->changed, gate->ts);
    return LLKV_OK;
}

void table_gate_release(struct table *table, uint64_t txn, bool changed, int64_t ts)
{
    llkv_error error = LLKV_ERROR_INIT;
    struct cx cx = {.error = &error};
    struct gate gate = {.table = table, .txn = txn, .changed = changed, .ts = ts};
    llkv_code rc = txn_exclusively(&cx, table->manager, release_gate, &gate);
    assert(rc == LLKV_OK);
    (void)rc;
}

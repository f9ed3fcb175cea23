/* Readers and checkpoints beside writers: every snapshot is consistent, and TSan has nothing to
 * say. */
#include "log_testing.h"
#include "table/checkpoint.h"
#include "table/replay.h"

/* Accounts whose balances always add up to the same, text that repeats the balance, and a growing
 * log. Writers move money between two accounts; what they see must add up in every snapshot. Every
 * other writer does so in explicit transactions of several moves, some of which it takes back. */
enum { ACCOUNTS = 200, BALANCE = 1000, MOVES = 200, WRITERS = 4, READERS = 2 };
enum { THREADS = WRITERS + READERS + 1 };
enum { ID, MONEY, NOTE, LOG_ID = 0, LOG_AMOUNT = 1 };

static const struct column_def account_columns[] = {
    {.name = "id", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}, .not_null = true},
    {.name = "money", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}},
    {.name = "note", .type = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW}},
};
static const struct key_column id_column[] = {{ID, false}};
static const struct key_column note_column[] = {{NOTE, false}};
static const struct key_def account_keys[] = {
    {.name = "pk", .unique = true, .primary = true, .column_count = 1, .columns = id_column},
    {.name = "notes", .column_count = 1, .columns = note_column},
};
static const struct column_def log_columns[] = {
    {.name = "id", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}},
    {.name = "amount", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}},
    {.name = "flag", .type = {.id = TYPE_BOOLEAN, .phys = PHYS_BOOL}},
    {.name = "text", .type = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW}},
};

struct bank {
    struct world w;
    struct table *accounts, *log;
    atomic_int writers_left;
    atomic_int conflicts, moves;
};

struct worker {
    struct bank *bank;
    uint64_t seed;
    bool is_explicit;
};

static uint32_t note_text(char *out, int64_t money)
{
    return (uint32_t)snprintf(out, 64, "the balance of this account is %lld", (long long)money);
}

static void make_accounts(struct bank *b)
{
    struct test_cx *t = &b->w.t;
    static int64_t ids[ACCOUNTS], money[ACCOUNTS];
    static struct str_view notes[ACCOUNTS];
    char note[64];
    uint32_t len = note_text(note, BALANCE);
    for (uint32_t i = 0; i < ACCOUNTS; i++) {
        ids[i] = i;
        money[i] = BALANCE;
        notes[i] = str_of(note, len);
    }
    struct vector v[] = {{.phys = PHYS_I64, .rows = ACCOUNTS, .data = ids},
                         {.phys = PHYS_I64, .rows = ACCOUNTS, .data = money},
                         {.phys = PHYS_VIEW, .rows = ACCOUNTS, .data = notes}};
    struct batch batch = {.rows = ACCOUNTS, .live = ACCOUNTS, .column_count = 3, .columns = v};
    struct snapshot snapshot;
    struct write_set *set;
    assert_ok(t, txn_snapshot_begin(&t->cx, b->w.manager, &snapshot));
    assert_ok(t, write_set_new(&t->cx, b->w.manager, &snapshot, TXN_ID_AUTO_COMMIT, &set));
    assert_ok(t, write_insert(&t->cx, set, b->accounts, &batch, WRITE_ABORT, NULL));
    assert_ok(t, write_set_commit(&t->cx, set));
    write_set_free(set);
    txn_snapshot_end(b->w.manager, &snapshot);
}

static llkv_code find_account(struct cx *cx, struct bank *b, const struct table_reader *reader,
                              int64_t id, uint64_t *out_row, int64_t *out_money)
{
    struct value key = {.type = account_columns[ID].type, .i = id};
    struct vector money;
    uint32_t count;
    TRY(table_key_lookup(cx, b->accounts, reader, 0, &key, out_row, 1, &count));
    CHECK(cx, count == 1);
    TRY(table_gather(cx, b->accounts, reader, out_row, 1, MONEY, &money));
    *out_money = ((const int64_t *)money.data)[0];
    return LLKV_OK;
}

static llkv_code append_log(struct cx *cx, struct bank *b, struct write_set *set, int64_t amount)
{
    static const char text[] = "an entry of the log";
    int64_t rows[3] = {amount, -amount, 0};
    uint64_t flags = 5, validity = 3;
    struct str_view views[3] = {str_of(text, 19), str_of(text, 3), str_of(text, 0)};
    struct vector v[] = {{.phys = PHYS_I64, .rows = 3, .data = rows},
                         {.phys = PHYS_I64, .rows = 3, .data = rows},
                         {.phys = PHYS_BOOL, .rows = 3, .data = &flags, .validity = &validity},
                         {.phys = PHYS_VIEW, .rows = 3, .data = views}};
    struct batch batch = {.rows = 3, .live = 3, .column_count = 4, .columns = v};
    return write_insert(cx, set, b->log, &batch, WRITE_ABORT, NULL);
}

static llkv_code move_money(struct cx *cx, struct bank *b, const struct table_reader *reader,
                            struct write_set *set, uint64_t *seed)
{
    static const uint16_t columns[] = {MONEY, NOTE};
    uint64_t rows[2];
    int64_t money[2];
    char notes[2][64];
    struct str_view views[2];
    int64_t from = test_below(seed, ACCOUNTS);
    int64_t to = (from + 1 + test_below(seed, ACCOUNTS - 1)) % ACCOUNTS;
    int64_t amount = test_below(seed, 50);
    TRY(find_account(cx, b, reader, from, &rows[0], &money[0]));
    TRY(find_account(cx, b, reader, to, &rows[1], &money[1]));
    money[0] -= amount;
    money[1] += amount;
    for (int i = 0; i < 2; i++)
        views[i] = str_of(notes[i], note_text(notes[i], money[i]));
    struct vector v[] = {{.phys = PHYS_I64, .rows = 2, .data = money},
                         {.phys = PHYS_VIEW, .rows = 2, .data = views}};
    struct batch values = {.rows = 2, .live = 2, .column_count = 2, .columns = v};
    TRY(write_update(cx, set, b->accounts, rows, 2, columns, &values, NULL));
    return append_log(cx, b, set, amount);
}

static int64_t scan_sum(struct cx *cx, struct table *table, const struct table_reader *reader,
                        bool check_notes, int64_t *out_rows);

/* Some moves, each a statement; then and now one is taken back, or all since a savepoint. */
static llkv_code move_often(struct cx *cx, struct bank *b, const struct snapshot *s,
                            struct write_set *set, uint64_t *seed)
{
    const uint32_t savepoint = write_set_mark(set);
    for (uint32_t i = 0; i < 1 + test_below(seed, 4); i++) {
        int64_t rows;
        const struct table_reader reader = {s, set, write_set_mark(set)};
        if (scan_sum(cx, b->accounts, &reader, true, &rows) != ACCOUNTS * BALANCE) abort();
        TRY(move_money(cx, b, &reader, set, seed));
        if (test_below(seed, 6) == 0) {
            write_set_rollback(set, reader.mark);
        } else {
            TRY(write_set_statement_end(cx, set));
        }
        if (test_below(seed, 12) == 0) write_set_rollback(set, savepoint);
    }
    return LLKV_OK;
}

static void *writer(void *arg)
{
    struct worker *w = arg;
    struct bank *b = w->bank;
    for (uint32_t done = 0; done < MOVES;) {
        struct test_cx t;
        struct snapshot s;
        struct write_set *set = NULL;
        struct cx *cx = test_cx_init(&t);
        if (txn_snapshot_begin(cx, b->w.manager, &s) != LLKV_OK) abort();
        uint64_t txn = w->is_explicit ? txn_id_new(b->w.manager) : TXN_ID_AUTO_COMMIT;
        llkv_code rc = write_set_new(cx, b->w.manager, &s, txn, &set);
        if (rc == LLKV_OK && w->is_explicit) rc = move_often(cx, b, &s, set, &w->seed);
        if (rc == LLKV_OK && !w->is_explicit) rc = move_money(cx, b, READER(&s), set, &w->seed);
        if (rc == LLKV_OK) rc = write_set_commit(cx, set);
        if (rc == LLKV_OK) done++;
        if (rc == LLKV_CONFLICT) atomic_fetch_add(&b->conflicts, 1);
        if (rc != LLKV_OK && (rc != LLKV_CONFLICT || !t.error.retryable)) abort();
        write_set_free(set);
        txn_snapshot_end(b->w.manager, &s);
        test_cx_deinit(&t);
    }
    atomic_fetch_add(&b->moves, MOVES);
    atomic_fetch_sub(&b->writers_left, 1);
    return NULL;
}

/* Sum of a column over a scan; text must repeat the number beside it. */
static int64_t scan_sum(struct cx *cx, struct table *table, const struct table_reader *reader,
                        bool check_notes, int64_t *out_rows)
{
    uint16_t columns[] = {0, 1, 2, 3};
    uint32_t count = check_notes ? 3 : 4;
    struct scan_spec spec = {
        .table = table, .reader = reader, .columns = columns, .column_count = count};
    struct scan *scan;
    int64_t sum = 0;
    *out_rows = 0;
    if (scan_new(cx, &spec, &scan) != LLKV_OK) abort();
    for (uint32_t i = 0; i < scan_segment_count(&spec); i++) {
        bool empty;
        if (scan_open_segment(cx, scan, i, &empty) != LLKV_OK) abort();
        for (;;) {
            struct batch batch;
            if (scan_next(cx, scan, &batch) != LLKV_OK) abort();
            if (batch.rows == 0) break;
            for (uint32_t j = 0; j < batch.live; j++) {
                uint32_t at = batch.sel == NULL ? j : batch.sel[j];
                struct type i64 = {.id = TYPE_BIGINT, .phys = PHYS_I64};
                struct type text = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW};
                struct type flag = {.id = TYPE_BOOLEAN, .phys = PHYS_BOOL};
                int64_t amount = vec_value(&batch.columns[1], i64, at).i;
                sum += amount;
                if (!check_notes) {
                    if (vec_value(&batch.columns[2], flag, at).is_null != (amount == 0) &&
                        amount != 0)
                        abort();
                    struct value v = vec_value(&batch.columns[3], text, at);
                    if (v.s.len != 0 && memcmp(v.s.data, "an entry of the log", v.s.len) != 0)
                        abort();
                    continue;
                }
                char note[64];
                uint32_t len = note_text(note, amount);
                struct value v = vec_value(&batch.columns[2], text, at);
                if (v.s.len != len || memcmp(v.s.data, note, len) != 0) abort();
            }
            *out_rows += batch.live;
        }
    }
    return sum;
}

static void *reader(void *arg)
{
    struct worker *w = arg;
    struct bank *b = w->bank;
    int64_t last_log = 0;
    while (atomic_load(&b->writers_left) > 0) {
        struct test_cx t;
        struct snapshot s;
        struct cx *cx = test_cx_init(&t);
        int64_t rows;
        if (txn_snapshot_begin(cx, b->w.manager, &s) != LLKV_OK) abort();
        if (scan_sum(cx, b->accounts, READER(&s), true, &rows) != ACCOUNTS * BALANCE) abort();
        if (rows != ACCOUNTS) abort();
        if (scan_sum(cx, b->log, READER(&s), false, &rows) != 0) abort();
        if (rows < last_log || rows % 3 != 0 || rows != table_row_count(b->log, READER(&s)))
            abort();
        last_log = rows;
        uint64_t row;
        int64_t money;
        if (find_account(cx, b, READER(&s), test_below(&w->seed, ACCOUNTS), &row, &money) !=
            LLKV_OK)
            abort();
        struct column_stats stats;
        table_column_stats(b->accounts, READER(&s), MONEY, &stats);
        txn_snapshot_end(b->w.manager, &s);
        test_cx_deinit(&t);
    }
    return NULL;
}

static void make_tables(struct bank *b)
{
    struct test_cx *t = &b->w.t;
    struct table_def accounts = {.id = 1,
                                 .name = "accounts",
                                 .column_count = 3,
                                 .columns = account_columns,
                                 .key_count = 2,
                                 .keys = account_keys};
    struct table_def log = {.id = 2, .name = "log", .column_count = 4, .columns = log_columns};
    assert_ok(t,
              table_new(&t->cx, b->w.manager, b->w.pager, &b->w.options, &accounts, &b->accounts));
    assert_ok(t, table_new(&t->cx, b->w.manager, b->w.pager, &b->w.options, &log, &b->log));
}

static llkv_code find_table(struct cx *cx, void *arg, uint64_t id, struct table **out_table)
{
    struct bank *b = arg;
    CHECK(cx, id == 1 || id == 2);
    *out_table = id == 1 ? b->accounts : b->log;
    return LLKV_OK;
}

static llkv_code replay_group(void *arg, uint64_t first_lsn, uint32_t frames, const void *bytes,
                              size_t size)
{
    struct bank *b = arg;
    const struct replay_target target = {.pager = b->w.pager, .arg = b, .table = find_table};
    const llkv_pager_group group = {.struct_size = sizeof group,
                                    .frames = frames,
                                    .first_lsn = first_lsn,
                                    .bytes = bytes,
                                    .size = size};
    return table_replay_group(&b->w.t.cx, b->w.manager, &target, &group);
}

/* What the log gives adds up as well, and has as many entries. */
static void check_replay(struct bank *b)
{
    struct bank other = {.w.options = b->w.options, .w.pager = b->w.pager};
    struct test_cx *t = &other.w.t;
    struct snapshot s, now;
    llkv_error error = LLKV_ERROR_INIT;
    int64_t rows, expected;
    test_cx_init(t);
    other.w.manager = txn_manager_new(NULL);
    make_tables(&other);
    if (b->w.pager->methods->log_replay(b->w.pager, 1, replay_group, &other, &error) != LLKV_OK)
        fail_msg("%s", t->error.message);
    assert_ok(t, txn_snapshot_begin(&t->cx, other.w.manager, &s));
    assert_ok(t, txn_snapshot_begin(&t->cx, b->w.manager, &now));
    assert_int_equal(s.ts, now.ts);
    assert_true(scan_sum(&t->cx, other.accounts, READER(&s), true, &rows) == ACCOUNTS * BALANCE);
    assert_true(scan_sum(&t->cx, other.log, READER(&s), false, &rows) ==
                scan_sum(&t->cx, b->log, READER(&now), false, &expected));
    assert_int_equal(rows, expected);
    txn_snapshot_end(other.w.manager, &s);
    txn_snapshot_end(b->w.manager, &now);
    table_free(other.accounts);
    table_free(other.log);
    txn_manager_free(other.w.manager);
    test_cx_deinit(t);
}

/* ---- checkpoints beside it all ---- */

/* What was written is the state of the snapshot, whatever was committed meanwhile. */
static void check_copy(struct bank *b, struct table *table, const struct snapshot *s,
                       bool is_accounts)
{
    struct test_cx t;
    struct cx *cx = test_cx_init(&t);
    struct table *copy;
    int64_t rows;
    if (table_restore(cx, b->w.manager, b->w.pager, &b->w.options, table_definition(table),
                      table_stored_ref(table), &copy) != LLKV_OK)
        abort();
    if (table_load(cx, copy) != LLKV_OK) abort();
    int64_t sum = scan_sum(cx, copy, READER(s), is_accounts, &rows);
    if (sum != (is_accounts ? ACCOUNTS * BALANCE : 0)) abort();
    if (rows != table_row_count(table, READER(s))) abort();
    if (table_check(cx, copy) != LLKV_OK) abort();
    table_free(copy);
    test_cx_deinit(&t);
}

static void checkpoint_once(struct bank *b)
{
    struct test_cx t;
    struct cx *cx = test_cx_init(&t);
    struct table *tables[] = {b->accounts, b->log};
    struct stored_image *images[2] = {NULL, NULL};
    struct blob_sink sink;
    struct snapshot s;
    if (txn_snapshot_begin(cx, b->w.manager, &s) != LLKV_OK) abort();
    blob_sink_init(&sink, NULL, b->w.pager);
    for (uint32_t i = 0; i < 2; i++)
        if (table_checkpoint(cx, tables[i], &sink, s.ts, &images[i]) != LLKV_OK) abort();
    if (blob_sink_finish(cx, &sink) != LLKV_OK) abort();
    for (uint32_t i = 0; i < 2; i++) {
        if (images[i] != NULL) table_checkpoint_apply(tables[i], images[i], &sink);
        if (table_fold(cx, tables[i]) != LLKV_OK) abort();
        check_copy(b, tables[i], &s, i == 0);
    }
    blob_sink_deinit(&sink);
    txn_snapshot_end(b->w.manager, &s);
    test_cx_deinit(&t);
}

static void *checkpointer(void *arg)
{
    struct worker *w = arg;
    do {
        checkpoint_once(w->bank);
    } while (atomic_load(&w->bank->writers_left) > 0);
    checkpoint_once(w->bank);
    return NULL;
}

static void transfers(uint32_t segment_rows, uint32_t vector_rows, bool logged)
{
    int64_t used = mem_used_bytes();
    struct bank b = {.writers_left = WRITERS};
    struct test_cx *t = &b.w.t;
    world_init(&b.w, segment_rows, vector_rows);
    if (logged) {
        b.w.pager->methods->close(b.w.pager);
        b.w.pager = &log_pager_new()->base;
        assert_ok(t, txn_log_open(&t->cx, b.w.manager, b.w.pager, TXN_SYNC_FULL));
    }
    make_tables(&b);
    make_accounts(&b);
    /* What checkpoints give up is not in the log any more: either they run, or it is replayed. */
    const uint32_t count = logged ? THREADS - 1 : THREADS;
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (uint32_t i = 0; i < count; i++) {
        workers[i] = (struct worker){&b, i + 77, i % 2 == 0};
        void *(*run)(void *) = i < WRITERS ? writer : i < THREADS - 1 ? reader : checkpointer;
        pthread_create(&threads[i], NULL, run, &workers[i]);
    }
    for (uint32_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(b.moves, MOVES * WRITERS);
    assert_ok(t, table_check(&t->cx, b.accounts));
    assert_ok(t, table_check(&t->cx, b.log));
    if (logged) check_replay(&b);
    table_free(b.accounts);
    table_free(b.log);
    world_deinit(&b.w);
    assert_int_equal(mem_used_bytes(), used);
}

static void small_units(void **state)
{
    (void)state;
    transfers(64, 8, false);
}

static void with_log(void **state)
{
    (void)state;
    transfers(64, 8, true);
}

static void default_units(void **state)
{
    (void)state;
    transfers(65536, 2048, true);
}

static void default_units_stored(void **state)
{
    (void)state;
    transfers(65536, 2048, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_units),
        cmocka_unit_test(with_log),
        cmocka_unit_test(default_units),
        cmocka_unit_test(default_units_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* txn_game.h -- several open transactions on one table beside a simple model of them, and the log
 * played back into another table: shared by the tests of transactions and of the log. */
#ifndef TESTS_TXN_GAME_H
#define TESTS_TXN_GAME_H
#include "log_testing.h"
#include "table/replay.h"

enum { ID, U, V, S, B, COLUMNS };
enum { KEY_ID, KEY_U, KEY_S };
enum { IDS = 60, TXNS = 4, SAVED = 4, ROWS_MAX = 40000, TEXT_MAX = 40 };

static const struct column_def columns[COLUMNS] = {
    {.name = "id", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}, .not_null = true},
    {.name = "u", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}},
    {.name = "v", .type = {.id = TYPE_INTEGER, .phys = PHYS_I32}},
    {.name = "s", .type = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW}},
    {.name = "b", .type = {.id = TYPE_BOOLEAN, .phys = PHYS_BOOL}},
};
static const struct key_column id_column[] = {{ID, false}};
static const struct key_column u_column[] = {{U, false}};
static const struct key_column s_column[] = {{S, false}};
static const struct key_def keys[] = {
    {.name = "pk", .unique = true, .primary = true, .column_count = 1, .columns = id_column},
    {.name = "uk", .unique = true, .column_count = 1, .columns = u_column},
    {.name = "is", .column_count = 1, .columns = s_column},
};

/* A row is what was inserted once; `row` numbers it. */
struct row {
    bool alive, u_null, v_null, b;
    uint32_t row;
    int64_t u;
    int32_t v;
    uint32_t s_len;
    char s[TEXT_MAX];
};

/* What a transaction sees, by id; and what it did to rows that others may see. */
struct state {
    struct row rows[IDS];
    uint32_t touched_count, removed_count;
    uint32_t touched[IDS * 40]; /* committed rows it updated or deleted */
    uint32_t removed[IDS * 4];  /* committed rows its snapshot does not see, replaced */
};

struct txn {
    bool open;
    struct snapshot snapshot;
    struct write_set *set;
    struct state now;
    uint32_t saved_count;
    uint32_t marks[SAVED];
    struct state saved[SAVED];
};

struct game {
    struct world w;
    struct table *table;
    uint64_t seed;
    struct row latest[IDS];
    int64_t *written; /* by row: the timestamp of the last update or delete */
    int64_t *born;    /* by row: the commit that brought it, 0: none yet */
    uint32_t rows;
    struct txn txns[TXNS];
    uint32_t conflicts, duplicates, commits, rollbacks;
};

static inline uint32_t below(struct game *g, uint32_t n)
{
    return test_below(&g->seed, n);
}

/* ---- the model ---- */

static inline bool has(const uint32_t *list, uint32_t count, uint32_t row)
{
    for (uint32_t i = 0; i < count; i++)
        if (list[i] == row) return true;
    return false;
}

/* Would the first-writer rule stop `t` (NULL: an auto-commit statement) at this row? */
static inline bool conflicts(const struct game *g, const struct txn *t, uint32_t row)
{
    if (g->born[row] == 0) return false; /* its own */
    if (t != NULL && g->written[row] > t->snapshot.ts) return true;
    for (uint32_t i = 0; i < TXNS; i++)
        if (g->txns[i].open && &g->txns[i] != t &&
            has(g->txns[i].now.touched, g->txns[i].now.touched_count, row))
            return true;
    return false;
}

/* Does the state still have this committed row under this id and with this u, or is it gone? */
static inline bool is_gone(const struct state *s, uint32_t row, const struct game *g)
{
    if (has(s->removed, s->removed_count, row)) return true;
    if (!has(s->touched, s->touched_count, row)) return false;
    (void)g;
    return true; /* deleted, or counted under its new values */
}

/* Is there another row that has the key, committed or of the state's own? The collision's row. */
static inline bool collides(const struct game *g, const struct state *s, const struct row *r,
                            uint32_t id, bool by_u, uint32_t *out_id, bool *out_own)
{
    if (by_u && r->u_null) return false;
    for (uint32_t i = 0; i < IDS; i++) {
        const struct row *own = &s->rows[i];
        bool mine =
            own->alive && (g->born[own->row] == 0 || has(s->touched, s->touched_count, own->row));
        bool same = by_u ? !own->u_null && own->u == r->u : i == id;
        if (mine && same && own->row != r->row) {
            *out_id = i;
            *out_own = true;
            return true;
        }
        const struct row *other = &g->latest[i];
        same = by_u ? !other->u_null && other->u == r->u : i == id;
        if (other->alive && same && other->row != r->row && !is_gone(s, other->row, g)) {
            *out_id = i;
            *out_own = false;
            return true;
        }
    }
    return false;
}

static inline bool any_collision(const struct game *g, const struct state *s)
{
    uint32_t id;
    bool own;
    for (uint32_t i = 0; i < IDS; i++) {
        const struct row *r = &s->rows[i];
        if (!r->alive) continue;
        if (g->born[r->row] != 0 && !has(s->touched, s->touched_count, r->row)) continue;
        if (collides(g, s, r, i, false, &id, &own) || collides(g, s, r, i, true, &id, &own))
            return true;
    }
    return false;
}

static inline void touch(const struct game *g, struct state *s, uint32_t row)
{
    if (g->born[row] == 0 || has(s->touched, s->touched_count, row)) return;
    assert_true(s->touched_count < ARRAY_COUNT(s->touched));
    s->touched[s->touched_count++] = row;
}

static inline void commit_model(struct game *g, const struct state *s, int64_t ts)
{
    for (uint32_t i = 0; i < s->touched_count; i++)
        g->written[s->touched[i]] = ts;
    for (uint32_t i = 0; i < s->removed_count; i++)
        g->written[s->removed[i]] = ts;
    for (uint32_t i = 0; i < IDS; i++)
        if (g->latest[i].alive && is_gone(s, g->latest[i].row, g)) g->latest[i].alive = false;
    for (uint32_t i = 0; i < IDS; i++) {
        const struct row *r = &s->rows[i];
        if (!r->alive) continue;
        if (g->born[r->row] != 0 && !has(s->touched, s->touched_count, r->row)) continue;
        assert_false(g->latest[i].alive);
        g->latest[i] = *r;
        if (g->born[r->row] == 0) g->born[r->row] = ts;
    }
}

/* ---- comparing ---- */

static inline bool same_row(const struct row *r, uint32_t id, const struct vector *v, uint32_t at)
{
    struct value value[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++)
        value[c] = vec_value(&v[c], columns[c].type, at);
    return value[ID].i == id && value[U].is_null == r->u_null &&
           (r->u_null || value[U].i == r->u) && value[V].is_null == r->v_null &&
           (r->v_null || value[V].i == r->v) && value[S].s.len == r->s_len &&
           memcmp(value[S].s.data, r->s, r->s_len) == 0 && value[B].b == r->b;
}

static inline uint32_t count_alive(const struct row *rows)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < IDS; i++)
        n += rows[i].alive;
    return n;
}

static inline void check_scan(struct game *g, const struct table_reader *reader,
                              const struct row *rows, const struct scan_predicate *predicate)
{
    static const uint16_t wanted[] = {ID, U, V, S, B, SCAN_COLUMN_ROW_ID, SCAN_COLUMN_CREATED_BY};
    struct test_cx t;
    test_cx_init(&t);
    bool seen[IDS] = {false};
    struct scan_spec spec = {.table = g->table,
                             .reader = reader,
                             .columns = wanted,
                             .column_count = ARRAY_COUNT(wanted),
                             .predicates = predicate,
                             .predicate_count = predicate != NULL};
    struct scan *scan;
    uint32_t count = 0;
    uint64_t last = 0;
    assert_ok(&t, scan_new(&t.cx, &spec, &scan));
    for (uint32_t s = 0; s < scan_segment_count(&spec); s++) {
        bool empty;
        struct batch batch;
        assert_ok(&t, scan_open_segment(&t.cx, scan, s, &empty));
        if (empty) continue;
        for (;;) {
            assert_ok(&t, scan_next(&t.cx, scan, &batch));
            if (batch.rows == 0) break;
            for (uint32_t k = 0; k < batch.live; k++) {
                uint32_t at = batch.sel == NULL ? k : batch.sel[k];
                int64_t id = vec_value(&batch.columns[ID], columns[ID].type, at).i;
                uint64_t row_id =
                    (uint64_t)vec_value(&batch.columns[COLUMNS], columns[ID].type, at).i;
                int64_t made = vec_value(&batch.columns[COLUMNS + 1], columns[ID].type, at).i;
                assert_true(id >= 0 && id < IDS);
                assert_true(rows[id].alive && !seen[id]);
                assert_true(same_row(&rows[id], (uint32_t)id, batch.columns, at));
                assert_true(count == 0 || row_id > last);
                assert_int_equal(row_id >= TABLE_OWN_ROW_FIRST, made < 0);
                seen[id] = true;
                last = row_id;
                count++;
            }
        }
    }
    if (predicate == NULL) {
        assert_int_equal(count, count_alive(rows));
        assert_int_equal(table_row_count(g->table, reader), count);
    } else {
        for (uint32_t i = 0; i < IDS; i++)
            if (rows[i].alive && !rows[i].v_null && rows[i].v == predicate->value.i)
                assert_true(seen[i]);
    }
    test_cx_deinit(&t);
}

static inline uint32_t lookup(struct cx *cx, struct game *g, const struct table_reader *reader,
                              uint32_t key, const struct value *value, uint64_t *out)
{
    uint32_t count;
    if (table_key_lookup(cx, g->table, reader, key, value, out, IDS, &count) != LLKV_OK)
        fail_msg("%s", cx->error->message);
    return count;
}

static inline void check_gather(struct game *g, const struct table_reader *reader,
                                const struct row *rows, const uint64_t *row_ids, uint32_t n)
{
    struct test_cx t;
    test_cx_init(&t);
    struct vector v[COLUMNS];
    for (uint16_t c = 0; c < COLUMNS; c++)
        assert_ok(&t, table_gather(&t.cx, g->table, reader, row_ids, n, c, &v[c]));
    for (uint32_t i = 0; i < n; i++) {
        int64_t id = vec_value(&v[ID], columns[ID].type, i).i;
        assert_true(rows[id].alive);
        assert_true(same_row(&rows[id], (uint32_t)id, v, i));
    }
    test_cx_deinit(&t);
}

static inline void check_lookups(struct game *g, const struct table_reader *reader,
                                 const struct row *rows)
{
    struct test_cx t;
    test_cx_init(&t);
    uint64_t found[IDS], all[IDS];
    uint32_t all_count = 0;
    for (uint32_t i = 0; i < IDS; i++) {
        struct value id = {.type = columns[ID].type, .i = i};
        uint32_t n = lookup(&t.cx, g, reader, KEY_ID, &id, found);
        assert_int_equal(n, rows[i].alive);
        if (n == 1) all[all_count++] = found[0];
    }
    check_gather(g, reader, rows, all, all_count);
    for (uint32_t tries = 0; tries < 6; tries++) {
        const struct row *r = &rows[below(g, IDS)];
        uint32_t with_u = 0;
        uint32_t with_s = 0;
        for (uint32_t i = 0; i < IDS; i++) {
            if (!rows[i].alive) continue;
            with_u += !r->u_null && !rows[i].u_null && rows[i].u == r->u;
            with_s += rows[i].s_len == r->s_len && memcmp(rows[i].s, r->s, r->s_len) == 0;
        }
        struct value u = {.type = columns[U].type, .is_null = r->u_null, .i = r->u};
        struct value s = {.type = columns[S].type, .s = {r->s, r->s_len}};
        assert_int_equal(lookup(&t.cx, g, reader, KEY_U, &u, found), with_u);
        uint32_t n = lookup(&t.cx, g, reader, KEY_S, &s, found);
        assert_int_equal(n, with_s);
        for (uint32_t i = 1; i < n; i++)
            assert_true(found[i - 1] < found[i]);
        if (n != 0) check_gather(g, reader, rows, found, n);
    }
    test_cx_deinit(&t);
}

static inline void check_all(struct game *g, const struct table_reader *reader,
                             const struct row *rows)
{
    check_scan(g, reader, rows, NULL);
    struct scan_predicate predicate = {
        .column = V, .op = SCAN_EQ, .value = {.type = columns[V].type, .i = below(g, 60)}};
    check_scan(g, reader, rows, &predicate);
    check_lookups(g, reader, rows);
    struct column_stats stats;
    for (uint16_t c = 0; c < COLUMNS; c++) {
        table_column_stats(g->table, reader, c, &stats);
        assert_int_equal(stats.rows, count_alive(rows));
        if (c != V || !stats.has_range) continue;
        for (uint32_t i = 0; i < IDS; i++)
            if (rows[i].alive && !rows[i].v_null)
                assert_true(stats.min.i <= rows[i].v && rows[i].v <= stats.max.i);
    }
}

static inline struct table_reader reader_of(const struct txn *t, uint32_t mark)
{
    return (struct table_reader){&t->snapshot, t->set, mark};
}

/* ---- statements ---- */

struct slots {
    int64_t id, u;
    int32_t v;
    struct str_view s;
    uint64_t b, valid[COLUMNS];
    struct vector vectors[COLUMNS];
};

static inline void put_row(struct slots *s, const struct row *r, uint32_t id)
{
    *s = (struct slots){.id = id, .u = r->u, .v = r->v, .s = str_of(r->s, r->s_len), .b = r->b};
    const void *data[COLUMNS] = {&s->id, &s->u, &s->v, &s->s, &s->b};
    for (uint32_t c = 0; c < COLUMNS; c++) {
        s->valid[c] = !((c == U && r->u_null) || (c == V && r->v_null));
        s->vectors[c] = (struct vector){.phys = columns[c].type.phys,
                                        .shape = VEC_FLAT,
                                        .rows = 1,
                                        .data = data[c],
                                        .validity = &s->valid[c]};
    }
}

static inline void random_values(struct game *g, struct row *r)
{
    r->u_null = below(g, 4) == 0;
    r->u = below(g, IDS * 2);
    r->v_null = below(g, 6) == 0;
    r->v = (int32_t)below(g, 60);
    r->b = below(g, 2);
    r->s_len = (uint32_t)snprintf(r->s, sizeof r->s, "%s %u",
                                  below(g, 2) ? "short" : "a text of more than twelve bytes",
                                  below(g, 10));
}

enum outcome { FINE, CONFLICT, DUPLICATE };

static inline llkv_code insert_row(struct cx *cx, struct game *g, struct write_set *set,
                                   const struct row *r, uint32_t id, enum write_conflict mode)
{
    struct slots s;
    put_row(&s, r, id);
    struct batch batch = {.rows = 1, .live = 1, .column_count = COLUMNS, .columns = s.vectors};
    return write_insert(cx, set, g->table, &batch, mode, NULL);
}

/* Replaced or in the way: one row. */
static inline enum outcome remove_row(struct game *g, const struct txn *t, struct state *s,
                                      uint32_t id, bool own)
{
    uint32_t row = own ? s->rows[id].row : g->latest[id].row;
    if (conflicts(g, t, row)) return CONFLICT;
    if (s->rows[id].alive && s->rows[id].row == row) s->rows[id].alive = false;
    if (g->born[row] == 0) return FINE;
    touch(g, s, row);
    if (!own && !has(s->removed, s->removed_count, row)) s->removed[s->removed_count++] = row;
    return FINE;
}

static inline enum outcome insert_model(struct game *g, const struct txn *t, struct state *s,
                                        const struct row *r, uint32_t id, enum write_conflict mode)
{
    uint32_t other;
    bool own;
    for (int by_u = 0; by_u < 2; by_u++) {
        while (mode != WRITE_ABORT && collides(g, s, r, id, by_u, &other, &own)) {
            if (mode == WRITE_IGNORE) return FINE;
            enum outcome outcome = remove_row(g, t, s, other, own);
            if (outcome != FINE) return outcome;
        }
    }
    if (s->rows[id].alive) {
        /* The state can hold one row per id; two of them are a collision anyway, unless the old one
         * is a committed row that somebody deleted after the snapshot. */
        if (g->latest[id].alive && g->latest[id].row == s->rows[id].row) return DUPLICATE;
        if (g->born[s->rows[id].row] == 0) return DUPLICATE;
        if (has(s->touched, s->touched_count, s->rows[id].row)) return DUPLICATE;
        return CONFLICT; /* not tried */
    }
    s->rows[id] = *r;
    return FINE;
}

/* Set some columns of a row. */
static inline void update_model(struct game *g, struct state *s, uint32_t id, const struct row *r,
                                uint32_t mask)
{
    struct row *to = &s->rows[id];
    touch(g, s, to->row);
    if (mask & 1u << U) {
        to->u = r->u;
        to->u_null = r->u_null;
    }
    if (mask & 1u << V) {
        to->v = r->v;
        to->v_null = r->v_null;
    }
    if (mask & 1u << S) {
        memcpy(to->s, r->s, sizeof to->s);
        to->s_len = r->s_len;
    }
    if (mask & 1u << B) to->b = r->b;
}

static inline llkv_code update_row(struct cx *cx, struct game *g, struct write_set *set,
                                   uint64_t row_id, const struct row *r, uint32_t mask)
{
    struct slots s;
    struct vector vectors[COLUMNS];
    uint16_t which[COLUMNS];
    uint32_t count = 0;
    put_row(&s, r, 0);
    for (uint16_t c = U; c < COLUMNS; c++) {
        if (!(mask & 1u << c)) continue;
        which[count] = c;
        vectors[count++] = s.vectors[c];
    }
    struct batch batch = {.rows = 1, .live = 1, .column_count = count, .columns = vectors};
    return write_update(cx, set, g->table, &row_id, 1, which, &batch, NULL);
}

struct plan {
    uint32_t kind, count;
    enum write_conflict mode;
    uint32_t ids[8];
    struct row rows[8];
    uint32_t masks[8];
};

static inline void make_plan(struct game *g, struct plan *p)
{
    *p = (struct plan){.kind = below(g, 10), .count = 1 + below(g, 4)};
    uint32_t mode = below(g, 6);
    p->mode = mode == 0 ? WRITE_REPLACE : mode == 1 ? WRITE_IGNORE : WRITE_ABORT;
    if (p->kind >= 4) p->mode = WRITE_ABORT;
    uint32_t first = below(g, IDS);
    for (uint32_t i = 0; i < p->count; i++) {
        p->ids[i] = (first + i * 7) % IDS;
        random_values(g, &p->rows[i]);
        p->rows[i].alive = true;
        p->masks[i] = 2 + below(g, 15) * 2;
    }
}

/* The statement in the model: inserts (kinds 0-3), updates (4-7), deletes (8-9). */
static inline enum outcome plan_model(struct game *g, const struct txn *t, struct state *s,
                                      struct plan *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t id = p->ids[i];
        if (p->kind < 4) {
            assert_true(g->rows < ROWS_MAX);
            p->rows[i].row = g->rows++;
            enum outcome outcome = insert_model(g, t, s, &p->rows[i], id, p->mode);
            if (outcome == CONFLICT) return outcome;
            if (outcome == DUPLICATE) return outcome;
            continue;
        }
        if (!s->rows[id].alive) continue;
        if (conflicts(g, t, s->rows[id].row)) return CONFLICT;
        if (p->kind < 8) {
            update_model(g, s, id, &p->rows[i], p->masks[i]);
        } else {
            touch(g, s, s->rows[id].row);
            s->rows[id].alive = false;
        }
    }
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t id = p->ids[i];
        uint32_t other;
        bool own;
        const struct row *r = &s->rows[id];
        if (!r->alive || p->kind >= 8) continue;
        if (p->kind < 4 && r->row != p->rows[i].row) continue; /* ignored */
        if (p->kind < 4 && collides(g, s, r, id, false, &other, &own)) return DUPLICATE;
        if ((p->kind < 4 || p->masks[i] & 1u << U) && collides(g, s, r, id, true, &other, &own))
            return DUPLICATE;
    }
    return FINE;
}

static inline llkv_code run_plan(struct cx *cx, struct game *g, struct write_set *set,
                                 const struct table_reader *reader, const struct plan *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        uint64_t row_id;
        struct value id = {.type = columns[ID].type, .i = p->ids[i]};
        if (p->kind < 4) {
            TRY(insert_row(cx, g, set, &p->rows[i], p->ids[i], p->mode));
            continue;
        }
        uint32_t count;
        TRY(table_key_lookup(cx, g->table, reader, KEY_ID, &id, &row_id, 1, &count));
        if (count == 0) continue;
        if (p->kind < 8) {
            TRY(update_row(cx, g, set, row_id, &p->rows[i], p->masks[i]));
        } else {
            TRY(write_delete(cx, set, g->table, &row_id, 1, NULL));
        }
    }
    return LLKV_OK;
}

static inline void check_code(struct game *g, const struct test_cx *t, llkv_code rc,
                              enum outcome outcome)
{
    if (outcome == FINE) {
        if (rc != LLKV_OK) fail_msg("%s", t->error.message);
        return;
    }
    if (outcome == CONFLICT) {
        assert_int_equal(rc, LLKV_CONFLICT);
        assert_string_equal(t->error.sqlstate, "40001");
        g->conflicts++;
    } else {
        assert_int_equal(rc, LLKV_CONSTRAINT);
        assert_string_equal(t->error.sqlstate, "23505");
        g->duplicates++;
    }
}

/* One row per id is all the model can hold: not for ids of rows that were deleted by others. */
static inline bool plan_is_possible(const struct game *g, const struct state *s,
                                    const struct plan *p)
{
    for (uint32_t i = 0; i < p->count && p->kind < 4; i++) {
        const struct row *r = &s->rows[p->ids[i]];
        const struct row *latest = &g->latest[p->ids[i]];
        bool same = latest->alive && latest->row == r->row;
        if (r->alive && !same && g->born[r->row] != 0 && !has(s->touched, s->touched_count, r->row))
            return false;
    }
    return true;
}

static inline void statement(struct game *g, struct txn *t)
{
    struct test_cx c;
    struct plan p;
    static struct state before;
    test_cx_init(&c);
    make_plan(g, &p);
    if (!plan_is_possible(g, &t->now, &p)) {
        test_cx_deinit(&c);
        return;
    }
    before = t->now;
    uint32_t mark = write_set_mark(t->set);
    struct table_reader reader = reader_of(t, mark);
    enum outcome outcome = plan_model(g, t, &t->now, &p);
    llkv_code rc = run_plan(&c.cx, g, t->set, &reader, &p);
    if (rc == LLKV_OK && below(g, 4) == 0) check_all(g, &reader, before.rows);
    if (rc == LLKV_OK) rc = write_set_statement_end(&c.cx, t->set);
    /* A row that is updated again is checked again: others may have taken its key meanwhile. */
    if (rc == LLKV_CONSTRAINT && outcome == FINE && p.kind >= 4 && any_collision(g, &t->now))
        outcome = DUPLICATE;
    /* What ends a statement first depends on the order of the checks. */
    if (rc != LLKV_OK && outcome != FINE) outcome = rc == LLKV_CONFLICT ? CONFLICT : DUPLICATE;
    check_code(g, &c, rc, outcome);
    if (rc != LLKV_OK) {
        write_set_rollback(t->set, mark);
        t->now = before;
    }
    test_cx_deinit(&c);
}

static inline void begin(struct game *g, struct txn *t)
{
    struct test_cx c;
    test_cx_init(&c);
    assert_ok(&c, txn_snapshot_begin(&c.cx, g->w.manager, &t->snapshot));
    assert_ok(&c,
              write_set_new(&c.cx, g->w.manager, &t->snapshot, txn_id_new(g->w.manager), &t->set));
    memset(&t->now, 0, sizeof t->now);
    memcpy(t->now.rows, g->latest, sizeof t->now.rows);
    t->saved_count = 0;
    t->open = true;
    test_cx_deinit(&c);
}

static inline void end(struct game *g, struct txn *t, bool commit)
{
    struct test_cx c;
    test_cx_init(&c);
    if (commit) {
        bool collision = any_collision(g, &t->now);
        llkv_code rc = write_set_commit(&c.cx, t->set);
        check_code(g, &c, rc, collision ? DUPLICATE : FINE);
        if (rc == LLKV_OK) commit_model(g, &t->now, txn_watermark(g->w.manager));
        g->commits++;
    } else {
        g->rollbacks++;
    }
    write_set_free(t->set);
    txn_snapshot_end(g->w.manager, &t->snapshot);
    t->open = false;
    test_cx_deinit(&c);
}

static inline void auto_commit(struct game *g)
{
    struct test_cx c;
    struct plan p;
    struct snapshot snapshot;
    struct write_set *set;
    static struct state s;
    test_cx_init(&c);
    memset(&s, 0, sizeof s);
    memcpy(s.rows, g->latest, sizeof s.rows);
    make_plan(g, &p);
    enum outcome outcome = plan_model(g, NULL, &s, &p);
    assert_ok(&c, txn_snapshot_begin(&c.cx, g->w.manager, &snapshot));
    assert_ok(&c, write_set_new(&c.cx, g->w.manager, &snapshot, TXN_ID_AUTO_COMMIT, &set));
    llkv_code rc = run_plan(&c.cx, g, set, READER(&snapshot), &p);
    if (rc == LLKV_OK) rc = write_set_commit(&c.cx, set);
    if (rc != LLKV_OK && outcome != FINE) outcome = rc == LLKV_CONFLICT ? CONFLICT : DUPLICATE;
    check_code(g, &c, rc, outcome);
    if (rc == LLKV_OK) commit_model(g, &s, txn_watermark(g->w.manager));
    write_set_free(set);
    txn_snapshot_end(g->w.manager, &snapshot);
    test_cx_deinit(&c);
}

static inline void savepoints(struct game *g, struct txn *t)
{
    if (t->saved_count < SAVED && below(g, 2)) {
        t->marks[t->saved_count] = write_set_mark(t->set);
        t->saved[t->saved_count++] = t->now;
    } else if (t->saved_count != 0) {
        t->saved_count = below(g, t->saved_count) + 1;
        write_set_rollback(t->set, t->marks[t->saved_count - 1]);
        t->now = t->saved[t->saved_count - 1];
    }
}

static inline void step(struct game *g)
{
    struct txn *t = &g->txns[below(g, TXNS)];
    uint32_t what = below(g, 20);
    if (!t->open) {
        begin(g, t);
    } else if (what < 13) {
        statement(g, t);
    } else if (what < 16) {
        savepoints(g, t);
    } else if (what < 18) {
        end(g, t, below(g, 5) != 0);
    } else {
        auto_commit(g);
    }
    t = &g->txns[below(g, TXNS)];
    if (!t->open) return;
    struct table_reader reader = reader_of(t, write_set_mark(t->set));
    check_all(g, &reader, t->now.rows);
}

static inline void check_latest(struct game *g)
{
    struct test_cx c;
    struct snapshot snapshot;
    test_cx_init(&c);
    assert_ok(&c, txn_snapshot_begin(&c.cx, g->w.manager, &snapshot));
    check_all(g, READER(&snapshot), g->latest);
    txn_snapshot_end(g->w.manager, &snapshot);
    assert_ok(&c, table_check(&c.cx, g->table));
    test_cx_deinit(&c);
}

static inline void make_table(struct world *w, struct table **out_table)
{
    struct table_def def = {.id = 17,
                            .name = "t",
                            .column_count = COLUMNS,
                            .columns = columns,
                            .key_count = ARRAY_COUNT(keys),
                            .keys = keys};
    assert_ok(&w->t, table_new(&w->t.cx, w->manager, w->pager, &w->options, &def, out_table));
}

/* ---- the log ---- */

static inline void open_log(struct game *g)
{
    struct log_pager *log = log_pager_new();
    g->w.pager->methods->close(g->w.pager);
    g->w.pager = &log->base;
    assert_ok(&g->w.t, txn_log_open(&g->w.t.cx, g->w.manager, g->w.pager, TXN_SYNC_FULL));
}

static inline llkv_code find_table(struct cx *cx, void *arg, uint64_t id, struct table **out_table)
{
    struct game *g = arg;
    if (id != 17)
        return cx_fail(cx, LLKV_CORRUPT, "there is no table %llu", (unsigned long long)id);
    *out_table = g->table;
    return LLKV_OK;
}

static inline llkv_code replay_group(void *arg, uint64_t first_lsn, uint32_t frames,
                                     const void *bytes, size_t size)
{
    struct game *g = arg;
    const struct replay_target target = {.pager = g->w.pager, .arg = g, .table = find_table};
    const llkv_pager_group group = {.struct_size = sizeof group,
                                    .frames = frames,
                                    .first_lsn = first_lsn,
                                    .bytes = bytes,
                                    .size = size};
    return table_replay_group(&g->w.t.cx, g->w.manager, &target, &group);
}

/* A game with an empty table in a world of its own, but with the pager of `g`. */
static inline struct game *another(struct game *g)
{
    struct game *other = calloc(1, sizeof *other);
    test_cx_init(&other->w.t);
    other->w.options = g->w.options;
    other->w.pager = g->w.pager;
    other->w.manager = txn_manager_new(NULL);
    other->seed = 5;
    make_table(&other->w, &other->table);
    txn_resume(other->w.manager, 0);
    return other;
}

static inline void another_free(struct game *other)
{
    table_free(other->table);
    txn_manager_free(other->w.manager);
    test_cx_deinit(&other->w.t);
    free(other);
}

/* A sum over all rows with their row ids, in order. */
static inline uint64_t sum_of(struct game *g)
{
    static const uint16_t wanted[] = {ID, U, V, S, B, SCAN_COLUMN_ROW_ID};
    struct test_cx t;
    struct snapshot snapshot;
    uint64_t sum = 1;
    test_cx_init(&t);
    assert_ok(&t, txn_snapshot_begin(&t.cx, g->w.manager, &snapshot));
    struct scan_spec spec = {.table = g->table,
                             .reader = READER(&snapshot),
                             .columns = wanted,
                             .column_count = COLUMNS + 1};
    struct scan *scan;
    assert_ok(&t, scan_new(&t.cx, &spec, &scan));
    for (uint32_t s = 0; s < scan_segment_count(&spec); s++) {
        bool empty;
        struct batch batch;
        assert_ok(&t, scan_open_segment(&t.cx, scan, s, &empty));
        for (;;) {
            assert_ok(&t, scan_next(&t.cx, scan, &batch));
            if (batch.rows == 0) break;
            for (uint32_t k = 0; k < batch.live; k++)
                for (uint32_t c = 0; c <= COLUMNS; c++) {
                    uint32_t at = batch.sel == NULL ? k : batch.sel[k];
                    struct type type = c == COLUMNS ? columns[ID].type : columns[c].type;
                    struct value v = vec_value(&batch.columns[c], type, at);
                    uint64_t part = v.is_null ? 77 : (uint64_t)v.i;
                    if (c == B && !v.is_null) part = v.b;
                    for (uint32_t i = 0; c == S && i < v.s.len; i++)
                        part = (i == 0 ? 0 : part * 31) + (uint8_t)v.s.data[i];
                    sum = (sum ^ part) * UINT64_C(0x9e3779b97f4a7c15);
                    sum ^= sum >> 29;
                }
        }
    }
    txn_snapshot_end(g->w.manager, &snapshot);
    test_cx_deinit(&t);
    return sum;
}

/* The log gives the same rows, row ids and keys. */
static inline void check_replay(struct game *g)
{
    struct game *other = another(g);
    struct test_cx c;
    llkv_error error = LLKV_ERROR_INIT;
    test_cx_init(&c);
    if (g->w.pager->methods->log_replay(g->w.pager, 1, replay_group, other, &error) != LLKV_OK)
        fail_msg("%s", other->w.t.error.message);
    assert_int_equal(txn_watermark(other->w.manager), txn_watermark(g->w.manager));
    assert_true(sum_of(other) == sum_of(g));
    assert_ok(&c, table_check(&c.cx, other->table));
    if (g->latest[0].row != UINT32_MAX) {
        struct snapshot snapshot;
        assert_ok(&c, txn_snapshot_begin(&c.cx, other->w.manager, &snapshot));
        check_all(other, READER(&snapshot), g->latest);
        txn_snapshot_end(other->w.manager, &snapshot);
    }
    another_free(other);
    test_cx_deinit(&c);
}

/* ---- many rows in one transaction ---- */

static inline struct game *game_new(uint32_t segment_rows, uint32_t vector_rows)
{
    struct game *g = calloc(1, sizeof *g);
    world_init(&g->w, segment_rows, vector_rows);
    g->seed = 1;
    g->latest[0].row = UINT32_MAX; /* the model knows nothing */
    open_log(g);
    make_table(&g->w, &g->table);
    return g;
}

static inline void game_free(struct game *g)
{
    table_free(g->table);
    world_deinit(&g->w);
    free(g);
}

static inline void numbered(struct row *r, uint32_t n)
{
    *r = (struct row){.alive = true, .u = n, .v = (int32_t)n, .b = n % 3 == 0};
    r->s_len = (uint32_t)snprintf(r->s, sizeof r->s, "a text with the number %u", n);
}

static inline void insert_numbered(struct game *g, struct write_set *set, uint32_t first,
                                   uint32_t count)
{
    struct row r;
    for (uint32_t i = 0; i < count; i++) {
        numbered(&r, first + i);
        assert_ok(&g->w.t, insert_row(&g->w.t.cx, g, set, &r, first + i, WRITE_ABORT));
    }
}

struct seen {
    int64_t rows, ids, values, lengths; /* compared as bytes: without gaps */
};

/* What a reader sees, added up; every row is inserted again with another id if `copy` is given. */
static inline struct seen add_up(struct game *g, const struct table_reader *reader,
                                 struct write_set *copy)
{
    static const uint16_t wanted[] = {ID, U, V, S, B};
    struct test_cx t;
    test_cx_init(&t);
    struct scan_spec spec = {
        .table = g->table, .reader = reader, .columns = wanted, .column_count = COLUMNS};
    struct seen seen = {0};
    struct scan *scan;
    assert_ok(&t, scan_new(&t.cx, &spec, &scan));
    for (uint32_t s = 0; s < scan_segment_count(&spec); s++) {
        bool empty;
        struct batch batch;
        assert_ok(&t, scan_open_segment(&t.cx, scan, s, &empty));
        for (;;) {
            assert_ok(&t, scan_next(&t.cx, scan, &batch));
            if (batch.rows == 0) break;
            static int64_t ids[VEC_ROWS_MAX];
            static uint64_t nulls[VEC_WORDS_MAX];
            for (uint32_t k = 0; k < batch.live; k++) {
                uint32_t at = batch.sel == NULL ? k : batch.sel[k];
                ids[at] = vec_value(&batch.columns[ID], columns[ID].type, at).i + 1000000;
                seen.rows++;
                seen.ids += ids[at] - 1000000;
                seen.values += vec_value(&batch.columns[V], columns[V].type, at).i;
                seen.lengths += (int64_t)vec_value(&batch.columns[S], columns[S].type, at).s.len;
            }
            if (copy == NULL) continue;
            batch.columns[ID] = (struct vector){.phys = PHYS_I64, .rows = batch.rows, .data = ids};
            batch.columns[U].validity = nulls;
            assert_ok(&t, write_insert(&t.cx, copy, g->table, &batch, WRITE_ABORT, NULL));
        }
    }
    test_cx_deinit(&t);
    return seen;
}

static inline uint64_t row_of(struct game *g, const struct table_reader *reader, int64_t id)
{
    uint64_t row_id;
    struct value key = {.type = columns[ID].type, .i = id};
    struct test_cx t;
    test_cx_init(&t);
    assert_int_equal(lookup(&t.cx, g, reader, KEY_ID, &key, &row_id), 1);
    test_cx_deinit(&t);
    return row_id;
}

static inline llkv_code insert_alone(struct game *g, uint32_t id)
{
    struct snapshot snapshot;
    struct write_set *set;
    struct row r;
    numbered(&r, id);
    assert_ok(&g->w.t, txn_snapshot_begin(&g->w.t.cx, g->w.manager, &snapshot));
    assert_ok(&g->w.t,
              write_set_new(&g->w.t.cx, g->w.manager, &snapshot, TXN_ID_AUTO_COMMIT, &set));
    llkv_code rc = insert_row(&g->w.t.cx, g, set, &r, id, WRITE_ABORT);
    if (rc == LLKV_OK) rc = write_set_commit(&g->w.t.cx, set);
    write_set_free(set);
    txn_snapshot_end(g->w.manager, &snapshot);
    return rc;
}

static inline void play(uint32_t segment_rows, uint32_t vector_rows, uint64_t seed, uint32_t steps)
{
    int64_t used = mem_used_bytes();
    struct game *g = calloc(1, sizeof *g);
    world_init(&g->w, segment_rows, vector_rows);
    g->seed = seed;
    g->written = calloc(ROWS_MAX, sizeof *g->written);
    g->born = calloc(ROWS_MAX, sizeof *g->born);
    const bool logged = seed % 2 == 0;
    if (logged) open_log(g);
    make_table(&g->w, &g->table);
    for (uint32_t i = 0; i < steps; i++) {
        step(g);
        if (i % 16 == 0) check_latest(g);
    }
    for (uint32_t i = 0; i < TXNS; i++)
        if (g->txns[i].open) end(g, &g->txns[i], true);
    check_latest(g);
    if (logged) check_replay(g);
    assert_true(g->conflicts != 0 && g->duplicates != 0 && g->commits != 0);
    table_free(g->table);
    world_deinit(&g->w);
    free(g->written);
    free(g->born);
    free(g);
    assert_int_equal(mem_used_bytes(), used);
}
#endif

/* store_testing.h -- what the tests of the storage modules share: a cx, a world to make tables in,
 * batches. */
#ifndef TESTS_STORE_TESTING_H
#define TESTS_STORE_TESTING_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitmap.h"
#include "base/cx.h"
#include "storage/pager.h"
#include "table/scan.h"
#include "table/table.h"
#include "table/write.h"
#include "txn/txn.h"

/* A statement's cx with an arena of its own. */
struct test_cx {
    struct cx cx;
    struct arena arena;
    llkv_error error;
};

static inline struct cx *test_cx_init(struct test_cx *t)
{
    memset(t, 0, sizeof *t);
    t->error = (llkv_error)LLKV_ERROR_INIT;
    arena_init(&t->arena, NULL);
    t->cx = (struct cx){.arena = &t->arena, .error = &t->error};
    return &t->cx;
}

static inline void test_cx_deinit(struct test_cx *t)
{
    arena_deinit(&t->arena);
}

#define assert_ok(t, expr)                                                                         \
    do {                                                                                           \
        llkv_code ok_rc_ = (expr);                                                                 \
        if (ok_rc_ != LLKV_OK)                                                                     \
            fail_msg("%s: %s: %s", #expr, llkv_code_text(ok_rc_), (t)->error.message);             \
    } while (0)

/* Reads what a snapshot sees. */
#define READER(s) (&(const struct table_reader){.snapshot = (s)})

/* xorshift, so that runs repeat everywhere. */
static inline uint64_t test_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static inline uint32_t test_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)((test_random(state) >> 33) % n);
}

struct world {
    struct txn_manager *manager;
    llkv_pager *pager;
    struct table_options options;
    struct test_cx t;
};

static inline void world_init(struct world *w, uint32_t segment_rows, uint32_t vector_rows)
{
    memset(w, 0, sizeof *w);
    test_cx_init(&w->t);
    w->manager = txn_manager_new(NULL);
    w->pager = pager_memory_new(NULL);
    assert_non_null(w->manager);
    assert_non_null(w->pager);
    w->options = (struct table_options){.segment_rows = segment_rows, .vector_rows = vector_rows};
}

static inline void world_deinit(struct world *w)
{
    test_cx_deinit(&w->t);
    txn_manager_free(w->manager);
    w->pager->methods->close(w->pager);
}

/* ---- an index of a table without a catalog: it comes and goes with a commit of its own ---- */
struct test_key_change {
    struct txn_participant participant;
    struct table *table;
    struct key *key;
};

static inline void test_key_settle(struct txn_participant *p, int64_t ts)
{
    (void)ts;
    table_key_settle(((struct test_key_change *)p)->key);
}

static inline void test_key_remove(struct txn_participant *p, int64_t ts)
{
    struct test_key_change *change = (struct test_key_change *)p;
    table_key_remove(change->table, change->key, ts);
}

static inline llkv_code test_key_add(struct cx *cx, struct txn_manager *manager,
                                     struct table *table, const struct key_def *def,
                                     struct key **out_key)
{
    struct test_key_change change = {.participant = {.apply = test_key_settle}, .table = table};
    int64_t ts;
    TRY(table_key_stage(cx, table, def, NULL, &change.key));
    *out_key = change.key;
    return txn_commit(cx, manager, NULL, &change.participant, &ts);
}

static inline llkv_code test_key_drop(struct cx *cx, struct txn_manager *manager,
                                      struct table *table, struct key *key)
{
    struct test_key_change change = {
        .participant = {.apply = test_key_remove}, .table = table, .key = key};
    int64_t ts;
    table_key_leave(key);
    return txn_commit(cx, manager, NULL, &change.participant, &ts);
}
#endif

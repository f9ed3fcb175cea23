/* Commits on their way to the log: order, groups, durability before publication, failures; frames
 * and damaged frames. */
#include "log_testing.h"
#include "txn/frame.h"

/* A participant that writes its timestamp into the frame. */
struct noted {
    struct txn_participant participant;
    bool fails;
    int applied, undone;
};

static llkv_code noted_reserve(struct cx *cx, struct txn_participant *p, const struct snapshot *s)
{
    (void)cx, (void)p, (void)s;
    return LLKV_OK;
}

static llkv_code noted_encode(struct cx *cx, struct txn_participant *p, struct frame *frame)
{
    const struct noted *noted = (const struct noted *)p;
    if (noted->fails) return cx_nomem(cx);
    frame_op_begin(frame, FRAME_CATALOG);
    pack_u64(&frame->bytes, 0x1122334455667788);
    frame_op_end(frame);
    return LLKV_OK;
}

static void noted_apply(struct txn_participant *p, int64_t ts)
{
    (void)ts;
    ((struct noted *)p)->applied++;
}

static void noted_undo(struct txn_participant *p)
{
    ((struct noted *)p)->undone++;
}

static struct noted noted_new(void)
{
    return (struct noted){.participant = {.reserve = noted_reserve,
                                          .encode = noted_encode,
                                          .apply = noted_apply,
                                          .undo = noted_undo}};
}

struct lab {
    struct test_cx t;
    struct log_pager *log;
    struct txn_manager *manager;
};

static void lab_init(struct lab *lab, enum txn_synchronous mode)
{
    test_cx_init(&lab->t);
    lab->log = log_pager_new();
    lab->manager = txn_manager_new(NULL);
    assert_non_null(lab->manager);
    assert_ok(&lab->t, txn_log_open(&lab->t.cx, lab->manager, &lab->log->base, mode));
}

static void lab_deinit(struct lab *lab)
{
    txn_manager_free(lab->manager);
    lab->log->base.methods->close(&lab->log->base);
    test_cx_deinit(&lab->t);
}

static llkv_code commit(struct cx *cx, struct txn_manager *manager, int64_t *out_ts)
{
    struct noted noted = noted_new();
    llkv_code rc = txn_commit(cx, manager, NULL, &noted.participant, out_ts);
    if (rc == LLKV_OK && noted.applied != 1) abort();
    return rc;
}

static void check_groups(struct log_pager *log, int64_t last)
{
    struct test_cx t;
    test_cx_init(&t);
    int64_t ts = 0;
    for (uint32_t g = 0; g < log->group_count; g++) {
        struct pack_reader in;
        pack_reader_init(&in, log->groups[g].bytes, log->groups[g].size);
        for (uint32_t i = 0; i < log->groups[g].frames; i++) {
            struct frame_reader frame;
            struct pack_reader body;
            uint8_t code;
            assert_ok(&t, frame_open(&t.cx, &in, ++ts, &frame));
            assert_ok(&t, frame_next(&t.cx, &frame, &code, &body));
            assert_int_equal(code, FRAME_CATALOG);
            assert_true(unpack_u64(&body) == 0x1122334455667788);
            assert_ok(&t, frame_next(&t.cx, &frame, &code, &body));
            assert_int_equal(code, 0);
        }
        assert_int_equal(pack_left(&in), 0);
    }
    assert_int_equal(ts, last);
    test_cx_deinit(&t);
}

static void one_by_one(void **state)
{
    (void)state;
    struct lab lab;
    lab_init(&lab, TXN_SYNC_FULL);
    for (int64_t i = 1; i <= 20; i++) {
        int64_t ts;
        assert_ok(&lab.t, commit(&lab.t.cx, lab.manager, &ts));
        assert_int_equal(ts, i);
        assert_int_equal(txn_watermark(lab.manager), i);
        assert_int_equal(lab.log->durable_lsn, i);
    }
    assert_int_equal(lab.log->group_count, 20);
    assert_ok(&lab.t, txn_log_sync(&lab.t.cx, lab.manager));
    assert_int_equal(lab.log->syncs, 0); /* nothing was left to do */
    check_groups(lab.log, 20);
    lab_deinit(&lab);
}

static void failed_encode(void **state)
{
    (void)state;
    struct lab lab;
    int64_t ts;
    lab_init(&lab, TXN_SYNC_FULL);
    struct noted good = noted_new(), bad = noted_new();
    bad.fails = true;
    good.participant.next = &bad.participant;
    assert_int_equal(txn_commit(&lab.t.cx, lab.manager, NULL, &good.participant, &ts), LLKV_NOMEM);
    assert_int_equal(good.undone + bad.undone, 2);
    assert_int_equal(good.applied + bad.applied, 0);
    assert_int_equal(lab.log->appends, 0);
    assert_ok(&lab.t, commit(&lab.t.cx, lab.manager, &ts));
    assert_int_equal(ts, 1);
    lab_deinit(&lab);
}

/* ---- many committers ---- */

enum { THREADS = 4, COMMITS = 150 };

struct committer {
    struct lab *lab;
    int64_t published; /* the last of its commits */
    uint32_t unknown, refused;
};

static void *committing(void *arg)
{
    struct committer *c = arg;
    struct test_cx t;
    test_cx_init(&t);
    for (uint32_t i = 0; i < COMMITS; i++) {
        int64_t ts;
        llkv_code rc = commit(&t.cx, c->lab->manager, &ts);
        if (rc == LLKV_OK) {
            if (ts <= c->published || txn_watermark(c->lab->manager) < ts) abort();
            c->published = ts;
        } else if (rc == LLKV_UNKNOWN) {
            if (strcmp(t.error.sqlstate, "08007") != 0) abort();
            c->unknown++;
        } else {
            if (rc != LLKV_READONLY) abort();
            c->refused++;
        }
    }
    test_cx_deinit(&t);
    return NULL;
}

static void run_committers(struct lab *lab, struct committer *committers)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        committers[i] = (struct committer){.lab = lab};
        assert_int_equal(pthread_create(&threads[i], NULL, committing, &committers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* Nothing of a group is visible before it is on the medium. */
static void check_unpublished(void *arg, const llkv_pager_group *group)
{
    struct lab *lab = arg;
    if (group->frames != 0 && txn_watermark(lab->manager) >= (int64_t)group->first_lsn) abort();
}

static void groups(void **state)
{
    (void)state;
    for (int mode = TXN_SYNC_OFF; mode <= TXN_SYNC_FULL; mode++) {
        struct lab lab;
        struct committer committers[THREADS];
        lab_init(&lab, (enum txn_synchronous)mode);
        lab.log->on_append = check_unpublished;
        lab.log->arg = &lab;
        lab.log->delay_ns = 200000;
        run_committers(&lab, committers);
        assert_int_equal(txn_watermark(lab.manager), THREADS * COMMITS);
        assert_true(lab.log->group_count < THREADS * COMMITS);
        if (mode == TXN_SYNC_FULL) assert_int_equal(lab.log->durable_lsn, THREADS * COMMITS);
        assert_ok(&lab.t, txn_log_sync(&lab.t.cx, lab.manager));
        assert_int_equal(lab.log->durable_lsn, THREADS * COMMITS);
        check_groups(lab.log, THREADS * COMMITS);
        lab_deinit(&lab);
    }
}

static void failed_append(void **state)
{
    (void)state;
    for (int nth = 1; nth <= 60; nth += 7) {
        struct lab lab;
        struct committer committers[THREADS];
        lab_init(&lab, TXN_SYNC_FULL);
        lab.log->delay_ns = 50000;
        lab.log->fail_append = nth;
        run_committers(&lab, committers);
        uint32_t unknown = 0;
        int64_t published = 0;
        for (int i = 0; i < THREADS; i++) {
            unknown += committers[i].unknown;
            if (committers[i].published > published) published = committers[i].published;
        }
        assert_true(unknown >= 1);
        assert_true(txn_log_has_failed(lab.manager));
        assert_int_equal(txn_watermark(lab.manager), published);
        assert_int_equal(lab.log->last_lsn, published);
        int64_t ts;
        assert_int_equal(commit(&lab.t.cx, lab.manager, &ts), LLKV_READONLY);
        assert_int_equal(txn_log_sync(&lab.t.cx, lab.manager), LLKV_UNKNOWN);
        lab_deinit(&lab);
    }
}

/* ---- behind the commits ---- */

static uint64_t durable_of(struct log_pager *log, uint32_t *out_announcements)
{
    pthread_mutex_lock(&log->lock);
    uint64_t durable = log->durable_lsn;
    *out_announcements = log->announcements;
    pthread_mutex_unlock(&log->lock);
    return durable;
}

static void soon_durable(void **state)
{
    (void)state;
    struct lab lab;
    int64_t ts;
    uint32_t announcements = 0;
    lab_init(&lab, TXN_SYNC_NORMAL);
    for (int i = 0; i < 10; i++)
        assert_ok(&lab.t, commit(&lab.t.cx, lab.manager, &ts));
    while (durable_of(lab.log, &announcements) != 10 || announcements == 0)
        thrd_yield();
    assert_ok(&lab.t, commit(&lab.t.cx, lab.manager, &ts));
    txn_log_set_synchronous(lab.manager, TXN_SYNC_FULL);
    assert_ok(&lab.t, commit(&lab.t.cx, lab.manager, &ts));
    assert_int_equal(durable_of(lab.log, &announcements), 12);
    txn_log_set_synchronous(lab.manager, TXN_SYNC_OFF);
    assert_ok(&lab.t, commit(&lab.t.cx, lab.manager, &ts));
    lab_deinit(&lab);
}

static void failed_sync(void **state)
{
    (void)state;
    struct lab lab;
    int64_t ts;
    lab_init(&lab, TXN_SYNC_NORMAL);
    lab.log->fail_sync = 1;
    assert_ok(&lab.t, commit(&lab.t.cx, lab.manager, &ts));
    while (!txn_log_has_failed(lab.manager))
        thrd_yield();
    assert_int_equal(commit(&lab.t.cx, lab.manager, &ts), LLKV_READONLY);
    assert_int_equal(txn_watermark(lab.manager), 1);
    lab_deinit(&lab);
}

/* ---- frames ---- */

static void read_all(struct cx *cx, const uint8_t *bytes, size_t size)
{
    struct pack_reader in;
    pack_reader_init(&in, bytes, size);
    for (int64_t ts = 7; pack_left(&in) != 0; ts++) {
        struct frame_reader frame;
        if (frame_open(cx, &in, ts, &frame) != LLKV_OK) return;
        for (;;) {
            uint8_t code;
            struct pack_reader body;
            if (frame_next(cx, &frame, &code, &body) != LLKV_OK) return;
            if (code == 0) break;
            (void)unpack_varint(&body);
            (void)unpack_bytes(&body, pack_left(&body));
            assert_false(body.bad && pack_left(&body) == 0 && body.at > body.end);
        }
    }
}

static void damaged_frames(void **state)
{
    (void)state;
    struct test_cx t;
    test_cx_init(&t);
    struct pack_writer group = {0};
    uint64_t seed = 99;
    for (int64_t ts = 7; ts < 12; ts++) {
        struct frame frame = {0};
        for (int op = 0; op < (int)ts - 7; op++) {
            frame_op_begin(&frame, op % 2 ? FRAME_CATALOG : FRAME_TABLE);
            for (uint32_t i = 0; i < test_below(&seed, 20); i++)
                pack_varint(&frame.bytes, test_random(&seed) >> test_below(&seed, 64));
            frame_op_end(&frame);
        }
        assert_ok(&t, frame_finish(&t.cx, &frame, ts));
        pack_bytes(&group, frame.bytes.data, frame.bytes.len);
        frame_deinit(&frame);
    }
    uint8_t *copy = malloc(group.len);
    for (size_t cut = 0; cut <= group.len; cut++) {
        uint8_t *part = malloc(cut + 1);
        memcpy(part, group.data, cut);
        part = realloc(part, cut == 0 ? 1 : cut);
        read_all(&t.cx, part, cut);
        free(part);
    }
    for (size_t at = 0; at < group.len; at++)
        for (uint32_t bit = 0; bit < 8; bit++) {
            memcpy(copy, group.data, group.len);
            copy[at] ^= (uint8_t)(1u << bit);
            read_all(&t.cx, copy, group.len);
        }
    for (uint32_t i = 0; i < 20000; i++) {
        memcpy(copy, group.data, group.len);
        for (uint32_t k = 0; k < 1 + test_below(&seed, 8); k++)
            copy[test_below(&seed, (uint32_t)group.len)] = (uint8_t)test_random(&seed);
        read_all(&t.cx, copy, group.len);
    }
    free(copy);
    pack_writer_deinit(&group);
    test_cx_deinit(&t);
}

static void too_large(void **state)
{
    (void)state;
    struct test_cx t;
    test_cx_init(&t);
    struct frame frame = {0};
    frame_op_begin(&frame, FRAME_TABLE);
    assert_non_null(pack_room(&frame.bytes, FRAME_BYTES_MAX));
    frame_op_end(&frame);
    assert_int_equal(frame_finish(&t.cx, &frame, 1), LLKV_LIMIT);
    frame_deinit(&frame);
    test_cx_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_by_one),     cmocka_unit_test(failed_encode),
        cmocka_unit_test(groups),         cmocka_unit_test(failed_append),
        cmocka_unit_test(soon_durable),   cmocka_unit_test(failed_sync),
        cmocka_unit_test(damaged_frames), cmocka_unit_test(too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Every file operation and every allocation of a life fails in turn, once or for good. What was
 * acknowledged is there afterwards; a failure that leaves the medium unknown stops all writing, any
 * other one changes nothing and the same call can be made again. */
#define _GNU_SOURCE 1
#include "durable_testing.h"

/* What a life has been promised. */
struct promise {
    uint64_t least, most; /* frames: acknowledged as durable; handed to the log at all */
    uint64_t handle;      /* of a batch that a durable frame names; 0: none */
    bool unknown;         /* a call failed with 08007 */
    uint32_t failures;
};

enum { BATCH_BYTES = 300000 };

static bool is_unknown(const struct engine *e)
{
    return strcmp(e->error.sqlstate, "08007") == 0;
}

/* The result of a call: after 08007 everything fails so; after another failure the call is worth
 * another try. */
static llkv_code note(struct engine *e, struct promise *p, llkv_code rc)
{
    if (rc == LLKV_OK) {
        assert_false(p->unknown); /* nothing is written after an unknown outcome */
        return rc;
    }
    assert_true(rc == LLKV_IO || rc == LLKV_NOMEM || rc == LLKV_LIMIT);
    if (p->unknown) assert_true(is_unknown(e));
    p->unknown |= is_unknown(e);
    p->failures++;
    return rc;
}

static void commit(struct engine *e, struct promise *p, uint32_t frames, bool durable)
{
    for (uint32_t attempt = 0; attempt < 2; attempt++) {
        if (p->most < e->frames + frames) p->most = e->frames + frames;
        llkv_code rc = note(e, p, engine_commit(e, frames, durable));
        if (rc == LLKV_OK && durable) p->least = e->frames;
        if (rc == LLKV_OK) return;
    }
}

static bool checkpoint(struct engine *e, struct promise *p)
{
    for (uint32_t attempt = 0; attempt < 2; attempt++) {
        if (note(e, p, engine_checkpoint(e)) != LLKV_OK) continue;
        p->least = e->frames;
        return true;
    }
    return false;
}

/* A batch, durable, and a durable frame that names it. */
static void bulk(struct engine *e, struct promise *p)
{
    uint64_t handle = 0;
    for (uint32_t attempt = 0; attempt < 2 && handle == 0; attempt++)
        if (note(e, p, engine_batch(e, BATCH_BYTES, 5, &handle)) != LLKV_OK) handle = 0;
    if (handle == 0) return;
    uint32_t seq = (uint32_t)(handle >> 32);
    llkv_code rc = note(e, p, e->pager->methods->batch_sync(e->pager, seq, &e->error));
    if (rc != LLKV_OK) return;
    uint64_t before = p->least;
    commit(e, p, 1, true);
    if (p->least > before) p->handle = handle;
}

/* Enough for several segments and both slots; ends with a close or with the end of the process. */
static void live(struct engine *e, struct promise *p, bool crash)
{
    p->most = p->most < e->frames ? e->frames : p->most;
    if (e->frames > 0 && !checkpoint(e, p)) { /* what was replayed comes first */
        engine_crash(e);
        return;
    }
    commit(e, p, 2, true);
    bulk(e, p);
    commit(e, p, 1, false);
    (void)checkpoint(e, p);
    e->frame_bytes = 30000;
    commit(e, p, 2, true);
    commit(e, p, 2, false);
    (void)checkpoint(e, p);
    uint64_t other = 0;
    if (note(e, p, engine_batch(e, 100, 6, &other)) == LLKV_OK)
        e->pager->methods->discard(e->pager, (uint32_t)(other >> 32), 0, UINT64_MAX);
    (void)checkpoint(e, p);
    (void)checkpoint(e, p);
    commit(e, p, 2, true);
    if (!crash) (void)checkpoint(e, p);
    if (crash)
        engine_crash(e);
    else
        engine_close(e);
}

static void look(const struct promise *p)
{
    struct engine e = {0};
    engine_ok(&e, engine_open(&e));
    if (e.frames < p->least || e.frames > p->most)
        fail_msg("%d frames, promised were %d, begun %d", (int)e.frames, (int)p->least,
                 (int)p->most);
    if (p->handle != 0) assert_true(engine_batch_is(&e, p->handle, BATCH_BYTES, 5));
    engine_close(&e);
}

typedef void arm_fn(int64_t nth, bool for_good);

static void arm_memory(int64_t nth, bool for_good)
{
    mem_fail_nth(nth, for_good);
}

/* A life in which call `nth` fails; returns whether nobody noticed: the life was over before, or it
 * was a call that may fail. `second`: it begins
 * with what a crash left. */
static bool one_life(arm_fn *arm, int64_t nth, bool for_good, bool second)
{
    struct engine e = {0};
    struct promise p = {0};
    if (second) {
        engine_ok(&e, engine_open(&e));
        live(&e, &p, true);
    }
    arm(nth, for_good);
    llkv_code rc = engine_open(&e);
    bool opened = rc == LLKV_OK;
    if (opened) live(&e, &p, nth % 2 == 0);
    if (!opened && e.pager != NULL) engine_close(&e);
    arm(0, false);
    if (!opened) assert_true(rc == LLKV_IO || rc == LLKV_NOMEM);
    look(&p);
    drive_remove();
    return opened && p.failures == 0;
}

static void every_call_fails(arm_fn *arm, bool for_good, bool second)
{
    uint32_t quiet = 0; /* lives in a row that noticed nothing */
    int64_t nth = 1;
    for (; quiet < 20; nth++)
        quiet = one_life(arm, nth, for_good, second) ? quiet + 1 : 0;
    if (nth <= 30) fail_msg("only %d calls", (int)nth);
}

static void file_operations_fail_once(void **state)
{
    (void)state;
    every_call_fails(os_fail_nth, false, false);
}
static void file_operations_fail_for_good(void **state)
{
    (void)state;
    every_call_fails(os_fail_nth, true, false);
}
static void file_operations_fail_after_a_crash(void **state)
{
    (void)state;
    every_call_fails(os_fail_nth, false, true);
}
static void allocations_fail(void **state)
{
    (void)state;
    every_call_fails(arm_memory, false, false);
    every_call_fails(arm_memory, true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_operations_fail_once),
        cmocka_unit_test(file_operations_fail_for_good),
        cmocka_unit_test(file_operations_fail_after_a_crash),
        cmocka_unit_test(allocations_fail),
    };
    return cmocka_run_group_tests(tests, drive_setup, drive_teardown);
}

/* The conformance test passes on our pagers and finds what is wrong with broken ones. */
#include "store_testing.h"

static void memory_pager_conforms(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    llkv_error error = LLKV_ERROR_INIT;
    llkv_pager *pager = NULL;
    assert_int_equal(llkv_pager_memory_open(&pager, &error), LLKV_OK);
    llkv_code rc = llkv_pager_check(pager, &error);
    if (rc != LLKV_OK) fail_msg("%s", error.message);
    pager->methods->close(pager);
    assert_int_equal(mem_used_bytes(), used);
}

static void counting_pager_conforms(void **state)
{
    (void)state;
    llkv_error error = LLKV_ERROR_INIT;
    llkv_pager *inner = pager_memory_new(NULL);
    llkv_pager *pager = pager_counting_new(NULL, inner);
    assert_int_equal(llkv_pager_check(pager, &error), LLKV_OK);
    struct pager_counts counts = pager_counting_get(pager);
    assert_int_equal(counts.calls[PAGER_CALL_BATCH_BEGIN], 3);
    assert_int_equal(counts.calls[PAGER_CALL_BATCH_SEAL], 2);
    assert_int_equal(counts.calls[PAGER_CALL_BATCH_ABORT], 1);
    assert_int_equal(counts.calls[PAGER_CALL_LOG_APPEND], 0);
    assert_true(counts.bytes[PAGER_CALL_BATCH_ADD] > 400000);
    pager->methods->close(pager);
    inner->methods->close(inner);
}

/* Every failure of a call comes out of the check as it went in, but where the check wants one. */
static void check_passes_errors_on(void **state)
{
    (void)state;
    enum { CALLS = 60 };
    int failures = 0;
    for (int64_t n = 1; n <= CALLS; n++) {
        llkv_error error = LLKV_ERROR_INIT;
        llkv_pager *inner = pager_memory_new(NULL);
        llkv_pager *pager = pager_counting_new(NULL, inner);
        pager_counting_fail_nth(pager, n);
        llkv_code rc = llkv_pager_check(pager, &error);
        pager->methods->close(pager);
        inner->methods->close(inner);
        if (rc == LLKV_OK) continue;
        failures++;
        assert_true(rc == LLKV_IO || rc == LLKV_CORRUPT);
        assert_int_equal(error.code, rc);
    }
    assert_true(failures > 35 && failures < CALLS);
}

static void memory_pager_survives_lack_of_memory(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    for (int64_t n = 1;; n++) {
        llkv_error error = LLKV_ERROR_INIT;
        llkv_pager *pager = pager_memory_new(NULL);
        mem_fail_nth(n, false);
        llkv_code rc = llkv_pager_check(pager, &error);
        mem_fail_nth(0, false);
        pager->methods->close(pager);
        assert_int_equal(mem_used_bytes(), used);
        if (rc == LLKV_OK) {
            assert_true(n > 30);
            return;
        }
        assert_true(rc == LLKV_NOMEM || rc == LLKV_CORRUPT);
    }
}

/* ---- pagers with one fault each: a memory pager behind changed methods ---- */

struct broken {
    struct llkv_pager pager;
    llkv_pager_methods methods;
    llkv_pager *inner;
    uint32_t first_seq;
};

static llkv_pager *inner_of(llkv_pager *pager)
{
    return ((struct broken *)(void *)pager)->inner;
}

static llkv_pager_caps pass_caps(llkv_pager *p)
{
    return inner_of(p)->methods->caps(inner_of(p));
}
static llkv_code pass_begin(llkv_pager *p, llkv_pager_batch **b, llkv_error *e)
{
    return inner_of(p)->methods->batch_begin(inner_of(p), b, e);
}
static llkv_code pass_add(llkv_pager *p, llkv_pager_batch *b, uint64_t n, void **s, uint64_t *o,
                          llkv_error *e)
{
    return inner_of(p)->methods->batch_add(inner_of(p), b, n, s, o, e);
}
static llkv_code pass_seal(llkv_pager *p, llkv_pager_batch *b, uint32_t *s, llkv_error *e)
{
    return inner_of(p)->methods->batch_seal(inner_of(p), b, s, e);
}
static void pass_abort(llkv_pager *p, llkv_pager_batch *b)
{
    inner_of(p)->methods->batch_abort(inner_of(p), b);
}
static llkv_code pass_sync(llkv_pager *p, uint32_t s, llkv_error *e)
{
    return inner_of(p)->methods->batch_sync(inner_of(p), s, e);
}
static void pass_discard(llkv_pager *p, uint32_t s, uint64_t o, uint64_t n)
{
    inner_of(p)->methods->discard(inner_of(p), s, o, n);
}
static llkv_code pass_view(llkv_pager *p, uint64_t h, uint64_t n, llkv_pager_view *v, llkv_error *e)
{
    return inner_of(p)->methods->view(inner_of(p), h, n, v, e);
}
static void pass_release(llkv_pager *p, llkv_pager_view *v)
{
    inner_of(p)->methods->view_release(inner_of(p), v);
}
static llkv_code pass_root_get(llkv_pager *p, uint64_t *v, void *r, size_t *n, uint64_t *f,
                               llkv_error *e)
{
    return inner_of(p)->methods->root_get(inner_of(p), v, r, n, f, e);
}
static llkv_code pass_root_publish(llkv_pager *p, uint64_t v, const void *r, size_t n, uint64_t f,
                                   llkv_error *e)
{
    return inner_of(p)->methods->root_publish(inner_of(p), v, r, n, f, e);
}
static void pass_close(llkv_pager *p)
{
    inner_of(p)->methods->close(inner_of(p));
}

static llkv_code unaligned_add(llkv_pager *p, llkv_pager_batch *b, uint64_t n, void **s,
                               uint64_t *o, llkv_error *e)
{
    llkv_code rc = pass_add(p, b, n + 8, s, o, e);
    if (rc == LLKV_OK) *s = (uint8_t *)*s + 8;
    return rc;
}
static llkv_code overlapping_add(llkv_pager *p, llkv_pager_batch *b, uint64_t n, void **s,
                                 uint64_t *o, llkv_error *e)
{
    llkv_code rc = pass_add(p, b, n, s, o, e);
    if (rc == LLKV_OK && *o != 0) *o -= 64;
    return rc;
}
static llkv_code same_seq(llkv_pager *p, llkv_pager_batch *b, uint32_t *s, llkv_error *e)
{
    struct broken *broken = (struct broken *)(void *)p;
    llkv_code rc = pass_seal(p, b, s, e);
    if (broken->first_seq == 0) broken->first_seq = *s;
    *s = broken->first_seq;
    return rc;
}
static llkv_code wrong_bytes(llkv_pager *p, uint64_t h, uint64_t n, llkv_pager_view *v,
                             llkv_error *e)
{
    static const uint64_t nothing[8192 * 4] = {0};
    llkv_code rc = pass_view(p, h, n, v, e);
    if (rc == LLKV_OK && n <= sizeof nothing) v->data = nothing;
    return rc;
}
static llkv_code generous_view(llkv_pager *p, uint64_t h, uint64_t n, llkv_pager_view *v,
                               llkv_error *e)
{
    llkv_code rc = pass_view(p, h, n, v, NULL);
    if (rc == LLKV_OK) return rc;
    (void)e;
    return pass_view(p, pager_handle(1, 0), 1, v, NULL);
}
static llkv_code careless_publish(llkv_pager *p, uint64_t v, const void *r, size_t n, uint64_t f,
                                  llkv_error *e)
{
    uint8_t old[LLKV_PAGER_ROOT_BYTES_MAX];
    size_t bytes;
    uint64_t from;
    llkv_code rc = pass_root_get(p, &v, old, &bytes, &from, e);
    return rc == LLKV_OK ? pass_root_publish(p, v, r, n, f, e) : rc;
}
static llkv_code cut_publish(llkv_pager *p, uint64_t v, const void *r, size_t n, uint64_t f,
                             llkv_error *e)
{
    return pass_root_publish(p, v, r, n > LLKV_PAGER_ROOT_BYTES_MAX ? 64 : n, f, e);
}
static llkv_code forgetful_publish(llkv_pager *p, uint64_t v, const void *r, size_t n, uint64_t f,
                                   llkv_error *e)
{
    return pass_root_publish(p, v, r, n, f - 1, e);
}
static llkv_pager_caps empty_caps(llkv_pager *p)
{
    llkv_pager_caps caps = pass_caps(p);
    caps.batch_bytes_max = 0;
    return caps;
}
static llkv_pager_caps log_caps(llkv_pager *p)
{
    llkv_pager_caps caps = pass_caps(p);
    caps.flags |= LLKV_PAGER_DURABLE_LOG;
    return caps;
}

static const llkv_pager_methods passing = {
    .struct_size = sizeof(llkv_pager_methods),
    .caps = pass_caps,
    .batch_begin = pass_begin,
    .batch_add = pass_add,
    .batch_seal = pass_seal,
    .batch_abort = pass_abort,
    .batch_sync = pass_sync,
    .discard = pass_discard,
    .view = pass_view,
    .view_release = pass_release,
    .root_get = pass_root_get,
    .root_publish = pass_root_publish,
    .close = pass_close,
};

static llkv_code verdict(const llkv_pager_methods *methods, llkv_error *error)
{
    struct broken broken = {.methods = *methods, .inner = pager_memory_new(NULL)};
    broken.pager.methods = &broken.methods;
    llkv_code rc = llkv_pager_check(&broken.pager, error);
    broken.pager.methods = &passing;
    broken.pager.methods->close(&broken.pager);
    return rc;
}

#define expect_found(field, function)                                                              \
    do {                                                                                           \
        llkv_pager_methods m_ = passing;                                                           \
        llkv_error error_ = LLKV_ERROR_INIT;                                                       \
        m_.field = function;                                                                       \
        llkv_code rc_ = verdict(&m_, &error_);                                                     \
        if (rc_ != LLKV_CORRUPT && rc_ != LLKV_MISUSE) fail_msg("%s was not found", #function);    \
        assert_true(error_.message[0] != '\0');                                                    \
    } while (0)

static void breaks_are_found(void **state)
{
    (void)state;
    llkv_error error = LLKV_ERROR_INIT;
    assert_int_equal(verdict(&passing, &error), LLKV_OK);
    expect_found(batch_add, unaligned_add);
    expect_found(batch_add, overlapping_add);
    expect_found(batch_seal, same_seq);
    expect_found(view, wrong_bytes);
    expect_found(view, generous_view);
    expect_found(root_publish, careless_publish);
    expect_found(root_publish, cut_publish);
    expect_found(root_publish, forgetful_publish);
    expect_found(caps, empty_caps);
    expect_found(caps, log_caps);
    expect_found(discard, NULL);
    expect_found(struct_size, 8);
    assert_int_equal(llkv_pager_check(NULL, &error), LLKV_MISUSE);
}

/* ---- a log in memory, to try that part of the check ---- */

struct logging {
    struct broken base;
    llkv_pager_group groups[64]; /* their bytes are copies */
    uint32_t count;
    uint64_t next_lsn;
    enum log_fault {
        SOUND,
        FORGETS,
        REVERSED,
        GAPS,
        HUGE_GROUPS,
        FRAMES_LOST,
        SYNCS_ANYTHING
    } fault;
};

static struct logging *logging_of(llkv_pager *p)
{
    return (struct logging *)(void *)p;
}
static llkv_code log_append(llkv_pager *p, const llkv_pager_group *group, llkv_error *e)
{
    struct logging *l = logging_of(p);
    (void)e;
    if (group->first_lsn != l->next_lsn && l->fault != GAPS) return LLKV_MISUSE;
    if (group->size > LLKV_PAGER_GROUP_BYTES_MAX && l->fault != HUGE_GROUPS) return LLKV_LIMIT;
    if (group->size > LLKV_PAGER_GROUP_BYTES_MAX) return LLKV_OK;
    llkv_pager_group copy = *group;
    void *bytes = malloc(group->size + 1);
    if (group->size != 0) memcpy(bytes, group->bytes, group->size);
    copy.bytes = bytes;
    l->groups[l->count++] = copy;
    l->next_lsn += group->frames;
    return LLKV_OK;
}
static llkv_code log_sync(llkv_pager *p, uint64_t lsn, llkv_error *e)
{
    (void)e;
    struct logging *l = logging_of(p);
    return lsn < l->next_lsn || l->fault == SYNCS_ANYTHING ? LLKV_OK : LLKV_MISUSE;
}
static llkv_code log_replay(llkv_pager *p, uint64_t from, llkv_pager_replay_fn *fn, void *arg,
                            llkv_error *e)
{
    struct logging *l = logging_of(p);
    (void)e;
    for (uint32_t i = 0; i < l->count; i++) {
        const llkv_pager_group *g = &l->groups[l->fault == REVERSED ? l->count - 1 - i : i];
        if (g->first_lsn + g->frames <= from) continue;
        if (l->fault == FORGETS && g->first_lsn + g->frames == l->next_lsn) continue;
        TRY(fn(arg, g->first_lsn, l->fault == FRAMES_LOST ? 1 : g->frames, g->bytes, g->size));
    }
    return LLKV_OK;
}
static llkv_code log_publish(llkv_pager *p, uint64_t v, const void *r, size_t n, uint64_t f,
                             llkv_error *e)
{
    uint8_t old[LLKV_PAGER_ROOT_BYTES_MAX];
    size_t bytes;
    uint64_t version, from;
    TRY(pass_root_get(p, &version, old, &bytes, &from, e));
    if (f < from || f > logging_of(p)->next_lsn) return LLKV_MISUSE;
    return pass_root_publish(p, v, r, n, f, e);
}

static llkv_code log_verdict(enum log_fault fault)
{
    struct logging l = {.next_lsn = 1, .fault = fault};
    l.base.methods = passing;
    l.base.methods.caps = log_caps;
    l.base.methods.log_append = log_append;
    l.base.methods.log_sync = log_sync;
    l.base.methods.log_replay = log_replay;
    l.base.methods.root_publish = log_publish;
    l.base.inner = pager_memory_new(NULL);
    l.base.pager.methods = &l.base.methods;
    llkv_error error = LLKV_ERROR_INIT;
    llkv_code rc = llkv_pager_check(&l.base.pager, &error);
    if (fault == SOUND && rc != LLKV_OK) fail_msg("%s", error.message);
    l.base.pager.methods->close(&l.base.pager);
    for (uint32_t i = 0; i < l.count; i++) {
        union {
            const void *constant;
            void *plain;
        } bytes = {.constant = l.groups[i].bytes};
        free(bytes.plain);
    }
    return rc;
}

static void logs_are_checked(void **state)
{
    (void)state;
    assert_int_equal(log_verdict(SOUND), LLKV_OK);
    for (enum log_fault fault = FORGETS; fault <= SYNCS_ANYTHING; fault++)
        if (log_verdict(fault) != LLKV_CORRUPT) fail_msg("fault %d was not found", (int)fault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_pager_conforms),
        cmocka_unit_test(counting_pager_conforms),
        cmocka_unit_test(check_passes_errors_on),
        cmocka_unit_test(memory_pager_survives_lack_of_memory),
        cmocka_unit_test(breaks_are_found),
        cmocka_unit_test(logs_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

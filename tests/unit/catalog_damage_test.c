/* What a checkpoint wrote is damaged in every place: with the sums as they are, the damage is
 * found; with the sums made right again, nothing worse than an error or another answer comes of it.
 */
#include "base/crc32c.h"
#include "catalog/checkpoint_priv.h"
#include "checkpoint_testing.h"

enum {
    BATCHES_MAX = 64,
    UNITS_MAX = 1 << 14,
    BLOBS_MAX = 512,
    REFS_MAX = 2048,
    UNIT = 64,
    GAP_MAX = 1024
};

/* A reference to a blob, found in the bytes of another one (or in the root). */
struct reference {
    int32_t holder; /* -1: the root */
    uint32_t at;
    int32_t target;
};

struct blob {
    uint8_t *data;
    uint64_t handle;
    uint32_t bytes;
};

struct damage {
    struct place p;
    uint64_t sum;
    uint8_t root[LLKV_PAGER_ROOT_BYTES_MAX];
    size_t root_bytes;
    struct blob blobs[BLOBS_MAX];
    int32_t blob_count;
    struct reference refs[REFS_MAX];
    int32_t ref_count;
};

static uint8_t *bytes_at(struct place *p, uint64_t handle, uint64_t bytes)
{
    struct test_cx t;
    llkv_pager_view view;
    uint8_t *at = NULL;
    llkv_code rc = pager_view(test_cx_init(&t), p->pager, handle, bytes, &view);
    if (rc == LLKV_OK) {
        at = (uint8_t *)(uintptr_t)view.data; /* the pager in memory hands out what it stores */
        p->pager->methods->view_release(p->pager, &view);
    }
    test_cx_deinit(&t);
    return at;
}

static void damage_init(struct damage *d)
{
    memset(d, 0, sizeof *d);
    place_init(&d->p, pager_memory_new(NULL));
    for (uint32_t step = 0; step < STEPS; step++)
        assert_ok(&d->p.t, run_step(&d->p, &d->p.t.cx, step));
    assert_ok(&d->p.t, catalog_sum(&d->p, &d->p.t.cx, &d->sum));
    reopen(&d->p);
    uint64_t version, replay_from;
    assert_ok(&d->p.t, pager_root_get(&d->p.t.cx, d->p.pager, &version, d->root, &d->root_bytes,
                                      &replay_from));
}

static void damage_deinit(struct damage *d)
{
    llkv_pager *pager = d->p.pager;
    place_deinit(&d->p);
    pager->methods->close(pager);
}

/* Open it and look at everything. */
static llkv_code look(struct damage *d, uint64_t *out_sum)
{
    struct test_cx t;
    place_close(&d->p);
    llkv_code rc = place_open(&d->p, test_cx_init(&t));
    if (rc == LLKV_OK) rc = catalog_sum(&d->p, &t.cx, out_sum);
    test_cx_deinit(&t);
    return rc;
}

static void every_unit(void **state)
{
    (void)state;
    struct damage d;
    damage_init(&d);
    uint32_t units = 0;
    uint32_t found = 0;
    for (uint32_t seq = 1; seq < BATCHES_MAX; seq++) {
        uint32_t missing = 0; /* what was discarded leaves gaps */
        for (uint32_t unit = 0; unit < UNITS_MAX && missing < GAP_MAX; unit++) {
            uint8_t *at = bytes_at(&d.p, pager_handle(seq, (uint64_t)unit * UNIT), UNIT);
            missing = at == NULL ? missing + 1 : 0;
            if (at == NULL) continue;
            units++;
            for (uint32_t i = units % 7; i < UNIT; i += 7) {
                uint64_t sum = 0;
                at[i] ^= (uint8_t)(1u << (i % 8));
                llkv_code rc = look(&d, &sum);
                assert_true(rc == LLKV_OK || rc == LLKV_CORRUPT || rc == LLKV_UNSUPPORTED);
                if (rc == LLKV_OK) assert_true(sum == d.sum); /* bytes nobody needs */
                found += rc != LLKV_OK;
                at[i] ^= (uint8_t)(1u << (i % 8));
            }
        }
    }
    assert_true(units > 100);
    assert_true(found > 100);
    uint64_t sum;
    assert_ok(&d.p.t, look(&d, &sum));
    assert_true(sum == d.sum);
    damage_deinit(&d);
}

/* ---- with right sums ---- */

static int32_t add_blob(struct damage *d, uint64_t handle, uint32_t bytes);

/* Whatever looks like a reference and has the right sum is one. */
static void scan_refs(struct damage *d, int32_t holder, const uint8_t *data, uint32_t bytes,
                      uint32_t own_seq)
{
    for (uint32_t at = 0; at + 16 <= bytes; at++) {
        uint64_t handle;
        uint32_t len, crc;
        memcpy(&handle, data + at, 8);
        memcpy(&len, data + at + 8, 4);
        memcpy(&crc, data + at + 12, 4);
        uint32_t seq = (uint32_t)(handle >> 32);
        if (len == 0 || len > 1 << 20 || seq >= BATCHES_MAX) continue;
        if (seq == 0) handle |= (uint64_t)own_seq << 32;
        const uint8_t *target = bytes_at(&d->p, handle, len);
        if (target == NULL || crc32c(0, target, len) != crc) continue;
        int32_t blob = add_blob(d, handle, len);
        assert_true(d->ref_count < REFS_MAX);
        d->refs[d->ref_count++] = (struct reference){holder, at, blob};
    }
}

static int32_t add_blob(struct damage *d, uint64_t handle, uint32_t bytes)
{
    for (int32_t i = 0; i < d->blob_count; i++)
        if (d->blobs[i].handle == handle && d->blobs[i].bytes == bytes) return i;
    assert_true(d->blob_count < BLOBS_MAX);
    int32_t number = d->blob_count++;
    d->blobs[number] = (struct blob){bytes_at(&d->p, handle, bytes), handle, bytes};
    scan_refs(d, number, d->blobs[number].data, bytes, (uint32_t)(handle >> 32));
    return number;
}

static void publish_root(struct damage *d)
{
    uint64_t version, replay_from;
    uint8_t old[LLKV_PAGER_ROOT_BYTES_MAX];
    size_t bytes;
    assert_ok(&d->p.t, pager_root_get(&d->p.t.cx, d->p.pager, &version, old, &bytes, &replay_from));
    uint32_t crc = crc32c(0, d->root, d->root_bytes - 4);
    memcpy(d->root + d->root_bytes - 4, &crc, 4);
    assert_ok(&d->p.t, pager_root_publish(&d->p.t.cx, d->p.pager, version, d->root, d->root_bytes,
                                          replay_from));
}

/* The sums on the way from a blob up to the root. */
static void make_right(struct damage *d, int32_t blob)
{
    uint32_t crc = crc32c(0, d->blobs[blob].data, d->blobs[blob].bytes);
    for (int32_t i = 0; i < d->ref_count; i++) {
        const struct reference *ref = &d->refs[i];
        if (ref->target != blob) continue;
        uint8_t *holder = ref->holder < 0 ? d->root : d->blobs[ref->holder].data;
        memcpy(holder + ref->at + 12, &crc, 4);
        if (ref->holder >= 0) make_right(d, ref->holder);
    }
    publish_root(d);
}

static void right_sums(void **state)
{
    (void)state;
    static const uint8_t flips[] = {0x01, 0x40, 0x80, 0xff};
    struct damage *d = calloc(1, sizeof *d);
    damage_init(d);
    scan_refs(d, -1, d->root, (uint32_t)d->root_bytes, 0);
    assert_true(d->blob_count > 20);
    for (int32_t b = 0; b < d->blob_count; b++) {
        struct blob *blob = &d->blobs[b];
        uint32_t magic;
        memcpy(&magic, blob->data, sizeof magic);
        if (magic == REPLACED_MAGIC) continue; /* a list of what to give up is believed */
        /* Of what is long, every byte at the beginning and some of the rest. */
        for (uint32_t i = 0; i < blob->bytes; i += i < 200 ? 1 : 13) {
            for (uint32_t k = 0; k < sizeof flips; k++) {
                uint64_t sum;
                blob->data[i] ^= flips[k];
                make_right(d, b);
                (void)look(d, &sum); /* an error, or some answer: but no more than that */
                blob->data[i] ^= flips[k];
                make_right(d, b);
            }
        }
    }
    uint64_t sum;
    assert_ok(&d->p.t, look(d, &sum));
    assert_true(sum == d->sum);
    damage_deinit(d);
    free(d);
}

static void roots(void **state)
{
    (void)state;
    struct damage d;
    damage_init(&d);
    uint8_t good[LLKV_PAGER_ROOT_BYTES_MAX];
    memcpy(good, d.root, d.root_bytes);
    const size_t good_bytes = d.root_bytes;
    for (size_t i = 0; i + 4 < good_bytes; i++) {
        for (uint32_t bit = 0; bit < 8; bit++) {
            uint64_t sum;
            d.root[i] ^= (uint8_t)(1u << bit);
            publish_root(&d);
            (void)look(&d, &sum);
            d.root[i] = good[i];
        }
    }
    for (size_t cut = 1; cut < good_bytes; cut++) { /* shorter, with and without a right sum */
        uint64_t sum;
        d.root_bytes = cut;
        if (cut > 4) publish_root(&d);
        if (cut > 4) assert_int_not_equal(look(&d, &sum), LLKV_OK);
    }
    damage_deinit(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit),
        cmocka_unit_test(right_sums),
        cmocka_unit_test(roots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

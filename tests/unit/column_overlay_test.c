/* Overlays of every type against an array of slots: merging, patches on dense vectors, texts of
 * their own, generations by timestamp. */
#include "column/overlay.h"
#include "store_testing.h"

enum { ROWS = 128 };

struct slot {
    bool valid, patched;
    uint8_t bytes[16];
    char text[40];
};

static size_t patch_width(enum phys_type phys)
{
    return phys == PHYS_BOOL ? 1 : phys_bytes[phys];
}

static void random_slot(uint64_t *seed, enum phys_type phys, struct slot *slot)
{
    memset(slot, 0, sizeof *slot);
    slot->valid = test_below(seed, 5) != 0;
    slot->patched = true;
    uint64_t word[2] = {test_random(seed), test_random(seed)};
    memcpy(slot->bytes, word, phys == PHYS_VIEW ? 0 : patch_width(phys));
    if (phys == PHYS_BOOL) slot->bytes[0] &= 1;
    if (phys == PHYS_VIEW)
        snprintf(slot->text, sizeof slot->text, "%.*s%u", (int)test_below(seed, 20),
                 "a text to be cut off", test_below(seed, 100));
    if (!slot->valid) memset(slot->bytes, 0, sizeof slot->bytes);
}

/* The slots of `all` that `chosen` names, as a patch over `values`. */
struct patch_room {
    uint16_t positions[ROWS];
    uint8_t values[ROWS * 16];
    uint64_t validity[ROWS / 64];
};

static struct patch make_patch(struct patch_room *room, enum phys_type phys,
                               const struct slot *slots, const bool *chosen)
{
    uint32_t n = 0;
    memset(room, 0, sizeof *room);
    for (uint32_t i = 0; i < ROWS; i++) {
        if (!chosen[i]) continue;
        uint8_t *to = room->values + n * patch_width(phys);
        struct str_view view = str_of(slots[i].text, (uint32_t)strlen(slots[i].text));
        memcpy(to, phys == PHYS_VIEW ? (const void *)&view : slots[i].bytes, patch_width(phys));
        bit_put(room->validity, n, slots[i].valid);
        room->positions[n++] = (uint16_t)i;
    }
    return (struct patch){n, room->positions, room->values, room->validity};
}

/* What a reader gets: the dense part or zeros, patched. */
static void expect_slots(const struct overlay *o, enum phys_type phys, const struct slot *slots)
{
    _Alignas(16) uint8_t data[ROWS * 16] = {0};
    uint64_t validity[ROWS / 64] = {~UINT64_C(0), ~UINT64_C(0)};
    if (o->dense != NULL) {
        size_t bytes = phys == PHYS_BOOL ? ROWS / 8 : ROWS * patch_width(phys);
        memcpy(data, o->dense->data, bytes);
        if (o->dense->validity != NULL) memcpy(validity, o->dense->validity, sizeof validity);
    }
    overlay_patch(o, phys, ROWS, data, validity);
    for (uint32_t i = 0; i < ROWS; i++) {
        if (!slots[i].patched) {
            assert_true(overlay_find(o, i) < 0);
            continue;
        }
        assert_int_equal(bit_get(validity, i), slots[i].valid);
        if (!slots[i].valid) continue;
        if (phys == PHYS_BOOL) {
            assert_int_equal(bit_get((const uint64_t *)(const void *)data, i), slots[i].bytes[0]);
        } else if (phys == PHYS_VIEW) {
            const struct str_view *view = (const struct str_view *)(const void *)data + i;
            assert_int_equal(view->len, strlen(slots[i].text));
            assert_memory_equal(str_data(view), slots[i].text, view->len);
        } else {
            assert_memory_equal(data + i * patch_width(phys), slots[i].bytes, patch_width(phys));
        }
    }
}

/* The whole vector as it is, to make a dense one from. */
static struct vector whole(enum phys_type phys, const struct slot *slots, uint8_t *data,
                           uint64_t *validity)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        struct str_view view = str_of(slots[i].text, (uint32_t)strlen(slots[i].text));
        bit_put(validity, i, slots[i].valid);
        if (phys == PHYS_BOOL) {
            bit_put((uint64_t *)(void *)data, i, slots[i].bytes[0]);
        } else {
            memcpy(data + i * patch_width(phys),
                   phys == PHYS_VIEW ? (const void *)&view : slots[i].bytes, patch_width(phys));
        }
    }
    return (struct vector){
        .phys = (uint8_t)phys, .shape = VEC_FLAT, .rows = ROWS, .data = data, .validity = validity};
}

static void play(enum phys_type phys, uint64_t seed)
{
    struct slot slots[ROWS];
    memset(slots, 0, sizeof slots);
    struct overlay *now = NULL;
    for (uint32_t round = 0; round < 60; round++) {
        bool chosen[ROWS] = {false};
        _Alignas(16) uint8_t data[ROWS * 16];
        uint64_t validity[ROWS / 64];
        struct patch_room room;
        bool densify = test_below(&seed, 8) == 0;
        struct slot before[ROWS];
        for (uint32_t i = 0; densify && i < ROWS; i++)
            if (!slots[i].patched) random_slot(&seed, phys, &slots[i]);
        memcpy(before, slots, sizeof before);
        uint32_t n = 1 + test_below(&seed, 12);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t at = test_below(&seed, ROWS);
            chosen[at] = true;
            random_slot(&seed, phys, &slots[at]);
        }
        struct patch patch = make_patch(&room, phys, slots, chosen);
        struct vector base = whole(phys, before, data, validity);
        struct overlay *next =
            densify ? overlay_densify(NULL, &base, &patch) : overlay_merge(NULL, phys, now, &patch);
        assert_non_null(next);
        overlay_free(now); /* the new one stands on its own */
        now = next;
        expect_slots(now, phys, slots);
    }
    overlay_free(now);
}

static void every_type(void **state)
{
    (void)state;
    static const enum phys_type types[] = {PHYS_BOOL, PHYS_I8,  PHYS_I16, PHYS_I32,  PHYS_I64,
                                           PHYS_I128, PHYS_F32, PHYS_F64, PHYS_VIEW, PHYS_MDN};
    int64_t used = mem_used_bytes();
    for (uint32_t i = 0; i < ARRAY_COUNT(types); i++) {
        play(types[i], i + 1);
        assert_int_equal(mem_used_bytes(), used);
    }
}

static void generations(void **state)
{
    (void)state;
    _Atomic(struct overlay *) head = NULL;
    uint16_t position = 3;
    struct overlay *made[3];
    for (int64_t i = 0; i < 3; i++) {
        int64_t value = i;
        struct patch patch = {1, &position, &value, NULL};
        made[i] = overlay_merge(NULL, PHYS_I64, atomic_load(&head), &patch);
        made[i]->ts = (i + 1) * 10;
        atomic_store(&made[i]->older, atomic_load(&head));
        atomic_store(&head, made[i]);
    }
    assert_null(overlay_at(&head, 9));
    assert_ptr_equal(overlay_at(&head, 10), made[0]);
    assert_ptr_equal(overlay_at(&head, 29), made[1]);
    assert_ptr_equal(overlay_at(&head, INT64_MAX), made[2]);
    for (int i = 0; i < 3; i++)
        overlay_free(made[i]);
}

static void lack_of_memory(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    uint16_t position = 5;
    struct str_view text = str_of("a text that is not kept inline", 30);
    struct patch patch = {1, &position, &text, NULL};
    struct str_view all[ROWS];
    for (uint32_t i = 0; i < ROWS; i++)
        all[i] = text;
    struct vector base = {.phys = PHYS_VIEW, .shape = VEC_FLAT, .rows = ROWS, .data = all};
    int failures = 0;
    for (int64_t n = 1; n < 10; n++) {
        mem_fail_nth(n, false);
        struct overlay *merged = overlay_merge(NULL, PHYS_VIEW, NULL, &patch);
        struct overlay *dense = overlay_densify(NULL, &base, &patch);
        mem_fail_nth(0, false);
        failures += (merged == NULL) + (dense == NULL);
        overlay_free(merged);
        overlay_free(dense);
        assert_int_equal(mem_used_bytes(), used);
    }
    assert_true(failures >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type),
        cmocka_unit_test(generations),
        cmocka_unit_test(lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

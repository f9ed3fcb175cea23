#include "column/sketch.h"

#include <math.h>
#include <string.h>

#include "arrow/vector.h"
#include "base/bitmap.h"
#include "base/hash.h"

enum { INDEX_BITS = 9 };
static_assert(SKETCH_REGISTERS == 1 << INDEX_BITS, "the low bits of a hash choose a register");

static void add_hash(struct sketch *sketch, uint64_t hash)
{
    _Atomic uint8_t *reg = &sketch->registers[hash & (SKETCH_REGISTERS - 1)];
    uint64_t rest = hash >> INDEX_BITS | UINT64_C(1) << (64 - INDEX_BITS); /* never 0 */
    uint8_t rank = (uint8_t)(__builtin_ctzll(rest) + 1);
    if (rank > atomic_load_explicit(reg, memory_order_relaxed))
        atomic_store_explicit(reg, rank, memory_order_relaxed);
}

/* hash_u64 keeps 0, which would look like a very rare hash. */
static uint64_t hash_word(uint64_t word)
{
    return hash_u64(word + UINT64_C(0x9e3779b97f4a7c15));
}

/* Equal values must have equal bytes. */
static uint64_t hash_real(double value)
{
    value += 0.0;
    if (value != value) return HASH_NULL;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return hash_word(bits);
}

static uint64_t hash_slot(enum phys_type phys, const uint8_t *slot)
{
    uint64_t word = 0;
    if (phys == PHYS_VIEW) {
        struct str_view view;
        memcpy(&view, slot, sizeof view);
        return hash_bytes(str_data(&view), view.len);
    }
    if (phys == PHYS_F64) {
        double value;
        memcpy(&value, slot, sizeof value);
        return hash_real(value);
    }
    if (phys == PHYS_F32) {
        float value;
        memcpy(&value, slot, sizeof value);
        return hash_real((double)value);
    }
    uint32_t width = phys_bytes[phys];
    if (width > sizeof word) return hash_bytes(slot, width);
    memcpy(&word, slot, width);
    return hash_word(word);
}

static void add_words(struct sketch *sketch, const uint64_t *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        add_hash(sketch, hash_word(values[i]));
}

void sketch_add(struct sketch *sketch, enum phys_type phys, const void *data, uint32_t first,
                const uint64_t *validity, uint32_t n)
{
    if (phys == PHYS_NULLS) return;
    const uint8_t *values = data;
    const size_t width = phys_bytes[phys];
    bool words = (phys == PHYS_I64 || phys == PHYS_U64) && validity == NULL;
    if (words) {
        add_words(sketch, (const uint64_t *)data + first, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (validity != NULL && !bit_get(validity, i)) continue;
        uint64_t hash = phys == PHYS_BOOL ? hash_word(bit_get(data, first + i))
                                          : hash_slot(phys, values + (first + i) * width);
        add_hash(sketch, hash);
    }
}

void sketch_merge(struct sketch *sketch, const struct sketch *more)
{
    for (uint32_t i = 0; i < SKETCH_REGISTERS; i++) {
        uint8_t rank = atomic_load_explicit(&more->registers[i], memory_order_relaxed);
        if (rank > atomic_load_explicit(&sketch->registers[i], memory_order_relaxed))
            atomic_store_explicit(&sketch->registers[i], rank, memory_order_relaxed);
    }
}

bool sketch_is_sound(const struct sketch *sketch)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < SKETCH_REGISTERS; i++)
        wrong +=
            atomic_load_explicit(&sketch->registers[i], memory_order_relaxed) > 64 - INDEX_BITS + 1;
    return wrong == 0;
}

double sketch_estimate(const struct sketch *sketch)
{
    const double m = SKETCH_REGISTERS;
    double sum = 0;
    uint32_t empty = 0;
    for (uint32_t i = 0; i < SKETCH_REGISTERS; i++) {
        uint8_t rank = atomic_load_explicit(&sketch->registers[i], memory_order_relaxed);
        sum += 1.0 / (double)(UINT64_C(1) << rank);
        empty += rank == 0;
    }
    double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    if (estimate <= 2.5 * m && empty != 0) estimate = m * log(m / empty);
    return estimate < 1 ? 1 : estimate;
}

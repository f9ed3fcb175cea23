/* kernel.h -- typed loops over columns, found once per plan.
 *
 * Kernels are T x T -> T over n dense values (n <= VEC_ROWS_MAX); casts are put in by the binder.
 * They never look at validity: a slot under a NULL holds any initialised value, so no kernel may
 * trap on a value. A checked kernel returns non-zero if some slot *may* be wrong (overflow, not
 * representable); the caller then asks slot by slot, for the live and valid ones only, by calling
 * the same kernel with n = 1. `out` never aliases an input. BOOL columns are bits in 64-bit words;
 * bits behind n in the last word are undefined. The best instruction set of the machine is chosen
 * by kernel_table, once. All tiers give identical bits. */
#ifndef COMPUTE_KERNEL_H
#define COMPUTE_KERNEL_H
#include <stdint.h>

#include <stdbool.h>

#include "arrow/vector.h"

enum kernel_shape { KERNEL_VV, KERNEL_VS, KERNEL_SV, KERNEL_SHAPE_COUNT }; /* v vector, s scalar */

/* `param`: what a cast needs besides its input (see there); NULL otherwise. */
typedef uint32_t kernel_fn(void *restrict out, const void *a, const void *b, const void *param,
                           uint32_t n);

/* ---- arithmetic: integers of all widths (checked), F32, F64; DECIMALs use the integer ones ----
 */
enum arith_op {
    ARITH_ADD,
    ARITH_SUB,
    ARITH_MUL,
    ARITH_DIV, /* integers truncate; x / 0 yields 0 without a flag: see kernel_div_zero */
    ARITH_MOD, /* sign of the dividend; the same for 0; floats: fmod */
    ARITH_AND, /* bits; integers only */
    ARITH_OR,
    ARITH_XOR,
    ARITH_SHL, /* sql.md: error on negative counts and lost bits */
    ARITH_SHR,
    ARITH_SHL_WRAP, /* I64 only: SQLite's: bits fall out, a negative count shifts the other way */
    ARITH_SHR_WRAP,
    ARITH_OP_COUNT
};
/* NULL if there is none for the type. */
kernel_fn *kernel_arith(enum arith_op op, enum phys_type type, enum kernel_shape shape);
/* Clear the bits of `io_validity` where the divisor is 0 (b: n values, or one if `scalar`). For
 * integers always, for floats when dividing by zero is to give NULL. */
void kernel_div_zero(uint64_t *io_validity, const void *b, enum phys_type type, bool scalar,
                     uint32_t n);

enum unary_op { UNARY_NEG, UNARY_ABS, UNARY_BITNOT, UNARY_OP_COUNT };
kernel_fn *kernel_unary(enum unary_op op, enum phys_type type);

/* ---- NUMBER arithmetic (sqlite_compat): PHYS_NUMBER x PHYS_NUMBER; integer overflow gives the
 * real result, as SQLite does; x / 0 as above ---- */
kernel_fn *kernel_number(enum arith_op op, enum kernel_shape shape); /* ADD SUB MUL DIV MOD */
/* As kernel_div_zero, for MOD: it divides whole parts, so that 0.5 counts as 0. */
void kernel_number_mod_zero(uint64_t *io_validity, const void *b, bool scalar, uint32_t n);

/* ---- comparison: out is bits. Floats: NaN = NaN, above everything; -0.0 = 0.0. VIEW: bytewise.
 * MDN: by 30-day months. NUMBER: exact, integer against real. BOOL: false < true; a scalar BOOL is
 * bit 0 of its word. VIEW slots under a NULL hold length 0 or pointers that may be followed. ----
 */
enum compare_op { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_OP_COUNT };
kernel_fn *kernel_compare(enum compare_op op, enum phys_type type, enum kernel_shape shape);
/* a op b == b flip(op) a; not (a op b) == a negate(op) b */
enum compare_op compare_flip(enum compare_op op);
enum compare_op compare_negate(enum compare_op op);

/* ---- casts between physical types (numbers, BOOL, NUMBER); text casts live in func ---- */
enum cast_mode {
    CAST_ROUND,    /* real to integer: half to even, out of range flagged (sql.md) */
    CAST_TRUNCATE, /* real to integer: truncates and saturates (sqlite_compat) */
};
kernel_fn *kernel_cast(enum cast_mode mode, enum phys_type from, enum phys_type to);

/* DECIMAL casts; `param` points to a struct decimal_cast. `from` and `to` are integer or float
 * physical types; integers count as DECIMAL with scale 0. Rounding is half away from zero; results
 * beyond `precision` digits are flagged. */
struct decimal_cast {
    uint8_t from_scale, to_scale, to_precision; /* to_precision 0: any that fits the type */
};
kernel_fn *kernel_decimal_cast(enum phys_type from, enum phys_type to);

/* ---- hashing: io_hash[i] = hash of row i; combined with what is there if `combine`. Equal values
 * of one logical type hash equally (-0.0 = 0.0, all NaN, NUMBER by value, MDN by normal form). NULL
 * hashes to HASH_NULL. Live rows only (`sel` may be NULL), result dense. Every shape. ---- */
void vec_hash(const struct vector *v, const uint16_t *sel, uint32_t n, uint64_t *io_hash,
              bool combine);

/* ---- moving values ---- */
/* Positions of the set bits among the first n; returns how many. `out` has room for n + 64. */
uint32_t bits_to_positions(uint16_t *out, const uint64_t *bits, uint32_t n);
/* out[i] = data[sel[i]]; width 1, 2, 4, 8, 16 bytes. */
void gather16(void *restrict out, const void *data, uint32_t width, const uint16_t *sel,
              uint32_t n);
void gather32(void *restrict out, const void *data, uint32_t width, const uint32_t *idx,
              uint32_t n);
/* Bits; the rest of the last word is cleared. */
void gather_bits16(uint64_t *restrict out, const uint64_t *bits, const uint16_t *sel, uint32_t n);
void gather_bits32(uint64_t *restrict out, const uint64_t *bits, const uint32_t *idx, uint32_t n);
/* out[sel[i]] = data[i] */
void scatter16(void *restrict out, const void *data, uint32_t width, const uint16_t *sel,
               uint32_t n);
void scatter_bits16(uint64_t *restrict out, const uint64_t *bits, const uint16_t *sel, uint32_t n);
/* Arrow utf8 to views. */
void offs_to_views(struct str_view *restrict out, const int32_t *offsets, const uint8_t *heap,
                   uint32_t n);

/* ---- order: < 0, 0, > 0 of two values in FLAT data (BOOL: a byte each); the total order of
 * sorting. NULL for PHYS_NULLS. ---- */
typedef int kernel_order_fn(const void *a, const void *b);
kernel_order_fn *kernel_order(enum phys_type type);

/* ---- smallest and largest of n > 0 FLAT values among the valid ones; false if there is none.
 * out_min, out_max: one value each (16 bytes of room; BOOL: a byte). -0.0 counts as below 0.0 here,
 * and NaN as above all, so the answer does not depend on the order of the rows. For statistics.
 * ---- */
bool kernel_min_max(enum phys_type type, const void *data, const uint64_t *validity, uint32_t n,
                    void *out_min, void *out_max);
#endif

/* type.h -- logical types and the physical types they are stored and computed in.
 *
 * A struct type is plain data, passed by value. Kernels see physical types only; what a value means
 * (DATE or INTEGER, the scale of a DECIMAL) is known to binder, casts and output. */
#ifndef ARROW_TYPE_H
#define ARROW_TYPE_H
#include <stddef.h>
#include <stdint.h>

#include <assert.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "llkv/statement.h"

enum type_id {
#define X(name, sql) TYPE_##name = LLKV_TYPE_##name,
    LLKV_TYPE_LIST(X)
#undef X
        TYPE_COUNT
};

/* X(name, bytes per value; 0 for bits and nulls) */
#define PHYS_LIST(X)                                                                               \
    X(NULLS, 0) /* no values, all NULL */                                                          \
    X(BOOL, 0)  /* bits, as in Arrow */                                                            \
    X(I8, 1)                                                                                       \
    X(I16, 2)                                                                                      \
    X(I32, 4)                                                                                      \
    X(I64, 8)                                                                                      \
    X(I128, 16)                                                                                    \
    X(U8, 1)                                                                                       \
    X(U16, 2)                                                                                      \
    X(U32, 4)                                                                                      \
    X(U64, 8)                                                                                      \
    X(U128, 16)                                                                                    \
    X(F32, 4)                                                                                      \
    X(F64, 8)                                                                                      \
    X(VIEW, 16)   /* struct str_view: text and blobs */                                            \
    X(MDN, 16)    /* struct interval: months, days, microseconds */                                \
    X(NUMBER, 16) /* struct number: integer or real, decided per value (sqlite_compat) */

enum phys_type {
#define X(name, bytes) PHYS_##name,
    PHYS_LIST(X)
#undef X
        PHYS_COUNT
};

/* Bytes per value; 0 for PHYS_BOOL and PHYS_NULLS. */
extern const uint8_t phys_bytes[PHYS_COUNT];
extern const char *const phys_names[PHYS_COUNT];

struct type {
    uint8_t id;        /* enum type_id */
    uint8_t phys;      /* enum phys_type */
    uint8_t precision; /* DECIMAL: digits, 1..38 */
    uint8_t scale;     /* DECIMAL: digits behind the point, <= precision */
    uint32_t length;   /* VARCHAR(n), CHAR(n): code points; 0: any */
};

/* A type without modifiers; TYPE_DECIMAL gives DECIMAL(18,3). */
struct type type_of(enum type_id id);
/* Stored in I16 up to 4 digits, I32 up to 9, I64 up to 18, else I128. */
struct type type_decimal(uint32_t precision, uint32_t scale);
struct type type_varchar(uint32_t length);
bool type_equal(struct type a, struct type b);
/* As SQL writes it, NUL-terminated; returns the length. 32 bytes are enough. */
size_t type_print(struct type type, char *out, size_t size);

/* TINYINT..HUGEINT, UTINYINT..UHUGEINT */
bool type_is_integer(struct type type);
/* The integers, DECIMAL, FLOAT, DOUBLE, NUMBER */
bool type_is_numeric(struct type type);
bool type_is_signed_integer(struct type type);
bool type_is_float(struct type type);
bool type_is_text(struct type type);     /* VARCHAR */
bool type_is_temporal(struct type type); /* DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL */

struct interval {
    int32_t months;
    int32_t days;
    int64_t micros;
};
static_assert(sizeof(struct interval) == 16, "one MDN slot");

/* A value whose class is known at run time only. */
struct number {
    union {
        int64_t i;
        double d;
    };
    uint8_t is_real;
    uint8_t zero[7]; /* so that equal values have equal bytes */
};
static_assert(sizeof(struct number) == 16, "one NUMBER slot");
#endif

#include "arrow/type.h"

#include <stdio.h>

const uint8_t phys_bytes[PHYS_COUNT] = {
#define X(name, bytes) [PHYS_##name] = bytes,
    PHYS_LIST(X)
#undef X
};

const char *const phys_names[PHYS_COUNT] = {
#define X(name, bytes) [PHYS_##name] = #name,
    PHYS_LIST(X)
#undef X
};

static const char *const sql_names[TYPE_COUNT] = {
#define X(name, sql) [TYPE_##name] = sql,
    LLKV_TYPE_LIST(X)
#undef X
};

static const uint8_t type_phys[TYPE_COUNT] = {
    [TYPE_NULL] = PHYS_NULLS,   [TYPE_BOOLEAN] = PHYS_BOOL,  [TYPE_TINYINT] = PHYS_I8,
    [TYPE_SMALLINT] = PHYS_I16, [TYPE_INTEGER] = PHYS_I32,   [TYPE_BIGINT] = PHYS_I64,
    [TYPE_HUGEINT] = PHYS_I128, [TYPE_UTINYINT] = PHYS_U8,   [TYPE_USMALLINT] = PHYS_U16,
    [TYPE_UINTEGER] = PHYS_U32, [TYPE_UBIGINT] = PHYS_U64,   [TYPE_UHUGEINT] = PHYS_U128,
    [TYPE_FLOAT] = PHYS_F32,    [TYPE_DOUBLE] = PHYS_F64,    [TYPE_DECIMAL] = PHYS_I64,
    [TYPE_VARCHAR] = PHYS_VIEW, [TYPE_BLOB] = PHYS_VIEW,     [TYPE_DATE] = PHYS_I32,
    [TYPE_TIME] = PHYS_I64,     [TYPE_TIMESTAMP] = PHYS_I64, [TYPE_TIMESTAMPTZ] = PHYS_I64,
    [TYPE_INTERVAL] = PHYS_MDN, [TYPE_UUID] = PHYS_I128,     [TYPE_NUMBER] = PHYS_NUMBER,
};

enum { DECIMAL_DIGITS_MAX = 38, DECIMAL_DIGITS_DEFAULT = 18, DECIMAL_SCALE_DEFAULT = 3 };

struct type type_of(enum type_id id)
{
    assert(id < TYPE_COUNT);
    if (id == TYPE_DECIMAL) return type_decimal(DECIMAL_DIGITS_DEFAULT, DECIMAL_SCALE_DEFAULT);
    return (struct type){.id = (uint8_t)id, .phys = type_phys[id]};
}

struct type type_decimal(uint32_t precision, uint32_t scale)
{
    assert(precision >= 1 && precision <= DECIMAL_DIGITS_MAX);
    assert(scale <= precision);
    enum phys_type phys = PHYS_I128;
    if (precision <= 4) {
        phys = PHYS_I16;
    } else if (precision <= 9) {
        phys = PHYS_I32;
    } else if (precision <= 18) {
        phys = PHYS_I64;
    }
    return (struct type){.id = TYPE_DECIMAL,
                         .phys = (uint8_t)phys,
                         .precision = (uint8_t)precision,
                         .scale = (uint8_t)scale};
}

struct type type_varchar(uint32_t length)
{
    struct type type = type_of(TYPE_VARCHAR);
    type.length = length;
    return type;
}

bool type_equal(struct type a, struct type b)
{
    return a.id == b.id && a.phys == b.phys && a.precision == b.precision && a.scale == b.scale &&
           a.length == b.length;
}

size_t type_print(struct type type, char *out, size_t size)
{
    assert(type.id < TYPE_COUNT);
    assert(size > 0);
    const char *name = sql_names[type.id];
    int len;
    if (type.id == TYPE_DECIMAL) {
        len =
            snprintf(out, size, "%s(%u,%u)", name, (unsigned)type.precision, (unsigned)type.scale);
    } else if (type.length != 0) {
        len = snprintf(out, size, "%s(%u)", name, (unsigned)type.length);
    } else {
        len = snprintf(out, size, "%s", name);
    }
    if (len < 0) return 0;
    return (size_t)len < size ? (size_t)len : size - 1;
}

bool type_is_signed_integer(struct type type)
{
    return type.id >= TYPE_TINYINT && type.id <= TYPE_HUGEINT;
}

bool type_is_integer(struct type type)
{
    return type.id >= TYPE_TINYINT && type.id <= TYPE_UHUGEINT;
}

bool type_is_float(struct type type)
{
    return type.id == TYPE_FLOAT || type.id == TYPE_DOUBLE;
}

bool type_is_numeric(struct type type)
{
    return type_is_integer(type) || type_is_float(type) || type.id == TYPE_DECIMAL ||
           type.id == TYPE_NUMBER;
}

bool type_is_text(struct type type)
{
    return type.id == TYPE_VARCHAR;
}

bool type_is_temporal(struct type type)
{
    return type.id >= TYPE_DATE && type.id <= TYPE_INTERVAL;
}

/* The predicates above are ranges of the list. */
static_assert(TYPE_HUGEINT - TYPE_TINYINT == 4, "signed integers stand together");
static_assert(TYPE_UHUGEINT - TYPE_TINYINT == 9, "integers stand together");
static_assert(TYPE_INTERVAL - TYPE_DATE == 4, "temporal types stand together");

/* type.c -- type names to types. */
#include "plan/bind/bind.h"

/* X(name in SQL, type, kind of arguments) */
enum type_args { ARGS_NONE, ARGS_LENGTH, ARGS_DECIMAL, ARGS_PRECISION };
struct type_name {
    const char *name;
    uint8_t id, args;
};

static const struct type_name type_names[] = {
    {"integer", TYPE_INTEGER, ARGS_NONE},
    {"int", TYPE_INTEGER, ARGS_NONE},
    {"int4", TYPE_INTEGER, ARGS_NONE},
    {"signed", TYPE_INTEGER, ARGS_NONE},
    {"bigint", TYPE_BIGINT, ARGS_NONE},
    {"int8", TYPE_BIGINT, ARGS_NONE},
    {"long", TYPE_BIGINT, ARGS_NONE},
    {"smallint", TYPE_SMALLINT, ARGS_NONE},
    {"int2", TYPE_SMALLINT, ARGS_NONE},
    {"short", TYPE_SMALLINT, ARGS_NONE},
    {"tinyint", TYPE_TINYINT, ARGS_NONE},
    {"int1", TYPE_TINYINT, ARGS_NONE},
    {"hugeint", TYPE_HUGEINT, ARGS_NONE},
    {"int128", TYPE_HUGEINT, ARGS_NONE},
    {"utinyint", TYPE_UTINYINT, ARGS_NONE},
    {"uint8", TYPE_UTINYINT, ARGS_NONE},
    {"usmallint", TYPE_USMALLINT, ARGS_NONE},
    {"uint16", TYPE_USMALLINT, ARGS_NONE},
    {"uinteger", TYPE_UINTEGER, ARGS_NONE},
    {"uint32", TYPE_UINTEGER, ARGS_NONE},
    {"ubigint", TYPE_UBIGINT, ARGS_NONE},
    {"uint64", TYPE_UBIGINT, ARGS_NONE},
    {"uhugeint", TYPE_UHUGEINT, ARGS_NONE},
    {"uint128", TYPE_UHUGEINT, ARGS_NONE},
    {"float", TYPE_FLOAT, ARGS_NONE},
    {"float4", TYPE_FLOAT, ARGS_NONE},
    {"real", TYPE_FLOAT, ARGS_NONE},
    {"double", TYPE_DOUBLE, ARGS_NONE},
    {"double precision", TYPE_DOUBLE, ARGS_NONE},
    {"float8", TYPE_DOUBLE, ARGS_NONE},
    {"decimal", TYPE_DECIMAL, ARGS_DECIMAL},
    {"numeric", TYPE_DECIMAL, ARGS_DECIMAL},
    {"dec", TYPE_DECIMAL, ARGS_DECIMAL},
    {"varchar", TYPE_VARCHAR, ARGS_LENGTH},
    {"character varying", TYPE_VARCHAR, ARGS_LENGTH},
    {"char", TYPE_VARCHAR, ARGS_LENGTH},
    {"character", TYPE_VARCHAR, ARGS_LENGTH},
    {"bpchar", TYPE_VARCHAR, ARGS_LENGTH},
    {"text", TYPE_VARCHAR, ARGS_NONE},
    {"string", TYPE_VARCHAR, ARGS_NONE},
    {"blob", TYPE_BLOB, ARGS_NONE},
    {"bytea", TYPE_BLOB, ARGS_NONE},
    {"binary", TYPE_BLOB, ARGS_NONE},
    {"varbinary", TYPE_BLOB, ARGS_NONE},
    {"boolean", TYPE_BOOLEAN, ARGS_NONE},
    {"bool", TYPE_BOOLEAN, ARGS_NONE},
    {"logical", TYPE_BOOLEAN, ARGS_NONE},
    {"date", TYPE_DATE, ARGS_NONE},
    {"time", TYPE_TIME, ARGS_NONE},
    {"time without time zone", TYPE_TIME, ARGS_NONE},
    {"timestamp", TYPE_TIMESTAMP, ARGS_NONE},
    {"datetime", TYPE_TIMESTAMP, ARGS_NONE},
    {"timestamp without time zone", TYPE_TIMESTAMP, ARGS_NONE},
    {"timestamptz", TYPE_TIMESTAMPTZ, ARGS_NONE},
    {"timestamp with time zone", TYPE_TIMESTAMPTZ, ARGS_NONE},
    {"interval", TYPE_INTERVAL, ARGS_NONE},
    {"uuid", TYPE_UUID, ARGS_NONE},
};

static const struct type_name *find_name(struct slice name)
{
    for (size_t i = 0; i < ARRAY_COUNT(type_names); i++)
        if (slice_equal_folded(slice_of(type_names[i].name), name)) return &type_names[i];
    return NULL;
}

static llkv_code int_arg(struct binder *b, const struct ast *arg, int64_t min, int64_t max,
                         const char *what, uint32_t *out)
{
    const struct ast_literal *literal = (const struct ast_literal *)arg;
    if (arg->kind != AST_LITERAL || arg->op != AST_LITERAL_INTEGER ||
        (arg->flags & AST_LITERAL_FITS) == 0 || literal->value < min || literal->value > max)
        return cx_fail_at(b->cx, LLKV_TYPE, bind_at(b, arg), "22023",
                          "%s must be an integer from %lld to %lld", what, (long long)min,
                          (long long)max);
    *out = (uint32_t)literal->value;
    return LLKV_OK;
}

static llkv_code decimal_type(struct binder *b, const struct ast_type *type, struct type *out)
{
    uint32_t precision = 18, scale = 3;
    if (type->args.count > 0) {
        scale = 0;
        TRY(int_arg(b, type->args.items[0], 1, 38, "the precision of a DECIMAL", &precision));
    }
    if (type->args.count > 1)
        TRY(int_arg(b, type->args.items[1], 0, precision, "the scale of a DECIMAL", &scale));
    *out = type_decimal(precision, scale);
    return LLKV_OK;
}

/* SQLite's names: integers are 64 bit, reals DOUBLE, lengths do not count. */
static struct type compat_type(struct type type)
{
    if (type_is_integer(type)) return type_of(TYPE_BIGINT);
    if (type_is_float(type) || type.id == TYPE_DECIMAL) return type_of(TYPE_DOUBLE);
    if (type.id == TYPE_VARCHAR) return type_of(TYPE_VARCHAR);
    return type;
}

/* Types of the language that are not here have a name, too. */
static llkv_code no_type(struct binder *b, const struct ast_type *type, struct slice name)
{
    static const char *const later[] = {
        "bit",         "bitstring",    "json",         "timetz",       "time with time zone",
        "timestamp_s", "timestamp_ms", "timestamp_us", "timestamp_ns", "bignum",
        "varint",      "struct",       "map",          "list",         "enum",
        "union"};
    for (size_t i = 0; i < ARRAY_COUNT(later); i++)
        if (slice_equal_folded(slice_of(later[i]), name))
            return cx_fail_at(b->cx, LLKV_UNSUPPORTED, bind_at(b, &type->base), NULL,
                              "type %s is not supported", later[i]);
    llkv_code rc = cx_fail_at(b->cx, LLKV_NAME, bind_at(b, &type->base), "42704",
                              "type \"%.*s\" does not exist", SLICE_ARG(name));
    const char *near = NULL;
    uint32_t least = 3;
    for (size_t i = 0; i < ARRAY_COUNT(type_names); i++) {
        uint32_t edits = slice_edits(slice_of(type_names[i].name), name);
        if (edits >= least || edits * 2 > name.len) continue;
        least = edits;
        near = type_names[i].name;
    }
    return near == NULL ? rc : cx_hint(b->cx, "did you mean %s?", near);
}

llkv_code bind_type(struct binder *b, const struct ast_type *type, struct type *out)
{
    static const char *const composed[] = {
        "",           "a list type", "an array type", "a struct type", "a union type",
        "a map type", "an enum type"};
    if (type->base.op != AST_TYPE_NAMED)
        return bind_unsupported(b, &type->base, composed[type->base.op]);
    struct slice name = type->name.parts[type->name.count - 1].text;
    const struct type_name *found = type->name.count == 1 ? find_name(name) : NULL;
    if (found == NULL) return no_type(b, type, name);
    uint32_t args_max = found->args == ARGS_DECIMAL ? 2 : found->args == ARGS_LENGTH ? 1 : 0;
    if (type->args.count > args_max && !(b->settings->sqlite_compat && type->args.count <= 2))
        return cx_fail_at(b->cx, LLKV_TYPE, bind_at(b, &type->base), "42601",
                          "type \"%.*s\" takes %s", SLICE_ARG(name),
                          args_max == 0 ? "no modifier" : "fewer modifiers");
    if (found->args == ARGS_DECIMAL) {
        TRY(decimal_type(b, type, out));
    } else if (found->args == ARGS_LENGTH && type->args.count == 1) {
        uint32_t length;
        TRY(int_arg(b, type->args.items[0], 1, 1 << 30, "the length", &length));
        *out = type_varchar(length);
    } else {
        *out = type_of((enum type_id)found->id);
    }
    if (b->settings->sqlite_compat) *out = compat_type(*out);
    return LLKV_OK;
}

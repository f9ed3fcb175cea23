#include "workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Multipliers and prime moduli scatter the rows; no product leaves 64 bits below 1e9 rows. */
static int64_t scatter(int64_t i)
{
    return i * 2654435761 % 1000000007;
}

static int64_t value_signed(int64_t i, int64_t tenth)
{
    (void)tenth;
    return scatter(i) - 500000000;
}

static int64_t value_ten(int64_t i, int64_t tenth)
{
    (void)tenth;
    return i * 40503 % 1000003 % 10;
}

static int64_t value_ten_thousand(int64_t i, int64_t tenth)
{
    (void)tenth;
    return i * 40503 % 1000003 % 10000;
}

/* Distinct for distinct i: the modulus is a prime above every i. */
static int64_t value_sparse(int64_t i, int64_t tenth)
{
    (void)tenth;
    return i * 2654435761 % 1000000000039;
}

/* The sparse key of some row of a table with a tenth of the rows. */
static int64_t value_reference(int64_t i, int64_t tenth)
{
    return value_sparse(i * 2654435761 % 2147483647 % tenth, tenth);
}

static int64_t value_row(int64_t i, int64_t tenth)
{
    (void)tenth;
    return i;
}

static int64_t value_thousand(int64_t i, int64_t tenth)
{
    (void)tenth;
    return i % 1000;
}

#define SIGNED "i * 2654435761 % 1000000007 - 500000000"
#define SPARSE(i) "(" i ") * 2654435761 % 1000000000039"

static const struct bench_table tables[] = {
    {"facts",
     3,
     {{"x", BENCH_INT64, SIGNED, value_signed},
      {"g10", BENCH_INT32, "i * 40503 % 1000003 % 10", value_ten},
      {"g10k", BENCH_INT32, "i * 40503 % 1000003 % 10000", value_ten_thousand}}},
    {"probe",
     2,
     {{"k", BENCH_INT64, SPARSE("i * 2654435761 % 2147483647 % @"), value_reference},
      {"v", BENCH_INT64, SIGNED, value_signed}}},
    {"build",
     2,
     {{"k", BENCH_INT64, SPARSE("i"), value_sparse}, {"w", BENCH_INT64, SIGNED, value_signed}}},
    {"kv",
     4,
     {{"id", BENCH_KEY, "i", value_row},
      {"a", BENCH_INT64, SIGNED, value_signed},
      {"b", BENCH_INT64, "i % 1000", value_thousand},
      {"s", BENCH_TEXT, "'name ' || CAST(i % 1000 AS VARCHAR)", value_thousand}}},
};

static const struct bench_work works[] = {
    {"sum", BENCH_ONCE, false, "SELECT sum(x) FROM facts"},
    {"group10", BENCH_ONCE, false, "SELECT g10, sum(x), count(*) FROM facts GROUP BY g10"},
    {"group10k", BENCH_ONCE, false, "SELECT g10k, sum(x), count(*) FROM facts GROUP BY g10k"},
    {"join", BENCH_ONCE, false,
     "SELECT count(*), sum(p.v), sum(b.w) FROM probe AS p JOIN build AS b ON p.k = b.k"},
    {"point_text", BENCH_TEXT_RUN, true, "SELECT a, b, s FROM kv WHERE id = @"},
    {"point_prepared", BENCH_PREPARED, true, "SELECT a, b, s FROM kv WHERE id = ?"},
    {"constant_text", BENCH_TEXT_RUN, false, "SELECT 42"},
    {"constant_prepared", BENCH_PREPARED, false, "SELECT 42"},
};

const struct bench_table *bench_table_find(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (strcmp(tables[i].name, name) == 0) return &tables[i];
    }
    return NULL;
}

const struct bench_work *bench_work_find(const char *name)
{
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++) {
        if (strcmp(works[i].name, name) == 0) return &works[i];
    }
    return NULL;
}

void bench_expand(struct slt_text *out, const char *sql, int64_t number)
{
    for (; *sql != '\0'; sql++) {
        if (*sql == '@')
            slt_text_addf(out, "%" PRId64, number);
        else
            slt_text_addc(out, *sql);
    }
}

int64_t bench_key(int64_t n, int64_t rows)
{
    return scatter(n) % rows;
}

size_t bench_text_write(char out[BENCH_TEXT_BYTES], int64_t number)
{
    return (size_t)snprintf(out, BENCH_TEXT_BYTES, "name %" PRId64, number); /* always fits */
}

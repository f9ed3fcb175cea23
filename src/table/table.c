#include "table/table.h"

#include <assert.h>
#include <string.h>

#include "table/own_read.h"

llkv_code table_store_new(struct cx *cx, const struct table *table, struct llkv_pager *pager,
                          struct store **out_store)
{
    const struct table_def *def = table->def;
    struct type *types = cx_alloc_array(cx, def->column_count, sizeof *types);
    if (types == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->column_count; i++)
        types[i] = def->columns[i].type;
    struct store_options options = {
        .column_count = def->column_count,
        .types = types,
        .segment_rows = table->options.segment_rows,
        .vector_rows = table->options.vector_rows,
    };
    *out_store = store_new(table->budget, txn_readers(table->manager), pager, &options);
    return *out_store == NULL ? cx_nomem(cx) : LLKV_OK;
}

static llkv_code init_required(struct cx *cx, struct table *table)
{
    const struct table_def *def = table->def;
    struct cx inner = cx_with_arena(cx, &table->arena);
    table->required = cx_alloc_zero(&inner, def->column_count * sizeof(bool));
    if (table->required == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->column_count; i++)
        table->required[i] = def->columns[i].not_null;
    for (uint32_t k = 0; k < def->key_count; k++) {
        const struct key_def *key = &def->keys[k];
        for (uint32_t i = 0; key->primary && i < key->column_count; i++)
            table->required[key->columns[i].column] = true;
    }
    return LLKV_OK;
}

static bool is_power_of_two(uint32_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

static llkv_code check_options(struct cx *cx, const struct table_options *options,
                               const struct table_def *def)
{
    uint32_t segment = options->segment_rows;
    uint32_t vector = options->vector_rows;
    bool sound = is_power_of_two(segment) && is_power_of_two(vector) && vector <= segment &&
                 vector >= VECTOR_ROWS_MIN && vector <= VEC_ROWS_MAX &&
                 segment >= SEGMENT_ROWS_MIN && segment <= SEGMENT_ROWS_DEFAULT;
    if (!sound)
        return cx_fail(cx, LLKV_MISUSE, "segments of %u rows and vectors of %u are not possible",
                       segment, vector);
    if (def->column_count == 0 || def->column_count > TABLE_COLUMNS_MAX)
        return cx_fail_at(cx, LLKV_LIMIT, -1, "54011", "a table has 1 to %d columns, not %u",
                          (int)TABLE_COLUMNS_MAX, def->column_count);
    return LLKV_OK;
}

llkv_code table_new(struct cx *cx, struct txn_manager *manager, struct llkv_pager *pager,
                    const struct table_options *options, const struct table_def *def,
                    struct table **out_table)
{
    TRY(check_options(cx, options, def));
    struct table *table = mem_alloc_zero(cx->budget, sizeof *table);
    if (table == NULL) return cx_nomem(cx);
    if (pthread_mutex_init(&table->load_lock, NULL) != 0) {
        mem_free(table);
        return cx_nomem(cx);
    }
    atomic_init(&table->loaded, true);
    table->manager = manager;
    table->budget = cx->budget;
    table->options = *options;
    arena_init(&table->arena, cx->budget);
    llkv_code rc;
    TRY_TO(failed, rc, table_def_copy(cx, &table->arena, def, &table->def));
    TRY_TO(failed, rc, init_required(cx, table));
    TRY_TO(failed, rc, table_store_new(cx, table, pager, &table->store));
    TRY_TO(failed, rc, table_keys_init(cx, table));
    *out_table = table;
    return LLKV_OK;
failed:
    table_free(table);
    return rc;
}

static void free_table(struct table *table, bool drop)
{
    if (table == NULL) return;
    table_keys_deinit(table);
    if (drop) {
        if (!atomic_load_explicit(&table->loaded, memory_order_relaxed))
            blob_discard(store_pager(table->store), table->image);
        store_drop(table->store);
    } else {
        store_free(table->store);
    }
    pthread_mutex_destroy(&table->load_lock);
    arena_deinit(&table->arena);
    mem_free(table);
}

void table_free(struct table *table)
{
    free_table(table, false);
}

void table_drop(struct table *table)
{
    free_table(table, true);
}

llkv_code table_read_failed(struct cx *cx, const struct table *table, uint32_t column, llkv_code rc)
{
    if (rc != LLKV_CORRUPT) return rc;
    return cx_while(cx, rc, "reading column \"%s\" of table \"%s\"",
                    table->def->columns[column].name, table->def->name);
}

const struct table_def *table_definition(const struct table *table)
{
    return table->def;
}

struct store_view table_view(const struct table *table, const struct snapshot *snapshot)
{
    assert(atomic_load_explicit(&table->loaded, memory_order_relaxed)); /* table_load comes first */
    return store_view_at(table->store, snapshot->ts);
}

int64_t table_row_count(struct table *table, const struct table_reader *reader)
{
    struct own_view own = own_view_of(table, reader);
    return table_view(table, reader->snapshot).live_rows + own.live;
}

uint64_t table_data_version(const struct table *table)
{
    return store_data_version(table->store);
}

/* A unique key of this one column? */
static bool is_unique_column(const struct table *table, const struct snapshot *snapshot,
                             uint16_t column)
{
    const struct key_list *keys = table_keys(table);
    uint32_t count = atomic_load_explicit(&keys->count, memory_order_acquire);
    for (uint32_t k = 0; k < count; k++) {
        const struct key_def *def = &key_at(keys, k)->def;
        if (!def->unique || def->column_count != 1 || def->columns[0].column != column) continue;
        if (table_key_usable(table, k, snapshot)) return true;
    }
    return false;
}

void table_column_stats(struct table *table, const struct table_reader *reader, uint16_t column,
                        struct column_stats *out_stats)
{
    struct store_view view = table_view(table, reader->snapshot);
    struct own_view own = own_view_of(table, reader);
    struct store_stats stats;
    store_column_stats(table->store, column, &stats);
    struct type type = table->def->columns[column].type;
    *out_stats = (struct column_stats){
        .rows = view.live_rows,
        .nulls =
            (int64_t)stats.zone.nulls < view.live_rows ? (int64_t)stats.zone.nulls : view.live_rows,
        .distinct = stats.distinct,
        .no_nulls = stats.zone.nulls == 0,
        .ascending = stats.ascending,
        .unique = stats.strictly || is_unique_column(table, reader->snapshot, column),
        .min = {.type = type},
        .max = {.type = type},
    };
    if (out_stats->distinct > (double)view.live_rows)
        out_stats->distinct = view.live_rows < 1 ? 1 : (double)view.live_rows;
    if (own.writes != NULL) {
        /* Statistics know nothing of the transaction's own values. */
        out_stats->rows = view.live_rows + own.live;
        out_stats->no_nulls = table->required[column];
        out_stats->ascending = false;
        out_stats->unique = is_unique_column(table, reader->snapshot, column);
        return;
    }
    if (stats.zone.values == 0) return;
    out_stats->has_range = zone_bound(type.phys, stats.zone.min, false, &out_stats->min) &&
                           zone_bound(type.phys, stats.zone.max, true, &out_stats->max);
}

#include "table/replay.h"

#include <assert.h>

#include "table/encode.h"
#include "table/row_codec.h"
#include "txn/frame.h"

/* One table of a frame. */
struct replayed {
    struct replayed *next;
    struct table *table;
    struct table_writes *writes; /* NULL: nothing was written */
    struct type *types;          /* of all columns */
    uint64_t last_id;
    struct pack_reader pieces; /* where the rows went */
};

struct replay {
    struct txn_participant verify; /* first */
    const struct replay_target *target;
    struct write_set *set;
    struct replayed *tables;
};

static llkv_code fail_op(struct cx *cx, const struct replayed *t)
{
    return cx_fail(cx, LLKV_CORRUPT, "what the log holds of table \"%s\" does not fit to it",
                   t->table->def->name);
}

/* ---- steps ---- */

static llkv_code replay_rows(struct cx *cx, struct replay *replay, struct replayed *t,
                             struct pack_reader *in)
{
    struct batch rows;
    TRY(rows_unpack(cx, in, t->types, t->table->def->column_count, &rows));
    return write_insert(cx, replay->set, t->table, &rows, WRITE_ABORT, NULL);
}

static llkv_code replay_adopt(struct cx *cx, struct replay *replay, struct replayed *t,
                              struct pack_reader *in)
{
    const uint64_t batch_seq = unpack_varint(in);
    const struct sealed_ref ref = {(uint32_t)batch_seq, unpack_varint(in)};
    const uint64_t rows = unpack_varint(in);
    struct sealed *sealed;
    if (in->bad || batch_seq > UINT32_MAX || rows == 0) return fail_op(cx, t);
    TRY(sealed_open(cx, t->table->budget, replay->target->pager, store_layout(t->table->store), ref,
                    &sealed));
    llkv_code rc = LLKV_OK;
    if (rows > sealed->rows) rc = fail_op(cx, t);
    if (rc == LLKV_OK) {
        sealed->rows = (uint32_t)rows;
        rc = writes_adopt(cx, t->writes, sealed);
    }
    if (rc != LLKV_OK) sealed_free(sealed);
    return rc;
}

/* The row ids of a step, which are there. */
static llkv_code read_row_ids(struct cx *cx, struct replay *replay, struct replayed *t,
                              struct pack_reader *in, uint64_t *out_ids, uint32_t n)
{
    const struct store_view view = table_view(t->table, replay->set->snapshot);
    for (uint32_t i = 0; i < n; i++) {
        t->last_id = encode_unzigzag(t->last_id, unpack_varint(in));
        out_ids[i] = t->last_id;
        bool there = !in->bad && writes_row_lives(t->writes, t->last_id) &&
                     (t->last_id >= TABLE_OWN_ROW_FIRST ||
                      store_row_visible(t->table->store, &view, t->last_id));
        if (!there) return fail_op(cx, t);
    }
    return LLKV_OK;
}

static llkv_code replay_delete(struct cx *cx, struct replay *replay, struct replayed *t,
                               struct pack_reader *in)
{
    uint64_t row_ids[VEC_ROWS_MAX];
    int64_t deleted = 0;
    const uint64_t n = unpack_varint(in);
    if (in->bad || n > VEC_ROWS_MAX) return fail_op(cx, t);
    TRY(read_row_ids(cx, replay, t, in, row_ids, (uint32_t)n));
    TRY(write_delete(cx, replay->set, t->table, row_ids, (uint32_t)n, &deleted));
    return (uint64_t)deleted == n ? LLKV_OK : fail_op(cx, t);
}

static llkv_code replay_update(struct cx *cx, struct replay *replay, struct replayed *t,
                               struct pack_reader *in)
{
    uint64_t row_ids[VEC_ROWS_MAX];
    struct batch values;
    int64_t updated = 0;
    const struct table_def *def = t->table->def;
    const uint64_t count = unpack_varint(in);
    if (in->bad || count == 0 || count > def->column_count) return fail_op(cx, t);
    uint16_t *columns = cx_alloc_array(cx, count, sizeof *columns);
    struct type *types = cx_alloc_array(cx, count, sizeof *types);
    bool *named = cx_alloc_zero(cx, def->column_count);
    if (columns == NULL || types == NULL || named == NULL) return LLKV_NOMEM;
    for (uint64_t c = 0; c < count; c++) {
        const uint64_t column = unpack_varint(in);
        if (in->bad || column >= def->column_count || named[column]) return fail_op(cx, t);
        columns[c] = (uint16_t)column;
        types[c] = def->columns[column].type;
        named[column] = true;
    }
    TRY(rows_unpack(cx, in, types, (uint32_t)count, &values));
    TRY(read_row_ids(cx, replay, t, in, row_ids, values.rows));
    TRY(write_update(cx, replay->set, t->table, row_ids, values.rows, columns, &values, &updated));
    return (uint64_t)updated == values.rows ? LLKV_OK : fail_op(cx, t);
}

static llkv_code replay_step(struct cx *cx, struct replay *replay, struct replayed *t,
                             struct pack_reader *in)
{
    t->last_id = 0;
    switch (unpack_u8(in)) {
    case STEP_ROWS: return replay_rows(cx, replay, t, in);
    case STEP_SEAL: return writes_break(cx, t->writes, true);
    case STEP_BREAK: return writes_break(cx, t->writes, false);
    case STEP_ADOPT: return replay_adopt(cx, replay, t, in);
    case STEP_DELETE: return replay_delete(cx, replay, t, in);
    case STEP_UPDATE: return replay_update(cx, replay, t, in);
    default: return fail_op(cx, t);
    }
}

static llkv_code replay_part(struct cx *cx, struct replay *replay, struct replayed *t,
                             const void *bytes, size_t size)
{
    struct pack_reader in;
    pack_reader_init(&in, bytes, size);
    while (pack_left(&in) != 0) {
        struct arena_mark mark = arena_mark(cx->arena);
        TRY(cx_check_cancel(cx));
        TRY(replay_step(cx, replay, t, &in));
        if (in.bad) return fail_op(cx, t);
        arena_rewind(cx->arena, mark);
    }
    return LLKV_OK;
}

/* ---- a table of a frame ---- */

static llkv_code replay_parts(struct cx *cx, struct replay *replay, struct replayed *t,
                              struct pack_reader *body)
{
    const uint64_t parts = unpack_varint(body);
    for (uint64_t i = 0; i < parts; i++) {
        llkv_pager_view view = {0};
        const struct blob_ref ref = unpack_blob_ref(body, 0);
        if (body->bad) return fail_op(cx, t);
        TRY(blob_view(cx, replay->target->pager, ref, &view));
        llkv_code rc = writes_note_batch(cx, replay->set, blob_batch(ref), ref.bytes);
        if (rc == LLKV_OK) rc = replay_part(cx, replay, t, view.data, ref.bytes);
        blob_view_release(replay->target->pager, &view);
        TRY(rc);
    }
    const uint64_t size = unpack_varint(body);
    const uint8_t *bytes = size > FRAME_BYTES_MAX ? NULL : unpack_bytes(body, (size_t)size);
    if (body->bad || bytes == NULL) return fail_op(cx, t);
    TRY(replay_part(cx, replay, t, bytes, (size_t)size));
    t->pieces = *body;
    return LLKV_OK;
}

static llkv_code replay_table(struct cx *cx, struct replay *replay, struct pack_reader *body)
{
    const struct replay_target *target = replay->target;
    const uint64_t id = unpack_varint(body);
    struct replayed *t = cx_alloc_zero(cx, sizeof *t);
    if (t == NULL) return LLKV_NOMEM;
    if (body->bad) return cx_fail(cx, LLKV_CORRUPT, "an op of the log is damaged");
    TRY(target->table(cx, target->arg, id, &t->table));
    const struct table_def *def = t->table->def;
    t->types = cx_alloc_array(cx, def->column_count, sizeof *t->types);
    if (t->types == NULL) return LLKV_NOMEM;
    for (uint32_t c = 0; c < def->column_count; c++)
        t->types[c] = def->columns[c].type;
    for (const struct replayed *other = replay->tables; other != NULL; other = other->next)
        if (other->table == t->table) return fail_op(cx, t);
    TRY(writes_of(cx, replay->set, t->table, false, &t->writes));
    TRY(replay_parts(cx, replay, t, body));
    t->next = replay->tables;
    replay->tables = t;
    return LLKV_OK;
}

/* ---- the commit ---- */

/* Behind the tables: did the rows get the row ids they had? */
static llkv_code verify(struct cx *cx, struct txn_participant *participant,
                        const struct snapshot *snapshot)
{
    const struct replay *replay = (const struct replay *)participant;
    (void)snapshot;
    for (struct replayed *t = replay->tables; t != NULL; t = t->next) {
        const struct store_change *change = &t->writes->change;
        struct pack_reader *in = &t->pieces;
        bool same = unpack_varint(in) == change->piece_count;
        for (uint32_t p = 0; same && p < change->piece_count; p++) {
            same = unpack_varint(in) == change->pieces[p].row_id;
            same = unpack_varint(in) == change->pieces[p].rows && same;
        }
        if (!same || in->bad || pack_left(in) != 0) return fail_op(cx, t);
    }
    return LLKV_OK;
}

static void nothing(struct txn_participant *participant, int64_t ts)
{
    (void)participant;
    (void)ts;
}

static llkv_code commit(struct cx *cx, struct replay *replay, int64_t ts)
{
    const struct replay_target *target = replay->target;
    struct txn_participant *first;
    TRY(write_set_participants(cx, replay->set, &first));
    replay->verify = (struct txn_participant){.reserve = verify, .apply = nothing};
    struct txn_participant **end = &first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = &replay->verify;
    if (target->participants != NULL) first = target->participants(target->arg, first);
    return txn_recover_commit(cx, replay->set->manager, replay->set->snapshot, first, ts);
}

static llkv_code replay_ops(struct cx *cx, struct replay *replay, struct frame_reader *frame)
{
    const struct replay_target *target = replay->target;
    for (;;) {
        uint8_t code;
        struct pack_reader body;
        TRY(frame_next(cx, frame, &code, &body));
        if (code == 0) return commit(cx, replay, frame->ts);
        if (code == FRAME_TABLE) {
            TRY(replay_table(cx, replay, &body));
        } else if (target->catalog != NULL) {
            TRY(target->catalog(cx, target->arg, &body));
        } else {
            return cx_fail(cx, LLKV_CORRUPT, "the log changes a catalog that is not there");
        }
    }
}

static llkv_code replay_frame(struct cx *cx, struct txn_manager *manager,
                              const struct replay_target *target, struct frame_reader *frame)
{
    struct replay replay = {.target = target};
    struct snapshot snapshot;
    bool begun = false;
    llkv_code rc;
    TRY(txn_snapshot_begin(cx, manager, &snapshot));
    TRY_TO(done, rc, write_set_new(cx, manager, &snapshot, txn_id_new(manager), &replay.set));
    replay.set->replays = true;
    (void)write_set_mark(replay.set); /* everything is one step */
    if (target->begin != NULL) TRY_TO(done, rc, target->begin(cx, target->arg, &snapshot));
    begun = true;
    rc = replay_ops(cx, &replay, frame);
done:
    write_set_free(replay.set);
    if (begun && target->end != NULL) target->end(target->arg);
    txn_snapshot_end(manager, &snapshot);
    return rc;
}

/* Does the code tell of the machine, of the file as a whole or of the caller? Everything else is
 * what a statement could be told, and means here that the log does not fit to the tables. */
static bool is_of_surroundings(llkv_code rc)
{
    switch (rc) {
    case LLKV_NOMEM:
    case LLKV_LIMIT:
    case LLKV_IO:
    case LLKV_CORRUPT:
    case LLKV_UNSUPPORTED:
    case LLKV_CANCELLED:
    case LLKV_TIMEOUT:
    case LLKV_UNKNOWN:
    case LLKV_INTERNAL: return true;
    default: return false;
    }
}

llkv_code table_replay_group(struct cx *cx, struct txn_manager *manager,
                             const struct replay_target *target, const llkv_pager_group *group)
{
    struct pack_reader in;
    pack_reader_init(&in, group->bytes, group->size);
    for (uint32_t i = 0; i < group->frames; i++) {
        struct frame_reader frame;
        struct arena_mark mark = arena_mark(cx->arena);
        const uint64_t lsn = group->first_lsn + i;
        if (lsn > INT64_MAX) return cx_fail(cx, LLKV_CORRUPT, "the log has no more numbers");
        TRY(frame_open(cx, &in, (int64_t)lsn, &frame));
        if ((int64_t)lsn <= txn_watermark(manager)) continue;
        llkv_code rc = replay_frame(cx, manager, target, &frame);
        if (rc != LLKV_OK && !is_of_surroundings(rc))
            rc = cx_fail(cx, LLKV_CORRUPT, "the tables do not take what the log holds");
        if (rc != LLKV_OK) return cx_while(cx, rc, "replaying commit %lld", (long long)lsn);
        arena_rewind(cx->arena, mark);
    }
    if (pack_left(&in) != 0) return cx_fail(cx, LLKV_CORRUPT, "a group of the log is too long");
    return LLKV_OK;
}

/* file.c -- a whole database with anything in its files: opened, replayed, scanned, written to.
 *
 * Two small databases are made once: one that was closed, and one whose process ended, so that a
 * log stands beside it. The input chooses one and changes it: in a piece (the root, a definition, a
 * record, a chunk, a group of the log ...) or at any place. Then every checksum is made right
 * again, from the innermost piece outwards, so that what stands behind the checksums is reached;
 * two bits of the first byte leave the sums of pieces, or all of them, as they are.
 *
 *     u8 how, then changes: u8 kind, u8 piece, u16 place, u8 bytes | way, the bytes
 *
 * Whatever is found must be rows or an error that a damaged file may give. */
#include <string.h>

#include "base/crc32c.h"
#include "column/chunk_priv.h"
#include "files.h"
#include "fuzz.h"
#include "llkv.h"
#include "storage/drive_pager.h"
#include "storage/entry_format.h"

enum { SEGMENT_ROWS = 64, VECTOR_ROWS = 8, LIVES = 2 };
enum { PIECES_MAX = 2048, REFERENCES_MAX = 4096, BATCHES_MAX = 256 };
enum { HOW_KILLED = 1, HOW_NO_PIECE_SUMS = 2, HOW_NO_SUMS = 4, HOW_READ_ONLY = 8 };

/* ---- what the databases hold ---- */

static const char made[] =
    "CREATE TABLE t(a INTEGER PRIMARY KEY, b VARCHAR, c DECIMAL(10,2), d DOUBLE, CHECK (a > -9));"
    "CREATE TABLE u(x BIGINT, y VARCHAR NOT NULL DEFAULT 'def', z DATE, w BOOLEAN);"
    "CREATE TABLE k(i HUGEINT, s SMALLINT, f FLOAT, p TIMESTAMP, v INTERVAL, o BLOB, m TIME, "
    "g DECIMAL(38,5), n DECIMAL(4,1), h TIMESTAMPTZ, l UUID, q UBIGINT);"
    "CREATE TABLE s(a BIGINT, b VARCHAR, PRIMARY KEY (a, b));"
    "CREATE INDEX t_b ON t(b); CREATE UNIQUE INDEX u_x ON u(x DESC);"
    "CREATE SCHEMA other; CREATE TABLE other.t(a INTEGER);"
    "CREATE VIEW v AS SELECT a, b FROM t WHERE a > 2;"
    "CREATE VIEW vv(p, q) AS SELECT v.a, u.y FROM v, u WHERE v.a = u.x;"
    "INSERT INTO t SELECT range, 'text ' || range, range * 1.25, range / 3.0 FROM range(150);"
    "INSERT INTO u SELECT range, 'a key of more than twelve bytes ' || range % 5, "
    "DATE '2000-01-01' + range::INTEGER, range % 2 = 0 FROM range(70);"
    "INSERT INTO k VALUES (170141183460469231731687303715884105727, -32768, 1e10, "
    "TIMESTAMP '2001-02-03 04:05:06', INTERVAL '1 month', X'00ff', TIME '01:02:03', 1.5, 2.5, "
    "TIMESTAMPTZ '2001-02-03 04:05:06+00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 7);"
    "INSERT INTO k(i) VALUES (NULL), (0), (-1);"
    "INSERT INTO k SELECT range, range % 7, range, NULL, NULL, NULL, NULL, range, range % 9, NULL, "
    "NULL, range FROM range(62);"
    "INSERT INTO s SELECT range, 'b' || range FROM range(10);"
    "INSERT INTO other.t VALUES (1), (2);"
    "CHECKPOINT;"
    "UPDATE t SET b = 'up\xc3\xa4ted' WHERE a = 3; DELETE FROM t WHERE a = 5;"
    "UPDATE u SET y = 'other' WHERE x < 4; DELETE FROM k WHERE i > 40; DELETE FROM s WHERE a = 9;"
    "INSERT INTO u VALUES (1000, 'last', NULL, NULL)";

static const char left[] =
    "CHECKPOINT;"
    "INSERT INTO t SELECT range, 'late ' || range, 1, 2 FROM range(200, 350);"
    "UPDATE t SET b = 'later', c = c + 1 WHERE a < 20; DELETE FROM t WHERE a = 7;"
    "INSERT INTO k(i, o) VALUES (5, X'01'); UPDATE k SET p = NULL, f = 2 WHERE s = 3;"
    "CREATE TABLE n(a INTEGER PRIMARY KEY, b VARCHAR DEFAULT 'x', CHECK (a < 100));"
    "INSERT INTO n VALUES (1, 'one'), (2, 'two'); CREATE INDEX n_b ON n(b);"
    "CREATE OR REPLACE VIEW v AS SELECT a, b FROM t WHERE a > 1; DROP TABLE other.t;"
    "CREATE VIEW w AS SELECT * FROM n; CREATE SCHEMA more;"
    "BEGIN; INSERT INTO n VALUES (3, 'three'); UPDATE n SET b = 'drei' WHERE a = 3; "
    "DELETE FROM s WHERE a = 1; INSERT INTO s VALUES (50, 'fifty'); COMMIT;"
    "INSERT INTO s SELECT 1000 + range, repeat('long ', 6000) FROM range(10);"
    "DROP INDEX t_b; CREATE INDEX t_c ON t(c)";

static const char *const asked[] = {
    "SELECT * FROM t",
    "SELECT * FROM k",
    "SELECT count(*), min(a), max(a), sum(a), min(b), max(b), sum(c), sum(d) FROM t",
    "SELECT * FROM t WHERE a = 3",
    "SELECT * FROM t WHERE a = 140",
    "SELECT * FROM t WHERE b = 'text 70'",
    "SELECT * FROM t WHERE a BETWEEN 60 AND 70 AND c > 1",
    "SELECT upper(b), length(b), reverse(b), substr(b, 2, 3), b LIKE '%t_e%' FROM t",
    "SELECT b, count(*) FROM t GROUP BY b ORDER BY b LIMIT 5",
    "SELECT * FROM u WHERE x = 1000",
    "SELECT y, min(z), max(z), count(w) FROM u GROUP BY y ORDER BY 1",
    "SELECT z + 1, year(z), CAST(z AS VARCHAR), CAST(w AS VARCHAR) FROM u",
    "SELECT t.a, u.y FROM t, u WHERE t.a = u.x",
    ("SELECT CAST(i AS VARCHAR), CAST(f AS VARCHAR), CAST(p AS VARCHAR), CAST(v AS VARCHAR), "
     "CAST(o AS VARCHAR), CAST(m AS VARCHAR), CAST(g AS VARCHAR), CAST(n AS VARCHAR), "
     "CAST(h AS VARCHAR), CAST(l AS VARCHAR), CAST(q AS VARCHAR) FROM k"),
    ("SELECT min(i), max(i), sum(s), sum(f), max(p), max(v), min(o), max(m), sum(g), sum(n), "
     "min(h), min(l), max(q) FROM k"),
    "SELECT p + v, p - INTERVAL '1 day', p::DATE, year(p), m + v, CAST(p AS TIME) FROM k",
    "SELECT g * n, g + n, n / 3, round(g), CAST(g AS BIGINT), CAST(f AS INTEGER) FROM k",
    "SELECT * FROM k ORDER BY i, s, f, p, v, o, m, g, n, h, l, q",
    "SELECT * FROM s WHERE a = 3 AND b = 'b3'",
    "SELECT a, length(b) FROM s ORDER BY b",
    "SELECT * FROM v",
    "SELECT * FROM vv",
    "SELECT * FROM w",
    "SELECT * FROM n WHERE a = 2",
    "SELECT * FROM other.t",
    "INSERT INTO t(a, b) VALUES (3, 'again')",
    "INSERT INTO t VALUES (7000, 'new', 1, 2)",
    "INSERT INTO u(x) VALUES (7000)",
    "INSERT INTO k(i) SELECT range FROM range(70)",
    "INSERT INTO n VALUES (9, 'nine')",
    "UPDATE t SET b = 'x', c = 3 WHERE a = 8",
    "UPDATE u SET y = y || '!', z = z + 1 WHERE x % 3 = 0",
    "DELETE FROM k WHERE s = 2",
    "DELETE FROM t WHERE a = 11",
    "INSERT INTO s VALUES (3, 'b3')",
    "CREATE INDEX made_now ON k(s)",
    "CHECKPOINT",
    "DELETE FROM u",
    "DROP TABLE s",
    "CREATE TABLE fresh(a INTEGER)",
    "CHECKPOINT",
    "SELECT count(*), count(b) FROM t",
};

/* ---- opening and asking ---- */

struct database {
    llkv_pager *pager;
    llkv_engine *engine;
    llkv_session *session;
};

static void close_database(struct database *db)
{
    llkv_error error = LLKV_ERROR_INIT;
    FUZZ_CHECK(llkv_session_close(db->session, &error) == LLKV_OK);
    FUZZ_CHECK(llkv_engine_close(db->engine, &error) == LLKV_OK);
    if (db->pager != NULL) db->pager->methods->close(db->pager);
    *db = (struct database){0};
}

/* What a damaged file may say, and what it leads to. */
static void check_error(const llkv_error *error)
{
    if (error->code == LLKV_INTERNAL || error->code == LLKV_MISUSE)
        fprintf(stderr, "%s\n", error->message);
    FUZZ_CHECK(error->code != LLKV_OK && error->message[0] != '\0');
    FUZZ_CHECK(error->code != LLKV_INTERNAL && error->code != LLKV_MISUSE);
}

/* False: refused. */
static bool open_database(struct database *db, bool read_only)
{
    const llkv_pager_drive_options drive = {.struct_size = sizeof drive, .read_only = read_only};
    const struct drive_options inner = {.fs = &files_fs, .segment_bytes = SEGMENT_BYTES};
    llkv_error error = LLKV_ERROR_INIT;
    *db = (struct database){0};
    llkv_code rc = drive_pager_open("f", &drive, &inner, &db->pager, &error);
    if (rc == LLKV_OK) {
        llkv_engine_options options = {.struct_size = sizeof options,
                                       .threads = 1,
                                       .memory_limit = 64 << 20,
                                       .pager = db->pager,
                                       .read_only = read_only,
                                       .debug_segment_rows = SEGMENT_ROWS,
                                       .debug_vector_rows = VECTOR_ROWS};
        rc = llkv_engine_open(&options, &db->engine, &error);
    }
    if (rc == LLKV_OK) rc = llkv_session_open(db->engine, &db->session, &error);
    if (rc == LLKV_OK) return true;
    check_error(&error);
    close_database(db);
    return false;
}

/* Rows are looked at as far as an application does. */
static void look_at(llkv_results *results)
{
    for (size_t i = 0; i < llkv_results_count(results); i++) {
        struct ArrowArrayStream stream;
        struct ArrowArray array;
        llkv_error error = LLKV_ERROR_INIT;
        if (!llkv_results_info(results, i).has_rows) continue;
        FUZZ_CHECK(llkv_results_take(results, i, &stream, &error) == LLKV_OK);
        while (stream.get_next(&stream, &array) == 0 && array.release != NULL) {
            FUZZ_CHECK(array.length >= 0);
            array.release(&array);
        }
        stream.release(&stream);
    }
}

static llkv_code ask(struct database *db, const char *sql)
{
    llkv_results *results = NULL;
    llkv_error error = LLKV_ERROR_INIT;
    llkv_code rc = llkv_execute(db->session, sql, strlen(sql), &results, &error);
    if (rc != LLKV_OK) check_error(&error);
    if (results != NULL) look_at(results);
    llkv_results_free(results);
    return rc;
}

/* ---- where the pieces are ---- */

/* Of the container or, where `log`, of the log. */
struct piece {
    bool log;
    uint32_t at, bytes;
};

/* A reference (handle, bytes, crc) in a piece. */
struct reference {
    bool log;
    uint32_t at, target;
};

struct life {
    struct kept kept;
    uint64_t batches[BATCHES_MAX]; /* where each begins in the container; 0 of most */
    struct piece pieces[PIECES_MAX];
    uint32_t piece_count;
    struct reference references[REFERENCES_MAX]; /* inner ones first */
    uint32_t reference_count;
    uint32_t sums[PIECES_MAX]; /* pieces whose last four bytes are the sum of the others */
    uint32_t sum_count;
    uint32_t heads[PIECES_MAX]; /* heads of chunks, by where they are */
    uint32_t head_count;
};

static struct life lives[LIVES];
static const struct layout shape_layout = {.segment_rows = SEGMENT_ROWS,
                                           .vector_rows = VECTOR_ROWS,
                                           .vectors = SEGMENT_ROWS / VECTOR_ROWS,
                                           .vector_words = 1};

static const uint8_t *bytes_of(const struct life *life, bool log, uint64_t *out_size)
{
    *out_size = life->kept.size[log];
    return life->kept.bytes[log];
}

/* Is it new? */
static bool add_piece(struct life *life, bool log, uint64_t at, uint64_t bytes)
{
    for (uint32_t i = 0; i < life->piece_count; i++)
        if (life->pieces[i].log == log && life->pieces[i].at == at &&
            life->pieces[i].bytes == bytes)
            return false;
    FUZZ_CHECK(life->piece_count < PIECES_MAX);
    life->pieces[life->piece_count++] = (struct piece){log, (uint32_t)at, (uint32_t)bytes};
    return true;
}

/* Where a reference at `ref` leads to in the container, or 0. */
static uint64_t target_of(const struct life *life, const uint8_t *ref, uint32_t own_seq,
                          uint64_t size, uint64_t *out_bytes)
{
    uint64_t handle = files_get(ref, 8);
    uint64_t seq = handle >> 32 == 0 ? own_seq : handle >> 32;
    *out_bytes = files_get(ref + 8, 4);
    if (*out_bytes == 0 || seq >= BATCHES_MAX || life->batches[seq] == 0) return 0;
    uint64_t at = life->batches[seq] + (handle & UINT32_MAX) * 64;
    return at < size && *out_bytes <= size - at ? at : 0;
}

static uint32_t seq_at(const struct life *life, uint64_t at)
{
    uint32_t best = 0;
    for (uint32_t seq = 1; seq < BATCHES_MAX; seq++)
        if (life->batches[seq] != 0 && life->batches[seq] <= at) best = seq;
    return best;
}

/* Whatever looks like a reference and has the right sum is one; what it leads to comes first. */
static void find_references(struct life *life, bool log, uint64_t from, uint64_t bytes)
{
    uint64_t size, container_size;
    const uint8_t *data = bytes_of(life, log, &size);
    const uint8_t *container = bytes_of(life, false, &container_size);
    uint32_t own_seq = log ? 0 : seq_at(life, from);
    for (uint64_t at = from; at + 16 <= from + bytes; at++) {
        uint64_t len;
        uint64_t target = target_of(life, data + at, own_seq, container_size, &len);
        if (target == 0 || crc32c(0, container + target, len) != files_get(data + at + 12, 4))
            continue;
        if (add_piece(life, false, target, len)) find_references(life, false, target, len);
        FUZZ_CHECK(life->reference_count < REFERENCES_MAX);
        life->references[life->reference_count++] =
            (struct reference){log, (uint32_t)at, (uint32_t)target};
    }
}

/* A piece that ends with its sum. */
static void add_summed(struct life *life, uint64_t at, uint64_t bytes)
{
    uint64_t size;
    const uint8_t *data = bytes_of(life, false, &size);
    if (crc32c(0, data + at, bytes - 4) != files_get(data + at + bytes - 4, 4)) return;
    find_references(life, false, at, bytes);
    life->sums[life->sum_count++] = life->piece_count;
    FUZZ_CHECK(add_piece(life, false, at, bytes));
}

/* Heads of chunks and of segments, which stand at multiples of 64. */
static void find_in_batch(struct life *life, uint64_t begin, uint64_t end)
{
    uint64_t size;
    const uint8_t *data = bytes_of(life, false, &size);
    for (uint64_t at = begin; at + sizeof(struct chunk_head) < end; at += 64) {
        if (files_get(data + at, 4) == CHUNK_MAGIC) {
            life->heads[life->head_count++] = (uint32_t)at;
            struct chunk_head head;
            memcpy(&head, data + at, sizeof head);
            struct chunk_shape shape = chunk_shape(&shape_layout, &head);
            if (head.rows <= SEGMENT_ROWS && shape.extent_bytes <= end - at)
                (void)add_piece(life, false, at + shape.head_bytes,
                                shape.extent_bytes - shape.head_bytes);
        }
        uint64_t bytes = files_get(data + at + 20, 4) + 4;
        if (memcmp(data + at, "LESG", 4) == 0 && bytes <= end - at) add_summed(life, at, bytes);
        if (memcmp(data + at, "LSEG", 4) == 0 && bytes <= end - at) add_summed(life, at, bytes);
    }
}

static void find_pieces(struct life *life)
{
    uint64_t size;
    const uint8_t *data = bytes_of(life, false, &size);
    for (uint64_t at = 0; at + 4096 <= size; at += 4096)
        if (memcmp(data + at, "LLKVENY1", 8) == 0 && files_get(data + at + 12, 4) == ENTRY_DATA &&
            files_get(data + at + 48, 4) < BATCHES_MAX)
            life->batches[files_get(data + at + 48, 4)] = at;
    for (uint64_t at = 0; at + 4096 <= size; at += 4096) {
        struct entry entry;
        uint32_t crc;
        if (entry_end_decode(data + at + 4096 - ENTRY_END_BYTES, &entry, &crc) != ENTRY_VALID)
            continue;
        if (entry.kind == ENTRY_DATA) {
            find_in_batch(life, entry.offset + ENTRY_HEADER_BYTES, entry.offset + entry.data_end);
        } else if (entry.root.bytes != 0) {
            add_summed(life, entry.offset + entry.root.offset, entry.root.bytes);
        }
    }
    data = bytes_of(life, true, &size);
    for (uint64_t at = LOG_PLACES_OFFSET; at + LOG_GROUP_BYTES < size; at += 8) {
        uint64_t bytes = files_get(data + at + 56, 4);
        if (memcmp(data + at, "LGRP", 4) != 0 || bytes > size - at - LOG_GROUP_BYTES) continue;
        if (bytes == 0 ||
            crc32c(0, data + at + LOG_GROUP_BYTES, bytes) != files_get(data + at + 64, 4))
            continue;
        (void)add_piece(life, true, at + LOG_GROUP_BYTES, bytes);
        find_references(life, true, at + LOG_GROUP_BYTES, bytes);
    }
}

static void make_life(struct life *life, bool killed)
{
    struct database db;
    files_init();
    FUZZ_CHECK(open_database(&db, false));
    FUZZ_CHECK(ask(&db, made) == LLKV_OK);
    if (killed) {
        FUZZ_CHECK(ask(&db, left) == LLKV_OK);
        files_keep(&life->kept);
    }
    close_database(&db);
    if (!killed) files_keep(&life->kept);
    find_pieces(life);
    FUZZ_CHECK(life->piece_count > 60 && life->reference_count > 60 && life->head_count > 10);
    FUZZ_CHECK(life->sum_count > 1 && (life->kept.bytes[1] != NULL) == killed);
}

/* ---- sums ---- */

static void fix_head(struct stored *s, const struct life *life, uint32_t at)
{
    struct chunk_head head; /* as it was: what it says now may be anything */
    memcpy(&head, life->kept.bytes[0] + at, sizeof head);
    struct chunk_shape shape = chunk_shape(&shape_layout, &head);
    uint64_t vectors = chunk_vectors(&shape_layout, head.rows);
    uint64_t crcs = at + sizeof head + vectors * sizeof(struct zone);
    uint64_t part = at + blob_round(shape.head_bytes);
    if (head.flags & CHUNK_SKETCH) crcs += sizeof(struct sketch);
    for (uint32_t i = 0; i < PART_COUNT; i++) {
        for (uint64_t done = 0; done < shape.bytes[i]; done += CHUNK_BLOCK_BYTES) {
            uint64_t n = shape.bytes[i] - done;
            if (n > CHUNK_BLOCK_BYTES) n = CHUNK_BLOCK_BYTES;
            if (!files_within(s, part + done, n) || !files_within(s, crcs, 4)) return;
            files_put_crc(s->bytes + crcs, crc32c(0, s->bytes + part + done, n));
            crcs += 4;
        }
        part += blob_round(shape.bytes[i]);
    }
}

static void fix_pieces(const struct life *life)
{
    struct stored *s = stored_of("f");
    for (uint32_t i = 0; i < life->head_count; i++)
        fix_head(s, life, life->heads[i]);
    for (uint32_t i = 0; i < life->reference_count; i++) {
        const struct reference *ref = &life->references[i];
        struct stored *in = ref->log ? stored_of("f-log") : s;
        if (!files_within(in, ref->at, 16)) continue;
        uint64_t bytes;
        uint32_t own_seq = seq_at(life, ref->log ? ref->target : ref->at);
        uint64_t at = target_of(life, in->bytes + ref->at, own_seq, s->size, &bytes);
        if (at != 0) files_put_crc(in->bytes + ref->at + 12, crc32c(0, s->bytes + at, bytes));
    }
    for (uint32_t i = 0; i < life->sum_count; i++) {
        const struct piece *piece = &life->pieces[life->sums[i]];
        if (files_within(s, piece->at, piece->bytes))
            files_put_crc(s->bytes + piece->at + piece->bytes - 4,
                          crc32c(0, s->bytes + piece->at, piece->bytes - 4));
    }
}

/* ---- changes ---- */

enum change_kind { CHANGE_PIECE, CHANGE_CONTAINER, CHANGE_LOG, CHANGE_CUT, CHANGE_KINDS };

static void put_change(struct stored *s, uint64_t at, uint8_t way, const uint8_t *bytes,
                       size_t count)
{
    if (!files_within(s, at, count)) return;
    for (size_t i = 0; i < count; i++) {
        if (way & 0x80) {
            s->bytes[at + i] = (uint8_t)(s->bytes[at + i] + bytes[i]);
        } else {
            s->bytes[at + i] = bytes[i];
        }
    }
}

static size_t change(const struct life *life, const uint8_t *data, size_t size)
{
    if (size < 6) return size;
    const enum change_kind kind = data[0] % 8 < 5 ? CHANGE_PIECE : data[0] % 8 - 4;
    const uint64_t place = (uint64_t)data[2] << 8 | data[3];
    size_t count = 1 + data[4] % 16;
    if (count > size - 5) count = size - 5;
    struct stored *container = stored_of("f");
    struct stored *log = stored_of("f-log");
    if (kind == CHANGE_PIECE) {
        uint32_t number = ((uint32_t)data[0] / 8 << 8 | data[1]) % life->piece_count;
        const struct piece *piece = &life->pieces[number];
        put_change(piece->log ? log : container, piece->at + place % piece->bytes, data[4],
                   data + 5, count);
    } else if (kind == CHANGE_LOG && log->exists) {
        put_change(log, place % LOG_LOOKED_BYTES, data[4], data + 5, count);
    } else if (kind == CHANGE_CUT) {
        uint64_t at = (uint64_t)data[1] << 16 | place;
        if (at < container->size) container->size = at;
    } else {
        uint64_t at = ((uint64_t)data[1] << 16 | place) % (container->size + 1);
        put_change(container, at, data[4], data + 5, count);
    }
    return 5 + count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct database db;
    if (size == 0) return 0;
    if (lives[0].piece_count == 0)
        for (uint32_t i = 0; i < LIVES; i++)
            make_life(&lives[i], i == 1);
    const uint8_t how = data[0];
    const struct life *life = &lives[(how & HOW_KILLED) != 0];
    files_restore(&life->kept);
    for (size_t at = 1; at < size;)
        at += change(life, data + at, size - at);
    if ((how & (HOW_NO_SUMS | HOW_NO_PIECE_SUMS)) == 0) fix_pieces(life);
    if ((how & HOW_NO_SUMS) == 0) {
        files_fix_container(stored_of("f"));
        if (stored_of("f-log")->exists) files_fix_log(stored_of("f-log"), stored_of("f"));
    }
    for (int i = 0; i < 2; i++) {
        bool opened = open_database(&db, i == 0 && (how & HOW_READ_ONLY) != 0);
        FUZZ_CHECK(size > 1 || opened);
        if (!opened) continue;
        for (size_t q = 0; q < sizeof asked / sizeof *asked; q++) {
            llkv_code rc = ask(&db, asked[q]);
            FUZZ_CHECK(size > 1 || rc != LLKV_CORRUPT); /* nothing was changed */
        }
        close_database(&db);
    }
    return 0;
}

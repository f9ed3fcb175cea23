/* commit.pml -- the protocol of commits, checkpoints and recovery, for the model checker spin.
 *
 * The drive pager as src/storage/README.md has it (L, C, F and the steps of recovery are its numbers),
 * below an engine that commits: two writers (the second loads in bulk when it likes), a leader that
 * writes what is queued as one group, a sync that runs beside the next write, a checkpointer, and up
 * to CRASHES crashes at any step, those of recovery included. A crash kills the process (what was
 * written stays readable but unsynced) or cuts the power (of what was not synced any part is there, in
 * any order).
 *
 * The commits have numbers of their own (`txn`, never reused) beside the lsn, which is reused after a
 * commit was lost: what recovery finds is compared with what was committed under that lsn on the
 * present line of history. All commits have the same bytes: the model relies on no checksum to tell
 * two apart, so it has no chain of group checksums either.
 *
 * Asserted when recovery has chosen what it found:
 *   1. it is a prefix of the history: root and log fit, nothing comes back from an abandoned one;
 *   2. it holds everything that was visible before the crash (FULL), and in either mode everything
 *      that a sync of the log covered or a checkpoint published;
 *   3. it has every batch that a commit in it or its root names, also after the tail was cut;
 *   4. it never refuses to open, and never takes a torn tail for damage.
 *
 * -DFULL=0 is synchronous = normal: visible once written. Each -DBUG_... plants one fault, which must
 * violate an assertion. The actions are atomic because each is one step of one process that the others
 * see as a whole: one write call, the return of one sync, one critical section. */

#ifndef FULL
#define FULL 1
#endif
#ifndef TXNS
#define TXNS 4 /* commits over all lives of the process */
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#define BULKS 1
#define CHECKPOINTS 1 /* beside those that recovery asks for */
#define SEGMENTS 3    /* places for one each */
#define GROUPS 2      /* in one segment */
#define ENTRIES 8     /* the first root, one batch, three times an image and a root */

/* ---- what is on the disk: as read now, and as it would be after a cut of the power ---- */

/* A group: the segment's sequence, first lsn, number of frames, first txn, batch that a frame names,
 * durable lsn and synced entries of the container when it was written. 0: nothing readable. */
#define GROUP(seq, lsn, n, txn, batch, dl, ct) \
    ((seq) | (lsn) << 4 | (n) << 8 | (txn) << 12 | (batch) << 16 | (dl) << 20 | (ct) << 24)
#define SEQ(g) ((g) & 15)
#define LSN(g) (((g) >> 4) & 15)
#define COUNT(g) (((g) >> 8) & 15)
#define TXN(g) (((g) >> 12) & 15)
#define BATCH(g) (((g) >> 16) & 15)
#define DURABLE(x) (((x) >> 20) & 15)
#define TAIL(x) (((x) >> 24) & 15)

/* A segment's header: sequence and first lsn. */
#define HEADER(seq, lsn) ((seq) | (lsn) << 4)

/* An entry of the container. Data: the batch. Checkpoint: root version, last lsn and txn in it, start
 * in the log, and the batch that is its image. */
#define DATA(batch) (1 | (batch) << 4)
#define ROOT(version, lsn, txn, seq, at, image) \
    (2 | (version) << 4 | (lsn) << 8 | (txn) << 12 | (seq) << 16 | (at) << 20 | (image) << 24)
#define KIND(e) ((e) & 3)
#define VERSION(e) (((e) >> 4) & 15)
#define ROOT_LSN(e) (((e) >> 8) & 15)
#define ROOT_TXN(e) (((e) >> 12) & 15)
#define ROOT_SEQ(e) (((e) >> 16) & 15)
#define ROOT_AT(e) (((e) >> 20) & 15)
#define ROOT_IMAGE(e) (((e) >> 24) & 15)

/* The slots A and B: generation, entry of the root, start, durable lsn, synced entries. */
#define SLOT(gen, entry, seq, at, dl, ct) \
    ((gen) | (entry) << 4 | (seq) << 12 | (at) << 16 | (dl) << 20 | (ct) << 24)
#define GENERATION(s) ((s) & 15)
#define SLOT_ENTRY(s) (((s) >> 4) & 15)
#define SLOT_SEQ(s) (((s) >> 12) & 15)
#define SLOT_AT(s) (((s) >> 16) & 15)

/* One array holds it all: groups, headers, entries, slots. */
#define PLACES 6 /* SEGMENTS * GROUPS */
#define group(i) (i)
#define header(i) (6 + (i))
#define container(i) (9 + (i))
#define slots(i) (17 + (i))
#define DISK 19
int now[DISK], safe[DISK];

/* ---- the history, which no process sees ---- */
byte history[TXNS + 1]; /* lsn -> txn on the present line */
byte txns, crashes, checkpoints, bulks;
byte batches;  /* names given to batches */
byte seen;     /* last lsn that was ever visible */
byte promised; /* last lsn that a sync of the log or a checkpoint covered */
byte bulk_lsn; /* lsn of the commit that names the bulk batch; 0: none */
byte bulk;     /* that batch */

/* ---- the process; all of it is gone with a crash ---- */
#define UP 0 /* otherwise the step that recovery has reached */
#define OPENING 1
#define READ 2
#define SYNCED 3
#define CUT 4
#define CUT_SYNCED 5
#define SLOT_WRITTEN 6
byte step;
byte writer[2];    /* 0 idle, 1 waits for its commit, 2 its batch is being synced */
byte mine[2];      /* lsn it waits for */
byte batch_end;    /* entries that the sync of the batch covers */
byte assigned, written, durable, watermark;
byte queued_batch; /* that a queued frame names */
bit open;          /* a segment is open at the end of the log */
byte segment;      /* place of the end; SEGMENTS: its segment was overwritten */
byte seq, at;      /* its segment's sequence, group in it */
byte seq_max;      /* the highest sequence ever seen */
bit switching;     /* a header for the next segment is being synced */
byte next_segment;
byte syncing;      /* last lsn that the running sync covers; 0: none runs */
byte checkpoint;   /* 0 none, 1 frozen, 2 entries written, 3 synced, 4 slot written */
int frozen;        /* the root it makes */
byte frozen_end;   /* entries that its sync covers */
bit must_publish;  /* recovery found frames: a root comes before the next group (L6) */
byte tail, synced; /* entries in the container; of those, covered by a sync */
byte entry, start_seq, start_at, slot, generation; /* the root that counts, and its slot */

/* Scratch of single steps: 0 between them. */
byte i, j, next_lsn, last, here, best;
int thing;

inline scratch_clear()
{
    i = 0; j = 0; next_lsn = 0; last = 0; here = 0; best = 0; thing = 0
}

/* What segment a place holds; a bad header does not make a good group bad. */
#define PLACE_SEQ(s) \
    (now[header(s)] != 0 -> SEQ(now[header(s)]) : SEQ(now[group((s) * GROUPS)]))
#define PLACE_LSN(s) \
    (now[header(s)] != 0 -> LSN(now[header(s)]) : LSN(now[group((s) * GROUPS)]))

/* L4: below the start, or no group is needed at all. */
#define FREE(s) (PLACE_SEQ(s) < start_seq || ROOT_LSN(now[container(entry)]) == written)
#define ANY_FREE (FREE(0) || FREE(1) || FREE(2))

inline entries_sync(end)
{
    i = 0;
    do
    :: i < end -> safe[container(i)] = now[container(i)]; i++
    :: else -> break
    od
}

inline log_sync_all()
{
    i = 0;
    do
    :: i < PLACES -> safe[group(i)] = now[group(i)]; i++
    :: else -> break
    od;
    i = 0;
    do
    :: i < SEGMENTS -> safe[header(i)] = now[header(i)]; i++
    :: else -> break
    od;
    safe[slots(0)] = now[slots(0)];
    safe[slots(1)] = now[slots(1)]
}

inline maximum(a, b)
{
    if
    :: b > a -> a = b
    :: else
    fi
}

/* ---- commits ---- */

inline commit_assign(w)
{
    assigned++;
    txns++;
    history[assigned] = txns;
    mine[w] = assigned;
    writer[w] = 1
}

inline batch_write()
{
    bulks++;
    batches++;
    bulk = batches;
    now[container(tail)] = DATA(bulk);
    tail++;
    batch_end = tail;
    writer[1] = 2
}

/* C2: a frame names the batch only now. */
inline batch_synced()
{
#ifndef BUG_SKIP_CONTAINER_SYNC
    entries_sync(batch_end);
#endif
    maximum(synced, batch_end);
    batch_end = 0;
    commit_assign(1);
    queued_batch = bulk;
    bulk_lsn = assigned
}

inline publish(lsn)
{
    maximum(watermark, lsn);
    maximum(seen, lsn)
}

inline group_write()
{
    now[group(segment * GROUPS + at)] = GROUP(seq, written + 1, assigned - written,
                                              history[written + 1], queued_batch, durable, synced);
    at++;
    queued_batch = 0;
    written = assigned;
#ifdef BUG_PUBLISH_BEFORE_DURABLE
    publish(written)
#else
    if
    :: !FULL -> publish(written)
    :: else
    fi
#endif
}

/* L3: the sync covers what had been written when it was called. */
inline log_synced()
{
#ifdef BUG_DURABLE_AT_RETURN
    last = written;
#else
    last = syncing;
#endif
#ifndef BUG_SKIP_LOG_SYNC
    i = 0;
    do
    :: i < PLACES ->
        if
        :: LSN(now[group(i)]) <= syncing -> safe[group(i)] = now[group(i)]
        :: else
        fi;
        i++
    :: else -> break
    od;
#endif
    maximum(durable, last);
    maximum(promised, last);
    syncing = 0;
    if
    :: FULL -> publish(durable)
    :: else
    fi
}

/* L1, L6: a fresh segment at the end of the log; its header is durable before its first group. The
 * sync is of the whole log. */
inline segment_begin()
{
    next_segment = (FREE(0) -> 0 : (FREE(1) -> 1 : 2));
    now[header(next_segment)] = HEADER(seq_max + 1, written + 1);
    switching = 1
}

inline segment_begun()
{
    log_sync_all();
    maximum(durable, written);
    maximum(promised, written);
    segment = next_segment;
    next_segment = 0;
    seq_max++;
    seq = seq_max;
    at = 0;
    open = 1;
    switching = 0;
    if
    :: FULL -> publish(durable)
    :: else
    fi
}

/* ---- the checkpointer (C3) ---- */

inline checkpoint_freeze()
{
    if
    :: !must_publish -> checkpoints++
    :: else
    fi;
    batches++;
    frozen = ROOT(VERSION(now[container(entry)]) + 1, watermark, history[watermark], seq, at,
                  batches);
    checkpoint = 1
}

inline checkpoint_write()
{
    now[container(tail)] = DATA(ROOT_IMAGE(frozen));
    now[container(tail + 1)] = frozen;
    tail = tail + 2;
    frozen_end = tail;
    checkpoint = 2
}

inline checkpoint_synced()
{
#ifndef BUG_SKIP_CONTAINER_SYNC
    entries_sync(frozen_end);
#endif
    maximum(synced, frozen_end);
    checkpoint = 3
}

inline checkpoint_slot_write()
{
    now[slots(1 - slot)] =
        SLOT(generation + 1, frozen_end - 1, ROOT_SEQ(frozen), ROOT_AT(frozen), durable, synced);
    checkpoint = 4
}

inline slot_take(s)
{
    slot = s;
    generation = GENERATION(now[slots(s)]);
    entry = SLOT_ENTRY(now[slots(s)]);
    start_seq = SLOT_SEQ(now[slots(s)]);
    start_at = SLOT_AT(now[slots(s)])
}

inline checkpoint_done()
{
    safe[slots(1 - slot)] = now[slots(1 - slot)];
    slot_take(1 - slot);
    maximum(promised, ROOT_LSN(frozen));
    checkpoint = 0;
    frozen = 0;
    frozen_end = 0;
    if
    :: must_publish -> /* recovery is over: what it found can be seen */
        must_publish = 0;
        publish(watermark)
    :: else
    fi
}

/* ---- crashes ---- */

inline process_forget()
{
    writer[0] = 0; writer[1] = 0; mine[0] = 0; mine[1] = 0; batch_end = 0;
    assigned = 0; written = 0; durable = 0; watermark = 0; queued_batch = 0;
    open = 0; segment = 0; seq = 0; at = 0; seq_max = 0; switching = 0; next_segment = 0;
    syncing = 0; checkpoint = 0; frozen = 0; frozen_end = 0; must_publish = 0; tail = 0;
    synced = 0; entry = 0; start_seq = 0; start_at = 0; slot = 0; generation = 0
}

/* Every unsynced piece stays or goes on its own; a torn header can be neither. */
inline lose()
{
    i = 0;
    do
    :: i < DISK && now[i] == safe[i] -> i++
    :: i < DISK && now[i] != safe[i] -> now[i] = safe[i]; i++
    :: i < DISK && now[i] != safe[i] -> safe[i] = now[i]; i++
    :: i < DISK && now[i] != safe[i] && i >= header(0) && i < container(0) ->
        now[i] = 0;
        safe[i] = 0;
        i++
    :: i >= DISK -> break
    od;
    i = 0
}

/* ---- recovery ---- */

/* Steps 1 and 2: the newer slot; a complete root behind it, with everything before it, is newer. */
inline root_choose()
{
    i = (GENERATION(now[slots(1)]) > GENERATION(now[slots(0)]) -> 1 : 0);
    slot_take(i);
    assert(KIND(now[container(entry)]) == 2); /* 4: the slot names a root that is there */
    i = entry + 1;
    do
    :: i < ENTRIES && now[container(i)] != 0 ->
        if
        :: KIND(now[container(i)]) == 2 ->
            entry = i;
            start_seq = ROOT_SEQ(now[container(i)]);
            start_at = ROOT_AT(now[container(i)])
        :: else
        fi;
        i++
#ifdef BUG_ROOT_UNCHECKED
    :: i < ENTRIES && now[container(i)] == 0 -> i++
#endif
    :: else -> break
    od;
    tail = entry + 1
}

/* 3: is there an entry with that batch? */
inline batch_need(b)
{
    j = 0;
    do
    :: j < ENTRIES && now[container(j)] != DATA(b) -> j++
    :: else -> break
    od;
    assert(j < ENTRIES)
}

inline root_check()
{
    thing = now[container(entry)];
    assert(ROOT_LSN(thing) == 0 || history[ROOT_LSN(thing)] == ROOT_TXN(thing)); /* 1 */
    if
    :: ROOT_IMAGE(thing) != 0 -> batch_need(ROOT_IMAGE(thing))
    :: else
    fi
}

/* The frames of a group: each is what the history has under its lsn (1). */
inline group_replay(g)
{
    j = 0;
    do
    :: j < COUNT(g) ->
        assert(next_lsn <= TXNS);
        assert(history[next_lsn] == TXN(g) + j);
        next_lsn++;
        j++
    :: else -> break
    od;
    if
    :: BATCH(g) != 0 -> batch_need(BATCH(g))
    :: else
    fi;
#ifndef BUG_CUT_UNCHECKED
    maximum(tail, TAIL(g));
#endif
    must_publish = 1
}

/* L2: the segment with the highest sequence above the present one that begins with the next lsn. */
inline successor_find()
{
    here = SEGMENTS;
    best = seq;
    i = 0;
    do
    :: i < SEGMENTS ->
        if
        :: PLACE_SEQ(i) > best && PLACE_LSN(i) == next_lsn ->
            best = PLACE_SEQ(i);
            here = i
        :: else
        fi;
        i++
    :: else -> break
    od
}

inline start_find()
{
    seq = start_seq;
    at = start_at;
    segment = SEGMENTS;
    i = 0;
    do
    :: i < SEGMENTS ->
        if
        :: PLACE_SEQ(i) == seq -> segment = i
        :: else
        fi;
        i++
    :: else -> break
    od
}

#define GROUP_FOLLOWS \
    (segment < SEGMENTS && at < GROUPS && SEQ(now[group(segment * GROUPS + at)]) == seq && \
     LSN(now[group(segment * GROUPS + at)]) == next_lsn)

/* Step 3. */
inline log_scan()
{
    next_lsn = ROOT_LSN(now[container(entry)]) + 1;
    start_find();
    do
    :: true ->
        successor_find();
        if
        :: here < SEGMENTS ->
            segment = here;
            seq = best;
            at = 0
        :: here == SEGMENTS && GROUP_FOLLOWS ->
            thing = now[group(segment * GROUPS + at)];
            group_replay(thing);
            at++
        :: else -> break
        fi
    od
}

/* 4: a group or slot that knows of a sync beyond the end would say that this is damage. */
inline damage_look()
{
    i = 0;
    do
    :: i < PLACES ->
        assert(DURABLE(now[group(i)]) < next_lsn);
        maximum(seq_max, SEQ(now[group(i)]));
        i++
    :: else -> break
    od;
    i = 0;
    do
    :: i < SEGMENTS -> maximum(seq_max, SEQ(now[header(i)])); i++
    :: else -> break
    od;
    maximum(seq_max, seq);
    assert(DURABLE(now[slots(0)]) < next_lsn);
    assert(DURABLE(now[slots(1)]) < next_lsn);
#ifndef BUG_CUT_UNCHECKED
    maximum(tail, TAIL(now[slots(slot)]));
#endif
    i = 0;
    do
    :: i < tail -> assert(now[container(i)] != 0); i++ /* step 4: the walk covers the tail */
    :: else -> break
    od
}

inline found_judge()
{
    last = next_lsn - 1;
    assert(last >= promised);           /* 2 */
    assert(!FULL || last >= seen);      /* 2 */
    if
    :: bulk_lsn > last -> bulk_lsn = 0; /* that commit was lost, rightly */
    :: else
    fi
}

inline history_cut()
{
    i = last + 1;
    do
    :: i <= TXNS -> history[i] = 0; i++
    :: else -> break
    od;
    assigned = last; written = last; durable = last; watermark = last
}

/* Everything up to the choice only reads, so it is one step. */
inline recovery_read()
{
    root_choose();
    root_check();
    log_scan();
    damage_look();
    found_judge();
    history_cut()
}

/* Step 5. */
inline recovery_synced()
{
    entries_sync(ENTRIES);
    log_sync_all();
    maximum(promised, watermark)
}

inline recovery_cut()
{
    i = tail;
    do
    :: i < ENTRIES -> now[container(i)] = 0; i++
    :: else -> break
    od;
    if
    :: bulk_lsn != 0 -> batch_need(bulk)
    :: else
    fi
}

inline recovery_slot_write()
{
    now[slots(1 - slot)] = SLOT(generation + 1, entry, start_seq, start_at, durable, tail)
}

inline recovery_end()
{
    synced = tail;
#ifdef BUG_KEEP_SALT
    open = (segment < SEGMENTS -> 1 : 0);
#endif
    step = UP;
    if
    :: !must_publish -> publish(watermark)
    :: else
    fi
}

inline disk_create()
{
    now[container(0)] = ROOT(1, 0, 0, 1, 0, 0);
    safe[container(0)] = now[container(0)];
    now[header(0)] = HEADER(1, 1);
    safe[header(0)] = now[header(0)];
    now[slots(0)] = SLOT(1, 0, 1, 0, 0, 1);
    safe[slots(0)] = now[slots(0)];
    tail = 1; synced = 1; seq = 1; seq_max = 1; open = 1;
    slot_take(0)
}

init
{
    d_step { disk_create(); scratch_clear() };
end:
    do
    /* the writers */
    :: step == UP && !must_publish && writer[0] == 0 && txns + (writer[1] == 2) < TXNS ->
        d_step { commit_assign(0) }
    :: step == UP && !must_publish && writer[1] == 0 && txns < TXNS -> d_step { commit_assign(1) }
    :: step == UP && !must_publish && writer[1] == 0 && txns < TXNS && bulks < BULKS ->
        d_step { batch_write() }
    :: step == UP && writer[1] == 2 -> d_step { batch_synced(); scratch_clear() }
    :: step == UP && writer[0] == 1 && watermark >= mine[0] -> d_step { writer[0] = 0; mine[0] = 0 }
    :: step == UP && writer[1] == 1 && watermark >= mine[1] -> d_step { writer[1] = 0; mine[1] = 0 }
    /* the leader */
    :: step == UP && assigned > written && open && at < GROUPS -> d_step { group_write() }
    :: step == UP && assigned > written && (!open || at == GROUPS) && !switching && syncing == 0 &&
       ANY_FREE ->
        d_step { segment_begin() }
    :: step == UP && switching -> d_step { segment_begun(); scratch_clear() }
    :: step == UP && syncing == 0 && durable < written -> syncing = written
    :: step == UP && syncing != 0 -> d_step { log_synced(); scratch_clear() }
    /* the checkpointer */
    :: step == UP && checkpoint == 0 && (must_publish || checkpoints < CHECKPOINTS) &&
       written == watermark && watermark > ROOT_LSN(now[container(entry)]) ->
        d_step { checkpoint_freeze() }
    :: step == UP && checkpoint == 1 && durable >= ROOT_LSN(frozen) ->
        d_step { checkpoint_write() }
    :: step == UP && checkpoint == 2 -> d_step { checkpoint_synced(); scratch_clear() }
    :: step == UP && checkpoint == 3 -> d_step { checkpoint_slot_write() }
    :: step == UP && checkpoint == 4 -> d_step { checkpoint_done() }
    /* a crash: the process alone, or the power */
    :: crashes < CRASHES && txns > 0 ->
        d_step { crashes++; process_forget(); step = OPENING }
    :: crashes < CRASHES && txns > 0 ->
        atomic { crashes++; process_forget(); step = OPENING; lose() }
    /* recovery, which a crash may meet at each of its steps */
    :: step == OPENING -> d_step { recovery_read(); scratch_clear(); step = READ }
#ifdef BUG_RECOVERY_UNSYNCED
    :: step == READ -> step = SYNCED
#else
    :: step == READ -> d_step { recovery_synced(); scratch_clear(); step = SYNCED }
#endif
    :: step == SYNCED -> d_step { recovery_cut(); scratch_clear(); step = CUT }
    :: step == CUT -> d_step { entries_sync(ENTRIES); scratch_clear(); step = CUT_SYNCED }
    :: step == CUT_SYNCED && entry != SLOT_ENTRY(now[slots(slot)]) ->
        d_step { recovery_slot_write(); step = SLOT_WRITTEN }
    :: step == CUT_SYNCED && entry == SLOT_ENTRY(now[slots(slot)]) -> d_step { recovery_end() }
    :: step == SLOT_WRITTEN ->
        d_step { log_sync_all(); slot_take(1 - slot); recovery_end(); scratch_clear() }
    od
}

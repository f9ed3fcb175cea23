/* commit.pml -- the protocol of commits, checkpoints and recovery, for the model checker spin.
 *
 * Two writers (the second loads in bulk when it likes), a leader that writes what is queued as one
 * group, a sync that runs beside the next write, a checkpointer, and up to CRASHES crashes at any
 * step, those of recovery included. A crash kills the process (what was written stays readable but
 * unsynced) or cuts the power (of what was not synced any part is there, in any order).
 *
 * The commits have numbers of their own (`txn`, never reused) beside the lsn, which is reused after a
 * commit was lost: what recovery finds is compared with what was committed under that lsn on the
 * present line of history. All commits have the same bytes: the model relies on no checksum to tell
 * two apart.
 *
 * Asserted when recovery has chosen what it found:
 *   1. it is a prefix of the history: root and log fit, nothing comes back from an abandoned one;
 *   2. it holds everything that was visible before the crash (FULL), and in either mode everything
 *      that a sync of the log covered or a checkpoint published;
 *   3. it has every batch that a commit in it names, also after the tail was cut;
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
#define CHECKPOINTS 1 /* beside those of recovery */
#define SEGMENTS 3
#define GROUPS 2 /* in one segment */
#define ENTRIES 5

/* ---- what is on the disk: as read now, and as it would be after a cut of the power ---- */

/* A group: the segment's sequence, first lsn, number of frames, first txn, batch named by a frame, and
 * the durable lsn known when it was written. 0: nothing readable. */
#define GROUP(seq, lsn, n, txn, batch, dl) \
    ((seq) | (lsn) << 4 | (n) << 8 | (txn) << 12 | (batch) << 16 | (dl) << 20)
#define SEQ(g) ((g) & 15)
#define LSN(g) (((g) >> 4) & 15)
#define COUNT(g) (((g) >> 8) & 15)
#define TXN(g) (((g) >> 12) & 15)
#define BATCH(g) (((g) >> 16) & 15)
#define DURABLE(g) (((g) >> 20) & 15)
#define PLACES 6 /* SEGMENTS * GROUPS */

/* A segment's header: sequence and first lsn. */
#define HEADER(seq, lsn) ((seq) | (lsn) << 4)

/* An entry of the container. Data: the batch. Checkpoint: root version, last lsn and txn in it, and
 * where the group after it begins. */
#define DATA(batch) (1 | (batch) << 4)
#define ROOT(version, lsn, txn, seq, at) \
    (2 | (version) << 4 | (lsn) << 8 | (txn) << 12 | (seq) << 16 | (at) << 20)
#define KIND(e) ((e) & 3)
#define VERSION(e) (((e) >> 4) & 15)
#define ROOT_LSN(e) (((e) >> 8) & 15)
#define ROOT_TXN(e) (((e) >> 12) & 15)
#define ROOT_SEQ(e) (((e) >> 16) & 15)
#define ROOT_AT(e) (((e) >> 20) & 15)

/* The slots A and B: generation, entry and version of the root, replay from, durable lsn. */
#define SLOT(gen, entry, version, seq, at, dl) \
    ((gen) | (entry) << 4 | (version) << 8 | (seq) << 12 | (at) << 16 | (dl) << 20)
#define GENERATION(s) ((s) & 15)
#define SLOT_ENTRY(s) (((s) >> 4) & 15)
#define SLOT_VERSION(s) (((s) >> 8) & 15)
#define SLOT_SEQ(s) (((s) >> 12) & 15)
#define SLOT_AT(s) (((s) >> 16) & 15)
#define SLOT_DURABLE(s) (((s) >> 20) & 15)

/* One array holds it all: groups, headers, entries, slots. */
#define group(i) (i)
#define header(i) (6 + (i))
#define container(i) (9 + (i))
#define slots(i) (14 + (i))
#define DISK 16
int now[DISK], safe[DISK];

/* ---- the history, which no process sees ---- */
byte history[TXNS + 1]; /* lsn -> txn on the present line */
byte txns, crashes, checkpoints, bulks;
byte seen;      /* last lsn that was ever visible */
byte promised;  /* last lsn that a sync of the log or a checkpoint covered */
byte bulk_lsn;  /* lsn of the commit that names the batch; 0: none yet */

/* ---- the process; all of it is gone with a crash ---- */
#define UP 0 /* otherwise the step that recovery has reached */
#define OPENING 1
#define READ 2
#define SYNCED 3
#define CUT 4
#define CUT_SYNCED 5
#define ENTRY_WRITTEN 6
#define ENTRY_SYNCED 7
#define SEGMENT_WRITTEN 8
#define SEGMENT_SYNCED 9
#define SLOT_WRITTEN 10
byte step;
byte writer[2];     /* 0 idle, 1 waits for its commit, 2 its batch is being synced */
byte mine[2];       /* lsn it waits for */
byte batch_end;     /* entries that the sync of the batch covers */
byte assigned, written, durable, watermark;
byte queued_batch;  /* batch named by a queued frame */
byte segment, seq, at; /* where the next group goes: segment, its sequence, place in it */
bit switching;      /* a header for the next segment is being synced */
byte next_segment;
byte syncing;       /* last lsn that the running sync covers; 0: none runs */
byte checkpoint;    /* 0 none, 1 frozen, 2 entry written, 3 entry synced, 4 slot written */
int frozen;         /* the root it makes */
byte frozen_end;    /* entries that its sync covers */
byte tail;          /* entries in the container */
byte entry, version, generation, replay_seq, replay_at; /* the root that counts, its slot's */
byte slot;          /* which slot holds it */
byte found_seq;     /* recovery: highest sequence seen */
bit replayed;       /* recovery: there were frames */

/* Scratch of single steps: 0 between them. */
byte i, j, next_lsn, last, here, now_seq;
int thing;

inline scratch_clear()
{
    i = 0; j = 0; next_lsn = 0; last = 0; here = 0; now_seq = 0; thing = 0;
}

/* A segment that is neither read by a recovery of the present root nor written to. */
#define FREE(s) ((s) != segment && \
                 ((now[header(s)] & 15) < replay_seq || (now[header(s)] & 15) > seq) || \
                 now[header(s)] == 0)
#define FREE_COUNT (FREE(0) + FREE(1) + FREE(2))

inline pick_free_segment(out)
{
    if
    :: FREE(0) -> out = 0
    :: !FREE(0) && FREE(1) -> out = 1
    :: !FREE(0) && !FREE(1) -> out = 2
    fi
}

inline entries_sync(end)
{
    i = 0;
    do
    :: i < end && i < ENTRIES -> safe[container(i)] = now[container(i)]; i++
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
    now[container(tail)] = DATA(bulks);
    tail++;
    batch_end = tail;
    writer[1] = 2
}

inline batch_synced()
{
#ifndef BUG_SKIP_CONTAINER_SYNC
    entries_sync(batch_end);
#endif
    batch_end = 0;
    commit_assign(1);
    queued_batch = bulks;
    bulk_lsn = assigned
}

inline publish(lsn)
{
    if
    :: lsn > watermark ->
        watermark = lsn;
        if
        :: lsn > seen -> seen = lsn
        :: else
        fi
    :: else
    fi
}

inline group_write()
{
    now[group(segment * GROUPS + at)] =
        GROUP(seq, written + 1, assigned - written, history[written + 1], queued_batch, durable);
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

/* The sync covers what had been written when it was called. */
inline log_synced()
{
#ifndef BUG_SKIP_LOG_SYNC
    i = 0;
    do
    :: i < PLACES ->
        if
        :: now[group(i)] != 0 && LSN(now[group(i)]) <= syncing -> safe[group(i)] = now[group(i)]
        :: else
        fi;
        i++
    :: else -> break
    od;
#endif
#ifdef BUG_DURABLE_AT_RETURN
    syncing = written;
#endif
    durable = syncing;
    promised = syncing;
    syncing = 0;
    if
    :: FULL -> publish(durable)
    :: else
    fi
}

inline segment_begin()
{
    pick_free_segment(next_segment);
    now[header(next_segment)] = HEADER(seq + 1, written + 1);
    switching = 1
}

inline segment_begun()
{
    safe[header(next_segment)] = now[header(next_segment)];
    segment = next_segment;
    next_segment = 0;
    seq++;
    at = 0;
    switching = 0
}

/* ---- the checkpointer ---- */

inline checkpoint_freeze()
{
    checkpoints++;
    frozen = ROOT(version + 1, watermark, history[watermark], seq, at);
    checkpoint = 1
}

inline checkpoint_write()
{
    now[container(tail)] = frozen;
    tail++;
    frozen_end = tail;
    checkpoint = 2
}

inline checkpoint_entry_synced()
{
#ifndef BUG_SKIP_CONTAINER_SYNC
    entries_sync(frozen_end);
#endif
    checkpoint = 3
}

inline checkpoint_slot_write()
{
    now[slots(1 - slot)] = SLOT(generation + 1, frozen_end - 1, VERSION(frozen), ROOT_SEQ(frozen),
                              ROOT_AT(frozen), durable);
    checkpoint = 4
}

inline root_take(s)
{
    slot = s;
    generation = GENERATION(now[slots(s)]);
    entry = SLOT_ENTRY(now[slots(s)]);
    version = SLOT_VERSION(now[slots(s)]);
    replay_seq = SLOT_SEQ(now[slots(s)]);
    replay_at = SLOT_AT(now[slots(s)])
}

inline checkpoint_slot_synced()
{
    safe[slots(1 - slot)] = now[slots(1 - slot)];
    root_take(1 - slot);
    if
    :: ROOT_LSN(frozen) > promised -> promised = ROOT_LSN(frozen)
    :: else
    fi;
    checkpoint = 0;
    frozen = 0;
    frozen_end = 0
}

/* ---- crashes ---- */

inline process_forget()
{
    writer[0] = 0; writer[1] = 0; mine[0] = 0; mine[1] = 0; batch_end = 0;
    assigned = 0; written = 0; durable = 0; watermark = 0; queued_batch = 0;
    segment = 0; seq = 0; at = 0; switching = 0; next_segment = 0; syncing = 0;
    checkpoint = 0; frozen = 0; frozen_end = 0; tail = 0;
    entry = 0; version = 0; generation = 0; replay_seq = 0; replay_at = 0; slot = 0;
    found_seq = 0; replayed = 0
}

/* Every unsynced piece stays or goes on its own. */
inline lose()
{
    i = 0;
    do
    :: i < DISK && now[i] == safe[i] -> i++
    :: i < DISK && now[i] != safe[i] -> now[i] = safe[i]; i++
    :: i < DISK && now[i] != safe[i] -> safe[i] = now[i]; i++
    :: i >= DISK -> break
    od;
    i = 0
}

/* ---- recovery ---- */

/* The newest slot, and where its root is; a complete root beyond it is newer. */
inline root_choose()
{
    i = (GENERATION(now[slots(1)]) > GENERATION(now[slots(0)]) -> 1 : 0);
    root_take(i);
    assert(KIND(now[container(entry)]) == 2);            /* 4: the slot names a root that is there */
    assert(VERSION(now[container(entry)]) == version);
    i = entry + 1;
    do
    :: i < ENTRIES ->
        if
        :: KIND(now[container(i)]) == 2 && VERSION(now[container(i)]) > version ->
            entry = i;
            version = VERSION(now[container(i)]);
            replay_seq = ROOT_SEQ(now[container(i)]);
            replay_at = ROOT_AT(now[container(i)])
        :: else
        fi;
        i++
    :: else -> break
    od
}

inline segment_find(sequence, out)
{
    i = 0;
    out = SEGMENTS;
    do
    :: i < SEGMENTS ->
        if
        :: (now[header(i)] & 15) == sequence -> out = i
        :: else
        fi;
        i++
    :: else -> break
    od
}

/* The frames after the root: each is what the history has under its lsn (1). */
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
    replayed = 1;
    if
    :: BATCH(g) != 0 -> batch_need(BATCH(g))
    :: else
    fi
}

/* The batch is in the container (3), and the cut must stay behind it. */
inline batch_need(b)
{
    j = 0;
    last = ENTRIES;
    do
    :: j < ENTRIES ->
        if
        :: now[container(j)] == DATA(b) -> last = j
        :: else
        fi;
        j++
    :: else -> break
    od;
    assert(last < ENTRIES);
#ifndef BUG_CUT_UNCHECKED
    if
    :: last + 1 > tail -> tail = last + 1
    :: else
    fi
#endif
}

inline log_scan()
{
    next_lsn = ROOT_LSN(now[container(entry)]) + 1;
    now_seq = replay_seq;
    at = replay_at;
    segment_find(now_seq, segment);
    assert(segment < SEGMENTS);
    do
    :: at < GROUPS && SEQ(now[group(segment * GROUPS + at)]) == now_seq &&
       LSN(now[group(segment * GROUPS + at)]) == next_lsn ->
        thing = now[group(segment * GROUPS + at)];
        group_replay(thing);
        at++
    :: else ->
        segment_find(now_seq + 1, here);
        if
        :: here < SEGMENTS && (now[header(here)] >> 4) == next_lsn ->
            segment = here;
            now_seq++;
            at = 0
        :: else -> break
        fi
    od;
    seq = now_seq
}

/* A later group or a slot that knows of a sync beyond the end says that this is damage (4). */
inline damage_look()
{
    found_seq = 0;
    i = 0;
    do
    :: i < PLACES ->
        assert(!(SEQ(now[group(i)]) >= seq && DURABLE(now[group(i)]) >= next_lsn));
        if
        :: SEQ(now[group(i)]) > found_seq -> found_seq = SEQ(now[group(i)])
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0;
    do
    :: i < SEGMENTS ->
        if
        :: (now[header(i)] & 15) > found_seq -> found_seq = now[header(i)] & 15
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = (GENERATION(now[slots(1)]) > GENERATION(now[slots(0)]) -> 1 : 0);
    assert(SLOT_DURABLE(now[slots(i)]) < next_lsn)
}

inline found_judge()
{
    last = next_lsn - 1;
    i = ROOT_LSN(now[container(entry)]);
    assert(i == 0 || history[i] == ROOT_TXN(now[container(entry)])); /* 1: the root is of this line */
    assert(last >= promised);                                   /* 2 */
    assert(!FULL || last >= seen);                              /* 2 */
    if
    :: bulk_lsn > last -> bulk_lsn = 0 /* that commit was lost, rightly */
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
    tail = entry + 1;
    log_scan();
    damage_look();
    found_judge();
    history_cut();
    scratch_clear()
}

inline recovery_cut()
{
    i = tail;
    do
    :: i < ENTRIES -> now[container(i)] = 0; i++
    :: else -> break
    od;
    i = 0;
    if
    :: bulk_lsn != 0 -> /* 3: what is committed is still there */
        last = 0;
        do
        :: i < ENTRIES ->
            if
            :: now[container(i)] == DATA(bulks) -> last = 1
            :: else
            fi;
            i++
        :: else -> break
        od;
        assert(last == 1)
    :: else
    fi
}

inline recovery_entry_write()
{
    i = (VERSION(now[container(entry)]) > version -> VERSION(now[container(entry)]) : version);
    now[container(tail)] = ROOT(i + 1, watermark, history[watermark], seq, at);
    entry = tail;
    version = i + 1;
    tail++
}

inline recovery_segment_write()
{
    pick_free_segment(next_segment);
    now[header(next_segment)] = HEADER(found_seq + 1, watermark + 1)
}

inline recovery_segment_synced()
{
    log_sync_all();
    segment = next_segment;
    seq = found_seq + 1;
    at = 0;
    next_segment = 0;
    found_seq = 0
}

inline recovery_slot_write()
{
    now[slots(1 - slot)] = SLOT(generation + 1, entry, version, seq, at, watermark)
}

inline recovery_end()
{
    log_sync_all();
    root_take(1 - slot);
    seen = watermark;
    promised = watermark;
    replayed = 0;
    found_seq = 0;
    step = UP
}

inline disk_create()
{
    now[container(0)] = ROOT(1, 0, 0, 1, 0);
    safe[container(0)] = now[container(0)];
    now[header(0)] = HEADER(1, 1);
    safe[header(0)] = now[header(0)];
    now[slots(0)] = SLOT(1, 0, 1, 1, 0, 0);
    safe[slots(0)] = now[slots(0)];
    tail = 1;
    seq = 1;
    root_take(0)
}

init
{
    d_step { disk_create(); scratch_clear() };
end:
    do
    /* the writers */
    :: step == UP && writer[0] == 0 && txns + (writer[1] == 2) < TXNS -> d_step { commit_assign(0) }
    :: step == UP && writer[1] == 0 && txns < TXNS -> d_step { commit_assign(1) }
    :: step == UP && writer[1] == 0 && txns < TXNS && bulks < BULKS && tail + 2 < ENTRIES ->
        d_step { batch_write() }
    :: step == UP && writer[1] == 2 -> d_step { batch_synced(); scratch_clear() }
    :: step == UP && writer[0] == 1 && watermark >= mine[0] -> d_step { writer[0] = 0; mine[0] = 0 }
    :: step == UP && writer[1] == 1 && watermark >= mine[1] -> d_step { writer[1] = 0; mine[1] = 0 }
    /* the leader; one segment is left for recovery */
    :: step == UP && assigned > written && at < GROUPS -> d_step { group_write() }
    :: step == UP && assigned > written && at == GROUPS && !switching && FREE_COUNT > 1 ->
        d_step { segment_begin() }
    :: step == UP && switching -> d_step { segment_begun() }
    :: step == UP && syncing == 0 && durable < written -> syncing = written
    :: step == UP && syncing != 0 -> d_step { log_synced(); scratch_clear() }
    /* the checkpointer */
    :: step == UP && checkpoint == 0 && checkpoints < CHECKPOINTS && written == watermark &&
       watermark > ROOT_LSN(now[container(entry)]) && tail + 1 < ENTRIES ->
        d_step { checkpoint_freeze() }
    :: step == UP && checkpoint == 1 && durable >= ROOT_LSN(frozen) -> d_step { checkpoint_write() }
    :: step == UP && checkpoint == 2 -> d_step { checkpoint_entry_synced(); scratch_clear() }
    :: step == UP && checkpoint == 3 -> d_step { checkpoint_slot_write() }
    :: step == UP && checkpoint == 4 -> d_step { checkpoint_slot_synced() }
    /* a crash: the process alone, or the power */
    :: crashes < CRASHES && txns > 0 ->
        d_step { crashes++; process_forget(); step = OPENING }
    :: crashes < CRASHES && txns > 0 ->
        atomic {
            crashes++;
            process_forget();
            step = OPENING;
            lose()
        }
    /* recovery, which a crash may meet at each of its steps */
    :: step == OPENING -> d_step { recovery_read(); step = READ }
#ifdef BUG_RECOVERY_UNSYNCED
    :: step == READ -> step = SYNCED
#else
    :: step == READ -> d_step { entries_sync(ENTRIES); log_sync_all(); scratch_clear(); step = SYNCED }
#endif
    :: step == SYNCED -> d_step { recovery_cut(); scratch_clear(); step = CUT }
    :: step == CUT -> d_step { entries_sync(ENTRIES); scratch_clear(); step = CUT_SYNCED }
    :: step == CUT_SYNCED && replayed ->
        d_step { recovery_entry_write(); scratch_clear(); step = ENTRY_WRITTEN }
    :: step == CUT_SYNCED && !replayed -> step = ENTRY_SYNCED
    :: step == ENTRY_WRITTEN -> d_step { entries_sync(ENTRIES); scratch_clear(); step = ENTRY_SYNCED }
#ifdef BUG_KEEP_SALT
    :: step == ENTRY_SYNCED -> step = SEGMENT_SYNCED
#else
    :: step == ENTRY_SYNCED -> d_step { recovery_segment_write(); step = SEGMENT_WRITTEN }
    :: step == SEGMENT_WRITTEN ->
        d_step { recovery_segment_synced(); scratch_clear(); step = SEGMENT_SYNCED }
#endif
    :: step == SEGMENT_SYNCED -> d_step { recovery_slot_write(); step = SLOT_WRITTEN }
    :: step == SLOT_WRITTEN -> d_step { recovery_end(); scratch_clear() }
    od
}

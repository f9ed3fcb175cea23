#include "column/sealed.h"

#include <assert.h>
#include <string.h>

enum { PAD_BYTES = 16, PIECES_PER_COLUMN = 3 };

/* Spaces of one column inside the batch that is being built. */
struct pieces {
    void *space[PIECES_PER_COLUMN]; /* values or offsets, validity, heap; NULL: not there */
    uint64_t offset[PIECES_PER_COLUMN];
    uint64_t bytes[PIECES_PER_COLUMN];
    uint64_t text_bytes;
};
enum { PIECE_DATA, PIECE_VALIDITY, PIECE_HEAP };

struct sealing {
    struct cx *cx;
    llkv_pager *pager;
    const struct layout *layout;
    const struct sealed_source *source;
    llkv_pager_batch *batch;
    struct pieces *pieces; /* one per column */
    struct sealed *sealed;
    uint64_t scratch[2 * VEC_WORDS_MAX];
    uint64_t keys[VEC_ROWS_MAX];
};

static uint32_t vector_count(const struct layout *layout, uint32_t rows)
{
    return (rows + layout->vector_rows - 1) / layout->vector_rows;
}

static struct vector source_vector(struct sealing *s, uint32_t column, uint32_t vector)
{
    return s->source->vector(s->source->arg, column, vector, s->scratch);
}

/* How much room does the column need? */
static llkv_code measure(struct sealing *s, uint32_t c)
{
    const struct layout *layout = s->layout;
    enum phys_type phys = layout->phys[c];
    struct pieces *p = &s->pieces[c];
    const uint32_t vectors = vector_count(layout, s->source->rows);
    uint64_t nulls = 0;
    if (phys == PHYS_NULLS) return LLKV_OK;
    for (uint32_t v = 0; v < vectors; v++) {
        struct vector in = source_vector(s, c, v);
        if (in.validity != NULL) nulls += in.rows - bitmap_count(in.validity, in.rows);
        const struct str_view *views = in.data;
        for (uint32_t i = 0; phys == PHYS_VIEW && i < in.rows; i++)
            if (vec_valid(&in, i)) p->text_bytes += views[i].len;
    }
    if (p->text_bytes > INT32_MAX)
        return cx_fail(s->cx, LLKV_LIMIT, "the texts of a segment are too long");
    const uint64_t bits = (uint64_t)vectors * layout->vector_words * sizeof(uint64_t);
    p->bytes[PIECE_DATA] = phys == PHYS_VIEW   ? ((uint64_t)s->source->rows + 1) * sizeof(int32_t)
                           : phys == PHYS_BOOL ? bits
                                               : (uint64_t)s->source->rows * phys_bytes[phys];
    p->bytes[PIECE_HEAP] = p->text_bytes;
    p->bytes[PIECE_VALIDITY] = nulls == 0 ? 0 : bits;
    return LLKV_OK;
}

static llkv_code add_pieces(struct sealing *s, uint32_t c)
{
    struct pieces *p = &s->pieces[c];
    TRY(measure(s, c));
    for (uint32_t i = 0; i < PIECES_PER_COLUMN; i++) {
        if (p->bytes[i] == 0) continue;
        TRY(pager_batch_add(s->cx, s->pager, s->batch, p->bytes[i] + PAD_BYTES, &p->space[i],
                            &p->offset[i]));
        memset((uint8_t *)p->space[i] + p->bytes[i], 0, PAD_BYTES);
        s->sealed->batch_bytes = p->offset[i] + p->bytes[i] + PAD_BYTES;
    }
    return LLKV_OK;
}

static void copy_texts(struct pieces *p, const struct vector *in, uint32_t first)
{
    int32_t *offsets = (int32_t *)p->space[PIECE_DATA] + first;
    uint8_t *heap = p->space[PIECE_HEAP];
    const struct str_view *views = in->data;
    if (first == 0) offsets[0] = 0;
    uint32_t at = (uint32_t)offsets[0];
    for (uint32_t i = 0; i < in->rows; i++) {
        uint32_t len = vec_valid(in, i) ? views[i].len : 0;
        if (len != 0) memcpy(heap + at, str_data(&views[i]), len);
        at += len;
        offsets[i + 1] = (int32_t)at;
    }
}

static void copy_bits(uint64_t *to, const uint64_t *from, uint32_t rows, uint32_t words)
{
    memset(to, 0, words * sizeof *to);
    if (from == NULL) {
        bitmap_fill(to, rows, true);
    } else {
        bitmap_copy_bits(to, from, 0, rows);
    }
}

static void copy_vector(struct sealing *s, uint32_t c, uint32_t v, const struct vector *in)
{
    const struct layout *layout = s->layout;
    enum phys_type phys = layout->phys[c];
    struct pieces *p = &s->pieces[c];
    const uint32_t first = v * layout->vector_rows;
    const uint32_t words = layout->vector_words;
    if (phys == PHYS_NULLS) return;
    if (phys == PHYS_VIEW) {
        copy_texts(p, in, first);
    } else if (phys == PHYS_BOOL) {
        copy_bits((uint64_t *)p->space[PIECE_DATA] + (size_t)v * words, in->data, in->rows, words);
    } else {
        const size_t width = phys_bytes[phys];
        memcpy((uint8_t *)p->space[PIECE_DATA] + first * width, in->data, in->rows * width);
    }
    if (p->space[PIECE_VALIDITY] == NULL) return;
    copy_bits((uint64_t *)p->space[PIECE_VALIDITY] + (size_t)v * words, in->validity, in->rows,
              words);
}

/* What the vector tells about the column. */
static void note_vector(struct sealing *s, uint32_t c, uint32_t v, const struct vector *in)
{
    enum phys_type phys = s->layout->phys[c];
    struct sealed_column *column = &s->sealed->columns[c];
    struct zone *zone = &column->zones[v];
    bool keyed = zone_has_keys(phys);
    if (phys == PHYS_NULLS) {
        zone->nulls = in->rows;
        zone_merge(&column->zone, zone);
        return;
    }
    if (keyed) zone_keys(phys, in->data, 0, in->rows, s->keys);
    zone_add(zone, keyed ? s->keys : NULL, in->validity, in->rows);
    zone_merge(&column->zone, zone);
    if (s->source->sketches != NULL)
        sketch_add(&s->source->sketches[c], phys, in->data, 0, in->validity, in->rows);
    if (zone->nulls != 0) column->ascending = column->strictly = false;
    if (!column->ascending) return;
    if (v == 0) column->first_key = s->keys[0];
    zone_order(s->keys, in->rows, v == 0 ? NULL : &column->last_key, &column->ascending,
               &column->strictly);
    column->last_key = s->keys[in->rows - 1];
}

static void fill_column(struct sealing *s, uint32_t c)
{
    struct sealed_column *column = &s->sealed->columns[c];
    column->ascending = column->strictly = zone_is_exact(s->layout->phys[c]);
    for (uint32_t v = 0; v < vector_count(s->layout, s->source->rows); v++) {
        struct vector in = source_vector(s, c, v);
        assert(in.shape == VEC_FLAT);
        copy_vector(s, c, v, &in);
        note_vector(s, c, v, &in);
    }
}

static llkv_code view_piece(struct sealing *s, uint32_t c, uint32_t piece, const uint8_t **out)
{
    struct pieces *p = &s->pieces[c];
    struct sealed *sealed = s->sealed;
    if (p->bytes[piece] == 0) return LLKV_OK;
    llkv_pager_view *view = &sealed->views[sealed->view_count];
    TRY(pager_view(s->cx, s->pager, pager_handle(sealed->batch_seq, p->offset[piece]),
                   p->bytes[piece] + PAD_BYTES, view));
    sealed->view_count++;
    *out = view->data;
    return LLKV_OK;
}

static llkv_code view_column(struct sealing *s, uint32_t c)
{
    struct sealed_column *column = &s->sealed->columns[c];
    const uint8_t *validity = NULL;
    TRY(view_piece(s, c, PIECE_DATA, &column->data));
    TRY(view_piece(s, c, PIECE_VALIDITY, &validity));
    TRY(view_piece(s, c, PIECE_HEAP, &column->heap));
    column->validity = (const uint64_t *)(const void *)validity;
    if (s->layout->phys[c] == PHYS_VIEW && column->heap == NULL) column->heap = column->data;
    return LLKV_OK;
}

/* The struct, its views and its zones: three allocations, all freed by sealed_free. */
static llkv_code sealed_alloc(struct cx *cx, struct mem_budget *budget, struct sealing *s)
{
    const struct layout *layout = s->layout;
    const uint32_t columns = layout->column_count;
    const uint32_t vectors = vector_count(layout, s->source->rows);
    size_t bytes = sizeof(struct sealed) + columns * sizeof(struct sealed_column);
    struct sealed *sealed = mem_alloc_zero(budget, bytes);
    if (sealed == NULL) return cx_nomem(cx);
    s->sealed = sealed;
    sealed->layout = layout;
    sealed->pager = s->pager;
    sealed->rows = s->source->rows;
    size_t view_bytes = (size_t)columns * PIECES_PER_COLUMN * sizeof(llkv_pager_view);
    sealed->views = mem_alloc_zero(budget, view_bytes);
    struct zone *zones = mem_alloc_zero(budget, (size_t)columns * vectors * sizeof *zones);
    sealed->columns[0].zones = zones; /* freed from here */
    if (sealed->views == NULL || zones == NULL) return cx_nomem(cx);
    for (uint32_t c = 0; c < columns; c++)
        sealed->columns[c].zones = zones + (size_t)c * vectors;
    return LLKV_OK;
}

void sealed_free(void *object)
{
    struct sealed *sealed = object;
    if (sealed == NULL) return;
    const llkv_pager_methods *methods = sealed->pager->methods;
    for (uint32_t i = 0; i < sealed->view_count; i++)
        methods->view_release(sealed->pager, &sealed->views[i]);
    if (sealed->batch_seq != 0) {
        uint64_t bytes = (sealed->batch_bytes + LLKV_PAGER_ALIGN - 1) / LLKV_PAGER_ALIGN;
        methods->discard(sealed->pager, sealed->batch_seq, 0, bytes * LLKV_PAGER_ALIGN);
    }
    mem_free(sealed->views);
    mem_free(sealed->columns[0].zones);
    mem_free(sealed);
}

static llkv_code seal_batch(struct cx *cx, struct sealing *s)
{
    const uint32_t columns = s->layout->column_count;
    TRY(pager_batch_begin(cx, s->pager, &s->batch));
    llkv_code rc = LLKV_OK;
    for (uint32_t c = 0; c < columns && rc == LLKV_OK; c++)
        rc = add_pieces(s, c);
    if (rc != LLKV_OK) {
        s->pager->methods->batch_abort(s->pager, s->batch);
        return rc;
    }
    for (uint32_t c = 0; c < columns; c++)
        fill_column(s, c);
    TRY(pager_batch_seal(cx, s->pager, s->batch, &s->sealed->batch_seq));
    for (uint32_t c = 0; c < columns; c++)
        TRY(view_column(s, c));
    return LLKV_OK;
}

llkv_code sealed_new(struct cx *cx, struct mem_budget *budget, llkv_pager *pager,
                     const struct layout *layout, const struct sealed_source *source,
                     struct sealed **out_sealed)
{
    assert(source->rows > 0);
    assert(source->rows <= layout->segment_rows);
    struct sealing *s = mem_alloc_zero(budget, sizeof *s);
    if (s == NULL) return cx_nomem(cx);
    s->cx = cx;
    s->pager = pager;
    s->layout = layout;
    s->source = source;
    llkv_code rc = LLKV_OK;
    s->pieces = mem_alloc_zero(budget, layout->column_count * sizeof *s->pieces);
    if (s->pieces == NULL) {
        rc = cx_nomem(cx);
        goto done;
    }
    TRY_TO(done, rc, sealed_alloc(cx, budget, s));
    TRY_TO(done, rc, seal_batch(cx, s));
    *out_sealed = s->sealed;
    s->sealed = NULL;
done:
    sealed_free(s->sealed);
    mem_free(s->pieces);
    mem_free(s);
    return rc;
}

struct vector sealed_vector(const struct sealed *sealed, uint32_t column, uint32_t vector,
                            uint32_t n)
{
    const struct layout *layout = sealed->layout;
    const struct sealed_column *sc = &sealed->columns[column];
    enum phys_type phys = layout->phys[column];
    struct vector v = {.phys = (uint8_t)phys, .shape = VEC_FLAT, .flags = VEC_STABLE, .rows = n};
    const size_t first = (size_t)vector * layout->vector_rows;
    assert(first + n <= sealed->rows);
    if (phys == PHYS_NULLS) return v;
    if (phys == PHYS_VIEW) {
        v.shape = VEC_OFFS;
        v.data = sc->data + first * sizeof(int32_t);
        v.aux = sc->heap;
    } else if (phys == PHYS_BOOL) {
        v.data = sc->data + (size_t)vector * layout->vector_words * sizeof(uint64_t);
    } else {
        v.data = sc->data + first * phys_bytes[phys];
    }
    if (sc->validity != NULL && sc->zones[vector].nulls != 0)
        v.validity = sc->validity + (size_t)vector * layout->vector_words;
    return v;
}

/* stored_priv.h -- the stored state of a table in memory, shared by writing (stored_write.c),
 * images (stored_image.c), folding (stored_fold.c) and loading (stored_load.c). */
#ifndef COLUMN_STORED_PRIV_H
#define COLUMN_STORED_PRIV_H
#include "column/store_priv.h"
#include "column/stored.h"

#define FRAGMENT_MAGIC UINT32_C(0x4754524c)
#define PATCH_MAGIC UINT32_C(0x5054524c)
#define DELETES_MAGIC UINT32_C(0x4454524c)
#define RECORD_MAGIC UINT32_C(0x5254524c)
#define IMAGE_MAGIC UINT32_C(0x4954524c)
#define SKETCHES_MAGIC UINT32_C(0x5354524c)

enum {
    FRAGMENT_BYTES =
        16 * 1024 * 1024, /* a fragment ends with the vector in which it gets so long */
    FRAGMENT_SMALL_BYTES = 4 * 1024 * 1024,
    FRAGMENTS_SMALL_MAX = 8, /* so many small ones at the end are merged */
    FRAGMENTS_MAX = 65536,
    PATCH_SHARE = 100, /* more than a hundredth of a segment: the chunk is written anew */
    PATCH_AT_LEAST = 16,
};

/* Rows of an open segment. */
struct stored_fragment {
    struct blob_ref blob;
    uint32_t first, rows;
};

struct stored_column {
    struct blob_ref chunk; /* the head; none while the segment is open */
    uint64_t chunk_bytes;  /* head and buffers */
    int64_t chunk_ts;      /* overlays up to here are in it; 0: none are */
    struct blob_ref patch;
};

struct stored_segment {
    uint32_t rows;
    int64_t ts; /* of the checkpoint that wrote the record */
    struct blob_ref record, deletes;
    uint32_t fragment_count;
    struct stored_fragment *fragments;
    uint32_t column_count;
    struct stored_column columns[];
};

/* All of them, and what the image adds. */
struct stored_image {
    struct mem_budget *budget;
    int64_t ts;
    uint64_t row_end;
    int64_t live_rows;
    struct blob_ref ref, sketches;
    uint32_t segment_count;
    struct stored_segment **segments; /* while staged: NULL where nothing changed */
};

/* A copy of `old` (NULL: an empty one) with room for `fragments` fragments. NULL: no memory. */
struct stored_segment *stored_segment_new(struct mem_budget *budget, uint32_t column_count,
                                          const struct stored_segment *old, uint32_t fragments);
void stored_segment_free(struct stored_segment *segment);
ALWAYS_INLINE bool stored_has_base(const struct stored_segment *segment)
{
    return segment != NULL && segment->column_count != 0 && segment->columns[0].chunk.bytes != 0;
}

/* ---- records and images as bytes (stored_image.c) ---- */
NODISCARD llkv_code stored_put_record(struct cx *cx, struct blob_sink *sink,
                                      struct stored_segment *segment);
NODISCARD llkv_code stored_get_record(struct cx *cx, struct store *store, struct blob_ref ref,
                                      struct stored_segment **out_segment);
/* `old`: where the references of unchanged segments stand. */
NODISCARD llkv_code stored_put_image(struct cx *cx, struct store *store, struct blob_sink *sink,
                                     struct stored_image *image, const struct stored_image *old);
NODISCARD llkv_code stored_get_image(struct cx *cx, struct store *store, struct blob_ref ref,
                                     struct stored_image **out_image);
#endif

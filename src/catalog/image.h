/* image.h -- an object of the catalog as bytes: in a checkpoint, and in a frame of the log.
 *
 * The same bytes everywhere: a table with its definition, an index with its key, a view or trigger
 * with its text. Ids go with them, so whoever reads them makes the object with the id it had. */
#ifndef CATALOG_IMAGE_H
#define CATALOG_IMAGE_H
#include "base/pack.h"
#include "catalog/catalog.h"

/* Ids count up from 1 and stay below it: the next one never wraps around. */
#define CATALOG_ID_MAX (UINT64_C(1) << 62)

/* What decoding finds. Texts, definitions and names live in the cx's arena. */
struct object_image {
    uint8_t kind; /* enum object_kind */
    uint64_t id;
    const char *schema, *name;
    const char *sql;                 /* VIEW, TRIGGER */
    const char *const *column_names; /* VIEW, or NULL */
    uint32_t column_count;
    uint64_t table_id;           /* INDEX, TRIGGER */
    const struct table_def *def; /* TABLE */
    const struct key_def *key;   /* INDEX */
};

/* Append it; the writer is bad for lack of memory. */
void catalog_object_encode(struct pack_writer *w, const struct object *object);
/* All of `bytes` is one object; everything in it is checked. LLKV_CORRUPT. */
NODISCARD llkv_code catalog_object_decode(struct cx *cx, const void *data, size_t bytes,
                                          struct object_image *out_image);
#endif

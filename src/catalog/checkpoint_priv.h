/* checkpoint_priv.h -- the catalog's image and the root, shared by writing and recovering.
 *
 * root   magic, format, commit, last id, sizes of units, the image's reference (its batch named),
 *        crc32c
 * image  magic, format, count, what the root replaced; per object: id, its definition, the image of
 *        its rows
 * replaced: magic, ranges of batches (handle, bytes) that the root before needed and this one does
 *        not: given up when the root is published, and again by whoever opens the file, as the
 *        first call may have come to nothing */
#ifndef CATALOG_CHECKPOINT_PRIV_H
#define CATALOG_CHECKPOINT_PRIV_H
#include "catalog/catalog_priv.h"
#include "catalog/checkpoint.h"
#include "catalog/image.h"
#include "table/checkpoint.h"

#define ROOT_MAGIC UINT64_C(0x31564b4c4c564b4c)
/* Commits are numbered from there on; no file gets so far. */
#define TS_STORED_MAX (INT64_MAX / 2)
#define CATALOG_MAGIC UINT32_C(0x4354524c)
#define REPLACED_MAGIC UINT32_C(0x4c54524c)
enum {
    CATALOG_FORMAT = 1,
    CATALOG_FIXED_BYTES = 12 + BLOB_REF_BYTES,
    CATALOG_OBJECT_BYTES = 8 + 2 * BLOB_REF_BYTES,
    OBJECTS_MAX = 1 << 24
};

/* What the current root says of an object. */
struct stored_object {
    uint64_t id, version; /* of the object that is in memory */
    struct blob_ref def;
};

struct stored_catalog {
    uint64_t root_version;
    int64_t ts;
    struct blob_ref image, replaced;
    uint32_t count;
    struct stored_object *objects; /* ids ascend */
};
#endif

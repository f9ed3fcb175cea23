/* stored.h -- what of a table stands in the file, and how it is written there and read back.
 *
 * The image of a table names a record per segment; a record names a chunk per column (or, while the
 * segment is open, tail fragments of rows), a patch per column that was updated a little, and the
 * deleted rows. Everything holds the state of one timestamp, the checkpoint's.
 *
 * A checkpoint is a reader: it needs a registered snapshot of that timestamp and runs beside
 * commits. It writes what changed since the last one into a sink and stages what the table will
 * say about itself; after the new root is published the staged state is applied, else freed.
 *
 * Threads: one checkpoint at a time; store_fold wants the commit mutex, which `exclusively` takes.
 * Holds:   a chunk, patch or record of the current root is discarded only after a root without it
 *          was published. */
#ifndef COLUMN_STORED_H
#define COLUMN_STORED_H
#include "column/store.h"

struct stored_image;

/* Write what changed since the last checkpoint, as of `ts`. *out_image stays NULL if nothing did.
 */
NODISCARD llkv_code store_checkpoint(struct cx *cx, struct store *store, struct blob_sink *sink,
                                     int64_t ts, struct stored_image **out_image);
/* The image of the table; the sink's until it is finished. */
struct blob_ref stored_image_ref(const struct stored_image *image);
/* Append the ranges (handle, bytes) that the image replaces: whoever opens a file whose root was
 * published, but where nothing was applied any more, gives them up then. */
void store_pack_replaced(struct store *store, const struct stored_image *image,
                         struct pack_writer *w);
/* The root that names the image is published: it is the state to go on from. Takes it over. */
void store_checkpoint_apply(struct store *store, struct stored_image *image,
                            const struct blob_sink *sink);
/* It was not. NULL is allowed. */
void stored_image_free(struct stored_image *image);
/* The image of the last checkpoint; bytes 0: there was none. */
struct blob_ref store_stored_ref(const struct store *store);

/* Run fn(cx, arg) under the commit mutex. */
typedef llkv_code store_exclusively_fn(struct cx *cx, void *manager,
                                       llkv_code (*fn)(struct cx *cx, void *arg), void *arg);
/* Columns that checkpoints wrote anew become the base in memory too, and overlays they cover are
 * cut, as far as every snapshot is new enough. */
NODISCARD llkv_code store_fold(struct cx *cx, struct store *store,
                               store_exclusively_fn *exclusively, void *manager);

/* Fill an empty store from an image, which is not younger than the commit `latest`. Everything is
 * checked; LLKV_CORRUPT. Nobody else uses the store yet; on failure it is only good for store_free. */
NODISCARD llkv_code store_load(struct cx *cx, struct store *store, struct blob_ref image,
                               int64_t latest);
#endif

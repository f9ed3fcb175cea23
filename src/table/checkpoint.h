/* checkpoint.h -- tables that survive in a pager: how the catalog writes them and finds them again.
 *
 * A checkpoint reads like everybody else, with a snapshot registered before the first table and
 * until everything is applied: table_checkpoint for each table, then one root that names all
 * images, then table_checkpoint_apply for each. If the root is not published, stored_image_free.
 *
 * Threads: one checkpoint at a time; commits and readers go on. */
#ifndef TABLE_CHECKPOINT_H
#define TABLE_CHECKPOINT_H
#include "column/stored.h"
#include "table/table.h"

/* Write what changed since the last checkpoint up to `ts`. *out_image stays NULL if nothing did,
 * and table_stored_ref holds on. */
NODISCARD llkv_code table_checkpoint(struct cx *cx, struct table *table, struct blob_sink *sink,
                                     int64_t ts, struct stored_image **out_image);
/* The image of the last checkpoint; bytes 0: the table was empty, or there was none. */
struct blob_ref table_stored_ref(const struct table *table);
/* Append the ranges of batches that the image replaces (column/stored.h). */
void table_pack_replaced(struct table *table, const struct stored_image *image,
                         struct pack_writer *w);
/* The root is published; the sink is finished. */
void table_checkpoint_apply(struct table *table, struct stored_image *image,
                            const struct blob_sink *sink);
/* Memory follows the file where no snapshot needs the older state: to be called after apply, and
 * again later. Not folding is not an error of the checkpoint. */
NODISCARD llkv_code table_fold(struct cx *cx, struct table *table);

/* A table whose rows stand in `image` (bytes 0: it has none); they are loaded later. */
NODISCARD llkv_code table_restore(struct cx *cx, struct txn_manager *manager,
                                  struct llkv_pager *pager, const struct table_options *options,
                                  const struct table_def *def, struct blob_ref image,
                                  struct table **out_table);
/* An index that was added to it later, before it is loaded. */
NODISCARD llkv_code table_key_restore(struct cx *cx, struct table *table, const struct key_def *def,
                                      struct key **out_key);
/* The definition of the key of an index, by id; NULL: there is none. */
const struct key_def *table_key_by_id(const struct table *table, uint64_t id);
#endif

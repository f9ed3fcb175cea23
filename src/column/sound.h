/* sound.h -- is what a file says a value of its type, and can what it says of values be true?
 *
 * The rest of the engine relies on values being such of their types (text is UTF-8, a time lies in
 * a day, a decimal has its digits), and on bounds that do not cross. Checked once, where values
 * come from a file: chunks when they are touched first, fragments, patches and the log when they
 * are read. A slot of NULL may hold anything. Pure functions. */
#ifndef COLUMN_SOUND_H
#define COLUMN_SOUND_H
#include "column/zone.h"

/* n values of FLAT data; views of texts lead to bytes that may be read. */
bool sound_values(struct type type, const void *data, const uint64_t *validity, uint32_t n);
/* Does each of the n texts of a heap that is valid UTF-8 begin at a character? The offsets, n + 1,
 * ascend. */
bool sound_starts(const int32_t *offsets, uint32_t n, const uint8_t *heap);
/* Bounds and counts that `rows` rows can have; `exactly`: each row counts once. */
bool sound_zone(const struct zone *zone, enum phys_type phys, uint64_t rows, bool exactly);
#endif

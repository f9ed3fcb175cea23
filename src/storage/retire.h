/* retire.h -- memory that readers may still follow: unlinked now, freed once they are gone.
 *
 * A store that readers walk without a lock never frees what they can reach. It unlinks it and hands
 * it to the keeper of the readers. The note that takes is part of the object itself, so retiring
 * needs no memory and cannot fail. */
#ifndef STORAGE_RETIRE_H
#define STORAGE_RETIRE_H
#include <stdint.h>

/* The first member of everything that is retired. */
struct retired {
    struct retired *next;
    uint64_t tag;
    void (*free)(void *object);
};

/* Whoever knows the readers. */
struct readers {
    /* Call object->free(object) once no reader registered now is left. `object` is unlinked: no new
     * reader can reach it. */
    void (*retire)(struct readers *readers, struct retired *object);
    /* No registered or future snapshot is older than this. */
    int64_t (*oldest_ts)(struct readers *readers);
};

static inline void readers_retire(struct readers *readers, struct retired *object,
                                  void (*free_object)(void *object))
{
    object->free = free_object;
    readers->retire(readers, object);
}
#endif

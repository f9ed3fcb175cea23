/* vec.h -- growing arrays in an arena: VEC_PUSH(cx, &v, item) on
 *     struct { T *items; uint32_t count, capacity; }
 * Old copies stay in the arena until it is reset (at most as much again as the final array). */
#ifndef BASE_VEC_H
#define BASE_VEC_H
#include <stdint.h>

#include "base/cx.h"

#define VEC(T)                                                                                     \
    struct {                                                                                       \
        T *items;                                                                                  \
        uint32_t count, capacity;                                                                  \
    }

/* Room for one more item; an expression of type llkv_code. */
#define VEC_RESERVE(cx, v)                                                                         \
    ((v)->count < (v)->capacity                                                                    \
         ? LLKV_OK                                                                                 \
         : vec_grow((cx), (void **)&(v)->items, &(v)->capacity, sizeof *(v)->items))

/* In a function that returns llkv_code; returns from it if there is no memory. */
#define VEC_PUSH(cx, v, ...)                                                                       \
    do {                                                                                           \
        TRY(VEC_RESERVE(cx, v));                                                                   \
        (v)->items[(v)->count++] = (__VA_ARGS__);                                                  \
    } while (0)

NODISCARD llkv_code vec_grow(struct cx *cx, void **items, uint32_t *capacity, size_t item_bytes);
#endif

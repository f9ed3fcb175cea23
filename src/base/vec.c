#include "base/vec.h"

#include <assert.h>
#include <string.h>

enum { VEC_FIRST_ITEMS = 8 };

llkv_code vec_grow(struct cx *cx, void **items, uint32_t *capacity, size_t item_bytes)
{
    assert(item_bytes != 0);
    uint32_t wanted = *capacity == 0 ? VEC_FIRST_ITEMS : *capacity * 2;
    if (wanted <= *capacity)
        return cx_fail(cx, LLKV_LIMIT, "a list has more than %u items", *capacity);
    void *grown = cx_alloc_array(cx, wanted, item_bytes);
    if (grown == NULL) return LLKV_NOMEM;
    if (*capacity != 0) memcpy(grown, *items, *capacity * item_bytes);
    *items = grown;
    *capacity = wanted;
    return LLKV_OK;
}

/* image.h -- the bytes of one file, as pages that copies share until one of them is written.
 *
 * A page that was never written is NULL and reads as zeros. Threads: an image is used by one at a
 * time; images that share pages may be used by different threads. Memory comes from malloc, not
 * from the library, whose allocations the tests count and fail; without it the test ends. */
#ifndef CRASH_IMAGE_H
#define CRASH_IMAGE_H
#include <stdint.h>

#include <stdbool.h>

enum { IMAGE_PAGE_BYTES = 4096 };

struct image_page;

/* Zero-initialised is an empty file. */
struct image {
    struct image_page **pages;
    uint64_t page_count; /* that `pages` has room for */
    uint64_t size;
};

void image_deinit(struct image *image);
/* `to` is overwritten, not released. */
void image_copy(struct image *to, const struct image *from);
/* Up to `bytes` bytes before the end; returns how many. */
uint64_t image_read(const struct image *image, void *out, uint64_t bytes, uint64_t offset);
/* `data` NULL: zeros. The file grows where it must. */
void image_write(struct image *image, const void *data, uint64_t bytes, uint64_t offset);
/* Cut or lengthen with zeros. */
void image_resize(struct image *image, uint64_t size);
/* Zeros inside the file; its size stays. */
void image_punch(struct image *image, uint64_t offset, uint64_t bytes);

/* Memory, or the end of the test. */
void *crash_alloc(uint64_t bytes);
void *crash_grow(void *memory, uint64_t bytes);
#endif

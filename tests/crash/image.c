#include "image.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct image_page {
    atomic_uint owners;
    uint8_t bytes[IMAGE_PAGE_BYTES];
};

void *crash_grow(void *memory, uint64_t bytes)
{
    void *grown = realloc(memory, bytes == 0 ? 1 : bytes);
    if (grown == NULL) {
        (void)fprintf(stderr, "no memory for the test\n");
        abort();
    }
    return grown;
}

void *crash_alloc(uint64_t bytes)
{
    void *memory = crash_grow(NULL, bytes);
    memset(memory, 0, bytes);
    return memory;
}

static void page_unref(struct image_page *page)
{
    if (page != NULL && atomic_fetch_sub(&page->owners, 1) == 1) free(page);
}

void image_deinit(struct image *image)
{
    for (uint64_t i = 0; i < image->page_count; i++)
        page_unref(image->pages[i]);
    free(image->pages);
    *image = (struct image){0};
}

void image_copy(struct image *to, const struct image *from)
{
    *to = *from;
    if (from->page_count == 0) {
        to->pages = NULL;
        return;
    }
    to->pages = crash_grow(NULL, from->page_count * sizeof(struct image_page *));
    for (uint64_t i = 0; i < from->page_count; i++) {
        to->pages[i] = from->pages[i];
        if (to->pages[i] != NULL) atomic_fetch_add(&to->pages[i]->owners, 1);
    }
}

static void reserve(struct image *image, uint64_t size)
{
    uint64_t count = (size + IMAGE_PAGE_BYTES - 1) / IMAGE_PAGE_BYTES;
    if (count <= image->page_count) return;
    if (count < image->page_count * 2) count = image->page_count * 2;
    image->pages = crash_grow(image->pages, count * sizeof(struct image_page *));
    for (uint64_t i = image->page_count; i < count; i++)
        image->pages[i] = NULL;
    image->page_count = count;
}

/* The page, ours alone. */
static uint8_t *page_writable(struct image *image, uint64_t index)
{
    struct image_page *page = image->pages[index];
    if (page != NULL && atomic_load(&page->owners) == 1) return page->bytes;
    struct image_page *copy = crash_grow(NULL, sizeof *copy);
    atomic_init(&copy->owners, 1);
    if (page != NULL)
        memcpy(copy->bytes, page->bytes, IMAGE_PAGE_BYTES);
    else
        memset(copy->bytes, 0, IMAGE_PAGE_BYTES);
    page_unref(page);
    image->pages[index] = copy;
    return copy->bytes;
}

/* The part of a range that lies in the page at `offset`. */
static uint64_t part_of(uint64_t offset, uint64_t bytes)
{
    uint64_t room = IMAGE_PAGE_BYTES - offset % IMAGE_PAGE_BYTES;
    return bytes < room ? bytes : room;
}

uint64_t image_read(const struct image *image, void *out, uint64_t bytes, uint64_t offset)
{
    if (offset >= image->size) return 0;
    if (bytes > image->size - offset) bytes = image->size - offset;
    uint8_t *to = out;
    for (uint64_t done = 0, part; done < bytes; done += part) {
        uint64_t at = offset + done;
        part = part_of(at, bytes - done);
        const struct image_page *page = image->pages[at / IMAGE_PAGE_BYTES];
        if (page != NULL)
            memcpy(to + done, page->bytes + at % IMAGE_PAGE_BYTES, part);
        else
            memset(to + done, 0, part);
    }
    return bytes;
}

static void zero(struct image *image, uint64_t offset, uint64_t bytes)
{
    for (uint64_t done = 0, part; done < bytes; done += part) {
        uint64_t at = offset + done, index = at / IMAGE_PAGE_BYTES;
        part = part_of(at, bytes - done);
        if (image->pages[index] == NULL) continue;
        if (part == IMAGE_PAGE_BYTES) {
            page_unref(image->pages[index]);
            image->pages[index] = NULL;
        } else {
            memset(page_writable(image, index) + at % IMAGE_PAGE_BYTES, 0, part);
        }
    }
}

void image_write(struct image *image, const void *data, uint64_t bytes, uint64_t offset)
{
    if (bytes == 0) return;
    if (offset + bytes > image->size) image_resize(image, offset + bytes);
    if (data == NULL) {
        zero(image, offset, bytes);
        return;
    }
    const uint8_t *from = data;
    for (uint64_t done = 0, part; done < bytes; done += part) {
        uint64_t at = offset + done;
        part = part_of(at, bytes - done);
        memcpy(page_writable(image, at / IMAGE_PAGE_BYTES) + at % IMAGE_PAGE_BYTES, from + done,
               part);
    }
}

/* What lies behind the end is zeros always, so that lengthening shows zeros. */
void image_resize(struct image *image, uint64_t size)
{
    if (size < image->size)
        zero(image, size, image->size - size);
    else
        reserve(image, size);
    image->size = size;
    assert(size <= image->page_count * IMAGE_PAGE_BYTES);
}

void image_punch(struct image *image, uint64_t offset, uint64_t bytes)
{
    if (offset >= image->size) return;
    if (bytes > image->size - offset) bytes = image->size - offset;
    zero(image, offset, bytes);
}

#include "slt/text.h"

#include <stdarg.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_BYTES_MIN = 256 };

char *slt_text_room(struct slt_text *text, size_t bytes)
{
    if (text->failed) return NULL;
    if (text->cap - text->len >= bytes && text->data != NULL) return text->data + text->len;
    if (bytes > SIZE_MAX / 4 || text->len > SIZE_MAX / 4) {
        text->failed = true;
        return NULL;
    }
    size_t cap = text->cap < TEXT_BYTES_MIN ? TEXT_BYTES_MIN : text->cap * 2;
    if (cap < text->len + bytes) cap = text->len + bytes;
    char *data = realloc(text->data, cap);
    if (data == NULL) {
        text->failed = true;
        return NULL;
    }
    text->data = data;
    text->cap = cap;
    return data + text->len;
}

void slt_text_add(struct slt_text *text, const char *data, size_t len)
{
    char *room = slt_text_room(text, len);
    if (room == NULL) return;
    if (len > 0) memcpy(room, data, len);
    text->len += len;
}

void slt_text_addz(struct slt_text *text, const char *string)
{
    slt_text_add(text, string, strlen(string));
}

void slt_text_addc(struct slt_text *text, char c)
{
    slt_text_add(text, &c, 1);
}

void slt_text_addf(struct slt_text *text, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    if (len >= 0) {
        char *room = slt_text_room(text, (size_t)len + 1);
        if (room != NULL) {
            (void)vsnprintf(room, (size_t)len + 1, fmt, again); /* the length is known to fit */
            text->len += (size_t)len;
        }
    }
    va_end(again);
    va_end(args);
}

void slt_text_clear(struct slt_text *text)
{
    text->len = 0;
    text->failed = false;
}

void slt_text_deinit(struct slt_text *text)
{
    free(text->data);
    *text = (struct slt_text){0};
}

bool slt_slice_is(struct slt_slice slice, const char *string)
{
    return strlen(string) == slice.len && memcmp(slice.data, string, slice.len) == 0;
}

bool slt_slice_is_nocase(struct slt_slice slice, const char *string)
{
    return strlen(string) == slice.len && strncasecmp(slice.data, string, slice.len) == 0;
}

bool slt_slice_contains(struct slt_slice slice, struct slt_slice part)
{
    if (part.len == 0) return true;
    for (size_t i = 0; i + part.len <= slice.len; i++) {
        if (memcmp(slice.data + i, part.data, part.len) == 0) return true;
    }
    return false;
}

bool slt_slice_line(struct slt_slice *rest, struct slt_slice *out_line)
{
    if (rest->len == 0) return false;
    const char *newline = memchr(rest->data, '\n', rest->len);
    size_t len = newline == NULL ? rest->len : (size_t)(newline - rest->data);
    *out_line = (struct slt_slice){rest->data, len};
    size_t used = newline == NULL ? len : len + 1;
    rest->data += used;
    rest->len -= used;
    return true;
}

static int read_all(struct slt_text *out, int fd)
{
    struct stat info;
    if (fstat(fd, &info) != 0) return errno;
    if (!S_ISREG(info.st_mode)) return EINVAL;
    size_t want = info.st_size > 0 ? (size_t)info.st_size : 0;
    for (;;) {
        if (slt_text_room(out, want - (out->len < want ? out->len : want) + 2) == NULL) {
            return ENOMEM;
        }
        ssize_t got = read(fd, out->data + out->len, out->cap - out->len - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) return 0;
        out->len += (size_t)got;
    }
}

int slt_text_read_file(struct slt_text *out, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    int rc = read_all(out, fd);
    (void)close(fd); /* nothing was written: there is nothing to lose */
    return rc;
}

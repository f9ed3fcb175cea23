/* files.h -- a database file and its log in memory, to be changed behind everybody's back, and
 * their checksums made right again. What the fuzz targets of files share; one set of files in the
 * process. */
#ifndef FUZZ_FILES_H
#define FUZZ_FILES_H
#include "base/os_fs.h"

enum {
    FILE_BYTES_MAX = 8 * 1024 * 1024,
    FILES = 3,
    KEPT_FILES = 2, /* the container and its log */
    SEGMENT_BYTES = 64 * 1024,
    LOG_LOOKED_BYTES = 64 * 1024 /* of the log, as far as sums are made right */
};

/* The container "f", its log "f-log", and the one being made, "f-new". */
struct stored {
    const char *name;
    uint8_t *bytes;
    uint64_t size;
    bool exists;
};

/* No path but these three is known. */
extern const struct os_fs files_fs;
struct stored *stored_of(const char *path);
/* None of them exists. */
void files_init(void);

/* Both files as they were at some time; bytes NULL: there was none. */
struct kept {
    uint8_t *bytes[KEPT_FILES];
    uint64_t size[KEPT_FILES];
};
void files_keep(struct kept *kept);
void files_restore(const struct kept *kept);

uint64_t files_get(const uint8_t *bytes, uint32_t width);
void files_put_crc(uint8_t *at, uint32_t crc);
bool files_within(const struct stored *s, uint64_t offset, uint64_t bytes);
/* Headers, footers and all that footers vouch for, at the blocks where they look like such. */
void files_fix_container(struct stored *s);
/* Slots, segments and groups. */
void files_fix_log(struct stored *s, const struct stored *container);
#endif

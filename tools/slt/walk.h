/* walk.h -- which files to run.
 *
 * Owns:    the list and the names in it.
 * Threads: one at a time. */
#ifndef SLT_WALK_H
#define SLT_WALK_H
#include "slt/slt.h"

struct slt_file {
    char *path; /* to open, and to show */
};

/* Zero-initialised: empty. */
struct slt_files {
    struct slt_file *items;
    size_t count, cap;
};

/* Everything the options name, folders walked (.slt, .test, .slturl; symbolic links to folders are
 * not followed), sorted by path within each of them. False, with a message on `err`, if something
 * cannot be read. */
bool slt_walk(struct slt_files *files, const struct slt_options *options, FILE *err);
void slt_files_deinit(struct slt_files *files);
#endif

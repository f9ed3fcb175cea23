#include "slt/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "slt/dialect.h"
#include "slt/text.h"

enum { FOLDER_DEPTH_MAX = 64 };

void slt_files_deinit(struct slt_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->items[i].path);
    free(files->items);
    *files = (struct slt_files){0};
}

static int add_file(struct slt_files *files, const char *path)
{
    if (files->count == files->cap) {
        size_t cap = files->cap == 0 ? 64 : files->cap * 2;
        struct slt_file *items = realloc(files->items, cap * sizeof *items);
        if (items == NULL) return ENOMEM;
        files->items = items;
        files->cap = cap;
    }
    char *copy = strdup(path);
    if (copy == NULL) return ENOMEM;
    files->items[files->count++].path = copy;
    return 0;
}

static bool is_test_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL &&
           (strcmp(dot, ".slt") == 0 || strcmp(dot, ".test") == 0 || strcmp(dot, ".slturl") == 0);
}

static int walk_folder(struct slt_files *files, struct slt_text *path, int depth);

/* `path` is a NUL-terminated text that is restored before returning. */
static int walk_entry(struct slt_files *files, struct slt_text *path, const char *name, int depth)
{
    size_t len = path->len;
    slt_text_addc(path, '/');
    slt_text_add(path, name, strlen(name) + 1);
    if (path->failed) return ENOMEM;
    path->len--;
    struct stat info;
    int rc = lstat(path->data, &info) == 0 ? 0 : errno;
    if (rc == 0 && S_ISDIR(info.st_mode))
        rc = walk_folder(files, path, depth + 1);
    else if (rc == 0 && is_test_name(name))
        rc = add_file(files, path->data);
    if (rc == 0) {
        path->len = len;
        path->data[len] = '\0';
    }
    return rc;
}

static int walk_folder(struct slt_files *files, struct slt_text *path, int depth)
{
    if (depth > FOLDER_DEPTH_MAX) return ELOOP;
    struct dirent **entries = NULL;
    int count = scandir(path->data, &entries, NULL, NULL);
    if (count < 0) return errno;
    int rc = 0;
    for (int i = 0; i < count; i++) {
        if (rc == 0 && entries[i]->d_name[0] != '.') {
            rc = walk_entry(files, path, entries[i]->d_name, depth);
        }
        free(entries[i]);
    }
    free(entries);
    return rc;
}

/* Files of one folder stand together. */
static int by_path(const void *lhs, const void *rhs)
{
    const struct slt_file *a = lhs, *b = rhs;
    const char *a_slash = strrchr(a->path, '/'), *b_slash = strrchr(b->path, '/');
    size_t a_len = a_slash == NULL ? 0 : (size_t)(a_slash - a->path);
    size_t b_len = b_slash == NULL ? 0 : (size_t)(b_slash - b->path);
    int order = memcmp(a->path, b->path, a_len < b_len ? a_len : b_len);
    if (order == 0 && a_len != b_len) order = a_len < b_len ? -1 : 1;
    return order != 0 ? order : strcmp(a->path, b->path);
}

static bool walk_path(struct slt_files *files, const char *name, FILE *err)
{
    struct stat info;
    int rc = stat(name, &info) == 0 ? 0 : errno;
    size_t first = files->count;
    if (rc == 0 && S_ISDIR(info.st_mode)) {
        struct slt_text path = {0};
        size_t len = strlen(name);
        while (len > 1 && name[len - 1] == '/')
            len--;
        slt_text_add(&path, name, len);
        slt_text_addc(&path, '\0');
        rc = path.failed ? ENOMEM : 0;
        if (rc == 0) {
            path.len--;
            rc = walk_folder(files, &path, 0);
        }
        if (rc != 0 && path.data != NULL) {
            fprintf(err, "Error: cannot read %s: %s\n", path.data, strerror(rc));
        }
        slt_text_deinit(&path);
    } else {
        if (rc == 0) rc = add_file(files, name);
        if (rc != 0) fprintf(err, "Error: cannot read %s: %s\n", name, strerror(rc));
    }
    if (files->count > first + 1) {
        qsort(files->items + first, files->count - first, sizeof files->items[0], by_path);
    }
    return rc == 0;
}

/* Is the file named by a line of the list? By its name in the corpus, or by the end of its path. */
static bool is_listed(struct slt_slice list, const char *path)
{
    const char *name = slt_dialect_corpus_name(path);
    size_t path_len = strlen(path);
    struct slt_slice line;
    while (slt_slice_line(&list, &line)) {
        if (line.len == 0 || line.data[0] == '#') continue;
        if (slt_slice_is(line, name)) return true;
        bool ends = path_len > line.len && path[path_len - line.len - 1] == '/';
        if (ends && memcmp(path + path_len - line.len, line.data, line.len) == 0) return true;
    }
    return false;
}

static bool keep_listed(struct slt_files *files, const char *list_path, FILE *err)
{
    struct slt_text list = {0};
    int rc = slt_text_read_file(&list, list_path);
    if (rc != 0) {
        fprintf(err, "Error: cannot read %s: %s\n", list_path, strerror(rc));
        slt_text_deinit(&list);
        return false;
    }
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        if (is_listed((struct slt_slice){list.data, list.len}, files->items[i].path)) {
            files->items[kept++] = files->items[i];
        } else {
            free(files->items[i].path);
        }
    }
    files->count = kept;
    slt_text_deinit(&list);
    return true;
}

bool slt_walk(struct slt_files *files, const struct slt_options *options, FILE *err)
{
    for (size_t i = 0; i < options->path_count; i++) {
        if (!walk_path(files, options->paths[i], err)) return false;
    }
    return options->from == NULL || keep_listed(files, options->from, err);
}

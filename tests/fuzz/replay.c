/* replay.c -- runs a fuzz target over files, without a fuzzer: replay FILE|FOLDER... */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static size_t files_run;

/* False if the file cannot be read. */
static int run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size + 1);
    int ok = file != NULL && data != NULL && fread(data, 1, size, file) == size;
    if (ok) {
        /* A block of its own exact size, so that a read behind it is found. */
        uint8_t *exact = malloc(size == 0 ? 1 : size);
        ok = exact != NULL;
        if (ok) {
            memcpy(exact, data, size);
            (void)LLVMFuzzerTestOneInput(exact, size);
            files_run++;
        }
        free(exact);
    }
    if (file != NULL) (void)fclose(file); /* only read */
    free(data);
    return ok;
}

static int run_path(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) return 0;
    if (!S_ISDIR(info.st_mode)) return run_file(path, (size_t)info.st_size);
    DIR *dir = opendir(path);
    int ok = dir != NULL;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char inner[4096];
        if (entry->d_name[0] == '.') continue;
        (void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name); /* short paths */
        ok &= run_path(inner);
    }
    if (dir != NULL) (void)closedir(dir); /* only read */
    return ok;
}

int main(int argc, char **argv)
{
    int ok = 1;
    for (int i = 1; i < argc; i++)
        ok &= run_path(argv[i]);
    printf("%zu inputs\n", files_run);
    return ok && files_run > 0 ? 0 : 1;
}

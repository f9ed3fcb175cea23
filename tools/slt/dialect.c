#include "slt/dialect.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const labels_own[] = {"llkv", NULL};
static const char *const labels_sqlite[] = {"sqlite", NULL};
static const char *const labels_duckdb[] = {"duckdb", NULL};
static const char *const labels_llkv[] = {"sqlite", "duckdb", NULL};
static const char *const labels_none[] = {NULL};

static const struct slt_dialect dialects[] = {
    {.name = "own",
     .what = "this project's own files",
     .labels = labels_own,
     .supported = true,
     .names_connections = true,
     .compares_error_text = true,
     .tab_rows = true,
     .utf8 = true},
    {.name = "sqlite",
     .what = "SQLite's sqllogictest files",
     .labels = labels_sqlite,
     .setup = "SET sqlite_compat = true",
     .supported = true,
     .sqlite_reals = true,
     .overflow_ends_result = true},
    {.name = "duckdb",
     .what = "DuckDB's test files",
     .labels = labels_duckdb,
     .setup = "SET integer_division = false; SET char_length = 'ignore'",
     .supported = true,
     .names_connections = true,
     .utf8 = true,
     .expands = true,
     .directives = true,
     .any_types = true,
     .loose = true},
    {.name = "rs", .what = "sqllogictest-rs files", .labels = labels_none, .utf8 = true},
    {.name = "llkv",
     .what = "the files of LLKV's ancestor",
     .labels = labels_llkv,
     .supported = true,
     .names_connections = true,
     .utf8 = true,
     .expands = true,
     .loop_counts = true,
     .directives = true,
     .any_types = true,
     .loose = true,
     .loose_blanks = true},
};

/* Which folder of a corpus holds which dialect. */
static const struct {
    const char *folder, *dialect;
} corpora[] = {
    {"sqlite", "sqlite"},           {"duckdb", "duckdb"},      {"datafusion_portable", "rs"},
    {"risinglight_portable", "rs"}, {"sqllogictest-rs", "rs"}, {"llkv", "llkv"},
};

enum { CORPUS_COUNT = sizeof corpora / sizeof corpora[0], CORPUS_ANYWHERE = CORPUS_COUNT - 1 };

const struct slt_dialect *slt_dialect_find(const char *name)
{
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        if (strcmp(dialects[i].name, name) == 0) return &dialects[i];
    }
    return NULL;
}

static bool is_component(const char *at, const char *name)
{
    size_t len = strlen(name);
    return strncmp(at, name, len) == 0 && at[len] == '/';
}

const char *slt_dialect_corpus_name(const char *path)
{
    char manifest[PATH_MAX];
    for (const char *slash = strrchr(path, '/'); slash != NULL && slash > path;) {
        int len =
            snprintf(manifest, sizeof manifest, "%.*s/MANIFEST.tsv", (int)(slash - path), path);
        if (len > 0 && (size_t)len < sizeof manifest && access(manifest, F_OK) == 0) {
            return slash + 1;
        }
        do
            slash--;
        while (slash > path && *slash != '/');
    }
    return path;
}

/* The last component that names a corpus. "llkv" is left out: checkouts of this project often lie
 * in a folder of that name. */
static const char *corpus_component(const char *path)
{
    const char *found = NULL;
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        if (*at == '/') at++;
        for (size_t i = 0; i < CORPUS_ANYWHERE; i++) {
            if (is_component(at, corpora[i].folder)) found = corpora[i].dialect;
        }
    }
    return found;
}

const struct slt_dialect *slt_dialect_of_file(const char *path)
{
    const char *name = slt_dialect_corpus_name(path);
    if (name != path) {
        for (size_t i = 0; i < CORPUS_COUNT; i++) {
            if (is_component(name, corpora[i].folder)) return slt_dialect_find(corpora[i].dialect);
        }
    }
    const char *corpus = corpus_component(path);
    if (corpus != NULL) return slt_dialect_find(corpus);
    const char *dot = strrchr(path, '.');
    return slt_dialect_find(dot != NULL && strcmp(dot, ".test") == 0 ? "sqlite" : "own");
}

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slt/dialect.h"
#include "slt/slt.h"

enum { TIMEOUT_SECONDS = 300, FAILURES_SHOWN = 5, JOBS_MAX = 256 };

/* X(id, name, value, help): value is NULL for a switch. */
#define OPTION_LIST(X)                                                                             \
    X(PATH, "slt", "PATH", "run a sqllogictest file, or all below a folder")                       \
    X(RUNTIME, "slt-runtime", "current|multi", "one thread, or one for each connection")           \
    X(DIALECT, "slt-dialect", "NAME", "own, sqlite, duckdb, rs or llkv; else by path")             \
    X(LABEL, "slt-label", "NAME", "what skipif and onlyif compare with (repeatable)")              \
    X(TIMEOUT, "slt-timeout", "SECONDS", "for each file; 0: none (default 300)")                   \
    X(MAX_FAILURES, "slt-max-failures", "N", "failures shown for each file (default 5)")           \
    X(FROM, "slt-from", "FILE", "run only the files below PATH that FILE names")                   \
    X(LIST_PASS, "slt-list-pass", "FILE", "write the names of the files that pass")                \
    X(JUNIT, "slt-junit", "FILE", "write a JUnit report")                                          \
    X(CAUSES, "slt-causes", NULL, "count the failures by cause")                                   \
    X(PAGER, "slt-pager", "memory|drive", "where the engines keep their bytes")                    \
    X(CHECKPOINT, "slt-checkpoint-every", "N", "a checkpoint after every N records")               \
    X(SMALL, "slt-debug", NULL, "smallest storage units: more boundaries to get wrong")            \
    X(NO_PRUNING, "slt-no-pruning", NULL, "without statistics")                                    \
    X(DISABLE, "slt-disable", "RULES", "without these optimizer rules")                            \
    X(MIRROR, "slt-mirror", "DIR", "where .slturl files find what http would fetch")               \
    X(JOBS, "j", "N", "files at a time (default 1)")

enum option_id {
#define X(id, name, value, help) OPTION_##id,
    OPTION_LIST(X)
#undef X
        OPTION_COUNT
};

static const struct {
    const char *name, *value, *help;
} table[OPTION_COUNT] = {
#define X(id, name, value, help) {name, value, help},
    OPTION_LIST(X)
#undef X
};

void slt_options_help(FILE *out)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const char *value = table[i].value == NULL ? "" : table[i].value;
        const char *dashes = strlen(table[i].name) == 1 ? "-" : "--";
        int width = 30 - (int)strlen(dashes) - (int)strlen(table[i].name) - 1;
        fprintf(out, "  %s%s %-*s %s\n", dashes, table[i].name, width, value, table[i].help);
    }
}

void slt_options_init(struct slt_options *options)
{
    const char *stats = getenv("LLKV_SLT_STATS");
    *options = (struct slt_options){
        .jobs = 1,
        .timeout_seconds = TIMEOUT_SECONDS,
        .failures_max = FAILURES_SHOWN,
        .threads = 1,
        .stats = stats != NULL && strcmp(stats, "") != 0 && strcmp(stats, "0") != 0,
    };
}

void slt_options_deinit(struct slt_options *options)
{
    free(options->paths);
    free(options->labels);
    *options = (struct slt_options){0};
}

static int find_option(const char *argument)
{
    if (argument[0] != '-') return -1;
    const char *name = argument + (argument[1] == '-' ? 2 : 1);
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(name, table[i].name) == 0) return i;
    }
    return -1;
}

bool slt_option_is(const char *argument)
{
    return find_option(argument) >= 0;
}

/* Append to a growing array that keeps a NULL behind its end. */
static bool append(const char ***items, size_t *count, size_t *cap, const char *item)
{
    if (*count + 1 >= *cap) {
        size_t grown = *cap == 0 ? 8 : *cap * 2;
        const char **data = realloc(*items, grown * sizeof *data);
        if (data == NULL) return false;
        *items = data;
        *cap = grown;
    }
    (*items)[(*count)++] = item;
    (*items)[*count] = NULL;
    return true;
}

bool slt_options_add_path(struct slt_options *options, const char *path)
{
    return append(&options->paths, &options->path_count, &options->path_cap, path);
}

static bool take_number(const char *value, uint32_t min, uint32_t max, uint32_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || value[0] == '-') return false;
    if (number < min || number > max) return false;
    *out = (uint32_t)number;
    return true;
}

/* One of two words. */
static bool take_choice(const char *value, const char *no, const char *yes, bool *out)
{
    *out = strcmp(value, yes) == 0;
    return *out || strcmp(value, no) == 0;
}

static bool take_value(struct slt_options *options, enum option_id id, const char *value)
{
    switch (id) {
    case OPTION_PATH: return slt_options_add_path(options, value);
    case OPTION_RUNTIME: return take_choice(value, "current", "multi", &options->multi);
    case OPTION_DIALECT: options->dialect = value; return slt_dialect_find(value) != NULL;
    case OPTION_LABEL:
        return append(&options->labels, &options->label_count, &options->label_cap, value);
    case OPTION_TIMEOUT: return take_number(value, 0, 1000000, &options->timeout_seconds);
    case OPTION_MAX_FAILURES: return take_number(value, 0, UINT32_MAX, &options->failures_max);
    case OPTION_FROM: options->from = value; return true;
    case OPTION_LIST_PASS: options->list_pass = value; return true;
    case OPTION_JUNIT: options->junit = value; return true;
    case OPTION_CAUSES: options->causes = true; return true;
    case OPTION_PAGER: return take_choice(value, "memory", "drive", &options->drive);
    case OPTION_CHECKPOINT: return take_number(value, 1, UINT32_MAX, &options->checkpoint_every);
    case OPTION_SMALL: options->small = true; return true;
    case OPTION_NO_PRUNING: options->no_pruning = true; return true;
    case OPTION_DISABLE: options->disable = value; return true;
    case OPTION_MIRROR: options->mirror = value; return true;
    case OPTION_JOBS: return take_number(value, 1, JOBS_MAX, &options->jobs);
    case OPTION_COUNT: break;
    }
    return false;
}

bool slt_option_take(struct slt_options *options, int argc, char **argv, int *index, FILE *err)
{
    int id = find_option(argv[*index]);
    if (id < 0) return false;
    const char *value = "";
    if (table[id].value != NULL) {
        if (*index + 1 >= argc) {
            fprintf(err, "Error: %s needs %s\n", argv[*index], table[id].value);
            return false;
        }
        value = argv[++*index];
    }
    if (take_value(options, (enum option_id)id, value)) return true;
    fprintf(err, "Error: --%s does not take '%s': it takes %s\n", table[id].name, value,
            table[id].value == NULL ? "nothing" : table[id].value);
    return false;
}

#include "llkv/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "llkv/suggest.h"

enum { THREADS_MAX = 1024, DEBUG_ROWS_MAX = 1 << 24 };

/* X(id, name, value, help): value is NULL for a switch. */
#define OPTION_LIST(X)                                                                             \
    X(SQL, "c", "SQL", "run SQL, then leave (repeatable)")                                         \
    X(FILE, "f", "FILE", "run the statements of a file, then leave (repeatable)")                  \
    X(CMD, "cmd", "SQL", "run SQL before anything else (repeatable)")                              \
    X(READONLY, "readonly", NULL, "open the database read-only: nothing is written")               \
    X(BAIL, "bail", NULL, "stop at the first error")                                               \
    X(ECHO, "echo", NULL, "print each statement before it runs")                                   \
    X(BATCH, "batch", NULL, "no prompt, even on a terminal")                                       \
    X(INTERACTIVE, "interactive", NULL, "a prompt, even without a terminal")                       \
    X(MODE, "mode", "NAME", "how rows are shown (see below; default box)")                         \
    X(HEADER, "header", NULL, "column names first in csv, tabs and list (default)")                \
    X(NOHEADER, "noheader", NULL, "no column names in csv, tabs and list")                         \
    X(NULLVALUE, "nullvalue", "TEXT", "what NULL is shown as")                                     \
    X(THREADS, "threads", "N", "worker threads (default: one for each processor)")                 \
    X(MEMORY_LIMIT, "memory-limit", "SIZE", "such as 512MB or 4GB (default: 80 % of memory)")      \
    X(DEBUG_SEGMENT_ROWS, "debug-segment-rows", "N", "test with smaller storage units")            \
    X(DEBUG_VECTOR_ROWS, "debug-vector-rows", "N", "test with smaller vectors")                    \
    X(NO_PRUNING, "no-pruning", NULL, "test without statistics")                                   \
    X(VERSION, "version", NULL, "print the version")                                               \
    X(HELP, "help", NULL, "print this")

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

static const char *const names[] = {
#define X(id, name, value, help) name,
    OPTION_LIST(X)
#undef X
#define X(id, name, help) name,
        OUTPUT_MODE_LIST(X)
#undef X
};

void options_deinit(struct options *options)
{
    free(options->tasks);
    slt_options_deinit(&options->slt);
    *options = (struct options){0};
}

void options_print_help(FILE *out)
{
    fprintf(out,
            "Usage: llkv [OPTION]... [FILE] [SQL]...\n\n"
            "Opens the database FILE, which is made if it is not there (:memory: without FILE),\n"
            "and runs SQL, or what comes from standard input, or asks for statements on a\n"
            "terminal. One dash in front of an option does as well as two.\n\n");
    for (int i = 0; i < OPTION_COUNT; i++) {
        const char *dashes = strlen(table[i].name) == 1 ? "-" : "--";
        int width = 29 - (int)strlen(dashes) - (int)strlen(table[i].name);
        fprintf(out, "  %s%s %-*s %s\n", dashes, table[i].name, width,
                table[i].value == NULL ? "" : table[i].value, table[i].help);
    }
    fprintf(out, "\nModes, which are options of their own, too (--csv):\n");
    for (int i = 0; i < OUTPUT_MODE_COUNT; i++) {
        fprintf(out, "  --%-28s %s\n", output_mode_name((enum output_mode)i),
                output_mode_help((enum output_mode)i));
    }
    fprintf(out,
            "\nAnother program in the same command:\n"
            "  llkv drive COMMAND ...         files of values under keys (llkv drive --help)\n");
    fprintf(out, "\nTests:\n");
    slt_options_help(out);
    fprintf(out, "\nExit codes: 0 well, 1 a statement or a test failed, 2 wrong usage,\n"
                 "3 the database cannot be opened, 130 interrupted.\n");
}

static bool add_task(struct options *options, enum task_kind kind, const char *text)
{
    if (options->task_count == options->task_cap) {
        size_t cap = options->task_cap == 0 ? 8 : options->task_cap * 2;
        struct task *tasks = realloc(options->tasks, cap * sizeof *tasks);
        if (tasks == NULL) return false;
        options->tasks = tasks;
        options->task_cap = cap;
    }
    options->tasks[options->task_count++] = (struct task){kind, text};
    return true;
}

static bool take_count(const char *value, uint32_t max, uint32_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || value[0] == '-') return false;
    if (number < 1 || number > max) return false;
    *out = (uint32_t)number;
    return true;
}

/* 1000, 64KB, 512MB, 4G, 1.5GiB: powers of 1024 all of them. */
static bool take_size(const char *value, uint64_t *out)
{
    static const char units[] = "KMGT";
    char *end = NULL;
    double number = strtod(value, &end);
    if (end == value || !(number > 0)) return false;
    char unit = *end >= 'a' && *end <= 'z' ? (char)(*end - 'a' + 'A') : *end;
    const char *found = unit == '\0' ? NULL : strchr(units, unit);
    if (found != NULL) {
        for (const char *u = units; u <= found; u++)
            number *= 1024.0;
        end++;
        if (*end == 'i') end++;
    }
    if (*end == 'B' || *end == 'b') end++;
    if (*end != '\0' || number >= 1e18) return false;
    *out = (uint64_t)number;
    return true;
}

static bool take_value(struct options *options, enum option_id id, const char *value)
{
    switch (id) {
    case OPTION_SQL: return add_task(options, TASK_SQL, value);
    case OPTION_FILE: return add_task(options, TASK_FILE, value);
    case OPTION_CMD: return add_task(options, TASK_FIRST_SQL, value);
    case OPTION_READONLY: options->read_only = true; return true;
    case OPTION_BAIL: options->bail = true; return true;
    case OPTION_ECHO: options->echo = true; return true;
    case OPTION_BATCH: options->batch = true; return true;
    case OPTION_INTERACTIVE: options->interactive = true; return true;
    case OPTION_MODE: return output_mode_find(value, &options->format.mode);
    case OPTION_HEADER: options->format.headers = true; return true;
    case OPTION_NOHEADER: options->format.headers = false; return true;
    case OPTION_NULLVALUE: options->format.null_text = value; return true;
    case OPTION_THREADS: return take_count(value, THREADS_MAX, &options->threads);
    case OPTION_MEMORY_LIMIT: return take_size(value, &options->memory_limit);
    case OPTION_DEBUG_SEGMENT_ROWS:
        return take_count(value, DEBUG_ROWS_MAX, &options->debug_segment_rows);
    case OPTION_DEBUG_VECTOR_ROWS:
        return take_count(value, DEBUG_ROWS_MAX, &options->debug_vector_rows);
    case OPTION_NO_PRUNING: options->no_pruning = true; return true;
    case OPTION_VERSION: options->version = true; return true;
    case OPTION_HELP: options->help = true; return true;
    case OPTION_COUNT: break;
    }
    return false;
}

static int find_option(const char *name)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(name, table[i].name) == 0) return i;
    }
    return strcmp(name, "h") == 0 ? OPTION_HELP : -1;
}

static bool take_option(struct options *options, int argc, char **argv, int *index, FILE *err)
{
    const char *argument = argv[*index];
    if (slt_option_is(argument)) return slt_option_take(&options->slt, argc, argv, index, err);
    const char *name = argument + (argument[1] == '-' ? 2 : 1);
    if (output_mode_find(name, &options->format.mode)) return true;
    int id = find_option(name);
    if (id < 0) {
        const char *near = suggest_name(name, names, sizeof names / sizeof names[0]);
        fprintf(err, "Error: unknown option %s\n", argument);
        if (near != NULL)
            fprintf(err, "  Hint: did you mean --%s?\n", near);
        else
            fprintf(err, "  Hint: llkv --help lists them\n");
        return false;
    }
    const char *value = "";
    if (table[id].value != NULL) {
        if (*index + 1 >= argc) {
            fprintf(err, "Error: %s needs %s\n", argument, table[id].value);
            return false;
        }
        value = argv[++*index];
    }
    if (take_value(options, (enum option_id)id, value)) return true;
    fprintf(err, "Error: %s does not take '%s'\n", argument, value);
    return false;
}

/* Words that are no options: the database, then SQL; with --slt more files to test. */
static bool take_word(struct options *options, const char *word, bool *have_path)
{
    if (options->slt.path_count > 0) return slt_options_add_path(&options->slt, word);
    if (*have_path) return add_task(options, TASK_SQL, word);
    options->path = word;
    *have_path = true;
    return true;
}

enum options_outcome options_parse(struct options *options, int argc, char **argv, FILE *err)
{
    *options = (struct options){.format = {.mode = OUTPUT_BOX, .headers = true}};
    slt_options_init(&options->slt);
    bool have_path = false, words_only = false;
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        if (!words_only && strcmp(argument, "--") == 0) {
            words_only = true;
        } else if (!words_only && argument[0] == '-' && argument[1] != '\0') {
            if (!take_option(options, argc, argv, &i, err)) return OPTIONS_WRONG;
        } else if (!take_word(options, argument, &have_path)) {
            fprintf(err, "Error: out of memory\n");
            return OPTIONS_WRONG;
        }
    }
    if (options->threads != 0) options->slt.threads = options->threads;
    options->slt.memory_limit = options->memory_limit;
    return OPTIONS_OK;
}

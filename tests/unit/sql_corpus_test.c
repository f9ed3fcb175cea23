/* sql_corpus_test.c -- every statement of the sqllogictest corpus parses, and printing it gives the
 * same tree again. Runs when the environment variable LLKV_SLT_CORPUS names the unpacked corpus;
 * LLKV_SLT_VERBOSE=1 prints each statement that does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sql/parse.h"
#include "sql/print.h"

struct tally {
    struct arena arena, round_arena;
    uint64_t statements, refused, parse_failures, round_failures;
    bool verbose;
};

static void complain(struct tally *tally, const char *what, struct slice sql,
                     const llkv_error *error)
{
    if (!tally->verbose) return;
    printf("%s: %s at %d: %.*s\n", what, error->message, error->offset, SLICE_ARG(sql));
}

static void round_trip(struct tally *tally, struct slice sql, const struct ast_stmt *stmt)
{
    llkv_error error = LLKV_ERROR_INIT;
    struct cx cx = {.arena = &tally->round_arena, .error = &error};
    struct ast_stmt *again = NULL;
    struct slice text = {NULL, 0};
    size_t at = 0;
    bool same = ast_print(&cx, stmt->node, &text) == LLKV_OK &&
                sql_parse_next(&cx, NULL, text, &at, &again) == LLKV_OK && again != NULL &&
                ast_equal(stmt->node, again->node) && at == text.len &&
                ast_hash(stmt->node) == ast_hash(again->node);
    arena_reset(&tally->round_arena);
    if (same) return;
    tally->round_failures++;
    complain(tally, "round trip", sql, &error);
}

/* One record's SQL, which may hold several statements. */
static void replay(struct tally *tally, struct slice sql, bool may_fail, bool brackets)
{
    llkv_error error = LLKV_ERROR_INIT;
    struct cx cx = {.arena = &tally->arena, .error = &error};
    struct sql_options options = {.sqlite_compat = brackets};
    size_t at = 0;
    for (;;) {
        struct ast_stmt *stmt = NULL;
        arena_reset(&tally->arena);
        llkv_code rc = sql_parse_next(&cx, &options, sql, &at, &stmt);
        if (rc == LLKV_OK && stmt == NULL) return;
        tally->statements++;
        if (rc == LLKV_OK) {
            round_trip(tally, sql, stmt);
        } else if (rc == LLKV_UNSUPPORTED) {
            tally->refused++;
        } else if (!may_fail) {
            tally->parse_failures++;
            complain(tally, "parse", sql, &error);
        }
    }
}

/* ---- records -------------------------------------------------------------------------------- */

static bool starts(struct slice line, const char *word)
{
    size_t len = strlen(word);
    return line.len >= len && memcmp(line.data, word, len) == 0;
}

static bool next_line(struct slice *text, struct slice *out_line)
{
    if (text->len == 0) return false;
    const char *end = memchr(text->data, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->data);
    *out_line = (struct slice){text->data, len};
    if (len > 0 && out_line->data[len - 1] == '\r') out_line->len--;
    size_t used = end == NULL ? len : len + 1;
    *text = (struct slice){text->data + used, text->len - used};
    return true;
}

/* Is there something that the runner would replace, {name} or ${name}? */
static bool has_variable(struct slice sql)
{
    for (size_t i = 0; i + 1 < sql.len; i++) {
        char next = (char)(sql.data[i + 1] | 0x20);
        if (sql.data[i] == '{' && next >= 'a' && next <= 'z') return true;
    }
    return false;
}

/* The lines up to an empty one or ----, with those that begin with # left out. */
static struct slice read_sql(struct slice *text, char *buffer)
{
    size_t len = 0;
    struct slice line;
    while (next_line(text, &line) && line.len > 0 && !starts(line, "----")) {
        if (line.data[0] == '#') continue;
        memcpy(buffer + len, line.data, line.len);
        len += line.len;
        buffer[len++] = '\n';
    }
    return (struct slice){buffer, len};
}

static void replay_file(struct tally *tally, struct slice text, char *buffer, bool sqlite)
{
    struct slice line;
    bool other_engine = false;
    while (next_line(&text, &line)) {
        bool statement = starts(line, "statement"), query = starts(line, "query");
        if (starts(line, "onlyif") && !starts(line, "onlyif sqlite")) other_engine = true;
        if (starts(line, "skipif sqlite")) other_engine = true;
        if (!statement && !query) {
            if (line.len == 0) other_engine = false;
            continue;
        }
        struct slice sql = read_sql(&text, buffer);
        bool may_fail = !starts(line, "query") && !starts(line, "statement ok");
        if (!other_engine && !has_variable(sql)) replay(tally, sql, may_fail, sqlite);
        other_engine = false;
    }
}

static void replay_path(struct tally *tally, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    if (file == NULL || stat(path, &info) != 0) return;
    size_t size = (size_t)info.st_size;
    char *text = malloc(size + 1), *buffer = malloc(size + 2);
    assert_non_null(text);
    assert_non_null(buffer);
    assert_int_equal(fread(text, 1, size, file), size);
    (void)fclose(file); /* only read */
    replay_file(tally, (struct slice){text, size}, buffer, strstr(path, "/sqlite/") != NULL);
    free(text);
    free(buffer);
}

static void walk(struct tally *tally, const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        struct stat info;
        /* The format's own examples are no SQL. */
        bool is_format = strcmp(entry->d_name, "sqllogictest-rs") == 0;
        if (entry->d_name[0] == '.' || is_format) continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name); /* short paths */
        if (stat(path, &info) != 0) continue;
        const char *dot = strrchr(entry->d_name, '.');
        bool is_test = dot != NULL && (strcmp(dot, ".test") == 0 || strcmp(dot, ".slt") == 0);
        if (S_ISDIR(info.st_mode))
            walk(tally, path);
        else if (is_test)
            replay_path(tally, path);
    }
    (void)closedir(dir); /* only read */
}

static void corpus_parses(void **state)
{
    (void)state;
    const char *folder = getenv("LLKV_SLT_CORPUS");
    if (folder == NULL) skip();
    struct tally tally = {.verbose = getenv("LLKV_SLT_VERBOSE") != NULL};
    arena_init(&tally.arena, NULL);
    arena_init(&tally.round_arena, NULL);
    walk(&tally, folder);
    arena_deinit(&tally.arena);
    arena_deinit(&tally.round_arena);
    print_message("%" PRIu64 " statements, %" PRIu64 " refused, %" PRIu64 " not parsed, %" PRIu64
                  " printed differently\n",
                  tally.statements, tally.refused, tally.parse_failures, tally.round_failures);
    assert_int_equal(tally.round_failures, 0);
    assert_int_equal(tally.parse_failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(corpus_parses)};
    return cmocka_run_group_tests_name("sql_corpus", tests, NULL, NULL);
}

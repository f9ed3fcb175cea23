/* sql_keyword_test.c -- where each keyword is a name. A letter stands for a place:
 *
 *     c  SELECT k FROM t        e  SELECT k + 1 FROM t     l  SELECT a AS k
 *     b  SELECT a k FROM t      t  SELECT * FROM k         a  SELECT * FROM t k
 *     f  SELECT k(1)            d  CREATE TABLE t (k INT)  w  SELECT f(a) OVER k FROM t
 *     q  SELECT t.k FROM t      i  INSERT INTO t (k) ...   s  UPDATE t SET k = 1
 *     o  SELECT a FROM t ORDER BY a, k
 *
 * Words that are free are names in all of these places, reserved ones in l and q; the table holds
 * the exceptions, with what they are instead. */
#include <ctype.h>
#include <stdio.h>

#include "sql/lex.h"
#include "sql_testing.h"

struct place {
    char letter;
    const char *format;
};
static const struct place places[] = {
    {'c', "SELECT %s FROM t"},
    {'e', "SELECT %s + 1 FROM t"},
    {'l', "SELECT a AS %s"},
    {'b', "SELECT a %s FROM t"},
    {'t', "SELECT * FROM %s"},
    {'a', "SELECT * FROM t %s"},
    {'f', "SELECT %s(1)"},
    {'d', "CREATE TABLE t (%s INT)"},
    {'w', "SELECT f(a) OVER %s FROM t"},
    {'q', "SELECT t.%s FROM t"},
    {'i', "INSERT INTO t (%s) VALUES (1)"},
    {'s', "UPDATE t SET %s = 1"},
    {'o', "SELECT a FROM t ORDER BY a, %s"},
};

struct exception {
    const char *word;
    const char *places; /* where it is a name */
};
static const struct exception exceptions[] = {
    /* functions with words inside, and what begins with brackets */
    {"array", "celbtadwqiso"},
    {"cast", "celbtadwqiso"},
    {"extract", "celbtadwqiso"},
    {"grouping", "celbtadwqiso"},
    {"grouping_id", "celbtadwqiso"},
    {"interval", "celbtadwqiso"},
    {"row", "celbtadwqiso"},
    {"try_cast", "celbtadwqiso"},
    /* joins */
    {"cross", "celbtfdwqiso"},
    {"full", "celbtfdwqiso"},
    {"indexed", "celbtfdwqiso"},
    {"inner", "celbtfdwqiso"},
    {"left", "celbtfdwqiso"},
    {"natural", "celbtfdwqiso"},
    {"right", "celbtfdwqiso"},
    /* operators */
    {"like", "lfq"},
    {"glob", "celtafdwqiso"},
    {"isnull", "celtafdwqiso"},
    {"match", "celtafdwqiso"},
    {"notnull", "celtafdwqiso"},
    {"regexp", "celtafdwqiso"},
    {"similar", "celtafdwqiso"},
    /* functions without parentheses */
    {"current_catalog", "lbtafdwqis"},
    {"current_date", "lbtafdwqis"},
    {"current_role", "lbtafdwqis"},
    {"current_schema", "lbtafdwqis"},
    {"current_time", "lbtafdwqis"},
    {"current_timestamp", "lbtafdwqis"},
    {"current_user", "lbtafdwqis"},
    {"localtime", "lbtafdwqis"},
    {"localtimestamp", "lbtafdwqis"},
    {"session_user", "lbtafdwqis"},
};

static const char *expected(const char *word, bool reserved)
{
    for (size_t i = 0; i < ARRAY_COUNT(exceptions); i++)
        if (strcmp(exceptions[i].word, word) == 0) return exceptions[i].places;
    return reserved ? "lq" : "celbtafdwqiso";
}

static bool upper(char *out, const char *word)
{
    for (; *word != '\0'; word++)
        *out++ = (char)toupper((unsigned char)*word);
    *out = '\0';
    return true;
}

/* Does the word mean the same there as a plain name does? */
static bool is_name(struct world *world, const struct place *place, const char *word)
{
    char with_word[100], with_name[100], quoted[40];
    arena_reset(&world->arena);
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", word); /* short words */
    (void)snprintf(with_word, sizeof with_word, place->format, word);
    (void)snprintf(with_name, sizeof with_name, place->format, quoted);
    struct ast_stmt *a = try_parse(world, with_word, false);
    if (a == NULL) return false;
    struct ast_stmt *b = parse(world, with_name);
    return ast_equal(a->node, b->node);
}

static void keywords_are_names_where_they_can_be(void **state)
{
    (void)state;
    struct world world;
    int wrong = 0;
    world_init(&world);
    for (uint32_t i = 0; sql_keyword_at(i) != NULL; i++) {
        const char *word = sql_keyword_at(i);
        char found[ARRAY_COUNT(places) + 1] = "", capitals[40];
        bool reserved = false;
        assert_int_not_equal(sql_keyword(slice_of(word), &reserved), 0);
        upper(capitals, word);
        assert_int_equal(sql_keyword(slice_of(capitals), NULL), sql_keyword(slice_of(word), NULL));
        size_t count = 0;
        for (size_t j = 0; j < ARRAY_COUNT(places); j++)
            if (is_name(&world, &places[j], word)) found[count++] = places[j].letter;
        if (strcmp(found, expected(word, reserved)) == 0) continue;
        print_message("    {\"%s\", \"%s\"},\n", word, found);
        wrong++;
    }
    assert_int_equal(wrong, 0);
    world_deinit(&world);
}

static void other_words_are_no_keywords(void **state)
{
    (void)state;
    static const char *const words[] = {"",
                                        "x",
                                        "selec",
                                        "selects",
                                        "current_Xtimestamp",
                                        "current_timestampx",
                                        "sel\xc3\xa9",
                                        "user_id"};
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        assert_int_equal(sql_keyword(slice_of(words[i]), NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keywords_are_names_where_they_can_be),
        cmocka_unit_test(other_words_are_no_keywords),
    };
    return cmocka_run_group_tests_name("sql_keyword", tests, NULL, NULL);
}

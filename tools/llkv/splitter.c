#include "llkv/splitter.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { WORDS_WATCHED = 8, MORE = 0 };

static bool is_word_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_word_start(c) || isdigit((unsigned char)c) || c == '$';
}

static bool word_is(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

/* Each of these gives the length of the token at text[0], or MORE if its end is not there yet. */

static size_t quoted(const char *text, size_t len, char close, bool backslash)
{
    for (size_t i = 1; i < len; i++) {
        if (backslash && text[i] == '\\')
            i++;
        else if (text[i] == close)
            return i + 1; /* a doubled quote begins the next token */
    }
    return MORE;
}

static size_t line_comment(const char *text, size_t len)
{
    const char *newline = memchr(text, '\n', len);
    return newline == NULL ? MORE : (size_t)(newline - text) + 1;
}

static size_t block_comment(const char *text, size_t len)
{
    size_t depth = 1;
    for (size_t i = 2; i + 1 < len; i++) {
        bool opens = text[i] == '/' && text[i + 1] == '*';
        bool closes = text[i] == '*' && text[i + 1] == '/';
        if (!opens && !closes) continue;
        i++;
        if (opens)
            depth++;
        else if (--depth == 0)
            return i + 1;
    }
    return MORE;
}

/* $tag$ ... $tag$; a lone '$' is a token of one byte. */
static size_t dollar_quoted(const char *text, size_t len)
{
    size_t tag = 1;
    while (tag < len && is_word_start(text[tag]))
        tag++;
    if (tag == len) return MORE;
    if (text[tag] != '$') return 1;
    tag++;
    for (size_t i = tag; i + tag <= len; i++) {
        if (memcmp(text + i, text, tag) == 0) return i + tag;
    }
    return MORE;
}

static size_t word(const char *text, size_t len)
{
    size_t i = 1;
    while (i < len && is_word(text[i]))
        i++;
    return i == len ? MORE : i;
}

/* E'..' takes backslashes. */
static size_t word_or_escaped(const char *text, size_t len)
{
    if (len < 2) return MORE;
    bool escaped = (text[0] == 'e' || text[0] == 'E') && text[1] == '\'';
    if (!escaped) return word(text, len);
    size_t used = quoted(text + 1, len - 1, '\'', true);
    return used == MORE ? MORE : used + 1;
}

static bool is_comment(const char *text, size_t len)
{
    return len > 1 && ((text[0] == '-' && text[1] == '-') || (text[0] == '/' && text[1] == '*'));
}

static size_t token(const char *text, size_t len)
{
    char c = text[0];
    if (c == '\'' || c == '"' || c == '`') return quoted(text, len, c, false);
    if (c == '$') return dollar_quoted(text, len);
    if (is_word_start(c)) return word_or_escaped(text, len);
    if ((c == '-' || c == '/') && len < 2) return MORE;
    if (!is_comment(text, len)) return 1;
    return c == '-' ? line_comment(text, len) : block_comment(text, len);
}

static void note_word(struct splitter *splitter, const char *text, size_t len)
{
    if (splitter->words == 0) splitter->create = word_is(text, len, "create");
    if (splitter->words < WORDS_WATCHED) splitter->words++;
    if (splitter->create && !splitter->trigger) {
        static const char *const between[] = {"create", "or", "replace", "temp", "temporary"};
        splitter->trigger = word_is(text, len, "trigger");
        bool prefix = splitter->trigger;
        for (size_t i = 0; i < sizeof between / sizeof between[0]; i++) {
            if (word_is(text, len, between[i])) prefix = true;
        }
        if (!prefix) splitter->create = false; /* CREATE of something else */
        return;
    }
    if (!splitter->trigger) return;
    splitter->ended = false;
    if (word_is(text, len, "begin")) splitter->begun = true;
    if (!splitter->begun) return;
    if (word_is(text, len, "case")) splitter->cases++;
    if (!word_is(text, len, "end")) return;
    if (splitter->cases > 0)
        splitter->cases--;
    else
        splitter->ended = true;
}

bool splitter_scan(struct splitter *splitter, const char *text, size_t len, size_t *out_end)
{
    while (splitter->at < len) {
        const char *at = text + splitter->at;
        size_t left = len - splitter->at;
        size_t used = token(at, left);
        if (used == MORE) {
            if (!is_comment(at, left)) splitter->any = true;
            return false;
        }
        splitter->at += used;
        if (isspace((unsigned char)*at) || is_comment(at, left)) continue;
        if (*at == ';' && (!splitter->begun || splitter->ended)) {
            *out_end = splitter->at;
            return true;
        }
        splitter->any = splitter->any || *at != ';';
        if (is_word_start(*at) && !(used > 1 && at[used - 1] == '\'')) {
            note_word(splitter, at, used);
        } else {
            splitter->ended = false;
        }
    }
    return false;
}

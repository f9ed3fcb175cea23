#include "slt/expand.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64, DEPTH_MAX = 16, ROUNDS_MAX = 1000000 };

struct words {
    struct slt_slice word[WORDS_MAX];
    size_t count;
};

struct expander {
    const struct slt_dialect *dialect;
    struct slt_slice *lines;
    size_t count;
    struct slt_variables variables;
    struct slt_text *out;
    const char *problem;
    size_t next;   /* the number the next line written would have by itself */
    bool skipping; /* mode skip */
};

static void split(struct slt_slice line, struct words *out)
{
    out->count = 0;
    for (size_t i = 0; i < line.len && out->count < WORDS_MAX;) {
        while (i < line.len && (line.data[i] == ' ' || line.data[i] == '\t'))
            i++;
        size_t start = i;
        while (i < line.len && line.data[i] != ' ' && line.data[i] != '\t')
            i++;
        if (i > start) {
            out->word[out->count++] = (struct slt_slice){line.data + start, i - start};
        }
    }
}

/* ---- substitution ---- */

static bool begins_with(struct slt_slice text, const char *prefix, size_t len)
{
    return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

/* The variable whose reference `text` begins with, {V} or ${V} or __V__, and how long that is. */
static const struct slt_variable *reference(const struct expander *e, struct slt_slice text,
                                            size_t *out_len)
{
    size_t open = begins_with(text, "${", 2) ? 2 : begins_with(text, "{", 1) ? 1 : 0;
    bool under = open == 0 && begins_with(text, "__", 2);
    for (size_t i = e->variables.count; i > 0; i--) {
        const struct slt_variable *v = &e->variables.items[i - 1];
        size_t from = under ? 2 : open;
        if (!under && open == 0) return NULL;
        if (text.len < from + v->name.len + (under ? 2 : 1)) continue;
        if (memcmp(text.data + from, v->name.data, v->name.len) != 0) continue;
        const char *end = text.data + from + v->name.len;
        if (under ? memcmp(end, "__", 2) != 0 : *end != '}') continue;
        *out_len = from + v->name.len + (under ? 2 : 1);
        return v;
    }
    return NULL;
}

/* In the ancestor's files also $V. */
static const struct slt_variable *bare(const struct expander *e, struct slt_slice text,
                                       size_t *out_len)
{
    if (!e->dialect->loop_counts || text.len < 2 || text.data[0] != '$') return NULL;
    for (size_t i = e->variables.count; i > 0; i--) {
        const struct slt_variable *v = &e->variables.items[i - 1];
        struct slt_slice rest = {text.data + 1, text.len - 1};
        if (!begins_with(rest, v->name.data, v->name.len)) continue;
        *out_len = 1 + v->name.len;
        return v;
    }
    return NULL;
}

static void substitute(struct expander *e, struct slt_slice line)
{
    for (size_t i = 0; i < line.len;) {
        struct slt_slice rest = {line.data + i, line.len - i};
        size_t len = 0;
        const struct slt_variable *v = reference(e, rest, &len);
        if (v == NULL) v = bare(e, rest, &len);
        if (v != NULL) {
            slt_text_add(e->out, v->value.data, v->value.len);
            i += len;
        } else {
            slt_text_addc(e->out, line.data[i++]);
        }
    }
    slt_text_addc(e->out, '\n');
}

static void write_line(struct expander *e, size_t number)
{
    if (e->next != number) slt_text_addf(e->out, "#@%zu\n", number + 1);
    substitute(e, e->lines[number]);
    e->next = number + 1;
    if (e->out->len > SLT_EXPANDED_BYTES_MAX) e->problem = "loops make the file too long";
}

/* ---- conditions ---- */

static const struct slt_variable *find(const struct expander *e, struct slt_slice name)
{
    for (size_t i = e->variables.count; i > 0; i--) {
        const struct slt_variable *v = &e->variables.items[i - 1];
        if (v->name.len == name.len && memcmp(v->name.data, name.data, name.len) == 0) return v;
    }
    return NULL;
}

static long long number_of(struct slt_slice text)
{
    char digits[24] = "";
    memcpy(digits, text.data, text.len < sizeof digits - 1 ? text.len : sizeof digits - 1);
    return strtoll(digits, NULL, 10);
}

/* i=2, x<>a, i>=3: of the variables there are. */
static bool holds_one(const struct expander *e, struct slt_slice condition)
{
    size_t at = 0;
    while (at < condition.len && strchr("=<>", condition.data[at]) == NULL)
        at++;
    size_t op = at;
    while (op < condition.len && strchr("=<>", condition.data[op]) != NULL)
        op++;
    struct slt_slice sign = {condition.data + at, op - at};
    struct slt_slice value = {condition.data + op, condition.len - op};
    const struct slt_variable *v = find(e, (struct slt_slice){condition.data, at});
    if (v == NULL) return false;
    bool equal = v->value.len == value.len && memcmp(v->value.data, value.data, value.len) == 0;
    long long left = number_of(v->value), right = number_of(value);
    if (slt_slice_is(sign, "=")) return equal;
    if (slt_slice_is(sign, "<>")) return !equal;
    if (slt_slice_is(sign, "<")) return left < right;
    if (slt_slice_is(sign, "<=")) return left <= right;
    if (slt_slice_is(sign, ">")) return left > right;
    return left >= right;
}

static bool holds(const struct expander *e, struct slt_slice condition)
{
    bool all = true;
    while (condition.len > 0) {
        const char *both = NULL;
        for (size_t i = 0; i + 1 < condition.len && both == NULL; i++)
            if (memcmp(condition.data + i, "&&", 2) == 0) both = condition.data + i;
        size_t len = both == NULL ? condition.len : (size_t)(both - condition.data);
        all = holds_one(e, (struct slt_slice){condition.data, len}) && all;
        size_t step = both == NULL ? len : len + 2;
        condition.data += step;
        condition.len -= step;
    }
    return all;
}

/* A guard with a condition: true, and written as one that never or always lets its record run. */
static bool write_guard(struct expander *e, const struct words *words, size_t number)
{
    bool only = slt_slice_is(words->word[0], "onlyif");
    if (words->count < 2 || (!only && !slt_slice_is(words->word[0], "skipif"))) return false;
    struct slt_slice condition = words->word[1];
    bool plain = true;
    for (size_t i = 0; i < condition.len; i++)
        if (strchr("=<>", condition.data[i]) != NULL) plain = false;
    if (plain) return false;
    if (holds(e, condition) != only) {
        if (e->next != number) slt_text_addf(e->out, "#@%zu\n", number + 1);
        slt_text_addz(e->out, "onlyif nobody\n");
        e->next = number + 1;
    }
    return true;
}

/* ---- loops ---- */

static bool begins_loop(struct slt_slice word)
{
    return slt_slice_is(word, "loop") || slt_slice_is(word, "foreach") ||
           slt_slice_is(word, "concurrentloop") || slt_slice_is(word, "concurrentforeach");
}

static size_t end_of_loop(const struct expander *e, size_t first, size_t end)
{
    size_t depth = 0;
    for (size_t i = first; i < end; i++) {
        struct words words;
        split(e->lines[i], &words);
        if (words.count == 0) continue;
        if (begins_loop(words.word[0])) depth++;
        if (slt_slice_is(words.word[0], "endloop") && --depth == 0) return i;
    }
    return end;
}

static void write_block(struct expander *e, size_t first, size_t end, unsigned depth);

static bool push(struct expander *e, struct slt_slice name, struct slt_slice value)
{
    if (e->variables.count == SLT_VARIABLES_MAX) {
        e->problem = "too many variables";
        return false;
    }
    e->variables.items[e->variables.count++] = (struct slt_variable){name, value};
    return true;
}

static void write_loop(struct expander *e, const struct words *words, size_t first, size_t end,
                       unsigned depth)
{
    if (words->count < 4) {
        e->problem = "loop needs a name and two numbers";
        return;
    }
    const size_t count = e->variables.count;
    long long from = number_of(words->word[2]), to = number_of(words->word[3]);
    if (e->dialect->loop_counts) to += from;
    if (to <= from) to = from + 1; /* at least once */
    if (to - from > ROUNDS_MAX) e->problem = "a loop of too many rounds";
    for (long long i = from; i < to && e->problem == NULL; i++) {
        char value[24];
        struct slt_text text = {.data = value, .cap = sizeof value}; /* long enough: never grows */
        slt_text_addf(&text, "%lld", i);
        if (push(e, words->word[1], (struct slt_slice){value, text.len}))
            write_block(e, first, end, depth);
        e->variables.count = count;
    }
}

/* The part of a list with commas between that has the number; empty: there is none. */
static struct slt_slice part(struct slt_slice list, size_t number)
{
    size_t at = 0;
    for (size_t i = 0; i < number; i++) {
        while (at < list.len && list.data[at] != ',')
            at++;
        if (at < list.len) at++;
    }
    size_t end = at;
    while (end < list.len && list.data[end] != ',')
        end++;
    return (struct slt_slice){list.data + at, end - at};
}

static size_t parts(struct slt_slice list)
{
    size_t count = 1;
    for (size_t i = 0; i < list.len; i++)
        count += list.data[i] == ',';
    return count;
}

/* Names of types that files take from a list of their own. */
static const char *collection(struct slt_slice name)
{
    static const char *const lists[][2] = {
        {"<signed>", "tinyint smallint integer bigint hugeint"},
        {"<unsigned>", "utinyint usmallint uinteger ubigint uhugeint"},
        {"<integral>", "tinyint smallint integer bigint hugeint utinyint usmallint uinteger "
                       "ubigint uhugeint"},
        {"<numeric>", "tinyint smallint integer bigint hugeint utinyint usmallint uinteger "
                      "ubigint uhugeint float double"},
        {"<alltypes>", "tinyint smallint integer bigint hugeint utinyint usmallint uinteger "
                       "ubigint uhugeint float double bool interval varchar"},
        {"<compression>", "none uncompressed rle bitpacking dictionary fsst alp alprd"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (slt_slice_is(name, lists[i][0])) return lists[i][1];
    return NULL;
}

static void write_value(struct expander *e, struct slt_slice names, struct slt_slice value,
                        size_t first, size_t end, unsigned depth)
{
    const size_t count = e->variables.count, wanted = parts(names);
    if (wanted > 1 && parts(value) != wanted) e->problem = "foreach: names and values differ";
    for (size_t i = 0; i < wanted && e->problem == NULL; i++)
        if (!push(e, part(names, i), wanted == 1 ? value : part(value, i))) break;
    if (e->problem == NULL) write_block(e, first, end, depth);
    e->variables.count = count;
}

static bool is_removed(const struct words *words, struct slt_slice value)
{
    for (size_t i = 2; i < words->count; i++) {
        struct slt_slice word = words->word[i];
        if (word.len == value.len + 1 && word.data[0] == '!' &&
            memcmp(word.data + 1, value.data, value.len) == 0)
            return true;
    }
    return false;
}

static void write_foreach(struct expander *e, const struct words *words, size_t first, size_t end,
                          unsigned depth)
{
    if (words->count < 3) {
        e->problem = "foreach needs a name and values";
        return;
    }
    if (words->count == WORDS_MAX) e->problem = "foreach with too many values";
    for (size_t i = 2; i < words->count && e->problem == NULL; i++) {
        struct slt_slice value = words->word[i];
        const char *list = collection(value);
        struct words expanded = {.word = {value}, .count = 1};
        if (value.data[0] == '!') continue;
        if (list != NULL) split((struct slt_slice){list, strlen(list)}, &expanded);
        for (size_t k = 0; k < expanded.count && e->problem == NULL; k++)
            if (!is_removed(words, expanded.word[k]))
                write_value(e, words->word[1], expanded.word[k], first, end, depth);
    }
}

/* ---- blocks ---- */

static bool write_mode(struct expander *e, const struct words *words)
{
    if (!slt_slice_is(words->word[0], "mode") || words->count < 2) return false;
    if (slt_slice_is(words->word[1], "skip"))
        e->skipping = true;
    else if (slt_slice_is(words->word[1], "unskip"))
        e->skipping = false;
    else
        return false;
    return true;
}

static void write_block(struct expander *e, size_t first, size_t end, unsigned depth)
{
    bool record = false; /* inside one: its lines are no directives */
    if (depth > DEPTH_MAX) e->problem = "loops are nested too deep";
    for (size_t i = first; i < end && e->problem == NULL && !e->out->failed; i++) {
        struct words words;
        split(e->lines[i], &words);
        struct slt_slice word = words.count == 0 ? (struct slt_slice){"", 0} : words.word[0];
        if (!record && words.count != 0 && write_mode(e, &words)) continue;
        if (e->skipping) continue;
        bool loop = slt_slice_is(word, "loop"), each = slt_slice_is(word, "foreach");
        if (!record && (loop || each)) {
            size_t last = end_of_loop(e, i, end);
            if (last == end) {
                e->problem = "a loop without an end";
                return;
            }
            if (loop)
                write_loop(e, &words, i + 1, last, depth + 1);
            else
                write_foreach(e, &words, i + 1, last, depth + 1);
            i = last;
            continue;
        }
        if (!record && words.count != 0 && write_guard(e, &words, i)) continue;
        if (slt_slice_is(word, "statement") || slt_slice_is(word, "query")) record = true;
        if (e->lines[i].len == 0) record = false;
        write_line(e, i);
    }
}

static bool cut_lines(struct expander *e, struct slt_slice text)
{
    size_t capacity = 1;
    for (size_t i = 0; i < text.len; i++)
        capacity += text.data[i] == '\n';
    e->lines = calloc(capacity, sizeof *e->lines);
    if (e->lines == NULL) return false;
    struct slt_slice line;
    while (slt_slice_line(&text, &line)) {
        if (line.len > 0 && line.data[line.len - 1] == '\r') line.len--;
        e->lines[e->count++] = line;
    }
    return true;
}

bool slt_expand(struct slt_slice text, const struct slt_dialect *dialect,
                const struct slt_variables *variables, struct slt_text *out,
                const char **out_problem)
{
    struct expander e = {.dialect = dialect, .variables = *variables, .out = out};
    slt_text_clear(out);
    *out_problem = NULL;
    if (cut_lines(&e, text)) {
        write_block(&e, 0, e.count, 0);
        (void)slt_text_room(out, 1); /* the reader wants a byte of spare capacity */
    } else {
        out->failed = true;
    }
    free(e.lines);
    *out_problem = out->failed ? "out of memory in the harness" : e.problem;
    return *out_problem == NULL;
}

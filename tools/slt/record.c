#include "slt/record.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 8 };

struct words {
    struct slt_slice word[WORDS_MAX];
    size_t count;
};

void slt_reader_init(struct slt_reader *reader, struct slt_text *text,
                     const struct slt_dialect *dialect, const char *const *labels)
{
    if (text->len > 0 && text->data[text->len - 1] != '\n') text->data[text->len++] = '\n';
    *reader = (struct slt_reader){
        .at = text->data,
        .end = text->data == NULL ? NULL : text->data + text->len,
        .line = 1,
        .dialect = dialect,
        .labels = labels,
    };
}

/* The next line without its line end, comment lines left out. False at the end of the text. */
static bool next_line(struct slt_reader *reader, struct slt_slice *out_line)
{
    while (reader->at < reader->end) {
        char *start = reader->at;
        char *newline = memchr(start, '\n', (size_t)(reader->end - start));
        if (newline == NULL) newline = reader->end; /* cannot be: the text ends with one */
        size_t len = (size_t)(newline - start);
        reader->at = newline < reader->end ? newline + 1 : newline;
        reader->line++;
        if (len > 0 && start[len - 1] == '\r') len--;
        if (len > 2 && memcmp(start, "#@", 2) == 0 && reader->dialect->expands)
            reader->line = (uint32_t)strtoul(start + 2, NULL, 10); /* of the next one */
        if (len > 0 && start[0] == '#') continue;
        *out_line = (struct slt_slice){start, len};
        return true;
    }
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

/* Split at blanks. A word that starts with '#' begins a comment. */
static void split(struct slt_slice line, struct words *out)
{
    out->count = 0;
    size_t i = 0;
    while (out->count < WORDS_MAX) {
        while (i < line.len && is_blank(line.data[i]))
            i++;
        size_t start = i;
        while (i < line.len && !is_blank(line.data[i]))
            i++;
        if (i == start || line.data[start] == '#') return;
        out->word[out->count++] = (struct slt_slice){line.data + start, i - start};
    }
}

static struct slt_slice word_at(const struct words *words, size_t index)
{
    return index < words->count ? words->word[index] : (struct slt_slice){"", 0};
}

static void invalid(struct slt_record *record, const char *problem)
{
    if (record->kind == SLT_RECORD_INVALID) return;
    record->kind = SLT_RECORD_INVALID;
    record->problem = problem;
}

static bool label_matches(const struct slt_reader *reader, struct slt_slice name)
{
    for (const char *const *label = reader->labels; *label != NULL; label++) {
        if (slt_slice_is_nocase(name, *label)) return true;
    }
    return false;
}

/* Where a comment ends what stands before it. */
static bool at_comment(const struct slt_reader *reader)
{
    return reader->dialect->directives && !reader->dialect->loose_blanks &&
           reader->at < reader->end && *reader->at == '#';
}

/* Collect lines up to a blank one into one run of bytes. With `stop_at_rule` a line of four dashes
 * ends it as well, and true is returned. */
static bool collect(struct slt_reader *reader, bool stop_at_rule, struct slt_slice *out)
{
    char *start = reader->at, *to = start;
    bool rule = false;
    struct slt_slice line;
    while (!at_comment(reader) && next_line(reader, &line) && line.len > 0) {
        if (stop_at_rule && slt_slice_is(line, "----")) {
            rule = true;
            break;
        }
        if (to != line.data) memmove(to, line.data, line.len);
        to += line.len;
        *to++ = '\n'; /* where the line's own end was, or before */
    }
    *out = (struct slt_slice){start, (size_t)(to - start)};
    return rule;
}

static void skip_block(struct slt_reader *reader)
{
    struct slt_slice line;
    while (next_line(reader, &line) && line.len > 0)
        continue;
}

static void trim_newline(struct slt_slice *slice)
{
    while (slice->len > 0 && slice->data[slice->len - 1] == '\n')
        slice->len--;
}

static void read_statement(struct slt_reader *reader, const struct words *words,
                           struct slt_record *record)
{
    record->kind = SLT_RECORD_STATEMENT;
    struct slt_slice mode = word_at(words, 1);
    record->expect_error = slt_slice_is(mode, "error");
    record->maybe = reader->dialect->directives && slt_slice_is(mode, "maybe");
    if (!record->expect_error && !record->maybe && !slt_slice_is(mode, "ok")) {
        invalid(record, "statement must be followed by ok or error");
    }
    if (reader->dialect->names_connections && words->count > 2) {
        record->connection = words->word[2];
    }
    bool texts = (record->expect_error || record->maybe) &&
                 (reader->dialect->compares_error_text || reader->dialect->loose);
    record->has_expected = collect(reader, texts, &record->sql);
    if (record->has_expected) (void)collect(reader, false, &record->expected);
    trim_newline(&record->sql);
    if (record->sql.len == 0) invalid(record, "statement without SQL");
}

static void read_sort(struct slt_reader *reader, const struct words *words,
                      struct slt_record *record)
{
    struct slt_slice sort = word_at(words, 2);
    bool more = reader->dialect->directives;
    if (sort.len == 0 || slt_slice_is(sort, "nosort") || (more && slt_slice_is(sort, "none"))) {
        record->sort = SLT_SORT_NONE;
    } else if (slt_slice_is(sort, "rowsort") || (more && slt_slice_is(sort, "sort"))) {
        record->sort = SLT_SORT_ROWS;
    } else if (slt_slice_is(sort, "valuesort")) {
        record->sort = SLT_SORT_VALUES;
    } else if (reader->dialect->names_connections) {
        record->connection = sort;
    } else {
        invalid(record, "the sort mode is none of nosort, rowsort, valuesort");
    }
}

/* Turn the TABs of row-wise expected lines into newlines, if every line has them all. */
static void flatten_rows(struct slt_record *record)
{
    size_t tabs = 0;
    char *bytes = (char *)(uintptr_t)record->expected.data; /* the text is ours to edit */
    for (size_t i = 0; i < record->expected.len; i++) {
        if (bytes[i] == '\t') tabs++;
        if (bytes[i] != '\n') continue;
        if (tabs + 1 != record->types.len) return;
        tabs = 0;
    }
    for (size_t i = 0; i < record->expected.len; i++) {
        if (bytes[i] == '\t') bytes[i] = '\n';
    }
}

static void read_query(struct slt_reader *reader, const struct words *words,
                       struct slt_record *record)
{
    record->kind = SLT_RECORD_QUERY;
    record->types = word_at(words, 1);
    record->label = word_at(words, 3);
    if (record->types.len == 0) invalid(record, "query without column types");
    for (size_t i = 0; i < record->types.len; i++) {
        char type = record->types.data[i];
        if (reader->dialect->any_types) break;
        if (type != 'I' && type != 'R' && type != 'T') {
            invalid(record, "a column type is none of I, R, T");
        }
    }
    read_sort(reader, words, record);
    record->has_expected = collect(reader, true, &record->sql);
    if (record->has_expected) (void)collect(reader, false, &record->expected);
    trim_newline(&record->sql);
    if (record->sql.len == 0) invalid(record, "query without SQL");
    if (reader->dialect->tab_rows && record->types.len > 1) flatten_rows(record);
}

static void read_threshold(struct slt_reader *reader, const struct words *words,
                           struct slt_record *record)
{
    record->kind = SLT_RECORD_HASH_THRESHOLD;
    struct slt_slice number = word_at(words, 1);
    char digits[24] = "", *end = digits;
    if (number.len > 0 && number.len < sizeof digits) {
        memcpy(digits, number.data, number.len);
        digits[number.len] = '\0';
        record->hash_threshold = strtoull(digits, &end, 10);
    }
    if (end == digits || *end != '\0' || digits[0] == '-') {
        invalid(record, "hash-threshold needs a number");
    }
    skip_block(reader);
}

/* skipif, onlyif or connection: true, and the next line belongs to the same record. */
static bool read_guard(struct slt_reader *reader, const struct words *words,
                       struct slt_record *record)
{
    struct slt_slice word = word_at(words, 0);
    bool skipif = slt_slice_is(word, "skipif"), onlyif = slt_slice_is(word, "onlyif");
    if (skipif || onlyif) {
        if (words->count < 2)
            invalid(record, "skipif and onlyif need a name");
        else if (label_matches(reader, words->word[1]) == skipif)
            record->skip = true;
        return true;
    }
    if (reader->dialect->names_connections && slt_slice_is(word, "connection")) {
        if (words->count < 2) invalid(record, "connection needs a name");
        record->connection = word_at(words, 1);
        return true;
    }
    return false;
}

/* What DuckDB's files have besides. */
static bool read_other(struct slt_reader *reader, const struct words *words,
                       struct slt_record *record)
{
    static const struct {
        const char *word;
        enum slt_record_kind kind;
    } kinds[] = {
        {"require", SLT_RECORD_REQUIRE},     {"require-env", SLT_RECORD_REQUIRE},
        {"load", SLT_RECORD_LOAD},           {"restart", SLT_RECORD_RESTART},
        {"reconnect", SLT_RECORD_RECONNECT}, {"sleep", SLT_RECORD_NOTHING},
        {"tags", SLT_RECORD_NOTHING},        {"set", SLT_RECORD_NOTHING},
        {"mode", SLT_RECORD_NOTHING}, /* skip and unskip are gone already: the rest is for people */
    };
    if (!reader->dialect->directives) return false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!slt_slice_is(word_at(words, 0), kinds[i].word)) continue;
        record->kind = kinds[i].kind;
        record->sql = word_at(words, 1);
        record->label = word_at(words, 2);
        record->read_only = slt_slice_is(word_at(words, 2), "readonly");
        skip_block(reader);
        return true;
    }
    return false;
}

static void read_directive(struct slt_reader *reader, const struct words *words,
                           struct slt_record *record)
{
    struct slt_slice word = word_at(words, 0);
    struct slt_slice guarded_connection = record->connection;
    if (slt_slice_is(word, "statement")) {
        read_statement(reader, words, record);
    } else if (slt_slice_is(word, "query")) {
        read_query(reader, words, record);
    } else if (slt_slice_is(word, "hash-threshold")) {
        read_threshold(reader, words, record);
    } else if (slt_slice_is(word, "halt")) {
        record->kind = SLT_RECORD_HALT;
        skip_block(reader);
    } else if (!read_other(reader, words, record)) {
        invalid(record, "no record begins like this");
        record->sql = word;
        skip_block(reader);
    }
    if (record->connection.len == 0) record->connection = guarded_connection;
}

void slt_reader_next(struct slt_reader *reader, struct slt_record *out_record)
{
    *out_record = (struct slt_record){.kind = SLT_RECORD_END};
    struct slt_slice line;
    const char *problem = NULL;
    while (next_line(reader, &line)) {
        if (line.len == 0) {
            if (out_record->line != 0) { /* guards, and then nothing they could guard */
                invalid(out_record, "skipif, onlyif or connection without a record");
                return;
            }
            continue;
        }
        struct words words;
        split(line, &words);
        out_record->line = reader->line - 1;
        if (read_guard(reader, &words, out_record)) {
            if (out_record->kind == SLT_RECORD_INVALID) problem = out_record->problem;
            out_record->kind = SLT_RECORD_END;
            continue;
        }
        read_directive(reader, &words, out_record);
        if (problem != NULL) invalid(out_record, problem);
        return;
    }
    if (out_record->line != 0) {
        invalid(out_record, "skipif, onlyif or connection without a record");
    }
}

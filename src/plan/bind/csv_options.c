/* csv_options.c -- (HEADER, DELIMITER '|', ...): what COPY is told about the text of a file. */
#include "base/number.h"
#include "plan/bind/bind.h"

/* What an option applies to. */
enum use { USE_READ = 1, USE_WRITE = 2, USE_BOTH = 3 };

struct option_job {
    struct binder *b;
    const struct ast_option *option;
    struct csv_options *out;
    bool given; /* a value is */
    struct slice text;
    int32_t at;
};

static llkv_code refuse(struct option_job *job, const char *wanted)
{
    return cx_fail_at(job->b->cx, LLKV_SYNTAX, job->at, "22023", "option %.*s takes %s",
                      SLICE_ARG(job->option->name.text), wanted);
}

static llkv_code take_bool(struct option_job *job, bool *out)
{
    static const char *const words[2][5] = {{"false", "off", "no", "0", "f"},
                                            {"true", "on", "yes", "1", "t"}};
    *out = true;
    if (!job->given) return LLKV_OK;
    for (int truth = 0; truth < 2; truth++) {
        for (int i = 0; i < 5; i++) {
            if (!slice_equal_folded(job->text, slice_of(words[truth][i]))) continue;
            *out = truth == 1;
            return LLKV_OK;
        }
    }
    return refuse(job, "true or false");
}

/* One ASCII character; '' is none, '\t' may be written as two. */
static llkv_code take_character(struct option_job *job, bool none_allowed, char *out)
{
    struct slice text = job->text;
    if (slice_equal(text, SLICE("\\t"))) text = SLICE("\t");
    *out = 0;
    if (job->given && text.len == 0 && none_allowed) return LLKV_OK;
    if (!job->given || text.len != 1 || text.data[0] <= 0)
        return refuse(job, "one ASCII character");
    *out = text.data[0];
    return LLKV_OK;
}

static llkv_code option_format(struct option_job *job)
{
    if (slice_equal_folded(job->text, SLICE("csv"))) return LLKV_OK;
    return cx_fail_at(job->b->cx, LLKV_UNSUPPORTED, job->at, NULL, "FORMAT %.*s is not supported",
                      SLICE_ARG(job->text));
}

static llkv_code option_delimiter(struct option_job *job)
{
    return take_character(job, false, &job->out->dialect.delimiter);
}

static llkv_code option_quote(struct option_job *job)
{
    job->out->dialect.quote_given = true;
    return take_character(job, true, &job->out->dialect.quote);
}

static llkv_code option_escape(struct option_job *job)
{
    return take_character(job, true, &job->out->dialect.escape);
}

static llkv_code option_header(struct option_job *job)
{
    bool on;
    TRY(take_bool(job, &on));
    job->out->dialect.header = on ? CSV_YES : CSV_NO;
    return LLKV_OK;
}

static llkv_code option_null(struct option_job *job)
{
    struct csv_dialect *d = &job->out->dialect;
    if (!job->given || job->text.len > sizeof d->null_text)
        return refuse(job, "a text of at most 64 bytes");
    d->null_length = (uint8_t)job->text.len;
    if (job->text.len != 0) memcpy(d->null_text, job->text.data, job->text.len);
    return LLKV_OK;
}

static llkv_code option_skip(struct option_job *job)
{
    int64_t lines;
    if (!job->given || number_parse_i64(job->text, &lines) != TEXT_OK || lines < 0)
        return refuse(job, "a number of lines");
    job->out->dialect.skip = lines;
    return LLKV_OK;
}

static llkv_code option_null_padding(struct option_job *job)
{
    return take_bool(job, &job->out->dialect.null_padding);
}

/* Without sniffing, what is not said is as RFC 4180 has it. */
static llkv_code option_auto_detect(struct option_job *job)
{
    struct csv_dialect *d = &job->out->dialect;
    bool on;
    TRY(take_bool(job, &on));
    if (on) return LLKV_OK;
    if (d->delimiter == 0) d->delimiter = ',';
    if (d->header == CSV_SNIFF) d->header = CSV_NO;
    return LLKV_OK;
}

static llkv_code option_encoding(struct option_job *job)
{
    if (slice_equal_folded(job->text, SLICE("utf-8")) ||
        slice_equal_folded(job->text, SLICE("utf8")))
        return LLKV_OK;
    return cx_fail_at(job->b->cx, LLKV_UNSUPPORTED, job->at, NULL, "ENCODING %.*s is not supported",
                      SLICE_ARG(job->text));
}

static llkv_code option_compression(struct option_job *job)
{
    if (slice_equal_folded(job->text, SLICE("none")) ||
        slice_equal_folded(job->text, SLICE("auto")) ||
        slice_equal_folded(job->text, SLICE("auto_detect")))
        return LLKV_OK;
    return cx_fail_at(job->b->cx, LLKV_UNSUPPORTED, job->at, NULL,
                      "COMPRESSION %.*s is not supported", SLICE_ARG(job->text));
}

static llkv_code option_force_quote(struct option_job *job)
{
    const struct ast_list *values = &job->option->values;
    if (values->count == 0) return refuse(job, "columns, or *");
    if (values->items[0]->kind == AST_STAR)
        job->out->dialect.force_quote_all = true;
    else
        job->out->force_quote = job->option;
    return LLKV_OK;
}

static const struct csv_option {
    const char *name;
    uint8_t use;
    bool list; /* takes more than one value */
    llkv_code (*take)(struct option_job *job);
} known[] = {
    {"format", USE_BOTH, false, option_format},
    {"delimiter", USE_BOTH, false, option_delimiter},
    {"delim", USE_BOTH, false, option_delimiter},
    {"sep", USE_BOTH, false, option_delimiter},
    {"quote", USE_BOTH, false, option_quote},
    {"escape", USE_BOTH, false, option_escape},
    {"header", USE_BOTH, false, option_header},
    {"null", USE_BOTH, false, option_null},
    {"nullstr", USE_BOTH, false, option_null},
    {"encoding", USE_BOTH, false, option_encoding},
    {"compression", USE_BOTH, false, option_compression},
    {"skip", USE_READ, false, option_skip},
    {"null_padding", USE_READ, false, option_null_padding},
    {"force_quote", USE_WRITE, true, option_force_quote},
    {"auto_detect", USE_READ, false, option_auto_detect}, /* last: looks at what was said */
};

static const struct csv_option *find(struct slice name, enum use use)
{
    for (size_t i = 0; i < ARRAY_COUNT(known); i++)
        if ((known[i].use & use) != 0 && slice_equal_folded(name, slice_of(known[i].name)))
            return &known[i];
    return NULL;
}

/* A word, a number or a text as it stands. */
static bool option_text(const struct ast *node, struct slice *out)
{
    if (node->kind == AST_COLUMN) {
        const struct ast_path *path = &((const struct ast_column *)node)->path;
        *out = path->parts[0].text;
        return path->count == 1;
    }
    if (node->kind != AST_LITERAL || node->op == AST_LITERAL_NULL) return false;
    *out = node->op == AST_LITERAL_TRUE    ? SLICE("true")
           : node->op == AST_LITERAL_FALSE ? SLICE("false")
                                           : ((const struct ast_literal *)node)->text;
    return true;
}

static llkv_code take_option(struct option_job *job, const struct csv_option *option)
{
    const struct ast_list *values = &job->option->values;
    if (option->list) return option->take(job);
    if (values->count > 1) return refuse(job, "one value");
    job->given = values->count == 1;
    job->text = (struct slice){0};
    if (job->given && !option_text(values->items[0], &job->text)) return refuse(job, "a constant");
    return option->take(job);
}

static llkv_code refuse_unknown(struct binder *b, const struct ast_option *option)
{
    return cx_fail_at(b->cx, LLKV_UNSUPPORTED, bind_at_name(b, &option->name), NULL,
                      "option %.*s of files is not supported", SLICE_ARG(option->name.text));
}

static llkv_code refuse_twice(struct binder *b, const struct ast_list *options, uint32_t i,
                              enum use use)
{
    const struct ast_option *option = (const struct ast_option *)options->items[i];
    const struct csv_option *this = find(option->name.text, use);
    if (this == NULL) return refuse_unknown(b, option);
    for (uint32_t k = 0; k < i; k++) {
        const struct ast_option *other = (const struct ast_option *)options->items[k];
        if (find(other->name.text, use)->take == this->take)
            return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at_name(b, &option->name), "42601",
                              "option %.*s is given twice", SLICE_ARG(option->name.text));
    }
    return LLKV_OK;
}

llkv_code bind_csv_options(struct binder *b, const struct ast_list *options, bool writing,
                           struct csv_options *out)
{
    const enum use use = writing ? USE_WRITE : USE_READ;
    *out = (struct csv_options){.dialect = {.header = writing ? CSV_YES : CSV_SNIFF}};
    for (uint32_t i = 0; i < options->count; i++)
        TRY(refuse_twice(b, options, i, use));
    for (size_t k = 0; k < ARRAY_COUNT(known); k++) {
        for (uint32_t i = 0; i < options->count; i++) {
            const struct ast_option *option = (const struct ast_option *)options->items[i];
            if (find(option->name.text, use) != &known[k]) continue;
            struct option_job job = {
                .b = b, .option = option, .out = out, .at = bind_at_name(b, &option->name)};
            TRY(take_option(&job, &known[k]));
        }
    }
    return csv_dialect_check(b->cx, &out->dialect);
}

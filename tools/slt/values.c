#include "slt/values.h"

#include <assert.h>
#include <md5.h>
#include <stdlib.h>
#include <string.h>

enum { RUN_LENGTH = 8 };

void slt_values_clear(struct slt_values *values)
{
    slt_text_clear(&values->text);
    values->count = 0;
}

void slt_values_end(struct slt_values *values)
{
    slt_text_addc(&values->text, '\n');
    values->count++;
}

void slt_values_deinit(struct slt_values *values)
{
    slt_text_deinit(&values->text);
    slt_text_deinit(&values->sorted);
    free(values->spans);
    free(values->merged);
    *values = (struct slt_values){0};
}

static bool reserve_spans(struct slt_values *values, size_t count)
{
    if (count <= values->spans_cap) return true;
    size_t cap = values->spans_cap * 2 > count ? values->spans_cap * 2 : count;
    if (cap > SIZE_MAX / sizeof(struct slt_span)) return false;
    struct slt_span *spans = realloc(values->spans, cap * sizeof *spans);
    if (spans == NULL) return false;
    values->spans = spans;
    struct slt_span *merged = realloc(values->merged, cap * sizeof *merged);
    if (merged == NULL) return false;
    values->merged = merged;
    values->spans_cap = cap;
    return true;
}

static uint64_t span_key(const char *text, size_t len)
{
    uint64_t key = 0;
    size_t used = len < 8 ? len : 8;
    for (size_t i = 0; i < used; i++)
        key |= (uint64_t)(unsigned char)text[i] << (56 - 8 * i);
    return key;
}

/* Cut the text into spans of `values_per_span` values. */
static size_t cut(struct slt_values *values, size_t values_per_span)
{
    const char *text = values->text.data;
    size_t at = 0, count = 0;
    while (at < values->text.len) {
        size_t end = at;
        for (size_t i = 0; i < values_per_span && end < values->text.len; i++) {
            const char *newline = memchr(text + end, '\n', values->text.len - end);
            assert(newline != NULL);
            end = (size_t)(newline - text) + 1;
        }
        struct slt_span *span = &values->spans[count++];
        span->at = (uint32_t)at;
        span->len = (uint32_t)(end - at);
        span->key = span_key(text + at, end - at);
        at = end;
    }
    return count;
}

static bool span_less(const char *text, const struct slt_span *lhs, const struct slt_span *rhs)
{
    if (lhs->key != rhs->key) return lhs->key < rhs->key;
    uint32_t len = lhs->len < rhs->len ? lhs->len : rhs->len;
    int order = memcmp(text + lhs->at, text + rhs->at, len);
    return order != 0 ? order < 0 : lhs->len < rhs->len;
}

static void sort_run(const char *text, struct slt_span *spans, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct slt_span span = spans[i];
        size_t j = i;
        for (; j > 0 && span_less(text, &span, &spans[j - 1]); j--)
            spans[j] = spans[j - 1];
        spans[j] = span;
    }
}

/* Merge spans [0, middle) and [middle, count), both in order, into `out`. */
static void merge(const char *text, const struct slt_span *spans, size_t middle, size_t count,
                  struct slt_span *out)
{
    size_t left = 0, right = middle;
    for (size_t i = 0; i < count; i++) {
        bool take_right =
            right < count && (left >= middle || span_less(text, &spans[right], &spans[left]));
        out[i] = spans[take_right ? right++ : left++];
    }
}

/* Bottom-up merge sort: short runs by insertion, then runs of doubling length. */
static const struct slt_span *sort_spans(struct slt_values *values, size_t count)
{
    const char *text = values->text.data;
    struct slt_span *from = values->spans, *to = values->merged;
    for (size_t i = 0; i < count; i += RUN_LENGTH) {
        sort_run(text, from + i, count - i < RUN_LENGTH ? count - i : RUN_LENGTH);
    }
    for (size_t run = RUN_LENGTH; run < count; run *= 2) {
        for (size_t i = 0; i < count; i += 2 * run) {
            size_t pair = count - i < 2 * run ? count - i : 2 * run;
            merge(text, from + i, run < pair ? run : pair, pair, to + i);
        }
        struct slt_span *other = from;
        from = to;
        to = other;
    }
    return from;
}

bool slt_values_sort(struct slt_values *values, enum slt_sort sort, size_t columns)
{
    if (sort == SLT_SORT_NONE || values->count < 2) return true;
    assert(columns > 0);
    size_t per_span = sort == SLT_SORT_ROWS ? columns : 1;
    size_t count = (values->count + per_span - 1) / per_span;
    if (values->text.len > UINT32_MAX || !reserve_spans(values, count)) return false;
    count = cut(values, per_span);
    const struct slt_span *order = sort_spans(values, count);
    slt_text_clear(&values->sorted);
    if (slt_text_room(&values->sorted, values->text.len) == NULL) return false;
    for (size_t i = 0; i < count; i++) {
        slt_text_add(&values->sorted, values->text.data + order[i].at, order[i].len);
    }
    struct slt_text text = values->text;
    values->text = values->sorted;
    values->sorted = text;
    return true;
}

void slt_digest(struct slt_slice text, char out_digest[SLT_DIGEST_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    MD5_CTX md5;
    uint8_t bytes[MD5_DIGEST_LENGTH];
    MD5Init(&md5);
    MD5Update(&md5, (const uint8_t *)text.data, text.len);
    MD5Final(bytes, &md5);
    for (size_t i = 0; i < MD5_DIGEST_LENGTH; i++) {
        out_digest[2 * i] = digits[bytes[i] >> 4];
        out_digest[2 * i + 1] = digits[bytes[i] & 15];
    }
    out_digest[2 * MD5_DIGEST_LENGTH] = '\0';
}

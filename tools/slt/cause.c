#include "slt/cause.h"

#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The length of the message without a single word behind its last ": ". */
static size_t without_last_word(struct slt_slice message)
{
    for (size_t i = message.len; i > 2; i--) {
        if (message.data[i - 1] == ' ') {
            return message.data[i - 2] == ':' ? i : message.len;
        }
    }
    return message.len;
}

void slt_cause_normalise(struct slt_text *out, struct slt_slice message)
{
    size_t len = without_last_word(message);
    for (size_t i = 0; i < len; i++) {
        char c = message.data[i];
        const char *close = NULL;
        if (c == '"' || c == '\'' || c == '`') close = memchr(message.data + i + 1, c, len - i - 1);
        if (close != NULL) {
            slt_text_addz(out, "'_'");
            i = (size_t)(close - message.data);
        } else if (is_digit(c)) {
            slt_text_addc(out, '0');
            while (i + 1 < len && is_digit(message.data[i + 1]))
                i++;
        } else {
            slt_text_addc(out, c == '\n' || c == '\t' ? ' ' : c);
        }
    }
    if (len < message.len) slt_text_addc(out, '_');
}

static uint64_t hash_text(struct slt_slice text)
{
    uint64_t hash = text.len;
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash;
}

bool slt_causes_add(struct slt_causes *causes, struct slt_slice text, uint64_t count)
{
    uint64_t hash = hash_text(text);
    for (size_t i = 0; i < causes->count; i++) {
        if (causes->items[i].hash == hash && slt_slice_is(text, causes->items[i].text)) {
            causes->items[i].count += count;
            return true;
        }
    }
    if (causes->count == causes->cap) {
        size_t cap = causes->cap == 0 ? 16 : causes->cap * 2;
        struct slt_cause *items = realloc(causes->items, cap * sizeof *items);
        if (items == NULL) return false;
        causes->items = items;
        causes->cap = cap;
    }
    char *copy = malloc(text.len + 1);
    if (copy == NULL) return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    causes->items[causes->count++] = (struct slt_cause){hash, count, copy};
    return true;
}

static int more_frequent(const void *lhs, const void *rhs)
{
    const struct slt_cause *a = lhs, *b = rhs;
    if (a->count != b->count) return a->count > b->count ? -1 : 1;
    return strcmp(a->text, b->text);
}

void slt_causes_sort(struct slt_causes *causes)
{
    if (causes->count > 1) {
        qsort(causes->items, causes->count, sizeof causes->items[0], more_frequent);
    }
}

void slt_causes_deinit(struct slt_causes *causes)
{
    for (size_t i = 0; i < causes->count; i++)
        free(causes->items[i].text);
    free(causes->items);
    *causes = (struct slt_causes){0};
}

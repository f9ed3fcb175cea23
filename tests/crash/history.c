#include "history.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "image.h"

static void groups_deinit(struct groups *groups)
{
    for (uint64_t i = 0; i < groups->count; i++)
        free(groups->items[i].bytes);
    free(groups->items);
    *groups = (struct groups){0};
}

static void groups_add(struct groups *groups, struct group group)
{
    groups->items = crash_grow(groups->items, (groups->count + 1) * sizeof group);
    groups->items[groups->count++] = group;
}

static void groups_copy(struct groups *to, const struct groups *from)
{
    *to = (struct groups){0};
    for (uint64_t i = 0; i < from->count; i++) {
        struct group group = from->items[i];
        group.bytes = memcpy(crash_grow(NULL, group.size), group.bytes, group.size);
        groups_add(to, group);
    }
}

void history_deinit(struct history *history)
{
    groups_deinit(&history->groups);
    groups_deinit(&history->lost);
    free(history->roots);
    promises_deinit(&history->promises);
    *history = (struct history){0};
}

void history_copy(struct history *to, const struct history *from)
{
    *to = (struct history){0};
    groups_copy(&to->groups, &from->groups);
    groups_copy(&to->lost, &from->lost);
    for (uint64_t i = 0; i < from->root_count; i++)
        history_add_root(to, &from->roots[i]);
    promises_copy(&to->promises, &from->promises);
}

void history_add_group(struct history *history, struct group group)
{
    assert(group.first_lsn == history_last(history) + 1);
    groups_add(&history->groups, group);
}

void history_add_root(struct history *history, const struct root *root)
{
    history->roots = crash_grow(history->roots, (history->root_count + 1) * sizeof *root);
    history->roots[history->root_count++] = *root;
}

uint64_t history_last(const struct history *history)
{
    if (history->groups.count == 0) return 0;
    const struct group *last = &history->groups.items[history->groups.count - 1];
    return last->first_lsn + last->frames - 1;
}

const struct group *history_group(const struct history *history, uint64_t first_lsn)
{
    for (uint64_t i = 0; i < history->groups.count; i++) {
        if (history->groups.items[i].first_lsn == first_lsn) return &history->groups.items[i];
    }
    return NULL;
}

const struct root *history_root(const struct history *history, uint64_t version)
{
    for (uint64_t i = history->root_count; i > 0; i--) {
        if (history->roots[i - 1].version == version) return &history->roots[i - 1];
    }
    return NULL;
}

void history_cut(struct history *history, uint64_t lsn, uint64_t version)
{
    uint64_t kept = 0;
    groups_deinit(&history->lost);
    for (uint64_t i = 0; i < history->groups.count; i++) {
        if (history->groups.items[i].first_lsn <= lsn)
            kept++;
        else
            groups_add(&history->lost, history->groups.items[i]);
    }
    history->groups.count = kept;
    assert(history_last(history) == lsn);
    kept = 0;
    for (uint64_t i = 0; i < history->root_count; i++) {
        if (history->roots[i].version <= version) history->roots[kept++] = history->roots[i];
    }
    history->root_count = kept;
    promises_deinit(&history->promises);
}

static uint8_t byte_of(uint64_t *state, uint64_t i)
{
    if (i % 61 == 0) (void)crash_random(state);
    return (uint8_t)(*state >> i % 7 * 8);
}

void bytes_fill(uint8_t *out, uint64_t bytes, uint64_t seed)
{
    for (uint64_t i = 0; i < bytes; i++)
        out[i] = byte_of(&seed, i);
}

bool bytes_match(const uint8_t *data, uint64_t bytes, uint64_t seed)
{
    for (uint64_t i = 0; i < bytes; i++) {
        if (data[i] != byte_of(&seed, i)) return false;
    }
    return true;
}

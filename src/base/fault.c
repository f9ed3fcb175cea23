#include "base/fault.h"

#include <stdlib.h>
#include <string.h>

void fault_arm(struct fault_point *point, int64_t nth, bool for_good)
{
    atomic_store(&point->for_good, for_good);
    atomic_store(&point->left, nth);
    atomic_store(&point->state, nth > 0 ? FAULT_ARMED : FAULT_OFF);
}

/* Whoever comes first decides; calls that race with the first are not counted. */
static void read_environment(struct fault_point *point)
{
    int unread = FAULT_UNREAD;
    if (!atomic_compare_exchange_strong(&point->state, &unread, FAULT_OFF)) return;
    const char *text = getenv("LLKV_FAIL");
    text = text == NULL ? NULL : strstr(text, point->key);
    if (text == NULL) return;
    char *end;
    int64_t nth = strtoll(text + strlen(point->key), &end, 10);
    fault_arm(point, nth, *end == '+');
}

bool fault_due_slow(struct fault_point *point)
{
    if (atomic_load(&point->state) == FAULT_UNREAD) read_environment(point);
    if (atomic_load(&point->state) != FAULT_ARMED) return false;
    int64_t left = atomic_fetch_sub(&point->left, 1) - 1;
    return left == 0 || (left < 0 && atomic_load(&point->for_good));
}

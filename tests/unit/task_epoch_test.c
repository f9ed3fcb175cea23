#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "task/epoch.h"

struct object {
    struct epoch_item item;
    uint64_t value, copy;
};

static atomic_uint freed;

static void object_free(void *ptr)
{
    struct object *object = ptr;
    object->value = 0;
    object->copy = 1; /* a reader that still looks would see them differ */
    mem_free(object);
    atomic_fetch_add(&freed, 1);
}

static struct object *object_new(uint64_t value)
{
    struct object *object = mem_alloc_zero(NULL, sizeof *object);
    object->value = object->copy = value;
    return object;
}

static void readers_hold_back_what_they_may_see(void **state)
{
    (void)state;
    freed = 0;
    struct epoch_domain *domain = epoch_domain_new(NULL);
    struct epoch_slot *a = epoch_slot_new(domain);
    struct epoch_slot *b = epoch_slot_new(domain);
    assert_int_equal(epoch_reclaim(domain), 0);
    epoch_retire(domain, object_new(1), object_free);
    assert_int_equal(epoch_reclaim(domain), 0);
    assert_int_equal(freed, 1);
    epoch_enter(a);
    epoch_enter(a);
    epoch_retire(domain, object_new(2), object_free);
    epoch_enter(b);
    epoch_retire(domain, object_new(3), object_free);
    assert_int_equal(epoch_reclaim(domain), 2);
    epoch_exit(a);
    assert_int_equal(epoch_reclaim(domain), 2);
    epoch_exit(a);
    assert_int_equal(epoch_reclaim(domain), 1); /* b came after object 2 was retired */
    assert_int_equal(freed, 2);
    epoch_exit(b);
    assert_int_equal(epoch_reclaim(domain), 0);
    assert_int_equal(freed, 3);
    for (int i = 0; i < 100; i++)
        epoch_retire(domain, object_new(1), object_free);
    assert_true(freed >= 90); /* retiring reclaims on its own */
    epoch_slot_free(a);
    epoch_slot_free(b);
    epoch_slot_free(NULL);
    epoch_domain_free(domain);
    epoch_domain_free(NULL);
    assert_int_equal(freed, 103);
    assert_int_equal(mem_used_bytes(), 0);
    mem_fail_nth(1, true);
    assert_null(epoch_domain_new(NULL));
    mem_fail_nth(0, false);
    domain = epoch_domain_new(NULL);
    mem_fail_nth(1, true);
    assert_null(epoch_slot_new(domain));
    mem_fail_nth(0, false);
    epoch_domain_free(domain);
}

struct shared {
    struct epoch_domain *domain;
    struct object *_Atomic current;
    atomic_bool stop;
    atomic_uint bad;
};

static void *reader_main(void *arg)
{
    struct shared *s = arg;
    uint64_t last = 0;
    while (!atomic_load(&s->stop)) {
        struct epoch_slot *slot = epoch_slot_new(s->domain);
        for (int i = 0; i < 100; i++) {
            epoch_enter(slot);
            struct object *object = atomic_load_explicit(&s->current, memory_order_acquire);
            if (object->value != object->copy || object->value < last) atomic_fetch_add(&s->bad, 1);
            last = object->value;
            epoch_exit(slot);
        }
        epoch_slot_free(slot);
    }
    return NULL;
}

static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;

static void *writer_main(void *arg)
{
    struct shared *s = arg;
    for (int i = 0; i < 20000; i++) {
        pthread_mutex_lock(&writers);
        struct object *old = atomic_load_explicit(&s->current, memory_order_relaxed);
        struct object *new = object_new(old->value + 1);
        atomic_store_explicit(&s->current, new, memory_order_release);
        pthread_mutex_unlock(&writers);
        epoch_retire(s->domain, old, object_free);
    }
    return NULL;
}

static void readers_and_writers_race(void **state)
{
    (void)state;
    freed = 0;
    struct shared s = {.domain = epoch_domain_new(NULL)};
    atomic_init(&s.current, object_new(1));
    pthread_t threads[5];
    for (int i = 0; i < 5; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < 3 ? reader_main : writer_main, &s),
                         0);
    for (int i = 3; i < 5; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&s.stop, true);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(s.bad, 0);
    epoch_domain_free(s.domain);
    assert_int_equal(freed, 40000);
    assert_int_equal(s.current->value, 40001);
    object_free(s.current);
    assert_int_equal(mem_used_bytes(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_hold_back_what_they_may_see),
        cmocka_unit_test(readers_and_writers_race),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

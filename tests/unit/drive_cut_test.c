/* A container of a thousand random operations, cut at every byte. */
#define _DEFAULT_SOURCE 1
#include <unistd.h>

#include "drive_history.h"

static void a_long_file_cut_at_every_byte_opens_at_the_right_tail(void **state)
{
    (void)state;
    const char *path = scratch_path("cut");
    struct history history = write_random(path, 1000, 4711);
    assert_true(history.entries > 800);
    cut_everywhere(path, &history, 997);
    free_history(&history);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_file_cut_at_every_byte_opens_at_the_right_tail),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}

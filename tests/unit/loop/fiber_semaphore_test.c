#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TAKERS = 5 };

struct scene {
    struct fiber_semaphore semaphore;
    struct fiber_group group;
    unsigned taken[TAKERS + 1]; /* by whom, in their order */
    unsigned taken_count;
    unsigned inside;
    unsigned inside_most;
};

struct taker {
    struct scene *scene;
    unsigned number;
    struct call call;
    enum status status;
};

static void take(void *argument)
{
    struct taker *taker = argument;
    taker->status = fiber_semaphore_take(&taker->call, &taker->scene->semaphore);
    if (taker->status == STATUS_OK) {
        taker->scene->taken[taker->scene->taken_count++] = taker->number;
    }
}

static void start_takers(struct scene *scene, struct taker takers[static TAKERS])
{
    fiber_group_init(&scene->group);
    for (unsigned i = 0; i < TAKERS; i++) {
        takers[i] = (struct taker){scene, i, {.deadline_ns = CALL_NO_DEADLINE}, STATUS_UNKNOWN};
        assert_int_equal(fiber_group_start(&scene->group, take, &takers[i]), STATUS_OK);
    }
    fiber_yield();
}

static void give_to_all(void *argument)
{
    struct scene *scene = argument;
    struct taker takers[TAKERS];
    fiber_semaphore_init(&scene->semaphore, 0);
    start_takers(scene, takers);
    assert_int_equal(scene->taken_count, 0);
    /* Who asks after a unit was given does not get before those who wait. */
    fiber_semaphore_give(&scene->semaphore);
    struct call hurried = {.deadline_ns = clock_monotonic_ns() + CLOCK_NS_PER_MS};
    assert_int_equal(fiber_semaphore_take(&hurried, &scene->semaphore), STATUS_DEADLINE_EXCEEDED);
    for (unsigned i = 1; i < TAKERS; i++) {
        fiber_semaphore_give(&scene->semaphore);
    }
    fiber_group_join(&scene->group);
    for (unsigned i = 0; i < TAKERS; i++) {
        assert_int_equal(scene->taken[i], i);
    }
}

static void units_go_to_who_waited_longest(void **state)
{
    (void)state;
    struct scene scene = {.taken_count = 0};
    in_fiber(give_to_all, &scene);
    assert_int_equal(scene.taken_count, TAKERS);
}

/* The unit and the end of the call come in one turn, in either order. */
static void race(struct scene *scene, bool give_first, enum status want)
{
    struct cancellation cancellation;
    struct taker taker = {scene, 0, {.deadline_ns = CALL_NO_DEADLINE}, STATUS_UNKNOWN};
    cancellation_init(&cancellation);
    taker.call.cancellation = &cancellation;
    fiber_semaphore_init(&scene->semaphore, 0);
    fiber_group_init(&scene->group);
    assert_int_equal(fiber_group_start(&scene->group, take, &taker), STATUS_OK);
    fiber_yield();
    if (give_first) {
        fiber_semaphore_give(&scene->semaphore);
        cancellation_request(&cancellation);
    } else {
        cancellation_request(&cancellation);
        fiber_semaphore_give(&scene->semaphore);
    }
    fiber_group_join(&scene->group);
    assert_int_equal(taker.status, want);
    assert_int_equal(scene->semaphore.available, 0);
    assert_true(list_is_empty(&scene->semaphore.waiters));
}

static void give_and_cancel(void *argument)
{
    struct scene *scene = argument;
    race(scene, true, STATUS_OK);
    race(scene, false, STATUS_OK); /* it was handed over: the taker has it */
    assert_int_equal(scene->taken_count, 2);
}

static void a_unit_is_never_lost(void **state)
{
    (void)state;
    struct scene scene = {.taken_count = 0};
    in_fiber(give_and_cancel, &scene);
    assert_int_equal(scene.taken_count, 2);
}

static void pass_through(void *argument)
{
    struct scene *scene = argument;
    assert_int_equal(fiber_semaphore_take(NULL, &scene->semaphore), STATUS_OK);
    scene->inside++;
    if (scene->inside > scene->inside_most) {
        scene->inside_most = scene->inside;
    }
    fiber_yield();
    scene->inside--;
    scene->taken_count++;
    fiber_semaphore_give(&scene->semaphore);
}

static void crowd(void *argument)
{
    struct scene *scene = argument;
    fiber_semaphore_init(&scene->semaphore, 2);
    fiber_group_init(&scene->group);
    for (unsigned i = 0; i < TAKERS; i++) {
        assert_int_equal(fiber_group_start(&scene->group, pass_through, scene), STATUS_OK);
    }
    fiber_group_join(&scene->group);
    assert_int_equal(scene->semaphore.available, 2);
}

static void no_more_pass_than_there_are_units(void **state)
{
    (void)state;
    struct scene scene = {.taken_count = 0};
    in_fiber(crowd, &scene);
    assert_int_equal(scene.inside_most, 2);
    assert_int_equal(scene.taken_count, TAKERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_go_to_who_waited_longest),
        cmocka_unit_test(a_unit_is_never_lost),
        cmocka_unit_test(no_more_pass_than_there_are_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

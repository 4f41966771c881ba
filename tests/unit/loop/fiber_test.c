#include "loop/fiber.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { FIBERS_IN_ALL = 100000, PATTERN_BYTES = 512, TRACE_MAX = 64 };

/* What ran, in its order. */
struct steps {
    char taken[TRACE_MAX];
    size_t count;
};

static void step(struct steps *steps, char name)
{
    assert_true(steps->count < TRACE_MAX - 1);
    steps->taken[steps->count++] = name;
}

struct walker {
    struct steps *steps;
    char name;
    unsigned yields;
};

static void walk(void *argument)
{
    struct walker *walker = argument;
    for (unsigned i = 0; i < walker->yields; i++) {
        step(walker->steps, walker->name);
        fiber_yield();
    }
    step(walker->steps, walker->name);
}

static void start_walkers(void *argument)
{
    struct steps *steps = argument;
    struct walker a = {steps, 'a', 2};
    struct walker b = {steps, 'b', 1};
    struct fiber_group group;
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, walk, &a), STATUS_OK);
    assert_int_equal(fiber_group_start(&group, walk, &b), STATUS_OK);
    step(steps, '0');
    fiber_group_join(&group);
    step(steps, '1');
}

static void work(void *argument)
{
    struct walker *walker = argument;
    for (unsigned i = 0; i < walker->yields; i++) {
        step(walker->steps, walker->name);
        fiber_give_way();
    }
    step(walker->steps, walker->name);
}

static void start_workers(void *argument)
{
    struct steps *steps = argument;
    struct walker a = {steps, 'a', 3};
    struct walker b = {steps, 'b', 2};
    struct walker c = {steps, 'c', 2};
    struct fiber_group group;
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, work, &a), STATUS_OK);
    assert_int_equal(fiber_group_start(&group, work, &b), STATUS_OK);
    assert_int_equal(fiber_group_start(&group, walk, &c), STATUS_OK);
    fiber_group_join(&group);
    step(steps, '1');
}

/* All begin; then what does not give way goes first, and the others one after the other. */
static void one_that_gives_way_goes_on_at_a_time(void **state)
{
    (void)state;
    struct steps steps = {.count = 0};
    in_fiber(start_workers, &steps);
    assert_string_equal(steps.taken, "abcccaaabb1");
}

static void fibers_start_later_and_yield_in_turn(void **state)
{
    (void)state;
    struct steps steps = {.count = 0};
    in_fiber(start_walkers, &steps);
    assert_string_equal(steps.taken, "0ababa1");
}

struct run_scene {
    struct loop_task task;
    struct steps steps;
    struct fiber_wait wait;
    bool ended;
};

static void run_and_wait(void *argument)
{
    struct run_scene *scene = argument;
    assert_non_null(fiber_current());
    step(&scene->steps, 'a');
    assert_int_equal(fiber_wait(NULL, &scene->wait), STATUS_OK);
    step(&scene->steps, 'd');
    scene->ended = true;
}

static void run_from_callback(struct loop_task *task)
{
    struct run_scene *scene = CONTAINER_OF(task, struct run_scene, task);
    assert_null(fiber_current());
    assert_int_equal(fiber_run(loop_current(), run_and_wait, scene), STATUS_OK);
    step(&scene->steps, 'b');
    assert_int_equal(fiber_count(loop_current()), 1);
    fiber_wait_signal(&scene->wait);
    step(&scene->steps, 'c');
}

static bool has_ended(void *argument)
{
    return ((struct run_scene *)argument)->ended;
}

static void run_goes_on_until_the_first_wait(void **state)
{
    (void)state;
    struct run_scene scene = {.task.run = run_from_callback};
    struct loop *loop;
    assert_int_equal(loop_create(&loop), STATUS_OK);
    fiber_wait_init(&scene.wait);
    loop_post(loop, &scene.task);
    loop_run_until(loop, has_ended, &scene);
    assert_string_equal(scene.steps.taken, "abcd");
    assert_int_equal(fiber_count(loop), 0);
    loop_destroy(loop);
}

static void signal_before_wait(void *argument)
{
    (void)argument;
    struct fiber_wait wait;
    fiber_wait_init(&wait);
    fiber_wait_signal(&wait);
    fiber_wait_signal(&wait);
    assert_int_equal(fiber_wait(NULL, &wait), STATUS_OK);
    /* Both were one. */
    struct call call = {.deadline_ns = clock_monotonic_ns() + CLOCK_NS_PER_MS};
    assert_int_equal(fiber_wait(&call, &wait), STATUS_DEADLINE_EXCEEDED);
}

static void a_signal_is_kept_and_does_not_add_up(void **state)
{
    (void)state;
    in_fiber(signal_before_wait, NULL);
}

struct crowd {
    struct fiber_wait *waits;
    unsigned parked;
    unsigned ended;
};

struct person {
    struct crowd *crowd;
    unsigned number;
};

/* What a fiber keeps on its stack must be there when it wakes. */
static void stand(void *argument)
{
    struct person person = *(struct person *)argument;
    unsigned char pattern[PATTERN_BYTES];
    memset(pattern, (int)(person.number % 251), sizeof(pattern));
    person.crowd->parked++;
    assert_int_equal(fiber_wait(NULL, &person.crowd->waits[person.number]), STATUS_OK);
    for (size_t i = 0; i < sizeof(pattern); i++) {
        assert_int_equal(pattern[i], person.number % 251);
    }
    person.crowd->ended++;
}

static void gather(void *argument)
{
    struct crowd *crowd = argument;
    struct person *people = calloc(FIBERS_ALIVE, sizeof(*people));
    assert_non_null(people);
    for (unsigned started = 0; started < FIBERS_IN_ALL; started += FIBERS_ALIVE) {
        struct fiber_group group;
        fiber_group_init(&group);
        crowd->parked = 0;
        for (unsigned i = 0; i < FIBERS_ALIVE; i++) {
            people[i] = (struct person){crowd, i};
            fiber_wait_init(&crowd->waits[i]);
            assert_int_equal(fiber_group_start(&group, stand, &people[i]), STATUS_OK);
        }
        while (crowd->parked < FIBERS_ALIVE) {
            fiber_yield();
        }
        assert_int_equal(fiber_count(loop_current()), FIBERS_ALIVE + 1);
        for (unsigned i = 0; i < FIBERS_ALIVE; i++) {
            fiber_wait_signal(&crowd->waits[FIBERS_ALIVE - 1 - i]);
        }
        fiber_group_join(&group);
        assert_int_equal(fiber_count(loop_current()), 1);
    }
    free(people);
}

static void a_hundred_thousand_fibers(void **state)
{
    (void)state;
    struct crowd crowd = {.waits = calloc(FIBERS_ALIVE, sizeof(struct fiber_wait))};
    assert_non_null(crowd.waits);
    in_fiber(gather, &crowd);
    assert_int_equal(crowd.ended, FIBERS_IN_ALL);
    free(crowd.waits);
}

static void wait_for_signal(void *argument)
{
    assert_int_equal(fiber_wait(NULL, argument), STATUS_OK);
}

static void start_too_many(void *argument)
{
    (void)argument;
    struct fiber_wait *waits = calloc(FIBER_COUNT_MAX, sizeof(*waits));
    assert_non_null(waits);
    unsigned started = 0;
    struct fiber_group group;
    fiber_group_init(&group);
    while (fiber_group_start(&group, wait_for_signal, &waits[started]) == STATUS_OK) {
        started++;
    }
    /* This fiber has a stack, too. */
    assert_int_equal(started, FIBER_COUNT_MAX - 1);
    for (unsigned i = 0; i < started; i++) {
        fiber_wait_signal(&waits[i]);
    }
    fiber_group_join(&group);
    fiber_wait_init(&waits[0]);
    fiber_wait_signal(&waits[0]);
    assert_int_equal(fiber_group_start(&group, wait_for_signal, &waits[0]), STATUS_OK);
    fiber_group_join(&group);
    free(waits);
}

static void the_number_of_stacks_is_bounded(void **state)
{
    (void)state;
    if (!PLAIN_BUILD) {
        skip();
    }
    in_fiber(start_too_many, NULL);
}

struct pair {
    struct fiber_wait first_ran;
    struct fiber_wait second_ran;
    unsigned ended;
};

/* Each waits for the other, so neither could end before the other began. */
static void run_first(void *argument)
{
    struct pair *pair = argument;
    fiber_wait_signal(&pair->first_ran);
    assert_int_equal(fiber_wait(NULL, &pair->second_ran), STATUS_OK);
    pair->ended++;
}

static void run_second(void *argument)
{
    struct pair *pair = argument;
    assert_int_equal(fiber_wait(NULL, &pair->first_ran), STATUS_OK);
    fiber_wait_signal(&pair->second_ran);
    pair->ended++;
}

static void run_pair(void *argument)
{
    struct pair *pair = argument;
    fiber_wait_init(&pair->first_ran);
    fiber_wait_init(&pair->second_ran);
    fiber_run_both(run_first, run_second, pair);
    assert_int_equal(pair->ended, 2);
    fiber_run_both(run_second, run_first, pair);
    assert_int_equal(pair->ended, 4);
}

static void both_run_at_once(void **state)
{
    (void)state;
    struct pair pair = {.ended = 0};
    in_fiber(run_pair, &pair);
    assert_int_equal(pair.ended, 4);
}

struct storm {
    struct loop_timer timer;
    bool over;
};

static void end_storm(struct loop_timer *timer)
{
    CONTAINER_OF(timer, struct storm, timer)->over = true;
}

static void yield_until_over(void *argument)
{
    struct storm *storm = argument;
    storm->timer.expire = end_storm;
    assert_int_equal(
        loop_timer_start(loop_current(), &storm->timer, clock_monotonic_ns() + CLOCK_NS_PER_MS),
        STATUS_OK);
    while (!storm->over) {
        fiber_yield();
    }
}

/* A fiber that is always ready does not keep the loop from its timers and its polls. */
static void yielding_starves_nobody(void **state)
{
    (void)state;
    struct storm storm = {.over = false};
    in_fiber(yield_until_over, &storm);
    assert_true(storm.over);
}

static void count_up(void *argument)
{
    ++*(unsigned *)argument;
}

static void reuse_group(void *argument)
{
    unsigned *ended = argument;
    struct fiber_group group;
    fiber_group_init(&group);
    fiber_group_join(&group);
    for (unsigned round = 1; round <= 3; round++) {
        assert_int_equal(fiber_group_start(&group, count_up, ended), STATUS_OK);
        if (round == 2) {
            fiber_yield(); /* the member ends before the join */
        }
        fiber_group_join(&group);
        assert_int_equal(*ended, round);
    }
}

static void a_group_joins_each_time(void **state)
{
    (void)state;
    unsigned ended = 0;
    in_fiber(reuse_group, &ended);
    assert_int_equal(ended, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fibers_start_later_and_yield_in_turn),
        cmocka_unit_test(one_that_gives_way_goes_on_at_a_time),
        cmocka_unit_test(run_goes_on_until_the_first_wait),
        cmocka_unit_test(a_signal_is_kept_and_does_not_add_up),
        cmocka_unit_test(a_hundred_thousand_fibers),
        cmocka_unit_test(the_number_of_stacks_is_bounded),
        cmocka_unit_test(both_run_at_once),
        cmocka_unit_test(yielding_starves_nobody),
        cmocka_unit_test(a_group_joins_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

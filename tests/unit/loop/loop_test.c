#include "loop/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "support/cmocka_test.h"

enum { POSTERS = 4, POSTS_EACH = 10000, ORDER_MAX = 16 };

struct poster;

struct numbered_task {
    struct loop_task task;
    struct poster *poster;
    unsigned number;
};

struct poster {
    struct loop *loop;
    unsigned *ended; /* tasks of all posters */
    unsigned next;
    struct numbered_task tasks[POSTS_EACH];
};

static void take_number(struct loop_task *task)
{
    struct numbered_task *numbered = CONTAINER_OF(task, struct numbered_task, task);
    assert_int_equal(numbered->number, numbered->poster->next);
    numbered->poster->next++;
    ++*numbered->poster->ended;
}

static void *post_all(void *argument)
{
    struct poster *poster = argument;
    for (unsigned i = 0; i < POSTS_EACH; i++) {
        poster->tasks[i] = (struct numbered_task){{.run = take_number}, poster, i};
        loop_post(poster->loop, &poster->tasks[i].task);
    }
    return NULL;
}

static bool all_ended(void *argument)
{
    return *(unsigned *)argument == POSTERS * POSTS_EACH;
}

static void posts_keep_each_posters_order(void **state)
{
    (void)state;
    struct loop *loop;
    unsigned ended = 0;
    pthread_t threads[POSTERS];
    struct poster *posters = calloc(POSTERS, sizeof(*posters));
    assert_non_null(posters);
    assert_int_equal(loop_create(&loop), STATUS_OK);
    for (unsigned i = 0; i < POSTERS; i++) {
        posters[i].loop = loop;
        posters[i].ended = &ended;
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    loop_run_until(loop, all_ended, &ended);
    for (unsigned i = 0; i < POSTERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(posters[i].next, POSTS_EACH);
    }
    loop_destroy(loop);
    free(posters);
}

struct step_task {
    struct loop_task task;
    struct order *order;
    char name;
};

struct order {
    char taken[ORDER_MAX];
    size_t count;
    struct step_task steps[4];
    uv_check_t check;
};

static void note(struct order *order, char name)
{
    assert_true(order->count < ORDER_MAX - 1);
    order->taken[order->count++] = name;
}

static void take_step(struct loop_task *task)
{
    struct step_task *step = CONTAINER_OF(task, struct step_task, task);
    note(step->order, step->name);
}

static struct loop_task *step_task(struct order *order, unsigned index, char name)
{
    order->steps[index] = (struct step_task){{.run = take_step}, order, name};
    return &order->steps[index].task;
}

static void defer_from_fiber(void *argument)
{
    struct order *order = argument;
    note(order, 'f');
    loop_defer(loop_current(), step_task(order, 1, '2'));
    loop_stop(loop_current());
}

static void defer_from_post(struct loop_task *task)
{
    struct order *order = CONTAINER_OF(task, struct step_task, task)->order;
    note(order, 'p');
    loop_defer(loop_current(), step_task(order, 0, '1'));
    assert_int_equal(fiber_start(loop_current(), defer_from_fiber, order), STATUS_OK);
}

static void after_poll(uv_check_t *check)
{
    struct order *order = CONTAINER_OF(check, struct order, check);
    note(order, '|');
}

/* A fiber's task goes out in the turn in which the fiber ran, before the next poll. */
static void deferred_tasks_run_before_the_next_poll(void **state)
{
    (void)state;
    struct loop *loop;
    struct order order = {.count = 0};
    assert_int_equal(loop_create(&loop), STATUS_OK);
    assert_int_equal(uv_check_init(loop_uv(loop), &order.check), 0);
    assert_int_equal(uv_check_start(&order.check, after_poll), 0);
    (void)step_task(&order, 2, 'p');
    order.steps[2].task.run = defer_from_post;
    loop_post(loop, &order.steps[2].task);
    loop_run(loop);
    assert_string_equal(order.taken, "p|f12|");
    loop_destroy(loop);
}

static void destroy_runs_what_was_posted(void **state)
{
    (void)state;
    struct loop *loop;
    struct order order = {.count = 0};
    assert_int_equal(loop_create(&loop), STATUS_OK);
    loop_post(loop, step_task(&order, 3, 'a'));
    (void)step_task(&order, 2, 'p');
    order.steps[2].task.run = defer_from_post;
    loop_post(loop, &order.steps[2].task);
    loop_destroy(loop);
    assert_string_equal(order.taken, "apf12");
    loop_destroy(NULL);
}

static void a_stop_before_the_run_is_taken(void **state)
{
    (void)state;
    struct loop *loop;
    assert_int_equal(loop_create(&loop), STATUS_OK);
    assert_null(loop_current());
    for (int i = 0; i < 3; i++) {
        loop_stop(loop);
        loop_run(loop);
    }
    assert_null(loop_current());
    loop_destroy(loop);
}

static void sigpipe_is_ignored(void **state)
{
    (void)state;
    struct loop *loop;
    struct sigaction present;
    assert_int_equal(loop_create(&loop), STATUS_OK);
    assert_int_equal(sigaction(SIGPIPE, NULL, &present), 0);
    assert_true(present.sa_handler == SIG_IGN);
    loop_destroy(loop);
}

struct clock_scene {
    struct loop_timer timer;
    int64_t before_ns;
    unsigned turns;
};

static void look_at_clock(struct loop_timer *timer)
{
    struct clock_scene *scene = CONTAINER_OF(timer, struct clock_scene, timer);
    int64_t now_ns = loop_now_ns(loop_current());
    assert_true(now_ns >= scene->before_ns);
    assert_true(now_ns <= clock_monotonic_ns());
    assert_true(now_ns >= timer->due_ns - 5 * CLOCK_NS_PER_MS);
    scene->before_ns = now_ns;
    scene->turns++;
    assert_int_equal(loop_timer_start(loop_current(), timer, now_ns + 3 * CLOCK_NS_PER_MS),
                     STATUS_OK);
}

static bool has_turned(void *argument)
{
    return ((struct clock_scene *)argument)->turns == 5;
}

static void the_clock_of_a_turn_keeps_up(void **state)
{
    (void)state;
    struct loop *loop;
    struct clock_scene scene = {.timer.expire = look_at_clock};
    assert_int_equal(loop_create(&loop), STATUS_OK);
    assert_int_equal(loop_timer_start(loop, &scene.timer, clock_monotonic_ns()), STATUS_OK);
    loop_run_until(loop, has_turned, &scene);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_keep_each_posters_order),
        cmocka_unit_test(deferred_tasks_run_before_the_next_poll),
        cmocka_unit_test(destroy_runs_what_was_posted),
        cmocka_unit_test(a_stop_before_the_run_is_taken),
        cmocka_unit_test(sigpipe_is_ignored),
        cmocka_unit_test(the_clock_of_a_turn_keeps_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

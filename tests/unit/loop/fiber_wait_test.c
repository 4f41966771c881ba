/* Every kind of wait, ended in every way that a call can be over. */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "loop/worker.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

/* Keeps a worker thread busy until it is opened. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
};

static void gate_pass(struct gate *gate)
{
    CHECK(pthread_mutex_lock(&gate->lock) == 0);
    while (!gate->open) {
        CHECK(pthread_cond_wait(&gate->opened, &gate->lock) == 0);
    }
    CHECK(pthread_mutex_unlock(&gate->lock) == 0);
}

static void gate_open(struct gate *gate)
{
    CHECK(pthread_mutex_lock(&gate->lock) == 0);
    gate->open = true;
    CHECK(pthread_cond_broadcast(&gate->opened) == 0);
    CHECK(pthread_mutex_unlock(&gate->lock) == 0);
}

struct scene {
    struct call call;
    struct cancellation cancellation;
    struct fiber_wait event;
    struct fiber_semaphore semaphore;
    struct worker_pool *pool; /* of one thread, which waits at the gate */
    struct gate gate;
    unsigned ran;      /* worker functions, by that thread */
    unsigned released; /* jobs, by the loop's */
    enum status member_status;
};

static enum status wait_for_event(struct scene *scene)
{
    return fiber_wait(&scene->call, &scene->event);
}

static enum status wait_for_time(struct scene *scene)
{
    return fiber_sleep(&scene->call, 3600 * CLOCK_NS_PER_S);
}

static enum status wait_for_semaphore(struct scene *scene)
{
    return fiber_semaphore_take(&scene->call, &scene->semaphore);
}

static void be_member(void *argument)
{
    struct scene *scene = argument;
    scene->member_status = fiber_wait(&scene->call, &scene->event);
}

static enum status wait_for_member(struct scene *scene)
{
    struct fiber_group group;
    fiber_group_init(&group);
    CHECK(fiber_group_start(&group, be_member, scene) == STATUS_OK);
    fiber_group_join(&group);
    return scene->member_status;
}

static void count_run(void *argument)
{
    ((struct scene *)argument)->ran++;
}

static enum status wait_for_queued_call(struct scene *scene)
{
    return worker_call(scene->pool, &scene->call, count_run, scene);
}

struct scene_job {
    struct worker_job job;
    struct scene *scene;
};

static void run_job(struct worker_job *job)
{
    CONTAINER_OF(job, struct scene_job, job)->scene->ran++;
}

static void release_job(struct worker_job *job)
{
    CONTAINER_OF(job, struct scene_job, job)->scene->released++;
    free(job);
}

static enum status wait_for_job(struct worker_pool *pool, struct scene *scene)
{
    struct scene_job *job = calloc(1, sizeof(*job));
    CHECK(job != NULL);
    *job = (struct scene_job){{.run = run_job, .release = release_job}, scene};
    enum status status = worker_run(pool, &scene->call, &job->job);
    if (status == STATUS_OK) {
        worker_job_release(&job->job);
    }
    return status;
}

static enum status wait_for_queued_job(struct scene *scene)
{
    return wait_for_job(scene->pool, scene);
}

static const struct {
    const char *name;
    enum status (*wait)(struct scene *scene);
    bool switches; /* even when the call was over before */
} kinds[] = {
    {"fiber_wait", wait_for_event, false},
    {"fiber_sleep", wait_for_time, false},
    {"fiber_semaphore_take", wait_for_semaphore, false},
    {"member of a group", wait_for_member, true},
    {"worker_call, queued", wait_for_queued_call, false},
    {"worker_run, queued", wait_for_queued_job, false},
};

enum ending { CANCEL_LATER, DEADLINE_LATER, CANCELLED_BEFORE, EXPIRED_BEFORE };

static const struct {
    const char *name;
    enum ending ending;
    enum status want;
} endings[] = {
    {"cancelled while it waits", CANCEL_LATER, STATUS_CANCELLED},
    {"its deadline passes", DEADLINE_LATER, STATUS_DEADLINE_EXCEEDED},
    {"cancelled before", CANCELLED_BEFORE, STATUS_CANCELLED},
    {"its deadline had passed", EXPIRED_BEFORE, STATUS_DEADLINE_EXCEEDED},
};

static void stand_at_gate(void *argument)
{
    gate_pass(&((struct scene *)argument)->gate);
}

static void occupy_worker(void *argument)
{
    struct scene *scene = argument;
    CHECK(worker_call(scene->pool, NULL, stand_at_gate, scene) == STATUS_OK);
}

static void cancel(void *argument)
{
    struct scene *scene = argument;
    cancellation_request(&scene->cancellation);
}

static void note_turn(void *argument)
{
    *(bool *)argument = true;
}

static void set_up(struct scene *scene)
{
    *scene = (struct scene){
        .call = {.deadline_ns = CALL_NO_DEADLINE, .cancellation = &scene->cancellation},
        .gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false},
    };
    cancellation_init(&scene->cancellation);
    fiber_wait_init(&scene->event);
    fiber_semaphore_init(&scene->semaphore, 0);
    CHECK(worker_pool_create("test", 1, 8, &scene->pool) == STATUS_OK);
}

static void end_in_time(struct scene *scene, struct fiber_group *group, enum ending ending)
{
    switch (ending) {
    case CANCEL_LATER:
        CHECK(fiber_group_start(group, cancel, scene) == STATUS_OK);
        break;
    case DEADLINE_LATER:
        scene->call.deadline_ns = clock_monotonic_ns() + 5 * CLOCK_NS_PER_MS;
        break;
    case CANCELLED_BEFORE:
        cancellation_request(&scene->cancellation);
        break;
    case EXPIRED_BEFORE:
        scene->call.deadline_ns = clock_monotonic_ns();
        break;
    }
}

static void run_case(size_t kind, size_t ending)
{
    struct scene scene;
    struct fiber_group group;
    bool turned = false;
    print_message("%s: %s\n", kinds[kind].name, endings[ending].name);
    set_up(&scene);
    fiber_group_init(&group);
    CHECK(fiber_group_start(&group, occupy_worker, &scene) == STATUS_OK);
    fiber_yield();
    bool before = endings[ending].ending >= CANCELLED_BEFORE;
    if (before) {
        CHECK(fiber_group_start(&group, note_turn, &turned) == STATUS_OK);
    }
    end_in_time(&scene, &group, endings[ending].ending);
    assert_int_equal(kinds[kind].wait(&scene), endings[ending].want);
    if (endings[ending].ending == DEADLINE_LATER) {
        assert_true(clock_monotonic_ns() >= scene.call.deadline_ns);
    }
    assert_true(!turned || kinds[kind].switches);
    gate_open(&scene.gate);
    fiber_group_join(&group);
    /* Nothing of the wait is left behind. */
    assert_true(list_is_empty(&scene.cancellation.hooks));
    assert_true(list_is_empty(&scene.semaphore.waiters));
    worker_pool_destroy(scene.pool);
    assert_int_equal(scene.ran, 0);
    assert_int_equal(scene.released, kinds[kind].wait == wait_for_queued_job ? 1 : 0);
}

static void run_cases(void *argument)
{
    (void)argument;
    for (size_t kind = 0; kind < ARRAY_LENGTH(kinds); kind++) {
        for (size_t ending = 0; ending < ARRAY_LENGTH(endings); ending++) {
            run_case(kind, ending);
        }
    }
}

static void every_wait_ends_with_its_call(void **state)
{
    (void)state;
    in_fiber(run_cases, NULL);
}

static void signal_and_cancel(void *argument)
{
    (void)argument;
    struct scene scene;
    struct fiber_group group;
    for (int signal_first = 0; signal_first < 2; signal_first++) {
        set_up(&scene);
        fiber_group_init(&group);
        CHECK(fiber_group_start(&group, be_member, &scene) == STATUS_OK);
        fiber_yield();
        if (signal_first) {
            fiber_wait_signal(&scene.event);
        }
        cancellation_request(&scene.cancellation);
        if (!signal_first) {
            fiber_wait_signal(&scene.event);
        }
        fiber_group_join(&group);
        assert_int_equal(scene.member_status, signal_first ? STATUS_OK : STATUS_CANCELLED);
        /* What was not taken is kept. */
        assert_int_equal(scene.event.signalled, !signal_first);
        worker_pool_destroy(scene.pool);
    }
}

static void the_first_event_counts(void **state)
{
    (void)state;
    in_fiber(signal_and_cancel, NULL);
}

static void take_late_signal(void *argument)
{
    (void)argument;
    struct fiber_wait wait;
    struct call call = {.deadline_ns = clock_monotonic_ns()};
    fiber_wait_init(&wait);
    fiber_wait_signal(&wait);
    assert_int_equal(fiber_wait(&call, &wait), STATUS_OK);
    assert_int_equal(fiber_wait(&call, &wait), STATUS_DEADLINE_EXCEEDED);
}

static void a_signal_is_taken_though_the_call_is_over(void **state)
{
    (void)state;
    in_fiber(take_late_signal, NULL);
}

static void sleep_and_measure(void *argument)
{
    (void)argument;
    int64_t before_ns = clock_monotonic_ns();
    assert_int_equal(fiber_sleep(NULL, 3 * CLOCK_NS_PER_MS), STATUS_OK);
    assert_true(clock_monotonic_ns() - before_ns >= 3 * CLOCK_NS_PER_MS);
    struct call call = {.deadline_ns = clock_monotonic_ns() + CLOCK_NS_PER_S * 60};
    assert_int_equal(fiber_sleep(&call, CLOCK_NS_PER_MS), STATUS_OK);
    assert_int_equal(fiber_sleep(&call, 0), STATUS_OK);
    assert_int_equal(fiber_sleep(&call, -1), STATUS_OK);
}

static void a_sleep_lasts_its_time(void **state)
{
    (void)state;
    in_fiber(sleep_and_measure, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wait_ends_with_its_call),
        cmocka_unit_test(the_first_event_counts),
        cmocka_unit_test(a_signal_is_taken_though_the_call_is_over),
        cmocka_unit_test(a_sleep_lasts_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "loop/worker.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { QUEUE_MAX = 2, CALLS = 100 };

/* A worker that says when it has begun, and goes on when it is let. */
struct block {
    struct worker_pool *pool;
    sem_t begun;
    sem_t let_go;
    unsigned ended;
};

static void block_init(struct block *block)
{
    *block = (struct block){.ended = 0};
    CHECK(sem_init(&block->begun, 0, 0) == 0);
    CHECK(sem_init(&block->let_go, 0, 0) == 0);
    CHECK(worker_pool_create("block", 1, QUEUE_MAX, &block->pool) == STATUS_OK);
}

static void block_deinit(struct block *block)
{
    worker_pool_destroy(block->pool);
    CHECK(sem_destroy(&block->begun) == 0);
    CHECK(sem_destroy(&block->let_go) == 0);
}

static void wait_semaphore(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) {
    }
}

static void stand(void *argument)
{
    struct block *block = argument;
    CHECK(sem_post(&block->begun) == 0);
    wait_semaphore(&block->let_go);
    block->ended++;
}

static void call_standing(void *argument)
{
    struct block *block = argument;
    assert_int_equal(worker_call(block->pool, NULL, stand, block), STATUS_OK);
}

static void fill_queue(void *argument)
{
    (void)argument;
    struct block block;
    struct fiber_group group;
    block_init(&block);
    fiber_group_init(&group);
    CHECK(fiber_group_start(&group, call_standing, &block) == STATUS_OK);
    fiber_yield();
    wait_semaphore(&block.begun); /* the only thread is taken: what follows is queued */
    for (int i = 0; i < QUEUE_MAX; i++) {
        CHECK(fiber_group_start(&group, call_standing, &block) == STATUS_OK);
    }
    fiber_yield();
    assert_int_equal(worker_call(block.pool, NULL, stand, &block), STATUS_RESOURCE_EXHAUSTED);
    for (int i = 0; i < QUEUE_MAX + 1; i++) {
        CHECK(sem_post(&block.let_go) == 0);
    }
    fiber_group_join(&group);
    assert_int_equal(block.ended, QUEUE_MAX + 1);
    block_deinit(&block);
}

static void a_full_queue_refuses(void **state)
{
    (void)state;
    in_fiber(fill_queue, NULL);
}

struct standing_call {
    struct block *block;
    struct call call;
    enum status status;
    bool ended;
};

static void call_with_deadline(void *argument)
{
    struct standing_call *standing = argument;
    standing->status = worker_call(standing->block->pool, &standing->call, stand, standing->block);
    standing->ended = true;
}

/* It may use the fiber's stack, so its end is waited for though the call is over. */
static void outlast_deadline(void *argument)
{
    (void)argument;
    struct block block;
    struct fiber_group group;
    struct cancellation cancellation;
    block_init(&block);
    cancellation_init(&cancellation);
    struct standing_call standing = {
        &block, {.deadline_ns = CALL_NO_DEADLINE, .cancellation = &cancellation}, 0, false};
    fiber_group_init(&group);
    CHECK(fiber_group_start(&group, call_with_deadline, &standing) == STATUS_OK);
    fiber_yield();
    wait_semaphore(&block.begun);
    cancellation_request(&cancellation);
    fiber_yield();
    fiber_yield();
    assert_false(standing.ended);
    CHECK(sem_post(&block.let_go) == 0);
    fiber_group_join(&group);
    assert_int_equal(standing.status, STATUS_OK);
    assert_int_equal(block.ended, 1);
    block_deinit(&block);
}

static void a_call_once_begun_is_waited_for(void **state)
{
    (void)state;
    in_fiber(outlast_deadline, NULL);
}

struct heap_job {
    struct worker_job job;
    struct block *block;
    pthread_t loop_thread;
    unsigned *released;
    bool on_other_thread;
};

static void run_heap_job(struct worker_job *job)
{
    struct heap_job *heap_job = CONTAINER_OF(job, struct heap_job, job);
    heap_job->on_other_thread = !pthread_equal(pthread_self(), heap_job->loop_thread);
    stand(heap_job->block);
}

static void release_heap_job(struct worker_job *job)
{
    struct heap_job *heap_job = CONTAINER_OF(job, struct heap_job, job);
    assert_true(pthread_equal(pthread_self(), heap_job->loop_thread));
    ++*heap_job->released;
    free(heap_job);
}

static struct heap_job *create_heap_job(struct block *block, unsigned *released)
{
    struct heap_job *heap_job = calloc(1, sizeof(*heap_job));
    CHECK(heap_job != NULL);
    *heap_job = (struct heap_job){
        .job = {.run = run_heap_job, .release = release_heap_job},
        .block = block,
        .loop_thread = pthread_self(),
        .released = released,
    };
    return heap_job;
}

static void hold_result(void *argument)
{
    (void)argument;
    struct block block;
    unsigned released = 0;
    block_init(&block);
    struct heap_job *heap_job = create_heap_job(&block, &released);
    CHECK(sem_post(&block.let_go) == 0);
    assert_int_equal(worker_run(block.pool, NULL, &heap_job->job), STATUS_OK);
    assert_true(heap_job->on_other_thread);
    assert_int_equal(released, 0);
    worker_job_release(&heap_job->job);
    assert_int_equal(released, 1);
    block_deinit(&block);
}

static void a_job_is_held_until_released(void **state)
{
    (void)state;
    in_fiber(hold_result, NULL);
}

static void leave_running_job(void *argument)
{
    unsigned *released = argument;
    struct block block;
    block_init(&block);
    struct heap_job *heap_job = create_heap_job(&block, released);
    struct call call = {.deadline_ns = clock_monotonic_ns() + 2 * CLOCK_NS_PER_MS};
    assert_int_equal(worker_run(block.pool, &call, &heap_job->job), STATUS_DEADLINE_EXCEEDED);
    CHECK(sem_post(&block.let_go) == 0);
    block_deinit(&block);
}

/* Its end comes when nobody waits: by the time the loop is gone, it is released. */
static void a_job_that_is_left_is_released(void **state)
{
    (void)state;
    unsigned released = 0;
    in_fiber(leave_running_job, &released);
    assert_int_equal(released, 1);
}

struct sum {
    pthread_mutex_t lock;
    unsigned total;
    struct worker_pool *pool;
};

static void add_one(void *argument)
{
    struct sum *sum = argument;
    CHECK(pthread_mutex_lock(&sum->lock) == 0);
    sum->total++;
    CHECK(pthread_mutex_unlock(&sum->lock) == 0);
}

static void call_add(void *argument)
{
    struct sum *sum = argument;
    assert_int_equal(worker_call(sum->pool, NULL, add_one, sum), STATUS_OK);
}

static void call_many(void *argument)
{
    struct sum *sum = argument;
    struct fiber_group group;
    fiber_group_init(&group);
    CHECK(worker_pool_create("sum", 3, CALLS, &sum->pool) == STATUS_OK);
    for (unsigned i = 0; i < CALLS; i++) {
        CHECK(fiber_group_start(&group, call_add, sum) == STATUS_OK);
    }
    fiber_group_join(&group);
    worker_pool_destroy(sum->pool);
}

static void several_threads_serve_many_fibers(void **state)
{
    (void)state;
    struct sum sum = {.lock = PTHREAD_MUTEX_INITIALIZER};
    in_fiber(call_many, &sum);
    assert_int_equal(sum.total, CALLS);
    worker_pool_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(a_call_once_begun_is_waited_for),
        cmocka_unit_test(a_job_is_held_until_released),
        cmocka_unit_test(a_job_that_is_left_is_released),
        cmocka_unit_test(several_threads_serve_many_fibers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

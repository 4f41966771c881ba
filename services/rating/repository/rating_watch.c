#include "rating/repository/rating_watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/list.h"
#include "loop/fiber.h"
#include "loop/loop.h"

/* On the heap: when its caller gives up, a task that is under way still finds it. */
struct waiter {
    struct list link; /* of the watch, until it is woken */
    int64_t after;
    struct loop *loop;
    struct loop_task wake;
    struct fiber_wait wait;
    bool woken;    /* the task was posted */
    bool finished; /* and has run; this and the next are of the caller's loop thread */
    bool left;     /* its caller waits no more */
};

struct rating_watch {
    bool (*look)(void *state, int64_t *ret_last);
    void *state;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    struct list waiters;
    int64_t last;
    bool stopping;
};

/* On the loop's thread. */
static void wake_waiter(struct loop_task *task)
{
    struct waiter *waiter = CONTAINER_OF(task, struct waiter, wake);
    if (waiter->left) {
        free(waiter);
    } else {
        waiter->finished = true;
        fiber_wait_signal(&waiter->wait);
    }
}

/* With the lock held. */
static void advance(struct rating_watch *watch, int64_t last)
{
    if (last <= watch->last) {
        return;
    }
    watch->last = last;
    struct list *next;
    for (struct list *link = watch->waiters.next; link != &watch->waiters; link = next) {
        struct waiter *waiter = CONTAINER_OF(link, struct waiter, link);
        next = link->next;
        if (waiter->after < last) {
            list_remove(link);
            waiter->woken = true;
            loop_post(waiter->loop, &waiter->wake);
        }
    }
}

void rating_watch_notify(struct rating_watch *watch, int64_t last)
{
    pthread_mutex_lock(&watch->lock);
    advance(watch, last);
    pthread_mutex_unlock(&watch->lock);
}

/* With the lock held; sleeps until the next look is due. false: it is time to stop. */
static bool await_look(struct rating_watch *watch)
{
    while (list_is_empty(&watch->waiters) && !watch->stopping) {
        pthread_cond_wait(&watch->changed, &watch->lock);
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail */
    int64_t due_ns = until.tv_nsec + RATING_WATCH_LOOK_MS * CLOCK_NS_PER_MS;
    until.tv_sec += (time_t)(due_ns / CLOCK_NS_PER_S);
    until.tv_nsec = (long)(due_ns % CLOCK_NS_PER_S);
    int code = 0;
    while (code == 0 && !watch->stopping) {
        code = pthread_cond_clockwait(&watch->changed, &watch->lock, CLOCK_MONOTONIC, &until);
    }
    return !watch->stopping;
}

static void *look_until_stopped(void *argument)
{
    struct rating_watch *watch = argument;
    pthread_mutex_lock(&watch->lock);
    while (await_look(watch)) {
        pthread_mutex_unlock(&watch->lock);
        int64_t last = 0;
        bool seen = watch->look(watch->state, &last);
        pthread_mutex_lock(&watch->lock);
        if (seen) {
            advance(watch, last);
        }
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

static void free_watch(struct rating_watch *watch)
{
    CHECK(list_is_empty(&watch->waiters));
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

enum status rating_watch_create(bool (*look)(void *state, int64_t *ret_last), void *state,
                                struct rating_watch **ret_watch)
{
    struct rating_watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    watch->look = look;
    watch->state = state;
    list_init(&watch->waiters);
    pthread_mutex_init(&watch->lock, NULL);
    pthread_cond_init(&watch->changed, NULL);
    if (look != NULL && pthread_create(&watch->thread, NULL, look_until_stopped, watch) != 0) {
        free_watch(watch);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (look != NULL) {
        (void)pthread_setname_np(watch->thread, "rating-watch"); /* for ps and gdb only */
    }
    *ret_watch = watch;
    return STATUS_OK;
}

void rating_watch_destroy(struct rating_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    if (watch->look != NULL) {
        pthread_mutex_lock(&watch->lock);
        watch->stopping = true;
        pthread_cond_signal(&watch->changed);
        pthread_mutex_unlock(&watch->lock);
        (void)pthread_join(watch->thread, NULL); /* it is joinable and not this one */
    }
    free_watch(watch);
}

/* false: the records are there already. */
static bool enqueue(struct rating_watch *watch, struct waiter *waiter)
{
    pthread_mutex_lock(&watch->lock);
    bool waits = watch->last <= waiter->after;
    if (waits) {
        list_append(&watch->waiters, &waiter->link);
        pthread_cond_signal(&watch->changed);
    }
    pthread_mutex_unlock(&watch->lock);
    return waits;
}

/* Takes the waiter back. false: its task is under way, and frees it. */
static bool withdraw(struct rating_watch *watch, struct waiter *waiter)
{
    pthread_mutex_lock(&watch->lock);
    bool woken = waiter->woken;
    if (!woken) {
        list_remove(&waiter->link);
    }
    pthread_mutex_unlock(&watch->lock);
    return !woken;
}

enum status rating_watch_wait(struct rating_watch *watch, struct call *call, int64_t after)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));
    if (waiter == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory to wait for changes");
    }
    waiter->after = after;
    waiter->loop = loop_current();
    waiter->wake.run = wake_waiter;
    fiber_wait_init(&waiter->wait);
    if (!enqueue(watch, waiter)) {
        free(waiter);
        return STATUS_OK;
    }
    enum status status = fiber_wait(call, &waiter->wait);
    if (waiter->finished) {
        status = STATUS_OK; /* it came in the very turn in which the call was over */
    }
    if (status == STATUS_OK || withdraw(watch, waiter)) {
        free(waiter);
    } else {
        waiter->left = true;
    }
    return status;
}

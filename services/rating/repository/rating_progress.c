#include "rating/repository/rating_progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/list.h"
#include "loop/fiber.h"
#include "loop/loop.h"

/* A fiber that waits: on its stack. All but `wait` belongs to the lock. */
struct waiter {
    struct list link;
    struct loop_task task; /* signals `wait` on the waiter's own loop */
    struct loop *loop;
    struct fiber_wait wait;
    int32_t partition;
    int64_t offset;
    bool passed;
    bool looks;  /* it is the one that asks the store for all */
    bool posted; /* the task is on its way: the waiter must live until it has come */
};

struct rating_progress {
    struct rating_repository repository;
    struct text topic;
    pthread_mutex_t lock;
    struct list waiters;
    unsigned waiting;
    bool looked_at; /* one of the waiters looks */
    int64_t next_offsets[RATING_PROGRESS_PARTITIONS_MAX];
    int64_t told_ns[RATING_PROGRESS_PARTITIONS_MAX]; /* when; 0: never */
    enum status look_status; /* of the last look; NOT_FOUND: nothing of that partition */
};

enum status rating_progress_create(struct rating_repository repository, struct text topic,
                                   struct rating_progress **ret_progress)
{
    struct rating_progress *self = calloc(1, sizeof(*self));
    if (self == NULL || pthread_mutex_init(&self->lock, NULL) != 0) {
        free(self);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    self->repository = repository;
    self->topic = topic;
    list_init(&self->waiters);
    *ret_progress = self;
    return STATUS_OK;
}

void rating_progress_destroy(struct rating_progress *progress)
{
    if (progress == NULL) {
        return;
    }
    CHECK(progress->waiting == 0);
    CHECK(pthread_mutex_destroy(&progress->lock) == 0);
    free(progress);
}

static void lock(struct rating_progress *self)
{
    CHECK(pthread_mutex_lock(&self->lock) == 0);
}

static void unlock(struct rating_progress *self)
{
    CHECK(pthread_mutex_unlock(&self->lock) == 0);
}

static struct waiter *waiter_at(struct list *link)
{
    return CONTAINER_OF(link, struct waiter, link);
}

static void signal_waiter(struct loop_task *task)
{
    fiber_wait_signal(&CONTAINER_OF(task, struct waiter, task)->wait);
}

/* With the lock. */
static void wake(struct waiter *waiter)
{
    if (!waiter->posted) {
        waiter->posted = true;
        loop_post(waiter->loop, &waiter->task);
    }
}

/* With the lock. What is told may be less than before: the topic was made anew, and positions moved
 * back to its beginning. */
static void tell(struct rating_progress *self, int32_t partition, int64_t next_offset)
{
    self->next_offsets[partition] = next_offset;
    self->told_ns[partition] = clock_monotonic_ns();
    for (struct list *link = self->waiters.next; link != &self->waiters; link = link->next) {
        struct waiter *waiter = waiter_at(link);
        if (waiter->partition == partition && waiter->offset < next_offset && !waiter->passed) {
            waiter->passed = true;
            wake(waiter);
        }
    }
}

void rating_progress_note(void *progress, struct text topic, int32_t partition, int64_t next_offset)
{
    struct rating_progress *self = progress;
    if (!text_equal(topic, self->topic) || partition < 0 ||
        partition >= RATING_PROGRESS_PARTITIONS_MAX) {
        return;
    }
    lock(self);
    tell(self, partition, next_offset);
    unlock(self);
}

/* Which partitions somebody waits for. */
static void mark_wanted(struct rating_progress *self, bool wanted[RATING_PROGRESS_PARTITIONS_MAX])
{
    lock(self);
    for (struct list *link = self->waiters.next; link != &self->waiters; link = link->next) {
        wanted[waiter_at(link)->partition] = true;
    }
    unlock(self);
}

/* One look at the store, for all who wait. What it cannot tell is asked again with the next. */
static void look(struct rating_progress *self, struct call *call)
{
    bool wanted[RATING_PROGRESS_PARTITIONS_MAX] = {false};
    mark_wanted(self, wanted);
    for (int32_t i = 0; i < RATING_PROGRESS_PARTITIONS_MAX; i++) {
        int64_t next_offset = 0;
        if (!wanted[i]) {
            continue;
        }
        struct call asking = call_within(call, 0);
        int64_t asked_ns = clock_monotonic_ns();
        enum status status = self->repository.ops->get_position(self->repository.state, &asking,
                                                                self->topic, i, &next_offset);
        lock(self);
        self->look_status = status;
        if (status == STATUS_OK &&
            (next_offset > self->next_offsets[i] || self->told_ns[i] < asked_ns)) {
            tell(self, i, next_offset); /* not when less than what was told meanwhile */
        }
        unlock(self);
    }
}

/* With the lock. Whether what is known says so, and is young enough to be believed. */
static bool is_known_to_be_past(const struct rating_progress *self, int32_t partition,
                                int64_t offset)
{
    int64_t told_ns = self->told_ns[partition];
    return offset < self->next_offsets[partition] && told_ns != 0 &&
           clock_monotonic_ns() - told_ns < RATING_PROGRESS_TRUST_MS * CLOCK_NS_PER_MS;
}

/* false: too many wait. */
static bool join(struct rating_progress *self, struct waiter *waiter)
{
    lock(self);
    bool fits = self->waiting < RATING_PROGRESS_WAITERS_MAX;
    if (fits) {
        waiter->passed = is_known_to_be_past(self, waiter->partition, waiter->offset);
        waiter->looks = !waiter->passed && !self->looked_at;
        self->looked_at = self->looked_at || waiter->looks;
        self->waiting++;
        list_append(&self->waiters, &waiter->link);
    }
    unlock(self);
    return fits;
}

/* Takes the waiter out. Who looked has the next one do it from now on. */
static void leave(struct rating_progress *self, struct waiter *waiter)
{
    lock(self);
    list_remove(&waiter->link);
    self->waiting--;
    if (waiter->looks) {
        self->looked_at = !list_is_empty(&self->waiters);
        if (self->looked_at) {
            struct waiter *next = waiter_at(self->waiters.next);
            next->looks = true;
            wake(next);
        }
    }
    bool posted = waiter->posted;
    unlock(self);
    if (posted) {
        /* Without a call it always comes: the task is on its way. */
        status_ignore(fiber_wait(NULL, &waiter->wait));
    }
}

/* What has become of it. signalled: its task has come. */
static bool has_passed(struct rating_progress *self, struct waiter *waiter, bool signalled,
                       bool *ret_looks)
{
    lock(self);
    waiter->posted = waiter->posted && !signalled;
    bool passed = waiter->passed;
    *ret_looks = waiter->looks;
    unlock(self);
    return passed;
}

static enum status wait_for_turn(struct rating_progress *self, struct waiter *waiter,
                                 struct call *call)
{
    bool signalled = false;
    bool looks = false;
    while (!has_passed(self, waiter, signalled, &looks)) {
        if (looks) {
            look(self, call);
            if (has_passed(self, waiter, false, &looks)) {
                break;
            }
        }
        struct call turn = call_within(call, looks ? RATING_PROGRESS_LOOK_MS : 0);
        enum status status = fiber_wait(&turn, &waiter->wait);
        signalled = status == STATUS_OK;
        if (!signalled && call_check(call) != STATUS_OK) {
            return call_check(call);
        }
    }
    return STATUS_OK;
}

/* Until when it is waited, so that there is time left to say that it was in vain. */
static int64_t end_of_waiting_ns(const struct call *call)
{
    int64_t now_ns = clock_monotonic_ns();
    int64_t wait_ns = RATING_PROGRESS_WAIT_MS_MAX * CLOCK_NS_PER_MS;
    if (call->deadline_ns != CALL_NO_DEADLINE) {
        int64_t left_ns = call_remaining_ns(call);
        int64_t reply_ns = RATING_PROGRESS_REPLY_MS * CLOCK_NS_PER_MS;
        wait_ns = left_ns > 2 * reply_ns ? left_ns - reply_ns : left_ns / 2;
    }
    return now_ns + wait_ns;
}

static enum status fail_late(struct rating_progress *self, struct call *call,
                             const struct waiter *waiter)
{
    lock(self);
    int64_t next_offset = self->next_offsets[waiter->partition];
    enum status look_status = self->look_status;
    unlock(self);
    if (next_offset == 0 && look_status != STATUS_OK && look_status != STATUS_NOT_FOUND) {
        return call_fail(call, STATUS_DEADLINE_EXCEEDED,
                         "how far ingestion has got cannot be told: the store is %s",
                         status_name(look_status));
    }
    return call_fail(call, STATUS_DEADLINE_EXCEEDED,
                     "the event at %" PRId32 ":%" PRId64
                     " of topic %.*s has not been applied yet: ingestion has got to %" PRId64,
                     waiter->partition, waiter->offset, TEXT_ARGUMENTS(self->topic), next_offset);
}

enum status rating_progress_await(void *progress, struct call *call, int32_t partition,
                                  int64_t offset)
{
    struct rating_progress *self = progress;
    struct waiter waiter = {.task = {.run = signal_waiter},
                            .loop = loop_current(),
                            .partition = partition,
                            .offset = offset};
    if (partition < 0 || partition >= RATING_PROGRESS_PARTITIONS_MAX || offset < 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "a position is a partition of 0 to %d and an offset from 0 on",
                         RATING_PROGRESS_PARTITIONS_MAX - 1);
    }
    list_init(&waiter.link);
    fiber_wait_init(&waiter.wait);
    if (!join(self, &waiter)) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                         "too many requests wait for ingestion already");
    }
    struct call waiting = call_within(call, 0);
    waiting.deadline_ns = end_of_waiting_ns(call);
    enum status status = wait_for_turn(self, &waiter, &waiting);
    leave(self, &waiter);
    return status == STATUS_DEADLINE_EXCEEDED ? fail_late(self, call, &waiter) : status;
}

unsigned rating_progress_waiting(struct rating_progress *progress)
{
    lock(progress);
    unsigned waiting = progress->waiting;
    unlock(progress);
    return waiting;
}

/* The cases about waiting for the change log. */
#include "base/clock.h"
#include "contract/rating_case.h"
#include "loop/fiber.h"

static enum status await(struct rating_case *self, struct call *call, int64_t after)
{
    return self->repository.ops->await_change(self->repository.state, call, after);
}

static void what_is_there_is_not_waited_for(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 100);
    rating_case_apply(self, &change, 1, NULL);
    rating_case_apply(self, &change, 1, NULL);
    assert_int_equal(await(self, self->call, 0), STATUS_OK);
    assert_int_equal(await(self, self->call, 1), STATUS_OK);
}

static void a_call_that_is_over_waits_no_more(struct rating_case *self)
{
    struct call call = call_within(self->call, 20);
    int64_t due_ns = call.deadline_ns;
    assert_int_equal(await(self, &call, 0), STATUS_DEADLINE_EXCEEDED);
    assert_true(clock_monotonic_ns() >= due_ns);
    struct cancellation cancellation;
    cancellation_init(&cancellation);
    cancellation_request(&cancellation);
    call = *self->call;
    call.cancellation = &cancellation;
    assert_int_equal(await(self, &call, 0), STATUS_CANCELLED);
}

enum { WAITERS = 20, ROUNDS = 10 };

struct waiter {
    struct rating_case *self;
    int64_t after;
    int64_t woken_at; /* the last sequence as it was when it was woken */
};

static void wait_for_change(void *argument)
{
    struct waiter *waiter = argument;
    struct call call = *waiter->self->call;
    assert_int_equal(await(waiter->self, &call, waiter->after), STATUS_OK);
    waiter->woken_at = rating_case_range(waiter->self).last;
}

/* Each waits for another sequence, and none is woken before that is there. */
static void writers_wake_those_who_wait(struct rating_case *self)
{
    struct waiter waiters[WAITERS];
    struct fiber_group group;
    fiber_group_init(&group);
    for (int64_t i = 0; i < WAITERS; i++) {
        waiters[i] = (struct waiter){self, i / 2, 0};
        assert_int_equal(fiber_group_start(&group, wait_for_change, &waiters[i]), STATUS_OK);
    }
    fiber_yield(); /* they wait */
    for (int64_t i = 0; i < WAITERS / 2; i++) {
        const struct rating_change change = rating_case_put("user", "movie", (int32_t)i);
        rating_case_apply(self, &change, 1, NULL);
    }
    fiber_group_join(&group);
    for (size_t i = 0; i < WAITERS; i++) {
        assert_true(waiters[i].woken_at > waiters[i].after);
    }
}

struct follower {
    struct rating_case *self;
    int64_t seen;
};

static void follow(void *argument)
{
    struct follower *follower = argument;
    struct call call = *follower->self->call;
    while (follower->seen < ROUNDS) {
        struct rating_change_record *records;
        size_t count;
        assert_int_equal(await(follower->self, &call, follower->seen), STATUS_OK);
        assert_int_equal(
            follower->self->repository.ops->list_changes(follower->self->repository.state, &call,
                                                         follower->seen, ROUNDS, &records, &count),
            STATUS_OK);
        assert_true(count > 0); /* it is not woken for nothing */
        assert_int_equal(records[0].sequence, follower->seen + 1);
        follower->seen += (int64_t)count;
    }
}

static void a_follower_sees_every_change(struct rating_case *self)
{
    struct follower followers[3];
    struct fiber_group group;
    fiber_group_init(&group);
    for (size_t i = 0; i < ARRAY_LENGTH(followers); i++) {
        followers[i] = (struct follower){self, 0};
        assert_int_equal(fiber_group_start(&group, follow, &followers[i]), STATUS_OK);
    }
    for (int32_t i = 0; i < ROUNDS; i++) {
        const struct rating_change change = rating_case_put("user", "movie", i);
        rating_case_apply(self, &change, 1, NULL);
        fiber_yield();
    }
    fiber_group_join(&group);
}

/* Waits that were given up leave nothing behind that a later change would stumble over. */
static void waits_that_were_given_up(struct rating_case *self)
{
    const struct rating_change change = rating_case_put("user", "movie", 100);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct call call = call_within(self->call, 1);
        assert_int_equal(await(self, &call, i), STATUS_DEADLINE_EXCEEDED);
        rating_case_apply(self, &change, 1, NULL);
    }
    assert_int_equal(await(self, self->call, ROUNDS - 1), STATUS_OK);
}

const struct rating_contract_case rating_await_cases[] = {
    {.name = "what_is_there_is_not_waited_for", .run = what_is_there_is_not_waited_for},
    {.name = "a_call_that_is_over_waits_no_more", .run = a_call_that_is_over_waits_no_more},
    {.name = "writers_wake_those_who_wait", .run = writers_wake_those_who_wait},
    {.name = "a_follower_sees_every_change", .run = a_follower_sees_every_change},
    {.name = "waits_that_were_given_up", .run = waits_that_were_given_up},
    {.name = NULL},
};

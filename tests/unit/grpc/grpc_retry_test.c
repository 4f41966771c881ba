/* Which failed attempts are followed by another, and after how long. */
#include "grpc/grpc_retry.h"

#include "base/clock.h"
#include "support/cmocka_test.h"

enum { NEVER_RETRIED = -1 };

static const struct grpc_retry_policy policy = {
    .attempts_max = 4,
    .backoff =
        {
            .first_ns = 10 * CLOCK_NS_PER_MS,
            .most_ns = 25 * CLOCK_NS_PER_MS,
            .factor = 2,
            .jitter = 0.2,
        },
    .statuses = GRPC_STATUS_BIT(STATUS_UNAVAILABLE) | GRPC_STATUS_BIT(STATUS_ABORTED),
    .when_unreachable = true,
};

static struct grpc_attempt_end ended(enum status status)
{
    return (struct grpc_attempt_end){
        .status = status,
        .reach = GRPC_REACH_SERVER,
        .pushback_ms = GRPC_PUSHBACK_NONE,
        .remaining_ns = INT64_MAX,
    };
}

/* In microseconds, with a jitter of 1.0; or NEVER_RETRIED. */
static int wait_of(struct grpc_retry *retry, struct grpc_attempt_end end)
{
    int64_t wait_ns = 0;
    return grpc_retry_after(retry, &end, 0.5, &wait_ns) ? (int)(wait_ns / 1000) : NEVER_RETRIED;
}

static void waits_grow_until_attempts_are_used_up(void **state)
{
    struct grpc_retry_throttle throttle;
    struct grpc_retry retry = {.policy = &policy, .throttle = &throttle};
    struct grpc_attempt_end end = ended(STATUS_UNAVAILABLE);
    int64_t wait_ns;
    (void)state;
    grpc_retry_throttle_init(&throttle, 100, 100);
    assert_true(grpc_retry_after(&retry, &end, 0.0, &wait_ns));
    assert_int_equal(wait_ns, 8 * CLOCK_NS_PER_MS);
    assert_int_equal(retry.previous_attempts, 1);
    assert_int_equal(wait_of(&retry, end), 20000);
    assert_true(grpc_retry_after(&retry, &end, 0.999999, &wait_ns));
    assert_in_range(wait_ns, 29 * CLOCK_NS_PER_MS, 30 * CLOCK_NS_PER_MS); /* 1.2 times the most */
    assert_int_equal(retry.previous_attempts, 3);
    assert_int_equal(wait_of(&retry, end), NEVER_RETRIED);
}

static void more_attempts_than_allowed_are_cut(void **state)
{
    struct grpc_retry_policy eager = policy;
    struct grpc_retry_throttle throttle;
    struct grpc_retry retry = {.policy = &eager, .throttle = &throttle};
    unsigned retries = 0;
    (void)state;
    eager.attempts_max = 50;
    grpc_retry_throttle_init(&throttle, 100, 100);
    while (retries < 50 && wait_of(&retry, ended(STATUS_UNAVAILABLE)) >= 0) {
        retries++;
    }
    assert_int_equal(retries, GRPC_ATTEMPTS_MAX - 1);
}

static void a_time_that_the_server_names_is_kept(void **state)
{
    struct grpc_retry_throttle throttle;
    struct grpc_retry retry = {.policy = &policy, .throttle = &throttle};
    struct grpc_attempt_end pushed = ended(STATUS_ABORTED);
    (void)state;
    grpc_retry_throttle_init(&throttle, 100, 100);
    assert_int_equal(wait_of(&retry, ended(STATUS_ABORTED)), 10000);
    pushed.pushback_ms = 7;
    assert_int_equal(wait_of(&retry, pushed), 7000);
    /* The backoff begins again from there. */
    assert_int_equal(wait_of(&retry, ended(STATUS_ABORTED)), 10000);
    pushed.pushback_ms = 0;
    assert_int_equal(wait_of(&retry, pushed), NEVER_RETRIED); /* attempts are used up */
    retry = (struct grpc_retry){.policy = &policy, .throttle = &throttle};
    assert_int_equal(wait_of(&retry, pushed), 0);
    pushed.pushback_ms = GRPC_PUSHBACK_NEVER;
    assert_int_equal(wait_of(&retry, pushed), NEVER_RETRIED);
}

static const struct {
    const char *name;
    enum status status;
    enum grpc_reach reach;
    bool has_policy;
    bool committed;
    int64_t remaining_ns;
    int want; /* the wait in microseconds */
} rows[] = {
    {"a status that is named", STATUS_UNAVAILABLE, GRPC_REACH_SERVER, true, false, INT64_MAX,
     10000},
    {"one that is not", STATUS_INTERNAL, GRPC_REACH_SERVER, true, false, INT64_MAX, NEVER_RETRIED},
    {"no policy", STATUS_UNAVAILABLE, GRPC_REACH_SERVER, false, false, INT64_MAX, NEVER_RETRIED},
    {"headers have come", STATUS_UNAVAILABLE, GRPC_REACH_SERVER, true, true, INT64_MAX,
     NEVER_RETRIED},
    {"failed here", STATUS_UNAVAILABLE, GRPC_REACH_LOCAL, true, false, INT64_MAX, NEVER_RETRIED},
    {"nobody there", STATUS_UNAVAILABLE, GRPC_REACH_NO_INSTANCE, true, false, INT64_MAX, 10000},
    {"nobody there, no policy", STATUS_UNAVAILABLE, GRPC_REACH_NO_INSTANCE, false, false, INT64_MAX,
     NEVER_RETRIED},
    {"never left", STATUS_UNAVAILABLE, GRPC_REACH_UNSENT, false, false, INT64_MAX, 0},
    {"refused", STATUS_UNAVAILABLE, GRPC_REACH_REFUSED, false, false, INT64_MAX, 0},
    {"time is up", STATUS_UNAVAILABLE, GRPC_REACH_UNSENT, true, false, 0, NEVER_RETRIED},
    {"time would be up", STATUS_UNAVAILABLE, GRPC_REACH_SERVER, true, false, 10 * CLOCK_NS_PER_MS,
     NEVER_RETRIED},
    {"time just suffices", STATUS_UNAVAILABLE, GRPC_REACH_SERVER, true, false,
     10 * CLOCK_NS_PER_MS + 1, 10000},
};

static void ends_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct grpc_retry_throttle throttle;
        struct grpc_retry retry = {.policy = rows[i].has_policy ? &policy : NULL,
                                   .throttle = &throttle};
        grpc_retry_throttle_init(&throttle, 100, 100);
        struct grpc_attempt_end end = ended(rows[i].status);
        end.reach = rows[i].reach;
        end.committed = rows[i].committed;
        end.remaining_ns = rows[i].remaining_ns;
        int wait = wait_of(&retry, end);
        if (wait != rows[i].want) {
            fail_msg("%s: %d", rows[i].name, wait);
        }
    }
}

static void idempotent_calls_do_not_wait_for_an_instance(void **state)
{
    struct grpc_retry_throttle throttle;
    struct grpc_retry retry = {.policy = &grpc_retry_idempotent, .throttle = &throttle};
    struct grpc_attempt_end end = ended(STATUS_UNAVAILABLE);
    (void)state;
    grpc_retry_throttle_init(&throttle, 100, 100);
    end.reach = GRPC_REACH_NO_INSTANCE;
    assert_int_equal(wait_of(&retry, end), NEVER_RETRIED);
    assert_int_equal(wait_of(&retry, ended(STATUS_UNAVAILABLE)), 100000);
}

/* They count as no attempt, and cost nothing. */
static void what_reached_nobody_is_tried_again_within_bounds(void **state)
{
    struct grpc_retry_throttle throttle;
    struct grpc_retry retry = {.policy = &policy, .throttle = &throttle};
    struct grpc_attempt_end end = ended(STATUS_UNAVAILABLE);
    unsigned retries = 0;
    (void)state;
    grpc_retry_throttle_init(&throttle, 1, 100);
    end.reach = GRPC_REACH_REFUSED;
    assert_int_equal(wait_of(&retry, end), 0);
    end.reach = GRPC_REACH_UNSENT;
    while (retries <= GRPC_UNSENT_RETRIES_MAX && wait_of(&retry, end) == 0) {
        retries++;
    }
    assert_int_equal(retries, GRPC_UNSENT_RETRIES_MAX);
    assert_int_equal(retry.previous_attempts, 0);
    grpc_retry_throttle_init(&throttle, 10, 100);
    end.reach = GRPC_REACH_REFUSED;
    assert_int_equal(wait_of(&retry, end), 10000); /* the second time, by policy */
    assert_int_equal(retry.previous_attempts, 1);
}

static void retries_stop_at_half_of_the_tokens(void **state)
{
    struct grpc_retry_throttle throttle;
    struct grpc_retry_policy once = policy;
    (void)state;
    once.attempts_max = 2;
    grpc_retry_throttle_init(&throttle, 10, 500);
    for (int i = 0; i < 6; i++) {
        struct grpc_retry retry = {.policy = &once, .throttle = &throttle};
        int wait = wait_of(&retry, ended(STATUS_UNAVAILABLE));
        assert_int_equal(wait, i < 4 ? 10000 : NEVER_RETRIED); /* 9, 8, 7, 6, 5, 4 */
    }
    struct grpc_retry retry = {.policy = &once, .throttle = &throttle};
    /* What is no sign of trouble costs nothing, a server's "never" does. */
    assert_int_equal(wait_of(&retry, ended(STATUS_NOT_FOUND)), NEVER_RETRIED);
    grpc_retry_succeeded(&retry);
    grpc_retry_succeeded(&retry); /* 5 */
    assert_false(grpc_retry_throttle_allows(&throttle));
    grpc_retry_succeeded(&retry); /* 5.5 */
    assert_true(grpc_retry_throttle_allows(&throttle));
    struct grpc_attempt_end never = ended(STATUS_NOT_FOUND);
    never.pushback_ms = GRPC_PUSHBACK_NEVER;
    assert_int_equal(wait_of(&retry, never), NEVER_RETRIED); /* 4.5 */
    assert_false(grpc_retry_throttle_allows(&throttle));
}

static void tokens_stay_between_none_and_the_most(void **state)
{
    struct grpc_retry_throttle throttle;
    struct grpc_retry retry = {.policy = &policy, .throttle = &throttle};
    (void)state;
    grpc_retry_throttle_init(&throttle, 1, 700);
    grpc_retry_succeeded(&retry);
    grpc_retry_succeeded(&retry);
    assert_int_equal(wait_of(&retry, ended(STATUS_UNAVAILABLE)), NEVER_RETRIED); /* 0 of 1 */
    assert_int_equal(wait_of(&retry, ended(STATUS_UNAVAILABLE)), NEVER_RETRIED);
    assert_false(grpc_retry_throttle_allows(&throttle));
    grpc_retry_succeeded(&retry);
    assert_true(grpc_retry_throttle_allows(&throttle));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_grow_until_attempts_are_used_up),
        cmocka_unit_test(more_attempts_than_allowed_are_cut),
        cmocka_unit_test(a_time_that_the_server_names_is_kept),
        cmocka_unit_test(ends_are_told_apart),
        cmocka_unit_test(idempotent_calls_do_not_wait_for_an_instance),
        cmocka_unit_test(what_reached_nobody_is_tried_again_within_bounds),
        cmocka_unit_test(retries_stop_at_half_of_the_tokens),
        cmocka_unit_test(tokens_stay_between_none_and_the_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

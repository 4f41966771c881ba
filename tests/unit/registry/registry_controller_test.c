#include "registry/controller/registry_controller.h"

#include "base/arena.h"
#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TTL_MS = 200, LONG_MS = 20000 };

struct fixture {
    struct registry_controller *controller;
    struct arena arena;
    struct call call;
};

static void setup(struct fixture *fixture, const struct registry_controller_options *options)
{
    arena_init(&fixture->arena, 16 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, LONG_MS);
    assert_int_equal(
        registry_controller_create(loop_current(), &fixture->call, options, &fixture->controller),
        STATUS_OK);
}

static void teardown(struct fixture *fixture)
{
    registry_controller_destroy(fixture->controller);
    arena_deinit(&fixture->arena);
}

static const struct registry_subject rating = {REGISTRY_TOPIC_SERVICE, TEXT_INIT("rating")};

static enum status put(struct fixture *fixture, struct registry_check_definition check)
{
    check.id = TEXT("check");
    check.name = TEXT("check");
    check.initial = REGISTRY_PASSING;
    struct registry_registration registration = {
        .service = {.id = TEXT("r1"),
                    .name = TEXT("rating"),
                    .weight_passing = 1,
                    .weight_warning = 1},
        .checks = &check,
        .check_count = 1,
    };
    return registry_controller_put_instance(fixture->controller, &fixture->call, &registration,
                                            clock_monotonic_ns());
}

static enum status put_ttl(struct fixture *fixture)
{
    return put(fixture, (struct registry_check_definition){.kind = REGISTRY_CHECK_TTL,
                                                           .ttl_ns = TTL_MS * CLOCK_NS_PER_MS});
}

static enum registry_status status_now(struct fixture *fixture)
{
    const struct registry_state *state = registry_controller_state(fixture->controller);
    return registry_state_find_check(state, TEXT("check"))->status;
}

/* Waits on the service from the index that it has now; returns the index after it. */
static uint64_t wait_for_change(struct fixture *fixture)
{
    uint64_t before = registry_state_index(registry_controller_state(fixture->controller), &rating);
    uint64_t after = 0;
    assert_int_equal(registry_controller_wait(fixture->controller, &fixture->call, &rating, before,
                                              LONG_MS, &after),
                     STATUS_OK);
    assert_true(after > before);
    return after;
}

static void expire_by_the_clock(void *unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture, &(struct registry_controller_options){.settle_ms = 0});
    int64_t started_ns = clock_monotonic_ns();
    assert_int_equal(put_ttl(&fixture), STATUS_OK);
    (void)wait_for_change(&fixture);
    int64_t took_ms = (clock_monotonic_ns() - started_ns) / CLOCK_NS_PER_MS;
    assert_int_equal(status_now(&fixture), REGISTRY_CRITICAL);
    assert_true(took_ms >= TTL_MS);
    /* By the state's own clock it is within a tick (registry_state_test); here others run too. */
    assert_true(took_ms <= TTL_MS + 1000);
    teardown(&fixture);
}

static void test_ttl_expires_in_time(void **state)
{
    (void)state;
    in_fiber(expire_by_the_clock, NULL);
}

static void register_later(void *argument)
{
    struct fixture *fixture = argument;
    assert_int_equal(fiber_sleep(NULL, 20 * CLOCK_NS_PER_MS), STATUS_OK);
    assert_int_equal(put_ttl(fixture), STATUS_OK);
}

static void wake_at_once(void *unused)
{
    struct fixture fixture;
    struct fiber_group group;
    (void)unused;
    setup(&fixture, &(struct registry_controller_options){.settle_ms = 0});
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, register_later, &fixture), STATUS_OK);
    int64_t started_ns = clock_monotonic_ns();
    (void)wait_for_change(&fixture);
    assert_true(clock_monotonic_ns() - started_ns < 2 * CLOCK_NS_PER_S);
    fiber_group_join(&group);
    teardown(&fixture);
}

static void test_wait_ends_at_once(void **state)
{
    (void)state;
    in_fiber(wake_at_once, NULL);
}

static void wait_cases(void *unused)
{
    struct fixture fixture;
    struct call over;
    uint64_t index = 0;
    (void)unused;
    setup(&fixture, &(struct registry_controller_options){.settle_ms = 0});
    uint64_t first = registry_state_first_index(registry_controller_state(fixture.controller));
    assert_true(first > 1);
    /* No index, an older one, one that nobody reaches within the wait. */
    assert_int_equal(
        registry_controller_wait(fixture.controller, &fixture.call, &rating, 0, LONG_MS, &index),
        STATUS_OK);
    assert_int_equal(index, first);
    assert_int_equal(registry_controller_wait(fixture.controller, &fixture.call, &rating, first - 1,
                                              LONG_MS, &index),
                     STATUS_OK);
    assert_int_equal(registry_controller_wait(fixture.controller, &fixture.call, &rating,
                                              first + 1000, 20, &index),
                     STATUS_OK);
    assert_int_equal(index, first);
    /* The call ends before the wait does. */
    over = call_within(&fixture.call, 20);
    assert_int_equal(
        registry_controller_wait(fixture.controller, &over, &rating, first, LONG_MS, &index),
        STATUS_DEADLINE_EXCEEDED);
    /* A draining server lets everybody go. */
    registry_controller_stop_waiting(fixture.controller);
    assert_int_equal(registry_controller_wait(fixture.controller, &fixture.call, &rating, first,
                                              LONG_MS, &index),
                     STATUS_OK);
    teardown(&fixture);
}

static void test_wait_cases(void **state)
{
    (void)state;
    in_fiber(wait_cases, NULL);
}

static void hold_while_settling(void *unused)
{
    enum { SETTLE_MS = 100 };
    struct fixture fixture;
    uint64_t index;
    (void)unused;
    int64_t started_ns = clock_monotonic_ns();
    setup(&fixture, &(struct registry_controller_options){.settle_ms = SETTLE_MS});
    uint64_t first = registry_state_first_index(registry_controller_state(fixture.controller));
    assert_int_equal(put_ttl(&fixture), STATUS_OK);
    /* Who comes without an index is answered; who comes from before the start has to wait. */
    assert_int_equal(
        registry_controller_wait(fixture.controller, &fixture.call, &rating, 0, LONG_MS, &index),
        STATUS_OK);
    assert_true(clock_monotonic_ns() - started_ns < SETTLE_MS * CLOCK_NS_PER_MS);
    assert_int_equal(registry_controller_wait(fixture.controller, &fixture.call, &rating, first - 5,
                                              LONG_MS, &index),
                     STATUS_OK);
    assert_true(clock_monotonic_ns() - started_ns >= SETTLE_MS * CLOCK_NS_PER_MS);
    teardown(&fixture);
}

static void test_settling(void **state)
{
    (void)state;
    in_fiber(hold_while_settling, NULL);
}

struct fake_checker {
    unsigned probes;
    bool hangs;
};

static enum status fake_probe(void *state, struct call *call,
                              const struct registry_check_definition *check,
                              struct registry_probe *ret_probe)
{
    struct fake_checker *checker = state;
    assert_true(text_equal(check->target, TEXT("h:1")));
    checker->probes++;
    if (checker->hangs) {
        return fiber_sleep(call, LONG_MS * CLOCK_NS_PER_MS);
    }
    *ret_probe = (struct registry_probe){REGISTRY_WARNING, TEXT("slow")};
    return STATUS_OK;
}

static const struct registry_checker_ops fake_checker_ops = {.probe = fake_probe};

static struct registry_check_definition tcp_check(void)
{
    return (struct registry_check_definition){
        .kind = REGISTRY_CHECK_TCP,
        .target = TEXT("h:1"),
        .interval_ns = CLOCK_NS_PER_MS, /* is raised */
        .timeout_ns = 10 * CLOCK_NS_PER_S,
    };
}

static void probe_actively(void *unused)
{
    struct fixture fixture;
    struct fake_checker checker = {.hangs = false};
    (void)unused;
    setup(&fixture, &(struct registry_controller_options){.checker = {&fake_checker_ops, &checker},
                                                          .settle_ms = 0});
    assert_int_equal(put(&fixture, tcp_check()), STATUS_OK);
    (void)wait_for_change(&fixture);
    assert_int_equal(status_now(&fixture), REGISTRY_WARNING);
    assert_int_equal(checker.probes, 1);
    teardown(&fixture);

    /* What hangs does not hold up the end. */
    checker = (struct fake_checker){.hangs = true};
    setup(&fixture, &(struct registry_controller_options){.checker = {&fake_checker_ops, &checker},
                                                          .settle_ms = 0});
    assert_int_equal(put(&fixture, tcp_check()), STATUS_OK);
    while (checker.probes == 0) {
        assert_int_equal(fiber_sleep(&fixture.call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    teardown(&fixture);

    setup(&fixture, &(struct registry_controller_options){.settle_ms = 0});
    assert_int_equal(put(&fixture, tcp_check()), STATUS_INVALID_ARGUMENT);
    teardown(&fixture);
}

static void test_active_checks(void **state)
{
    (void)state;
    in_fiber(probe_actively, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ttl_expires_in_time), cmocka_unit_test(test_wait_ends_at_once),
        cmocka_unit_test(test_wait_cases),          cmocka_unit_test(test_settling),
        cmocka_unit_test(test_active_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The controller over a repository: writes are answered when they are saved, and say so when they
 * cannot be. */
#include "base/arena.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "registry/controller/registry_controller.h"
#include "registry/repository/memory_registry_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { LONG_MS = 20000, TTL_MS = 10000 };

struct fixture {
    struct memory_registry_records records;
    struct registry_controller *controller;
    struct arena arena;
    struct call call;
    unsigned failures_told;
    unsigned recoveries_told;
};

static void on_saving(void *state, bool works, const struct call *call)
{
    struct fixture *fixture = state;
    if (works) {
        fixture->recoveries_told++;
    } else {
        assert_string_equal(call->error.message.data, "there is no room");
        fixture->failures_told++;
    }
}

static void start(struct fixture *fixture)
{
    const struct registry_controller_options options = {
        .repository = memory_registry_repository(&fixture->records),
        .settle_ms = 1000,
        .events = {.saving = on_saving, .state = fixture},
    };
    arena_init(&fixture->arena, 16 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, LONG_MS);
    assert_int_equal(
        registry_controller_create(loop_current(), &fixture->call, &options, &fixture->controller),
        STATUS_OK);
}

static void stop(struct fixture *fixture)
{
    registry_controller_destroy(fixture->controller);
    arena_deinit(&fixture->arena);
}

static void teardown(struct fixture *fixture)
{
    stop(fixture);
    memory_registry_records_deinit(&fixture->records);
}

static enum status put(struct fixture *fixture, const char *id)
{
    const struct registry_check_definition check = {
        .id = text_of(id),
        .name = TEXT("check"),
        .kind = REGISTRY_CHECK_TTL,
        .initial = REGISTRY_PASSING,
        .ttl_ns = TTL_MS * CLOCK_NS_PER_MS,
    };
    const struct registry_registration registration = {
        .service = {.id = text_of(id), .name = TEXT("rating"), .weight_passing = 1},
        .checks = &check,
        .check_count = 1,
    };
    call_clear_error(&fixture->call);
    return registry_controller_put_instance(fixture->controller, &fixture->call, &registration,
                                            clock_monotonic_ns());
}

static enum status report(struct fixture *fixture, const char *id, enum registry_status status)
{
    call_clear_error(&fixture->call);
    return registry_controller_report(fixture->controller, &fixture->call, text_of(id), status,
                                      TEXT(""), clock_monotonic_ns());
}

static enum status remove_instance(struct fixture *fixture, const char *id)
{
    call_clear_error(&fixture->call);
    return registry_controller_remove_instance(fixture->controller, &fixture->call, text_of(id));
}

static bool has(struct fixture *fixture, const char *id)
{
    return registry_state_find_instance(registry_controller_state(fixture->controller),
                                        text_of(id)) != NULL;
}

static void run_confirmed(void *argument)
{
    struct fixture *fixture = argument;
    start(fixture);
    assert_false(registry_controller_loaded(fixture->controller)->any);
    assert_int_equal(put(fixture, "a"), STATUS_OK);
    assert_int_equal(fixture->records.save_count, 1);
    assert_int_equal(report(fixture, "a", REGISTRY_PASSING), STATUS_OK);
    assert_int_equal(put(fixture, "a"), STATUS_OK);
    assert_int_equal(fixture->records.save_count, 1);
    assert_int_equal(report(fixture, "a", REGISTRY_WARNING), STATUS_OK);
    assert_int_equal(fixture->records.save_count, 2);
    assert_int_equal(put(fixture, "b"), STATUS_OK);
    assert_int_equal(remove_instance(fixture, "b"), STATUS_OK);
    assert_int_equal(remove_instance(fixture, "b"), STATUS_NOT_FOUND);
    assert_int_equal(fixture->records.save_count, 4);
    stop(fixture);

    start(fixture);
    const struct registry_controller_loaded *loaded =
        registry_controller_loaded(fixture->controller);
    assert_true(loaded->any);
    assert_int_equal(loaded->instances, 1);
    assert_int_equal(loaded->unconfirmed, 1);
    assert_true(has(fixture, "a"));
    assert_false(has(fixture, "b"));
    assert_int_equal(report(fixture, "a", REGISTRY_PASSING), STATUS_OK);
    assert_int_equal(
        registry_state_unconfirmed_count(registry_controller_state(fixture->controller)), 0);
    teardown(fixture);
}

/* A write that could not be saved is not answered by OK when it is repeated, either. */
static void run_full(void *argument)
{
    struct fixture *fixture = argument;
    start(fixture);
    assert_int_equal(put(fixture, "old"), STATUS_OK);
    fixture->records.is_full = true;
    assert_int_equal(put(fixture, "a"), STATUS_UNAVAILABLE);
    assert_true(text_starts_with(fixture->call.error.message, TEXT("the change holds but")));
    assert_int_equal(put(fixture, "a"), STATUS_UNAVAILABLE);
    assert_true(has(fixture, "a"));
    assert_int_equal(remove_instance(fixture, "old"), STATUS_UNAVAILABLE);
    assert_int_equal(remove_instance(fixture, "old"), STATUS_UNAVAILABLE);
    /* It goes on serving: heartbeats wait for nothing. */
    assert_int_equal(report(fixture, "a", REGISTRY_PASSING), STATUS_OK);
    assert_int_equal(fixture->failures_told, 1);
    fixture->records.is_full = false;
    assert_int_equal(remove_instance(fixture, "old"), STATUS_NOT_FOUND);
    assert_int_equal(put(fixture, "a"), STATUS_OK);
    assert_int_equal(fixture->recoveries_told, 1);
    stop(fixture);
    start(fixture);
    assert_true(has(fixture, "a"));
    assert_false(has(fixture, "old"));
    teardown(fixture);
}

/* What nobody waits for is saved too, when there is room again. */
static void run_by_itself(void *argument)
{
    struct fixture *fixture = argument;
    start(fixture);
    assert_int_equal(put(fixture, "a"), STATUS_OK);
    fixture->records.is_full = true;
    assert_int_equal(put(fixture, "b"), STATUS_UNAVAILABLE);
    fixture->records.is_full = false;
    unsigned saves = fixture->records.save_count;
    while (fixture->records.save_count == saves) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    stop(fixture);
    start(fixture);
    assert_true(has(fixture, "b"));
    teardown(fixture);
}

static void run_damaged(void *argument)
{
    struct fixture *fixture = argument;
    const struct registry_controller_options options = {
        .repository = memory_registry_repository(&fixture->records)};
    start(fixture);
    assert_int_equal(put(fixture, "a"), STATUS_OK);
    assert_true(memory_registry_records_damage(&fixture->records, 0, 3));
    struct registry_controller *other;
    assert_int_equal(registry_controller_create(loop_current(), &fixture->call, &options, &other),
                     STATUS_DATA_LOSS);
    teardown(fixture);
}

static void run(void (*story)(void *argument))
{
    struct fixture fixture = {.controller = NULL};
    in_fiber(story, &fixture);
}

static void a_write_is_answered_when_it_is_saved(void **state)
{
    (void)state;
    run(run_confirmed);
}

static void without_room_it_goes_on(void **state)
{
    (void)state;
    run(run_full);
}

static void what_failed_is_tried_again(void **state)
{
    (void)state;
    run(run_by_itself);
}

static void damage_is_told(void **state)
{
    (void)state;
    run(run_damaged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_is_answered_when_it_is_saved),
        cmocka_unit_test(without_room_it_goes_on),
        cmocka_unit_test(what_failed_is_tried_again),
        cmocka_unit_test(damage_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

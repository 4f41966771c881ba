#include "registry/repository/registry_state.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "registry/repository/registry_deadlines.h"
#include "support/cmocka_test.h"

#define FIRST_INDEX UINT64_C(1000)
#define START_NS (INT64_C(100000) * CLOCK_NS_PER_S)
#define TTL_NS (5 * CLOCK_NS_PER_S)

struct fixture {
    struct registry_state *state;
    struct arena arena;
    struct call call;
};

static void setup(struct fixture *fixture)
{
    arena_init(&fixture->arena, 16 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, 0);
    assert_int_equal(registry_state_create(FIRST_INDEX, &fixture->state), STATUS_OK);
}

static void teardown(struct fixture *fixture)
{
    registry_state_destroy(fixture->state);
    arena_deinit(&fixture->arena);
}

static struct registry_check_definition ttl_check(const char *id)
{
    return (struct registry_check_definition){
        .id = text_of(id),
        .name = TEXT("alive"),
        .kind = REGISTRY_CHECK_TTL,
        .initial = REGISTRY_PASSING,
        .ttl_ns = TTL_NS,
    };
}

static struct registry_service_definition service(const char *id, const char *name)
{
    return (struct registry_service_definition){
        .id = text_of(id),
        .name = text_of(name),
        .address = TEXT("127.0.0.1"),
        .port = 8081,
        .weight_passing = 1,
        .weight_warning = 1,
    };
}

/* An instance whose TTL check has its id. */
static enum status put(struct fixture *fixture, const char *id, const char *name, int64_t now_ns)
{
    struct registry_check_definition check = ttl_check(id);
    struct registry_registration registration = {
        .service = service(id, name),
        .checks = &check,
        .check_count = 1,
    };
    return registry_state_put_instance(fixture->state, &fixture->call, &registration, now_ns);
}

static uint64_t index_of(struct fixture *fixture, const char *name)
{
    const struct registry_subject subject = {REGISTRY_TOPIC_SERVICE, text_of(name)};
    return registry_state_index(fixture->state, &subject);
}

static uint64_t topic_index(struct fixture *fixture, enum registry_topic topic)
{
    const struct registry_subject subject = {.topic = topic};
    return registry_state_index(fixture->state, &subject);
}

static enum registry_status status_of(struct fixture *fixture, const char *check_id)
{
    const struct registry_check *check =
        registry_state_find_check(fixture->state, text_of(check_id));
    assert_non_null(check);
    return check->status;
}

static enum status report(struct fixture *fixture, const char *check_id,
                          enum registry_status status, const char *output, int64_t now_ns)
{
    return registry_state_report(fixture->state, &fixture->call, text_of(check_id), status,
                                 text_of(output), now_ns);
}

struct watcher {
    struct registry_watcher watcher;
    unsigned woken;
};

static void count_wake(struct registry_watcher *watcher)
{
    CONTAINER_OF(watcher, struct watcher, watcher)->woken++;
}

static void watch(struct fixture *fixture, const char *name, struct watcher *watcher)
{
    const struct registry_subject subject = {REGISTRY_TOPIC_SERVICE, text_of(name)};
    *watcher = (struct watcher){.watcher.notify = count_wake};
    assert_int_equal(
        registry_state_watch(fixture->state, &fixture->call, &subject, &watcher->watcher),
        STATUS_OK);
}

static void test_index_steps(void **unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    assert_int_equal(index_of(&fixture, "rating"), FIRST_INDEX);

    assert_int_equal(put(&fixture, "r1", "rating", START_NS), STATUS_OK);
    uint64_t registered = index_of(&fixture, "rating");
    assert_int_equal(registered, FIRST_INDEX + 1); /* instance and check in one step */
    assert_int_equal(topic_index(&fixture, REGISTRY_TOPIC_SERVICES), registered);
    assert_int_equal(topic_index(&fixture, REGISTRY_TOPIC_CHECKS), registered);

    assert_int_equal(put(&fixture, "r1", "rating", START_NS), STATUS_OK);
    assert_int_equal(report(&fixture, "r1", REGISTRY_PASSING, "fine", START_NS), STATUS_OK);
    assert_int_equal(index_of(&fixture, "rating"), registered); /* nothing new */
    assert_int_equal(topic_index(&fixture, REGISTRY_TOPIC_EVERYTHING), registered);

    assert_int_equal(put(&fixture, "m1", "metadata", START_NS), STATUS_OK);
    assert_int_equal(index_of(&fixture, "rating"), registered); /* another service */
    assert_int_equal(index_of(&fixture, "metadata"), registered + 1);

    assert_int_equal(report(&fixture, "r1", REGISTRY_WARNING, "slow", START_NS), STATUS_OK);
    assert_int_equal(index_of(&fixture, "rating"), registered + 2);
    assert_int_equal(topic_index(&fixture, REGISTRY_TOPIC_SERVICES), registered + 1);
    assert_int_equal(topic_index(&fixture, REGISTRY_TOPIC_EVERYTHING), registered + 2);

    assert_int_equal(registry_state_remove_instance(fixture.state, &fixture.call, TEXT("r1"), 0),
                     STATUS_OK);
    assert_int_equal(index_of(&fixture, "rating"), registered + 3); /* does not go backwards */
    assert_null(registry_state_find_check(fixture.state, TEXT("r1")));
    assert_int_equal(registry_state_remove_instance(fixture.state, &fixture.call, TEXT("r1"), 0),
                     STATUS_NOT_FOUND);
    teardown(&fixture);
}

static void test_watchers_of_everything_wake_at_each_change(void **unused)
{
    const struct registry_subject subject = {.topic = REGISTRY_TOPIC_EVERYTHING};
    struct fixture fixture;
    struct watcher watcher = {.watcher.notify = count_wake};
    (void)unused;
    setup(&fixture);
    assert_int_equal(put(&fixture, "r1", "rating", START_NS), STATUS_OK);
    assert_int_equal(registry_state_watch(fixture.state, &fixture.call, &subject, &watcher.watcher),
                     STATUS_OK);
    assert_int_equal(report(&fixture, "r1", REGISTRY_PASSING, "fine", START_NS), STATUS_OK);
    assert_int_equal(watcher.woken, 0); /* nothing has changed */
    assert_int_equal(report(&fixture, "r1", REGISTRY_WARNING, "slow", START_NS), STATUS_OK);
    assert_int_equal(watcher.woken, 1);
    registry_state_unwatch(fixture.state, &watcher.watcher);
    teardown(&fixture);
}

static void test_only_watchers_of_the_service_wake(void **unused)
{
    struct fixture fixture;
    struct watcher rating;
    struct watcher metadata;
    (void)unused;
    setup(&fixture);
    watch(&fixture, "rating", &rating); /* before the service is known */
    watch(&fixture, "metadata", &metadata);
    assert_int_equal(put(&fixture, "r1", "rating", START_NS), STATUS_OK);
    assert_int_equal(rating.woken, 1);
    assert_int_equal(metadata.woken, 0);
    registry_state_unwatch(fixture.state, &rating.watcher);

    watch(&fixture, "rating", &rating);
    assert_int_equal(report(&fixture, "r1", REGISTRY_CRITICAL, "", START_NS), STATUS_OK);
    assert_int_equal(report(&fixture, "r1", REGISTRY_PASSING, "", START_NS), STATUS_OK);
    assert_int_equal(rating.woken, 1); /* once, until it watches again */
    registry_state_unwatch(fixture.state, &rating.watcher);
    registry_state_unwatch(fixture.state, &metadata.watcher);
    assert_int_equal(registry_state_service_count(fixture.state), 1);
    teardown(&fixture);
}

static void sweep(struct fixture *fixture, int64_t now_ns)
{
    registry_state_sweep(fixture->state, now_ns, NULL, NULL);
}

static void test_ttl_expires(void **unused)
{
    const int64_t tick_ns = REGISTRY_TICK_MS * CLOCK_NS_PER_MS;
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    assert_int_equal(put(&fixture, "r1", "rating", START_NS), STATUS_OK);
    assert_int_equal(put(&fixture, "r2", "rating", START_NS), STATUS_OK);
    int64_t beat_ns = START_NS + 3 * CLOCK_NS_PER_S;
    assert_int_equal(report(&fixture, "r2", REGISTRY_PASSING, "", beat_ns), STATUS_OK);

    sweep(&fixture, START_NS + TTL_NS - 1);
    assert_int_equal(status_of(&fixture, "r1"), REGISTRY_PASSING);
    sweep(&fixture, START_NS + TTL_NS + tick_ns);
    assert_int_equal(status_of(&fixture, "r1"), REGISTRY_CRITICAL);
    assert_int_equal(status_of(&fixture, "r2"), REGISTRY_PASSING);
    sweep(&fixture, beat_ns + TTL_NS + tick_ns);
    assert_int_equal(status_of(&fixture, "r2"), REGISTRY_CRITICAL);

    assert_int_equal(report(&fixture, "r1", REGISTRY_PASSING, "back", beat_ns + 2 * TTL_NS),
                     STATUS_OK);
    assert_int_equal(status_of(&fixture, "r1"), REGISTRY_PASSING);
    teardown(&fixture);
}

static void test_expiries_are_one_step(void **unused)
{
    struct fixture fixture;
    struct watcher watcher;
    (void)unused;
    setup(&fixture);
    assert_int_equal(put(&fixture, "r1", "rating", START_NS), STATUS_OK);
    assert_int_equal(put(&fixture, "r2", "rating", START_NS), STATUS_OK);
    assert_int_equal(put(&fixture, "m1", "metadata", START_NS), STATUS_OK);
    uint64_t before = index_of(&fixture, "metadata");
    watch(&fixture, "rating", &watcher);
    sweep(&fixture, START_NS + 2 * TTL_NS);
    assert_int_equal(index_of(&fixture, "rating"), before + 1);
    assert_int_equal(index_of(&fixture, "metadata"), before + 1);
    assert_int_equal(watcher.woken, 1);
    registry_state_unwatch(fixture.state, &watcher.watcher);
    teardown(&fixture);
}

static void test_critical_too_long_is_removed(void **unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    struct registry_check_definition check = ttl_check("r1");
    check.deregister_after_ns = 60 * CLOCK_NS_PER_S;
    struct registry_registration registration = {
        .service = service("r1", "rating"), .checks = &check, .check_count = 1};
    assert_int_equal(
        registry_state_put_instance(fixture.state, &fixture.call, &registration, START_NS),
        STATUS_OK);
    sweep(&fixture, START_NS + 6 * CLOCK_NS_PER_S); /* critical from here */
    sweep(&fixture, START_NS + 65 * CLOCK_NS_PER_S);
    assert_non_null(registry_state_find_instance(fixture.state, TEXT("r1")));
    assert_int_equal(report(&fixture, "r1", REGISTRY_PASSING, "", START_NS + 65 * CLOCK_NS_PER_S),
                     STATUS_OK);
    sweep(&fixture, START_NS + 69 * CLOCK_NS_PER_S);
    assert_non_null(registry_state_find_instance(fixture.state, TEXT("r1")));
    sweep(&fixture, START_NS + 71 * CLOCK_NS_PER_S); /* critical again */
    sweep(&fixture, START_NS + 132 * CLOCK_NS_PER_S);
    assert_null(registry_state_find_instance(fixture.state, TEXT("r1")));
    assert_false(registry_state_has_deadlines(fixture.state));
    teardown(&fixture);
}

static void test_registering_again(void **unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    assert_int_equal(put(&fixture, "r1", "rating", START_NS), STATUS_OK);
    assert_int_equal(report(&fixture, "r1", REGISTRY_WARNING, "slow", START_NS), STATUS_OK);

    /* The check keeps its status; its TTL starts anew. */
    assert_int_equal(put(&fixture, "r1", "rating", START_NS + 4 * CLOCK_NS_PER_S), STATUS_OK);
    assert_int_equal(status_of(&fixture, "r1"), REGISTRY_WARNING);
    sweep(&fixture, START_NS + 8 * CLOCK_NS_PER_S);
    assert_int_equal(status_of(&fixture, "r1"), REGISTRY_WARNING);

    /* Under another name it leaves the first service. */
    uint64_t before = index_of(&fixture, "rating");
    assert_int_equal(put(&fixture, "r1", "score", START_NS), STATUS_OK);
    assert_null(registry_state_first_instance(fixture.state, TEXT("rating")));
    assert_non_null(registry_state_first_instance(fixture.state, TEXT("score")));
    assert_true(index_of(&fixture, "rating") > before);
    assert_int_equal(registry_state_instance_count(fixture.state), 1);

    /* Other checks stay, unless they are to be replaced. */
    struct registry_check_definition second = ttl_check("second");
    struct registry_registration registration = {
        .service = service("r1", "score"), .checks = &second, .check_count = 1};
    assert_int_equal(
        registry_state_put_instance(fixture.state, &fixture.call, &registration, START_NS),
        STATUS_OK);
    assert_int_equal(registry_state_check_count(fixture.state), 2);
    registration.replace_checks = true;
    assert_int_equal(
        registry_state_put_instance(fixture.state, &fixture.call, &registration, START_NS),
        STATUS_OK);
    assert_int_equal(registry_state_check_count(fixture.state), 1);
    assert_non_null(registry_state_find_check(fixture.state, TEXT("second")));
    teardown(&fixture);
}

static void test_node_check_concerns_every_service(void **unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    assert_int_equal(put(&fixture, "r1", "rating", START_NS), STATUS_OK);
    assert_int_equal(put(&fixture, "m1", "metadata", START_NS), STATUS_OK);
    uint64_t before = index_of(&fixture, "metadata");
    struct registry_check_definition check = ttl_check("disk");
    assert_int_equal(registry_state_put_check(fixture.state, &fixture.call, &check, START_NS),
                     STATUS_OK);
    assert_int_equal(index_of(&fixture, "rating"), before + 1);
    assert_int_equal(index_of(&fixture, "metadata"), before + 1);
    assert_non_null(registry_state_first_check(fixture.state, NULL));
    check.service_id = TEXT("absent");
    assert_int_equal(registry_state_put_check(fixture.state, &fixture.call, &check, START_NS),
                     STATUS_NOT_FOUND);
    teardown(&fixture);
}

static void test_long_output_is_cut(void **unused)
{
    struct fixture fixture;
    static char output[REGISTRY_OUTPUT_BYTES_MAX + 2];
    (void)unused;
    setup(&fixture);
    memset(output, 'x', sizeof(output) - 1);
    assert_int_equal(put(&fixture, "r1", "rating", START_NS), STATUS_OK);
    assert_int_equal(report(&fixture, "r1", REGISTRY_PASSING, output, START_NS), STATUS_OK);
    const struct registry_check *check = registry_state_find_check(fixture.state, TEXT("r1"));
    assert_true(text_ends_with(check->output, TEXT("x ... (captured 4096 of 4097 bytes)")));
    teardown(&fixture);
}

static void test_limits_of_an_instance(void **unused)
{
    struct fixture fixture;
    static struct text tags[REGISTRY_TAGS_MAX + 1];
    static struct registry_meta meta[REGISTRY_META_MAX + 1];
    static struct registry_tagged_address addresses[REGISTRY_TAGGED_ADDRESSES_MAX + 1];
    static char name[REGISTRY_ID_BYTES_MAX + 2];
    (void)unused;
    setup(&fixture);
    memset(name, 'n', sizeof(name) - 1);
    for (size_t i = 0; i < ARRAY_LENGTH(meta); i++) {
        meta[i] = (struct registry_meta){TEXT("k"), TEXT("v")};
    }
    struct registry_service_definition at_limit = service("r1", "rating");
    at_limit.tags = tags;
    at_limit.tag_count = REGISTRY_TAGS_MAX;
    at_limit.meta = meta;
    at_limit.meta_count = REGISTRY_META_MAX;
    at_limit.tagged_addresses = addresses;
    at_limit.tagged_address_count = REGISTRY_TAGGED_ADDRESSES_MAX;
    struct registry_service_definition tags_over = at_limit;
    tags_over.tag_count++;
    struct registry_service_definition meta_over = at_limit;
    meta_over.meta_count++;
    struct registry_service_definition addresses_over = at_limit;
    addresses_over.tagged_address_count++;
    struct registry_service_definition path_over = at_limit;
    path_over.socket_path = text_of(name);
    struct registry_service_definition key_bad = at_limit;
    key_bad.meta = &(struct registry_meta){TEXT("a b"), TEXT("")};
    key_bad.meta_count = 1;
    struct registry_service_definition weight_over = at_limit;
    weight_over.weight_passing = 0;
    const struct {
        const char *name;
        struct registry_service_definition given;
        enum status want;
    } cases[] = {
        {"at the limits", at_limit, STATUS_OK},
        {"too many tags", tags_over, STATUS_INVALID_ARGUMENT},
        {"too much meta", meta_over, STATUS_INVALID_ARGUMENT},
        {"too many addresses", addresses_over, STATUS_INVALID_ARGUMENT},
        {"long socket path", path_over, STATUS_INVALID_ARGUMENT},
        {"space in a key", key_bad, STATUS_INVALID_ARGUMENT},
        {"no weight", weight_over, STATUS_INVALID_ARGUMENT},
        {"long name", service("r1", name), STATUS_INVALID_ARGUMENT},
        {"long id", service(name, "rating"), STATUS_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct registry_registration registration = {.service = cases[i].given};
        enum status got =
            registry_state_put_instance(fixture.state, &fixture.call, &registration, START_NS);
        if (got != cases[i].want) {
            fail_msg("%s: %s", cases[i].name, status_name(got));
        }
    }
    teardown(&fixture);
}

static void test_limit_of_instances(void **unused)
{
    struct fixture fixture;
    char id[32];
    (void)unused;
    setup(&fixture);
    for (int i = 0; i < REGISTRY_INSTANCES_MAX; i++) {
        struct registry_registration registration = {.service = service(id, "rating")};
        (void)snprintf(id, sizeof(id), "r%d", i);
        registration.service.id = text_of(id);
        assert_int_equal(
            registry_state_put_instance(fixture.state, &fixture.call, &registration, START_NS),
            STATUS_OK);
    }
    assert_int_equal(put(&fixture, "one more", "rating", START_NS), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(put(&fixture, "r0", "rating", START_NS), STATUS_OK); /* replacing goes */
    assert_int_equal(registry_state_instance_count(fixture.state), REGISTRY_INSTANCES_MAX);
    teardown(&fixture);
}

static void test_limit_of_checks_of_an_instance(void **unused)
{
    struct fixture fixture;
    char id[32];
    (void)unused;
    setup(&fixture);
    assert_int_equal(put(&fixture, "r1", "rating", START_NS), STATUS_OK);
    for (int i = 1; i <= REGISTRY_CHECKS_PER_INSTANCE_MAX; i++) {
        (void)snprintf(id, sizeof(id), "check %d", i);
        struct registry_check_definition check = ttl_check(id);
        check.service_id = TEXT("r1");
        enum status want =
            i < REGISTRY_CHECKS_PER_INSTANCE_MAX ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
        assert_int_equal(registry_state_put_check(fixture.state, &fixture.call, &check, START_NS),
                         want);
    }
    teardown(&fixture);
}

static void test_limit_of_watchers(void **unused)
{
    struct fixture fixture;
    static struct watcher watchers[REGISTRY_WATCHERS_MAX + 1];
    const struct registry_subject subject = {REGISTRY_TOPIC_SERVICE, TEXT("rating")};
    (void)unused;
    setup(&fixture);
    for (size_t i = 0; i < REGISTRY_WATCHERS_MAX; i++) {
        watch(&fixture, "rating", &watchers[i]);
    }
    assert_int_equal(registry_state_watch(fixture.state, &fixture.call, &subject,
                                          &watchers[REGISTRY_WATCHERS_MAX].watcher),
                     STATUS_RESOURCE_EXHAUSTED);
    for (size_t i = 0; i < REGISTRY_WATCHERS_MAX; i++) {
        registry_state_unwatch(fixture.state, &watchers[i].watcher);
    }
    assert_int_equal(registry_state_service_count(fixture.state), 0);
    teardown(&fixture);
}

static bool count_probe(void *argument, const struct registry_check *check)
{
    unsigned *asked = argument;
    assert_int_equal(check->definition->kind, REGISTRY_CHECK_TCP);
    return ++*asked != 2; /* the second time there is no room */
}

static void test_active_checks_are_asked_for(void **unused)
{
    struct fixture fixture;
    unsigned asked = 0;
    int64_t now_ns = START_NS + CLOCK_NS_PER_S;
    (void)unused;
    setup(&fixture);
    struct registry_check_definition check = ttl_check("tcp");
    check.kind = REGISTRY_CHECK_TCP;
    check.interval_ns = 10 * CLOCK_NS_PER_S;
    assert_int_equal(registry_state_put_check(fixture.state, &fixture.call, &check, START_NS),
                     STATUS_OK);
    uint64_t created = registry_state_find_check(fixture.state, TEXT("tcp"))->create_index;
    registry_state_sweep(fixture.state, now_ns, count_probe, &asked);
    assert_int_equal(asked, 1);
    registry_state_probed(fixture.state, TEXT("tcp"), created, REGISTRY_CRITICAL, TEXT("refused"),
                          REGISTRY_PACE_QUICK, now_ns);
    assert_int_equal(status_of(&fixture, "tcp"), REGISTRY_CRITICAL);
    registry_state_sweep(fixture.state, now_ns + 9 * CLOCK_NS_PER_S, count_probe, &asked);
    assert_int_equal(asked, 1);
    registry_state_sweep(fixture.state, now_ns + 11 * CLOCK_NS_PER_S, count_probe, &asked);
    assert_int_equal(asked, 2);
    registry_state_sweep(fixture.state, now_ns + 12 * CLOCK_NS_PER_S, count_probe, &asked);
    assert_int_equal(asked, 3); /* the one that had no room */
    registry_state_probed(fixture.state, TEXT("tcp"), created + 1, REGISTRY_PASSING, TEXT("stale"),
                          REGISTRY_PACE_QUICK, now_ns);
    assert_int_equal(status_of(&fixture, "tcp"), REGISTRY_CRITICAL);
    assert_int_equal(report(&fixture, "tcp", REGISTRY_PASSING, "", now_ns),
                     STATUS_FAILED_PRECONDITION);
    teardown(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index_steps),
        cmocka_unit_test(test_watchers_of_everything_wake_at_each_change),
        cmocka_unit_test(test_only_watchers_of_the_service_wake),
        cmocka_unit_test(test_ttl_expires),
        cmocka_unit_test(test_expiries_are_one_step),
        cmocka_unit_test(test_critical_too_long_is_removed),
        cmocka_unit_test(test_registering_again),
        cmocka_unit_test(test_node_check_concerns_every_service),
        cmocka_unit_test(test_long_output_is_cut),
        cmocka_unit_test(test_limits_of_an_instance),
        cmocka_unit_test(test_limit_of_instances),
        cmocka_unit_test(test_limit_of_checks_of_an_instance),
        cmocka_unit_test(test_limit_of_watchers),
        cmocka_unit_test(test_active_checks_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

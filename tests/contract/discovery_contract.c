#include "contract/discovery_contract.h"

#include "base/arena.h"
#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { TTL_MS = 400, LONG_MS = 30000, SOON_MS = 5000 };

struct fixture {
    const struct discovery_contract *contract;
    void *registry;
    struct discovery_registrar registrar;
    struct discovery_resolver resolver;
    struct arena arena;
    struct call call;
};

typedef void (*contract_test_fn)(struct fixture *fixture);

struct contract_run {
    const struct discovery_contract *contract;
    contract_test_fn test;
};

static void run_in_fixture(void *argument)
{
    const struct contract_run *run = argument;
    struct fixture fixture = {.contract = run->contract};
    arena_init(&fixture.arena, 64 * 1024 * 1024);
    call_init(&fixture.call, &fixture.arena, LONG_MS);
    fixture.registry = run->contract->create(&fixture.call);
    fixture.registrar = run->contract->registrar(fixture.registry);
    fixture.resolver = run->contract->resolver(fixture.registry);
    run->test(&fixture);
    run->contract->destroy(fixture.registry);
    arena_deinit(&fixture.arena);
}

static struct discovery_registration registration(const char *id, uint16_t port)
{
    return (struct discovery_registration){
        .service = TEXT("rating"),
        .instance_id = text_of(id),
        .host = TEXT("127.0.0.1"),
        .port = port,
        .ttl_ms = TTL_MS,
    };
}

static enum status add(struct fixture *fixture, const char *id, uint16_t port)
{
    struct discovery_registration wanted = registration(id, port);
    return fixture->registrar.ops->add(fixture->registrar.state, &fixture->call, &wanted);
}

static enum status heartbeat(struct fixture *fixture, const char *id, uint16_t port)
{
    struct discovery_registration wanted = registration(id, port);
    return fixture->registrar.ops->heartbeat(fixture->registrar.state, &fixture->call, &wanted);
}

static enum status remove_instance(struct fixture *fixture, const char *id)
{
    struct discovery_registration wanted = registration(id, 1);
    return fixture->registrar.ops->remove(fixture->registrar.state, &fixture->call, &wanted);
}

static enum status drain(struct fixture *fixture, const char *id)
{
    struct discovery_registration wanted = registration(id, 1);
    return fixture->registrar.ops->drain(fixture->registrar.state, &fixture->call, &wanted);
}

static struct discovery_snapshot watch(struct fixture *fixture, uint64_t seen_version)
{
    struct discovery_snapshot snapshot = {.version = 0};
    enum status status = fixture->resolver.ops->watch(fixture->resolver.state, &fixture->call,
                                                      TEXT("rating"), seen_version, &snapshot);
    if (status != STATUS_OK) {
        fail_msg("watch: %s: %.*s", status_name(status),
                 TEXT_ARGUMENTS(fixture->call.error.message));
    }
    assert_int_not_equal(snapshot.version, 0);
    return snapshot;
}

/* Watches until so many instances are listed. */
static struct discovery_snapshot watch_until(struct fixture *fixture, size_t count)
{
    struct discovery_snapshot snapshot = watch(fixture, 0);
    while (snapshot.count != count) {
        snapshot = watch(fixture, snapshot.version);
    }
    return snapshot;
}

/* Watches until the list is another one. */
static struct discovery_snapshot watch_next(struct fixture *fixture, uint64_t seen_version)
{
    struct discovery_snapshot snapshot = watch(fixture, seen_version);
    while (snapshot.version == seen_version) {
        snapshot = watch(fixture, seen_version);
    }
    return snapshot;
}

static bool can(const struct fixture *fixture, unsigned capability)
{
    return (fixture->contract->capabilities & capability) == capability;
}

/* After something was done that leaves so many instances. */
static struct discovery_snapshot list(struct fixture *fixture, size_t count)
{
    if (!can(fixture, DISCOVERY_LISTS_AT_ONCE)) {
        return watch_until(fixture, count);
    }
    struct discovery_snapshot snapshot = watch(fixture, 0);
    assert_int_equal(snapshot.count, count);
    return snapshot;
}

static void test_add_and_remove(struct fixture *fixture)
{
    struct discovery_snapshot empty = watch(fixture, 0);
    assert_int_equal(empty.count, 0);
    assert_int_equal(add(fixture, "b", 8092), STATUS_OK);
    assert_int_equal(add(fixture, "a", 8091), STATUS_OK);
    assert_int_equal(add(fixture, "twin of a", 8091), STATUS_OK);
    struct discovery_snapshot both = list(fixture, 2);
    assert_true(text_equal(both.instances[0].address, TEXT("127.0.0.1:8091")));
    assert_true(text_equal(both.instances[1].address, TEXT("127.0.0.1:8092")));
    assert_int_not_equal(both.version, empty.version);

    assert_int_equal(add(fixture, "b", 8093), STATUS_OK); /* replaces */
    struct discovery_snapshot replaced = watch_next(fixture, both.version);
    while (!text_equal(replaced.instances[1].address, TEXT("127.0.0.1:8093"))) {
        assert_false(can(fixture, DISCOVERY_LISTS_AT_ONCE));
        replaced = watch_next(fixture, replaced.version);
    }
    assert_int_equal(replaced.count, 2);

    assert_int_equal(remove_instance(fixture, "a"), STATUS_OK);
    assert_int_equal(remove_instance(fixture, "twin of a"), STATUS_OK);
    assert_int_equal(remove_instance(fixture, "b"), STATUS_OK);
    assert_int_equal(remove_instance(fixture, "b"), STATUS_OK);
    (void)list(fixture, 0);
}

/* Whatever is registered. */
static void test_fixed_list(struct fixture *fixture)
{
    struct discovery_snapshot before = watch(fixture, 0);
    assert_int_equal(before.count, 2);
    assert_true(text_equal(before.instances[0].address, TEXT("127.0.0.1:8091")));
    assert_true(text_equal(before.instances[1].address, TEXT("127.0.0.1:8092")));
    assert_int_equal(add(fixture, "c", 8093), STATUS_OK);
    assert_int_equal(heartbeat(fixture, "c", 8093), STATUS_OK);
    assert_int_equal(watch(fixture, 0).version, before.version);
    assert_int_equal(remove_instance(fixture, "a"), STATUS_OK);
    assert_int_equal(watch(fixture, 0).version, before.version);
}

/* Left out although it is well, and whatever heartbeats say; another in its place is not. */
static void test_draining_is_left_out(struct fixture *fixture)
{
    assert_int_equal(drain(fixture, "a"), STATUS_NOT_FOUND);
    call_clear_error(&fixture->call);
    assert_int_equal(add(fixture, "a", 8091), STATUS_OK);
    assert_int_equal(add(fixture, "b", 8092), STATUS_OK);
    struct discovery_snapshot both = watch_until(fixture, 2);
    assert_int_equal(drain(fixture, "a"), STATUS_OK);
    struct discovery_snapshot left = watch(fixture, both.version);
    assert_int_equal(left.count, 1);
    assert_true(text_equal(left.instances[0].address, TEXT("127.0.0.1:8092")));
    assert_int_equal(heartbeat(fixture, "a", 8091), STATUS_OK);
    assert_int_equal(drain(fixture, "a"), STATUS_OK);
    (void)list(fixture, 1);
    assert_int_equal(remove_instance(fixture, "a"), STATUS_OK);
    assert_int_equal(add(fixture, "a", 8091), STATUS_OK);
    (void)list(fixture, 2);
}

/* What is told of an instance comes back with it; changed, it is news. */
static void test_weight(struct fixture *fixture)
{
    struct discovery_registration told = registration("a", 8091);
    told.zone = TEXT("eu-1");
    told.weight = 3;
    const struct discovery_registrar_ops *ops = fixture->registrar.ops;
    assert_int_equal(add(fixture, "b", 8092), STATUS_OK);
    assert_int_equal(ops->add(fixture->registrar.state, &fixture->call, &told), STATUS_OK);
    struct discovery_snapshot both = watch_until(fixture, 2);
    assert_int_equal(both.instances[0].weight, 3);
    assert_int_equal(both.instances[1].weight, 1);
    told.weight = 4;
    assert_int_equal(ops->add(fixture->registrar.state, &fixture->call, &told), STATUS_OK);
    assert_int_equal(watch_next(fixture, both.version).instances[0].weight, 4);
}

/* The same of where it is; who cannot tell says nothing. */
static void test_zone(struct fixture *fixture)
{
    struct discovery_registration told = registration("a", 8091);
    told.zone = TEXT("eu-1");
    const struct discovery_registrar_ops *ops = fixture->registrar.ops;
    assert_int_equal(add(fixture, "b", 8092), STATUS_OK);
    assert_int_equal(ops->add(fixture->registrar.state, &fixture->call, &told), STATUS_OK);
    struct discovery_snapshot both = watch_until(fixture, 2);
    assert_int_equal(both.instances[1].zone.length, 0);
    if (!can(fixture, DISCOVERY_TELLS_ZONES)) {
        assert_int_equal(both.instances[0].zone.length, 0);
        return;
    }
    assert_true(text_equal(both.instances[0].zone, TEXT("eu-1")));
    told.zone = TEXT("eu-2");
    assert_int_equal(ops->add(fixture->registrar.state, &fixture->call, &told), STATUS_OK);
    assert_true(text_equal(watch_next(fixture, both.version).instances[0].zone, TEXT("eu-2")));
}

static void test_heartbeats_keep_it(struct fixture *fixture)
{
    assert_int_equal(add(fixture, "a", 8091), STATUS_OK);
    (void)list(fixture, 1);
    int64_t end_ns = clock_monotonic_ns() + 3 * TTL_MS * CLOCK_NS_PER_MS;
    while (clock_monotonic_ns() < end_ns) {
        assert_int_equal(fiber_sleep(&fixture->call, TTL_MS / 4 * CLOCK_NS_PER_MS), STATUS_OK);
        assert_int_equal(heartbeat(fixture, "a", 8091), STATUS_OK);
        assert_int_equal(watch(fixture, 0).count, 1);
    }
}

static void test_silence_expires_it(struct fixture *fixture)
{
    int64_t started_ns = clock_monotonic_ns();
    assert_int_equal(add(fixture, "a", 8091), STATUS_OK);
    (void)list(fixture, 1);
    (void)watch_until(fixture, 0);
    assert_true(clock_monotonic_ns() - started_ns >= TTL_MS * CLOCK_NS_PER_MS);
    assert_true(clock_monotonic_ns() - started_ns < SOON_MS * CLOCK_NS_PER_MS);
    /* It is known still, and comes back. */
    assert_int_equal(heartbeat(fixture, "a", 8091), STATUS_OK);
    (void)watch_until(fixture, 1);
}

static void test_unknown_is_not_found(struct fixture *fixture)
{
    assert_int_equal(heartbeat(fixture, "a", 8091), STATUS_NOT_FOUND);
    call_clear_error(&fixture->call);
    assert_int_equal(add(fixture, "a", 8091), STATUS_OK);
    assert_int_equal(heartbeat(fixture, "a", 8091), STATUS_OK);
    fixture->contract->forget(fixture->registry);
    assert_int_equal(heartbeat(fixture, "a", 8091), STATUS_NOT_FOUND);
}

static void add_later(void *argument)
{
    struct fixture *fixture = argument;
    assert_int_equal(fiber_sleep(&fixture->call, 50 * CLOCK_NS_PER_MS), STATUS_OK);
    assert_int_equal(add(fixture, "a", 8091), STATUS_OK);
}

/* A change is told, or found at the next look. */
static void test_watch_wakes(struct fixture *fixture)
{
    struct fiber_group group;
    struct discovery_snapshot empty = watch(fixture, 0);
    int64_t started_ns = clock_monotonic_ns();
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, add_later, fixture), STATUS_OK);
    struct discovery_snapshot news = can(fixture, DISCOVERY_PUSHES)
                                         ? watch(fixture, empty.version)
                                         : watch_next(fixture, empty.version);
    assert_int_equal(news.count, 1);
    assert_true(clock_monotonic_ns() - started_ns < SOON_MS * CLOCK_NS_PER_MS);
    fiber_group_join(&group);
}

/* Who hears of changes needs no help. */
static void test_no_refresh(struct fixture *fixture)
{
    assert_null(fixture->resolver.ops->refresh);
}

static void refresh_later(void *argument)
{
    struct fixture *fixture = argument;
    assert_int_equal(fiber_sleep(&fixture->call, 50 * CLOCK_NS_PER_MS), STATUS_OK);
    fixture->resolver.ops->refresh(fixture->resolver.state);
}

/* Told of a loss, it looks again. */
static void test_refresh(struct fixture *fixture)
{
    struct fiber_group group;
    struct discovery_snapshot empty = watch(fixture, 0);
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, refresh_later, fixture), STATUS_OK);
    assert_int_equal(add(fixture, "a", 8091), STATUS_OK);
    assert_int_equal(watch_next(fixture, empty.version).count, 1);
    fiber_group_join(&group);
}

/* Killed and started again at its old address, it is news, though the list reads the same. */
static void test_return_is_news(struct fixture *fixture)
{
    assert_int_equal(add(fixture, "killed", 8091), STATUS_OK);
    struct discovery_snapshot before = watch_until(fixture, 1);
    assert_int_equal(add(fixture, "started again", 8091), STATUS_OK);
    struct discovery_snapshot after = watch_next(fixture, before.version);
    assert_int_equal(after.count, 1);
    assert_int_equal(watch(fixture, 0).version, after.version);
}

/* Where there are no ids, it cannot be. */
static void test_return_is_no_news(struct fixture *fixture)
{
    assert_int_equal(add(fixture, "killed", 8091), STATUS_OK);
    struct discovery_snapshot before = watch_until(fixture, 1);
    assert_int_equal(add(fixture, "started again", 8091), STATUS_OK);
    assert_int_equal(watch(fixture, before.version).version, before.version);
}

/* Watches until something else than the same list comes. */
static enum status watch_in_vain(struct fixture *fixture, struct call *call, uint64_t seen_version)
{
    struct discovery_snapshot snapshot = {.version = seen_version};
    enum status status = STATUS_OK;
    while (status == STATUS_OK && snapshot.version == seen_version) {
        status = fixture->resolver.ops->watch(fixture->resolver.state, call, TEXT("rating"),
                                              seen_version, &snapshot);
    }
    return status;
}

static void test_watch_ends_with_its_call(struct fixture *fixture)
{
    uint64_t version = watch(fixture, 0).version;
    struct call brief = call_within(&fixture->call, 50);
    assert_int_equal(watch_in_vain(fixture, &brief, version), STATUS_DEADLINE_EXCEEDED);
    struct cancellation cancellation;
    struct call cancelled = call_within(&fixture->call, 0);
    cancellation_init(&cancellation);
    cancellation_request(&cancellation);
    cancelled.cancellation = &cancellation;
    assert_int_equal(watch_in_vain(fixture, &cancelled, version), STATUS_CANCELLED);
}

static void test_away_is_unavailable(struct fixture *fixture)
{
    struct discovery_snapshot snapshot;
    fixture->contract->set_available(fixture->registry, false);
    assert_int_equal(add(fixture, "a", 8091), STATUS_UNAVAILABLE);
    assert_int_equal(heartbeat(fixture, "a", 8091), STATUS_UNAVAILABLE);
    assert_int_equal(remove_instance(fixture, "a"), STATUS_UNAVAILABLE);
    assert_int_equal(fixture->resolver.ops->watch(fixture->resolver.state, &fixture->call,
                                                  TEXT("rating"), 0, &snapshot),
                     STATUS_UNAVAILABLE);
    fixture->contract->set_available(fixture->registry, true);
    call_clear_error(&fixture->call);
    assert_int_equal(add(fixture, "a", 8091), STATUS_OK);
    (void)list(fixture, 1);
}

/* What the keeper told. */
struct told {
    unsigned registered;
    unsigned lost;
};

static void note_change(void *state, bool registered, struct text reason)
{
    struct told *told = state;
    assert_true(registered || reason.length > 0);
    told->registered += registered;
    told->lost += !registered;
}

static void wait_until(struct fixture *fixture, const unsigned *counter, unsigned least)
{
    while (*counter < least) {
        if (fiber_sleep(&fixture->call, CLOCK_NS_PER_MS) != STATUS_OK) {
            fail_msg("waited in vain for %u, have %u", least, *counter);
        }
    }
}

static struct discovery_keeper *start_keeper(struct fixture *fixture, struct told *told)
{
    struct discovery_keeper *keeper;
    struct discovery_registration wanted = registration("kept", 8091);
    const struct discovery_keeper_events events = {.changed = note_change, .state = told};
    assert_int_equal(
        discovery_keeper_start(loop_current(), fixture->registrar, &wanted, &events, &keeper),
        STATUS_OK);
    return keeper;
}

static void test_keeper_adds_again(struct fixture *fixture)
{
    struct told told = {0};
    struct discovery_keeper *keeper = start_keeper(fixture, &told);
    wait_until(fixture, &told.registered, 1);
    fixture->contract->forget(fixture->registry);
    wait_until(fixture, &told.registered, 2);
    assert_int_equal(told.lost, 1);
    fixture->contract->set_available(fixture->registry, false);
    wait_until(fixture, &told.lost, 2);
    fixture->contract->set_available(fixture->registry, true);
    wait_until(fixture, &told.registered, 3);
    (void)list(fixture, 1);
    /* Longer than its TTL. */
    assert_int_equal(fiber_sleep(&fixture->call, 2 * TTL_MS * CLOCK_NS_PER_MS), STATUS_OK);
    assert_int_equal(watch(fixture, 0).count, 1);
    discovery_keeper_stop(keeper, &fixture->call);
    (void)list(fixture, 0);
}

static void test_keeper_drains(struct fixture *fixture)
{
    struct told told = {0};
    struct discovery_keeper *keeper = start_keeper(fixture, &told);
    wait_until(fixture, &told.registered, 1);
    discovery_keeper_drain(keeper, &fixture->call);
    /* Longer than its TTL: it is kept, and left out. */
    assert_int_equal(fiber_sleep(&fixture->call, 2 * TTL_MS * CLOCK_NS_PER_MS), STATUS_OK);
    (void)list(fixture, 0);
    assert_int_equal(heartbeat(fixture, "kept", 8091), STATUS_OK);
    /* Forgotten, it is not added again. */
    fixture->contract->forget(fixture->registry);
    assert_int_equal(fiber_sleep(&fixture->call, TTL_MS * CLOCK_NS_PER_MS), STATUS_OK);
    assert_int_equal(heartbeat(fixture, "kept", 8091), STATUS_NOT_FOUND);
    assert_int_equal(told.registered, 1);
    discovery_keeper_stop(keeper, &fixture->call);
}

/* Nobody could be told that it drains: it is not kept alive, so that its TTL says so. */
static void test_keeper_drains_in_silence(struct fixture *fixture)
{
    struct told told = {0};
    struct discovery_keeper *keeper = start_keeper(fixture, &told);
    wait_until(fixture, &told.registered, 1);
    fixture->contract->set_available(fixture->registry, false);
    discovery_keeper_drain(keeper, &fixture->call);
    call_clear_error(&fixture->call);
    fixture->contract->set_available(fixture->registry, true);
    (void)watch_until(fixture, 0);
    assert_int_equal(told.registered, 1);
    discovery_keeper_stop(keeper, &fixture->call);
}

/* What the watcher was told. */
struct seen {
    unsigned updates;
    unsigned troubles;
    unsigned recoveries;
    size_t count;
    char last[64];
};

static void note_update(void *state, const struct discovery_snapshot *snapshot)
{
    struct seen *seen = state;
    seen->updates++;
    seen->count = snapshot->count;
    if (snapshot->count > 0) {
        assert_true(
            text_to_c_string(snapshot->instances[0].address, seen->last, sizeof(seen->last)));
    }
}

static void note_trouble(void *state, bool can_ask, struct text reason)
{
    struct seen *seen = state;
    assert_true(can_ask || reason.length > 0);
    seen->recoveries += can_ask;
    seen->troubles += !can_ask;
}

static void wait_for_count(struct fixture *fixture, const struct seen *seen, size_t count)
{
    while (seen->updates == 0 || seen->count != count) {
        if (fiber_sleep(&fixture->call, CLOCK_NS_PER_MS) != STATUS_OK) {
            fail_msg("waited in vain for %zu instances, have %zu", count, seen->count);
        }
    }
}

static void test_watcher_follows(struct fixture *fixture)
{
    struct seen seen = {0};
    struct told told = {0};
    struct discovery_watcher *watcher;
    assert_int_equal(discovery_watcher_start(loop_current(), fixture->resolver, TEXT("rating"),
                                             note_update, &seen, &watcher),
                     STATUS_OK);
    discovery_watcher_set_trouble(watcher, note_trouble);
    wait_for_count(fixture, &seen, 0);
    assert_int_equal(seen.troubles, 0);
    struct discovery_keeper *keeper = start_keeper(fixture, &told);
    wait_for_count(fixture, &seen, 1);
    wait_until(fixture, &told.registered, 1);
    assert_string_equal(seen.last, "127.0.0.1:8091");

    /* The registry is away for longer than the TTL: the list stays. */
    unsigned updates = seen.updates;
    fixture->contract->set_available(fixture->registry, false);
    wait_until(fixture, &told.lost, 1);
    wait_until(fixture, &seen.troubles, 1);
    assert_int_equal(fiber_sleep(&fixture->call, TTL_MS / 2 * CLOCK_NS_PER_MS), STATUS_OK);
    assert_int_equal(seen.troubles, 1); /* said once */
    assert_int_equal(seen.updates, updates);
    assert_int_equal(seen.count, 1);
    fixture->contract->set_available(fixture->registry, true);
    wait_until(fixture, &told.registered, 2);
    wait_for_count(fixture, &seen, 1);

    discovery_keeper_stop(keeper, &fixture->call);
    wait_for_count(fixture, &seen, 0);
    wait_until(fixture, &seen.recoveries, 1);
    updates = seen.updates;
    discovery_watcher_stop(watcher);
    assert_int_equal(add(fixture, "late", 8099), STATUS_OK);
    assert_int_equal(seen.updates, updates);
}

static void test_bad_registration(struct fixture *fixture)
{
    struct discovery_keeper *keeper;
    struct discovery_watcher *watcher;
    struct discovery_registration wanted = registration("", 8091);
    assert_int_equal(
        discovery_keeper_start(loop_current(), fixture->registrar, &wanted, NULL, &keeper),
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(discovery_watcher_start(loop_current(), fixture->resolver, TEXT(""),
                                             note_update, NULL, &watcher),
                     STATUS_INVALID_ARGUMENT);
    discovery_keeper_stop(NULL, &fixture->call);
    discovery_watcher_stop(NULL);
}

static void run_contract_test(void **state)
{
    in_fiber(run_in_fixture, *state);
}

/* What is tested of whom. */
static const struct contract_row {
    const char *name;
    contract_test_fn test;
    unsigned needs;
    unsigned lacks; /* for those alone who cannot do it */
} rows[] = {
    {"add and remove", test_add_and_remove, DISCOVERY_REGISTERS, 0},
    {"draining is left out", test_draining_is_left_out, DISCOVERY_REGISTERS, 0},
    {"a fixed list", test_fixed_list, 0, DISCOVERY_REGISTERS},
    {"weight", test_weight, DISCOVERY_REGISTERS, 0},
    {"zone", test_zone, DISCOVERY_REGISTERS, 0},
    {"heartbeats keep it", test_heartbeats_keep_it, DISCOVERY_REGISTERS, 0},
    {"silence expires it", test_silence_expires_it, DISCOVERY_REGISTERS, 0},
    {"unknown is not found", test_unknown_is_not_found, DISCOVERY_REGISTERS, 0},
    {"watch wakes", test_watch_wakes, DISCOVERY_REGISTERS, 0},
    {"no refresh", test_no_refresh, DISCOVERY_PUSHES, 0},
    {"refresh", test_refresh, DISCOVERY_REGISTERS, DISCOVERY_PUSHES},
    {"return is news", test_return_is_news, DISCOVERY_REGISTERS | DISCOVERY_TELLS_RETURNS, 0},
    {"return is no news", test_return_is_no_news, DISCOVERY_REGISTERS, DISCOVERY_TELLS_RETURNS},
    {"watch ends with its call", test_watch_ends_with_its_call, 0, 0},
    {"away is unavailable", test_away_is_unavailable, DISCOVERY_REGISTERS | DISCOVERY_CAN_BE_AWAY,
     0},
    {"keeper adds again", test_keeper_adds_again, DISCOVERY_REGISTERS | DISCOVERY_CAN_BE_AWAY, 0},
    {"keeper drains", test_keeper_drains, DISCOVERY_REGISTERS, 0},
    {"keeper drains in silence", test_keeper_drains_in_silence,
     DISCOVERY_REGISTERS | DISCOVERY_CAN_BE_AWAY, 0},
    {"watcher follows", test_watcher_follows, DISCOVERY_REGISTERS | DISCOVERY_CAN_BE_AWAY, 0},
    {"bad registration", test_bad_registration, 0, 0},
};

int discovery_contract_run(const struct discovery_contract *contract)
{
    struct contract_run runs[ARRAY_LENGTH(rows)];
    struct CMUnitTest units[ARRAY_LENGTH(rows)];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        unsigned held = contract->capabilities;
        if ((held & rows[i].needs) != rows[i].needs || (held & rows[i].lacks) != 0) {
            print_message("%s: does not apply: %s\n", contract->name, rows[i].name);
            continue;
        }
        runs[count] = (struct contract_run){contract, rows[i].test};
        units[count] = (struct CMUnitTest){
            .name = rows[i].name,
            .test_func = run_contract_test,
            .initial_state = &runs[count],
        };
        count++;
    }
    return _cmocka_run_group_tests(contract->name, units, count, NULL, NULL);
}

/* A state that is saved and read back is the same: by what the repository is given, and by what it
 * gives back, whole or damaged. */
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "registry/repository/memory_registry_repository.h"
#include "registry/repository/registry_unsaved.h"
#include "support/cmocka_test.h"

#define START_NS (INT64_C(100000) * CLOCK_NS_PER_S)
#define AGAIN_NS                                                                                   \
    (INT64_C(500) * CLOCK_NS_PER_S) /* another boot: the monotonic clock began anew                \
                                     */
#define WALL_MS INT64_C(1700000000000)

enum { FIRST_INDEX = 1000 };

struct fixture {
    struct registry_state *state;
    struct registry_state *again; /* read back */
    struct memory_registry_records records;
    struct arena arena;
    struct call call;
    unsigned notified;
};

static void count(void *argument)
{
    struct fixture *fixture = argument;
    fixture->notified++;
}

static void setup(struct fixture *fixture)
{
    *fixture = (struct fixture){.again = NULL};
    arena_init(&fixture->arena, 64 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, 0);
    assert_int_equal(registry_state_create(FIRST_INDEX, &fixture->state), STATUS_OK);
    registry_state_keep_unsaved(fixture->state, count, fixture);
}

static void teardown(struct fixture *fixture)
{
    registry_state_destroy(fixture->state);
    registry_state_destroy(fixture->again);
    memory_registry_records_deinit(&fixture->records);
    arena_deinit(&fixture->arena);
}

static enum status save_at(struct fixture *fixture, int64_t now_ns, int64_t wall_ms)
{
    struct registry_unsaved unsaved;
    struct registry_repository repository = memory_registry_repository(&fixture->records);
    assert_int_equal(registry_state_take_unsaved(fixture->state, now_ns, wall_ms, &unsaved),
                     STATUS_OK);
    enum status status = repository.ops->save(repository.state, &fixture->call, &unsaved.batch);
    if (status == STATUS_OK) {
        registry_unsaved_release(&unsaved);
    } else {
        registry_state_give_back(fixture->state, &unsaved);
        call_clear_error(&fixture->call);
    }
    return status;
}

static void save(struct fixture *fixture)
{
    assert_int_equal(save_at(fixture, START_NS, WALL_MS), STATUS_OK);
}

static enum status load_at(struct fixture *fixture, int64_t wall_ms)
{
    struct registry_repository repository = memory_registry_repository(&fixture->records);
    registry_state_destroy(fixture->again);
    assert_int_equal(registry_state_create(1, &fixture->again), STATUS_OK);
    struct registry_restoring restoring = {
        .state = fixture->again, .now_ns = AGAIN_NS, .wall_ms = wall_ms};
    enum status status =
        repository.ops->load(repository.state, &fixture->call, registry_state_restore, &restoring);
    return status == STATUS_OK ? registry_state_restored(&restoring) : status;
}

static void load(struct fixture *fixture)
{
    assert_int_equal(load_at(fixture, WALL_MS), STATUS_OK);
}

static struct registry_check_definition ttl_check(const char *id, int64_t deregister_after_ns)
{
    return (struct registry_check_definition){
        .id = text_of(id),
        .name = TEXT("heartbeat"),
        .kind = REGISTRY_CHECK_TTL,
        .initial = REGISTRY_PASSING,
        .ttl_ns = 10 * CLOCK_NS_PER_S,
        .deregister_after_ns = deregister_after_ns,
    };
}

static void put(struct fixture *fixture, const char *id, const char *name,
                const struct registry_check_definition *check)
{
    const struct registry_registration registration = {
        .service = {.id = text_of(id), .name = text_of(name), .weight_passing = 1},
        .checks = check,
        .check_count = check != NULL ? 1 : 0,
    };
    assert_int_equal(
        registry_state_put_instance(fixture->state, &fixture->call, &registration, START_NS),
        STATUS_OK);
}

static const struct text tags[] = {TEXT_INIT("v1"), TEXT_INIT("")};
static const struct registry_meta meta[] = {{TEXT_INIT("version"), TEXT_INIT("2")},
                                            {TEXT_INIT("b"), TEXT_INIT("")}};
static const struct registry_tagged_address addresses[] = {
    {TEXT_INIT("wan"), TEXT_INIT("1.2.3.4"), -1}, {TEXT_INIT("lan"), TEXT_INIT(""), 65535}};
static const struct registry_check_header headers[] = {{TEXT_INIT("a"), TEXT_INIT("b")}};

/* Every field set, here and below. */
static const struct registry_service_definition full_service = {
    .id = TEXT_INIT("full"),
    .name = TEXT_INIT("rating"),
    .address = TEXT_INIT("10.0.0.1"),
    .port = 8082,
    .socket_path = TEXT_INIT("/run/x"),
    .enable_tag_override = true,
    .weight_passing = 3,
    .weight_warning = 2,
    .tags = tags,
    .tag_count = ARRAY_LENGTH(tags),
    .meta = meta,
    .meta_count = ARRAY_LENGTH(meta),
    .tagged_addresses = addresses,
    .tagged_address_count = ARRAY_LENGTH(addresses),
    .connect_native = true,
};

static const struct registry_check_definition full_check = {
    .id = TEXT_INIT("http"),
    .name = TEXT_INIT("looks"),
    .notes = TEXT_INIT("notes"),
    .kind = REGISTRY_CHECK_HTTP,
    .initial = REGISTRY_WARNING,
    .interval_ns = 5 * CLOCK_NS_PER_S,
    .timeout_ns = -1,
    .deregister_after_ns = 90 * CLOCK_NS_PER_S,
    .is_alone = true,
    .output_bytes_max = 77,
    .success_before_passing = 1,
    .failures_before_warning = 2,
    .failures_before_critical = 3,
    .target = TEXT_INIT("http://127.0.0.1:1/"),
    .target_is_http = true,
    .method = TEXT_INIT("POST"),
    .body = TEXT_INIT("body"),
    .headers = headers,
    .header_count = ARRAY_LENGTH(headers),
};

static const struct registry_node_definition full_node = {
    .name = TEXT_INIT("n2"),
    .id = TEXT_INIT("11111111-2222-3333-4444-555555555555"),
    .address = TEXT_INIT("10.0.0.2"),
    .addresses = meta,
    .address_count = ARRAY_LENGTH(meta),
    .meta = meta,
    .meta_count = 1,
};

static void put_own(struct fixture *fixture)
{
    const struct registry_check_definition alias = {.id = TEXT("alias"),
                                                    .name = TEXT("alias"),
                                                    .kind = REGISTRY_CHECK_ALIAS,
                                                    .alias_service = TEXT("plain")};
    const struct registry_check_definition checks[] = {ttl_check("ttl", 60 * CLOCK_NS_PER_S),
                                                       full_check, alias};
    const struct registry_check_definition maintenance = {.id = TEXT("_node_maintenance"),
                                                          .name = TEXT("Node Maintenance Mode"),
                                                          .notes = TEXT("reason"),
                                                          .kind = REGISTRY_CHECK_MAINTENANCE,
                                                          .initial = REGISTRY_CRITICAL};
    const struct registry_registration full = {
        .service = full_service, .checks = checks, .check_count = ARRAY_LENGTH(checks)};
    struct call *call = &fixture->call;
    assert_int_equal(registry_state_put_instance(fixture->state, call, &full, START_NS), STATUS_OK);
    put(fixture, "plain", "rating", NULL);
    assert_int_equal(registry_state_put_check(fixture->state, call, &maintenance, START_NS),
                     STATUS_OK);
    assert_int_equal(registry_state_report(fixture->state, call, TEXT("ttl"), REGISTRY_CRITICAL,
                                           TEXT("it is ill"), START_NS),
                     STATUS_OK);
}

static void put_other_node(struct fixture *fixture)
{
    struct registry_check_definition told = {.node = full_node.name,
                                             .id = TEXT("told"),
                                             .name = TEXT("told"),
                                             .kind = REGISTRY_CHECK_EXTERNAL,
                                             .initial = REGISTRY_CRITICAL,
                                             .deregister_after_ns = CLOCK_NS_PER_S};
    struct registry_registration full = {.service = full_service};
    struct call *call = &fixture->call;
    assert_int_equal(registry_state_put_node(fixture->state, call, &full_node), STATUS_OK);
    full.service.node = full_node.name;
    assert_int_equal(registry_state_put_instance(fixture->state, call, &full, START_NS), STATUS_OK);
    assert_int_equal(
        registry_state_tell_check(fixture->state, call, &told, TEXT("of the node"), START_NS),
        STATUS_OK);
    told.service_id = full_service.id;
    told.id = TEXT("told too");
    assert_int_equal(
        registry_state_tell_check(fixture->state, call, &told, TEXT("of the service"), START_NS),
        STATUS_OK);
}

/* One of everything. */
static void put_everything(struct fixture *fixture)
{
    put_own(fixture);
    put_other_node(fixture);
}

static void assert_same_checks(const struct registry_state *one, const struct registry_state *other)
{
    assert_int_equal(registry_state_check_count(one), registry_state_check_count(other));
    for (size_t i = 0; i < registry_state_check_count(one); i++) {
        const struct registry_check *a = registry_state_check_at(one, i);
        const struct registry_check *b = registry_state_check_at(other, i);
        assert_true(registry_check_definition_equal(a->definition, b->definition));
        assert_true(text_equal(a->definition->key, b->definition->key));
        assert_int_equal(a->status, b->status);
        assert_true(text_equal(a->output, b->output));
        assert_int_equal(a->create_index, b->create_index);
        assert_int_equal(a->modify_index, b->modify_index);
        assert_int_equal(a->node != NULL, b->node != NULL);
        assert_int_equal(a->instance != NULL, b->instance != NULL);
    }
}

static void assert_same(const struct registry_state *one, const struct registry_state *other)
{
    assert_int_equal(registry_state_instance_count(one), registry_state_instance_count(other));
    for (size_t i = 0; i < registry_state_instance_count(one); i++) {
        const struct registry_instance *a = registry_state_instance_at(one, i);
        const struct registry_instance *b = registry_state_instance_at(other, i);
        assert_true(registry_service_definition_equal(a->definition, b->definition));
        assert_true(text_equal(a->definition->key, b->definition->key));
        assert_int_equal(a->create_index, b->create_index);
        assert_int_equal(a->modify_index, b->modify_index);
        const struct registry_check *check = registry_state_first_check(other, b);
        for (const struct registry_check *at = registry_state_first_check(one, a); at != NULL;
             at = registry_state_next_check(one, at)) {
            assert_non_null(check);
            assert_true(text_equal(at->definition->id, check->definition->id));
            check = registry_state_next_check(other, check);
        }
        assert_null(check);
    }
    assert_int_equal(registry_state_node_count(one), registry_state_node_count(other));
    for (size_t i = 0; i < registry_state_node_count(one); i++) {
        const struct registry_node *a = registry_state_node_at(one, i);
        const struct registry_node *b = registry_state_node_at(other, i);
        assert_true(registry_node_definition_equal(a->definition, b->definition));
        assert_int_equal(a->create_index, b->create_index);
        assert_int_equal(a->modify_index, b->modify_index);
    }
    assert_same_checks(one, other);
    assert_string_equal(registry_state_node_id(one), registry_state_node_id(other));
    assert_int_equal(registry_state_own_index(one), registry_state_own_index(other));
}

static void everything_comes_back(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    put_everything(&fixture);
    save(&fixture);
    load(&fixture);
    assert_same(fixture.state, fixture.again);
    /* Of the two that somebody is to look after, nothing was heard yet. */
    assert_int_equal(registry_state_unconfirmed_count(fixture.again), 2);
    assert_true(registry_state_find_check(fixture.again, TEXT("ttl"))->is_unconfirmed);
    assert_false(registry_state_find_check(fixture.again, TEXT("alias"))->is_unconfirmed);
    teardown(&fixture);
}

static void change_by_change(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    put_everything(&fixture);
    save(&fixture);
    const struct registry_check_definition check = ttl_check("late", 0);
    put(&fixture, "new", "rating", &check);
    assert_int_equal(
        registry_state_remove_instance(fixture.state, &fixture.call, TEXT("plain"), START_NS),
        STATUS_OK);
    assert_int_equal(registry_state_remove_check(fixture.state, &fixture.call,
                                                 TEXT("_node_maintenance"), START_NS),
                     STATUS_OK);
    save(&fixture);
    load(&fixture);
    assert_same(fixture.state, fixture.again);
    assert_null(registry_state_find_instance(fixture.again, TEXT("plain")));
    assert_int_equal(registry_state_remove_node(fixture.state, &fixture.call, TEXT("n2")),
                     STATUS_OK);
    put(&fixture, "plain", "metadata", NULL); /* back, and elsewhere */
    save(&fixture);
    load(&fixture);
    assert_same(fixture.state, fixture.again);
    assert_int_equal(registry_state_node_count(fixture.again), 0);
    teardown(&fixture);
}

/* What the repository refuses stays unsaved, whatever happens to it meanwhile. */
static void what_was_given_back_is_saved_later(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    put_everything(&fixture);
    save(&fixture);
    fixture.records.is_full = true;
    assert_int_equal(
        registry_state_remove_instance(fixture.state, &fixture.call, TEXT("full"), START_NS),
        STATUS_OK);
    put(&fixture, "new", "rating", NULL);
    assert_int_equal(save_at(&fixture, START_NS, WALL_MS), STATUS_UNAVAILABLE);
    put(&fixture, "full", "metadata", NULL);
    assert_int_equal(
        registry_state_remove_instance(fixture.state, &fixture.call, TEXT("new"), START_NS),
        STATUS_OK);
    assert_int_equal(save_at(&fixture, START_NS, WALL_MS), STATUS_UNAVAILABLE);
    fixture.records.is_full = false;
    save(&fixture);
    load(&fixture);
    assert_same(fixture.state, fixture.again);
    teardown(&fixture);
}

static void too_many_removed_save_everything(void **state)
{
    struct fixture fixture;
    char id[32];
    (void)state;
    setup(&fixture);
    put_everything(&fixture);
    save(&fixture);
    fixture.records.is_full = true;
    for (unsigned i = 0; i <= REGISTRY_REMOVED_MAX; i++) {
        (void)snprintf(id, sizeof(id), "i%u", i);
        put(&fixture, id, "many", NULL);
        assert_int_equal(
            registry_state_remove_instance(fixture.state, &fixture.call, text_of(id), START_NS),
            STATUS_OK);
    }
    assert_int_equal(
        registry_state_remove_instance(fixture.state, &fixture.call, TEXT("plain"), START_NS),
        STATUS_OK);
    assert_int_equal(save_at(&fixture, START_NS, WALL_MS), STATUS_UNAVAILABLE);
    fixture.records.is_full = false;
    save(&fixture);
    load(&fixture);
    assert_same(fixture.state, fixture.again);
    teardown(&fixture);
}

/* Heartbeats, and outputs without a new status, are nothing to save. */
static void heartbeats_change_nothing(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    const struct registry_check_definition check = ttl_check("c", 0);
    put(&fixture, "a", "rating", &check);
    uint64_t changes = registry_state_changes(fixture.state);
    assert_int_equal(fixture.notified, changes);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(registry_state_report(fixture.state, &fixture.call, TEXT("c"),
                                               REGISTRY_PASSING, TEXT("well"), START_NS),
                         STATUS_OK);
        put(&fixture, "a", "rating", &check);
    }
    assert_int_equal(registry_state_changes(fixture.state), changes);
    assert_int_equal(registry_state_report(fixture.state, &fixture.call, TEXT("c"),
                                           REGISTRY_WARNING, TEXT("well"), START_NS),
                     STATUS_OK);
    assert_true(registry_state_changes(fixture.state) > changes);
    teardown(&fixture);
}

static void order_of_registration_stays(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    static const char *const ids[] = {"z", "m", "a", "k"};
    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
        put(&fixture, ids[i], "rating", NULL);
    }
    save(&fixture);
    load(&fixture);
    const struct registry_instance *at =
        registry_state_first_instance(fixture.again, TEXT("rating"));
    for (size_t i = 0; i < ARRAY_LENGTH(ids); i++, at = registry_state_next_instance(at)) {
        assert_true(text_equal(at->definition->id, text_of(ids[i])));
    }
    assert_null(at);
    teardown(&fixture);
}

static void indexes_go_on_above(void **state)
{
    static const struct registry_subject subjects[] = {
        {.topic = REGISTRY_TOPIC_SERVICES},
        {.topic = REGISTRY_TOPIC_CHECKS},
        {.topic = REGISTRY_TOPIC_NODES},
        {REGISTRY_TOPIC_SERVICE, TEXT_INIT("rating")},
        {REGISTRY_TOPIC_SERVICE, TEXT_INIT("none")}};
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    put_everything(&fixture);
    save(&fixture);
    /* Told before the crash, and never saved. */
    put(&fixture, "unsaved", "rating", NULL);
    load(&fixture); /* the new state began at 1: a wall clock that was set back */
    for (size_t i = 0; i < ARRAY_LENGTH(subjects); i++) {
        assert_true(registry_state_index(fixture.again, &subjects[i]) >
                    registry_state_index(fixture.state, &subjects[i]));
    }
    assert_null(registry_state_find_instance(fixture.again, TEXT("unsaved")));
    teardown(&fixture);
}

static bool is_critical(const struct registry_state *state, const char *id)
{
    return registry_state_find_check(state, text_of(id))->status == REGISTRY_CRITICAL;
}

static void a_ttl_starts_anew(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    const struct registry_check_definition check = ttl_check("c", 0);
    put(&fixture, "a", "rating", &check);
    save(&fixture);
    load(&fixture);
    registry_state_sweep(fixture.again, AGAIN_NS + 9 * CLOCK_NS_PER_S, NULL, NULL);
    assert_false(is_critical(fixture.again, "c"));
    assert_true(registry_state_find_check(fixture.again, TEXT("c"))->is_unconfirmed);
    registry_state_sweep(fixture.again, AGAIN_NS + 11 * CLOCK_NS_PER_S, NULL, NULL);
    assert_true(is_critical(fixture.again, "c"));
    assert_int_equal(registry_state_unconfirmed_count(fixture.again), 0);
    load(&fixture);
    assert_int_equal(registry_state_report(fixture.again, &fixture.call, TEXT("c"),
                                           REGISTRY_PASSING, TEXT(""),
                                           AGAIN_NS + 5 * CLOCK_NS_PER_S),
                     STATUS_OK);
    assert_int_equal(registry_state_unconfirmed_count(fixture.again), 0);
    registry_state_sweep(fixture.again, AGAIN_NS + 11 * CLOCK_NS_PER_S, NULL, NULL);
    assert_false(is_critical(fixture.again, "c"));
    teardown(&fixture);
}

static bool note_probe(void *argument, const struct registry_check *check)
{
    unsigned *probes = argument;
    assert_true(text_equal(check->definition->id, TEXT("http")));
    ++*probes;
    return true;
}

static void active_checks_are_due(void **state)
{
    struct fixture fixture;
    unsigned probes = 0;
    (void)state;
    setup(&fixture);
    put_everything(&fixture);
    save(&fixture);
    load(&fixture);
    registry_state_sweep(fixture.again, AGAIN_NS + REGISTRY_SWEEP_MS * 2 * CLOCK_NS_PER_MS,
                         note_probe, &probes);
    assert_int_equal(probes, 1);
    teardown(&fixture);
}

/* An instance is to go when it was critical for 60 s; its TTL is 10 s. */
static void what_was_critical_goes_on_time(void **state)
{
    static const struct {
        const char *name;
        int64_t critical_s; /* when it was saved */
        int64_t away_s;     /* on the wall clock, which may have been set */
        int64_t left_s;
    } rows[] = {
        {"a short restart", 20, 5, 35},
        {"at once", 20, 0, 40},
        {"long away: it may still say that it is well", 20, 3600, 10},
        {"the clock was set back", 20, -3600, 60},
        {"set forward", 1, 1000000, 10},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct fixture fixture;
        setup(&fixture);
        const struct registry_check_definition check = ttl_check("c", 60 * CLOCK_NS_PER_S);
        put(&fixture, "a", "rating", &check);
        assert_int_equal(registry_state_report(fixture.state, &fixture.call, TEXT("c"),
                                               REGISTRY_CRITICAL, TEXT(""), START_NS),
                         STATUS_OK);
        assert_int_equal(save_at(&fixture, START_NS + rows[i].critical_s * CLOCK_NS_PER_S, WALL_MS),
                         STATUS_OK);
        assert_int_equal(load_at(&fixture, WALL_MS + rows[i].away_s * 1000), STATUS_OK);
        int64_t due_ns = AGAIN_NS + rows[i].left_s * CLOCK_NS_PER_S;
        registry_state_sweep(fixture.again, due_ns - CLOCK_NS_PER_S, NULL, NULL);
        if (registry_state_find_instance(fixture.again, TEXT("a")) == NULL) {
            fail_msg("%s: too early", rows[i].name);
        }
        registry_state_sweep(fixture.again, due_ns + CLOCK_NS_PER_S, NULL, NULL);
        if (registry_state_find_instance(fixture.again, TEXT("a")) != NULL) {
            fail_msg("%s: too late", rows[i].name);
        }
        teardown(&fixture);
    }
}

/* Never half: whatever byte is changed, and whatever record is missing. */
static void damage_is_found(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    put_everything(&fixture);
    save(&fixture);
    for (size_t place = 0; memory_registry_records_damage(&fixture.records, place, 0); place++) {
        assert_true(memory_registry_records_damage(&fixture.records, place, 0)); /* mended */
        for (size_t byte = 0; byte < 700; byte++) {
            assert_true(memory_registry_records_damage(&fixture.records, place, byte));
            assert_int_equal(load_at(&fixture, WALL_MS), STATUS_DATA_LOSS);
            assert_true(memory_registry_records_damage(&fixture.records, place, byte));
        }
    }
    load(&fixture);
    /* The head, another node, an instance; the own node is the second, and has but its checks. */
    static const size_t lost[] = {0, 2, 3, 5};
    for (size_t i = 0; i < ARRAY_LENGTH(lost); i++) {
        memory_registry_records_deinit(&fixture.records);
        registry_state_destroy(fixture.state);
        assert_int_equal(registry_state_create(FIRST_INDEX, &fixture.state), STATUS_OK);
        registry_state_keep_unsaved(fixture.state, count, &fixture);
        put_everything(&fixture);
        save(&fixture);
        assert_true(memory_registry_records_lose(&fixture.records, lost[i]));
        assert_int_equal(load_at(&fixture, WALL_MS), STATUS_DATA_LOSS);
    }
    teardown(&fixture);
}

static void nothing_is_an_empty_registry(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    load(&fixture);
    assert_int_equal(registry_state_instance_count(fixture.again), 0);
    teardown(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(change_by_change),
        cmocka_unit_test(what_was_given_back_is_saved_later),
        cmocka_unit_test(too_many_removed_save_everything),
        cmocka_unit_test(heartbeats_change_nothing),
        cmocka_unit_test(order_of_registration_stays),
        cmocka_unit_test(indexes_go_on_above),
        cmocka_unit_test(a_ttl_starts_anew),
        cmocka_unit_test(active_checks_are_due),
        cmocka_unit_test(what_was_critical_goes_on_time),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(nothing_is_an_empty_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

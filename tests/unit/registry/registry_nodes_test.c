/* Nodes besides the registry's own, aliases, and checks that take several looks. */
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "registry/repository/registry_state.h"
#include "support/cmocka_test.h"

#define START_NS (INT64_C(100000) * CLOCK_NS_PER_S)

struct fixture {
    struct registry_state *state;
    struct arena arena;
    struct call call;
};

static void setup(struct fixture *fixture)
{
    arena_init(&fixture->arena, 16 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, 0);
    assert_int_equal(registry_state_create(1, &fixture->state), STATUS_OK);
}

static void teardown(struct fixture *fixture)
{
    registry_state_destroy(fixture->state);
    arena_deinit(&fixture->arena);
}

static enum status put_node(struct fixture *fixture, const char *name, const char *address)
{
    const struct registry_meta meta = {TEXT("os"), TEXT("linux")};
    const struct registry_node_definition node = {
        .name = text_of(name), .address = text_of(address), .meta = &meta, .meta_count = 1};
    return registry_state_put_node(fixture->state, &fixture->call, &node);
}

static enum status put_instance(struct fixture *fixture, const char *node, const char *id)
{
    const struct registry_registration registration = {
        .service =
            {
                .node = text_of(node),
                .id = text_of(id),
                .name = TEXT("rating"),
                .weight_passing = 1,
            },
    };
    return registry_state_put_instance(fixture->state, &fixture->call, &registration, START_NS);
}

static enum status tell_check(struct fixture *fixture, const char *node, const char *service_id,
                              enum registry_status status)
{
    const struct registry_check_definition check = {
        .node = text_of(node),
        .id = TEXT("c"),
        .name = TEXT("told"),
        .service_id = text_of(service_id),
        .kind = REGISTRY_CHECK_EXTERNAL,
        .initial = status,
        .deregister_after_ns = CLOCK_NS_PER_S,
    };
    return registry_state_tell_check(fixture->state, &fixture->call, &check, TEXT("output"),
                                     START_NS);
}

static uint64_t rating_index(struct fixture *fixture)
{
    const struct registry_subject subject = {REGISTRY_TOPIC_SERVICE, TEXT("rating")};
    return registry_state_index(fixture->state, &subject);
}

static size_t count_instances(struct fixture *fixture)
{
    size_t count = 0;
    const struct registry_instance *instance =
        registry_state_first_instance(fixture->state, TEXT("rating"));
    for (; instance != NULL; instance = registry_state_next_instance(instance)) {
        count++;
    }
    return count;
}

static void test_ids_are_of_a_node(void **unused)
{
    char key[REGISTRY_KEY_BYTES_MAX];
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    assert_int_equal(put_node(&fixture, "n1", "10.0.0.1"), STATUS_OK);
    assert_int_equal(put_node(&fixture, "n2", "10.0.0.2"), STATUS_OK);
    assert_int_equal(put_instance(&fixture, "", "r1"), STATUS_OK);
    assert_int_equal(put_instance(&fixture, "n1", "r1"), STATUS_OK);
    assert_int_equal(put_instance(&fixture, "n2", "r1"), STATUS_OK);
    assert_int_equal(put_instance(&fixture, "absent", "r1"), STATUS_NOT_FOUND);
    assert_int_equal(count_instances(&fixture), 3);

    const struct registry_instance *own = registry_state_find_instance(fixture.state, TEXT("r1"));
    const struct registry_instance *other =
        registry_state_find_instance(fixture.state, registry_key(TEXT("n1"), TEXT("r1"), key));
    assert_null(own->node);
    assert_true(text_equal(other->node->definition->address, TEXT("10.0.0.1")));

    assert_int_equal(registry_state_remove_instance(fixture.state, &fixture.call, TEXT("r1"), 0),
                     STATUS_OK);
    assert_int_equal(count_instances(&fixture), 2);
    teardown(&fixture);
}

static void test_told_checks(void **unused)
{
    char key[REGISTRY_KEY_BYTES_MAX];
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    assert_int_equal(tell_check(&fixture, "n1", "", REGISTRY_PASSING), STATUS_NOT_FOUND);
    assert_int_equal(put_node(&fixture, "n1", "10.0.0.1"), STATUS_OK);
    assert_int_equal(tell_check(&fixture, "n1", "r1", REGISTRY_PASSING), STATUS_NOT_FOUND);
    assert_int_equal(put_instance(&fixture, "n1", "r1"), STATUS_OK);
    assert_int_equal(tell_check(&fixture, "n1", "", REGISTRY_PASSING), STATUS_OK);

    uint64_t index = rating_index(&fixture);
    assert_int_equal(tell_check(&fixture, "n1", "", REGISTRY_CRITICAL), STATUS_OK);
    assert_true(rating_index(&fixture) >
                index); /* the node's check says something of the service */
    const struct registry_check *check =
        registry_state_find_check(fixture.state, registry_key(TEXT("n1"), TEXT("c"), key));
    assert_int_equal(check->status, REGISTRY_CRITICAL);
    assert_true(text_equal(check->output, TEXT("output")));
    assert_ptr_equal(registry_state_first_check_of_node(fixture.state, check->node), check);
    assert_null(registry_state_first_check_of_node(fixture.state, NULL));

    /* It moves to the instance, which is not this registry's to remove. */
    assert_int_equal(tell_check(&fixture, "n1", "r1", REGISTRY_CRITICAL), STATUS_OK);
    assert_int_equal(registry_state_check_count(fixture.state), 1);
    registry_state_sweep(fixture.state, START_NS + 60 * CLOCK_NS_PER_S, NULL, NULL);
    assert_int_equal(count_instances(&fixture), 1);
    teardown(&fixture);
}

static void test_node_goes_with_all_on_it(void **unused)
{
    const struct registry_subject nodes = {.topic = REGISTRY_TOPIC_NODES};
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    assert_int_equal(put_node(&fixture, "n1", "10.0.0.1"), STATUS_OK);
    assert_int_equal(put_instance(&fixture, "n1", "r1"), STATUS_OK);
    assert_int_equal(put_instance(&fixture, "", "r1"), STATUS_OK);
    assert_int_equal(tell_check(&fixture, "n1", "", REGISTRY_PASSING), STATUS_OK);
    uint64_t index = registry_state_index(fixture.state, &nodes);

    assert_int_equal(put_node(&fixture, "n1", "10.0.0.1"), STATUS_OK); /* nothing new */
    assert_int_equal(registry_state_index(fixture.state, &nodes), index);
    uint64_t before = rating_index(&fixture);
    assert_int_equal(put_node(&fixture, "n1", "10.0.0.9"), STATUS_OK);
    assert_true(registry_state_index(fixture.state, &nodes) > index);
    assert_true(rating_index(&fixture) > before); /* its replies tell the address */

    assert_int_equal(registry_state_remove_node(fixture.state, &fixture.call, TEXT("n1")),
                     STATUS_OK);
    assert_int_equal(count_instances(&fixture), 1);
    assert_int_equal(registry_state_check_count(fixture.state), 0);
    assert_int_equal(registry_state_node_count(fixture.state), 0);
    assert_int_equal(registry_state_remove_node(fixture.state, &fixture.call, TEXT("n1")),
                     STATUS_NOT_FOUND);
    teardown(&fixture);
}

static void test_limit_of_nodes(void **unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    for (size_t i = 0; i <= REGISTRY_NODES_MAX; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "n%zu", i);
        enum status status = put_node(&fixture, name, "10.0.0.1");
        assert_int_equal(status, i < REGISTRY_NODES_MAX ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED);
    }
    teardown(&fixture);
}

static void put_check(struct fixture *fixture, const struct registry_check_definition *check)
{
    assert_int_equal(registry_state_put_check(fixture->state, &fixture->call, check, START_NS),
                     STATUS_OK);
}

static void assert_alias(struct fixture *fixture, const char *id, enum registry_status status,
                         const char *output)
{
    const struct registry_check *check = registry_state_find_check(fixture->state, text_of(id));
    assert_int_equal(check->status, status);
    if (!text_equal(check->output, text_of(output))) {
        fail_msg("%s: \"%.*s\", not \"%s\"", id, TEXT_ARGUMENTS(check->output), output);
    }
}

static void report(struct fixture *fixture, enum registry_status status)
{
    assert_int_equal(registry_state_report(fixture->state, &fixture->call, TEXT("t"), status,
                                           TEXT("why"), START_NS),
                     STATUS_OK);
}

static void test_aliases_follow(void **unused)
{
    const struct registry_check_definition alias = {.id = TEXT("a"),
                                                    .name = TEXT("alias"),
                                                    .kind = REGISTRY_CHECK_ALIAS,
                                                    .initial = REGISTRY_CRITICAL,
                                                    .service_id = TEXT("other"),
                                                    .alias_service = TEXT("r1")};
    const struct registry_check_definition ttl = {.id = TEXT("t"),
                                                  .name = TEXT("alive"),
                                                  .kind = REGISTRY_CHECK_TTL,
                                                  .ttl_ns = CLOCK_NS_PER_S,
                                                  .initial = REGISTRY_PASSING,
                                                  .service_id = TEXT("r1")};
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    assert_int_equal(put_instance(&fixture, "", "other"), STATUS_OK);
    put_check(&fixture, &alias);
    assert_alias(&fixture, "a", REGISTRY_CRITICAL, "Service r1 could not be found on node ");
    assert_int_equal(put_instance(&fixture, "", "r1"), STATUS_OK);
    assert_alias(&fixture, "a", REGISTRY_PASSING, "No checks found.");
    put_check(&fixture, &ttl);
    assert_alias(&fixture, "a", REGISTRY_PASSING, "All checks passing.");
    report(&fixture, REGISTRY_WARNING);
    assert_alias(&fixture, "a", REGISTRY_WARNING, "Aliased check \"alive\" failing: why");
    registry_state_sweep(fixture.state, START_NS + 2 * CLOCK_NS_PER_S, NULL, NULL);
    assert_alias(
        &fixture, "a", REGISTRY_CRITICAL,
        "Aliased check \"alive\" failing: TTL expired (last output before timeout follows): "
        "why");
    assert_int_equal(registry_state_remove_instance(fixture.state, &fixture.call, TEXT("r1"), 0),
                     STATUS_OK);
    assert_alias(&fixture, "a", REGISTRY_CRITICAL, "Service r1 could not be found on node ");
    teardown(&fixture);
}

/* Two that look at each other come to rest. */
static void test_aliases_in_a_circle(void **unused)
{
    struct registry_check_definition alias = {.id = TEXT("a"),
                                              .name = TEXT("alias"),
                                              .kind = REGISTRY_CHECK_ALIAS,
                                              .initial = REGISTRY_PASSING,
                                              .service_id = TEXT("r1"),
                                              .alias_service = TEXT("r2")};
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    assert_int_equal(put_instance(&fixture, "", "r1"), STATUS_OK);
    assert_int_equal(put_instance(&fixture, "", "r2"), STATUS_OK);
    put_check(&fixture, &alias);
    alias.id = TEXT("b");
    alias.service_id = TEXT("r2");
    alias.alias_service = TEXT("r1");
    put_check(&fixture, &alias);
    assert_alias(&fixture, "b", REGISTRY_PASSING, "All checks passing.");
    teardown(&fixture);
}

static void test_several_looks(void **unused)
{
    static const struct {
        bool well;
        enum registry_status want;
    } looks[] = {
        {false, REGISTRY_CRITICAL}, /* the first counts at once */
        {true, REGISTRY_CRITICAL},  {true, REGISTRY_PASSING},   {false, REGISTRY_PASSING},
        {false, REGISTRY_WARNING},  {false, REGISTRY_CRITICAL}, {true, REGISTRY_CRITICAL},
        {false, REGISTRY_CRITICAL}, {true, REGISTRY_CRITICAL},  {true, REGISTRY_PASSING},
    };
    const struct registry_check_definition check = {.id = TEXT("p"),
                                                    .name = TEXT("probe"),
                                                    .kind = REGISTRY_CHECK_TCP,
                                                    .target = TEXT("h:1"),
                                                    .interval_ns = CLOCK_NS_PER_S,
                                                    .initial = REGISTRY_PASSING,
                                                    .success_before_passing = 2,
                                                    .failures_before_warning = 2,
                                                    .failures_before_critical = 3};
    struct fixture fixture;
    (void)unused;
    setup(&fixture);
    put_check(&fixture, &check);
    const struct registry_check *kept = registry_state_find_check(fixture.state, TEXT("p"));
    for (size_t i = 0; i < ARRAY_LENGTH(looks); i++) {
        registry_state_probed(fixture.state, TEXT("p"), kept->create_index,
                              looks[i].well ? REGISTRY_PASSING : REGISTRY_CRITICAL, TEXT(""),
                              REGISTRY_PACE_QUICK, START_NS);
        if (kept->status != looks[i].want) {
            fail_msg("look %zu: %s", i, registry_status_name(kept->status));
        }
    }
    teardown(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_are_of_a_node),
        cmocka_unit_test(test_told_checks),
        cmocka_unit_test(test_node_goes_with_all_on_it),
        cmocka_unit_test(test_limit_of_nodes),
        cmocka_unit_test(test_aliases_follow),
        cmocka_unit_test(test_aliases_in_a_circle),
        cmocka_unit_test(test_several_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

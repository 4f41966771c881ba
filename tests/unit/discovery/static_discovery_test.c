#include "discovery/static_discovery.h"

#include "base/arena.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

static void parse_lists(void *unused)
{
    static const struct {
        const char *list;
        const char *service;
        enum status want;
        size_t count;
        const char *first;
    } cases[] = {
        {"rating=127.0.0.1:8082", "rating", STATUS_OK, 1, "127.0.0.1:8082"},
        {"rating=b:2,a:1 ; metadata = c:3", "rating", STATUS_OK, 2, "a:1"},
        {"rating=b:2,a:1 ; metadata = c:3", "metadata", STATUS_OK, 1, "c:3"},
        {"rating=a:1,a:1,,", "rating", STATUS_OK, 1, "a:1"},
        {"rating=[::1]:8082", "rating", STATUS_OK, 1, "[::1]:8082"},
        {"rating=a:1;", "movie", STATUS_OK, 0, NULL},
        {"rating=", "rating", STATUS_OK, 0, NULL},
        {"", "rating", STATUS_OK, 0, NULL},
        {"rating", "rating", STATUS_INVALID_ARGUMENT, 0, NULL},
        {"=a:1", "rating", STATUS_INVALID_ARGUMENT, 0, NULL},
        {"rating=a", "rating", STATUS_INVALID_ARGUMENT, 0, NULL},
        {"rating=a:x", "rating", STATUS_INVALID_ARGUMENT, 0, NULL},
        {"rating=a:1;rating=b:2", "rating", STATUS_INVALID_ARGUMENT, 0, NULL},
    };
    (void)unused;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena;
        struct call call;
        struct discovery_resolver resolver;
        struct discovery_snapshot snapshot;
        arena_init(&arena, 1024 * 1024);
        call_init(&call, &arena, 10000);
        enum status status =
            static_discovery_resolver_create(&call, text_of(cases[i].list), &resolver);
        if (status != cases[i].want || (status != STATUS_OK && call.error.message.length == 0)) {
            fail_msg("\"%s\": %s", cases[i].list, status_name(status));
        }
        if (status == STATUS_OK) {
            assert_int_equal(
                resolver.ops->watch(resolver.state, &call, text_of(cases[i].service), 0, &snapshot),
                STATUS_OK);
            assert_int_equal(snapshot.count, cases[i].count);
            assert_int_not_equal(snapshot.version, 0);
            if (snapshot.count > 0) {
                assert_true(text_equal(snapshot.instances[0].address, text_of(cases[i].first)));
            }
            struct call brief = call_within(&call, 20);
            assert_int_equal(resolver.ops->watch(resolver.state, &brief, text_of(cases[i].service),
                                                 snapshot.version, &snapshot),
                             STATUS_DEADLINE_EXCEEDED);
            resolver.ops->close(resolver.state);
        }
        arena_deinit(&arena);
    }
}

static void test_lists(void **state)
{
    (void)state;
    in_fiber(parse_lists, NULL);
}

static void use_registrar(void *unused)
{
    struct arena arena;
    struct call call;
    const struct discovery_registration registration = {.service = TEXT("rating")};
    struct discovery_registrar registrar = static_discovery_registrar();
    (void)unused;
    arena_init(&arena, 1024);
    call_init(&call, &arena, 10000);
    assert_int_equal(registrar.ops->add(registrar.state, &call, &registration), STATUS_OK);
    assert_int_equal(registrar.ops->heartbeat(registrar.state, &call, &registration), STATUS_OK);
    assert_int_equal(registrar.ops->remove(registrar.state, &call, &registration), STATUS_OK);
    registrar.ops->close(registrar.state);
    arena_deinit(&arena);
}

static void test_registrar(void **state)
{
    (void)state;
    in_fiber(use_registrar, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_registrar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

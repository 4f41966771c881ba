#include "discovery/discovery_open.h"

#include "base/arena.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

/* Which one is opened shows in what it can do: DNS is asked again, a fixed list has its addresses
 * at once. */
static void open_resolvers(void *unused)
{
    static const struct {
        const char *registries;
        const char *services;
        enum status want;
        bool asks_again;
        const char *error; /* its beginning */
    } cases[] = {
        {"127.0.0.1:8500", "", STATUS_OK, false, NULL},
        {"127.0.0.1:8500", "metadata=dns:///m:1", STATUS_OK, false, NULL},
        {"", "rating=127.0.0.1:8082", STATUS_OK, false, NULL},
        {"", "rating=dns:///rating.test:8082", STATUS_OK, true, NULL},
        {"", "metadata=127.0.0.1:1 ; rating = dns://127.0.0.1:53/_g._tcp.test ;", STATUS_OK, true,
         NULL},
        {"127.0.0.1:8500", "rating=dns:rating", STATUS_OK, true, NULL},
        {"", "rating=dns://[::1]:5353,[fd00::1],127.0.0.1,127.0.0.2:8600/rating", STATUS_OK, true,
         NULL},
        {"", "metadata=127.0.0.1:1", STATUS_INVALID_ARGUMENT, false,
         "nothing says where the service 'rating' is: neither --registry nor --services"},
        {"", "rating=a:1;rating=dns:///a", STATUS_INVALID_ARGUMENT, false,
         "service \"rating\" is given twice"},
        {"", "rating=dns:///a:x", STATUS_INVALID_ARGUMENT, false,
         "\"dns:///a:x\" is not dns:[//server/]host[:port]: the port is not a number"},
        {"", "rating", STATUS_INVALID_ARGUMENT, false, "\"rating\" is not service=host:port"},
        {"dns://127.0.0.1:8600/consul", "", STATUS_INVALID_ARGUMENT, false,
         "\"dns://127.0.0.1:8600/consul\" is no registry: with DNS nothing registers, and "
         "--services says where services are found"},
    };
    (void)unused;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena;
        struct call call;
        struct discovery_resolver resolver;
        arena_init(&arena, 64 * 1024);
        call_init(&call, &arena, 10000);
        enum status status =
            discovery_open_resolver(loop_current(), &call, text_of(cases[i].registries),
                                    text_of(cases[i].services), TEXT("rating"), NULL, &resolver);
        bool as_wanted = status == cases[i].want &&
                         (cases[i].error == NULL ||
                          text_starts_with(call.error.message, text_of(cases[i].error)));
        if (!as_wanted) {
            fail_msg("%s; %s: %s: %.*s", cases[i].registries, cases[i].services,
                     status_name(status), TEXT_ARGUMENTS(call.error.message));
        }
        bool is_unsaid = cases[i].error != NULL &&
                         text_starts_with(text_of(cases[i].error), TEXT("nothing says"));
        assert_int_equal(discovery_can_resolve(text_of(cases[i].registries),
                                               text_of(cases[i].services), TEXT("rating")),
                         !is_unsaid);
        if (status == STATUS_OK) {
            assert_int_equal(resolver.ops->refresh != NULL, cases[i].asks_again);
            resolver.ops->close(resolver.state);
        }
        arena_deinit(&arena);
    }
}

static void test_resolvers(void **state)
{
    (void)state;
    in_fiber(open_resolvers, NULL);
}

static void open_registrars(void *unused)
{
    struct arena arena;
    struct call call;
    struct discovery_registrar registrar;
    (void)unused;
    arena_init(&arena, 64 * 1024);
    call_init(&call, &arena, 10000);
    assert_int_equal(
        discovery_open_registrar(loop_current(), &call, TEXT("dns:///consul"), NULL, &registrar),
        STATUS_INVALID_ARGUMENT);
    assert_true(text_starts_with(call.error.message, TEXT("\"dns:///consul\" is no registry")));
    call_clear_error(&call);
    assert_int_equal(
        discovery_open_registrar(loop_current(), &call, TEXT("127.0.0.1:8500"), NULL, &registrar),
        STATUS_OK);
    registrar.ops->close(registrar.state);
    arena_deinit(&arena);
}

static void test_registrars(void **state)
{
    (void)state;
    in_fiber(open_registrars, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolvers),
        cmocka_unit_test(test_registrars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

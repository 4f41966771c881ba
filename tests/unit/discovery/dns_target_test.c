#include "discovery/dns_target.h"

#include <stdio.h>

#include "base/arena.h"
#include "http/socket_address.h"
#include "support/cmocka_test.h"

#define NAME_63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789a"
#define NAME_253                                                                                   \
    NAME_63 "." NAME_63 "." NAME_63 ".abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456" \
            "78"

static struct call begin(struct arena *arena)
{
    struct call call;
    arena_init(arena, 64 * 1024);
    call_init(&call, arena, 0);
    return call;
}

static void check_servers(const struct dns_target *target, const char *want)
{
    char all[DNS_SERVERS_MAX * HTTP_ADDRESS_BYTES_MAX] = "";
    size_t length = 0;
    for (size_t i = 0; i < target->server_count; i++) {
        char one[HTTP_ADDRESS_BYTES_MAX];
        socket_address_format(&target->servers[i], one);
        length += (size_t)snprintf(all + length, sizeof(all) - length, "%s%s", i > 0 ? "," : "",
                                   one); /* fits */
    }
    assert_string_equal(all, want);
}

static void test_targets(void **state)
{
    static const struct {
        const char *written;
        const char *servers;
        const char *host;
        uint16_t port;
    } cases[] = {
        {"dns:rating", "", "rating", 0},
        {"dns:rating:8082", "", "rating", 8082},
        {"dns:///rating.example.org:8082", "", "rating.example.org", 8082},
        {"dns:///rating.example.org.:1", "", "rating.example.org", 1},
        {"dns:///localhost:65535", "", "localhost", 65535},
        {"dns:///_grpc._tcp.rating.marquee.svc.cluster.local", "",
         "_grpc._tcp.rating.marquee.svc.cluster.local", 0},
        {"dns://127.0.0.1/rating", "127.0.0.1:53", "rating", 0},
        {"dns://127.0.0.1:8600/rating.service.consul", "127.0.0.1:8600", "rating.service.consul",
         0},
        {"dns://127.0.0.1:8600,[::1]:8600,10.0.0.1/rating:1",
         "127.0.0.1:8600,[::1]:8600,10.0.0.1:53", "rating", 1},
        {"dns://[fd00::1]/rating", "[fd00::1]:53", "rating", 0},
        {"dns:///1.example", "", "1.example", 0},
        {"dns:///" NAME_253, "", NAME_253, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena;
        struct dns_target target;
        struct call call = begin(&arena);
        if (dns_target_parse(&call, text_of(cases[i].written), &target) != STATUS_OK) {
            fail_msg("%s: %.*s", cases[i].written, TEXT_ARGUMENTS(call.error.message));
        }
        check_servers(&target, cases[i].servers);
        assert_true(text_equal(target.host, text_of(cases[i].host)));
        assert_int_equal(target.port, cases[i].port);
        assert_true(dns_target_is(text_of(cases[i].written)));
        arena_deinit(&arena);
    }
}

static void test_refused(void **state)
{
    static const char scheme[] = "it does not begin with dns:";
    static const char server[] = "a server is a numeric address, with a port or without";
    static const char address[] = "an address is given as it is, without dns:";
    static const char port[] = "the port is not a number from 1 to 65535";
    static const char host[] = "the host is no name";
    static const struct {
        const char *written;
        const char *why;
    } cases[] = {
        {"", scheme},
        {"rating", scheme},
        {"DNS:rating", scheme},
        {"dns:", host},
        {"dns:///", host},
        {"dns://", host},
        {"dns:////rating", host},
        {"dns:///.", host},
        {"dns:///a..b", host},
        {"dns:///.a", host},
        {"dns:///a..", host},
        {"dns:///a b", host},
        {"dns:///a/b", host},
        {"dns:///a,b", host},
        {"dns:///\xc3\xa9", host},
        {"dns:///" NAME_63 "a", host},
        {"dns:///a" NAME_253, host},
        {"dns:///:8082", host},
        {"dns:///rating:", port},
        {"dns:///rating:0", port},
        {"dns:///rating:65536", port},
        {"dns:///rating:http", port},
        {"dns:///rating:80:81", port},
        {"dns:///127.0.0.1", address},
        {"dns:///127.0.0.1:8082", address},
        {"dns:///[::1]:8082", address},
        {"dns://ns.example.org/rating", server},
        {"dns://localhost/rating", server},
        {"dns://127.0.0.1:/rating", server},
        {"dns://127.0.0.1:0/rating", server},
        {"dns://127.0.0.1:99999/rating", server},
        {"dns://[::1/rating", server},
        {"dns://[::1]x/rating", server},
        {"dns://[::1]:/rating", server},
        {"dns://[]/rating", server},
        {"dns://127.0.0.1,/rating", server},
        {"dns://1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1/rating",
         "there are too many servers"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct arena arena;
        struct dns_target target = {.port = 7};
        char want[512];
        struct call call = begin(&arena);
        assert_int_equal(dns_target_parse(&call, text_of(cases[i].written), &target),
                         STATUS_INVALID_ARGUMENT);
        (void)snprintf(want, sizeof(want), "\"%s\" is not dns:[//server/]host[:port]: %s",
                       cases[i].written, cases[i].why);
        if (!text_equal(call.error.message, text_of(want))) {
            fail_msg("%s: %.*s", cases[i].written, TEXT_ARGUMENTS(call.error.message));
        }
        assert_int_equal(target.port, 7);
        arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

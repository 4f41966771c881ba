/* Names, and what they ask for. */
#include "registry/handler/registry_dns_name.h"

#include <stdio.h>

#include "support/cmocka_test.h"

/* "kind name tag", the address in hexadecimal as the name. */
static const char *told(const char *domain, const char *name)
{
    static const char *const kinds[] = {"foreign", "nothing", "apex",   "server",
                                        "service", "node",    "address"};
    static char told[1024];
    struct text labels[REGISTRY_DNS_LABELS_MAX];
    char room[REGISTRY_DNS_NAME_BYTES_MAX];
    size_t count = 0;
    for (struct text rest = text_of(name); rest.data != NULL && name[0] != '\0';) {
        labels[count++] = text_next(&rest, '.');
    }
    struct registry_dns_name parsed =
        registry_dns_name_of(labels, count, text_of(domain), TEXT("dc1"), room);
    int length = snprintf(told, sizeof(told), "%s %.*s %.*s", kinds[parsed.kind],
                          TEXT_ARGUMENTS(parsed.name), TEXT_ARGUMENTS(parsed.tag));
    if (parsed.kind == REGISTRY_DNS_ADDRESS) {
        for (size_t i = 0; i < parsed.address_bytes; i++) {
            length +=
                snprintf(told + length, sizeof(told) - (size_t)length, "%02x", parsed.address[i]);
        }
    }
    return told;
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        const char *told;
    } cases[] = {
        {"consul", "apex  "},
        {"CONSUL", "apex  "},
        {"dc1.consul", "nothing  "},
        {"ns.consul", "server  "},
        {"rating.service.consul", "service rating "},
        {"Rating.SERVICE.Consul", "service Rating "},
        {"rating.service.dc1.consul", "service rating "},
        {"rating.service.dc2.consul", "nothing  "},
        {"v2.rating.service.consul", "service rating v2"},
        {"a.b.rating.service.consul", "service rating a.b"},
        {"service.consul", "nothing  "},
        {"_rating._tcp.service.consul", "service rating "},
        {"_rating._TCP.consul", "service rating "},
        {"_rating._udp.dc1.consul", "service rating "},
        {"_rating._v2.service.dc1.consul", "service rating v2"},
        {"_rating.service.consul", "service _rating "},
        {"_._tcp.consul", "nothing  "},
        {"_rating.consul", "nothing  "},
        {"a._rating._tcp.consul", "nothing  "},
        {"marquee.node.consul", "node marquee "},
        {"a.b.node.dc1.consul", "node a.b "},
        {"node.consul", "nothing  "},
        {"7f000001.addr.consul", "address  7f000001"},
        {"7F000001.addr.dc1.consul", "address  7f000001"},
        {"00000000000000000000000000000001.addr.consul",
         "address  00000000000000000000000000000001"},
        {"7f00000.addr.consul", "nothing  "},
        {"7f00000g.addr.consul", "nothing  "},
        {"a.7f000001.addr.consul", "nothing  "},
        {"rating.query.consul", "nothing  "},
        {"rating.consul", "nothing  "},
        {"rating.service.example", "foreign  "},
        {"consul.example", "foreign  "},
        {"", "foreign  "},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_string_equal(told("consul", cases[i].name), cases[i].told);
    }
}

static void test_domains(void **state)
{
    (void)state;
    assert_string_equal(told("apps.internal", "rating.service.apps.internal"), "service rating ");
    assert_string_equal(told("apps.internal", "apps.INTERNAL"), "apex  ");
    assert_string_equal(told("apps.internal", "rating.service.internal"), "foreign  ");
    assert_string_equal(told("apps.internal", "rating.service.consul"), "foreign  ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_domains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

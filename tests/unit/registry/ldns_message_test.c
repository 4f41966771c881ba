/* DNS messages, made and read by ldns, over a state with services of every kind. */
#include "registry/handler/ldns_message.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "registry/handler/registry_dns_name.h"
#include "support/cmocka_test.h"

enum { TOLD_BYTES_MAX = 64 * 1024, LINES_MAX = 6000, MANY = 300, FEW = 9, TTL_S = 5 };

struct fixture {
    struct registry_state *state;
    struct registry_dns_zone zone;
    struct dns_source source;
    struct arena arena;
    struct call call;
    uint8_t reply[DNS_MESSAGE_BYTES_MAX];
    size_t length;
    struct buffer told; /* the reply in words */
};

static struct registry_dns_answer answer(void *state, const struct text *labels, size_t count,
                                         unsigned type, struct arena *arena)
{
    struct fixture *fixture = state;
    char room[REGISTRY_DNS_NAME_BYTES_MAX];
    struct registry_dns_name name =
        registry_dns_name_of(labels, count, fixture->zone.domain, fixture->zone.datacenter, room);
    return registry_dns_answer_to(&fixture->zone, fixture->state, &name, type, arena);
}

static void put(struct fixture *fixture, const char *id, const char *name, const char *address,
                uint16_t port, const char *tag, enum registry_status status)
{
    struct text tags[] = {text_of(tag)};
    const struct registry_check_definition check = {.id = text_of(id),
                                                    .name = TEXT("alive"),
                                                    .kind = REGISTRY_CHECK_TTL,
                                                    .initial = status,
                                                    .ttl_ns = 60 * CLOCK_NS_PER_S};
    const struct registry_registration registration = {
        .service = {.id = text_of(id),
                    .name = text_of(name),
                    .address = text_of(address),
                    .port = port,
                    .weight_passing = 10,
                    .weight_warning = 2,
                    .tags = tags,
                    .tag_count = tag[0] != '\0'},
        .checks = &check,
        .check_count = 1,
    };
    assert_int_equal(registry_state_put_instance(fixture->state, &fixture->call, &registration, 1),
                     STATUS_OK);
}

/* A node that the catalog was told of, with an instance that has no address of its own. */
static void put_node(struct fixture *fixture)
{
    const struct registry_node_definition node = {.name = TEXT("Other"),
                                                  .address = TEXT("10.9.9.9")};
    const struct registry_registration registration = {
        .service = {.id = TEXT("f1"),
                    .node = TEXT("Other"),
                    .name = TEXT("far"),
                    .port = 7000,
                    .weight_passing = 1,
                    .weight_warning = 1},
    };
    assert_int_equal(registry_state_put_node(fixture->state, &fixture->call, &node), STATUS_OK);
    assert_int_equal(registry_state_put_instance(fixture->state, &fixture->call, &registration, 1),
                     STATUS_OK);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    arena_init(&fixture->arena, 16 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, 0);
    buffer_init(&fixture->told, TOLD_BYTES_MAX);
    assert_int_equal(registry_state_create(1000, &fixture->state), STATUS_OK);
    fixture->zone = (struct registry_dns_zone){.domain = TEXT("consul"),
                                               .datacenter = TEXT("dc1"),
                                               .node_name = TEXT("marquee"),
                                               .node_address = TEXT("127.0.0.1"),
                                               .own_address = TEXT("127.0.0.9")};
    fixture->source = (struct dns_source){.answer = answer,
                                          .state = fixture,
                                          .domain = fixture->zone.domain,
                                          .serial = 7,
                                          .ttl_s = TTL_S};
    put(fixture, "r1", "rating", "10.0.0.1", 8082, "v1", REGISTRY_PASSING);
    put(fixture, "r2", "rating", "10.0.0.2", 8082, "v2", REGISTRY_WARNING);
    put(fixture, "r3", "rating", "10.0.0.3", 8082, "v2", REGISTRY_CRITICAL);
    put(fixture, "s1", "six", "2001:db8::1", 80, "", REGISTRY_PASSING);
    put(fixture, "n1", "node-bound", "", 9000, "", REGISTRY_PASSING);
    put(fixture, "n2", "node-bound", "", 9001, "", REGISTRY_PASSING);
    put(fixture, "h1", "named", "db.example", 5432, "", REGISTRY_PASSING);
    put(fixture, "d1", "down", "10.0.0.4", 1, "", REGISTRY_CRITICAL);
    put_node(fixture);
    put(fixture, "m1", "Mixed", "10.0.0.5", 1, "", REGISTRY_PASSING);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    registry_state_destroy(fixture->state);
    arena_deinit(&fixture->arena);
    buffer_deinit(&fixture->told);
    free(fixture);
    return 0;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "owner ttl class type data" of each record, sorted: the order of answers is random. */
static void tell_section(struct buffer *told, const ldns_rr_list *records)
{
    static char *lines[LINES_MAX];
    size_t count = ldns_rr_list_rr_count(records);
    for (size_t i = 0; i < count; i++) {
        lines[i] = ldns_rr2str(ldns_rr_list_rr(records, i));
        for (char *byte = lines[i]; *byte != '\0'; byte++) {
            *byte = *byte == '\t' || *byte == '\n' ? ' ' : *byte;
        }
    }
    qsort(lines, count, sizeof(lines[0]), compare_lines);
    for (size_t i = 0; i < count; i++) {
        assert_true(buffer_format(told, "%s; ", lines[i]));
        free(lines[i]);
    }
    assert_true(buffer_append(told, TEXT("| ")));
}

static ldns_pkt *reply_of(struct fixture *fixture)
{
    ldns_pkt *reply;
    assert_int_equal(ldns_wire2pkt(&reply, fixture->reply, fixture->length), LDNS_STATUS_OK);
    return reply;
}

static void exchange(struct fixture *fixture, const ldns_pkt *query, bool datagram)
{
    uint8_t *wire;
    size_t length;
    assert_int_equal(ldns_pkt2wire(&wire, query, &length), LDNS_STATUS_OK);
    fixture->length = ldns_message_reply(&fixture->source, text_of_bytes(wire, length), datagram,
                                         &fixture->arena, fixture->reply);
    arena_reset(&fixture->arena);
    free(wire);
}

static ldns_pkt *query_for(const char *name, unsigned type)
{
    ldns_pkt *query = ldns_pkt_query_new(ldns_dname_new_frm_str(name), (ldns_rr_type)type,
                                         LDNS_RR_CLASS_IN, LDNS_RD);
    assert_non_null(query);
    ldns_pkt_set_id(query, 0x1234);
    return query;
}

/* "RCODE answers | authority | additional |". */
static const char *ask(struct fixture *fixture, const char *name, unsigned type)
{
    struct buffer *told = &fixture->told;
    ldns_pkt *query = query_for(name, type);
    exchange(fixture, query, true);
    ldns_pkt *reply = reply_of(fixture);
    assert_int_equal(ldns_pkt_id(reply), 0x1234);
    assert_true(ldns_pkt_qr(reply) && ldns_pkt_rd(reply) && !ldns_pkt_ra(reply));
    assert_true(ldns_rr_compare(ldns_rr_list_rr(ldns_pkt_question(query), 0),
                                ldns_rr_list_rr(ldns_pkt_question(reply), 0)) == 0);
    buffer_clear(told);
    assert_true(buffer_format(told, "%d%s ", ldns_pkt_get_rcode(reply),
                              ldns_pkt_aa(reply) ? "" : " not authoritative"));
    tell_section(told, ldns_pkt_answer(reply));
    tell_section(told, ldns_pkt_authority(reply));
    tell_section(told, ldns_pkt_additional(reply));
    ldns_pkt_free(reply);
    ldns_pkt_free(query);
    assert_true(buffer_append_byte(told, '\0'));
    return told->data;
}

#define SOA "consul. 0 IN SOA ns.consul. hostmaster.consul. 7 3600 600 86400 0 ; "

static void test_answers(void **state)
{
    enum { A = 1, NS = 2, CNAME = 5, SOA_TYPE = 6, TXT = 16, AAAA = 28, SRV = 33, ANY = 255 };
    static const struct {
        const char *name;
        unsigned type;
        const char *told;
    } cases[] = {
        {"rating.service.consul.", A,
         "0 rating.service.consul. 5 IN A 10.0.0.1 ; rating.service.consul. 5 IN A 10.0.0.2 ; | | "
         "| "},
        {"v2.rating.service.consul.", A, "0 v2.rating.service.consul. 5 IN A 10.0.0.2 ; | | | "},
        {"V2.RATING.Service.consul.", A, "0 V2.RATING.Service.consul. 5 IN A 10.0.0.2 ; | | | "},
        {"mixed.service.consul.", A, "0 mixed.service.consul. 5 IN A 10.0.0.5 ; | | | "},
        {"rating.service.consul.", ANY,
         "0 rating.service.consul. 5 IN A 10.0.0.1 ; rating.service.consul. 5 IN A 10.0.0.2 ; | | "
         "| "},
        {"rating.service.consul.", AAAA, "0 | " SOA "| | "},
        {"rating.service.consul.", TXT, "0 | " SOA "| | "},
        {"_rating._v1.consul.", SRV,
         "0 _rating._v1.consul. 5 IN SRV 1 10 8082 0a000001.addr.dc1.consul. ; | | "
         "0a000001.addr.dc1.consul. 5 IN A 10.0.0.1 ; | "},
        {"_rating._v2.service.consul.", SRV,
         "0 _rating._v2.service.consul. 5 IN SRV 1 2 8082 0a000002.addr.dc1.consul. ; | | "
         "0a000002.addr.dc1.consul. 5 IN A 10.0.0.2 ; | "},
        {"0a000002.addr.dc1.consul.", A, "0 0a000002.addr.dc1.consul. 5 IN A 10.0.0.2 ; | | | "},
        {"0a000002.addr.dc1.consul.", AAAA, "0 | " SOA "| | "},
        {"six.service.consul.", AAAA, "0 six.service.consul. 5 IN AAAA 2001:db8::1 ; | | | "},
        {"six.service.consul.", SRV,
         "0 six.service.consul. 5 IN SRV 1 10 80 20010db8000000000000000000000001.addr.dc1.consul. "
         "; | | "
         "20010db8000000000000000000000001.addr.dc1.consul. 5 IN AAAA 2001:db8::1 ; | "},
        {"node-bound.service.consul.", A, "0 node-bound.service.consul. 5 IN A 127.0.0.1 ; | | | "},
        {"node-bound.service.consul.", SRV,
         "0 node-bound.service.consul. 5 IN SRV 1 10 9000 marquee.node.dc1.consul. ; "
         "node-bound.service.consul. 5 IN SRV 1 10 9001 marquee.node.dc1.consul. ; | | "
         "marquee.node.dc1.consul. 5 IN A 127.0.0.1 ; marquee.node.dc1.consul. 5 IN A 127.0.0.1 ; "
         "| "},
        {"MARQUEE.node.consul.", A, "0 MARQUEE.node.consul. 5 IN A 127.0.0.1 ; | | | "},
        {"other.node.consul.", A, "0 other.node.consul. 5 IN A 10.9.9.9 ; | | | "},
        {"another.node.consul.", A, "3 | " SOA "| | "},
        {"far.service.consul.", A, "0 far.service.consul. 5 IN A 10.9.9.9 ; | | | "},
        {"far.service.consul.", SRV,
         "0 far.service.consul. 5 IN SRV 1 1 7000 Other.node.dc1.consul. ; | | "
         "Other.node.dc1.consul. 5 IN A 10.9.9.9 ; | "},
        {"named.service.consul.", A, "0 named.service.consul. 5 IN CNAME db.example. ; | | | "},
        {"named.service.consul.", SRV,
         "0 named.service.consul. 5 IN SRV 1 10 5432 db.example. ; | | | "},
        {"named.service.consul.", TXT, "0 | " SOA "| | "},
        {"down.service.consul.", A, "3 | " SOA "| | "},
        {"v9.rating.service.consul.", A, "3 | " SOA "| | "},
        {"nobody.service.consul.", SRV, "3 | " SOA "| | "},
        {"nothing.consul.", A, "3 | " SOA "| | "},
        {"consul.", SOA_TYPE,
         "0 consul. 5 IN SOA ns.consul. hostmaster.consul. 7 3600 600 86400 0 ; | | | "},
        {"consul.", NS, "0 consul. 5 IN NS ns.consul. ; | | ns.consul. 5 IN A 127.0.0.9 ; | "},
        {"consul.", A, "0 | " SOA "| | "},
        {"ns.consul.", A, "0 ns.consul. 5 IN A 127.0.0.9 ; | | | "},
        {"example.", A, "5 not authoritative | | | "},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_string_equal(ask(*state, cases[i].name, cases[i].type), cases[i].told);
    }
}

static void test_critical_node(void **state)
{
    struct fixture *fixture = *state;
    const struct registry_check_definition check = {.id = TEXT("node"),
                                                    .name = TEXT("node"),
                                                    .kind = REGISTRY_CHECK_TTL,
                                                    .initial = REGISTRY_CRITICAL,
                                                    .ttl_ns = CLOCK_NS_PER_S};
    assert_int_equal(registry_state_put_check(fixture->state, &fixture->call, &check, 1),
                     STATUS_OK);
    assert_string_equal(ask(fixture, "rating.service.consul.", LDNS_RR_TYPE_A), "3 | " SOA "| | ");
    assert_string_equal(ask(fixture, "far.service.consul.", LDNS_RR_TYPE_A),
                        "0 far.service.consul. 5 IN A 10.9.9.9 ; | | | ");
}

/* The reply to a question for many instances: how many answers, and whether there are more. */
static size_t count_answers(struct fixture *fixture, unsigned type, uint16_t edns_bytes,
                            bool datagram, bool *ret_truncated)
{
    ldns_pkt *query = query_for("many.service.consul.", type);
    if (edns_bytes > 0) {
        ldns_pkt_set_edns_udp_size(query, edns_bytes);
    }
    exchange(fixture, query, datagram);
    ldns_pkt *reply = reply_of(fixture);
    size_t count = ldns_rr_list_rr_count(ldns_pkt_answer(reply));
    *ret_truncated = ldns_pkt_tc(reply);
    assert_int_equal(ldns_pkt_edns(reply), edns_bytes > 0);
    assert_int_equal(ldns_pkt_get_rcode(reply), LDNS_RCODE_NOERROR);
    ldns_pkt_free(reply);
    ldns_pkt_free(query);
    return count;
}

static void test_truncation(void **state)
{
    struct fixture *fixture = *state;
    bool truncated;
    for (int i = 0; i < MANY; i++) {
        char id[32];
        char address[48];
        (void)snprintf(id, sizeof(id), "many-%d", i);
        (void)snprintf(address, sizeof(address), "10.1.%d.%d", i / 200, i % 200);
        put(fixture, id, "many", address, 80, "", REGISTRY_PASSING);
    }
    static const struct {
        unsigned type;
        uint16_t edns_bytes;
        size_t limit;
        size_t answers_min;
    } cases[] = {
        {LDNS_RR_TYPE_A, 0, 512, 28},       {LDNS_RR_TYPE_A, 100, 512, 28},
        {LDNS_RR_TYPE_A, 1232, 1232, 70},   {LDNS_RR_TYPE_A, 4096, 4096, 250},
        {LDNS_RR_TYPE_A, 65000, 4096, 250}, {LDNS_RR_TYPE_SRV, 0, 512, 7},
        {LDNS_RR_TYPE_SRV, 1232, 1232, 20},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        size_t answers =
            count_answers(fixture, cases[i].type, cases[i].edns_bytes, true, &truncated);
        assert_true(truncated);
        assert_in_range(fixture->length, cases[i].limit - 60, cases[i].limit);
        assert_in_range(answers, cases[i].answers_min, MANY - 1);
    }
    assert_int_equal(count_answers(fixture, LDNS_RR_TYPE_A, 0, false, &truncated), MANY);
    assert_false(truncated);
    assert_int_equal(count_answers(fixture, LDNS_RR_TYPE_SRV, 4096, false, &truncated), MANY);
    assert_false(truncated);
}

/* Fewer than fit without the addresses of the targets: these go, and nothing else. */
static void test_additional_goes_first(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < FEW; i++) {
        char id[32];
        char address[48];
        (void)snprintf(id, sizeof(id), "few-%d", i);
        (void)snprintf(address, sizeof(address), "10.2.0.%d", i);
        put(fixture, id, "many", address, 80, "", REGISTRY_PASSING);
    }
    bool truncated;
    assert_int_equal(count_answers(fixture, LDNS_RR_TYPE_SRV, 0, true, &truncated), FEW);
    assert_false(truncated);
    ldns_pkt *reply = reply_of(fixture);
    assert_in_range(ldns_rr_list_rr_count(ldns_pkt_additional(reply)), 1, FEW - 1);
    ldns_pkt_free(reply);
}

/* What is no query for us. */
static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    static const char truncated_question[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\6rating";
    ldns_pkt *query = query_for("rating.service.consul.", LDNS_RR_TYPE_A);
    ldns_pkt_set_opcode(query, LDNS_PACKET_NOTIFY);
    exchange(fixture, query, true);
    assert_int_equal(fixture->reply[3] & 15, LDNS_RCODE_NOTIMPL);
    ldns_pkt_set_opcode(query, LDNS_PACKET_QUERY);
    ldns_pkt_set_edns_udp_size(query, 1232);
    ldns_pkt_set_edns_version(query, 1);
    exchange(fixture, query, true);
    ldns_pkt *reply = reply_of(fixture);
    assert_int_equal(ldns_pkt_edns_extended_rcode(reply), 1); /* BADVERS: 16 */
    assert_int_equal(ldns_pkt_get_rcode(reply), 0);
    ldns_pkt_free(reply);
    ldns_pkt_set_edns_version(query, 0);
    ldns_rr_set_class(ldns_rr_list_rr(ldns_pkt_question(query), 0), LDNS_RR_CLASS_CH);
    exchange(fixture, query, true);
    assert_int_equal(fixture->reply[3] & 15, LDNS_RCODE_REFUSED);
    ldns_pkt_set_qr(query, true);
    exchange(fixture, query, true);
    assert_int_equal(fixture->length, 0);
    ldns_pkt_free(query);

    fixture->length = ldns_message_reply(
        &fixture->source, text_of_bytes(truncated_question, sizeof(truncated_question) - 1), true,
        &fixture->arena, fixture->reply);
    assert_int_equal(fixture->length, 12);
    assert_memory_equal(fixture->reply, "\x12\x34\x81\x01\0\0\0\0\0\0\0\0", 12);
    assert_int_equal(ldns_message_reply(&fixture->source, TEXT("\x12\x34\x01"), true,
                                        &fixture->arena, fixture->reply),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_critical_node, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_additional_goes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Any bytes as a DNS query: a reply, if there is one, can be read, and repeats the id. */
#include <stdlib.h>

#include "registry/handler/ldns_message.h"
#include "registry/handler/registry_dns_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 4 * 1024 * 1024 };

static struct registry_state *state_of_one(void)
{
    static struct registry_state *state;
    if (state == NULL) {
        struct arena arena;
        struct call call;
        const struct registry_registration registration = {
            .service = {.id = TEXT("a1"),
                        .name = TEXT("a"),
                        .address = TEXT("127.0.0.1"),
                        .port = 80,
                        .weight_passing = 1,
                        .weight_warning = 1},
        };
        arena_init(&arena, ARENA_BYTES);
        call_init(&call, &arena, 0);
        CHECK(registry_state_create(1, &state) == STATUS_OK);
        CHECK(registry_state_put_instance(state, &call, &registration, 1) == STATUS_OK);
        arena_deinit(&arena);
    }
    return state;
}

static struct registry_dns_answer answer(void *state, const struct text *labels, size_t count,
                                         unsigned type, struct arena *arena)
{
    const struct registry_dns_zone zone = {.domain = TEXT("consul"),
                                           .datacenter = TEXT("dc1"),
                                           .node_name = TEXT("n"),
                                           .node_address = TEXT("127.0.0.1"),
                                           .own_address = TEXT("127.0.0.1")};
    char room[REGISTRY_DNS_NAME_BYTES_MAX];
    struct registry_dns_name name =
        registry_dns_name_of(labels, count, zone.domain, zone.datacenter, room);
    return registry_dns_answer_to(&zone, state, &name, type, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t reply[DNS_MESSAGE_BYTES_MAX];
    const struct dns_source source = {
        .answer = answer, .state = state_of_one(), .domain = TEXT("consul"), .ttl_s = 1};
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    size_t length = ldns_message_reply(&source, text_of_bytes(data, size), true, &arena, reply);
    CHECK(length <= DNS_DATAGRAM_BYTES_MAX);
    if (length > 0) {
        CHECK(length >= 12 && memcmp(reply, data, 2) == 0 && (reply[2] & 0x80) != 0);
    }
    arena_deinit(&arena);
    return 0;
}

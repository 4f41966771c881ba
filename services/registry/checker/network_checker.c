#include "registry/checker/network_checker.h"

#include <stdlib.h>

#include "grpc/grpc_descriptor_sets.h"
#include "health.pb-c.h"
#include "proto/proto.h"

#include "registry/checker/network_probes.h"

struct network_checker {
    struct loop *loop;
    struct http_client *http_client;
    struct proto_pool *pool; /* of the messages of grpc.health.v1 */
};

static enum status probe(void *state, struct call *call,
                         const struct registry_check_definition *check,
                         struct registry_probe *ret_probe)
{
    struct network_checker *checker = state;
    CHECK(registry_check_kind_is_active(check->kind));
    switch (check->kind) {
    case REGISTRY_CHECK_TCP:
        return tcp_probe(checker->loop, call, check, ret_probe);
    case REGISTRY_CHECK_HTTP:
        return http_probe(checker->http_client, call, check, ret_probe);
    case REGISTRY_CHECK_GRPC:
        return grpc_probe(checker->loop, checker->pool, call, check, ret_probe);
    case REGISTRY_CHECK_H2PING:
        return h2ping_probe(checker->loop, call, check, ret_probe);
    case REGISTRY_CHECK_TTL:
    case REGISTRY_CHECK_ALIAS:
    case REGISTRY_CHECK_EXTERNAL:
    case REGISTRY_CHECK_MAINTENANCE:
        break;
    }
    return STATUS_INTERNAL;
}

static void close_checker(void *state)
{
    struct network_checker *checker = state;
    proto_pool_destroy(checker->pool);
    free(checker);
}

static enum status create_pool(struct proto_pool **ret_pool)
{
    const struct proto_descriptor_set set = {marquee_health_proto_descriptor_set,
                                             marquee_health_proto_descriptor_set_size};
    static const ProtobufCMessageDescriptor *const roots[] = {
        &grpc__health__v1__health_check_request__descriptor,
        &grpc__health__v1__health_check_response__descriptor,
    };
    return proto_pool_create(&set, 1, roots, ARRAY_LENGTH(roots), ret_pool);
}

enum status network_checker_create(struct loop *loop, struct http_client *http_client,
                                   struct registry_checker *ret_checker)
{
    static const struct registry_checker_ops ops = {.probe = probe, .close = close_checker};
    struct network_checker *checker = calloc(1, sizeof(*checker));
    if (checker == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    checker->loop = loop;
    checker->http_client = http_client;
    enum status status = create_pool(&checker->pool);
    if (status != STATUS_OK) {
        free(checker);
        return status;
    }
    *ret_checker = (struct registry_checker){.ops = &ops, .state = checker};
    return STATUS_OK;
}

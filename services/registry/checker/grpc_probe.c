#include "base/arena.h"
#include "grpc/grpc_channel.h"
#include "health.pb-c.h"
#include "proto/proto.h"
#include "registry/checker/network_probes.h"

static enum status ask_health(struct grpc_channel *channel, struct call *call, struct text address,
                              struct text service, bool *ret_serving)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    ProtobufCMessage *reply;
    request.service = proto_bytes(service);
    enum status status = grpc_channel_update(channel, &address, 1);
    if (status == STATUS_OK) {
        status = grpc_call_unary(channel, call, "/grpc.health.v1.Health/Check", NULL, &request.base,
                                 &grpc__health__v1__health_check_response__descriptor, &reply);
    }
    if (status == STATUS_OK) {
        const Grpc__Health__V1__HealthCheckResponse *response =
            (const Grpc__Health__V1__HealthCheckResponse *)(const void *)reply;
        *ret_serving =
            response->status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
    }
    return status;
}

static struct registry_probe describe(struct call *call,
                                      const struct registry_check_definition *check,
                                      enum status status, bool serving)
{
    struct text reason = serving ? TEXT("success") : TEXT("the service is not serving");
    if (status != STATUS_OK) {
        reason =
            call->error.message.length > 0 ? call->error.message : text_of(status_name(status));
    }
    return (struct registry_probe){
        status == STATUS_OK && serving ? REGISTRY_PASSING : REGISTRY_CRITICAL,
        arena_format(call->arena, "gRPC check %.*s: %.*s", TEXT_ARGUMENTS(check->target),
                     TEXT_ARGUMENTS(reason))};
}

enum status grpc_probe(struct loop *loop, const struct proto_pool *pool, struct call *call,
                       const struct registry_check_definition *check,
                       struct registry_probe *ret_probe)
{
    struct text service = check->target;
    struct text address = text_next(&service, '/');
    struct grpc_channel_options options = {.pool = pool, .target = "check"};
    struct grpc_channel *channel;
    bool serving = false;
    enum status status = grpc_channel_create(loop, &options, &channel);
    if (status != STATUS_OK) {
        return status;
    }
    status = ask_health(channel, call, address, service, &serving);
    grpc_channel_destroy(channel);
    if (status == STATUS_CANCELLED) {
        return status;
    }
    *ret_probe = describe(call, check, status, serving);
    return STATUS_OK;
}

#include "grpc/grpc_health_watch.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "grpc/grpc_client_call.h"
#include "health.pb-c.h"

enum { WATCH_ARENA_BYTES_MAX = 64 * 1024 };

/* Takes what the server says, one message after the other. */
static enum status receive_all(struct grpc_connection *connection, struct grpc_stream *stream,
                               struct arena *scratch, bool *ret_answered)
{
    for (;;) {
        ProtobufCMessage *message = NULL;
        enum status status = grpc_receive_into(stream, scratch, &message);
        if (status != STATUS_OK || message == NULL) {
            return status;
        }
        const Grpc__Health__V1__HealthCheckResponse *response =
            (const Grpc__Health__V1__HealthCheckResponse *)message;
        bool serves =
            response->status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
        *ret_answered = true;
        grpc_connection_set_serving(connection, serves ? GRPC_SERVES : GRPC_SERVES_NOT);
        arena_reset(scratch);
    }
}

static enum status converse(struct grpc_connection *connection, struct grpc_client_call *self,
                            bool *ret_answered)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    struct arena scratch;
    request.service = proto_bytes(text_of(self->channel->options.health_service));
    enum status status = grpc_send(&self->stream, &request.base);
    if (status == STATUS_OK) {
        status = grpc_client_call_write(self, (struct text){NULL, 0}, true);
    }
    /* A server that has ended the call says why. */
    if (status == STATUS_OK || status == STATUS_UNAVAILABLE) {
        arena_init(&scratch, WATCH_ARENA_BYTES_MAX);
        status = receive_all(connection, &self->stream, &scratch, ret_answered);
        arena_deinit(&scratch);
    }
    return status == STATUS_OK ? self->stream.end_status : status;
}

/* One Watch. Returns how it ended. */
static enum status watch_once(struct grpc_connection *connection, struct call *call,
                              bool *ret_answered)
{
    struct grpc_client_call self;
    struct grpc_channel *channel = connection->subchannel->channel;
    grpc_client_call_init(&self, channel, call, "/grpc.health.v1.Health/Watch", NULL);
    self.pinned = connection;
    self.silent = true;
    self.stream.form.codec = GRPC_CODEC_PROTO; /* whatever the channel's */
    self.stream.receive_type = channel->health_type;
    enum status status = grpc_client_call_start(&self);
    if (status == STATUS_OK) {
        status = converse(connection, &self, ret_answered);
    }
    return grpc_client_call_end(&self, status);
}

/* Until it is time, there is news of the instance, or the connection goes. */
static void back_off(struct grpc_connection *connection, const struct call *call, unsigned failures)
{
    struct call pause = *call;
    pause.deadline_ns =
        clock_monotonic_ns() + grpc_backoff_ns(&grpc_connect_backoff, failures, random_fraction());
    status_ignore(fiber_wait(&pause, &connection->ask_again)); /* any end will do */
}

static void watch(void *argument)
{
    struct grpc_connection *connection = argument;
    const struct cancellation *cancellation = &connection->watch_cancellation;
    struct arena arena;
    unsigned failures = 0;
    arena_init(&arena, WATCH_ARENA_BYTES_MAX);
    while (!cancellation->requested) {
        struct call call;
        bool answered = false;
        call_init(&call, &arena, 0);
        call.cancellation = &connection->watch_cancellation;
        enum status status = watch_once(connection, &call, &answered);
        if (status == STATUS_UNIMPLEMENTED) {
            grpc_connection_set_serving(connection, GRPC_SERVES);
            break;
        }
        grpc_connection_set_serving(connection, GRPC_SERVES_NOT);
        failures = answered ? 1 : failures + 1;
        back_off(connection, &call, failures);
        arena_reset(&arena);
    }
    arena_deinit(&arena);
    grpc_connection_watch_ended(connection);
}

enum status grpc_health_watch_start(struct grpc_connection *connection)
{
    connection->serving = GRPC_SERVES_UNKNOWN;
    connection->watching = true;
    enum status status = fiber_start(connection->subchannel->channel->loop, watch, connection);
    if (status != STATUS_OK) {
        connection->watching = false;
    }
    return status;
}

/* greeter-client HOST:PORT NAME…: greets each by a call of its own, then all over one stream. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "greeter.pb-c.h"
#include "grpc/grpc_channel.h"
#include "grpc/grpc_stream.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "proto/proto.h"

extern const unsigned char greeter_proto_descriptor_set[];
extern const size_t greeter_proto_descriptor_set_size;

#define TIMEOUT_MS 5000

struct client {
    struct text address;
    char **names;
    size_t name_count;
    const struct proto_pool *pool;
    struct grpc_channel *channel;
    struct loop *loop;
    enum status status;
};

static void print(const char *how, ProtobufCMessage *message)
{
    struct text greeting = proto_text(((Greeter__GreetResponse *)message)->greeting);
    printf("%s: %.*s\n", how, (int)greeting.length, greeting.data);
}

static Greeter__GreetRequest request_for(const char *name)
{
    Greeter__GreetRequest request = GREETER__GREET_REQUEST__INIT;
    request.name = proto_bytes(text_of(name));
    return request;
}

static enum status greet_one(struct client *client, struct call *call, const char *name)
{
    Greeter__GreetRequest request = request_for(name);
    ProtobufCMessage *response;
    enum status status =
        grpc_call_unary(client->channel, call, "/greeter.Greeter/Greet", NULL, &request.base,
                        &greeter__greet_response__descriptor, &response);
    if (status == STATUS_OK) {
        print("call", response);
    }
    return status;
}

static enum status greet_all(struct client *client, struct call *call)
{
    struct grpc_stream *stream;
    ProtobufCMessage *response;
    enum status status = grpc_client_open(client->channel, call, "/greeter.Greeter/GreetEach", NULL,
                                          &greeter__greet_response__descriptor, &stream);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < client->name_count && status == STATUS_OK; i++) {
        Greeter__GreetRequest request = request_for(client->names[i]);
        status = grpc_send(stream, &request.base);
        if (status == STATUS_OK) {
            status = grpc_receive(stream, &response);
        }
        if (status == STATUS_OK && response != NULL) {
            print("stream", response);
        }
    }
    if (status == STATUS_OK) {
        status = grpc_client_close_send(stream);
    }
    if (status == STATUS_OK) {
        status = grpc_receive(stream, &response); /* the end: so finish gives the server's status */
    }
    enum status ended = grpc_client_finish(stream);
    return status != STATUS_OK ? status : ended;
}

static enum status greet(struct client *client, struct call *call)
{
    const struct grpc_channel_options options = {.pool = client->pool, .target = "greeter"};
    enum status status = grpc_channel_create(client->loop, &options, &client->channel);
    if (status == STATUS_OK) {
        status = grpc_channel_update(client->channel, &client->address, 1);
    }
    for (size_t i = 0; i < client->name_count && status == STATUS_OK; i++) {
        status = greet_one(client, call, client->names[i]);
    }
    return status == STATUS_OK ? greet_all(client, call) : status;
}

static void run(void *argument)
{
    struct client *client = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, 1 << 20);
    call_init(&call, &arena, TIMEOUT_MS);
    client->status = greet(client, &call);
    if (client->status != STATUS_OK) {
        fprintf(stderr, "greeter-client: %s: %.*s\n", status_name(client->status),
                (int)call.error.message.length, call.error.message.data);
    }
    grpc_channel_destroy(client->channel);
    arena_deinit(&arena);
    loop_stop(client->loop);
}

int main(int argc, char **argv)
{
    static const ProtobufCMessageDescriptor *const types[] = {&greeter__greet_response__descriptor};
    const struct proto_descriptor_set descriptors = {greeter_proto_descriptor_set,
                                                     greeter_proto_descriptor_set_size};
    struct client client = {.status = STATUS_INTERNAL};
    struct proto_pool *pool;
    if (argc < 3) {
        fputs("usage: greeter-client HOST:PORT NAME…\n", stderr);
        return 2;
    }
    client.address = text_of(argv[1]);
    client.names = argv + 2;
    client.name_count = (size_t)argc - 2;
    if (proto_pool_create(&descriptors, 1, types, 1, &pool) != STATUS_OK ||
        loop_create(&client.loop) != STATUS_OK ||
        fiber_start(client.loop, run, &client) != STATUS_OK) {
        fputs("greeter-client: no memory\n", stderr);
        return EXIT_FAILURE;
    }
    client.pool = pool;
    loop_run(client.loop);
    loop_destroy(client.loop);
    proto_pool_destroy(pool);
    return client.status == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

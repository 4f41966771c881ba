/* rpc_server: bench.proto on Marquee's gRPC server, as its rivals serve it. Usage: rpc_server
 * ADDRESS [LOOPS]. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "bench.pb-c.h"
#include "grpc/grpc_server.h"
#include "grpc/grpc_stream.h"
#include "loop/loop.h"

extern const unsigned char marquee_bench_proto_descriptor_set[];
extern const size_t marquee_bench_proto_descriptor_set_size;

enum {
    STREAM_PAYLOAD_BYTES_MAX = 1024 * 1024,
    HEAP_KEPT_BYTES = 32 * 1024 * 1024,
    HEAP_MAPPED_BYTES = 4 * 1024 * 1024,
};

static const uint8_t zeroes[STREAM_PAYLOAD_BYTES_MAX];

static enum status echo(void *state, struct call *call, const void *request, void *response)
{
    (void)state;
    (void)call;
    const Marquee__Bench__EchoRequest *asked = request;
    Marquee__Bench__EchoResponse *answer = response;
    answer->payload = asked->payload;
    return STATUS_OK;
}

static enum status stream(void *state, struct call *call, struct grpc_stream *stream)
{
    (void)state;
    ProtobufCMessage *request;
    Marquee__Bench__StreamResponse answer = MARQUEE__BENCH__STREAM_RESPONSE__INIT;
    enum status status = grpc_receive(stream, &request);
    if (status != STATUS_OK) {
        return status;
    }
    const Marquee__Bench__StreamRequest *asked = (const void *)request;
    if (asked->bytes > STREAM_PAYLOAD_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the messages are too large");
    }
    answer.payload = (ProtobufCBinaryData){asked->bytes, (uint8_t *)(uintptr_t)zeroes};
    for (uint32_t sent = 0; status == STATUS_OK && sent < asked->count; sent++) {
        status = grpc_send(stream, &answer.base);
    }
    return status;
}

static const struct grpc_method methods[] = {
    {.name = "Echo",
     .kind = GRPC_UNARY,
     .request = &marquee__bench__echo_request__descriptor,
     .response = &marquee__bench__echo_response__descriptor,
     .unary = echo},
    {.name = "Stream",
     .kind = GRPC_SERVER_STREAMING,
     .request = &marquee__bench__stream_request__descriptor,
     .response = &marquee__bench__stream_response__descriptor,
     .stream = stream},
};

struct service {
    struct proto_descriptor_set descriptors;
    struct grpc_server *grpc;
    struct loop_threads *threads;
    int fd;
};

static enum status serve(void *argument, unsigned index)
{
    const struct service *service = argument;
    struct http_server *server;
    struct http_server_options options = {.fallback = grpc_server_fallback,
                                          .fallback_state = service->grpc};
    options.routes = grpc_server_routes(service->grpc, &options.route_count);
    enum status status =
        http_server_create(loop_threads_at(service->threads, index), &options, &server);
    return status == STATUS_OK ? http_server_accept_from(server, service->fd) : status;
}

static enum status create_grpc(struct service *service)
{
    static const struct grpc_service bench = {.name = "marquee.bench.BenchService",
                                              .methods = methods,
                                              .method_count = ARRAY_LENGTH(methods)};
    service->descriptors = (struct proto_descriptor_set){marquee_bench_proto_descriptor_set,
                                                         marquee_bench_proto_descriptor_set_size};
    struct grpc_server_options options = {.services = &bench,
                                          .service_count = 1,
                                          .descriptor_sets = &service->descriptors,
                                          .descriptor_set_count = 1};
    return grpc_server_create(&options, &service->grpc);
}

int main(int argc, char **argv)
{
    struct service service;
    struct arena arena;
    struct call call;
    char address[HTTP_ADDRESS_BYTES_MAX];
    uint64_t loops = 1;

    /* As process_main() does. */
    (void)mallopt(M_TRIM_THRESHOLD, HEAP_KEPT_BYTES);
    (void)mallopt(M_MMAP_THRESHOLD, HEAP_MAPPED_BYTES);
    arena_init(&arena, 64 * 1024);
    call_init(&call, &arena, 0);
    if (argc < 2 || (argc > 2 && !text_to_u64(text_of(argv[2]), &loops))) {
        (void)fprintf(stderr, "usage: rpc_server ADDRESS [LOOPS]\n");
        return EXIT_FAILURE;
    }
    if (http_listen(&call, text_of(argv[1]), &service.fd, address) != STATUS_OK) {
        (void)fprintf(stderr, "%.*s\n", TEXT_ARGUMENTS(call.error.message));
        return EXIT_FAILURE;
    }
    if (create_grpc(&service) != STATUS_OK ||
        loop_threads_start((unsigned)loops, &service.threads) != STATUS_OK ||
        loop_threads_each(service.threads, serve, &service) != STATUS_OK) {
        return EXIT_FAILURE;
    }
    (void)printf("%s\n", address);
    (void)fflush(stdout);
    (void)pause();
    return EXIT_SUCCESS;
}

/* http_reply_server: answers every request with a few bytes, to see what the HTTP server alone can
 * do. Usage: http_reply_server ADDRESS [LOOPS]. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "http/http_server.h"
#include "loop/fiber.h"
#include "loop/loop.h"

static void reply_hello(void *state, struct http_exchange *exchange)
{
    (void)state;
    static const struct http_header headers[] = {
        {TEXT_INIT("content-type"), TEXT_INIT("text/plain")},
    };
    http_reply(exchange, &(struct http_reply){.status = 200,
                                              .headers = headers,
                                              .header_count = ARRAY_LENGTH(headers),
                                              .body = TEXT_INIT("hello, world\n")});
}

/* As a gRPC server does: a message in, a message and trailers out. */
static void reply_in_parts(void *state, struct http_exchange *exchange)
{
    (void)state;
    static const struct http_header headers[] = {
        {TEXT_INIT("content-type"), TEXT_INIT("application/grpc")},
    };
    static const struct http_header trailers[] = {{TEXT_INIT("grpc-status"), TEXT_INIT("0")}};
    struct text body;
    if (http_read_all(exchange, HTTP_BODY_BYTES_MAX, &body) != STATUS_OK) {
        http_reply_problem(exchange, STATUS_INVALID_ARGUMENT);
        return;
    }
    http_reply_start(exchange, 200, headers, ARRAY_LENGTH(headers));
    if (http_write(exchange, body) == STATUS_OK) {
        http_finish(exchange, trailers, ARRAY_LENGTH(trailers));
    }
}

static const struct http_route routes[] = {
    {NULL, "/", reply_hello, NULL, NULL},
    {"POST", "/echo", reply_in_parts, NULL, NULL},
};

struct service {
    struct loop_threads *threads;
    int fd;
};

static enum status serve(void *argument, unsigned index)
{
    const struct service *service = argument;
    struct http_server *server;
    struct http_server_options options = {.routes = routes, .route_count = ARRAY_LENGTH(routes)};
    enum status status =
        http_server_create(loop_threads_at(service->threads, index), &options, &server);
    return status == STATUS_OK ? http_server_accept_from(server, service->fd) : status;
}

int main(int argc, char **argv)
{
    struct service service;
    struct arena arena;
    struct call call;
    char address[HTTP_ADDRESS_BYTES_MAX];
    uint64_t loops = 1;

    arena_init(&arena, 64 * 1024);
    call_init(&call, &arena, 0);
    if (argc < 2 || (argc > 2 && !text_to_u64(text_of(argv[2]), &loops))) {
        (void)fprintf(stderr, "usage: http_reply_server ADDRESS [LOOPS]\n");
        return EXIT_FAILURE;
    }
    if (http_listen(&call, text_of(argv[1]), &service.fd, address) != STATUS_OK) {
        (void)fprintf(stderr, "%.*s\n", TEXT_ARGUMENTS(call.error.message));
        return EXIT_FAILURE;
    }
    if (loop_threads_start((unsigned)loops, &service.threads) != STATUS_OK ||
        loop_threads_each(service.threads, serve, &service) != STATUS_OK) {
        return EXIT_FAILURE;
    }
    (void)printf("%s\n", address);
    (void)fflush(stdout);
    (void)pause();
    return EXIT_SUCCESS;
}

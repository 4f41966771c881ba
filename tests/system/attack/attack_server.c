/* attack_server HEADER_MS BODY_MS IDLE_MS: a server with one loop, for attack_test.py: EchoService
 * over gRPC and Connect, GET /large?bytes=N, and GET /state, which tells what it holds. Prints
 * where it listens. The times are those of http_server_options; ours would make a test wait. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/loop_signal.h"
#include "unit/grpc/echo_service.h"

enum { TIMES = 3, ARENA_BYTES_MAX = 64 * 1024, LARGE_BYTES_MAX = 8 * 1024 * 1024 };

struct attacked {
    struct loop *loop;
    struct echo echo;
    struct grpc_service service;
    struct proto_descriptor_set set;
    struct grpc_server *grpc;
    struct http_server *http;
    struct http_route routes[GRPC_SERVICES_MAX];
    int64_t times_ms[TIMES];
    int fd;
    struct fiber_wait stop;
};

static void reply(struct http_exchange *exchange, struct text body)
{
    http_reply(exchange, &(struct http_reply){.status = 200, .body = body});
}

static void answer_large(void *state, struct http_exchange *exchange)
{
    struct call *call = http_exchange_call(exchange);
    struct text value = {NULL, 0};
    uint64_t bytes = 0;
    char *body = NULL;
    (void)state;
    if (http_query_parameter(call, http_exchange_request(exchange)->query, TEXT("bytes"), &value) ==
            STATUS_OK &&
        text_to_u64(value, &bytes) && bytes <= LARGE_BYTES_MAX) {
        body = arena_calloc(call->arena, 1, bytes);
    }
    if (body == NULL) {
        http_reply_problem(exchange, STATUS_INVALID_ARGUMENT);
    } else {
        reply(exchange, text_of_bytes(body, bytes));
    }
}

/* This request's own connection, exchange and fiber are among them, and the fiber of run(). */
static void answer_state(void *state, struct http_exchange *exchange)
{
    const struct attacked *self = state;
    reply(exchange,
          arena_format(http_exchange_call(exchange)->arena, "%u %u %u\n",
                       http_server_connection_count(self->http) - 1,
                       http_server_exchange_count(self->http) - 1, fiber_count(self->loop) - 2));
}

static void make_routes(struct attacked *self, struct http_server_options *options)
{
    static const struct http_route own[] = {
        {"GET", "/large", answer_large, NULL, NULL},
        {"GET", "/state", answer_state, NULL, NULL},
    };
    size_t count;
    const struct http_route *calls = grpc_server_routes(self->grpc, &count);
    CHECK(count + ARRAY_LENGTH(own) <= ARRAY_LENGTH(self->routes));
    memcpy(self->routes, calls, count * sizeof(*calls));
    for (size_t i = 0; i < ARRAY_LENGTH(own); i++) {
        self->routes[count] = own[i];
        self->routes[count++].state = self;
    }
    options->routes = self->routes;
    options->route_count = count;
}

static void run(void *argument)
{
    struct attacked *self = argument;
    char address[HTTP_ADDRESS_BYTES_MAX];
    struct arena arena;
    struct call call;
    struct http_server_options options = {
        .fallback = grpc_server_fallback,
        .fallback_state = self->grpc,
        .header_timeout_ms = self->times_ms[0],
        .body_timeout_ms = self->times_ms[1],
        .idle_timeout_ms = self->times_ms[2],
    };
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    make_routes(self, &options);
    CHECK(http_server_create(self->loop, &options, &self->http) == STATUS_OK);
    CHECK(http_listen(&call, TEXT("127.0.0.1:0"), &self->fd, address) == STATUS_OK);
    CHECK(http_server_accept_from(self->http, self->fd) == STATUS_OK);
    printf("%s\n", address);
    fflush(stdout);
    status_ignore(fiber_wait(NULL, &self->stop)); /* has no deadline */
    close(self->fd);
    http_server_destroy(self->http);
    arena_deinit(&arena);
}

static void stop(void *state, int number)
{
    struct attacked *self = state;
    (void)number;
    fiber_wait_signal(&self->stop);
}

static bool has_ended(void *argument)
{
    return fiber_count(argument) == 0;
}

static void create_service(struct attacked *self)
{
    self->service = echo_service(&self->echo);
    self->set = echo_descriptor_set();
    const struct grpc_server_options options = {
        .services = &self->service,
        .service_count = 1,
        .descriptor_sets = &self->set,
        .descriptor_set_count = 1,
    };
    CHECK(grpc_server_create(&options, &self->grpc) == STATUS_OK);
}

int main(int argc, char **argv)
{
    struct attacked self = {.fd = -1};
    struct loop_signal *terminate;
    if (argc != 1 + TIMES) {
        fprintf(stderr, "usage: attack_server HEADER_MS BODY_MS IDLE_MS\n");
        return 2;
    }
    for (int i = 0; i < TIMES; i++) {
        CHECK(text_to_i64(text_of(argv[i + 1]), &self.times_ms[i]));
    }
    create_service(&self);
    CHECK(loop_create(&self.loop) == STATUS_OK);
    fiber_wait_init(&self.stop);
    CHECK(loop_signal_open(self.loop, SIGTERM, stop, &self, &terminate) == STATUS_OK);
    CHECK(fiber_start(self.loop, run, &self) == STATUS_OK);
    loop_run_until(self.loop, has_ended, self.loop);
    loop_signal_close(terminate);
    loop_destroy(self.loop);
    grpc_server_destroy(self.grpc);
    return 0;
}

#include "peers/peer_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "loop/fiber.h"
#include "loop/loop_signal.h"

struct peer_server {
    const struct peer_server_options *options;
    struct grpc_service services[2];
    struct loop *loop;
    struct grpc_server *grpc;
    struct http_server *http;
    int fd;
    struct fiber_wait stop;
};

static void expect(enum status status, const struct call *call, const char *what)
{
    if (status != STATUS_OK) {
        fprintf(stderr, "%s: %s: %.*s\n", what, status_name(status),
                TEXT_ARGUMENTS(call->error.message));
        exit(1);
    }
}

static void open_server(struct peer_server *self, struct call *call)
{
    const struct peer_server_options *options = self->options;
    size_t count = 0;
    if (options->service.methods != NULL) {
        self->services[count++] = options->service;
    }
    if (options->second.methods != NULL) {
        self->services[count++] = options->second;
    }
    const struct grpc_server_options grpc = {
        .services = self->services,
        .service_count = count,
        .descriptor_sets = &options->descriptor_set,
        .descriptor_set_count = count > 0,
        .message_bytes_max = options->message_bytes_max,
    };
    char address[HTTP_ADDRESS_BYTES_MAX];
    expect(grpc_server_create(&grpc, &self->grpc), call, "the gRPC server");
    struct http_server_options http = {
        .fallback = options->fallback != NULL ? options->fallback : grpc_server_fallback,
        .fallback_state = self->grpc,
        .tls = options->tls,
    };
    http.routes = grpc_server_routes(self->grpc, &http.route_count);
    expect(http_server_create(self->loop, &http, &self->http), call, "the HTTP server");
    expect(http_listen(call, options->address, &self->fd, address), call, "the listener");
    expect(http_server_accept_from(self->http, self->fd), call, "the listener");
    options->ready(options->state, text_of(address));
}

static void run(void *argument)
{
    struct peer_server *self = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, 1024 * 1024);
    call_init(&call, &arena, 0);
    open_server(self, &call);
    status_ignore(fiber_wait(NULL, &self->stop)); /* has no deadline */
    close(self->fd);
    http_server_destroy(self->http);
    grpc_server_destroy(self->grpc);
    arena_deinit(&arena);
}

static void stop(void *state, int number)
{
    struct peer_server *self = state;
    (void)number;
    fiber_wait_signal(&self->stop);
}

static bool has_ended(void *argument)
{
    return fiber_count(argument) == 0;
}

void peer_server_run(const struct peer_server_options *options)
{
    struct peer_server self = {.options = options, .fd = -1};
    struct loop_signal *terminate;
    struct loop_signal *interrupt;
    CHECK(loop_create(&self.loop) == STATUS_OK);
    fiber_wait_init(&self.stop);
    CHECK(loop_signal_open(self.loop, SIGTERM, stop, &self, &terminate) == STATUS_OK);
    CHECK(loop_signal_open(self.loop, SIGINT, stop, &self, &interrupt) == STATUS_OK);
    CHECK(fiber_start(self.loop, run, &self) == STATUS_OK);
    loop_run_until(self.loop, has_ended, self.loop);
    loop_signal_close(terminate);
    loop_signal_close(interrupt);
    loop_destroy(self.loop);
}

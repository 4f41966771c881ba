#include "support/registry_server.h"

#include <unistd.h>

#include "base/clock.h"
#include "http/http_server.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "registry/controller/registry_controller.h"
#include "registry/handler/registry_dns.h"
#include "registry/handler/registry_handler.h"
#include "support/cmocka_test.h"

static void start_dns(struct registry_server *server, struct call *call)
{
    const struct registry_dns_options options = {
        .listen =
            server->dns_address[0] != '\0' ? text_of(server->dns_address) : TEXT("127.0.0.1:0"),
        .domain = TEXT("consul"),
        .datacenter = TEXT("dc1"),
        .node_name = TEXT("marquee"),
    };
    while (registry_dns_create(loop_current(), call, server->controller, &options, &server->dns) !=
           STATUS_OK) {
        call_clear_error(call);
        assert_int_equal(fiber_sleep(call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_true(text_to_c_string(text_of(registry_dns_address(server->dns)), server->dns_address,
                                 sizeof(server->dns_address)));
}

void registry_server_start(struct registry_server *server, struct call *call)
{
    const struct registry_controller_options controller = {
        .checker = server->checker,
        .settle_ms = server->settle_ms,
    };
    struct http_server_options http = {.routes = NULL};
    char address[HTTP_ADDRESS_BYTES_MAX];
    struct text wanted =
        server->address[0] != '\0' ? text_of(server->address) : TEXT("127.0.0.1:0");
    /* A server that was stopped in this turn of the loop may hold the port until the next one. */
    while (http_listen(call, wanted, &server->fd, address) != STATUS_OK) {
        call_clear_error(call);
        assert_int_equal(fiber_sleep(call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    memcpy(server->address, address, sizeof(address));
    assert_int_equal(
        registry_controller_create(loop_current(), call, &controller, &server->controller),
        STATUS_OK);
    assert_int_equal(registry_handler_create(
                         server->controller,
                         &(struct registry_handler_options){.version = TEXT("")}, &server->handler),
                     STATUS_OK);
    http.routes = registry_handler_routes(server->handler, &http.route_count);
    assert_int_equal(http_server_create(loop_current(), &http, &server->http), STATUS_OK);
    assert_int_equal(http_server_accept_from(server->http, server->fd), STATUS_OK);
    if (server->answers_dns) {
        start_dns(server, call);
    }
    server->running = true;
}

void registry_server_stop(struct registry_server *server)
{
    if (!server->running) {
        return;
    }
    server->running = false;
    (void)close(server->fd);
    http_server_destroy(server->http);
    registry_dns_destroy(server->dns);
    server->dns = NULL;
    registry_handler_destroy(server->handler);
    registry_controller_destroy(server->controller);
}

/* grpc_fixture.h: a loop with the echo service on it and a channel to it, and a test that runs in a
 * fiber of that loop. */
#pragma once

#include "base/arena.h"
#include "grpc/grpc_channel.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "unit/grpc/echo_service.h"

enum {
    FIXTURE_SERVER_MESSAGE_BYTES_MAX = 64 * 1024,
    FIXTURE_CHANNEL_MESSAGE_BYTES_MAX = 128 * 1024,
    FIXTURE_TIMEOUT_MS = 20000, /* of a whole test: a test that hangs fails */
};

/* One server: an instance of the service. */
struct grpc_instance {
    struct echo echo;
    struct grpc_service service;
    struct proto_descriptor_set set;
    struct grpc_server *grpc;
    struct http_server *http;
    int fd;
    char address[HTTP_ADDRESS_BYTES_MAX];
};

struct grpc_fixture {
    struct loop *loop;
    struct proto_pool *pool; /* of the messages that clients receive, and of Echo's requests */
    struct grpc_instance server;
    struct grpc_channel *channel;
    struct arena arena;
    struct call call; /* of the test: FIXTURE_TIMEOUT_MS */
    enum status observed;
    unsigned observations;
    void (*body)(struct grpc_fixture *fixture);
    bool tcp;
    bool done;
};

/* Runs the body in a fiber, over a loopback channel or over TCP. */
void grpc_fixture_run(void (*body)(struct grpc_fixture *fixture), bool tcp);

/* Defines the test functions NAME_loopback and NAME_tcp around the function NAME. */
#define FIXTURE_LOOPBACK_TEST(name)                                                                \
    static void name##_loopback(void **state)                                                      \
    {                                                                                              \
        (void)state;                                                                               \
        grpc_fixture_run(name, false);                                                             \
    }
#define FIXTURE_TEST(name)                                                                         \
    FIXTURE_LOOPBACK_TEST(name)                                                                    \
    FIXTURE_TCP_TEST(name)
#define FIXTURE_TCP_TEST(name)                                                                     \
    static void name##_tcp(void **state)                                                           \
    {                                                                                              \
        (void)state;                                                                               \
        grpc_fixture_run(name, true);                                                              \
    }

/* Both, in a table of tests. */
#define FIXTURE_UNIT_TESTS(name) cmocka_unit_test(name##_loopback), cmocka_unit_test(name##_tcp)

/* Opens a further instance, listening on TCP. streams_max: 0 for the default. */
void grpc_instance_open(struct grpc_fixture *fixture, struct grpc_instance *instance,
                        uint32_t streams_max);
/* Takes a port that refuses connections until an instance is opened at it. */
int grpc_fixture_reserve(char address[HTTP_ADDRESS_BYTES_MAX]);
/* The same there; the descriptor is consumed. */
void grpc_instance_open_at(struct grpc_fixture *fixture, struct grpc_instance *instance, int fd);

/* Ends it at once: its calls are cancelled, its port refuses. */
void grpc_instance_close(struct grpc_instance *instance);

/* A channel over TCP, to be updated by the test. */
struct grpc_channel *grpc_fixture_channel(struct grpc_fixture *fixture);

/* Waits until *counter is `wanted`; fails the test when the fixture's time is up. */
void grpc_fixture_await(struct grpc_fixture *fixture, const unsigned *counter, unsigned wanted);

/* A call within the test's with a deadline of its own (0: the test's). */
struct call grpc_fixture_call(struct grpc_fixture *fixture, int64_t timeout_ms);

/* Calls Echo with the request. */
enum status grpc_fixture_echo(struct grpc_fixture *fixture, struct call *call,
                              const Marquee__Test__EchoRequest *request,
                              Marquee__Test__EchoResponse **ret_response);

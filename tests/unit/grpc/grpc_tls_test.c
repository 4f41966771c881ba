/* Channels over TLS: whom they believe, and in which words they do not. */
#include <string.h>
#include <unistd.h>

#include "unit/grpc/grpc_fixture.h"
#include "unit/http/tls_scene.h"

/* Of this program's tests: certificates. */
static struct tls_scene tls;

/* The echo service of an instance, on a port of its own that speaks TLS. */
struct secure_server {
    struct grpc_instance instance;
    struct tls_context *context;
    struct http_server *http;
    int fd;
    char address[HTTP_ADDRESS_BYTES_MAX];
};

static void open_server(struct grpc_fixture *fixture, struct secure_server *server,
                        const char *client_ca)
{
    struct http_server_options options = {.fallback = grpc_server_fallback};
    grpc_instance_open(fixture, &server->instance, 0);
    server->context = tls_scene_server(&tls, "server", client_ca);
    options.tls = server->context;
    options.fallback_state = server->instance.grpc;
    options.routes = grpc_server_routes(server->instance.grpc, &options.route_count);
    assert_int_equal(http_server_create(fixture->loop, &options, &server->http), STATUS_OK);
    assert_int_equal(http_listen(&fixture->call, TEXT("127.0.0.1:0"), &server->fd, server->address),
                     STATUS_OK);
    assert_int_equal(http_server_accept_from(server->http, server->fd), STATUS_OK);
}

static void close_server(struct secure_server *server)
{
    http_server_destroy(server->http);
    assert_int_equal(close(server->fd), 0);
    grpc_instance_close(&server->instance);
    tls_context_destroy(server->context);
}

struct trial {
    const char *address;
    const char *ca;    /* NULL: the channel speaks plaintext */
    const char *own;   /* its certificate; NULL: none */
    const char *words; /* in the log's words for the failure; NULL: the call is answered */
};

static void expect(struct grpc_fixture *fixture, const struct trial *trial)
{
    struct call call = grpc_fixture_call(fixture, 0);
    struct tls_context *context =
        trial->ca != NULL ? tls_scene_client(&tls, trial->ca, trial->own) : NULL;
    const struct grpc_channel_options options = {
        .pool = fixture->pool, .target = "echo", .tls = context};
    const struct grpc_call_options call_options = {.idempotent = false};
    const struct text address = text_of(trial->address);
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct grpc_channel *channel;
    assert_int_equal(grpc_channel_create(fixture->loop, &options, &channel), STATUS_OK);
    assert_int_equal(grpc_channel_update(channel, &address, 1), STATUS_OK);
    enum status status =
        grpc_call_unary(channel, &call, "/marquee.test.EchoService/Echo", &call_options,
                        &request.base, &marquee__test__echo_response__descriptor, &response);
    struct text detail = call.error.detail;
    if (trial->words == NULL) {
        assert_int_equal(status, STATUS_OK);
    } else {
        assert_int_equal(status, STATUS_UNAVAILABLE);
        if (memmem(detail.data, detail.length, trial->words, strlen(trial->words)) == NULL) {
            fail_msg("'%s' is not said in: %.*s", trial->words, TEXT_ARGUMENTS(detail));
        }
    }
    grpc_channel_destroy(channel);
    tls_context_destroy(context);
}

static void channels_believe_whom_they_should(struct grpc_fixture *fixture)
{
    struct secure_server open = {.fd = -1};
    struct secure_server mutual = {.fd = -1};
    open_server(fixture, &open, NULL);
    open_server(fixture, &mutual, "ca");
    const struct trial trials[] = {
        {open.address, "ca", NULL, NULL},
        {open.address, "ca", "client", NULL},
        {mutual.address, "ca", "client", NULL},
        {open.address, "stranger", NULL, "certificate is not accepted"},
        {mutual.address, "ca", NULL, "certificate required"},
        {mutual.address, "ca", "foreign", "unknown ca"},
        {open.address, NULL, NULL, ""}, /* its 400 is no HTTP/2 */
        {open.instance.address, "ca", NULL, "TLS with 127.0.0.1: "},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(trials); i++) {
        expect(fixture, &trials[i]);
    }
    close_server(&open);
    close_server(&mutual);
}

static void test_channels(void **state)
{
    (void)state;
    tls_scene_init(&tls);
    grpc_fixture_run(channels_believe_whom_they_should, false);
    tls_scene_deinit(&tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

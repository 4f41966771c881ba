/* Which handshakes succeed, and in which words others fail. */
#include <stdio.h>
#include <string.h>

#include "loop/loop.h"
#include "unit/http/tls_scene.h"

struct handshake_case {
    const char *name;
    const char *certificate; /* of the server */
    const char *client_ca;   /* of the server, which then wants a certificate; NULL */
    const char *ca;          /* of the client */
    const char *own;         /* of the client; NULL */
    const char *host;
    struct text alpn;
    const char *client_words; /* what the client's failure is called; NULL: it succeeds */
    const char *server_words; /* the same of the server; NULL: it succeeds */
    const char *protocol;
    const char *subject; /* what the server calls the client */
};

#define HTTP1 TEXT_INIT("\x08http/1.1")
#define HTTP2 TEXT_INIT("\x02h2")
#define BOTH TEXT_INIT("\x08http/1.1\x02h2")
#define OTHER TEXT_INIT("\x06spdy/1")

static const struct handshake_case cases[] = {
    {"by name", "server", NULL, "ca", NULL, "localhost", HTTP2, NULL, NULL, "h2", NULL},
    {"by number", "server", NULL, "ca", NULL, "127.0.0.1", HTTP2, NULL, NULL, "h2", NULL},
    {"by number of version 6", "server", NULL, "ca", NULL, "::1", HTTP2, NULL, NULL, "h2", NULL},
    {"HTTP/1.1", "server", NULL, "ca", NULL, "localhost", HTTP1, NULL, NULL, "http/1.1", NULL},
    {"h2 before http/1.1", "server", NULL, "ca", NULL, "localhost", BOTH, NULL, NULL, "h2", NULL},
    {"no ALPN", "server", NULL, "ca", NULL, "localhost", {NULL, 0}, NULL, NULL, "", NULL},
    {"no protocol of ours", "server", NULL, "ca", NULL, "localhost", OTHER,
     "no application protocol", "no application protocol", NULL, NULL},
    {"another authority", "server", NULL, "stranger", NULL, "localhost", HTTP2,
     "unable to get local issuer certificate", "unknown ca", NULL, NULL},
    {"a stranger's certificate", "foreign", NULL, "ca", NULL, "localhost", HTTP2,
     "unable to get local issuer certificate", "unknown ca", NULL, NULL},
    {"another host", "server", NULL, "ca", NULL, "example.org", HTTP2, "hostname mismatch",
     "bad certificate", NULL, NULL},
    {"another number", "server", NULL, "ca", NULL, "127.0.0.2", HTTP2, "IP address mismatch",
     "bad certificate", NULL, NULL},
    {"a number, no names", "nameless", NULL, "ca", NULL, "127.0.0.1", HTTP2, "IP address mismatch",
     "bad certificate", NULL, NULL},
    {"an expired authority", "old-chain", NULL, "expired-ca", NULL, "localhost", HTTP2,
     "certificate has expired", "certificate expired", NULL, NULL},
    {"mutual", "server", "ca", "ca", "client", "localhost", HTTP2, NULL, NULL, "h2",
     "CN=movie,O=Marquee"},
    {"an overlong subject", "server", "ca", "ca", "overlong", "localhost", HTTP2, NULL, "too long",
     NULL, NULL},
    {"no client certificate", "server", "ca", "ca", NULL, "localhost", HTTP2, NULL,
     "peer did not return a certificate", NULL, NULL},
    {"a foreign client", "server", "ca", "ca", "foreign", "localhost", HTTP2, NULL,
     "unable to get local issuer certificate", NULL, NULL},
};

static bool holds(struct text text, const char *words)
{
    return memmem(text.data, text.length, words, strlen(words)) != NULL;
}

static void check_client(struct tls_scene *scene, const struct handshake_case *wanted,
                         enum status status)
{
    struct text message = scene->call.error.message;
    if (wanted->client_words == NULL) {
        if (status != STATUS_OK) {
            fail_msg("%s: %.*s", wanted->name, TEXT_ARGUMENTS(message));
        }
        return;
    }
    assert_int_equal(status, STATUS_UNAVAILABLE);
    if (!holds(message, wanted->client_words)) {
        fail_msg("%s: the client says: %.*s", wanted->name, TEXT_ARGUMENTS(message));
    }
}

static void check_server(const struct handshake_case *wanted, struct tls_pair *pair)
{
    if (wanted->server_words != NULL) {
        if (pair->established || !holds(text_of(pair->reason), wanted->server_words)) {
            fail_msg("%s: the server says: '%s'", wanted->name, pair->reason);
        }
        return;
    }
    if (!pair->established) {
        fail_msg("%s: the server says: %s", wanted->name, pair->reason);
    }
    const struct http_transport_security *security = pair->accepted->security;
    assert_true(text_equal(security->protocol, text_of(wanted->protocol)));
    if (wanted->subject != NULL) {
        assert_non_null(security->subject);
        assert_string_equal(security->subject, wanted->subject);
    } else {
        assert_null(security->subject);
    }
}

/* Both ways, and the client sees the server's certificate. */
static void talk(struct tls_pair *pair)
{
    raw_peer_say(&pair->client, "ping");
    assert_true(raw_peer_await(&pair->server, "ping"));
    raw_peer_say(&pair->server, "pong");
    assert_true(raw_peer_await(&pair->client, "pong"));
    assert_string_equal(pair->client.transport->security->subject, "CN=server,O=Marquee");
}

static void try_cases(struct tls_scene *scene)
{
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct handshake_case *one = &cases[i];
        struct tls_pair pair;
        struct tls_context *server = tls_scene_server(scene, one->certificate, one->client_ca);
        struct tls_context *client = tls_scene_client(scene, one->ca, one->own);
        const struct tls_pair_options options = {
            .server = server, .client = client, .host = one->host, .alpn = one->alpn};
        enum status status = tls_pair_open(scene, &options, &pair);
        check_client(scene, one, status);
        tls_pair_await(scene, &pair);
        check_server(one, &pair);
        if (pair.established) {
            talk(&pair);
        } else if (status == STATUS_OK) {
            /* The client of TLS 1.3 was done before the server looked: it is told by an alert. */
            assert_true(raw_peer_await_end(&pair.client));
            bool is_told = !holds(text_of(one->server_words), "too long"); /* no alert says that */
            assert_int_equal(pair.client.transport->security->failure != NULL, is_told);
            assert_true(pair.client.transport->security->truncated);
        }
        tls_pair_close(&pair);
        tls_context_destroy(server);
        tls_context_destroy(client);
    }
}

static void test_cases(void **state)
{
    (void)state;
    tls_scene_run(try_cases);
}

/* A certificate that is optional: none is well, a bad one is not. */
static void offer_certificates(struct tls_scene *scene)
{
    static const struct {
        const char *own;
        const char *subject;
        const char *words; /* NULL: it is accepted */
    } offers[] = {
        {NULL, NULL, NULL},
        {"client", "CN=movie,O=Marquee", NULL},
        {"foreign", NULL, "unable to get local issuer certificate"},
    };
    struct tls_context *server = NULL;
    const struct tls_options options = {
        .side = TLS_SERVER,
        .certificate_file = tls_scene_path(scene, "server.pem"),
        .key_file = tls_scene_path(scene, "server.key"),
        .ca_file = tls_scene_path(scene, "ca.pem"),
        .client_certificate = TLS_CLIENT_CERTIFICATE_OPTIONAL,
    };
    assert_int_equal(tls_context_create(&scene->call, &options, &server), STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(offers); i++) {
        const struct handshake_case wanted = {
            .name = "optional",
            .server_words = offers[i].words,
            .protocol = "h2",
            .subject = offers[i].subject,
        };
        struct tls_pair pair;
        struct tls_context *client = tls_scene_client(scene, "ca", offers[i].own);
        const struct tls_pair_options pair_options = {
            .server = server, .client = client, .host = "localhost", .alpn = TLS_ALPN_HTTP2};
        assert_int_equal(tls_pair_open(scene, &pair_options, &pair), STATUS_OK);
        tls_pair_await(scene, &pair);
        check_server(&wanted, &pair);
        tls_pair_close(&pair);
        tls_context_destroy(client);
    }
    tls_context_destroy(server);
}

static void test_optional(void **state)
{
    (void)state;
    tls_scene_run(offer_certificates);
}

/* A subject as long as it may be. */
static void name_at_length(struct tls_scene *scene)
{
    struct tls_pair pair;
    struct tls_context *server = tls_scene_server(scene, "server", "ca");
    struct tls_context *client = tls_scene_client(scene, "ca", "longest");
    const struct tls_pair_options options = {
        .server = server, .client = client, .host = "localhost", .alpn = TLS_ALPN_HTTP2};
    assert_int_equal(tls_pair_open(scene, &options, &pair), STATUS_OK);
    tls_pair_await(scene, &pair);
    assert_true(pair.established);
    assert_int_equal(strlen(pair.accepted->security->subject), TLS_SUBJECT_BYTES_MAX - 1);
    tls_pair_close(&pair);
    tls_context_destroy(server);
    tls_context_destroy(client);
}

static void test_longest_subject(void **state)
{
    (void)state;
    tls_scene_run(name_at_length);
}

/* Files that must not be served with. */
static void try_files(struct tls_scene *scene)
{
    static const struct {
        const char *certificate;
        const char *key;
        const char *ca;
        enum tls_client_certificate wanted;
        const char *words;
    } files[] = {
        {NULL, NULL, NULL, TLS_CLIENT_CERTIFICATE_UNASKED, "no certificate file"},
        {"absent.pem", "server.key", NULL, TLS_CLIENT_CERTIFICATE_UNASKED, "No such file"},
        {"server.key", "server.key", NULL, TLS_CLIENT_CERTIFICATE_UNASKED, "no start line"},
        {"server.pem", NULL, NULL, TLS_CLIENT_CERTIFICATE_UNASKED, "no key file"},
        {"server.pem", "absent.key", NULL, TLS_CLIENT_CERTIFICATE_UNASKED, "No such file"},
        {"server.pem", "server.pem", NULL, TLS_CLIENT_CERTIFICATE_UNASKED, "cannot use the key"},
        {"server.pem", "next.key", NULL, TLS_CLIENT_CERTIFICATE_UNASKED, "does not belong to"},
        {"expired.pem", "expired.key", NULL, TLS_CLIENT_CERTIFICATE_UNASKED, "expired at 20"},
        {"future.pem", "future.key", NULL, TLS_CLIENT_CERTIFICATE_UNASKED, "not valid yet"},
        {"server.pem", "server.key", NULL, TLS_CLIENT_CERTIFICATE_REQUIRED, "no file of auth"},
        {"server.pem", "server.key", "absent.pem", TLS_CLIENT_CERTIFICATE_OPTIONAL, "absent.pem"},
        {"server.pem", "server.key", "server.key", TLS_CLIENT_CERTIFICATE_REQUIRED, "server.key"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        struct tls_context *context = NULL;
        const struct tls_options options = {
            .side = TLS_SERVER,
            .certificate_file = tls_scene_path(scene, files[i].certificate),
            .key_file = tls_scene_path(scene, files[i].key),
            .ca_file = tls_scene_path(scene, files[i].ca),
            .client_certificate = files[i].wanted,
        };
        call_clear_error(&scene->call);
        assert_int_equal(tls_context_create(&scene->call, &options, &context),
                         STATUS_FAILED_PRECONDITION);
        assert_null(context);
        if (!holds(scene->call.error.message, files[i].words)) {
            fail_msg("%zu: %.*s", i, TEXT_ARGUMENTS(scene->call.error.message));
        }
    }
}

static void test_files(void **state)
{
    (void)state;
    tls_scene_run(try_files);
}

/* The subject of the certificate that a client is shown now; connects anew. */
static void expect_subject(struct tls_scene *scene, struct tls_context *server,
                           struct tls_context *client, const char *subject)
{
    struct tls_pair pair;
    const struct tls_pair_options options = {
        .server = server, .client = client, .host = "localhost", .alpn = TLS_ALPN_HTTP2};
    assert_int_equal(tls_pair_open(scene, &options, &pair), STATUS_OK);
    tls_pair_await(scene, &pair);
    assert_string_equal(pair.client.transport->security->subject, subject);
    tls_pair_close(&pair);
}

static void reload(struct tls_scene *scene)
{
    struct tls_pair open;
    tls_scene_copy(scene, "server.pem", "live.pem");
    tls_scene_copy(scene, "server.key", "live.key");
    struct tls_context *server = tls_scene_server(scene, "live", NULL);
    struct tls_context *client = tls_scene_client(scene, "ca", NULL);
    int64_t not_after_s = tls_context_not_after_s(server);
    assert_true(not_after_s > 0);
    assert_int_equal(tls_context_not_after_s(client), 0);
    const struct tls_pair_options options = {
        .server = server, .client = client, .host = "localhost", .alpn = TLS_ALPN_HTTP2};
    assert_int_equal(tls_pair_open(scene, &options, &open), STATUS_OK);
    tls_pair_await(scene, &open);

    /* The certificate alone is no pair: the old one stays. */
    tls_scene_copy(scene, "next.pem", "live.pem");
    call_clear_error(&scene->call);
    assert_int_equal(tls_context_reload(&scene->call, server), STATUS_FAILED_PRECONDITION);
    assert_true(holds(scene->call.error.message, "does not belong to"));
    expect_subject(scene, server, client, "CN=server,O=Marquee");
    assert_int_equal(tls_context_not_after_s(server), not_after_s);

    tls_scene_copy(scene, "next.key", "live.key");
    assert_int_equal(tls_context_reload(&scene->call, server), STATUS_OK);
    expect_subject(scene, server, client, "CN=next,O=Marquee");
    assert_true(tls_context_not_after_s(server) > not_after_s);

    tls_scene_copy(scene, "expired.pem", "live.pem");
    tls_scene_copy(scene, "expired.key", "live.key");
    assert_int_equal(tls_context_reload(&scene->call, server), STATUS_FAILED_PRECONDITION);
    expect_subject(scene, server, client, "CN=next,O=Marquee");

    talk(&open);                 /* of the first certificate, and undisturbed */
    tls_context_destroy(server); /* which the transport goes on without */
    talk(&open);
    tls_pair_close(&open);
    tls_context_destroy(client);
}

static void test_reload(void **state)
{
    (void)state;
    tls_scene_run(reload);
}

/* The longest names, and those over. */
static void name_at_limits(struct tls_scene *scene)
{
    char path[TLS_PATH_BYTES_MAX + 1];
    char host[TLS_NAME_BYTES_MAX + 1];
    struct tls_context *context = NULL;
    memset(path, 'x', sizeof(path));
    memset(host, 'x', sizeof(host));
    path[TLS_PATH_BYTES_MAX] = '\0';
    struct tls_options options = {.side = TLS_CLIENT, .ca_file = path};
    call_clear_error(&scene->call);
    assert_int_equal(tls_context_create(&scene->call, &options, &context),
                     STATUS_FAILED_PRECONDITION);
    assert_true(holds(scene->call.error.message, "a file name for TLS is too long"));
    path[TLS_PATH_BYTES_MAX - 1] = '\0';
    call_clear_error(&scene->call);
    assert_int_equal(tls_context_create(&scene->call, &options, &context),
                     STATUS_FAILED_PRECONDITION);
    assert_true(holds(scene->call.error.message, "cannot use")); /* it was looked for */

    struct tls_pair pair;
    struct tls_context *server = tls_scene_server(scene, "server", NULL);
    struct tls_context *client = tls_scene_client(scene, "ca", NULL);
    struct tls_pair_options pair_options = {
        .server = server, .client = client, .host = host, .alpn = TLS_ALPN_HTTP2};
    host[TLS_NAME_BYTES_MAX] = '\0';
    assert_int_equal(tls_pair_open(scene, &pair_options, &pair), STATUS_INVALID_ARGUMENT);
    tls_pair_close(&pair);
    host[TLS_NAME_BYTES_MAX - 1] = '\0';
    assert_int_equal(tls_pair_open(scene, &pair_options, &pair), STATUS_UNAVAILABLE);
    assert_true(holds(scene->call.error.message, "mismatch"));
    tls_pair_close(&pair);
    tls_context_destroy(server);
    tls_context_destroy(client);
}

static void test_name_limits(void **state)
{
    (void)state;
    tls_scene_run(name_at_limits);
}

/* A certificate may be wanted for another name than the address's. */
static void name_peer(struct tls_scene *scene)
{
    struct tls_context *server = tls_scene_server(scene, "server", NULL);
    struct tls_context *client = NULL;
    struct tls_pair pair;
    struct tls_options options = {
        .side = TLS_CLIENT, .ca_file = tls_scene_path(scene, "ca.pem"), .peer_name = "films.test"};
    assert_int_equal(tls_context_create(&scene->call, &options, &client), STATUS_OK);
    const struct tls_pair_options pair_options = {
        .server = server, .client = client, .host = "10.0.0.1", .alpn = TLS_ALPN_HTTP2};
    assert_int_equal(tls_pair_open(scene, &pair_options, &pair), STATUS_OK);
    tls_pair_await(scene, &pair);
    talk(&pair);
    tls_pair_close(&pair);
    tls_context_destroy(server);
    tls_context_destroy(client);
}

static void test_peer_name(void **state)
{
    (void)state;
    tls_scene_run(name_peer);
}

/* Nobody answers: the client's and the server's own time ends it. */
static void expire(struct tls_scene *scene)
{
    struct tls_context *client = NULL;
    struct http_transport *near_end;
    struct http_transport *far_end;
    struct http_transport *connected;
    struct raw_peer silent;
    struct tls_options options = {
        .side = TLS_CLIENT, .ca_file = tls_scene_path(scene, "ca.pem"), .handshake_timeout_ms = 20};
    assert_int_equal(tls_context_create(&scene->call, &options, &client), STATUS_OK);
    assert_int_equal(http_transport_pair(loop_current(), &near_end, &far_end), STATUS_OK);
    raw_peer_open(&silent, far_end);
    call_clear_error(&scene->call);
    assert_int_equal(tls_connect(loop_current(), &scene->call, client, near_end, TEXT("localhost"),
                                 TLS_ALPN_HTTP2, &connected),
                     STATUS_UNAVAILABLE);
    assert_true(holds(scene->call.error.message, "took too long"));
    assert_true(raw_peer_await_end(&silent));
    raw_peer_close(&silent);

    /* The call's own time is shorter. */
    struct call call = call_within(&scene->call, 1);
    assert_int_equal(http_transport_pair(loop_current(), &near_end, &far_end), STATUS_OK);
    raw_peer_open(&silent, far_end);
    assert_int_equal(tls_connect(loop_current(), &call, client, near_end, TEXT("localhost"),
                                 TLS_ALPN_HTTP2, &connected),
                     STATUS_DEADLINE_EXCEEDED);
    assert_true(raw_peer_await_end(&silent));
    raw_peer_close(&silent);
    tls_context_destroy(client);
}

static void test_expire(void **state)
{
    (void)state;
    tls_scene_run(expire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),       cmocka_unit_test(test_files),
        cmocka_unit_test(test_optional),    cmocka_unit_test(test_longest_subject),
        cmocka_unit_test(test_reload),      cmocka_unit_test(test_peer_name),
        cmocka_unit_test(test_name_limits), cmocka_unit_test(test_expire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

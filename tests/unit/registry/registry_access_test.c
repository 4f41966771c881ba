/* Who may ask the registry for what, and what its audit log is told. */
#include "access/access_tokens.h"

#include <stdio.h>
#include <stdlib.h>

#include "access/audit_log.h"
#include "base/arena.h"
#include "registry/handler/registry_handler.h"
#include "support/cmocka_test.h"
#include "support/http_loopback.h"
#include "support/in_fiber.h"
#include "support/scratch_directory.h"

#define WRITER "a-secret-that-may-write"
#define NAMELESS "a-secret-without-a-name"
#define READER "a-secret-that-may-read"
#define ANONYMOUS "Permission denied: anonymous token lacks permission "

enum { TIMEOUT_MS = 20000 };

struct fixture {
    char directory[SCRATCH_PATH_BYTES];
    char file[SCRATCH_PATH_BYTES + 16];
    struct access_tokens *tokens;
    struct access_tokens *read_tokens;
    struct audit_log *audit;
    struct registry_controller *controller;
    struct registry_handler *handler;
    struct http_server *server;
    struct arena arena;
    struct call call;
};

static void setup(struct fixture *fixture)
{
    const struct log log = {.service = "registry"};
    struct http_server_options server = {.routes = NULL};
    arena_init(&fixture->arena, 64 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    scratch_directory_make(fixture->directory);
    (void)snprintf(fixture->file, sizeof(fixture->file), "%s/audit", fixture->directory);
    assert_int_equal(access_tokens_create(&fixture->call, TEXT("deploy " WRITER "\n" NAMELESS "\n"),
                                          &fixture->tokens),
                     STATUS_OK);
    assert_int_equal(
        access_tokens_create(&fixture->call, TEXT("page " READER), &fixture->read_tokens),
        STATUS_OK);
    assert_int_equal(audit_log_open(&fixture->call, &log, fixture->file, &fixture->audit),
                     STATUS_OK);
    const struct registry_handler_options options = {.node_name = TEXT("here"),
                                                     .tokens = fixture->tokens,
                                                     .read_tokens = fixture->read_tokens,
                                                     .audit = fixture->audit};
    assert_int_equal(
        registry_controller_create(loop_current(), &fixture->call,
                                   &(struct registry_controller_options){.settle_ms = 0},
                                   &fixture->controller),
        STATUS_OK);
    assert_int_equal(registry_handler_create(fixture->controller, &options, &fixture->handler),
                     STATUS_OK);
    server.routes = registry_handler_routes(fixture->handler, &server.route_count);
    assert_int_equal(http_server_create(loop_current(), &server, &fixture->server), STATUS_OK);
}

/* Returns what the audit log holds. */
static struct text teardown(struct fixture *fixture, struct arena *arena)
{
    static char bytes[64 * 1024]; /* a fiber has no room for it */
    http_server_destroy(fixture->server);
    registry_handler_destroy(fixture->handler);
    registry_controller_destroy(fixture->controller);
    audit_log_close(fixture->audit);
    access_tokens_destroy(fixture->tokens);
    access_tokens_destroy(fixture->read_tokens);
    FILE *file = fopen(fixture->file, "re");
    assert_non_null(file);
    size_t length = fread(bytes, 1, sizeof(bytes), file);
    assert_int_equal(fclose(file), 0);
    scratch_directory_remove(fixture->directory);
    arena_deinit(&fixture->arena);
    return arena_copy(arena, text_of_bytes(bytes, length));
}

struct asked {
    const char *method;
    const char *target;
    const char *headers;
    const char *body;
    int status;
    const char *want; /* NULL: whatever */
};

static void ask_all(struct fixture *fixture, const struct asked *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct asked *asked = &cases[i];
        struct http_loopback_reply reply =
            http_loopback_send_with(fixture->server, &fixture->call, asked->method, asked->target,
                                    asked->headers, asked->body);
        if (reply.status != asked->status ||
            (asked->want != NULL && !text_equal(reply.body, text_of(asked->want)))) {
            fail_msg("case %zu: %s %s: %d %.*s", i, asked->method, asked->target, reply.status,
                     TEXT_ARGUMENTS(reply.body));
        }
    }
}

/* Where Consul's clients put a token, and which goes before which. */
static void ask_with_tokens(void *argument)
{
    static const struct asked cases[] = {
        {"GET", "/v1/agent/services", NULL, NULL, 403, ANONYMOUS "'service:read'"},
        {"GET", "/v1/agent/services?token=", "x-consul-token:\r\nauthorization: Bearer \r\n", NULL,
         403, ANONYMOUS "'service:read'"},
        {"GET", "/v1/agent/services?token=" WRITER, NULL, NULL, 200, "{}"},
        {"GET", "/v1/agent/services?token=" READER, NULL, NULL, 200, "{}"},
        {"GET", "/v1/agent/services?token=" NAMELESS, NULL, NULL, 200, "{}"},
        {"GET", "/v1/agent/services?token=a%2dsecret-that-may-read", NULL, NULL, 200, "{}"},
        {"GET", "/v1/agent/services?token=a-secret-that-may-rea", NULL, NULL, 403, "ACL not found"},
        {"GET", "/v1/agent/services?token=" READER "x", NULL, NULL, 403, "ACL not found"},
        {"GET", "/v1/agent/services?token=page", NULL, NULL, 403, "ACL not found"},
        {"GET", "/v1/agent/services?token=%zz", NULL, NULL, 400, NULL},
        {"GET", "/v1/agent/services?token=" WRITER "&token=" WRITER, NULL, NULL, 400, NULL},
        {"GET", "/v1/agent/services", "X-Consul-Token: " READER "\r\n", NULL, 200, "{}"},
        {"GET", "/v1/agent/services", "Authorization: Bearer " READER "\r\n", NULL, 200, "{}"},
        {"GET", "/v1/agent/services", "Authorization: bearer  " READER "\r\n", NULL, 200, "{}"},
        {"GET", "/v1/agent/services", "Authorization: Basic " READER "\r\n", NULL, 403,
         ANONYMOUS "'service:read'"},
        {"GET", "/v1/agent/services?token=wrong", "X-Consul-Token: " READER "\r\n", NULL, 403,
         "ACL not found"},
        {"GET", "/v1/agent/services?token=" READER, "X-Consul-Token: wrong\r\n", NULL, 200, "{}"},
        {"GET", "/v1/agent/services",
         "X-Consul-Token: " READER "\r\nAuthorization: Bearer wrong\r\n", NULL, 200, "{}"},
        {"GET", "/v1/agent/services",
         "X-Consul-Token: wrong\r\nAuthorization: Bearer " READER "\r\n", NULL, 403,
         "ACL not found"},
        {"PUT", "/v1/agent/service/register?token=" READER, NULL, "{\"Name\":\"a\"}", 403,
         "Permission denied: token 'page' lacks permission 'service:write'"},
        {"PUT", "/v1/agent/service/register", NULL, "{\"Name\":\"a\"}", 403,
         ANONYMOUS "'service:write'"},
        {"GET", "/v1/agent/services?token=" READER, NULL, NULL, 200, "{}"}, /* nothing was done */
        {"PUT", "/v1/agent/service/register?token=" NAMELESS, NULL, "{\"Name\":\"a\"}", 200, ""},
        {"PUT", "/v1/agent/service/deregister/a", "X-Consul-Token: " WRITER "\r\n", NULL, 200, ""},
        {"GET", "/v1/status/leader", NULL, NULL, 200, NULL},
        {"GET", "/v1/status/peers?token=wrong", NULL, NULL, 200, NULL},
        {"GET", "/v1/catalog/datacenters", NULL, NULL, 200, NULL},
        {"OPTIONS", "/v1/agent/services", NULL, NULL, 200, ""},
        {"DELETE", "/v1/agent/services", NULL, NULL, 405, NULL},
    };
    struct fixture *fixture = argument;
    struct arena arena;
    arena_init(&arena, 1024 * 1024);
    setup(fixture);
    ask_all(fixture, cases, ARRAY_LENGTH(cases));
    (void)teardown(fixture, &arena);
    arena_deinit(&arena);
}

/* Every path of the interface but these wants a token, also one that is still to come. */
static void ask_everything(void *argument)
{
    static const char *const open[] = {"/v1/status/leader", "/v1/status/peers",
                                       "/v1/catalog/datacenters"};
    static const char *const methods[] = {"GET", "PUT"};
    struct fixture *fixture = argument;
    struct arena arena;
    size_t count;
    unsigned refused = 0;
    unsigned served = 0;
    arena_init(&arena, 1024 * 1024);
    setup(fixture);
    const struct http_route *routes = registry_handler_routes(fixture->handler, &count);
    for (size_t i = 0; i < count * ARRAY_LENGTH(methods); i++) {
        struct text path = text_of(routes[i / ARRAY_LENGTH(methods)].path);
        if (!text_starts_with(path, TEXT("/v1/"))) {
            continue;
        }
        char target[256];
        (void)snprintf(target, sizeof(target), "%.*s",
                       (int)(path.length - (text_ends_with(path, TEXT("*")) ? 1 : 0)), path.data);
        int status = http_loopback_send(fixture->server, &fixture->call,
                                        methods[i % ARRAY_LENGTH(methods)], target, NULL)
                         .status;
        bool is_open = false;
        for (size_t j = 0; j < ARRAY_LENGTH(open); j++) {
            is_open = is_open || text_equal(path, text_of(open[j]));
        }
        if (status != 405 && status != (is_open ? 200 : 403)) {
            fail_msg("%s: %d", target, status);
        }
        refused += status == 403;
        served += status == 200;
    }
    assert_true(refused >= 28);
    assert_int_equal(served, ARRAY_LENGTH(open));
    (void)teardown(fixture, &arena);
    arena_deinit(&arena);
}

static const char ttl_service[] = "{\"ID\":\"w\\n1\\\"\",\"Name\":\"web\",\"Check\":{\"CheckID\":"
                                  "\"c\",\"TTL\":\"60s\",\"Status\":\"passing\"}}";

static const struct asked writes[] = {
    {"PUT", "/v1/agent/service/register?token=" WRITER, NULL, ttl_service, 200, ""},
    {"PUT", "/v1/agent/check/pass/c?token=" WRITER, NULL, NULL, 200, ""},
    {"PUT", "/v1/agent/check/pass/c?note=well&token=" WRITER, NULL, NULL, 200, ""},
    {"PUT", "/v1/agent/check/fail/c?token=" NAMELESS, NULL, NULL, 200, ""},
    {"PUT", "/v1/agent/check/update/c?token=" WRITER, NULL, "{\"Status\":\"critical\"}", 200, ""},
    {"PUT", "/v1/agent/check/update/c?token=" WRITER, NULL, "{\"Status\":\"warning\"}", 200, ""},
    {"PUT", "/v1/agent/check/pass/d?token=" WRITER, NULL, NULL, 404, NULL},
    {"GET", "/v1/agent/services?token=" READER, NULL, NULL, 200, NULL},
    {"PUT", "/v1/agent/check/register?token=" WRITER, NULL, "{\"Name\":\"alone\",\"TTL\":\"60s\"}",
     200, ""},
    {"PUT", "/v1/agent/service/maintenance/w%0a1%22?enable=true&token=" WRITER, NULL, NULL, 200,
     ""},
    {"PUT", "/v1/agent/maintenance?enable=true&token=" WRITER, NULL, NULL, 200, ""},
    {"PUT", "/v1/agent/service/deregister/w%0a1%22?token=" WRITER, NULL, NULL, 200, ""},
    {"PUT", "/v1/catalog/register?token=" WRITER, NULL,
     "{\"Node\":\"n1\",\"Address\":\"10.0.0.1\",\"Service\":{\"Service\":\"db\"}}", 200, "true"},
    {"PUT", "/v1/catalog/deregister?token=" WRITER, NULL, "{\"Node\":\"n1\",\"ServiceID\":\"db\"}",
     200, "true"},
    {"PUT", "/v1/agent/service/register?token=" READER, NULL, ttl_service, 403, NULL},
    {"PUT", "/v1/agent/service/deregister/x", "X-Consul-Token: a%0ab\r\n", NULL, 403, NULL},
    {"PUT", "/v1/agent/service/deregister/x", NULL, NULL, 403, NULL},
    {"PUT", "/v1/agent/service/deregister/%zz?token=" WRITER, NULL, NULL, 400, NULL},
    {"PUT", "/v1/agent/service/register?token=" WRITER, NULL, "{", 400, NULL},
};

/* From `outcome` on, without peer and index; the fingerprint is that of NAMELESS. */
static const char *const lines[] = {
    "outcome=\"accepted\" status=200 token=\"deploy\" method=\"PUT\" "
    "path=\"/v1/agent/service/register\" id=\"w\\u000a1\\\"\" name=\"web\" node=\"here\"",
    "outcome=\"accepted\" status=200 token=\"sha256:%s\" method=\"PUT\" "
    "path=\"/v1/agent/check/fail/*\" id=\"c\" node=\"here\"",
    "outcome=\"accepted\" status=200 token=\"deploy\" method=\"PUT\" "
    "path=\"/v1/agent/check/update/*\" id=\"c\" node=\"here\"",
    "outcome=\"refused\" status=404 token=\"deploy\" method=\"PUT\" "
    "path=\"/v1/agent/check/pass/*\" id=\"d\" node=\"here\"",
    "outcome=\"accepted\" status=200 token=\"deploy\" method=\"PUT\" "
    "path=\"/v1/agent/check/register\" id=\"alone\" node=\"here\"",
    "outcome=\"accepted\" status=200 token=\"deploy\" method=\"PUT\" "
    "path=\"/v1/agent/service/maintenance/*\" id=\"w\\u000a1\\\"\" name=\"web\" node=\"here\"",
    "outcome=\"accepted\" status=200 token=\"deploy\" method=\"PUT\" "
    "path=\"/v1/agent/maintenance\" node=\"here\"",
    "outcome=\"accepted\" status=200 token=\"deploy\" method=\"PUT\" "
    "path=\"/v1/agent/service/deregister/*\" id=\"w\\u000a1\\\"\" name=\"web\" node=\"here\"",
    "outcome=\"accepted\" status=200 token=\"deploy\" method=\"PUT\" "
    "path=\"/v1/catalog/register\" id=\"db\" name=\"db\" node=\"n1\"",
    "outcome=\"accepted\" status=200 token=\"deploy\" method=\"PUT\" "
    "path=\"/v1/catalog/deregister\" id=\"db\" node=\"n1\"",
    "outcome=\"refused\" status=403 token=\"page\" method=\"PUT\" "
    "path=\"/v1/agent/service/register\" node=\"here\"",
    "outcome=\"refused\" status=403 token=\"unknown\" method=\"PUT\" "
    "path=\"/v1/agent/service/deregister/*\" id=\"x\" node=\"here\"",
    "outcome=\"refused\" status=403 token=\"none\" method=\"PUT\" "
    "path=\"/v1/agent/service/deregister/*\" id=\"x\" node=\"here\"",
    "outcome=\"refused\" status=400 method=\"PUT\" path=\"/v1/agent/service/deregister/*\" "
    "node=\"here\"",
    "outcome=\"refused\" status=400 token=\"deploy\" method=\"PUT\" "
    "path=\"/v1/agent/service/register\" node=\"here\"",
};

/* What follows " KEY=" on, without its peer, up to its index. */
static struct text told_of(struct text line)
{
    const char *from = memmem(line.data, line.length, "outcome=", strlen("outcome="));
    const char *to = memmem(line.data, line.length, " index=", strlen(" index="));
    assert_non_null(from);
    assert_non_null(to);
    assert_true(to > from);
    return text_of_bytes(from, (size_t)(to - from));
}

static bool holds(struct text text, const char *words)
{
    return memmem(text.data, text.length, words, strlen(words)) != NULL;
}

static void tell_of_writes(void *argument)
{
    struct fixture *fixture = argument;
    struct arena arena;
    char fingerprint[ACCESS_FINGERPRINT_BYTES];
    size_t told = 0;
    arena_init(&arena, 1024 * 1024);
    access_fingerprint(TEXT(NAMELESS), fingerprint);
    setup(fixture);
    ask_all(fixture, writes, ARRAY_LENGTH(writes));
    struct text content = teardown(fixture, &arena);
    assert_false(holds(content, WRITER));
    assert_false(holds(content, NAMELESS));
    assert_false(holds(content, READER));
    for (struct text rest = content; rest.length > 0; told++) {
        struct text line = text_next(&rest, '\n');
        char want[512];
        if (told == ARRAY_LENGTH(lines)) {
            fail_msg("one too many: %.*s", TEXT_ARGUMENTS(line));
        }
        const char *mark = strstr(lines[told], "%s");
        (void)snprintf(want, sizeof(want), "%.*s%s%s",
                       mark != NULL ? (int)(mark - lines[told]) : (int)strlen(lines[told]),
                       lines[told], mark != NULL ? fingerprint + strlen("sha256:") : "",
                       mark != NULL ? mark + 2 : "");
        assert_true(holds(line, "level=info service=registry message=\"audit\" trace=\""));
        if (!text_equal(told_of(line), text_of(want))) {
            fail_msg("line %zu: %.*s\nnot: %s", told, TEXT_ARGUMENTS(line), want);
        }
        assert_int_equal(holds(line, " reason=\""), holds(line, "\"refused\""));
    }
    assert_int_equal(told, ARRAY_LENGTH(lines));
    arena_deinit(&arena);
}

static void in_fixture(fiber_fn run)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    in_fiber(run, fixture);
    free(fixture);
}

static void test_tokens(void **state)
{
    (void)state;
    in_fixture(ask_with_tokens);
}

static void test_every_path(void **state)
{
    (void)state;
    in_fixture(ask_everything);
}

static void test_audit(void **state)
{
    (void)state;
    in_fixture(tell_of_writes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_every_path),
        cmocka_unit_test(test_audit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

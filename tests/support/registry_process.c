#include "support/registry_process.h"

#include <stdio.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"

enum { NAME_BYTES_MAX = 32 };

void registry_process_open(struct registry_process *registry)
{
    *registry = (struct registry_process){.starts = 0};
    scratch_directory_make(registry->directory);
    assert_int_equal(http_client_create(loop_current(), &registry->client), STATUS_OK);
}

void registry_process_start(struct registry_process *registry, const char *extra)
{
    char name[NAME_BYTES_MAX];
    const char *const arguments[] = {"--listen=127.0.0.1:0", "--dns-listen=", "--data=kept", extra,
                                     NULL};
    assert_true(snprintf(name, sizeof(name), "registry-%u", registry->starts++) > 0);
    service_process_start(&registry->service, registry->directory, name, "marquee-registry",
                          arguments, registry->environment);
    service_process_await_ready(&registry->service);
}

void registry_process_kill(struct registry_process *registry)
{
    service_process_kill(&registry->service);
}

void registry_process_close(struct registry_process *registry)
{
    service_process_stop(&registry->service);
    http_client_destroy(registry->client);
    scratch_directory_remove(registry->directory);
}

int registry_process_ask(struct registry_process *registry, struct call *call, const char *method,
                         const char *target, const char *body, struct text *ret_body)
{
    struct http_client_reply reply;
    const struct http_client_request request = {
        .method = method,
        .url = arena_format(call->arena, "http://%s%s", registry->service.address, target),
        .body = text_of(body),
    };
    assert_non_null(request.url.data);
    call_clear_error(call);
    if (http_client_send(registry->client, call, &request, &reply) != STATUS_OK) {
        return 0;
    }
    if (ret_body != NULL) {
        *ret_body = reply.body;
    }
    return reply.status;
}

const struct json *registry_process_get(struct registry_process *registry, struct call *call,
                                        const char *target)
{
    struct text body;
    const struct json *json;
    assert_int_equal(registry_process_ask(registry, call, "GET", target, NULL, &body), 200);
    assert_int_equal(json_parse(call, body, &json), STATUS_OK);
    return json;
}

struct text json_text_of(const struct json *object, const char *name)
{
    const struct json *value = json_member(object, name);
    return json_kind(value) == JSON_STRING ? json_string(value) : TEXT("");
}

#include "base/arena.h"
#include "http/http_client.h"
#include "registry/checker/network_probes.h"

static enum registry_status status_of_reply(int http_status)
{
    if (http_status >= 200 && http_status < 300) {
        return REGISTRY_PASSING;
    }
    return http_status == 429 ? REGISTRY_WARNING : REGISTRY_CRITICAL;
}

/* Header names in lower case, as requests have them. */
static struct http_header *copy_headers(struct arena *arena,
                                        const struct registry_check_definition *check)
{
    struct http_header *headers = arena_calloc(arena, check->header_count + 1, sizeof(*headers));
    for (size_t i = 0; headers != NULL && i < check->header_count; i++) {
        struct text given = check->headers[i].name;
        char *name = arena_alloc(arena, given.length + 1);
        if (name == NULL) {
            return NULL;
        }
        for (size_t j = 0; j < given.length; j++) {
            char byte = given.data[j];
            name[j] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
        }
        headers[i] =
            (struct http_header){text_of_bytes(name, given.length), check->headers[i].value};
    }
    return headers;
}

enum status http_probe(struct http_client *client, struct call *call,
                       const struct registry_check_definition *check,
                       struct registry_probe *ret_probe)
{
    char method[REGISTRY_ID_BYTES_MAX + 1];
    struct http_client_reply reply;
    struct http_header *headers = copy_headers(call->arena, check);
    if (headers == NULL || !text_to_c_string(check->method.length > 0 ? check->method : TEXT("GET"),
                                             method, sizeof(method))) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct http_client_request request = {
        .method = method,
        .url = check->target,
        .headers = headers,
        .header_count = check->header_count,
        .body = check->body,
    };
    enum status status = http_client_send(client, call, &request, &reply);
    if (status == STATUS_CANCELLED) {
        return status;
    }
    if (status != STATUS_OK) {
        struct text reason = call->error.message;
        *ret_probe = (struct registry_probe){
            REGISTRY_CRITICAL,
            arena_format(
                call->arena, "HTTP %s %.*s: %.*s", method, TEXT_ARGUMENTS(check->target),
                TEXT_ARGUMENTS(reason.length > 0 ? reason : text_of(status_name(status))))};
        return STATUS_OK;
    }
    /* Of a long body the end is kept, as Consul does. */
    size_t kept = registry_check_output_bytes_max(check);
    size_t cut = reply.body.length > kept ? reply.body.length - kept : 0;
    struct text body = text_slice(reply.body, cut, reply.body.length);
    *ret_probe =
        (struct registry_probe){status_of_reply(reply.status),
                                arena_format(call->arena, "HTTP %s %.*s: %d %s Output: %.*s",
                                             method, TEXT_ARGUMENTS(check->target), reply.status,
                                             http_reason(reply.status), TEXT_ARGUMENTS(body))};
    return STATUS_OK;
}

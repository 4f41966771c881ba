#include "movie/gateway/http_endpoint.h"

#include <stdlib.h>

#include "access/access_identity.h"
#include "access/access_tokens.h"
#include "base/arena.h"
#include "base/random.h"
#include "json/json.h"

void http_endpoint_init(struct http_endpoint *endpoint, const char *service,
                        struct http_client *client)
{
    *endpoint = (struct http_endpoint){.service = service, .client = client};
}

void http_endpoint_deinit(struct http_endpoint *endpoint)
{
    free(endpoint->addresses);
    endpoint->addresses = NULL;
    endpoint->count = 0;
}

void http_endpoint_update(void *endpoint, const struct discovery_snapshot *snapshot)
{
    struct http_endpoint *self = endpoint;
    size_t bytes = 0;
    for (size_t i = 0; i < snapshot->count; i++) {
        bytes += sizeof(struct text) + snapshot->instances[i].address.length;
    }
    struct text *addresses = malloc(bytes + 1);
    if (addresses == NULL) {
        return;
    }
    char *at = (char *)&addresses[snapshot->count];
    for (size_t i = 0; i < snapshot->count; i++) {
        memcpy(at, snapshot->instances[i].address.data, snapshot->instances[i].address.length);
        addresses[i] = (struct text){at, snapshot->instances[i].address.length};
        at += addresses[i].length;
    }
    free(self->addresses);
    self->addresses = addresses;
    self->count = snapshot->count;
}

enum { HEADERS_MAX = 3, CODE_BYTES_MAX = 32 };

/* Connect's name of a status, where the reply has one. */
static enum status named_status(const struct json *problem, enum status otherwise)
{
    char name[CODE_BYTES_MAX];
    const struct json *code = json_member(problem, "code");
    return json_kind(code) == JSON_STRING && text_to_c_string(json_string(code), name, sizeof(name))
               ? status_from_connect_name(name)
               : otherwise;
}

/* The status of a reply that is not 200, with the words it brought. */
static enum status failure_of(struct call *call, const struct http_client_reply *reply)
{
    enum status status = reply->status == 404   ? STATUS_NOT_FOUND
                         : reply->status == 400 ? STATUS_INVALID_ARGUMENT
                                                : status_from_http(reply->status);
    const struct json *problem = NULL;
    if (json_parse(call, reply->body, &problem) != STATUS_OK) {
        call_clear_error(call);
    }
    const struct json *detail = json_member(problem, "detail");
    if (json_kind(detail) != JSON_STRING) {
        detail = json_member(problem, "message");
    }
    struct text words = json_kind(detail) == JSON_STRING ? json_string(detail) : TEXT("");
    return call_fail(call, named_status(problem, status), "%.*s", TEXT_ARGUMENTS(words));
}

/* What is sent with every attempt: who we are, and for whom we ask. */
static enum status add_authorization(struct http_endpoint *endpoint, struct call *call,
                                     struct http_header headers[static HEADERS_MAX], size_t *count)
{
    if (endpoint->tokens == NULL) {
        return STATUS_OK;
    }
    struct text value = access_tokens_show(endpoint->tokens, call->arena, "Bearer ");
    if (value.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the request");
    }
    headers[(*count)++] = (struct http_header){TEXT("authorization"), value};
    if (!access_acting_for(call, &value)) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the request");
    }
    if (value.length > 0) {
        headers[(*count)++] = (struct http_header){TEXT(ACCESS_ACTING_HEADER), value};
    }
    return STATUS_OK;
}

/* `request` lacks its address. */
static enum status send_somewhere(struct http_endpoint *endpoint, struct call *call,
                                  struct text path, struct http_client_request request,
                                  struct http_client_reply *ret_reply)
{
    enum status status = STATUS_UNAVAILABLE;
    size_t first = endpoint->count > 0 ? random_below(endpoint->count) : 0;
    for (size_t i = 0; i < HTTP_ENDPOINT_ATTEMPTS_MAX && i < endpoint->count; i++) {
        struct text address = endpoint->addresses[(first + i) % endpoint->count];
        request.url =
            arena_format(call->arena, "%s://%.*s%.*s", endpoint->secure ? "https" : "http",
                         TEXT_ARGUMENTS(address), TEXT_ARGUMENTS(path));
        if (request.url.data == NULL) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request is too large");
        }
        status = http_client_send(endpoint->client, call, &request, ret_reply);
        if (status == STATUS_OK) {
            return ret_reply->status == 200 ? STATUS_OK : failure_of(call, ret_reply);
        }
        if (status != STATUS_UNAVAILABLE) {
            return status;
        }
        call_clear_error(call);
        discovery_watcher_refresh(endpoint->watcher);
    }
    return call_fail(call, status,
                     endpoint->count > 0 ? "no instance of %s can be reached"
                                         : "no instance of %s is known",
                     endpoint->service);
}

enum status http_endpoint_get(struct http_endpoint *endpoint, struct call *call, struct text path,
                              struct http_client_reply *ret_reply)
{
    struct http_header headers[HEADERS_MAX];
    size_t count = 0;
    enum status status = add_authorization(endpoint, call, headers, &count);
    const struct http_client_request request = {
        .method = "GET", .headers = headers, .header_count = count};
    return status == STATUS_OK ? send_somewhere(endpoint, call, path, request, ret_reply) : status;
}

enum status http_endpoint_post(struct http_endpoint *endpoint, struct call *call, struct text path,
                               struct text json, struct http_client_reply *ret_reply)
{
    struct http_header headers[HEADERS_MAX] = {{TEXT("content-type"), TEXT("application/json")}};
    size_t count = 1;
    enum status status = add_authorization(endpoint, call, headers, &count);
    const struct http_client_request request = {
        .method = "POST", .headers = headers, .header_count = count, .body = json};
    return status == STATUS_OK ? send_somewhere(endpoint, call, path, request, ret_reply) : status;
}

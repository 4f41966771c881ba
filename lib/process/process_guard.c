/* Who asks, whether it may, and how often: before a method or a route is served. */
#include "process/process_guard.h"
#include "access/access_identity.h"
#include "base/arena.h"
#include "base/clock.h"
#include "http/http_idempotency.h"
#include "process/process_private.h"

enum status process_guard_refuse(struct process *process, enum process_refusal refusal,
                                 enum status status)
{
    atomic_fetch_add_explicit(&process->access.refused[refusal], 1, memory_order_relaxed);
    return status;
}

static enum status take_holder(struct call *call, const struct access_holder *holder)
{
    call->identity.scopes = holder->scopes;
    call->identity.user = (struct text){NULL, 0};
    if (holder->user[0] != '\0') {
        call->identity.user = arena_copy(call->arena, text_of(holder->user));
        if (call->identity.user.data == NULL) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the call");
        }
    }
    return STATUS_OK;
}

bool process_find_token(struct process *process, struct text token,
                        struct access_holder *ret_holder)
{
    struct process_access *access = &process->access;
    unsigned char digest[ACCESS_DIGEST_BYTES];
    if (access->grants == NULL) {
        return false;
    }
    access_digest(token, digest);
    return access_grants_find(access->grants, digest, clock_wall_ms(), ret_holder);
}

/* By `authorization`. */
static enum status identify_by_token(struct process *process, struct call *call, struct text given)
{
    struct text token = access_bearer(given);
    struct access_holder holder = {.scopes = ACCESS_SCOPES_ALL, .user = ""};
    if (process_find_token(process, token, &holder) ||
        (process->tokens != NULL && access_tokens_find(process->tokens, token, NULL))) {
        return take_holder(call, &holder);
    }
    call_fail(call, STATUS_UNAUTHENTICATED, "the bearer token is not valid");
    return process_guard_refuse(process, PROCESS_REFUSED_TOKEN, STATUS_UNAUTHENTICATED);
}

/* Only who may act for everybody is believed; it passes on no more than it may itself. */
static enum status act_for(struct process *process, struct call *call, struct text acting)
{
    struct call_identity *identity = &call->identity;
    struct text words = acting;
    unsigned scopes;
    char user[ACCESS_USER_BYTES_MAX + 1];
    if ((identity->scopes & ACCESS_IMPERSONATE) == 0) {
        call_fail(call, STATUS_PERMISSION_DENIED,
                  "acting for others needs the scope 'impersonate'");
        return process_guard_refuse(process, PROCESS_REFUSED_SCOPE, STATUS_PERMISSION_DENIED);
    }
    if (!access_scopes_parse(text_next(&words, ' '), &scopes) || !access_user_decode(words, user)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, ACCESS_ACTING_HEADER " is malformed");
    }
    struct access_holder holder = {.scopes = scopes & identity->scopes};
    memcpy(holder.user, user, strlen(user) + 1);
    return take_holder(call, &holder);
}

/* Sets the call's identity. Access is on. */
static enum status identify(struct process *process, const struct http_request *request,
                            struct call *call, bool *ret_by_token)
{
    struct text given =
        http_header_find(request->headers, request->header_count, TEXT("authorization"));
    struct text acting =
        http_header_find(request->headers, request->header_count, TEXT(ACCESS_ACTING_HEADER));
    call->identity.is_checked = true;
    call->identity.scopes = process->access.opens_reads ? ACCESS_READ : ACCESS_OPEN;
    *ret_by_token = given.data != NULL;
    enum status status = *ret_by_token ? identify_by_token(process, call, given)
                                       : process_session_identify(process, request, call);
    if (status == STATUS_OK && acting.data != NULL) {
        status = act_for(process, call, acting);
    }
    if (process->access.opens_reads) {
        call->identity.scopes |= ACCESS_READ; /* whoever it is may not less than nobody */
    }
    return status;
}

/* Who shows nothing is told to show something; who does, what is lacking. */
static enum status check_scope(struct process *process, struct call *call, enum access_scope scope,
                               bool by_token)
{
    char has[ACCESS_SCOPES_TEXT_BYTES];
    if (access_may(call, scope)) {
        return STATUS_OK;
    }
    if (!by_token && call->identity.user.length == 0) {
        call_fail(call, STATUS_UNAUTHENTICATED, "a bearer token is needed");
        return process_guard_refuse(process, PROCESS_REFUSED_TOKEN, STATUS_UNAUTHENTICATED);
    }
    call_fail(call, STATUS_PERMISSION_DENIED, "this needs the scope '%s'; the token has: %.*s",
              access_scope_name(scope),
              TEXT_ARGUMENTS(access_scopes_format(call->identity.scopes, has)));
    return process_guard_refuse(process, PROCESS_REFUSED_SCOPE, STATUS_PERMISSION_DENIED);
}

enum status process_admit(struct process *process, struct http_exchange *exchange,
                          struct call *call, enum access_scope scope, int64_t *ret_retry_ms)
{
    const struct http_request *request = http_exchange_request(exchange);
    bool by_token = false;
    *ret_retry_ms = PROCESS_RETRY_UNKNOWN;
    if (scope == ACCESS_OPEN) {
        return STATUS_OK;
    }
    enum status status = process->access.is_on ? identify(process, request, call, &by_token)
                                               : process_session_identify(process, request, call);
    enum status limited = process_limit(process, call, scope, status == STATUS_OK, ret_retry_ms);
    if (limited != STATUS_OK) {
        return limited;
    }
    return status == STATUS_OK ? check_scope(process, call, scope, by_token) : status;
}

/* {NULL, 0}: it is not given. */
static enum status optional_parameter(struct http_exchange *exchange, struct text name,
                                      struct text *ret_value)
{
    struct call *call = http_exchange_call(exchange);
    struct text query = http_exchange_request(exchange)->query;
    enum status status = http_query_parameter(call, query, name, ret_value);
    if (status == STATUS_NOT_FOUND) {
        *ret_value = (struct text){NULL, 0};
        return STATUS_OK;
    }
    return status;
}

/* A route that is about a user says so in its query: for whom it is may not be left to each. */
static enum status check_user(struct process *process, struct http_exchange *exchange,
                              enum access_scope scope)
{
    struct call *call = http_exchange_call(exchange);
    struct text user;
    struct text provider;
    if (scope != ACCESS_VOTE || !call->identity.is_checked) {
        return STATUS_OK;
    }
    enum status status = optional_parameter(exchange, TEXT("userId"), &user);
    if (status == STATUS_OK) {
        status = optional_parameter(exchange, TEXT("providerId"), &provider);
    }
    if (status == STATUS_OK) {
        status = access_user_writing(call, user, &user);
    }
    if (status == STATUS_OK) {
        status = access_provider_writing(call, provider);
    }
    return status == STATUS_OK ? status
                               : process_guard_refuse(process, PROCESS_REFUSED_USER, status);
}

void process_reply_refused(struct http_exchange *exchange, enum status status, int64_t retry_ms)
{
    struct call *call = http_exchange_call(exchange);
    struct http_header header = {{NULL, 0}, {NULL, 0}};
    if (status == STATUS_UNAUTHENTICATED) {
        header = (struct http_header){TEXT("www-authenticate"), TEXT("Bearer")};
    } else if (status == STATUS_RESOURCE_EXHAUSTED && retry_ms >= 0) {
        header = (struct http_header){TEXT("retry-after"), http_retry_after(call->arena, retry_ms)};
    }
    http_reply_problem_with(exchange, status_to_http(status), call->error.message, &header,
                            header.value.data != NULL ? 1 : 0);
}

static enum status admit_request(const struct process_guarded_route *guarded,
                                 struct http_exchange *exchange, int64_t *ret_retry_ms)
{
    if (guarded->is_open) {
        return STATUS_OK;
    }
    enum status status = process_admit(guarded->process, exchange, http_exchange_call(exchange),
                                       guarded->scope, ret_retry_ms);
    return status == STATUS_OK ? check_user(guarded->process, exchange, guarded->scope) : status;
}

static void serve_guarded(void *state, struct http_exchange *exchange)
{
    const struct process_guarded_route *guarded = state;
    const struct http_route *route = guarded->route;
    int64_t retry_ms = PROCESS_RETRY_UNKNOWN;
    enum status status = admit_request(guarded, exchange, &retry_ms);
    if (status != STATUS_OK) {
        process_reply_refused(exchange, status, retry_ms);
    } else if (guarded->takes_keys &&
               http_exchange_request(exchange)->idempotency_key.data != NULL) {
        http_idempotency_serve(guarded->process->idempotency, route, exchange);
    } else {
        route->handle(route->state, exchange);
    }
}

bool process_is_guarded(const struct process *process)
{
    const struct process_access *access = &process->access;
    return access->is_on || access->sessions != NULL || access->reads != NULL ||
           access->writes != NULL;
}

/* By its rule; that of what only administrators may look at says no more than that. */
static bool changes_something(const struct http_route *route, enum access_scope scope)
{
    return scope != ACCESS_OPEN && scope != ACCESS_READ && route->method != NULL &&
           strcmp(route->method, "GET") != 0;
}

struct http_route process_guard_route(struct process *process, const struct http_route *route,
                                      struct process_guarded_route *guarded)
{
    const struct access_rule *rule = process_find_rule(process, route->method, route->path);
    enum access_scope scope = rule != NULL ? rule->scope : ACCESS_ADMIN;
    bool is_open = !process_is_guarded(process) || scope == ACCESS_OPEN;
    bool takes_keys = changes_something(route, scope);
    if (is_open && !takes_keys) {
        return *route;
    }
    *guarded = (struct process_guarded_route){process, route, scope, is_open, takes_keys};
    return (struct http_route){
        .method = route->method,
        .path = route->path,
        .handle = serve_guarded,
        .state = guarded,
        .operation = route->operation,
    };
}

bool process_takes_keys(const struct http_route *route)
{
    if (route->handle != serve_guarded) {
        return false;
    }
    const struct process_guarded_route *guarded = route->state;
    return guarded->takes_keys;
}

static enum status admit_call(void *state, struct call *call, const char *method)
{
    struct process_server *server = state;
    int64_t retry_ms;
    enum status status = process_admit(server->process, grpc_request_exchange(call), call,
                                       process_method_of(server, method)->scope, &retry_ms);
    if (status == STATUS_RESOURCE_EXHAUSTED && retry_ms >= 0) {
        grpc_set_pushback(call, retry_ms);
    }
    return status;
}

static enum status examine_call(void *state, struct call *call, const char *method,
                                ProtobufCMessage *request)
{
    struct process_server *server = state;
    const struct process_method *row = process_method_of(server, method);
    enum status status =
        row->has_user ? process_take_users(call, request, row->scope == ACCESS_VOTE) : STATUS_OK;
    return status == STATUS_OK
               ? status
               : process_guard_refuse(server->process, PROCESS_REFUSED_USER, status);
}

struct grpc_interceptor process_guard_calls(struct process_server *server)
{
    return (struct grpc_interceptor){
        .before = admit_call, .examine = examine_call, .state = server};
}

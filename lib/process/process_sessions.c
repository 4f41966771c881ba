/* Sessions of browsers: POST, GET and DELETE /session, and the cookie. */
#include "access/access_identity.h"
#include "base/arena.h"
#include "base/clock.h"
#include "http/http_browser.h"
#include "http/http_json.h"
#include "http/http_operation.h"
#include "loop/worker.h"
#include "process/process_guard.h"
#include "process/process_private.h"

enum {
    BODY_BYTES_MAX = 4096, /* of POST /session */
    COOKIE_HEADERS = 2,
};

/* With TLS the prefix has the browser keep others from setting the cookie: it takes it only with
 * Secure, for all paths, and from this very host (RFC 6265bis section 4.1.3.2). */
static const char *cookie_name(const struct process *process)
{
    return process->tls_server != NULL ? "__Host-marquee-session" : "marquee-session";
}

const char *process_session_cookie(const struct process *process)
{
    return process->access.sessions != NULL ? cookie_name(process) : NULL;
}

/* false: the request has no session that holds. */
static bool find_session(struct process *process, const struct http_request *request,
                         struct access_session *ret_session)
{
    struct text cookie =
        http_cookie_find(request->headers, request->header_count, text_of(cookie_name(process)));
    return process->access.sessions != NULL && cookie.data != NULL &&
           access_session_unseal(process->access.sessions, clock_wall_ms(), cookie, ret_session);
}

/* What its token may still do; false: nothing, and it is none. Where access has been turned on or
 * off since, it is none either. */
static bool find_holder(struct process *process, const struct access_session *session,
                        struct access_holder *ret_holder)
{
    struct process_access *access = &process->access;
    if (!access->is_on && !session->has_token) {
        *ret_holder = (struct access_holder){.scopes = ACCESS_SCOPES_ALL};
        memcpy(ret_holder->user, session->user, strlen(session->user) + 1);
        return true;
    }
    return access->is_on && session->has_token && access->grants != NULL &&
           access_grants_find_id(access->grants, session->token, clock_wall_ms(), ret_holder) &&
           access_secret_equal(text_of(ret_holder->user), text_of(session->user));
}

static enum status check_page(struct process *process, const struct http_request *request,
                              struct call *call)
{
    if (http_is_safe(request) || (http_is_same_origin(request) && !http_has_simple_body(request))) {
        return STATUS_OK;
    }
    call_fail(call, STATUS_PERMISSION_DENIED,
              "a session is good for JSON from our own pages alone (sec-fetch-site or origin, and "
              "content-type)");
    return process_guard_refuse(process, PROCESS_REFUSED_ORIGIN, STATUS_PERMISSION_DENIED);
}

enum status process_session_identify(struct process *process, const struct http_request *request,
                                     struct call *call)
{
    struct access_session session;
    struct access_holder holder;
    if (!find_session(process, request, &session) || !find_holder(process, &session, &holder)) {
        return STATUS_OK;
    }
    enum status status = check_page(process, request, call);
    if (status != STATUS_OK) {
        return status;
    }
    call->identity.user = arena_copy(call->arena, text_of(holder.user));
    call->identity.scopes = holder.scopes;
    return call->identity.user.data != NULL
               ? STATUS_OK
               : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the call");
}

static void write_scopes(struct json_writer *writer, unsigned scopes)
{
    static const enum access_scope shown[] = {ACCESS_READ, ACCESS_VOTE, ACCESS_WRITE, ACCESS_ADMIN};
    json_write_name(writer, TEXT("scopes"));
    json_open_array(writer);
    for (size_t i = 0; i < ARRAY_LENGTH(shown); i++) {
        if ((scopes & (unsigned)shown[i]) != 0) {
            json_write_string(writer, text_of(access_scope_name(shown[i])));
        }
    }
    json_close_array(writer);
}

/* Who asks, and what it may; session: NULL where there is none. */
static void reply_session(struct process *process, struct http_exchange *exchange,
                          const struct access_session *session, unsigned scopes,
                          struct text set_cookie)
{
    const struct http_header headers[COOKIE_HEADERS + 1] = {
        {TEXT("content-type"), TEXT("application/json")},
        {TEXT("cache-control"), TEXT("no-store")},
        {TEXT("set-cookie"), set_cookie},
    };
    struct json_writer writer;
    char expires[CLOCK_TIME_TEXT_BYTES];
    struct buffer *body = http_exchange_body(exchange, BODY_BYTES_MAX);
    json_writer_init(&writer, body);
    json_open_object(&writer);
    json_member_boolean(&writer, "access", process->access.is_on);
    json_member_boolean(&writer, "signedIn", session != NULL);
    if (session != NULL) {
        json_member_string(&writer, "userId", text_of(session->user));
        json_member_string(&writer, "expires", clock_format(session->expires_ms, expires));
    }
    write_scopes(&writer, scopes);
    json_close_object(&writer);
    if (!json_writer_end(&writer)) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    struct http_reply reply = {
        .status = 200,
        .headers = arena_calloc(http_exchange_call(exchange)->arena, COOKIE_HEADERS + 1,
                                sizeof(struct http_header)),
        .header_count = COOKIE_HEADERS + (set_cookie.data != NULL ? 1 : 0),
        .body = buffer_text(body),
    };
    if (reply.headers == NULL) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    memcpy((void *)(uintptr_t)reply.headers, headers, sizeof(headers));
    http_reply(exchange, &reply);
}

/* Of who has no session. */
static unsigned scopes_of_anybody(const struct process *process)
{
    const struct process_access *access = &process->access;
    return !access->is_on        ? (unsigned)ACCESS_SCOPES_ALL
           : access->opens_reads ? (unsigned)ACCESS_READ
                                 : (unsigned)ACCESS_OPEN;
}

static void get_session(void *state, struct http_exchange *exchange)
{
    struct process *process = state;
    struct access_session session;
    struct access_holder holder;
    bool holds = find_session(process, http_exchange_request(exchange), &session) &&
                 find_holder(process, &session, &holder);
    reply_session(process, exchange, holds ? &session : NULL,
                  holds ? holder.scopes : scopes_of_anybody(process), (struct text){NULL, 0});
}

/* The text of a member that must be there. */
static enum status read_member(struct call *call, const struct json *body, const char *name,
                               struct text *ret_value)
{
    const struct json *member = json_member(body, name);
    if (json_kind(member) != JSON_STRING) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "'%s' must be a string", name);
    }
    *ret_value = json_string(member);
    return STATUS_OK;
}

/* The member that is not asked for may be missing, and be nothing else. */
static enum status check_member(struct call *call, const struct json *body, const char *name)
{
    enum json_kind kind = json_kind(json_member(body, name));
    return kind == JSON_ABSENT || kind == JSON_STRING
               ? STATUS_OK
               : call_fail(call, STATUS_INVALID_ARGUMENT, "'%s' must be a string", name);
}

static enum status sign_in_by_token(struct process *process, struct call *call,
                                    const struct json *body, struct access_session *session,
                                    struct access_holder *holder)
{
    struct text token;
    enum status status = read_member(call, body, "token", &token);
    if (status == STATUS_OK) {
        status = check_member(call, body, "userId");
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!process_find_token(process, token, holder)) {
        call_fail(call, STATUS_UNAUTHENTICATED, "the token is not valid");
        return process_guard_refuse(process, PROCESS_REFUSED_TOKEN, STATUS_UNAUTHENTICATED);
    }
    if (holder->user[0] == '\0') {
        return call_fail(call, STATUS_PERMISSION_DENIED,
                         "the token is of no user: sessions are for people");
    }
    session->has_token = true;
    memcpy(session->token, holder->id, sizeof(session->token));
    memcpy(session->user, holder->user, strlen(holder->user) + 1);
    return STATUS_OK;
}

/* Where access is open, who says who it is, is that. */
static enum status sign_in_by_name(struct call *call, const struct json *body,
                                   struct access_session *session, struct access_holder *holder)
{
    struct text user;
    enum status status = read_member(call, body, "userId", &user);
    if (status == STATUS_OK) {
        status = check_member(call, body, "token");
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!access_user_is_valid(user)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "'userId' must have 1 to %d bytes",
                         ACCESS_USER_BYTES_MAX);
    }
    CHECK(text_to_c_string(user, session->user, sizeof(session->user)));
    holder->scopes = ACCESS_SCOPES_ALL;
    return STATUS_OK;
}

/* {NULL, 0}: no memory. */
static struct text format_cookie(struct process *process, struct call *call, const char *value,
                                 int64_t seconds)
{
    return arena_format(call->arena, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s; Max-Age=%lld",
                        cookie_name(process), value, process->tls_server != NULL ? "; Secure" : "",
                        (long long)seconds);
}

static void open_session(struct process *process, struct http_exchange *exchange,
                         struct access_session *session, const struct access_holder *holder)
{
    char sealed[ACCESS_SESSION_TEXT_BYTES];
    struct call *call = http_exchange_call(exchange);
    struct process_access *access = &process->access;
    int64_t now_ms = clock_wall_ms();
    session->expires_ms = now_ms + access->session_lifetime_ms;
    access_session_seal(access->sessions, now_ms, session, sealed);
    struct text cookie = format_cookie(process, call, sealed, access->session_lifetime_ms / 1000);
    if (cookie.data == NULL) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    atomic_fetch_add_explicit(&access->sessions_opened, 1, memory_order_relaxed);
    reply_session(process, exchange, session, holder->scopes, cookie);
}

/* Trying tokens counts as writing, whoever does it. */
static bool may_try(struct process *process, struct http_exchange *exchange)
{
    struct call *call = http_exchange_call(exchange);
    int64_t retry_ms = PROCESS_RETRY_UNKNOWN;
    enum status status = process_limit(process, call, ACCESS_WRITE, false, &retry_ms);
    const struct http_request *request = http_exchange_request(exchange);
    bool is_json =
        http_header_find(request->headers, request->header_count, TEXT("content-type")).data !=
            NULL &&
        !http_has_simple_body(request);
    bool is_foreign =
        http_header_find(request->headers, request->header_count, TEXT("sec-fetch-site")).data !=
            NULL &&
        !http_is_same_origin(request);
    if (status == STATUS_OK && !is_json) {
        http_reply_problem_with(exchange, 415, TEXT("the body must be application/json"), NULL, 0);
        return false;
    }
    if (status == STATUS_OK && is_foreign) {
        call_fail(call, STATUS_PERMISSION_DENIED, "sessions are opened by our own pages alone");
        status = process_guard_refuse(process, PROCESS_REFUSED_ORIGIN, STATUS_PERMISSION_DENIED);
    }
    if (status != STATUS_OK) {
        process_reply_refused(exchange, status, retry_ms);
    }
    return status == STATUS_OK;
}

static void post_session(void *state, struct http_exchange *exchange)
{
    struct process *process = state;
    struct call *call = http_json_call(exchange);
    const struct json *body;
    struct access_session session = {.has_token = false};
    struct access_holder holder = {.scopes = ACCESS_OPEN};
    if (!may_try(process, exchange) || !http_json_read(exchange, BODY_BYTES_MAX, &body)) {
        return;
    }
    enum status status = process->access.is_on
                             ? sign_in_by_token(process, call, body, &session, &holder)
                             : sign_in_by_name(call, body, &session, &holder);
    if (status == STATUS_OK) {
        open_session(process, exchange, &session, &holder);
    } else {
        process_reply_refused(exchange, status, PROCESS_RETRY_UNKNOWN);
    }
}

/* The end of a session, on its way to the file of them. */
struct told_end {
    struct process *process;
    const struct access_session *session;
    enum status status;
};

static void write_end(void *argument)
{
    struct told_end *end = argument;
    struct process *process = end->process;
    struct arena arena;
    struct call call;
    arena_init(&arena, PROCESS_ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    end->status =
        access_session_tell_end(&call, process->access.sessions, end->session, clock_wall_ms());
    if (end->status != STATUS_OK) {
        log_call(&process->log, LOG_ERROR, &call, "the end of a session is not written down", NULL);
    }
    arena_deinit(&arena);
}

/* Written down first, so that it can be tried again; also if who asked for it does not wait. */
static enum status end_session(struct process *process, struct call *call,
                               const struct access_session *session)
{
    struct told_end end = {.process = process, .session = session, .status = STATUS_OK};
    enum status status = STATUS_OK;
    if (process->access.session_writer != NULL) {
        status = worker_call(process->access.session_writer, NULL, write_end, &end);
    }
    if (status != STATUS_OK || end.status != STATUS_OK) {
        return call_fail(call, STATUS_UNAVAILABLE,
                         "the session goes on: its end could not be written down; try again");
    }
    access_session_end(process->access.sessions, session, clock_wall_ms());
    return STATUS_OK;
}

static void delete_session(void *state, struct http_exchange *exchange)
{
    struct process *process = state;
    struct call *call = http_exchange_call(exchange);
    struct access_session session;
    if (find_session(process, http_exchange_request(exchange), &session)) {
        enum status status = check_page(process, http_exchange_request(exchange), call);
        if (status == STATUS_OK) {
            status = end_session(process, call, &session);
        }
        if (status != STATUS_OK) {
            process_reply_refused(exchange, status, PROCESS_RETRY_UNKNOWN);
            return;
        }
    }
    struct http_header *headers = arena_calloc(call->arena, COOKIE_HEADERS, sizeof(*headers));
    struct text cookie = format_cookie(process, call, "", 0);
    if (headers == NULL || cookie.data == NULL) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    headers[0] = (struct http_header){TEXT("set-cookie"), cookie};
    headers[1] = (struct http_header){TEXT("cache-control"), TEXT("no-store")};
    http_reply(exchange, &(struct http_reply){
                             .status = 204, .headers = headers, .header_count = COOKIE_HEADERS});
}

#define SESSION_SCHEMA                                                                             \
    "{\"type\":\"object\",\"required\":[\"access\",\"signedIn\",\"scopes\"],"                      \
    "\"properties\":{\"access\":{\"type\":\"boolean\"},\"signedIn\":{\"type\":\"boolean\"},"       \
    "\"userId\":{\"type\":\"string\"},\"expires\":{\"type\":\"string\",\"format\":\"date-time\"}," \
    "\"scopes\":{\"type\":\"array\",\"items\":{\"type\":\"string\","                               \
    "\"enum\":[\"read\",\"vote\",\"write\",\"admin\"]}}}}"

static const struct http_answer session_answers[] = {
    {200, "Who the caller is, and what it may do", {.schema = SESSION_SCHEMA}},
    {.status = 0},
};
static const struct http_answer ended_answers[] = {
    {204, "There is no session any more", {.schema = NULL}},
    {.status = 0},
};
static const int refused[] = {401, 403, 429, 0};
static const int refused_end[] = {403, 0};

static const struct http_operation operations[PROCESS_SESSION_ROUTES] = {
    {.method = "POST",
     .path = "/session",
     .handle = post_session,
     .id = "postSession",
     .summary = "Sign in: a cookie in place of a token",
     .about = "With a token; where access is open, with the name that the user goes by",
     .tag = "session",
     .body = {.schema = "{\"type\":\"object\",\"properties\":{\"token\":{\"type\":\"string\"},"
                        "\"userId\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":128}}}"},
     .answers = session_answers,
     .problems = refused},
    {.method = "GET",
     .path = "/session",
     .handle = get_session,
     .id = "getSession",
     .summary = "Who the caller is, by its cookie",
     .tag = "session",
     .answers = session_answers},
    {.method = "DELETE",
     .path = "/session",
     .handle = delete_session,
     .id = "deleteSession",
     .summary = "Sign out",
     .tag = "session",
     .answers = ended_answers,
     .problems = refused_end},
};

size_t process_session_routes(struct process *process,
                              struct http_route routes[static PROCESS_SESSION_ROUTES])
{
    if (process->access.sessions == NULL) {
        return 0;
    }
    http_operations_route(operations, ARRAY_LENGTH(operations), process, routes);
    return PROCESS_SESSION_ROUTES;
}

/* libcurl's multi interface on the loop: it says which sockets and which time it waits for, and is
 * told when they come. */
#include <curl/curl.h>
#include <stdlib.h>
#include <uv.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "http/curl_peer_name.h"
#include "http/http_client.h"
#include "http/http_headers.h"
#include "loop/fiber.h"
#include "loop/loop.h"

enum {
    REPLY_HEADER_BYTES_MAX = 64 * 1024,
    AUTHORITIES_KEPT_S = 60, /* libcurl would keep what it read of a file for a day */
};

struct http_client {
    struct loop *loop;
    struct http_client_tls tls;
    CURLM *multi;
    struct loop_timer timer;
};

/* A socket of libcurl's. */
struct watch {
    uv_poll_t poll;
    struct http_client *client;
    curl_socket_t fd;
};

/* A request under way, on its fiber's stack. */
struct transfer {
    struct call *call;
    struct fiber_wait done;
    bool is_done;
    CURLcode result;
    struct http_header *headers;
    size_t header_count;
    size_t header_bytes;
    struct buffer body;
    bool is_too_large;
    char error[CURL_ERROR_SIZE];
};

static void finish_transfers(struct http_client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        char *private_data = NULL;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private_data) == CURLE_OK) {
            struct transfer *transfer = (void *)private_data;
            transfer->is_done = true;
            transfer->result = message->data.result;
            fiber_wait_signal(&transfer->done);
        }
    }
}

static void act(struct http_client *client, curl_socket_t fd, int events)
{
    int running;
    /* Failures are those of a transfer, and told there. */
    (void)curl_multi_socket_action(client->multi, fd, events, &running);
    finish_transfers(client);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    const struct watch *watch = poll->data;
    int flags = ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0) |
                (status < 0 ? CURL_CSELECT_ERR : 0);
    act(watch->client, watch->fd, flags);
}

static void on_expire(struct loop_timer *timer)
{
    act(CONTAINER_OF(timer, struct http_client, timer), CURL_SOCKET_TIMEOUT, 0);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watch *create_watch(struct http_client *client, curl_socket_t fd)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL || uv_poll_init(loop_uv(client->loop), &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->client = client;
    watch->fd = fd;
    watch->poll.data = watch;
    return watch;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *client_pointer,
                     void *watch_pointer)
{
    (void)easy;
    struct http_client *client = client_pointer;
    struct watch *watch = watch_pointer;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            uv_close((uv_handle_t *)&watch->poll, on_closed);
        }
        return 0;
    }
    if (watch == NULL) {
        watch = create_watch(client, fd);
        if (watch == NULL) {
            return -1;
        }
        (void)curl_multi_assign(client->multi, fd, watch); /* fails for a foreign socket only */
    }
    int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                 ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    return uv_poll_start(&watch->poll, events, on_ready) == 0 ? 0 : -1;
}

static int on_timer(CURLM *multi, long timeout_ms, void *client_pointer)
{
    (void)multi;
    struct http_client *client = client_pointer;
    if (timeout_ms < 0) {
        loop_timer_stop(client->loop, &client->timer);
        return 0;
    }
    int64_t due_ns = clock_monotonic_ns() + timeout_ms * CLOCK_NS_PER_MS;
    return loop_timer_start(client->loop, &client->timer, due_ns) == STATUS_OK ? 0 : -1;
}

enum status http_client_create(struct loop *loop, struct http_client **ret_client)
{
    struct http_client *client = calloc(1, sizeof(*client));
    if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(client);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    client->loop = loop;
    client->timer.expire = on_expire;
    client->multi = curl_multi_init();
    if (client->multi == NULL) {
        curl_global_cleanup();
        free(client);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    (void)curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)HTTP_CLIENT_CONNECTIONS_MAX);
    *ret_client = client;
    return STATUS_OK;
}

void http_client_set_tls(struct http_client *client, const struct http_client_tls *tls)
{
    client->tls = *tls;
}

void http_client_destroy(struct http_client *client)
{
    if (client == NULL) {
        return;
    }
    (void)curl_multi_cleanup(client->multi); /* removes its sockets by on_socket() */
    loop_timer_stop(client->loop, &client->timer);
    curl_global_cleanup();
    free(client);
}

static size_t on_body(char *data, size_t size, size_t count, void *transfer_pointer)
{
    struct transfer *transfer = transfer_pointer;
    if (!buffer_append(&transfer->body, (struct text){data, size * count})) {
        transfer->is_too_large = true;
        return 0;
    }
    return size * count;
}

static void make_lower_case(char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (name[i] >= 'A' && name[i] <= 'Z') {
            name[i] = (char)(name[i] | 0x20);
        }
    }
}

/* One line of the reply's head, with its end. */
static size_t on_header(char *data, size_t size, size_t count, void *transfer_pointer)
{
    struct transfer *transfer = transfer_pointer;
    struct text line = {data, size * count};
    if (text_starts_with(line, TEXT("HTTP/"))) {
        transfer->header_count = 0; /* what came before belonged to an interim reply */
        return line.length;
    }
    size_t colon = text_find(line, 0, ':');
    if (colon == line.length) {
        return line.length; /* the empty line */
    }
    transfer->header_bytes += line.length;
    char *name = arena_alloc(transfer->call->arena, line.length);
    if (name == NULL || transfer->header_count == HTTP_HEADER_COUNT_MAX ||
        transfer->header_bytes > REPLY_HEADER_BYTES_MAX) {
        transfer->is_too_large = true;
        return 0;
    }
    memcpy(name, line.data, line.length);
    make_lower_case(name, colon);
    struct text value = {name + colon + 1, line.length - colon - 1};
    while (value.length > 0 &&
           (value.data[value.length - 1] == '\n' || value.data[value.length - 1] == '\r')) {
        value.length--;
    }
    transfer->headers[transfer->header_count++] =
        (struct http_header){{name, colon}, text_trim(value)};
    return line.length;
}

/* false: no memory; *list is then as before. */
static bool add_line(struct curl_slist **list, struct arena *arena, struct text name,
                     struct text value)
{
    /* "name;" is how libcurl takes an empty value. */
    struct text line = value.length > 0 ? arena_format(arena, "%.*s: %.*s", TEXT_ARGUMENTS(name),
                                                       TEXT_ARGUMENTS(value))
                                        : arena_format(arena, "%.*s;", TEXT_ARGUMENTS(name));
    struct curl_slist *longer = line.data != NULL ? curl_slist_append(*list, line.data) : NULL;
    if (longer == NULL) {
        return false;
    }
    *list = longer;
    return true;
}

static bool has_header(const struct http_client_request *request, struct text name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (text_equal_ignoring_case(request->headers[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* *ret_list is to be freed, also on failure. */
static bool make_headers(struct call *call, const struct http_client_request *request,
                         struct curl_slist **ret_list)
{
    bool done = true;
    for (size_t i = 0; i < request->header_count; i++) {
        done = done &&
               add_line(ret_list, call->arena, request->headers[i].name, request->headers[i].value);
    }
    if (!has_header(request, TEXT("traceparent"))) {
        char trace[TRACE_PARENT_LENGTH];
        trace_format(&call->identity.trace, trace);
        done = done && add_line(ret_list, call->arena, TEXT("traceparent"),
                                (struct text){trace, sizeof(trace)});
    }
    /* What libcurl would add by itself: a body's type that is not its type, and a wait. */
    static const char *const left_out[] = {"Content-Type:", "Expect:"};
    for (size_t i = has_header(request, TEXT("content-type")) ? 1 : 0;
         i < ARRAY_LENGTH(left_out) && done; i++) {
        struct curl_slist *longer = curl_slist_append(*ret_list, left_out[i]);
        done = longer != NULL;
        *ret_list = done ? longer : *ret_list;
    }
    return done;
}

static CURLcode set_request(CURL *easy, const struct http_client_request *request, const char *url,
                            struct curl_slist *headers)
{
    struct text method = text_of(request->method);
    bool has_body = request->body.length > 0 || text_equal(method, TEXT("POST")) ||
                    text_equal(method, TEXT("PUT")) || text_equal(method, TEXT("PATCH"));
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, url);
    if (text_equal(method, TEXT("HEAD"))) {
        code |= curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (has_body) {
        code |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
        code |=
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
        code |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                                 request->body.data != NULL ? request->body.data : "");
    }
    code |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    code |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    code |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    code |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    code |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    code |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    return code;
}

/* What is empty keeps libcurl's default. */
static CURLcode set_file(CURL *easy, CURLoption option, const char *file)
{
    return file != NULL && file[0] != '\0' ? curl_easy_setopt(easy, option, file) : CURLE_OK;
}

static CURLcode set_tls(CURL *easy, const struct http_client_tls *tls)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    code |= curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, (long)AUTHORITIES_KEPT_S);
    code |= set_file(easy, CURLOPT_CAINFO, tls->ca_file);
    code |= set_file(easy, CURLOPT_SSLCERT, tls->certificate_file);
    code |= set_file(easy, CURLOPT_SSLKEY, tls->key_file);
    return code;
}

static CURLcode set_callbacks(CURL *easy, struct transfer *transfer)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    code |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    code |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    code |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    code |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    code |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    return code;
}

static enum status no_memory(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the request");
}

static enum status give_reply(CURL *easy, struct transfer *transfer,
                              struct http_client_reply *ret_reply)
{
    long status = 0;
    struct text body = arena_copy(transfer->call->arena, buffer_text(&transfer->body));
    if (body.data == NULL || curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK) {
        return no_memory(transfer->call);
    }
    *ret_reply = (struct http_client_reply){
        .status = (int)status,
        .headers = transfer->headers,
        .header_count = transfer->header_count,
        .body = body,
    };
    return STATUS_OK;
}

/* The transfer is done: what came of it? */
static enum status conclude(CURL *easy, struct transfer *transfer,
                            const struct http_client_request *request,
                            struct http_client_reply *ret_reply)
{
    struct call *call = transfer->call;
    if (transfer->is_too_large) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply of %.*s is too large",
                         TEXT_ARGUMENTS(request->url));
    }
    if (transfer->result == CURLE_OK) {
        return give_reply(easy, transfer, ret_reply);
    }
    if (transfer->result == CURLE_URL_MALFORMAT) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "'%.*s' is not a URL",
                         TEXT_ARGUMENTS(request->url));
    }
    const char *words =
        transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(transfer->result);
    return call_fail(call, STATUS_UNAVAILABLE, "%.*s: %s", TEXT_ARGUMENTS(request->url), words);
}

static enum status perform(struct http_client *client, CURL *easy, struct transfer *transfer)
{
    enum status status = STATUS_OK;
    if (curl_multi_add_handle(client->multi, easy) != CURLM_OK) {
        return no_memory(transfer->call);
    }
    while (status == STATUS_OK && !transfer->is_done) {
        status = fiber_wait(transfer->call, &transfer->done);
    }
    (void)curl_multi_remove_handle(client->multi, easy);
    return transfer->is_done ? STATUS_OK : status;
}

/* Asks for the servers' name in place of their host. false: no memory, or no URL. */
static bool set_peer_name(struct http_client *client, CURL *easy, struct call *call,
                          const char *url, struct curl_slist **ret_connect_to)
{
    const char *name = client->tls.peer_name;
    if (name == NULL || name[0] == '\0' || !text_starts_with(text_of(url), TEXT("https:"))) {
        return true;
    }
    const char *named = curl_peer_name_url(call->arena, url, name, ret_connect_to);
    return named != NULL && curl_easy_setopt(easy, CURLOPT_URL, named) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECT_TO, *ret_connect_to) == CURLE_OK;
}

static enum status send_with(struct http_client *client, CURL *easy, struct transfer *transfer,
                             const struct http_client_request *request,
                             struct http_client_reply *ret_reply)
{
    struct curl_slist *headers = NULL;
    struct curl_slist *connect_to = NULL;
    struct call *call = transfer->call;
    struct text url = arena_copy(call->arena, request->url);
    if (url.data == NULL) {
        return no_memory(call);
    }
    if (strlen(url.data) != url.length ||
        !http_headers_are_sendable(request->headers, request->header_count)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the request cannot be sent");
    }
    transfer->headers =
        arena_alloc(call->arena, HTTP_HEADER_COUNT_MAX * sizeof(transfer->headers[0]));
    bool is_made = transfer->headers != NULL && make_headers(call, request, &headers) &&
                   set_request(easy, request, url.data, headers) == CURLE_OK &&
                   set_peer_name(client, easy, call, url.data, &connect_to) &&
                   set_tls(easy, &client->tls) == CURLE_OK &&
                   set_callbacks(easy, transfer) == CURLE_OK;
    enum status status = is_made ? perform(client, easy, transfer) : no_memory(call);
    if (status == STATUS_OK) {
        status = conclude(easy, transfer, request, ret_reply);
    }
    curl_slist_free_all(headers);
    curl_slist_free_all(connect_to);
    return status;
}

enum status http_client_send(struct http_client *client, struct call *call,
                             const struct http_client_request *request,
                             struct http_client_reply *ret_reply)
{
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    struct transfer *transfer = arena_calloc(call->arena, 1, sizeof(*transfer));
    CURL *easy = curl_easy_init();
    if (transfer == NULL || easy == NULL) {
        curl_easy_cleanup(easy);
        return no_memory(call);
    }
    transfer->call = call;
    fiber_wait_init(&transfer->done);
    buffer_init(&transfer->body, HTTP_CLIENT_REPLY_BYTES_MAX);
    status = send_with(client, easy, transfer, request, ret_reply);
    buffer_deinit(&transfer->body);
    curl_easy_cleanup(easy);
    return status;
}

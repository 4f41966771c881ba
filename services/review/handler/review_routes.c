/* The plain HTTP face of reviews and likes. */
#include "http/http_json.h"
#include "review/handler/review_handler.h"
#include "review/model/review_json.h"

/* A body of the longest review, each of its characters as two escapes of six bytes. */
enum { BODY_BYTES_MAX = REVIEW_TEXT_CHARACTERS_MAX * 12 + 4096 };

/* `user` is empty where it was not given, and nobody is known to ask. */
static enum status read_key(struct http_exchange *exchange, struct review_key *ret_key)
{
    struct text type;
    struct text id;
    struct text user;
    enum status status = http_json_parameter(exchange, "type", &type);
    if (status == STATUS_OK) {
        status = http_json_parameter(exchange, "id", &id);
    }
    if (status == STATUS_OK) {
        status = http_json_user(exchange, &user);
    }
    return status == STATUS_OK
               ? review_key_from_texts(http_exchange_call(exchange), type, id, user, ret_key)
               : status;
}

/* The same where there must be a user. */
static enum status read_whole_key(struct http_exchange *exchange, struct review_key *ret_key)
{
    struct text user;
    enum status status = http_json_named_user(exchange, &user);
    return status == STATUS_OK ? read_key(exchange, ret_key) : status;
}

static void reply_review(struct http_exchange *exchange, const struct review *review)
{
    struct http_json_reply reply;
    http_json_reply_open(&reply, exchange);
    review_write_json(&reply.writer, review);
    http_json_reply_send(&reply, 200);
}

static void get_review(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct review_key key;
    struct review review;
    enum status status = read_whole_key(exchange, &key);
    if (status == STATUS_OK) {
        status = review_controller_get(state, call, &key, &review);
    }
    if (status == STATUS_OK) {
        reply_review(exchange, &review);
    } else {
        http_reply_problem(exchange, status);
    }
}

static void put_review(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct review review = {.spoiler = false};
    struct review stored;
    const struct json *body;
    if (!http_json_read(exchange, BODY_BYTES_MAX, &body)) {
        return;
    }
    enum status status = read_whole_key(exchange, &review.key);
    if (status == STATUS_OK) {
        status = review_words_from_json(call, body, &review);
    }
    if (status == STATUS_OK) {
        status = review_controller_put(state, call, &review, &stored);
    }
    if (status == STATUS_OK) {
        reply_review(exchange, &stored);
    } else {
        http_reply_problem(exchange, status);
    }
}

static void delete_review(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct review_key key;
    enum status status = read_whole_key(exchange, &key);
    if (status == STATUS_OK) {
        status = review_controller_delete(state, call, &key);
    }
    http_json_reply_outcome(exchange, status);
}

/* 0 where it was not given. */
static enum status read_page_size(struct http_exchange *exchange, int32_t *ret_size)
{
    struct text text;
    int64_t size = 0;
    enum status status = http_json_optional_parameter(exchange, "pageSize", &text);
    if (status == STATUS_OK && text.data != NULL &&
        (!text_to_i64(text, &size) || size < 0 || size > REVIEW_PAGE_SIZE_MAX)) {
        return call_fail(http_exchange_call(exchange), STATUS_INVALID_ARGUMENT,
                         "the page size must be 0 to %d", REVIEW_PAGE_SIZE_MAX);
    }
    *ret_size = (int32_t)size;
    return status;
}

/* Of a record; or, where none is named, of a user. */
static enum status list_page(struct review_controller *controller, struct http_exchange *exchange,
                             struct review_page *ret_page)
{
    struct call *call = http_exchange_call(exchange);
    struct review_key key;
    struct text user;
    struct text id;
    struct text token;
    int32_t size = 0;
    enum status status = http_json_optional_parameter(exchange, "pageToken", &token);
    if (status == STATUS_OK) {
        status = read_page_size(exchange, &size);
    }
    if (status == STATUS_OK) {
        status = http_json_optional_parameter(exchange, "userId", &user);
    }
    if (status == STATUS_OK) {
        status = http_json_optional_parameter(exchange, "id", &id);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (user.data != NULL && id.data != NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "reviews are listed of a record or of a user, not of both");
    }
    if (user.data != NULL) {
        return review_controller_list_user(controller, call, user, size, token, ret_page);
    }
    status = read_key(exchange, &key);
    return status == STATUS_OK
               ? review_controller_list(controller, call, key.record, size, token, ret_page)
               : status;
}

static void list_reviews(void *state, struct http_exchange *exchange)
{
    struct review_page page;
    (void)http_json_call(exchange);
    enum status status = list_page(state, exchange, &page);
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return;
    }
    struct http_json_reply reply;
    http_json_reply_open(&reply, exchange);
    json_open_object(&reply.writer);
    json_write_name(&reply.writer, TEXT("reviews"));
    json_open_array(&reply.writer);
    for (size_t i = 0; i < page.count; i++) {
        review_write_json(&reply.writer, &page.reviews[i]);
    }
    json_close_array(&reply.writer);
    if (page.next_page_token.length > 0) {
        json_member_string(&reply.writer, "nextPageToken", page.next_page_token);
    }
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, 200);
}

static void get_like(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct review_key key;
    struct review_reactions reactions;
    enum status status = read_key(exchange, &key);
    if (status == STATUS_OK) {
        status = review_controller_get_reactions(state, call, &key, &reactions);
    }
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return;
    }
    struct http_json_reply reply;
    http_json_reply_open(&reply, exchange);
    review_reactions_write_json(&reply.writer, &reactions);
    http_json_reply_send(&reply, 200);
}

static void reply_count(struct http_exchange *exchange, enum status status, uint64_t count)
{
    if (status != STATUS_OK) {
        http_reply_problem(exchange, status);
        return;
    }
    struct http_json_reply reply;
    http_json_reply_open(&reply, exchange);
    json_open_object(&reply.writer);
    json_member_integer(&reply.writer, "likeCount", (int64_t)count);
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, 200);
}

static void put_like(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct review_key key;
    uint64_t count = 0;
    enum status status = read_whole_key(exchange, &key);
    if (status == STATUS_OK) {
        status = review_controller_put_like(state, call, &key, &count);
    }
    reply_count(exchange, status, count);
}

static void delete_like(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct review_key key;
    uint64_t count = 0;
    enum status status = read_whole_key(exchange, &key);
    if (status == STATUS_OK) {
        status = review_controller_delete_like(state, call, &key, &count);
    }
    reply_count(exchange, status, count);
}

void review_handler_routes(struct review_controller *controller,
                           struct http_route routes[static REVIEW_HANDLER_ROUTE_COUNT])
{
    const struct http_route all[REVIEW_HANDLER_ROUTE_COUNT] = {
        {"GET", "/review", get_review, controller},
        {"PUT", "/review", put_review, controller},
        {"DELETE", "/review", delete_review, controller},
        {"GET", "/reviews", list_reviews, controller},
        {"GET", "/like", get_like, controller},
        {"PUT", "/like", put_like, controller},
        {"DELETE", "/like", delete_like, controller},
    };
    memcpy(routes, all, sizeof(all));
}

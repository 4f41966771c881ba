/* The plain HTTP face of reviews and likes. */
#include "http/http_json.h"
#include "http/http_operation.h"
#include "review/handler/review_handler.h"
#include "review/model/review_json.h"

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

static void reply_review(struct http_exchange *exchange, enum status status,
                         const struct review *review)
{
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
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
    reply_review(exchange, status, &review);
}

static void put_review(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct review review = {.spoiler = false};
    struct review stored;
    bool is_changed;
    const struct json *body;
    if (!http_json_read(exchange, REVIEW_JSON_BYTES_MAX, &body)) {
        return;
    }
    enum status status = read_whole_key(exchange, &review.key);
    if (status == STATUS_OK) {
        status = review_words_from_json(call, body, &review);
    }
    if (status == STATUS_OK) {
        status = review_controller_put(state, call, &review, &stored, &is_changed);
    }
    reply_review(exchange, status, &stored);
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

static enum status list_of_record(struct review_controller *controller,
                                  struct http_exchange *exchange, int32_t page_size,
                                  struct text token, struct review_page *ret_page)
{
    struct call *call = http_exchange_call(exchange);
    struct review_key key;
    struct text order;
    enum status status = read_key(exchange, &key);
    if (status == STATUS_OK) {
        status = http_json_optional_parameter(exchange, "order", &order);
    }
    struct review_query query = {.record = key.record, .viewer = key.user};
    if (status == STATUS_OK) {
        status = review_order_parse(call, order, &query.order);
    }
    return status == STATUS_OK
               ? review_controller_list(controller, call, &query, page_size, token, ret_page)
               : status;
}

/* Of a record; or, where none is named, of a user. */
static enum status list_page(struct review_controller *controller, struct http_exchange *exchange,
                             struct review_page *ret_page)
{
    struct call *call = http_exchange_call(exchange);
    struct text user;
    struct text id;
    struct text token;
    int64_t page_size = 0;
    enum status status = http_json_optional_parameter(exchange, "pageToken", &token);
    if (status == STATUS_OK) {
        status = http_json_integer_parameter(exchange, "pageSize", &page_size);
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
    int32_t size = (int32_t)page_size;
    if (user.data != NULL && id.data != NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "reviews are listed of a record or of a user, not of both");
    }
    if (user.data != NULL) {
        return review_controller_list_user(controller, call, user, size, token, ret_page);
    }
    return list_of_record(controller, exchange, size, token, ret_page);
}

static void list_reviews(void *state, struct http_exchange *exchange)
{
    struct review_page page;
    (void)http_json_call(exchange);
    enum status status = list_page(state, exchange, &page);
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    review_list_open_json(&reply.writer);
    for (size_t i = 0; i < page.count; i++) {
        review_write_json(&reply.writer, &page.reviews[i]);
    }
    review_list_close_json(&reply.writer, page.next_page_token);
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
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    review_reactions_write_json(&reply.writer, &reactions);
    http_json_reply_send(&reply, 200);
}

static void reply_like_count(struct http_exchange *exchange, enum status status, uint64_t count)
{
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    like_count_write_json(&reply.writer, count);
    http_json_reply_send(&reply, 200);
}

static void change_like(struct review_controller *controller, struct http_exchange *exchange,
                        enum status (*change)(struct review_controller *, struct call *,
                                              const struct review_key *, uint64_t *))
{
    struct call *call = http_json_call(exchange);
    struct review_key key;
    uint64_t count = 0;
    enum status status = read_whole_key(exchange, &key);
    if (status == STATUS_OK) {
        status = change(controller, call, &key, &count);
    }
    reply_like_count(exchange, status, count);
}

static void put_like(void *state, struct http_exchange *exchange)
{
    change_like(state, exchange, review_controller_put_like);
}

static void delete_like(void *state, struct http_exchange *exchange)
{
    change_like(state, exchange, review_controller_delete_like);
}

static void change_review_like(struct review_controller *controller, struct http_exchange *exchange,
                               enum status (*change)(struct review_controller *, struct call *,
                                                     const struct review_like *, uint64_t *))
{
    struct call *call = http_json_call(exchange);
    struct review_like like = {.time_ms = 0};
    struct text author;
    uint64_t count = 0;
    enum status status = http_json_parameter(exchange, "authorId", &author);
    if (status == STATUS_OK) {
        status = read_whole_key(exchange, &like.review);
    }
    if (status == STATUS_OK) {
        like.user = like.review.user;
        like.review.user = author;
        status = change(controller, call, &like, &count);
    }
    reply_like_count(exchange, status, count);
}

static void put_review_like(void *state, struct http_exchange *exchange)
{
    change_review_like(state, exchange, review_controller_like_review);
}

static void delete_review_like(void *state, struct http_exchange *exchange)
{
    change_review_like(state, exchange, review_controller_unlike_review);
}

static const char *const record_types[] = {
#define X(number, symbol, name) name,
    RECORD_TYPES(X)
#undef X
        NULL,
};

#define ID_PARAMETER(is_needed)                                                                    \
    {                                                                                              \
        .name = "id", .about = "The record's id", .is_required = (is_needed), .minimum = 1,        \
        .maximum = RATING_RECORD_BYTES_MAX                                                         \
    }
#define TYPE_PARAMETER(is_needed)                                                                  \
    {                                                                                              \
        .name = "type", .about = "What kind of record it is", .is_required = (is_needed),          \
        .choices = record_types                                                                    \
    }
#define USER_PARAMETER(is_needed, words)                                                           \
    {                                                                                              \
        .name = "userId", .about = words, .is_required = (is_needed), .minimum = (is_needed),      \
        .maximum = RATING_USER_BYTES_MAX                                                           \
    }

static const struct http_parameter own_parameters[] = {
    ID_PARAMETER(true),
    TYPE_PARAMETER(true),
    USER_PARAMETER(true, "Whose it is"),
    {.name = NULL},
};

static const struct http_parameter review_like_parameters[] = {
    ID_PARAMETER(true),
    TYPE_PARAMETER(true),
    {.name = "authorId",
     .about = "Whose review it is",
     .is_required = true,
     .minimum = 1,
     .maximum = RATING_USER_BYTES_MAX},
    USER_PARAMETER(true, "Who likes it"),
    {.name = NULL},
};

static const char *const orders[] = {"newest", "likes", NULL};

static const struct http_parameter reaction_parameters[] = {
    ID_PARAMETER(true),
    TYPE_PARAMETER(true),
    USER_PARAMETER(false, "Whose like and review are to be told of"),
    {.name = NULL},
};

static const struct http_parameter list_parameters[] = {
    ID_PARAMETER(false),
    TYPE_PARAMETER(false),
    USER_PARAMETER(false, "Whose reviews they are, in place of id and type"),
    {.name = "order", .about = "Of a record's: what comes first", .choices = orders},
    {.name = "pageSize",
     .about = "How many there are in a page at most",
     .kind = HTTP_PARAMETER_INTEGER,
     .minimum = 0,
     .maximum = REVIEW_PAGE_SIZE_MAX,
     .otherwise = REVIEW_PAGE_SIZE_DEFAULT},
    {.name = "pageToken", .about = "nextPageToken of the page before"},
    {.name = NULL},
};

static const struct http_answer review_answers[] = {
    {200, "The review", {.message = "Review"}},
    {.status = 0},
};

static const struct http_answer list_answers[] = {
    {200, "A page", {.message = "ListReviewsResponse"}},
    {.status = 0},
};

static const struct http_answer reaction_answers[] = {
    {200, "How many like it, and more", {.message = "GetReactionsResponse"}},
    {.status = 0},
};

static const struct http_answer like_answers[] = {
    {200, "How many like it now", {.message = "PutLikeResponse"}},
    {.status = 0},
};

static const struct http_answer review_like_answers[] = {
    {200, "How many like the review now", {.message = "PutReviewLikeResponse"}},
    {.status = 0},
};

static const int nothing_there[] = {404, 0};

static const struct http_operation operations[REVIEW_HANDLER_ROUTE_COUNT] = {
    {.method = "GET",
     .path = "/review",
     .handle = get_review,
     .id = "getReview",
     .summary = "What a user has written about a record",
     .tag = "review",
     .parameters = own_parameters,
     .answers = review_answers,
     .problems = nothing_there,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "PUT",
     .path = "/review",
     .handle = put_review,
     .id = "putReview",
     .summary = "Stores a review, in place of the user's earlier one",
     .tag = "review",
     .parameters = own_parameters,
     .body = {.schema = REVIEW_JSON_SCHEMA},
     .answers = review_answers},
    {.method = "DELETE",
     .path = "/review",
     .handle = delete_review,
     .id = "deleteReview",
     .summary = "Removes a review",
     .tag = "review",
     .parameters = own_parameters,
     .problems = nothing_there},
    {.method = "GET",
     .path = "/reviews",
     .handle = list_reviews,
     .id = "listReviews",
     .summary = "The reviews of a record, or of a user",
     .tag = "review",
     .parameters = list_parameters,
     .answers = list_answers,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "GET",
     .path = "/like",
     .handle = get_like,
     .id = "getReactions",
     .summary = "How many like and have reviewed a record, and whether that user is among them",
     .tag = "review",
     .parameters = reaction_parameters,
     .answers = reaction_answers,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "PUT",
     .path = "/like",
     .handle = put_like,
     .id = "putLike",
     .summary = "Likes a record",
     .tag = "review",
     .parameters = own_parameters,
     .answers = like_answers},
    {.method = "DELETE",
     .path = "/like",
     .handle = delete_like,
     .id = "deleteLike",
     .summary = "Takes a like back",
     .tag = "review",
     .parameters = own_parameters,
     .answers = like_answers},
    {.method = "PUT",
     .path = "/review/like",
     .handle = put_review_like,
     .id = "putReviewLike",
     .summary = "Likes a user's review",
     .tag = "review",
     .parameters = review_like_parameters,
     .answers = review_like_answers,
     .problems = nothing_there},
    {.method = "DELETE",
     .path = "/review/like",
     .handle = delete_review_like,
     .id = "deleteReviewLike",
     .summary = "Takes a like of a review back",
     .tag = "review",
     .parameters = review_like_parameters,
     .answers = review_like_answers},
};

void review_handler_routes(struct review_controller *controller,
                           struct http_route routes[static REVIEW_HANDLER_ROUTE_COUNT])
{
    http_operations_route(operations, ARRAY_LENGTH(operations), controller, routes);
}

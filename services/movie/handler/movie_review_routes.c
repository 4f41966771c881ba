/* The plain HTTP face of reviews and likes of movies. */
#include "http/http_json.h"
#include "movie/controller/movie_reviews.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/handler/movie_parameters.h"
#include "review/model/review_json.h"

static enum status read_key(struct http_exchange *exchange, struct review_key *ret_key)
{
    struct review_key key = {.record = {.type = RECORD_TYPE_MOVIE}};
    enum status status = http_json_parameter(exchange, "id", &key.record.id);
    if (status == STATUS_OK) {
        status = http_json_named_user(exchange, &key.user);
    }
    if (status == STATUS_OK) {
        *ret_key = key;
    }
    return status;
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
    enum status status = read_key(exchange, &key);
    if (status == STATUS_OK) {
        status = movie_reviews_get(state, call, &key, &review);
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
    enum status status = read_key(exchange, &review.key);
    if (status == STATUS_OK) {
        status = review_words_from_json(call, body, &review);
    }
    if (status == STATUS_OK) {
        status = movie_reviews_put(state, call, &review, &stored, &is_changed);
    }
    reply_review(exchange, status, &stored);
}

static void delete_review(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct review_key key;
    enum status status = read_key(exchange, &key);
    if (status == STATUS_OK) {
        status = movie_reviews_delete(state, call, &key);
    }
    http_json_reply_outcome(exchange, status);
}

static void get_reviews(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct review_query query = {.record = {.type = RECORD_TYPE_MOVIE}};
    struct text order;
    struct text token;
    int32_t size;
    struct review_gateway_page page;
    enum status status = http_json_parameter(exchange, "id", &query.record.id);
    if (status == STATUS_OK) {
        status = http_json_user(exchange, &query.viewer);
    }
    if (status == STATUS_OK) {
        status = http_json_optional_parameter(exchange, "order", &order);
    }
    if (status == STATUS_OK) {
        status = review_order_parse(call, order, &query.order);
    }
    if (status == STATUS_OK) {
        status = movie_parameter_page(exchange, &size, &token);
    }
    if (status == STATUS_OK) {
        status = movie_reviews_list(state, call, &query, size, token, &page);
    }
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

static void write_movie_review(struct json_writer *writer, const struct movie_review *review)
{
    json_open_object(writer);
    json_write_name(writer, TEXT("review"));
    review_write_json(writer, &review->review);
    if (review->title.length > 0) {
        json_member_string(writer, "title", review->title);
    }
    if (review->year != 0) {
        json_member_integer(writer, "year", review->year);
    }
    json_close_object(writer);
}

static void get_user_reviews(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text user_id;
    struct text token;
    int32_t size;
    struct movie_review_page page;
    enum status status = http_json_named_user(exchange, &user_id);
    if (status == STATUS_OK) {
        status = movie_parameter_page(exchange, &size, &token);
    }
    if (status == STATUS_OK) {
        status = movie_reviews_list_user(state, call, user_id, size, token, &page);
    }
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    review_list_open_json(&reply.writer);
    for (size_t i = 0; i < page.count; i++) {
        write_movie_review(&reply.writer, &page.reviews[i]);
    }
    review_list_close_json(&reply.writer, page.next_page_token);
    if (page.is_without_titles) {
        json_member_boolean(&reply.writer, "metadataUnavailable", true);
    }
    json_close_object(&reply.writer);
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

static void change_like(struct movie_controller *controller, struct http_exchange *exchange,
                        enum status (*change)(struct movie_controller *, struct call *,
                                              const struct review_key *, uint64_t *))
{
    struct call *call = http_json_call(exchange);
    struct review_key key;
    uint64_t count = 0;
    enum status status = read_key(exchange, &key);
    if (status == STATUS_OK) {
        status = change(controller, call, &key, &count);
    }
    reply_like_count(exchange, status, count);
}

static void put_like(void *state, struct http_exchange *exchange)
{
    change_like(state, exchange, movie_reviews_like);
}

static void delete_like(void *state, struct http_exchange *exchange)
{
    change_like(state, exchange, movie_reviews_unlike);
}

static void change_review_like(struct movie_controller *controller, struct http_exchange *exchange,
                               enum status (*change)(struct movie_controller *, struct call *,
                                                     const struct review_like *, uint64_t *))
{
    struct call *call = http_json_call(exchange);
    struct review_like like = {.time_ms = 0};
    struct text author;
    uint64_t count = 0;
    enum status status = http_json_parameter(exchange, "authorId", &author);
    if (status == STATUS_OK) {
        status = read_key(exchange, &like.review);
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
    change_review_like(state, exchange, movie_reviews_like_review);
}

static void delete_review_like(void *state, struct http_exchange *exchange)
{
    change_review_like(state, exchange, movie_reviews_unlike_review);
}

#define PAGE_PARAMETERS                                                                            \
    MOVIE_PAGE_SIZE_PARAMETER(REVIEW_PAGE_SIZE_MAX, REVIEW_PAGE_SIZE_DEFAULT),                     \
        MOVIE_PAGE_TOKEN_PARAMETER

static const struct http_parameter own_parameters[] = {
    MOVIE_ID_PARAMETER,
    MOVIE_USER_PARAMETER(true, "Whose it is"),
    {.name = NULL},
};

static const struct http_parameter review_like_parameters[] = {
    MOVIE_ID_PARAMETER,
    {.name = "authorId",
     .about = "Whose review it is",
     .is_required = true,
     .minimum = 1,
     .maximum = RATING_USER_BYTES_MAX},
    MOVIE_USER_PARAMETER(true, "Who likes it"),
    {.name = NULL},
};

static const char *const orders[] = {"newest", "likes", NULL};

static const struct http_parameter list_parameters[] = {
    MOVIE_ID_PARAMETER,
    {.name = "order", .about = "What comes first", .choices = orders},
    MOVIE_USER_PARAMETER(false, "Who asks, for \"liked\""),
    PAGE_PARAMETERS,
    {.name = NULL},
};

static const struct http_parameter user_list_parameters[] = {
    MOVIE_USER_PARAMETER(true, "Whose reviews they are"),
    PAGE_PARAMETERS,
    {.name = NULL},
};

static const struct http_answer review_answers[] = {
    {200, "The review", {.message = "Review"}},
    {.status = 0},
};

static const struct http_answer list_answers[] = {
    {200, "A page", {.message = "ListMovieReviewsResponse"}},
    {.status = 0},
};

static const struct http_answer user_list_answers[] = {
    {200, "A page, the newest first", {.message = "ListUserMovieReviewsResponse"}},
    {.status = 0},
};

static const struct http_answer like_answers[] = {
    {200, "How many like it now", {.message = "LikeMovieResponse"}},
    {.status = 0},
};

static const struct http_answer review_like_answers[] = {
    {200, "How many like the review now", {.message = "LikeReviewResponse"}},
    {.status = 0},
};

static const int nothing_there[] = {404, 0};

static const struct http_operation operations[MOVIE_HANDLER_REVIEW_ROUTE_COUNT] = {
    {.method = "GET",
     .path = "/movie/review",
     .handle = get_review,
     .id = "getMovieReview",
     .summary = "What a user has written about a movie",
     .tag = "review",
     .parameters = own_parameters,
     .answers = review_answers,
     .problems = nothing_there,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "PUT",
     .path = "/movie/review",
     .handle = put_review,
     .id = "putMovieReview",
     .summary = "Stores a review, in place of the user's earlier one",
     .tag = "review",
     .parameters = own_parameters,
     .body = {.schema = REVIEW_JSON_SCHEMA},
     .answers = review_answers,
     .problems = nothing_there},
    {.method = "DELETE",
     .path = "/movie/review",
     .handle = delete_review,
     .id = "deleteMovieReview",
     .summary = "Removes a review",
     .tag = "review",
     .parameters = own_parameters,
     .problems = nothing_there},
    {.method = "GET",
     .path = "/movie/reviews",
     .handle = get_reviews,
     .id = "listMovieReviews",
     .summary = "The reviews of a movie",
     .tag = "review",
     .parameters = list_parameters,
     .answers = list_answers,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "GET",
     .path = "/user/reviews",
     .handle = get_user_reviews,
     .id = "listUserReviews",
     .summary = "The reviews that a user has written, with the movies' titles",
     .tag = "review",
     .parameters = user_list_parameters,
     .answers = user_list_answers,
     .traits = HTTP_OPERATION_TAGGED},
    {.method = "PUT",
     .path = "/movie/like",
     .handle = put_like,
     .id = "likeMovie",
     .summary = "Likes a movie",
     .tag = "review",
     .parameters = own_parameters,
     .answers = like_answers,
     .problems = nothing_there},
    {.method = "DELETE",
     .path = "/movie/like",
     .handle = delete_like,
     .id = "unlikeMovie",
     .summary = "Takes a like back",
     .tag = "review",
     .parameters = own_parameters,
     .answers = like_answers},
    {.method = "PUT",
     .path = "/movie/review/like",
     .handle = put_review_like,
     .id = "likeReview",
     .summary = "Likes a user's review of a movie",
     .tag = "review",
     .parameters = review_like_parameters,
     .answers = review_like_answers,
     .problems = nothing_there},
    {.method = "DELETE",
     .path = "/movie/review/like",
     .handle = delete_review_like,
     .id = "unlikeReview",
     .summary = "Takes a like of a review back",
     .tag = "review",
     .parameters = review_like_parameters,
     .answers = review_like_answers},
};

void movie_handler_review_routes(struct movie_controller *controller,
                                 struct http_route routes[static MOVIE_HANDLER_REVIEW_ROUTE_COUNT])
{
    http_operations_route(operations, ARRAY_LENGTH(operations), controller, routes);
}

/* The RPC face of reviews and likes of movies. */
#include "base/arena.h"
#include "movie.pb-c.h"
#include "movie/controller/movie_reviews.h"
#include "movie/handler/movie_handler_private.h"
#include "proto/proto.h"
#include "review/model/review_message.h"

static struct review_key key_of(ProtobufCBinaryData user_id, ProtobufCBinaryData movie_id)
{
    return (struct review_key){.record = {RECORD_TYPE_MOVIE, proto_text(movie_id)},
                               .user = proto_text(user_id)};
}

static enum status write_review(struct call *call, const struct review *review,
                                Review **ret_message)
{
    *ret_message = review_to_message(call->arena, review);
    return *ret_message != NULL ? STATUS_OK : movie_handler_no_room(call);
}

enum status movie_handler_put_review(void *state, struct call *call, const void *request,
                                     void *response)
{
    const PutMovieReviewRequest *put = request;
    PutMovieReviewResponse *reply = response;
    struct review review = {.key = key_of(put->user_id, put->movie_id),
                            .text = proto_text(put->text),
                            .spoiler = put->spoiler};
    struct review stored;
    bool is_changed = false;
    enum status status = STATUS_OK;
    if (put->time.len > 0) {
        status = review_time_parse(call, proto_text(put->time), &review.created_ms);
    }
    if (status == STATUS_OK) {
        status = movie_reviews_put(state, call, &review, &stored, &is_changed);
    }
    reply->changed = is_changed;
    return status == STATUS_OK ? write_review(call, &stored, &reply->review) : status;
}

enum status movie_handler_delete_review(void *state, struct call *call, const void *request,
                                        void *response)
{
    const DeleteMovieReviewRequest *remove = request;
    const struct review_key key = key_of(remove->user_id, remove->movie_id);
    (void)response;
    return movie_reviews_delete(state, call, &key);
}

enum status movie_handler_get_review(void *state, struct call *call, const void *request,
                                     void *response)
{
    const GetMovieReviewRequest *get = request;
    GetMovieReviewResponse *reply = response;
    const struct review_key key = key_of(get->user_id, get->movie_id);
    struct review review;
    enum status status = movie_reviews_get(state, call, &key, &review);
    return status == STATUS_OK ? write_review(call, &review, &reply->review) : status;
}

enum status movie_handler_list_reviews(void *state, struct call *call, const void *request,
                                       void *response)
{
    const ListMovieReviewsRequest *list = request;
    ListMovieReviewsResponse *reply = response;
    struct review_query query = {.record = {RECORD_TYPE_MOVIE, proto_text(list->movie_id)},
                                 .viewer = proto_text(list->user_id)};
    struct review_gateway_page page;
    enum status status = review_order_from_message(call, list->order, &query.order);
    if (status == STATUS_OK) {
        status = movie_reviews_list(state, call, &query, list->page_size,
                                    proto_text(list->page_token), &page);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->reviews = arena_calloc(call->arena, page.count, sizeof(Review *));
    if (reply->reviews == NULL) {
        return movie_handler_no_room(call);
    }
    for (size_t i = 0; i < page.count && status == STATUS_OK; i++) {
        status = write_review(call, &page.reviews[i], &reply->reviews[i]);
    }
    reply->n_reviews = page.count;
    reply->next_page_token = proto_bytes(page.next_page_token);
    return status;
}

static enum status write_movie_review(struct call *call, const struct movie_review *review,
                                      MovieReview **ret_message)
{
    MovieReview *message = arena_alloc(call->arena, sizeof(*message));
    if (message == NULL) {
        return movie_handler_no_room(call);
    }
    movie_review__init(message);
    message->title = proto_bytes(review->title);
    message->year = review->year;
    *ret_message = message;
    return write_review(call, &review->review, &message->review);
}

enum status movie_handler_list_user_reviews(void *state, struct call *call, const void *request,
                                            void *response)
{
    const ListUserMovieReviewsRequest *list = request;
    ListUserMovieReviewsResponse *reply = response;
    struct movie_review_page page;
    enum status status =
        movie_reviews_list_user(state, call, proto_text(list->user_id), list->page_size,
                                proto_text(list->page_token), &page);
    if (status != STATUS_OK) {
        return status;
    }
    reply->reviews = arena_calloc(call->arena, page.count, sizeof(MovieReview *));
    if (reply->reviews == NULL) {
        return movie_handler_no_room(call);
    }
    for (size_t i = 0; i < page.count && status == STATUS_OK; i++) {
        status = write_movie_review(call, &page.reviews[i], &reply->reviews[i]);
    }
    reply->n_reviews = page.count;
    reply->next_page_token = proto_bytes(page.next_page_token);
    reply->metadata_unavailable = page.is_without_titles;
    return status;
}

enum status movie_handler_like_movie(void *state, struct call *call, const void *request,
                                     void *response)
{
    const LikeMovieRequest *like = request;
    LikeMovieResponse *reply = response;
    const struct review_key key = key_of(like->user_id, like->movie_id);
    uint64_t count;
    enum status status = movie_reviews_like(state, call, &key, &count);
    if (status == STATUS_OK) {
        reply->like_count = like_count_to_message(count);
    }
    return status;
}

enum status movie_handler_unlike_movie(void *state, struct call *call, const void *request,
                                       void *response)
{
    const UnlikeMovieRequest *unlike = request;
    UnlikeMovieResponse *reply = response;
    const struct review_key key = key_of(unlike->user_id, unlike->movie_id);
    uint64_t count;
    enum status status = movie_reviews_unlike(state, call, &key, &count);
    if (status == STATUS_OK) {
        reply->like_count = like_count_to_message(count);
    }
    return status;
}

static struct review_like like_of(ProtobufCBinaryData user_id, ProtobufCBinaryData movie_id,
                                  ProtobufCBinaryData author_id)
{
    return (struct review_like){.review = key_of(author_id, movie_id), .user = proto_text(user_id)};
}

enum status movie_handler_like_review(void *state, struct call *call, const void *request,
                                      void *response)
{
    const LikeReviewRequest *asked = request;
    LikeReviewResponse *reply = response;
    const struct review_like like = like_of(asked->user_id, asked->movie_id, asked->author_id);
    uint64_t count;
    enum status status = movie_reviews_like_review(state, call, &like, &count);
    if (status == STATUS_OK) {
        reply->like_count = like_count_to_message(count);
    }
    return status;
}

enum status movie_handler_unlike_review(void *state, struct call *call, const void *request,
                                        void *response)
{
    const UnlikeReviewRequest *asked = request;
    UnlikeReviewResponse *reply = response;
    const struct review_like like = like_of(asked->user_id, asked->movie_id, asked->author_id);
    uint64_t count;
    enum status status = movie_reviews_unlike_review(state, call, &like, &count);
    if (status == STATUS_OK) {
        reply->like_count = like_count_to_message(count);
    }
    return status;
}

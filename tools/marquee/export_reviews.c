#include "marquee/export_reviews.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "movie.pb-c.h"
#include "proto/proto.h"
#include "review/model/review.h"

enum { ROOM_AT_FIRST = 256 };

/* A page of all that the user has written. */
static enum status ask_page(const struct export_reviews *reviews, struct call *call,
                            struct text token, int32_t page_size,
                            const ListUserMovieReviewsResponse **ret_page)
{
    ListUserMovieReviewsRequest request = LIST_USER_MOVIE_REVIEWS_REQUEST__INIT;
    ProtobufCMessage *message;
    request.user_id = proto_bytes(reviews->user);
    request.page_size = page_size;
    request.page_token = proto_bytes(token);
    enum status status =
        session_ask(reviews->session, call, SESSION_MOVIE, "/MovieService/ListUserReviews",
                    &request.base, &list_user_movie_reviews_response__descriptor, &message);
    if (status == STATUS_OK) {
        *ret_page = (const ListUserMovieReviewsResponse *)message;
    }
    return status;
}

enum status export_reviews_open(struct session *session, struct text user,
                                struct export_reviews *ret_reviews)
{
    struct arena arena;
    struct call call;
    const ListUserMovieReviewsResponse *page = NULL;
    struct export_reviews reviews = {.session = session, .user = user};
    session_call_init(session, &call, &arena);
    enum status status = ask_page(&reviews, &call, TEXT(""), 1, &page);
    if (status == STATUS_OK) {
        reviews.has_any = page->n_reviews > 0;
        random_secret(reviews.secret, sizeof(reviews.secret));
        *ret_reviews = reviews;
    } else {
        (void)call_fail(&session->call, status,
                        "reviews cannot be had (--no-reviews leaves them out): %.*s",
                        TEXT_ARGUMENTS(call.error.message));
    }
    arena_deinit(&arena);
    return status;
}

void export_reviews_close(struct export_reviews *reviews)
{
    free(reviews->found);
}

/* Where the hash is, or would be. */
static size_t place_of(const struct export_reviews *reviews, uint64_t hash)
{
    size_t low = 0;
    size_t high = reviews->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (reviews->found[middle] < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool was_found(const struct export_reviews *reviews, struct text movie_id)
{
    uint64_t hash = digest_with(reviews->secret, movie_id).low;
    size_t place = place_of(reviews, hash);
    return place < reviews->count && reviews->found[place] == hash;
}

static enum status remember(struct export_reviews *reviews, struct call *call, struct text movie_id)
{
    uint64_t hash = digest_with(reviews->secret, movie_id).low;
    if (reviews->count == reviews->room) {
        size_t room = reviews->room > 0 ? reviews->room * 2 : ROOM_AT_FIRST;
        uint64_t *found =
            room <= EXPORT_REVIEWS_MAX ? realloc(reviews->found, room * sizeof(*found)) : NULL;
        if (found == NULL) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "there are too many reviews");
        }
        reviews->found = found;
        reviews->room = room;
    }
    size_t place = place_of(reviews, hash);
    memmove(reviews->found + place + 1, reviews->found + place,
            (reviews->count - place) * sizeof(*reviews->found));
    reviews->found[place] = hash;
    reviews->count++;
    return STATUS_OK;
}

enum status export_reviews_find(struct export_reviews *reviews, struct call *call,
                                struct text movie_id, struct text *ret_text)
{
    GetMovieReviewRequest request = GET_MOVIE_REVIEW_REQUEST__INIT;
    ProtobufCMessage *message;
    *ret_text = TEXT("");
    if (!reviews->has_any || was_found(reviews, movie_id)) {
        return STATUS_OK;
    }
    request.user_id = proto_bytes(reviews->user);
    request.movie_id = proto_bytes(movie_id);
    enum status status =
        session_ask(reviews->session, call, SESSION_MOVIE, "/MovieService/GetReview", &request.base,
                    &get_movie_review_response__descriptor, &message);
    if (status == STATUS_NOT_FOUND) {
        call_clear_error(call);
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    const Review *review = ((const GetMovieReviewResponse *)message)->review;
    *ret_text = review != NULL ? proto_text(review->text) : TEXT("");
    return remember(reviews, call, movie_id);
}

/* What session_each_page() carries along. */
struct rest {
    struct export_reviews *reviews;
    enum status (*take)(void *state, struct call *call, const struct export_review *rows,
                        size_t count);
    void *state;
};

/* false: it is of no movie, was given before, or has no time. */
static bool read_review(const struct export_reviews *reviews, const MovieReview *entry,
                        struct export_review *row)
{
    const Review *review = entry->review;
    if (review == NULL || !text_equal(proto_text(review->record_type),
                                      text_of(record_type_name(RECORD_TYPE_MOVIE)))) {
        return false;
    }
    row->movie_id = proto_text(review->record_id);
    row->text = proto_text(review->text);
    return !was_found(reviews, row->movie_id) &&
           clock_parse(proto_text(review->created_time), &row->time_ms);
}

static enum status take_page(struct session *session, void *state, struct session_page *page)
{
    const struct rest *rest = state;
    const ListUserMovieReviewsResponse *response = NULL;
    struct export_review rows[REVIEW_PAGE_SIZE_MAX];
    size_t count = 0;
    (void)session;
    enum status status =
        ask_page(rest->reviews, &page->call, page->token, REVIEW_PAGE_SIZE_MAX, &response);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < response->n_reviews && count < REVIEW_PAGE_SIZE_MAX; i++) {
        count += read_review(rest->reviews, response->reviews[i], &rows[count]);
    }
    page->next = proto_text(response->next_page_token);
    return rest->take(rest->state, &page->call, rows, count);
}

enum status export_reviews_rest(struct export_reviews *reviews,
                                enum status (*take)(void *state, struct call *call,
                                                    const struct export_review *rows, size_t count),
                                void *state)
{
    struct rest rest = {reviews, take, state};
    return reviews->has_any ? session_each_page(reviews->session, take_page, &rest) : STATUS_OK;
}

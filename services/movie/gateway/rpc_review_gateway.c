#include "movie/gateway/rpc_review_gateway.h"

#include "base/arena.h"
#include "base/clock.h"
#include "movie/gateway/gateway_status.h"
#include "proto/proto.h"
#include "review/model/review_message.h"

static ProtobufCBinaryData type_of(const struct record_key *record)
{
    return proto_bytes(text_of(record_type_name(record->type)));
}

/* A reply that cannot be so is the other side's fault, not the client's. */
static enum status bad_reply(struct call *call, const char *why)
{
    call_clear_error(call);
    (void)call_fail(call, STATUS_INTERNAL, "%s", why);
    return gateway_status(call, "review", STATUS_INTERNAL);
}

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

/* The review of the key, and no other. */
static enum status read_review(struct call *call, const Review *message,
                               const struct review_key *key, struct review *ret_review)
{
    struct review review;
    if (message == NULL || review_from_message(call, message, &review) != STATUS_OK) {
        return bad_reply(call, "the reply has no review");
    }
    if (!text_equal(review.key.user, key->user) || review.key.record.type != key->record.type ||
        !text_equal(review.key.record.id, key->record.id)) {
        return bad_reply(call, "the reply is about another review");
    }
    *ret_review = review;
    return STATUS_OK;
}

static enum status put(void *state, struct call *call, const struct review *review,
                       struct review *ret_stored, bool *ret_changed)
{
    PutReviewRequest request = PUT_REVIEW_REQUEST__INIT;
    char time[CLOCK_TIME_TEXT_BYTES];
    ProtobufCMessage *response;
    request.user_id = proto_bytes(review->key.user);
    request.record_id = proto_bytes(review->key.record.id);
    request.record_type = type_of(&review->key.record);
    request.text = proto_bytes(review->text);
    request.spoiler = review->spoiler;
    if (review->created_ms != 0) {
        request.time = proto_bytes(clock_format(review->created_ms, time));
    }
    enum status status = gateway_rpc_ask(state, call, "/ReviewService/PutReview", &request.base,
                                         &put_review_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const PutReviewResponse *reply = (const PutReviewResponse *)response;
    *ret_changed = reply->changed;
    return read_review(call, reply->review, &review->key, ret_stored);
}

static enum status remove_review(void *state, struct call *call, const struct review_key *key)
{
    DeleteReviewRequest request = DELETE_REVIEW_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(key->user);
    request.record_id = proto_bytes(key->record.id);
    request.record_type = type_of(&key->record);
    return gateway_rpc_ask(state, call, "/ReviewService/DeleteReview", &request.base,
                           &delete_review_response__descriptor, &response);
}

static enum status get(void *state, struct call *call, const struct review_key *key,
                       struct review *ret_review)
{
    GetReviewRequest request = GET_REVIEW_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(key->user);
    request.record_id = proto_bytes(key->record.id);
    request.record_type = type_of(&key->record);
    enum status status = gateway_rpc_ask(state, call, "/ReviewService/GetReview", &request.base,
                                         &get_review_response__descriptor, &response);
    return status == STATUS_OK
               ? read_review(call, ((const GetReviewResponse *)response)->review, key, ret_review)
               : status;
}

static enum status read_page(struct call *call, Review *const *messages, size_t count,
                             ProtobufCBinaryData token, struct review_gateway_page *ret_page)
{
    struct review *reviews = arena_calloc(call->arena, count, sizeof(*reviews));
    if (reviews == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < count; i++) {
        if (review_from_message(call, messages[i], &reviews[i]) != STATUS_OK) {
            return bad_reply(call, "the reply has something that is no review");
        }
    }
    *ret_page = (struct review_gateway_page){reviews, count, proto_text(token)};
    return STATUS_OK;
}

static enum status list(void *state, struct call *call, const struct review_query *query,
                        int32_t page_size, struct text page_token,
                        struct review_gateway_page *ret_page)
{
    ListReviewsRequest request = LIST_REVIEWS_REQUEST__INIT;
    ProtobufCMessage *response;
    request.record_id = proto_bytes(query->record.id);
    request.record_type = type_of(&query->record);
    request.order = review_order_to_message(query->order);
    request.user_id = proto_bytes(query->viewer);
    request.page_size = page_size;
    request.page_token = proto_bytes(page_token);
    enum status status = gateway_rpc_ask(state, call, "/ReviewService/ListReviews", &request.base,
                                         &list_reviews_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const ListReviewsResponse *page = (const ListReviewsResponse *)response;
    return read_page(call, page->reviews, page->n_reviews, page->next_page_token, ret_page);
}

static enum status list_user(void *state, struct call *call, struct text user, int32_t page_size,
                             struct text page_token, struct review_gateway_page *ret_page)
{
    ListUserReviewsRequest request = LIST_USER_REVIEWS_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(user);
    request.page_size = page_size;
    request.page_token = proto_bytes(page_token);
    enum status status =
        gateway_rpc_ask(state, call, "/ReviewService/ListUserReviews", &request.base,
                        &list_user_reviews_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const ListUserReviewsResponse *page = (const ListUserReviewsResponse *)response;
    return read_page(call, page->reviews, page->n_reviews, page->next_page_token, ret_page);
}

static enum status put_like(void *state, struct call *call, const struct review_key *key,
                            uint64_t *ret_count)
{
    PutLikeRequest request = PUT_LIKE_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(key->user);
    request.record_id = proto_bytes(key->record.id);
    request.record_type = type_of(&key->record);
    enum status status = gateway_rpc_ask(state, call, "/ReviewService/PutLike", &request.base,
                                         &put_like_response__descriptor, &response);
    if (status == STATUS_OK) {
        *ret_count = ((const PutLikeResponse *)response)->like_count;
    }
    return status;
}

static enum status remove_like(void *state, struct call *call, const struct review_key *key,
                               uint64_t *ret_count)
{
    DeleteLikeRequest request = DELETE_LIKE_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(key->user);
    request.record_id = proto_bytes(key->record.id);
    request.record_type = type_of(&key->record);
    enum status status = gateway_rpc_ask(state, call, "/ReviewService/DeleteLike", &request.base,
                                         &delete_like_response__descriptor, &response);
    if (status == STATUS_OK) {
        *ret_count = ((const DeleteLikeResponse *)response)->like_count;
    }
    return status;
}

static enum status put_review_like(void *state, struct call *call, const struct review_like *like,
                                   uint64_t *ret_count)
{
    PutReviewLikeRequest request = PUT_REVIEW_LIKE_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(like->user);
    request.author_id = proto_bytes(like->review.user);
    request.record_id = proto_bytes(like->review.record.id);
    request.record_type = type_of(&like->review.record);
    enum status status = gateway_rpc_ask(state, call, "/ReviewService/PutReviewLike", &request.base,
                                         &put_review_like_response__descriptor, &response);
    if (status == STATUS_OK) {
        *ret_count = ((const PutReviewLikeResponse *)response)->like_count;
    }
    return status;
}

static enum status remove_review_like(void *state, struct call *call,
                                      const struct review_like *like, uint64_t *ret_count)
{
    DeleteReviewLikeRequest request = DELETE_REVIEW_LIKE_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(like->user);
    request.author_id = proto_bytes(like->review.user);
    request.record_id = proto_bytes(like->review.record.id);
    request.record_type = type_of(&like->review.record);
    enum status status =
        gateway_rpc_ask(state, call, "/ReviewService/DeleteReviewLike", &request.base,
                        &delete_review_like_response__descriptor, &response);
    if (status == STATUS_OK) {
        *ret_count = ((const DeleteReviewLikeResponse *)response)->like_count;
    }
    return status;
}

static enum status get_reactions(void *state, struct call *call, const struct review_key *key,
                                 struct review_reactions *ret_reactions)
{
    GetReactionsRequest request = GET_REACTIONS_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(key->user);
    request.record_id = proto_bytes(key->record.id);
    request.record_type = type_of(&key->record);
    enum status status = gateway_rpc_ask(state, call, "/ReviewService/GetReactions", &request.base,
                                         &get_reactions_response__descriptor, &response);
    if (status == STATUS_OK) {
        const GetReactionsResponse *reactions = (const GetReactionsResponse *)response;
        *ret_reactions = (struct review_reactions){.like_count = reactions->like_count,
                                                   .review_count = reactions->review_count,
                                                   .liked = reactions->liked,
                                                   .reviewed = reactions->reviewed};
    }
    return status;
}

static const struct review_gateway_ops ops = {
    .put = put,
    .remove = remove_review,
    .get = get,
    .list = list,
    .list_user = list_user,
    .put_like = put_like,
    .remove_like = remove_like,
    .put_review_like = put_review_like,
    .remove_review_like = remove_review_like,
    .get_reactions = get_reactions,
};

struct review_gateway rpc_review_gateway_by_grpc(struct rpc_review_gateway *self)
{
    self->rpc = gateway_rpc_by_grpc("review", self->channels);
    return (struct review_gateway){&ops, self};
}

struct review_gateway rpc_review_gateway_by_http(struct rpc_review_gateway *self)
{
    self->rpc = gateway_rpc_by_http("review", self->endpoints);
    return (struct review_gateway){&ops, self};
}

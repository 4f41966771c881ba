/* The RPC face of reviews: between messages and the controller. */
#include "base/arena.h"
#include "proto/proto.h"
#include "review/handler/review_handler.h"
#include "review/handler/review_handler_private.h"
#include "review/model/review_message.h"

enum status review_handler_no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

static enum status put_review(void *state, struct call *call, const void *request, void *response)
{
    const PutReviewRequest *put = request;
    PutReviewResponse *reply = response;
    struct review review = {.text = proto_text(put->text), .spoiler = put->spoiler};
    struct review stored;
    bool is_changed;
    enum status status =
        review_key_from_texts(call, proto_text(put->record_type), proto_text(put->record_id),
                              proto_text(put->user_id), &review.key);
    if (status == STATUS_OK && put->time.len > 0) {
        status = review_time_parse(call, proto_text(put->time), &review.created_ms);
    }
    if (status == STATUS_OK) {
        status = review_controller_put(state, call, &review, &stored, &is_changed);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->changed = is_changed;
    reply->review = review_to_message(call->arena, &stored);
    return reply->review != NULL ? STATUS_OK : review_handler_no_room(call);
}

static enum status delete_review(void *state, struct call *call, const void *request,
                                 void *response)
{
    const DeleteReviewRequest *remove = request;
    struct review_key key;
    (void)response;
    enum status status =
        review_key_from_texts(call, proto_text(remove->record_type), proto_text(remove->record_id),
                              proto_text(remove->user_id), &key);
    return status == STATUS_OK ? review_controller_delete(state, call, &key) : status;
}

static enum status get_review(void *state, struct call *call, const void *request, void *response)
{
    const GetReviewRequest *get = request;
    GetReviewResponse *reply = response;
    struct review_key key;
    struct review review;
    enum status status =
        review_key_from_texts(call, proto_text(get->record_type), proto_text(get->record_id),
                              proto_text(get->user_id), &key);
    if (status == STATUS_OK) {
        status = review_controller_get(state, call, &key, &review);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->review = review_to_message(call->arena, &review);
    return reply->review != NULL ? STATUS_OK : review_handler_no_room(call);
}

/* NULL: no room. */
static Review **to_messages(struct call *call, const struct review_page *page)
{
    Review **messages = arena_calloc(call->arena, page->count, sizeof(Review *));
    for (size_t i = 0; messages != NULL && i < page->count; i++) {
        messages[i] = review_to_message(call->arena, &page->reviews[i]);
        if (messages[i] == NULL) {
            return NULL;
        }
    }
    return messages;
}

static enum status list_reviews(void *state, struct call *call, const void *request, void *response)
{
    const ListReviewsRequest *list = request;
    ListReviewsResponse *reply = response;
    struct review_query query = {.record = {.id = proto_text(list->record_id)},
                                 .viewer = proto_text(list->user_id)};
    struct review_page page;
    enum status status = record_type_parse(call, proto_text(list->record_type), &query.record.type);
    if (status == STATUS_OK) {
        status = review_order_from_message(call, list->order, &query.order);
    }
    if (status == STATUS_OK) {
        status = review_controller_list(state, call, &query, list->page_size,
                                        proto_text(list->page_token), &page);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->reviews = to_messages(call, &page);
    reply->n_reviews = page.count;
    reply->next_page_token = proto_bytes(page.next_page_token);
    return reply->reviews != NULL ? STATUS_OK : review_handler_no_room(call);
}

static enum status list_user_reviews(void *state, struct call *call, const void *request,
                                     void *response)
{
    const ListUserReviewsRequest *list = request;
    ListUserReviewsResponse *reply = response;
    struct review_page page;
    enum status status =
        review_controller_list_user(state, call, proto_text(list->user_id), list->page_size,
                                    proto_text(list->page_token), &page);
    if (status != STATUS_OK) {
        return status;
    }
    reply->reviews = to_messages(call, &page);
    reply->n_reviews = page.count;
    reply->next_page_token = proto_bytes(page.next_page_token);
    return reply->reviews != NULL ? STATUS_OK : review_handler_no_room(call);
}

static const struct grpc_method methods[] = {
    {.name = "PutReview",
     .request = &put_review_request__descriptor,
     .response = &put_review_response__descriptor,
     .unary = put_review},
    {.name = "DeleteReview",
     .request = &delete_review_request__descriptor,
     .response = &delete_review_response__descriptor,
     .unary = delete_review},
    {.name = "GetReview",
     .no_side_effects = true,
     .request = &get_review_request__descriptor,
     .response = &get_review_response__descriptor,
     .unary = get_review},
    {.name = "ListReviews",
     .no_side_effects = true,
     .request = &list_reviews_request__descriptor,
     .response = &list_reviews_response__descriptor,
     .unary = list_reviews},
    {.name = "ListUserReviews",
     .no_side_effects = true,
     .request = &list_user_reviews_request__descriptor,
     .response = &list_user_reviews_response__descriptor,
     .unary = list_user_reviews},
    {.name = "PutLike",
     .request = &put_like_request__descriptor,
     .response = &put_like_response__descriptor,
     .unary = review_handler_put_like},
    {.name = "DeleteLike",
     .request = &delete_like_request__descriptor,
     .response = &delete_like_response__descriptor,
     .unary = review_handler_delete_like},
    {.name = "PutReviewLike",
     .request = &put_review_like_request__descriptor,
     .response = &put_review_like_response__descriptor,
     .unary = review_handler_put_review_like},
    {.name = "DeleteReviewLike",
     .request = &delete_review_like_request__descriptor,
     .response = &delete_review_like_response__descriptor,
     .unary = review_handler_delete_review_like},
    {.name = "ListUserLikes",
     .no_side_effects = true,
     .request = &list_user_likes_request__descriptor,
     .response = &list_user_likes_response__descriptor,
     .unary = review_handler_list_user_likes},
    {.name = "GetReactions",
     .no_side_effects = true,
     .request = &get_reactions_request__descriptor,
     .response = &get_reactions_response__descriptor,
     .unary = review_handler_get_reactions},
};

struct grpc_service review_handler_service(struct review_controller *controller)
{
    return (struct grpc_service){.name = "ReviewService",
                                 .methods = methods,
                                 .method_count = ARRAY_LENGTH(methods),
                                 .state = controller};
}

/* Likes over messages. */
#include "base/arena.h"
#include "proto/proto.h"
#include "review/handler/review_handler_private.h"
#include "review/model/review_message.h"

enum status review_handler_put_like(void *state, struct call *call, const void *request,
                                    void *response)
{
    const PutLikeRequest *put = request;
    PutLikeResponse *reply = response;
    struct review_key key;
    uint64_t count;
    enum status status =
        review_key_from_texts(call, proto_text(put->record_type), proto_text(put->record_id),
                              proto_text(put->user_id), &key);
    if (status == STATUS_OK) {
        status = review_controller_put_like(state, call, &key, &count);
    }
    if (status == STATUS_OK) {
        reply->like_count = like_count_to_message(count);
    }
    return status;
}

enum status review_handler_delete_like(void *state, struct call *call, const void *request,
                                       void *response)
{
    const DeleteLikeRequest *remove = request;
    DeleteLikeResponse *reply = response;
    struct review_key key;
    uint64_t count;
    enum status status =
        review_key_from_texts(call, proto_text(remove->record_type), proto_text(remove->record_id),
                              proto_text(remove->user_id), &key);
    if (status == STATUS_OK) {
        status = review_controller_delete_like(state, call, &key, &count);
    }
    if (status == STATUS_OK) {
        reply->like_count = like_count_to_message(count);
    }
    return status;
}

/* The like of a review that a request names. */
static enum status read_like(struct call *call, ProtobufCBinaryData record_type,
                             ProtobufCBinaryData record_id, ProtobufCBinaryData author_id,
                             ProtobufCBinaryData user_id, struct review_like *ret_like)
{
    ret_like->user = proto_text(user_id);
    return review_key_from_texts(call, proto_text(record_type), proto_text(record_id),
                                 proto_text(author_id), &ret_like->review);
}

enum status review_handler_put_review_like(void *state, struct call *call, const void *request,
                                           void *response)
{
    const PutReviewLikeRequest *put = request;
    PutReviewLikeResponse *reply = response;
    struct review_like like = {.time_ms = 0};
    uint64_t count;
    enum status status =
        read_like(call, put->record_type, put->record_id, put->author_id, put->user_id, &like);
    if (status == STATUS_OK) {
        status = review_controller_like_review(state, call, &like, &count);
    }
    if (status == STATUS_OK) {
        reply->like_count = like_count_to_message(count);
    }
    return status;
}

enum status review_handler_delete_review_like(void *state, struct call *call, const void *request,
                                              void *response)
{
    const DeleteReviewLikeRequest *remove = request;
    DeleteReviewLikeResponse *reply = response;
    struct review_like like = {.time_ms = 0};
    uint64_t count;
    enum status status = read_like(call, remove->record_type, remove->record_id, remove->author_id,
                                   remove->user_id, &like);
    if (status == STATUS_OK) {
        status = review_controller_unlike_review(state, call, &like, &count);
    }
    if (status == STATUS_OK) {
        reply->like_count = like_count_to_message(count);
    }
    return status;
}

enum status review_handler_list_user_likes(void *state, struct call *call, const void *request,
                                           void *response)
{
    const ListUserLikesRequest *list = request;
    ListUserLikesResponse *reply = response;
    struct like_page page;
    enum status status =
        review_controller_list_likes(state, call, proto_text(list->user_id), list->page_size,
                                     proto_text(list->page_token), &page);
    if (status != STATUS_OK) {
        return status;
    }
    reply->likes = arena_calloc(call->arena, page.count, sizeof(Like *));
    if (reply->likes == NULL) {
        return review_handler_no_room(call);
    }
    for (size_t i = 0; i < page.count; i++) {
        reply->likes[i] = like_to_message(call->arena, &page.likes[i]);
        if (reply->likes[i] == NULL) {
            return review_handler_no_room(call);
        }
    }
    reply->n_likes = page.count;
    reply->next_page_token = proto_bytes(page.next_page_token);
    return STATUS_OK;
}

enum status review_handler_get_reactions(void *state, struct call *call, const void *request,
                                         void *response)
{
    const GetReactionsRequest *get = request;
    GetReactionsResponse *reply = response;
    struct review_key key;
    struct review_reactions reactions;
    enum status status =
        review_key_from_texts(call, proto_text(get->record_type), proto_text(get->record_id),
                              proto_text(get->user_id), &key);
    if (status == STATUS_OK) {
        status = review_controller_get_reactions(state, call, &key, &reactions);
    }
    if (status == STATUS_OK) {
        reply->like_count = like_count_to_message(reactions.like_count);
        reply->liked = reactions.liked;
        reply->review_count = like_count_to_message(reactions.review_count);
        reply->reviewed = reactions.reviewed;
    }
    return status;
}

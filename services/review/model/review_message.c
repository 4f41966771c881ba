#include "review/model/review_message.h"

#include "base/arena.h"
#include "base/clock.h"
#include "proto/proto.h"

/* data is NULL when there is no room. */
static struct text time_text(struct arena *arena, int64_t time_ms)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    return arena_copy(arena, clock_format(time_ms, time));
}

static ProtobufCBinaryData type_bytes(enum record_type type)
{
    return proto_bytes(text_of(record_type_name(type)));
}

uint32_t like_count_to_message(uint64_t count)
{
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

Review *review_to_message(struct arena *arena, const struct review *review)
{
    Review *message = arena_alloc(arena, sizeof(*message));
    struct text created = time_text(arena, review->created_ms);
    struct text edited = review->edited_ms != 0 ? time_text(arena, review->edited_ms) : TEXT("");
    if (message == NULL || created.data == NULL || edited.data == NULL) {
        return NULL;
    }
    review__init(message);
    message->user_id = proto_bytes(review->key.user);
    message->record_id = proto_bytes(review->key.record.id);
    message->record_type = type_bytes(review->key.record.type);
    message->text = proto_bytes(review->text);
    message->spoiler = review->spoiler;
    message->created_time = proto_bytes(created);
    message->edited_time = proto_bytes(edited);
    message->like_count = like_count_to_message(review->like_count);
    message->liked = review->liked;
    return message;
}

Like *like_to_message(struct arena *arena, const struct like *like)
{
    Like *message = arena_alloc(arena, sizeof(*message));
    struct text time = time_text(arena, like->time_ms);
    if (message == NULL || time.data == NULL) {
        return NULL;
    }
    like__init(message);
    message->user_id = proto_bytes(like->key.user);
    message->record_id = proto_bytes(like->key.record.id);
    message->record_type = type_bytes(like->key.record.type);
    message->time = proto_bytes(time);
    return message;
}

enum status review_time_parse(struct call *call, struct text time, int64_t *ret_time_ms)
{
    return clock_parse(time, ret_time_ms)
               ? STATUS_OK
               : call_fail(call, STATUS_INVALID_ARGUMENT, "'%.*s' is not a time in RFC 3339",
                           TEXT_ARGUMENTS(time));
}

enum status review_from_message(struct call *call, const Review *message, struct review *ret_review)
{
    struct review review = {.text = proto_text(message->text),
                            .spoiler = message->spoiler,
                            .like_count = message->like_count,
                            .liked = message->liked};
    enum status status = review_key_from_texts(call, proto_text(message->record_type),
                                               proto_text(message->record_id),
                                               proto_text(message->user_id), &review.key);
    if (status == STATUS_OK) {
        status = review_time_parse(call, proto_text(message->created_time), &review.created_ms);
    }
    if (status == STATUS_OK && message->edited_time.len > 0) {
        status = review_time_parse(call, proto_text(message->edited_time), &review.edited_ms);
    }
    if (status == STATUS_OK) {
        *ret_review = review;
    }
    return status;
}

enum status review_order_from_message(struct call *call, ReviewOrder order,
                                      enum review_order *ret_order)
{
    if (order != REVIEW_ORDER__REVIEW_NEWEST && order != REVIEW_ORDER__REVIEW_MOST_LIKED) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "there is no order %d", (int)order);
    }
    *ret_order =
        order == REVIEW_ORDER__REVIEW_MOST_LIKED ? REVIEW_ORDER_MOST_LIKED : REVIEW_ORDER_NEWEST;
    return STATUS_OK;
}

ReviewOrder review_order_to_message(enum review_order order)
{
    return order == REVIEW_ORDER_MOST_LIKED ? REVIEW_ORDER__REVIEW_MOST_LIKED
                                            : REVIEW_ORDER__REVIEW_NEWEST;
}

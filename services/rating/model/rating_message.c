#include "rating/model/rating_message.h"

#include "base/arena.h"
#include "base/clock.h"
#include "proto/proto.h"

enum status vote_key_from_texts(struct call *call, struct text record_type, struct text record_id,
                                struct text user_id, struct text provider_id,
                                struct vote_key *ret_key)
{
    enum record_type type;
    enum status status = record_type_parse(call, record_type, &type);
    if (status == STATUS_OK) {
        *ret_key = (struct vote_key){
            .record = {.type = type, .id = record_id}, .provider = provider_id, .user = user_id};
    }
    return status;
}

/* The whole points of rating_value, which has always been there, or the exact value beside it. */
static enum status value_of(struct call *call, const PutRatingRequest *message,
                            int32_t *ret_hundredths)
{
    int64_t hundredths = message->exact_value != NULL
                             ? message->exact_value->hundredths
                             : (int64_t)message->rating_value * RATING_HUNDREDTHS_PER_POINT;
    if (hundredths < 0 || hundredths > RATING_HUNDREDTHS_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a rating must be 0 to %d points",
                         RATING_HUNDREDTHS_MAX / RATING_HUNDREDTHS_PER_POINT);
    }
    *ret_hundredths = (int32_t)hundredths;
    return STATUS_OK;
}

enum status rating_change_from_message(struct call *call, const PutRatingRequest *message,
                                       struct rating_change *ret_change)
{
    struct rating_change change = {.kind = RATING_PUT, .skip_unchanged = true};
    struct text time = proto_text(message->event_time);
    enum status status = vote_key_from_texts(
        call, proto_text(message->record_type), proto_text(message->record_id),
        proto_text(message->user_id), proto_text(message->provider_id), &change.key);
    if (status == STATUS_OK) {
        status = value_of(call, message, &change.hundredths);
    }
    if (status != STATUS_OK) {
        return status;
    }
    change.has_time = time.length > 0;
    if (change.has_time && !clock_parse(time, &change.time_ms)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "'%.*s' is not a time in RFC 3339",
                         TEXT_ARGUMENTS(time));
    }
    *ret_change = change;
    return STATUS_OK;
}

Rating *vote_to_message(struct arena *arena, const struct vote *vote)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    Rating *message = arena_alloc(arena, sizeof(*message));
    ExactValue *exact = arena_alloc(arena, sizeof(*exact));
    struct text time_text = arena_copy(arena, clock_format(vote->time_ms, time));
    if (message == NULL || exact == NULL || time_text.data == NULL) {
        return NULL;
    }
    exact_value__init(exact);
    exact->hundredths = vote->hundredths;
    rating__init(message);
    message->user_id = proto_bytes(vote->key.user);
    message->record_id = proto_bytes(vote->key.record.id);
    message->record_type = proto_bytes(text_of(record_type_name(vote->key.record.type)));
    message->provider_id = proto_bytes(vote->key.provider);
    message->rating_value = (double)vote->hundredths / RATING_HUNDREDTHS_PER_POINT;
    message->exact_value = exact;
    message->event_time = proto_bytes(time_text);
    return message;
}

/* Many ratings at once: batches and pages. */
#include "base/arena.h"
#include "base/clock.h"
#include "proto/proto.h"
#include "rating/handler/rating_handler.h"
#include "rating/handler/rating_handler_private.h"
#include "rating/model/rating_message.h"

/* A row that is refused does not hold up the others: it is told with its reason. */
static bool refuse(struct call *call, size_t index, BatchPutRatingsResponse *reply)
{
    RefusedRating *refused = arena_alloc(call->arena, sizeof(*refused));
    if (refused == NULL) {
        return false;
    }
    refused_rating__init(refused);
    refused->index = (uint32_t)index;
    refused->reason = proto_bytes(call->error.message);
    reply->refused[reply->n_refused++] = refused;
    call_clear_error(call);
    return true;
}

enum status rating_handler_batch_put_ratings(void *state, struct call *call, const void *request,
                                             void *response)
{
    const BatchPutRatingsRequest *batch = request;
    BatchPutRatingsResponse *reply = response;
    if (batch->n_ratings > RATING_BATCH_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d ratings at once",
                         RATING_BATCH_MAX);
    }
    struct rating_change *changes = arena_calloc(call->arena, batch->n_ratings, sizeof(*changes));
    reply->refused = arena_calloc(call->arena, batch->n_ratings, sizeof(RefusedRating *));
    if (changes == NULL || reply->refused == NULL) {
        return rating_handler_no_room(call);
    }
    size_t count = 0;
    for (size_t i = 0; i < batch->n_ratings; i++) {
        enum status status = rating_change_from_message(call, batch->ratings[i], &changes[count]);
        if (status == STATUS_OK) {
            status = rating_controller_validate(state, call, &changes[count]);
        }
        if (status == STATUS_OK) {
            count++;
        } else if (!refuse(call, i, reply)) {
            return rating_handler_no_room(call);
        }
    }
    reply->accepted = (uint32_t)count;
    return count > 0 ? rating_controller_put_all(state, call, changes, count) : STATUS_OK;
}

enum status rating_handler_list_user_ratings(void *state, struct call *call, const void *request,
                                             void *response)
{
    const ListUserRatingsRequest *list = request;
    ListUserRatingsResponse *reply = response;
    struct rating_vote_page page;
    enum status status = rating_handler_await(state, call, list->after);
    if (status == STATUS_OK) {
        status =
            rating_controller_list_user_votes(state, call, proto_text(list->user_id),
                                              list->page_size, proto_text(list->page_token), &page);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->ratings = arena_calloc(call->arena, page.count, sizeof(Rating *));
    if (reply->ratings == NULL) {
        return rating_handler_no_room(call);
    }
    for (size_t i = 0; i < page.count; i++) {
        reply->ratings[i] = vote_to_message(call->arena, &page.votes[i]);
        if (reply->ratings[i] == NULL) {
            return rating_handler_no_room(call);
        }
    }
    reply->n_ratings = page.count;
    reply->next_page_token = proto_bytes(page.next_page_token);
    return STATUS_OK;
}

/* NULL: no room. */
static DeadLetter *to_message(struct arena *arena, const struct rating_dead_letter *letter)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    DeadLetter *message = arena_alloc(arena, sizeof(*message));
    struct text time_text = arena_copy(arena, clock_format(letter->time_ms, time));
    if (message == NULL || time_text.data == NULL) {
        return NULL;
    }
    dead_letter__init(message);
    message->topic = proto_bytes(letter->topic);
    message->partition = letter->partition;
    message->offset = letter->offset;
    message->reason = proto_bytes(letter->reason);
    message->payload = proto_bytes(letter->payload);
    message->time = proto_bytes(time_text);
    return message;
}

enum status rating_handler_list_dead_letters(void *state, struct call *call, const void *request,
                                             void *response)
{
    const ListDeadLettersRequest *list = request;
    ListDeadLettersResponse *reply = response;
    struct rating_dead_letter_page page;
    enum status status = rating_controller_list_dead_letters(state, call, list->page_size,
                                                             proto_text(list->page_token), &page);
    if (status != STATUS_OK) {
        return status;
    }
    reply->dead_letters = arena_calloc(call->arena, page.count, sizeof(DeadLetter *));
    if (reply->dead_letters == NULL) {
        return rating_handler_no_room(call);
    }
    for (size_t i = 0; i < page.count; i++) {
        reply->dead_letters[i] = to_message(call->arena, &page.letters[i]);
        if (reply->dead_letters[i] == NULL) {
            return rating_handler_no_room(call);
        }
    }
    reply->n_dead_letters = page.count;
    reply->next_page_token = proto_bytes(page.next_page_token);
    return STATUS_OK;
}

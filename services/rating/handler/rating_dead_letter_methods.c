/* Dead letters: listed, shown and tried again. */
#include "base/arena.h"
#include "base/clock.h"
#include "proto/proto.h"
#include "rating/handler/rating_handler_private.h"

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

enum status rating_handler_get_dead_letter(void *state, struct call *call, const void *request,
                                           void *response)
{
    const GetDeadLetterRequest *get = request;
    GetDeadLetterResponse *reply = response;
    struct rating_dead_letter letter;
    const struct rating_dead_letter_key key = {proto_text(get->topic), get->partition, get->offset};
    enum status status = rating_controller_get_dead_letter(state, call, &key, &letter);
    if (status != STATUS_OK) {
        return status;
    }
    reply->dead_letter = to_message(call->arena, &letter);
    return reply->dead_letter != NULL ? STATUS_OK : rating_handler_no_room(call);
}

enum status rating_handler_retry_dead_letter(void *state, struct call *call, const void *request,
                                             void *response)
{
    const RetryDeadLetterRequest *retry = request;
    RetryDeadLetterResponse *reply = response;
    struct text reason;
    const struct rating_dead_letter_key key = {proto_text(retry->topic), retry->partition,
                                               retry->offset};
    enum status status =
        rating_controller_retry_dead_letter(state, call, &key, proto_text(retry->event), &reason);
    if (status == STATUS_OK) {
        reply->applied = reason.length == 0;
        reply->reason = proto_bytes(reason);
    }
    return status;
}

enum status rating_handler_retry_dead_letters(void *state, struct call *call, const void *request,
                                              void *response)
{
    const RetryDeadLettersRequest *retry = request;
    RetryDeadLettersResponse *reply = response;
    struct rating_retried_page page;
    enum status status = rating_controller_retry_dead_letters(state, call, retry->page_size,
                                                              proto_text(retry->page_token), &page);
    if (status == STATUS_OK) {
        reply->applied = (uint32_t)page.applied;
        reply->failed = (uint32_t)page.failed;
        reply->next_page_token = proto_bytes(page.next_page_token);
    }
    return status;
}

/* Dead letters, for whoever is to look at them: the payload as it came, and in headers, by the
 * names that Kafka Connect gives them, where it came from and why it could not be applied. */
#include <inttypes.h>

#include "base/clock.h"
#include "rating/model/rating_held.h"
#include "rating/relay/rating_relay_private.h"

enum { HEADER_COUNT = 5 };

/* In the call's arena. */
static enum status encode_letter(struct call *call, const struct rating_dead_letter *letter,
                                 struct eventlog_message *ret_message)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    struct arena *arena = call->arena;
    struct eventlog_header *headers = arena_calloc(arena, HEADER_COUNT, sizeof(*headers));
    struct text partition = arena_format(arena, "%" PRId32, letter->partition);
    struct text offset = arena_format(arena, "%" PRId64, letter->offset);
    struct text key =
        arena_format(arena, "%.*s/%" PRId32 "/%" PRId64, TEXT_ARGUMENTS(letter->topic),
                     letter->partition, letter->offset);
    struct text set_aside = arena_copy(arena, clock_format(letter->time_ms, time));
    if (headers == NULL || partition.data == NULL || offset.data == NULL || key.data == NULL ||
        set_aside.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a dead letter");
    }
    headers[0] = (struct eventlog_header){TEXT("__connect.errors.topic"), letter->topic};
    headers[1] = (struct eventlog_header){TEXT("__connect.errors.partition"), partition};
    headers[2] = (struct eventlog_header){TEXT("__connect.errors.offset"), offset};
    headers[3] =
        (struct eventlog_header){TEXT("__connect.errors.exception.message"), letter->reason};
    headers[4] = (struct eventlog_header){TEXT("marquee.errors.time"), set_aside};
    *ret_message = (struct eventlog_message){.key = key,
                                             .value = letter->payload,
                                             .time_ms = letter->time_ms,
                                             .headers = headers,
                                             .header_count = HEADER_COUNT};
    return STATUS_OK;
}

/* One that the log will not take (its own limit on a message) stays in the store alone. */
static enum status send_one(struct rating_relay *self, const struct eventlog_message *message)
{
    enum status status = rating_relay_produce(self, self->options.dead_letters_topic, message, 1);
    if (status != STATUS_INVALID_ARGUMENT) {
        return status;
    }
    log_call(self->options.log, LOG_ERROR, &self->call,
             "the event log does not take a dead letter; it is kept in the store",
             LOG_FIELDS(log_text("letter", message->key)));
    call_clear_error(&self->call);
    return STATUS_OK;
}

static enum status send_letters(struct rating_relay *self, const struct eventlog_message *messages,
                                size_t count)
{
    enum status status =
        rating_relay_produce(self, self->options.dead_letters_topic, messages, count);
    if (status == STATUS_INVALID_ARGUMENT) {
        call_clear_error(&self->call);
        status = STATUS_OK;
        for (size_t i = 0; i < count && status == STATUS_OK; i++) {
            status = send_one(self, &messages[i]);
        }
    }
    if (status == STATUS_OK) {
        rating_relay_add(&self->figures.letters, count);
    }
    return status;
}

/* STATUS_NOT_FOUND: it has been settled since. */
static enum status read_letter(struct rating_relay *self, struct call *call,
                               const struct rating_change_record *record,
                               struct eventlog_message *ret_message)
{
    struct rating_repository repository = self->options.repository;
    const struct rating_dead_letter_key key = {record->source.topic, record->source.partition,
                                               record->offset};
    struct rating_dead_letter letter;
    enum status status = repository.ops->get_dead_letter(repository.state, call, &key, &letter);
    return status == STATUS_OK ? encode_letter(call, &letter, ret_message) : status;
}

/* Payloads are large: they have an arena of their own, which is emptied after every few. */
enum status rating_relay_letters(struct rating_relay *self,
                                 const struct rating_change_record *const *records, size_t count)
{
    struct eventlog_message messages[RATING_RELAY_LETTERS_MAX];
    struct call reading = self->call;
    size_t waiting = 0;
    enum status status = STATUS_OK;
    if (self->options.dead_letters_topic.length == 0) {
        return STATUS_OK;
    }
    reading.arena = &self->letter_arena;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (records[i]->kind == RATING_RECORD_DEAD_LETTER &&
            !rating_held_is_topic(records[i]->source.topic)) {
            status = read_letter(self, &reading, records[i], &messages[waiting]);
            waiting += status == STATUS_OK ? 1 : 0;
            status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
        }
        if (status == STATUS_OK && (waiting == RATING_RELAY_LETTERS_MAX || i + 1 == count)) {
            status = send_letters(self, messages, waiting);
            waiting = 0;
            arena_reset(&self->letter_arena);
        }
    }
    arena_reset(&self->letter_arena);
    return status;
}

static void move_cursor(struct relay_letter_cursor *cursor, const struct rating_dead_letter *letter)
{
    CHECK(letter->topic.length <= sizeof(cursor->topic));
    cursor->is_set = true;
    cursor->topic_length = letter->topic.length;
    memcpy(cursor->topic, letter->topic.data, letter->topic.length);
    cursor->partition = letter->partition;
    cursor->offset = letter->offset;
}

enum status rating_relay_letters_page(struct rating_relay *self, struct relay_letter_cursor *cursor,
                                      bool *ret_more)
{
    struct rating_repository repository = self->options.repository;
    struct eventlog_message messages[RATING_RELAY_LETTERS_MAX];
    struct call reading = self->call;
    struct rating_dead_letter *letters;
    size_t count;
    if (self->options.dead_letters_topic.length == 0) {
        *ret_more = false;
        return STATUS_OK;
    }
    reading.arena = &self->letter_arena;
    const struct rating_dead_letter_key after = {text_of_bytes(cursor->topic, cursor->topic_length),
                                                 cursor->partition, cursor->offset};
    enum status status = repository.ops->list_dead_letters(
        repository.state, &reading, cursor->is_set ? &after : NULL, RATING_RELAY_LETTERS_MAX,
        &letters, &count);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        status = encode_letter(&reading, &letters[i], &messages[i]);
    }
    if (status == STATUS_OK) {
        status = send_letters(self, messages, count);
    }
    if (status == STATUS_OK && count > 0) {
        move_cursor(cursor, &letters[count - 1]);
    }
    *ret_more = status == STATUS_OK && count == RATING_RELAY_LETTERS_MAX;
    arena_reset(&self->letter_arena);
    return status;
}

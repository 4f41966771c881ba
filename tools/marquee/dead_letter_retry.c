#include "marquee/dead_letter_retry.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "proto/proto.h"
#include "rating.pb-c.h"

enum { READ_BYTES = 4096 };

enum status dead_letter_place_read(struct session *session, struct text text,
                                   struct dead_letter_place *ret_place)
{
    struct text rest = text;
    struct dead_letter_place place = {.topic = text_next(&rest, '/')};
    int64_t partition = -1;
    bool is_place = place.topic.length > 0 && text_to_i64(text_next(&rest, '@'), &partition) &&
                    partition >= 0 && partition <= INT32_MAX && text_to_i64(rest, &place.offset) &&
                    place.offset >= 0;
    if (!is_place) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                         "'%.*s' is not TOPIC/PARTITION@OFFSET, such as ratings/3@1207",
                         TEXT_ARGUMENTS(text));
    }
    place.partition = (int32_t)partition;
    *ret_place = place;
    return STATUS_OK;
}

static enum status read_file(struct call *call, struct text name, struct buffer *buffer)
{
    char bytes[READ_BYTES];
    FILE *file = fopen(name.data, "re");
    size_t got;
    bool fits = true;
    if (file == NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%.*s: %s", TEXT_ARGUMENTS(name),
                         strerror(errno));
    }
    do {
        got = fread(bytes, 1, sizeof(bytes), file);
        fits = buffer_append(buffer, text_of_bytes(bytes, got));
    } while (got > 0 && fits);
    bool failed = ferror(file) != 0;
    (void)fclose(file); /* it was only read */
    if (failed) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%.*s cannot be read",
                         TEXT_ARGUMENTS(name));
    }
    return fits ? STATUS_OK
                : call_fail(call, STATUS_INVALID_ARGUMENT, "%.*s is larger than an event may be",
                            TEXT_ARGUMENTS(name));
}

static enum status ask(struct session *session, const struct dead_letter_place *place,
                       struct text event)
{
    RetryDeadLetterRequest request = RETRY_DEAD_LETTER_REQUEST__INIT;
    ProtobufCMessage *message;
    request.topic = proto_bytes(place->topic);
    request.partition = place->partition;
    request.offset = place->offset;
    request.event = proto_bytes(event);
    enum status status =
        session_ask_once(session, SESSION_RATING, "/RatingService/RetryDeadLetter", &request.base,
                         &retry_dead_letter_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const RetryDeadLetterResponse *response = (const RetryDeadLetterResponse *)message;
    if (config_boolean(session->config, "json")) {
        session->failed = !response->applied;
        return session_print_json(session, &session->call, message);
    }
    if (response->applied) {
        (void)fputs("applied\n", session->input->output); /* a failed write is found in the end */
        return STATUS_OK;
    }
    return call_fail(&session->call, STATUS_FAILED_PRECONDITION, "not applied: %.*s",
                     TEXT_ARGUMENTS(proto_text(response->reason)));
}

enum status dead_letter_retry(struct session *session, const struct dead_letter_place *place)
{
    struct buffer buffer;
    struct text event = config_text(session->config, "event");
    struct text file = config_text(session->config, "edit");
    if (event.length > 0 && file.length > 0) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                         "--event and --edit cannot both be given");
    }
    buffer_init(&buffer, DEAD_LETTER_EVENT_BYTES_MAX);
    enum status status = STATUS_OK;
    if (file.length > 0) {
        status = read_file(&session->call, file, &buffer);
        event = buffer_text(&buffer);
        if (status == STATUS_OK && event.length == 0) {
            status = call_fail(&session->call, STATUS_INVALID_ARGUMENT, "%.*s is empty",
                               TEXT_ARGUMENTS(file));
        }
    }
    if (status == STATUS_OK) {
        status = ask(session, place, event);
    }
    buffer_deinit(&buffer);
    return status;
}

struct retried {
    uint64_t applied;
    uint64_t failed;
};

static enum status retry_page(struct session *session, void *state, struct session_page *page)
{
    struct retried *retried = state;
    RetryDeadLettersRequest request = RETRY_DEAD_LETTERS_REQUEST__INIT;
    ProtobufCMessage *message;
    request.page_token = proto_bytes(page->token);
    enum status status =
        session_ask(session, &page->call, SESSION_RATING, "/RatingService/RetryDeadLetters",
                    &request.base, &retry_dead_letters_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const RetryDeadLettersResponse *response = (const RetryDeadLettersResponse *)message;
    page->next = proto_text(response->next_page_token);
    retried->applied += response->applied;
    retried->failed += response->failed;
    return config_boolean(session->config, "json")
               ? session_print_json(session, &page->call, message)
               : STATUS_OK;
}

enum status dead_letter_retry_all(struct session *session)
{
    struct retried retried = {0};
    if (config_text(session->config, "event").length > 0 ||
        config_text(session->config, "edit").length > 0) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                         "an event mends one dead letter, not all");
    }
    enum status status = session_each_page(session, retry_page, &retried);
    if (!config_boolean(session->config, "json")) {
        (void)fprintf(session->input->output, "%llu applied, %llu failed again\n",
                      (unsigned long long)retried.applied, (unsigned long long)retried.failed);
    }
    session->failed = retried.failed > 0;
    return status;
}

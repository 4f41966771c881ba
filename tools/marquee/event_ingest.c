#include "marquee/event_ingest.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "marquee/event_reader.h"
#include "rating/model/rating_event.h"
#include "json/json.h"

enum {
    DECODE_BYTES_MAX = 16 * 1024 * 1024, /* for one event */
    TEXTS_BYTES_MAX =
        EVENT_INGEST_BATCH_BYTES_MAX + 2 * EVENTLOG_VALUE_BYTES_MAX + EVENT_INGEST_BATCH_MAX * 64,
    RETRIES_MAX = 5, /* of a batch whose end is not known */
};

#define RETRY_PAUSE_NS (INT64_C(200) * CLOCK_NS_PER_MS)

struct batch {
    struct arena texts;
    struct eventlog_message *messages;
    size_t count;
    size_t bytes;
    struct ingest_position end; /* when it is delivered */
};

/* The key of an event that nobody vouches for; empty where there is none. */
static struct text raw_key(const struct event_ingest *ingest, struct call *call, struct text json)
{
    const struct json *event;
    if (json_parse(call, json, &event) != STATUS_OK) {
        return TEXT("");
    }
    const struct json *key = json_member(event, ingest->key_is_record ? "recordId" : "userId");
    bool fits = json_kind(key) == JSON_STRING && json_string(key).length <= EVENTLOG_KEY_BYTES_MAX;
    return fits ? json_string(key) : TEXT("");
}

static enum status find_key(const struct event_ingest *ingest, struct call *call, struct text json,
                            struct text *ret_key)
{
    struct rating_change change;
    if (ingest->raw) {
        *ret_key = raw_key(ingest, call, json);
        return STATUS_OK;
    }
    enum status status = rating_event_decode(call, json, &change);
    if (status == STATUS_OK) {
        *ret_key = ingest->key_is_record ? change.key.record.id : change.key.user;
    }
    return status;
}

static enum status add(struct batch *batch, struct call *call, struct text key, struct text json)
{
    struct eventlog_message message = {.key = arena_copy(&batch->texts, key),
                                       .value = arena_copy(&batch->texts, json)};
    if (message.key.data == NULL || message.value.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a batch of events");
    }
    batch->messages[batch->count++] = message;
    batch->end.appended++;
    batch->bytes += key.length + json.length;
    return STATUS_OK;
}

/* Takes one event into the batch, or complains of it. */
static enum status take(struct event_ingest *ingest, struct batch *batch, struct call *call,
                        const struct event_text *event)
{
    struct arena arena;
    struct call decode;
    struct text key;
    ingest->read++;
    batch->end.read++;
    batch->end.last_hash = text_hash(event->json);
    if (event->too_long) {
        complaints_add(&ingest->complaints, ingest->file, event->line,
                       TEXT("the event is longer than 1 MiB"));
        return STATUS_OK;
    }
    arena_init(&arena, DECODE_BYTES_MAX);
    call_init(&decode, &arena, 0);
    enum status status = find_key(ingest, &decode, event->json, &key);
    if (status == STATUS_OK) {
        status = add(batch, call, key, event->json);
    } else {
        complaints_add(&ingest->complaints, ingest->file, event->line, decode.error.message);
        status = STATUS_OK;
    }
    arena_deinit(&arena);
    return status;
}

/* A log that knows what it has is asked again when the end of a batch is not known. */
static enum status produce(struct event_ingest *ingest, const struct batch *batch,
                           struct call *call, size_t *ret_delivered)
{
    const struct eventlog_producer *producer = &ingest->producer;
    if (producer->ops->produce_once == NULL) {
        return producer->ops->produce(producer->state, call, ingest->topic, batch->messages,
                                      batch->count, ret_delivered);
    }
    const struct eventlog_sequence sequence = {.producer_id = ingest->position.producer_id,
                                               .first = (int64_t)ingest->position.appended};
    for (unsigned tries = 0;; tries++) {
        enum status status =
            producer->ops->produce_once(producer->state, call, ingest->topic, &sequence,
                                        batch->messages, batch->count, ret_delivered);
        if (status != STATUS_UNAVAILABLE || tries == RETRIES_MAX ||
            fiber_sleep(call, RETRY_PAUSE_NS) != STATUS_OK) {
            return status;
        }
    }
}

static enum status keep_position(struct event_ingest *ingest, struct call *call)
{
    return ingest->keep == NULL ? STATUS_OK
                                : ingest->keep(ingest->keep_state, call, &ingest->position);
}

static enum status deliver(struct event_ingest *ingest, struct batch *batch, struct call *call)
{
    size_t delivered = 0;
    struct call within = call_within(call, ingest->timeout_ms);
    enum status status =
        batch->count == 0 ? STATUS_OK : produce(ingest, batch, &within, &delivered);
    ingest->delivered += delivered;
    ingest->undelivered += batch->count - delivered;
    arena_reset(&batch->texts);
    batch->count = batch->bytes = 0;
    if (status != STATUS_OK) {
        struct text words = within.error.message;
        return call_fail(call, status, "the event log does not take them: %.*s",
                         TEXT_ARGUMENTS(words.length > 0 ? words : text_of(status_name(status))));
    }
    ingest->position = batch->end;
    status = keep_position(ingest, call);
    if (status == STATUS_OK && ingest->progressed != NULL) {
        ingest->progressed(ingest->progressed_state, ingest->delivered);
    }
    return status;
}

/* Reads up to the position, and sees that it is the input that it was. */
static enum status pass_over(struct event_ingest *ingest, struct event_reader *reader,
                             struct call *call)
{
    const struct ingest_position *position = &ingest->position;
    struct event_text event;
    uint64_t hash = position->last_hash;
    while (ingest->passed_over < position->read) {
        enum status status = event_reader_next(reader, call, &event);
        if (status == STATUS_NOT_FOUND) {
            return call_fail(call, STATUS_FAILED_PRECONDITION,
                             "%s has %llu events, and the position says that %llu were read: it is "
                             "another input",
                             ingest->file, (unsigned long long)ingest->passed_over,
                             (unsigned long long)position->read);
        }
        if (status != STATUS_OK) {
            return status;
        }
        hash = text_hash(event.json);
        ingest->passed_over++;
    }
    return hash == position->last_hash
               ? STATUS_OK
               : call_fail(call, STATUS_FAILED_PRECONDITION,
                           "event %llu of %s is not the one that the position says: it is another "
                           "input",
                           (unsigned long long)position->read, ingest->file);
}

static enum status run(struct event_ingest *ingest, struct batch *batch,
                       struct event_reader *reader, struct call *call)
{
    struct event_text event;
    size_t batch_max = ingest->batch_max == 0 ? EVENT_INGEST_BATCH_MAX : ingest->batch_max;
    enum status status = pass_over(ingest, reader, call);
    batch->end = ingest->position;
    if (status == STATUS_OK) {
        status = keep_position(ingest, call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = event_reader_next(reader, call, &event);
    while (status == STATUS_OK) {
        status = take(ingest, batch, call, &event);
        if (status == STATUS_OK &&
            (batch->count == batch_max || batch->bytes >= EVENT_INGEST_BATCH_BYTES_MAX)) {
            status = deliver(ingest, batch, call);
        }
        if (status == STATUS_OK) {
            status = event_reader_next(reader, call, &event);
        }
    }
    enum status last = deliver(ingest, batch, call);
    return status == STATUS_NOT_FOUND ? last : status;
}

enum status event_ingest_run(struct event_ingest *ingest, struct call *call)
{
    struct event_reader reader;
    struct batch batch = {.messages = calloc(EVENT_INGEST_BATCH_MAX, sizeof(*batch.messages))};
    arena_init(&batch.texts, TEXTS_BYTES_MAX);
    enum status status = event_reader_init(&reader, ingest->source);
    if (batch.messages == NULL || status != STATUS_OK) {
        status = call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a batch of events");
    } else {
        status = run(ingest, &batch, &reader, call);
    }
    complaints_end(&ingest->complaints);
    event_reader_deinit(&reader);
    arena_deinit(&batch.texts);
    free(batch.messages);
    return status;
}

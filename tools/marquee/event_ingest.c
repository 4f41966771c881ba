#include "marquee/event_ingest.h"

#include <stdlib.h>

#include "base/arena.h"
#include "marquee/event_reader.h"
#include "rating/model/rating_event.h"
#include "json/json.h"

enum {
    DECODE_BYTES_MAX = 16 * 1024 * 1024, /* for one event */
    TEXTS_BYTES_MAX =
        EVENT_INGEST_BATCH_BYTES_MAX + 2 * EVENTLOG_VALUE_BYTES_MAX + EVENT_INGEST_BATCH_MAX * 64,
};

struct batch {
    struct arena texts;
    struct eventlog_message *messages;
    size_t count;
    size_t bytes;
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

static enum status deliver(struct event_ingest *ingest, struct batch *batch, struct call *call)
{
    size_t delivered = 0;
    if (batch->count == 0) {
        return STATUS_OK;
    }
    struct call produce = call_within(call, ingest->timeout_ms);
    enum status status = ingest->producer.ops->produce(
        ingest->producer.state, &produce, ingest->topic, batch->messages, batch->count, &delivered);
    ingest->delivered += delivered;
    ingest->undelivered += batch->count - delivered;
    arena_reset(&batch->texts);
    batch->count = batch->bytes = 0;
    if (status != STATUS_OK) {
        struct text words = produce.error.message;
        return call_fail(call, status, "the event log does not take them: %.*s",
                         TEXT_ARGUMENTS(words.length > 0 ? words : text_of(status_name(status))));
    }
    if (ingest->progressed != NULL) {
        ingest->progressed(ingest->progressed_state, ingest->delivered);
    }
    return STATUS_OK;
}

static enum status run(struct event_ingest *ingest, struct batch *batch,
                       struct event_reader *reader, struct call *call)
{
    struct event_text event;
    enum status status = event_reader_next(reader, call, &event);
    while (status == STATUS_OK) {
        status = take(ingest, batch, call, &event);
        if (status == STATUS_OK && (batch->count == EVENT_INGEST_BATCH_MAX ||
                                    batch->bytes >= EVENT_INGEST_BATCH_BYTES_MAX)) {
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

#include <stdlib.h>

#include "base/clock.h"
#include "eventlog/local_eventlog_private.h"

enum { PRODUCES_MAX = 64 }; /* of one producer at a time; the others wait their turn */

struct local_producer {
    struct local_eventlog *log;
    struct loop *loop;
    struct fiber_semaphore turns;
};

static void produce_release(struct local_write *write)
{
    struct local_produce *produce = (struct local_produce *)write;
    free(produce->append.frames);
    free((void *)(uintptr_t)produce->append.frame_at);
    free((void *)(uintptr_t)produce->append.hashes);
    free(produce->append.order);
    free(produce->append.places);
    free(produce);
}

static bool wants_places(const struct eventlog_message *messages, size_t count)
{
    size_t i = 0;
    while (i < count && messages[i].place == NULL) {
        i++;
    }
    return i < count;
}

static void say_places(const struct local_produce *produce, const struct eventlog_message *messages,
                       size_t count)
{
    for (size_t i = 0; i < count && produce->append.places != NULL; i++) {
        if (messages[i].place != NULL) {
            *messages[i].place = produce->append.places[i];
        }
    }
}

/* Copies the messages, because the writer may still be at work when the call is over. */
static struct local_produce *produce_create(struct local_producer *producer, struct text topic,
                                            const struct eventlog_message *messages, size_t count)
{
    struct local_produce *produce = calloc(1, sizeof(*produce));
    if (produce == NULL) {
        return NULL;
    }
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += local_frame_bytes(&messages[i]);
    }
    size_t *frame_at = calloc(count + 1, sizeof(*frame_at));
    uint64_t *hashes = calloc(count, sizeof(*hashes));
    produce->write =
        (struct local_write){.release = produce_release, .bytes = bytes, .loop = producer->loop};
    produce->append = (struct local_append){
        .options = producer->log->topic_options,
        .frames = malloc(bytes),
        .frame_at = frame_at,
        .hashes = hashes,
        .order = calloc(count, sizeof(*produce->append.order)),
        .count = count,
    };
    bool has_places = true;
    if (wants_places(messages, count)) {
        produce->append.places = calloc(count, sizeof(*produce->append.places));
        has_places = produce->append.places != NULL;
    }
    if (!has_places || frame_at == NULL || hashes == NULL || produce->append.frames == NULL ||
        produce->append.order == NULL) {
        produce_release(&produce->write);
        return NULL;
    }
    memcpy(produce->topic, topic.data, topic.length);
    produce->append.topic = text_of_bytes(produce->topic, topic.length);
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < count; i++) {
        struct eventlog_message message = messages[i];
        message.time_ms = message.time_ms == 0 ? now_ms : message.time_ms;
        local_frame_write(produce->append.frames + frame_at[i], &message);
        frame_at[i + 1] = frame_at[i] + local_frame_bytes(&message);
        hashes[i] = text_hash(message.key);
    }
    return produce;
}

static enum status append(struct local_producer *producer, struct call *call,
                          struct local_produce *produce, const struct eventlog_message *messages,
                          size_t count)
{
    struct local_write *write = &produce->write;
    enum status status = local_writer_do(producer->log, call, write);
    if (status == STATUS_OK) {
        status = write->status == STATUS_OK ? STATUS_OK : local_write_fail(call, write);
        if (status == STATUS_OK) {
            say_places(produce, messages, count);
        }
        write->release(write);
    }
    return status;
}

static enum status producer_produce_once(void *state, struct call *call, struct text topic,
                                         const struct eventlog_sequence *sequence,
                                         const struct eventlog_message *messages, size_t count,
                                         size_t *ret_delivered)
{
    struct local_producer *producer = state;
    *ret_delivered = 0;
    size_t bytes;
    enum status status = eventlog_check_messages(call, topic, messages, count, &bytes);
    if (status != STATUS_OK || count == 0) {
        return status;
    }
    status = fiber_semaphore_take(call, &producer->turns);
    if (status != STATUS_OK) {
        return call_fail(call, status, "the event log was not written in time");
    }
    struct local_produce *produce = produce_create(producer, topic, messages, count);
    if (produce == NULL) {
        status = call_fail(call, STATUS_UNAVAILABLE, "no memory for the messages");
    } else {
        if (sequence != NULL) {
            produce->append.sequence = *sequence;
        }
        status = append(producer, call, produce, messages, count);
    }
    fiber_semaphore_give(&producer->turns);
    if (status == STATUS_OK) {
        *ret_delivered = count;
    }
    return status;
}

static enum status producer_produce(void *state, struct call *call, struct text topic,
                                    const struct eventlog_message *messages, size_t count,
                                    size_t *ret_delivered)
{
    return producer_produce_once(state, call, topic, NULL, messages, count, ret_delivered);
}

static void producer_close(void *state)
{
    free(state);
}

enum status local_eventlog_producer_open(struct local_eventlog *log, struct loop *loop,
                                         struct call *call, struct eventlog_producer *ret_producer)
{
    static const struct eventlog_producer_ops ops = {.produce = producer_produce,
                                                     .produce_once = producer_produce_once,
                                                     .close = producer_close};
    struct local_producer *producer = calloc(1, sizeof(*producer));
    if (producer == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a producer");
    }
    producer->log = log;
    producer->loop = loop;
    fiber_semaphore_init(&producer->turns, PRODUCES_MAX);
    *ret_producer = (struct eventlog_producer){.ops = &ops, .state = producer};
    return STATUS_OK;
}

#include "eventlog/eventlog_processor.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "eventlog/eventlog_scan.h"
#include "loop/fiber.h"

enum { CAPACITY_FIRST = 64 };

struct output_topic {
    struct text name;
    struct eventlog_message *messages;
    size_t count;
    size_t capacity;
    size_t bytes;
};

struct eventlog_outputs {
    struct output_topic topics[EVENTLOG_PROCESSOR_TOPICS_MAX];
    size_t topic_count;
};

static void clear(struct eventlog_outputs *outputs)
{
    for (size_t i = 0; i < outputs->topic_count; i++) {
        outputs->topics[i].count = outputs->topics[i].bytes = 0;
        outputs->topics[i].name = (struct text){NULL, 0};
    }
    outputs->topic_count = 0;
}

static void free_messages(struct eventlog_outputs *outputs)
{
    for (size_t i = 0; i < ARRAY_LENGTH(outputs->topics); i++) {
        free(outputs->topics[i].messages);
    }
}

/* NULL: there are too many. */
static struct output_topic *find_topic(struct eventlog_outputs *outputs, struct text name)
{
    for (size_t i = 0; i < outputs->topic_count; i++) {
        if (text_equal(outputs->topics[i].name, name)) {
            return &outputs->topics[i];
        }
    }
    if (outputs->topic_count == EVENTLOG_PROCESSOR_TOPICS_MAX) {
        return NULL;
    }
    struct output_topic *topic = &outputs->topics[outputs->topic_count++];
    topic->name = name;
    return topic;
}

static bool reserve_one(struct output_topic *topic)
{
    if (topic->count < topic->capacity) {
        return true;
    }
    size_t capacity = topic->capacity > 0 ? topic->capacity * 2 : CAPACITY_FIRST;
    struct eventlog_message *messages =
        realloc(topic->messages, capacity * sizeof(*topic->messages));
    if (messages == NULL) {
        return false;
    }
    topic->messages = messages;
    topic->capacity = capacity;
    return true;
}

static size_t message_bytes(const struct eventlog_message *message)
{
    size_t bytes = message->key.length + message->value.length;
    for (size_t i = 0; i < message->header_count; i++) {
        bytes += message->headers[i].name.length + message->headers[i].value.length;
    }
    return bytes;
}

enum status eventlog_outputs_add(struct eventlog_outputs *outputs, struct call *call,
                                 struct text topic, const struct eventlog_message *message)
{
    struct output_topic *output = find_topic(outputs, topic);
    size_t bytes = message_bytes(message);
    if (output == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "a batch is for more than %d topics",
                         EVENTLOG_PROCESSOR_TOPICS_MAX);
    }
    if (output->count == EVENTLOG_BATCH_MAX || bytes > EVENTLOG_PRODUCE_BYTES_MAX - output->bytes) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                         "a batch gives more than %d messages or %d bytes: use smaller batches",
                         EVENTLOG_BATCH_MAX, EVENTLOG_PRODUCE_BYTES_MAX);
    }
    if (!reserve_one(output)) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for messages");
    }
    output->messages[output->count++] = *message;
    output->bytes += bytes;
    return STATUS_OK;
}

/* What is being done, besides what the owner has set. */
struct run {
    struct eventlog_processor *processor;
    struct call *call; /* of the whole */
    struct arena arena;
    struct eventlog_outputs outputs;
    int64_t pause_ms; /* the last one; 0: all is well */
};

/* Tells of a failure and waits a little. false: the call is over. */
static bool wait_out(struct run *run, const struct call *failed, enum status status)
{
    struct eventlog_processor *processor = run->processor;
    if (processor->troubled != NULL) {
        processor->troubled(processor->troubled_state, failed, status);
    }
    run->pause_ms = run->pause_ms > 0 ? run->pause_ms * 2 : EVENTLOG_PROCESSOR_PAUSE_MS;
    if (run->pause_ms > EVENTLOG_PROCESSOR_PAUSE_MS_MAX) {
        run->pause_ms = EVENTLOG_PROCESSOR_PAUSE_MS_MAX;
    }
    return fiber_sleep(run->call, run->pause_ms * CLOCK_NS_PER_MS) == STATUS_OK;
}

static enum status fail_as(struct run *run, const struct call *failed, enum status status)
{
    (void)call_fail_detail(run->call, status, "%.*s", TEXT_ARGUMENTS(failed->error.detail));
    struct text words = failed->error.message;
    return call_fail(run->call, status, "%.*s",
                     TEXT_ARGUMENTS(words.length > 0 ? words : text_of(status_name(status))));
}

/* Until it is acknowledged. What was, of an attempt that failed, is then in the log twice. */
static enum status produce(struct run *run, const struct output_topic *output)
{
    struct eventlog_producer producer = run->processor->producer;
    for (;;) {
        size_t delivered = 0;
        struct call attempt = call_within(run->call, EVENTLOG_PROCESSOR_PRODUCE_MS);
        attempt.arena = &run->arena;
        enum status status = producer.ops->produce(producer.state, &attempt, output->name,
                                                   output->messages, output->count, &delivered);
        if (status == STATUS_OK) {
            run->processor->produced += output->count;
            run->pause_ms = 0;
            return STATUS_OK;
        }
        if (call_check(run->call) != STATUS_OK) {
            return call_check(run->call);
        }
        if (status != STATUS_UNAVAILABLE && status != STATUS_DEADLINE_EXCEEDED) {
            return fail_as(run, &attempt, status);
        }
        if (!wait_out(run, &attempt, status)) {
            return call_check(run->call);
        }
    }
}

static enum status take(struct run *run, const struct eventlog_batch *batch)
{
    struct eventlog_processor *processor = run->processor;
    struct call call = call_within(run->call, 0);
    call.arena = &run->arena;
    enum status status = processor->process(processor->state, &call, batch, &run->outputs);
    if (status != STATUS_OK) {
        return fail_as(run, &call, status);
    }
    for (size_t i = 0; i < run->outputs.topic_count && status == STATUS_OK; i++) {
        CHECK(processor->producer.ops != NULL);
        status = produce(run, &run->outputs.topics[i]);
    }
    if (status == STATUS_OK) {
        processor->consumer.ops->committed(processor->consumer.state, batch);
        processor->consumed += batch->count;
    }
    return status;
}

/* One poll and what comes of it. false: it is over, with *ret_status. */
static bool step(struct run *run, size_t batch_max, enum status *ret_status)
{
    struct eventlog_processor *processor = run->processor;
    struct eventlog_consumer consumer = processor->consumer;
    struct eventlog_batch batch;
    struct call call = call_within(run->call, processor->idle_ms);
    call.arena = &run->arena;
    enum status status = consumer.ops->poll(consumer.state, &call, batch_max, &batch);
    if (status == STATUS_OK) {
        run->pause_ms = 0;
        *ret_status = take(run, &batch);
        return *ret_status == STATUS_OK;
    }
    *ret_status = call_check(run->call);
    if (*ret_status != STATUS_OK) {
        return false;
    }
    if (status == STATUS_DEADLINE_EXCEEDED) {
        return eventlog_progress(consumer) == EVENTLOG_BEHIND; /* it may have begun just now */
    }
    if (status == STATUS_NOT_FOUND || status == STATUS_UNAVAILABLE) {
        bool goes_on = wait_out(run, &call, status);
        *ret_status = call_check(run->call);
        return goes_on;
    }
    *ret_status = fail_as(run, &call, status);
    return false;
}

enum status eventlog_processor_run(struct eventlog_processor *processor, struct call *call)
{
    struct run *run = calloc(1, sizeof(*run));
    size_t batch_max =
        processor->batch_max > 0 ? processor->batch_max : EVENTLOG_PROCESSOR_BATCH_DEFAULT;
    if (run == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory to process events");
    }
    run->processor = processor;
    run->call = call;
    arena_init(&run->arena, EVENTLOG_PROCESSOR_ARENA_BYTES_MAX);
    enum status status = STATUS_OK;
    bool goes_on = true;
    while (goes_on) {
        goes_on = step(run, batch_max, &status);
        clear(&run->outputs);
        arena_reset(&run->arena);
    }
    free_messages(&run->outputs);
    arena_deinit(&run->arena);
    free(run);
    return status;
}

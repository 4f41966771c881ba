#include "marquee/stream_log_scene.h"

#include "eventlog/eventlog_scan.h"
#include "support/cmocka_test.h"

enum { TIMEOUT_MS = 20000, ARENA_BYTES_MAX = 256 * 1024 * 1024, IDLE_MS = 5 };

void stream_log_scene_open(struct stream_log_scene *scene, int32_t partitions)
{
    *scene = (struct stream_log_scene){.log = memory_eventlog_create(partitions)};
    arena_init(&scene->arena, ARENA_BYTES_MAX);
    call_init(&scene->call, &scene->arena, TIMEOUT_MS);
    assert_non_null(scene->log);
    assert_int_equal(memory_eventlog_producer_open(scene->log, &scene->call, &scene->inner),
                     STATUS_OK);
}

void stream_log_scene_close(struct stream_log_scene *scene)
{
    scene->inner.ops->close(scene->inner.state);
    memory_eventlog_destroy(scene->log);
    arena_deinit(&scene->arena);
}

void stream_log_scene_append(struct stream_log_scene *scene, const char *topic,
                             struct eventlog_message message)
{
    size_t delivered;
    assert_int_equal(scene->inner.ops->produce(scene->inner.state, &scene->call, text_of(topic),
                                               &message, 1, &delivered),
                     STATUS_OK);
}

static enum status produce(void *state, struct call *call, struct text topic,
                           const struct eventlog_message *messages, size_t count,
                           size_t *ret_delivered)
{
    struct stream_log_scene *scene = state;
    bool is_fatal = scene->fatal_produce > 0 && --scene->fatal_produce == 0;
    *ret_delivered = 0;
    if (is_fatal && !scene->fatal_afterwards) {
        return call_fail(call, STATUS_INTERNAL, "it ends before");
    }
    enum status status =
        scene->inner.ops->produce(scene->inner.state, call, topic, messages, count, ret_delivered);
    return is_fatal ? call_fail(call, STATUS_INTERNAL, "it ends behind") : status;
}

enum status stream_log_scene_run(struct stream_log_scene *scene, const char *group,
                                 const char *topic, struct eventlog_positions positions,
                                 struct eventlog_processor *processor)
{
    static const struct eventlog_producer_ops ops = {.produce = produce};
    processor->producer = (struct eventlog_producer){&ops, scene};
    processor->idle_ms = IDLE_MS;
    call_clear_error(&scene->call);
    assert_int_equal(memory_eventlog_consumer_open(scene->log, &scene->call, text_of(group),
                                                   text_of(topic), positions, &processor->consumer),
                     STATUS_OK);
    enum status status = eventlog_processor_run(processor, &scene->call);
    processor->consumer.ops->close(processor->consumer.state);
    return status;
}

void stream_log_scene_read(struct stream_log_scene *scene, const char *topic,
                           enum status (*visit)(void *state, struct call *call,
                                                const struct eventlog_batch *batch),
                           void *state)
{
    struct eventlog_consumer consumer;
    assert_int_equal(
        memory_eventlog_consumer_open(scene->log, &scene->call, TEXT(""), text_of(topic),
                                      (struct eventlog_positions){.get = NULL}, &consumer),
        STATUS_OK);
    enum status status = eventlog_scan(consumer, &scene->call, visit, state);
    consumer.ops->close(consumer.state);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    call_clear_error(&scene->call);
}

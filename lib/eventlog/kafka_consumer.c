#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "eventlog/kafka_consumer_private.h"

/* Not polling counts as being dead after max.poll.interval.ms, 5 minutes. */
enum { POLL_INTERVAL_MS = 60000, NUMBER_BYTES = 16 };

static void handle_ready(struct kafka_client *client)
{
    struct kafka_consumer *consumer = client->owner;
    fiber_wait_signal(&consumer->news);
}

static void lose(struct kafka_consumer *consumer, int32_t partition, const char *what)
{
    int64_t position =
        kafka_consumer_owns(consumer, partition) ? consumer->partitions[partition].next_offset : -1;
    (void)snprintf(
        consumer->loss, sizeof(consumer->loss),
        "%s, partition %d, position %lld: %s; reading has stopped: if the topic was made "
        "anew, or if what it lost may be missed, move the stored position",
        consumer->topic_name, partition, (long long)position, what);
}

/* Others than these pass by themselves: librdkafka goes on trying. */
void kafka_consumer_note_event(struct kafka_consumer *consumer, const rd_kafka_message_t *message)
{
    switch ((int)message->err) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        lose(consumer, message->partition, "it is outside the log that the broker holds");
        break;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
        lose(consumer, message->partition, "bad checksum");
        break;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        consumer->absent = !consumer->absence_told;
        break;
    default:
        (void)snprintf(consumer->client->last_error, sizeof(consumer->client->last_error), "%s",
                       rd_kafka_message_errstr(message));
        break;
    }
}

/* Parks until librdkafka has something, until a position is to be asked for again, or until it is
 * time to poll. */
static enum status await_news(struct kafka_consumer *consumer, struct call *call)
{
    struct call waiting = call_within(call, POLL_INTERVAL_MS);
    bool is_due = consumer->assign_due || (!consumer->has_group && consumer->assignment == NULL);
    if (is_due && consumer->position_due_ns < waiting.deadline_ns) {
        waiting.deadline_ns = consumer->position_due_ns;
    }
    enum status status = fiber_wait(&waiting, &consumer->news);
    if (status != STATUS_OK) {
        status = call_check(call);
    }
    if (status != STATUS_OK) {
        (void)call_fail_detail(call, status, "%s", consumer->client->last_error);
        return call_fail(call, status, "no record has come in time");
    }
    return STATUS_OK;
}

/* A store is the slower the smaller its batches are: what the broker has is waited for a moment.
 * false: the moment is over. */
static bool await_more(struct kafka_consumer *consumer, struct call *call, int64_t until_ns)
{
    struct call waiting = *call;
    if (until_ns < waiting.deadline_ns) {
        waiting.deadline_ns = until_ns;
    }
    return fiber_wait(&waiting, &consumer->news) == STATUS_OK;
}

/* What stops a poll before it reads. */
static enum status check_readable(struct kafka_consumer *consumer, struct call *call)
{
    if (consumer->loss[0] != '\0') {
        return call_fail(call, STATUS_DATA_LOSS, "%s", consumer->loss);
    }
    if (consumer->absent) {
        consumer->absent = false;
        consumer->absence_told = true;
        return call_fail(call, STATUS_NOT_FOUND, "topic %s does not exist yet",
                         consumer->topic_name);
    }
    char reason[KAFKA_ERROR_BYTES];
    if (rd_kafka_fatal_error(consumer->client->handle, reason, sizeof(reason)) !=
        RD_KAFKA_RESP_ERR_NO_ERROR) {
        (void)call_fail_detail(call, STATUS_UNAVAILABLE, "%s", reason);
        return call_fail(call, STATUS_UNAVAILABLE, "the event log cannot be read any more");
    }
    if (consumer->client->refused) {
        consumer->client->refused = false;
        return call_fail(call, STATUS_UNAVAILABLE, "Kafka refuses us: %s",
                         consumer->client->last_error);
    }
    enum status status = call_check(call);
    return status == STATUS_OK ? STATUS_OK : call_fail(call, status, "the call is over");
}

static enum status consumer_poll(void *state, struct call *call, size_t count_max,
                                 struct eventlog_batch *ret_batch)
{
    struct kafka_consumer *consumer = state;
    CHECK(count_max > 0);
    count_max = count_max < EVENTLOG_BATCH_MAX ? count_max : EVENTLOG_BATCH_MAX;
    kafka_consumer_free_given(consumer);
    if (!kafka_consumer_reserve(consumer, count_max)) {
        return call_fail(call, STATUS_UNAVAILABLE, "no memory for the records");
    }
    int64_t fill_until_ns = 0;
    for (;;) {
        enum status status = check_readable(consumer, call);
        if (status != STATUS_OK) {
            return status;
        }
        if (!consumer->has_group && consumer->assignment == NULL) {
            status = kafka_consumer_take_all(consumer, call);
            if (status != STATUS_OK && consumer->absent) {
                continue;
            }
        }
        if (consumer->assign_due) {
            status = kafka_consumer_assign(consumer, call);
            if (status != STATUS_OK && status != STATUS_UNAVAILABLE) {
                return status;
            }
        }
        bool fetched = kafka_consumer_fetch(consumer, count_max);
        if (kafka_consumer_has_messages(consumer)) {
            if (fill_until_ns == 0) {
                fill_until_ns = clock_monotonic_ns() + KAFKA_EVENTLOG_FILL_MS * CLOCK_NS_PER_MS;
            }
            if (kafka_consumer_is_filling(consumer, count_max) &&
                await_more(consumer, call, fill_until_ns)) {
                continue;
            }
            return kafka_consumer_give(consumer, count_max, ret_batch)
                       ? STATUS_OK
                       : call_fail(call, STATUS_UNAVAILABLE, "no memory for the records");
        }
        if (!fetched) {
            status = await_news(consumer, call);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
}

static void consumer_committed(void *state, const struct eventlog_batch *batch)
{
    struct kafka_consumer *consumer = state;
    if (!consumer->has_group || !kafka_consumer_owns(consumer, batch->partition)) {
        return;
    }
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(offsets, consumer->topic_name, batch->partition)->offset =
        batch->next_offset;
    (void)rd_kafka_commit(consumer->client->handle, offsets, 1); /* 1: not waited for */
    rd_kafka_topic_partition_list_destroy(offsets);
}

static void consumer_rewind(void *state, int32_t partition)
{
    struct kafka_consumer *consumer = state;
    if (kafka_consumer_owns(consumer, partition)) {
        /* All of them anew: that is one assignment, where a seek may lose messages. */
        kafka_consumer_drop_messages(consumer);
        consumer->assign_due = true;
        consumer->position_due_ns = 0;
    }
}

static size_t consumer_lag(void *state, struct eventlog_lag *lags, size_t max)
{
    struct kafka_consumer *consumer = state;
    size_t count = 0;
    for (int32_t i = 0; i < EVENTLOG_PARTITIONS_MAX && count < max; i++) {
        int64_t low;
        int64_t high;
        if (kafka_consumer_owns(consumer, i) &&
            rd_kafka_get_watermark_offsets(consumer->client->handle, consumer->topic_name, i, &low,
                                           &high) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            int64_t next_offset = consumer->partitions[i].next_offset;
            /* What is known comes with the first fetch; what was read since may be beyond it. */
            int64_t end_offset = high > next_offset ? high : next_offset;
            lags[count++] = (struct eventlog_lag){.partition = i,
                                                  .next_offset = next_offset,
                                                  .end_offset = high < 0 ? -1 : end_offset};
        }
    }
    return count;
}

static void consumer_close(void *state)
{
    struct kafka_consumer *consumer = state;
    kafka_consumer_drop_messages(consumer);
    kafka_consumer_forget_assignment(consumer);
    if (consumer->client != NULL) {
        kafka_client_close(consumer->client);
    }
    kafka_consumer_free_messages(consumer);
    free(consumer);
}

static enum status consumer_connect(struct kafka_consumer *consumer, struct loop *loop,
                                    struct call *call, const struct kafka_eventlog_options *options,
                                    struct text group)
{
    char group_id[EVENTLOG_GROUP_BYTES_MAX + 1];
    char read_ahead[NUMBER_BYTES];
    char session_ms[NUMBER_BYTES];
    char metadata_ms[NUMBER_BYTES];
    if (consumer->has_group) {
        CHECK(text_to_c_string(group, group_id, sizeof(group_id)));
    } else {
        /* librdkafka wants a name; nobody joins or commits by it. */
        (void)snprintf(group_id, sizeof(group_id), "marquee-reader-%016llx",
                       (unsigned long long)random_below(UINT64_MAX));
    }
    (void)snprintf(read_ahead, NUMBER_BYTES, "%d", KAFKA_EVENTLOG_READ_AHEAD_KBYTES_MAX);
    (void)snprintf(session_ms, NUMBER_BYTES, "%d", KAFKA_EVENTLOG_SESSION_MS);
    (void)snprintf(metadata_ms, NUMBER_BYTES, "%d", KAFKA_EVENTLOG_METADATA_MS);
    const struct kafka_setting table[] = {
        {"group.id", group_id},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"isolation.level", "read_committed"},
        {"partition.assignment.strategy", "range,roundrobin"},
        {"allow.auto.create.topics", "false"},
        {"check.crcs", "true"},
        {"queued.max.messages.kbytes", read_ahead},
        {"session.timeout.ms", session_ms},
        {"topic.metadata.refresh.interval.ms", metadata_ms},
    };
    rd_kafka_conf_t *conf;
    enum status status = kafka_settings_create(call, options, table, ARRAY_LENGTH(table), &conf);
    if (status != STATUS_OK) {
        return status;
    }
    kafka_consumer_set_rebalance(conf);
    status = kafka_client_open(loop, call, RD_KAFKA_CONSUMER, conf, handle_ready, consumer,
                               &consumer->client);
    if (status != STATUS_OK || !consumer->has_group) {
        return status;
    }
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_topic_partition_list_add(topics, consumer->topic_name, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t error = rd_kafka_subscribe(consumer->client->handle, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR
               ? STATUS_OK
               : call_fail(call, STATUS_INVALID_ARGUMENT, "Kafka: %s", rd_kafka_err2str(error));
}

enum status kafka_eventlog_consumer_open(struct loop *loop, struct call *call,
                                         const struct kafka_eventlog_options *options,
                                         const struct kafka_eventlog_consumer_options *reader,
                                         struct eventlog_consumer *ret_consumer)
{
    static const struct eventlog_consumer_ops ops = {
        .poll = consumer_poll,
        .committed = consumer_committed,
        .rewind = consumer_rewind,
        .lag = consumer_lag,
        .close = consumer_close,
    };
    enum status status = eventlog_check_names(call, reader->group, reader->topic);
    if (status != STATUS_OK) {
        return status;
    }
    struct kafka_consumer *consumer = calloc(1, sizeof(*consumer));
    if (consumer == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a consumer");
    }
    CHECK(text_to_c_string(reader->topic, consumer->topic_name, sizeof(consumer->topic_name)));
    consumer->topic = text_of_bytes(consumer->topic_name, reader->topic.length);
    consumer->positions = reader->positions;
    consumer->has_group = reader->group.length > 0;
    fiber_wait_init(&consumer->news);
    status = consumer_connect(consumer, loop, call, options, reader->group);
    if (status != STATUS_OK) {
        consumer_close(consumer);
        return status;
    }
    *ret_consumer = (struct eventlog_consumer){.ops = &ops, .state = consumer};
    return STATUS_OK;
}

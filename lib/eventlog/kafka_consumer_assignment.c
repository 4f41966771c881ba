#include "base/clock.h"
#include "eventlog/kafka_consumer_private.h"

enum { ASK_MS = 5000 };

void kafka_consumer_forget_assignment(struct kafka_consumer *consumer)
{
    if (consumer->assignment != NULL) {
        rd_kafka_topic_partition_list_destroy(consumer->assignment);
        consumer->assignment = NULL;
    }
    for (int32_t i = 0; i < EVENTLOG_PARTITIONS_MAX; i++) {
        consumer->partitions[i].owned = false;
    }
    consumer->assign_due = false;
}

static void handle_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t reason,
                             rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct kafka_client *client = opaque;
    struct kafka_consumer *consumer = client->owner;
    if (consumer == NULL) { /* leaving the group, on another thread */
        (void)rd_kafka_assign(handle, NULL);
        return;
    }
    consumer->rebalanced = true;
    kafka_consumer_forget_assignment(consumer);
    if (reason == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        consumer->assignment = rd_kafka_topic_partition_list_copy(partitions);
        consumer->assign_due = true;
        consumer->position_due_ns = 0;
    } else {
        (void)rd_kafka_assign(handle, NULL);
    }
}

void kafka_consumer_set_rebalance(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_rebalance_cb(conf, handle_rebalance);
}

bool kafka_consumer_owns(const struct kafka_consumer *consumer, int32_t partition)
{
    return partition >= 0 && partition < EVENTLOG_PARTITIONS_MAX &&
           consumer->partitions[partition].owned;
}

/* What a question to the broker needs, on the thread that asks it. */
struct question {
    struct kafka_consumer *consumer;
    rd_kafka_resp_err_t error;
    int32_t partitions; /* of the topic */
};

static void ask_committed(void *argument)
{
    struct question *question = argument;
    question->error = rd_kafka_committed(question->consumer->client->handle,
                                         question->consumer->assignment, ASK_MS);
}

static void note_start(struct kafka_consumer *consumer, rd_kafka_topic_partition_t *element,
                       bool is_known, int64_t next_offset)
{
    element->offset = is_known ? next_offset : RD_KAFKA_OFFSET_BEGINNING;
    struct kafka_partition *partition = &consumer->partitions[element->partition];
    partition->owned = true;
    partition->next_offset = is_known ? next_offset : 0;
}

/* What the group has committed to the broker, of all partitions at once. */
static enum status find_committed(struct kafka_consumer *consumer, struct call *call)
{
    struct question question = {.consumer = consumer};
    struct call asking = call_within(call, 0);
    if (consumer->has_group) {
        enum status status = kafka_client_block(&asking, ask_committed, &question);
        if (status != STATUS_OK || question.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return STATUS_UNAVAILABLE;
        }
    }
    for (int i = 0; i < consumer->assignment->cnt; i++) {
        rd_kafka_topic_partition_t *element = &consumer->assignment->elems[i];
        if (element->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return STATUS_UNAVAILABLE;
        }
        note_start(consumer, element, consumer->has_group && element->offset >= 0, element->offset);
    }
    return STATUS_OK;
}

static void ask_partitions(void *argument)
{
    struct question *question = argument;
    rd_kafka_t *handle = question->consumer->client->handle;
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(handle, question->consumer->topic_name, NULL);
    question->error = topic == NULL ? rd_kafka_last_error()
                                    : rd_kafka_metadata(handle, 0, topic, &metadata, ASK_MS);
    if (metadata != NULL) {
        question->error = metadata->topic_cnt == 1 ? metadata->topics[0].err
                                                   : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        question->partitions = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
        rd_kafka_metadata_destroy(metadata);
    }
    if (topic != NULL) {
        rd_kafka_topic_destroy(topic);
    }
}

static enum status ask_position(struct kafka_consumer *consumer, struct call *call,
                                rd_kafka_topic_partition_t *element)
{
    struct call asking = call_within(call, 0);
    int64_t next_offset = 0;
    enum status status = consumer->positions.get(consumer->positions.state, &asking,
                                                 consumer->topic, element->partition, &next_offset);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    note_start(consumer, element, status == STATUS_OK, next_offset);
    return STATUS_OK;
}

static enum status ask_positions(struct kafka_consumer *consumer, struct call *call)
{
    if (consumer->positions.get == NULL) {
        return find_committed(consumer, call);
    }
    enum status status = STATUS_OK;
    for (int i = 0; i < consumer->assignment->cnt && status == STATUS_OK; i++) {
        status = ask_position(consumer, call, &consumer->assignment->elems[i]);
    }
    return status;
}

static enum status retry_later(struct kafka_consumer *consumer)
{
    consumer->position_due_ns =
        loop_now_ns(consumer->client->loop) + KAFKA_EVENTLOG_POSITION_RETRY_MS * CLOCK_NS_PER_MS;
    return STATUS_UNAVAILABLE;
}

enum status kafka_consumer_assign(struct kafka_consumer *consumer, struct call *call)
{
    if (consumer->position_due_ns > loop_now_ns(consumer->client->loop)) {
        return STATUS_UNAVAILABLE;
    }
    for (int i = 0; i < consumer->assignment->cnt; i++) {
        const rd_kafka_topic_partition_t *element = &consumer->assignment->elems[i];
        CHECK(element->partition >= 0);
        if (element->partition >= EVENTLOG_PARTITIONS_MAX) {
            return call_fail(call, STATUS_FAILED_PRECONDITION,
                             "the topic has more than %d partitions", EVENTLOG_PARTITIONS_MAX);
        }
    }
    if (ask_positions(consumer, call) != STATUS_OK ||
        rd_kafka_assign(consumer->client->handle, consumer->assignment) !=
            RD_KAFKA_RESP_ERR_NO_ERROR) {
        return retry_later(consumer);
    }
    consumer->assign_due = false;
    return STATUS_OK;
}

enum status kafka_consumer_take_all(struct kafka_consumer *consumer, struct call *call)
{
    if (consumer->position_due_ns > loop_now_ns(consumer->client->loop)) {
        return STATUS_UNAVAILABLE;
    }
    struct question question = {.consumer = consumer};
    struct call asking = call_within(call, 0);
    enum status status = kafka_client_block(&asking, ask_partitions, &question);
    if (status == STATUS_OK && question.error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        consumer->absent = !consumer->absence_told;
    }
    if (status != STATUS_OK || question.error != RD_KAFKA_RESP_ERR_NO_ERROR ||
        question.partitions == 0) {
        return retry_later(consumer);
    }
    consumer->assignment = rd_kafka_topic_partition_list_new(question.partitions);
    rd_kafka_topic_partition_list_add_range(consumer->assignment, consumer->topic_name, 0,
                                            question.partitions - 1);
    consumer->assign_due = true;
    consumer->position_due_ns = 0;
    return STATUS_OK;
}

#include <stdio.h>
#include <stdlib.h>

#include "eventlog/kafka_client.h"
#include "loop/fiber.h"
#include "loop/loop.h"

enum { MESSAGES_A_TURN = 1000, NUMBER_BYTES = 16, MESSAGE_BYTES_MAX = 1100000, OWN_FIELDS = 6 };

struct kafka_producer {
    struct kafka_client *client;
    struct list waiting_for_room; /* of struct kafka_produce */
};

struct kafka_produce;

/* What a message points to until it is delivered or has failed. */
struct kafka_ticket {
    struct kafka_produce *produce;
    struct eventlog_place place;
};

/* One produce(), until the last of its messages is delivered or has failed. */
struct kafka_produce {
    struct kafka_ticket all;      /* of every message where nobody asks for places */
    struct kafka_ticket *tickets; /* else one of each; NULL */
    struct list link;
    struct fiber_wait wait;
    size_t outstanding;
    size_t delivered;
    rd_kafka_resp_err_t error; /* the first */
    bool abandoned;            /* its call is over: the last message frees it */
    bool all_queued;
};

static void produce_free(struct kafka_produce *produce)
{
    free(produce->tickets);
    free(produce);
}

static void note_error(struct kafka_produce *produce, rd_kafka_resp_err_t error)
{
    if (produce->error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        produce->error = error;
    }
}

static void handle_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_ticket *ticket = message->_private;
    struct kafka_produce *produce = ticket->produce;
    (void)handle;
    (void)opaque;
    produce->outstanding--;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ticket->place = (struct eventlog_place){message->partition, message->offset};
        produce->delivered++;
    } else {
        note_error(produce, message->err);
    }
    if (produce->outstanding > 0) {
        return;
    }
    if (produce->abandoned) {
        produce_free(produce);
    } else if (produce->all_queued) {
        fiber_wait_signal(&produce->wait);
    }
}

static void handle_ready(struct kafka_client *client)
{
    struct kafka_producer *producer = client->owner;
    bool delivered = false;
    while (rd_kafka_poll(client->handle, 0) > 0) {
        delivered = true;
    }
    if (client->refused) {
        /* It would go on trying, with the same password. What has not been sent fails now. */
        client->refused = false;
        (void)rd_kafka_purge(client->handle,
                             RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
    }
    struct list *link;
    while (delivered && (link = list_take_first(&producer->waiting_for_room)) != NULL) {
        fiber_wait_signal(&CONTAINER_OF(link, struct kafka_produce, link)->wait);
    }
}

static rd_kafka_resp_err_t queue_message(struct kafka_producer *producer, rd_kafka_topic_t *topic,
                                         const struct eventlog_message *message,
                                         struct kafka_ticket *ticket)
{
    /* An empty key is a key: records without one go anywhere. */
    void *key = (void *)(uintptr_t)(message->key.data != NULL ? message->key.data : "");
    void *value = message->value.length == 0 ? NULL : (void *)(uintptr_t)message->value.data;
    char names[EVENTLOG_HEADERS_MAX][EVENTLOG_HEADER_NAME_BYTES_MAX + 1];
    rd_kafka_vu_t fields[OWN_FIELDS + EVENTLOG_HEADERS_MAX] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {.ptr = key, .size = message->key.length}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {.ptr = value, .size = message->value.length}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = message->time_ms},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = ticket},
    };
    for (size_t i = 0; i < message->header_count; i++) {
        const struct eventlog_header *header = &message->headers[i];
        CHECK(text_to_c_string(header->name, names[i], sizeof(names[i])));
        fields[OWN_FIELDS + i] = (rd_kafka_vu_t){
            .vtype = RD_KAFKA_VTYPE_HEADER,
            .u.header = {.name = names[i],
                         .val = header->value.data != NULL ? header->value.data : "",
                         .size = (ssize_t)header->value.length},
        };
    }
    rd_kafka_error_t *error =
        rd_kafka_produceva(producer->client->handle, fields, OWN_FIELDS + message->header_count);
    if (error == NULL) {
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return code;
}

/* Parks while librdkafka's queue is full, and lets others run now and then. */
static enum status queue_messages(struct kafka_producer *producer, struct call *call,
                                  rd_kafka_topic_t *topic, const struct eventlog_message *messages,
                                  size_t count, struct kafka_produce *produce)
{
    size_t queued = 0;
    while (queued < count) {
        struct kafka_ticket *ticket =
            produce->tickets != NULL ? &produce->tickets[queued] : &produce->all;
        rd_kafka_resp_err_t error = queue_message(producer, topic, &messages[queued], ticket);
        if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            list_append(&producer->waiting_for_room, &produce->link);
            enum status status = fiber_wait(call, &produce->wait);
            list_remove(&produce->link);
            if (status != STATUS_OK) {
                return status;
            }
            continue;
        }
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            note_error(produce, error);
            return STATUS_OK; /* what was queued is waited for */
        }
        produce->outstanding++;
        queued++;
        if (queued % MESSAGES_A_TURN == 0) {
            fiber_yield();
        }
    }
    return STATUS_OK;
}

static enum status fail_delivery(struct kafka_producer *producer, struct call *call,
                                 rd_kafka_resp_err_t error)
{
    (void)call_fail_detail(call, STATUS_UNAVAILABLE, "%s; %s", rd_kafka_err2str(error),
                           producer->client->last_error);
    if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
        error == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a message is too large for the broker");
    }
    if (error == RD_KAFKA_RESP_ERR__PURGE_QUEUE) {
        return call_fail(call, STATUS_UNAVAILABLE, "Kafka refuses us: %s",
                         producer->client->last_error);
    }
    return call_fail(call, STATUS_UNAVAILABLE, "the event log did not take every message");
}

/* NULL: no memory. */
static struct kafka_produce *produce_create(const struct eventlog_message *messages, size_t count)
{
    struct kafka_produce *produce = calloc(1, sizeof(*produce));
    size_t asking = 0;
    while (asking < count && messages[asking].place == NULL) {
        asking++;
    }
    if (produce == NULL) {
        return NULL;
    }
    list_init(&produce->link);
    fiber_wait_init(&produce->wait);
    produce->all.produce = produce;
    if (asking < count) {
        produce->tickets = calloc(count, sizeof(*produce->tickets));
        if (produce->tickets == NULL) {
            free(produce);
            return NULL;
        }
        for (size_t i = 0; i < count; i++) {
            produce->tickets[i].produce = produce;
        }
    }
    return produce;
}

static void say_places(const struct kafka_produce *produce, const struct eventlog_message *messages,
                       size_t count)
{
    for (size_t i = 0; i < count && produce->tickets != NULL; i++) {
        if (messages[i].place != NULL) {
            *messages[i].place = produce->tickets[i].place;
        }
    }
}

static enum status deliver(struct kafka_producer *producer, struct call *call,
                           rd_kafka_topic_t *topic, const struct eventlog_message *messages,
                           size_t count, size_t *ret_delivered)
{
    struct kafka_produce *produce = produce_create(messages, count);
    if (produce == NULL) {
        return call_fail(call, STATUS_UNAVAILABLE, "no memory for the messages");
    }
    enum status status = queue_messages(producer, call, topic, messages, count, produce);
    produce->all_queued = true;
    while (status == STATUS_OK && produce->outstanding > 0) {
        status = fiber_wait(call, &produce->wait);
    }
    *ret_delivered = produce->delivered;
    rd_kafka_resp_err_t error = produce->error;
    if (produce->outstanding > 0) {
        produce->abandoned = true;
    } else {
        if (produce->delivered == count) {
            say_places(produce, messages, count);
        }
        produce_free(produce);
    }
    if (status != STATUS_OK) {
        (void)call_fail_detail(call, status, "%s", producer->client->last_error);
        return call_fail(call, status, "the event log has not confirmed every message in time");
    }
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? STATUS_OK : fail_delivery(producer, call, error);
}

static enum status producer_produce(void *state, struct call *call, struct text topic,
                                    const struct eventlog_message *messages, size_t count,
                                    size_t *ret_delivered)
{
    struct kafka_producer *producer = state;
    *ret_delivered = 0;
    size_t bytes;
    enum status status = eventlog_check_messages(call, topic, messages, count, &bytes);
    if (status != STATUS_OK || count == 0) {
        return status;
    }
    status = call_check(call);
    if (status != STATUS_OK) {
        return call_fail(call, status, "the call is over");
    }
    char name[EVENTLOG_TOPIC_BYTES_MAX + 1];
    CHECK(text_to_c_string(topic, name, sizeof(name)));
    rd_kafka_topic_t *handle = rd_kafka_topic_new(producer->client->handle, name, NULL);
    if (handle == NULL) {
        return fail_delivery(producer, call, rd_kafka_last_error());
    }
    status = deliver(producer, call, handle, messages, count, ret_delivered);
    rd_kafka_topic_destroy(handle);
    return status;
}

static void producer_close(void *state)
{
    struct kafka_producer *producer = state;
    kafka_client_close(producer->client);
    free(producer);
}

static enum status producer_connect(struct kafka_producer *producer, struct loop *loop,
                                    struct call *call, const struct kafka_eventlog_options *options)
{
    char queue_messages_max[NUMBER_BYTES];
    char queue_kbytes_max[NUMBER_BYTES];
    char delivery_ms[NUMBER_BYTES];
    char linger_ms[NUMBER_BYTES];
    char message_bytes_max[NUMBER_BYTES];
    (void)snprintf(queue_messages_max, NUMBER_BYTES, "%d", KAFKA_EVENTLOG_QUEUE_MESSAGES_MAX);
    (void)snprintf(queue_kbytes_max, NUMBER_BYTES, "%d", KAFKA_EVENTLOG_QUEUE_KBYTES_MAX);
    (void)snprintf(delivery_ms, NUMBER_BYTES, "%d", KAFKA_EVENTLOG_DELIVERY_MS);
    (void)snprintf(linger_ms, NUMBER_BYTES, "%d", KAFKA_EVENTLOG_LINGER_MS);
    (void)snprintf(message_bytes_max, NUMBER_BYTES, "%d", MESSAGE_BYTES_MAX);
    const struct kafka_setting table[] = {
        {"enable.idempotence", "true"},
        {"acks", "all"},
        {"partitioner", "murmur2_random"},
        {"queue.buffering.max.messages", queue_messages_max},
        {"queue.buffering.max.kbytes", queue_kbytes_max},
        {"message.timeout.ms", delivery_ms},
        {"message.max.bytes", message_bytes_max},
        {"linger.ms", linger_ms},
    };
    rd_kafka_conf_t *conf;
    enum status status = kafka_settings_create(call, options, table, ARRAY_LENGTH(table), &conf);
    if (status != STATUS_OK) {
        return status;
    }
    rd_kafka_conf_set_dr_msg_cb(conf, handle_delivery);
    return kafka_client_open(loop, call, RD_KAFKA_PRODUCER, conf, handle_ready, producer,
                             &producer->client);
}

enum status kafka_eventlog_producer_open(struct loop *loop, struct call *call,
                                         const struct kafka_eventlog_options *options,
                                         struct eventlog_producer *ret_producer)
{
    static const struct eventlog_producer_ops ops = {.produce = producer_produce,
                                                     .close = producer_close};
    struct kafka_producer *producer = calloc(1, sizeof(*producer));
    if (producer == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a producer");
    }
    list_init(&producer->waiting_for_room);
    enum status status = producer_connect(producer, loop, call, options);
    if (status != STATUS_OK) {
        free(producer);
        return status;
    }
    *ret_producer = (struct eventlog_producer){.ops = &ops, .state = producer};
    return STATUS_OK;
}

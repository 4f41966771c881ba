#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "eventlog/kafka_admin_private.h"

enum { CONFIG_BYTES = 32, REPLICATION_DEFAULT = -1 };

struct question {
    struct kafka_admin *admin;
    rd_kafka_admin_op_t operation;
    void (*send)(rd_kafka_t *handle, const rd_kafka_AdminOptions_t *options,
                 rd_kafka_queue_t *queue, void *argument);
    void *argument;
    int timeout_ms;
    rd_kafka_event_t *answer;
};

static int timeout_of(const struct call *call)
{
    int64_t left_ms = call_remaining_ns(call) / CLOCK_NS_PER_MS;
    return left_ms < KAFKA_ADMIN_ASK_MS ? (int)left_ms + 1 : KAFKA_ADMIN_ASK_MS;
}

static void ask(void *argument)
{
    struct question *question = argument;
    rd_kafka_t *handle = question->admin->client->handle;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(handle, question->operation);
    char reason[KAFKA_ERROR_BYTES];
    CHECK(rd_kafka_AdminOptions_set_request_timeout(options, question->timeout_ms, reason,
                                                    sizeof(reason)) == RD_KAFKA_RESP_ERR_NO_ERROR);
    question->send(handle, options, queue, question->argument);
    question->answer = rd_kafka_queue_poll(queue, 2 * question->timeout_ms);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
}

/* The call's error of what the broker said. */
static enum status fail(struct kafka_admin *admin, struct call *call, rd_kafka_resp_err_t error,
                        const char *words)
{
    (void)call_fail_detail(call, STATUS_UNAVAILABLE, "%s; %s", rd_kafka_err2str(error),
                           admin->client->last_error);
    switch ((int)error) {
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
        return call_fail(call, STATUS_ALREADY_EXISTS, "there is a topic of that name");
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        return call_fail(call, STATUS_NOT_FOUND, "there is no topic of that name");
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Kafka: %s", rd_kafka_err2str(error));
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return call_fail(call, STATUS_PERMISSION_DENIED, "Kafka: %s", rd_kafka_err2str(error));
    default:
        return call_fail(call, STATUS_UNAVAILABLE, "%s: %s", words,
                         admin->client->last_error[0] != '\0' ? admin->client->last_error
                                                              : rd_kafka_err2str(error));
    }
}

enum status kafka_admin_ask(struct kafka_admin *admin, struct call *call,
                            rd_kafka_admin_op_t operation,
                            void (*send)(rd_kafka_t *handle, const rd_kafka_AdminOptions_t *options,
                                         rd_kafka_queue_t *queue, void *argument),
                            void *argument, rd_kafka_event_t **ret_answer)
{
    struct question question = {.admin = admin,
                                .operation = operation,
                                .send = send,
                                .argument = argument,
                                .timeout_ms = timeout_of(call)};
    enum status status = kafka_client_block(call, ask, &question);
    if (status != STATUS_OK) {
        return call_fail(call, status, "Kafka was not asked in time");
    }
    if (question.answer == NULL) {
        return fail(admin, call, RD_KAFKA_RESP_ERR__TIMED_OUT, "Kafka has not answered");
    }
    if (rd_kafka_event_error(question.answer) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        status = fail(admin, call, rd_kafka_event_error(question.answer), "Kafka has not answered");
        rd_kafka_event_destroy(question.answer);
        return status;
    }
    *ret_answer = question.answer;
    return STATUS_OK;
}

static enum status first_error(struct kafka_admin *admin, struct call *call,
                               const rd_kafka_topic_result_t **results, size_t count)
{
    rd_kafka_resp_err_t error =
        count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__FAIL;
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? STATUS_OK
                                               : fail(admin, call, error, "Kafka refuses");
}

static void set_number(rd_kafka_NewTopic_t *topic, const char *name, int64_t value)
{
    char number[CONFIG_BYTES];
    (void)snprintf(number, sizeof(number), "%lld", (long long)value);
    CHECK(rd_kafka_NewTopic_set_config(topic, name, number) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void send_create(rd_kafka_t *handle, const rd_kafka_AdminOptions_t *options,
                        rd_kafka_queue_t *queue, void *argument)
{
    rd_kafka_NewTopic_t *topic = argument;
    rd_kafka_CreateTopics(handle, &topic, 1, options, queue);
}

/* -1 is Kafka's word for no limit, where the port says 0. */
static void configure(rd_kafka_NewTopic_t *topic, const struct eventlog_topic_options *options)
{
    bool compacts = options->cleanup == EVENTLOG_CLEANUP_COMPACT;
    CHECK(rd_kafka_NewTopic_set_config(topic, "cleanup.policy", compacts ? "compact" : "delete") ==
          RD_KAFKA_RESP_ERR_NO_ERROR);
    if (!compacts && options->retention_ms >= 0) {
        set_number(topic, "retention.ms", options->retention_ms == 0 ? -1 : options->retention_ms);
    }
    if (!compacts && options->retention_bytes >= 0) {
        set_number(topic, "retention.bytes",
                   options->retention_bytes == 0 ? -1 : options->retention_bytes);
    }
    if (compacts) {
        set_number(topic, "delete.retention.ms",
                   options->tombstone_ms == 0 ? EVENTLOG_TOMBSTONE_MS_DEFAULT
                                              : options->tombstone_ms);
    }
}

static enum status admin_create_topic(void *state, struct call *call, struct text name,
                                      const struct eventlog_topic_options *options)
{
    struct kafka_admin *admin = state;
    enum status status = eventlog_check_topic(call, name, options);
    if (status != STATUS_OK) {
        return status;
    }
    char topic_name[EVENTLOG_TOPIC_BYTES_MAX + 1];
    char reason[KAFKA_ERROR_BYTES];
    CHECK(text_to_c_string(name, topic_name, sizeof(topic_name)));
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(topic_name, options->partitions == 0 ? -1 : options->partitions,
                              REPLICATION_DEFAULT, reason, sizeof(reason));
    if (topic == NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Kafka: %s", reason);
    }
    configure(topic, options);
    rd_kafka_event_t *answer;
    status =
        kafka_admin_ask(admin, call, RD_KAFKA_ADMIN_OP_CREATETOPICS, send_create, topic, &answer);
    rd_kafka_NewTopic_destroy(topic);
    if (status == STATUS_OK) {
        size_t count;
        const rd_kafka_topic_result_t **results =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count);
        status = first_error(admin, call, results, count);
        rd_kafka_event_destroy(answer);
    }
    return status;
}

static void send_delete(rd_kafka_t *handle, const rd_kafka_AdminOptions_t *options,
                        rd_kafka_queue_t *queue, void *argument)
{
    rd_kafka_DeleteTopic_t *topic = argument;
    rd_kafka_DeleteTopics(handle, &topic, 1, options, queue);
}

static enum status admin_delete_topic(void *state, struct call *call, struct text name)
{
    struct kafka_admin *admin = state;
    const struct eventlog_topic_options none = {0};
    enum status status = eventlog_check_topic(call, name, &none);
    if (status != STATUS_OK) {
        return status;
    }
    char topic_name[EVENTLOG_TOPIC_BYTES_MAX + 1];
    CHECK(text_to_c_string(name, topic_name, sizeof(topic_name)));
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(topic_name);
    rd_kafka_event_t *answer;
    status =
        kafka_admin_ask(admin, call, RD_KAFKA_ADMIN_OP_DELETETOPICS, send_delete, topic, &answer);
    rd_kafka_DeleteTopic_destroy(topic);
    if (status == STATUS_OK) {
        size_t count;
        const rd_kafka_topic_result_t **results =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer), &count);
        status = first_error(admin, call, results, count);
        rd_kafka_event_destroy(answer);
    }
    return status;
}

struct metadata_question {
    struct kafka_admin *admin;
    int timeout_ms;
    const struct rd_kafka_metadata *metadata; /* NULL: not answered */
    rd_kafka_resp_err_t error;
};

static void ask_metadata(void *argument)
{
    struct metadata_question *question = argument;
    question->error = rd_kafka_metadata(question->admin->client->handle, 1, NULL,
                                        &question->metadata, question->timeout_ms);
}

struct bounds_question {
    struct kafka_admin *admin;
    int timeout_ms;
    struct kafka_admin_bounds *rows;
    size_t count;
    rd_kafka_resp_err_t error;
};

static void ask_bounds(void *argument)
{
    struct bounds_question *question = argument;
    for (size_t i = 0; i < question->count; i++) {
        struct kafka_admin_bounds *row = &question->rows[i];
        rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
            question->admin->client->handle, row->topic, row->partition, &row->begin, &row->end,
            question->timeout_ms);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            row->begin = row->end = -1;
        }
        bool is_gone = error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                       error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                       error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
        if (!is_gone && question->error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            question->error = error;
        }
        if (error == RD_KAFKA_RESP_ERR__TIMED_OUT || error == RD_KAFKA_RESP_ERR__TRANSPORT) {
            return; /* the others would take as long */
        }
    }
}

enum status kafka_admin_find_bounds(struct kafka_admin *admin, struct call *call,
                                    struct kafka_admin_bounds *rows, size_t count)
{
    struct bounds_question question = {
        .admin = admin, .timeout_ms = timeout_of(call), .rows = rows, .count = count};
    enum status status = kafka_client_block(call, ask_bounds, &question);
    if (status != STATUS_OK) {
        return call_fail(call, status, "Kafka was not asked in time");
    }
    return question.error == RD_KAFKA_RESP_ERR_NO_ERROR
               ? STATUS_OK
               : fail(admin, call, question.error, "Kafka has not answered");
}

static bool is_shown(const struct rd_kafka_metadata_topic *topic)
{
    return topic->partition_cnt > 0 && strncmp(topic->topic, "__", 2) != 0;
}

/* Topics of our own, with room for their partitions. */
static enum status copy_topics(struct call *call, const struct rd_kafka_metadata *metadata,
                               struct eventlog_topic_state *rows, size_t *ret_count,
                               struct kafka_admin_bounds *bounds)
{
    size_t count = 0;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];
        if (!is_shown(topic)) {
            continue;
        }
        struct text name = arena_copy(call->arena, text_of(topic->topic));
        if (name.data == NULL) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for the list");
        }
        rows[count++] = (struct eventlog_topic_state){
            .name = name, .options = {.partitions = topic->partition_cnt}};
        for (int32_t p = 0; p < topic->partition_cnt; p++) {
            *bounds++ = (struct kafka_admin_bounds){.topic = name.data, .partition = p};
        }
    }
    *ret_count = count;
    return STATUS_OK;
}

static size_t count_partitions(const struct rd_kafka_metadata *metadata)
{
    size_t count = 0;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        count += is_shown(&metadata->topics[i]) ? (size_t)metadata->topics[i].partition_cnt : 0;
    }
    return count;
}

static enum status describe_partitions(struct kafka_admin *admin, struct call *call,
                                       const struct rd_kafka_metadata *metadata,
                                       struct eventlog_topic_state *rows, size_t *ret_count)
{
    size_t partitions = count_partitions(metadata);
    struct kafka_admin_bounds *bounds = arena_calloc(call->arena, partitions + 1, sizeof(*bounds));
    struct eventlog_partition_state *states =
        arena_calloc(call->arena, partitions + 1, sizeof(*states));
    if (bounds == NULL || states == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for the list");
    }
    size_t count = 0;
    enum status status = copy_topics(call, metadata, rows, &count, bounds);
    if (status == STATUS_OK) {
        status = kafka_admin_find_bounds(admin, call, bounds, partitions);
    }
    for (size_t i = 0; i < partitions; i++) {
        states[i] = (struct eventlog_partition_state){
            .begin_offset = bounds[i].begin, .end_offset = bounds[i].end, .bytes = -1};
    }
    *ret_count = 0;
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        if (states[0].begin_offset >= 0) { /* else it has gone meanwhile */
            rows[*ret_count] = rows[i];
            rows[(*ret_count)++].partitions = states;
        }
        states += rows[i].options.partitions;
    }
    return status;
}

struct resources {
    rd_kafka_ConfigResource_t **rows;
    size_t count;
};

static void send_describe(rd_kafka_t *handle, const rd_kafka_AdminOptions_t *options,
                          rd_kafka_queue_t *queue, void *argument)
{
    struct resources *resources = argument;
    rd_kafka_DescribeConfigs(handle, resources->rows, resources->count, options, queue);
}

static void take_config(struct eventlog_topic_options *options, const char *name, const char *value)
{
    struct text key = text_of(name);
    int64_t number = 0;
    bool is_number = value != NULL && text_to_i64(text_of(value), &number);
    if (text_equal(key, TEXT("cleanup.policy"))) {
        options->cleanup = value != NULL && strstr(value, "compact") != NULL
                               ? EVENTLOG_CLEANUP_COMPACT
                               : EVENTLOG_CLEANUP_DELETE;
    } else if (text_equal(key, TEXT("retention.ms")) && is_number) {
        options->retention_ms = number < 0 ? 0 : number;
    } else if (text_equal(key, TEXT("retention.bytes")) && is_number) {
        options->retention_bytes = number < 0 ? 0 : number;
    } else if (text_equal(key, TEXT("delete.retention.ms")) && is_number) {
        options->tombstone_ms = number;
    }
}

static void take_configs(const rd_kafka_ConfigResource_t *resource,
                         struct eventlog_topic_options *options)
{
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++) {
        take_config(options, rd_kafka_ConfigEntry_name(entries[i]),
                    rd_kafka_ConfigEntry_value(entries[i]));
    }
}

/* The answers come in the order of the questions. */
static enum status describe_options(struct kafka_admin *admin, struct call *call,
                                    struct eventlog_topic_state *rows, size_t count)
{
    struct resources resources = {
        .rows = arena_calloc(call->arena, count + 1, sizeof(rd_kafka_ConfigResource_t *))};
    if (resources.rows == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for the list");
    }
    for (; resources.count < count; resources.count++) {
        resources.rows[resources.count] =
            rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, rows[resources.count].name.data);
    }
    rd_kafka_event_t *answer;
    enum status status = count == 0
                             ? STATUS_OK
                             : kafka_admin_ask(admin, call, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS,
                                               send_describe, &resources, &answer);
    if (status == STATUS_OK && count > 0) {
        size_t found;
        const rd_kafka_ConfigResource_t **answers = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(answer), &found);
        for (size_t i = 0; i < found && i < count; i++) {
            take_configs(answers[i], &rows[i].options);
        }
        rd_kafka_event_destroy(answer);
    }
    rd_kafka_ConfigResource_destroy_array(resources.rows, count);
    return status;
}

static enum status admin_list_topics(void *state, struct call *call,
                                     struct eventlog_topics *ret_topics)
{
    struct kafka_admin *admin = state;
    struct metadata_question question = {.admin = admin, .timeout_ms = timeout_of(call)};
    enum status status = kafka_client_block(call, ask_metadata, &question);
    if (status != STATUS_OK) {
        return call_fail(call, status, "Kafka was not asked in time");
    }
    if (question.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return fail(admin, call, question.error, "Kafka has not answered");
    }
    size_t count = 0;
    struct eventlog_topic_state *rows =
        arena_calloc(call->arena, (size_t)question.metadata->topic_cnt + 1, sizeof(*rows));
    status = rows == NULL ? call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for the list")
                          : describe_partitions(admin, call, question.metadata, rows, &count);
    rd_kafka_metadata_destroy(question.metadata);
    if (status == STATUS_OK) {
        status = describe_options(admin, call, rows, count);
    }
    if (status == STATUS_OK) {
        eventlog_sort_topics(rows, count);
        *ret_topics = (struct eventlog_topics){.rows = rows, .count = count};
    }
    return status;
}

/* Errors of the connection, which are noted. */
static void handle_ready(struct kafka_client *client)
{
    rd_kafka_message_t *message;
    while ((message = rd_kafka_consumer_poll(client->handle, 0)) != NULL) {
        rd_kafka_message_destroy(message);
    }
}

static void admin_close(void *state)
{
    struct kafka_admin *admin = state;
    kafka_client_close(admin->client);
    free(admin);
}

enum status kafka_eventlog_admin_open(struct loop *loop, struct call *call,
                                      const struct kafka_eventlog_options *options,
                                      struct eventlog_admin *ret_admin)
{
    static const struct eventlog_admin_ops ops = {
        .create_topic = admin_create_topic,
        .delete_topic = admin_delete_topic,
        .list_topics = admin_list_topics,
        .list_groups = kafka_admin_list_groups,
        .close = admin_close,
    };
    struct kafka_admin *admin = calloc(1, sizeof(*admin));
    if (admin == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for an administrator");
    }
    /* A producer would have the broker create topics that are only asked for. The group is never
     * joined. */
    static const struct kafka_setting table[] = {{"group.id", "marquee-admin"},
                                                 {"allow.auto.create.topics", "false"}};
    rd_kafka_conf_t *conf;
    enum status status = kafka_settings_create(call, options, table, ARRAY_LENGTH(table), &conf);
    if (status == STATUS_OK) {
        status = kafka_client_open(loop, call, RD_KAFKA_CONSUMER, conf, handle_ready, admin,
                                   &admin->client);
    }
    if (status != STATUS_OK) {
        free(admin);
        return status;
    }
    *ret_admin = (struct eventlog_admin){.ops = &ops, .state = admin};
    return STATUS_OK;
}

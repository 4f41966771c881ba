#include <stdio.h>

#include "eventlog/kafka_client.h"

enum { NAME_BYTES = 128, VALUE_BYTES = 4096, REASON_BYTES = 512 };

/* What the promises of kafka_eventlog.h rest on. */
static const struct text refused[] = {
    TEXT_INIT("acks"),
    TEXT_INIT("auto.offset.reset"),
    TEXT_INIT("bootstrap.servers"),
    TEXT_INIT("enable.auto.commit"),
    TEXT_INIT("enable.auto.offset.store"),
    TEXT_INIT("enable.idempotence"),
    TEXT_INIT("enable.partition.eof"),
    TEXT_INIT("group.id"),
    TEXT_INIT("isolation.level"),
    TEXT_INIT("metadata.broker.list"),
    TEXT_INIT("partition.assignment.strategy"),
    TEXT_INIT("partitioner"),
    TEXT_INIT("request.required.acks"),
};

static bool is_refused(struct text name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        if (text_equal(name, refused[i])) {
            return true;
        }
    }
    return false;
}

static enum status set(struct call *call, rd_kafka_conf_t *conf, const char *name,
                       const char *value)
{
    char reason[REASON_BYTES];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) != RD_KAFKA_CONF_OK) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Kafka setting %s: %s", name, reason);
    }
    return STATUS_OK;
}

static enum status set_own(struct call *call, rd_kafka_conf_t *conf, struct text setting)
{
    struct text value = setting;
    struct text name = text_trim(text_next(&value, '='));
    char name_string[NAME_BYTES];
    char value_string[VALUE_BYTES];
    if (value.data == NULL || !text_to_c_string(name, name_string, sizeof(name_string)) ||
        !text_to_c_string(text_trim(value), value_string, sizeof(value_string))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Kafka setting %.*s: not name=value",
                         TEXT_ARGUMENTS(name));
    }
    if (is_refused(name)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Kafka setting %s cannot be changed",
                         name_string);
    }
    return set(call, conf, name_string, value_string);
}

static enum status set_all(struct call *call, rd_kafka_conf_t *conf,
                           const struct kafka_eventlog_options *options,
                           const struct kafka_setting *table, size_t count)
{
    char bootstrap[VALUE_BYTES];
    if (options->bootstrap.length == 0 ||
        !text_to_c_string(options->bootstrap, bootstrap, sizeof(bootstrap))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "Kafka needs an address, host:port");
    }
    if (options->setting_count > KAFKA_EVENTLOG_SETTINGS_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d Kafka settings",
                         KAFKA_EVENTLOG_SETTINGS_MAX);
    }
    enum status status = set(call, conf, "bootstrap.servers", bootstrap);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = set(call, conf, table[i].name, table[i].value);
    }
    for (size_t i = 0; i < options->setting_count && status == STATUS_OK; i++) {
        status = set_own(call, conf, options->settings[i]);
    }
    return status;
}

enum status kafka_settings_create(struct call *call, const struct kafka_eventlog_options *options,
                                  const struct kafka_setting *table, size_t count,
                                  rd_kafka_conf_t **ret_conf)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (conf == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for Kafka's settings");
    }
    enum status status = set_all(call, conf, options, table, count);
    if (status == STATUS_OK) {
        *ret_conf = conf;
    } else {
        rd_kafka_conf_destroy(conf);
    }
    return status;
}

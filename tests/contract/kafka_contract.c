#include "contract/kafka_contract.h"

#include <stdlib.h>

#include "contract/eventlog_contract.h"
#include "eventlog/kafka_eventlog.h"
#include "support/cmocka_test.h"

/* Kafka's usual times are for networks; here everything is near. But the mock cluster lets the
 * first member of a group wait for 3 s, and a shorter session would end before that. */
static const struct text consumer_settings[] = {
    TEXT_INIT("session.timeout.ms=4000"),
    TEXT_INIT("heartbeat.interval.ms=200"),
    TEXT_INIT("topic.metadata.refresh.interval.ms=200"),
    TEXT_INIT("fetch.wait.max.ms=50"),
};

static const struct text producer_settings[] = {
    TEXT_INIT("linger.ms=1"),
    TEXT_INIT("topic.metadata.refresh.interval.ms=200"),
};

struct fixture {
    struct loop *loop;
    struct text bootstrap;
};

static void *open_log(struct loop *loop, const void *bootstrap)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->loop = loop;
    fixture->bootstrap = text_of(bootstrap);
    return fixture;
}

static void close_log(void *log)
{
    free(log);
}

static enum status open_producer(void *log, struct call *call, struct eventlog_producer *ret)
{
    struct fixture *fixture = log;
    const struct kafka_eventlog_options options = {
        .bootstrap = fixture->bootstrap,
        .settings = producer_settings,
        .setting_count = ARRAY_LENGTH(producer_settings),
    };
    return kafka_eventlog_producer_open(fixture->loop, call, &options, ret);
}

static enum status open_consumer(void *log, struct call *call, struct text group, struct text topic,
                                 struct eventlog_positions positions, struct eventlog_consumer *ret)
{
    struct fixture *fixture = log;
    /* Groups of one name would meet in every test: the broker outlives them. */
    char group_name[EVENTLOG_GROUP_BYTES_MAX];
    CHECK(group.length + topic.length < sizeof(group_name));
    struct text own_group = {0};
    if (group.length > 0) {
        memcpy(group_name, group.data, group.length);
        memcpy(group_name + group.length, topic.data, topic.length);
        own_group = text_of_bytes(group_name, group.length + topic.length);
    }
    const struct kafka_eventlog_options options = {
        .bootstrap = fixture->bootstrap,
        .settings = consumer_settings,
        .setting_count = ARRAY_LENGTH(consumer_settings),
    };
    const struct kafka_eventlog_consumer_options reader = {
        .group = own_group,
        .topic = topic,
        .positions = positions,
    };
    return kafka_eventlog_consumer_open(fixture->loop, call, &options, &reader, ret);
}

static enum status open_admin(void *log, struct call *call, struct eventlog_admin *ret)
{
    struct fixture *fixture = log;
    const struct kafka_eventlog_options options = {.bootstrap = fixture->bootstrap};
    return kafka_eventlog_admin_open(fixture->loop, call, &options, ret);
}

int kafka_contract_run(const char *name, const char *bootstrap, bool is_mock)
{
    const struct eventlog_contract contract = {.open = open_log,
                                               .options = bootstrap,
                                               .creates_topics_at_sight = is_mock,
                                               .refuses_commits_at_times = is_mock,
                                               .close = close_log,
                                               .open_producer = open_producer,
                                               .open_consumer = open_consumer,
                                               .open_admin = is_mock ? NULL : open_admin};
    return eventlog_contract_run(name, &contract);
}

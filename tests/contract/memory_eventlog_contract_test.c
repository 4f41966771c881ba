#include "contract/eventlog_contract.h"
#include "eventlog/memory_eventlog.h"
#include "support/cmocka_test.h"

enum { PARTITIONS = 4 };

static void *open_log(struct loop *loop, const void *none)
{
    (void)none;
    (void)loop;
    struct memory_eventlog *log = memory_eventlog_create(PARTITIONS);
    assert_non_null(log);
    return log;
}

static void close_log(void *log)
{
    memory_eventlog_destroy(log);
}

static enum status open_producer(void *log, struct call *call, struct eventlog_producer *ret)
{
    return memory_eventlog_producer_open(log, call, ret);
}

static enum status open_consumer(void *log, struct call *call, struct text group, struct text topic,
                                 struct eventlog_positions positions, struct eventlog_consumer *ret)
{
    return memory_eventlog_consumer_open(log, call, group, topic, positions, ret);
}

static enum status open_admin(void *log, struct call *call, struct eventlog_admin *ret)
{
    return memory_eventlog_admin_open(log, call, ret);
}

int main(void)
{
    static const struct eventlog_contract contract = {.open = open_log,
                                                      .close = close_log,
                                                      .open_producer = open_producer,
                                                      .open_consumer = open_consumer,
                                                      .open_admin = open_admin};
    return eventlog_contract_run("memory event log", &contract);
}

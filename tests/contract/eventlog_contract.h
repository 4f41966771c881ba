/* eventlog_contract.h: what every event log must do, run on each implementation. */
#pragma once

#include "eventlog/eventlog_admin.h"
#include "loop/loop.h"

enum {
    CONTRACT_WAIT_MS = 60000, /* of a whole case; groups at a mock of Kafka take some 20 s */
    CONTRACT_QUIET_MS = 150,  /* for what must not */
};

struct eventlog_contract {
    /* Opens a log for one test, whose loop this is. In a fiber. */
    void *(*open)(struct loop *loop, const void *options);
    const void *options; /* the implementation's own */
    void (*close)(void *log);
    bool creates_topics_at_sight; /* a topic that is asked for exists: the mock cluster */
    /* What is committed while the group's members change is refused: the mock cluster. */
    bool refuses_commits_at_times;
    enum status (*open_producer)(void *log, struct call *call, struct eventlog_producer *ret);
    enum status (*open_consumer)(void *log, struct call *call, struct text group, struct text topic,
                                 struct eventlog_positions positions,
                                 struct eventlog_consumer *ret);
    /* NULL: there is none (the mock cluster). */
    enum status (*open_admin)(void *log, struct call *call, struct eventlog_admin *ret);
};

/* Runs the suite; returns the number of failures. */
int eventlog_contract_run(const char *name, const struct eventlog_contract *contract);

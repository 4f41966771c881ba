#include <stdlib.h>

#include "base/arena.h"
#include "contract/eventlog_contract.h"
#include "eventlog/local_eventlog.h"
#include "support/cmocka_test.h"
#include "support/scratch_directory.h"

enum { ARENA_BYTES = 65536 };

struct fixture {
    char directory[SCRATCH_PATH_BYTES];
    struct loop *loop;
    struct local_eventlog *log;
};

static void *open_log(struct loop *loop, const void *none)
{
    (void)none;
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->loop = loop;
    scratch_directory_make(fixture->directory);
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES);
    call_init(&call, &arena, CONTRACT_WAIT_MS);
    const struct local_eventlog_options options = {.directory = fixture->directory};
    assert_int_equal(local_eventlog_open(&call, &options, &fixture->log), STATUS_OK);
    arena_deinit(&arena);
    return fixture;
}

static void close_log(void *log)
{
    struct fixture *fixture = log;
    local_eventlog_close(fixture->log);
    scratch_directory_remove(fixture->directory);
    free(fixture);
}

static enum status open_producer(void *log, struct call *call, struct eventlog_producer *ret)
{
    struct fixture *fixture = log;
    return local_eventlog_producer_open(fixture->log, fixture->loop, call, ret);
}

static enum status open_consumer(void *log, struct call *call, struct text group, struct text topic,
                                 struct eventlog_positions positions, struct eventlog_consumer *ret)
{
    struct fixture *fixture = log;
    const struct local_eventlog_consumer_options options = {
        .group = group, .topic = topic, .positions = positions};
    return local_eventlog_consumer_open(fixture->log, fixture->loop, call, &options, ret);
}

static enum status open_admin(void *log, struct call *call, struct eventlog_admin *ret)
{
    struct fixture *fixture = log;
    return local_eventlog_admin_open(fixture->log, fixture->loop, call, ret);
}

int main(void)
{
    static const struct eventlog_contract contract = {.open = open_log,
                                                      .close = close_log,
                                                      .open_producer = open_producer,
                                                      .open_consumer = open_consumer,
                                                      .open_admin = open_admin};
    return eventlog_contract_run("embedded event log", &contract);
}

#include "local_trial.h"

#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES = 1024 * 1024 };

void local_trial_open(struct local_trial *trial)
{
    enum status status = local_eventlog_open(&trial->call, &trial->options, &trial->log);
    if (status != STATUS_OK) {
        fail_msg("%s: %.*s", status_name(status), TEXT_ARGUMENTS(trial->call.error.detail));
    }
}

void local_trial_close(struct local_trial *trial)
{
    local_eventlog_close(trial->log);
    trial->log = NULL;
}

void local_trial_prepare(struct local_trial *trial)
{
    scratch_directory_make(trial->directory);
    trial->options.directory = trial->directory;
    arena_init(&trial->arena, ARENA_BYTES);
    call_init(&trial->call, &trial->arena, LOCAL_TRIAL_WAIT_MS);
    reader_store_init(&trial->store);
    local_trial_open(trial);
}

void local_trial_finish(struct local_trial *trial)
{
    local_trial_close(trial);
    arena_deinit(&trial->arena);
    scratch_directory_remove(trial->directory);
}

static void run_body(void *argument)
{
    struct local_trial *trial = argument;
    trial->body(trial);
}

void local_trial_body(struct local_trial *trial)
{
    in_fiber(run_body, trial);
}

static void run_all(void *argument)
{
    struct local_trial *trial = argument;
    local_trial_prepare(trial);
    trial->body(trial);
    local_trial_finish(trial);
}

void local_trial_run(void **state)
{
    in_fiber(run_all, *state);
}

void local_trial_produce(struct local_trial *trial, unsigned first_sequence, unsigned each)
{
    struct eventlog_producer producer;
    assert_int_equal(
        local_eventlog_producer_open(trial->log, loop_current(), &trial->call, &producer),
        STATUS_OK);
    reader_produce(producer, &trial->call, TEXT("t"), LOCAL_TRIAL_KEYS, first_sequence, each);
    producer.ops->close(producer.state);
}

static struct eventlog_consumer
open_consumer(struct local_trial *trial, struct eventlog_positions positions, int64_t session_ms)
{
    const struct local_eventlog_consumer_options options = {
        .group = TEXT("g"),
        .topic = TEXT("t"),
        .positions = positions,
        .session_ms = session_ms,
    };
    struct eventlog_consumer consumer;
    assert_int_equal(
        local_eventlog_consumer_open(trial->log, loop_current(), &trial->call, &options, &consumer),
        STATUS_OK);
    return consumer;
}

struct eventlog_consumer local_trial_consumer(struct local_trial *trial)
{
    return open_consumer(trial, reader_store_positions(&trial->store), 0);
}

struct eventlog_consumer local_trial_member(struct local_trial *trial, int64_t session_ms)
{
    return open_consumer(trial, (struct eventlog_positions){.get = NULL}, session_ms);
}

enum status local_trial_drain(struct local_trial *trial, struct eventlog_consumer consumer,
                              struct call *call)
{
    for (;;) {
        *call = call_within(&trial->call, LOCAL_TRIAL_QUIET_MS);
        struct eventlog_batch batch;
        enum status status = consumer.ops->poll(consumer.state, call, 1000, &batch);
        if (status != STATUS_OK) {
            return status;
        }
        assert_true(reader_store_apply(&trial->store, &batch));
    }
}

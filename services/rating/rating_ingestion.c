#include "rating/rating_ingestion.h"

#include <stdlib.h>

#include "base/arena.h"
#include "eventlog/kafka_eventlog.h"
#include "eventlog/local_eventlog.h"
#include "loop/loop.h"
#include "rating/ingester/rating_ingester.h"

/* Of the call that opens the log, on the ingestion loop. */
enum { OPEN_ARENA_BYTES_MAX = 1024 * 1024 };
#define OPEN_TIMEOUT_MS INT64_C(10000)

struct rating_ingestion {
    struct process *process;
    struct rating_ingester *ingester;
    struct local_eventlog *log; /* NULL with Kafka */
    struct loop_threads *threads;
    struct call *call; /* of open, for its error */
};

static enum status open_local(struct rating_ingestion *self, struct call *call,
                              struct eventlog_consumer *ret_consumer)
{
    const struct config *config = process_config(self->process);
    const struct local_eventlog_options options = {
        .directory = config_text(config, "event-log-directory").data};
    const struct local_eventlog_consumer_options consumer = {
        .group = config_text(config, "consumer-group"),
        .topic = config_text(config, "topic"),
        .positions = rating_ingester_positions(self->ingester),
    };
    enum status status = local_eventlog_open(call, &options, &self->log);
    if (status == STATUS_OK) {
        status =
            local_eventlog_consumer_open(self->log, loop_current(), call, &consumer, ret_consumer);
    }
    return status;
}

static enum status open_kafka(struct rating_ingestion *self, struct call *call,
                              struct eventlog_consumer *ret_consumer)
{
    const struct config *config = process_config(self->process);
    struct text settings[KAFKA_EVENTLOG_SETTINGS_MAX];
    size_t count = 0;
    struct text rest = config_text(config, "kafka-settings");
    while (rest.length > 0) {
        if (count == ARRAY_LENGTH(settings)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "--kafka-settings: more than %d",
                             KAFKA_EVENTLOG_SETTINGS_MAX);
        }
        settings[count++] = text_next(&rest, ';');
    }
    const struct kafka_eventlog_options options = {
        .bootstrap = config_text(config, "kafka-brokers"),
        .settings = settings,
        .setting_count = count,
    };
    const struct kafka_eventlog_consumer_options consumer = {
        .group = config_text(config, "consumer-group"),
        .topic = config_text(config, "topic"),
        .positions = rating_ingester_positions(self->ingester),
    };
    return kafka_eventlog_consumer_open(loop_current(), call, &options, &consumer, ret_consumer);
}

static enum status start_on_loop(void *argument, unsigned index)
{
    struct rating_ingestion *self = argument;
    struct eventlog_consumer consumer;
    (void)index; /* there is one loop */
    struct text kind = config_text(process_config(self->process), "event-log");
    enum status status = text_equal(kind, TEXT("kafka")) ? open_kafka(self, self->call, &consumer)
                                                         : open_local(self, self->call, &consumer);
    return status == STATUS_OK ? rating_ingester_start(self->ingester, consumer) : status;
}

static enum status stop_on_loop(void *argument, unsigned index)
{
    struct rating_ingestion *self = argument;
    (void)index;
    rating_ingester_stop(self->ingester);
    local_eventlog_close(self->log);
    self->log = NULL;
    return STATUS_OK;
}

static bool is_ready(void *state, struct call *call, struct text *ret_reason)
{
    struct rating_ingestion *self = state;
    (void)call;
    return rating_ingester_is_running(self->ingester, ret_reason);
}

static enum status start(struct rating_ingestion *self, struct rating_repository repository,
                         struct rating_progress *progress)
{
    struct process *process = self->process;
    const struct rating_ingester_options options = {
        .repository = repository,
        .log = process_log(process),
        .batch_max = (size_t)config_integer(process_config(process), "ingest-batch"),
        .applied = rating_progress_note,
        .applied_state = progress,
    };
    enum status status = rating_ingester_create(&options, &self->ingester);
    if (status == STATUS_OK) {
        status = loop_threads_start(1, &self->threads);
    }
    return status == STATUS_OK ? loop_threads_each(self->threads, start_on_loop, self) : status;
}

enum status rating_ingestion_open_progress(struct process *process, struct call *call,
                                           struct rating_repository repository,
                                           struct rating_progress **ret_progress)
{
    enum status status = rating_progress_create(
        repository, config_text(process_config(process), "topic"), ret_progress);
    return status == STATUS_OK ? STATUS_OK : call_fail(call, status, "no memory for positions");
}

enum status rating_ingestion_open(struct process *process, struct call *call,
                                  struct rating_repository repository,
                                  struct rating_progress *progress,
                                  struct rating_ingestion **ret_ingestion)
{
    if (text_equal(config_text(process_config(process), "event-log"), TEXT("none"))) {
        *ret_ingestion = NULL;
        return STATUS_OK;
    }
    struct rating_ingestion *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for ingestion");
    }
    struct arena arena;
    struct call open_call;
    arena_init(&arena, OPEN_ARENA_BYTES_MAX);
    call_init(&open_call, &arena, OPEN_TIMEOUT_MS);
    self->process = process;
    self->call = &open_call;
    enum status status = start(self, repository, progress);
    self->call = NULL;
    if (status == STATUS_OK) {
        process_add_check(process, "ingestion", is_ready, self);
        telemetry_add_source(process_telemetry(process), rating_ingester_write_metrics,
                             self->ingester);
        *ret_ingestion = self;
    } else {
        (void)call_fail(call, status, "%.*s", TEXT_ARGUMENTS(open_call.error.message));
        (void)call_fail_detail(call, status, "%.*s", TEXT_ARGUMENTS(open_call.error.detail));
        rating_ingestion_close(self);
    }
    arena_deinit(&arena);
    return status;
}

void rating_ingestion_close(struct rating_ingestion *ingestion)
{
    if (ingestion == NULL) {
        return;
    }
    if (ingestion->threads != NULL) {
        /* It cannot fail: it only waits. */
        status_ignore(loop_threads_each(ingestion->threads, stop_on_loop, ingestion));
    }
    loop_threads_destroy(ingestion->threads);
    rating_ingester_destroy(ingestion->ingester);
    free(ingestion);
}

#include "rating/rating_ingestion.h"

#include <stdlib.h>

#include "base/arena.h"
#include "eventlog/kafka_eventlog.h"
#include "eventlog/local_eventlog.h"
#include "loop/loop.h"
#include "rating/ingester/rating_ingester.h"

/* Of the call that opens the log, on the ingestion loop. */
enum { OPEN_ARENA_BYTES_MAX = 1024 * 1024, MS_PER_S = 1000 };
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
        .session_ms = config_duration_ms(config, "session-timeout"),
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
    size_t count = 1; /* ours comes first, so that theirs wins */
    settings[0] = arena_format(call->arena, "session.timeout.ms=%lld",
                               (long long)config_duration_ms(config, "session-timeout"));
    enum status status = process_eventlog_add_settings(call, config, settings, &count);
    if (status != STATUS_OK) {
        return status;
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

/* A store that is away does not make the process unready: reads may go on, and to send callers to
 * others would help nobody. It is said all the same. */
static bool is_ready(void *state, struct call *call, struct text *ret_reason)
{
    struct rating_ingestion *self = state;
    enum status status;
    int64_t waiting_ms;
    if (!rating_ingester_is_running(self->ingester, ret_reason)) {
        return false;
    }
    if (rating_ingester_is_waiting(self->ingester, &status, &waiting_ms)) {
        *ret_reason = arena_format(call->arena, "events have waited %lld s for the store (%s)",
                                   (long long)(waiting_ms / MS_PER_S),
                                   status == STATUS_OK ? "no answer" : status_name(status));
    }
    return true;
}

static enum rating_delivery delivery_of(struct text name)
{
    if (text_equal(name, TEXT("at-least-once"))) {
        return RATING_DELIVERY_AT_LEAST_ONCE;
    }
    return text_equal(name, TEXT("at-most-once")) ? RATING_DELIVERY_AT_MOST_ONCE
                                                  : RATING_DELIVERY_EXACTLY_ONCE;
}

/* "3@500-800" */
static bool parse_move(struct text text, struct rating_ingester_move *ret_move)
{
    struct text to = text_trim(text);
    int64_t partition;
    bool is_move = text_to_i64(text_next(&to, '@'), &partition) && partition >= 0 &&
                   partition < RATING_INGESTER_PARTITIONS_MAX &&
                   text_to_i64(text_next(&to, '-'), &ret_move->from) && ret_move->from >= 0 &&
                   text_to_i64(to, &ret_move->to) && ret_move->to >= 0;
    ret_move->partition = is_move ? (int32_t)partition : 0;
    return is_move;
}

static enum status parse_moves(struct call *call, struct text list,
                               struct rating_ingester_move moves[RATING_INGESTER_MOVES_MAX],
                               size_t *ret_count)
{
    size_t count = 0;
    while (list.length > 0) {
        struct text part = text_next(&list, ';');
        if (count == RATING_INGESTER_MOVES_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "--move-position: more than %d",
                             RATING_INGESTER_MOVES_MAX);
        }
        if (!parse_move(part, &moves[count++])) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "--move-position: '%.*s' is not PARTITION@FROM-TO, such as 3@500-800",
                             TEXT_ARGUMENTS(part));
        }
    }
    *ret_count = count;
    return STATUS_OK;
}

static enum status start(struct rating_ingestion *self, struct rating_repository repository,
                         struct rating_progress *progress, struct rating_burst *burst)
{
    struct process *process = self->process;
    const struct config *config = process_config(process);
    struct rating_ingester_move moves[RATING_INGESTER_MOVES_MAX];
    struct rating_ingester_options options = {
        .repository = repository,
        .log = process_log(process),
        .batch_max = (size_t)config_integer(config, "ingest-batch"),
        .delivery = delivery_of(config_text(config, "delivery")),
        .moves = moves,
        .applied = rating_progress_note,
        .applied_state = progress,
        .burst = burst,
    };
    enum status status =
        parse_moves(self->call, config_text(config, "move-position"), moves, &options.move_count);
    if (status == STATUS_OK) {
        status = rating_ingester_create(&options, &self->ingester);
    }
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
                                  struct rating_progress *progress, struct rating_burst *burst,
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
    enum status status = start(self, repository, progress, burst);
    self->call = NULL;
    if (status == STATUS_OK) {
        process_add_check(process, "ingestion", is_ready, self);
        telemetry_add_source(process_telemetry(process), rating_ingester_write_metrics,
                             self->ingester);
        *ret_ingestion = self;
    } else {
        (void)call_fail(call, status, "%.*s", TEXT_ARGUMENTS(open_call.error.message));
        (void)call_fail_detail(call, status, "%.*s", TEXT_ARGUMENTS(open_call.error.detail));
        rating_ingestion_stop(self);
        rating_ingestion_close(self);
    }
    arena_deinit(&arena);
    return status;
}

struct local_eventlog *rating_ingestion_log(const struct rating_ingestion *ingestion)
{
    return ingestion != NULL ? ingestion->log : NULL;
}

void rating_ingestion_stop(struct rating_ingestion *ingestion)
{
    if (ingestion != NULL && ingestion->threads != NULL) {
        /* It cannot fail: it only waits. */
        status_ignore(loop_threads_each(ingestion->threads, stop_on_loop, ingestion));
    }
}

void rating_ingestion_close(struct rating_ingestion *ingestion)
{
    if (ingestion == NULL) {
        return;
    }
    loop_threads_destroy(ingestion->threads);
    rating_ingester_destroy(ingestion->ingester);
    free(ingestion);
}

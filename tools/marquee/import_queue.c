#include "marquee/import_queue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "marquee/event_log.h"
#include "marquee/import_job.h"

enum { PRODUCE_BATCH = 1000, PRODUCE_MS = 30000 };

static enum status name_import(struct session *session, struct text *ret_name)
{
    struct text name = config_text(session->config, "name");
    if (name.length == 0) {
        uint32_t number;
        random_fill(&number, sizeof(number));
        name = arena_format(&session->arena, "movielens-%08" PRIx32, number);
        if (name.data == NULL) {
            return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a name");
        }
    }
    if (!eventlog_name_is_valid(name) || name.length > IMPORT_NAME_BYTES_MAX) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                         "--name: 1 to %d letters, digits, '.', '_' and '-'",
                         IMPORT_NAME_BYTES_MAX);
    }
    *ret_name = name;
    return STATUS_OK;
}

/* Workers run elsewhere: the path must not depend on where we are. */
static enum status absolute_path(struct session *session, struct text directory,
                                 struct text *ret_path)
{
    char *path = realpath(directory.data, NULL);
    if (path == NULL) {
        return call_fail(&session->call, STATUS_NOT_FOUND, "%.*s: %s", TEXT_ARGUMENTS(directory),
                         strerrordesc_np(errno));
    }
    *ret_path = arena_copy(&session->arena, text_of(path));
    free(path);
    return ret_path->data != NULL
               ? STATUS_OK
               : call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a path");
}

static enum status produce(struct session *session, struct eventlog_producer producer,
                           const struct import_job *jobs, size_t count)
{
    struct eventlog_message *messages =
        arena_calloc(&session->arena, PRODUCE_BATCH, sizeof(*messages));
    if (messages == NULL) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for jobs");
    }
    size_t gathered = 0;
    for (size_t i = 0; i < count; i++) {
        struct eventlog_message *message = &messages[gathered++];
        *message = (struct eventlog_message){.key = jobs[i].id};
        enum status status = import_job_encode(&session->call, &jobs[i], &message->value);
        if (status != STATUS_OK) {
            return status;
        }
        if (gathered == PRODUCE_BATCH || i + 1 == count) {
            size_t delivered;
            struct call call = call_within(&session->call, PRODUCE_MS);
            status = producer.ops->produce(producer.state, &call, IMPORT_JOBS_TOPIC, messages,
                                           gathered, &delivered);
            if (status != STATUS_OK) {
                return call_fail(&session->call, status,
                                 "the event log does not take the jobs: %.*s",
                                 TEXT_ARGUMENTS(call.error.message));
            }
            gathered = 0;
        }
    }
    return STATUS_OK;
}

enum status import_queue_create(struct event_log *log, struct call *call)
{
    return event_log_create_topic(
        log, call, IMPORT_JOBS_TOPIC,
        &(struct eventlog_topic_options){.partitions = IMPORT_QUEUE_PARTITIONS});
}

static enum status produce_all(struct session *session, const struct import_job *jobs, size_t count)
{
    struct event_log log;
    struct eventlog_producer producer;
    enum status status = event_log_open(session, EVENT_LOG_WRITE, &log);
    if (status == STATUS_OK) {
        status = import_queue_create(&log, &session->call);
        if (status == STATUS_OK) {
            status = event_log_open_producer(&log, &session->call, &producer);
        }
        if (status == STATUS_OK) {
            status = produce(session, producer, jobs, count);
            producer.ops->close(producer.state);
        }
        event_log_close(&log);
    }
    return status;
}

enum status import_queue_run(struct session *session, struct text directory)
{
    const struct config *config = session->config;
    struct text provider = config_text(config, "provider");
    struct import_job pattern = {.provider = provider.length > 0 ? provider : TEXT("movielens")};
    struct import_job *jobs = NULL;
    size_t count = 0;
    enum status status = name_import(session, &pattern.import_name);
    if (status == STATUS_OK) {
        status = absolute_path(session, directory, &pattern.directory);
    }
    if (status == STATUS_OK) {
        status = import_cut(&session->call, &pattern, (uint64_t)config_integer(config, "job-rows"),
                            &jobs, &count);
    }
    if (status == STATUS_OK) {
        status = produce_all(session, jobs, count);
    }
    if (status == STATUS_OK) {
        (void)fprintf(session->input->output, "%.*s: %zu jobs\n",
                      TEXT_ARGUMENTS(pattern.import_name), count);
    }
    return status;
}

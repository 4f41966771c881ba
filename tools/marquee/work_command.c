/* marquee work: does the jobs of a queue, one at a time: one group, however many processes.
 *
 * A job's offset is committed when its result was acknowledged. Of a worker that dies before, the
 * job goes to another one, which does it again; since a job is made of puts, the effect is that of
 * doing it once, and the second result says the same of the same job. */
#include <inttypes.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "marquee/bulk.h"
#include "marquee/command_stop.h"
#include "marquee/event_log.h"
#include "marquee/import_job.h"
#include "marquee/import_queue.h"
#include "marquee/stream_event.h"
#include "json/json.h"

enum { JSON_BYTES_MAX = 64 * 1024 };

static const struct config_option options[] = {
    {.name = "group",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .default_value = "import-workers",
     .help = "workers of one group share the jobs"},
    {.name = "exit-when-idle",
     .kind = CONFIG_DURATION,
     .argument = "TIME",
     .default_value = "0s",
     .help = "end when there was no job for so long; 0: never",
     .minimum = 0,
     .maximum = INT64_C(24) * 3600 * 1000},
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print an object a line, as JSON"},
    EVENT_LOG_OPTIONS,
};

static const struct config_program program = {
    .name = "marquee work",
    SESSION_PROGRAM,
    .summary = "marquee work: do the import jobs of the queue, one after the other, until stopped.",
    .usage = "[OPTIONS]",
    .epilogue =
        "Takes jobs that marquee import --queue has put into the event log (topic import-jobs) "
        "and\n"
        "tells what became of each (topic import-results; marquee jobs shows it). Run as many as\n"
        "you like: each job goes to one of them, and to another if that one dies. While a service\n"
        "is away, the job waits for it.\n"
        "\nexit status: 0 it was stopped or is idle, 1 it failed, 2 wrong usage\n"
        "\nexample: marquee work & marquee work & marquee import --queue movielens "
        "ml-latest-small\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
};

struct work {
    struct session *session;
    struct event_log log;
    struct command_stop stop;
    struct eventlog_processor processor;
    char worker[128];
};

/* A failed write is found when the command ends. */
static void say(struct work *work, struct text id, const char *what)
{
    FILE *output = work->session->input->output;
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, JSON_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    json_open_object(&writer);
    json_member_string(&writer, "job", id);
    json_member_string(&writer, "state", text_of(what));
    json_close_object(&writer);
    if (!config_boolean(work->session->config, "json")) {
        (void)fprintf(output, "%.*s %s\n", TEXT_ARGUMENTS(id), what);
    } else if (json_writer_end(&writer)) {
        (void)fprintf(output, "%.*s\n", TEXT_ARGUMENTS(buffer_text(&buffer)));
    }
    (void)fflush(output);
    buffer_deinit(&buffer);
}

static enum status attempt(struct work *work, const struct import_job *job,
                           struct import_result *result)
{
    struct import import = {.session = work->session, .provider = job->provider};
    enum status status = import_files_open(&work->session->call, job->directory, &import.files);
    if (status == STATUS_OK) {
        status = movielens_import_run(&import, &job->range);
        import_files_close(&import.files);
    }
    const struct import_counts *counts = &import.counts;
    result->movies = counts->movies_new + counts->movies_changed + counts->movies_unchanged;
    result->votes = counts->votes;
    result->refused = counts->refused;
    return status;
}

/* Does the job; the session's call says, in the arena of this job, what went wrong. While a service
 * is away it is tried again: each attempt waits some seconds by itself. */
static enum status do_job(struct work *work, const struct import_job *job,
                          struct import_result *result)
{
    struct session *session = work->session;
    enum status status = attempt(work, job, result);
    while (status == STATUS_UNAVAILABLE || status == STATUS_DEADLINE_EXCEEDED) {
        (void)fprintf(session->input->errors, "marquee work: %.*s: %.*s; trying again\n",
                      TEXT_ARGUMENTS(job->id), TEXT_ARGUMENTS(session->call.error.message));
        call_clear_error(&session->call);
        if (fiber_sleep(&session->call, EVENTLOG_PROCESSOR_PAUSE_MS_MAX * CLOCK_NS_PER_MS) !=
            STATUS_OK) {
            return STATUS_CANCELLED;
        }
        status = attempt(work, job, result);
    }
    return status;
}

static enum status report(struct call *call, const struct import_result *result,
                          struct eventlog_outputs *outputs)
{
    struct eventlog_message message = {.key = result->id};
    enum status status = import_result_encode(call, result, &message.value);
    return status == STATUS_OK ? eventlog_outputs_add(outputs, call, IMPORT_RESULTS_TOPIC, &message)
                               : status;
}

/* What lasts as long as one job is in its arena, not in the session's. */
static enum status take_job(struct work *work, struct call *call, struct import_job *job,
                            struct eventlog_outputs *outputs)
{
    struct session *session = work->session;
    struct arena arena;
    struct arena *whole = session->call.arena;
    struct import_result result = {
        .id = job->id, .import_name = job->import_name, .worker = text_of(work->worker)};
    say(work, job->id, "begun");
    arena_init(&arena, SESSION_ARENA_BYTES_MAX);
    session->call.arena = &arena;
    enum status status = do_job(work, job, &result);
    if (status != STATUS_OK && status != STATUS_CANCELLED) {
        result.failed = true;
        result.reason = arena_copy(call->arena, session->call.error.message);
        status = STATUS_OK;
    }
    call_clear_error(&session->call);
    session->call.arena = whole;
    arena_deinit(&arena);
    if (status != STATUS_OK) {
        return status;
    }
    say(work, job->id, result.failed ? "failed" : "done");
    return report(call, &result, outputs);
}

static enum status process(void *state, struct call *call, const struct eventlog_batch *batch,
                           struct eventlog_outputs *outputs)
{
    struct work *work = state;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        const struct stream_source source = {batch->topic, batch->partition, &batch->records[i]};
        struct import_job job;
        status = import_job_decode(call, batch->records[i].value, &job);
        if (status == STATUS_OK) {
            status = take_job(work, call, &job, outputs);
        } else if (status == STATUS_INVALID_ARGUMENT) {
            status = stream_refuse(call, outputs, TEXT("import-jobs.refused"), &source,
                                   call->error.message);
        }
    }
    return status;
}

static void say_trouble(void *state, const struct call *call, enum status status)
{
    struct work *work = state;
    struct text words = call->error.message;
    (void)fprintf(work->session->input->errors, "marquee work: %.*s; waiting\n",
                  TEXT_ARGUMENTS(words.length > 0 ? words : text_of(status_name(status))));
}

static enum status work_until_stopped(struct work *work)
{
    struct session *session = work->session;
    enum status status = command_stop_open(&work->stop, session);
    if (status == STATUS_OK) {
        status = eventlog_processor_run(&work->processor, &session->call);
        status = command_stop_outcome(&work->stop, status);
        command_stop_close(&work->stop);
    }
    return status;
}

static enum status open_and_work(struct work *work)
{
    struct call *call = &work->session->call;
    struct eventlog_processor *processor = &work->processor;
    enum status status = import_queue_create(&work->log, call);
    if (status == STATUS_OK) {
        status = event_log_open_producer(&work->log, call, &processor->producer);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = event_log_open_consumer(&work->log, call, config_text(work->session->config, "group"),
                                     IMPORT_JOBS_TOPIC, (struct eventlog_positions){.get = NULL},
                                     &processor->consumer);
    if (status == STATUS_OK) {
        status = work_until_stopped(work);
        processor->consumer.ops->close(processor->consumer.state);
    }
    processor->producer.ops->close(processor->producer.state);
    return status;
}

static void name_worker(struct work *work)
{
    char host[64] = "";
    (void)gethostname(host, sizeof(host) - 1); /* without a name, the process's number is left */
    (void)snprintf(work->worker, sizeof(work->worker), "%s:%ld", host, (long)getpid());
}

static enum status run(struct session *session)
{
    struct work *work = arena_calloc(&session->arena, 1, sizeof(*work));
    if (work == NULL) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a worker");
    }
    work->session = session;
    name_worker(work);
    work->processor.batch_max = 1;
    work->processor.idle_ms = config_duration_ms(session->config, "exit-when-idle");
    work->processor.process = process;
    work->processor.state = work;
    work->processor.troubled = say_trouble;
    work->processor.troubled_state = work;
    enum status status = event_log_open(session, EVENT_LOG_WRITE, &work->log);
    if (status == STATUS_OK) {
        status = open_and_work(work);
        event_log_close(&work->log);
    }
    return status;
}

int work_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}

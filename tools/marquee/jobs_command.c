/* marquee jobs: what became of the imports that were put into the queue. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "eventlog/eventlog_scan.h"
#include "loop/fiber.h"
#include "marquee/command_stop.h"
#include "marquee/event_log.h"
#include "marquee/import_job.h"
#include "marquee/terminal.h"
#include "store/ordered_map.h"
#include "json/json.h"

enum {
    JOBS_KNOWN_MAX = 1000000,
    RECORD_BYTES_MAX = 64 * 1024,
    SCAN_MS = 60000,
    NAME_COLUMN = 24,
};

static const struct config_option options[] = {
    {.name = "wait", .kind = CONFIG_BOOLEAN, .help = "until every job of the import is done"},
    {.name = "failed",
     .kind = CONFIG_BOOLEAN,
     .help = "list the jobs that failed, with the reason"},
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print one import a line, as JSON"},
    EVENT_LOG_OPTIONS,
};

static const struct config_program program = {
    .name = "marquee jobs",
    .service = CONFIG_COMMANDS,
    .summary = "marquee jobs: show how far the imports in the queue are.",
    .usage = "[OPTIONS] [IMPORT]",
    .epilogue = "Reads the topics import-jobs and import-results; all imports, or one.\n"
                "\nexit status: 0, 1 a job failed, 2 wrong usage, 3 there is no such import\n"
                "\nexample: marquee jobs\n"
                "         marquee jobs --wait movielens-1f00c0de\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_max = 1,
};

/* Of one job; a later result of the same job takes the place of the earlier one. */
struct outcome {
    bool ended;
    bool failed;
    uint64_t movies;
    uint64_t votes;
    uint64_t refused;
};

/* Of one import. */
struct tally {
    uint64_t jobs;
    uint64_t done;
    uint64_t failed;
    uint64_t movies;
    uint64_t votes;
    uint64_t refused;
};

struct jobs {
    struct session *session;
    struct event_log log;
    struct command_stop stop;
    struct text wanted;           /* empty: all */
    struct ordered_map *outcomes; /* by import name, NUL, job id */
    struct ordered_map *tallies;  /* by import name */
    size_t count;
    struct arena arena; /* of one record */
};

static struct tally tally_of(const struct jobs *jobs, struct text name)
{
    struct tally tally = {.jobs = 0};
    const struct ordered_map_entry *entry = ordered_map_find(jobs->tallies, name);
    if (entry != NULL) {
        memcpy(&tally, entry->value, sizeof(tally));
    }
    return tally;
}

/* Takes the outcome into the tally, or out of it. */
static void add(struct tally *tally, const struct outcome *outcome, bool takes_out)
{
    uint64_t sign = takes_out ? UINT64_MAX : 1; /* modulo 2^64 */
    tally->done += outcome->ended && !outcome->failed ? sign : 0;
    tally->failed += outcome->failed ? sign : 0;
    tally->movies += sign * outcome->movies;
    tally->votes += sign * outcome->votes;
    tally->refused += sign * outcome->refused;
}

static enum status note(struct jobs *jobs, struct call *call, struct text name, struct text id,
                        const struct outcome *outcome)
{
    struct text key =
        arena_format(call->arena, "%.*s/%.*s", TEXT_ARGUMENTS(name), TEXT_ARGUMENTS(id));
    struct tally tally = tally_of(jobs, name);
    const struct ordered_map_entry *entry = ordered_map_find(jobs->outcomes, key);
    struct outcome before = {.ended = false};
    if (entry != NULL) {
        memcpy(&before, entry->value, sizeof(before));
    } else if (jobs->count++ == JOBS_KNOWN_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "more than %d jobs", JOBS_KNOWN_MAX);
    } else {
        tally.jobs++;
    }
    if (outcome->ended || entry == NULL) {
        add(&tally, &before, true);
        add(&tally, outcome, false);
        ordered_map_put(jobs->outcomes, key, outcome, sizeof(*outcome));
    }
    ordered_map_put(jobs->tallies, name, &tally, sizeof(tally));
    return STATUS_OK;
}

static bool is_wanted(const struct jobs *jobs, struct text name)
{
    return jobs->wanted.length == 0 || text_equal(jobs->wanted, name);
}

/* What is no job was set aside by the worker that took it. */
static enum status take_job(struct jobs *jobs, struct call *call, struct text value)
{
    const struct outcome none = {.ended = false};
    struct import_job job;
    enum status status = import_job_decode(call, value, &job);
    if (status != STATUS_OK || !is_wanted(jobs, job.import_name)) {
        return status == STATUS_RESOURCE_EXHAUSTED ? status : STATUS_OK;
    }
    return note(jobs, call, job.import_name, job.id, &none);
}

static enum status take_result(struct jobs *jobs, struct call *call, struct text value)
{
    struct import_result result;
    enum status status = import_result_decode(call, value, &result);
    if (status != STATUS_OK || !is_wanted(jobs, result.import_name)) {
        return status == STATUS_RESOURCE_EXHAUSTED ? status : STATUS_OK;
    }
    if (result.failed && config_boolean(jobs->session->config, "failed")) {
        FILE *output = jobs->session->input->output;
        terminal_print(output, result.id);
        (void)fputs("  ", output);
        terminal_print(output, result.reason);
        (void)fputc('\n', output);
    }
    const struct outcome outcome = {.ended = true,
                                    .failed = result.failed,
                                    .movies = result.movies,
                                    .votes = result.votes,
                                    .refused = result.refused};
    return note(jobs, call, result.import_name, result.id, &outcome);
}

static enum status visit(struct jobs *jobs, struct call *call, const struct eventlog_batch *batch,
                         enum status (*take)(struct jobs *jobs, struct call *call,
                                             struct text value))
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        struct call one = call_within(call, 0);
        one.arena = &jobs->arena;
        status = take(jobs, &one, batch->records[i].value);
        if (status != STATUS_OK) {
            status = call_fail(call, status, "%.*s", TEXT_ARGUMENTS(one.error.message));
        }
        arena_reset(&jobs->arena);
    }
    return status;
}

static enum status visit_jobs(void *state, struct call *call, const struct eventlog_batch *batch)
{
    return visit(state, call, batch, take_job);
}

static enum status visit_results(void *state, struct call *call, const struct eventlog_batch *batch)
{
    return visit(state, call, batch, take_result);
}

static bool all_ended(const struct jobs *jobs)
{
    for (const struct ordered_map_entry *entry = ordered_map_seek(jobs->tallies, TEXT(""));
         entry != NULL; entry = ordered_map_next(entry)) {
        struct tally tally;
        memcpy(&tally, entry->value, sizeof(tally));
        if (tally.done + tally.failed < tally.jobs) {
            return false;
        }
    }
    return true;
}

/* Reads a topic to its present end, and with --wait the results until all jobs have one. */
static enum status read_topic(struct jobs *jobs, struct text topic, bool waits,
                              enum status (*take)(void *state, struct call *call,
                                                  const struct eventlog_batch *batch))
{
    struct eventlog_consumer consumer;
    struct call *call = &jobs->session->call;
    struct call scan = call_within(call, SCAN_MS);
    enum status status = event_log_open_consumer(
        &jobs->log, call, TEXT(""), topic, (struct eventlog_positions){.get = NULL}, &consumer);
    if (status != STATUS_OK) {
        return status;
    }
    status = eventlog_scan(consumer, &scan, take, jobs);
    call->error = scan.error;
    while (waits && (status == STATUS_OK || status == STATUS_NOT_FOUND) && !all_ended(jobs)) {
        struct eventlog_batch batch;
        call_clear_error(call);
        status = consumer.ops->poll(consumer.state, call, EVENTLOG_SCAN_BATCH, &batch);
        status = status == STATUS_OK ? take(jobs, call, &batch) : status;
    }
    consumer.ops->close(consumer.state);
    if (status == STATUS_NOT_FOUND) {
        call_clear_error(call); /* nothing has been queued, or nothing done */
        return STATUS_OK;
    }
    return status;
}

static void print_tally(FILE *output, struct text name, const struct tally *tally)
{
    terminal_print_padded(output, name, NAME_COLUMN);
    (void)fprintf(output,
                  "%" PRIu64 " of %" PRIu64 " done, %" PRIu64 " failed; %" PRIu64
                  " movies, %" PRIu64 " votes, %" PRIu64 " rows refused\n",
                  tally->done, tally->jobs, tally->failed, tally->movies, tally->votes,
                  tally->refused);
}

static enum status print_json(struct jobs *jobs, struct text name, const struct tally *tally)
{
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, RECORD_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    json_open_object(&writer);
    json_member_string(&writer, "import", name);
    json_member_integer(&writer, "jobs", (int64_t)tally->jobs);
    json_member_integer(&writer, "done", (int64_t)tally->done);
    json_member_integer(&writer, "failed", (int64_t)tally->failed);
    json_member_integer(&writer, "movies", (int64_t)tally->movies);
    json_member_integer(&writer, "votes", (int64_t)tally->votes);
    json_member_integer(&writer, "refused", (int64_t)tally->refused);
    json_close_object(&writer);
    bool fits = json_writer_end(&writer);
    (void)fprintf(jobs->session->input->output, "%.*s\n", TEXT_ARGUMENTS(buffer_text(&buffer)));
    buffer_deinit(&buffer);
    return fits ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

static enum status print_all(struct jobs *jobs)
{
    struct session *session = jobs->session;
    enum status status = STATUS_OK;
    const struct ordered_map_entry *entry = ordered_map_seek(jobs->tallies, TEXT(""));
    if (entry == NULL && jobs->wanted.length > 0) {
        return call_fail(&session->call, STATUS_NOT_FOUND, "there is no import '%.*s'",
                         TEXT_ARGUMENTS(jobs->wanted));
    }
    for (; entry != NULL && status == STATUS_OK; entry = ordered_map_next(entry)) {
        struct tally tally;
        memcpy(&tally, entry->value, sizeof(tally));
        session->failed = session->failed || tally.failed > 0;
        if (config_boolean(session->config, "json")) {
            status = print_json(jobs, entry->key, &tally);
        } else {
            print_tally(session->input->output, entry->key, &tally);
        }
    }
    return status;
}

static enum status show(struct jobs *jobs)
{
    struct session *session = jobs->session;
    enum status status = command_stop_open(&jobs->stop, session);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_topic(jobs, IMPORT_JOBS_TOPIC, false, visit_jobs);
    if (status == STATUS_OK) {
        status = read_topic(jobs, IMPORT_RESULTS_TOPIC, config_boolean(session->config, "wait"),
                            visit_results);
    }
    command_stop_close(&jobs->stop);
    return status == STATUS_OK ? print_all(jobs) : status;
}

static enum status run(struct session *session)
{
    struct jobs *jobs = arena_calloc(&session->arena, 1, sizeof(*jobs));
    if (jobs == NULL) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for jobs");
    }
    jobs->session = session;
    jobs->outcomes = ordered_map_create();
    jobs->tallies = ordered_map_create();
    if (config_argument_count(session->config) > 0) {
        jobs->wanted = config_argument(session->config, 0);
    }
    arena_init(&jobs->arena, RECORD_BYTES_MAX);
    enum status status = event_log_open(session, EVENT_LOG_READ, &jobs->log);
    if (status == STATUS_OK) {
        status = show(jobs);
        event_log_close(&jobs->log);
    }
    arena_deinit(&jobs->arena);
    ordered_map_destroy(jobs->outcomes);
    ordered_map_destroy(jobs->tallies);
    return status;
}

int jobs_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}

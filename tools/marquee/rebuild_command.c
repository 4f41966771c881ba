/* marquee rebuild: the votes as a snapshot and the change log have them: compared with what stands,
 * or written to a new store. */
#include <inttypes.h>

#include "marquee/backup_directory.h"
#include "marquee/rebuild_compare.h"
#include "marquee/rebuild_into.h"
#include "marquee/session.h"
#include "rating/rating_store.h"

static const struct config_option options[] = {
    RATING_STORE_OPTIONS,
    {.name = "snapshot",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "what marquee snapshot wrote; without, the change log must be whole"},
    {.name = "into",
     .kind = CONFIG_TEXT,
     .argument = "DIRECTORY",
     .help = "write what was rebuilt to a new store there, in place of comparing"},
    {.name = "topic",
     .kind = CONFIG_TEXT,
     .argument = "NAME,…",
     .default_value = "ratings",
     .help = "the topics whose positions the new store takes over"},
    FSCK_OPTIONS,
};

static const struct config_program program = {
    .name = "marquee rebuild",
    .service = CONFIG_COMMANDS,
    .summary = "marquee rebuild: replay a snapshot and the change log, and compare.",
    .usage = "[OPTIONS] ratings",
    .epilogue =
        "Reads the snapshot and every record of the store's change log after it, and compares\n"
        "votes and aggregates with what stands; the store may be used meanwhile. With --into a\n"
        "new store is made of it: votes, tombstones, dead letters and positions, but not the\n"
        "ids of events that were taken. A log that does not reach back to the snapshot, or\n"
        "without one to its beginning, is refused.\n"
        "\nexit status: 0 no difference, 1 differences (a line each) or it failed, 2 wrong usage\n"
        "or a value that is not allowed, 3 there is no store or snapshot\n"
        "\nexample: marquee rebuild ratings --snapshot backups/ratings.snapshot\n"
        "         marquee rebuild ratings --snapshot backups/ratings.snapshot --into rebuilt\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 1,
};

struct rebuild {
    struct session *session;
    struct rebuild_follower follower;
    struct rebuild_expected expected;
    struct snapshot_file_head head;
    struct rating_change_range range;
    struct progress progress;
    struct fsck_report report;
    struct rebuild_counts counts;
};

/* The log must go on where the snapshot began, or have its first record. */
static enum status check_log(struct rebuild *rebuild)
{
    struct call *call = &rebuild->session->call;
    const struct rating_change_range *range = &rebuild->range;
    if (rebuild->expected.snapshot == NULL) {
        return range->first == 1
                   ? STATUS_OK
                   : call_fail(
                         call, STATUS_FAILED_PRECONDITION,
                         "the change log begins at %lld: what was before stands in a snapshot "
                         "only (--snapshot)",
                         (long long)range->first);
    }
    if (rebuild->head.sequence > range->last) {
        return call_fail(call, STATUS_FAILED_PRECONDITION,
                         "the snapshot has the change log up to %lld, but the log ends at %lld: it "
                         "is of another store, or newer",
                         (long long)rebuild->head.sequence, (long long)range->last);
    }
    return rebuild->head.sequence + 1 >= range->first
               ? STATUS_OK
               : call_fail(call, STATUS_FAILED_PRECONDITION,
                           "the snapshot has the change log up to %lld, but the log begins at "
                           "%lld: a later snapshot is needed",
                           (long long)rebuild->head.sequence, (long long)range->first);
}

static enum status replay_log(struct rebuild *rebuild)
{
    struct session *session = rebuild->session;
    const struct rating_repository *repository = rebuild->follower.repository;
    enum status status =
        repository->ops->get_change_range(repository->state, &session->call, &rebuild->range);
    status = status == STATUS_OK ? check_log(rebuild) : status;
    if (status == STATUS_OK) {
        rebuild->follower.taken = rebuild->head.sequence;
        status = rebuild_follow(&rebuild->follower, &session->call);
    }
    rebuild->counts.records = rebuild->follower.taken - rebuild->head.sequence;
    return status == STATUS_OK ? rebuild_expected_begin(&rebuild->expected, &session->call)
                               : status;
}

static enum status compare(struct rebuild *rebuild)
{
    struct fsck fsck = {
        .repository = rebuild->follower.repository,
        .call = &rebuild->session->call,
        .report = {.output = rebuild->session->input->output,
                   .json = config_boolean(rebuild->session->config, "json")},
        .progress = &rebuild->progress,
    };
    enum status status = replay_log(rebuild);
    if (status == STATUS_OK) {
        status = rebuild_compare(&rebuild->expected, &fsck, &rebuild->counts);
    }
    rebuild->report = fsck.report;
    return status;
}

static enum status write_store(struct rebuild *rebuild, struct text into)
{
    struct session *session = rebuild->session;
    struct backup_directory directory;
    struct rebuild_positions positions = {.topics = config_text(session->config, "topic")};
    enum status status = backup_directory_make(&session->call, into, &directory);
    if (status != STATUS_OK) {
        return status;
    }
    /* Before the log is read: what is applied meanwhile is in it, and is taken once more. */
    status = rebuild_read_positions(rebuild->follower.repository, &session->call, &positions);
    status = status == STATUS_OK ? replay_log(rebuild) : status;
    if (status == STATUS_OK) {
        status = rebuild_write(&rebuild->expected, &session->call, text_of(directory.partial),
                               &positions, &rebuild->progress, &rebuild->counts);
    }
    if (status == STATUS_OK) {
        status = backup_directory_finish(&session->call, &directory);
    }
    backup_directory_discard(&directory);
    return status;
}

/* A failed write is found when the command ends. */
static void print(const struct rebuild *rebuild)
{
    const struct session *session = rebuild->session;
    const struct rebuild_counts *counts = &rebuild->counts;
    struct text into = config_text(session->config, "into");
    if (config_boolean(session->config, "json")) {
        (void)fprintf(session->input->output,
                      "{\"votes\":%" PRIu64 ",\"tombstones\":%" PRIu64 ",\"aggregates\":%" PRIu64
                      ",\"records\":%lld,\"differences\":%" PRIu64 ",\"unsettled\":%" PRIu64 "}\n",
                      counts->votes, counts->tombstones, counts->aggregates,
                      (long long)counts->records, rebuild->report.differences,
                      rebuild->report.unsettled);
        return;
    }
    (void)fprintf(
        session->input->output,
        "%" PRIu64 " votes and %" PRIu64 " aggregates of %s%lld records of the change log",
        counts->votes, counts->aggregates,
        rebuild->expected.snapshot != NULL ? "the snapshot and " : "", (long long)counts->records);
    if (into.length > 0) {
        (void)fprintf(session->input->output, " are in %.*s\n", TEXT_ARGUMENTS(into));
        return;
    }
    (void)fprintf(session->input->output, ": %" PRIu64 " differences", rebuild->report.differences);
    if (rebuild->report.unsettled > 0) {
        (void)fprintf(session->input->output, ", %" PRIu64 " not settled",
                      rebuild->report.unsettled);
    }
    (void)fputc('\n', session->input->output);
}

static enum status run_with_store(struct rebuild *rebuild)
{
    struct session *session = rebuild->session;
    struct text file = config_text(session->config, "snapshot");
    struct text into = config_text(session->config, "into");
    enum status status = STATUS_OK;
    if (file.length > 0) {
        status =
            snapshot_reader_open(&session->call, file, &rebuild->head, &rebuild->expected.snapshot);
    }
    if (status == STATUS_OK) {
        status = rebuild_states_open(&session->call, config_text(session->config, "scratch"),
                                     &rebuild->follower.states);
    }
    if (status == STATUS_OK) {
        rebuild->expected.follower = &rebuild->follower;
        rebuild->expected.snapshot_sequence = rebuild->head.sequence;
        progress_init(&rebuild->progress, session->input->errors, "votes", 0);
        status = into.length > 0 ? write_store(rebuild, into) : compare(rebuild);
        progress_end(&rebuild->progress);
    }
    if (status == STATUS_OK) {
        print(rebuild);
        session->failed = rebuild->report.differences > 0;
    }
    snapshot_reader_close(rebuild->expected.snapshot);
    rebuild_states_close(rebuild->follower.states);
    return status;
}

static enum status run(struct session *session)
{
    const struct rating_store_options wanted = rating_store_options(session->config);
    struct rating_store store;
    if (!text_equal(config_argument(session->config, 0), TEXT("ratings"))) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT, "'%.*s' is not ratings",
                         TEXT_ARGUMENTS(config_argument(session->config, 0)));
    }
    enum status status = rating_store_open_existing(&session->call, &wanted, &store);
    if (status != STATUS_OK) {
        return status;
    }
    struct rebuild *rebuild = arena_calloc(&session->arena, 1, sizeof(*rebuild));
    if (rebuild != NULL) {
        rebuild->session = session;
        rebuild->follower.repository = &store.repository;
        status = run_with_store(rebuild);
    } else {
        status = STATUS_RESOURCE_EXHAUSTED;
    }
    store.repository.ops->close(store.repository.state);
    return status;
}

int rebuild_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}

/* marquee snapshot: all votes in a file, from which the change log goes on. */
#include <inttypes.h>

#include "base/clock.h"
#include "marquee/progress.h"
#include "marquee/session.h"
#include "marquee/snapshot_file.h"
#include "marquee/snapshot_walk.h"
#include "rating/rating_store.h"
#include "rating/relay/rating_relay_position.h"

static const struct config_option options[] = {
    RATING_STORE_OPTIONS,
    {.name = "to", .kind = CONFIG_TEXT, .argument = "FILE", .help = "the snapshot: a new file"},
    {.name = "trim",
     .kind = CONFIG_BOOLEAN,
     .help = "drop the change log's records that the snapshot has and the relay has sent"},
    {.name = "trim-unrelayed",
     .kind = CONFIG_BOOLEAN,
     .help =
         "with --trim, drop also what the relay has not sent: it sends all anew, or never runs"},
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print what was written as JSON"},
};

static const struct config_program program = {
    .name = "marquee snapshot",
    .service = CONFIG_COMMANDS,
    .summary = "marquee snapshot: write all votes to a file, from which the change log goes on.",
    .usage = "[OPTIONS] --to FILE ratings",
    .epilogue =
        "The store may be used meanwhile: with the change log from where the snapshot began, it\n"
        "gives any later state exactly (marquee rebuild). The file is written beside --to and\n"
        "gets its name when it is synced; one that is there is never touched. --trim comes after\n"
        "that, and leaves what a relay (marquee-rating --relay) has not sent yet; whoever else\n"
        "reads the change log and is not yet behind the snapshot's start must begin anew.\n"
        "\n" COMMAND_EXIT_STATUS_HELP
        "\nexample: marquee snapshot ratings --to backups/ratings.snapshot --trim\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 1,
};

struct snapshot {
    struct session *session;
    const struct rating_repository *repository;
    struct snapshot_file_head head;
    uint64_t votes;
    uint64_t tombstones;
    uint64_t bytes;
    uint64_t trimmed;
    struct progress progress;
};

static enum status write_votes(struct snapshot *snapshot, struct snapshot_writer *writer)
{
    struct call *call = &snapshot->session->call;
    struct snapshot_walk walk = {.repository = snapshot->repository, .kind = SNAPSHOT_WALK_VOTES};
    const void *entry = NULL;
    enum status status = snapshot_walk_next(&walk, call, &entry);
    while (status == STATUS_OK && entry != NULL) {
        const struct rating_stored_vote *vote = entry;
        snapshot->votes += vote->deleted ? 0 : 1;
        snapshot->tombstones += vote->deleted ? 1 : 0;
        progress_update(&snapshot->progress, 0, snapshot->votes);
        status = snapshot_writer_add(writer, call, vote);
        status = status == STATUS_OK ? snapshot_walk_next(&walk, call, &entry) : status;
    }
    snapshot_walk_end(&walk);
    return status;
}

static enum status write_file(struct snapshot *snapshot)
{
    struct session *session = snapshot->session;
    struct snapshot_writer *writer;
    enum status status = snapshot_writer_open(&session->call, config_text(session->config, "to"),
                                              &snapshot->head, &writer);
    if (status != STATUS_OK) {
        return status;
    }
    progress_init(&snapshot->progress, session->input->errors, "votes", 0);
    status = write_votes(snapshot, writer);
    progress_end(&snapshot->progress);
    if (status == STATUS_OK) {
        status = snapshot_writer_finish(writer, &session->call);
        snapshot->bytes = snapshot_writer_bytes(writer);
    }
    snapshot_writer_close(writer);
    return status;
}

/* What the relay has not sent yet is kept for it, unless it is not to run any more. */
static enum status trim(struct snapshot *snapshot, const struct rating_change_range *range)
{
    const struct rating_repository *repository = snapshot->repository;
    struct call *call = &snapshot->session->call;
    int64_t through = range->last;
    int64_t relayed = through;
    enum status status = config_boolean(snapshot->session->config, "trim-unrelayed")
                             ? STATUS_NOT_FOUND
                             : rating_relay_get_position(*repository, call, &relayed);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    through = relayed < through ? relayed : through;
    if (through < range->first) {
        return STATUS_OK;
    }
    snapshot->trimmed = (uint64_t)(through + 1 - range->first);
    return repository->ops->trim_changes(repository->state, call, through);
}

static enum status take(struct snapshot *snapshot)
{
    const struct rating_repository *repository = snapshot->repository;
    struct call *call = &snapshot->session->call;
    struct rating_change_range range;
    enum status status = repository->ops->get_change_range(repository->state, call, &range);
    if (status != STATUS_OK) {
        return status;
    }
    snapshot->head = (struct snapshot_file_head){clock_wall_ms(), range.last};
    status = write_file(snapshot);
    if (status == STATUS_OK && config_boolean(snapshot->session->config, "trim")) {
        status = trim(snapshot, &range);
    }
    return status;
}

static void print(const struct snapshot *snapshot)
{
    const struct session *session = snapshot->session;
    struct text to = config_text(session->config, "to");
    /* A failed write is found when the command ends. */
    if (config_boolean(session->config, "json")) {
        (void)fprintf(session->input->output,
                      "{\"votes\":%" PRIu64 ",\"tombstones\":%" PRIu64 ",\"sequence\":%lld"
                      ",\"bytes\":%" PRIu64 ",\"trimmed\":%" PRIu64 "}\n",
                      snapshot->votes, snapshot->tombstones, (long long)snapshot->head.sequence,
                      snapshot->bytes, snapshot->trimmed);
        return;
    }
    (void)fprintf(session->input->output,
                  "%.*s is complete: %" PRIu64 " votes, %" PRIu64
                  " tombstones, the change log up to %lld, %" PRIu64 " bytes\n",
                  TEXT_ARGUMENTS(to), snapshot->votes, snapshot->tombstones,
                  (long long)snapshot->head.sequence, snapshot->bytes);
    if (config_boolean(session->config, "trim")) {
        (void)fprintf(session->input->output, "%" PRIu64 " records of the change log are dropped\n",
                      snapshot->trimmed);
    }
}

static enum status run(struct session *session)
{
    struct rating_store_options wanted = rating_store_options(session->config);
    struct rating_store store;
    if (!text_equal(config_argument(session->config, 0), TEXT("ratings"))) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT, "'%.*s' is not ratings",
                         TEXT_ARGUMENTS(config_argument(session->config, 0)));
    }
    if (config_text(session->config, "to").length == 0) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT, "--to is missing");
    }
    enum status status = rating_store_open_existing(&session->call, &wanted, &store);
    if (status != STATUS_OK) {
        return status;
    }
    struct snapshot snapshot = {.session = session, .repository = &store.repository};
    status = take(&snapshot);
    store.repository.ops->close(store.repository.state);
    if (status == STATUS_OK) {
        print(&snapshot);
    }
    return status;
}

int snapshot_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}

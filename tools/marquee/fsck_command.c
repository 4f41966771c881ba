/* marquee fsck: whether a rating store agrees with itself. */
#include <inttypes.h>

#include "base/buffer.h"
#include "marquee/fsck_check.h"
#include "marquee/session.h"
#include "rating/rating_store.h"
#include "json/json.h"

enum { JSON_BYTES_MAX = 4096 };

static const struct config_option options[] = {
    RATING_STORE_OPTIONS,
    {.name = "topic",
     .kind = CONFIG_TEXT,
     .argument = "NAME,…",
     .default_value = "ratings",
     .help = "the topics whose positions are looked at"},
    FSCK_OPTIONS,
};

static const struct config_program program = {
    .name = "marquee fsck",
    .service = CONFIG_COMMANDS,
    .summary = "marquee fsck: check that a rating store agrees with itself.",
    .usage = "[OPTIONS]",
    .epilogue =
        "Counts every aggregate anew, looks each vote up in its user's list and each entry of a\n"
        "list up in the votes, replays the change log against the votes it covers, and reads all\n"
        "dead letters and positions. The store may be used meanwhile: what differs is looked at\n"
        "again, as of one moment. Nothing is changed: a store of an older version, which a\n"
        "service would upgrade, is refused.\n"
        "\nexit status: 0 no difference, 1 differences (a line each) or the store cannot be read,\n"
        "2 wrong usage or a value that is not allowed, 3 there is no store\n"
        "\nexample: marquee fsck --data var/rating\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
};

static enum status check(struct fsck *fsck)
{
    enum status status = fsck_check_votes(fsck);
    if (status == STATUS_OK) {
        status = fsck_check_changes(fsck);
    }
    return status == STATUS_OK ? fsck_check_ingestion(fsck) : status;
}

static void print_text(FILE *output, const struct fsck *fsck)
{
    (void)fprintf(output,
                  "%" PRIu64 " votes, %" PRIu64 " tombstones, %" PRIu64 " aggregates, %" PRIu64
                  " entries of users' lists,\n%" PRIu64 " votes with changes in the log, %" PRIu64
                  " dead letters, %" PRIu64 " positions: %" PRIu64 " differences",
                  fsck->votes, fsck->tombstones, fsck->aggregates, fsck->user_entries,
                  fsck->changes, fsck->dead_letters, fsck->positions, fsck->report.differences);
    if (fsck->report.unsettled > 0) {
        (void)fprintf(output, ", %" PRIu64 " not settled", fsck->report.unsettled);
    }
    (void)fputc('\n', output);
}

static void print_json(FILE *output, const struct fsck *fsck)
{
    const struct {
        const char *name;
        uint64_t value;
    } members[] = {
        {"votes", fsck->votes},
        {"tombstones", fsck->tombstones},
        {"aggregates", fsck->aggregates},
        {"userEntries", fsck->user_entries},
        {"changedVotes", fsck->changes},
        {"deadLetters", fsck->dead_letters},
        {"positions", fsck->positions},
        {"differences", fsck->report.differences},
        {"unsettled", fsck->report.unsettled},
    };
    struct buffer buffer;
    struct json_writer writer;
    buffer_init(&buffer, JSON_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    json_open_object(&writer);
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        json_member_integer(&writer, members[i].name, (int64_t)members[i].value);
    }
    json_close_object(&writer);
    CHECK(json_writer_end(&writer)); /* it fits */
    (void)fprintf(output, "%.*s\n", TEXT_ARGUMENTS(buffer_text(&buffer)));
    buffer_deinit(&buffer);
}

static enum status run(struct session *session)
{
    const struct config *config = session->config;
    const struct rating_store_options wanted = rating_store_options(config);
    struct rating_store store;
    struct progress progress;
    enum status status = rating_store_open_existing(&session->call, &wanted, &store);
    if (status != STATUS_OK) {
        return status;
    }
    struct fsck fsck = {
        .repository = &store.repository,
        .call = &session->call,
        .report = {.output = session->input->output, .json = config_boolean(config, "json")},
        .progress = &progress,
        .topics = config_text(config, "topic"),
        .scratch = config_text(config, "scratch"),
    };
    progress_init(&progress, session->input->errors, "checked", 0);
    status = check(&fsck);
    progress_end(&progress);
    store.repository.ops->close(store.repository.state);
    if (status == STATUS_OK && fsck.report.json) {
        print_json(session->input->output, &fsck);
    } else if (status == STATUS_OK) {
        print_text(session->input->output, &fsck);
    }
    session->failed = fsck.report.differences > 0;
    return status;
}

int fsck_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}

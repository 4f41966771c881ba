/* marquee import: movies and votes from files, through the services. */
#include <inttypes.h>
#include <sys/stat.h>

#include "marquee/event_log.h"
#include "marquee/import_format.h"
#include "marquee/import_match.h"
#include "marquee/import_queue.h"
#include "marquee/json_output.h"
#include "marquee/movielens_import.h"
#include "metadata.pb-c.h"

static const struct config_option options[] = {
    {.name = "user",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .help = "letterboxd, imdb-ratings: whose votes they are"},
    {.name = "reviews",
     .kind = CONFIG_BOOLEAN,
     .default_value = "true",
     .help = "letterboxd: import what is written too; --no-reviews does not"},
    {.name = "provider",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .help = "who the votes come from; movielens: else movielens; others: else nobody, as if "
             "entered here"},
    {.name = "report",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "write there what became of each row that was matched or refused (CSV)"},
    {.name = "json", .kind = CONFIG_BOOLEAN, .help = "print the counts as a JSON object"},
    {.name = "queue",
     .kind = CONFIG_BOOLEAN,
     .help = "movielens folders: put jobs into the event log, for marquee work"},
    {.name = "job-rows",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "10000",
     .help = "with --queue: the rows of one job",
     .minimum = 1,
     .maximum = INT32_MAX},
    {.name = "name",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .help = "with --queue: what to call the import; else a new name"},
    EVENT_LOG_OPTIONS,
};

static const struct config_program program = {
    .name = "marquee import",
    SESSION_PROGRAM,
    .summary =
        "marquee import: import movies and votes from other sites, and from our own exports.",
    .usage = "[OPTIONS] [FORMAT] PATH",
    .epilogue =
        "PATH is a folder, a ZIP archive, or a file, plain or gzip; - is standard input. FORMAT "
        "is\n"
        "told by what is in it, and may be said:\n"
        "  movielens     movies.csv, ratings.csv, links.csv: movies, and votes of its users\n"
        "  imdb-titles   title.basics.tsv: movies\n"
        "  imdb-scores   title.ratings.tsv: IMDb's scores of movies that are in the catalogue, "
        "shown\n"
        "                beside our votes and never counted with them\n"
        "  imdb-ratings  a user's ratings as IMDb exports them (CSV)\n"
        "  letterboxd    an export of Letterboxd, or its ratings.csv, diary.csv or reviews.csv:\n"
        "                votes, and reviews as of the day on which they were written\n"
        "  json, csv     what marquee export writes; json also a list of movies (a catalogue)\n"
        "Movies of other sites are matched by IMDb and TMDB id, then by title and year; --report "
        "says\n"
        "how each was. Votes keep their dates. Importing again changes nothing, and says so. Rows "
        "that\n"
        "are refused are listed, and the rest goes on.\n"
        "With --queue workers (marquee work) do it, and marquee jobs says how far they are.\n"
        "\nexit status: 0, 1 something was refused or failed, 2 wrong usage, 3 no such file\n"
        "\nexample: marquee import ml-latest-small.zip\n"
        "         marquee import title.basics.tsv.gz && marquee import title.ratings.tsv.gz\n"
        "         marquee import --user ann --report rows.csv letterboxd-ann.zip\n"
        "         marquee import --queue --name first movielens ml-latest-small\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 2,
};

static enum status import_movielens(struct import *import)
{
    return movielens_import_run(import, NULL);
}

/* By enum import_format. */
static const struct {
    enum status (*run)(struct import *import);
    const char *provider; /* where none is said */
    bool needs_user;
} formats[IMPORT_FORMAT_COUNT] = {
    [IMPORT_MOVIELENS] = {import_movielens, "movielens", false},
    [IMPORT_IMDB_TITLES] = {import_imdb_titles, "", false},
    [IMPORT_IMDB_SCORES] = {import_imdb_scores, "", false},
    [IMPORT_IMDB_RATINGS] = {import_imdb_ratings, "", true},
    [IMPORT_LETTERBOXD] = {import_letterboxd, "", true},
    [IMPORT_JSON] = {import_json, "", false},
    [IMPORT_CSV] = {import_csv, "", false},
};

/* What cannot be written is found when the command ends. */
static void print_counts(FILE *output, const struct import_counts *counts, double seconds)
{
    uint64_t movies = counts->movies_new + counts->movies_changed + counts->movies_unchanged;
    const char *separator = "";
    (void)fprintf(output,
                  "%" PRIu64 " movies, %" PRIu64 " votes, %" PRIu64 " rows refused, in %.1f s\n",
                  movies, counts->votes, counts->refused, seconds);
    if (movies > 0) {
        (void)fprintf(output,
                      "movies: %" PRIu64 " new, %" PRIu64 " changed, %" PRIu64 " unchanged\n",
                      counts->movies_new, counts->movies_changed, counts->movies_unchanged);
    }
    if (counts->votes > 0) {
        (void)fprintf(
            output, "votes: %" PRIu64 " new or changed, %" PRIu64 " as they were, or older\n",
            counts->votes_changed, counts->votes - counts->votes_changed - counts->votes_held);
    }
    if (counts->reviews > 0) {
        (void)fprintf(output,
                      "reviews: %" PRIu64 " new or changed, %" PRIu64
                      " as they were, or older than what stands\n",
                      counts->reviews_changed, counts->reviews - counts->reviews_changed);
    }
    if (counts->votes_held > 0) {
        (void)fprintf(output,
                      "%" PRIu64 " votes came in a burst: kept, and not counted until they "
                      "are reviewed (marquee quarantine)\n",
                      counts->votes_held);
    }
    for (int i = 0; i < IMPORT_HOW_COUNT; i++) {
        int how = (i + 1) % IMPORT_HOW_COUNT; /* what was not matched last */
        if (counts->by_how[how] > 0) {
            (void)fprintf(output, "%s%" PRIu64 " %s", *separator == '\0' ? "matched: " : separator,
                          counts->by_how[how], import_match_how(how));
            separator = ", ";
        }
    }
    (void)fputs(*separator != '\0' ? "\n" : "", output);
    if (counts->movies_unknown > 0) {
        (void)fprintf(output, "%" PRIu64 " scores of movies that are not in the catalogue\n",
                      counts->movies_unknown);
    }
    if (counts->skipped > 0) {
        (void)fprintf(output, "%" PRIu64 " rows are no movies, or have no rating\n",
                      counts->skipped);
    }
    if (movies + counts->votes + counts->reviews > 0 && counts->reviews_changed == 0 &&
        counts->movies_new + counts->movies_changed + counts->votes_changed + counts->votes_held ==
            0) {
        (void)fputs("nothing has changed\n", output);
    }
}

static enum status print_json(struct session *session, const struct import_counts *counts,
                              double seconds)
{
    const struct {
        const char *name;
        uint64_t value;
    } members[] = {
        {"moviesNew", counts->movies_new},
        {"moviesChanged", counts->movies_changed},
        {"moviesUnchanged", counts->movies_unchanged},
        {"scoresUnknown", counts->movies_unknown},
        {"votesChanged", counts->votes_changed},
        {"votesUnchanged", counts->votes - counts->votes_changed - counts->votes_held},
        {"votesHeld", counts->votes_held},
        {"reviewsChanged", counts->reviews_changed},
        {"reviewsUnchanged", counts->reviews - counts->reviews_changed},
        {"matchedByImdbId", counts->by_how[MATCH_HOW__MATCHED_BY_IMDB_ID]},
        {"matchedByTmdbId", counts->by_how[MATCH_HOW__MATCHED_BY_TMDB_ID]},
        {"matchedByTitleAndYear", counts->by_how[MATCH_HOW__MATCHED_BY_TITLE_AND_YEAR]},
        {"matchedByTitleAndNearYear", counts->by_how[MATCH_HOW__MATCHED_BY_TITLE_AND_NEAR_YEAR]},
        {"ambiguous", counts->by_how[MATCH_HOW__MATCH_AMBIGUOUS]},
        {"notMatched", counts->by_how[MATCH_HOW__NOT_MATCHED]},
        {"skipped", counts->skipped},
        {"refused", counts->refused},
    };
    struct json_output output;
    json_output_open(&output);
    struct json_writer *writer = &output.writer;
    json_open_object(writer);
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        json_member_integer(writer, members[i].name, (int64_t)members[i].value);
    }
    json_member_number(writer, "seconds", seconds);
    json_close_object(writer);
    return json_output_print(&output, session);
}

static enum status print(struct session *session, const struct import_counts *counts,
                         double seconds)
{
    if (config_boolean(session->config, "json")) {
        return print_json(session, counts, seconds);
    }
    print_counts(session->input->output, counts, seconds);
    return STATUS_OK;
}

static enum status check_user(struct import *import, enum import_format format)
{
    struct call *call = &import->session->call;
    if (formats[format].needs_user && import->user.length == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "%s does not say whose votes they are: --user NAME does",
                         import_format_name(format));
    }
    return STATUS_OK;
}

static enum status find_format(struct import *import, enum import_format *ret_format)
{
    struct session *session = import->session;
    if (config_argument_count(session->config) == 2) {
        return import_format_parse(&session->call, config_argument(session->config, 0), ret_format);
    }
    return import_format_detect(&session->call, &import->files, ret_format);
}

/* The report would empty what is to be read. */
static enum status check_report(struct call *call, const struct import_files *files,
                                struct text report)
{
    struct stat read;
    struct stat written;
    bool is_same = report.length > 0 && stat(files->path.data, &read) == 0 &&
                   stat(report.data, &written) == 0 && read.st_dev == written.st_dev &&
                   read.st_ino == written.st_ino;
    return is_same ? call_fail(call, STATUS_INVALID_ARGUMENT,
                               "--report: %s is the file that is to be imported", report.data)
                   : STATUS_OK;
}

static enum status run_import(struct import *import, enum import_format format)
{
    struct session *session = import->session;
    struct progress progress;
    struct text report = config_text(session->config, "report");
    enum status status = check_report(&session->call, &import->files, report);
    if (status == STATUS_OK) {
        status = import_report_open(&session->call, report, &import->report);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (import->provider.length == 0) {
        import->provider = text_of(formats[format].provider);
    }
    progress_init(&progress, session->input->errors, "", 0);
    status = formats[format].run(import);
    enum status printed = print(session, &import->counts, progress_seconds(&progress));
    status = status == STATUS_OK ? printed : status;
    session->failed = import->counts.refused > 0;
    enum status closed = import_report_close(&session->call, &import->report);
    return status == STATUS_OK ? closed : status;
}

static enum status run_with_files(struct import *import)
{
    enum import_format format = IMPORT_JSON;
    enum status status = find_format(import, &format);
    if (status == STATUS_OK) {
        status = check_user(import, format);
    }
    return status == STATUS_OK ? run_import(import, format) : status;
}

static enum status run(struct session *session)
{
    struct import import = {.session = session,
                            .user = config_text(session->config, "user"),
                            .with_reviews = config_boolean(session->config, "reviews"),
                            .provider = config_text(session->config, "provider")};
    size_t count = config_argument_count(session->config);
    struct text path = config_argument(session->config, count - 1);
    if (config_boolean(session->config, "queue")) {
        return count == 2 && text_equal(config_argument(session->config, 0), TEXT("movielens"))
                   ? import_queue_run(session, path)
                   : call_fail(&session->call, STATUS_INVALID_ARGUMENT, "--queue is for movielens");
    }
    enum status status = import_files_open(&session->call, path, &import.files);
    if (status == STATUS_OK) {
        status = run_with_files(&import);
        import_files_close(&import.files);
    }
    return status;
}

int import_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}

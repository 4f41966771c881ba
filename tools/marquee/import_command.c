/* marquee import: movies and votes from files, through the services. */
#include "base/buffer.h"
#include "marquee/byte_source.h"
#include "marquee/catalogue.h"
#include "marquee/event_log.h"
#include "marquee/import_job.h"
#include "marquee/import_queue.h"
#include "marquee/movielens_import.h"
#include "marquee/progress.h"
#include "marquee/session.h"

static const struct config_option options[] = {
    {.name = "provider",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .default_value = "movielens",
     .help = "movielens: whose users the votes are from"},
    {.name = "queue",
     .kind = CONFIG_BOOLEAN,
     .help = "movielens: put jobs into the event log, for marquee work"},
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
    .summary = "marquee import: import a MovieLens set, or a catalogue in our own JSON form.",
    .usage = "[OPTIONS] movielens DIRECTORY | catalogue FILE",
    .epilogue =
        "movielens reads movies.csv, links.csv and ratings.csv; stars count twice in points,\n"
        "and a movie's popularity is the number of its votes.\n"
        "catalogue reads a list of {\"id\", \"title\", …} as api/http.md says.\n"
        "With --queue workers (marquee work) do it, and marquee jobs says how far they are.\n"
        "Importing again changes nothing. Rows that are refused are listed, and the rest goes on.\n"
        "\nexit status: 0, 1 something was refused or failed, 2 wrong usage, 3 no such file\n"
        "\nexample: marquee import movielens ml-latest-small\n"
        "         marquee import --queue --name first movielens ml-latest-small\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 2,
    .arguments_max = 2,
};

static enum status import_movielens(struct session *session, struct text directory)
{
    struct progress progress;
    struct movielens_import import = {.session = session,
                                      .directory = directory,
                                      .provider = config_text(session->config, "provider")};
    progress_init(&progress, session->input->errors, "", 0);
    enum status status = movielens_import_run(&import);
    /* A failed write is found when the command ends. */
    (void)fprintf(session->input->output, "%llu movies, %llu votes, %llu rows refused, in %.1f s\n",
                  (unsigned long long)import.movies, (unsigned long long)import.votes,
                  (unsigned long long)import.refused, progress_seconds(&progress));
    session->failed = import.refused > 0;
    return status;
}

static enum status import_catalogue(struct session *session, struct text path)
{
    struct bulk bulk;
    struct buffer json;
    bulk_init(&bulk, session, path.data);
    buffer_init(&json, CATALOGUE_BYTES_MAX);
    enum status status = file_source_read_all(&session->call, path.data, &json);
    if (status == STATUS_OK) {
        status = catalogue_put(&bulk, buffer_text(&json));
    }
    enum status finished = bulk_finish(&bulk);
    buffer_deinit(&json);
    (void)fprintf(session->input->output, "%llu movies, %llu refused\n",
                  (unsigned long long)bulk.stored, (unsigned long long)bulk.complaints.count);
    session->failed = bulk.complaints.count > 0;
    return status == STATUS_OK ? finished : status;
}

static enum status run(struct session *session)
{
    struct text form = config_argument(session->config, 0);
    struct text path = config_argument(session->config, 1);
    if (config_boolean(session->config, "queue")) {
        return text_equal(form, TEXT("movielens"))
                   ? import_queue_run(session, path)
                   : call_fail(&session->call, STATUS_INVALID_ARGUMENT, "--queue is for movielens");
    }
    if (text_equal(form, TEXT("movielens"))) {
        return import_movielens(session, path);
    }
    if (text_equal(form, TEXT("catalogue"))) {
        return import_catalogue(session, path);
    }
    return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                     "'%.*s' is neither movielens nor catalogue", TEXT_ARGUMENTS(form));
}

int import_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}

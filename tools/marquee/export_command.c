/* marquee export: movies and votes to a file, in forms that marquee import, ingest and other sites
 * take. */
#include <inttypes.h>

#include "marquee/export.h"
#include "marquee/export_output.h"
#include "marquee/progress.h"

static const struct config_option options[] = {
    {.name = "user",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .help = "the votes of this user; else of all"},
    {.name = "what",
     .kind = CONFIG_CHOICE,
     .argument = "all|votes|movies",
     .default_value = "all",
     .help = "json: movies and votes, or one of both; with --user: votes"},
    {.name = "reviews",
     .kind = CONFIG_BOOLEAN,
     .default_value = "true",
     .help = "letterboxd: with what the user has written; --no-reviews leaves it out"},
    {.name = "output",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "where to, once it is whole; else standard output"},
};

static const struct config_program program = {
    .name = "marquee export",
    SESSION_PROGRAM,
    .summary = "marquee export: write movies and votes to a file.",
    .usage = "[OPTIONS] json|csv|letterboxd",
    .epilogue =
        "json        movies and votes, one a line, as api/http.md and api/events.md have them:\n"
        "            marquee import takes both, marquee ingest the votes. Nothing is lost.\n"
        "csv         votes: userId,recordId,recordType,value,providerId,eventTime. Nothing is "
        "lost.\n"
        "letterboxd  one user's votes on movies (--user) and reviews, for Letterboxd's import: "
        "stars are halves of\n"
        "            points, rounded to half stars, and at least half a star; how many were "
        "rounded\n"
        "            is said.\n"
        "What is written while it is exported may be in the file or not.\n"
        "\n" COMMAND_EXIT_STATUS_HELP "\nexample: marquee export json --output everything.jsonl\n"
        "         marquee export csv --user ann >ann.csv\n"
        "         marquee export letterboxd --user ann --output ann-for-letterboxd.csv\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 1,
};

static const struct {
    const char *name;
    enum status (*run)(struct export *export);
    bool needs_user;
} formats[] = {
    {"json", export_json, false},
    {"csv", export_csv, false},
    {"letterboxd", export_letterboxd, true},
};

static enum status find_format(struct session *session, size_t *ret_format)
{
    struct text name = config_argument(session->config, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
        if (!text_equal(name, text_of(formats[i].name))) {
            continue;
        }
        *ret_format = i;
        return formats[i].needs_user && config_text(session->config, "user").length == 0
                   ? call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                               "whose votes are to be exported: --user NAME says it")
                   : STATUS_OK;
    }
    return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                     "'%.*s' is neither json, csv nor letterboxd", TEXT_ARGUMENTS(name));
}

static enum status check_what(struct session *session, size_t format)
{
    bool has_movies = text_equal(text_of(formats[format].name), TEXT("json"));
    return has_movies || !text_equal(config_text(session->config, "what"), TEXT("movies"))
               ? STATUS_OK
               : call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                           "movies are exported as json alone");
}

static enum status run(struct session *session)
{
    struct export export = {.session = session, .user = config_text(session->config, "user")};
    struct export_output output;
    struct text what = config_text(session->config, "what");
    size_t format = 0;
    enum status status = find_format(session, &format);
    if (status == STATUS_OK) {
        status = check_what(session, format);
    }
    if (status == STATUS_OK) {
        status = export_output_open(session, config_text(session->config, "output"), &output);
    }
    if (status != STATUS_OK) {
        return status;
    }
    export.output = output.file;
    export.with_movies = text_equal(what, TEXT("movies")) ||
                         (text_equal(what, TEXT("all")) && export.user.length == 0);
    export.with_votes = !text_equal(what, TEXT("movies"));
    export.with_reviews = config_boolean(session->config, "reviews");
    progress_init(&export.progress, session->input->errors, "exporting", 0);
    status = formats[format].run(&export);
    progress_end(&export.progress);
    status = export_output_close(session, &output, status);
    (void)fprintf(session->input->errors, "%" PRIu64 " movies, %" PRIu64 " votes, in %.1f s\n",
                  export.movies, export.votes, progress_seconds(&export.progress));
    if (export.reviews > 0) {
        (void)fprintf(session->input->errors, "%" PRIu64 " reviews\n", export.reviews);
    }
    if (export.rounded > 0) {
        (void)fprintf(session->input->errors, "%" PRIu64 " votes were rounded to half stars\n",
                      export.rounded);
    }
    if (export.without_title > 0) {
        (void)fprintf(session->input->errors,
                      "%" PRIu64 " are on movies that are not in the catalogue: left out\n",
                      export.without_title);
    }
    return status;
}

int export_command(const struct command_input *input)
{
    return session_run(input, &program, run);
}

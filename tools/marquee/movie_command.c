/* marquee movie: a movie's details, as the movie service joins them. */
#include "marquee/histogram.h"
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "movie.pb-c.h"
#include "proto/proto.h"
#include "rating/model/rating.h"

static const struct config_option options[] = {
    {.name = "user", .kind = CONFIG_TEXT, .argument = "USER", .help = "show this user's vote too"},
    SESSION_JSON_OPTION,
};

static const struct config_program program = {
    .name = "marquee movie",
    SESSION_PROGRAM,
    .summary = "marquee movie: show a movie with its rating, weighted score and votes by value.",
    .usage = "[OPTIONS] MOVIE",
    .epilogue = COMMAND_EXIT_STATUS_HELP "\nexample: marquee movie tt0133093\n"
                                         "         marquee movie --user ann tt0133093\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 1,
};

static void print_field(FILE *output, const char *name, ProtobufCBinaryData value)
{
    if (value.len > 0) {
        (void)fprintf(output, "  %-10s", name);
        terminal_print(output, proto_text(value));
        (void)fputc('\n', output);
    }
}

static void print_rating(FILE *output, const MovieDetails *details)
{
    (void)fprintf(output, "  %-10s", "rating");
    switch ((int)details->rating_state) {
    case RATING_STATE__RATED:
        (void)fprintf(output, "%.2f of 10 (%u vote%s)\n", details->rating, details->rating_count,
                      details->rating_count == 1 ? "" : "s");
        break;
    case RATING_STATE__NO_VOTES:
        (void)fputs("no votes yet\n", output);
        break;
    default:
        (void)fprintf(output, "%sunavailable%s: ", terminal_colour(output, TERMINAL_YELLOW),
                      terminal_colour(output, TERMINAL_PLAIN));
        terminal_print(output, proto_text(details->rating_unavailable_reason));
        (void)fputc('\n', output);
    }
}

/* The mean of few votes, pulled towards the mean of all. */
static void print_score(FILE *output, const MovieDetails *details)
{
    const MovieSummary *summary = details->summary;
    if (summary != NULL && summary->parameters != NULL) {
        (void)fprintf(output, "  %-10s%.2f weighted, as by %g votes of %.2f more\n", "score",
                      summary->weighted_score, summary->parameters->minimum_votes,
                      summary->parameters->mean);
    }
}

static void print_own(FILE *output, const MovieDetails *details)
{
    if (details->own != NULL) {
        (void)fprintf(output, "  %-10s%g\n", "own vote",
                      (double)details->own->hundredths / RATING_HUNDREDTHS_PER_POINT);
    }
    if (details->held && details->held_value != NULL) {
        (void)fprintf(output, "  %-10s%g, which does not count until it is reviewed\n", "held vote",
                      (double)details->held_value->hundredths / RATING_HUNDREDTHS_PER_POINT);
    }
}

static void print_genres(FILE *output, const Metadata *metadata)
{
    for (size_t i = 0; i < metadata->n_genres; i++) {
        (void)fprintf(output, "%s", i == 0 ? "  genres    " : ", ");
        terminal_print(output, proto_text(metadata->genres[i]));
    }
    (void)fputs(metadata->n_genres > 0 ? "\n" : "", output);
}

static void print_scores(FILE *output, const Metadata *metadata)
{
    for (size_t i = 0; i < metadata->n_external_scores; i++) {
        const ExternalScore *score = metadata->external_scores[i];
        (void)fprintf(output, "  %-10s", i == 0 ? "elsewhere" : "");
        terminal_print(output, proto_text(score->source));
        (void)fprintf(output, " %.4g of 10 (%u votes)\n", score->value, score->votes);
    }
}

static void print_details(FILE *output, const MovieDetails *details)
{
    const Metadata *metadata = details->metadata;
    (void)fputs(terminal_colour(output, TERMINAL_BOLD), output);
    terminal_print(output, proto_text(metadata->title));
    (void)fputs(terminal_colour(output, TERMINAL_PLAIN), output);
    if (metadata->year != 0) {
        (void)fprintf(output, " (%d)", metadata->year);
    }
    (void)fputc('\n', output);
    print_rating(output, details);
    print_score(output, details);
    print_own(output, details);
    print_scores(output, metadata);
    print_field(output, "director", metadata->director);
    print_genres(output, metadata);
    print_field(output, "id", metadata->id);
    print_field(output, "IMDb", metadata->imdb_id);
    print_field(output, "TMDB", metadata->tmdb_id);
    if (metadata->description.len > 0) {
        (void)fputc('\n', output);
        terminal_print_wrapped(output, proto_text(metadata->description), "  ",
                               terminal_text_columns(output));
    }
    if (details->summary != NULL) {
        (void)fputc('\n', output);
        histogram_print_used(output, details->summary->histogram, details->summary->n_histogram);
    }
}

static enum status show(struct session *session)
{
    GetMovieDetailsRequest request = GET_MOVIE_DETAILS_REQUEST__INIT;
    ProtobufCMessage *message;
    struct call *call = &session->call;
    request.movie_id = proto_bytes(config_argument(session->config, 0));
    request.user_id = proto_bytes(config_text(session->config, "user"));
    request.view = MOVIE_VIEW__MOVIE_FULL;
    enum status status =
        session_ask_once(session, SESSION_MOVIE, "/MovieService/GetMovieDetails", &request.base,
                         &get_movie_details_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    if (config_boolean(session->config, "json")) {
        return session_print_json(session, call, message);
    }
    const GetMovieDetailsResponse *response = (const GetMovieDetailsResponse *)message;
    if (response->movie_details == NULL || response->movie_details->metadata == NULL) {
        return call_fail(call, STATUS_INTERNAL, "the movie service's answer is empty");
    }
    print_details(session->input->output, response->movie_details);
    return STATUS_OK;
}

int movie_command(const struct command_input *input)
{
    return session_run(input, &program, show);
}

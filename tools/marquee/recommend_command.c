/* marquee recommend: what a user may like. marquee similar: what is like a movie. */
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "movie.pb-c.h"
#include "proto/proto.h"
#include "recommendation/model/recommendation.h"

enum { ID_COLUMN = 14, TITLE_COLUMN = 40 };

static const struct config_option options[] = {
    {.name = "limit",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "10",
     .help = "at most so many",
     .minimum = 1,
     .maximum = RECOMMENDATION_COUNT_MAX},
    SESSION_JSON_OPTION,
};

static const struct config_program recommend_program = {
    .name = "marquee recommend",
    SESSION_PROGRAM,
    .summary = "marquee recommend: what a user may like, of what the user has not voted on.",
    .usage = "[OPTIONS] USER",
    .epilogue =
        "The best first: the vote that is foretold, in points, the movie, and the liked one\n"
        "that speaks most for it. Exit status 3: there is nothing to "
        "recommend.\n\n" COMMAND_EXIT_STATUS_HELP "\nexample: marquee recommend ann\n"
        "         marquee recommend --limit 3 --json ann\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 1,
};

static const struct config_program similar_program = {
    .name = "marquee similar",
    SESSION_PROGRAM,
    .summary = "marquee similar: the movies that are most like one, by everybody's votes.",
    .usage = "[OPTIONS] MOVIE",
    .epilogue =
        "The nearest first: how alike, over 0 to 1, and the movie. Exit status 3: there is\n"
        "none.\n\n" COMMAND_EXIT_STATUS_HELP "\nexample: marquee similar tt0133093\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 1,
};

static void print_card(FILE *output, const MovieCard *card, int decimals)
{
    (void)fputs(terminal_colour(output, TERMINAL_BOLD), output);
    (void)fprintf(output, "%*.*f  ", decimals + 3, decimals, card->match);
    (void)fputs(terminal_colour(output, TERMINAL_PLAIN), output);
    terminal_print_padded(output, proto_text(card->id), ID_COLUMN);
    if (card->year != 0) {
        (void)fprintf(output, " %4d  ", card->year);
    } else {
        (void)fprintf(output, " %4s  ", "");
    }
    if (card->because_of.len == 0) {
        terminal_print(output, proto_text(card->title));
    } else {
        struct text because =
            proto_text(card->because_of_title.len > 0 ? card->because_of_title : card->because_of);
        terminal_print_padded(output, proto_text(card->title), TITLE_COLUMN);
        (void)fprintf(output, "  %sbecause of ", terminal_colour(output, TERMINAL_DIM));
        terminal_print(output, because);
        (void)fputs(terminal_colour(output, TERMINAL_PLAIN), output);
    }
    (void)fputc('\n', output);
}

static enum status print_answer(struct session *session, const ProtobufCMessage *message,
                                MovieCard *const *cards, size_t count, int decimals)
{
    if (config_boolean(session->config, "json")) {
        return session_print_json(session, &session->call, message);
    }
    for (size_t i = 0; i < count; i++) {
        print_card(session->input->output, cards[i], decimals);
    }
    return STATUS_OK;
}

static enum status recommend(struct session *session)
{
    ListRecommendedMoviesRequest request = LIST_RECOMMENDED_MOVIES_REQUEST__INIT;
    ProtobufCMessage *message;
    struct text user = config_argument(session->config, 0);
    request.user_id = proto_bytes(user);
    request.page_size = (int32_t)config_integer(session->config, "limit");
    enum status status =
        session_ask_once(session, SESSION_MOVIE, "/MovieService/ListRecommendedMovies",
                         &request.base, &list_recommended_movies_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const ListRecommendedMoviesResponse *response = (const ListRecommendedMoviesResponse *)message;
    status = print_answer(session, message, response->movies, response->n_movies, 1);
    return status != STATUS_OK || response->n_movies > 0
               ? status
               : call_fail(&session->call, STATUS_NOT_FOUND,
                           response->votes == 0 ? "'%.*s' has not voted on a movie yet"
                                                : "there is nothing to recommend to '%.*s' yet",
                           TEXT_ARGUMENTS(user));
}

static enum status list_similar(struct session *session)
{
    ListSimilarMoviesRequest request = LIST_SIMILAR_MOVIES_REQUEST__INIT;
    ProtobufCMessage *message;
    struct text movie = config_argument(session->config, 0);
    request.movie_id = proto_bytes(movie);
    request.page_size = (int32_t)config_integer(session->config, "limit");
    enum status status =
        session_ask_once(session, SESSION_MOVIE, "/MovieService/ListSimilarMovies", &request.base,
                         &list_similar_movies_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const ListSimilarMoviesResponse *response = (const ListSimilarMoviesResponse *)message;
    status = print_answer(session, message, response->movies, response->n_movies, 4);
    return status != STATUS_OK || response->n_movies > 0
               ? status
               : call_fail(&session->call, STATUS_NOT_FOUND,
                           response->votes == 0 ? "nobody has voted on '%.*s'"
                                                : "nothing is like '%.*s', by the votes there are",
                           TEXT_ARGUMENTS(movie));
}

int recommend_command(const struct command_input *input)
{
    return session_run(input, &recommend_program, recommend);
}

int similar_command(const struct command_input *input)
{
    return session_run(input, &similar_program, list_similar);
}

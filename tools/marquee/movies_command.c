/* marquee movies: all movies, in an order and by filters. */
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "metadata/model/metadata.h"
#include "movie.pb-c.h"
#include "proto/proto.h"

enum { PAGE_MAX = 100, LIMIT_MAX = 100000, ID_COLUMN = 14, GENRE_COLUMN = 24 };

static const struct config_option options[] = {
    {.name = "order",
     .kind = CONFIG_CHOICE,
     .argument = "score|mean|votes|year",
     .default_value = "score",
     .help = "what comes first: the best weighted score, the best mean, most votes, the newest"},
    {.name = "genre", .kind = CONFIG_TEXT, .argument = "NAME", .help = "only of this genre"},
    {.name = "from",
     .kind = CONFIG_INTEGER,
     .argument = "YEAR",
     .default_value = "0",
     .help = "only of this year or later; 0: any",
     .maximum = METADATA_YEAR_MAX},
    {.name = "to",
     .kind = CONFIG_INTEGER,
     .argument = "YEAR",
     .default_value = "0",
     .help = "only of this year or earlier; 0: any",
     .maximum = METADATA_YEAR_MAX},
    {.name = "minimum-votes",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "0",
     .help = "only with so many votes",
     .maximum = INT32_MAX},
    {.name = "limit",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "20",
     .help = "at most so many",
     .minimum = 1,
     .maximum = LIMIT_MAX},
    {.name = "genres", .kind = CONFIG_BOOLEAN, .help = "list the genres there are instead"},
    SESSION_JSON_OPTION,
};

static const struct config_program program = {
    .name = "marquee movies",
    SESSION_PROGRAM,
    .summary = "marquee movies: list the best, the newest or the most voted movies.",
    .usage = "[OPTIONS]",
    .epilogue =
        "The weighted score pulls the mean of few votes towards the mean of all, so that one\n"
        "vote of 10 is not the best film. With --json one line is printed for each page of 100.\n"
        "Exit status 3: no movie is so.\n\n" COMMAND_EXIT_STATUS_HELP
        "\nexample: marquee movies --genre drama --from 1990 --to 1999\n"
        "         marquee movies --order votes --limit 100 --json\n"
        "         marquee movies --genres\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
};

static const struct {
    struct text name;
    MovieOrder order;
} orders[] = {
    {TEXT_INIT("score"), MOVIE_ORDER__SCORE},
    {TEXT_INIT("mean"), MOVIE_ORDER__MEAN},
    {TEXT_INIT("votes"), MOVIE_ORDER__VOTES},
    {TEXT_INIT("year"), MOVIE_ORDER__YEAR},
};

/* What has been printed. */
struct listing {
    DiscoverMoviesRequest request;
    uint32_t printed;
    uint32_t limit;
    bool as_json;
};

static void print_genres(FILE *output, const MovieCard *card)
{
    for (size_t i = 0; i < card->n_genres; i++) {
        (void)fputs(i == 0 ? "  " : ", ", output);
        terminal_print(output, proto_text(card->genres[i]));
    }
}

static void print_head(FILE *output)
{
    (void)fprintf(output, "%s%6s  %5s  %5s  %7s  ", terminal_colour(output, TERMINAL_DIM), "",
                  "score", "mean", "votes");
    terminal_print_padded(output, TEXT("id"), ID_COLUMN);
    (void)fprintf(output, " %4s  title%s\n", "year", terminal_colour(output, TERMINAL_PLAIN));
}

static void print_card(FILE *output, const MovieCard *card, uint32_t place)
{
    (void)fprintf(output, "%6u  ", place);
    if (card->rating_state == RATING_STATE__RATED && card->weighted_score > 0) {
        (void)fprintf(output, "%5.2f  ", card->weighted_score);
    } else {
        (void)fprintf(output, "%5s  ", "-");
    }
    if (card->rating_state == RATING_STATE__RATED) {
        (void)fprintf(output, "%5.2f  %7u  ", card->mean, card->votes);
    } else {
        (void)fprintf(output, "%5s  %7s  ", "-",
                      card->rating_state == RATING_STATE__NO_VOTES ? "0" : "-");
    }
    terminal_print_padded(output, proto_text(card->id), ID_COLUMN);
    if (card->year != 0) {
        (void)fprintf(output, " %4d  ", card->year);
    } else {
        (void)fprintf(output, " %4s  ", "");
    }
    terminal_print(output, proto_text(card->title));
    (void)fputs(terminal_colour(output, TERMINAL_DIM), output);
    print_genres(output, card);
    (void)fprintf(output, "%s\n", terminal_colour(output, TERMINAL_PLAIN));
}

static void print_page(struct session *session, struct listing *listing,
                       const DiscoverMoviesResponse *page)
{
    FILE *output = session->input->output;
    if (listing->printed == 0 && page->n_movies > 0) {
        print_head(output);
    }
    for (size_t i = 0; i < page->n_movies; i++) {
        print_card(output, page->movies[i], listing->printed + (uint32_t)i + 1);
    }
    if (listing->printed == 0 && page->rating_unavailable_reason.len > 0) {
        (void)fputs("without ratings: ", session->input->errors);
        terminal_print(session->input->errors, proto_text(page->rating_unavailable_reason));
        (void)fputc('\n', session->input->errors);
    }
}

static enum status take_page(struct session *session, void *state, struct session_page *page)
{
    struct listing *listing = state;
    ProtobufCMessage *message;
    uint32_t left = listing->limit - listing->printed;
    listing->request.page_size = (int32_t)(left < PAGE_MAX ? left : PAGE_MAX);
    listing->request.page_token = proto_bytes(page->token);
    enum status status =
        session_ask(session, &page->call, SESSION_MOVIE, "/MovieService/DiscoverMovies",
                    &listing->request.base, &discover_movies_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const DiscoverMoviesResponse *response = (const DiscoverMoviesResponse *)message;
    if (listing->as_json) {
        status = session_print_json(session, &page->call, message);
    } else {
        print_page(session, listing, response);
    }
    listing->printed += (uint32_t)response->n_movies;
    if (listing->printed < listing->limit) {
        page->next = proto_text(response->next_page_token);
    }
    return status;
}

static enum status list_genres(struct session *session)
{
    ListGenresRequest request = LIST_GENRES_REQUEST__INIT;
    ProtobufCMessage *message;
    FILE *output = session->input->output;
    enum status status =
        session_ask_once(session, SESSION_MOVIE, "/MovieService/ListGenres", &request.base,
                         &list_genres_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    if (config_boolean(session->config, "json")) {
        return session_print_json(session, &session->call, message);
    }
    const ListGenresResponse *response = (const ListGenresResponse *)message;
    for (size_t i = 0; i < response->n_genres; i++) {
        terminal_print_padded(output, proto_text(response->genres[i]->name), GENRE_COLUMN);
        (void)fprintf(output, " %7llu\n", (unsigned long long)response->genres[i]->movies);
    }
    return STATUS_OK;
}

static enum status list(struct session *session)
{
    const struct config *config = session->config;
    struct listing listing = {.request = DISCOVER_MOVIES_REQUEST__INIT,
                              .limit = (uint32_t)config_integer(config, "limit"),
                              .as_json = config_boolean(config, "json")};
    if (config_boolean(config, "genres")) {
        return list_genres(session);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(orders); i++) {
        if (text_equal(config_text(config, "order"), orders[i].name)) {
            listing.request.order = orders[i].order;
        }
    }
    listing.request.genre = proto_bytes(config_text(config, "genre"));
    listing.request.year_from = (int32_t)config_integer(config, "from");
    listing.request.year_to = (int32_t)config_integer(config, "to");
    listing.request.minimum_votes = (uint32_t)config_integer(config, "minimum-votes");
    enum status status = session_each_page(session, take_page, &listing);
    return status == STATUS_OK && listing.printed == 0
               ? call_fail(&session->call, STATUS_NOT_FOUND, "no movie is so")
               : status;
}

int movies_command(const struct command_input *input)
{
    return session_run(input, &program, list);
}

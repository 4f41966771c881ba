/* marquee search: movies by words. */
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "metadata/model/metadata.h"
#include "movie.pb-c.h"
#include "proto/proto.h"

enum { ID_COLUMN = 14, WORDS_MAX = 64 };

static const struct config_option options[] = {
    {.name = "limit",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "10",
     .help = "at most so many",
     .minimum = 1,
     .maximum = METADATA_MATCHES_MAX},
    {.name = "ratings", .kind = CONFIG_BOOLEAN, .help = "ask the movie service: with ratings"},
    SESSION_JSON_OPTION,
};

static const struct config_program program = {
    .name = "marquee search",
    SESSION_PROGRAM,
    .summary = "marquee search: find movies by words of their title, their year and director.",
    .usage = "[OPTIONS] WORD…",
    .epilogue =
        "The last word may be the start of one. Accents, case, punctuation and articles do not\n"
        "matter; of a word of four letters or more, one may be wrong, missing or too many.\n"
        "What answers best, and is known to most, comes first. Exit status 3: nothing was "
        "found.\n\n" COMMAND_EXIT_STATUS_HELP "\nexample: marquee search the matrix\n"
        "         marquee search --limit 1 amelie 2001\n"
        "         marquee search --ratings matrix\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = WORDS_MAX,
};

/* The words, a space between each two. data is NULL when there is no memory. */
static struct text join_words(struct session *session)
{
    struct text joined = config_argument(session->config, 0);
    for (size_t i = 1; i < config_argument_count(session->config) && joined.data != NULL; i++) {
        struct text word = config_argument(session->config, i);
        joined = arena_format(&session->arena, "%.*s %.*s", TEXT_ARGUMENTS(joined),
                              TEXT_ARGUMENTS(word));
    }
    return joined;
}

static void print_head(FILE *output, ProtobufCBinaryData id, int32_t year)
{
    terminal_print_padded(output, proto_text(id), ID_COLUMN);
    if (year != 0) {
        (void)fprintf(output, " %4d  ", year);
    } else {
        (void)fprintf(output, " %4s  ", "");
    }
}

static void print_title(FILE *output, ProtobufCBinaryData title, ProtobufCBinaryData director)
{
    terminal_print(output, proto_text(title));
    if (director.len > 0) {
        (void)fprintf(output, "  %s", terminal_colour(output, TERMINAL_DIM));
        terminal_print(output, proto_text(director));
        (void)fputs(terminal_colour(output, TERMINAL_PLAIN), output);
    }
    (void)fputc('\n', output);
}

static void print_card(FILE *output, const MovieCard *card)
{
    print_head(output, card->id, card->year);
    if (card->rating_state == RATING_STATE__RATED) {
        (void)fprintf(output, "%5.2f %7u  ", card->mean, card->votes);
    } else {
        (void)fprintf(output, "%5s %7s  ", "-",
                      card->rating_state == RATING_STATE__NO_VOTES ? "0" : "-");
    }
    print_title(output, card->title, card->director);
}

static enum status nothing_found(struct session *session, struct text query)
{
    return call_fail(&session->call, STATUS_NOT_FOUND, "no movie is found by '%.*s'",
                     TEXT_ARGUMENTS(query));
}

static enum status find_rated(struct session *session, struct text query)
{
    SearchMoviesRequest request = SEARCH_MOVIES_REQUEST__INIT;
    ProtobufCMessage *message;
    request.query = proto_bytes(query);
    request.page_size = (int32_t)config_integer(session->config, "limit");
    enum status status =
        session_ask_once(session, SESSION_MOVIE, "/MovieService/SearchMovies", &request.base,
                         &search_movies_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const SearchMoviesResponse *response = (const SearchMoviesResponse *)message;
    if (config_boolean(session->config, "json")) {
        status = session_print_json(session, &session->call, message);
        return status == STATUS_OK && response->n_results == 0 ? nothing_found(session, query)
                                                               : status;
    }
    for (size_t i = 0; i < response->n_results; i++) {
        print_card(session->input->output, response->results[i]);
    }
    if (response->rating_unavailable_reason.len > 0) {
        (void)fputs("without ratings: ", session->input->errors);
        terminal_print(session->input->errors, proto_text(response->rating_unavailable_reason));
        (void)fputc('\n', session->input->errors);
    }
    return response->n_results > 0 ? STATUS_OK : nothing_found(session, query);
}

static enum status find(struct session *session)
{
    SearchMetadataRequest request = SEARCH_METADATA_REQUEST__INIT;
    ProtobufCMessage *message;
    struct text query = join_words(session);
    if (query.data == NULL) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the words");
    }
    if (config_boolean(session->config, "ratings")) {
        return find_rated(session, query);
    }
    request.query = proto_bytes(query);
    request.page_size = (int32_t)config_integer(session->config, "limit");
    enum status status =
        session_ask_once(session, SESSION_METADATA, "/MetadataService/SearchMetadata",
                         &request.base, &search_metadata_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const SearchMetadataResponse *response = (const SearchMetadataResponse *)message;
    if (config_boolean(session->config, "json")) {
        status = session_print_json(session, &session->call, message);
        return status == STATUS_OK && response->n_results == 0 ? nothing_found(session, query)
                                                               : status;
    }
    for (size_t i = 0; i < response->n_results; i++) {
        const Metadata *metadata = response->results[i]->metadata;
        if (metadata != NULL) {
            print_head(session->input->output, metadata->id, metadata->year);
            print_title(session->input->output, metadata->title, metadata->director);
        }
    }
    return response->n_results > 0 ? STATUS_OK : nothing_found(session, query);
}

int search_command(const struct command_input *input)
{
    return session_run(input, &program, find);
}

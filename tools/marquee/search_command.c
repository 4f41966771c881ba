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
        "         marquee search --limit 1 amelie 2001\n",
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

static void print_match(FILE *output, const Metadata *metadata)
{
    terminal_print_padded(output, proto_text(metadata->id), ID_COLUMN);
    if (metadata->year != 0) {
        (void)fprintf(output, " %4d  ", metadata->year);
    } else {
        (void)fprintf(output, " %4s  ", "");
    }
    terminal_print(output, proto_text(metadata->title));
    if (metadata->director.len > 0) {
        (void)fprintf(output, "  %s", terminal_colour(output, TERMINAL_DIM));
        terminal_print(output, proto_text(metadata->director));
        (void)fputs(terminal_colour(output, TERMINAL_PLAIN), output);
    }
    (void)fputc('\n', output);
}

static enum status find(struct session *session)
{
    SearchMetadataRequest request = SEARCH_METADATA_REQUEST__INIT;
    ProtobufCMessage *message;
    struct text query = join_words(session);
    if (query.data == NULL) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the words");
    }
    request.query = proto_bytes(query);
    request.page_size = (int32_t)config_integer(session->config, "limit");
    enum status status =
        session_ask_once(session, SESSION_METADATA, "/MetadataService/SearchMetadata",
                         &request.base, &search_metadata_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    if (config_boolean(session->config, "json")) {
        return session_print_json(session, &session->call, message);
    }
    const SearchMetadataResponse *response = (const SearchMetadataResponse *)message;
    for (size_t i = 0; i < response->n_results; i++) {
        if (response->results[i]->metadata != NULL) {
            print_match(session->input->output, response->results[i]->metadata);
        }
    }
    return response->n_results > 0
               ? STATUS_OK
               : call_fail(&session->call, STATUS_NOT_FOUND, "no movie is found by '%.*s'",
                           TEXT_ARGUMENTS(query));
}

int search_command(const struct command_input *input)
{
    return session_run(input, &program, find);
}

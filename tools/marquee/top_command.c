/* marquee top: the records that are rated best. */
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "metadata.pb-c.h"
#include "proto/proto.h"
#include "rating.pb-c.h"
#include "rating/model/rating.h"

enum { ID_COLUMN = 14, PLACE_COLUMN = 4 };

static const struct config_option options[] = {
    {.name = "type",
     .kind = CONFIG_CHOICE,
     .argument = "movie|actor|soundtrack",
     .default_value = "movie",
     .help = "of which records"},
    {.name = "order",
     .kind = CONFIG_CHOICE,
     .argument = "score|mean|votes",
     .default_value = "score",
     .help = "what comes first"},
    {.name = "minimum-votes",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "0",
     .help = "without records of fewer votes",
     .minimum = 0,
     .maximum = UINT32_MAX},
    {.name = "limit",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "20",
     .help = "at most so many",
     .minimum = 1,
     .maximum = RATING_PAGE_SIZE_MAX},
    SESSION_JSON_OPTION,
};

static const struct config_program program = {
    .name = "marquee top",
    SESSION_PROGRAM,
    .summary = "marquee top: list the records that are rated best.",
    .usage = "[OPTIONS]",
    .epilogue =
        "The weighted score pulls a mean of few votes towards the mean of all, so that one\n"
        "vote of 10 does not lead. Exit status 3: there are none.\n\n" COMMAND_EXIT_STATUS_HELP
        "\nexample: marquee top\n"
        "         marquee top --order mean --minimum-votes 50 --limit 5\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
};

static RatingOrder order_of(struct text name)
{
    if (text_equal(name, TEXT("mean"))) {
        return RATING_ORDER__BY_MEAN;
    }
    return text_equal(name, TEXT("votes")) ? RATING_ORDER__BY_VOTES
                                           : RATING_ORDER__BY_WEIGHTED_SCORE;
}

/* What is known of the movies; NULL: nothing can be asked, and ids do without titles. */
static const BatchGetMetadataResponse *find_titles(struct session *session,
                                                   const ListTopRatingsResponse *top)
{
    BatchGetMetadataRequest request = BATCH_GET_METADATA_REQUEST__INIT;
    ProtobufCMessage *message;
    request.movie_ids = arena_calloc(&session->arena, top->n_records, sizeof(ProtobufCBinaryData));
    if (request.movie_ids == NULL ||
        !text_equal(config_text(session->config, "type"), TEXT("movie"))) {
        return NULL;
    }
    for (size_t i = 0; i < top->n_records; i++) {
        request.movie_ids[request.n_movie_ids++] = top->records[i]->record_id;
    }
    enum status status =
        session_ask_once(session, SESSION_METADATA, "/MetadataService/BatchGetMetadata",
                         &request.base, &batch_get_metadata_response__descriptor, &message);
    if (status != STATUS_OK) {
        (void)fprintf(session->input->errors, "marquee top: without titles: %.*s\n",
                      TEXT_ARGUMENTS(session->call.error.message));
        call_clear_error(&session->call);
        return NULL;
    }
    return (const BatchGetMetadataResponse *)message;
}

/* Both are in the same order; what is missing is left out. */
static const Metadata *next_title(const BatchGetMetadataResponse *titles, struct text id,
                                  size_t *at)
{
    if (titles == NULL || *at == titles->n_metadata ||
        !text_equal(proto_text(titles->metadata[*at]->id), id)) {
        return NULL;
    }
    return titles->metadata[(*at)++];
}

static void print_records(struct session *session, const ListTopRatingsResponse *top)
{
    FILE *output = session->input->output;
    const BatchGetMetadataResponse *titles = find_titles(session, top);
    size_t title_at = 0;
    (void)fprintf(output, "%s%*s  score   mean    votes  id%s\n",
                  terminal_colour(output, TERMINAL_DIM), PLACE_COLUMN, "",
                  terminal_colour(output, TERMINAL_PLAIN));
    for (size_t i = 0; i < top->n_records; i++) {
        const RankedRecord *record = top->records[i];
        const Metadata *title = next_title(titles, proto_text(record->record_id), &title_at);
        (void)fprintf(output, "%*zu  %5.3f  %5.2f  %7u  ", PLACE_COLUMN, i + 1,
                      record->weighted_score, record->mean, record->count);
        terminal_print_padded(output, proto_text(record->record_id), title != NULL ? ID_COLUMN : 0);
        if (title != NULL) {
            terminal_print(output, proto_text(title->title));
        }
        if (title != NULL && title->year != 0) {
            (void)fprintf(output, " (%d)", title->year);
        }
        (void)fputc('\n', output);
    }
    if (top->parameters != NULL) {
        (void)fprintf(output, "%sscores with m = %g votes, C = %.3f points%s\n",
                      terminal_colour(output, TERMINAL_DIM), top->parameters->minimum_votes,
                      top->parameters->mean, terminal_colour(output, TERMINAL_PLAIN));
    }
}

static enum status list_top(struct session *session)
{
    ListTopRatingsRequest request = LIST_TOP_RATINGS_REQUEST__INIT;
    ProtobufCMessage *message;
    request.record_type = proto_bytes(config_text(session->config, "type"));
    request.order = order_of(config_text(session->config, "order"));
    request.minimum_votes = (uint32_t)config_integer(session->config, "minimum-votes");
    request.page_size = (int32_t)config_integer(session->config, "limit");
    enum status status =
        session_ask_once(session, SESSION_RATING, "/RatingService/ListTopRatings", &request.base,
                         &list_top_ratings_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const ListTopRatingsResponse *top = (const ListTopRatingsResponse *)message;
    if (config_boolean(session->config, "json")) {
        status = session_print_json(session, &session->call, message);
    } else if (top->n_records > 0) {
        print_records(session, top);
    }
    return status == STATUS_OK && top->n_records == 0
               ? call_fail(&session->call, STATUS_NOT_FOUND, "no record has so many votes")
               : status;
}

int top_command(const struct command_input *input)
{
    return session_run(input, &program, list_top);
}

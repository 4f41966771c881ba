/* marquee rating: what all votes on a movie come to. */
#include "marquee/log_position.h"
#include "marquee/session.h"
#include "marquee/terminal.h"
#include "movie.pb-c.h"
#include "proto/proto.h"
#include "rating/model/rating.h"

enum { BAR_WIDTH = 50 };

static const struct config_option options[] = {
    {.name = "type",
     .kind = CONFIG_CHOICE,
     .argument = "movie|actor|soundtrack",
     .default_value = "movie",
     .help = "what was voted on"},
    LOG_POSITION_OPTION,
    SESSION_JSON_OPTION,
};

static const struct config_program program = {
    .name = "marquee rating",
    SESSION_PROGRAM,
    .summary = "marquee rating: show the mean, the count and the histogram of a movie's votes.",
    .usage = "[OPTIONS] MOVIE",
    .epilogue = COMMAND_EXIT_STATUS_HELP "\nexample: marquee rating tt0133093\n"
                                         "         marquee rating --after 2:17 tt0133093\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 1,
};

static void print_bar(FILE *output, uint32_t count, uint32_t largest)
{
    unsigned width = (unsigned)((uint64_t)count * BAR_WIDTH / largest);
    (void)fputs(terminal_colour(output, TERMINAL_GREEN), output);
    /* A few votes are more than none. */
    for (unsigned i = 0; i < (width == 0 && count > 0 ? 1 : width); i++) {
        (void)fputc('#', output);
    }
    (void)fprintf(output, "%s %u\n", terminal_colour(output, TERMINAL_PLAIN), count);
}

static void print_summary(FILE *output, const GetRatingSummaryResponse *summary)
{
    uint32_t largest = 1;
    (void)fprintf(output, "%.3f of 10 from %u vote%s\n\n", summary->mean, summary->count,
                  summary->count == 1 ? "" : "s");
    for (size_t i = 0; i < summary->n_histogram; i++) {
        largest = summary->histogram[i] > largest ? summary->histogram[i] : largest;
    }
    for (size_t i = 0; i < summary->n_histogram; i++) {
        (void)fprintf(output, "  %4.1f  ",
                      (double)(i * RATING_BIN_HUNDREDTHS) / RATING_HUNDREDTHS_PER_POINT);
        print_bar(output, summary->histogram[i], largest);
    }
}

static enum status show(struct session *session)
{
    GetRatingSummaryRequest request = GET_RATING_SUMMARY_REQUEST__INIT;
    ProtobufCMessage *message;
    request.record_id = proto_bytes(config_argument(session->config, 0));
    request.record_type = proto_bytes(config_text(session->config, "type"));
    enum status status = log_position_read(session, &request.after);
    if (status != STATUS_OK) {
        return status;
    }
    status = session_ask_once(session, SESSION_RATING, "/RatingService/GetRatingSummary",
                              &request.base, &get_rating_summary_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    if (config_boolean(session->config, "json")) {
        return session_print_json(session, &session->call, message);
    }
    print_summary(session->input->output, (const GetRatingSummaryResponse *)message);
    return STATUS_OK;
}

int rating_command(const struct command_input *input)
{
    return session_run(input, &program, show);
}

/* marquee rating: what all votes on a movie come to. */
#include "marquee/histogram.h"
#include "marquee/log_position.h"
#include "marquee/session.h"
#include "proto/proto.h"
#include "rating.pb-c.h"

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

static void print_summary(FILE *output, const GetRatingSummaryResponse *summary)
{
    (void)fprintf(output, "%.3f of 10 from %u vote%s\n\n", summary->mean, summary->count,
                  summary->count == 1 ? "" : "s");
    histogram_print(output, summary->histogram, summary->n_histogram);
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

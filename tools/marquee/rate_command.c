/* marquee rate, marquee unrate: one vote, entered and taken back. */
#include "base/arena.h"
#include "marquee/event_log.h"
#include "marquee/log_vote.h"
#include "marquee/rating_scale.h"
#include "marquee/session.h"
#include "proto/proto.h"
#include "rating.pb-c.h"

#define VOTE_OPTIONS                                                                               \
    {.name = "type",                                                                               \
     .kind = CONFIG_CHOICE,                                                                        \
     .argument = "movie|actor|soundtrack",                                                         \
     .default_value = "movie",                                                                     \
     .help = "what is voted on"},                                                                  \
        {.name = "provider",                                                                       \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "NAME",                                                                       \
         .help = "whose user it is; empty for our own"},                                           \
        {.name = "by-log",                                                                         \
         .kind = CONFIG_BOOLEAN,                                                                   \
         .help = "append it to the event log; the answer is its position there"},                  \
        {.name = "topic",                                                                          \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "NAME",                                                                       \
         .default_value = "ratings",                                                               \
         .help = "with --by-log: the topic that the rating service ingests"},                      \
        EVENT_LOG_OPTIONS, SESSION_JSON_OPTION

static const struct config_option options[] = {VOTE_OPTIONS};
static const struct config_option rate_options[] = {RATING_SCALE_OPTION, VOTE_OPTIONS};

static const struct config_program rate_program = {
    .name = "marquee rate",
    SESSION_PROGRAM,
    .summary =
        "marquee rate: vote on a movie, with 0 to 10 points, or by another scale; voting again "
        "replaces the vote.",
    .usage = "[OPTIONS] USER MOVIE VALUE",
    .epilogue = COMMAND_EXIT_STATUS_HELP "\nexample: marquee rate alice tt0133093 8.5\n"
                                         "         marquee rate --scale 5 alice tt0133093 4.5\n"
                                         "         marquee rate --by-log alice tt0133093 8.5\n",
    .options = rate_options,
    .option_count = ARRAY_LENGTH(rate_options),
    .arguments_min = 3,
    .arguments_max = 3,
};

static const struct config_program unrate_program = {
    .name = "marquee unrate",
    SESSION_PROGRAM,
    .summary = "marquee unrate: take a vote back.",
    .usage = "[OPTIONS] USER MOVIE",
    .epilogue = COMMAND_EXIT_STATUS_HELP "\nexample: marquee unrate alice tt0133093\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 2,
    .arguments_max = 2,
};

/* The answer, and that the vote does not count yet where it came in a burst. */
static enum status print_vote(struct session *session, const ProtobufCMessage *response)
{
    if (!((const PutRatingResponse *)response)->held || config_boolean(session->config, "json")) {
        return session_print_done(session, response);
    }
    (void)fputs("kept, but it does not count yet: unusually many votes came on this record, and a "
                "person looks at them first\n",
                session->input->output);
    return STATUS_OK;
}

static enum status rate(struct session *session)
{
    PutRatingRequest request = PUT_RATING_REQUEST__INIT;
    ExactValue value = EXACT_VALUE__INIT;
    ProtobufCMessage *response;
    enum status status = rating_scale_parse(&session->call, config_text(session->config, "scale"),
                                            config_argument(session->config, 2), &value.hundredths);
    if (status != STATUS_OK) {
        return status;
    }
    if (config_boolean(session->config, "by-log")) {
        return log_vote(session, RATING_PUT, value.hundredths);
    }
    request.user_id = proto_bytes(config_argument(session->config, 0));
    request.record_id = proto_bytes(config_argument(session->config, 1));
    request.record_type = proto_bytes(config_text(session->config, "type"));
    request.provider_id = proto_bytes(config_text(session->config, "provider"));
    request.exact_value = &value;
    status = session_ask_once(session, SESSION_RATING, "/RatingService/PutRating", &request.base,
                              &put_rating_response__descriptor, &response);
    return status == STATUS_OK ? print_vote(session, response) : status;
}

static enum status unrate(struct session *session)
{
    DeleteRatingRequest request = DELETE_RATING_REQUEST__INIT;
    ProtobufCMessage *response;
    if (config_boolean(session->config, "by-log")) {
        return log_vote(session, RATING_DELETE, 0);
    }
    request.user_id = proto_bytes(config_argument(session->config, 0));
    request.record_id = proto_bytes(config_argument(session->config, 1));
    request.record_type = proto_bytes(config_text(session->config, "type"));
    request.provider_id = proto_bytes(config_text(session->config, "provider"));
    enum status status =
        session_ask_once(session, SESSION_RATING, "/RatingService/DeleteRating", &request.base,
                         &delete_rating_response__descriptor, &response);
    return status == STATUS_OK ? session_print_done(session, response) : status;
}

int rate_command(const struct command_input *input)
{
    return session_run(input, &rate_program, rate);
}

int unrate_command(const struct command_input *input)
{
    return session_run(input, &unrate_program, unrate);
}

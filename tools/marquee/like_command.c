/* marquee like, marquee unlike. */
#include "marquee/session.h"
#include "movie.pb-c.h"
#include "proto/proto.h"

static const struct config_option options[] = {SESSION_JSON_OPTION};

static const struct config_program like_program = {
    .name = "marquee like",
    SESSION_PROGRAM,
    .summary = "marquee like: have a user like a movie; to like it again changes nothing.",
    .usage = "[OPTIONS] USER MOVIE",
    .epilogue = COMMAND_EXIT_STATUS_HELP "\nexample: marquee like alice tt0133093\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 2,
    .arguments_max = 2,
};

static const struct config_program unlike_program = {
    .name = "marquee unlike",
    SESSION_PROGRAM,
    .summary = "marquee unlike: take a like back; one that is not there is no failure.",
    .usage = "[OPTIONS] USER MOVIE",
    .epilogue = COMMAND_EXIT_STATUS_HELP "\nexample: marquee unlike alice tt0133093\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 2,
    .arguments_max = 2,
};

static enum status print(struct session *session, const ProtobufCMessage *message, uint32_t count)
{
    if (config_boolean(session->config, "json")) {
        return session_print_json(session, &session->call, message);
    }
    /* A failed write is found when the command ends. */
    (void)fprintf(session->input->output, "%u like%s it\n", count, count == 1 ? "s" : "");
    return STATUS_OK;
}

static enum status like(struct session *session)
{
    LikeMovieRequest request = LIKE_MOVIE_REQUEST__INIT;
    ProtobufCMessage *message;
    request.user_id = proto_bytes(config_argument(session->config, 0));
    request.movie_id = proto_bytes(config_argument(session->config, 1));
    enum status status =
        session_ask_once(session, SESSION_MOVIE, "/MovieService/LikeMovie", &request.base,
                         &like_movie_response__descriptor, &message);
    return status == STATUS_OK
               ? print(session, message, ((const LikeMovieResponse *)message)->like_count)
               : status;
}

static enum status unlike(struct session *session)
{
    UnlikeMovieRequest request = UNLIKE_MOVIE_REQUEST__INIT;
    ProtobufCMessage *message;
    request.user_id = proto_bytes(config_argument(session->config, 0));
    request.movie_id = proto_bytes(config_argument(session->config, 1));
    enum status status =
        session_ask_once(session, SESSION_MOVIE, "/MovieService/UnlikeMovie", &request.base,
                         &unlike_movie_response__descriptor, &message);
    return status == STATUS_OK
               ? print(session, message, ((const UnlikeMovieResponse *)message)->like_count)
               : status;
}

int like_command(const struct command_input *input)
{
    return session_run(input, &like_program, like);
}

int unlike_command(const struct command_input *input)
{
    return session_run(input, &unlike_program, unlike);
}

/* marquee like, marquee unlike: of a movie, or of a user's review of it. */
#include "base/arena.h"
#include "marquee/session.h"
#include "movie.pb-c.h"
#include "proto/proto.h"

static const struct config_option options[] = {
    {.name = "review-of",
     .kind = CONFIG_TEXT,
     .argument = "AUTHOR",
     .help = "not the movie, but what that user has written about it"},
    SESSION_JSON_OPTION,
};

static const struct config_program like_program = {
    .name = "marquee like",
    SESSION_PROGRAM,
    .summary = "marquee like: have a user like a movie, or a review; to like it again changes "
               "nothing.",
    .usage = "[OPTIONS] USER MOVIE",
    .epilogue = COMMAND_EXIT_STATUS_HELP "\nexample: marquee like alice tt0133093\n"
                                         "         marquee like alice tt0133093 --review-of bob\n",
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
    .epilogue =
        COMMAND_EXIT_STATUS_HELP "\nexample: marquee unlike alice tt0133093\n"
                                 "         marquee unlike alice tt0133093 --review-of bob\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 2,
    .arguments_max = 2,
};

/* Requests with user_id, movie_id and, of reviews, author_id; replies with like_count. */
struct method {
    const char *path;
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
};

enum kind {
    OF_MOVIE,
    OF_REVIEW,
    KIND_COUNT,
};

static const struct method like_methods[KIND_COUNT] = {
    {"/MovieService/LikeMovie", &like_movie_request__descriptor, &like_movie_response__descriptor},
    {"/MovieService/LikeReview", &like_review_request__descriptor,
     &like_review_response__descriptor},
};

static const struct method unlike_methods[KIND_COUNT] = {
    {"/MovieService/UnlikeMovie", &unlike_movie_request__descriptor,
     &unlike_movie_response__descriptor},
    {"/MovieService/UnlikeReview", &unlike_review_request__descriptor,
     &unlike_review_response__descriptor},
};

static void *field(ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *found =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    CHECK(found != NULL);
    return (char *)message + found->offset;
}

static enum status change(struct session *session, const struct method methods[static KIND_COUNT])
{
    const struct config *config = session->config;
    struct text author = config_text(config, "review-of");
    const struct method *method = &methods[author.length > 0 ? OF_REVIEW : OF_MOVIE];
    ProtobufCMessage *request = arena_alloc(&session->arena, method->request->sizeof_message);
    ProtobufCMessage *response;
    if (request == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    method->request->message_init(request);
    *(ProtobufCBinaryData *)field(request, "user_id") = proto_bytes(config_argument(config, 0));
    *(ProtobufCBinaryData *)field(request, "movie_id") = proto_bytes(config_argument(config, 1));
    if (author.length > 0) {
        *(ProtobufCBinaryData *)field(request, "author_id") = proto_bytes(author);
    }
    enum status status = session_ask_once(session, SESSION_MOVIE, method->path, request,
                                          method->response, &response);
    if (status != STATUS_OK) {
        return status;
    }
    if (config_boolean(config, "json")) {
        return session_print_json(session, &session->call, response);
    }
    uint32_t count = *(const uint32_t *)field(response, "like_count");
    /* A failed write is found when the command ends. */
    (void)fprintf(session->input->output, "%u like%s it\n", count, count == 1 ? "s" : "");
    return STATUS_OK;
}

static enum status like(struct session *session)
{
    return change(session, like_methods);
}

static enum status unlike(struct session *session)
{
    return change(session, unlike_methods);
}

int like_command(const struct command_input *input)
{
    return session_run(input, &like_program, like);
}

int unlike_command(const struct command_input *input)
{
    return session_run(input, &unlike_program, unlike);
}

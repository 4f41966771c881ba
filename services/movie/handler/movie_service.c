/* The RPC face of movie details. */
#include "base/arena.h"
#include "metadata/model/metadata_message.h"
#include "movie/handler/movie_handler.h"
#include "proto/proto.h"

static const RatingState states[] = {
    [MOVIE_RATED] = RATING_STATE__RATED,
    [MOVIE_NO_VOTES] = RATING_STATE__NO_VOTES,
    [MOVIE_RATING_UNAVAILABLE] = RATING_STATE__UNAVAILABLE,
};

static const RatingSource sources[] = {
    [MOVIE_RATING_CALLED] = RATING_SOURCE__CALLED,
    [MOVIE_RATING_CACHED] = RATING_SOURCE__CACHED,
    [MOVIE_RATING_LOCAL] = RATING_SOURCE__LOCAL,
};

/* The longest age that there is a number for: seven weeks. */
static uint32_t age_ms(int64_t milliseconds)
{
    return milliseconds < 0 ? 0 : milliseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)milliseconds;
}

static enum status get_movie_details(void *state, struct call *call, const void *request,
                                     void *response)
{
    const GetMovieDetailsRequest *get = request;
    GetMovieDetailsResponse *reply = response;
    struct movie_details details;
    enum status status =
        movie_controller_get_details(state, call, proto_text(get->movie_id), &details);
    if (status != STATUS_OK) {
        return status;
    }
    MovieDetails *message = arena_alloc(call->arena, sizeof(*message));
    Metadata *metadata = metadata_to_message(call->arena, &details.metadata);
    if (message == NULL || metadata == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    movie_details__init(message);
    message->rating = details.rating;
    message->metadata = metadata;
    message->rating_state = states[details.rating_state];
    message->rating_count = details.rating_count;
    message->rating_unavailable_reason = proto_bytes(details.rating_reason);
    message->rating_source = sources[details.rating_source];
    message->rating_age_ms = age_ms(details.rating_age_ms);
    reply->movie_details = message;
    return STATUS_OK;
}

static const struct grpc_method methods[] = {
    {.name = "GetMovieDetails",
     .no_side_effects = true,
     .request = &get_movie_details_request__descriptor,
     .response = &get_movie_details_response__descriptor,
     .unary = get_movie_details},
};

struct grpc_service movie_handler_service(struct movie_controller *controller)
{
    return (struct grpc_service){.name = "MovieService",
                                 .methods = methods,
                                 .method_count = ARRAY_LENGTH(methods),
                                 .state = controller};
}

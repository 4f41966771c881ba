/* The RPC face of movies: details here, the rest beside. */
#include "access/access_identity.h"
#include "movie.pb-c.h"
#include "movie/handler/movie_handler.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/model/movie_message.h"
#include "proto/proto.h"

enum status movie_handler_no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

static enum status get_movie_details(void *state, struct call *call, const void *request,
                                     void *response)
{
    const GetMovieDetailsRequest *get = request;
    GetMovieDetailsResponse *reply = response;
    struct text user_id = proto_text(get->user_id);
    const struct movie_details_query query = {
        .movie_id = proto_text(get->movie_id),
        .user_id = user_id,
        .wants_held = access_user_is_shown(call, user_id, TEXT("")),
        .is_full = get->view == MOVIE_VIEW__MOVIE_FULL,
    };
    struct movie_details details;
    enum status status = movie_controller_get_details(state, call, &query, &details);
    if (status != STATUS_OK) {
        return status;
    }
    reply->movie_details = movie_details_to_message(call->arena, &details);
    return reply->movie_details != NULL ? STATUS_OK : movie_handler_no_room(call);
}

static const struct grpc_method methods[] = {
    {.name = "GetMovieDetails",
     .no_side_effects = true,
     .request = &get_movie_details_request__descriptor,
     .response = &get_movie_details_response__descriptor,
     .unary = get_movie_details},
    {.name = "SearchMovies",
     .no_side_effects = true,
     .request = &search_movies_request__descriptor,
     .response = &search_movies_response__descriptor,
     .unary = movie_handler_search_movies},
    {.name = "DiscoverMovies",
     .no_side_effects = true,
     .request = &discover_movies_request__descriptor,
     .response = &discover_movies_response__descriptor,
     .unary = movie_handler_discover_movies},
    {.name = "ListGenres",
     .no_side_effects = true,
     .request = &list_genres_request__descriptor,
     .response = &list_genres_response__descriptor,
     .unary = movie_handler_list_genres},
    {.name = "RateMovie",
     .request = &rate_movie_request__descriptor,
     .response = &rate_movie_response__descriptor,
     .unary = movie_handler_rate_movie},
    {.name = "UnrateMovie",
     .request = &unrate_movie_request__descriptor,
     .response = &unrate_movie_response__descriptor,
     .unary = movie_handler_unrate_movie},
    {.name = "MatchMovies",
     .no_side_effects = true,
     .request = &match_movies_request__descriptor,
     .response = &match_movies_response__descriptor,
     .unary = movie_handler_match_movies},
    {.name = "RateMovies",
     .request = &rate_movies_request__descriptor,
     .response = &rate_movies_response__descriptor,
     .unary = movie_handler_rate_movies},
    {.name = "ListUserMovies",
     .no_side_effects = true,
     .request = &list_user_movies_request__descriptor,
     .response = &list_user_movies_response__descriptor,
     .unary = movie_handler_list_user_movies},
    {.name = "PutReview",
     .request = &put_movie_review_request__descriptor,
     .response = &put_movie_review_response__descriptor,
     .unary = movie_handler_put_review},
    {.name = "DeleteReview",
     .request = &delete_movie_review_request__descriptor,
     .response = &delete_movie_review_response__descriptor,
     .unary = movie_handler_delete_review},
    {.name = "GetReview",
     .no_side_effects = true,
     .request = &get_movie_review_request__descriptor,
     .response = &get_movie_review_response__descriptor,
     .unary = movie_handler_get_review},
    {.name = "ListReviews",
     .no_side_effects = true,
     .request = &list_movie_reviews_request__descriptor,
     .response = &list_movie_reviews_response__descriptor,
     .unary = movie_handler_list_reviews},
    {.name = "ListUserReviews",
     .no_side_effects = true,
     .request = &list_user_movie_reviews_request__descriptor,
     .response = &list_user_movie_reviews_response__descriptor,
     .unary = movie_handler_list_user_reviews},
    {.name = "LikeReview",
     .request = &like_review_request__descriptor,
     .response = &like_review_response__descriptor,
     .unary = movie_handler_like_review},
    {.name = "UnlikeReview",
     .request = &unlike_review_request__descriptor,
     .response = &unlike_review_response__descriptor,
     .unary = movie_handler_unlike_review},
    {.name = "LikeMovie",
     .request = &like_movie_request__descriptor,
     .response = &like_movie_response__descriptor,
     .unary = movie_handler_like_movie},
    {.name = "UnlikeMovie",
     .request = &unlike_movie_request__descriptor,
     .response = &unlike_movie_response__descriptor,
     .unary = movie_handler_unlike_movie},
    {.name = "ListSimilarMovies",
     .no_side_effects = true,
     .request = &list_similar_movies_request__descriptor,
     .response = &list_similar_movies_response__descriptor,
     .unary = movie_handler_list_similar_movies},
    {.name = "ListRecommendedMovies",
     .no_side_effects = true,
     .request = &list_recommended_movies_request__descriptor,
     .response = &list_recommended_movies_response__descriptor,
     .unary = movie_handler_list_recommended_movies},
};

struct grpc_service movie_handler_service(struct movie_controller *controller)
{
    return (struct grpc_service){.name = "MovieService",
                                 .methods = methods,
                                 .method_count = ARRAY_LENGTH(methods),
                                 .state = controller};
}

/* The RPC face of what is recommended. */
#include "movie.pb-c.h"
#include "movie/controller/movie_recommendations.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/model/movie_message.h"
#include "proto/proto.h"

/* NULL parameters: there are none. */
static enum status make_parameters(struct call *call, const struct movie_cards *list,
                                   ScoreParameters **ret_parameters)
{
    if (list->parameters.version.length == 0) {
        return STATUS_OK;
    }
    *ret_parameters = movie_score_parameters_to_message(call->arena, &list->parameters);
    return *ret_parameters != NULL ? STATUS_OK : movie_handler_no_room(call);
}

enum status movie_handler_list_similar_movies(void *state, struct call *call, const void *request,
                                              void *response)
{
    const ListSimilarMoviesRequest *list = request;
    ListSimilarMoviesResponse *reply = response;
    struct movie_recommendations found;
    enum status status = movie_controller_list_similar(state, call, proto_text(list->movie_id),
                                                       list->page_size, &found);
    if (status != STATUS_OK) {
        return status;
    }
    reply->movies = movie_cards_to_messages(call->arena, found.list.cards, found.list.count);
    reply->n_movies = found.list.count;
    reply->rating_unavailable_reason = proto_bytes(found.list.rating_reason);
    reply->metadata_unavailable = found.list.is_without_titles;
    reply->votes = found.votes;
    reply->model_age_ms = found.model_age_ms;
    return reply->movies != NULL ? make_parameters(call, &found.list, &reply->parameters)
                                 : movie_handler_no_room(call);
}

enum status movie_handler_list_recommended_movies(void *state, struct call *call,
                                                  const void *request, void *response)
{
    const ListRecommendedMoviesRequest *list = request;
    ListRecommendedMoviesResponse *reply = response;
    struct movie_recommendations found;
    enum status status = movie_controller_list_recommended(state, call, proto_text(list->user_id),
                                                           list->page_size, &found);
    if (status != STATUS_OK) {
        return status;
    }
    reply->movies = movie_cards_to_messages(call->arena, found.list.cards, found.list.count);
    reply->n_movies = found.list.count;
    reply->rating_unavailable_reason = proto_bytes(found.list.rating_reason);
    reply->metadata_unavailable = found.list.is_without_titles;
    reply->votes = found.votes;
    reply->model_age_ms = found.model_age_ms;
    return reply->movies != NULL ? make_parameters(call, &found.list, &reply->parameters)
                                 : movie_handler_no_room(call);
}

/* The RPC face of lists of movies. */
#include "movie.pb-c.h"
#include "movie/controller/movie_search.h"
#include "movie/controller/movie_voting.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/model/movie_message.h"
#include "proto/proto.h"

enum status movie_handler_search_movies(void *state, struct call *call, const void *request,
                                        void *response)
{
    const SearchMoviesRequest *search = request;
    SearchMoviesResponse *reply = response;
    struct movie_cards list;
    enum status status =
        movie_controller_search(state, call, proto_text(search->query), search->page_size, &list);
    if (status != STATUS_OK) {
        return status;
    }
    reply->results = movie_cards_to_messages(call->arena, list.cards, list.count);
    reply->n_results = list.count;
    reply->rating_unavailable_reason = proto_bytes(list.rating_reason);
    if (list.parameters.version.length > 0) {
        reply->parameters = movie_score_parameters_to_message(call->arena, &list.parameters);
        if (reply->parameters == NULL) {
            return movie_handler_no_room(call);
        }
    }
    return reply->results != NULL ? STATUS_OK : movie_handler_no_room(call);
}

enum status movie_handler_list_user_movies(void *state, struct call *call, const void *request,
                                           void *response)
{
    const ListUserMoviesRequest *list = request;
    ListUserMoviesResponse *reply = response;
    struct movie_own_page page;
    enum status status = movie_controller_list_own(
        state, call, proto_text(list->user_id), (enum movie_own_order)list->order, list->page_size,
        proto_text(list->page_token), &page);
    if (status != STATUS_OK) {
        return status;
    }
    reply->movies = movie_cards_to_messages(call->arena, page.list.cards, page.list.count);
    reply->n_movies = page.list.count;
    reply->next_page_token = proto_bytes(page.next_page_token);
    reply->metadata_unavailable = page.list.is_without_titles;
    return reply->movies != NULL ? STATUS_OK : movie_handler_no_room(call);
}

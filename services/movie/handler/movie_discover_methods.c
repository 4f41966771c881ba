/* The RPC face of the lists of all movies. */
#include "base/arena.h"
#include "movie.pb-c.h"
#include "movie/controller/movie_discover.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/model/movie_message.h"
#include "proto/proto.h"

_Static_assert((int)MOVIE_BY_SCORE == (int)MOVIE_ORDER__SCORE &&
                   (int)MOVIE_BY_MEAN == (int)MOVIE_ORDER__MEAN &&
                   (int)MOVIE_BY_VOTES == (int)MOVIE_ORDER__VOTES &&
                   (int)MOVIE_BY_YEAR == (int)MOVIE_ORDER__YEAR,
               "the model's numbers are the contract's");

static uint32_t age_ms(int64_t milliseconds)
{
    return milliseconds < UINT32_MAX ? (uint32_t)milliseconds : UINT32_MAX;
}

enum status movie_handler_discover_movies(void *state, struct call *call, const void *request,
                                          void *response)
{
    const DiscoverMoviesRequest *discover = request;
    DiscoverMoviesResponse *reply = response;
    struct movie_list list;
    const struct movie_list_query query = {
        .order = (enum movie_order)discover->order,
        .genre = proto_text(discover->genre),
        .year_from = discover->year_from,
        .year_to = discover->year_to,
        .minimum_votes = discover->minimum_votes,
        .page_size = discover->page_size < 0 ? SIZE_MAX : (size_t)discover->page_size,
        .page_token = proto_text(discover->page_token)};
    enum status status = movie_controller_discover(state, call, &query, &list);
    if (status != STATUS_OK) {
        return status;
    }
    reply->movies = movie_cards_to_messages(call->arena, list.cards, list.count);
    reply->n_movies = list.count;
    reply->next_page_token = proto_bytes(list.next_page_token);
    reply->metadata_age_ms = age_ms(list.age.metadata_ms);
    reply->rating_age_ms = age_ms(list.age.rating_ms);
    reply->rating_unavailable_reason = proto_bytes(list.age.rating_reason);
    if (list.parameters.version.length > 0) {
        reply->parameters = movie_score_parameters_to_message(call->arena, &list.parameters);
        if (reply->parameters == NULL) {
            return movie_handler_no_room(call);
        }
    }
    return reply->movies != NULL ? STATUS_OK : movie_handler_no_room(call);
}

enum status movie_handler_list_genres(void *state, struct call *call, const void *request,
                                      void *response)
{
    ListGenresResponse *reply = response;
    struct movie_genres found;
    (void)request;
    enum status status = movie_controller_list_genres(state, call, &found);
    if (status != STATUS_OK) {
        return status;
    }
    Genre *genres = arena_calloc(call->arena, found.count, sizeof(*genres));
    reply->genres = arena_calloc(call->arena, found.count, sizeof(Genre *));
    if (genres == NULL || reply->genres == NULL) {
        return movie_handler_no_room(call);
    }
    for (size_t i = 0; i < found.count; i++) {
        genre__init(&genres[i]);
        genres[i].name = proto_bytes(found.genres[i].name);
        genres[i].movies = found.genres[i].movies;
        reply->genres[i] = &genres[i];
    }
    reply->n_genres = found.count;
    return STATUS_OK;
}

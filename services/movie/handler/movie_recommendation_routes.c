/* The plain HTTP face of what is recommended. */
#include "http/http_json.h"
#include "movie/controller/movie_recommendations.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/handler/movie_parameters.h"
#include "movie/model/movie_json.h"

static void reply(struct http_exchange *exchange, enum status status,
                  const struct movie_recommendations *found)
{
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    json_open_object(&reply.writer);
    json_write_name(&reply.writer, TEXT("movies"));
    movie_cards_write_json(&reply.writer, found->list.cards, found->list.count);
    if (found->list.rating_reason.length > 0) {
        json_member_string(&reply.writer, "ratingUnavailableReason", found->list.rating_reason);
    }
    if (found->list.is_without_titles) {
        json_member_boolean(&reply.writer, "metadataUnavailable", true);
    }
    movie_score_parameters_write_member(&reply.writer, &found->list.parameters);
    json_member_integer(&reply.writer, "votes", found->votes);
    http_json_reply_age(&reply, "modelAgeMs", found->model_age_ms);
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, 200);
}

void movie_handler_get_similar(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct movie_recommendations found;
    struct text id;
    int32_t limit;
    enum status status = http_json_parameter(exchange, "id", &id);
    if (status == STATUS_OK) {
        status = movie_parameter_integer(exchange, "limit", &limit);
    }
    if (status == STATUS_OK) {
        status = movie_controller_list_similar(state, call, id, limit, &found);
    }
    reply(exchange, status, &found);
}

void movie_handler_get_recommendations(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct movie_recommendations found;
    struct text user;
    int32_t limit;
    enum status status = http_json_named_user(exchange, &user);
    if (status == STATUS_OK) {
        status = movie_parameter_integer(exchange, "limit", &limit);
    }
    if (status == STATUS_OK) {
        status = movie_controller_list_recommended(state, call, user, limit, &found);
    }
    reply(exchange, status, &found);
}

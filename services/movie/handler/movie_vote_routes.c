/* The plain HTTP face of votes on movies. */
#include "http/http_json.h"
#include "movie/controller/movie_voting.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/model/movie_json.h"
#include "rating/model/rating_value.h"

enum { HTTP_ACCEPTED = 202 };

static enum status read_key(struct http_exchange *exchange, struct text *ret_user,
                            struct text *ret_movie)
{
    enum status status = http_json_parameter(exchange, "id", ret_movie);
    return status == STATUS_OK ? http_json_named_user(exchange, ret_user) : status;
}

/* {"ratingState":…,"summary":{…}}, with "held" of a vote that does not count yet. */
static void reply_outcome(struct http_exchange *exchange, enum status status,
                          const struct movie_vote_outcome *outcome)
{
    struct http_json_reply reply;
    if (!http_json_reply_open(&reply, exchange, status)) {
        return;
    }
    json_open_object(&reply.writer);
    json_member_string(&reply.writer, "ratingState",
                       text_of(movie_rating_state_name(outcome->state)));
    if (outcome->state == MOVIE_RATED) {
        json_write_name(&reply.writer, TEXT("summary"));
        movie_summary_write_json(&reply.writer, &outcome->summary);
    }
    if (outcome->is_held) {
        json_member_boolean(&reply.writer, "held", true);
    }
    json_close_object(&reply.writer);
    http_json_reply_send(&reply, outcome->is_held ? HTTP_ACCEPTED : 200);
}

void movie_handler_put_rating(void *state, struct http_exchange *exchange)
{
    struct call *call = http_json_call(exchange);
    struct text user;
    struct text movie;
    struct text value;
    int32_t hundredths;
    struct movie_vote_outcome outcome;
    enum status status = read_key(exchange, &user, &movie);
    if (status == STATUS_OK) {
        status = http_json_parameter(exchange, "value", &value);
    }
    if (status == STATUS_OK) {
        status = rating_value_parse(call, value, &hundredths);
    }
    if (status == STATUS_OK) {
        status = movie_controller_rate(state, call, user, movie, hundredths, &outcome);
    }
    reply_outcome(exchange, status, &outcome);
}

void movie_handler_delete_rating(void *state, struct http_exchange *exchange)
{
    struct text user;
    struct text movie;
    struct movie_vote_outcome outcome;
    enum status status = read_key(exchange, &user, &movie);
    if (status == STATUS_OK) {
        status = movie_controller_unrate(state, http_json_call(exchange), user, movie, &outcome);
    }
    reply_outcome(exchange, status, &outcome);
}

/* Votes from the rating service, page by page: a user's, or all. */
#include "base/clock.h"
#include "marquee/export.h"
#include "proto/proto.h"
#include "rating.pb-c.h"

typedef enum status (*take_fn)(struct export *export, struct call *call,
                               const struct export_votes *votes);

/* What session_each_page() carries along. */
struct walk {
    struct export *export;
    take_fn take;
};

static enum status hand_on(struct walk *walk, struct call *call, const struct vote *votes,
                           size_t count)
{
    struct export *export = walk->export;
    const struct export_votes page = {votes, count};
    export->votes += count;
    progress_update(&export->progress, 0, export->movies + export->votes);
    return walk->take(export, call, &page);
}

static enum status broken(struct call *call)
{
    return call_fail(call, STATUS_INTERNAL, "the rating service's answer is no vote");
}

static enum status read_rating(struct call *call, const Rating *rating, struct vote *vote)
{
    vote->key.provider = proto_text(rating->provider_id);
    vote->key.user = proto_text(rating->user_id);
    vote->key.record.id = proto_text(rating->record_id);
    if (rating->exact_value == NULL ||
        !clock_parse(proto_text(rating->event_time), &vote->time_ms)) {
        return broken(call);
    }
    vote->hundredths = rating->exact_value->hundredths;
    return record_type_parse(call, proto_text(rating->record_type), &vote->key.record.type);
}

static enum status take_user_page(struct session *session, void *state, struct session_page *page)
{
    struct walk *walk = state;
    ListUserRatingsRequest request = LIST_USER_RATINGS_REQUEST__INIT;
    ProtobufCMessage *message;
    request.user_id = proto_bytes(walk->export->user);
    request.page_size = RATING_PAGE_SIZE_MAX;
    request.page_token = proto_bytes(page->token);
    enum status status =
        session_ask(session, &page->call, SESSION_RATING, "/RatingService/ListUserRatings",
                    &request.base, &list_user_ratings_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const ListUserRatingsResponse *response = (const ListUserRatingsResponse *)message;
    struct vote *votes = arena_calloc(page->call.arena, response->n_ratings + 1, sizeof(*votes));
    if (votes == NULL) {
        return call_fail(&page->call, STATUS_RESOURCE_EXHAUSTED, "no memory for votes");
    }
    for (size_t i = 0; i < response->n_ratings && status == STATUS_OK; i++) {
        status = read_rating(&page->call, response->ratings[i], &votes[i]);
    }
    page->next = proto_text(response->next_page_token);
    return status == STATUS_OK ? hand_on(walk, &page->call, votes, response->n_ratings) : status;
}

static enum status read_record(struct call *call, const VoteRecord *record, struct vote *vote)
{
    vote->key.provider = proto_text(record->provider_id);
    vote->key.user = proto_text(record->user_id);
    vote->key.record.id = proto_text(record->record_id);
    vote->hundredths = record->hundredths;
    vote->time_ms = record->time_ms;
    return record_type_parse(call, proto_text(record->record_type), &vote->key.record.type);
}

static enum status take_page(struct session *session, void *state, struct session_page *page)
{
    struct walk *walk = state;
    ListVotesRequest request = LIST_VOTES_REQUEST__INIT;
    ProtobufCMessage *message;
    size_t count = 0;
    request.page_size = RATING_PAGE_SIZE_MAX;
    request.page_token = proto_bytes(page->token);
    enum status status =
        session_ask(session, &page->call, SESSION_RATING, "/RatingService/ListVotes", &request.base,
                    &list_votes_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const ListVotesResponse *response = (const ListVotesResponse *)message;
    struct vote *votes = arena_calloc(page->call.arena, response->n_votes + 1, sizeof(*votes));
    if (votes == NULL) {
        return call_fail(&page->call, STATUS_RESOURCE_EXHAUSTED, "no memory for votes");
    }
    for (size_t i = 0; i < response->n_votes && status == STATUS_OK; i++) {
        if (!response->votes[i]->deleted) {
            status = read_record(&page->call, response->votes[i], &votes[count++]);
        }
    }
    page->next = proto_text(response->next_page_token);
    return status == STATUS_OK ? hand_on(walk, &page->call, votes, count) : status;
}

enum status export_each_vote_page(struct export *export, take_fn take)
{
    struct walk walk = {export, take};
    return session_each_page(export->session, export->user.length > 0 ? take_user_page : take_page,
                             &walk);
}

#include "movie/model/movie_message.h"

#include "base/arena.h"
#include "base/clock.h"
#include "metadata/model/metadata_message.h"
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

static const ReactionState reaction_states[] = {
    [MOVIE_REACTIONS_UNASKED] = REACTION_STATE__REACTION_STATE_UNSPECIFIED,
    [MOVIE_REACTIONS_KNOWN] = REACTION_STATE__REACTIONS_KNOWN,
    [MOVIE_REACTIONS_UNAVAILABLE] = REACTION_STATE__REACTIONS_UNAVAILABLE,
};

RatingState movie_rating_state_to_message(enum movie_rating_state state)
{
    CHECK((size_t)state < ARRAY_LENGTH(states));
    return states[state];
}

/* The longest age that there is a number for: seven weeks. */
static uint32_t age_ms(int64_t milliseconds)
{
    return milliseconds < 0 ? 0 : milliseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)milliseconds;
}

/* NULL: no room. */
static ExactValue *value_message(struct arena *arena, const struct movie_vote *vote)
{
    ExactValue *value = arena_alloc(arena, sizeof(*value));
    if (value != NULL) {
        exact_value__init(value);
        value->hundredths = vote->hundredths;
    }
    return value;
}

/* false: no room. */
static bool add_vote(struct arena *arena, const struct movie_vote *vote, ExactValue **ret_value,
                     ProtobufCBinaryData *ret_time)
{
    char buffer[CLOCK_TIME_TEXT_BYTES];
    ExactValue *value = value_message(arena, vote);
    struct text time = arena_copy(arena, clock_format(vote->time_ms, buffer));
    if (value == NULL || time.data == NULL) {
        return false;
    }
    *ret_value = value;
    *ret_time = proto_bytes(time);
    return true;
}

/* The largest that there is a number for. */
static uint32_t count_number(uint64_t count)
{
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

static void add_reactions(const struct movie_reactions *reactions, MovieDetails *message)
{
    message->review_state = reaction_states[reactions->state];
    message->review_unavailable_reason = proto_bytes(reactions->reason);
    message->like_count = count_number(reactions->counts.like_count);
    message->review_count = count_number(reactions->counts.review_count);
    message->liked = reactions->counts.liked;
    message->reviewed = reactions->counts.reviewed;
}

/* false: no room. */
static bool add_own(struct arena *arena, const struct movie_own *own, MovieDetails *message)
{
    message->held = own->is_held;
    if (own->is_held) {
        message->held_value = value_message(arena, &own->held);
    }
    return (!own->is_held || message->held_value != NULL) &&
           (!own->is_counted || add_vote(arena, &own->counted, &message->own, &message->own_time));
}

static bool add_more(struct arena *arena, const struct movie_details *details,
                     MovieDetails *message)
{
    if (details->has_summary) {
        message->summary = movie_summary_to_message(arena, &details->summary);
        if (message->summary == NULL) {
            return false;
        }
    }
    add_reactions(&details->reactions, message);
    if (!details->is_own_wanted) {
        return true;
    }
    message->own_state = states[details->own_state];
    return add_own(arena, &details->own, message);
}

MovieDetails *movie_details_to_message(struct arena *arena, const struct movie_details *details)
{
    MovieDetails *message = arena_alloc(arena, sizeof(*message));
    Metadata *metadata = metadata_to_message(arena, &details->metadata);
    if (message == NULL || metadata == NULL) {
        return NULL;
    }
    movie_details__init(message);
    message->rating = details->rating;
    message->metadata = metadata;
    message->rating_state = states[details->rating_state];
    message->rating_count = details->rating_count;
    message->rating_unavailable_reason = proto_bytes(details->rating_reason);
    message->rating_source = sources[details->rating_source];
    message->rating_age_ms = age_ms(details->rating_age_ms);
    return add_more(arena, details, message) ? message : NULL;
}

ScoreParameters *movie_score_parameters_to_message(struct arena *arena,
                                                   const struct movie_score_parameters *parameters)
{
    ScoreParameters *message = arena_alloc(arena, sizeof(*message));
    if (message != NULL) {
        score_parameters__init(message);
        message->formula = parameters->formula;
        message->minimum_votes = parameters->minimum_votes;
        message->mean = parameters->mean;
        message->version = proto_bytes(parameters->version);
    }
    return message;
}

MovieSummary *movie_summary_to_message(struct arena *arena, const struct movie_summary *summary)
{
    MovieSummary *message = arena_alloc(arena, sizeof(*message));
    uint32_t *histogram = arena_calloc(arena, summary->bin_count, sizeof(*histogram));
    if (message == NULL || histogram == NULL) {
        return NULL;
    }
    movie_summary__init(message);
    for (size_t i = 0; i < summary->bin_count; i++) {
        histogram[i] = summary->histogram[i];
    }
    message->mean = summary->mean;
    message->count = summary->count;
    message->histogram = histogram;
    message->n_histogram = summary->bin_count;
    if (summary->parameters.version.length > 0) {
        message->weighted_score = summary->score;
        message->parameters = movie_score_parameters_to_message(arena, &summary->parameters);
        return message->parameters != NULL ? message : NULL;
    }
    return message;
}

static MovieCard *card_message(struct arena *arena, const struct movie_card *card)
{
    MovieCard *message = arena_alloc(arena, sizeof(*message));
    ProtobufCBinaryData *genres = arena_calloc(arena, card->genre_count, sizeof(*genres));
    if (message == NULL || genres == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < card->genre_count; i++) {
        genres[i] = proto_bytes(card->genres[i]);
    }
    movie_card__init(message);
    message->id = proto_bytes(card->id);
    message->title = proto_bytes(card->title);
    message->year = card->year;
    message->genres = genres;
    message->n_genres = card->genre_count;
    message->director = proto_bytes(card->director);
    message->rating_state = states[card->rating_state];
    message->mean = card->mean;
    message->votes = card->votes;
    message->weighted_score = card->score;
    message->match = card->match;
    message->because_of = proto_bytes(card->because_of);
    message->because_of_title = proto_bytes(card->because_of_title);
    if (card->has_own) {
        message->own_provider_id = proto_bytes(card->own.provider);
        return add_vote(arena, &card->own, &message->own, &message->own_time) ? message : NULL;
    }
    return message;
}

MovieCard **movie_cards_to_messages(struct arena *arena, const struct movie_card *cards,
                                    size_t count)
{
    MovieCard **messages = arena_calloc(arena, count, sizeof(MovieCard *));
    for (size_t i = 0; messages != NULL && i < count; i++) {
        messages[i] = card_message(arena, &cards[i]);
        if (messages[i] == NULL) {
            return NULL;
        }
    }
    return messages;
}

#include "movie/model/movie_json.h"

#include "base/clock.h"
#include "metadata/model/metadata_json.h"
#include "json/json.h"

enum { HUNDREDTHS_PER_POINT = 100 };

static double points_of(const struct movie_vote *vote)
{
    return (double)vote->hundredths / HUNDREDTHS_PER_POINT;
}

static void write_own(struct json_writer *writer, const struct movie_vote *vote)
{
    char buffer[CLOCK_TIME_TEXT_BYTES];
    json_member_number(writer, "own", points_of(vote));
    json_member_string(writer, "ownTime", clock_format(vote->time_ms, buffer));
    if (vote->provider.length > 0) {
        json_member_string(writer, "ownProviderId", vote->provider);
    }
}

static void write_reactions(struct json_writer *writer, const struct movie_reactions *reactions,
                            bool has_user)
{
    if (reactions->state == MOVIE_REACTIONS_UNAVAILABLE) {
        json_member_string(writer, "reviewState", TEXT("REACTIONS_UNAVAILABLE"));
        json_member_string(writer, "reviewUnavailableReason", reactions->reason);
    } else if (reactions->state == MOVIE_REACTIONS_KNOWN) {
        json_member_string(writer, "reviewState", TEXT("REACTIONS_KNOWN"));
        json_member_integer(writer, "likeCount", (int64_t)reactions->counts.like_count);
        json_member_integer(writer, "reviewCount", (int64_t)reactions->counts.review_count);
        if (has_user) {
            json_member_boolean(writer, "liked", reactions->counts.liked);
            json_member_boolean(writer, "reviewed", reactions->counts.reviewed);
        }
    }
}

static void write_more(struct json_writer *writer, const struct movie_details *details)
{
    if (details->has_summary) {
        json_write_name(writer, TEXT("summary"));
        movie_summary_write_json(writer, &details->summary);
    }
    if (details->is_own_wanted) {
        json_member_string(writer, "ownState",
                           text_of(movie_rating_state_name(details->own_state)));
        if (details->own.is_counted) {
            write_own(writer, &details->own.counted);
        }
        if (details->own.is_held) {
            json_member_boolean(writer, "held", true);
            json_member_number(writer, "heldValue", points_of(&details->own.held));
        }
    }
    write_reactions(writer, &details->reactions, details->is_own_wanted);
}

void movie_details_write_json(struct json_writer *writer, const struct movie_details *details)
{
    json_open_object(writer);
    if (details->rating_state == MOVIE_RATED) {
        json_member_number(writer, "rating", details->rating);
    }
    json_write_name(writer, TEXT("metadata"));
    metadata_write_json(writer, &details->metadata);
    json_member_string(writer, "ratingState",
                       text_of(movie_rating_state_name(details->rating_state)));
    if (details->rating_state == MOVIE_RATED && details->rating_count > 0) {
        json_member_integer(writer, "ratingCount", details->rating_count);
    }
    if (details->rating_state == MOVIE_RATING_UNAVAILABLE) {
        json_member_string(writer, "ratingUnavailableReason", details->rating_reason);
    }
    if (details->rating_source != MOVIE_RATING_CALLED) {
        json_member_string(writer, "ratingSource",
                           text_of(movie_rating_source_name(details->rating_source)));
    }
    write_more(writer, details);
    json_close_object(writer);
}

void movie_score_parameters_write_member(struct json_writer *writer,
                                         const struct movie_score_parameters *parameters)
{
    if (parameters->version.length == 0) {
        return;
    }
    json_write_name(writer, TEXT("parameters"));
    json_open_object(writer);
    json_member_integer(writer, "formula", parameters->formula);
    json_member_number(writer, "minimumVotes", parameters->minimum_votes);
    json_member_number(writer, "mean", parameters->mean);
    json_member_string(writer, "version", parameters->version);
    json_close_object(writer);
}

void movie_summary_write_json(struct json_writer *writer, const struct movie_summary *summary)
{
    json_open_object(writer);
    json_member_number(writer, "mean", summary->mean);
    json_member_integer(writer, "count", summary->count);
    json_write_name(writer, TEXT("histogram"));
    json_open_array(writer);
    for (size_t i = 0; i < summary->bin_count; i++) {
        json_write_integer(writer, summary->histogram[i]);
    }
    json_close_array(writer);
    if (summary->parameters.version.length > 0) {
        json_member_number(writer, "weightedScore", summary->score);
    }
    movie_score_parameters_write_member(writer, &summary->parameters);
    json_close_object(writer);
}

static void write_rating(struct json_writer *writer, const struct movie_card *card)
{
    json_member_string(writer, "ratingState", text_of(movie_rating_state_name(card->rating_state)));
    if (card->rating_state == MOVIE_RATED) {
        json_member_number(writer, "mean", card->mean);
        json_member_integer(writer, "votes", card->votes);
    }
    if (card->rating_state == MOVIE_RATED && card->score > 0) {
        json_member_number(writer, "weightedScore", card->score);
    }
}

static void write_card(struct json_writer *writer, const struct movie_card *card)
{
    json_open_object(writer);
    json_member_string(writer, "id", card->id);
    json_member_string(writer, "title", card->title);
    if (card->year != 0) {
        json_member_integer(writer, "year", card->year);
    }
    json_write_name(writer, TEXT("genres"));
    json_open_array(writer);
    for (size_t i = 0; i < card->genre_count; i++) {
        json_write_string(writer, card->genres[i]);
    }
    json_close_array(writer);
    if (card->director.length > 0) {
        json_member_string(writer, "director", card->director);
    }
    write_rating(writer, card);
    if (card->has_own) {
        write_own(writer, &card->own);
    }
    if (card->match > 0) {
        json_member_number(writer, "match", card->match);
    }
    if (card->because_of.length > 0) {
        json_member_string(writer, "becauseOf", card->because_of);
    }
    if (card->because_of_title.length > 0) {
        json_member_string(writer, "becauseOfTitle", card->because_of_title);
    }
    json_close_object(writer);
}

void movie_cards_write_json(struct json_writer *writer, const struct movie_card *cards,
                            size_t count)
{
    json_open_array(writer);
    for (size_t i = 0; i < count; i++) {
        write_card(writer, &cards[i]);
    }
    json_close_array(writer);
}

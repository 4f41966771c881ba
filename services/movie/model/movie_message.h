/* movie_message.h: from the model to the messages of api/movie.proto. What is returned borrows the
 * model's texts and is valid in the arena; NULL: no room. */
#pragma once

#include "movie.pb-c.h"
#include "movie/model/movie_card.h"
#include "movie/model/movie_details.h"
#include "movie/model/movie_summary.h"

struct arena;

RatingState movie_rating_state_to_message(enum movie_rating_state state);

MovieDetails *movie_details_to_message(struct arena *arena, const struct movie_details *details);
MovieSummary *movie_summary_to_message(struct arena *arena, const struct movie_summary *summary);

/* Of `count` cards: a list of as many messages. */
MovieCard **movie_cards_to_messages(struct arena *arena, const struct movie_card *cards,
                                    size_t count);

/* Of parameters that are known. */
ScoreParameters *movie_score_parameters_to_message(struct arena *arena,
                                                   const struct movie_score_parameters *parameters);

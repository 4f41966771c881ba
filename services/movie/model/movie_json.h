/* movie_json.h: the plain JSON forms of movies, as the HTTP contract gives them (api/http.md). What
 * is not known is left out. */
#pragma once

#include "movie/model/movie_card.h"
#include "movie/model/movie_details.h"
#include "movie/model/movie_summary.h"

struct json_writer;

/* `rating` is left out when there is none to show; ratingState says why. Where it was not asked for
 * now, it is said where it is from; how old it is, whoever replies says. */
void movie_details_write_json(struct json_writer *writer, const struct movie_details *details);
void movie_summary_write_json(struct json_writer *writer, const struct movie_summary *summary);
/* The member "parameters", where they are known. */
void movie_score_parameters_write_member(struct json_writer *writer,
                                         const struct movie_score_parameters *parameters);

/* As an array; points are numbers. */
void movie_cards_write_json(struct json_writer *writer, const struct movie_card *cards,
                            size_t count);

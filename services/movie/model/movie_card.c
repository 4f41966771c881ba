#include "movie/model/movie_card.h"

void movie_card_describe(struct movie_card *card, const struct metadata *metadata)
{
    card->id = metadata->id;
    card->title = metadata->title;
    card->year = metadata->year;
    card->genres = metadata->genres;
    card->genre_count = metadata->genre_count;
    card->director = metadata->director;
}

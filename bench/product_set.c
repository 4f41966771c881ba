/* product_set: films and votes that are made up, as a MovieLens set of the "latest" layout:
 * movies.csv, links.csv and ratings.csv in DIRECTORY.
 *
 * A film is drawn by Zipf's law; a user likes one genre, and votes on films of others half as
 * often and lower. The same arguments write the same set.
 *
 * usage: product_set DIRECTORY MOVIES VOTES USERS */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "made_titles.h"

enum {
    PATH_BYTES = 512,
    YEARS = 105,
    YEAR_FIRST = 1920,
    TIME_FIRST = 1000000000,
    TIMES = 500000000,
    STARS_MIN_HALVES = 1,
    STARS_MAX_HALVES = 10,
};

static const char *const genres[] = {"Action", "Adventure",   "Animation", "Comedy",
                                     "Crime",  "Documentary", "Drama",     "Fantasy",
                                     "Horror", "Mystery",     "Romance",   "Thriller"};

struct product_set {
    struct made_titles titles;
    struct zipf films;
    unsigned char *genre_of; /* of each film */
    unsigned char *quality;  /* in half stars */
    uint64_t movies;
    uint64_t votes;
    uint64_t users;
};

static FILE *open_file(const char *directory, const char *name, const char *head)
{
    char path[PATH_BYTES];
    CHECK((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) < sizeof(path));
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        perror(path);
    }
    CHECK(file != NULL);
    (void)fputs(head, file); /* a failed write is found at the end */
    return file;
}

static void close_file(FILE *file)
{
    bool is_written = ferror(file) == 0;
    is_written = fclose(file) == 0 && is_written;
    CHECK(is_written);
}

static void write_movies(struct product_set *set, const char *directory)
{
    FILE *movies = open_file(directory, "movies.csv", "movieId,title,genres\n");
    FILE *links = open_file(directory, "links.csv", "movieId,imdbId,tmdbId\n");
    for (uint64_t i = 0; i < set->movies; i++) {
        char title[MADE_TITLE_BYTES];
        unsigned long long id = (unsigned long long)i + 1;
        made_titles_draw_title(&set->titles, title);
        set->genre_of[i] = (unsigned char)made_titles_draw(&set->titles, ARRAY_LENGTH(genres));
        set->quality[i] = (unsigned char)(4 + made_titles_draw(&set->titles, 6));
        (void)fprintf(movies, "%llu,%s (%llu),%s\n", id, title,
                      YEAR_FIRST + (unsigned long long)made_titles_draw(&set->titles, YEARS),
                      genres[set->genre_of[i]]);
        (void)fprintf(links, "%llu,%07llu,%llu\n", id, id, id);
    }
    close_file(movies);
    close_file(links);
}

static uint64_t draw_film(struct product_set *set, unsigned liked)
{
    for (;;) {
        double share = (double)made_titles_draw(&set->titles, 1U << 30) / (double)(1U << 30);
        uint64_t film = zipf_rank(&set->films, share);
        if (set->genre_of[film] == liked || made_titles_draw(&set->titles, 2) == 0) {
            return film;
        }
    }
}

static unsigned halves_of(struct product_set *set, uint64_t film, unsigned liked)
{
    int halves = set->quality[film] + (set->genre_of[film] == liked ? 1 : -1) +
                 (int)made_titles_draw(&set->titles, 5) - 2;
    halves = halves < STARS_MIN_HALVES ? STARS_MIN_HALVES : halves;
    return (unsigned)(halves > STARS_MAX_HALVES ? STARS_MAX_HALVES : halves);
}

static void write_votes(struct product_set *set, const char *directory)
{
    FILE *file = open_file(directory, "ratings.csv", "userId,movieId,rating,timestamp\n");
    for (uint64_t user = 0; user < set->users; user++) {
        unsigned liked = (unsigned)made_titles_draw(&set->titles, ARRAY_LENGTH(genres));
        uint64_t end = set->votes * (user + 1) / set->users;
        for (uint64_t vote = set->votes * user / set->users; vote < end; vote++) {
            uint64_t film = draw_film(set, liked);
            unsigned halves = halves_of(set, film, liked);
            (void)fprintf(file, "%llu,%llu,%u.%u,%llu\n", (unsigned long long)user + 1,
                          (unsigned long long)film + 1, halves / 2, halves % 2 * 5,
                          TIME_FIRST + (unsigned long long)made_titles_draw(&set->titles, TIMES));
        }
    }
    close_file(file);
}

int main(int argc, char **argv)
{
    struct product_set set = {.movies = 0};
    if (argc != 5 || !text_to_u64(text_of(argv[2]), &set.movies) ||
        !text_to_u64(text_of(argv[3]), &set.votes) || !text_to_u64(text_of(argv[4]), &set.users) ||
        set.movies == 0 || set.users == 0) {
        (void)fprintf(stderr, "usage: product_set DIRECTORY MOVIES VOTES USERS\n");
        return 2;
    }
    made_titles_init(&set.titles, 88172645463325252U);
    zipf_init(&set.films, set.movies);
    set.genre_of = calloc(set.movies, 1);
    set.quality = calloc(set.movies, 1);
    CHECK(set.genre_of != NULL && set.quality != NULL);
    write_movies(&set, argv[1]);
    write_votes(&set, argv[1]);
    free(set.genre_of);
    free(set.quality);
    zipf_deinit(&set.films);
    made_titles_deinit(&set.titles);
    return 0;
}

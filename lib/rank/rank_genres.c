#include "rank/rank_genres.h"

_Static_assert(RANK_GENRE_WORDS == 2, "rank_genres_meet() reads two words");

static struct text name_of(const struct rank_genre_name *genre)
{
    return (struct text){genre->name, genre->length};
}

/* RANK_GENRES_MAX: none is left. */
static size_t find_or_add(struct rank_genres *genres, struct text name)
{
    size_t free = RANK_GENRES_MAX;
    for (size_t i = 0; i < RANK_GENRES_MAX; i++) {
        if (text_equal(name_of(&genres->names[i]), name)) {
            return i;
        }
        if (genres->names[i].length == 0 && free == RANK_GENRES_MAX) {
            free = i;
        }
    }
    if (free < RANK_GENRES_MAX) {
        struct rank_genre_name *genre = &genres->names[free];
        *genre = (struct rank_genre_name){.length = name.length};
        memcpy(genre->name, name.data, name.length);
    }
    return free;
}

void rank_genres_intern(struct rank_genres *genres, const struct text *names, size_t count,
                        uint64_t set[static RANK_GENRE_WORDS])
{
    memset(set, 0, RANK_GENRE_WORDS * sizeof(*set));
    for (size_t i = 0; i < count; i++) {
        if (names[i].length == 0) {
            continue;
        }
        size_t number = names[i].length <= RANK_GENRE_BYTES_MAX ? find_or_add(genres, names[i])
                                                                : RANK_GENRES_MAX;
        if (number < RANK_GENRES_MAX) {
            set[number / 64] |= UINT64_C(1) << number % 64;
        } else {
            genres->left_out++;
        }
    }
}

static bool has(const uint64_t *set, size_t number)
{
    return (set[number / 64] >> number % 64 & 1) != 0;
}

void rank_genres_count(struct rank_genres *genres, const uint64_t set[static RANK_GENRE_WORDS],
                       int step)
{
    for (size_t i = 0; i < RANK_GENRES_MAX; i++) {
        struct rank_genre_name *genre = &genres->names[i];
        if (has(set, i)) {
            genre->entries += (size_t)step;
        }
        if (genre->entries == 0) {
            genre->length = 0;
        }
    }
}

void rank_genres_count_listed(struct rank_genres *genres,
                              const uint64_t set[static RANK_GENRE_WORDS], int step)
{
    for (size_t i = 0; i < RANK_GENRES_MAX; i++) {
        if (has(set, i)) {
            genres->names[i].listed += (size_t)step;
        }
    }
}

void rank_genres_match(const struct rank_genres *genres, struct text name,
                       uint64_t set[static RANK_GENRE_WORDS])
{
    memset(set, 0, RANK_GENRE_WORDS * sizeof(*set));
    for (size_t i = 0; i < RANK_GENRES_MAX; i++) {
        if (genres->names[i].length > 0 &&
            text_equal_ignoring_case(name_of(&genres->names[i]), name)) {
            set[i / 64] |= UINT64_C(1) << i % 64;
        }
    }
}

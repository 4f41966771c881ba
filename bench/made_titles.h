/* made_titles.h: titles of films that are made up: one to six words out of a vocabulary in Zipf
 * order. The words are syllables, so that many begin alike. */
#pragma once

#include "zipf.h"

enum {
    MADE_WORDS = 60000,
    MADE_WORD_BYTES = 16,
    MADE_TITLE_BYTES = 128,
    MADE_TITLE_WORDS_MAX = 6,
};

struct made_titles {
    /* private */
    uint64_t random;
    struct zipf zipf; /* of the words */
    char (*words)[MADE_WORD_BYTES];
};

/* The same seed, which is not 0, draws the same titles. */
void made_titles_init(struct made_titles *titles, uint64_t seed);
void made_titles_deinit(struct made_titles *titles);

/* Below the bound, evenly. */
uint64_t made_titles_draw(struct made_titles *titles, uint64_t bound);

/* Borrowed from `titles`. */
const char *made_titles_draw_word(struct made_titles *titles);

void made_titles_draw_title(struct made_titles *titles, char title[static MADE_TITLE_BYTES]);

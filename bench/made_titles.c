#include "made_titles.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"

uint64_t made_titles_draw(struct made_titles *titles, uint64_t bound)
{
    return xorshift(&titles->random) % bound;
}

static void make_word(struct made_titles *titles, char word[static MADE_WORD_BYTES])
{
    static const char *const syllables[] = {"ma", "re", "lo", "ti", "sun", "der", "ka",  "vi",
                                            "no", "be", "st", "al", "en",  "ro",  "cha", "wi"};
    size_t at = 0;
    size_t count = 1 + made_titles_draw(titles, 4);
    for (size_t syllable = 0; syllable < count; syllable++) {
        at += (size_t)snprintf(word + at, MADE_WORD_BYTES - at, "%s",
                               syllables[made_titles_draw(titles, ARRAY_LENGTH(syllables))]);
    }
}

void made_titles_init(struct made_titles *titles, uint64_t seed)
{
    titles->random = seed;
    titles->words = calloc(MADE_WORDS, sizeof(titles->words[0]));
    CHECK(titles->words != NULL);
    zipf_init(&titles->zipf, MADE_WORDS);
    for (size_t i = 0; i < MADE_WORDS; i++) {
        make_word(titles, titles->words[i]);
    }
}

void made_titles_deinit(struct made_titles *titles)
{
    zipf_deinit(&titles->zipf);
    free(titles->words);
}

const char *made_titles_draw_word(struct made_titles *titles)
{
    double share = (double)made_titles_draw(titles, 1U << 30) / (double)(1U << 30);
    return titles->words[zipf_rank(&titles->zipf, share)];
}

void made_titles_draw_title(struct made_titles *titles, char title[static MADE_TITLE_BYTES])
{
    size_t at = 0;
    size_t count = 1 + made_titles_draw(titles, MADE_TITLE_WORDS_MAX);
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(title + at, MADE_TITLE_BYTES - at, "%s%s", i > 0 ? " " : "",
                               made_titles_draw_word(titles));
    }
}

/* What a question may have been meant for, where what was typed finds too little. */
#include "base/arena.h"
#include "search/search_segment_private.h"

enum {
    REST_BYTES_MIN = 3,            /* of a term, behind the part that is cut off */
    SPLITS_MAX = 8,                /* of one question */
    LETTERS_MIN_BESIDE_OTHERS = 3, /* of a term that is misspelt, where others tell what is meant */
    LETTERS_MIN_OF_TWO_EDITS = 5,  /* beside others */
    LETTERS_MIN_OF_TWO_ALONE = 7,  /* a short one is near to much */
    TERMS_MIN_WITH_ONE_MISSING = 3,
    SCAN_LIKELY_MAX = SEARCH_SCAN_MAX / 2,
    SCAN_UNLIKELY_MAX = 1000, /* documents that are looked at for what is not likely meant */
};

static size_t count_required(const struct search_asked *asked)
{
    size_t required = 0;
    for (size_t i = 0; i < asked->count; i++) {
        required += !asked->terms[i].optional;
    }
    return required;
}

static bool is_begin_of_letter(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

static size_t count_letters(struct text text)
{
    size_t letters = 0;
    for (size_t i = 0; i < text.length; i++) {
        letters += is_begin_of_letter(text.data[i]);
    }
    return letters;
}

/* "spider man" for what is written "Spiderman": each two neighbours as one. */
static void ask_joined(struct search_asking *asking)
{
    const struct search_asked *asked = &asking->asked;
    for (size_t pair = 0; pair + 1 < asked->count; pair++) {
        struct search_asked joined = {.count = 0};
        for (size_t i = 0; i < asked->count; i++) {
            struct text text = asked->terms[i].text;
            if (i == pair) {
                text = arena_format(asking->arena, "%.*s%.*s", TEXT_ARGUMENTS(text),
                                    TEXT_ARGUMENTS(asked->terms[i + 1].text));
                i++;
            }
            if (text.data == NULL) {
                return; /* no room */
            }
            search_add_wanted(asking->segment, &joined, text);
            joined.terms[joined.count - 1].open = asked->terms[i].open;
        }
        search_relax_articles(&joined);
        search_ask(asking, &joined);
    }
}

/* With the term in two parts, if both are terms. */
static bool part(const struct search_segment *segment, const struct search_asked *asked,
                 size_t place, size_t at, struct search_asked *ret_parted)
{
    struct search_asked parted = {.count = 0};
    for (size_t i = 0; i < asked->count; i++) {
        struct text text = asked->terms[i].text;
        if (i == place) {
            search_add_wanted(segment, &parted, text_slice(text, 0, at));
            text = text_slice(text, at, text.length);
        }
        search_add_wanted(segment, &parted, text);
        parted.terms[parted.count - 1].open = asked->terms[i].open;
    }
    if (parted.count != asked->count + 1 || parted.terms[place].exact == UINT32_MAX ||
        search_wanted_cost(segment, &parted.terms[place + 1]) == 0) {
        return false;
    }
    search_relax_articles(&parted);
    *ret_parted = parted;
    return true;
}

/* "starwars" for what is written "Star Wars". */
static void ask_parted(struct search_asking *asking)
{
    const struct search_asked *asked = &asking->asked;
    size_t splits = 0;
    for (size_t place = 0; place < asked->count; place++) {
        struct text text = asked->terms[place].text;
        bool is_term = asked->terms[place].exact != UINT32_MAX;
        for (size_t at = 1; at + REST_BYTES_MIN <= text.length && !is_term && splits < SPLITS_MAX;
             at++) {
            struct search_asked parted;
            if (is_begin_of_letter(text.data[at]) &&
                part(asking->segment, asked, place, at, &parted)) {
                splits++;
                search_ask(asking, &parted);
            }
        }
    }
}

/* Each of the terms with so many edits at most. */
static void ask_misspelt(struct search_asking *asking, size_t edits)
{
    struct search_asked *asked = &asking->asked;
    bool is_alone = asked->count == 1;
    size_t letters_min_of_two = is_alone ? LETTERS_MIN_OF_TWO_ALONE : LETTERS_MIN_OF_TWO_EDITS;
    for (size_t i = 0; i < asked->count; i++) {
        struct search_wanted *wanted = &asked->terms[i];
        struct search_misspelling misspelling = {.text = wanted->text,
                                                 .open = wanted->open,
                                                 .letters_min = SEARCH_TYPO_LETTERS_MIN,
                                                 .edits = 1};
        if (edits == 2 && count_letters(wanted->text) >= letters_min_of_two) {
            misspelling.edits = 2;
        } else if (edits == 2 && !is_alone) {
            misspelling.letters_min = LETTERS_MIN_BESIDE_OTHERS;
        }
        wanted->misspelt_count =
            search_misspelt_terms(asking->segment, asking->arena, &misspelling, &wanted->misspelt);
    }
    search_ask(asking, asked);
}

static void ask_with_one_edit(struct search_asking *asking)
{
    ask_misspelt(asking, 1);
}

static void ask_with_two_edits(struct search_asking *asking)
{
    ask_misspelt(asking, 2);
}

static void ask_with_one_missing(struct search_asking *asking)
{
    if (count_required(&asking->asked) >= TERMS_MIN_WITH_ONE_MISSING) {
        asking->asked.missing_max = 1;
        search_ask(asking, &asking->asked);
    }
}

/* In the order in which they are tried. */
static const struct {
    void (*ask)(struct search_asking *asking);
    size_t enough;   /* not tried where so many are found */
    size_t scan_max; /* documents that are looked at */
} ways[] = {
    {ask_joined, SEARCH_RESULTS_ENOUGH, SCAN_LIKELY_MAX},
    {ask_parted, 1, SCAN_UNLIKELY_MAX},
    {ask_with_one_edit, SEARCH_RESULTS_ENOUGH, SCAN_LIKELY_MAX},
    {ask_with_two_edits, 1, SCAN_UNLIKELY_MAX},
    {ask_with_one_missing, 1, SCAN_UNLIKELY_MAX},
};

void search_ask_otherwise(struct search_asking *askings, size_t count)
{
    for (size_t way = 0; way < ARRAY_LENGTH(ways); way++) {
        size_t found = 0;
        for (size_t i = 0; i < count; i++) {
            found += askings[i].count;
        }
        for (size_t i = 0; i < count && found < ways[way].enough && found < askings[i].limit; i++) {
            askings[i].scan_left = ways[way].scan_max;
            ways[way].ask(&askings[i]);
        }
    }
}

/* search_segment_private.h: the tables of a segment, for the files of this folder.
 *
 * Terms have numbers in byte order, so that those that a prefix starts are a range of numbers.
 * Documents have numbers by falling popularity, so that every list of documents, which is kept in
 * the order of numbers, begins with the popular ones. */
#pragma once

#include "search/search_segment.h"

enum {
    SEARCH_PREFIX_BYTES_MAX = 6,        /* of prefixes whose documents are listed */
    SEARCH_PREFIX_DOCUMENTS_MAX = 2000, /* of one such list; a prefix with fewer has none */
    SEARCH_VARIANT_LETTERS = 6,         /* of a term, from which its variants are made */
    SEARCH_YEARS = SEARCH_YEAR_MAX - SEARCH_YEAR_MIN + 1,
};

/* Where in a document a term stands. The other titles are those in parentheses behind the title,
 * aliases included. */
enum search_place {
    SEARCH_IN_TITLE,
    SEARCH_ALIAS_IN_TITLE,
    SEARCH_IN_OTHER_TITLE,
    SEARCH_IN_PEOPLE,
};

/* A term of a document: its number and its place. */
static inline uint32_t search_occurrence(uint32_t term, enum search_place place)
{
    return term << 2 | place;
}
static inline uint32_t search_occurrence_term(uint32_t occurrence)
{
    return occurrence >> 2;
}
static inline enum search_place search_occurrence_place(uint32_t occurrence)
{
    return (enum search_place)(occurrence & 3);
}

/* The popular documents of a prefix with many. */
struct search_prefix {
    uint32_t first_term;
    uint32_t end_term;
    uint32_t documents_at; /* SEARCH_PREFIX_DOCUMENTS_MAX of them */
};

/* A form of a term with a letter left out, or as it is: what a wrong spelling has in common with it
 * (symmetric deletion). */
struct search_variant {
    uint32_t hash;
    uint32_t term;
};

struct search_segment {
    uint32_t count;
    uint32_t term_count;
    char *term_bytes;
    uint32_t *term_at; /* term_count + 1 places in the bytes; below likewise */
    uint32_t *postings;
    uint32_t *posting_at;
    uint32_t *occurrences; /* by document */
    uint32_t *occurrence_at;
    char *id_bytes;
    uint32_t *id_at;
    uint32_t *by_id; /* documents in the order of their ids */
    int16_t *years;
    uint32_t *popularities;
    uint8_t *title_lengths; /* terms without aliases and articles */
    uint8_t *other_lengths; /* likewise, of the shortest of the other titles; 0: there is none */
    uint32_t *year_documents;
    uint32_t year_at[SEARCH_YEARS + 1];
    struct search_prefix *prefixes; /* ordered by first, then end */
    uint32_t prefix_count;
    uint32_t *prefix_documents;
    struct search_variant *variants; /* ordered by hash */
    size_t variant_count;
    uint64_t variant_secrets[SEARCH_VARIANT_LETTERS + 1]; /* that nobody can aim at a hash */
};

static inline struct text search_term_text(const struct search_segment *segment, uint32_t term)
{
    return text_of_bytes(segment->term_bytes + segment->term_at[term],
                         segment->term_at[term + 1] - segment->term_at[term]);
}

/* The first term not before the text, and the first behind those that it starts. */
uint32_t search_first_term(const struct search_segment *segment, struct text text);
uint32_t search_end_of_prefix(const struct search_segment *segment, struct text text);

/* Tables that follow from the terms, postings and ids. false: no memory. */
MUST_USE bool search_segment_list_ids(struct search_segment *segment);
MUST_USE bool search_segment_list_prefixes(struct search_segment *segment);
MUST_USE bool search_segment_list_variants(struct search_segment *segment);

/* What a question asks for in one term of it. */
struct search_wanted {
    struct text text;
    bool article;
    bool optional;       /* an article beside other terms */
    bool open;           /* the start of a term will do */
    uint32_t exact;      /* UINT32_MAX: no document has it */
    uint32_t first_term; /* of those that it starts, itself included */
    uint32_t end_term;
    int32_t year;             /* 0: it is none */
    const uint32_t *misspelt; /* terms that it may be meant for, in their order */
    size_t misspelt_count;
};

struct search_asked {
    struct search_wanted terms[SEARCH_QUESTION_TERMS_MAX];
    size_t count;
    size_t missing_max; /* of the terms that are not optional: so many need not be found */
};

/* One question to a segment, on its way. */
struct search_asking {
    const struct search_segment *segment;
    struct arena *arena;
    const uint64_t *dead; /* NULL: none */
    size_t scan_left;     /* documents that may yet be looked at */
    /* The best so far, best first. */
    struct search_result *results;
    size_t limit;
    size_t count;
    struct search_asked asked; /* as it was typed */
};

/* Ranks what is found so among what was found before. */
void search_ask(struct search_asking *asking, const struct search_asked *asked);

void search_add_wanted(const struct search_segment *segment, struct search_asked *asked,
                       struct text text);

/* Articles are optional where anything else is asked for. */
void search_relax_articles(struct search_asked *asked);

/* The same question, to one segment or several, as it may have been meant: with less and less
 * likeness while there are not enough results in all. */
void search_ask_otherwise(struct search_asking *askings, size_t count);

/* Documents that a term may be in, in their order. Valid in the arena, or borrowed. */
struct search_candidates {
    const uint32_t *documents;
    size_t count;
};

/* How many documents looking for this term alone would have to look at, about. */
size_t search_wanted_cost(const struct search_segment *segment, const struct search_wanted *wanted);

/* Those with the term, not those of the year that it may be. At most `limit`, and fewer than there
 * are when there is no room in the arena. */
struct search_candidates search_candidates_of(const struct search_segment *segment,
                                              struct arena *arena,
                                              const struct search_wanted *wanted, size_t limit);
/* year 0: none. Borrowed. */
struct search_candidates search_candidates_of_year(const struct search_segment *segment,
                                                   int32_t year, size_t limit);

/* How a term may be misspelt. */
struct search_misspelling {
    struct text text;
    bool open;          /* the start of a term will do */
    size_t letters_min; /* a shorter text is none */
    size_t edits;       /* exactly one, or at most two */
};

/* The terms that are so far away from the text; at most SEARCH_TYPOS_MAX, in their order, valid in
 * the arena. Of those two edits away only the ones that have all but a letter in common at their
 * beginning: "jurrasic" for "jurassic", not "labirynth" for "labyrinth". */
enum { SEARCH_TYPOS_MAX = 64 };
size_t search_misspelt_terms(const struct search_segment *segment, struct arena *arena,
                             const struct search_misspelling *misspelling,
                             const uint32_t **ret_terms);

/* How well the document answers; negative: not at all. */
float search_score(const struct search_segment *segment, const struct search_asked *asked,
                   uint32_t document);

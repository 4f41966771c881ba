/* search_segment.h: an index over documents that do not change, asked as one types.
 *
 * A document is found when every term of the question is in its titles, among its people, or is
 * its year: whole, or with the last term as the start of one. Articles need not be found. Titles
 * are known by the other forms of their terms too ("2", "ii", "two"; search_forms.h), and what
 * stands in parentheses behind a title is a title of its own. Where that finds too little, the
 * question is taken otherwise: with two terms as one, with one in two, with one edit (a letter
 * more, fewer, another, or two swapped) in terms of SEARCH_TYPO_LETTERS_MIN letters; and where that
 * finds nothing, with two edits in long terms, and with one of three terms or more left out. Ranked
 * by how well the terms match, how much of a title they are, and popularity.
 *
 * Immutable once built, so any number of threads may ask at once; memory is one allocation a table,
 * some 140 bytes a film. Documents are kept by falling popularity, and a question stops at
 * SEARCH_MATCHES_MAX of them: the time it takes does not grow with the catalogue. */
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

enum {
    SEARCH_QUESTION_TERMS_MAX = 8, /* further ones are not looked at */
    SEARCH_RESULTS_MAX = 100,      /* of one question */
    SEARCH_RESULTS_ENOUGH = 3,     /* with fewer, other spellings are tried */
    SEARCH_MATCHES_MAX = 1000,     /* documents that are ranked */
    SEARCH_SCAN_MAX = 10000,       /* documents that are looked at */
    SEARCH_TYPO_LETTERS_MIN = 4,
    SEARCH_YEAR_MIN = 1870,
    SEARCH_YEAR_MAX = 2200,
    SEARCH_DOCUMENTS_MAX = 1 << 28,
};

struct search_document {
    struct text id;
    struct text title;
    struct text people;
    int32_t year; /* 0: not known */
    uint32_t popularity;
};

struct search_segment;
struct search_builder;

/* NULL: no memory. Owned by the caller. */
MUST_USE struct search_builder *search_builder_create(void);

/* Copied. STATUS_RESOURCE_EXHAUSTED: no memory, or SEARCH_DOCUMENTS_MAX. */
MUST_USE enum status search_builder_add(struct search_builder *builder,
                                        const struct search_document *document);

/* The same document of another segment, at place `document`. */
MUST_USE enum status search_builder_add_from(struct search_builder *builder,
                                             const struct search_segment *segment,
                                             uint32_t document);

/* The builder is consumed, whatever is returned. Seconds for a million documents: not on a loop's
 * thread. STATUS_RESOURCE_EXHAUSTED: no memory. *ret_segment is owned by the caller. */
MUST_USE enum status search_builder_finish(struct search_builder *builder,
                                           struct search_segment **ret_segment);

/* NULL is accepted. */
void search_builder_destroy(struct search_builder *builder);
void search_segment_destroy(struct search_segment *segment);

size_t search_segment_count(const struct search_segment *segment);

/* Borrowed from the segment. document: below the count. */
struct text search_segment_id(const struct search_segment *segment, uint32_t document);

/* The place of the document with the id; UINT32_MAX: it has none. */
uint32_t search_segment_find(const struct search_segment *segment, struct text id);

struct search_result {
    uint32_t document;
    float score;
};

struct search_question {
    struct text text;
    size_t limit; /* at most SEARCH_RESULTS_MAX */
    /* NULL, or a bit a document: those that are not there any more. */
    const uint64_t *dead;
};

/* A segment of several that are asked together, and what it answers. */
struct search_part {
    const struct search_segment *segment;
    const uint64_t *dead;          /* as in a question */
    struct search_result *results; /* room for as many as are asked for */
    size_t count;                  /* set by the answer */
};

enum { SEARCH_PARTS_MAX = 2 };

/* As search_segment_ask(), of all parts: other spellings are tried where there is too little in all
 * of them together. question->dead is not looked at. part_count: at most SEARCH_PARTS_MAX. */
void search_parts_ask(struct search_part *parts, size_t part_count, struct arena *arena,
                      const struct search_question *question);

/* Best first, equal scores by falling popularity. results: room for question->limit. Returns how
 * many there are. Takes its memory from the arena; where there is no room, finds fewer. */
size_t search_segment_ask(const struct search_segment *segment, struct arena *arena,
                          const struct search_question *question, struct search_result *results);

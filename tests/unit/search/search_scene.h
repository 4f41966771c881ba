/* search_scene.h: a segment of a few titles, and what is found in it, for the tests of search. */
#pragma once

#include "search/search_segment.h"

enum { ANSWER_BYTES = 512 };

/* Owned by the caller. */
struct search_segment *build(const struct search_document *documents, size_t count);

/* The ids, best first: "matrix reloaded". dead: as in struct search_question; NULL: none is. */
void ask(const struct search_segment *segment, const char *question, size_t limit,
         const uint64_t *dead, char answer[static ANSWER_BYTES]);

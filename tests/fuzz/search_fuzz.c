/* Any bytes as a title and as a question. A line is a title, the last one is the question. A title
 * that is all the question is must be found; no answer is longer than it was asked for, in the
 * wrong order, or twice the same. */
#include <stdlib.h>

#include "base/arena.h"
#include "search/search_segment.h"
#include "search/search_terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 4 * 1024 * 1024, TITLES_MAX = 64, LIMIT = 10 };

static void check_terms(struct text text)
{
    struct arena arena;
    struct search_terms terms;
    arena_init(&arena, ARENA_BYTES);
    CHECK(search_terms_cut(&arena, text, &terms) == STATUS_OK);
    CHECK(terms.count <= SEARCH_TERMS_MAX);
    for (size_t i = 0; i < terms.count; i++) {
        struct search_terms again;
        CHECK(terms.terms[i].text.length > 0);
        CHECK(terms.terms[i].text.length <= SEARCH_TERM_BYTES_MAX);
        CHECK(text_is_clean(terms.terms[i].text));
        /* Folded is folded: but for other forms, and what is cut off, a term stays as it is. */
        CHECK(search_terms_cut(&arena, terms.terms[i].text, &again) == STATUS_OK);
        CHECK(again.count >= 1);
    }
    arena_deinit(&arena);
}

/* Whether the question is words enough, and few enough, that its own title answers it. */
static bool must_be_found(struct text question)
{
    struct arena arena;
    struct search_terms terms;
    size_t words = 0;
    arena_init(&arena, ARENA_BYTES);
    CHECK(search_terms_cut(&arena, question, &terms) == STATUS_OK);
    for (size_t i = 0; i < terms.count; i++) {
        words += !terms.terms[i].alias;
    }
    bool must = words > 0 && terms.count < SEARCH_TERMS_MAX;
    arena_deinit(&arena);
    return must;
}

static struct search_segment *build(struct text titles, struct text question)
{
    struct search_builder *builder = search_builder_create();
    struct search_segment *segment;
    CHECK(builder != NULL);
    struct search_document document = {.id = TEXT("question"), .title = question};
    CHECK(search_builder_add(builder, &document) == STATUS_OK);
    for (uint32_t i = 0; i < TITLES_MAX && titles.length > 0; i++) {
        char id[2] = {'a', (char)('0' + i)};
        document = (struct search_document){.id = text_of_bytes(id, sizeof(id)),
                                            .title = text_next(&titles, '\n'),
                                            .people = titles,
                                            .year = SEARCH_YEAR_MIN + (int32_t)i,
                                            .popularity = i};
        CHECK(search_builder_add(builder, &document) == STATUS_OK);
    }
    CHECK(search_builder_finish(builder, &segment) == STATUS_OK);
    return segment;
}

static void check_answer(const struct search_segment *segment, struct text question)
{
    struct arena arena;
    struct search_result results[SEARCH_RESULTS_MAX];
    bool is_found = false;
    arena_init(&arena, ARENA_BYTES);
    for (size_t limit = 1; limit <= SEARCH_RESULTS_MAX; limit += SEARCH_RESULTS_MAX - 1) {
        const struct search_question asked = {.text = question, .limit = limit};
        size_t count = search_segment_ask(segment, &arena, &asked, results);
        CHECK(count <= limit);
        for (size_t i = 0; i < count; i++) {
            struct text id = search_segment_id(segment, results[i].document);
            CHECK(i == 0 || results[i - 1].score >= results[i].score);
            CHECK(search_segment_find(segment, id) == results[i].document);
            is_found = is_found || text_equal(id, TEXT("question"));
        }
    }
    CHECK(is_found || !must_be_found(question));
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text all = text_of_bytes(data, size);
    size_t cut = size;
    while (cut > 0 && data[cut - 1] != '\n') {
        cut--;
    }
    struct text question = text_slice(all, cut, size);
    check_terms(question);
    struct search_segment *segment = build(text_slice(all, 0, cut > 0 ? cut - 1 : 0), question);
    check_answer(segment, question);
    search_segment_destroy(segment);
    return 0;
}

#include "search_scene.h"

#include <stdio.h>

#include "support/cmocka_test.h"

enum { ARENA_BYTES_MAX = 1024 * 1024 };

struct search_segment *build(const struct search_document *documents, size_t count)
{
    struct search_builder *builder = search_builder_create();
    struct search_segment *segment;
    assert_non_null(builder);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(search_builder_add(builder, &documents[i]), STATUS_OK);
    }
    assert_int_equal(search_builder_finish(builder, &segment), STATUS_OK);
    return segment;
}

void ask(const struct search_segment *segment, const char *question, size_t limit,
         const uint64_t *dead, char answer[static ANSWER_BYTES])
{
    struct arena arena;
    struct search_result results[SEARCH_RESULTS_MAX];
    const struct search_question asked = {.text = text_of(question), .limit = limit, .dead = dead};
    size_t at = 0;
    arena_init(&arena, ARENA_BYTES_MAX);
    size_t count = search_segment_ask(segment, &arena, &asked, results);
    answer[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        struct text id = search_segment_id(segment, results[i].document);
        at += (size_t)snprintf(answer + at, ANSWER_BYTES - at, "%s%.*s", i > 0 ? " " : "",
                               TEXT_ARGUMENTS(id));
        assert_true(at < ANSWER_BYTES);
    }
    arena_deinit(&arena);
}

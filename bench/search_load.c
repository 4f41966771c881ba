/* search_load: questions, as they are typed, to an index of COUNT films that are made up.
 *
 * A question is a title letter by
 * letter, every fourth with a wrong letter; each prefix of it is asked.
 *
 * usage: search_load COUNT
 * prints: seconds to build, MiB, questions; p50, p99 and the longest in milliseconds; the same of
 * the processor's time, which a busy machine does not lengthen. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "latencies.h"
#include "made_titles.h"
#include "search/search_segment.h"

enum {
    TITLES_ASKED = 2000,
    LIMIT = 10,
    ARENA_BYTES_MAX = 4 * 1024 * 1024,
};

struct search_load {
    struct made_titles titles;
    struct search_segment *segment;
    struct latencies latencies;
    struct latencies processor;
};

static void build(struct search_load *self, uint64_t count)
{
    struct search_builder *builder = search_builder_create();
    CHECK(builder != NULL);
    for (uint64_t i = 0; i < count; i++) {
        char id[32];
        char title[MADE_TITLE_BYTES];
        char people[2 * MADE_WORD_BYTES];
        (void)snprintf(id, sizeof(id), "tt%07llu", (unsigned long long)i);
        (void)snprintf(people, sizeof(people), "%s %s", made_titles_draw_word(&self->titles),
                       made_titles_draw_word(&self->titles));
        made_titles_draw_title(&self->titles, title);
        const struct search_document document = {
            .id = text_of(id),
            .title = text_of(title),
            .people = text_of(people),
            .year = 1920 + (int32_t)made_titles_draw(&self->titles, 105),
            .popularity = (uint32_t)(1000000 / (1 + made_titles_draw(&self->titles, 1000000))),
        };
        CHECK(search_builder_add(builder, &document) == STATUS_OK);
    }
    CHECK(search_builder_finish(builder, &self->segment) == STATUS_OK);
}

static int64_t processor_ns(void)
{
    struct timespec time;
    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
    return (int64_t)time.tv_sec * CLOCK_NS_PER_S + time.tv_nsec;
}

static size_t ask(struct search_load *self, struct arena *arena, struct text text)
{
    struct search_result results[LIMIT];
    const struct search_question question = {.text = text, .limit = LIMIT};
    int64_t began_ns = clock_monotonic_ns();
    int64_t processor_began_ns = processor_ns();
    size_t count = search_segment_ask(self->segment, arena, &question, results);
    latencies_add(&self->processor, processor_ns() - processor_began_ns);
    latencies_add(&self->latencies, clock_monotonic_ns() - began_ns);
    arena_reset(arena);
    return count;
}

static void ask_all(struct search_load *self)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES_MAX);
    for (size_t i = 0; i < TITLES_ASKED; i++) {
        char title[MADE_TITLE_BYTES];
        made_titles_draw_title(&self->titles, title);
        size_t length = strlen(title);
        if (i % 4 == 0) {
            title[made_titles_draw(&self->titles, length)] = 'q';
        }
        for (size_t typed = 1; typed <= length; typed++) {
            (void)ask(self, &arena, text_of_bytes(title, typed));
        }
    }
    arena_deinit(&arena);
}

int main(int argc, char **argv)
{
    struct search_load self = {.segment = NULL};
    uint64_t count;
    struct rusage usage;
    if (argc != 2 || !text_to_u64(text_of(argv[1]), &count)) {
        (void)fprintf(stderr, "usage: search_load COUNT\n");
        return 2;
    }
    latencies_init(&self.latencies);
    latencies_init(&self.processor);
    made_titles_init(&self.titles, 88172645463325252U);
    int64_t began_ns = clock_monotonic_ns();
    build(&self, count);
    double seconds = (double)(clock_monotonic_ns() - began_ns) / (double)CLOCK_NS_PER_S;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    ask_all(&self);
    printf("%.2f %ld %zu %.3f %.3f %.3f %.3f %.3f %.3f\n", seconds, usage.ru_maxrss / 1024,
           self.latencies.count, latencies_percentile_ms(&self.latencies, 0.5),
           latencies_percentile_ms(&self.latencies, 0.99),
           latencies_percentile_ms(&self.latencies, 1),
           latencies_percentile_ms(&self.processor, 0.5),
           latencies_percentile_ms(&self.processor, 0.99),
           latencies_percentile_ms(&self.processor, 1));
    search_segment_destroy(self.segment);
    latencies_deinit(&self.latencies);
    latencies_deinit(&self.processor);
    made_titles_deinit(&self.titles);
    return 0;
}

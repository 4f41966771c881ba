/* search_load: questions, as they are typed, to an index of COUNT films that are made up.
 *
 * Titles are of one to six words out of a vocabulary in Zipf order. A question is a title letter by
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
#include "search/search_segment.h"
#include "zipf.h"

enum {
    WORDS = 60000,
    WORD_BYTES = 16,
    TITLE_BYTES = 128,
    TITLE_WORDS_MAX = 6,
    TITLES_ASKED = 2000,
    LIMIT = 10,
    ARENA_BYTES_MAX = 4 * 1024 * 1024,
};

struct search_load {
    uint64_t random;
    struct zipf zipf; /* of the words */
    char (*words)[WORD_BYTES];
    struct search_segment *segment;
    struct latencies latencies;
    struct latencies processor;
};

static uint64_t draw(struct search_load *self, uint64_t bound)
{
    return xorshift(&self->random) % bound;
}

/* Syllables, so that many words begin alike. */
static void make_words(struct search_load *self)
{
    static const char *const syllables[] = {"ma", "re", "lo", "ti", "sun", "der", "ka",  "vi",
                                            "no", "be", "st", "al", "en",  "ro",  "cha", "wi"};
    self->words = calloc(WORDS, sizeof(self->words[0]));
    zipf_init(&self->zipf, WORDS);
    CHECK(self->words != NULL);
    for (size_t i = 0; i < WORDS; i++) {
        size_t at = 0;
        size_t count = 1 + draw(self, 4);
        for (size_t syllable = 0; syllable < count; syllable++) {
            at += (size_t)snprintf(self->words[i] + at, WORD_BYTES - at, "%s",
                                   syllables[draw(self, ARRAY_LENGTH(syllables))]);
        }
    }
}

static const char *draw_word(struct search_load *self)
{
    double share = (double)draw(self, 1U << 30) / (double)(1U << 30);
    return self->words[zipf_rank(&self->zipf, share)];
}

static void draw_title(struct search_load *self, char title[static TITLE_BYTES])
{
    size_t at = 0;
    size_t count = 1 + draw(self, TITLE_WORDS_MAX);
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(title + at, TITLE_BYTES - at, "%s%s", i > 0 ? " " : "",
                               draw_word(self));
    }
}

static void build(struct search_load *self, uint64_t count)
{
    struct search_builder *builder = search_builder_create();
    CHECK(builder != NULL);
    for (uint64_t i = 0; i < count; i++) {
        char id[32];
        char title[TITLE_BYTES];
        char people[2 * WORD_BYTES];
        (void)snprintf(id, sizeof(id), "tt%07llu", (unsigned long long)i);
        (void)snprintf(people, sizeof(people), "%s %s", draw_word(self), draw_word(self));
        draw_title(self, title);
        const struct search_document document = {
            .id = text_of(id),
            .title = text_of(title),
            .people = text_of(people),
            .year = 1920 + (int32_t)draw(self, 105),
            .popularity = (uint32_t)(1000000 / (1 + draw(self, 1000000))),
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
        char title[TITLE_BYTES];
        draw_title(self, title);
        size_t length = strlen(title);
        if (i % 4 == 0) {
            title[draw(self, length)] = 'q';
        }
        for (size_t typed = 1; typed <= length; typed++) {
            (void)ask(self, &arena, text_of_bytes(title, typed));
        }
    }
    arena_deinit(&arena);
}

int main(int argc, char **argv)
{
    struct search_load self = {.random = 88172645463325252U};
    uint64_t count;
    struct rusage usage;
    if (argc != 2 || !text_to_u64(text_of(argv[1]), &count)) {
        (void)fprintf(stderr, "usage: search_load COUNT\n");
        return 2;
    }
    latencies_init(&self.latencies);
    latencies_init(&self.processor);
    make_words(&self);
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
    free(self.words);
    zipf_deinit(&self.zipf);
    return 0;
}

/* recommend_load: a model of VOTES made-up votes of USERS users on MOVIES films, both by Zipf's law
 * (of users the square root of it), each user with a taste: one of TASTES groups of films is liked.
 *
 * usage: recommend_load VOTES MOVIES USERS
 * prints: votes kept; seconds to take them in, seconds to compute all lists, MiB at the most and
 * then; milliseconds until the lists are fresh after a vote (median, p99); milliseconds of a
 * personal question and of a similar one (p50, p99), by the processor's time; seconds to write all
 * of it to a file and to read that again, and the file's MiB. */
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "latencies.h"
#include "recommend/recommend_model.h"
#include "recommend/recommend_snapshot.h"
#include "zipf.h"

enum {
    TASTES = 20,
    UPDATES = 300,
    QUESTIONS = 20000,
    SLICE = 1000000,
    ID_BYTES = 24,
    ARENA_BYTES = 64 * 1024 * 1024
};

struct load {
    uint64_t random;
    uint64_t movies;
    uint64_t users;
    struct zipf zipf;
    struct recommend_model *model;
    struct arena arena;
};

static uint64_t draw(struct load *self, uint64_t bound)
{
    return xorshift(&self->random) % bound;
}

static double share(struct load *self)
{
    return (double)draw(self, 1U << 30) / (double)(1U << 30);
}

static void vote(struct load *self)
{
    char user_id[ID_BYTES];
    char item_id[ID_BYTES];
    /* A few users have thousands, most some dozens. */
    uint64_t user = (uint64_t)((double)self->users * pow(share(self), 1.5));
    uint64_t item = zipf_rank(&self->zipf, share(self));
    bool liked = user % TASTES == item % TASTES || draw(self, 3) == 0;
    (void)snprintf(user_id, sizeof(user_id), "u%llu", (unsigned long long)user);
    (void)snprintf(item_id, sizeof(item_id), "tt%07llu", (unsigned long long)item);
    const struct recommend_change change = {.user = text_of(user_id),
                                            .item = text_of(item_id),
                                            .hundredths = liked ? 700 + (int32_t)draw(self, 4) * 100
                                                                : (int32_t)draw(self, 8) * 100};
    CHECK(recommend_apply(self->model, &change) == STATUS_OK);
}

static double seconds_since(int64_t began_ns)
{
    return (double)(clock_monotonic_ns() - began_ns) / (double)CLOCK_NS_PER_S;
}

static int64_t processor_ns(void)
{
    struct timespec time;
    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
    return (int64_t)time.tv_sec * CLOCK_NS_PER_S + time.tv_nsec;
}

static void refresh(struct load *self)
{
    do {
        CHECK(recommend_refresh(self->model, SLICE) == STATUS_OK);
    } while (recommend_model_counts(self->model).waiting > 0);
}

static void ask(struct load *self, struct latencies *personal, struct latencies *similar)
{
    for (size_t i = 0; i < QUESTIONS; i++) {
        char id[ID_BYTES];
        struct recommend_answer answer;
        (void)snprintf(id, sizeof(id), "u%llu", (unsigned long long)draw(self, self->users));
        int64_t began_ns = processor_ns();
        CHECK(recommend_to_user(self->model, &self->arena, text_of(id), 20, &answer) == STATUS_OK);
        latencies_add(personal, processor_ns() - began_ns);
        arena_reset(&self->arena);
        (void)snprintf(id, sizeof(id), "tt%07zu", zipf_rank(&self->zipf, share(self)));
        began_ns = processor_ns();
        CHECK(recommend_similar(self->model, &self->arena, text_of(id), 20, &answer) == STATUS_OK);
        latencies_add(similar, processor_ns() - began_ns);
        arena_reset(&self->arena);
    }
}

static bool put(void *file, const void *bytes, size_t count)
{
    return fwrite(bytes, count, 1, file) == 1;
}

static bool get(void *file, void *bytes, size_t count)
{
    return fread(bytes, count, 1, file) == 1;
}

/* The model is what was read in the end. */
static void keep(struct load *self)
{
    const struct recommend_settings settings = recommend_settings_default();
    FILE *file = tmpfile();
    CHECK(file != NULL);
    int64_t began_ns = clock_monotonic_ns();
    CHECK(recommend_snapshot_write(self->model, (struct recommend_sink){put, file}) == STATUS_OK);
    CHECK(fflush(file) == 0);
    double written_s = seconds_since(began_ns);
    long bytes = ftell(file);
    recommend_model_destroy(self->model);
    rewind(file);
    began_ns = clock_monotonic_ns();
    CHECK(recommend_snapshot_read(&settings, (struct recommend_source){get, file}, &self->model) ==
          STATUS_OK);
    printf(" %.2f %.2f %ld\n", written_s, seconds_since(began_ns), bytes >> 20);
    CHECK(fclose(file) == 0);
}

static void print(struct load *self, double taken_s, double built_s)
{
    struct latencies fresh;
    struct latencies personal;
    struct latencies similar;
    struct rusage usage;
    size_t now_bytes = mallinfo2().uordblks + mallinfo2().hblkhd;
    latencies_init(&fresh);
    latencies_init(&personal);
    latencies_init(&similar);
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    for (size_t i = 0; i < UPDATES; i++) {
        int64_t began_ns = processor_ns();
        vote(self);
        refresh(self);
        latencies_add(&fresh, processor_ns() - began_ns);
    }
    ask(self, &personal, &similar);
    printf("%llu %.2f %.2f %ld %zu %.2f %.2f %.3f %.3f %.3f %.3f",
           (unsigned long long)recommend_model_counts(self->model).votes, taken_s, built_s,
           usage.ru_maxrss / 1024, now_bytes >> 20, latencies_percentile_ms(&fresh, 0.5),
           latencies_percentile_ms(&fresh, 0.99), latencies_percentile_ms(&personal, 0.5),
           latencies_percentile_ms(&personal, 0.99), latencies_percentile_ms(&similar, 0.5),
           latencies_percentile_ms(&similar, 0.99));
    latencies_deinit(&fresh);
    latencies_deinit(&personal);
    latencies_deinit(&similar);
}

int main(int argc, char **argv)
{
    struct load self = {.random = 88172645463325252U};
    const struct recommend_settings settings = recommend_settings_default();
    uint64_t votes;
    if (argc != 4 || !text_to_u64(text_of(argv[1]), &votes) ||
        !text_to_u64(text_of(argv[2]), &self.movies) ||
        !text_to_u64(text_of(argv[3]), &self.users) || self.movies == 0 || self.users == 0) {
        (void)fprintf(stderr, "usage: recommend_load VOTES MOVIES USERS\n");
        return 2;
    }
    zipf_init(&self.zipf, self.movies);
    arena_init(&self.arena, ARENA_BYTES);
    CHECK(recommend_model_create(&settings, &self.model) == STATUS_OK);
    int64_t began_ns = clock_monotonic_ns();
    for (uint64_t i = 0; i < votes; i++) {
        vote(&self);
    }
    double taken_s = seconds_since(began_ns);
    began_ns = clock_monotonic_ns();
    refresh(&self);
    print(&self, taken_s, seconds_since(began_ns));
    keep(&self);
    recommend_model_destroy(self.model);
    arena_deinit(&self.arena);
    zipf_deinit(&self.zipf);
    return 0;
}

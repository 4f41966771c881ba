/* recommend_evaluation: how often what is recommended is what people went on to like, on a
 * MovieLens set, beside recommending what is popular (docs/recommendations.md says how it is
 * measured).
 *
 * usage: recommend_evaluation [--validation] [--shrinkage N] [--neighbours N] [--co-raters N]
 *
 * MARQUEE_MOVIELENS_DIR names the folder that holds ratings.csv. --validation: the split that
 * settings are chosen by, which the figures are not taken from. Exit status 1: it is not better
 * than popularity, in either protocol; 77: there is no set. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "recommend/recommend_model.h"

enum {
    FOLDS = 5,
    TEST_FOLD = 0,
    VALIDATION_FOLD = 1,
    SHOWN = 10,
    LIKED_HUNDREDTHS = 800, /* four stars */
    USERS_MAX = 1 << 18,
    ITEMS_MAX = 1 << 19,
    LINE_BYTES = 256,
    ID_BYTES = 24,
    ARENA_BYTES = 64 * 1024 * 1024,
};

struct vote {
    uint32_t user;
    uint32_t item;
    int32_t hundredths;
};

struct evaluation {
    struct recommend_settings settings;
    bool validation;
    struct vote *votes; /* by user, as the file is */
    size_t count;
    bool *held_out; /* by vote */
    struct recommend_model *model;
    uint32_t *popularity; /* by item, of those in the model */
    uint32_t *popular;    /* items, most votes first */
    struct arena arena;
};

struct outcome {
    size_t users;
    size_t hits;
    double recall; /* summed up */
    size_t distinct;
    bool *shown; /* by item */
};

static uint32_t hash_of(const struct vote *vote)
{
    char text[2 * ID_BYTES];
    int length = snprintf(text, sizeof(text), "%u:%u", vote->user, vote->item);
    uint64_t hash = text_hash(text_of_bytes(text, (size_t)length));
    return (uint32_t)(hash ^ hash >> 32);
}

/* "1,31,2.5,1260759144" */
static bool parse_vote(char *line, struct vote *vote)
{
    struct text rest = text_of(line);
    uint64_t user;
    uint64_t item;
    double stars;
    if (!text_to_u64(text_next(&rest, ','), &user) || !text_to_u64(text_next(&rest, ','), &item) ||
        !text_to_double(text_next(&rest, ','), &stars) || user >= USERS_MAX || item >= ITEMS_MAX) {
        return false;
    }
    *vote = (struct vote){(uint32_t)user, (uint32_t)item, (int32_t)(stars * 200 + 0.5)};
    return true;
}

static bool read_votes(struct evaluation *self, const char *folder)
{
    char path[4096];
    char line[LINE_BYTES];
    size_t capacity = 0;
    (void)snprintf(path, sizeof(path), "%s/ratings.csv", folder);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        struct vote vote;
        if (!parse_vote(line, &vote)) {
            continue; /* the heading */
        }
        if (self->count == capacity) {
            capacity = capacity == 0 ? 1024 : capacity * 2;
            self->votes = realloc(self->votes, capacity * sizeof(*self->votes));
            CHECK(self->votes != NULL);
        }
        self->votes[self->count++] = vote;
    }
    (void)fclose(file);
    return self->count > 0;
}

/* A fifth of the votes, by the hash of user and film. What is for the other purpose is in neither
 * part when settings are chosen. */
static void hold_out_fold(struct evaluation *self, bool *in_model)
{
    for (size_t i = 0; i < self->count; i++) {
        uint32_t fold = hash_of(&self->votes[i]) % FOLDS;
        self->held_out[i] = fold == (self->validation ? VALIDATION_FOLD : TEST_FOLD);
        in_model[i] = !self->held_out[i] && !(self->validation && fold == TEST_FOLD);
    }
}

/* One vote of each user: of the liked ones, that with the lowest (or, to choose settings, the
 * highest) hash. */
static void hold_out_one(struct evaluation *self, bool *in_model)
{
    size_t begin = 0;
    for (size_t i = 0; i < self->count; i++) {
        self->held_out[i] = false;
        in_model[i] = true;
    }
    while (begin < self->count) {
        size_t chosen = SIZE_MAX;
        size_t end = begin;
        for (; end < self->count && self->votes[end].user == self->votes[begin].user; end++) {
            uint32_t hash = hash_of(&self->votes[end]);
            if (self->votes[end].hundredths >= LIKED_HUNDREDTHS &&
                (chosen == SIZE_MAX ||
                 (hash < hash_of(&self->votes[chosen])) != self->validation)) {
                chosen = end;
            }
        }
        if (chosen != SIZE_MAX) {
            self->held_out[chosen] = true;
            in_model[chosen] = false;
        }
        begin = end;
    }
}

static void add_to_model(struct evaluation *self, const struct vote *vote)
{
    char user[ID_BYTES];
    char item[ID_BYTES];
    (void)snprintf(user, sizeof(user), "%u", vote->user);
    (void)snprintf(item, sizeof(item), "%u", vote->item);
    const struct recommend_change change = {
        .user = text_of(user), .item = text_of(item), .hundredths = vote->hundredths};
    CHECK(recommend_apply(self->model, &change) == STATUS_OK);
    self->popularity[vote->item]++;
}

static int compare_popularity(const void *left, const void *right, void *state)
{
    const struct evaluation *self = state;
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    if (self->popularity[a] != self->popularity[b]) {
        return self->popularity[a] > self->popularity[b] ? -1 : 1;
    }
    return a < b ? -1 : 1;
}

static void build(struct evaluation *self, const bool *in_model)
{
    CHECK(recommend_model_create(&self->settings, &self->model) == STATUS_OK);
    memset(self->popularity, 0, ITEMS_MAX * sizeof(*self->popularity));
    for (size_t i = 0; i < self->count; i++) {
        if (in_model[i]) {
            add_to_model(self, &self->votes[i]);
        }
    }
    CHECK(recommend_refresh(self->model, UINT64_MAX) == STATUS_OK);
    for (uint32_t i = 0; i < ITEMS_MAX; i++) {
        self->popular[i] = i;
    }
    qsort_r(self->popular, ITEMS_MAX, sizeof(*self->popular), compare_popularity, self);
}

static size_t recommend(struct evaluation *self, uint32_t user, uint32_t items[static SHOWN])
{
    char name[ID_BYTES];
    struct recommend_answer answer;
    (void)snprintf(name, sizeof(name), "%u", user);
    CHECK(recommend_to_user(self->model, &self->arena, text_of(name), SHOWN, &answer) == STATUS_OK);
    for (size_t i = 0; i < answer.count; i++) {
        uint64_t item = 0;
        CHECK(text_to_u64(answer.results[i].item, &item));
        items[i] = (uint32_t)item;
    }
    arena_reset(&self->arena);
    return answer.count;
}

static bool has_voted(const struct evaluation *self, const bool *in_model, size_t begin, size_t end,
                      uint32_t item)
{
    for (size_t i = begin; i < end; i++) {
        if (in_model[i] && self->votes[i].item == item) {
            return true;
        }
    }
    return false;
}

static size_t recommend_popular(const struct evaluation *self, const bool *in_model, size_t begin,
                                size_t end, uint32_t items[static SHOWN])
{
    size_t count = 0;
    for (size_t i = 0; count < SHOWN; i++) {
        if (!has_voted(self, in_model, begin, end, self->popular[i])) {
            items[count++] = self->popular[i];
        }
    }
    return count;
}

static void judge(const struct evaluation *self, size_t begin, size_t end, const uint32_t *items,
                  size_t count, struct outcome *outcome)
{
    size_t wanted = 0;
    size_t found = 0;
    for (size_t i = begin; i < end; i++) {
        if (!self->held_out[i] || self->votes[i].hundredths < LIKED_HUNDREDTHS) {
            continue;
        }
        wanted++;
        for (size_t k = 0; k < count; k++) {
            found += items[k] == self->votes[i].item;
        }
    }
    if (wanted == 0) {
        return;
    }
    outcome->users++;
    outcome->hits += found > 0;
    outcome->recall += (double)found / (double)(wanted < SHOWN ? wanted : SHOWN);
    for (size_t k = 0; k < count; k++) {
        outcome->distinct += !outcome->shown[items[k]];
        outcome->shown[items[k]] = true;
    }
}

static double hit_rate(const struct outcome *outcome)
{
    return (double)outcome->hits / (double)outcome->users;
}

static void print_outcome(const char *name, const struct outcome *outcome)
{
    printf("  %-12s hit rate at %d: %.4f  recall: %.4f  films shown: %zu  (%zu of %zu users)\n",
           name, SHOWN, hit_rate(outcome), outcome->recall / (double)outcome->users,
           outcome->distinct, outcome->hits, outcome->users);
}

/* Whether it is better than popularity. */
static bool run(struct evaluation *self, const char *protocol,
                void (*hold_out)(struct evaluation *, bool *))
{
    bool *in_model = calloc(self->count, sizeof(*in_model));
    struct outcome ours = {.shown = calloc(ITEMS_MAX, sizeof(bool))};
    struct outcome popular = {.shown = calloc(ITEMS_MAX, sizeof(bool))};
    CHECK(in_model != NULL && ours.shown != NULL && popular.shown != NULL);
    hold_out(self, in_model);
    int64_t began_ns = clock_monotonic_ns();
    build(self, in_model);
    double took_ms = (double)(clock_monotonic_ns() - began_ns) / (double)CLOCK_NS_PER_MS;
    for (size_t begin = 0, end = 0; begin < self->count; begin = end) {
        uint32_t items[SHOWN];
        while (end < self->count && self->votes[end].user == self->votes[begin].user) {
            end++;
        }
        size_t count = recommend(self, self->votes[begin].user, items);
        judge(self, begin, end, items, count, &ours);
        count = recommend_popular(self, in_model, begin, end, items);
        judge(self, begin, end, items, count, &popular);
    }
    printf("%s (built in %.0f ms)\n", protocol, took_ms);
    print_outcome("recommended", &ours);
    print_outcome("popular", &popular);
    bool better = hit_rate(&ours) > hit_rate(&popular) && ours.distinct > popular.distinct;
    recommend_model_destroy(self->model);
    free(in_model);
    free(ours.shown);
    free(popular.shown);
    return better;
}

static bool parse_options(struct evaluation *self, int argc, char **argv)
{
    const struct {
        const char *name;
        uint32_t *number;
    } numbers[] = {{"--shrinkage", &self->settings.shrinkage},
                   {"--neighbours", &self->settings.neighbours},
                   {"--co-raters", &self->settings.minimum_co_raters}};
    for (int i = 1; i < argc; i++) {
        struct text word = text_of(argv[i]);
        uint64_t number;
        bool known = text_equal(word, TEXT("--validation"));
        self->validation = self->validation || known;
        for (size_t k = 0; k < ARRAY_LENGTH(numbers) && !known && i + 1 < argc; k++) {
            known = text_equal(word, text_of(numbers[k].name)) &&
                    text_to_u64(text_of(argv[i + 1]), &number);
            if (known) {
                *numbers[k].number = (uint32_t)number;
                i++;
            }
        }
        if (!known) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct evaluation self = {.settings = recommend_settings_default()};
    const char *folder = getenv("MARQUEE_MOVIELENS_DIR");
    if (!parse_options(&self, argc, argv)) {
        (void)fprintf(stderr, "usage: recommend_evaluation [--validation] [--shrinkage N] "
                              "[--neighbours N] [--co-raters N]\n");
        return 2;
    }
    if (folder == NULL) {
        (void)puts("skipped: MARQUEE_MOVIELENS_DIR names no MovieLens set");
        return 77;
    }
    if (!read_votes(&self, folder)) {
        (void)fprintf(stderr, "recommend_evaluation: there are no votes in %s/ratings.csv\n",
                      folder);
        return 1;
    }
    self.held_out = calloc(self.count, sizeof(*self.held_out));
    self.popularity = calloc(ITEMS_MAX, sizeof(*self.popularity));
    self.popular = calloc(ITEMS_MAX, sizeof(*self.popular));
    CHECK(self.held_out != NULL && self.popularity != NULL && self.popular != NULL);
    arena_init(&self.arena, ARENA_BYTES);
    bool better = run(&self, "a fifth held out", hold_out_fold);
    better = run(&self, "one liked film of each user held out", hold_out_one) && better;
    arena_deinit(&self.arena);
    free(self.votes);
    free(self.held_out);
    free(self.popularity);
    free(self.popular);
    if (!better) {
        (void)fprintf(stderr, "recommend_evaluation: not better than what is popular\n");
        return 1;
    }
    return 0;
}

/* One writes, several ask. ThreadSanitizer looks on. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "recommend/recommend_model.h"
#include "support/cmocka_test.h"

enum { READERS = 3, ITEMS = 300, USERS = 60, CHANGES = 20000, ARENA_BYTES = 1024 * 1024 };

struct scene {
    struct recommend_model *model;
    atomic_bool over;
    atomic_bool wrong;
};

/* Every answer is whole: names there are, in the order of the scores. */
static bool is_whole(const struct recommend_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        const struct recommend_result *result = &answer->results[i];
        if (result->item.length == 0 || result->item.data[0] != 'i' || result->score <= 0 ||
            (i > 0 && result->score > answer->results[i - 1].score)) {
            return false;
        }
    }
    return true;
}

static void *ask(void *argument)
{
    struct scene *scene = argument;
    struct arena arena;
    unsigned number = 0;
    arena_init(&arena, ARENA_BYTES);
    while (!atomic_load(&scene->over)) {
        char name[16];
        struct recommend_answer answer;
        (void)snprintf(name, sizeof(name), "i%u", number % ITEMS);
        enum status status = recommend_similar(scene->model, &arena, text_of(name), 10, &answer);
        bool whole = status == STATUS_OK && is_whole(&answer);
        (void)snprintf(name, sizeof(name), "u%u", number++ % USERS);
        status = recommend_to_user(scene->model, &arena, text_of(name), 10, &answer);
        if (!whole || status != STATUS_OK || !is_whole(&answer)) {
            atomic_store(&scene->wrong, true);
        }
        arena_reset(&arena);
    }
    arena_deinit(&arena);
    return NULL;
}

static void many_may_ask_while_one_writes(void **state)
{
    const struct recommend_settings settings = {
        .minimum_co_raters = 2, .shrinkage = 3, .neighbours = 10, .user_votes_max = 60};
    struct scene scene = {.model = NULL};
    pthread_t readers[READERS];
    (void)state;
    assert_int_equal(recommend_model_create(&settings, &scene.model), STATUS_OK);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, ask, &scene), 0);
    }
    for (unsigned i = 0; i < CHANGES; i++) {
        char user[16];
        char item[16];
        (void)snprintf(user, sizeof(user), "u%u", i * 7919 % USERS);
        (void)snprintf(item, sizeof(item), "i%u", i * 104729 % (1 + i * ITEMS / CHANGES));
        const struct recommend_change change = {.user = text_of(user),
                                                .item = text_of(item),
                                                .removed = i % 5 == 0,
                                                .hundredths = (int32_t)(i * 31 % 1001)};
        assert_int_equal(recommend_apply(scene.model, &change), STATUS_OK);
        if (i % 16 == 0) {
            assert_int_equal(recommend_refresh(scene.model, 20000), STATUS_OK);
        }
    }
    atomic_store(&scene.over, true);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    }
    assert_false(atomic_load(&scene.wrong));
    recommend_model_destroy(scene.model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(many_may_ask_while_one_writes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

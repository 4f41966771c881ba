/* A model that followed thousands of changes, against the formula; and its limits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "recommend/recommend_model.h"
#include "recommend/recommend_snapshot.h"
#include "recommend_oracle.h"
#include "support/cmocka_test.h"

enum { ARENA_BYTES = 1024 * 1024, CHANGES = 6000, CHECK_EVERY = 150, SNAPSHOT_BYTES = 1024 * 1024 };

struct scene {
    struct recommend_oracle oracle;
    struct recommend_model *model;
    struct arena arena;
    struct recommend_answer answer;
};

static struct recommend_settings small_settings(void)
{
    return (struct recommend_settings){
        .minimum_co_raters = 2, .shrinkage = 3, .neighbours = 5, .user_votes_max = 500};
}

static struct scene *open_scene(struct recommend_settings settings)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    recommend_oracle_init(&scene->oracle, &settings);
    assert_int_equal(recommend_model_create(&settings, &scene->model), STATUS_OK);
    arena_init(&scene->arena, ARENA_BYTES);
    return scene;
}

static void close_scene(struct scene *scene)
{
    recommend_model_destroy(scene->model);
    arena_deinit(&scene->arena);
    free(scene);
}

static struct text name_of(struct scene *scene, char kind, size_t number)
{
    char name[32];
    (void)snprintf(name, sizeof(name), "%c%zu", kind, number);
    return arena_copy(&scene->arena, text_of(name));
}

static size_t number_of(struct text name)
{
    uint64_t number;
    assert_true(text_to_u64(text_slice(name, 1, name.length), &number));
    return number;
}

/* hundredths: -1 removes. */
static void change(struct scene *scene, size_t user, size_t item, int32_t hundredths)
{
    const struct recommend_change change = {
        .user = name_of(scene, 'u', user),
        .item = name_of(scene, 'i', item),
        .removed = hundredths < 0,
        .hundredths = hundredths,
    };
    assert_int_equal(recommend_apply(scene->model, &change), STATUS_OK);
    scene->oracle.hundredths[user][item] = hundredths;
}

static void refresh(struct scene *scene)
{
    assert_int_equal(recommend_refresh(scene->model, UINT64_MAX), STATUS_OK);
    assert_int_equal(recommend_model_counts(scene->model).waiting, 0);
}

static void ask_similar(struct scene *scene, size_t item)
{
    assert_int_equal(recommend_similar(scene->model, &scene->arena, name_of(scene, 'i', item),
                                       RECOMMEND_RESULTS_MAX, &scene->answer),
                     STATUS_OK);
}

static void ask_for_user(struct scene *scene, size_t user, size_t limit)
{
    assert_int_equal(recommend_to_user(scene->model, &scene->arena, name_of(scene, 'u', user),
                                       limit, &scene->answer),
                     STATUS_OK);
}

static void check_item(struct scene *scene, size_t item)
{
    struct oracle_neighbour expected[ORACLE_ITEMS];
    size_t count = recommend_oracle_similar(&scene->oracle, item, expected);
    size_t shown = scene->oracle.settings.neighbours;
    count = count < shown ? count : shown;
    ask_similar(scene, item);
    assert_int_equal(scene->answer.count, count);
    for (size_t i = 0; i < count; i++) {
        const struct recommend_result *result = &scene->answer.results[i];
        assert_int_equal(number_of(result->item), expected[i].item);
        assert_true((double)result->score == expected[i].similarity);
    }
}

static void check_user(struct scene *scene, size_t user)
{
    double scores[ORACLE_ITEMS];
    size_t because_of[ORACLE_ITEMS];
    size_t count = 0;
    recommend_oracle_to_user(&scene->oracle, user, scores, because_of);
    for (size_t item = 0; item < ORACLE_ITEMS; item++) {
        count += scores[item] > 0;
    }
    ask_for_user(scene, user, RECOMMEND_RESULTS_MAX);
    assert_int_equal(scene->answer.count, count);
    for (size_t i = 0; i < count; i++) {
        const struct recommend_result *result = &scene->answer.results[i];
        size_t item = number_of(result->item);
        assert_true(fabs((double)result->score - scores[item]) < 1e-5);
        assert_int_equal(number_of(result->because_of), because_of[item]);
        assert_true(i == 0 || result->score <= scene->answer.results[i - 1].score);
    }
}

static void check_all(struct scene *scene)
{
    refresh(scene);
    for (size_t item = 0; item < ORACLE_ITEMS; item++) {
        check_item(scene, item);
        arena_reset(&scene->arena);
    }
    for (size_t user = 0; user < ORACLE_USERS; user++) {
        check_user(scene, user);
        arena_reset(&scene->arena);
    }
}

/* Numbers are given in the order in which items are first seen: the oracle's. */
static void name_items(struct scene *scene)
{
    for (size_t item = 0; item < ORACLE_ITEMS; item++) {
        change(scene, 0, item, 500);
        change(scene, 0, item, -1);
    }
}

static bool put(void *buffer, const void *bytes, size_t count)
{
    return buffer_append(buffer, text_of_bytes(bytes, count));
}

static bool get(void *rest, void *bytes, size_t count)
{
    struct text *left = rest;
    if (left->length < count) {
        return false;
    }
    memcpy(bytes, left->data, count);
    *left = text_slice(*left, count, left->length);
    return true;
}

/* Another model takes its place, made of what this one writes. */
static void move_through_snapshot(struct scene *scene)
{
    struct buffer buffer;
    struct recommend_counts before = recommend_model_counts(scene->model);
    buffer_init(&buffer, SNAPSHOT_BYTES);
    assert_int_equal(recommend_snapshot_write(scene->model, (struct recommend_sink){put, &buffer}),
                     STATUS_OK);
    recommend_model_destroy(scene->model);
    struct text rest = buffer_text(&buffer);
    assert_int_equal(recommend_snapshot_read(&scene->oracle.settings,
                                             (struct recommend_source){get, &rest}, &scene->model),
                     STATUS_OK);
    assert_int_equal(rest.length, 0);
    struct recommend_counts after = recommend_model_counts(scene->model);
    assert_int_equal(after.votes, before.votes);
    assert_int_equal(after.users, before.users);
    assert_int_equal(after.items, before.items);
    assert_int_equal(after.waiting, before.waiting);
    buffer_deinit(&buffer);
}

static void nothing(struct scene *scene)
{
    (void)scene;
}

static void follow_and_compare(void (*between)(struct scene *scene))
{
    static const unsigned values[] = {0, 50, 137, 400, 500, 733, 800, 850, 999, 1000};
    struct scene *scene = open_scene(small_settings());
    srand(7);
    name_items(scene);
    for (size_t i = 0; i < CHANGES; i++) {
        /* Fills up, empties to a third, fills up again. */
        int remove_percent = i / 2000 % 2 == 0 ? 15 : 70;
        size_t user = (size_t)rand() % ORACLE_USERS;
        size_t item = (size_t)rand() % ORACLE_ITEMS;
        bool removes = rand() % 100 < remove_percent;
        change(scene, user, item, removes ? -1 : (int32_t)values[rand() % 10]);
        arena_reset(&scene->arena);
        if (i % 7 == 0) {
            assert_int_equal(recommend_refresh(scene->model, (uint64_t)rand() % 300), STATUS_OK);
        }
        if (i % 50 == 0) {
            between(scene);
        }
        if (i % CHECK_EVERY == 0) {
            check_all(scene);
        }
    }
    check_all(scene);
    close_scene(scene);
}

static void a_model_that_follows_equals_the_formula(void **state)
{
    (void)state;
    follow_and_compare(nothing);
}

/* With lists that wait, and users who are not counted in yet. */
static void so_does_a_model_that_is_written_and_read_again(void **state)
{
    (void)state;
    follow_and_compare(move_through_snapshot);
}

/* Those who change their votes have none on item 0, so that it is never computed anew for itself:
 * its list lives by what others tell it, and loses and wins neighbours until it must be. */
static void tell_and_compare(void (*between)(struct scene *scene))
{
    struct scene *scene = open_scene(small_settings());
    srand(11);
    name_items(scene);
    for (size_t user = 1; user < ORACLE_USERS / 2; user++) {
        for (size_t item = 0; item < ORACLE_ITEMS; item++) {
            change(scene, user, item, item == 0 ? 550 : 480 + rand() % 41);
        }
        arena_reset(&scene->arena);
    }
    check_all(scene);
    for (size_t i = 0; i < CHANGES; i++) {
        /* In turn, opinions on even and odd items are far apart: the norm takes them away. On a
         * third of the items they stay. */
        size_t user = ORACLE_USERS / 2 + (size_t)rand() % (ORACLE_USERS / 2);
        size_t item = 1 + (size_t)rand() % (ORACLE_ITEMS * 2 / 3);
        int32_t far = item % 2 == i / 500 % 2 ? 500 : 10;
        change(scene, user, item, 500 - far + rand() % (2 * far));
        refresh(scene);
        check_item(scene, 0);
        arena_reset(&scene->arena);
        if (i % 50 == 0) {
            between(scene);
        }
    }
    check_all(scene);
    close_scene(scene);
}

static void a_list_that_is_only_told_equals_the_formula(void **state)
{
    (void)state;
    tell_and_compare(nothing);
}

static void so_does_a_list_that_is_written_and_read_again(void **state)
{
    (void)state;
    tell_and_compare(move_through_snapshot);
}

static uint32_t waiting(struct scene *scene)
{
    return recommend_model_counts(scene->model).waiting;
}

/* Of as many voters as there are, one who changes a vote changes little: the list waits for the
 * eighth of them, and is then as the formula has it. */
static void a_list_of_many_votes_waits_for_its_share_of_changes(void **state)
{
    struct recommend_settings settings = small_settings();
    settings.changes_share = 4; /* each changes it twice: the vote goes, and comes */
    struct scene *scene = open_scene(settings);
    size_t changes = 0;
    (void)state;
    name_items(scene);
    for (size_t user = 0; user < ORACLE_USERS; user++) {
        for (size_t item = 0; item < ORACLE_ITEMS; item++) {
            change(scene, user, item, (user + item) % 2 == 0 ? 480 : 520);
        }
        arena_reset(&scene->arena);
    }
    check_all(scene);
    while (waiting(scene) == 0) {
        assert_true(changes < ORACLE_USERS);
        change(scene, changes, 0, changes % 2 == 0 ? 485 : 525); /* moves no mean */
        changes++;
    }
    assert_int_equal(changes, (ORACLE_USERS + 7) / 8);
    assert_int_equal(waiting(scene), 1);
    check_all(scene);
    assert_int_equal(waiting(scene), 0);
    close_scene(scene);
}

/* u0 to u2 agree on i0 and i1, and that i2 is bad; u3 knows i0 alone. */
static void tell_tastes(struct scene *scene)
{
    for (size_t user = 0; user < 3; user++) {
        change(scene, user, 0, 900);
        change(scene, user, 1, 1000);
        change(scene, user, 2, 100);
    }
    change(scene, 3, 0, 800);
}

static void what_is_recommended_says_why(void **state)
{
    struct scene *scene = open_scene(small_settings());
    (void)state;
    tell_tastes(scene);
    refresh(scene);
    ask_for_user(scene, 3, 10);
    assert_int_equal(scene->answer.count, 1);
    assert_int_equal(scene->answer.votes, 1);
    assert_int_equal(number_of(scene->answer.results[0].item), 1);
    assert_int_equal(number_of(scene->answer.results[0].because_of), 0);
    assert_true(scene->answer.results[0].score > 0);
    assert_int_equal(scene->answer.results[0].foretold_hundredths,
                     800); /* the only vote there is */
    close_scene(scene);
}

static void a_vote_takes_the_item_out_at_once(void **state)
{
    struct scene *scene = open_scene(small_settings());
    (void)state;
    tell_tastes(scene);
    refresh(scene);
    change(scene, 3, 1, 300);
    ask_for_user(scene, 3, 10);
    assert_int_equal(scene->answer.count, 0);
    assert_int_equal(scene->answer.votes, 2);
    close_scene(scene);
}

static void who_has_not_voted_gets_nothing(void **state)
{
    struct scene *scene = open_scene(small_settings());
    (void)state;
    tell_tastes(scene);
    refresh(scene);
    ask_for_user(scene, 9, 10);
    assert_int_equal(scene->answer.count, 0);
    assert_int_equal(scene->answer.votes, 0);
    ask_similar(scene, 9);
    assert_int_equal(scene->answer.count, 0);
    assert_int_equal(scene->answer.votes, 0);
    close_scene(scene);
}

static void too_few_co_raters_are_not_alike(void **state)
{
    struct recommend_settings settings = small_settings();
    settings.minimum_co_raters = 3;
    struct scene *scene = open_scene(settings);
    (void)state;
    tell_tastes(scene);
    refresh(scene);
    ask_similar(scene, 0);
    assert_int_equal(scene->answer.count, 1);
    assert_int_equal(scene->answer.votes, 4);
    change(scene, 2, 1, -1);
    refresh(scene);
    ask_similar(scene, 0);
    assert_int_equal(scene->answer.count, 0);
    close_scene(scene);
}

/* The work on a user with very many votes is that on the sample; the order does not matter. */
static void the_most_active_are_sampled(void **state)
{
    enum { MANY = 8000, CAP = 100 };
    struct recommend_settings settings = small_settings();
    settings.user_votes_max = CAP;
    struct scene *forwards = open_scene(settings);
    struct scene *backwards = open_scene(settings);
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        struct recommend_change put = {.user = TEXT("all"),
                                       .item = name_of(forwards, 'i', i),
                                       .hundredths = (int32_t)(i * 37 % 1001)};
        assert_int_equal(recommend_apply(forwards->model, &put), STATUS_OK);
        put.item = name_of(forwards, 'i', MANY - 1 - i);
        put.hundredths = (int32_t)((MANY - 1 - i) * 37 % 1001);
        assert_int_equal(recommend_apply(backwards->model, &put), STATUS_OK);
        arena_reset(&forwards->arena);
    }
    /* All pairs would be 64,000,000. */
    assert_int_equal(recommend_refresh(forwards->model, MANY + 4 * CAP * CAP), STATUS_OK);
    move_through_snapshot(forwards);
    assert_int_equal(recommend_model_counts(forwards->model).waiting, 0);
    refresh(backwards);
    assert_int_equal(recommend_model_counts(forwards->model).votes, MANY);
    for (size_t i = 0; i < MANY; i++) {
        struct recommend_change gone = {
            .user = TEXT("all"), .item = name_of(forwards, 'i', i), .removed = true};
        assert_int_equal(recommend_apply(forwards->model, &gone), STATUS_OK);
        gone.item = name_of(forwards, 'i', i * 7 % MANY);
        assert_int_equal(recommend_apply(backwards->model, &gone), STATUS_OK);
        arena_reset(&forwards->arena);
    }
    assert_int_equal(recommend_model_counts(forwards->model).votes, 0);
    refresh(forwards);
    close_scene(forwards);
    close_scene(backwards);
}

static void what_is_out_of_bounds_changes_nothing(void **state)
{
    static char long_id[RECOMMEND_ID_BYTES_MAX + 1];
    struct scene *scene = open_scene(small_settings());
    (void)state;
    memset(long_id, 'x', sizeof(long_id));
    const struct {
        struct recommend_change given;
        enum status want;
    } rows[] = {
        {{.user = TEXT("u"), .item = TEXT("i"), .hundredths = -1}, STATUS_INVALID_ARGUMENT},
        {{.user = TEXT("u"), .item = TEXT("i"), .hundredths = 1001}, STATUS_INVALID_ARGUMENT},
        {{.user = TEXT(""), .item = TEXT("i")}, STATUS_INVALID_ARGUMENT},
        {{.user = TEXT("u"), .item = TEXT("")}, STATUS_INVALID_ARGUMENT},
        {{.user = text_of_bytes(long_id, sizeof(long_id)), .item = TEXT("i")},
         STATUS_INVALID_ARGUMENT},
        {{.user = TEXT("u"), .item = text_of_bytes(long_id, sizeof(long_id))},
         STATUS_INVALID_ARGUMENT},
        {{.user = TEXT("u"), .item = TEXT("i"), .removed = true}, STATUS_OK},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        assert_int_equal(recommend_apply(scene->model, &rows[i].given), rows[i].want);
        assert_int_equal(recommend_model_counts(scene->model).votes, 0);
    }
    const struct recommend_change longest = {
        .user = text_of_bytes(long_id, RECOMMEND_ID_BYTES_MAX),
        .item = text_of_bytes(long_id, RECOMMEND_ID_BYTES_MAX),
        .hundredths = RECOMMEND_HUNDREDTHS_MAX,
    };
    assert_int_equal(recommend_apply(scene->model, &longest), STATUS_OK);
    assert_int_equal(recommend_model_counts(scene->model).votes, 1);
    close_scene(scene);
}

static void an_arena_without_room_is_told(void **state)
{
    struct scene *scene = open_scene(small_settings());
    struct arena small;
    (void)state;
    tell_tastes(scene);
    refresh(scene);
    arena_init(&small, 1);
    assert_int_equal(recommend_similar(scene->model, &small, TEXT("i0"), 10, &scene->answer),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(recommend_to_user(scene->model, &small, TEXT("u3"), 10, &scene->answer),
                     STATUS_RESOURCE_EXHAUSTED);
    arena_deinit(&small);
    close_scene(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_that_follows_equals_the_formula),
        cmocka_unit_test(so_does_a_model_that_is_written_and_read_again),
        cmocka_unit_test(a_list_that_is_only_told_equals_the_formula),
        cmocka_unit_test(so_does_a_list_that_is_written_and_read_again),
        cmocka_unit_test(a_list_of_many_votes_waits_for_its_share_of_changes),
        cmocka_unit_test(what_is_recommended_says_why),
        cmocka_unit_test(a_vote_takes_the_item_out_at_once),
        cmocka_unit_test(who_has_not_voted_gets_nothing),
        cmocka_unit_test(too_few_co_raters_are_not_alike),
        cmocka_unit_test(the_most_active_are_sampled),
        cmocka_unit_test(what_is_out_of_bounds_changes_nothing),
        cmocka_unit_test(an_arena_without_room_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

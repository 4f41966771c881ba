/* The file of reviews as others find it: of a newer version it is refused, and whoever writes it,
 * the counts follow. */
#include "contract/sqlite_file.h"
#include "review/repository/sqlite_review_repository.h"
#include "support/cmocka_test.h"

struct scene {
    struct sqlite_file file;
    struct review_repository repository;
};

static enum status open_repository(struct scene *scene)
{
    const struct sqlite_review_repository_options options = {.path = text_of(scene->file.path),
                                                             .workers = scene->file.workers};
    return sqlite_review_repository_open(&scene->file.call, &options, &scene->repository);
}

static void expect_counts(struct scene *scene, const char *record, uint64_t reviews, uint64_t likes)
{
    const struct review_key key = {.record = {RECORD_TYPE_MOVIE, text_of(record)}};
    struct review_reactions reactions;
    assert_int_equal(scene->repository.ops->get_reactions(scene->repository.state,
                                                          &scene->file.call, &key, &reactions),
                     STATUS_OK);
    assert_int_equal(reactions.review_count, reviews);
    assert_int_equal(reactions.like_count, likes);
}

/* Another program deletes all that a user has said, with the service running. */
static void follow_others(void *argument)
{
    struct scene *scene = argument;
    struct review stored;
    bool is_changed;
    uint64_t count;
    static const char *const users[] = {"ann", "bob"};
    assert_int_equal(open_repository(scene), STATUS_OK);
    const struct review_repository repository = scene->repository;
    for (size_t i = 0; i < ARRAY_LENGTH(users); i++) {
        const struct review review = {
            .key = {.record = {RECORD_TYPE_MOVIE, TEXT("m")}, .user = text_of(users[i])},
            .text = TEXT("words")};
        const struct like like = {.key = review.key};
        assert_int_equal(repository.ops->put(repository.state, &scene->file.call, &review, false,
                                             &stored, &is_changed),
                         STATUS_OK);
        assert_int_equal(
            repository.ops->put_like(repository.state, &scene->file.call, &like, &count),
            STATUS_OK);
    }
    expect_counts(scene, "m", 2, 2);
    sqlite_file_execute(&scene->file, "DELETE FROM reviews WHERE user_id = 'ann';"
                                      "DELETE FROM likes WHERE user_id = 'ann';"
                                      "INSERT INTO likes VALUES (1, 'n', 'cid', 5);");
    expect_counts(scene, "m", 1, 1);
    expect_counts(scene, "n", 0, 1);
    repository.ops->close(repository.state);
}

static void refuse_newer(void *argument)
{
    struct scene *scene = argument;
    assert_int_equal(open_repository(scene), STATUS_OK);
    scene->repository.ops->close(scene->repository.state);
    sqlite_file_execute(&scene->file, "PRAGMA user_version = 3");
    assert_int_equal(open_repository(scene), STATUS_FAILED_PRECONDITION);
    assert_true(
        text_equal(scene->file.call.error.message, TEXT("the store is of another version")));
}

/* As version 1 made it. */
static const char version_1[] =
    "CREATE TABLE reviews (record_type INTEGER NOT NULL, record_id TEXT NOT NULL,"
    "  user_id TEXT NOT NULL, text TEXT NOT NULL, spoiler INTEGER NOT NULL,"
    "  created_ms INTEGER NOT NULL, edited_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (record_type, record_id, user_id)) STRICT;"
    "CREATE INDEX reviews_of_record ON reviews (record_type, record_id, created_ms DESC, user_id);"
    "CREATE INDEX reviews_of_user ON reviews (user_id, created_ms DESC, record_type, record_id);"
    "CREATE TABLE likes (record_type INTEGER NOT NULL, record_id TEXT NOT NULL,"
    "  user_id TEXT NOT NULL, time_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (record_type, record_id, user_id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX likes_of_user ON likes (user_id, time_ms DESC, record_type, record_id);"
    "CREATE TABLE counts (record_type INTEGER NOT NULL, record_id TEXT NOT NULL,"
    "  reviews INTEGER NOT NULL DEFAULT 0, likes INTEGER NOT NULL DEFAULT 0,"
    "  PRIMARY KEY (record_type, record_id)) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER count_old_reviews AFTER DELETE ON reviews BEGIN"
    "  UPDATE counts SET reviews = reviews - 1"
    "    WHERE record_type = old.record_type AND record_id = old.record_id;"
    "  DELETE FROM counts WHERE record_type = old.record_type AND record_id = old.record_id"
    "    AND reviews = 0 AND likes = 0;"
    "END;"
    "INSERT INTO reviews VALUES (1, 'm', 'ann', 'words of old', 0, 10, 0);"
    "INSERT INTO counts VALUES (1, 'm', 1, 0);"
    "PRAGMA user_version = 1;";

static uint64_t like_review(struct scene *scene, const char *user)
{
    const struct review_like like = {
        .review = {.record = {RECORD_TYPE_MOVIE, TEXT("m")}, .user = TEXT("ann")},
        .user = text_of(user)};
    uint64_t count;
    assert_int_equal(scene->repository.ops->put_review_like(scene->repository.state,
                                                            &scene->file.call, &like, &count),
                     STATUS_OK);
    return count;
}

static uint64_t likes_of_review(struct scene *scene)
{
    const struct review_key key = {.record = {RECORD_TYPE_MOVIE, TEXT("m")}, .user = TEXT("ann")};
    struct review review;
    assert_int_equal(
        scene->repository.ops->get(scene->repository.state, &scene->file.call, &key, &review),
        STATUS_OK);
    assert_true(text_equal(review.text, TEXT("words of old")) && review.created_ms == 10);
    return review.like_count;
}

static void bring_up(void *argument)
{
    struct scene *scene = argument;
    sqlite_file_execute(&scene->file, version_1);
    assert_int_equal(open_repository(scene), STATUS_OK);
    assert_int_equal(likes_of_review(scene), 0);
    assert_int_equal(like_review(scene, "x"), 1);
    assert_int_equal(like_review(scene, "y"), 2);
    sqlite_file_execute(&scene->file, "DELETE FROM review_likes WHERE user_id = 'x';");
    assert_int_equal(likes_of_review(scene), 1);
    scene->repository.ops->close(scene->repository.state);
    assert_int_equal(open_repository(scene), STATUS_OK); /* once is enough */
    assert_int_equal(likes_of_review(scene), 1);
    sqlite_file_execute(&scene->file, "DELETE FROM reviews;");
    expect_counts(scene, "m", 0, 0);
    scene->repository.ops->close(scene->repository.state);
}

static void run_in_scene(void (*body)(void *))
{
    struct scene scene;
    sqlite_file_run(&scene.file, body, &scene);
}

static void counts_follow_other_programs(void **state)
{
    (void)state;
    run_in_scene(follow_others);
}

static void version_1_is_brought_up_to_date(void **state)
{
    (void)state;
    run_in_scene(bring_up);
}

static void a_newer_version_is_refused(void **state)
{
    (void)state;
    run_in_scene(refuse_newer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_follow_other_programs),
        cmocka_unit_test(version_1_is_brought_up_to_date),
        cmocka_unit_test(a_newer_version_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Files of schema versions 1 and 2, as they were written then, opened by the repository of today.
 */
#include <stdio.h>

#include "contract/sqlite_file.h"
#include "metadata/repository/sqlite_metadata_repository.h"
#include "support/cmocka_test.h"

static const char version_1[] =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE metadata (  id TEXT NOT NULL PRIMARY KEY,  title TEXT NOT NULL,"
    "  description TEXT NOT NULL,  director TEXT NOT NULL,  year INTEGER NOT NULL,"
    "  genres TEXT NOT NULL,  imdb_id TEXT NOT NULL,  tmdb_id TEXT NOT NULL) STRICT;"
    "PRAGMA user_version = 1;"
    "INSERT INTO metadata VALUES ('b', 'Second', '', '', 0, '', '', ''),"
    "                            ('a', 'First', 'D', 'X', 1999, 'Drama\nWar', 'tt1', '17');";

/* What a program of then runs. */
static const char put_of_version_1[] =
    "INSERT INTO metadata (id, title, description, director, year, genres, imdb_id, tmdb_id)"
    " VALUES ('c', 'Third', '', '', 0, '', '', '')";

static const char version_2[] =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE metadata (  id TEXT NOT NULL PRIMARY KEY,  title TEXT NOT NULL,"
    "  description TEXT NOT NULL,  director TEXT NOT NULL,  year INTEGER NOT NULL,"
    "  genres TEXT NOT NULL,  imdb_id TEXT NOT NULL,  tmdb_id TEXT NOT NULL,"
    "  popularity INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE TABLE changes (  sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TRIGGER metadata_insert AFTER INSERT ON metadata BEGIN"
    "  DELETE FROM changes WHERE id = new.id;  INSERT INTO changes (id) VALUES (new.id);END;"
    "CREATE TRIGGER metadata_update AFTER UPDATE ON metadata BEGIN"
    "  DELETE FROM changes WHERE id = new.id;  INSERT INTO changes (id) VALUES (new.id);END;"
    "CREATE TRIGGER metadata_delete AFTER DELETE ON metadata BEGIN"
    "  DELETE FROM changes WHERE id = old.id;  INSERT INTO changes (id) VALUES (old.id);END;"
    "PRAGMA user_version = 2;"
    "INSERT INTO metadata VALUES ('b', 'Matrix, The', '', '', 1999, '', 'tt2', '603', 7),"
    "                            ('a', 'First', 'D', 'X', 1999, 'Drama\nWar', 'tt1', '17', 0);";

/* An instance of then changes a title, and knows nothing of keys. */
static const char title_of_version_2[] = "UPDATE metadata SET title = 'Other' WHERE id = 'b'";

struct scene {
    struct sqlite_file file;
    struct metadata_repository repository;
};

static enum status open_repository(struct scene *scene)
{
    const struct sqlite_metadata_repository_options options = {.path = text_of(scene->file.path),
                                                               .workers = scene->file.workers};
    return sqlite_metadata_repository_open(&scene->file.call, &options, &scene->repository);
}

static void close_repository(struct scene *scene)
{
    scene->repository.ops->close(scene->repository.state);
}

static void expect_changes(struct scene *scene, int64_t after, const char *want)
{
    char got[64] = "";
    size_t at = 0;
    struct metadata_changes changes;
    assert_int_equal(scene->repository.ops->list_changes(scene->repository.state, &scene->file.call,
                                                         after, 10, &changes),
                     STATUS_OK);
    for (size_t i = 0; i < changes.count; i++) {
        at += (size_t)snprintf(got + at, sizeof(got) - at, "%.*s ",
                               TEXT_ARGUMENTS(changes.changes[i].id));
    }
    assert_string_equal(got, want);
}

static void expect_first(struct scene *scene)
{
    struct metadata got;
    assert_int_equal(
        scene->repository.ops->get(scene->repository.state, &scene->file.call, TEXT("a"), &got),
        STATUS_OK);
    assert_true(text_equal(got.title, TEXT("First")) && text_equal(got.description, TEXT("D")));
    assert_true(text_equal(got.director, TEXT("X")) && got.year == 1999);
    assert_int_equal(got.genre_count, 2);
    assert_true(text_equal(got.imdb_id, TEXT("tt1")) && text_equal(got.tmdb_id, TEXT("17")));
    assert_int_equal(got.popularity, 0);
}

static void migrate(void *argument)
{
    struct scene *scene = argument;
    struct metadata metadata = {.id = TEXT("b"), .title = TEXT("Second"), .popularity = 7};
    sqlite_file_execute(&scene->file, version_1);
    assert_int_equal(open_repository(scene), STATUS_OK);
    expect_first(scene);
    expect_changes(scene, 0, "a b ");
    sqlite_file_execute(&scene->file, put_of_version_1); /* an instance of then, beside this one */
    expect_changes(scene, 2, "c ");
    assert_int_equal(
        scene->repository.ops->put(scene->repository.state, &scene->file.call, &metadata, NULL),
        STATUS_OK);
    close_repository(scene);
    assert_int_equal(open_repository(scene), STATUS_OK); /* of version 3 by now */
    expect_first(scene);
    expect_changes(scene, 0, "a c b ");
    assert_int_equal(scene->repository.ops->get(scene->repository.state, &scene->file.call,
                                                TEXT("b"), &metadata),
                     STATUS_OK);
    assert_int_equal(metadata.popularity, 7);
    close_repository(scene);
}

static void expect_found(struct scene *scene, enum metadata_lookup_kind kind, const char *value,
                         const char *want)
{
    const struct metadata_lookup lookup = {text_of(value), 1999, 1999};
    struct metadata_candidates found;
    assert_int_equal(scene->repository.ops->find(scene->repository.state, &scene->file.call, kind,
                                                 &lookup, 1, &found),
                     STATUS_OK);
    struct text got = found.count == 1 ? found.candidates[0].id : TEXT("");
    assert_true(text_equal(got, text_of(want)));
}

static void migrate_2(void *argument)
{
    struct scene *scene = argument;
    struct metadata metadata;
    sqlite_file_execute(&scene->file, version_2);
    assert_int_equal(open_repository(scene), STATUS_OK);
    expect_first(scene);
    expect_changes(scene, 0, "b a "); /* nothing has changed */
    expect_found(scene, METADATA_LOOKUP_TITLE, "The Matrix", "b");
    expect_found(scene, METADATA_LOOKUP_IMDB_ID, "tt2", "b");
    expect_found(scene, METADATA_LOOKUP_TMDB_ID, "17", "a");
    sqlite_file_execute(&scene->file, title_of_version_2);
    expect_changes(scene, 0, "a b ");
    expect_found(scene, METADATA_LOOKUP_TITLE, "The Matrix", "");
    assert_int_equal(scene->repository.ops->get(scene->repository.state, &scene->file.call,
                                                TEXT("b"), &metadata),
                     STATUS_OK);
    assert_int_equal(metadata.external_score_count, 0);
    assert_int_equal(
        scene->repository.ops->put(scene->repository.state, &scene->file.call, &metadata, NULL),
        STATUS_OK);
    expect_found(scene, METADATA_LOOKUP_TITLE, "other", "b");
    close_repository(scene);
}

static void refuse_newer(void *argument)
{
    struct scene *scene = argument;
    sqlite_file_execute(&scene->file, version_1);
    sqlite_file_execute(&scene->file, "PRAGMA user_version = 4");
    assert_int_equal(open_repository(scene), STATUS_FAILED_PRECONDITION);
    assert_true(
        text_equal(scene->file.call.error.message, TEXT("the store is of another version")));
}

static void run_in_scene(void (*body)(void *))
{
    struct scene scene;
    sqlite_file_run(&scene.file, body, &scene);
}

static void version_1_is_migrated(void **state)
{
    (void)state;
    run_in_scene(migrate);
}

static void version_2_is_migrated(void **state)
{
    (void)state;
    run_in_scene(migrate_2);
}

static void a_newer_version_is_refused(void **state)
{
    (void)state;
    run_in_scene(refuse_newer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1_is_migrated),
        cmocka_unit_test(version_2_is_migrated),
        cmocka_unit_test(a_newer_version_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

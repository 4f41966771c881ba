/* Imports cut into jobs, and what jobs and results are as messages. */
#include "marquee/import_job.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "support/cmocka_test.h"
#include "support/scratch_directory.h"

enum { ARENA_BYTES = 64 * 1024 * 1024, FILE_BYTES_MAX = 4096 };

struct scene {
    struct arena arena;
    struct call call;
    char directory[SCRATCH_PATH_BYTES];
};

static void set_up(struct scene *scene)
{
    arena_init(&scene->arena, ARENA_BYTES);
    call_init(&scene->call, &scene->arena, 0);
    scratch_directory_make(scene->directory);
}

static void tear_down(struct scene *scene)
{
    scratch_directory_remove(scene->directory);
    arena_deinit(&scene->arena);
}

static void write_file(struct scene *scene, const char *name, const char *content)
{
    struct text path = arena_format(&scene->arena, "%s/%s", scene->directory, name);
    FILE *file = fopen(path.data, "we");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static enum status cut(struct scene *scene, uint64_t rows, struct import_job **ret_jobs,
                       size_t *ret_count)
{
    const struct import_job pattern = {.import_name = TEXT("first"),
                                       .directory = text_of(scene->directory),
                                       .provider = TEXT("p")};
    call_clear_error(&scene->call);
    return import_cut(&scene->call, &pattern, rows, ret_jobs, ret_count);
}

/* Rows are whole, whatever is in their quotes; the ranges of a file follow each other. */
static void ranges_are_of_whole_rows(void **state)
{
    static const char movies[] = "movieId,title,genres\n1,\"One,\nand more\",Drama\r\n2,Two,War\n\n"
                                 "3,\"Bad\" one,War\n4,Four,War";
    static const char votes[] = "userId,movieId,rating,timestamp\n1,1,5,1\n";
    static const struct {
        const char *file;
        const char *begins; /* with this, of the content */
        uint64_t line;
        const char *id;
    } wanted[] = {
        {"movies.csv", "movieId", 1, "first/1"},
        {"movies.csv", "2,Two", 4, "first/2"},
        {"movies.csv", "4,Four", 7, "first/3"},
        {"ratings.csv", "userId", 1, "first/4"},
    };
    struct scene scene;
    struct import_job *jobs;
    size_t count;
    uint64_t end = 0;
    (void)state;
    set_up(&scene);
    write_file(&scene, "movies.csv", movies);
    write_file(&scene, "ratings.csv", votes);
    assert_int_equal(cut(&scene, 2, &jobs, &count), STATUS_OK);
    assert_int_equal(count, ARRAY_LENGTH(wanted));
    for (size_t i = 0; i < count; i++) {
        bool is_vote = i == 3;
        const char *content = is_vote ? votes : movies;
        end = is_vote ? 0 : end;
        assert_true(text_equal(jobs[i].id, text_of(wanted[i].id)));
        assert_true(text_equal(jobs[i].range.file, text_of(wanted[i].file)));
        assert_int_equal(jobs[i].total, ARRAY_LENGTH(wanted));
        assert_int_equal(jobs[i].range.from, end);
        assert_int_equal(jobs[i].range.line, wanted[i].line);
        assert_true(
            text_starts_with(text_of(content + jobs[i].range.from), text_of(wanted[i].begins)));
        end = jobs[i].range.end;
        assert_true(i == 0 || i == 1 || end == strlen(content));
    }
    tear_down(&scene);
}

static void files_must_be_there(void **state)
{
    struct scene scene;
    struct import_job *jobs;
    size_t count;
    (void)state;
    set_up(&scene);
    write_file(&scene, "movies.csv", "");
    assert_int_equal(cut(&scene, 1, &jobs, &count), STATUS_NOT_FOUND);
    write_file(&scene, "ratings.csv", "");
    assert_int_equal(cut(&scene, 1, &jobs, &count), STATUS_OK);
    assert_int_equal(count, 0);
    tear_down(&scene);
}

static void there_are_not_more_jobs_than_may_be(void **state)
{
    struct scene scene;
    struct import_job *jobs;
    size_t count;
    (void)state;
    set_up(&scene);
    write_file(&scene, "ratings.csv", "");
    for (int more = 0; more < 2; more++) {
        struct text path = arena_format(&scene.arena, "%s/movies.csv", scene.directory);
        FILE *file = fopen(path.data, "we");
        assert_non_null(file);
        for (int i = 0; i < IMPORT_JOBS_MAX + more; i++) {
            assert_true(fputs("a\n", file) >= 0);
        }
        assert_int_equal(fclose(file), 0);
        assert_int_equal(cut(&scene, 1, &jobs, &count),
                         more == 0 ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED);
        assert_int_equal(count, IMPORT_JOBS_MAX);
    }
    assert_string_equal(scene.call.error.message.data,
                        "more than 100000 jobs: take more rows into each");
    tear_down(&scene);
}

static void jobs_are_messages(void **state)
{
    const struct import_job job = {.id = TEXT("n/1"),
                                   .import_name = TEXT("n"),
                                   .total = 2,
                                   .directory = TEXT("/d"),
                                   .provider = TEXT("p"),
                                   .range = {TEXT("ratings.csv"), 10, 20, 3}};
    const struct import_result result = {.id = TEXT("n/1"),
                                         .import_name = TEXT("n"),
                                         .failed = true,
                                         .movies = 1,
                                         .votes = 2,
                                         .refused = 3,
                                         .worker = TEXT("w"),
                                         .reason = TEXT("r")};
    struct scene scene;
    struct text json;
    struct import_job job_again;
    struct import_result result_again;
    (void)state;
    set_up(&scene);
    assert_int_equal(import_job_encode(&scene.call, &job, &json), STATUS_OK);
    assert_string_equal(json.data,
                        "{\"jobId\":\"n/1\",\"import\":\"n\",\"total\":2,\"directory\":\"/d\","
                        "\"provider\":\"p\",\"file\":\"ratings.csv\",\"from\":10,\"end\":20,"
                        "\"line\":3}");
    assert_int_equal(import_job_decode(&scene.call, json, &job_again), STATUS_OK);
    assert_int_equal(import_job_encode(&scene.call, &job_again, &json), STATUS_OK);
    assert_true(text_starts_with(json, TEXT("{\"jobId\":\"n/1\",\"import\":\"n\",\"total\":2,")));
    assert_int_equal(job_again.range.line, 3);
    assert_int_equal(import_result_encode(&scene.call, &result, &json), STATUS_OK);
    assert_string_equal(json.data,
                        "{\"jobId\":\"n/1\",\"import\":\"n\",\"state\":\"failed\",\"movies\":1,"
                        "\"votes\":2,\"refused\":3,\"worker\":\"w\",\"reason\":\"r\"}");
    assert_int_equal(import_result_decode(&scene.call, json, &result_again), STATUS_OK);
    assert_true(result_again.failed);
    assert_int_equal(result_again.refused, 3);
    tear_down(&scene);
}

#define JOB(file, from, end)                                                                       \
    "{\"jobId\":\"n/1\",\"import\":\"n\",\"total\":2,\"directory\":\"/d\",\"provider\":\"p\","     \
    "\"file\":" file ",\"from\":" from ",\"end\":" end ",\"line\":3}"

static void what_is_no_job_is_refused(void **state)
{
    static const struct {
        const char *json;
        const char *why;
    } cases[] = {
        {"[]", "a job is an object, not an array"},
        {"{}", "jobId must be a string, not nothing"},
        {JOB("\"../x.csv\"", "1", "2"), "file is neither movies.csv nor ratings.csv"},
        {JOB("7", "1", "2"), "file must be a string, not a number"},
        {JOB("\"ratings.csv\"", "-1", "2"), "from must be a number from 0 on"},
        {JOB("\"ratings.csv\"", "3", "2"), "the range ends before it begins"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct scene scene;
        struct import_job job;
        set_up(&scene);
        assert_int_equal(import_job_decode(&scene.call, text_of(cases[i].json), &job),
                         STATUS_INVALID_ARGUMENT);
        assert_string_equal(scene.call.error.message.data, cases[i].why);
        tear_down(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_of_whole_rows),
        cmocka_unit_test(files_must_be_there),
        cmocka_unit_test(there_are_not_more_jobs_than_may_be),
        cmocka_unit_test(jobs_are_messages),
        cmocka_unit_test(what_is_no_job_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

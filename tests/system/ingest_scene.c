#include "system/ingest_scene.h"

#include <stdlib.h>

#include "support/cmocka_test.h"

enum { ASK_MS = 5000 };

static void make_argument(char argument[static INGEST_SCENE_PATH_BYTES], const char *name,
                          const char *value)
{
    int length = snprintf(argument, INGEST_SCENE_PATH_BYTES, "--%s=%s", name, value);
    assert_true(length > 0 && length < INGEST_SCENE_PATH_BYTES);
}

static void make_path(char path[static INGEST_SCENE_PATH_BYTES], const char *directory,
                      const char *name)
{
    int length = snprintf(path, INGEST_SCENE_PATH_BYTES, "%s/%s", directory, name);
    assert_true(length > 0 && length < INGEST_SCENE_PATH_BYTES);
}

void ingest_scene_open(struct ingest_scene *scene, uint64_t seed)
{
    memset(scene, 0, sizeof(*scene));
    scratch_directory_make(scene->directory);
    make_path(scene->store, scene->directory, "rating");
    make_path(scene->log, scene->directory, "eventlog");
    make_path(scene->events, scene->directory, "events.jsonl");
    rating_oracle_init(&scene->oracle, seed);
}

void ingest_scene_close(struct ingest_scene *scene)
{
    for (unsigned i = 0; i < INGEST_SCENE_RATINGS_MAX; i++) {
        if (scene->ratings[i].id != 0) {
            service_process_stop(&scene->ratings[i]);
        }
    }
    scratch_directory_remove(scene->directory);
}

void ingest_scene_start(struct ingest_scene *scene, unsigned rating, const char *more)
{
    static const char *const names[INGEST_SCENE_RATINGS_MAX] = {"rating-0", "rating-1"};
    char store[INGEST_SCENE_PATH_BYTES];
    char log[INGEST_SCENE_PATH_BYTES];
    make_argument(store, "data", scene->store);
    make_argument(log, "event-log-directory", scene->log);
    const char *const arguments[] = {"--listen=127.0.0.1:0",
                                     "--registry=",
                                     "--threads=1",
                                     "--ingest-batch=20",
                                     "--rating-step=0.01",
                                     store,
                                     log,
                                     more,
                                     NULL};
    service_process_start(&scene->ratings[rating], scene->directory, names[rating],
                          "marquee-rating", arguments, NULL);
}

static void ingest(struct ingest_scene *scene)
{
    struct service_process process = {.id = 0};
    char log[INGEST_SCENE_PATH_BYTES];
    make_argument(log, "event-log-directory", scene->log);
    const char *const arguments[] = {"ingest", "--raw", log, scene->events, NULL};
    service_process_start(&process, scene->directory, "ingest", "marquee", arguments, NULL);
    assert_int_equal(service_process_await_end(&process, SERVICE_WAIT_MS), 0);
    service_process_kill(&process);
}

void ingest_scene_append(struct ingest_scene *scene, unsigned count)
{
    FILE *file = fopen(scene->events, "we");
    assert_non_null(file);
    for (unsigned i = 0; i < count; i++) {
        rating_oracle_write_event(&scene->oracle, file);
    }
    assert_int_equal(fclose(file), 0);
    ingest(scene);
    scene->total += count;
}

void ingest_scene_append_lines(struct ingest_scene *scene, const char *lines)
{
    FILE *file = fopen(scene->events, "we");
    assert_non_null(file);
    assert_true(fputs(lines, file) >= 0);
    assert_int_equal(fclose(file), 0);
    ingest(scene);
}

void ingest_scene_append_last(struct ingest_scene *scene)
{
    FILE *file = fopen(scene->events, "we");
    assert_non_null(file);
    for (unsigned user = 0; user < ORACLE_USERS; user++) {
        (void)fprintf(file, "{\"userId\":\"user-%u\",\"recordId\":\"\"}\n", user);
        scene->oracle.bad_count++;
    }
    assert_int_equal(fclose(file), 0);
    ingest(scene);
}

static int64_t find_sample(struct text page, const char *name)
{
    while (page.data != NULL) {
        struct text line = text_next(&page, '\n');
        uint64_t value;
        if (text_equal(text_next(&line, ' '), text_of(name)) && text_to_u64(line, &value)) {
            return (int64_t)value;
        }
    }
    return -1;
}

int64_t ingest_scene_metric(struct ingest_scene *scene, unsigned rating, const char *name)
{
    struct test_call test;
    test_call_init(&test, ASK_MS);
    struct wire_reply reply = wire_http_get(&test.call, scene->ratings[rating].address, "/metrics");
    int64_t value = find_sample(reply.body, name);
    test_call_deinit(&test);
    return value;
}

/* Rises as long as anything is applied. */
static int64_t progress(struct ingest_scene *scene, int letters)
{
    int64_t sum = letters;
    for (unsigned i = 0; i < INGEST_SCENE_RATINGS_MAX; i++) {
        if (scene->ratings[i].id != 0 && !scene->ratings[i].ended) {
            sum += ingest_scene_metric(scene, i, "marquee_ingested_events_total");
        }
    }
    return sum;
}

void ingest_scene_await_all(struct ingest_scene *scene, unsigned rating, struct rpc_client *client)
{
    struct test_call test;
    int64_t last = -1;
    int letters = rating_oracle_count_dead_letters(client);
    test_call_init(&test, SERVICE_WAIT_MS);
    while (letters < (int)scene->oracle.bad_count ||
           ingest_scene_metric(scene, rating, "marquee_ingestion_up") != 1) {
        int64_t now = progress(scene, letters);
        if (now != last) {
            test_call_again(&test, SERVICE_WAIT_MS); /* a busy disk makes it slow, not wrong */
            last = now;
        }
        assert_int_equal(call_check(&test.call), STATUS_OK);
        letters = rating_oracle_count_dead_letters(client);
    }
    test_call_deinit(&test);
}

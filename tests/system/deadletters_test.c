/* marquee deadletters, as it is typed: listed, shown, mended, retried. */
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "system/ingest_scene.h"

#define LINE_OF(user, value)                                                                       \
    "{\"userId\":\"" user "\",\"recordId\":\"tt1\",\"recordType\":\"movie\",\"value\":" value      \
    ",\"providerId\":\"p\",\"eventType\":\"put\"}\n"

enum { ARGUMENTS_MAX = 8, PLACE_BYTES = 64 };

struct deadletters_scene {
    struct ingest_scene ingest;
    char place[PLACE_BYTES]; /* of the dead letter that can be mended */
    char output[4096];       /* of the last command */
};

/* Runs `marquee deadletters ARGUMENTS` (NULL ends) and keeps what it says. */
static void run_command(struct deadletters_scene *scene, int want_exit,
                        const char *const arguments[static 1])
{
    struct service_process process = {.id = 0};
    char rating[512];
    const char *all[ARGUMENTS_MAX + 3] = {"deadletters", rating};
    (void)snprintf(rating, sizeof(rating), "--rating=%s", scene->ingest.ratings[0].address);
    for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i] != NULL; i++) {
        all[i + 2] = arguments[i];
    }
    service_process_start(&process, scene->ingest.directory, "command", "marquee", all, NULL);
    int exit_status = service_process_await_end(&process, SERVICE_WAIT_MS);
    struct text log = buffer_text(&process.log);
    assert_true(text_to_c_string(log, scene->output, sizeof(scene->output)));
    service_process_kill(&process);
    if (exit_status != want_exit) {
        fail_msg("exit status %d, not %d: %s", exit_status, want_exit, scene->output);
    }
}

#define RUN(scene, want_exit, ...)                                                                 \
    run_command(scene, want_exit, (const char *const[]){__VA_ARGS__, NULL})

static void assert_said(const struct deadletters_scene *scene, const char *words)
{
    if (strstr(scene->output, words) == NULL) {
        fail_msg("'%s' is not in: %s", words, scene->output);
    }
}

/* The place that begins the line with these words. */
static void find_place(struct deadletters_scene *scene, const char *words)
{
    struct text rest = text_of(scene->output);
    while (rest.data != NULL) {
        struct text line = text_next(&rest, '\n');
        char copy[512];
        if (text_to_c_string(line, copy, sizeof(copy)) && strstr(copy, words) != NULL) {
            struct text place = text_next(&line, ' ');
            assert_true(text_to_c_string(place, scene->place, sizeof(scene->place)));
            return;
        }
    }
    fail_msg("no line with '%s' in: %s", words, scene->output);
}

static void set_aside_two(struct deadletters_scene *scene)
{
    struct rpc_client client;
    struct test_call test;
    ingest_scene_append_lines(&scene->ingest,
                              "this is no event\n" LINE_OF("u", "11") LINE_OF("v", "5"));
    rpc_client_open_one(&client, scene->ingest.ratings[0].address);
    test_call_init(&test, SERVICE_WAIT_MS);
    while (rating_oracle_count_dead_letters(&client) != 2) {
        assert_int_equal(call_check(&test.call), STATUS_OK);
    }
    test_call_deinit(&test);
    rpc_client_close(&client);
}

static void list_and_show(struct deadletters_scene *scene)
{
    RUN(scene, 0, "list");
    assert_said(scene, "malformed JSON at line 1, column 1: not a value  this is no event\n");
    find_place(scene, "a rating must be 0 to 10 points");
    assert_said(scene, "...\n"); /* cut */
    RUN(scene, 0, "show", scene->place);
    assert_said(scene, scene->place);
    assert_said(scene, "\na rating must be 0 to 10 points\n" LINE_OF("u", "11"));
    RUN(scene, 0, "show", "--json", scene->place);
    assert_said(scene, "{\"deadLetter\":{\"topic\":\"ratings\"");
}

static void refuse_what_is_not_meant(struct deadletters_scene *scene)
{
    RUN(scene, 2, "show");
    assert_said(scene, "'' is not TOPIC/PARTITION@OFFSET, such as ratings/3@1207");
    RUN(scene, 2, "retry", "ratings/x@1");
    RUN(scene, 2, "drop", scene->place);
    assert_said(scene, "'drop' is not list, show or retry");
    RUN(scene, 2, "list", scene->place);
    RUN(scene, 2, "retry", "--all", scene->place);
    RUN(scene, 2, "retry", "--all", "--event={}");
    RUN(scene, 2, "retry", "--event={}", "--edit=file", scene->place);
    RUN(scene, 2, "retry", "--edit=no-such-file", scene->place);
    RUN(scene, 3, "show", "ratings/0@99");
    assert_said(scene, "there is no dead letter ratings/0@99");
}

static void run_deadletters(void *argument)
{
    struct deadletters_scene *scene = argument;
    char edit[INGEST_SCENE_PATH_BYTES + 16];
    ingest_scene_open(&scene->ingest, 31);
    ingest_scene_start(&scene->ingest, 0, NULL);
    service_process_await_ready(&scene->ingest.ratings[0]);
    set_aside_two(scene);
    list_and_show(scene);
    refuse_what_is_not_meant(scene);

    RUN(scene, 1, "retry", scene->place);
    assert_said(scene, "not applied: a rating must be 0 to 10 points");
    RUN(scene, 1, "retry", "--event=[]", scene->place);
    assert_said(scene, "not applied: an event is an object, not an array");
    RUN(scene, 1, "retry", "--all");
    assert_said(scene, "0 applied, 2 failed again");

    FILE *file = fopen(scene->ingest.events, "we");
    assert_non_null(file);
    assert_true(fputs(LINE_OF("u", "9"), file) >= 0);
    assert_int_equal(fclose(file), 0);
    (void)snprintf(edit, sizeof(edit), "--edit=%s", scene->ingest.events);
    RUN(scene, 0, "retry", edit, scene->place);
    assert_said(scene, "applied");
    RUN(scene, 3, "show", scene->place);
    RUN(scene, 1, "retry", "--all", "--json");
    assert_said(scene, "{\"applied\":0,\"failed\":1,\"nextPageToken\":\"\"}");

    struct rpc_client client;
    struct test_call test;
    GetRatingSummaryResponse *summary;
    rpc_client_open_one(&client, scene->ingest.ratings[0].address);
    test_call_init(&test, SERVICE_WAIT_MS);
    assert_int_equal(rpc_client_get_summary(&client, &test.call, "tt1", &summary), STATUS_OK);
    assert_int_equal(summary->count, 2);
    assert_true(summary->mean == 7);
    test_call_deinit(&test);
    rpc_client_close(&client);
    ingest_scene_close(&scene->ingest);
}

static void deadletters_are_mended(void **state)
{
    static struct deadletters_scene scene;
    (void)state;
    in_fiber(run_deadletters, &scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadletters_are_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

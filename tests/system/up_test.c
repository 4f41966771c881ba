/* `marquee up`: everything from one command, in an empty directory. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/free_addresses.h"
#include "support/in_fiber.h"

enum { PARTS = 7, ARGUMENT_BYTES = HTTP_ADDRESS_BYTES_MAX + 64, PROGRAM_ARGUMENTS_MAX = 15 };

static const char *const parts[PARTS] = {"registry", "metadata",       "rating", "movie",
                                         "review",   "recommendation", "dns"};
enum { REGISTRY, METADATA, RATING, MOVIE, REVIEW, RECOMMENDATION };

struct scene {
    char directory[SCRATCH_PATH_BYTES];
    char addresses[PARTS][HTTP_ADDRESS_BYTES_MAX];
    struct service_process up;
    struct test_call test;
};

static void open_scene(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    scratch_directory_make(scene->directory);
    free_addresses_choose(scene->addresses, PARTS);
    test_call_init(&scene->test, 0);
}

static void close_scene(struct scene *scene)
{
    test_call_deinit(&scene->test);
    scratch_directory_remove(scene->directory);
}

/* extra: one more argument, or NULL. */
static void start(struct scene *scene, const char *extra)
{
    char texts[PARTS + 1][ARGUMENT_BYTES];
    const char *arguments[PROGRAM_ARGUMENTS_MAX] = {"up"};
    size_t count = 1;
    (void)snprintf(texts[PARTS], ARGUMENT_BYTES, "--data=%s/var", scene->directory);
    arguments[count++] = texts[PARTS];
    for (size_t i = 0; i < PARTS; i++) {
        (void)snprintf(texts[i], ARGUMENT_BYTES, "--listen-%s=%s", parts[i], scene->addresses[i]);
        arguments[count++] = texts[i];
    }
    arguments[count++] = extra;
    arguments[count] = NULL;
    service_process_start(&scene->up, scene->directory, "up", "marquee", arguments, NULL);
}

static void await(struct scene *scene, const char *words, size_t from)
{
    if (!service_process_await(&scene->up, words, from)) {
        fail_msg("waited in vain for \"%s\": %.*s", words,
                 TEXT_ARGUMENTS(buffer_text(&scene->up.log)));
    }
}

/* SIGTERM ends it and all that it started. */
static void stop(struct scene *scene)
{
    service_process_signal(&scene->up, SIGTERM);
    assert_int_equal(service_process_await_end(&scene->up, SERVICE_WAIT_MS), 0);
    service_process_kill(&scene->up);
}

/* The process that the line "NAME started (process N)" tells last. */
static pid_t child_of(const struct scene *scene, const char *name)
{
    struct text rest = buffer_text(&scene->up.log);
    uint64_t id = 0;
    while (rest.data != NULL) {
        struct text line = text_next(&rest, '\n');
        size_t at = text_find(line, 0, '(');
        if (text_starts_with(line, text_of(name)) &&
            text_starts_with(text_slice(line, at, line.length), TEXT("(process "))) {
            struct text digits = text_slice(line, at + strlen("(process "), line.length);
            assert_true(text_to_u64(text_next(&digits, ')'), &id));
        }
    }
    assert_true(id > 1);
    return (pid_t)id;
}

static struct text ask(struct scene *scene, size_t part, const char *target)
{
    struct wire_reply reply = wire_http_get(&scene->test.call, scene->addresses[part], target);
    if (reply.status != 200) {
        fail_msg("%s: %d %.*s\n%.*s", target, reply.status, TEXT_ARGUMENTS(reply.body),
                 TEXT_ARGUMENTS(buffer_text(&scene->up.log)));
    }
    return reply.body;
}

/* The sample's events are ingested after the start: until they are, the movie has no votes. */
static struct text await_sample(struct scene *scene)
{
    struct call call = call_within(&scene->test.call, SERVICE_WAIT_MS);
    struct text body = ask(scene, MOVIE, "/movie?id=tt0133093");
    while (!wire_http_holds(body, "\"ratingCount\":24")) {
        assert_int_equal(call_check(&call), STATUS_OK);
        body = ask(scene, MOVIE, "/movie?id=tt0133093");
    }
    return body;
}

static void like(struct scene *scene)
{
    static const char want[] = "{\"likeCount\":1}";
    struct wire_reply reply = wire_http_ask(&scene->test.call, scene->addresses[REVIEW], "PUT",
                                            "/like?id=m&type=movie&userId=ann", "", NULL);
    assert_int_equal(reply.status, 200);
    assert_true(text_equal(reply.body, text_of(want)));
}

static void expect_liked(struct scene *scene)
{
    assert_true(wire_http_holds(ask(scene, REVIEW, "/like?id=m&type=movie&userId=ann"),
                                "{\"likeCount\":1,\"liked\":true"));
}

static void run_twice_with_a_death(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene);
    start(scene, NULL);
    await(scene, "Marquee is up.", 0);
    struct text first = await_sample(scene);
    assert_true(wire_http_holds(first, "\"title\":\"The Matrix\""));
    like(scene);

    size_t before = scene->up.log.length;
    assert_int_equal(kill(child_of(scene, "marquee-rating"), SIGKILL), 0);
    await(scene, "restarting in", before);
    await(scene, "marquee-rating          ready", before);
    assert_true(text_equal(await_sample(scene), first));
    stop(scene);

    start(scene, NULL);
    await(scene, "Marquee is up.", 0);
    assert_true(text_equal(await_sample(scene), first));
    expect_liked(scene);
    stop(scene);
    close_scene(scene);
}

static void run_without_restart(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene);
    start(scene, "--no-restart");
    await(scene, "Marquee is up.", 0);
    (void)await_sample(scene);
    size_t before = scene->up.log.length;
    assert_int_equal(kill(child_of(scene, "marquee-rating"), SIGKILL), 0);
    await(scene, "marquee-rating          died", before);
    struct text body = ask(scene, MOVIE, "/movie?id=tt0133093");
    assert_true(wire_http_holds(body, "\"ratingState\":\"UNAVAILABLE\""));
    assert_false(wire_http_holds(buffer_text(&scene->up.log), "restarting"));
    stop(scene);
    close_scene(scene);
}

static void run_single_process(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene);
    start(scene, "--single-process");
    await(scene, "Marquee is up.", 0);
    (void)await_sample(scene);
    assert_true(wire_http_holds(ask(scene, METADATA, "/metadata?id=tt0133093"), "The Matrix"));
    assert_true(wire_http_holds(buffer_text(&scene->up.log), "marquee-single"));
    like(scene);
    expect_liked(scene);
    stop(scene);
    close_scene(scene);
}

/* The movie service answers from its copy while the rating service is dead. */
static void run_local_ratings(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene);
    start(scene, "--rating-source=local");
    await(scene, "Marquee is up.", 0);
    (void)await_sample(scene);
    size_t before = scene->up.log.length;
    assert_int_equal(kill(child_of(scene, "marquee-rating"), SIGKILL), 0);
    await(scene, "marquee-rating          died", before);
    struct text body = ask(scene, MOVIE, "/movie?id=tt0133093");
    assert_true(wire_http_holds(body, "\"ratingCount\":24,\"ratingSource\":\"LOCAL\""));
    stop(scene);
    close_scene(scene);
}

/* One process has nobody to be notified by. */
static void run_single_process_asks(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene);
    assert_int_equal(setenv("MARQUEE_RATING_SOURCE", "cached", 1), 0);
    start(scene, "--single-process");
    assert_int_equal(unsetenv("MARQUEE_RATING_SOURCE"), 0);
    assert_int_equal(service_process_await_end(&scene->up, SERVICE_WAIT_MS), 2);
    assert_true(wire_http_holds(buffer_text(&scene->up.log),
                                "--rating-source cached is not for --single-process"));
    service_process_kill(&scene->up);
    close_scene(scene);
}

static void run_port_in_use(void *argument)
{
    struct scene *scene = argument;
    struct service_process holder = {.id = 0};
    char listen_argument[ARGUMENT_BYTES];
    open_scene(scene);
    (void)snprintf(listen_argument, sizeof(listen_argument), "--listen=%s",
                   scene->addresses[METADATA]);
    const char *const arguments[] = {listen_argument, "--registry=", "--store=memory", NULL};
    service_process_start(&holder, scene->directory, "holder", "marquee-metadata", arguments, NULL);
    service_process_await_ready(&holder);
    start(scene, NULL);
    assert_int_equal(service_process_await_end(&scene->up, SERVICE_WAIT_MS), 1);
    assert_true(wire_http_holds(buffer_text(&scene->up.log), scene->addresses[METADATA]));
    service_process_kill(&scene->up);
    service_process_stop(&holder);
    close_scene(scene);
}

static void in_scene(fiber_fn run)
{
    in_fiber_with(run, sizeof(struct scene));
}

static void twice_with_a_death(void **state)
{
    (void)state;
    in_scene(run_twice_with_a_death);
}

static void without_restart(void **state)
{
    (void)state;
    in_scene(run_without_restart);
}

static void single_process(void **state)
{
    (void)state;
    in_scene(run_single_process);
}

static void local_ratings(void **state)
{
    (void)state;
    in_scene(run_local_ratings);
}

static void single_process_asks(void **state)
{
    (void)state;
    in_scene(run_single_process_asks);
}

static void port_in_use(void **state)
{
    (void)state;
    in_scene(run_port_in_use);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twice_with_a_death),  cmocka_unit_test(without_restart),
        cmocka_unit_test(single_process),      cmocka_unit_test(local_ratings),
        cmocka_unit_test(single_process_asks), cmocka_unit_test(port_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

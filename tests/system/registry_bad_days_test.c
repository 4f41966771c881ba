/* The registry on bad days: a full disk, damaged data, a wall clock that is set. It says so, and
 * goes on. */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/wire_http.h"
#include "system/registry_scene.h"

/* A full disk */

static void limit_files(struct registry_scene *scene, rlim_t bytes)
{
    struct rlimit limit;
    pid_t id = (pid_t)scene->registry.service.id;
    assert_int_equal(prlimit(id, RLIMIT_FSIZE, NULL, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(prlimit(id, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void run_full_disk(void *argument)
{
    enum { FILE_BYTES = 128 * 1024, MANY = 400 };
    char id[SCENE_TEXT_BYTES_MAX];
    struct registry_scene *scene = argument;
    struct text body;
    unsigned confirmed = 0;
    registry_scene_open(scene);
    registry_process_start(&scene->registry, NULL);
    assert_int_equal(registry_scene_put(
                         scene, "/v1/agent/service/register",
                         "{\"Name\":\"beats\",\"Check\":{\"TTL\":\"60s\",\"Status\":\"passing\"}}"),
                     200);
    limit_files(scene, FILE_BYTES);
    int status = 200;
    while (status == 200) {
        assert_true(confirmed < MANY);
        (void)snprintf(id, sizeof(id), "i%u", confirmed);
        status = registry_scene_register(scene, id);
        confirmed += status == 200;
    }
    assert_true(confirmed > 0);
    assert_int_equal(status, 503);
    /* Others are served, and heartbeats; the write holds, for as long as the process lives. */
    assert_int_equal(registry_scene_put(scene, "/v1/agent/check/pass/service:beats", NULL), 200);
    (void)snprintf(id, sizeof(id), "/v1/agent/service/i%u", confirmed);
    assert_int_equal(registry_scene_ask(scene, "GET", id, NULL, NULL), 200);
    assert_int_equal(
        registry_scene_ask(scene, "PUT", "/v1/agent/service/deregister/i0", NULL, &body), 503);
    assert_true(wire_http_holds(body, "not saved"));
    assert_int_equal(registry_scene_put(scene, "/v1/agent/service/deregister/i0", NULL), 503);
    assert_int_equal(registry_scene_register(scene, "later"), 503);
    assert_int_equal(registry_scene_count_lines(scene, "cannot be saved"), 1);
    assert_int_equal(registry_scene_ask(scene, "GET", "/metrics", NULL, &body), 200);
    assert_true(wire_http_holds(body, "\nmarquee_registry_saving 0\n"));
    limit_files(scene, RLIM_INFINITY);
    assert_true(service_process_await(&scene->registry.service, "is saved again", 0));
    assert_int_equal(registry_scene_put(scene, "/v1/agent/service/deregister/i0", NULL), 404);
    assert_int_equal(registry_scene_register(scene, "later"), 200);
    registry_process_kill(&scene->registry);
    registry_process_start(&scene->registry, NULL);
    for (unsigned i = 0; i <= confirmed; i++) {
        (void)snprintf(id, sizeof(id), "/v1/agent/service/i%u", i);
        assert_int_equal(registry_scene_ask(scene, "GET", id, NULL, NULL), i == 0 ? 404 : 200);
    }
    assert_int_equal(registry_scene_ask(scene, "GET", "/v1/agent/service/later", NULL, NULL), 200);
    registry_scene_close(scene);
}

/* What was kept is damaged */

static void damage_file(struct registry_scene *scene)
{
    char path[SCENE_TEXT_BYTES_MAX];
    (void)snprintf(path, sizeof(path), "%s/kept/registry.sqlite", scene->registry.directory);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    off_t bytes = lseek(fd, 0, SEEK_END);
    assert_true(bytes > 4096);
    assert_int_equal(ftruncate(fd, bytes - 4096), 0);
    (void)close(fd);
}

static void run_damage(void *argument)
{
    struct registry_scene *scene = argument;
    struct text services;
    registry_scene_open(scene);
    registry_process_start(&scene->registry, NULL);
    assert_int_equal(registry_scene_register(scene, "a"), 200);
    service_process_stop(&scene->registry.service);
    damage_file(scene);
    registry_process_start(&scene->registry, NULL);
    assert_int_equal(registry_scene_count_lines(scene, "damaged: begins with nothing"), 1);
    assert_int_equal(registry_scene_count_lines(scene, "kept.damaged-2"), 1);
    assert_int_equal(registry_scene_ask(scene, "GET", "/v1/agent/services", NULL, &services), 200);
    assert_true(text_equal(services, TEXT("{}")));
    assert_int_equal(registry_scene_register(scene, "b"), 200);
    registry_process_kill(&scene->registry);
    registry_process_start(&scene->registry, NULL);
    assert_int_equal(registry_scene_ask(scene, "GET", "/v1/agent/service/b", NULL, NULL), 200);
    registry_scene_close(scene);
}

/* A wall clock that is set */

static void set_clock(struct registry_scene *scene, const char *shift)
{
    char path[SCENE_TEXT_BYTES_MAX];
    char draft[SCENE_TEXT_BYTES_MAX];
    (void)snprintf(path, sizeof(path), "%s/clock", scene->registry.directory);
    (void)snprintf(draft, sizeof(draft), "%s/clock-draft", scene->registry.directory);
    FILE *file = fopen(draft, "we");
    assert_non_null(file);
    assert_true(fprintf(file, "%s\n", shift) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(draft, path), 0);
}

static uint64_t index_now(struct registry_scene *scene)
{
    struct call call = call_within(&scene->call, SCENE_CALL_MS);
    uint64_t index;
    struct wire_reply reply =
        wire_http_get(&call, scene->registry.service.address, "/v1/health/state/any");
    assert_true(text_to_u64(wire_http_header(&reply, "x-consul-index"), &index));
    return index;
}

static void beat_while_the_clock_is_set(struct registry_scene *scene)
{
    static const char *const shifts[] = {"+0", "+1d", "-1d", "+3650d", "-3650d", "+0"};
    uint64_t index = index_now(scene);
    for (size_t i = 0; i < ARRAY_LENGTH(shifts); i++) {
        char id[SCENE_TEXT_BYTES_MAX];
        set_clock(scene, shifts[i]);
        for (unsigned beat = 0; beat < 10; beat++) {
            struct call call = call_within(&scene->call, SCENE_CALL_MS);
            assert_int_equal(registry_scene_put(scene, "/v1/agent/check/pass/beats", NULL), 200);
            assert_string_equal(registry_scene_check_status(scene, "beats"), "passing");
            assert_int_equal(fiber_sleep(&call, 50 * CLOCK_NS_PER_MS), STATUS_OK);
        }
        (void)snprintf(id, sizeof(id), "check%zu", i);
        registry_scene_register_looked_at(scene, id, "127.0.0.1:1", "1s");
        assert_true(index_now(scene) > index);
        index = index_now(scene);
    }
}

/* Silent from now on, it is critical after its TTL, not sooner nor later, wherever the clock goes.
 */
static void expire_while_the_clock_is_set(struct registry_scene *scene)
{
    assert_int_equal(registry_scene_put(scene, "/v1/agent/check/pass/beats", NULL), 200);
    int64_t began_ns = clock_monotonic_ns();
    bool is_forward = false;
    while (strcmp(registry_scene_check_status(scene, "beats"), "passing") == 0) {
        struct call call = call_within(&scene->call, SCENE_CALL_MS);
        set_clock(scene, is_forward ? "+1d" : "-1d");
        is_forward = !is_forward;
        assert_int_equal(fiber_sleep(&call, 50 * CLOCK_NS_PER_MS), STATUS_OK);
        assert_true(clock_monotonic_ns() - began_ns < 10 * CLOCK_NS_PER_S);
    }
    assert_true(clock_monotonic_ns() - began_ns > 2900 * CLOCK_NS_PER_MS);
}

static void run_clock(void *argument)
{
    struct registry_scene *scene = argument;
    char preload[SCENE_TEXT_BYTES_MAX];
    char file[SCENE_TEXT_BYTES_MAX];
    const char *const environment[] = {preload, file, "FAKETIME_NO_CACHE=1",
                                       "FAKETIME_DONT_FAKE_MONOTONIC=1", NULL};
    registry_scene_open(scene);
    (void)snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", scene->faketime);
    (void)snprintf(file, sizeof(file), "FAKETIME_TIMESTAMP_FILE=%s/clock",
                   scene->registry.directory);
    scene->registry.environment = environment;
    set_clock(scene, "-3650d");
    registry_process_start(&scene->registry, NULL);
    /* It is in the past, indeed. */
    char now[CLOCK_TIME_TEXT_BYTES];
    struct text year = text_slice(clock_format(clock_wall_ms(), now), 0, 4);
    assert_false(
        wire_http_holds(buffer_text(&scene->registry.service.log),
                        arena_format(&scene->arena, "time=%.*s", TEXT_ARGUMENTS(year)).data));
    assert_int_equal(
        registry_scene_put(scene, "/v1/agent/service/register",
                           "{\"Name\":\"beats\",\"Check\":{\"CheckID\":\"beats\",\"TTL\":\"3s\","
                           "\"Status\":\"passing\","
                           "\"DeregisterCriticalServiceAfter\":\"1m\"}}"),
        200);
    beat_while_the_clock_is_set(scene);
    expire_while_the_clock_is_set(scene);
    uint64_t index = index_now(scene);
    set_clock(scene, "-3650d");
    registry_process_kill(&scene->registry);
    registry_process_start(&scene->registry, NULL);
    assert_true(index_now(scene) > index);
    assert_string_equal(registry_scene_check_status(scene, "beats"), "critical");
    set_clock(scene, "+3650d");
    registry_process_kill(&scene->registry);
    registry_process_start(&scene->registry, NULL);
    assert_string_equal(registry_scene_check_status(scene, "beats"), "critical");
    assert_int_equal(registry_scene_put(scene, "/v1/agent/check/pass/beats", NULL), 200);
    registry_scene_close(scene);
}

static void on_a_full_disk_it_goes_on(void **state)
{
    (void)state;
    registry_scene_run(run_full_disk);
}

static void damage_is_put_aside(void **state)
{
    (void)state;
    registry_scene_run(run_damage);
}

/* A sanitizer must be the first library, and would not be. */
static void a_clock_that_is_set_is_no_matter(void **state)
{
    glob_t found = {.gl_pathc = 0};
    struct registry_scene scene = {.faketime = NULL};
    (void)state;
    if (!MARQUEE_IS_SANITIZED &&
        glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, NULL, &found) == 0) {
        scene.faketime = found.gl_pathv[0];
        in_fiber(run_clock, &scene);
        globfree(&found);
        return;
    }
    print_message("skipped: needs libfaketime, and a build without sanitizers\n");
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_full_disk_it_goes_on),
        cmocka_unit_test(damage_is_put_aside),
        cmocka_unit_test(a_clock_that_is_set_is_no_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "system/registry_scene.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "http/tcp_connect.h"
#include "http/tcp_transport.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/wire_http.h"
#include "unit/http/raw_peer.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024 };

void registry_scene_open(struct registry_scene *scene)
{
    arena_init(&scene->arena, ARENA_BYTES_MAX);
    call_init(&scene->call, &scene->arena, 0);
    registry_process_open(&scene->registry);
}

void registry_scene_close(struct registry_scene *scene)
{
    registry_process_close(&scene->registry);
    arena_deinit(&scene->arena);
}

int registry_scene_ask(struct registry_scene *scene, const char *method, const char *target,
                       const char *body, struct text *ret_body)
{
    struct call call = call_within(&scene->call, SCENE_CALL_MS);
    return registry_process_ask(&scene->registry, &call, method, target, body, ret_body);
}

int registry_scene_put(struct registry_scene *scene, const char *target, const char *body)
{
    return registry_scene_ask(scene, "PUT", target, body, NULL);
}

int registry_scene_register(struct registry_scene *scene, const char *id)
{
    char body[2 * SCENE_TEXT_BYTES_MAX];
    (void)snprintf(body, sizeof(body), "{\"ID\":\"%s\",\"Name\":\"plain\",\"Port\":80}", id);
    return registry_scene_put(scene, "/v1/agent/service/register", body);
}

void registry_scene_connect(struct registry_scene *scene, struct raw_peer *peer)
{
    struct http_transport *transport;
    int fd;
    struct call call = call_within(&scene->call, SCENE_CALL_MS);
    assert_int_equal(
        tcp_connect(loop_current(), &call, text_of(scene->registry.service.address), &fd),
        STATUS_OK);
    assert_int_equal(tcp_transport_create(loop_current(), fd, &transport), STATUS_OK);
    raw_peer_open(peer, transport);
}

const char *registry_scene_check_status(struct registry_scene *scene, const char *id)
{
    struct call call = call_within(&scene->call, SCENE_CALL_MS);
    const struct json *checks = registry_process_get(&scene->registry, &call, "/v1/agent/checks");
    return arena_copy(&scene->arena, json_text_of(json_member(checks, id), "Status")).data;
}

void registry_scene_register_looked_at(struct registry_scene *scene, const char *id,
                                       const char *target, const char *timeout)
{
    char body[2 * SCENE_TEXT_BYTES_MAX];
    (void)snprintf(
        body, sizeof(body),
        "{\"ID\":\"%s\",\"Name\":\"%s\",\"Check\":{\"CheckID\":\"%s\",\"HTTP\":\"http://%s\","
        "\"Interval\":\"1s\",\"Timeout\":\"%s\"}}",
        id, id, id, target, timeout);
    assert_int_equal(registry_scene_put(scene, "/v1/agent/service/register", body), 200);
}

unsigned registry_scene_count_lines(struct registry_scene *scene, const char *words)
{
    struct text rest = buffer_text(&scene->registry.service.log);
    unsigned count = 0;
    while (rest.data != NULL) {
        count += wire_http_holds(text_next(&rest, '\n'), words);
    }
    return count;
}

void registry_scene_run(void (*story)(void *argument))
{
    struct registry_scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    in_fiber(story, scene);
    free(scene);
}

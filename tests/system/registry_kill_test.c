/* The registry is killed with SIGKILL while several clients write, again and again: what was
 * answered by 200 is there after the restart, and what was deregistered is not. The same rounds
 * without --data must show losses: else they would prove nothing.
 *
 * MARQUEE_REGISTRY_KILLS: how often, 50 unless said; MARQUEE_REGISTRY_SEED: for the same choices
 * again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/registry_process.h"

enum {
    KILLS_DEFAULT = 50,
    KILLS_WITHOUT_DATA = 3,
    WRITERS = 8,
    IDS = 6, /* of each writer, who alone writes them */
    ANSWERS_MAX = 60,
    CALL_MS = 20000,
    BODY_BYTES_MAX = 512,
    TARGET_BYTES_MAX = 128,
    ARENA_BYTES_MAX = 16 * 1024 * 1024,
};

/* What is known of one instance. */
struct fate {
    bool is_there;
    uint64_t version; /* in its Meta */
    bool is_failed;   /* its check */
    bool in_maintenance;
};

struct subject {
    struct fate confirmed;
    struct fate asked; /* by the write that has no answer yet; else the same */
};

struct scene;

struct writer {
    struct scene *scene;
    unsigned number;
    uint64_t random;
    struct subject subjects[IDS];
};

struct scene {
    struct registry_process registry;
    struct writer writers[WRITERS];
    const char *extra;
    bool is_killed;
    unsigned answers;
    unsigned awaited;
    struct fiber_wait progress;
    unsigned confirmed; /* of all rounds */
    unsigned lost;
    unsigned back_from_the_dead;
};

/* xorshift64 (Marsaglia 2003): the same choices for the same seed. */
static uint64_t choose(struct writer *writer, uint64_t bound)
{
    writer->random ^= writer->random << 13;
    writer->random ^= writer->random >> 7;
    writer->random ^= writer->random << 17;
    return writer->random % bound;
}

static void plan_registration(struct writer *writer, unsigned id, struct fate *fate,
                              char target[static TARGET_BYTES_MAX],
                              char body[static BODY_BYTES_MAX])
{
    /* What was told of it before stays. */
    fate->is_there = true;
    fate->version = choose(writer, 1000000);
    (void)snprintf(target, TARGET_BYTES_MAX, "/v1/agent/service/register");
    (void)snprintf(
        body, BODY_BYTES_MAX,
        "{\"ID\":\"w%u-%u\",\"Name\":\"s%u\",\"Port\":%u,\"Meta\":{\"version\":\"%" PRIu64
        "\"},\"Check\":{\"TTL\":\"1h\",\"Status\":\"passing\"}}",
        writer->number, id, writer->number % 3, 1000 + id, fate->version);
}

/* One write of any kind; body is empty where there is none. */
static void plan(struct writer *writer, unsigned id, struct fate *fate,
                 char target[static TARGET_BYTES_MAX], char body[static BODY_BYTES_MAX])
{
    uint64_t kind = fate->is_there ? choose(writer, 5) : 0;
    body[0] = '\0';
    if (kind == 0) {
        plan_registration(writer, id, fate, target, body);
    } else if (kind == 1) {
        *fate = (struct fate){.is_there = false};
        (void)snprintf(target, TARGET_BYTES_MAX, "/v1/agent/service/deregister/w%u-%u",
                       writer->number, id);
    } else if (kind == 2) {
        fate->in_maintenance = !fate->in_maintenance;
        (void)snprintf(target, TARGET_BYTES_MAX, "/v1/agent/service/maintenance/w%u-%u?enable=%s",
                       writer->number, id, fate->in_maintenance ? "true" : "false");
    } else {
        fate->is_failed = kind == 3;
        (void)snprintf(target, TARGET_BYTES_MAX, "/v1/agent/check/%s/service:w%u-%u",
                       fate->is_failed ? "fail" : "pass", writer->number, id);
    }
}

static void write_until_killed(void *argument)
{
    struct writer *writer = argument;
    struct scene *scene = writer->scene;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES_MAX);
    while (!scene->is_killed) {
        char target[TARGET_BYTES_MAX];
        char body[BODY_BYTES_MAX];
        struct call call;
        unsigned id = (unsigned)choose(writer, IDS);
        struct subject *subject = &writer->subjects[id];
        call_init(&call, &arena, CALL_MS);
        plan(writer, id, &subject->asked, target, body);
        int status = registry_process_ask(&scene->registry, &call, "PUT", target,
                                          body[0] != '\0' ? body : NULL, NULL);
        if (status == 0) {
            assert_true(scene->is_killed);
            break;
        }
        assert_int_equal(status, 200);
        subject->confirmed = subject->asked;
        scene->confirmed++;
        if (++scene->answers == scene->awaited) {
            fiber_wait_signal(&scene->progress);
        }
        arena_reset(&arena);
    }
    arena_deinit(&arena);
}

static bool fates_equal(const struct fate *first, const struct fate *second)
{
    if (!first->is_there || !second->is_there) {
        return first->is_there == second->is_there;
    }
    return first->version == second->version && first->is_failed == second->is_failed &&
           first->in_maintenance == second->in_maintenance;
}

static struct fate find_fate(const struct json *services, const struct json *checks,
                             const struct writer *writer, unsigned id)
{
    char name[TARGET_BYTES_MAX];
    struct fate fate = {.is_there = false};
    (void)snprintf(name, sizeof(name), "w%u-%u", writer->number, id);
    const struct json *service = json_member(services, name);
    if (service == NULL) {
        return fate;
    }
    fate.is_there = true;
    assert_true(text_to_u64(json_text_of(json_member(service, "Meta"), "version"), &fate.version));
    (void)snprintf(name, sizeof(name), "service:w%u-%u", writer->number, id);
    fate.is_failed =
        text_equal(json_text_of(json_member(checks, name), "Status"), TEXT("critical"));
    (void)snprintf(name, sizeof(name), "_service_maintenance:w%u-%u", writer->number, id);
    fate.in_maintenance = json_member(checks, name) != NULL;
    return fate;
}

/* After a restart. What had no answer may have been done or not; what was found is what is known
 * now. */
static void compare(struct scene *scene)
{
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, CALL_MS);
    const struct json *services =
        registry_process_get(&scene->registry, &call, "/v1/agent/services");
    const struct json *checks = registry_process_get(&scene->registry, &call, "/v1/agent/checks");
    for (unsigned i = 0; i < WRITERS; i++) {
        for (unsigned id = 0; id < IDS; id++) {
            struct subject *subject = &scene->writers[i].subjects[id];
            const struct fate found = find_fate(services, checks, &scene->writers[i], id);
            if (!fates_equal(&found, &subject->confirmed) &&
                !fates_equal(&found, &subject->asked)) {
                scene->lost += !found.is_there || subject->confirmed.is_there;
                scene->back_from_the_dead += found.is_there && !subject->confirmed.is_there;
            }
            subject->confirmed = found;
            subject->asked = found;
        }
    }
    arena_deinit(&arena);
}

static void run_round(struct scene *scene)
{
    struct fiber_group group;
    struct call call = {.deadline_ns = clock_monotonic_ns() + SERVICE_WAIT_MS * CLOCK_NS_PER_MS};
    scene->is_killed = false;
    scene->answers = 0;
    scene->awaited = 1 + (unsigned)choose(&scene->writers[0], ANSWERS_MAX);
    fiber_wait_init(&scene->progress);
    fiber_group_init(&group);
    for (unsigned i = 0; i < WRITERS; i++) {
        assert_int_equal(fiber_group_start(&group, write_until_killed, &scene->writers[i]),
                         STATUS_OK);
    }
    assert_int_equal(fiber_wait(&call, &scene->progress), STATUS_OK);
    scene->is_killed = true;
    registry_process_kill(&scene->registry);
    fiber_group_join(&group);
    registry_process_start(&scene->registry, scene->extra);
    compare(scene);
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    uint64_t number;
    return text_to_u64(text_of(getenv(variable)), &number) ? number : otherwise;
}

static void run_rounds(struct scene *scene, const char *extra, unsigned kills)
{
    uint64_t seed = number_of("MARQUEE_REGISTRY_SEED", 1 + random_below(UINT64_C(1) << 32));
    scene->extra = extra;
    registry_process_open(&scene->registry);
    for (unsigned i = 0; i < WRITERS; i++) {
        scene->writers[i] =
            (struct writer){.scene = scene, .number = i, .random = seed * (2 * i + 1)};
    }
    registry_process_start(&scene->registry, scene->extra);
    for (unsigned i = 0; i < kills; i++) {
        run_round(scene);
    }
    registry_process_close(&scene->registry);
    print_message("seed %" PRIu64 ": %u kills, %u writes confirmed, %u lost, %u came back\n", seed,
                  kills, scene->confirmed, scene->lost, scene->back_from_the_dead);
}

static void run_with_data(void *argument)
{
    struct scene *scene = argument;
    run_rounds(scene, NULL, (unsigned)number_of("MARQUEE_REGISTRY_KILLS", KILLS_DEFAULT));
    assert_int_equal(scene->lost, 0);
    assert_int_equal(scene->back_from_the_dead, 0);
}

static void run_without_data(void *argument)
{
    struct scene *scene = argument;
    run_rounds(scene, "--data=", KILLS_WITHOUT_DATA);
    assert_true(scene->lost > 0);
}

static void run(void (*story)(void *argument))
{
    in_fiber_with(story, sizeof(struct scene));
}

static void what_was_confirmed_is_there(void **state)
{
    (void)state;
    run(run_with_data);
}

static void without_data_the_rounds_show_losses(void **state)
{
    (void)state;
    run(run_without_data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_confirmed_is_there),
        cmocka_unit_test(without_data_the_rounds_show_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "followed_scene.h"

#include <stdlib.h>

#include "base/log.h"
#include "telemetry/telemetry.h"

enum { ARENA_BYTES_MAX = 16 * 1024 * 1024, TIMEOUT_MS = 60 * 1000, PAGE_BYTES = 64 * 1024 };

static const struct log silent = {.fd = -1, .level = LOG_ERROR};

static void open_follower(struct fixture *fixture)
{
    struct followed_recommendations_options options = {
        .feed = fake_vote_feed(fixture->fake),
        .settings = recommend_settings_default(),
        .log = &silent,
        .directory = text_of(fixture->directory),
    };
    options.settings.minimum_co_raters = 2;
    if (fixture->shrinkage != 0) {
        options.settings.shrinkage = fixture->shrinkage;
    }
    assert_int_equal(followed_recommendations_create(&fixture->call, &options, &fixture->followed),
                     STATUS_OK);
    fixture->port = followed_recommendations_port(fixture->followed);
}

static void close_follower(struct fixture *fixture)
{
    followed_recommendations_stop(fixture->followed);
    followed_recommendations_destroy(fixture->followed);
}

void run_followed(void *argument)
{
    struct fixture *fixture = argument;
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    fixture->fake = malloc(sizeof(*fixture->fake));
    assert_non_null(fixture->fake);
    fake_vote_feed_init(fixture->fake);
    open_follower(fixture);
    fixture->body(fixture);
    close_follower(fixture);
    free(fixture->fake);
    arena_deinit(&fixture->arena);
}

void start(struct fixture *fixture)
{
    assert_int_equal(followed_recommendations_start(fixture->followed), STATUS_OK);
}

void reopen(struct fixture *fixture)
{
    close_follower(fixture);
    open_follower(fixture);
}

void vote_alike(struct fixture *fixture, const char *first, const char *second)
{
    static const char *const users[] = {"ann", "bob", "cid"};
    for (size_t i = 0; i < ARRAY_LENGTH(users); i++) {
        fake_vote_feed_vote(fixture->fake, users[i], first, 900);
        fake_vote_feed_vote(fixture->fake, users[i], second, 1000);
        fake_vote_feed_vote(fixture->fake, users[i], "bad", 0);
    }
}

enum status ask_for(struct fixture *fixture, const char *user)
{
    arena_reset(&fixture->arena);
    call_clear_error(&fixture->call);
    return fixture->port.ops->list_for_user(fixture->port.state, &fixture->call, text_of(user), 10,
                                            &fixture->list);
}

enum status ask_like(struct fixture *fixture, const char *record)
{
    arena_reset(&fixture->arena);
    call_clear_error(&fixture->call);
    return fixture->port.ops->list_similar(fixture->port.state, &fixture->call, text_of(record), 10,
                                           &fixture->list);
}

static void give_way(struct fixture *fixture)
{
    assert_int_equal(call_check(&fixture->call), STATUS_OK);
    fiber_give_way();
}

void await_votes(struct fixture *fixture, uint64_t votes)
{
    struct recommendation_basis basis = {.waiting = 1};
    while (basis.votes != votes || basis.waiting > 0) {
        give_way(fixture);
        if (fixture->port.ops->get_basis(fixture->port.state, &fixture->call, &basis) !=
            STATUS_OK) {
            basis.waiting = 1;
        }
    }
    call_clear_error(&fixture->call);
}

void await_refusals(struct fixture *fixture, unsigned refusals)
{
    while (fixture->fake->refused < refusals) {
        give_way(fixture);
    }
}

void await_rest(struct fixture *fixture)
{
    while (fixture->fake->waiting == 0) {
        give_way(fixture);
    }
}

void assert_first(const struct fixture *fixture, const char *record)
{
    assert_true(fixture->list.count > 0);
    assert_true(text_equal(fixture->list.items[0].record_id, text_of(record)));
}

bool tells(struct fixture *fixture, const char *line)
{
    struct telemetry *telemetry;
    struct buffer buffer;
    buffer_init(&buffer, PAGE_BYTES);
    assert_int_equal(telemetry_create(1, &telemetry), STATUS_OK);
    telemetry_add_source(telemetry, followed_recommendations_write_metrics, fixture->followed);
    assert_true(telemetry_write(telemetry, &buffer));
    assert_true(buffer_append_byte(&buffer, '\0'));
    telemetry_destroy(telemetry);
    arena_reset(&fixture->arena);
    struct text whole = arena_format(&fixture->arena, "\n%s\n", line);
    bool found = strstr(buffer.data, whole.data) != NULL;
    buffer_deinit(&buffer);
    return found;
}

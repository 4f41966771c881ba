/* Our session and nghttp2's hold random conversations, ours on either side: bodies, trailers,
 * windows, resets, padding, all cut at random. What one says the other must hear. */
#include "support/cmocka_test.h"
#include "unit/http2/http2_talk.h"

enum {
    CONNECTIONS = 60, /* of each kind */
    TURNS = 600,
    AT_ONCE_MAX = 20,
    QUIET_TURNS = 5,
    PIECE_BYTES_MAX = 30000,
};

static void pass_on(struct talk *talk, struct talk_party *from, struct talk_party *to)
{
    from->ops->fill(from);
    size_t length = from->output.length;
    if (length == 0) {
        return;
    }
    size_t most = talk_draw(talk, 4) == 0 ? 20 : PIECE_BYTES_MAX;
    size_t piece = 1 + talk_draw(talk, length < most ? length : most);
    to->ops->receive(to, text_slice(buffer_text(&from->output), 0, piece));
    buffer_consume(&from->output, piece);
}

static size_t running(const struct talk *talk)
{
    size_t count = 0;
    for (size_t i = 0; i < talk->begun; i++) {
        count += !talk->exchanges[i].client.closed;
    }
    return count;
}

static void make_available(struct talk *talk, struct talk_side *side, bool is_all)
{
    size_t left = side->message.body_length - side->available;
    side->available += is_all ? left : left > 0 ? talk_draw(talk, left + 1) : 0;
}

static void resume_all(struct talk *talk, struct talk_party *client, struct talk_party *server,
                       bool is_all)
{
    for (size_t i = 0; i < talk->begun; i++) {
        struct talk_exchange *exchange = &talk->exchanges[i];
        bool is_over = exchange->client.closed && exchange->server.closed;
        if (!is_over && (is_all || talk_draw(talk, 3) == 0)) {
            make_available(talk, &exchange->client, is_all);
            make_available(talk, &exchange->server, is_all);
            client->ops->resume(client, i);
            server->ops->resume(server, i);
        }
    }
}

static void take_turn(struct talk *talk, struct talk_party *client, struct talk_party *server)
{
    if (talk->begun < TALK_EXCHANGES && running(talk) < AT_ONCE_MAX && talk_draw(talk, 3) == 0) {
        client->ops->begin(client);
    }
    if (talk->begun > 0 && talk_draw(talk, 40) == 0) {
        client->ops->reset(client, talk_draw(talk, talk->begun));
    }
    if (talk_draw(talk, 10) == 0) {
        struct talk_party *party = talk_draw(talk, 2) == 0 ? client : server;
        party->ops->fidget(party);
    }
    resume_all(talk, client, server, false);
    pass_on(talk, client, server);
    pass_on(talk, server, client);
}

/* Until all has been said. */
static void finish(struct talk *talk, struct talk_party *client, struct talk_party *server)
{
    for (unsigned quiet = 0; quiet < QUIET_TURNS;) {
        resume_all(talk, client, server, true);
        client->ops->fill(client);
        server->ops->fill(server);
        quiet = client->output.length + server->output.length > 0 ? 0 : quiet + 1;
        pass_on(talk, client, server);
        pass_on(talk, server, client);
    }
}

static void hold(struct talk *talk, struct talk_party *client, struct talk_party *server)
{
    for (unsigned i = 0; i < TURNS; i++) {
        take_turn(talk, client, server);
    }
    finish(talk, client, server);
    talk_check(talk);
    client->ops->destroy(client);
    server->ops->destroy(server);
}

static void test_our_server(void **state)
{
    static struct talk talk;
    (void)state;
    for (uint64_t seed = 1; seed <= CONNECTIONS; seed++) {
        talk_init(&talk, seed);
        hold(&talk, talk_create_nghttp2(&talk, true), talk_create_ours(&talk, false));
        talk_deinit(&talk);
    }
}

static void test_our_client(void **state)
{
    static struct talk talk;
    (void)state;
    for (uint64_t seed = 1; seed <= CONNECTIONS; seed++) {
        talk_init(&talk, seed);
        hold(&talk, talk_create_ours(&talk, true), talk_create_nghttp2(&talk, false));
        talk_deinit(&talk);
    }
}

static void test_both_ours(void **state)
{
    static struct talk talk;
    (void)state;
    for (uint64_t seed = 1; seed <= CONNECTIONS; seed++) {
        talk_init(&talk, seed);
        hold(&talk, talk_create_ours(&talk, true), talk_create_ours(&talk, false));
        talk_deinit(&talk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_our_server),
        cmocka_unit_test(test_our_client),
        cmocka_unit_test(test_both_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

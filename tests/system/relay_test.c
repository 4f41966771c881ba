/* From a vote to the movie service without a question: rating services send what has changed to an
 * event log (the embedded one, or the Kafka that MARQUEE_KAFKA names), movie services keep a copy
 * or a cache by it. The relay is killed, another one takes over, the rating service is away: what
 * movie shows becomes what the rating service says. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "proto/proto.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "system/ingest_scene.h"

enum {
    KILLS = 15,
    LIFE_US_MAX = 200000, /* from when one relays until it is killed */
    BATCH_RATINGS = 20,
    ID_BYTES = 32,
    ARRIVAL_MS = 20000, /* a change arrives; some milliseconds when nothing else runs */
    TAKE_OVER_MS = 20000,
};

struct scene {
    const char *relay; /* the argument that turns it on */
    struct ingest_scene ratings;
    struct service_process metadata;
    struct service_process movie;
    struct rpc_client rating_client;
    struct rpc_client movie_client;
    struct test_call test;
    unsigned voted; /* acknowledged, by put_batch() */
};

static void set_all(const char *const *names, size_t count, const char *value)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(setenv(names[i], value, 1), 0);
    }
}

/* A schema that no other test on the same server has. */
static void set_store(const char *conninfo, uint64_t number)
{
    static const char *const stores[] = {"MARQUEE_RATING_STORE", "MARQUEE_CLI_STORE"};
    static const char *const databases[] = {"MARQUEE_RATING_POSTGRES", "MARQUEE_CLI_POSTGRES"};
    static const char *const schemas[] = {"MARQUEE_RATING_POSTGRES_SCHEMA",
                                          "MARQUEE_CLI_POSTGRES_SCHEMA"};
    char schema[2 * ID_BYTES];
    (void)snprintf(schema, sizeof(schema), "relay_%016llx", (unsigned long long)number);
    set_all(stores, ARRAY_LENGTH(stores), "postgres");
    set_all(databases, ARRAY_LENGTH(databases), conninfo);
    set_all(schemas, ARRAY_LENGTH(schemas), schema);
}

/* As the options say it: log and store, and topics that no other test on the same broker has. */
static void set_options(struct scene *scene)
{
    static const struct {
        const char *rating;
        const char *movie;
        const char *topic;
    } topics[] = {
        {"MARQUEE_RATING_RELAY_CHANGES_TOPIC", "MARQUEE_MOVIE_CHANGES_TOPIC", "changes"},
        {"MARQUEE_RATING_RELAY_AGGREGATES_TOPIC", "MARQUEE_MOVIE_AGGREGATES_TOPIC", "aggregates"},
    };
    const char *brokers = getenv("MARQUEE_KAFKA");
    scene->relay = brokers != NULL ? "--relay=kafka" : "--relay=local";
    if (brokers != NULL) {
        assert_int_equal(setenv("MARQUEE_KAFKA_BROKERS", brokers, 1), 0);
        assert_int_equal(setenv("MARQUEE_MOVIE_EVENT_LOG", "kafka", 1), 0);
    }
    uint64_t number = random_below(UINT64_MAX);
    if (getenv("MARQUEE_POSTGRES") != NULL) {
        set_store(getenv("MARQUEE_POSTGRES"), number);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(topics); i++) {
        char topic[2 * ID_BYTES];
        (void)snprintf(topic, sizeof(topic), "%s-%016llx", topics[i].topic,
                       (unsigned long long)number);
        assert_int_equal(setenv(topics[i].rating, topic, 1), 0);
        assert_int_equal(setenv(topics[i].movie, topic, 1), 0);
    }
    /* So that another takes over soon. */
    assert_int_equal(setenv("MARQUEE_RATING_RELAY_LEASE", "600ms", 1), 0);
}

static void start_metadata(struct scene *scene)
{
    char data[INGEST_SCENE_PATH_BYTES + ID_BYTES];
    struct rpc_client client;
    (void)snprintf(data, sizeof(data), "--data=%s/metadata", scene->ratings.directory);
    const char *const arguments[] = {"--listen=127.0.0.1:0", "--registry=", "--threads=1", data,
                                     NULL};
    service_process_start(&scene->metadata, scene->ratings.directory, "metadata",
                          "marquee-metadata", arguments, NULL);
    service_process_await_ready(&scene->metadata);
    rpc_client_open_one(&client, scene->metadata.address);
    for (unsigned i = 0; i < ORACLE_RECORDS; i++) {
        char id[ID_BYTES];
        (void)snprintf(id, sizeof(id), "movie-%u", i);
        assert_int_equal(rpc_client_put_metadata(&client, &scene->test.call, id, "One"), STATUS_OK);
    }
    rpc_client_close(&client);
}

static void start_movie(struct scene *scene, const char *source)
{
    char services[2 * HTTP_ADDRESS_BYTES_MAX + 2 * ID_BYTES];
    char kind[ID_BYTES];
    char log[INGEST_SCENE_PATH_BYTES + ID_BYTES];
    (void)snprintf(services, sizeof(services), "--services=metadata=%s;rating=%s",
                   scene->metadata.address, scene->ratings.ratings[0].address);
    (void)snprintf(kind, sizeof(kind), "--rating-source=%s", source);
    (void)snprintf(log, sizeof(log), "--event-log-directory=%s", scene->ratings.log);
    const char *const arguments[] = {
        "--listen=127.0.0.1:0", "--registry=", "--threads=2", services, kind, log, NULL};
    service_process_start(&scene->movie, scene->ratings.directory, "movie", "marquee-movie",
                          arguments, NULL);
    service_process_await_ready(&scene->movie);
    rpc_client_open_one(&scene->movie_client, scene->movie.address);
}

static void stop_movie(struct scene *scene)
{
    rpc_client_close(&scene->movie_client);
    service_process_stop(&scene->movie);
}

static void start_rating(struct scene *scene, unsigned rating, const char *more)
{
    ingest_scene_start(&scene->ratings, rating, more);
    service_process_await_ready(&scene->ratings.ratings[rating]);
}

static void open_scene(struct scene *scene, uint64_t seed, bool relays)
{
    set_options(scene);
    ingest_scene_open(&scene->ratings, seed);
    test_call_init(&scene->test, SERVICE_WAIT_MS);
    start_metadata(scene);
    start_rating(scene, 0, relays ? scene->relay : NULL);
    rpc_client_open_one(&scene->rating_client, scene->ratings.ratings[0].address);
}

static void close_scene(struct scene *scene)
{
    rpc_client_close(&scene->rating_client);
    stop_movie(scene);
    service_process_stop(&scene->metadata);
    test_call_deinit(&scene->test);
    ingest_scene_close(&scene->ratings);
}

static void put(struct scene *scene, const char *user, const char *record, int hundredths)
{
    assert_int_equal(
        rpc_client_put_rating(&scene->rating_client, &scene->test.call, user, record, hundredths),
        STATUS_OK);
}

static const MovieDetails *details_of(struct scene *scene, const char *record)
{
    MovieDetails *details;
    test_call_again(&scene->test, SERVICE_WAIT_MS);
    assert_int_equal(
        rpc_client_get_details(&scene->movie_client, &scene->test.call, record, &details),
        STATUS_OK);
    return details;
}

/* Asks until the movie has so many votes; returns after how many milliseconds. */
static int64_t await_votes(struct scene *scene, const char *record, unsigned want,
                           int64_t timeout_ms)
{
    int64_t start_ns = clock_monotonic_ns();
    while (details_of(scene, record)->rating_count != want) {
        assert_true(clock_monotonic_ns() - start_ns < timeout_ms * CLOCK_NS_PER_MS);
        assert_int_equal(fiber_sleep(NULL, CLOCK_NS_PER_MS), STATUS_OK);
    }
    return (clock_monotonic_ns() - start_ns) / CLOCK_NS_PER_MS;
}

static void await_state(struct scene *scene, const char *record, RatingState want)
{
    int64_t start_ns = clock_monotonic_ns();
    while (details_of(scene, record)->rating_state != want) {
        assert_true(clock_monotonic_ns() - start_ns < SERVICE_WAIT_MS * CLOCK_NS_PER_MS);
        assert_int_equal(fiber_sleep(NULL, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static struct text movie_page(struct scene *scene, const char *target)
{
    struct wire_reply reply = wire_http_get(&scene->test.call, scene->movie.address, target);
    assert_int_equal(reply.status, 200);
    return reply.body;
}

static void run_local(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene, 31, true);
    put(scene, "before", "movie-1", 700);
    start_movie(scene, "local");
    int64_t first_ms = await_votes(scene, "movie-1", 1, ARRIVAL_MS);
    put(scene, "after", "movie-1", 900);
    int64_t arrival_ms = await_votes(scene, "movie-1", 2, ARRIVAL_MS);
    print_message("filled after %lld ms; a vote is seen after %lld ms\n", (long long)first_ms,
                  (long long)arrival_ms);
    const MovieDetails *details = details_of(scene, "movie-1");
    assert_int_equal(details->rating_source, RATING_SOURCE__LOCAL);
    assert_int_equal(details->rating_state, RATING_STATE__RATED);
    assert_true(details->rating > 7.99 && details->rating < 8.01);
    assert_int_equal(details_of(scene, "movie-2")->rating_state, RATING_STATE__NO_VOTES);

    /* Nobody is there to be asked any more. */
    service_process_kill(&scene->ratings.ratings[0]);
    uint32_t age_ms = details_of(scene, "movie-1")->rating_age_ms;
    assert_int_equal(fiber_sleep(NULL, 50 * CLOCK_NS_PER_MS), STATUS_OK);
    details = details_of(scene, "movie-1");
    assert_int_equal(details->rating_count, 2);
    assert_true(details->rating_age_ms >= age_ms + 50);
    assert_true(wire_http_holds(movie_page(scene, "/movie?id=movie-1"),
                                "\"ratingCount\":2,\"ratingSource\":\"LOCAL\",\"ratingAgeMs\":"));
    assert_true(wire_http_holds(movie_page(scene, "/metrics"), "marquee_rating_copy_filled 1\n"));
    /* Lists of movies follow the rating service's feed; details ask it nothing. */
    assert_false(wire_http_holds(movie_page(scene, "/metrics"),
                                 "target=\"rating\",method=\"/RatingService/Get"));

    /* A new process knows nothing but what is in the topic. */
    stop_movie(scene);
    start_movie(scene, "local");
    (void)await_votes(scene, "movie-1", 2, ARRIVAL_MS);
    assert_int_equal(details_of(scene, "movie-2")->rating_state, RATING_STATE__NO_VOTES);
    close_scene(scene);
}

static void run_unfilled(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene, 32, false);
    put(scene, "before", "movie-1", 700);
    start_movie(scene, "local");
    const MovieDetails *details = details_of(scene, "movie-1");
    assert_int_equal(details->rating_state, RATING_STATE__UNAVAILABLE);
    assert_true(text_equal(proto_text(details->rating_unavailable_reason),
                           TEXT("the local copy of ratings has not been filled yet")));
    assert_true(wire_http_holds(movie_page(scene, "/metrics"), "marquee_rating_copy_filled 0\n"));
    close_scene(scene);
}

static void run_cached(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene, 33, true);
    put(scene, "before", "movie-1", 700);
    put(scene, "before", "movie-2", 700);
    start_movie(scene, "cached");
    await_state(scene, "movie-1", RATING_STATE__RATED);
    /* What was relayed before may still be on its way, and drop it once. */
    while (details_of(scene, "movie-1")->rating_source != RATING_SOURCE__CACHED) {
        assert_int_equal(details_of(scene, "movie-1")->rating_count, 1);
    }
    put(scene, "after", "movie-1", 900);
    int64_t arrival_ms = await_votes(scene, "movie-1", 2, ARRIVAL_MS);
    print_message("a vote is seen after %lld ms\n", (long long)arrival_ms);
    while (details_of(scene, "movie-1")->rating_source != RATING_SOURCE__CACHED) {
    }
    service_process_kill(&scene->ratings.ratings[0]);
    const MovieDetails *details = details_of(scene, "movie-1");
    assert_int_equal(details->rating_source, RATING_SOURCE__CACHED);
    assert_int_equal(details->rating_count, 2);
    await_state(scene, "movie-3", RATING_STATE__UNAVAILABLE); /* never asked for before */
    close_scene(scene);
}

/* How many records of which the movie service says other things than the rating service. */
static unsigned count_differences(struct scene *scene)
{
    unsigned differences = 0;
    for (unsigned i = 0; i < ORACLE_RECORDS; i++) {
        char id[ID_BYTES];
        GetRatingSummaryResponse *summary;
        (void)snprintf(id, sizeof(id), "movie-%u", i);
        const MovieDetails *details = details_of(scene, id);
        enum status status =
            rpc_client_get_summary(&scene->rating_client, &scene->test.call, id, &summary);
        assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
        RatingState want = status == STATUS_OK ? RATING_STATE__RATED : RATING_STATE__NO_VOTES;
        bool is_same = details->rating_state == want &&
                       (status == STATUS_NOT_FOUND || (details->rating_count == summary->count &&
                                                       details->rating == summary->mean));
        differences += is_same ? 0 : 1;
    }
    return differences;
}

/* The instance that relays; waits until one does. */
static unsigned await_leader(struct scene *scene)
{
    int64_t start_ns = clock_monotonic_ns();
    for (unsigned i = 0;; i = (i + 1) % INGEST_SCENE_RATINGS_MAX) {
        if (ingest_scene_metric(&scene->ratings, i, "marquee_relay_leader") == 1) {
            return i;
        }
        assert_true(clock_monotonic_ns() - start_ns < SERVICE_WAIT_MS * CLOCK_NS_PER_MS);
        assert_int_equal(fiber_sleep(NULL, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

/* Votes for records that nobody else votes for, so that nothing that comes later makes up for one
 * that is lost, and for one that all vote for. */
static enum status put_batch(struct scene *scene, unsigned rating)
{
    char ids[BATCH_RATINGS][ID_BYTES];
    ExactValue value = EXACT_VALUE__INIT;
    PutRatingRequest ratings[BATCH_RATINGS];
    PutRatingRequest *pointers[BATCH_RATINGS];
    BatchPutRatingsRequest request = BATCH_PUT_RATINGS_REQUEST__INIT;
    struct rpc_client client;
    value.hundredths = 100;
    for (unsigned i = 0; i < BATCH_RATINGS; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "single-%u", scene->voted + i);
        ratings[i] = (PutRatingRequest)PUT_RATING_REQUEST__INIT;
        ratings[i].user_id = rpc_text(ids[i]);
        ratings[i].record_id = rpc_text(i == 0 ? "movie-0" : ids[i]);
        ratings[i].record_type = rpc_text("movie");
        ratings[i].exact_value = &value;
        pointers[i] = &ratings[i];
    }
    request.n_ratings = BATCH_RATINGS;
    request.ratings = pointers;
    test_call_again(&scene->test, SERVICE_WAIT_MS);
    rpc_client_open_one(&client, scene->ratings.ratings[rating].address);
    enum status status =
        rpc_client_ask(&client, &scene->test.call, "/RatingService/BatchPutRatings", &request,
                       &batch_put_ratings_response__descriptor, NULL);
    rpc_client_close(&client);
    return status;
}

struct killing {
    struct service_process *process;
    int64_t after_ns;
};

static void kill_later(void *argument)
{
    struct killing *killing = argument;
    assert_int_equal(fiber_sleep(NULL, killing->after_ns), STATUS_OK);
    service_process_signal(killing->process, SIGKILL);
}

/* Votes at the one that relays, until it is killed; what it did not acknowledge goes to the other.
 */
static void vote_until_killed(struct scene *scene)
{
    unsigned leader = await_leader(scene);
    struct fiber_group group;
    struct killing killing = {
        .process = &scene->ratings.ratings[leader],
        .after_ns = (int64_t)rating_oracle_draw(&scene->ratings.oracle, LIFE_US_MAX) * 1000};
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, kill_later, &killing), STATUS_OK);
    while (put_batch(scene, leader) == STATUS_OK) {
        scene->voted += BATCH_RATINGS;
    }
    fiber_group_join(&group);
    assert_int_equal(put_batch(scene, 1 - leader), STATUS_OK);
    scene->voted += BATCH_RATINGS;
    service_process_kill(&scene->ratings.ratings[leader]);
    start_rating(scene, leader, scene->relay);
}

static void await_copied(struct scene *scene, unsigned want)
{
    char words[2 * ID_BYTES];
    int64_t start_ns = clock_monotonic_ns();
    (void)snprintf(words, sizeof(words), "marquee_rating_copy_records %u\n", want);
    do {
        test_call_again(&scene->test, SERVICE_WAIT_MS);
        if (clock_monotonic_ns() - start_ns > SERVICE_WAIT_MS * CLOCK_NS_PER_MS) {
            fail_msg("%s%.*s", words, TEXT_ARGUMENTS(movie_page(scene, "/metrics")));
        }
    } while (!wire_http_holds(movie_page(scene, "/metrics"), words));
}

static void ask_rating(struct scene *scene, unsigned rating)
{
    rpc_client_close(&scene->rating_client);
    rpc_client_open_one(&scene->rating_client, scene->ratings.ratings[rating].address);
    test_call_again(&scene->test, SERVICE_WAIT_MS);
}

static void run_killed_while_relaying(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene, 34, true);
    start_rating(scene, 1, scene->relay);
    for (unsigned round = 0; round < KILLS; round++) {
        vote_until_killed(scene);
    }
    print_message("%d kills of the one that relays; %u votes\n", KILLS, scene->voted);
    ask_rating(scene, 0);
    start_movie(scene, "local");
    unsigned batches = scene->voted / BATCH_RATINGS;
    (void)await_votes(scene, "movie-0", batches, ARRIVAL_MS);
    await_copied(scene, scene->voted - batches + 1);
    assert_int_equal(count_differences(scene), 0);

    /* The comparison sees one vote that is not relayed. */
    service_process_kill(&scene->ratings.ratings[1]);
    service_process_stop(&scene->ratings.ratings[0]);
    start_rating(scene, 0, NULL);
    ask_rating(scene, 0);
    put(scene, "not-relayed", "movie-0", 100);
    assert_int_equal(count_differences(scene), 1);
    close_scene(scene);
}

/* The leader dies; the other one, which has taken the votes meanwhile, goes on. */
static void run_take_over(void *argument)
{
    struct scene *scene = argument;
    open_scene(scene, 35, true);
    put(scene, "first", "movie-1", 700);
    start_movie(scene, "local");
    (void)await_votes(scene, "movie-1", 1, ARRIVAL_MS);
    start_rating(scene, 1, scene->relay);
    assert_int_equal(ingest_scene_metric(&scene->ratings, 1, "marquee_relay_leader"), 0);
    assert_int_equal(ingest_scene_metric(&scene->ratings, 0, "marquee_relay_leader"), 1);
    service_process_kill(&scene->ratings.ratings[0]);
    ask_rating(scene, 1);
    put(scene, "second", "movie-1", 900);
    int64_t arrival_ms = await_votes(scene, "movie-1", 2, TAKE_OVER_MS);
    print_message("the other one leads after %lld ms\n", (long long)arrival_ms);
    assert_int_equal(ingest_scene_metric(&scene->ratings, 1, "marquee_relay_leader"), 1);
    close_scene(scene);
}

/* Runs a program to its end, which must be good. Returns what it says. */
static struct text run_program(struct scene *scene, struct service_process *process,
                               const char *program, const char *const *arguments)
{
    service_process_start(process, scene->ratings.directory, "program", program, arguments, NULL);
    assert_int_equal(service_process_await_end(process, SERVICE_WAIT_MS), 0);
    return buffer_text(&process->log);
}

/* A command on the store, while no service uses it. Returns what it says. */
static struct text snapshot(struct scene *scene, struct service_process *process, const char *name,
                            const char *more)
{
    char to[INGEST_SCENE_PATH_BYTES + ID_BYTES];
    char data[INGEST_SCENE_PATH_BYTES + ID_BYTES];
    (void)snprintf(to, sizeof(to), "--to=%s/%s", scene->ratings.directory, name);
    (void)snprintf(data, sizeof(data), "--data=%s", scene->ratings.store);
    const char *const arguments[] = {"snapshot", to, data, "--trim", "ratings", more, NULL};
    return run_program(scene, process, "marquee", arguments);
}

/* Keeps the store's files as they are now; and puts them back. */
static void copy_store(struct scene *scene)
{
    struct service_process process = {.id = 0};
    char copy[INGEST_SCENE_PATH_BYTES + ID_BYTES];
    (void)snprintf(copy, sizeof(copy), "%s.copy", scene->ratings.store);
    const char *const arguments[] = {"-a", scene->ratings.store, copy, NULL};
    (void)run_program(scene, &process, "/bin/cp", arguments);
    service_process_kill(&process);
}

static void restore_store(struct scene *scene)
{
    char copy[INGEST_SCENE_PATH_BYTES + ID_BYTES];
    char lost[INGEST_SCENE_PATH_BYTES + ID_BYTES];
    (void)snprintf(copy, sizeof(copy), "%s.copy", scene->ratings.store);
    (void)snprintf(lost, sizeof(lost), "%s.lost", scene->ratings.store);
    assert_int_equal(rename(scene->ratings.store, lost), 0);
    assert_int_equal(rename(copy, scene->ratings.store), 0);
}

static void delete_topic(struct scene *scene)
{
    struct service_process process = {.id = 0};
    char log[INGEST_SCENE_PATH_BYTES + ID_BYTES];
    (void)snprintf(log, sizeof(log), "--event-log-directory=%s", scene->ratings.log);
    const char *kind = getenv("MARQUEE_KAFKA") != NULL ? "--event-log=kafka" : "--event-log=local";
    const char *const arguments[] = {
        "log", kind, log, "delete", getenv("MARQUEE_RATING_RELAY_AGGREGATES_TOPIC"), "--yes", NULL};
    (void)run_program(scene, &process, "marquee", arguments);
    service_process_kill(&process);
}

/* The sequences of a store that was restored begin again at an earlier one: the way that
 * docs/events.md shows brings the movie service back to the truth while it runs. */
static void run_restored(void *argument)
{
    struct scene *scene = argument;
    if (getenv("MARQUEE_POSTGRES") != NULL) {
        print_message("PostgreSQL's files are its own\n");
        return;
    }
    open_scene(scene, 37, true);
    put(scene, "first", "movie-1", 700);
    start_movie(scene, "local");
    (void)await_votes(scene, "movie-1", 1, ARRIVAL_MS);
    service_process_stop(&scene->ratings.ratings[0]);
    copy_store(scene);
    start_rating(scene, 0, scene->relay);
    ask_rating(scene, 0);
    put(scene, "lost-1", "movie-1", 700);
    put(scene, "lost-2", "movie-1", 700);
    put(scene, "lost-3", "movie-2", 700);
    (void)await_votes(scene, "movie-2", 1, ARRIVAL_MS);
    service_process_stop(&scene->ratings.ratings[0]);

    restore_store(scene);
    delete_topic(scene);
    start_rating(scene, 0, scene->relay);
    ask_rating(scene, 0);
    put(scene, "second", "movie-1", 700);
    (void)await_votes(scene, "movie-1", 2, SERVICE_WAIT_MS);
    assert_int_equal(details_of(scene, "movie-2")->rating_state, RATING_STATE__NO_VOTES);
    close_scene(scene);
}

/* What has not been sent stays in the change log, unless one says otherwise; then all is sent. */
static void run_trimmed(void *argument)
{
    static const char transfer[] = "the change log was trimmed beyond what was relayed";
    struct scene *scene = argument;
    struct service_process command = {.id = 0};
    open_scene(scene, 36, true);
    put(scene, "relayed", "movie-1", 700);
    start_movie(scene, "local");
    (void)await_votes(scene, "movie-1", 1, ARRIVAL_MS);
    for (unsigned round = 0; round < 2; round++) {
        while (ingest_scene_metric(&scene->ratings, 0, "marquee_relay_lag_changes") != 0) {
            assert_int_equal(fiber_sleep(NULL, CLOCK_NS_PER_MS), STATUS_OK);
        }
        service_process_stop(&scene->ratings.ratings[0]);
        start_rating(scene, 0, NULL);
        ask_rating(scene, 0);
        put(scene, round == 0 ? "kept" : "dropped", "movie-1", 700);
        service_process_stop(&scene->ratings.ratings[0]);
        struct text said = snapshot(scene, &command, round == 0 ? "first" : "second",
                                    round == 0 ? NULL : "--trim-unrelayed");
        assert_true(wire_http_holds(said, round == 0
                                              ? "\n1 records of the change log are dropped"
                                              : "\n2 records of the change log are dropped"));
        service_process_kill(&command);
        start_rating(scene, 0, scene->relay);
        (void)await_votes(scene, "movie-1", round + 2, ARRIVAL_MS);
        bool is_transferred = service_process_line(&scene->ratings.ratings[0], transfer).length > 0;
        assert_int_equal(is_transferred, round == 1);
    }
    ask_rating(scene, 0);
    close_scene(scene);
}

#define RELAY_TEST(name)                                                                           \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        in_fiber_with(run_##name, sizeof(struct scene));                                           \
    }

RELAY_TEST(local)
RELAY_TEST(unfilled)
RELAY_TEST(cached)
RELAY_TEST(killed_while_relaying)
RELAY_TEST(take_over)
RELAY_TEST(trimmed)
RELAY_TEST(restored)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local),     cmocka_unit_test(unfilled),
        cmocka_unit_test(cached),    cmocka_unit_test(killed_while_relaying),
        cmocka_unit_test(take_over), cmocka_unit_test(trimmed),
        cmocka_unit_test(restored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

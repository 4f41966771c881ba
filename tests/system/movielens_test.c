/* A real data set through the services: what must then hold is worked out from the CSV here, by
 * integers. Skipped without MARQUEE_MOVIELENS_DIR (ml-latest-small of 2016). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/http2_client.h"
#include "http/http_client.h"
#include "proto/proto.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "json/json.h"

enum {
    SKIPPED = 77,
    MOVIE_ID_MAX = 200000,
    USER_ID_MAX = 1000,
    BINS = 21,
    LINE_BYTES_MAX = 4096,
    URL_BYTES_MAX = HTTP_ADDRESS_BYTES_MAX + 64,
    IN_FLIGHT = 32,
    PAGE = 100,
    CALL_TIMEOUT_MS = 10000,
};

/* The mean of all votes is published when it has moved by so much; what that does to a score here.
 */
#define MEAN_OF_ALL 7.087
#define MEAN_STEP 0.0055
#define SCORE_STEP 0.001

struct wanted_movie {
    bool exists;
    unsigned count;
    unsigned sum_hundredths;
    unsigned histogram[BINS];
};

struct scene {
    struct cluster cluster;
    struct wanted_movie *movies; /* by id */
    unsigned next_id;
    unsigned asked;
    unsigned unrated;
    struct rpc_client rating;
    struct rpc_client movie;
    struct http_client *http;
    struct http2_client *http2;
};

static FILE *open_csv(const char *name)
{
    char path[LINE_BYTES_MAX];
    char line[LINE_BYTES_MAX];
    int length = snprintf(path, sizeof(path), "%s/%s", getenv("MARQUEE_MOVIELENS_DIR"), name);
    assert_true(length > 0 && length < LINE_BYTES_MAX);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file)); /* the header */
    return file;
}

static uint64_t number(struct text text)
{
    uint64_t value;
    assert_true(text_to_u64(text, &value));
    return value;
}

static unsigned read_movies(struct scene *scene)
{
    char line[LINE_BYTES_MAX];
    unsigned count = 0;
    FILE *file = open_csv("movies.csv");
    while (fgets(line, sizeof(line), file) != NULL) {
        struct text rest = text_of(line);
        uint64_t id = number(text_next(&rest, ','));
        assert_true(id < MOVIE_ID_MAX);
        scene->movies[id].exists = true;
        count++;
    }
    assert_int_equal(fclose(file), 0);
    return count;
}

/* "2.5" stars are 5 points: 500 hundredths. */
static unsigned stars_to_hundredths(struct text stars)
{
    struct text half = stars;
    uint64_t whole = number(text_next(&half, '.'));
    return (unsigned)whole * 200 + (text_equal(half, TEXT("5")) ? 100 : 0);
}

static unsigned read_ratings(struct scene *scene, unsigned *ret_users)
{
    static bool seen[USER_ID_MAX];
    char line[LINE_BYTES_MAX];
    unsigned count = 0;
    FILE *file = open_csv("ratings.csv");
    while (fgets(line, sizeof(line), file) != NULL) {
        struct text rest = text_of(line);
        uint64_t user = number(text_next(&rest, ','));
        uint64_t id = number(text_next(&rest, ','));
        unsigned hundredths = stars_to_hundredths(text_next(&rest, ','));
        assert_true(user < USER_ID_MAX && id < MOVIE_ID_MAX && hundredths <= 1000);
        struct wanted_movie *movie = &scene->movies[id];
        movie->count++;
        movie->sum_hundredths += hundredths;
        movie->histogram[hundredths / 50]++;
        *ret_users += !seen[user];
        seen[user] = true;
        count++;
    }
    assert_int_equal(fclose(file), 0);
    return count;
}

static void import(struct scene *scene)
{
    struct service_process process = {.id = 0};
    char metadata[URL_BYTES_MAX];
    char rating[URL_BYTES_MAX];
    (void)snprintf(metadata, sizeof(metadata), "--metadata=%s",
                   scene->cluster.services[CLUSTER_METADATA][0].address);
    (void)snprintf(rating, sizeof(rating), "--rating=%s",
                   scene->cluster.services[CLUSTER_RATING][0].address);
    const char *const arguments[] = {
        "import", metadata, rating, "movielens", getenv("MARQUEE_MOVIELENS_DIR"), NULL};
    service_process_start(&process, scene->cluster.directory, "import", "marquee", arguments, NULL);
    assert_int_equal(service_process_await_end(&process, SERVICE_WAIT_MS), 0);
    print_message("%.*s", TEXT_ARGUMENTS(buffer_text(&process.log)));
    service_process_kill(&process);
}

static void expect_summary(struct scene *scene, struct call *call, const char *id,
                           const struct wanted_movie *wanted)
{
    GetRatingSummaryResponse *summary = NULL;
    enum status status = rpc_client_get_summary(&scene->rating, call, id, &summary);
    if (wanted->count == 0) {
        assert_int_equal(status, STATUS_NOT_FOUND);
        return;
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(summary->count, wanted->count);
    assert_true(summary->mean == (double)wanted->sum_hundredths / wanted->count / 100);
    assert_int_equal(summary->n_histogram, BINS);
    assert_memory_equal(summary->histogram, wanted->histogram, sizeof(wanted->histogram));
}

/* The same details as JSON, whichever way they came. */
static void expect_json(const struct json *json, const MovieDetails *details)
{
    const struct json *metadata = json_member(json, "metadata");
    const struct json *title = json_member(metadata, "title");
    const struct json *year = json_member(metadata, "year");
    const struct json *rating = json_member(json, "rating");
    struct text state = json_string(json_member(json, "ratingState"));
    assert_true(text_equal(json_string(title), text_of_bytes(details->metadata->title.data,
                                                             details->metadata->title.len)));
    assert_int_equal(json_kind(year) == JSON_ABSENT ? 0 : json_integer(year),
                     details->metadata->year);
    if (details->rating_state == RATING_STATE__NO_VOTES) {
        assert_true(text_equal(state, TEXT("NO_VOTES")));
        assert_int_equal(json_kind(rating), JSON_ABSENT);
        return;
    }
    assert_true(text_equal(state, TEXT("RATED")));
    assert_true(json_number(rating) == details->rating);
    assert_int_equal(json_integer(json_member(json, "ratingCount")), details->rating_count);
}

static void expect_http1(struct scene *scene, struct call *call, const char *id,
                         const MovieDetails *details)
{
    char url[URL_BYTES_MAX];
    struct http_client_reply reply;
    const struct json *json;
    (void)snprintf(url, sizeof(url), "http://%s/movie?id=%s",
                   scene->cluster.services[CLUSTER_MOVIE][0].address, id);
    const struct http_client_request request = {.method = "GET", .url = text_of(url)};
    assert_int_equal(http_client_send(scene->http, call, &request, &reply), STATUS_OK);
    assert_int_equal(reply.status, 200);
    assert_int_equal(json_parse(call, reply.body, &json), STATUS_OK);
    expect_json(json, details);
}

static struct text read_whole(struct call *call, struct http2_request *request)
{
    struct buffer body;
    struct text part;
    buffer_init(&body, HTTP_BODY_BYTES_MAX);
    do {
        assert_int_equal(http2_request_read(request, &part), STATUS_OK);
        assert_true(buffer_append(&body, part));
    } while (part.length > 0);
    struct text copy = arena_copy(call->arena, buffer_text(&body));
    buffer_deinit(&body);
    return copy;
}

static void expect_http2(struct scene *scene, struct call *call, const char *id,
                         const MovieDetails *details)
{
    const struct http_header headers[] = {
        {TEXT(":method"), TEXT("POST")},
        {TEXT(":scheme"), TEXT("http")},
        {TEXT(":authority"), TEXT("localhost")},
        {TEXT(":path"), TEXT("/MovieService/GetMovieDetails")},
        {TEXT("content-type"), TEXT("application/json")},
    };
    struct http2_request *request = NULL;
    const struct http_header *reply_headers;
    size_t count;
    const struct json *json;
    struct text body = arena_format(call->arena, "{\"movieId\":\"%s\"}", id);
    assert_int_equal(
        http2_request_start(scene->http2, call, headers, ARRAY_LENGTH(headers), false, &request),
        STATUS_OK);
    assert_int_equal(http2_request_write(request, body, true), STATUS_OK);
    assert_int_equal(http2_request_headers(request, &reply_headers, &count), STATUS_OK);
    assert_int_equal(json_parse(call, read_whole(call, request), &json), STATUS_OK);
    expect_json(json_member(json, "movieDetails"), details);
    http2_request_close(request);
}

static void check_movie(struct scene *scene, unsigned number_of_id)
{
    struct test_call test;
    char id[32];
    MovieDetails *details = NULL;
    const struct wanted_movie *wanted = &scene->movies[number_of_id];
    test_call_init(&test, CALL_TIMEOUT_MS);
    (void)snprintf(id, sizeof(id), "%u", number_of_id);
    expect_summary(scene, &test.call, id, wanted);
    call_clear_error(&test.call);
    assert_int_equal(rpc_client_get_details(&scene->movie, &test.call, id, &details), STATUS_OK);
    assert_int_equal(details->rating_state,
                     wanted->count > 0 ? RATING_STATE__RATED : RATING_STATE__NO_VOTES);
    assert_int_equal(details->rating_count, wanted->count);
    assert_int_equal(details->metadata->popularity, wanted->count);
    if (wanted->count > 0) {
        assert_true(details->rating == (double)wanted->sum_hundredths / wanted->count / 100);
    }
    expect_http1(scene, &test.call, id, details);
    expect_http2(scene, &test.call, id, details);
    scene->asked++;
    scene->unrated += wanted->count == 0;
    test_call_deinit(&test);
}

static void check_movies(void *argument)
{
    struct scene *scene = argument;
    while (scene->next_id < MOVIE_ID_MAX) {
        unsigned id = scene->next_id++;
        if (scene->movies[id].exists) {
            check_movie(scene, id);
        }
    }
}

static void expect_known(const struct scene *scene, unsigned id, unsigned count, unsigned mean_1000)
{
    const struct wanted_movie *movie = &scene->movies[id];
    assert_int_equal(movie->count, count);
    assert_int_equal((movie->sum_hundredths * 10 + count / 2) / count, mean_1000);
}

static void connect_clients(struct scene *scene)
{
    static const struct http2_client_events events = {.refusing = NULL};
    const char *movie = scene->cluster.services[CLUSTER_MOVIE][0].address;
    rpc_client_open_one(&scene->rating, scene->cluster.services[CLUSTER_RATING][0].address);
    rpc_client_open_one(&scene->movie, movie);
    assert_int_equal(http_client_create(loop_current(), &scene->http), STATUS_OK);
    assert_int_equal(http2_client_connect(loop_current(), &scene->cluster.test.call, text_of(movie),
                                          &events, &scene->http2),
                     STATUS_OK);
}

static void close_clients(struct scene *scene)
{
    rpc_client_close(&scene->rating);
    rpc_client_close(&scene->movie);
    http_client_destroy(scene->http);
    http2_client_destroy(scene->http2);
}

/* A page of the list that is kept in memory; it is soon made. */
static DiscoverMoviesResponse *list_page(struct scene *scene, struct call *call, MovieOrder order,
                                         ProtobufCBinaryData token)
{
    DiscoverMoviesRequest request = DISCOVER_MOVIES_REQUEST__INIT;
    DiscoverMoviesResponse *page = NULL;
    enum status status = STATUS_UNAVAILABLE;
    request.order = order;
    request.page_size = PAGE;
    request.page_token = token;
    while (status == STATUS_UNAVAILABLE) {
        assert_int_equal(call_check(call), STATUS_OK);
        status = rpc_client_ask(&scene->movie, call, "/MovieService/DiscoverMovies", &request,
                                &discover_movies_response__descriptor, &page);
    }
    assert_int_equal(status, STATUS_OK);
    return page;
}

/* By what it says of its age: it has everything that was there at that time. */
static bool is_current(struct scene *scene, int64_t since_ns)
{
    struct test_call test;
    test_call_init(&test, CALL_TIMEOUT_MS);
    DiscoverMoviesResponse *page =
        list_page(scene, &test.call, MOVIE_ORDER__SCORE, proto_bytes(TEXT("")));
    int64_t elapsed_ms = (clock_monotonic_ns() - since_ns) / CLOCK_NS_PER_MS;
    bool current = page->rating_unavailable_reason.len == 0 && page->parameters != NULL &&
                   page->metadata_age_ms < elapsed_ms && page->rating_age_ms < elapsed_ms &&
                   fabs(page->parameters->mean - MEAN_OF_ALL) < MEAN_STEP;
    test_call_deinit(&test);
    return current;
}

static void await_lists(struct scene *scene, int64_t since_ns)
{
    int64_t until_ns = clock_monotonic_ns() + SERVICE_WAIT_MS * CLOCK_NS_PER_MS;
    while (!is_current(scene, since_ns)) {
        assert_true(clock_monotonic_ns() < until_ns);
    }
}

static void expect_best(struct scene *scene)
{
    static const struct {
        const char *id;
        double score;
    } best[] = {{"318", 8.834}, {"858", 8.765}, {"50", 8.558}};
    struct test_call test;
    test_call_init(&test, CALL_TIMEOUT_MS);
    DiscoverMoviesResponse *page =
        list_page(scene, &test.call, MOVIE_ORDER__SCORE, proto_bytes(TEXT("")));
    for (size_t i = 0; i < ARRAY_LENGTH(best); i++) {
        assert_true(text_equal(proto_text(page->movies[i]->id), text_of(best[i].id)));
        assert_true(fabs(page->movies[i]->weighted_score - best[i].score) < SCORE_STEP);
    }
    test_call_deinit(&test);
}

/* Every movie once, in order, with the votes that the file has. */
static void walk_lists(struct scene *scene)
{
    struct test_call test;
    struct text token = TEXT("");
    unsigned listed = 0;
    uint32_t votes_before = UINT32_MAX;
    test_call_init(&test, SERVICE_WAIT_MS);
    do {
        DiscoverMoviesResponse *page =
            list_page(scene, &test.call, MOVIE_ORDER__VOTES, proto_bytes(token));
        for (size_t i = 0; i < page->n_movies; i++) {
            const MovieCard *card = page->movies[i];
            struct wanted_movie *wanted = &scene->movies[number(proto_text(card->id))];
            assert_true(wanted->exists);
            wanted->exists = false; /* seen */
            assert_int_equal(card->votes, wanted->count);
            assert_true(card->votes <= votes_before);
            votes_before = card->votes;
        }
        listed += (unsigned)page->n_movies;
        token = proto_text(page->next_page_token);
    } while (token.length > 0);
    assert_int_equal(listed, 9125);
    test_call_deinit(&test);
}

static void run_every_movie(void *argument)
{
    struct scene *scene = argument;
    const struct cluster_options options = {.instances = {1, 1, 1}};
    struct fiber_group group;
    unsigned users = 0;
    assert_int_equal(read_movies(scene), 9125);
    assert_int_equal(read_ratings(scene, &users), 100004);
    assert_int_equal(users, 671);
    expect_known(scene, 318, 311, 8974);
    expect_known(scene, 1, 247, 7745);

    cluster_open(&scene->cluster, &options);
    import(scene);
    import(scene);
    int64_t imported_ns = clock_monotonic_ns();
    connect_clients(scene);
    fiber_group_init(&group);
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        assert_int_equal(fiber_group_start(&group, check_movies, scene), STATUS_OK);
    }
    fiber_group_join(&group);
    assert_int_equal(scene->asked, 9125);
    assert_int_equal(scene->unrated, 59);
    await_lists(scene, imported_ns);
    expect_best(scene);
    walk_lists(scene);
    close_clients(scene);
    cluster_close(&scene->cluster);
}

static void every_movie(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    (void)state;
    assert_non_null(scene);
    scene->movies = calloc(MOVIE_ID_MAX, sizeof(*scene->movies));
    assert_non_null(scene->movies);
    in_fiber(run_every_movie, scene);
    free(scene->movies);
    free(scene);
}

int main(void)
{
    if (getenv("MARQUEE_MOVIELENS_DIR") == NULL) {
        print_message("movielens_test: skipped: MARQUEE_MOVIELENS_DIR names no MovieLens set\n");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_movie)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "idempotency/idempotency.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "support/cmocka_test.h"

#define START_NS (INT64_C(5) * CLOCK_NS_PER_S)
#define WINDOW_MS INT64_C(1000)
#define WINDOW_NS (WINDOW_MS * CLOCK_NS_PER_MS)

enum { ARENA_BYTES_MAX = 8 * 1024 * 1024 };

struct scene {
    struct idempotency_store *store;
    struct arena arena;
    struct call call;
};

static int open_scene(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    assert_int_equal(idempotency_store_create(WINDOW_MS, &scene->store), STATUS_OK);
    arena_init(&scene->arena, ARENA_BYTES_MAX);
    call_init(&scene->call, &scene->arena, 0);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    idempotency_store_destroy(scene->store);
    arena_deinit(&scene->arena);
    free(scene);
    return 0;
}

static struct idempotency_request request_of(unsigned client, const char *key, unsigned what)
{
    struct idempotency_request request = {.key = text_of(key)};
    memcpy(request.client, &client, sizeof(client));
    memcpy(request.fingerprint, &what, sizeof(what));
    return request;
}

/* What comes of it; forgets what the call was told before. */
static enum status begin(struct scene *scene, const struct idempotency_request *request,
                         int64_t now_ns, struct idempotency_claim **ret_claim,
                         struct text *ret_reply)
{
    arena_reset(&scene->arena);
    call_clear_error(&scene->call);
    *ret_claim = NULL;
    *ret_reply = (struct text){NULL, 0};
    return idempotency_begin(scene->store, &scene->call, request, now_ns, ret_claim, ret_reply);
}

static struct idempotency_claim *claim(struct scene *scene,
                                       const struct idempotency_request *request, int64_t now_ns)
{
    struct idempotency_claim *claim;
    struct text reply;
    assert_int_equal(begin(scene, request, now_ns, &claim, &reply), STATUS_OK);
    assert_non_null(claim);
    return claim;
}

static void expect_reply(struct scene *scene, const struct idempotency_request *request,
                         int64_t now_ns, const char *want)
{
    struct idempotency_claim *claim;
    struct text reply;
    assert_int_equal(begin(scene, request, now_ns, &claim, &reply), STATUS_OK);
    assert_null(claim);
    assert_true(text_equal(reply, text_of(want)));
}

static void expect_refusal(struct scene *scene, const struct idempotency_request *request,
                           enum status want, const char *words)
{
    struct idempotency_claim *claim;
    struct text reply;
    assert_int_equal(begin(scene, request, START_NS, &claim, &reply), want);
    assert_true(text_equal(scene->call.error.message, text_of(words)));
}

static void do_once(struct scene *scene, const struct idempotency_request *request, int64_t now_ns,
                    const char *reply)
{
    idempotency_keep(scene->store, claim(scene, request, now_ns), text_of(reply), now_ns);
}

static struct idempotency_counts counts_of(struct scene *scene)
{
    struct idempotency_counts counts;
    idempotency_count(scene->store, &counts);
    return counts;
}

static void answers_as_at_first(void **state)
{
    struct scene *scene = *state;
    struct idempotency_request request = request_of(1, "k", 7);
    do_once(scene, &request, START_NS, "done");
    expect_reply(scene, &request, START_NS, "done");
    expect_reply(scene, &request, START_NS, "done");
    struct idempotency_counts counts = counts_of(scene);
    assert_int_equal(counts.entries, 1);
    assert_int_equal(counts.under_way, 0);
    assert_int_equal(counts.reply_bytes, 4);
    assert_int_equal(counts.replayed, 2);
}

static void refuses_what_is_not_the_same(void **state)
{
    struct scene *scene = *state;
    struct idempotency_request request = request_of(1, "k", 7);
    struct idempotency_request other = request_of(1, "k", 8);
    static const char mistaken[] = "the idempotency key was used for another request";
    struct idempotency_claim *first = claim(scene, &request, START_NS);
    expect_refusal(scene, &request, STATUS_ABORTED,
                   "a request with this idempotency key is under way: ask again");
    expect_refusal(scene, &other, STATUS_FAILED_PRECONDITION, mistaken);
    idempotency_keep(scene->store, first, TEXT("done"), START_NS);
    expect_refusal(scene, &other, STATUS_FAILED_PRECONDITION, mistaken);
    struct idempotency_counts counts = counts_of(scene);
    assert_int_equal(counts.refused_under_way, 1);
    assert_int_equal(counts.refused_other_request, 2);
}

static void tells_keys_and_clients_apart(void **state)
{
    struct scene *scene = *state;
    struct idempotency_request mine = request_of(1, "k", 7);
    struct idempotency_request longer = request_of(1, "kk", 8);
    struct idempotency_request theirs = request_of(2, "k", 9);
    do_once(scene, &mine, START_NS, "mine");
    do_once(scene, &longer, START_NS, "longer");
    do_once(scene, &theirs, START_NS, "theirs");
    expect_reply(scene, &mine, START_NS, "mine");
    expect_reply(scene, &longer, START_NS, "longer");
    expect_reply(scene, &theirs, START_NS, "theirs");
}

static void runs_again_what_was_released(void **state)
{
    struct scene *scene = *state;
    struct idempotency_request request = request_of(1, "k", 7);
    struct idempotency_request other = request_of(1, "k", 8);
    idempotency_release(scene->store, claim(scene, &request, START_NS));
    assert_int_equal(counts_of(scene).entries, 0);
    do_once(scene, &other, START_NS, "done");
    expect_reply(scene, &other, START_NS, "done");
}

static void forgets_in_time(void **state)
{
    struct scene *scene = *state;
    struct idempotency_request request = request_of(1, "k", 7);
    struct idempotency_claim *slow = claim(scene, &request, START_NS);
    /* It counts from the end: what is under way is never forgotten. */
    idempotency_keep(scene->store, slow, TEXT("first"), START_NS + 2 * WINDOW_NS);
    expect_reply(scene, &request, START_NS + 3 * WINDOW_NS - 1, "first");
    do_once(scene, &request, START_NS + 3 * WINDOW_NS, "second");
    expect_reply(scene, &request, START_NS + 3 * WINDOW_NS, "second");
    assert_int_equal(counts_of(scene).dropped, 0);
}

/* What nobody asks for again goes as well, not all at once. */
static void forgets_what_nobody_asks_for(void **state)
{
    enum { MANY = 3 * IDEMPOTENCY_EXPIRED_AT_ONCE };
    struct scene *scene = *state;
    char key[16];
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(key, sizeof(key), "k%u", i);
        struct idempotency_request request = request_of(i, key, 7);
        do_once(scene, &request, START_NS, "done");
    }
    struct idempotency_request late = request_of(1, "late", 7);
    do_once(scene, &late, START_NS + WINDOW_NS, "late");
    assert_int_equal(counts_of(scene).entries, MANY - IDEMPOTENCY_EXPIRED_AT_ONCE + 1);
    expect_reply(scene, &late, START_NS + WINDOW_NS, "late");
    expect_reply(scene, &late, START_NS + WINDOW_NS, "late");
    assert_int_equal(counts_of(scene).entries, 1);
    assert_int_equal(counts_of(scene).reply_bytes, 4);
}

static void keeps_no_large_reply(void **state)
{
    static char bytes[IDEMPOTENCY_REPLY_BYTES_MAX + 1];
    struct scene *scene = *state;
    struct idempotency_request largest = request_of(1, "largest", 7);
    struct idempotency_request larger = request_of(1, "larger", 7);
    struct idempotency_request none = request_of(1, "none", 7);
    struct idempotency_claim *again;
    struct text reply;
    memset(bytes, 'x', sizeof(bytes));
    idempotency_keep(scene->store, claim(scene, &largest, START_NS),
                     text_of_bytes(bytes, sizeof(bytes) - 1), START_NS);
    idempotency_keep(scene->store, claim(scene, &larger, START_NS),
                     text_of_bytes(bytes, sizeof(bytes)), START_NS);
    idempotency_keep_nothing(scene->store, claim(scene, &none, START_NS), START_NS);
    assert_int_equal(begin(scene, &largest, START_NS, &again, &reply), STATUS_OK);
    assert_int_equal(reply.length, IDEMPOTENCY_REPLY_BYTES_MAX);
    expect_refusal(scene, &larger, STATUS_ALREADY_EXISTS,
                   "this was done, but its reply was too large to be kept");
    expect_refusal(scene, &none, STATUS_ALREADY_EXISTS,
                   "this was done, but its reply was too large to be kept");
    assert_int_equal(counts_of(scene).refused_not_kept, 2);
}

/* By bytes: the oldest of all go. */
static void holds_so_many_bytes(void **state)
{
    enum { FIT = IDEMPOTENCY_BYTES_MAX / IDEMPOTENCY_REPLY_BYTES_MAX };
    static char bytes[IDEMPOTENCY_REPLY_BYTES_MAX];
    struct scene *scene = *state;
    char key[16];
    struct idempotency_request first = request_of(0, "k0", 7);
    memset(bytes, 'x', sizeof(bytes));
    for (unsigned i = 0; i < FIT; i++) {
        (void)snprintf(key, sizeof(key), "k%u", i);
        struct idempotency_request request = request_of(i, key, 7);
        idempotency_keep(scene->store, claim(scene, &request, START_NS),
                         text_of_bytes(bytes, sizeof(bytes)), START_NS);
    }
    assert_int_equal(counts_of(scene).reply_bytes, IDEMPOTENCY_BYTES_MAX);
    assert_int_equal(counts_of(scene).dropped, 0);
    struct idempotency_request small = request_of(1, "small", 7);
    do_once(scene, &small, START_NS, "done");
    assert_int_equal(counts_of(scene).dropped, 1);
    assert_int_equal(counts_of(scene).reply_bytes,
                     IDEMPOTENCY_BYTES_MAX - IDEMPOTENCY_REPLY_BYTES_MAX + 4);
    idempotency_release(scene->store, claim(scene, &first, START_NS)); /* it is the one that went */
    expect_reply(scene, &small, START_NS, "done");
}

/* One client fills its own share: what others have stays. */
static void holds_so_many_of_a_client(void **state)
{
    struct scene *scene = *state;
    char key[16];
    struct idempotency_request others = request_of(2, "k", 7);
    struct idempotency_request running = request_of(1, "running", 7);
    struct idempotency_request first = request_of(1, "k1", 7);
    struct idempotency_request second = request_of(1, "k2", 7);
    do_once(scene, &others, START_NS, "theirs");
    struct idempotency_claim *under_way = claim(scene, &running, START_NS);
    for (unsigned i = 1; i < IDEMPOTENCY_CLIENT_ENTRIES_MAX; i++) {
        (void)snprintf(key, sizeof(key), "k%u", i);
        struct idempotency_request request = request_of(1, key, 7);
        do_once(scene, &request, START_NS, "mine");
    }
    expect_reply(scene, &first, START_NS, "mine");
    assert_int_equal(counts_of(scene).dropped, 0);
    struct idempotency_request more = request_of(1, "more", 7);
    do_once(scene, &more, START_NS, "mine");
    assert_int_equal(counts_of(scene).dropped, 1);
    assert_int_equal(counts_of(scene).entries, IDEMPOTENCY_CLIENT_ENTRIES_MAX + 1);
    expect_reply(scene, &others, START_NS, "theirs");
    expect_reply(scene, &second, START_NS, "mine");
    expect_refusal(scene, &running, STATUS_ABORTED,
                   "a request with this idempotency key is under way: ask again");
    idempotency_release(scene->store, under_way);
    idempotency_release(scene->store, claim(scene, &first, START_NS));
}

/* Of all together, the oldest goes, whose-ever it is; when all are under way, there is no room. */
static void holds_so_many_of_all(void **state)
{
    enum { CLIENTS = 8, EACH = IDEMPOTENCY_ENTRIES_MAX / CLIENTS };
    struct scene *scene = *state;
    struct idempotency_claim **claims = calloc(IDEMPOTENCY_ENTRIES_MAX, sizeof(claims[0]));
    char key[16];
    assert_non_null(claims);
    for (unsigned i = 0; i < IDEMPOTENCY_ENTRIES_MAX; i++) {
        (void)snprintf(key, sizeof(key), "k%u", i / CLIENTS);
        struct idempotency_request request = request_of(i % CLIENTS, key, 7);
        claims[i] = claim(scene, &request, START_NS);
    }
    struct idempotency_request more = request_of(CLIENTS, "more", 7);
    expect_refusal(scene, &more, STATUS_RESOURCE_EXHAUSTED,
                   "too many requests with idempotency keys are under way");
    assert_int_equal(counts_of(scene).under_way, IDEMPOTENCY_ENTRIES_MAX);
    idempotency_keep(scene->store, claims[5], TEXT("five"), START_NS);
    idempotency_keep(scene->store, claims[4], TEXT("four"), START_NS);
    struct idempotency_request five = request_of(5, "k0", 7);
    struct idempotency_request four = request_of(4, "k0", 7);
    expect_reply(scene, &five, START_NS, "five");
    do_once(scene, &more, START_NS, "more");
    expect_reply(scene, &four, START_NS, "four");
    expect_reply(scene, &more, START_NS, "more");
    for (unsigned i = 0; i < IDEMPOTENCY_ENTRIES_MAX; i++) {
        if (i != 4 && i != 5) {
            idempotency_release(scene->store, claims[i]);
        }
    }
    assert_int_equal(counts_of(scene).entries, 2);
    free(claims);
}

static void says_that_there_is_no_memory(void **state)
{
    struct scene *scene = *state;
    struct idempotency_request request = request_of(1, "k", 7);
    struct arena small;
    struct text reply;
    struct idempotency_claim *again;
    do_once(scene, &request, START_NS, "done");
    arena_init(&small, 1);
    struct call call;
    call_init(&call, &small, 0);
    assert_int_equal(idempotency_begin(scene->store, &call, &request, START_NS, &again, &reply),
                     STATUS_RESOURCE_EXHAUSTED);
    arena_deinit(&small);
    expect_reply(scene, &request, START_NS, "done");
}

static void has_bounds(void **state)
{
    static const struct {
        int64_t window_ms;
        enum status want;
    } cases[] = {
        {1, STATUS_OK},
        {IDEMPOTENCY_WINDOW_MAX_MS, STATUS_OK},
        {0, STATUS_INVALID_ARGUMENT},
        {-1, STATUS_INVALID_ARGUMENT},
        {IDEMPOTENCY_WINDOW_MAX_MS + 1, STATUS_INVALID_ARGUMENT},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct idempotency_store *store = NULL;
        assert_int_equal(idempotency_store_create(cases[i].window_ms, &store), cases[i].want);
        idempotency_store_destroy(store);
    }
}

enum { THREADS = 4, KEYS = 2000 };

struct rush {
    struct idempotency_store *store;
    atomic_uint runs;
    atomic_uint replays;
    atomic_uint refusals;
};

static void try_key(struct rush *rush, struct call *call, unsigned number)
{
    char key[16];
    struct text reply;
    struct idempotency_claim *claim = NULL;
    (void)snprintf(key, sizeof(key), "k%u", number);
    struct idempotency_request request = request_of(number % 3, key, number);
    enum status status =
        idempotency_begin(rush->store, call, &request, clock_monotonic_ns(), &claim, &reply);
    if (status == STATUS_ABORTED) {
        atomic_fetch_add(&rush->refusals, 1);
    } else if (status == STATUS_OK && claim == NULL) {
        atomic_fetch_add(&rush->replays, text_equal(reply, text_of(key)));
    } else if (status == STATUS_OK) {
        atomic_fetch_add(&rush->runs, 1);
        idempotency_keep(rush->store, claim, text_of(key), clock_monotonic_ns());
    }
}

static void *try_all(void *argument)
{
    struct rush *rush = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_BYTES_MAX);
    for (unsigned i = 0; i < KEYS; i++) {
        arena_reset(&arena);
        call_init(&call, &arena, 0);
        try_key(rush, &call, i);
    }
    arena_deinit(&arena);
    return NULL;
}

/* Each runs once, whoever of them comes first. */
static void runs_once_among_threads(void **state)
{
    struct rush rush = {.runs = 0};
    pthread_t threads[THREADS];
    (void)state;
    assert_int_equal(idempotency_store_create(IDEMPOTENCY_WINDOW_MAX_MS, &rush.store), STATUS_OK);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, try_all, &rush), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(rush.runs, KEYS);
    assert_int_equal(rush.runs + rush.replays + rush.refusals, THREADS * KEYS);
    idempotency_store_destroy(rush.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_as_at_first, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_the_same, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(tells_keys_and_clients_apart, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(runs_again_what_was_released, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(forgets_in_time, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(forgets_what_nobody_asks_for, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(keeps_no_large_reply, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(holds_so_many_bytes, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(holds_so_many_of_a_client, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(holds_so_many_of_all, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(says_that_there_is_no_memory, open_scene, close_scene),
        cmocka_unit_test(has_bounds),
        cmocka_unit_test(runs_once_among_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The life of a process: each case runs process_main() in a child of its own, whose hooks say on
 * standard error what they see. */
#include "process/process.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access/access_tokens.h"
#include "base/arena.h"
#include "base/clock.h"
#include "bookmark.pb-c.h"
#include "bookmark/controller/bookmark_controller.h"
#include "bookmark/handler/bookmark_handler.h"
#include "bookmark/repository/memory_bookmark_repository.h"
#include "grpc/grpc_bearer.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/http_loopback.h"
#include "unit/http/raw_peer.h"

enum { TIMEOUT_MS = 20000, OUTPUT_BYTES_MAX = 64 * 1024, ARGUMENTS_MAX = 8 };

extern const unsigned char marquee_bookmark_proto_descriptor_set[];
extern const size_t marquee_bookmark_proto_descriptor_set_size;

/* One process: what its hooks do. */
struct trial {
    struct process *process;
    enum status open_status;
    enum status start_status;
    bool hangs_in_drain;
    void (*drive)(struct trial *trial, struct call *call); /* on loop 0, once it is ready */
    _Atomic bool check_passes;
    _Atomic bool check_has_news; /* to tell although it passes */
    struct bookmark_controller controller;
    struct grpc_service services[1];
    struct grpc_interceptor guards[1];
    size_t guard_count;
};

/* In the child: one line of what the parent compares. */
static void say(const char *format, ...) PRINTF_LIKE(1, 2);

static void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    CHECK(vdprintf(STDERR_FILENO, format, arguments) > 0);
    va_end(arguments);
}

/* Asks the process's own server, without sockets. */
static struct http_loopback_reply ask(struct trial *trial, struct call *call, const char *method,
                                      const char *target, const char *body)
{
    struct http_server *server = process_http_server(trial->process, 0, loop_index(loop_current()));
    return http_loopback_send_with(server, call, method, target,
                                   body != NULL ? "content-type: application/json\r\n" : NULL,
                                   body);
}

static void say_page(struct trial *trial, struct call *call, const char *when, const char *target)
{
    struct http_loopback_reply reply = ask(trial, call, "GET", target, NULL);
    say("%s: %d %.*s", when, reply.status, TEXT_ARGUMENTS(reply.body));
}

static bool is_ready(void *state, struct call *call, struct text *ret_reason)
{
    struct trial *trial = state;
    (void)call;
    bool passes = atomic_load(&trial->check_passes);
    if (!passes) {
        *ret_reason = TEXT("gone away");
    } else if (atomic_load(&trial->check_has_news)) {
        *ret_reason = TEXT("slow today");
    }
    return passes;
}

static struct proto_descriptor_set bookmark_descriptors(void)
{
    return (struct proto_descriptor_set){marquee_bookmark_proto_descriptor_set,
                                         marquee_bookmark_proto_descriptor_set_size};
}

static enum status open_trial(void *self, struct process *process, struct call *call)
{
    struct trial *trial = self;
    say("open\n");
    trial->process = process;
    if (trial->open_status != STATUS_OK) {
        (void)call_fail_detail(call, trial->open_status, "/the/path");
        return call_fail(call, trial->open_status, "the store is damaged");
    }
    enum status status = memory_bookmark_repository_open(call, &trial->controller.repository);
    trial->services[0] = bookmark_handler_service(&trial->controller);
    const struct process_listener listener = {
        .address = TEXT("127.0.0.1:0"),
        .services = trial->services,
        .service_count = ARRAY_LENGTH(trial->services),
        .descriptors = bookmark_descriptors(),
        .interceptors = trial->guards,
        .interceptor_count = trial->guard_count,
    };
    assert_int_equal(process_add_listener(process, &listener), 0);
    assert_int_equal(process_add_listener(process, &listener), 1);
    process_add_check(process, "store", is_ready, trial);
    return status;
}

/* Waits until the process is ready, does what the trial wants, and tells it to stop. */
static void drive(void *argument)
{
    struct trial *trial = argument;
    struct arena arena;
    struct call call;
    arena_init(&arena, 16 * 1024 * 1024);
    call_init(&call, &arena, TIMEOUT_MS);
    struct http_loopback_reply reply;
    do {
        assert_int_equal(fiber_sleep(&call, CLOCK_NS_PER_MS), STATUS_OK);
        reply = ask(trial, &call, "GET", "/readyz", NULL);
    } while (!text_starts_with(reply.body, TEXT("ok   process\n")));
    if (trial->drive != NULL) {
        trial->drive(trial, &call);
    }
    arena_deinit(&arena);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
}

static enum status start_trial(void *self, struct process *process, struct call *call,
                               unsigned loop)
{
    struct trial *trial = self;
    (void)process;
    if (trial->start_status != STATUS_OK) {
        say("start\n");
        return call_fail(call, trial->start_status, "no channel can be had");
    }
    say_page(trial, call, "start", "/readyz");
    return loop == 0 ? fiber_start(loop_current(), drive, trial) : STATUS_OK;
}

static void drain_trial(void *self, struct process *process, unsigned loop)
{
    struct trial *trial = self;
    struct arena arena;
    struct call call;
    (void)process;
    (void)loop;
    arena_init(&arena, 1024 * 1024);
    call_init(&call, &arena, TIMEOUT_MS);
    if (trial->start_status == STATUS_OK) {
        say_page(trial, &call, "drain", "/readyz");
    }
    if (trial->hangs_in_drain) {
        assert_int_equal(kill(getpid(), SIGTERM), 0);
        status_ignore(fiber_sleep(&call, TIMEOUT_MS * CLOCK_NS_PER_MS)); /* it ends before */
    }
    arena_deinit(&arena);
}

/* The listener that was added first still serves: it may be asked by what is being closed. */
static void stop_trial(void *self, struct process *process, struct call *call, unsigned loop)
{
    (void)self;
    (void)call;
    say("stop: first listener %s, last %s\n",
        process_http_server(process, 0, loop) != NULL ? "there" : "gone",
        process_http_server(process, 1, loop) != NULL ? "there" : "gone");
}

static void close_trial(void *self)
{
    struct trial *trial = self;
    say("close\n");
    if (trial->controller.repository.ops != NULL) {
        trial->controller.repository.ops->close(trial->controller.repository.state);
    }
}

static int run_child(struct trial *trial, const char *option)
{
    static const struct process_definition definition = {
        .program = "marquee-trial",
        .service = "trial",
        .summary = "marquee-trial: a process of a test.",
        .open = open_trial,
        .start = start_trial,
        .drain = drain_trial,
        .stop = stop_trial,
        .close = close_trial,
    };
    char program[] = "marquee-trial";
    char registry[] = "--registry=";
    char level[] = "--log-level=error";
    char last[64];
    char threads[] = "--threads=1"; /* unless the option says otherwise, behind it */
    char *arguments[] = {program, registry, level, threads, last, NULL};
    CHECK(text_to_c_string(text_of(option), last, sizeof(last)));
    return process_main(&definition, trial, ARRAY_LENGTH(arguments) - 1, arguments);
}

/* Runs it to its end; returns the exit status. output: what it said. */
static int run(struct trial *trial, const char *option, char output[static OUTPUT_BYTES_MAX])
{
    int ends[2];
    int status;
    size_t length = 0;
    ssize_t count = 1;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        /* A failed assertion on a loop thread ends the child. */
        CHECK(setenv("CMOCKA_TEST_ABORT", "1", 1) == 0 && dup2(ends[1], STDERR_FILENO) >= 0);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)alarm(TIMEOUT_MS / 1000 * 2);
        _exit(run_child(trial, option));
    }
    assert_true(child > 0);
    (void)close(ends[1]);
    while (count > 0 && length < OUTPUT_BYTES_MAX - 1) {
        count = read(ends[0], output + length, OUTPUT_BYTES_MAX - 1 - length);
        length += count > 0 ? (size_t)count : 0;
    }
    output[length] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void expect(struct trial *trial, const char *option, int exit_status, const char *said)
{
    char output[OUTPUT_BYTES_MAX];
    int got = run(trial, option, output);
    if (got != exit_status || strcmp(output, said) != 0) {
        fail_msg("%d, not %d:\n%s\nnot\n%s", got, exit_status, output, said);
    }
}

#define STARTING "start: 503 FAIL process: starting\nok   store\n"
#define DRAINING "drain: 503 FAIL process: draining\nok   store\n"
#define STOPPED "stop: first listener there, last gone\nclose\n"

static void say_both_pages(struct trial *trial, struct call *call)
{
    say_page(trial, call, "live", "/livez");
    say_page(trial, call, "ready", "/readyz");
}

static void from_start_to_end(void **state)
{
    struct trial trial = {.drive = say_both_pages, .check_passes = true};
    (void)state;
    expect(&trial, "--threads=1", EXIT_SUCCESS,
           "open\n" STARTING
           "live: 200 ok\nready: 200 ok   process\nok   store\n" DRAINING STOPPED);
}

static void fail_and_mend_the_check(struct trial *trial, struct call *call)
{
    say_both_pages(trial, call);
    atomic_store(&trial->check_passes, true);
    say_page(trial, call, "mended", "/readyz");
    atomic_store(&trial->check_has_news, true);
    say_page(trial, call, "slow", "/readyz");
    atomic_store(&trial->check_has_news, false);
}

/* What is not ready still lives: nobody should restart it for that. */
static void check_that_fails_is_told(void **state)
{
    struct trial trial = {.drive = fail_and_mend_the_check};
    (void)state;
    expect(&trial, "--threads=1", EXIT_SUCCESS,
           "open\nstart: 503 FAIL process: starting\nFAIL store: gone away\n"
           "live: 200 ok\n"
           "ready: 503 ok   process\nFAIL store: gone away\n"
           "mended: 200 ok   process\nok   store\n"
           "slow: 200 ok   process\nok   store: slow today\n" DRAINING STOPPED);
}

static struct proto_pool *create_pool(void)
{
    static const ProtobufCMessageDescriptor *const roots[] = {&put_bookmark_response__descriptor};
    const struct proto_descriptor_set set = bookmark_descriptors();
    struct proto_pool *pool;
    assert_int_equal(proto_pool_create(&set, 1, roots, ARRAY_LENGTH(roots), &pool), STATUS_OK);
    return pool;
}

static void ask_nobody(struct trial *trial, struct call *call)
{
    struct process_channel channel;
    struct proto_pool *pool = create_pool();
    assert_int_equal(process_open_channel(trial->process, call, pool, "nobody", &channel),
                     STATUS_OK);
    say_page(trial, call, "opened", "/readyz");
    process_close_channel(&channel);
    proto_pool_destroy(pool);
    say_page(trial, call, "closed", "/readyz");
}

/* Who is asked must be known before others ask here: at first, and not for long. */
static void service_without_instances_is_waited_for(void **state)
{
    struct trial trial = {.drive = ask_nobody, .check_passes = true};
    (void)state;
    expect(&trial, "--registry=127.0.0.1:1", EXIT_SUCCESS, /* where no registry is */
           "open\n" STARTING "opened: 503 ok   process\n"
           "FAIL instances: of a service that is asked, none is known yet\nok   store\n"
           "closed: 200 ok   process\nok   store\n" DRAINING STOPPED);
}

static void ask_one_that_is_optional(struct trial *trial, struct call *call)
{
    struct process_channel channel;
    struct proto_pool *pool = create_pool();
    assert_int_equal(process_open_optional_channel(trial->process, call, pool, "nobody", &channel),
                     STATUS_OK);
    say_page(trial, call, channel.grpc != NULL ? "opened" : "nowhere", "/readyz");
    process_close_channel(&channel);
    proto_pool_destroy(pool);
    say_page(trial, call, "closed", "/readyz");
}

/* Who can be done without holds nothing up, whether it may be found one day or never. */
static void optional_service_is_not_waited_for(void **state)
{
    static const char *const rows[][2] = {
        {"--registry=127.0.0.1:1", "opened"}, /* where no registry is */
        {"--registry=", "nowhere"},
        {"--services=nobody=127.0.0.1:1", "opened"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct trial trial = {.drive = ask_one_that_is_optional, .check_passes = true};
        char want[OUTPUT_BYTES_MAX];
        (void)snprintf(want, sizeof(want),
                       "open\n" STARTING "%s: 200 ok   process\nok   store\n"
                       "closed: 200 ok   process\nok   store\n" DRAINING STOPPED,
                       rows[i][1]);
        expect(&trial, rows[i][0], EXIT_SUCCESS, want);
    }
}

static void failed_open_says_one_line(void **state)
{
    struct trial trial = {.open_status = STATUS_DATA_LOSS};
    (void)state;
    expect(&trial, "--threads=1", EXIT_FAILURE,
           "open\nmarquee-trial: the store is damaged: /the/path\nclose\n");
}

/* Whichever loops fail, the operator reads one line; each loop that was started is stopped. */
static void failed_start_says_one_line(void **state)
{
    struct trial trial = {.start_status = STATUS_RESOURCE_EXHAUSTED};
    char output[OUTPUT_BYTES_MAX];
    static const struct {
        const char *line;
        unsigned count;
    } wanted[] = {
        {"open\n", 1},
        {"start\n", 3},
        {"marquee-trial: no channel can be had\n", 1},
        {"stop: first listener there, last gone\n", 3},
        {"close\n", 1},
    };
    size_t length = 0;
    (void)state;
    assert_int_equal(run(&trial, "--threads=3", output), EXIT_FAILURE);
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        unsigned count = 0;
        for (const char *at = output; (at = strstr(at, wanted[i].line)) != NULL; at++) {
            count++;
        }
        if (count != wanted[i].count) {
            fail_msg("'%s' %u times in\n%s", wanted[i].line, count, output);
        }
        length += count * strlen(wanted[i].line);
    }
    assert_int_equal(strlen(output), length);
}

static void bad_usage_is_told_apart(void **state)
{
    struct trial trial = {.open_status = STATUS_OK};
    char output[OUTPUT_BYTES_MAX];
    (void)state;
    assert_int_equal(run(&trial, "--no-such-option=1", output), 2);
    assert_true(text_starts_with(text_of(output), TEXT("marquee-trial: ")));
    assert_non_null(strstr(output, "no-such-option"));
    assert_ptr_equal(strchr(output, '\n'), output + strlen(output) - 1);
}

static void second_signal_ends_at_once(void **state)
{
    struct trial trial = {.hangs_in_drain = true, .check_passes = true};
    (void)state;
    expect(&trial, "--threads=1", EXIT_FAILURE, "open\n" STARTING DRAINING);
}

/* The lines of /metrics that count what was served under this method or route. */
static void say_counts(struct trial *trial, struct call *call, const char *method)
{
    struct text rest = ask(trial, call, "GET", "/metrics", NULL).body;
    struct text label = arena_format(call->arena, "method=\"%s\"", method);
    while (rest.data != NULL) {
        struct text line = arena_copy(call->arena, text_next(&rest, '\n'));
        if (text_starts_with(line, TEXT("marquee_requests_total{")) &&
            strstr(line.data, label.data) != NULL) {
            say("%s\n", line.data);
        }
    }
}

static void ask_and_count(struct trial *trial, struct call *call)
{
    static const char put[] = "/BookmarkService/PutBookmark";
    for (unsigned i = 0; i < 3; i++) {
        struct http_loopback_reply reply =
            ask(trial, call, "POST", put, "{\"userId\":\"a\",\"movieId\":\"m\"}");
        assert_int_equal(reply.status, 200);
    }
    assert_int_equal(ask(trial, call, "POST", put, "{}").status, 400);
    assert_int_equal(ask(trial, call, "GET", "/livez", NULL).status, 200);
    assert_int_equal(ask(trial, call, "GET", "/livez", NULL).status, 200);
    assert_int_equal(ask(trial, call, "GET", "/nowhere", NULL).status, 404);
    say_counts(trial, call, put);
    say_counts(trial, call, "/livez");
    say_counts(trial, call, "none");
}

/* A call by Connect comes over an HTTP route too, but is one request. */
static void each_request_counts_once(void **state)
{
    struct trial trial = {.drive = ask_and_count, .check_passes = true};
    (void)state;
    expect(&trial, "--threads=1", EXIT_SUCCESS,
           "open\n" STARTING
           "marquee_requests_total{protocol=\"connect\",method=\"/BookmarkService/PutBookmark\","
           "status=\"OK\"} 3\n"
           "marquee_requests_total{protocol=\"connect\",method=\"/BookmarkService/PutBookmark\","
           "status=\"INVALID_ARGUMENT\"} 1\n"
           "marquee_requests_total{protocol=\"http\",method=\"/livez\",status=\"OK\"} 2\n"
           "marquee_requests_total{protocol=\"http\",method=\"none\",status=\"NOT_FOUND\"} "
           "1\n" DRAINING STOPPED);
}

static void ask_without_token(struct trial *trial, struct call *call)
{
    static const char put[] = "/BookmarkService/PutBookmark";
    say("call: %d\n", ask(trial, call, "POST", put, "{}").status);
    say_page(trial, call, "live", "/livez");
    say_counts(trial, call, put);
}

/* A listener's interceptors stand behind those of the process, which tell of what they refuse. */
static void a_listener_may_be_guarded(void **state)
{
    struct arena arena;
    struct call call;
    struct grpc_bearer bearer = {.tokens = NULL};
    arena_init(&arena, ARENA_CHUNK_BYTES);
    call_init(&call, &arena, 0);
    assert_int_equal(access_tokens_create(&call, TEXT("a-secret-of-sixteen"), &bearer.tokens),
                     STATUS_OK);
    struct trial trial = {
        .drive = ask_without_token,
        .check_passes = true,
        .guards = {grpc_require_bearer(&bearer)},
        .guard_count = 1,
    };
    (void)state;
    expect(&trial, "--threads=1", EXIT_SUCCESS,
           "open\n" STARTING "call: 401\nlive: 200 ok\n"
           "marquee_requests_total{protocol=\"connect\",method=\"/BookmarkService/PutBookmark\","
           "status=\"UNAUTHENTICATED\"} 1\n" DRAINING STOPPED);
    access_tokens_destroy(bearer.tokens);
    arena_deinit(&arena);
}

/* One call is held by a body that does not come; then there is no room for another, but for who
 * asks how the process is. */
static void overload_and_count(struct trial *trial, struct call *call)
{
    static const char put[] = "/BookmarkService/PutBookmark";
    static const char start[] = "POST /BookmarkService/PutBookmark HTTP/1.1\r\nhost: localhost\r\n"
                                "content-type: application/json\r\ncontent-length: 9\r\n\r\n";
    struct http_server *server = process_http_server(trial->process, 0, 0);
    struct raw_peer held;
    struct http_transport *transport = NULL;
    assert_int_equal(http_server_connect_loopback(server, &transport), STATUS_OK);
    raw_peer_open(&held, transport);
    raw_peer_say(&held, start);
    while (http_server_exchange_count(server) == 0) {
        fiber_yield();
    }
    struct http_loopback_reply reply =
        ask(trial, call, "POST", put, "{\"userId\":\"a\",\"movieId\":\"m\"}");
    say("call: %d %.*s\n", reply.status, TEXT_ARGUMENTS(reply.body));
    say("retry-after: %.*s\n", TEXT_ARGUMENTS(http_loopback_header(&reply, "retry-after")));
    say("plain: %d\n", ask(trial, call, "GET", "/nowhere", NULL).status);
    say_page(trial, call, "live", "/livez");
    struct text rest = ask(trial, call, "GET", "/metrics", NULL).body;
    while (rest.data != NULL) {
        struct text line = text_next(&rest, '\n');
        if (text_starts_with(line, TEXT("marquee_requests_refused_total{"))) {
            say("%.*s\n", TEXT_ARGUMENTS(line));
        }
    }
    say_counts(trial, call, put);
    raw_peer_close(&held);
}

static void an_overloaded_process_refuses(void **state)
{
    struct trial trial = {.drive = overload_and_count, .check_passes = true};
    (void)state;
    expect(
        &trial, "--calls-max=1", EXIT_SUCCESS,
        "open\n" STARTING
        "call: 503 {\"code\":\"unavailable\",\"message\":\"the server has as many requests as it "
        "takes\"}\n"
        "retry-after: 2\nplain: 503\nlive: 200 ok\n"
        "marquee_requests_refused_total{full=\"server\"} 2\n"
        "marquee_requests_refused_total{full=\"connection\"} 0\n"
        "marquee_requests_total{protocol=\"connect\",method=\"/BookmarkService/PutBookmark\","
        "status=\"UNAVAILABLE\"} 1\n" DRAINING STOPPED);
}

static void call_from_pages(struct trial *trial, struct call *call)
{
    static const char *const origins[] = {"https://a.example", "https://b.example:8443",
                                          "https://c.example"};
    struct http_server *server = process_http_server(trial->process, 0, loop_index(loop_current()));
    for (size_t i = 0; i < ARRAY_LENGTH(origins); i++) {
        struct text headers = arena_format(
            call->arena, "content-type: application/json\r\norigin: %s\r\n", origins[i]);
        const struct http_loopback_reply reply =
            http_loopback_send_with(server, call, "POST", "/BookmarkService/PutBookmark",
                                    headers.data, "{\"userId\":\"a\",\"movieId\":\"m\"}");
        say("%d %.*s\n", reply.status,
            TEXT_ARGUMENTS(http_loopback_header(&reply, "access-control-allow-origin")));
    }
}

static void pages_may_call_as_the_option_says(void **state)
{
    static const char variable[] = "MARQUEE_CORS_ORIGINS";
    struct trial trial = {.drive = call_from_pages, .check_passes = true};
    struct trial refused = {.check_passes = true};
    char output[OUTPUT_BYTES_MAX];
    (void)state;
    assert_int_equal(setenv(variable, "https://a.example, https://b.example:8443", 1), 0);
    expect(&trial, "--threads=1", EXIT_SUCCESS,
           "open\n" STARTING
           "200 https://a.example\n200 https://b.example:8443\n200 \n" DRAINING STOPPED);
    assert_int_equal(unsetenv(variable), 0);
    assert_int_equal(run(&refused, "--cors-origins=https://a.example/", output), EXIT_FAILURE);
    assert_non_null(strstr(output, "'https://a.example/' is not an origin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_start_to_end),
        cmocka_unit_test(check_that_fails_is_told),
        cmocka_unit_test(service_without_instances_is_waited_for),
        cmocka_unit_test(optional_service_is_not_waited_for),
        cmocka_unit_test(failed_open_says_one_line),
        cmocka_unit_test(failed_start_says_one_line),
        cmocka_unit_test(bad_usage_is_told_apart),
        cmocka_unit_test(second_signal_ends_at_once),
        cmocka_unit_test(each_request_counts_once),
        cmocka_unit_test(an_overloaded_process_refuses),
        cmocka_unit_test(a_listener_may_be_guarded),
        cmocka_unit_test(pages_may_call_as_the_option_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* gRPC's service config: what is taken from it, and what is said of a wrong one. */
#include "grpc/grpc_service_config.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "support/cmocka_test.h"

struct scene {
    struct arena arena;
    struct call call;
    struct grpc_service_config *config;
};

static void open_scene(struct scene *scene)
{
    *scene = (struct scene){.config = NULL};
    arena_init(&scene->arena, 16 * 1024 * 1024);
    call_init(&scene->call, &scene->arena, 0);
}

static void close_scene(struct scene *scene)
{
    grpc_service_config_destroy(scene->config);
    arena_deinit(&scene->arena);
}

#define RETRY(attempts, first, most, factor, codes)                                                \
    "{\"maxAttempts\":" attempts ",\"initialBackoff\":" first ",\"maxBackoff\":" most              \
    ",\"backoffMultiplier\":" factor ",\"retryableStatusCodes\":" codes "}"
#define METHOD(members) "{\"methodConfig\":[{\"name\":[{}]," members "}]}"
#define WITH_RETRY(...) METHOD("\"retryPolicy\":" RETRY(__VA_ARGS__))
#define THROTTLING(members) "{\"retryThrottling\":{" members "}}"

static void methods_are_found(void **state)
{
    static const char json[] =
        "{\"methodConfig\":["
        "{\"name\":[{\"service\":\"a.B\",\"method\":\"C\"},{\"service\":\"a.D\",\"method\":null}],"
        "\"timeout\":\"1.5s\"},"
        "{\"name\":[{\"service\":\"a.B\"}],\"timeout\":\"0.000000002s\",\"waitForReady\":true},"
        "{\"name\":[{\"service\":\"\",\"method\":\"\"}],\"timeout\":\"315576000000s\"},"
        "{\"timeout\":\"4s\"}],\"unknown\":[1]}";
    static const struct {
        const char *path;
        int64_t timeout_ns;
        bool wait_for_ready;
    } rows[] = {
        {"/a.B/C", 3 * CLOCK_NS_PER_S / 2, false},
        {"/a.B/Other", 2, true},
        {"/a.D/C", 3 * CLOCK_NS_PER_S / 2, false},
        {"/a.E/C", INT64_MAX, false},
        {"/a.B", INT64_MAX, false},
        {"", INT64_MAX, false},
    };
    struct scene scene;
    (void)state;
    open_scene(&scene);
    assert_int_equal(grpc_service_config_parse(&scene.call, text_of(json), &scene.config),
                     STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct grpc_method_config *method =
            grpc_service_config_find(scene.config, text_of(rows[i].path));
        assert_non_null(method);
        assert_int_equal(method->timeout_ns, rows[i].timeout_ns);
        assert_int_equal(method->wait_for_ready, rows[i].wait_for_ready);
        assert_false(method->has_retry);
    }
    close_scene(&scene);
}

static void nothing_is_said_of_others(void **state)
{
    struct scene scene;
    struct grpc_retry_throttle throttle;
    (void)state;
    open_scene(&scene);
    assert_int_equal(grpc_service_config_parse(&scene.call, TEXT("{}"), &scene.config), STATUS_OK);
    assert_null(grpc_service_config_find(scene.config, TEXT("/a.B/C")));
    assert_false(grpc_service_config_throttle(scene.config, &throttle));
    close_scene(&scene);
}

static void a_retry_policy_is_taken(void **state)
{
    static const struct {
        const char *json;
        unsigned attempts_max;
        uint32_t statuses;
    } rows[] = {
        {WITH_RETRY("4", "\"0.1s\"", "\"2s\"", "1.5", "[\"UNAVAILABLE\"]"), 4,
         GRPC_STATUS_BIT(STATUS_UNAVAILABLE)},
        {WITH_RETRY("2", "\"0.1s\"", "\"2s\"", "1.5", "[14, \"aborted\"]"), 2,
         GRPC_STATUS_BIT(STATUS_UNAVAILABLE) | GRPC_STATUS_BIT(STATUS_ABORTED)},
        {WITH_RETRY("1000000000000", "\"0.1s\"", "\"2s\"", "1.5", "[0,16]"), GRPC_ATTEMPTS_MAX,
         GRPC_STATUS_BIT(STATUS_OK) | GRPC_STATUS_BIT(STATUS_UNAUTHENTICATED)},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct scene scene;
        open_scene(&scene);
        assert_int_equal(
            grpc_service_config_parse(&scene.call, text_of(rows[i].json), &scene.config),
            STATUS_OK);
        const struct grpc_method_config *method =
            grpc_service_config_find(scene.config, TEXT("/a/b"));
        assert_true(method->has_retry);
        assert_int_equal(method->retry.attempts_max, rows[i].attempts_max);
        assert_int_equal(method->retry.statuses, rows[i].statuses);
        assert_int_equal(method->retry.backoff.first_ns, CLOCK_NS_PER_S / 10);
        assert_int_equal(method->retry.backoff.most_ns, 2 * CLOCK_NS_PER_S);
        assert_true(method->retry.backoff.factor == 1.5);
        assert_true(method->retry.backoff.jitter == 0.2);
        assert_true(method->retry.when_unreachable);
        close_scene(&scene);
    }
}

#define WITH_HEDGING(members) METHOD("\"hedgingPolicy\":{" members "}")

static void a_hedging_policy_is_taken(void **state)
{
    static const struct {
        const char *json;
        unsigned attempts_max;
        int64_t delay_ns;
        uint32_t non_fatal;
    } rows[] = {
        {WITH_HEDGING("\"maxAttempts\":3"), 3, 0, 0},
        {WITH_HEDGING("\"maxAttempts\":99,\"hedgingDelay\":\"0s\",\"nonFatalStatusCodes\":[]"),
         GRPC_ATTEMPTS_MAX, 0, 0},
        {WITH_HEDGING("\"maxAttempts\":2,\"hedgingDelay\":\"0.5s\","
                      "\"nonFatalStatusCodes\":[\"Internal\"]"),
         2, CLOCK_NS_PER_S / 2, GRPC_STATUS_BIT(STATUS_INTERNAL)},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct scene scene;
        open_scene(&scene);
        assert_int_equal(
            grpc_service_config_parse(&scene.call, text_of(rows[i].json), &scene.config),
            STATUS_OK);
        const struct grpc_method_config *method =
            grpc_service_config_find(scene.config, TEXT("/a/b"));
        assert_true(method->has_hedging);
        assert_false(method->has_retry);
        assert_int_equal(method->hedging.attempts_max, rows[i].attempts_max);
        assert_int_equal(method->hedging.delay_ns, rows[i].delay_ns);
        assert_int_equal(method->hedging.non_fatal, rows[i].non_fatal);
        close_scene(&scene);
    }
}

static void throttling_is_taken(void **state)
{
    static const struct {
        const char *json;
        unsigned tokens;
        unsigned ratio;
    } rows[] = {
        {THROTTLING("\"maxTokens\":10,\"tokenRatio\":0.1"), 10, 100},
        {THROTTLING("\"maxTokens\":1000,\"tokenRatio\":0.5469"), 1000, 546},
        {THROTTLING("\"maxTokens\":1,\"tokenRatio\":0.001"), 1, 1},
        {THROTTLING("\"maxTokens\":1,\"tokenRatio\":3"), 1, 3000},
        {THROTTLING("\"maxTokens\":1,\"tokenRatio\":1e300"), 1, 1000000},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct scene scene;
        struct grpc_retry_throttle throttle;
        open_scene(&scene);
        assert_int_equal(
            grpc_service_config_parse(&scene.call, text_of(rows[i].json), &scene.config),
            STATUS_OK);
        assert_true(grpc_service_config_throttle(scene.config, &throttle));
        assert_int_equal(throttle.tokens, rows[i].tokens * GRPC_RETRY_TOKEN);
        assert_int_equal(throttle.tokens_max, rows[i].tokens * GRPC_RETRY_TOKEN);
        assert_int_equal(throttle.ratio, rows[i].ratio);
        close_scene(&scene);
    }
}

static const struct {
    const char *json;
    const char *words;
} mistakes[] = {
    {"[]", "the service config is an array, not an object"},
    {"{\"methodConfig\":{}}", "methodConfig is an object, but must be an array"},
    {"{\"methodConfig\":[{},3]}", "methodConfig[1] is a number, but must be an object"},
    {METHOD("\"timeout\":3"), "methodConfig[0].timeout is a number, but must be a string"},
    {METHOD("\"timeout\":\"3\""), "methodConfig[0].timeout is '3', but must be a duration"},
    {METHOD("\"timeout\":\"0s\""), "methodConfig[0].timeout is '0s', but must be a duration"},
    {METHOD("\"timeout\":\"-1s\""), "methodConfig[0].timeout is '-1s', but must be a duration"},
    {METHOD("\"timeout\":\"1.s\""), "methodConfig[0].timeout is '1.s', but must be a duration"},
    {METHOD("\"timeout\":\"1.1234567891s\""), "methodConfig[0].timeout is '1.1234567891s', but"},
    {METHOD("\"timeout\":\"315576000001s\""), "methodConfig[0].timeout is '315576000001s', but"},
    {METHOD("\"waitForReady\":1"), "methodConfig[0].waitForReady is a number, but must be a"},
    {"{\"methodConfig\":[{\"name\":[{\"method\":\"x\"}]}]}",
     "methodConfig[0].name[0].service is missing beside a method"},
    {"{\"methodConfig\":[{\"name\":[{\"service\":\"a\"}]},{\"name\":[{},{\"service\":\"a\"}]}]}",
     "methodConfig[1].name[1].service names '/a/' a second time"},
    {"{\"methodConfig\":[{\"name\":[7]}]}",
     "methodConfig[0].name[0] is a number, but must be an object"},
    {"{\"methodConfig\":[{\"name\":[{\"service\":1}]}]}",
     "methodConfig[0].name[0].service is a number, but must be a string"},
    {METHOD("\"retryPolicy\":1"), "methodConfig[0].retryPolicy is a number, but must be an"},
    {METHOD("\"retryPolicy\":{}"), "methodConfig[0].retryPolicy.maxAttempts is missing"},
    {WITH_RETRY("1", "\"1s\"", "\"1s\"", "1", "[14]"),
     "methodConfig[0].retryPolicy.maxAttempts is 1, but must be at least 2"},
    {WITH_RETRY("2.5", "\"1s\"", "\"1s\"", "1", "[14]"),
     "methodConfig[0].retryPolicy.maxAttempts is a number, but must be an integer"},
    {WITH_RETRY("2", "\"0s\"", "\"1s\"", "1", "[14]"),
     "methodConfig[0].retryPolicy.initialBackoff is '0s'"},
    {WITH_RETRY("2", "null", "\"1s\"", "1", "[14]"),
     "methodConfig[0].retryPolicy.initialBackoff is missing"},
    {WITH_RETRY("2", "\"1s\"", "\"x\"", "1", "[14]"),
     "methodConfig[0].retryPolicy.maxBackoff is 'x'"},
    {WITH_RETRY("2", "\"1s\"", "\"1s\"", "0", "[14]"),
     "methodConfig[0].retryPolicy.backoffMultiplier is 0, but must be more than 0"},
    {WITH_RETRY("2", "\"1s\"", "\"1s\"", "1", "[]"),
     "methodConfig[0].retryPolicy.retryableStatusCodes names no status"},
    {WITH_RETRY("2", "\"1s\"", "\"1s\"", "1", "[14,17]"),
     "methodConfig[0].retryPolicy.retryableStatusCodes[1] is no status of gRPC"},
    {WITH_RETRY("2", "\"1s\"", "\"1s\"", "1", "[\"AVAILABLE\"]"),
     "methodConfig[0].retryPolicy.retryableStatusCodes[0] is no status of gRPC"},
    {WITH_RETRY("2", "\"1s\"", "\"1s\"", "1", "14"),
     "methodConfig[0].retryPolicy.retryableStatusCodes is a number, but must be an array"},
    {WITH_HEDGING(""), "methodConfig[0].hedgingPolicy.maxAttempts is missing"},
    {WITH_HEDGING("\"maxAttempts\":1"),
     "methodConfig[0].hedgingPolicy.maxAttempts is 1, but must be at least 2"},
    {WITH_HEDGING("\"maxAttempts\":2,\"hedgingDelay\":\"-1s\""),
     "methodConfig[0].hedgingPolicy.hedgingDelay is '-1s', but must be a duration, as"},
    {WITH_HEDGING("\"maxAttempts\":2,\"nonFatalStatusCodes\":[\"FATAL\"]"),
     "methodConfig[0].hedgingPolicy.nonFatalStatusCodes[0] is no status of gRPC"},
    {METHOD("\"hedgingPolicy\":{\"maxAttempts\":2},\"retryPolicy\":" RETRY("2", "\"1s\"", "\"1s\"",
                                                                           "1", "[14]")),
     "methodConfig[0].hedgingPolicy stands beside a retryPolicy"},
    {THROTTLING(""), "retryThrottling.maxTokens is missing"},
    {THROTTLING("\"maxTokens\":0,\"tokenRatio\":1"),
     "retryThrottling.maxTokens is 0, but must be at least 1"},
    {THROTTLING("\"maxTokens\":1001,\"tokenRatio\":1"),
     "retryThrottling.maxTokens is 1001, but must be at most 1000"},
    {THROTTLING("\"maxTokens\":1"), "retryThrottling.tokenRatio is missing"},
    {THROTTLING("\"maxTokens\":1,\"tokenRatio\":-1"), "retryThrottling.tokenRatio is -1, but"},
    {THROTTLING("\"maxTokens\":1,\"tokenRatio\":0.0009"),
     "retryThrottling.tokenRatio is 0.0009, but must be at least 0.001"},
};

static void mistakes_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(mistakes); i++) {
        struct scene scene;
        open_scene(&scene);
        enum status status =
            grpc_service_config_parse(&scene.call, text_of(mistakes[i].json), &scene.config);
        if (status != STATUS_INVALID_ARGUMENT ||
            !text_starts_with(scene.call.error.message, text_of(mistakes[i].words))) {
            fail_msg("%s: %s: %.*s", mistakes[i].json, status_name(status),
                     TEXT_ARGUMENTS(scene.call.error.message));
        }
        assert_null(scene.config);
        close_scene(&scene);
    }
    struct scene scene;
    open_scene(&scene);
    assert_int_equal(grpc_service_config_parse(&scene.call, TEXT("{"), &scene.config),
                     STATUS_INVALID_ARGUMENT);
    close_scene(&scene);
}

/* So many entries with so many names each. */
static enum status parse_many(struct scene *scene, unsigned methods, unsigned names)
{
    CLEANUP(buffer_deinit) struct buffer json;
    buffer_init(&json, 1024 * 1024);
    assert_true(buffer_format(&json, "{\"methodConfig\":["));
    for (unsigned i = 0; i < methods; i++) {
        assert_true(buffer_format(&json, "%s{\"name\":[", i > 0 ? "," : ""));
        for (unsigned j = 0; j < names; j++) {
            assert_true(buffer_format(&json, "%s{\"service\":\"%u.%u\"}", j > 0 ? "," : "", i, j));
        }
        assert_true(buffer_format(&json, "]}"));
    }
    assert_true(buffer_format(&json, "]}"));
    grpc_service_config_destroy(scene->config);
    scene->config = NULL;
    return grpc_service_config_parse(&scene->call, buffer_text(&json), &scene->config);
}

static void limits_are_kept(void **state)
{
    enum {
        METHODS = GRPC_SERVICE_CONFIG_METHODS_MAX,
        NAMES = GRPC_SERVICE_CONFIG_NAMES_MAX / METHODS,
    };
    struct scene scene;
    (void)state;
    open_scene(&scene);
    assert_int_equal(parse_many(&scene, METHODS, NAMES), STATUS_OK);
    assert_non_null(grpc_service_config_find(scene.config, TEXT("/99.9/x")));
    assert_null(grpc_service_config_find(scene.config, TEXT("/99.10/x")));
    assert_int_equal(parse_many(&scene, METHODS + 1, 0), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(parse_many(&scene, METHODS, NAMES + 1), STATUS_RESOURCE_EXHAUSTED);
    char *spaces = arena_alloc(&scene.arena, GRPC_SERVICE_CONFIG_BYTES_MAX + 1);
    assert_non_null(spaces);
    memset(spaces, ' ', GRPC_SERVICE_CONFIG_BYTES_MAX + 1);
    memcpy(spaces, "{}", 2);
    grpc_service_config_destroy(scene.config);
    scene.config = NULL;
    struct text text = {spaces, GRPC_SERVICE_CONFIG_BYTES_MAX + 1};
    assert_int_equal(grpc_service_config_parse(&scene.call, text, &scene.config),
                     STATUS_RESOURCE_EXHAUSTED);
    text.length--;
    assert_int_equal(grpc_service_config_parse(&scene.call, text, &scene.config), STATUS_OK);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_are_found),       cmocka_unit_test(nothing_is_said_of_others),
        cmocka_unit_test(a_retry_policy_is_taken), cmocka_unit_test(a_hedging_policy_is_taken),
        cmocka_unit_test(throttling_is_taken),     cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(limits_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "grpc/grpc_service_config.h"

#include <stdlib.h>

#include "base/arena.h"
#include "grpc/grpc_config_reader.h"

enum { CONFIG_ARENA_BYTES_MAX = 1024 * 1024 };

/* gRFC A6 gives the backoff this jitter, without asking. */
static const double RETRY_JITTER = 0.2;

/* Which entry a method has. */
struct config_name {
    struct text
        path; /* "/Service/Method"; "/Service/" for the others of that service; "" for all */
    const struct grpc_method_config *config;
};

struct grpc_service_config {
    struct arena arena; /* of all below */
    struct grpc_method_config *methods;
    struct config_name *names; /* sorted by path */
    size_t name_count;
    bool has_throttle;
    struct grpc_retry_throttle throttle;
};

static enum status no_memory(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the service config");
}

static enum status read_retry(const struct grpc_config_object *method,
                              struct grpc_method_config *config)
{
    struct grpc_config_object object;
    int64_t attempts = 0;
    enum status status = grpc_config_open(method, "retryPolicy", &object);
    if (status != STATUS_OK || object.value == NULL) {
        return status;
    }
    struct grpc_retry_policy *policy = &config->retry;
    config->has_retry = true;
    policy->when_unreachable = true;
    policy->backoff.jitter = RETRY_JITTER;
    status = grpc_config_integer(&object, "maxAttempts", 2, INT64_MAX, &attempts);
    policy->attempts_max = attempts < GRPC_ATTEMPTS_MAX ? (unsigned)attempts : GRPC_ATTEMPTS_MAX;
    if (status == STATUS_OK) {
        status = grpc_config_duration(&object, "initialBackoff", &policy->backoff.first_ns);
    }
    if (status == STATUS_OK) {
        status = grpc_config_duration(&object, "maxBackoff", &policy->backoff.most_ns);
    }
    if (status == STATUS_OK) {
        status = grpc_config_number(&object, "backoffMultiplier", &policy->backoff.factor);
    }
    if (status == STATUS_OK) {
        status = grpc_config_statuses(&object, "retryableStatusCodes", &policy->statuses);
    }
    return status == STATUS_OK && policy->statuses == 0
               ? grpc_config_fail(&object, "retryableStatusCodes", "names no status")
               : status;
}

static enum status read_hedging(const struct grpc_config_object *method,
                                struct grpc_method_config *config)
{
    struct grpc_config_object object;
    int64_t attempts = 0;
    enum status status = grpc_config_open(method, "hedgingPolicy", &object);
    if (status != STATUS_OK || object.value == NULL) {
        return status;
    }
    if (config->has_retry) {
        return grpc_config_fail(method, "hedgingPolicy", "stands beside a retryPolicy");
    }
    struct grpc_hedging_policy *policy = &config->hedging;
    config->has_hedging = true;
    status = grpc_config_integer(&object, "maxAttempts", 2, INT64_MAX, &attempts);
    policy->attempts_max = attempts < GRPC_ATTEMPTS_MAX ? (unsigned)attempts : GRPC_ATTEMPTS_MAX;
    if (status == STATUS_OK) {
        status = grpc_config_duration_if_said(&object, "hedgingDelay", 0, &policy->delay_ns);
    }
    if (status == STATUS_OK) {
        status = grpc_config_statuses(&object, "nonFatalStatusCodes", &policy->non_fatal);
    }
    return status;
}

/* {"service": …, "method": …} as the beginning of a path. */
static enum status read_name(struct grpc_service_config *config,
                             const struct grpc_config_object *object, struct text *ret_path)
{
    const struct json *service;
    const struct json *method;
    enum status status = grpc_config_member(object, "service", JSON_STRING, &service);
    if (status == STATUS_OK) {
        status = grpc_config_member(object, "method", JSON_STRING, &method);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct text service_name = service != NULL ? json_string(service) : TEXT("");
    struct text method_name = method != NULL ? json_string(method) : TEXT("");
    if (service_name.length == 0) {
        *ret_path = TEXT("");
        return method_name.length == 0
                   ? STATUS_OK
                   : grpc_config_fail(object, "service", "is missing beside a method");
    }
    struct text path = arena_format(&config->arena, "/%.*s/%.*s", TEXT_ARGUMENTS(service_name),
                                    TEXT_ARGUMENTS(method_name));
    if (path.data == NULL) {
        return no_memory(object->call);
    }
    *ret_path = path;
    return STATUS_OK;
}

static enum status add_name(struct grpc_service_config *config,
                            const struct grpc_config_object *object,
                            const struct grpc_method_config *method)
{
    struct text path;
    enum status status = read_name(config, object, &path);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < config->name_count; i++) {
        if (text_equal(config->names[i].path, path)) {
            return call_fail(object->call, STATUS_INVALID_ARGUMENT,
                             "%sservice names '%.*s' a second time", object->place,
                             TEXT_ARGUMENTS(path));
        }
    }
    if (config->name_count == GRPC_SERVICE_CONFIG_NAMES_MAX) {
        return call_fail(object->call, STATUS_RESOURCE_EXHAUSTED,
                         "the service config names more than %d methods",
                         GRPC_SERVICE_CONFIG_NAMES_MAX);
    }
    config->names[config->name_count++] = (struct config_name){path, method};
    return STATUS_OK;
}

static enum status read_method(struct grpc_service_config *config,
                               const struct grpc_config_object *object,
                               struct grpc_method_config *method)
{
    const struct json *names;
    enum status status = grpc_config_duration_if_said(object, "timeout", 1, &method->timeout_ns);
    if (status == STATUS_OK) {
        status = grpc_config_boolean(object, "waitForReady", &method->wait_for_ready);
    }
    if (status == STATUS_OK) {
        status = read_retry(object, method);
    }
    if (status == STATUS_OK) {
        status = read_hedging(object, method);
    }
    if (status == STATUS_OK) {
        status = grpc_config_member(object, "name", JSON_ARRAY, &names);
    }
    for (size_t i = 0; status == STATUS_OK && names != NULL && i < json_length(names); i++) {
        struct grpc_config_object name;
        status = grpc_config_element(object, "name", names, i, &name);
        if (status == STATUS_OK) {
            status = add_name(config, &name, method);
        }
    }
    return status;
}

static int compare_names(const void *first, const void *second)
{
    return text_compare(((const struct config_name *)first)->path,
                        ((const struct config_name *)second)->path);
}

static enum status read_methods(struct grpc_service_config *config,
                                const struct grpc_config_object *root)
{
    const struct json *array;
    enum status status = grpc_config_member(root, "methodConfig", JSON_ARRAY, &array);
    if (status != STATUS_OK || array == NULL) {
        return status;
    }
    size_t count = json_length(array);
    if (count > GRPC_SERVICE_CONFIG_METHODS_MAX) {
        return call_fail(root->call, STATUS_RESOURCE_EXHAUSTED,
                         "methodConfig has more than %d entries", GRPC_SERVICE_CONFIG_METHODS_MAX);
    }
    config->methods = arena_calloc(&config->arena, count + 1, sizeof(*config->methods));
    config->names =
        arena_calloc(&config->arena, GRPC_SERVICE_CONFIG_NAMES_MAX, sizeof(*config->names));
    if (config->methods == NULL || config->names == NULL) {
        return no_memory(root->call);
    }
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        struct grpc_config_object object;
        status = grpc_config_element(root, "methodConfig", array, i, &object);
        if (status == STATUS_OK) {
            status = read_method(config, &object, &config->methods[i]);
        }
    }
    if (config->name_count > 0) {
        qsort(config->names, config->name_count, sizeof(*config->names), compare_names);
    }
    return status;
}

/* Decimals behind the third are dropped. */
static enum status read_throttling(struct grpc_service_config *config,
                                   const struct grpc_config_object *root)
{
    struct grpc_config_object object;
    int64_t tokens;
    double ratio;
    enum status status = grpc_config_open(root, "retryThrottling", &object);
    if (status != STATUS_OK || object.value == NULL) {
        return status;
    }
    status = grpc_config_integer(&object, "maxTokens", 1, GRPC_RETRY_TOKENS_MAX, &tokens);
    if (status == STATUS_OK) {
        status = grpc_config_number(&object, "tokenRatio", &ratio);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* What is more than all tokens is no different from as many. A little is added because a
     * decimal fraction may have come out a little too small. */
    double thousandths = ratio < GRPC_RETRY_TOKENS_MAX ? ratio * GRPC_RETRY_TOKEN + 1e-6
                                                       : GRPC_RETRY_TOKENS_MAX * GRPC_RETRY_TOKEN;
    if (thousandths < 1) {
        return grpc_config_fail(&object, "tokenRatio", "is %g, but must be at least 0.001", ratio);
    }
    grpc_retry_throttle_init(&config->throttle, (unsigned)tokens, (unsigned)thousandths);
    config->has_throttle = true;
    return STATUS_OK;
}

static enum status read_config(struct grpc_service_config *config, struct call *call,
                               struct text json)
{
    struct grpc_config_object root = {.call = call, .place = ""};
    enum status status = json_parse(call, json, &root.value);
    if (status != STATUS_OK) {
        return status;
    }
    if (json_kind(root.value) != JSON_OBJECT) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the service config is %s, not an object",
                         json_kind_name(json_kind(root.value)));
    }
    status = read_methods(config, &root);
    return status == STATUS_OK ? read_throttling(config, &root) : status;
}

enum status grpc_service_config_parse(struct call *call, struct text json,
                                      struct grpc_service_config **ret_config)
{
    if (json.length > GRPC_SERVICE_CONFIG_BYTES_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                         "the service config has more than %d bytes",
                         GRPC_SERVICE_CONFIG_BYTES_MAX);
    }
    struct grpc_service_config *config = calloc(1, sizeof(*config));
    if (config == NULL) {
        return no_memory(call);
    }
    arena_init(&config->arena, CONFIG_ARENA_BYTES_MAX);
    enum status status = read_config(config, call, json);
    if (status != STATUS_OK) {
        grpc_service_config_destroy(config);
        return status;
    }
    *ret_config = config;
    return STATUS_OK;
}

void grpc_service_config_destroy(struct grpc_service_config *config)
{
    if (config != NULL) {
        arena_deinit(&config->arena);
        free(config);
    }
}

static const struct grpc_method_config *find(const struct grpc_service_config *config,
                                             struct text path)
{
    const struct config_name key = {.path = path};
    const struct config_name *name = config->name_count == 0
                                         ? NULL
                                         : bsearch(&key, config->names, config->name_count,
                                                   sizeof(*config->names), compare_names);
    return name != NULL ? name->config : NULL;
}

const struct grpc_method_config *grpc_service_config_find(const struct grpc_service_config *config,
                                                          struct text path)
{
    size_t service_end = text_find(path, 1, '/') + 1;
    const struct grpc_method_config *method = find(config, path);
    if (method == NULL) {
        method = find(config, text_slice(path, 0, service_end));
    }
    return method != NULL ? method : find(config, TEXT(""));
}

bool grpc_service_config_throttle(const struct grpc_service_config *config,
                                  struct grpc_retry_throttle *ret_throttle)
{
    if (config->has_throttle) {
        *ret_throttle = config->throttle;
    }
    return config->has_throttle;
}

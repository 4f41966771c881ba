#include "registry/handler/registry_describe.h"

#define TOKEN                                                                                      \
    {                                                                                              \
        .name = "token", .about = "A secret, where no header has one"                              \
    }
#define DATACENTER                                                                                 \
    {                                                                                              \
        .name = "dc", .about = "The registry's own datacenter, or nothing"                         \
    }
#define FILTER                                                                                     \
    {                                                                                              \
        .name = "filter", .about = "What an entry must be like to be in the answer"                \
    }
#define WATCH                                                                                      \
    {.name = "index", .about = "X-Consul-Index of an answer: waits until it is another"},          \
        {.name = "wait", .about = "How long at most: 5m"},                                         \
        {.name = "stale", .about = "Taken, and without effect"},                                   \
    {                                                                                              \
        .name = "consistent", .about = "Taken, and without effect; not beside stale"               \
    }
#define NODE_META                                                                                  \
    {                                                                                              \
        .name = "node-meta", .about = "KEY:VALUE that the node must have"                          \
    }

static const struct http_parameter lists[][12] = {
    [REGISTRY_TAKES_TOKEN] = {TOKEN},
    [REGISTRY_TAKES_FILTER] = {DATACENTER, FILTER, TOKEN},
    [REGISTRY_TAKES_WATCH] = {DATACENTER, FILTER, WATCH, NODE_META, TOKEN},
    [REGISTRY_TAKES_INSTANCES] = {DATACENTER,
                                  FILTER,
                                  WATCH,
                                  NODE_META,
                                  {.name = "tag", .about = "A tag that the instance must have"},
                                  {.name = "passing", .about = "Those alone that are well"},
                                  TOKEN},
    [REGISTRY_TAKES_MAINTENANCE] = {{.name = "enable",
                                     .about = "true or false",
                                     .is_required = true},
                                    {.name = "reason", .about = "In words"},
                                    TOKEN},
    [REGISTRY_TAKES_NOTE] = {{.name = "note", .about = "The check's output"}, TOKEN},
    [REGISTRY_TAKES_HASH] = {{.name = "hash", .about = "X-Consul-ContentHash of an answer: waits"},
                             {.name = "wait", .about = "How long at most: 5m"},
                             TOKEN},
    [REGISTRY_TAKES_REPLACE] = {{.name = "replace-existing-checks",
                                 .about = "Checks that are not named go"},
                                TOKEN},
    [REGISTRY_TAKES_FORMAT] = {{.name = "format", .about = "text: a word in place of JSON"}, TOKEN},
};

static const struct http_parameter rests[] = {
    [REGISTRY_REST_SERVICE] = {.name = "service", .about = "A service's name"},
    [REGISTRY_REST_ID] = {.name = "serviceId", .about = "An instance's id"},
    [REGISTRY_REST_CHECK] = {.name = "checkId", .about = "A check's id"},
    [REGISTRY_REST_NODE] = {.name = "node", .about = "A node's name"},
    [REGISTRY_REST_STATE] = {.name = "state", .about = "passing, warning, critical or any"},
};

/* Errors are plain texts, in Consul's words. */
#define ERRORS_OF_ALL                                                                              \
    {400, "It is malformed", {.media_type = "text/plain"}},                                        \
        {403, "No token, or one that may not", {.media_type = "text/plain"}},                      \
        {405, "Another method is served there", {.media_type = "text/plain"}},                     \
        {413, "The body is too large", {.media_type = "text/plain"}},                              \
        {500, "It cannot be done", {.media_type = "text/plain"}},                                  \
    {                                                                                              \
        .status = 0                                                                                \
    }
#define ERRORS                                                                                     \
    {404, "There is no such thing", {.media_type = "text/plain"}},                                 \
        {429, "Too many wait", {.media_type = "text/plain"}},                                      \
        {503, "It has too much to do", {.media_type = "application/problem+json"}}, ERRORS_OF_ALL
/* With the same content. */
#define HEALTH(json)                                                                               \
    {200, "All is well", {.schema = json, .or_text = true}},                                       \
        {404, "There is none", {.schema = json, .or_text = true}},                                 \
        {429, "A check warns, or too many wait", {.schema = json, .or_text = true}},               \
        {503, "A check is critical", {.schema = json, .or_text = true}}, ERRORS_OF_ALL

static const struct http_answer nothing[] = {{.status = 200, .about = "Done"}, ERRORS};
static const struct http_answer object[] = {
    {200, "As Consul has it", {.schema = "{\"type\":\"object\"}"}}, ERRORS};
static const struct http_answer array[] = {
    {200, "As Consul has it", {.schema = "{\"type\":\"array\"}"}}, ERRORS};
static const struct http_answer string[] = {
    {200, "As Consul has it", {.schema = "{\"type\":\"string\"}"}}, ERRORS};

static const struct http_answer truth[] = {
    {200, "As Consul has it", {.schema = "{\"const\":true}"}}, ERRORS};

static const struct http_answer health_of_one[] = {HEALTH("{\"type\":\"object\"}")};
static const struct http_answer health_of_all[] = {HEALTH("{\"type\":\"array\"}")};

static const struct http_answer *const answers[] = {
    [REGISTRY_ANSWERS_NOTHING] = nothing,
    [REGISTRY_ANSWERS_OBJECT] = object,
    [REGISTRY_ANSWERS_ARRAY] = array,
    [REGISTRY_ANSWERS_STRING] = string,
    [REGISTRY_ANSWERS_TRUE] = truth,
    [REGISTRY_ANSWERS_HEALTH_OF_ONE] = health_of_one,
    [REGISTRY_ANSWERS_HEALTH_OF_ALL] = health_of_all,
};

void registry_describe(const struct registry_endpoint *endpoint,
                       struct http_operation *ret_operation)
{
    *ret_operation = (struct http_operation){
        .method = endpoint->method,
        .path = endpoint->path,
        .id = endpoint->id,
        .summary = endpoint->summary,
        .tag = "registry",
        .parameters = lists[endpoint->takes],
        .rest = endpoint->rest != REGISTRY_REST_NONE ? &rests[endpoint->rest] : NULL,
        .answers = answers[endpoint->answers],
        .traits = HTTP_OPERATION_OWN_ERRORS,
    };
    if (endpoint->has_body) {
        ret_operation->body = (struct http_content){.schema = "{\"type\":\"object\"}"};
    }
}

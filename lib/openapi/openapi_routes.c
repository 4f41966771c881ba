/* Plain routes as operations, by their tables (http/http_operation.h). */
#include "http/http_operation.h"
#include "openapi/openapi_components.h"

/* What the server answers to any request that is malformed, is one too many, or takes too long. */
static const int always[] = {400, 414, 429, 500, 503, 504, 0};
static const int of_precondition[] = {412, 0};
static const int of_body[] = {413, 415, 0};
static const int of_token[] = {401, 403, 0};
static const int of_session[] = {403, 0};
static const int of_host[] = {421, 0};
static const int of_key[] = {409, 413, 422, 0};

static void write_length(struct openapi *openapi, const struct http_parameter *parameter)
{
    if (parameter->minimum > 0) {
        json_member_integer(&openapi->json, "minLength", parameter->minimum);
    }
    if (parameter->maximum > 0) {
        json_member_integer(&openapi->json, "maxLength", parameter->maximum);
    }
    if (parameter->pattern != NULL) {
        json_member_string(&openapi->json, "pattern", text_of(parameter->pattern));
    }
    if (parameter->choices == NULL) {
        return;
    }
    json_write_name(&openapi->json, TEXT("enum"));
    json_open_array(&openapi->json);
    for (const char *const *choice = parameter->choices; *choice != NULL; choice++) {
        json_write_string(&openapi->json, text_of(*choice));
    }
    json_close_array(&openapi->json);
}

static void write_range(struct openapi *openapi, const struct http_parameter *parameter)
{
    if (parameter->minimum != 0 || parameter->maximum != 0) {
        json_member_integer(&openapi->json, "minimum", parameter->minimum);
        json_member_integer(&openapi->json, "maximum", parameter->maximum);
    }
    if (parameter->step > 0) {
        json_member_number(&openapi->json, "multipleOf", parameter->step);
    }
    if (parameter->kind == HTTP_PARAMETER_INTEGER && !parameter->is_required) {
        json_member_integer(&openapi->json, "default", parameter->otherwise);
    }
}

static void write_parameter_schema(struct openapi *openapi, const struct http_parameter *parameter)
{
    static const char *const types[] = {
        [HTTP_PARAMETER_TEXT] = "string",
        [HTTP_PARAMETER_INTEGER] = "integer",
        [HTTP_PARAMETER_NUMBER] = "number",
        [HTTP_PARAMETER_BOOLEAN] = "boolean",
    };
    json_write_name(&openapi->json, TEXT("schema"));
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "type", text_of(types[parameter->kind]));
    if (parameter->kind == HTTP_PARAMETER_TEXT) {
        write_length(openapi, parameter);
    } else {
        write_range(openapi, parameter);
    }
    json_close_object(&openapi->json);
}

/* Where callers say who they are, `userId` may be left out: it is the caller (http/http_json.h).
 * Where nobody is asked, it may be so with a session alone. */
static bool is_required(const struct http_parameter *parameter, const struct openapi_need *need)
{
    bool may_be_caller = need->is_looked_at && text_equal(text_of(parameter->name), TEXT("userId"));
    return parameter->is_required && !may_be_caller;
}

static void write_parameter(struct openapi *openapi, const struct http_parameter *parameter,
                            const struct openapi_need *need, const char *place)
{
    bool is_in_path = strcmp(place, "path") == 0;
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "name", text_of(parameter->name));
    json_member_string(&openapi->json, "in", text_of(place));
    openapi_member_text(openapi, "description", text_of(parameter->about));
    if (is_in_path || is_required(parameter, need)) {
        json_member_boolean(&openapi->json, "required", true);
    }
    write_parameter_schema(openapi, parameter);
    json_close_object(&openapi->json);
}

static const struct http_parameter if_none_match = {
    .name = "if-none-match",
    .about = "Tags of what the client has: one of them is answered by 304"};
static const struct http_parameter if_match = {
    .name = "if-match", .about = "Tags: done only where one of them is what there is, else 412"};
static const struct http_parameter unless_match = {
    .name = "if-none-match",
    .about = "Tags: 412 where one of them is what there is; *: where anything is there"};

static void write_parameters(struct openapi *openapi, const struct http_operation *operation,
                             const struct openapi_need *need, bool takes_keys)
{
    const struct http_parameter *parameter = operation->parameters;
    const unsigned has_headers = HTTP_OPERATION_TAGGED | HTTP_OPERATION_CONDITIONAL;
    if (operation->rest == NULL && (parameter == NULL || parameter->name == NULL) &&
        (operation->traits & has_headers) == 0 && !takes_keys) {
        return;
    }
    json_write_name(&openapi->json, TEXT("parameters"));
    json_open_array(&openapi->json);
    if (operation->rest != NULL) {
        write_parameter(openapi, operation->rest, need, "path");
    }
    for (; parameter != NULL && parameter->name != NULL; parameter++) {
        write_parameter(openapi, parameter, need, "query");
    }
    if ((operation->traits & HTTP_OPERATION_TAGGED) != 0) {
        write_parameter(openapi, &if_none_match, need, "header");
    }
    if ((operation->traits & HTTP_OPERATION_CONDITIONAL) != 0) {
        write_parameter(openapi, &if_match, need, "header");
        write_parameter(openapi, &unless_match, need, "header");
    }
    if (takes_keys) {
        openapi_write_key(openapi);
    }
    json_close_array(&openapi->json);
}

static bool is_nothing(const struct http_content *content)
{
    return content->media_type == NULL && content->message == NULL && content->schema == NULL;
}

static void write_content(struct openapi *openapi, const struct http_content *content,
                          enum openapi_flavour flavour)
{
    const char *type = content->media_type != NULL ? content->media_type : "application/json";
    json_write_name(&openapi->json, TEXT("content"));
    json_open_object(&openapi->json);
    json_write_name(&openapi->json, text_of(type));
    json_open_object(&openapi->json);
    json_write_name(&openapi->json, TEXT("schema"));
    if (content->message != NULL) {
        openapi_write_reference(openapi, text_of(content->message), flavour);
    } else {
        const char *schema = content->schema != NULL ? content->schema : "{\"type\":\"string\"}";
        json_write_raw(&openapi->json, text_of(schema));
    }
    json_close_object(&openapi->json);
    if (content->or_text) {
        json_write_name(&openapi->json, TEXT("text/plain"));
        json_write_raw(&openapi->json, TEXT("{\"schema\":{\"type\":\"string\"}}"));
    }
    json_close_object(&openapi->json);
}

static void write_body(struct openapi *openapi, const struct http_operation *operation)
{
    if (is_nothing(&operation->body)) {
        return;
    }
    json_write_name(&openapi->json, TEXT("requestBody"));
    json_open_object(&openapi->json);
    json_member_boolean(&openapi->json, "required", true);
    write_content(openapi, &operation->body, OPENAPI_INPUT);
    json_close_object(&openapi->json);
}

static void write_answer(struct openapi *openapi, const struct http_answer *answer, bool is_tagged)
{
    json_write_name(&openapi->json, arena_format(openapi->arena, "%d", answer->status));
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "description", text_of(answer->about));
    if (is_tagged) {
        json_write_name(&openapi->json, TEXT("headers"));
        json_write_raw(&openapi->json, TEXT("{\"etag\":{\"schema\":{\"type\":\"string\"}}}"));
    }
    if (!is_nothing(&answer->content)) {
        write_content(openapi, &answer->content, OPENAPI_OUTPUT);
    }
    json_close_object(&openapi->json);
}

static void mark(bool wanted[static OPENAPI_STATUSES_MAX], const int *statuses)
{
    for (; statuses != NULL && *statuses != 0; statuses++) {
        CHECK(*statuses < OPENAPI_STATUSES_MAX);
        wanted[*statuses] = true;
    }
}

static void write_responses(struct openapi *openapi, const struct http_operation *operation,
                            const struct openapi_need *need, bool takes_keys)
{
    static const struct http_answer unchanged = {.status = 304,
                                                 .about = "The client has it already"};
    bool is_tagged = (operation->traits & HTTP_OPERATION_TAGGED) != 0;
    bool is_read = strcmp(operation->method, "GET") == 0;
    static const struct http_answer done[] = {{.status = 200, .about = "Done"}, {.status = 0}};
    bool problems[OPENAPI_STATUSES_MAX] = {false};
    if ((operation->traits & HTTP_OPERATION_OWN_ERRORS) == 0) {
        mark(problems, always);
        mark(problems, operation->problems);
        bool is_conditional = is_tagged || (operation->traits & HTTP_OPERATION_CONDITIONAL) != 0;
        mark(problems, is_conditional ? of_precondition : NULL);
        mark(problems, is_nothing(&operation->body) ? NULL : of_body);
        mark(problems, takes_keys ? of_key : NULL);
        mark(problems, need->is_looked_at ? of_token : NULL);
        mark(problems, need->is_known && !is_read ? of_session : NULL);
        mark(problems, openapi->options->checks_hosts ? of_host : NULL);
    }
    json_write_name(&openapi->json, TEXT("responses"));
    json_open_object(&openapi->json);
    const struct http_answer *answer = operation->answers != NULL ? operation->answers : done;
    for (; answer->status != 0; answer++) {
        problems[answer->status] = false; /* it is no problem there */
        write_answer(openapi, answer, is_tagged && answer->status == 200);
    }
    if (is_tagged) {
        write_answer(openapi, &unchanged, true);
    }
    for (int status = 0; status < OPENAPI_STATUSES_MAX; status++) {
        if (problems[status]) {
            openapi_write_problem(openapi, status);
        }
    }
    json_close_object(&openapi->json);
}

static void write_operation(struct openapi *openapi, const struct http_route *route)
{
    const struct http_operation *operation = route->operation;
    const struct openapi_options *options = openapi->options;
    bool takes_keys = options->takes_keys != NULL && options->takes_keys(route);
    static const struct {
        const char *method;
        const char *name;
    } names[] = {{"GET", "get"},       {"PUT", "put"},     {"POST", "post"},
                 {"DELETE", "delete"}, {"PATCH", "patch"}, {"OPTIONS", "options"}};
    const char *name = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        name = strcmp(operation->method, names[i].method) == 0 ? names[i].name : name;
    }
    CHECK(name != NULL);
    struct openapi_need need = openapi_need_of(openapi, operation, text_of(operation->path));
    json_write_name(&openapi->json, text_of(name));
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "operationId", text_of(operation->id));
    json_write_name(&openapi->json, TEXT("tags"));
    json_open_array(&openapi->json);
    json_write_string(&openapi->json, text_of(operation->tag));
    json_close_array(&openapi->json);
    json_member_string(&openapi->json, "summary", text_of(operation->summary));
    openapi_member_text(openapi, "description", text_of(operation->about));
    openapi_write_security(openapi, &need);
    write_parameters(openapi, operation, &need, takes_keys);
    write_body(openapi, operation);
    write_responses(openapi, operation, &need, takes_keys);
    json_close_object(&openapi->json);
}

/* "/ui/" and '*': "/ui/{file}", where the rest is called so. */
static struct text template_of(struct openapi *openapi, const struct http_operation *operation)
{
    struct text path = text_of(operation->path);
    if (!text_ends_with(path, TEXT("/*"))) {
        return path;
    }
    CHECK(operation->rest != NULL);
    return arena_format(openapi->arena, "%.*s{%s}", (int)path.length - 1, path.data,
                        operation->rest->name);
}

static bool is_first_of_path(const struct openapi_options *options, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        const struct http_operation *earlier = options->routes[i].operation;
        if (earlier != NULL && strcmp(earlier->path, options->routes[index].operation->path) == 0) {
            return false;
        }
    }
    return true;
}

void openapi_write_routes(struct openapi *openapi)
{
    const struct openapi_options *options = openapi->options;
    for (size_t i = 0; i < options->route_count; i++) {
        const struct http_operation *operation = options->routes[i].operation;
        if (operation == NULL || !is_first_of_path(options, i)) {
            continue;
        }
        json_write_name(&openapi->json, template_of(openapi, operation));
        json_open_object(&openapi->json);
        for (size_t j = i; j < options->route_count; j++) {
            const struct http_operation *other = options->routes[j].operation;
            if (other != NULL && strcmp(other->path, operation->path) == 0) {
                write_operation(openapi, &options->routes[j]);
            }
        }
        json_close_object(&openapi->json);
    }
}

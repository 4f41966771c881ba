/* agent/check and agent/checks: checks come and go, and report. */
#include "registry/handler/registry_check_input.h"
#include "registry/handler/registry_entries.h"
#include "registry/handler/registry_fields.h"
#include "registry/handler/registry_json.h"
#include "registry/handler/registry_query.h"

static void register_check(struct registry_request *request)
{
    const struct json *body;
    struct registry_check_input input;
    struct registry_check_definition check;
    enum registry_status known;
    if (!registry_read_json(request, &body)) {
        return;
    }
    enum status status = registry_check_input_read(request->call, body, &input);
    if (status == STATUS_INVALID_ARGUMENT) {
        registry_reply_format(request, 400, "Request decode failed: %.*s",
                              TEXT_ARGUMENTS(request->call->error.message));
        return;
    }
    if (status == STATUS_OK && input.name.length == 0) {
        registry_reply_error(request, 400, TEXT("Missing check name"));
        return;
    }
    if (status == STATUS_OK && input.status.length > 0 &&
        !registry_status_parse(input.status, &known)) {
        registry_reply_error(request, 400, TEXT("Bad check status"));
        return;
    }
    if (status == STATUS_OK) {
        status = registry_check_input_define(request->call, &input, &check);
    }
    if (status == STATUS_OK) {
        check.id = input.id.length > 0 ? input.id : input.name;
        check.name = input.name;
        check.is_alone = true;
        request->audited.id = check.id;
        status = registry_controller_put_check(request->controller, request->call, &check,
                                               request->arrival_ns);
    }
    registry_reply_write(request, status);
}

static void deregister_check(struct registry_request *request)
{
    registry_reply_write(request, registry_controller_remove_check(request->controller,
                                                                   request->call, request->rest));
}

/* A report that leaves the status as it was is no news. */
static void put_report(struct registry_request *request, enum registry_status status,
                       struct text output)
{
    const struct registry_check *check = registry_state_find_check(request->state, request->rest);
    request->audited.is_repetition = check != NULL && check->status == status;
    registry_reply_write(request, registry_controller_report(request->controller, request->call,
                                                             request->rest, status, output,
                                                             request->arrival_ns));
}

/* The form of report with its output in the query. */
static void report(struct registry_request *request, enum registry_status status)
{
    struct text note = {NULL, 0};
    if (registry_query_text(request, "note", &note) == STATUS_INVALID_ARGUMENT) {
        registry_reply_status(request, STATUS_INVALID_ARGUMENT);
        return;
    }
    put_report(request, status, note);
}

static void pass_check(struct registry_request *request)
{
    report(request, REGISTRY_PASSING);
}

static void warn_check(struct registry_request *request)
{
    report(request, REGISTRY_WARNING);
}

static void fail_check(struct registry_request *request)
{
    report(request, REGISTRY_CRITICAL);
}

struct report_input {
    struct text status;
    struct text output;
};

static void update_check(struct registry_request *request)
{
    static const struct registry_field fields[] = {
        {"Status", REGISTRY_FIELD_TEXT, offsetof(struct report_input, status)},
        {"Output", REGISTRY_FIELD_TEXT, offsetof(struct report_input, output)},
    };
    const struct json *body;
    struct report_input input = {.status = {NULL, 0}};
    enum registry_status status;
    if (!registry_read_json(request, &body)) {
        return;
    }
    if (registry_fields_read(request->call, body, fields, ARRAY_LENGTH(fields), &input) !=
        STATUS_OK) {
        registry_reply_format(request, 400, "Request decode failed: %.*s",
                              TEXT_ARGUMENTS(request->call->error.message));
        return;
    }
    if (!registry_status_parse(input.status, &status)) {
        registry_reply_format(request, 400, "Invalid check status: '%.*s'",
                              TEXT_ARGUMENTS(input.status));
        return;
    }
    put_report(request, status, input.output);
}

static void list_checks(struct registry_request *request)
{
    struct registry_entries *entries;
    if (!registry_query_accept(request) ||
        !registry_entries_open(request, registry_filter_check_fields, &entries)) {
        return;
    }
    struct registry_json *json = registry_json_begin(request);
    if (json == NULL) {
        return;
    }
    json_open_object(&json->writer);
    for (size_t i = 0; i < registry_state_check_count(request->state); i++) {
        const struct registry_check *check = registry_state_check_at(request->state, i);
        if (check->node == NULL) {
            struct registry_entry entry = registry_entry_begin(json, &check->definition->id);
            registry_write_agent_check(request, &json->writer, check);
            (void)registry_entry_end(entries, json, entry);
        }
    }
    json_close_object(&json->writer);
    registry_json_send(request, json, 0);
}

const struct registry_endpoint registry_check_endpoints[] = {
    {"PUT", "/v1/agent/check/register", register_check, "registerCheck", "Registers a check",
     REGISTRY_TAKES_TOKEN, REGISTRY_REST_NONE, REGISTRY_ANSWERS_NOTHING, true},
    {"PUT", "/v1/agent/check/deregister/*", deregister_check, "deregisterCheck", "Removes a check",
     REGISTRY_TAKES_TOKEN, REGISTRY_REST_CHECK, REGISTRY_ANSWERS_NOTHING, false},
    {"PUT", "/v1/agent/check/pass/*", pass_check, "passCheck", "Reports that it is well",
     REGISTRY_TAKES_NOTE, REGISTRY_REST_CHECK, REGISTRY_ANSWERS_NOTHING, false},
    {"PUT", "/v1/agent/check/warn/*", warn_check, "warnCheck", "Reports a warning",
     REGISTRY_TAKES_NOTE, REGISTRY_REST_CHECK, REGISTRY_ANSWERS_NOTHING, false},
    {"PUT", "/v1/agent/check/fail/*", fail_check, "failCheck", "Reports that it is critical",
     REGISTRY_TAKES_NOTE, REGISTRY_REST_CHECK, REGISTRY_ANSWERS_NOTHING, false},
    {"PUT", "/v1/agent/check/update/*", update_check, "updateCheck",
     "Reports a status with its output", REGISTRY_TAKES_TOKEN, REGISTRY_REST_CHECK,
     REGISTRY_ANSWERS_NOTHING, true},
    {"GET", "/v1/agent/checks", list_checks, "listChecks", "The checks of this node",
     REGISTRY_TAKES_FILTER, REGISTRY_REST_NONE, REGISTRY_ANSWERS_OBJECT, false},
};

const size_t registry_check_endpoint_count = ARRAY_LENGTH(registry_check_endpoints);

#include "registry/handler/registry_audit.h"

#include "access/audit_log.h"

enum { FIELDS_MAX = 16 };

struct line {
    struct log_field fields[FIELDS_MAX];
    size_t count;
};

static void add(struct line *line, struct log_field field)
{
    CHECK(line->count < FIELDS_MAX - 1); /* the last ends them */
    line->fields[line->count++] = field;
}

static void add_text(struct line *line, const char *key, struct text text)
{
    if (text.length > 0) {
        add(line, log_text(key, text));
    }
}

/* The highest that the write may have moved. */
static uint64_t index_of(const struct registry_request *request)
{
    const struct registry_subject subjects[] = {
        {.topic = REGISTRY_TOPIC_SERVICES},
        {.topic = REGISTRY_TOPIC_CHECKS},
        {.topic = REGISTRY_TOPIC_NODES},
        {.topic = REGISTRY_TOPIC_SERVICE, .service = request->audited.service},
    };
    uint64_t index = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(subjects); i++) {
        uint64_t one = registry_state_index(request->state, &subjects[i]);
        index = one > index ? one : index;
    }
    return index;
}

void registry_audit(struct registry_request *request, const struct registry_endpoint *endpoint)
{
    const struct registry_audited *audited = &request->audited;
    bool is_accepted = request->replied >= 200 && request->replied < 300;
    if (request->handler->audit == NULL || text_equal(text_of(endpoint->method), TEXT("GET")) ||
        (is_accepted && audited->is_repetition)) {
        return;
    }
    struct line line = {.count = 0};
    char trace[TRACE_ID_TEXT_BYTES];
    add(&line, log_text("trace", trace_id_text(&request->call->identity.trace, trace)));
    add(&line, log_string("outcome", is_accepted ? "accepted" : "refused"));
    add(&line, log_integer("status", request->replied));
    add_text(&line, "token", text_of(request->holder));
    add_text(&line, "peer", request->call->identity.peer);
    add_text(&line, "subject", request->call->identity.subject);
    add(&line, log_string("method", endpoint->method));
    add(&line, log_string("path", endpoint->path));
    add_text(&line, "id", audited->id.length > 0 ? audited->id : request->rest);
    add_text(&line, "name", audited->service);
    add_text(&line, "node", audited->node.length > 0 ? audited->node : request->handler->node_name);
    add(&line, log_integer("index", (int64_t)index_of(request)));
    if (!is_accepted) {
        add_text(&line, "reason", request->complaint);
    }
    line.fields[line.count].kind = LOG_END;
    audit_log_write(request->handler->audit, is_accepted ? AUDIT_ACCEPTED : AUDIT_REFUSED, "audit",
                    line.fields);
}

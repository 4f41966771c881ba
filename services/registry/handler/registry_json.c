#include "registry/handler/registry_json.h"

#include "registry/model/registry_duration.h"

static void open_member(struct json_writer *writer, const char *name)
{
    if (name != NULL) {
        json_write_name(writer, text_of(name));
    }
    json_open_object(writer);
}

static void write_indexes(struct json_writer *writer, uint64_t create_index, uint64_t modify_index)
{
    json_member_integer(writer, "CreateIndex", (int64_t)create_index);
    json_member_integer(writer, "ModifyIndex", (int64_t)modify_index);
}

static void write_pairs(struct json_writer *writer, const char *name,
                        const struct registry_meta *pairs, size_t count)
{
    open_member(writer, name);
    for (size_t i = 0; i < count; i++) {
        json_write_name(writer, pairs[i].key);
        json_write_string(writer, pairs[i].value);
    }
    json_close_object(writer);
}

/* As Consul writes a map that was never made. */
static void write_pairs_or_null(struct json_writer *writer, const char *name,
                                const struct registry_meta *pairs, size_t count)
{
    if (count > 0) {
        write_pairs(writer, name, pairs, count);
    } else {
        json_write_name(writer, text_of(name));
        json_write_null(writer);
    }
}

/* Name and addresses; node: NULL for the registry's own. */
static void write_node_members(struct registry_request *request, struct json_writer *writer,
                               const struct registry_node *node)
{
    static const char *const names[] = {"lan", "lan_ipv4", "wan", "wan_ipv4"};
    const struct registry_handler *handler = request->handler;
    struct text id = node != NULL ? node->definition->id : text_of(handler->node_id);
    struct text address = node != NULL ? node->definition->address : handler->node_address;
    json_member_string(writer, "ID", id);
    json_member_string(writer, "Node", registry_node_name(request, node));
    json_member_string(writer, "Address", address);
    json_member_string(writer, "Datacenter", handler->datacenter);
    if (node != NULL) {
        write_pairs_or_null(writer, "TaggedAddresses", node->definition->addresses,
                            node->definition->address_count);
        return;
    }
    open_member(writer, "TaggedAddresses");
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        json_member_string(writer, names[i], address);
    }
    json_close_object(writer);
}

struct text registry_node_name(const struct registry_request *request,
                               const struct registry_node *node)
{
    return node != NULL ? node->definition->name : request->handler->node_name;
}

static void write_node_meta(struct json_writer *writer, const char *name,
                            const struct registry_node *node)
{
    static const struct registry_meta own = {TEXT_INIT(REGISTRY_NODE_META_KEY), {NULL, 0}};
    write_pairs_or_null(writer, name, node != NULL ? node->definition->meta : &own,
                        node != NULL ? node->definition->meta_count : 1);
}

void registry_write_member(struct registry_request *request, struct json_writer *writer)
{
    /* Of the gossip that there is not; clients expect them to be there. */
    static const char *const protocols[] = {"ProtocolMin", "ProtocolMax", "ProtocolCur",
                                            "DelegateMin", "DelegateMax", "DelegateCur"};
    const struct registry_handler *handler = request->handler;
    json_open_object(writer);
    json_member_string(writer, "Name", handler->node_name);
    json_member_string(writer, "Addr", handler->node_address);
    json_member_integer(writer, "Port", 0);
    open_member(writer, "Tags");
    json_member_string(writer, "role", TEXT("consul"));
    json_member_string(writer, "dc", handler->datacenter);
    json_member_string(writer, "id", text_of(handler->node_id));
    json_member_string(writer, "build", handler->version);
    json_member_string(writer, "segment", TEXT(""));
    json_close_object(writer);
    json_member_integer(writer, "Status", 1); /* alive */
    for (size_t i = 0; i < ARRAY_LENGTH(protocols); i++) {
        json_member_integer(writer, protocols[i], 0);
    }
    json_close_object(writer);
}

void registry_write_node(struct registry_request *request, struct json_writer *writer,
                         const char *name, const struct registry_node *node)
{
    uint64_t index = registry_state_own_index(request->state);
    open_member(writer, name);
    write_node_members(request, writer, node);
    write_node_meta(writer, "Meta", node);
    write_indexes(writer, node != NULL ? node->create_index : index,
                  node != NULL ? node->modify_index : index);
    json_close_object(writer);
}

static void write_tags(struct json_writer *writer, const char *name,
                       const struct registry_service_definition *definition)
{
    json_write_name(writer, text_of(name));
    json_open_array(writer);
    for (size_t i = 0; i < definition->tag_count; i++) {
        json_write_string(writer, definition->tags[i]);
    }
    json_close_array(writer);
}

static void write_meta(struct json_writer *writer, const char *name,
                       const struct registry_service_definition *definition)
{
    write_pairs(writer, name, definition->meta, definition->meta_count);
}

static void write_weights(struct json_writer *writer, const char *name,
                          const struct registry_service_definition *definition)
{
    open_member(writer, name);
    json_member_integer(writer, "Passing", definition->weight_passing);
    json_member_integer(writer, "Warning", definition->weight_warning);
    json_close_object(writer);
}

static void write_addresses(struct json_writer *writer, const char *name,
                            const struct registry_service_definition *definition)
{
    if (definition->tagged_address_count == 0) {
        return;
    }
    open_member(writer, name);
    for (size_t i = 0; i < definition->tagged_address_count; i++) {
        const struct registry_tagged_address *address = &definition->tagged_addresses[i];
        json_write_name(writer, address->tag);
        json_open_object(writer);
        json_member_string(writer, "Address", address->address);
        json_member_integer(writer, "Port", address->port);
        json_close_object(writer);
    }
    json_close_object(writer);
}

static void write_connect(struct json_writer *writer, const char *name,
                          const struct registry_service_definition *definition)
{
    open_member(writer, name);
    if (definition->connect_native) {
        json_member_boolean(writer, "Native", true);
    }
    json_close_object(writer);
}

/* As Consul writes it for what is no proxy. */
static void write_no_proxy(struct json_writer *writer, const char *name)
{
    json_write_name(writer, text_of(name));
    json_write_raw(writer, TEXT("{\"Mode\":\"\",\"MeshGateway\":{},\"Expose\":{}}"));
}

/* What the two forms of a service have in common. */
static void write_service_members(struct json_writer *writer,
                                  const struct registry_service_definition *definition)
{
    json_member_string(writer, "ID", definition->id);
    json_member_string(writer, "Service", definition->name);
    write_tags(writer, "Tags", definition);
    json_member_string(writer, "Address", definition->address);
    write_addresses(writer, "TaggedAddresses", definition);
    if (definition->socket_path.length > 0) {
        json_member_string(writer, "SocketPath", definition->socket_path);
    }
    write_weights(writer, "Weights", definition);
    json_member_boolean(writer, "EnableTagOverride", definition->enable_tag_override);
}

void registry_write_service(struct json_writer *writer, const char *name,
                            const struct registry_instance *instance)
{
    open_member(writer, name);
    write_service_members(writer, instance->definition);
    write_pairs_or_null(writer, "Meta", instance->definition->meta,
                        instance->definition->meta_count);
    if (instance->definition->port != 0) {
        json_member_integer(writer, "Port", instance->definition->port);
    }
    write_no_proxy(writer, "Proxy");
    write_connect(writer, "Connect", instance->definition);
    json_member_string(writer, "PeerName", TEXT(""));
    write_indexes(writer, instance->create_index, instance->modify_index);
    json_close_object(writer);
}

void registry_write_agent_service(struct registry_request *request, struct json_writer *writer,
                                  const struct registry_instance *instance,
                                  const struct text *content_hash)
{
    json_open_object(writer);
    write_service_members(writer, instance->definition);
    write_meta(writer, "Meta", instance->definition);
    json_member_integer(writer, "Port", instance->definition->port);
    if (instance->definition->connect_native) {
        write_connect(writer, "Connect", instance->definition);
    }
    if (content_hash != NULL) {
        json_member_string(writer, "ContentHash", *content_hash);
    }
    json_member_string(writer, "Datacenter", request->handler->datacenter);
    json_close_object(writer);
}

void registry_write_catalog_service(struct registry_request *request, struct json_writer *writer,
                                    const struct registry_instance *instance)
{
    const struct registry_service_definition *definition = instance->definition;
    json_open_object(writer);
    write_node_members(request, writer, instance->node);
    write_node_meta(writer, "NodeMeta", instance->node);
    json_member_string(writer, "ServiceKind", TEXT(""));
    json_member_string(writer, "ServiceID", definition->id);
    json_member_string(writer, "ServiceName", definition->name);
    write_tags(writer, "ServiceTags", definition);
    json_member_string(writer, "ServiceAddress", definition->address);
    write_addresses(writer, "ServiceTaggedAddresses", definition);
    write_weights(writer, "ServiceWeights", definition);
    write_meta(writer, "ServiceMeta", definition);
    json_member_integer(writer, "ServicePort", definition->port);
    json_member_string(writer, "ServiceSocketPath", definition->socket_path);
    json_member_boolean(writer, "ServiceEnableTagOverride", definition->enable_tag_override);
    write_no_proxy(writer, "ServiceProxy");
    write_connect(writer, "ServiceConnect", definition);
    write_indexes(writer, instance->create_index, instance->modify_index);
    json_close_object(writer);
}

static void write_duration(struct json_writer *writer, const char *name, int64_t duration_ns)
{
    char buffer[REGISTRY_DURATION_TEXT_BYTES];
    json_member_string(writer, name,
                       duration_ns > 0 ? registry_duration_format(duration_ns, buffer) : TEXT(""));
}

static struct text check_type(const struct registry_check_definition *definition)
{
    if (definition->kind == REGISTRY_CHECK_EXTERNAL && definition->target.length > 0) {
        return definition->target_is_http ? TEXT("http") : TEXT("tcp");
    }
    return text_of(registry_check_kind_name(definition->kind));
}

static void write_check_time(struct json_writer *writer, const char *name,
                             const struct registry_check_definition *definition,
                             int64_t duration_ns)
{
    if (duration_ns == 0 && definition->is_alone) {
        json_member_string(writer, name, TEXT("0s"));
    } else {
        write_duration(writer, name, duration_ns);
    }
}

/* What both forms of a check have. */
static void write_check_members(struct registry_request *request, struct json_writer *writer,
                                const struct registry_check *check, bool null_tags)
{
    static const struct registry_service_definition no_service = {.tags = NULL};
    const struct registry_check_definition *definition = check->definition;
    const struct registry_service_definition *service =
        check->instance != NULL ? check->instance->definition : &no_service;
    json_member_string(writer, "Node", registry_node_name(request, check->node));
    json_member_string(writer, "CheckID", definition->id);
    json_member_string(writer, "Name", definition->name);
    json_member_string(writer, "Status", text_of(registry_status_name(check->status)));
    json_member_string(writer, "Notes", definition->notes);
    json_member_string(writer, "Output", check->output);
    json_member_string(writer, "ServiceID", service->id);
    json_member_string(writer, "ServiceName", service->name);
    if (null_tags && service->tag_count == 0) {
        json_write_name(writer, TEXT("ServiceTags"));
        json_write_null(writer);
    } else {
        write_tags(writer, "ServiceTags", service);
    }
}

/* What the catalog was told; of checks that an agent makes, Consul keeps it to itself. */
static void write_check_definition(struct json_writer *writer,
                                   const struct registry_check_definition *definition)
{
    const struct {
        const char *name;
        int64_t duration_ns;
    } durations[] = {
        {"Interval", definition->interval_ns},
        {"Timeout", definition->timeout_ns},
        {"DeregisterCriticalServiceAfter", definition->deregister_after_ns},
    };
    open_member(writer, "Definition");
    if (definition->kind == REGISTRY_CHECK_EXTERNAL) {
        if (definition->target.length > 0) {
            json_member_string(writer, definition->target_is_http ? "HTTP" : "TCP",
                               definition->target);
        }
        for (size_t i = 0; i < ARRAY_LENGTH(durations); i++) {
            if (durations[i].duration_ns > 0) {
                write_duration(writer, durations[i].name, durations[i].duration_ns);
            }
        }
    }
    json_close_object(writer);
}

static void write_check(struct registry_request *request, struct json_writer *writer,
                        const struct registry_check *check, uint64_t create_index,
                        uint64_t modify_index)
{
    const struct registry_check_definition *definition = check->definition;
    json_open_object(writer);
    write_check_members(request, writer, check, false);
    json_member_string(writer, "Type", check_type(definition));
    bool is_external = definition->kind == REGISTRY_CHECK_EXTERNAL;
    write_check_time(writer, "Interval", definition, is_external ? 0 : definition->interval_ns);
    write_check_time(writer, "Timeout", definition, is_external ? 0 : definition->timeout_ns);
    json_member_integer(writer, "ExposedPort", 0);
    write_check_definition(writer, definition);
    write_indexes(writer, create_index, modify_index);
    json_close_object(writer);
}

void registry_write_check(struct registry_request *request, struct json_writer *writer,
                          const struct registry_check *check)
{
    write_check(request, writer, check, check->create_index, check->modify_index);
}

void registry_write_agent_check(struct registry_request *request, struct json_writer *writer,
                                const struct registry_check *check)
{
    write_check(request, writer, check, 0, 0);
}

/* The members that no agent fills in here. */
static void write_empty_definition(struct json_writer *writer)
{
    static const char *const texts[] = {"HTTP", "Method", "Body", "TLSServerName",
                                        "TCP",  "UDP",    "GRPC", "OSService"};
    static const char *const durations[] = {"Interval", "Timeout",
                                            "DeregisterCriticalServiceAfter"};
    open_member(writer, "Definition");
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        json_member_string(writer, texts[i], TEXT(""));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(durations); i++) {
        json_member_string(writer, durations[i], TEXT("0s"));
    }
    json_write_name(writer, TEXT("Header"));
    json_write_null(writer);
    json_member_boolean(writer, "TLSSkipVerify", false);
    json_member_boolean(writer, "GRPCUseTLS", false);
    json_close_object(writer);
}

void registry_write_health_check(struct registry_request *request, struct json_writer *writer,
                                 const struct registry_check *check)
{
    json_open_object(writer);
    write_check_members(request, writer, check, true);
    json_member_string(writer, "Type", TEXT(""));
    json_member_integer(writer, "ExposedPort", 0);
    write_empty_definition(writer);
    write_indexes(writer, 0, 0);
    json_close_object(writer);
}

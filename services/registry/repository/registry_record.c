#include "registry/repository/registry_record.h"

#include "registry/repository/registry_coder.h"
#include "store/zlib_checksum.h"

enum { RECORD_VERSION = 1, CHECKSUM_BYTES = 4, BYTE_BITS = 8 };

struct text registry_record_node_key(struct text name)
{
    return name.length > 0 ? name : text_of_bytes("", 1); /* NUL, which no name has */
}

static void code_pairs(struct registry_coder *coder, const struct registry_meta **pairs,
                       size_t *count)
{
    registry_code_size(coder, count, REGISTRY_META_MAX);
    struct registry_meta *read = registry_coder_list(coder, *count, sizeof(*read));
    for (size_t i = 0; i < *count && !coder->failed; i++) {
        struct registry_meta pair = read != NULL ? read[i] : (*pairs)[i];
        registry_code_text(coder, &pair.key);
        registry_code_text(coder, &pair.value);
        if (read != NULL) {
            read[i] = pair;
        }
    }
    *pairs = read != NULL ? read : *pairs;
}

static void code_tags(struct registry_coder *coder, struct registry_service_definition *service)
{
    registry_code_size(coder, &service->tag_count, REGISTRY_TAGS_MAX);
    struct text *read = registry_coder_list(coder, service->tag_count, sizeof(*read));
    for (size_t i = 0; i < service->tag_count && !coder->failed; i++) {
        struct text tag = read != NULL ? read[i] : service->tags[i];
        registry_code_text(coder, &tag);
        if (read != NULL) {
            read[i] = tag;
        }
    }
    service->tags = read != NULL ? read : service->tags;
}

static void code_addresses(struct registry_coder *coder,
                           struct registry_service_definition *service)
{
    registry_code_size(coder, &service->tagged_address_count, REGISTRY_TAGGED_ADDRESSES_MAX);
    struct registry_tagged_address *read =
        registry_coder_list(coder, service->tagged_address_count, sizeof(*read));
    for (size_t i = 0; i < service->tagged_address_count && !coder->failed; i++) {
        struct registry_tagged_address address =
            read != NULL ? read[i] : service->tagged_addresses[i];
        registry_code_text(coder, &address.tag);
        registry_code_text(coder, &address.address);
        registry_code_int(coder, &address.port);
        if (read != NULL) {
            read[i] = address;
        }
    }
    service->tagged_addresses = read != NULL ? read : service->tagged_addresses;
}

static void code_service(struct registry_coder *coder, struct registry_service_definition *service)
{
    size_t port = service->port;
    registry_code_text(coder, &service->node);
    registry_code_text(coder, &service->id);
    registry_code_text(coder, &service->name);
    registry_code_text(coder, &service->address);
    registry_code_size(coder, &port, UINT16_MAX);
    registry_code_text(coder, &service->socket_path);
    registry_code_flag(coder, &service->enable_tag_override);
    registry_code_int(coder, &service->weight_passing);
    registry_code_int(coder, &service->weight_warning);
    code_tags(coder, service);
    code_pairs(coder, &service->meta, &service->meta_count);
    code_addresses(coder, service);
    registry_code_flag(coder, &service->connect_native);
    service->port = (uint16_t)port;
}

static void code_headers(struct registry_coder *coder, struct registry_check_definition *check)
{
    registry_code_size(coder, &check->header_count, REGISTRY_CHECK_HEADERS_MAX);
    struct registry_check_header *read =
        registry_coder_list(coder, check->header_count, sizeof(*read));
    for (size_t i = 0; i < check->header_count && !coder->failed; i++) {
        struct registry_check_header header = read != NULL ? read[i] : check->headers[i];
        registry_code_text(coder, &header.name);
        registry_code_text(coder, &header.value);
        if (read != NULL) {
            read[i] = header;
        }
    }
    check->headers = read != NULL ? read : check->headers;
}

static void code_status(struct registry_coder *coder, enum registry_status *status)
{
    size_t number = (size_t)*status;
    registry_code_size(coder, &number, REGISTRY_CRITICAL);
    *status = (enum registry_status)number;
}

static void code_count(struct registry_coder *coder, unsigned *count)
{
    size_t number = *count;
    registry_code_size(coder, &number, UINT32_MAX);
    *count = (unsigned)number;
}

static void code_definition(struct registry_coder *coder, struct registry_check_definition *check)
{
    size_t kind = (size_t)check->kind;
    registry_code_size(coder, &kind, REGISTRY_CHECK_MAINTENANCE);
    check->kind = (enum registry_check_kind)kind;
    registry_code_text(coder, &check->id);
    registry_code_text(coder, &check->name);
    registry_code_text(coder, &check->notes);
    code_status(coder, &check->initial);
    registry_code_integer(coder, &check->ttl_ns);
    registry_code_integer(coder, &check->interval_ns);
    registry_code_integer(coder, &check->timeout_ns);
    registry_code_integer(coder, &check->deregister_after_ns);
    registry_code_flag(coder, &check->is_alone);
    registry_code_size(coder, &check->output_bytes_max, SIZE_MAX);
    code_count(coder, &check->success_before_passing);
    code_count(coder, &check->failures_before_warning);
    code_count(coder, &check->failures_before_critical);
    registry_code_text(coder, &check->target);
    registry_code_flag(coder, &check->target_is_http);
    registry_code_text(coder, &check->alias_service);
    registry_code_text(coder, &check->method);
    registry_code_text(coder, &check->body);
    code_headers(coder, check);
}

static void code_checks(struct registry_coder *coder, struct registry_kept_check **checks,
                        size_t *count)
{
    registry_code_size(coder, count, REGISTRY_CHECKS_PER_INSTANCE_MAX);
    struct registry_kept_check *read = registry_coder_list(coder, *count, sizeof(*read));
    *checks = read != NULL ? read : *checks;
    for (size_t i = 0; i < *count && !coder->failed; i++) {
        struct registry_kept_check *check = &(*checks)[i];
        code_definition(coder, &check->definition);
        code_status(coder, &check->status);
        registry_code_text(coder, &check->output);
        registry_code_number(coder, &check->create_index);
        registry_code_number(coder, &check->modify_index);
        registry_code_integer(coder, &check->critical_since_ms);
    }
}

static void code_head(struct registry_coder *coder, void *kept)
{
    struct registry_kept_head *head = kept;
    registry_code_text(coder, &head->node_id);
    registry_code_number(coder, &head->node_index);
    registry_code_number(coder, &head->index);
    registry_code_integer(coder, &head->saved_ms);
    registry_code_size(coder, &head->node_count, REGISTRY_NODES_MAX);
    registry_code_size(coder, &head->instance_count, REGISTRY_INSTANCES_MAX);
}

static void code_node(struct registry_coder *coder, void *kept)
{
    struct registry_kept_node *node = kept;
    registry_code_text(coder, &node->definition.name);
    registry_code_text(coder, &node->definition.id);
    registry_code_text(coder, &node->definition.address);
    code_pairs(coder, &node->definition.addresses, &node->definition.address_count);
    code_pairs(coder, &node->definition.meta, &node->definition.meta_count);
    registry_code_number(coder, &node->create_index);
    registry_code_number(coder, &node->modify_index);
    code_checks(coder, &node->checks, &node->check_count);
}

static void code_instance(struct registry_coder *coder, void *kept)
{
    struct registry_kept_instance *instance = kept;
    code_service(coder, &instance->definition);
    registry_code_number(coder, &instance->create_index);
    registry_code_number(coder, &instance->modify_index);
    code_checks(coder, &instance->checks, &instance->check_count);
}

static uint32_t checksum_of(struct text key, struct text value)
{
    return zlib_checksum(zlib_checksum(0, key), value);
}

static bool write_record(struct buffer *buffer, struct text key,
                         void (*code)(struct registry_coder *coder, void *kept), void *kept)
{
    struct registry_coder coder = {.output = buffer};
    uint64_t version = RECORD_VERSION;
    size_t start = buffer->length;
    registry_code_number(&coder, &version);
    code(&coder, kept);
    uint32_t checksum = checksum_of(key, text_slice(buffer_text(buffer), start, buffer->length));
    for (size_t i = 0; i < CHECKSUM_BYTES && !coder.failed; i++) {
        coder.failed = !buffer_append_byte(buffer, (char)(checksum >> (BYTE_BITS * i)));
    }
    return !coder.failed;
}

static enum status read_record(const struct registry_record *record, struct arena *arena,
                               void (*code)(struct registry_coder *coder, void *kept), void *kept)
{
    struct text value = record->value;
    struct registry_coder coder = {.arena = arena};
    uint64_t version = 0;
    uint32_t checksum = 0;
    if (value.length < CHECKSUM_BYTES) {
        return STATUS_DATA_LOSS;
    }
    coder.input = text_slice(value, 0, value.length - CHECKSUM_BYTES);
    for (size_t i = 0; i < CHECKSUM_BYTES; i++) {
        checksum |= (uint32_t)(unsigned char)value.data[coder.input.length + i] << (BYTE_BITS * i);
    }
    if (checksum != checksum_of(record->key, coder.input)) {
        return STATUS_DATA_LOSS;
    }
    registry_code_number(&coder, &version);
    coder.failed = coder.failed || version != RECORD_VERSION;
    code(&coder, kept);
    if (coder.without_memory) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    return !coder.failed && coder.input.length == 0 ? STATUS_OK : STATUS_DATA_LOSS;
}

bool registry_record_write_head(struct buffer *buffer, struct registry_kept_head *head)
{
    return write_record(buffer, (struct text){NULL, 0}, code_head, head);
}

bool registry_record_write_node(struct buffer *buffer, struct text key,
                                struct registry_kept_node *node)
{
    return write_record(buffer, key, code_node, node);
}

bool registry_record_write_instance(struct buffer *buffer, struct text key,
                                    struct registry_kept_instance *instance)
{
    return write_record(buffer, key, code_instance, instance);
}

enum status registry_record_read_head(const struct registry_record *record, struct arena *arena,
                                      struct registry_kept_head *ret_head)
{
    *ret_head = (struct registry_kept_head){.index = 0};
    return read_record(record, arena, code_head, ret_head);
}

enum status registry_record_read_node(const struct registry_record *record, struct arena *arena,
                                      struct registry_kept_node *ret_node)
{
    *ret_node = (struct registry_kept_node){.checks = NULL};
    return read_record(record, arena, code_node, ret_node);
}

enum status registry_record_read_instance(const struct registry_record *record, struct arena *arena,
                                          struct registry_kept_instance *ret_instance)
{
    *ret_instance = (struct registry_kept_instance){.checks = NULL};
    return read_record(record, arena, code_instance, ret_instance);
}

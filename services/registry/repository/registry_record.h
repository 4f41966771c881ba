/* registry_record.h: the records that registry_repository keeps, as bytes: a version, the fields of
 * a node or an instance with its checks, and a CRC-32 over key and value.
 *
 * docs/adr/0013-registry-snapshot.md says why so. A later version reads those before it. */
#pragma once

#include "registry/repository/registry_repository.h"
#include "registry/repository/registry_state.h"

struct buffer;

/* A check as it is kept; what TTLs and probes count from is not. */
struct registry_kept_check {
    struct registry_check_definition definition; /* without node, service_id and key */
    enum registry_status status;
    struct text output; /* of when the status last changed */
    uint64_t create_index;
    uint64_t modify_index;
    int64_t critical_since_ms; /* wall clock; 0: it is not to be deregistered for it */
};

struct registry_kept_node {
    struct registry_node_definition definition; /* an empty name: the registry's own */
    uint64_t create_index;
    uint64_t modify_index;
    struct registry_kept_check *checks;
    size_t check_count;
};

struct registry_kept_instance {
    struct registry_service_definition definition; /* without its key */
    uint64_t create_index;
    uint64_t modify_index;
    struct registry_kept_check *checks;
    size_t check_count;
};

/* What is said of the whole. The counts are of all records but this one and the own node's. */
struct registry_kept_head {
    struct text node_id; /* the registry's own, a UUID */
    uint64_t node_index; /* of its making */
    uint64_t index;
    int64_t saved_ms; /* wall clock */
    size_t node_count;
    size_t instance_count;
};

/* The own node's name is empty, which no key may be. */
struct text registry_record_node_key(struct text name);

/* Appends the value to the buffer. false: no memory. */
MUST_USE bool registry_record_write_head(struct buffer *buffer, struct registry_kept_head *head);
MUST_USE bool registry_record_write_node(struct buffer *buffer, struct text key,
                                         struct registry_kept_node *node);
MUST_USE bool registry_record_write_instance(struct buffer *buffer, struct text key,
                                             struct registry_kept_instance *instance);

/* Texts are borrowed from the record, lists valid in the arena. STATUS_DATA_LOSS: it is not what
 * was written, or of a later version. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status registry_record_read_head(const struct registry_record *record,
                                               struct arena *arena,
                                               struct registry_kept_head *ret_head);
MUST_USE enum status registry_record_read_node(const struct registry_record *record,
                                               struct arena *arena,
                                               struct registry_kept_node *ret_node);
MUST_USE enum status registry_record_read_instance(const struct registry_record *record,
                                                   struct arena *arena,
                                                   struct registry_kept_instance *ret_instance);

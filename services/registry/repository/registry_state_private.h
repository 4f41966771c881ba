/* registry_state_private.h: how registry_state keeps things; only for its own files. */
#pragma once

#include "registry/repository/registry_deadlines.h"
#include "registry/repository/registry_repository.h"
#include "registry/repository/registry_state.h"
#include "registry/repository/registry_table.h"

_Static_assert((int)REGISTRY_SWEEP_MS == (int)REGISTRY_TICK_MS, "a sweep takes one tick");

/* A service by name: there while it has instances or watchers. */
struct stored_service {
    struct text name; /* behind the struct */
    uint64_t index;
    struct list instances;
    struct list watchers;
    size_t watcher_count; /* also those that were notified and not taken out yet */
};

/* The registry's own has no definition. */
struct stored_node {
    struct registry_node view;
    struct registry_node_definition *definition;
    size_t definition_bytes;
    struct list checks; /* of the node itself */
    size_t check_count;
    struct list unsaved_link;
};

struct stored_instance {
    struct registry_instance view;
    struct registry_service_definition *definition;
    size_t definition_bytes;
    struct stored_node *node;
    struct stored_service *service;
    struct list link; /* in service->instances */
    struct list checks;
    size_t check_count;
    struct list unsaved_link;
};

enum stored_deadline { DEADLINE_TTL, DEADLINE_REAP, DEADLINE_PROBE };

struct stored_check {
    struct registry_check view;
    struct registry_check_definition *definition;
    size_t definition_bytes;
    struct stored_node *node;
    struct stored_instance *instance; /* NULL: of the node */
    struct list link;                 /* in instance->checks, or node->checks */
    char *output;
    size_t output_bytes;
    unsigned successes; /* looks in a row */
    unsigned failures;
    struct list alias_link; /* of aliases: in state->aliases */
    bool alias_is_stale;
    struct registry_deadline ttl;
    struct registry_deadline reap;
    struct registry_deadline probe;
};

/* The topics that are not one service. */
struct stored_topic {
    uint64_t index;
    struct list watchers;
};

enum { STORED_TOPIC_COUNT = REGISTRY_TOPIC_SERVICE };

/* A record that is on disk, perhaps, and is not to be. */
struct removed_record {
    struct list link;
    enum registry_record_kind kind;
    struct text key; /* behind the struct */
};

/* What has changed since it was last saved. */
struct unsaved_records {
    bool is_kept;  /* false: nothing is ever saved */
    bool is_whole; /* everything is to be: what was removed is not known */
    struct list nodes;
    struct list instances;
    size_t marked_count; /* in both */
    struct list removed; /* of struct removed_record */
    size_t removed_count;
    uint64_t changes; /* so far */
    void (*notify)(void *argument);
    void *argument;
};

struct registry_state {
    uint64_t revision;
    uint64_t first_index;
    uint64_t own_index; /* of the own node's making */
    uint64_t index;
    uint64_t extinction_index; /* when a service last lost its last instance */
    size_t bytes;
    size_t watcher_count;
    struct registry_table services;
    struct registry_table instances;
    struct registry_table checks;
    struct stored_node own;
    struct registry_table nodes; /* all others */
    struct stored_topic topics[STORED_TOPIC_COUNT];
    struct registry_deadlines deadlines;
    struct list aliases;
    bool any_alias_is_stale;
    size_t unconfirmed_count;
    struct unsaved_records unsaved;
    char node_id[REGISTRY_NODE_ID_BYTES]; /* the own node's */
};

/* One write: takes an index when it first changes something. */
struct registry_change {
    struct registry_state *state;
    uint64_t index; /* 0: nothing has changed so far */
};

/* registry_subjects.c */
uint64_t registry_change_index(struct registry_change *change);
void registry_change_service(struct registry_change *change, struct stored_service *service);
void registry_change_topic(struct registry_change *change, enum registry_topic topic);
/* The service of that name, made when it is not there; NULL: no memory. */
struct stored_service *stored_service_ensure(struct registry_state *state, struct text name);
/* Frees a service that nobody needs any more. */
void stored_service_release(struct registry_state *state, struct stored_service *service);

/* registry_checks.c */
/* instance: NULL for a check of the node. */
enum status stored_check_put(struct registry_change *change, struct call *call,
                             struct stored_node *node, struct stored_instance *instance,
                             const struct registry_check_definition *definition, int64_t now_ns);
void stored_check_remove(struct registry_change *change, struct stored_check *check);
/* Nothing but a changed status is a change. */
void stored_check_set(struct registry_change *change, struct stored_check *check,
                      enum registry_status status, struct text output, int64_t now_ns);

/* What is known of it is of before a restart, or no more. */
void stored_check_set_unconfirmed(struct registry_state *state, struct stored_check *check,
                                  bool unconfirmed);
void stored_check_start_reaping(struct registry_state *state, struct stored_check *check,
                                int64_t due_ns, int64_t now_ns);

/* registry_unsaved.c */
void unsaved_records_init(struct unsaved_records *unsaved);
void unsaved_records_forget(struct unsaved_records *unsaved);
void unsaved_records_forget_removed(struct unsaved_records *unsaved);
/* With too many of them, or without memory, the whole is unsaved. */
void unsaved_records_remember(struct unsaved_records *unsaved, enum registry_record_kind kind,
                              struct text key);
void stored_node_mark(struct registry_state *state, struct stored_node *node);
void stored_instance_mark(struct registry_state *state, struct stored_instance *instance);
/* Of the instance, or of the node itself. */
void stored_check_mark(struct registry_state *state, struct stored_check *check);
void stored_node_mark_removed(struct registry_state *state, struct stored_node *node);
void stored_instance_mark_removed(struct registry_state *state, struct stored_instance *instance);

/* registry_nodes.c */
/* The registry's own for an empty name; NULL: there is none. */
struct stored_node *stored_node_find(struct registry_state *state, struct text name);
/* What a node's name has to do with all that is on it, woken or removed. */
bool stored_node_is_own(const struct registry_state *state, const struct stored_node *node);
void stored_nodes_destroy(struct registry_state *state);

/* registry_aliases.c */
/* What an alias of the instance (NULL: of the node, which all are) looks at has changed. */
void stored_aliases_mark(struct registry_state *state, const struct text *service_id);
/* Brings the aliases up to date: at the end of every write. */
void stored_aliases_settle(struct registry_change *change, int64_t now_ns);

/* registry_state.c */
void stored_instance_remove(struct registry_change *change, struct stored_instance *instance);
/* STATUS_RESOURCE_EXHAUSTED: over REGISTRY_BYTES_MAX; bytes may be 0 or more. */
enum status registry_state_check_bytes(struct registry_state *state, struct call *call,
                                       size_t bytes);

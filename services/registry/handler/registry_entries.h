/* registry_entries.h: of the entries of a reply, those that the query's `filter` keeps: each is
 * written, looked at as it stands there, and taken back when it is not wanted. */
#pragma once

#include "registry/handler/registry_filter_fields.h"
#include "registry/handler/registry_reply.h"

enum { REGISTRY_ENTRY_ARENA_BYTES_MAX = 8 * 1024 * 1024 }; /* to read one entry */

struct registry_entries;

/* Where an entry began. */
struct registry_entry {
    size_t start;
    size_t value; /* behind its name, in an object */
    bool comma;
};

/* The query's filter; *ret_entries is valid in the call's arena. false: it was answered. */
MUST_USE bool registry_entries_open(struct registry_request *request,
                                    const struct registry_filter_field *fields,
                                    struct registry_entries **ret_entries);

/* Whether anything may be taken back. */
bool registry_entries_have_filter(const struct registry_entries *entries);

/* An element of an array begins, or with a name a member of an object. */
struct registry_entry registry_entry_begin(struct registry_json *json, const struct text *name);

/* It ends; false: it was taken back. A filter that fails has the reply fail when it is sent. */
bool registry_entry_end(struct registry_entries *entries, struct registry_json *json,
                        struct registry_entry entry);

/* A reply that is an array. */
struct registry_list {
    struct registry_entries *entries;
    struct registry_json *json;
    uint64_t index;
};

/* What comes before each of them: refuses a path that names nothing with `missing` (NULL: it need
 * not name anything), and another datacenter; reads the filter; waits; opens the array. Entries are
 * written next, all in one go. false: it was answered. */
MUST_USE bool registry_list_begin(struct registry_request *request, const char *missing,
                                  const struct registry_filter_field *fields,
                                  const struct registry_subject *subject,
                                  struct registry_list *ret_list);
void registry_list_end(struct registry_request *request, const struct registry_list *list);

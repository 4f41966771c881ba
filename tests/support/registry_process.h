/* registry_process.h: marquee-registry as a process, on a port of the kernel's choice, and one way
 * to ask it. In a fiber; a failure fails the test. */
#pragma once

#include "http/http_client.h"
#include "support/scratch_directory.h"
#include "support/service_process.h"
#include "json/json.h"

struct registry_process {
    struct service_process service;
    char directory[SCRATCH_PATH_BYTES];
    struct http_client *client;
    const char *const *environment; /* "NAME=value", NULL ends; may be set between starts */
    unsigned starts;
};

/* Makes the directory and the client; nothing runs yet. */
void registry_process_open(struct registry_process *registry);

/* Starts it with --data in the directory; a second time after a kill, as it was left. extra: one
 * more argument, or NULL. Ready when it returns. */
void registry_process_start(struct registry_process *registry, const char *extra);

/* SIGKILL. */
void registry_process_kill(struct registry_process *registry);

/* SIGTERM if it runs; removes all. */
void registry_process_close(struct registry_process *registry);

/* The reply's status; 0: none came. body: NULL for none. *ret_body: valid in the call's arena; may
 * be NULL. */
int registry_process_ask(struct registry_process *registry, struct call *call, const char *method,
                         const char *target, const char *body, struct text *ret_body);

/* A GET that must be answered by 200 and JSON. */
const struct json *registry_process_get(struct registry_process *registry, struct call *call,
                                        const char *target);

/* "" when there is none. */
struct text json_text_of(const struct json *object, const char *name);

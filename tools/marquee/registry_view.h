/* registry_view.h: the instances that a registry knows, for the commands that show them. */
#pragma once

#include "http/http_client.h"
#include "marquee/session.h"

/* For the table of a command that asks a registry: with SESSION_TLS_OPTIONS and --timeout. */
#define REGISTRY_VIEW_OPTIONS                                                                      \
    {.name = "registry",                                                                           \
     .kind = CONFIG_TEXT,                                                                          \
     .argument = "[https://]HOST:PORT,…",                                                          \
     .default_value = "127.0.0.1:8500",                                                            \
     .help = "where the registry is; of several, the first that answers is asked"},                \
    {                                                                                              \
        .name = "registry-token-file", .kind = CONFIG_TEXT, .argument = "FILE",                    \
        .help = "the first secret in it is shown to the registry"                                  \
    }

struct registry_instance {
    struct text service;
    struct text id;
    struct text address; /* "127.0.0.1:8081" */
    struct text health;  /* "passing", "warning", "critical", "draining", "maintenance" */
};

struct registry_view {
    struct session *session;
    struct call call; /* of everything that is asked of the registry */
    struct http_client *client;
    struct access_tokens *tokens; /* NULL: none is shown */
    struct text registry;         /* that is asked, as it was given */
};

/* Reads the options and chooses the registry; of those that do not answer it says why. To be closed
 * whatever comes back, if it was zeroed before; its errors are the session's. */
MUST_USE enum status registry_view_open(struct registry_view *view, struct session *session);
void registry_view_close(struct registry_view *view);

/* All instances, by service; valid as long as the session. STATUS_UNAVAILABLE: the registry cannot
 * be asked; the words are in the session's call. */
MUST_USE enum status registry_view_list(struct registry_view *view,
                                        struct registry_instance **ret_instances,
                                        size_t *ret_count);

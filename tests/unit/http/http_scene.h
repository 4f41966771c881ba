/* http_scene.h: a server with handlers of every kind on a loop of its own, for tests of what
 * clients see of it. */
#pragma once

#include "base/arena.h"
#include "http/http2_client.h"
#include "http/http_server.h"
#include "support/cmocka_test.h"
#include "unit/http/raw_peer.h"

struct http_scene {
    struct loop *loop;
    struct http_server *server;
    struct arena arena;
    struct call call; /* of the test, with RAW_PEER_WAIT_MS */

    struct fiber_semaphore gate; /* what /wait and /slow wait for */
    struct fiber_wait changed;
    unsigned entered;        /* handlers that have begun to wait */
    unsigned left;           /* of those, that have ended */
    enum status last_status; /* what the last wait, read or write of a handler returned */
    size_t written_bytes;    /* by /flood */
    unsigned busy;           /* /busy handlers that have run */
    unsigned observed;       /* exchanges */
    int observed_status;     /* of the last one */
    char observed_route[64];
    char observed_method[16];
};

/* Runs the body in a fiber, with a server of these options; routes, observer and state are added.
 * Destroys the server after it, and checks that nothing is left. */
void http_scene_run(void (*body)(struct http_scene *scene),
                    const struct http_server_options *options);

/* Waits until scene->entered or scene->left is at least so many. */
void http_scene_await_entered(struct http_scene *scene, unsigned count);
void http_scene_await_left(struct http_scene *scene, unsigned count);

void http_scene_open_gate(struct http_scene *scene);

/* Lets everything run that is ready, for a few turns. */
void http_scene_settle(void);

/* Connects over a loopback transport. */
void http_scene_connect(struct http_scene *scene, struct raw_peer *peer);
struct http2_client *http_scene_connect_http2(struct http_scene *scene);

/* Has the server accept on a port that the kernel chooses; "127.0.0.1:…", valid in the arena. */
struct text http_scene_listen(struct http_scene *scene);

/* A whole reply; texts valid in the scene's arena. */
struct http_answer {
    int status;
    const struct http_header *headers;
    size_t header_count;
    struct text body;
    const struct http_header *trailers;
    size_t trailer_count;
    bool headers_only;
    enum http2_outcome outcome;
    uint32_t error_code;
};

/* method and path as C strings; body may be empty. */
struct http_answer http_scene_ask(struct http_scene *scene, struct http2_client *client,
                                  const char *method, const char *path, struct text body);

/* The same over a connection that speaks HTTP/1.1. */
struct http_answer http_scene_ask_http1(struct http_scene *scene, struct raw_peer *peer,
                                        const char *method, const char *path, struct text body);

/* Starts a request and leaves it open. */
struct http2_request *http_scene_start(struct http_scene *scene, struct http2_client *client,
                                       const char *method, const char *path, bool end);

struct text http_answer_header(const struct http_answer *answer, const char *name);

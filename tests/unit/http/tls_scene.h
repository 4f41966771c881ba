/* tls_scene.h: certificates, contexts and pairs of TLS transports over a loopback, for tests. In a
 * fiber. */
#pragma once

#include "base/arena.h"
#include "http/tls.h"
#include "support/cmocka_test.h"
#include "support/scratch_directory.h"
#include "unit/http/narrow_transport.h"
#include "unit/http/raw_peer.h"

enum { TLS_SCENE_PATH_BYTES = 128 };

/* What is in the scene's directory: certificates and keys NAME.pem, NAME.key.
 *   ca, stranger, expired-ca             authorities (no keys)
 *   server, next                         of ca, for localhost, films.test, 127.0.0.1 and ::1
 *   nameless                             of ca, without names
 *   old-chain                            of expired-ca, for localhost
 *   foreign                              of stranger, for localhost
 *   expired, future                      of ca, for localhost, but not now
 *   client                               of ca, "CN=movie,O=Marquee"
 *   longest, overlong                    of ca, subjects of TLS_SUBJECT_BYTES_MAX with NUL, and
 * over
 */
struct tls_scene {
    char directory[SCRATCH_PATH_BYTES];
    char paths[8][TLS_SCENE_PATH_BYTES]; /* of the last names asked for */
    unsigned path_count;
    struct arena arena;
    struct call call; /* with RAW_PEER_WAIT_MS */
};

/* Makes the certificates. */
void tls_scene_init(struct tls_scene *scene);
void tls_scene_deinit(struct tls_scene *scene);

/* Runs the body in a fiber on a loop of its own, with its certificates. */
void tls_scene_run(void (*body)(struct tls_scene *scene));

/* "server.pem" in the directory; valid until eight more were asked for. NULL stays NULL. */
const char *tls_scene_path(struct tls_scene *scene, const char *name);

/* Puts the file in another's place. */
void tls_scene_copy(struct tls_scene *scene, const char *from, const char *to);

/* A server with the certificate of that name; client_ca: asks for certificates; NULL: does not. */
struct tls_context *tls_scene_server(struct tls_scene *scene, const char *name,
                                     const char *client_ca);

/* A client that trusts the authority; name: of its own certificate, or NULL. */
struct tls_context *tls_scene_client(struct tls_scene *scene, const char *ca, const char *name);

/* Both ends of one connection. */
struct tls_pair {
    struct http_transport *wire;       /* below the server's end */
    struct http_transport *accepted;   /* the server's end; NULL: closed */
    bool established;                  /* by the server */
    char reason[TLS_REASON_BYTES_MAX]; /* why it was not */
    struct fiber_wait changed;
    struct raw_peer server; /* open once it is established */
    struct raw_peer client; /* open when connecting was STATUS_OK */
};

struct tls_pair_options {
    struct tls_context *server;
    struct tls_context *client;
    const char *host;
    struct text alpn;
    struct narrow_options to_server; /* what lies between the server and the wire */
    struct narrow_options to_client;
};

/* The client's status; its words are the scene's call's error. The pair stays in place. */
enum status tls_pair_open(struct tls_scene *scene, const struct tls_pair_options *options,
                          struct tls_pair *pair);

/* Waits until the server knows how the handshake ended. */
void tls_pair_await(struct tls_scene *scene, struct tls_pair *pair);
void tls_pair_close(struct tls_pair *pair);

/* session.h: what most commands run in: options read, a loop with one fiber, and channels to the
 * services that are opened when they are first asked. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/call.h"
#include "config/config.h"
#include "loop/loop.h"
#include "marquee/command.h"

struct access_tokens;
struct grpc_channel;
struct proto_pool;
struct tls_context;

enum {
    SESSION_ARENA_BYTES_MAX = 64 * 1024 * 1024,
    SESSION_JSON_BYTES_MAX = 64 * 1024 * 1024, /* of one response as JSON */
};

enum session_service { SESSION_METADATA, SESSION_RATING, SESSION_MOVIE, SESSION_SERVICE_COUNT };

struct session {
    const struct command_input *input;
    const struct config *config;
    struct loop *loop;
    struct arena arena; /* as long as the command */
    struct call call;   /* of the command as a whole: without deadline */
    int64_t timeout_ms; /* of one call to a service */
    struct text addresses[SESSION_SERVICE_COUNT];
    bool failed; /* exit status 1 although the body has nothing to say */
    /* private */
    struct proto_pool *pool;
    struct tls_context *tls;      /* NULL: plaintext */
    struct access_tokens *tokens; /* what is shown; NULL: nothing */
    struct grpc_channel *channels[SESSION_SERVICE_COUNT];
    const struct config_program *program;
    enum status (*body)(struct session *session);
    enum status status;
};

enum { SESSION_OPTION_COUNT = 10 };

/* The addresses of the services, --timeout, --tls-…, --call-token-file and --token-file: as
 * config_program.more_options. */
extern const struct config_option session_options[SESSION_OPTION_COUNT];

/* What the programs of commands that ask services have in common. */
#define SESSION_PROGRAM                                                                            \
    .service = CONFIG_COMMANDS, .more_options = session_options,                                   \
    .more_option_count = SESSION_OPTION_COUNT

/* For the table of a command that is asked to speak TLS: it has the session do so. */
#define SESSION_TLS_OPTIONS(whom)                                                                  \
    {.name = "tls-ca",                                                                             \
     .kind = CONFIG_TEXT,                                                                          \
     .argument = "FILE",                                                                           \
     .help = "ask by TLS, with certificates from these authorities (PEM)"},                        \
        {.name = "tls-certificate",                                                                \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "FILE",                                                                       \
         .help = "the own certificate, where " whom " one (PEM)"},                                 \
        {.name = "tls-key", .kind = CONFIG_TEXT, .argument = "FILE", .help = "its key (PEM)"},     \
    {                                                                                              \
        .name = "tls-peer-name", .kind = CONFIG_TEXT, .argument = "NAME",                          \
        .help = "the name in the certificates of who is asked; else their host's"                  \
    }

/* For the table of a command that waits for others. */
#define SESSION_TIMEOUT_OPTION(usual, words)                                                       \
    {                                                                                              \
        .name = "timeout", .kind = CONFIG_DURATION, .argument = "TIME", .default_value = (usual),  \
        .help = (words), .minimum = 1, .maximum = INT64_C(3600000)                                 \
    }

/* For the table of a command that prints data. */
#define SESSION_JSON_OPTION                                                                        \
    {                                                                                              \
        .name = "json", .kind = CONFIG_BOOLEAN, .help = "print the service's response as JSON"     \
    }

/* Reads the options, runs the body in a fiber of a new loop, says what went wrong in one line, and
 * returns the exit status: NOT_FOUND and INVALID_ARGUMENT have their own, every other status is
 * COMMAND_FAILED. */
int session_run(const struct command_input *input, const struct config_program *program,
                enum status (*body)(struct session *session));

/* A call within the session's, of --timeout, with an arena of its own. */
void session_call_init(struct session *session, struct call *call, struct arena *arena);

/* Asks a service: path is "/MovieService/GetMovieDetails". Everything asked here may be asked
 * twice. Statuses as grpc_call_unary(); where the service was not reached, the call's error says
 * which and where. The response is valid in the call's arena. */
MUST_USE enum status session_ask(struct session *session, struct call *call,
                                 enum session_service service, const char *path,
                                 const ProtobufCMessage *request,
                                 const ProtobufCMessageDescriptor *response_type,
                                 ProtobufCMessage **ret_response);

/* The same for a command's only call: of --timeout, its response valid as long as the session, its
 * error the session's. */
MUST_USE enum status session_ask_once(struct session *session, enum session_service service,
                                      const char *path, const ProtobufCMessage *request,
                                      const ProtobufCMessageDescriptor *response_type,
                                      ProtobufCMessage **ret_response);

/* Prints a response as one line of JSON. */
MUST_USE enum status session_print_json(struct session *session, struct call *call,
                                        const ProtobufCMessage *response);

/* For what answers with nothing: "ok", or with --json the response. The table has
 * SESSION_JSON_OPTION. */
MUST_USE enum status session_print_done(struct session *session, const ProtobufCMessage *response);

/* One page of a list. */
struct session_page {
    struct call call;  /* to ask for it; its arena goes with the page */
    struct text token; /* of this one; empty: the first */
    struct text next;  /* set by whoever asks: of the page behind; empty: it was the last */
};

/* Asks page after page, by take_page(), until there is no next one. Returns its first failure. */
MUST_USE enum status session_each_page(struct session *session,
                                       enum status (*take_page)(struct session *session,
                                                                void *state,
                                                                struct session_page *page),
                                       void *state);

/* rpc_client.h: gRPC calls to our services, as a test says them. In a fiber, on its loop. */
#pragma once

#include "base/arena.h"
#include "base/call.h"
#include "movie.pb-c.h"

struct grpc_channel;
struct proto_pool;

struct rpc_client {
    struct proto_pool *pool;
    struct grpc_channel *channel;
};

/* addresses: "host:port", NULL ends. */
void rpc_client_open(struct rpc_client *client, const char *const *addresses);
void rpc_client_open_one(struct rpc_client *client, const char *address);
void rpc_client_close(struct rpc_client *client);

/* One unary call; as grpc_call_unary(). The response is valid in the call's arena. */
enum status rpc_client_ask(struct rpc_client *client, struct call *call, const char *path,
                           const void *request, const ProtobufCMessageDescriptor *response_type,
                           void *ret_response);

/* The calls that tests make most, on records of the type movie. */
enum status rpc_client_put_rating(struct rpc_client *client, struct call *call, const char *user,
                                  const char *record, int hundredths);
enum status rpc_client_delete_rating(struct rpc_client *client, struct call *call, const char *user,
                                     const char *record);
enum status rpc_client_get_summary(struct rpc_client *client, struct call *call, const char *record,
                                   GetRatingSummaryResponse **ret_summary);
enum status rpc_client_get_rating(struct rpc_client *client, struct call *call, const char *user,
                                  const char *record, GetRatingResponse **ret_rating);
enum status rpc_client_put_metadata(struct rpc_client *client, struct call *call, const char *id,
                                    const char *title);
enum status rpc_client_get_metadata(struct rpc_client *client, struct call *call, const char *id,
                                    Metadata **ret_metadata);
enum status rpc_client_get_details(struct rpc_client *client, struct call *call, const char *id,
                                   MovieDetails **ret_details);

/* A call with memory of its own. */
struct test_call {
    struct arena arena;
    struct call call;
};

enum { TEST_CALL_BYTES_MAX = 64 * 1024 * 1024 };

void test_call_init(struct test_call *test, int64_t timeout_ms);
void test_call_deinit(struct test_call *test);

/* Forgets what was taken, and gives it new time. */
void test_call_again(struct test_call *test, int64_t timeout_ms);

/* A C string as a field, and back. */
ProtobufCBinaryData rpc_text(const char *string);

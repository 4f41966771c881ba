/* grpc_service_config.h: what a service's owner says of how it is to be called, in gRPC's own JSON
 * (grpc/grpc doc/service_config.md; retryPolicy, hedgingPolicy and retryThrottling: gRFC A6).
 *
 *     {"methodConfig": [{"name": [{"service": "RatingService", "method": "PutRating"}],
 *                        "timeout": "1.5s", "waitForReady": true,
 *                        "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.1s",
 *                                        "maxBackoff": "1s", "backoffMultiplier": 2,
 *                                        "retryableStatusCodes": ["UNAVAILABLE"]}}],
 *      "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1}}
 *
 * Members that are not known are passed over, as gRPC does; known ones must be right. */
#pragma once

#include "base/call.h"
#include "base/text.h"
#include "grpc/grpc_retry.h"

struct grpc_service_config;

enum {
    GRPC_SERVICE_CONFIG_BYTES_MAX = 64 * 1024,
    GRPC_SERVICE_CONFIG_METHODS_MAX = 100, /* entries of methodConfig */
    GRPC_SERVICE_CONFIG_NAMES_MAX = 1000,  /* in all of them */
};

/* How a method is called. */
struct grpc_method_config {
    int64_t timeout_ns; /* at most, from the call's start; 0: not said */
    bool wait_for_ready;
    bool has_retry;
    struct grpc_retry_policy retry;
    bool has_hedging; /* instead of retries; counts for unary calls */
    struct grpc_hedging_policy hedging;
};

/* STATUS_INVALID_ARGUMENT: the call's error names the place and says what is wrong
 * ("methodConfig[0].retryPolicy.maxAttempts is 1, but must be more than 1").
 * STATUS_RESOURCE_EXHAUSTED: over one of the limits, or no memory.
 * *ret_config is owned by the caller, and independent of the call. */
MUST_USE enum status grpc_service_config_parse(struct call *call, struct text json,
                                               struct grpc_service_config **ret_config);

/* NULL is accepted. */
void grpc_service_config_destroy(struct grpc_service_config *config);

/* Of "/Service/Method": the entry that names the method, else that which names its service, else
 * that for all; NULL: none. Borrowed from the config. */
const struct grpc_method_config *grpc_service_config_find(const struct grpc_service_config *config,
                                                          struct text path);

/* false: the config says nothing of it. */
MUST_USE bool grpc_service_config_throttle(const struct grpc_service_config *config,
                                           struct grpc_retry_throttle *ret_throttle);

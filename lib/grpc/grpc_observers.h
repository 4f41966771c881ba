/* grpc_observers.h: interceptors that look on: the access log and the metrics. */
#pragma once

#include "grpc/grpc_interceptor.h"

struct log;
struct telemetry;

/* A line for each call: failures that are the server's to look into (INTERNAL, UNKNOWN, DATA_LOSS,
 * UNAVAILABLE, RESOURCE_EXHAUSTED) as warnings, all else for debugging. log: borrowed. */
struct grpc_interceptor grpc_log_calls(struct log *log);

/* The same line for what is no call of a service: a plain HTTP request. `method` is its route. */
void grpc_log_request(const struct log *log, const struct call *call,
                      const struct grpc_outcome *outcome);

/* Counts each call by protocol, method and status, with its duration, in the row of the loop that
 * serves it. telemetry: borrowed. */
struct grpc_interceptor grpc_count_calls(struct telemetry *telemetry);

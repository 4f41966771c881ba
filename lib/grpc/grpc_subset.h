/* grpc_subset.h: which of very many instances one client connects to.
 *
 * Connections of every client to every instance grow with the product of both. Past a limit, each
 * client keeps to a few, chosen by rendezvous hashing (Thaler and Ravishankar, "Using Name-Based
 * Mappings to Increase Hit Rates"), weighted: an instance that comes or goes changes one place in
 * the choice of few clients, and no two clients agree more than chance has it. Of C clients that
 * choose S of N instances, one is chosen by C * S / N, give or take the root of that. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "grpc/grpc_endpoint.h"

/* Moves the chosen endpoints to the front and returns how many there are: subset_max, or all if
 * there are no more. Near ones are chosen before others. key: the client's own; the same key and
 * the same endpoints in any order make the same choice. In place; takes no memory. */
size_t grpc_subset(struct grpc_endpoint *endpoints, size_t count, size_t subset_max, uint64_t key);

/* rating_oracle.h: what must be in the rating service after a seeded stream of events, worked out
 * by itself: a few users, records and providers, every vote's state, and what could not be applied.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "support/rpc_client.h"

enum {
    ORACLE_USERS = 40,
    ORACLE_RECORDS = 25,
    ORACLE_PROVIDERS = 2,
    ORACLE_BINS = 21,
};

struct oracle_vote {
    bool exists;
    bool deleted;
    int hundredths;
    int64_t time; /* of its event; INT64_MAX: it had none, and so is newer than all that have */
};

struct rating_oracle {
    uint64_t random;
    struct oracle_vote votes[ORACLE_PROVIDERS][ORACLE_USERS][ORACLE_RECORDS];
    unsigned bad_count; /* events that cannot be applied */
};

void rating_oracle_init(struct rating_oracle *oracle, uint64_t seed);

/* Draws the next event, applies it here, and writes it as a line. */
void rating_oracle_write_event(struct rating_oracle *oracle, FILE *file);

/* A number below the bound, from the oracle's seed. */
unsigned rating_oracle_draw(struct rating_oracle *oracle, unsigned bound);

/* Asks the service for every record's summary and every vote. Returns how many answers differ from
 * the oracle's, and prints the first. */
unsigned rating_oracle_compare(const struct rating_oracle *oracle, struct rpc_client *rating);

/* Asks for all dead letters: how many there are, or -1 when one of them comes twice or has no
 * reason. */
int rating_oracle_count_dead_letters(struct rpc_client *rating);

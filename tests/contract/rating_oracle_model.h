/* rating_oracle_model.h: what a repository should hold, said in the plainest way. */
#pragma once

#include <pthread.h>

#include "contract/rating_repository_oracle.h"

enum {
    ORACLE_LOOPS = 3,
    ORACLE_FIBERS = 4, /* of each loop */
    ORACLE_ACTORS = ORACLE_LOOPS * ORACLE_FIBERS,
    ORACLE_USERS = 3, /* of each fiber: no other touches their votes */
    ORACLE_RECORDS = 12,
    ORACLE_TYPES = 3,
    ORACLE_PROVIDERS = 2,
    ORACLE_SLOTS = ORACLE_USERS * ORACLE_RECORDS * ORACLE_TYPES * ORACLE_PROVIDERS,
    ORACLE_EVENTS = 200, /* ids of each fiber */
    ORACLE_ARENA_BYTES_MAX = 16 * 1024 * 1024,
    ORACLE_TIMEOUT_MS = 60 * 1000,
};

/* A time that no event here has: what a change without a time gets, whatever the clock says. */
#define ORACLE_ARRIVAL_MS INT64_MAX

/* What is kept under one vote's key. */
struct oracle_slot {
    bool known; /* a vote or a tombstone */
    bool voted;
    int32_t hundredths;
    int64_t time_ms;
};

struct oracle_actor {
    struct oracle *oracle;
    uint64_t random;
    char users[ORACLE_USERS][16];
    char records[ORACLE_RECORDS][16];
    char events[ORACLE_EVENTS][16];
    int32_t partition; /* its own */
    struct rating_position position;
    unsigned applied; /* changes with that outcome */
    bool taken[ORACLE_PROVIDERS][ORACLE_EVENTS];
    struct oracle_slot slots[ORACLE_SLOTS];
};

struct oracle {
    struct rating_repository repository;
    pthread_mutex_t lock; /* of the report */
    struct rating_oracle_report report;
    struct oracle_actor actors[ORACLE_ACTORS];
};

void oracle_differ(struct oracle *oracle, const char *format, ...) PRINTF_LIKE(2, 3);

void oracle_name_actors(struct oracle *oracle);

/* Seeded, so that a failure comes again. */
uint64_t oracle_draw(struct oracle_actor *actor, uint64_t bound);

struct vote_key oracle_slot_key(const struct oracle_actor *actor, size_t slot);

/* The slot of a key among all actors'; false: nobody here votes like that. */
bool oracle_find_slot(const struct oracle *oracle, const struct vote_key *key, size_t *ret_actor,
                      size_t *ret_slot);

/* A change of one of the actor's slots, at times with an event's id. */
struct rating_change oracle_random_change(struct oracle_actor *actor, size_t *ret_slot);

/* Brings it to the model. */
enum rating_outcome oracle_change(struct oracle_actor *actor, size_t slot,
                                  const struct rating_change *change);

struct rating_aggregate oracle_aggregate(const struct oracle *oracle, struct record_key record);

/* Compares the lists and the change log with the model, and the log with the lists. */
void oracle_check_whole(struct oracle *oracle, struct call *call);

/* rating_outbox.h: the relay that the configuration asks for, and the loop that it runs on: a part
 * of main.c, kept apart for its size. */
#pragma once

#include "process/process.h"
#include "rating/relay/rating_relay.h"
#include "rating/repository/rating_repository.h"

struct local_eventlog;
struct rating_outbox;

/* The options of the relay, for the table of main.c; those of RATING_INGESTION_OPTIONS say where
 * the logs are. */
#define RATING_OUTBOX_OPTIONS                                                                      \
    {.name = "relay",                                                                              \
     .kind = CONFIG_CHOICE,                                                                        \
     .argument = "none|local|kafka",                                                               \
     .default_value = "none",                                                                      \
     .help = "the event log to which changes of votes and aggregates are sent"},                   \
        {.name = "relay-changes-topic",                                                            \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "NAME",                                                                       \
         .default_value = "rating-changes",                                                        \
         .help = "the topic of notifications; empty: none are sent"},                              \
        {.name = "relay-aggregates-topic",                                                         \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "NAME",                                                                       \
         .default_value = "rating-aggregates",                                                     \
         .help = "the topic of aggregates; empty: none are sent"},                                 \
        {.name = "relay-dead-letters-topic",                                                       \
         .kind = CONFIG_TEXT,                                                                      \
         .argument = "NAME",                                                                       \
         .help = "the topic of dead letters; empty: none are sent"},                               \
    {                                                                                              \
        .name = "relay-lease", .kind = CONFIG_DURATION, .argument = "TIME", .default_value = "6s", \
        .help = "until another instance relays when this one has died",                            \
        .minimum = RATING_RELAY_LEASE_MS_MIN, .maximum = RATING_RELAY_LEASE_MS_MAX                 \
    }

/* In the start hook of loop 0: starts relaying, as the options say, on a loop of its own; adds
 * metrics to the process. *ret_outbox is NULL with --relay none. shared: the embedded log, if the
 * process has it open already; borrowed until rating_outbox_stop(). The repository's state outlives
 * it. */
MUST_USE enum status rating_outbox_open(struct process *process, struct call *call,
                                        struct rating_repository repository,
                                        struct local_eventlog *shared,
                                        struct rating_outbox **ret_outbox);

/* Ends relaying and lets go of the log. NULL is accepted. */
void rating_outbox_stop(struct rating_outbox *outbox);

/* After stop, and after the repository and a shared log were closed: until then they may still
 * answer what was left, on the relay's loop. NULL is accepted. */
void rating_outbox_close(struct rating_outbox *outbox);

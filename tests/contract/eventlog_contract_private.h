/* eventlog_contract_private.h: one test of the contract, for the files that hold them. */
#pragma once

#include "base/arena.h"
#include "contract/eventlog_contract.h"
#include "contract/eventlog_reader.h"
#include "support/cmocka_test.h"

enum { CONTRACT_KEYS = 20, CONTRACT_TOPIC_BYTES = 40 };

/* A log, a topic of its own, a call with time enough. */
struct trial {
    const struct eventlog_contract *contract;
    void (*body)(struct trial *trial);
    void *log;
    char topic_name[CONTRACT_TOPIC_BYTES];
    struct text topic;
    struct arena arena;
    struct call call;
    struct eventlog_producer producer;
    struct reader_store store;
};

struct named_trial {
    const char *name;
    void (*body)(struct trial *trial);
    bool needs_admin;
};

/* Of groups and of administrators. */
const struct named_trial *contract_group_trials(size_t *ret_count);

struct eventlog_consumer contract_open_at(struct trial *trial, const char *group,
                                          struct eventlog_positions positions);
struct eventlog_consumer contract_open_member(struct trial *trial, const char *group,
                                              struct reader_store *store);
void contract_close_member(struct eventlog_consumer consumer);

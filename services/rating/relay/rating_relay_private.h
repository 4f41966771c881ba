/* rating_relay_private.h: the parts of a relay, for the files of this folder. */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "loop/fiber.h"
#include "rating/model/rating_outbox_event.h"
#include "rating/relay/rating_relay.h"

enum { RATING_RELAY_VALUE_BYTES_MAX = 4096 }; /* of one event, encoded */

/* The last dead letter of a page. */
struct relay_letter_cursor {
    bool is_set;
    char topic[RATING_TOPIC_BYTES_MAX];
    size_t topic_length;
    int32_t partition;
    int64_t offset;
};

/* A state transfer, a page a step: aggregates, then dead letters. */
struct relay_transfer {
    bool wanted;
    bool begun;
    bool aggregates_sent;
    struct relay_letter_cursor letter;
    int64_t sequence; /* all that is sent holds at least the changes up to here */
    int64_t time_ms;  /* of that moment */
    bool has_cursor;
    enum record_type cursor_type;
    char cursor_id[RATING_RECORD_BYTES_MAX];
    size_t cursor_id_length;
};

/* What is read by the page of metrics, on any thread. */
struct relay_figures {
    _Atomic bool leads;
    _Atomic int64_t behind;    /* changes that are not confirmed */
    _Atomic int64_t oldest_ms; /* when the first of them was accepted; 0: there are none */
    _Atomic uint64_t changes;
    _Atomic uint64_t aggregates;
    _Atomic uint64_t letters;
    _Atomic uint64_t transfers;
    _Atomic uint64_t fenced;
};

struct rating_relay {
    struct rating_relay_options options; /* its texts lie in `names` */
    char names[3 * EVENTLOG_TOPIC_BYTES_MAX + RATING_REPOSITORY_NAME_BYTES_MAX];
    struct eventlog_producer producer;
    struct eventlog_admin admin;
    struct arena arena;
    struct arena letter_arena;
    struct call call;     /* of the step */
    struct buffer buffer; /* of the event that is being encoded */
    struct cancellation stop;
    struct fiber_group fibers;
    int64_t pause_ns; /* the last one before a retry; 0: all is well */
    int64_t lease_until_ns;
    int64_t lease_due_ns;
    /* Of the leader. */
    struct rating_position position;
    bool topics_known;
    bool position_known;
    /* Where the position stood when something was sent that is not confirmed yet; -1: nothing is.
     */
    int64_t unconfirmed;
    int64_t mark_due_ns;
    struct relay_transfer transfer;
    struct relay_figures figures;
};

/* Sends the messages with the step's call. count 0 or an empty topic: nothing to do. */
MUST_USE enum status rating_relay_produce(struct rating_relay *self, struct text topic,
                                          const struct eventlog_message *messages, size_t count);

/* Encode one event as a message, valid in the step's arena. */
MUST_USE enum status rating_relay_encode_change(struct rating_relay *self,
                                                const struct rating_change_event *event,
                                                struct eventlog_message *ret_message);
MUST_USE enum status rating_relay_encode_aggregate(struct rating_relay *self,
                                                   const struct rating_aggregate_event *event,
                                                   struct eventlog_message *ret_message);

/* Confirms all up to the sequence. STATUS_ABORTED: another instance has claimed the position. Any
 * failure leaves position_known false. */
MUST_USE enum status rating_relay_confirm(struct rating_relay *self, int64_t sequence);

/* One batch of the change log, or a wait for one. */
MUST_USE enum status rating_relay_batch(struct rating_relay *self);

/* The dead letters among the records, each with where it comes from. */
MUST_USE enum status rating_relay_letters(struct rating_relay *self,
                                          const struct rating_change_record *const *records,
                                          size_t count);

/* The next few of all dead letters in the store. *ret_more: there may be others behind them. */
MUST_USE enum status rating_relay_letters_page(struct rating_relay *self,
                                               struct relay_letter_cursor *cursor, bool *ret_more);

/* One page of all that is known. */
MUST_USE enum status rating_relay_transfer_page(struct rating_relay *self);

/* Makes the topics that are not there. *ret_is_new: that of aggregates was not. */
MUST_USE enum status rating_relay_make_topics(struct rating_relay *self, bool *ret_is_new);

/* Whether it is time for a mark; then the next one is due RATING_RELAY_MARK_MS later. */
bool rating_relay_mark_is_due(struct rating_relay *self);

void rating_relay_add(_Atomic uint64_t *figure, size_t count);

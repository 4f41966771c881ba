/* The topics that are sent to, as they are meant to be. */
#include "rating/relay/rating_relay_private.h"

/* STATUS_ALREADY_EXISTS: as it is. */
static enum status make_topic(struct rating_relay *self, struct text topic,
                              const struct eventlog_topic_options *options)
{
    if (topic.length == 0) {
        return STATUS_ALREADY_EXISTS;
    }
    enum status status =
        self->admin.ops->create_topic(self->admin.state, &self->call, topic, options);
    if (status == STATUS_ALREADY_EXISTS) {
        call_clear_error(&self->call);
    }
    return status;
}

enum status rating_relay_make_topics(struct rating_relay *self, bool *ret_is_new)
{
    static const struct eventlog_topic_options changes = {
        .cleanup = EVENTLOG_CLEANUP_DELETE,
        .retention_ms = RATING_RELAY_CHANGES_KEPT_MS,
    };
    /* One partition: what marks say holds for all that was sent before them. */
    static const struct eventlog_topic_options aggregates = {.partitions = 1,
                                                             .cleanup = EVENTLOG_CLEANUP_COMPACT};
    static const struct eventlog_topic_options letters = {.cleanup = EVENTLOG_CLEANUP_DELETE};
    enum status status = make_topic(self, self->options.changes_topic, &changes);
    if (status == STATUS_OK || status == STATUS_ALREADY_EXISTS) {
        status = make_topic(self, self->options.dead_letters_topic, &letters);
    }
    if (status == STATUS_OK || status == STATUS_ALREADY_EXISTS) {
        status = make_topic(self, self->options.aggregates_topic, &aggregates);
    }
    if (status == STATUS_OK || status == STATUS_ALREADY_EXISTS) {
        *ret_is_new = status == STATUS_OK;
        status = STATUS_OK;
    }
    return status;
}

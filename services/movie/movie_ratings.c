#include "movie/movie_ratings.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "loop/loop.h"
#include "movie/gateway/cached_rating_gateway.h"
#include "movie/gateway/local_rating_gateway.h"
#include "movie/gateway/topic_follower.h"

enum { GROUP_BYTES = 32 };

struct movie_ratings {
    struct process *process;
    struct rating_cache *cache; /* NULL: it is not of that kind; so is `copy` */
    struct rating_copy *copy;
    struct cached_rating_gateway cached;
    struct local_rating_gateway local;
    struct text topic; /* empty: nothing is followed */
    struct process_eventlog log;
    struct loop_threads *threads;
    struct topic_follower *follower;
};

static enum status open_cached(struct movie_ratings *self, const struct config *config,
                               struct rating_gateway inner, struct rating_gateway *ret_gateway)
{
    enum status status =
        rating_cache_create((size_t)config_integer(config, "rating-cache-size"),
                            config_duration_ms(config, "rating-cache-age"), &self->cache);
    if (status != STATUS_OK) {
        return status;
    }
    self->topic = config_text(config, "changes-topic");
    self->cached.inner = inner;
    self->cached.cache = self->cache;
    *ret_gateway = cached_rating_gateway(&self->cached);
    telemetry_add_source(process_telemetry(self->process), cached_rating_gateway_write_metrics,
                         &self->cached);
    return STATUS_OK;
}

static enum status open_local(struct movie_ratings *self, const struct config *config,
                              struct rating_gateway *ret_gateway)
{
    enum status status =
        rating_copy_create((size_t)config_integer(config, "rating-copy-size"), &self->copy);
    if (status != STATUS_OK) {
        return status;
    }
    self->topic = config_text(config, "aggregates-topic");
    *ret_gateway = local_rating_gateway(&self->local, self->copy);
    telemetry_add_source(process_telemetry(self->process), local_rating_gateway_write_metrics,
                         &self->local);
    return STATUS_OK;
}

enum status movie_ratings_open(struct process *process, struct call *call,
                               struct rating_gateway inner, struct rating_gateway *ret_gateway,
                               struct movie_ratings **ret_ratings)
{
    const struct config *config = process_config(process);
    struct text source = config_text(config, "rating-source");
    struct movie_ratings *self = calloc(1, sizeof(*self));
    enum status status = self != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    if (status == STATUS_OK) {
        self->process = process;
        *ret_ratings = self;
        *ret_gateway = inner;
    }
    if (status == STATUS_OK && text_equal(source, TEXT("cached"))) {
        status = open_cached(self, config, inner, ret_gateway);
    } else if (status == STATUS_OK && text_equal(source, TEXT("local"))) {
        status = open_local(self, config, ret_gateway);
    }
    if (status != STATUS_OK) {
        return call_fail(call, status, "no memory for ratings");
    }
    if (self->topic.length > 0 && !eventlog_name_is_valid(self->topic)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%.*s is no topic",
                         TEXT_ARGUMENTS(self->topic));
    }
    return STATUS_OK;
}

bool movie_ratings_asks(const struct movie_ratings *ratings)
{
    return ratings->copy == NULL;
}

static bool is_kafka(const struct movie_ratings *self)
{
    return text_equal(config_text(process_config(self->process), "event-log"), TEXT("kafka"));
}

/* A group of its own, so that every instance sees every record. The embedded log frees at once what
 * a process had that died, and keeps its groups: there it is named after the address. Kafka waits
 * for who died, and forgets groups: there it is a new one each time. */
static struct text make_group(const struct movie_ratings *self, char group[static GROUP_BYTES])
{
    uint64_t number = is_kafka(self) ? random_below(UINT64_MAX)
                                     : text_hash(process_listener_address(self->process, 0));
    (void)snprintf(group, GROUP_BYTES, "movie-%016llx", (unsigned long long)number); /* fits */
    return text_of(group);
}

static enum status open_consumer(void *source, struct call *call,
                                 struct eventlog_positions positions,
                                 struct eventlog_consumer *ret_consumer)
{
    struct movie_ratings *self = source;
    char group[GROUP_BYTES];
    return process_eventlog_consumer_open(&self->log, loop_current(), call, make_group(self, group),
                                          self->topic, positions, ret_consumer);
}

static enum status read_partitions(void *source, struct call *call,
                                   struct eventlog_partition_state *states, size_t max,
                                   size_t *ret_count)
{
    struct movie_ratings *self = source;
    struct eventlog_admin admin;
    struct eventlog_topics topics;
    enum status status = process_eventlog_admin_open(&self->log, loop_current(), call, &admin);
    if (status != STATUS_OK) {
        return status;
    }
    status = admin.ops->list_topics(admin.state, call, &topics);
    admin.ops->close(admin.state);
    for (size_t i = 0; status == STATUS_OK && i < topics.count; i++) {
        const struct eventlog_topic_state *topic = &topics.rows[i];
        size_t count = (size_t)topic->options.partitions;
        if (text_equal(topic->name, self->topic)) {
            memcpy(states, topic->partitions, (count < max ? count : max) * sizeof(*states));
            *ret_count = count;
            return STATUS_OK;
        }
    }
    return status == STATUS_OK ? STATUS_NOT_FOUND : status;
}

static enum status start_on_loop(void *argument, unsigned index)
{
    struct movie_ratings *self = argument;
    (void)index; /* there is one loop */
    struct topic_follower_options options = {
        .log = process_log(self->process),
        .open = open_consumer,
        .partitions = read_partitions,
        .source = self,
        .take = local_rating_gateway_take,
        .look = local_rating_gateway_look,
        .restart = local_rating_gateway_restart,
        .receiver = &self->local,
        .commits = !is_kafka(self),
    };
    if (self->cache != NULL) {
        options.take = cached_rating_gateway_take;
        options.look = cached_rating_gateway_look;
        options.restart = cached_rating_gateway_restart;
        options.receiver = &self->cached;
        options.from_end = true; /* the cache is empty */
    }
    return topic_follower_start(&options, &self->follower);
}

static enum status stop_on_loop(void *argument, unsigned index)
{
    struct movie_ratings *self = argument;
    (void)index;
    topic_follower_stop(self->follower);
    self->follower = NULL;
    process_eventlog_close(&self->log);
    return STATUS_OK;
}

enum status movie_ratings_start(struct movie_ratings *ratings, struct call *call)
{
    const struct config *config = process_config(ratings->process);
    if (ratings->topic.length == 0) {
        return STATUS_OK;
    }
    enum status status =
        process_eventlog_open(&ratings->log, call, config, config_text(config, "event-log"), NULL);
    if (status == STATUS_OK) {
        status = loop_threads_start(1, &ratings->threads);
    }
    return status == STATUS_OK ? loop_threads_each(ratings->threads, start_on_loop, ratings)
                               : status;
}

void movie_ratings_close(struct movie_ratings *ratings)
{
    if (ratings == NULL) {
        return;
    }
    if (ratings->threads != NULL) {
        /* It cannot fail: it only waits. */
        status_ignore(loop_threads_each(ratings->threads, stop_on_loop, ratings));
    }
    process_eventlog_close(&ratings->log);
    loop_threads_destroy(ratings->threads);
    rating_cache_destroy(ratings->cache);
    rating_copy_destroy(ratings->copy);
    free(ratings);
}

/* Where a program is between its consumer group and the store, by its calls of librdkafka. */
#include <librdkafka/rdkafka.h>

#include <stdlib.h>
#include <string.h>

#include "proof/crash_shim.h"

/* Called in the callback of a rebalance, or right after it. */
rd_kafka_resp_err_t rd_kafka_assign(rd_kafka_t *handle,
                                    const rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_resp_err_t (*next)(rd_kafka_t *, const rd_kafka_topic_partition_list_t *);
    crash_shim_next("rd_kafka_assign", &next);
    crash_point_reached(partitions == NULL ? CRASH_REVOKE : CRASH_ASSIGNMENT);
    return next(handle, partitions);
}

rd_kafka_resp_err_t rd_kafka_commit(rd_kafka_t *handle,
                                    const rd_kafka_topic_partition_list_t *offsets, int is_async)
{
    rd_kafka_resp_err_t (*next)(rd_kafka_t *, const rd_kafka_topic_partition_list_t *, int);
    crash_shim_next("rd_kafka_commit", &next);
    crash_point_reached(CRASH_BEFORE_OFFSET);
    return next(handle, offsets, is_async);
}

/* PROOF_KAFKA_RESET: a planted bug: where reading goes on when the position is not in the log. */
rd_kafka_conf_res_t rd_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                                      char *reason, size_t reason_size)
{
    rd_kafka_conf_res_t (*next)(rd_kafka_conf_t *, const char *, const char *, char *, size_t);
    crash_shim_next("rd_kafka_conf_set", &next);
    const char *reset = getenv("PROOF_KAFKA_RESET");
    if (reset != NULL && strcmp(name, "auto.offset.reset") == 0) {
        value = reset;
    }
    return next(conf, name, value, reason, reason_size);
}

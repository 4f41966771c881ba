/* The contract on librdkafka's own mock cluster. What it cannot show (what a real broker does with
 * disks, retention and transactions) is tested in tests/peers. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "base/check.h"
#include "contract/kafka_contract.h"

int main(void)
{
    char reason[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    CHECK(handle != NULL);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(handle, 1);
    CHECK(cluster != NULL);
    int failures =
        kafka_contract_run("Kafka event log", rd_kafka_mock_cluster_bootstraps(cluster), true);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(handle);
    return failures;
}

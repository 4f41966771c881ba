/* kafka_mock_broker: librdkafka's mock cluster as a process of its own, told what to do by lines on
 * standard input. Prints its addresses, and "ok" after each line:
 *
 *   topic NAME PARTITIONS       make a topic
 *   errors API ERROR COUNT      the next COUNT requests of this number fail so
 * (rd_kafka_resp_err_t) down BROKER, up BROKER      a broker hangs up and refuses rtt BROKER MS a
 * broker answers so much later leader TOPIC PARTITION BROKER
 *
 * It ends with its standard input. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BROKERS = 3, LINE_BYTES = 512, REASON_BYTES = 512, WORDS_MAX = 4 };

static rd_kafka_resp_err_t print_left(rd_kafka_mock_cluster_t *cluster, char **words)
{
    size_t left = 0;
    rd_kafka_resp_err_t error = rd_kafka_mock_broker_error_stack_cnt(
        cluster, atoi(words[1]), (int16_t)atoi(words[2]), &left);
    printf("%zu ", left);
    return error;
}

static rd_kafka_resp_err_t obey(rd_kafka_mock_cluster_t *cluster, char **words, int count)
{
    const char *verb = words[0];
    if (strcmp(verb, "topic") == 0 && count == 3) {
        return rd_kafka_mock_topic_create(cluster, words[1], atoi(words[2]), BROKERS);
    }
    if (strcmp(verb, "errors") == 0 && count == 4) {
        return rd_kafka_mock_broker_push_request_error_rtts(
            cluster, atoi(words[1]), (int16_t)atoi(words[2]), 1, atoi(words[3]), 0);
    }
    if (strcmp(verb, "left") == 0 && count == 3) {
        return print_left(cluster, words);
    }
    if (strcmp(verb, "down") == 0 && count == 2) {
        return rd_kafka_mock_broker_set_down(cluster, atoi(words[1]));
    }
    if (strcmp(verb, "up") == 0 && count == 2) {
        return rd_kafka_mock_broker_set_up(cluster, atoi(words[1]));
    }
    if (strcmp(verb, "rtt") == 0 && count == 3) {
        return rd_kafka_mock_broker_set_rtt(cluster, atoi(words[1]), atoi(words[2]));
    }
    if (strcmp(verb, "leader") == 0 && count == 4) {
        return rd_kafka_mock_partition_set_leader(cluster, words[1], atoi(words[2]),
                                                  atoi(words[3]));
    }
    return RD_KAFKA_RESP_ERR__INVALID_ARG;
}

static int split(char *line, char **words)
{
    int count = 0;
    char *rest = line;
    char *word;
    while (count < WORDS_MAX && (word = strsep(&rest, " \n")) != NULL) {
        if (word[0] != '\0') {
            words[count++] = word;
        }
    }
    return count;
}

int main(void)
{
    char reason[REASON_BYTES];
    char line[LINE_BYTES];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    /* It warns that it has no broker to go to: it is one. */
    (void)rd_kafka_conf_set(conf, "log_level", "3", reason, sizeof(reason));
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    if (handle == NULL) {
        (void)fprintf(stderr, "%s\n", reason);
        return 1;
    }
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(handle, BROKERS);
    printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    (void)fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *words[WORDS_MAX];
        int count = split(line, words);
        rd_kafka_resp_err_t error =
            count > 0 ? obey(cluster, words, count) : RD_KAFKA_RESP_ERR__INVALID_ARG;
        printf("%s\n", error == RD_KAFKA_RESP_ERR_NO_ERROR ? "ok" : rd_kafka_err2name(error));
        (void)fflush(stdout);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(handle);
    return 0;
}

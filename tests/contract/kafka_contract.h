/* kafka_contract.h: the event log's contract on a Kafka cluster, mocked or real. */
#pragma once

#include <stdbool.h>

/* bootstrap: "host:port". Returns the number of failures. */
int kafka_contract_run(const char *name, const char *bootstrap, bool is_mock);

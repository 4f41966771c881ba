/* The event log's contract, and what only a real broker shows, on the one at MARQUEE_KAFKA. */
#include <stdio.h>
#include <stdlib.h>

#include "contract/kafka_contract.h"

enum { SKIPPED = 77 };

int main(void)
{
    const char *bootstrap = getenv("MARQUEE_KAFKA");
    if (bootstrap == NULL || bootstrap[0] == '\0') {
        (void)puts("skipped: MARQUEE_KAFKA names no broker (host:port)");
        return SKIPPED;
    }
    return kafka_contract_run("Kafka broker", bootstrap, false);
}

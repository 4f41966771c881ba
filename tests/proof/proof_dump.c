/* proof_dump: prints what a rating store holds.
 *
 *   proof_dump positions|all|ranges|epochs STORE DATA TOPIC PARTITIONS    DATA: a folder, or
 * conninfo proof_dump serve STORE - TOPIC PARTITIONS    "all" of each DATA that is a line of
 * standard input
 *
 * After each dump comes a line {"k":"end","status":"OK"}, or with what failed. */
#include "proof/proof_dump.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "rating/rating_store.h"
#include "support/in_fiber.h"

enum { ARENA_BYTES_MAX = 256 * 1024 * 1024, LINE_BYTES = 4096 };
#define TIMEOUT_MS INT64_C(600000)

struct request {
    struct text verb;
    struct text store;
    struct text topic;
    int32_t partitions;
    struct text data;
    enum status status;
};

static enum status dump(const struct request *request, struct call *call,
                        struct rating_repository repository)
{
    const struct proof_dump dump = {
        .repository = repository,
        .topic = request->topic,
        .partitions = request->partitions,
        .ranges = text_equal(request->verb, TEXT("ranges")),
    };
    if (text_equal(request->verb, TEXT("positions"))) {
        return proof_dump_positions(&dump, call);
    }
    if (text_equal(request->verb, TEXT("epochs"))) {
        return proof_dump_epochs(&dump, call);
    }
    return proof_dump_all(&dump, call);
}

static void run(void *argument)
{
    struct request *request = argument;
    struct arena arena;
    struct call call;
    struct rating_store store;
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, TIMEOUT_MS);
    const struct rating_store_options options = {.store = request->store,
                                                 .data = request->data,
                                                 .postgres = request->data,
                                                 .postgres_schema = TEXT("marquee"),
                                                 .postgres_connections = 2};
    request->status = rating_store_open(&call, &options, &store);
    if (request->status == STATUS_OK) {
        request->status = dump(request, &call, store.repository);
        store.repository.ops->close(store.repository.state);
    }
    if (request->status != STATUS_OK) {
        (void)fprintf(stderr, "%.*s: %.*s\n", TEXT_ARGUMENTS(call.error.message),
                      TEXT_ARGUMENTS(call.error.detail));
    }
    printf("{\"k\":\"end\",\"status\":\"%s\"}\n", status_name(request->status));
    (void)fflush(stdout);
    arena_deinit(&arena);
}

static void serve(struct request *request)
{
    char line[LINE_BYTES];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        request->data = text_of(line);
        request->data.length -= request->data.length > 0 ? 1 : 0; /* the end of line */
        line[request->data.length] = '\0';
        in_fiber(run, request);
    }
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        (void)fprintf(stderr, "usage: proof_dump VERB STORE DATA TOPIC PARTITIONS\n");
        return 2;
    }
    struct request request = {
        .verb = text_of(argv[1]),
        .store = text_of(argv[2]),
        .data = text_of(argv[3]),
        .topic = text_of(argv[4]),
        .partitions = atoi(argv[5]),
    };
    if (text_equal(request.verb, TEXT("serve"))) {
        serve(&request);
        return 0;
    }
    in_fiber(run, &request);
    return request.status == STATUS_OK ? 0 : 1;
}

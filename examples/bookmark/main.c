/* marquee-bookmark: the example of docs/adding-a-service.md. */
#include "bookmark/controller/bookmark_controller.h"
#include "bookmark/handler/bookmark_handler.h"
#include "bookmark/repository/memory_bookmark_repository.h"
#include "process/process.h"

extern const unsigned char marquee_bookmark_proto_descriptor_set[];
extern const size_t marquee_bookmark_proto_descriptor_set_size;
extern const unsigned char marquee_bookmark_proto_documented_set[];
extern const size_t marquee_bookmark_proto_documented_set_size;

struct bookmark_process {
    struct bookmark_controller controller;
    struct grpc_service services[1];
};

static const struct config_option options[] = {
    PROCESS_LISTEN_OPTION("127.0.0.1:8090"),
};

static enum status open_bookmark(void *self, struct process *process, struct call *call)
{
    struct bookmark_process *bookmark = self;
    enum status status = memory_bookmark_repository_open(call, &bookmark->controller.repository);
    if (status != STATUS_OK) {
        return status;
    }
    bookmark->services[0] = bookmark_handler_service(&bookmark->controller);
    const struct process_listener listener = {
        .service = "bookmark",
        .address = config_text(process_config(process), "listen"),
        .services = bookmark->services,
        .service_count = ARRAY_LENGTH(bookmark->services),
        .descriptors = {marquee_bookmark_proto_descriptor_set,
                        marquee_bookmark_proto_descriptor_set_size},
        .documented = {marquee_bookmark_proto_documented_set,
                       marquee_bookmark_proto_documented_set_size},
    };
    (void)process_add_listener(process, &listener);
    return STATUS_OK;
}

static void close_bookmark(void *self)
{
    struct bookmark_process *bookmark = self;
    if (bookmark->controller.repository.ops != NULL) {
        bookmark->controller.repository.ops->close(bookmark->controller.repository.state);
    }
}

int main(int argc, char **argv)
{
    struct bookmark_process bookmark = {.services = {{.name = NULL}}};
    const struct process_definition definition = {
        .program = "marquee-bookmark",
        .service = "bookmark",
        .summary = "marquee-bookmark: an example of a service.",
        .options = options,
        .option_count = ARRAY_LENGTH(options),
        .open = open_bookmark,
        .close = close_bookmark,
    };
    return process_main(&definition, &bookmark, argc, argv);
}

/* greeter-server: a whole service. gRPC, JSON, health, reflection, metrics and a drain on SIGTERM
 * come with process_main(). */
#include <string.h>

#include "base/arena.h"
#include "greeter.pb-c.h"
#include "grpc/grpc_stream.h"
#include "process/process.h"

extern const unsigned char greeter_proto_descriptor_set[];
extern const size_t greeter_proto_descriptor_set_size;

static enum status greet_person(struct call *call, const Greeter__GreetRequest *request,
                                Greeter__GreetResponse *response)
{
    static const struct text hello = TEXT_INIT("Hello, ");
    struct text name = proto_text(request->name);
    if (name.length == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "name is missing");
    }
    char *greeting = arena_alloc(call->arena, hello.length + name.length);
    if (greeting == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the name is too long");
    }
    memcpy(greeting, hello.data, hello.length);
    memcpy(greeting + hello.length, name.data, name.length);
    response->greeting = proto_bytes((struct text){greeting, hello.length + name.length});
    return STATUS_OK;
}

static enum status greet(void *state, struct call *call, const void *request, void *response)
{
    (void)state;
    return greet_person(call, request, response);
}

static enum status greet_each(void *state, struct call *call, struct grpc_stream *stream)
{
    ProtobufCMessage *request;
    (void)state;
    for (;;) {
        Greeter__GreetResponse response = GREETER__GREET_RESPONSE__INIT;
        enum status status = grpc_receive(stream, &request);
        if (status != STATUS_OK || request == NULL) {
            return status;
        }
        status = greet_person(call, (const Greeter__GreetRequest *)request, &response);
        if (status == STATUS_OK) {
            status = grpc_send(stream, &response.base);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
}

static const struct grpc_method methods[] = {
    {.name = "Greet",
     .request = &greeter__greet_request__descriptor,
     .response = &greeter__greet_response__descriptor,
     .no_side_effects = true,
     .unary = greet},
    {.name = "GreetEach",
     .kind = GRPC_BIDIRECTIONAL_STREAMING,
     .request = &greeter__greet_request__descriptor,
     .response = &greeter__greet_response__descriptor,
     .stream = greet_each},
};
static const struct grpc_service services[] = {
    {.name = "greeter.Greeter", .methods = methods, .method_count = ARRAY_LENGTH(methods)},
};

static const struct config_option options[] = {
    PROCESS_LISTEN_OPTION("127.0.0.1:8090"),
};

static enum status open_greeter(void *self, struct process *process, struct call *call)
{
    (void)self;
    (void)call;
    const struct process_listener listener = {
        .service = "greeter",
        .address = config_text(process_config(process), "listen"),
        .services = services,
        .service_count = ARRAY_LENGTH(services),
        .descriptors = {greeter_proto_descriptor_set, greeter_proto_descriptor_set_size},
    };
    (void)process_add_listener(process, &listener);
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    const struct process_definition definition = {
        .program = "greeter-server",
        .service = "greeter",
        .summary = "greeter-server: greets people.",
        .options = options,
        .option_count = ARRAY_LENGTH(options),
        .open = open_greeter,
    };
    return process_main(&definition, NULL, argc, argv);
}

#include "grpc/connect_error.h"

#include "grpc/grpc_server_private.h"
#include "json/json.h"

/* The members of google.protobuf.Any, in Connect's words. */
static void write_details(struct json_writer *writer, const struct grpc_server_call *self)
{
    if (self->detail_count == 0) {
        return;
    }
    json_write_name(writer, TEXT("details"));
    json_open_array(writer);
    for (size_t i = 0; i < self->detail_count; i++) {
        struct text encoded =
            grpc_metadata_encode_binary(self->call.arena, self->details[i].message);
        json_open_object(writer);
        json_member_string(writer, "type", self->details[i].type_name);
        json_member_string(writer, "value", encoded);
        json_close_object(writer);
    }
    json_close_array(writer);
}

void connect_write_error(struct json_writer *writer, const struct grpc_server_call *self,
                         enum status status)
{
    json_open_object(writer);
    json_member_string(writer, "code", text_of(status_connect_name(status)));
    if (self->call.error.message.length > 0) {
        json_member_string(writer, "message", self->call.error.message);
    }
    write_details(writer, self);
    json_close_object(writer);
}

#include "marquee/json_output.h"

void json_output_open(struct json_output *output)
{
    buffer_init(&output->buffer, JSON_OUTPUT_BYTES_MAX);
    json_writer_init(&output->writer, &output->buffer);
}

enum status json_output_print(struct json_output *output, struct session *session)
{
    enum status status = STATUS_OK;
    if (json_writer_end(&output->writer)) {
        (void)fprintf(session->input->output, "%.*s\n",
                      TEXT_ARGUMENTS(buffer_text(&output->buffer)));
    } else {
        status = call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "the output is too long");
    }
    buffer_deinit(&output->buffer);
    return status;
}

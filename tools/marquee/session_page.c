#include "base/buffer.h"
#include "marquee/session.h"

enum { TOKEN_BYTES_MAX = 4096 };

/* The words of the page's call, whose arena goes. */
static enum status keep_error(struct session *session, const struct call *call, enum status status)
{
    if (status != STATUS_OK && call->error.message.length > 0) {
        return call_fail(&session->call, status, "%.*s", TEXT_ARGUMENTS(call->error.message));
    }
    return status;
}

enum status session_each_page(struct session *session,
                              enum status (*take_page)(struct session *session, void *state,
                                                       struct session_page *page),
                              void *state)
{
    struct buffer token;
    enum status status = STATUS_OK;
    bool is_last = false;
    buffer_init(&token, TOKEN_BYTES_MAX);
    while (status == STATUS_OK && !is_last) {
        struct arena arena;
        struct session_page page = {.token = buffer_text(&token)};
        session_call_init(session, &page.call, &arena);
        status = keep_error(session, &page.call, take_page(session, state, &page));
        buffer_clear(&token);
        /* Nor is more fetched for who reads no more. */
        is_last = page.next.length == 0 || fflush(session->input->output) != 0;
        if (status == STATUS_OK && !buffer_append(&token, page.next)) {
            status = call_fail(&session->call, STATUS_INTERNAL, "the page's token is too long");
        }
        arena_deinit(&arena);
    }
    buffer_deinit(&token);
    return status;
}

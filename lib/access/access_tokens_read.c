/* The file of secrets: its lines, and what is wrong with them. */
#include "access/access_file.h"
#include "access/access_tokens_private.h"

/* Why the line cannot be used; NULL: it was taken, or holds nothing. */
static const char *take_line(struct text line, struct access_token_list *list)
{
    struct text first = access_next_word(&line);
    struct text second = access_next_word(&line);
    if (first.length == 0 || first.data[0] == '#') {
        return NULL;
    }
    struct text name = second.length > 0 ? first : (struct text){NULL, 0};
    struct text secret = second.length > 0 ? second : first;
    if (access_next_word(&line).length > 0) {
        return "more than a name and a secret";
    }
    if (secret.length < ACCESS_SECRET_BYTES_MIN || secret.length > ACCESS_SECRET_BYTES_MAX) {
        return "a secret has 16 to 256 characters";
    }
    if (name.length > ACCESS_NAME_BYTES_MAX) {
        return "a name has at most 64 characters";
    }
    if (!access_is_printable(secret) || !access_is_printable(name)) {
        return "only printable ASCII characters can be sent";
    }
    if (list->count == ACCESS_TOKENS_MAX) {
        return "more than 32 secrets";
    }
    struct access_token *token = &list->tokens[list->count++];
    char fingerprint[ACCESS_FINGERPRINT_BYTES];
    access_fingerprint(secret, fingerprint);
    CHECK(text_to_c_string(secret, token->secret, sizeof(token->secret)));
    CHECK(text_to_c_string(name.length > 0 ? name : text_of(fingerprint), token->name,
                           sizeof(token->name)));
    return NULL;
}

enum status access_tokens_parse(struct call *call, struct text content, const char *place,
                                struct access_token_list *list)
{
    unsigned number = 0;
    list->count = 0;
    for (struct text rest = content; rest.data != NULL;) {
        number++;
        const char *why = take_line(text_next(&rest, '\n'), list);
        if (why != NULL) {
            return call_fail(call, STATUS_FAILED_PRECONDITION, "%s:%u: %s", place, number, why);
        }
    }
    return list->count > 0
               ? STATUS_OK
               : call_fail(call, STATUS_FAILED_PRECONDITION, "%s holds no secret", place);
}

enum status access_tokens_read(struct call *call, const char *file, struct access_token_list *list)
{
    struct buffer content;
    buffer_init(&content, ACCESS_FILE_BYTES_MAX);
    /* All at once, so that no copy of a secret stays behind where there was less room. */
    if (buffer_reserve(&content, ACCESS_FILE_BYTES_MAX) == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the secrets in %s", file);
    }
    enum status status = access_file_read(call, file, &content);
    if (status == STATUS_OK) {
        status = access_tokens_parse(call, buffer_text(&content), file, list);
    }
    explicit_bzero(content.data, content.length);
    buffer_deinit(&content);
    return status == STATUS_NOT_FOUND ? STATUS_FAILED_PRECONDITION : status;
}

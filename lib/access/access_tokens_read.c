/* The file of secrets: its lines, and what is wrong with them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

/* Up to `size` bytes; negative: errno says why not. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(fd, bytes + length, size - length);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return -1;
        }
        length += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)length;
}

enum status access_tokens_read(struct call *call, const char *file, struct access_token_list *list)
{
    char *bytes = malloc(ACCESS_FILE_BYTES_MAX + 1);
    /* Not blocking: a pipe without a writer is no file of secrets. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t length = fd >= 0 && bytes != NULL ? read_all(fd, bytes, ACCESS_FILE_BYTES_MAX + 1) : -1;
    int failure = errno;
    enum status status = STATUS_RESOURCE_EXHAUSTED;
    if (fd >= 0) {
        (void)close(fd); /* it was only read */
    }
    if (bytes == NULL) {
        return call_fail(call, status, "no memory for the secrets in %s", file);
    }
    if (length < 0) {
        status =
            call_fail(call, STATUS_FAILED_PRECONDITION, "%s: %s", file, strerrordesc_np(failure));
    } else if (length > ACCESS_FILE_BYTES_MAX) {
        status = call_fail(call, STATUS_FAILED_PRECONDITION, "%s is longer than %d bytes", file,
                           ACCESS_FILE_BYTES_MAX);
    } else {
        status = access_tokens_parse(call, (struct text){bytes, (size_t)length}, file, list);
    }
    explicit_bzero(bytes, ACCESS_FILE_BYTES_MAX + 1);
    free(bytes);
    return status;
}

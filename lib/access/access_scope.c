#include "access/access_scope.h"

#include "base/check.h"

static const struct {
    enum access_scope scope;
    const char *name;
} names[] = {
    {ACCESS_READ, "read"},
    {ACCESS_VOTE, "vote"},
    {ACCESS_WRITE, "write"},
    {ACCESS_ADMIN, "admin"},
    {ACCESS_IMPERSONATE, "impersonate"},
};

const char *access_scope_name(enum access_scope scope)
{
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (names[i].scope == scope) {
            return names[i].name;
        }
    }
    return "open";
}

static bool parse_one(struct text word, unsigned *scopes)
{
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (text_equal_ignoring_case(word, text_of(names[i].name))) {
            *scopes |=
                names[i].scope == ACCESS_ADMIN ? ACCESS_SCOPES_ALL : (unsigned)names[i].scope;
            return true;
        }
    }
    return false;
}

bool access_scopes_parse(struct text text, unsigned *ret_scopes)
{
    unsigned scopes = 0;
    while (text.data != NULL) {
        if (!parse_one(text_trim(text_next(&text, ',')), &scopes)) {
            return false;
        }
    }
    if (scopes == 0) {
        return false;
    }
    *ret_scopes = scopes;
    return true;
}

static size_t append(char *buffer, size_t length, const char *word)
{
    size_t word_length = strlen(word);
    if (length > 0) {
        buffer[length++] = ',';
    }
    CHECK(length + word_length < ACCESS_SCOPES_TEXT_BYTES);
    memcpy(buffer + length, word, word_length);
    return length + word_length;
}

struct text access_scopes_format(unsigned scopes, char buffer[static ACCESS_SCOPES_TEXT_BYTES])
{
    size_t length = 0;
    if ((scopes & ACCESS_ADMIN) != 0) {
        scopes = ACCESS_ADMIN;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if ((scopes & (unsigned)names[i].scope) != 0) {
            length = append(buffer, length, names[i].name);
        }
    }
    if (length == 0) {
        length = append(buffer, 0, "none");
    }
    buffer[length] = '\0';
    return (struct text){buffer, length};
}

#include "access/access_user.h"

#include "access/access_digest.h"

enum { DELETE = 0x7f };

bool access_user_is_valid(struct text user)
{
    if (user.length == 0 || user.length > ACCESS_USER_BYTES_MAX || !text_is_utf8(user)) {
        return false;
    }
    for (size_t i = 0; i < user.length; i++) {
        unsigned char byte = (unsigned char)user.data[i];
        if (byte < ' ' || byte == DELETE) {
            return false;
        }
    }
    return true;
}

static bool is_plain(char byte)
{
    char lower = (char)(byte | 0x20);
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '.' || byte == '_' || byte == '~' || byte == '@';
}

struct text access_user_encode(struct text user, char buffer[static ACCESS_USER_WORD_BYTES])
{
    size_t length = 0;
    CHECK(user.length <= ACCESS_USER_BYTES_MAX);
    for (size_t i = 0; i < user.length; i++) {
        if (is_plain(user.data[i])) {
            buffer[length++] = user.data[i];
            continue;
        }
        buffer[length++] = '%';
        access_hex_format(&user.data[i], 1, buffer + length);
        length += 2;
    }
    buffer[length] = '\0';
    return (struct text){buffer, length};
}

bool access_user_decode(struct text word, char ret_user[static ACCESS_USER_BYTES_MAX + 1])
{
    size_t length = 0;
    for (size_t i = 0; i < word.length; i++) {
        char byte = word.data[i];
        if (length == ACCESS_USER_BYTES_MAX) {
            return false;
        }
        if (byte == '%') {
            if (!access_hex_parse(text_slice(word, i + 1, i + 3), &byte, 1)) {
                return false;
            }
            i += 2;
        } else if (!is_plain(byte)) {
            return false;
        }
        ret_user[length++] = byte;
    }
    ret_user[length] = '\0';
    return access_user_is_valid((struct text){ret_user, length});
}

/* hex.h: the value of a hexadecimal digit. */
#pragma once

/* 0 to 15, whatever its case; -1: it is no digit. */
static inline int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

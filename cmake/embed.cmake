# Writes TO, a C source with the bytes of FROM as NAME[] and NAME_size.
file(READ "${FROM}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n    " bytes "${bytes}")
file(SIZE "${FROM}" size)
file(WRITE "${TO}" "#include <stddef.h>

extern const unsigned char ${NAME}[];
extern const size_t ${NAME}_size;

const unsigned char ${NAME}[] = {
    ${bytes}
};
const size_t ${NAME}_size = ${size};
")

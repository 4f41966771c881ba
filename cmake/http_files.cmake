# marquee_http_files(NAME FOLDER FILES ...): writes NAME.c into the build folder, a source to add to a library. It holds
# `const struct http_file NAME[]` (http/http_files.h), these files of FOLDER, each also compressed where that makes it
# smaller. A file of another folder is named by its path from FOLDER, and served by its last part.
#
# Run as a script, this same file writes it.
function(marquee_http_files name folder)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "FILES")
  list(TRANSFORM arg_FILES PREPEND "${folder}/" OUTPUT_VARIABLE paths)
  list(JOIN arg_FILES "|" joined)
  set(script "${PROJECT_SOURCE_DIR}/cmake/http_files.cmake")
  add_custom_command(
    OUTPUT "${name}.c"
    COMMAND "${CMAKE_COMMAND}" "-DNAME=${name}" "-DFOLDER=${folder}" "-DFILES=${joined}"
            "-DTO=${CMAKE_CURRENT_BINARY_DIR}/${name}.c" -P "${script}"
    DEPENDS ${paths} "${script}" VERBATIM)
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  return()
endif()

set(type_of_html "text/html; charset=utf-8")
set(type_of_css "text/css; charset=utf-8")
set(type_of_js "text/javascript; charset=utf-8")
set(type_of_svg "image/svg+xml")

# Sets HEX_NAME to the bytes of a file in hexadecimal.
function(read_hex path hex_name)
  file(READ "${path}" hex HEX)
  set(${hex_name} "${hex}" PARENT_SCOPE)
endfunction()

# Sets HEX_NAME to the same, compressed by gzip. The header's time is set to none (RFC 1952 section 2.3), so that the
# same file always gives the same program.
function(read_hex_compressed path hex_name)
  set(compressed "${TO}.gz")
  file(ARCHIVE_CREATE OUTPUT "${compressed}" PATHS "${path}" FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
  file(READ "${compressed}" hex HEX)
  file(REMOVE "${compressed}")
  string(SUBSTRING "${hex}" 0 8 before)
  string(SUBSTRING "${hex}" 16 -1 after)
  set(${hex_name} "${before}00000000${after}" PARENT_SCOPE)
endfunction()

# Appends an array of these bytes to `contents`.
macro(append_bytes name hex)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n    "
         bytes "${bytes}")
  string(APPEND contents "static const unsigned char ${name}[] = {\n    ${bytes}\n};\n")
endmacro()

string(REPLACE "|" ";" FILES "${FILES}")
set(contents "")
set(rows "")
set(position 0)
foreach(file IN LISTS FILES)
  get_filename_component(extension "${file}" LAST_EXT)
  string(SUBSTRING "${extension}" 1 -1 extension)
  if(NOT DEFINED "type_of_${extension}")
    message(FATAL_ERROR "${file}: cmake/http_files.cmake knows no media type for .${extension}")
  endif()
  get_filename_component(name "${file}" NAME)
  file(SHA256 "${FOLDER}/${file}" hash)
  string(SUBSTRING "${hash}" 0 16 hash)
  read_hex("${FOLDER}/${file}" plain)
  read_hex_compressed("${FOLDER}/${file}" compressed)
  append_bytes("content_${position}" "${plain}")
  string(APPEND rows "    {TEXT_INIT(\"${name}\"), TEXT_INIT(\"${type_of_${extension}}\"), TEXT_INIT(\"\\\"${hash}\\\"\"),\n"
                     "     {(const char *)content_${position}, sizeof(content_${position})},\n")
  string(LENGTH "${plain}" plain_length)
  string(LENGTH "${compressed}" compressed_length)
  if(compressed_length LESS plain_length)
    append_bytes("compressed_${position}" "${compressed}")
    string(APPEND rows "     TEXT_INIT(\"\\\"${hash}-gzip\\\"\"),\n"
                       "     {(const char *)compressed_${position}, sizeof(compressed_${position})}},\n")
  else()
    string(APPEND rows "     TEXT_INIT(\"\"), {NULL, 0}},\n")
  endif()
  math(EXPR position "${position} + 1")
endforeach()
file(WRITE "${TO}" "#include \"http/http_files.h\"

${contents}
extern const struct http_file ${NAME}[];

const struct http_file ${NAME}[] = {
${rows}    {.name = {NULL, 0}},
};
")

# marquee_http_files(NAME FOLDER FILES ...): writes NAME.c into the build folder, a source to add to a library. It holds
# `const struct http_file NAME[]` (http/http_files.h), these files of FOLDER.
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
  file(READ "${FOLDER}/${file}" hex HEX)
  file(SHA256 "${FOLDER}/${file}" hash)
  string(SUBSTRING "${hash}" 0 16 hash)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n    "
         bytes "${bytes}")
  string(APPEND contents "static const unsigned char content_${position}[] = {\n    ${bytes}\n};\n")
  string(APPEND rows "    {TEXT_INIT(\"${file}\"), TEXT_INIT(\"${type_of_${extension}}\"), TEXT_INIT(\"\\\"${hash}\\\"\"),\n"
                     "     {(const char *)content_${position}, sizeof(content_${position})}},\n")
  math(EXPR position "${position} + 1")
endforeach()
file(WRITE "${TO}" "#include \"http/http_files.h\"

${contents}
extern const struct http_file ${NAME}[];

const struct http_file ${NAME}[] = {
${rows}    {.name = {NULL, 0}},
};
")

# The four kinds of target, so that flags, include roots and test labels are said once.
#
#   marquee_library(NAME SOURCES ... [LINK ...])            a static library
#   marquee_program(NAME SOURCES ... LINK ...)              an installed program
#   marquee_test(NAME LABEL unit SOURCES ... LINK ... [TIMEOUT s] [LAUNCHER program ...])
#                                                           a cmocka test program and its ctest;
#                                                           status 77 means skipped
#   marquee_fuzz(NAME SOURCES ... LINK ... CORPUS dir)      a fuzz target, replaying its corpus as a test

set(MARQUEE_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wcast-qual -Wvla -Wundef -Wformat=2 -Wwrite-strings -Wswitch-enum -Wnull-dereference -fno-common)

add_library(marquee_flags INTERFACE)
target_compile_options(marquee_flags INTERFACE $<$<COMPILE_LANGUAGE:C>:${MARQUEE_WARNINGS}>
                       -fno-omit-frame-pointer -gdwarf-4)
target_compile_definitions(marquee_flags INTERFACE _GNU_SOURCE)
target_include_directories(marquee_flags INTERFACE "${PROJECT_SOURCE_DIR}/lib" "${PROJECT_SOURCE_DIR}/services")
target_link_libraries(marquee_flags INTERFACE Threads::Threads)
if(MARQUEE_WERROR)
  target_compile_options(marquee_flags INTERFACE -Werror)
endif()
if(MARQUEE_SANITIZE)
  target_compile_options(marquee_flags INTERFACE -fsanitize=${MARQUEE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(marquee_flags INTERFACE -fsanitize=${MARQUEE_SANITIZE})
endif()
if(MARQUEE_COVERAGE)
  target_compile_options(marquee_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(marquee_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
endif()
if(MARQUEE_FUZZ)
  target_compile_options(marquee_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# All libraries, without the programs: what the release build warns of is found without linking across files.
add_custom_target(libraries)

# The flags are ours alone: who uses an installed library has flags of its own.
function(marquee_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC $<BUILD_INTERFACE:marquee_flags> Threads::Threads ${arg_LINK})
  add_dependencies(libraries ${name})
endfunction()

function(marquee_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE marquee_flags ${arg_LINK})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  install(TARGETS ${name} COMPONENT programs)
endfunction()

function(marquee_test name)
  if(NOT MARQUEE_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "SOURCES;LINK;LAUNCHER")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE marquee_flags ${arg_LINK} PkgConfig::CMOCKA)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/test")
  if(arg_LAUNCHER)
    add_test(NAME ${name} COMMAND ${arg_LAUNCHER} $<TARGET_FILE:${name}>)
  else()
    add_test(NAME ${name} COMMAND ${name})
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABEL}" TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
                       ENVIRONMENT "MARQUEE_BIN=${PROJECT_BINARY_DIR}/bin;MARQUEE_SOURCE=${PROJECT_SOURCE_DIR}")
endfunction()

function(marquee_fuzz name)
  if(NOT MARQUEE_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS" "SOURCES;LINK")
  if(MARQUEE_FUZZ)
    add_executable(${name} ${arg_SOURCES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${arg_SOURCES} "${PROJECT_SOURCE_DIR}/tests/fuzz/replay_driver.c")
  endif()
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE marquee_flags ${arg_LINK})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
  add_test(NAME ${name} COMMAND ${name} -runs=0 "${arg_CORPUS}")
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()

# marquee_folders(a b ...): add_subdirectory for each that has a CMakeLists.txt, in this order.
function(marquee_folders)
  foreach(folder IN LISTS ARGN)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()

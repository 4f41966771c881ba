# What a build may choose. Presets in CMakePresets.json set these; nothing else reads the environment.
option(MARQUEE_TESTS "Build the tests" ON)
option(MARQUEE_BENCH "Build the load generators and rivals" OFF)
option(MARQUEE_FUZZ "Build the fuzz targets with libFuzzer (clang); otherwise with a replay driver" OFF)
option(MARQUEE_COVERAGE "Instrument for source-based coverage (clang)" OFF)
option(MARQUEE_WERROR "Warnings are errors" OFF)
set(MARQUEE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them: address,undefined or thread")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

# A call goes through a dozen of our libraries: inlined across them it is a sixth shorter
# (docs/performance.md). Only what is shipped is built so, for it takes its time; the libraries hold plain code
# too, for other compilers.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  include(CheckIPOSupported)
  check_ipo_supported(RESULT MARQUEE_IPO LANGUAGES C)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${MARQUEE_IPO})
  if(MARQUEE_IPO AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-ffat-lto-objects)
  endif()
endif()

find_program(MARQUEE_CCACHE ccache)
if(MARQUEE_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${MARQUEE_CCACHE}")
endif()

# man/NAME.1 in the build tree, of each program and command, from what --help prints.
set(man_programs marquee marquee-registry marquee-metadata marquee-rating marquee-movie marquee-review marquee-recommendation marquee-single)
set(man_stamp "${PROJECT_BINARY_DIR}/man/marquee.1")
add_custom_command(
  OUTPUT "${man_stamp}"
  COMMAND "${PROJECT_SOURCE_DIR}/scripts/man_pages.sh" "${PROJECT_BINARY_DIR}/bin" "${PROJECT_BINARY_DIR}/man" "${PROJECT_VERSION}"
  DEPENDS ${man_programs} "${PROJECT_SOURCE_DIR}/scripts/man_pages.sh" "${PROJECT_SOURCE_DIR}/scripts/man_page.awk"
  COMMENT "Writing the manual pages" VERBATIM)
add_custom_target(man ALL DEPENDS "${man_stamp}")
install(DIRECTORY "${PROJECT_BINARY_DIR}/man/" DESTINATION share/man/man1 COMPONENT programs FILES_MATCHING PATTERN "*.1")

# SPDX-License-Identifier: MIT
# Man pages and shell completions, which a program of the command's own option rows writes. Leaves PAGES_MAN, PAGES_BASH,
# PAGES_ZSH and PAGES_FISH.
file(GLOB PAGES_SOURCES CONFIGURE_DEPENDS tools/pages/*.c)
add_executable(backdrop_pages ${PAGES_SOURCES} tools/options.c tools/help.c)
backdrop_target(backdrop_pages)
target_include_directories(backdrop_pages PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/include)

set(out ${PROJECT_BINARY_DIR}/pages)
file(MAKE_DIRECTORY ${out})
set(PAGES_MAN "")
set(PAGES_BASH ${out}/backdrop.bash)
set(PAGES_ZSH ${out}/_backdrop)
set(PAGES_FISH ${out}/backdrop.fish)
foreach(verb "" -replace -matte -segment -devices -models -tune)
  string(REPLACE "-" "" argument "${verb}")
  set(page ${out}/backdrop${verb}.1)
  add_custom_command(OUTPUT ${page} COMMAND backdrop_pages ${page} man ${argument} DEPENDS backdrop_pages
                     COMMENT "Man page backdrop${verb}" VERBATIM)
  list(APPEND PAGES_MAN ${page})
endforeach()
foreach(shell BASH ZSH FISH)
  string(TOLOWER ${shell} name)
  add_custom_command(OUTPUT ${PAGES_${shell}} COMMAND backdrop_pages ${PAGES_${shell}} ${name} DEPENDS backdrop_pages
                     COMMENT "Completions for ${name}" VERBATIM)
endforeach()
add_custom_target(backdrop_manual ALL DEPENDS ${PAGES_MAN} ${PAGES_BASH} ${PAGES_ZSH} ${PAGES_FISH})

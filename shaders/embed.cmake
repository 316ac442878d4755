# SPDX-License-Identifier: MIT
# Joins the modules NAMES (OUT/<name>.spv) of OUT/modules.cmake into OUT/shaders.c as words. READS: how each of them reads.
# LEFT_OUT: those that the compiler of shaders does not know.
cmake_minimum_required(VERSION 3.25)
include(${OUT}/modules.cmake)
set(text "/* SPDX-License-Identifier: MIT */\n#include \"shaders.h\"\n\n")
set(rows "")
foreach(name reads IN ZIP_LISTS NAMES READS)
  if(name IN_LIST LEFT_OUT)
    string(APPEND rows "    {\"${name}\", NULL, 0, BD_READ_${reads}},\n")
    continue()
  endif()
  file(READ ${OUT}/${name}.spv bytes HEX)
  string(REGEX REPLACE "(..)(..)(..)(..)" "0x\\4\\3\\2\\1," words ${bytes})
  string(APPEND text "static const uint32_t words_${name}[] = {${words}};\n")
  set(count "sizeof(words_${name}) / sizeof(words_${name}[0])")
  string(APPEND rows "    {\"${name}\", words_${name}, ${count}, BD_READ_${reads}},\n")
endforeach()
file(WRITE ${OUT}/shaders.c "${text}\nconst bd_shader bd_shaders[BD_SHADER_COUNT] = {\n${rows}};\n")

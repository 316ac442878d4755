# SPDX-License-Identifier: MIT
# Joins the modules NAMES (OUT/<name>.words, numbers separated by commas) into OUT/shaders.c.
set(text "/* SPDX-License-Identifier: MIT */\n#include \"shaders.h\"\n\n")
set(rows "")
foreach(name ${NAMES})
  if(NOT EXISTS ${OUT}/${name}.words)
    string(APPEND rows "    {\"${name}\", NULL, 0},\n")
    continue()
  endif()
  file(READ ${OUT}/${name}.words words)
  string(APPEND text "static const uint32_t words_${name}[] = {\n${words}};\n")
  string(APPEND rows "    {\"${name}\", words_${name}, sizeof(words_${name}) / sizeof(words_${name}[0])},\n")
endforeach()
file(WRITE ${OUT}/shaders.c "${text}\nconst bd_shader bd_shaders[BD_SHADER_COUNT] = {\n${rows}};\n")

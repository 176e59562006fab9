# cm_embed_text(<output.cpp> <template.cpp.in> <file>)
#
# Writes the bytes of a file into a source file, as the characters of CM_EMBEDDED_TEXT in the template. Characters and
# not a string literal, because compilers limit the length of a literal, and the text could contain its delimiter. A
# changed file triggers a new CMake run.
function(cm_embed_text output template file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  file(READ "${file}" bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," CM_EMBEDDED_TEXT "${bytes}")
  string(REGEX REPLACE "(('[^']*',){16})" "\\1\n" CM_EMBEDDED_TEXT "${CM_EMBEDDED_TEXT}")
  configure_file("${template}" "${output}" @ONLY)
endfunction()

# cm_embed_text(<output.cpp> <template.cpp.in> <file>)
#
# Writes the bytes of a file into a source file, as the characters of CM_EMBEDDED_TEXT in the template. Characters and
# not a literal: no length is too long for a compiler, and no text can end it. A changed file configures the build anew.
function(cm_embed_text output template file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  file(READ "${file}" bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," CM_EMBEDDED_TEXT "${bytes}")
  string(REGEX REPLACE "(('[^']*',){16})" "\\1\n" CM_EMBEDDED_TEXT "${CM_EMBEDDED_TEXT}")
  configure_file("${template}" "${output}" @ONLY)
endfunction()

# Compile and link options of all targets of this project, through cm::options.
add_library(cm_options INTERFACE)
add_library(cm::options ALIAS cm_options)

target_compile_options(cm_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wcast-align -Wformat=2 -Wimplicit-fallthrough -Wnull-dereference -Wundef
  -fstack-protector-strong -fno-plt)
if(CM_WARNINGS_AS_ERRORS)
  target_compile_options(cm_options INTERFACE -Werror)
endif()
# In unity builds, names shadow those of other sources, and GCC takes unnamed namespaces for those of a header.
set(cm_in_batches $<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>)
target_compile_options(cm_options INTERFACE
  $<$<NOT:${cm_in_batches}>:-Wshadow> $<$<AND:${cm_in_batches},$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC's flow analysis reports inlined library code. So far all reports of these three warnings were false.
  target_compile_options(cm_options INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized -Wno-restrict)
endif()
if(CM_SANITIZE)
  # -fno-sanitize=null: CAF's headers bind a reference through a null pointer in one place (init_fun_factory.hpp).
  target_compile_options(cm_options INTERFACE
    -fsanitize=${CM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -fno-sanitize=null)
  if(CM_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The thread sanitizer does not support the fences in Asio's executors, and GCC warns about it.
    target_compile_options(cm_options INTERFACE -Wno-tsan)
  endif()
  target_link_options(cm_options INTERFACE -fsanitize=${CM_SANITIZE} -fno-sanitize=null)
else()
  target_compile_definitions(cm_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
endif()
# Test code is compiled without optimisation, which would take half of its compile time. The tested modules keep their
# options.
add_library(cm_test_options INTERFACE)
add_library(cm::test_options ALIAS cm_test_options)
target_link_libraries(cm_test_options INTERFACE cm::options)
target_compile_options(cm_test_options INTERFACE -O0 $<$<CONFIG:Release>:-U_FORTIFY_SOURCE>)
if(CM_SANITIZE MATCHES "undefined")
  # Saves another fifth of the compile time. The tested modules are still checked.
  target_compile_options(cm_test_options INTERFACE -fno-sanitize=undefined)
endif()

target_link_options(cm_options INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)

# Compile and link options that every target of ours gets through cm::options.
add_library(cm_options INTERFACE)
add_library(cm::options ALIAS cm_options)

target_compile_options(cm_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wcast-align -Wformat=2 -Wimplicit-fallthrough -Wnull-dereference -Wundef
  -fstack-protector-strong -fno-plt)
if(CM_WARNINGS_AS_ERRORS)
  target_compile_options(cm_options INTERFACE -Werror)
endif()
# In a batch a name shadows that of another source, and unnamed namespaces pass for those of a header.
set(cm_in_batches $<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>)
target_compile_options(cm_options INTERFACE
  $<$<NOT:${cm_in_batches}>:-Wshadow> $<$<AND:${cm_in_batches},$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC's flow analysis reports library code that it inlined into ours; these three have no true report so far.
  target_compile_options(cm_options INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized -Wno-restrict)
endif()
if(CM_SANITIZE)
  # CAF's headers bind a reference through a null pointer once (init_fun_factory.hpp): -fno-sanitize=null.
  target_compile_options(cm_options INTERFACE
    -fsanitize=${CM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -fno-sanitize=null)
  if(CM_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The thread sanitizer does not know the fences of Asio's executors, and GCC says so.
    target_compile_options(cm_options INTERFACE -Wno-tsan)
  endif()
  target_link_options(cm_options INTERFACE -fsanitize=${CM_SANITIZE} -fno-sanitize=null)
else()
  target_compile_definitions(cm_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
endif()
# What runs for a test only is not worth an optimiser's time, which is half of a test's compilation. The modules that
# it tests are compiled as ever.
add_library(cm_test_options INTERFACE)
add_library(cm::test_options ALIAS cm_test_options)
target_link_libraries(cm_test_options INTERFACE cm::options)
target_compile_options(cm_test_options INTERFACE -O0 $<$<CONFIG:Release>:-U_FORTIFY_SOURCE>)
if(CM_SANITIZE MATCHES "undefined")
  # Likewise a fifth of their compilation. What they hand to the modules is checked there.
  target_compile_options(cm_test_options INTERFACE -fno-sanitize=undefined)
endif()

target_link_options(cm_options INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)

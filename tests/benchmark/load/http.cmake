# Load generator and baseline for REST. Not part of the default target.
add_executable(http_load EXCLUDE_FROM_ALL load/http_load.cpp load/http_load_run.cpp)
target_link_libraries(http_load PRIVATE cm::options)
add_executable(bench_hello_http EXCLUDE_FROM_ALL load/hello_http.cpp)
set_target_properties(bench_hello_http PROPERTIES OUTPUT_NAME hello_http)
target_link_libraries(bench_hello_http PRIVATE Boost::headers cm::options Threads::Threads)

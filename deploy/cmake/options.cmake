# Options of our own code. They come after those of the build type, so the last one wins.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
                    -Werror "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
add_link_options(-fuse-ld=lld-19)
if(KEFU_SANITIZERS)
  add_compile_options(-fsanitize=${KEFU_SANITIZERS} -fno-sanitize-recover=all -fno-omit-frame-pointer -O0 -g1 -UNDEBUG)
  add_link_options(-fsanitize=${KEFU_SANITIZERS})
elseif(KEFU_DEBUG)
  add_compile_options(-O1 -g -UNDEBUG)
endif()
# The precompiled header is shared, so all of our code sees the same definitions.
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION)
add_library(kefu_pch OBJECT "${CMAKE_SOURCE_DIR}/deploy/cmake/pch.cpp")
target_link_libraries(kefu_pch PRIVATE Boost::headers)
target_precompile_headers(kefu_pch PUBLIC "${CMAKE_SOURCE_DIR}/deploy/cmake/pch.hpp")

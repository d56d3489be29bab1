# llama.cpp as static libraries, only the parts that a target asks for. No native flags: the binaries must run on other
# machines than the one that built them.
if(NOT EXISTS "${KEFU_LLAMA_DIR}/CMakeLists.txt")
  message(FATAL_ERROR "llama.cpp is not in ${KEFU_LLAMA_DIR}: run deploy/dev/fetch-llama.sh")
endif()
# Its build asks git for its commit and would take ours for it, and so compile anew after every commit of ours.
set(GIT_EXE /bin/true CACHE FILEPATH "" FORCE)
set(GIT_EXECUTABLE /bin/true CACHE FILEPATH "" FORCE)
set(LLAMA_BUILD_NUMBER 0)
set(LLAMA_BUILD_COMMIT "0c1e57098")
# Not our C++23: it is written for C++17, and one of its files does not compile as C++23 with libstdc++ 12.
set(CMAKE_CXX_STANDARD 17)
set(BUILD_SHARED_LIBS OFF)
set(GGML_NATIVE OFF CACHE BOOL "" FORCE)
set(GGML_OPENMP OFF CACHE BOOL "" FORCE)
set(LLAMA_BUILD_TESTS OFF CACHE BOOL "" FORCE)
set(LLAMA_BUILD_EXAMPLES OFF CACHE BOOL "" FORCE)
set(LLAMA_USE_PREBUILT_UI OFF CACHE BOOL "" FORCE)
set(LLAMA_CURL OFF CACHE BOOL "" FORCE)
set(LLAMA_OPENSSL OFF CACHE BOOL "" FORCE)
# llama-server answers the tests of answer and of remote embedding; the product does not contain it.
set(LLAMA_BUILD_COMMON ${KEFU_TESTS} CACHE BOOL "" FORCE)
set(LLAMA_BUILD_TOOLS ${KEFU_TESTS} CACHE BOOL "" FORCE)
set(LLAMA_BUILD_SERVER ${KEFU_TESTS} CACHE BOOL "" FORCE)
add_subdirectory("${KEFU_LLAMA_DIR}" "${CMAKE_BINARY_DIR}/third_party/llama.cpp" EXCLUDE_FROM_ALL SYSTEM)
set(CMAKE_CXX_STANDARD 23)

# An encoder has no logits, but llama.cpp reserves and clears room for them: vocabulary x tokens x 4 bytes, 512 MB for each worker of the
# default model. One line of a copy is changed; should it move, the build says so.
set(kefu_context "${CMAKE_BINARY_DIR}/third_party/llama-context.cpp")
file(READ "${KEFU_LLAMA_DIR}/src/llama-context.cpp" original)
string(REPLACE "bool has_logits     = true;"
               "bool has_logits     = !cparams.embeddings || cparams.pooling_type == LLAMA_POOLING_TYPE_NONE;" changed "${original}")
if(changed STREQUAL original)
  message(FATAL_ERROR "llama-context.cpp does not hold the line that deploy/cmake/llama.cmake changes")
endif()
file(CONFIGURE OUTPUT "${kefu_context}" CONTENT "${changed}" @ONLY)  # written only when it differs
get_target_property(sources llama SOURCES)
list(TRANSFORM sources REPLACE "^llama-context.cpp$" "${kefu_context}")
set_target_properties(llama PROPERTIES SOURCES "${sources}")
set_source_files_properties("${kefu_context}" TARGET_DIRECTORY llama PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

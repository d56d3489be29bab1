# Everything here is a Debian 12 package; deploy/dev/install-packages.sh installs them.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Protobuf REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(SQLite3 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)
find_path(NATS_INCLUDE_DIR nats/nats.h REQUIRED)
find_library(NATS_LIBRARY nats REQUIRED)
if(NOT TARGET nats::nats)
  add_library(nats::nats UNKNOWN IMPORTED)
  set_target_properties(nats::nats PROPERTIES IMPORTED_LOCATION "${NATS_LIBRARY}"
                                              INTERFACE_INCLUDE_DIRECTORIES "${NATS_INCLUDE_DIR}")
endif()

# Asio and Beast are compiled once, into these two libraries (their headers only declare).
add_library(kefu_vendor_asio STATIC "${CMAKE_SOURCE_DIR}/libs/async/src/vendor_asio.cpp")
target_link_libraries(kefu_vendor_asio PUBLIC Boost::headers OpenSSL::SSL Threads::Threads)
target_compile_definitions(kefu_vendor_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
                                                    BOOST_BEAST_SEPARATE_COMPILATION)

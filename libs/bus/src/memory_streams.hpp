#pragma once

#include <kefu/bus/memory_bus.hpp>

#include <memory>
#include <string>

namespace kefu::bus {

std::unique_ptr<StreamStore> make_memory_store(std::shared_ptr<MemoryBroker::State> state);
std::unique_ptr<StreamReader> make_memory_reader(std::shared_ptr<MemoryBroker::State> state);
std::unique_ptr<KeyValueBucket> make_memory_bucket(std::shared_ptr<MemoryBroker::State> state,
                                                   std::string name);

}  // namespace kefu::bus

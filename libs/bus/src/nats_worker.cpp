#include "nats_worker.hpp"

#include <utility>

namespace kefu::bus {
namespace {

constexpr std::size_t kMaxJobs = 4096;
constexpr std::size_t kMaxBytes = 32 << 20;

}  // namespace

NatsWorker::NatsWorker() : thread_([this] { loop(); }) {}

void NatsWorker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool NatsWorker::try_run(Job job, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || jobs_.size() >= kMaxJobs || bytes_ + bytes > kMaxBytes) return false;
  add({std::move(job), bytes});
  return true;
}

void NatsWorker::run(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) return add({std::move(job), 0});
  }
  job();
}

void NatsWorker::add(Entry entry) {
  bytes_ += entry.bytes;
  jobs_.push_back(std::move(entry));
  changed_.notify_one();
}

void NatsWorker::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Entry entry = std::move(jobs_.front());
    jobs_.pop_front();
    bytes_ -= entry.bytes;
    lock.unlock();
    entry.job();
    entry.job = nullptr;  // what it holds is destroyed without the lock
    lock.lock();
  }
}

}  // namespace kefu::bus

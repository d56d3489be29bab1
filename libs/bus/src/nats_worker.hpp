#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace kefu::bus {

/// One thread for the calls of nats.c that may block: publishing to a server that stalls, flushing, closing.
class NatsWorker {
 public:
  using Job = std::move_only_function<void()>;

  NatsWorker();
  ~NatsWorker() { stop(); }
  NatsWorker(const NatsWorker&) = delete;
  NatsWorker& operator=(const NatsWorker&) = delete;

  /// False when the jobs waiting hold too many bytes or are too many.
  bool try_run(Job job, std::size_t bytes);
  /// For the few jobs that end something: never refused. After stop() it runs them itself.
  void run(Job job);
  /// Returns when everything queued has run. Called by the owner, once or more.
  void stop();

 private:
  struct Entry {
    Job job;
    std::size_t bytes;
  };
  void add(Entry entry);
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Entry> jobs_;
  std::size_t bytes_ = 0;  // of the jobs waiting
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kefu::bus

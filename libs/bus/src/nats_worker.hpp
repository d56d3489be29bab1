#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace kefu::bus {

/// One thread for the calls of nats.c that may block: flushing, closing, and what takes the lock of a
/// connection that is being made.
class NatsWorker {
 public:
  using Job = std::move_only_function<void()>;

  NatsWorker();
  ~NatsWorker() { stop(); }
  NatsWorker(const NatsWorker&) = delete;
  NatsWorker& operator=(const NatsWorker&) = delete;

  /// After stop() it runs the job itself.
  void run(Job job);
  /// Returns when everything queued has run. Called by the owner, once or more.
  void stop();

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kefu::bus

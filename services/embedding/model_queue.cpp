#include "model_queue.hpp"

#include <algorithm>
#include <utility>

namespace kefu::embedding {

ModelQueue::ModelQueue(asio::any_io_executor executor, Embedder& embedder, QueueLimits limits,
                       const EmbeddingMetrics& metrics, Finished finished)
    : embedder_(embedder),
      limits_(limits),
      metrics_(metrics),
      finished_(std::move(finished)),
      changed_(std::move(executor)) {}

Result<> ModelQueue::push(const std::vector<JobPtr>& jobs) {
  if (stopping_) return fail(Errc::unavailable, "the service is stopping");  // run() may have returned
  const auto full = [&] {
    return std::ranges::any_of(jobs, [&](const JobPtr& job) {
      const std::size_t limit =
          job->lane() == Lane::question ? limits_.question_tokens : limits_.import_tokens;
      return lanes_[index(job->lane())].tokens >= limit;
    });
  };
  if (full()) drop_unwanted();
  if (full()) {
    metrics_.refused.add(static_cast<double>(jobs.size()));
    return fail(Errc::overloaded, "the embedding model is busy, try again later");
  }
  for (const JobPtr& job : jobs) {
    LaneQueue& lane = lanes_[index(job->lane())];
    lane.jobs.push_back(job);
    lane.tokens += job->tokens();
  }
  show_depth();
  changed_.raise();
  return {};
}

void ModelQueue::show_depth() const {
  for (const Lane lane : {Lane::question, Lane::import}) {
    metrics_.queued_texts[index(lane)].set(static_cast<double>(texts(lane)));
    metrics_.queued_tokens[index(lane)].set(static_cast<double>(tokens(lane)));
  }
}

void ModelQueue::promoted(const JobPtr& job) {
  LaneQueue& imports = lanes_[index(Lane::import)];
  const auto position = std::ranges::find(imports.jobs, job);
  if (position == imports.jobs.end()) return;
  imports.jobs.erase(position);
  imports.tokens -= job->tokens();
  LaneQueue& questions = lanes_[index(Lane::question)];
  questions.jobs.push_back(job);
  questions.tokens += job->tokens();
  show_depth();
  changed_.raise();  // whoever may take no more imports may take this
}

void ModelQueue::drop_unwanted() {
  for (LaneQueue& lane : lanes_) {
    std::vector<JobPtr> dropped;
    std::erase_if(lane.jobs, [&](const JobPtr& job) {
      if (job->wanted()) return false;
      lane.tokens -= job->tokens();
      dropped.push_back(job);
      return true;
    });
    drop(std::move(dropped));
  }
}

void ModelQueue::drop(std::vector<JobPtr> jobs) {
  if (jobs.empty()) return;
  metrics_.dropped.add(static_cast<double>(jobs.size()));
  std::vector<Result<TextVector>> results(jobs.size(),
                                          fail(Errc::deadline_exceeded, "the text was not embedded in time"));
  finished_(std::move(jobs), std::move(results));
}

ModelQueue::Batch ModelQueue::next_batch() {
  std::vector<JobPtr> batch;
  std::vector<JobPtr> dropped;
  std::size_t tokens = 0;
  Lane from = Lane::question;
  for (const Lane each : {Lane::question, Lane::import}) {
    // Whoever ends an import's call comes here next, so nobody has to be woken for those left here.
    if (each == Lane::import && importing_ >= embedder_.model().calls_of_imports) break;
    from = each;
    LaneQueue& lane = lanes_[index(each)];
    while (!lane.jobs.empty()) {
      const bool wanted = lane.jobs.front()->wanted();
      const std::size_t next = lane.jobs.front()->tokens();
      const bool full =
          tokens + next > embedder_.model().tokens_a_call || batch.size() >= embedder_.model().texts_a_call;
      if (wanted && !batch.empty() && full) break;
      if (wanted) tokens += next;
      (wanted ? batch : dropped).push_back(std::move(lane.jobs.front()));
      lane.jobs.pop_front();
      lane.tokens -= next;
    }
    if (!batch.empty()) break;  // a batch is of one lane
  }
  drop(std::move(dropped));
  show_depth();
  return {std::move(batch), from};
}

Task<void> ModelQueue::run() {
  while (true) {
    Batch batch = next_batch();
    if (batch.jobs.empty()) {
      if (stopping_) co_return;
      co_await changed_.wait();
      continue;
    }
    const std::size_t imports = batch.lane == Lane::import ? 1 : 0;
    importing_ += imports;
    co_await compute(std::move(batch.jobs));
    importing_ -= imports;
  }
}

Task<void> ModelQueue::compute(std::vector<JobPtr> batch) {
  std::vector<ModelInput> inputs;
  Deadline deadline = batch.front()->wanted_until();
  for (const JobPtr& job : batch) {
    deadline = Deadline::at(std::max(deadline.time(), job->wanted_until().time()));
    inputs.push_back(job->take_input());
  }
  const auto begin = Deadline::Clock::now();
  std::vector<Result<TextVector>> vectors = co_await embedder_.embed(std::move(inputs), deadline);
  metrics_.inference.observe(Deadline::Clock::now() - begin);
  for (const Result<TextVector>& vector : vectors) {
    if (!vector) continue;
    metrics_.tokens_computed.add(vector->tokens);
    metrics_.texts_computed.add();
  }
  finished_(std::move(batch), std::move(vectors));
}

void ModelQueue::stop() {
  stopping_ = true;
  changed_.raise();
}

}  // namespace kefu::embedding

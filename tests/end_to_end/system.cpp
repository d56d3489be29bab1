#include "system.hpp"

#include <kefu/testing/run_task.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace kefu::testing {
namespace {

using namespace std::chrono_literals;

std::string tail(const std::filesystem::path& file) {
  std::ifstream in(file);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  constexpr std::size_t kTail = 4000;
  return all.size() > kTail ? all.substr(all.size() - kTail) : all;
}

std::string program(const std::string& service) { return fmt::format("{}/kefu-{}", KEFU_BIN_DIR, service); }

}  // namespace

const std::vector<std::string>& System::service_names() {
  static const std::vector<std::string> names{"embedding", "index", "ingest", "answer", "gateway"};
  return names;
}

System::System(Options options) : options_(std::move(options)), client_(io_.get_executor(), {}) {
  for (const std::string& service : service_names()) {
    auto& replicas = instances_[service];
    replicas.resize(options_.replicas);
    for (std::size_t replica = 0; replica < options_.replicas; ++replica) {
      replicas[replica].admin_port = free_port();
      replicas[replica].api_port = free_port();
      start(service, replica);
    }
  }
  wait_ready();
}

System::~System() {
  const bool failed = ::testing::Test::HasFailure();
  for (auto service = service_names().rbegin(); service != service_names().rend(); ++service) {
    for (std::size_t replica = 0; replica < instances_[*service].size(); ++replica) {
      if (!instance(*service, replica).process) continue;
      const int status = terminate(*service, replica);
      EXPECT_EQ(status, 0) << *service << " did not end well:\n" << tail(log_file(*service, replica));
      if (failed)
        std::cerr << "--- log of " << *service << " " << replica << "\n" << tail(log_file(*service, replica));
    }
  }
}

System::Instance& System::instance(const std::string& service, std::size_t replica) {
  return instances_.at(service).at(replica);
}
const System::Instance& System::instance(const std::string& service, std::size_t replica) const {
  return instances_.at(service).at(replica);
}

bool System::running(const std::string& service, std::size_t replica) {
  const auto& process = instance(service, replica).process;
  return process && process->running();
}

pid_t System::pid(const std::string& service, std::size_t replica) const {
  return instance(service, replica).process->pid();
}

std::filesystem::path System::data_directory(const std::string& service, std::size_t replica) const {
  return folder_.path() / fmt::format("{}-{}", service, replica);
}
std::filesystem::path System::log_file(const std::string& service, std::size_t replica) const {
  return folder_.path() / fmt::format("{}-{}.log", service, replica);
}

std::vector<std::string> System::command(const std::string& service, std::size_t replica) const {
  const Instance& self = instance(service, replica);
  std::vector<std::string> words{program(service), "--nats-url", nats_.url(), "--admin-port",
                                 std::to_string(self.admin_port)};
  const auto add = [&](std::vector<std::string> more) {
    words.insert(words.end(), more.begin(), more.end());
  };
  if (service == "embedding") add({"--redis-url", redis_.url(), "--model", KEFU_TEST_MODEL});
  if (service == "answer" || service == "gateway") add({"--redis-url", redis_.url()});
  if (service == "index") add({"--data-dir", data_directory(service, replica)});
  if (service == "gateway") add({"--listen-port", std::to_string(self.api_port), "--drain-delay", "500ms"});
  if (const auto extra = options_.arguments.find(service); extra != options_.arguments.end())
    add(extra->second);
  return words;
}

void System::start(const std::string& service, std::size_t replica,
                   const std::vector<std::string>& arguments) {
  std::vector<std::string> words = command(service, replica);
  words.insert(words.end(), arguments.begin(), arguments.end());
  instance(service, replica).process = std::make_unique<Process>(
      Process::Options{.command = std::move(words), .output = log_file(service, replica)});
}

void System::kill(const std::string& service, std::size_t replica) {
  instance(service, replica).process->kill();
  instance(service, replica).process.reset();
}

int System::terminate(const std::string& service, std::size_t replica, std::chrono::milliseconds limit) {
  auto& process = instance(service, replica).process;
  process->signal(SIGTERM);
  const int status = process->wait(limit).value_or(-1);
  process.reset();
  return status;
}

void System::signal(const std::string& service, int number, std::size_t replica) {
  instance(service, replica).process->signal(number);
}

void System::wait_ready() {
  for (const std::string& service : service_names()) {
    for (std::size_t replica = 0; replica < options_.replicas; ++replica) wait_ready(service, replica);
  }
}

void System::wait_ready(const std::string& service, std::size_t replica) {
  const std::string url = admin_url(service, replica) + "/readyz";
  if (eventually_blocking([&] { return get(url).status == 200; }, 60s)) return;
  throw std::runtime_error(fmt::format("{} {} is not ready: {}\n{}", service, replica, get(url).body,
                                       tail(log_file(service, replica))));
}

std::string System::api_url(std::size_t replica) const {
  return fmt::format("http://127.0.0.1:{}", instance("gateway", replica).api_port);
}
std::string System::admin_url(const std::string& service, std::size_t replica) const {
  return fmt::format("http://127.0.0.1:{}", instance(service, replica).admin_port);
}

http::Response System::get(const std::string& url) {
  auto response = run_task(io_, client_.send({.url = url}, Deadline::in(10s)));
  return response ? std::move(*response)
                  : http::Response{.status = 0, .fields = {}, .body = response.error().message};
}

http::Response System::request(const std::string& method, const std::string& path, const std::string& body,
                               const std::string& content_type, std::size_t replica) {
  http::ClientRequest request{.method = method, .url = api_url(replica) + path, .fields = {}, .body = body};
  if (!body.empty()) request.fields.set("Content-Type", content_type);
  auto response = run_task(io_, client_.send(std::move(request), Deadline::in(30s)));
  return response ? std::move(*response)
                  : http::Response{.status = 0, .fields = {}, .body = response.error().message};
}

nlohmann::json System::json(const std::string& method, const std::string& path, const nlohmann::json& body) {
  const auto response = request(method, path, body.is_null() ? "" : body.dump());
  if (response.status < 200 || response.status > 299) {
    throw std::runtime_error(fmt::format("{} {}: {} {}", method, path, response.status, response.body));
  }
  return response.body.empty() ? nlohmann::json{} : nlohmann::json::parse(response.body);
}

http::Response System::ask(const std::string& kb, const std::string& question) {
  return request("POST", "/v1/ask", nlohmann::json{{"kb", kb}, {"question", question}}.dump());
}

nlohmann::json System::search(const std::string& kb, const std::string& question, unsigned top_k) {
  return json("POST", "/v1/kbs/" + kb + "/search", {{"question", question}, {"top_k", top_k}}).at("hits");
}

std::string System::upload(const std::string& kb, const std::string& filename,
                           const std::string& content_type, const std::string& content) {
  const auto response =
      request("POST", fmt::format("/v1/kbs/{}/documents?filename={}", kb, http::percent_encode(filename)),
              content, content_type);
  return response.status == 202 ? nlohmann::json::parse(response.body).at("job").get<std::string>() : "";
}

std::string System::remove(const std::string& kb, const std::string& filename) {
  return json("DELETE", fmt::format("/v1/kbs/{}/documents/{}", kb, http::percent_encode(filename))).at("job");
}

nlohmann::json System::wait_for_job(const std::string& job, std::chrono::seconds limit) {
  nlohmann::json last;
  const bool finished = eventually_blocking(
      [&] {
        const auto response = request("GET", "/v1/jobs/" + job);
        if (response.status != 200) return false;
        last = nlohmann::json::parse(response.body);
        return last.at("state") == "done" || last.at("state") == "failed";
      },
      limit);
  if (!finished) throw std::runtime_error("job " + job + " is still open: " + last.dump());
  return last;
}

double System::metric(const std::string& service, const std::string& name, const std::string& labels) {
  double sum = 0;
  for (std::size_t replica = 0; replica < options_.replicas; ++replica) {
    if (!instance(service, replica).process) continue;
    std::istringstream lines(get(admin_url(service, replica) + "/metrics").body);
    for (std::string line; std::getline(lines, line);) {
      const bool series = line.starts_with(name + "{") || line.starts_with(name + " ");
      if (series && line.find(labels) != std::string::npos)
        sum += std::stod(line.substr(line.rfind(' ') + 1));
    }
  }
  return sum;
}

bool eventually_blocking(const std::function<bool()>& condition, std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

}  // namespace kefu::testing

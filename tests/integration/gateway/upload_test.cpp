#include "upload.hpp"

#include "gateway_harness.hpp"
#include "kefu/v1/log.pb.h"

#include <kefu/base/ids.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/testing/process.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <future>
#include <thread>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using testing::run_command;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr auto kUploadsInFlight =
    R"(kefu_gateway_requests_in_flight{method="POST",route="/v1/kbs/{kb}/documents"})";
constexpr auto kUploadBytes = "kefu_gateway_upload_bytes_total";

/// Bytes that differ from part to part.
std::string content(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + (i * 31 + i / 4096) % 26);
  return text;
}

class Upload : public ::testing::Test {
 protected:
  explicit Upload(GatewayConfig config = {}, http::ServerOptions server_options = {.port = 0})
      : gateway_(std::move(config), {}, std::move(server_options)) {
    gateway_.add_knowledge_base("shop", "inc1");
  }

  http::Response upload(const std::string& query, const std::string& type, std::string body) {
    return gateway_.send({.method = "POST",
                          .url = gateway_.url("/v1/kbs/shop/documents" + query),
                          .fields = {{"Content-Type", type}},
                          .body = std::move(body)});
  }
  kefu::v1::Job last_job() {
    kefu::v1::Job job;
    const auto stored = gateway_.last(proto::kJobsStream, "kefu.v1.jobs.inc1");
    EXPECT_TRUE(stored && job.ParseFromString(stored->payload));
    return job;
  }
  std::string file_of(const kefu::v1::Job& job) {
    std::string whole;
    for (std::uint32_t part = 0; part < job.file_parts(); ++part) {
      const auto stored = gateway_.last(proto::kFilesStream, proto::file_part_subject(job.upload_id(), part));
      if (stored) whole += stored->payload;
    }
    return whole;
  }
  std::string save(const std::string& bytes) {
    const auto file = folder_.path() / "upload";
    std::ofstream(file, std::ios::binary) << bytes;
    return file.string();
  }

  testing::TemporaryDirectory folder_;
  GatewayHarness gateway_;
};

TEST_F(Upload, IsStoredInPartsAndBecomesAJob) {
  const std::string bytes = content(kMiB + 5);
  const auto response = upload("?filename=%E9%80%80%E8%B4%A7.md", "text/markdown; charset=utf-8", bytes);
  ASSERT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(json_of(response), (json{{"job", "1"}}));
  const auto job = last_job();
  EXPECT_EQ(job.action(), kefu::v1::Job::ACTION_UPSERT);
  EXPECT_EQ(job.kb_name(), "shop");
  EXPECT_EQ(job.kb_incarnation(), "inc1");
  EXPECT_EQ(job.kb_generation(), 1U);
  EXPECT_EQ(job.filename(), "退货.md");
  EXPECT_EQ(job.content_type(), "text/markdown; charset=utf-8");
  EXPECT_EQ(job.file_parts(), 3U);
  EXPECT_EQ(job.file_bytes(), bytes.size());
  EXPECT_EQ(job.file_sha256(), sha256_hex(bytes));
  EXPECT_EQ(job.request_id(), std::string(response.fields.get("X-Request-Id")));
  EXPECT_EQ(file_of(job), bytes);
  EXPECT_TRUE(gateway_.metric_becomes(kUploadBytes, static_cast<double>(bytes.size())));
}

TEST_F(Upload, OfExactlyOnePartHasNoEmptyPartBehindIt) {
  ASSERT_EQ(upload("?filename=a.txt", "text/plain", content(kPartBytes)).status, 202);
  EXPECT_EQ(last_job().file_parts(), 1U);
  EXPECT_EQ(gateway_.stored_messages(proto::kFilesStream), 1U);
}

TEST_F(Upload, InChunksFromCurlArrivesWhole) {
  const std::string bytes = content(3 * kMiB + 77);
  const std::string output = run_command(
      {"curl", "-sS", "-H", "Transfer-Encoding: chunked", "-H", "Content-Type: application/octet-stream",
       "--data-binary", "@" + save(bytes), gateway_.url("/v1/kbs/shop/documents?filename=big.csv")});
  EXPECT_EQ(output, R"({"job":"1"})");
  const auto job = last_job();
  EXPECT_EQ(job.content_type(), "text/csv");
  EXPECT_EQ(job.file_sha256(), sha256_hex(bytes));
  EXPECT_EQ(file_of(job), bytes);
}

TEST_F(Upload, OverTheLimitIsRefusedBeforeItIsSent) {
  const auto file = folder_.path() / "huge.txt";
  {
    std::ofstream created(file);
  }
  std::filesystem::resize_file(file, 64 * kMiB + 1);
  const std::string output =
      run_command({"curl", "-sS", "-w", "\n%{http_code} %{size_upload}", "-H", "Content-Type: text/plain",
                   "-H", "Expect: 100-continue", "--expect100-timeout", "20", "-T", file.string(), "-X",
                   "POST", gateway_.url("/v1/kbs/shop/documents?filename=huge.txt")});
  EXPECT_THAT(output, HasSubstr("larger than 64 MiB"));
  EXPECT_THAT(output, HasSubstr("\n413 0"));
  EXPECT_EQ(gateway_.stored_messages(proto::kFilesStream), 0U);
}

TEST_F(Upload, OfAllThatIsAllowedGoesIn) {
  const std::string bytes(64 * kMiB, 'x');
  const auto response = upload("?filename=a.txt", "text/plain", bytes);
  ASSERT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(last_job().file_parts(), 128U);
  EXPECT_EQ(last_job().file_sha256(), sha256_hex(bytes));
}

TEST_F(Upload, IsNotReadFasterThanItsPartsAreStored) {
  gateway_.run([&] { gateway_.store().hold(); });
  const std::string bytes = content(8 * kMiB);
  auto client = std::async(std::launch::async, [&] {
    return run_command({"curl", "-sS", "-H", "Content-Type: text/plain", "--data-binary", "@" + save(bytes),
                        gateway_.url("/v1/kbs/shop/documents?filename=a.txt")});
  });
  ASSERT_TRUE(eventually([&] {
    std::size_t waiting = 0;
    gateway_.run([&] { waiting = gateway_.store().waiting(); });
    return waiting == 4;
  }));
  EXPECT_EQ(gateway_.get("/v1/nothing").status, 404);  // time in which more would have been read
  EXPECT_EQ(gateway_.metric(kUploadBytes), 4.0 * kPartBytes);
  gateway_.run([&] { gateway_.store().release(); });
  EXPECT_EQ(client.get(), R"({"job":"1"})");
  EXPECT_EQ(file_of(last_job()), bytes);
}

TEST_F(Upload, ThatBreaksOffLeavesNeitherJobNorParts) {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::make_address("127.0.0.1"), gateway_.port()});
  asio::write(socket, asio::buffer(fmt::format(
                          "POST /v1/kbs/shop/documents?filename=a.txt HTTP/1.1\r\nHost: localhost\r\n"
                          "Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
                          4 * kMiB, content(kMiB))));
  ASSERT_TRUE(gateway_.metric_becomes(kUploadsInFlight, 1));
  ASSERT_TRUE(eventually([&] { return gateway_.stored_messages(proto::kFilesStream) == 2; }));
  socket.close();
  EXPECT_TRUE(gateway_.metric_becomes(kUploadsInFlight, 0));
  EXPECT_EQ(gateway_.stored_messages(proto::kFilesStream), 0U);
  EXPECT_EQ(gateway_.stored_messages(proto::kJobsStream), 0U);
}

class SlowUpload : public Upload {
 protected:
  SlowUpload() : Upload({}, http::ServerOptions{.port = 0, .body_timeout = 1ms}) {}
};

/// The time of a body that is taken whole would be far too short for 64 MiB over a slow line.
TEST_F(SlowUpload, HasTheTimeOfUploadsAlone) {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::make_address("127.0.0.1"), gateway_.port()});
  asio::write(socket, asio::buffer(fmt::format(
                          "POST /v1/kbs/shop/documents?filename=a.txt HTTP/1.1\r\nHost: localhost\r\n"
                          "Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
                          2 * kPartBytes, content(kPartBytes))));
  ASSERT_TRUE(eventually([&] { return gateway_.stored_messages(proto::kFilesStream) == 1; }));
  ASSERT_TRUE(gateway_.metric_becomes(kUploadsInFlight, 1));
  asio::write(socket, asio::buffer(content(kPartBytes)));
  std::string response;
  asio::read_until(socket, asio::dynamic_buffer(response), "\r\n");
  EXPECT_THAT(response, HasSubstr("HTTP/1.1 202 "));
}

TEST_F(Upload, WhoseJobIsRefusedLeavesNoParts) {
  gateway_.run([&] {
    gateway_.store().refusal = Error{Errc::insufficient_storage, "the stream KEFU_JOBS is full"};
    gateway_.store().refused_subjects = "kefu.v1.jobs.";
  });
  const auto response = upload("?filename=a.txt", "text/plain", content(kMiB));
  EXPECT_EQ(response.status, 507);
  EXPECT_EQ(json_of(response)["error"]["message"], "the store for jobs is full; try again later");
  EXPECT_EQ(gateway_.stored_messages(proto::kFilesStream), 0U);
}

TEST_F(Upload, WhoseJobMayBeStoredKeepsItsParts) {
  gateway_.run([&] {
    gateway_.store().refusal = Error{Errc::deadline_exceeded, "no acknowledgement"};
    gateway_.store().refused_subjects = "kefu.v1.jobs.";
  });
  EXPECT_EQ(upload("?filename=a.txt", "text/plain", content(kMiB)).status, 504);
  EXPECT_EQ(gateway_.stored_messages(proto::kFilesStream), 2U);
}

TEST_F(Upload, IntoAFullStreamIsInsufficientStorage) {
  gateway_.run([&] {
    gateway_.store().refusal =
        Error{Errc::insufficient_storage, "JetStream: maximum bytes exceeded", "err_code 10077"};
  });
  const auto response = upload("?filename=a.txt", "text/plain", content(2 * kMiB));
  EXPECT_EQ(response.status, 507) << response.body;
  EXPECT_EQ(json_of(response)["error"]["code"], "insufficient_storage");
  EXPECT_EQ(json_of(response)["error"]["message"], "the store for uploads is full; try again later");
  EXPECT_THAT(gateway_.log(), HasSubstr("JetStream: maximum bytes exceeded (err_code 10077)"));
  gateway_.run([&] { gateway_.store().refusal.reset(); });
  EXPECT_EQ(gateway_.stored_messages(proto::kJobsStream), 0U);
}

TEST_F(Upload, WithoutNatsIsUnavailable) {
  gateway_.set_connected(false);
  EXPECT_EQ(upload("?filename=a.txt", "text/plain", "text").status, 503);
}

TEST_F(Upload, ThatMakesNoSenseSaysWhy) {
  const struct {
    std::string query;
    const char* type;
    const char* body;
    int status;
    const char* message;
  } cases[]{
      {"", "text/plain", "x", 400, "\"filename\" is missing"},
      {"?filename=", "text/plain", "x", 400, "is empty"},
      {"?filename=a%2Fb.txt", "text/plain", "x", 400, "'/'"},
      {"?filename=a%00.txt", "text/plain", "x", 400, "control"},
      {"?filename=%FF.txt", "text/plain", "x", 400, "UTF-8"},
      {"?filename=" + std::string(256, 'a'), "text/plain", "x", 400, "255"},
      {"?filename=a.txt", "text/plain", "", 400, "the file is empty"},
      {"?filename=a.pdf", "application/pdf", "x", 415, "text/csv"},
      {"?filename=.", "text/plain", "x", 400, "\".\""},
      {"?filename=..", "text/plain", "x", 400, "\"..\""},
      {"?filename=a.csv", "text/csv; charset=koi8-r", "x", 415, "gb18030"},
      {"?filename=a.txt", "application/json", "x", 415, "text/csv"},
      {"?filename=a.pdf", "application/octet-stream", "x", 415, ".csv"},
  };
  for (const auto& [query, type, body, status, message] : cases) {
    SCOPED_TRACE(query + " " + type);
    const auto response = upload(query, type, body);
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_THAT(json_of(response)["error"]["message"].get<std::string>(), HasSubstr(message));
  }
  const auto unknown = gateway_.send({.method = "POST",
                                      .url = gateway_.url("/v1/kbs/nothing/documents?filename=a.txt"),
                                      .fields = {{"Content-Type", "text/plain"}},
                                      .body = "x"});
  EXPECT_EQ(unknown.status, 404) << unknown.body;
  EXPECT_EQ(gateway_.stored_messages(proto::kJobsStream), 0U);
}

TEST_F(Upload, NamesTheCharsetToIngest) {
  ASSERT_EQ(upload("?filename=a.csv", "text/csv; charset=\"GBK\"", "x").status, 202);
  EXPECT_EQ(last_job().content_type(), "text/csv; charset=gbk");
}

TEST_F(Upload, ThatIsCompressedIsRefusedUnread) {
  const auto response =
      gateway_.send({.method = "POST",
                     .url = gateway_.url("/v1/kbs/shop/documents?filename=a.txt"),
                     .fields = {{"Content-Type", "text/plain"}, {"Content-Encoding", "gzip"}},
                     .body = "x"});
  EXPECT_EQ(response.status, 415);
  EXPECT_THAT(json_of(response)["error"]["message"].get<std::string>(), HasSubstr("identity"));
  EXPECT_EQ(gateway_.metric(kUploadBytes), 0);
}

TEST_F(Upload, IntoAKnowledgeBaseMadeAgainGoesToTheNewIncarnation) {
  ASSERT_EQ(upload("?filename=a.txt", "text/plain", "old").status, 202);
  gateway_.add_knowledge_base("shop", "inc2");
  ASSERT_EQ(upload("?filename=a.txt", "text/plain", "new").status, 202);
  EXPECT_TRUE(gateway_.last(proto::kJobsStream, "kefu.v1.jobs.inc2"));
}

TEST_F(Upload, IsTakenBackByADelete) {
  const auto response = gateway_.send(
      {.method = "DELETE", .url = gateway_.url("/v1/kbs/shop/documents/%E9%80%80%E8%B4%A7%20(2).md")});
  EXPECT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(json_of(response)["job"], "1");
  const auto job = last_job();
  EXPECT_EQ(job.action(), kefu::v1::Job::ACTION_DELETE);
  EXPECT_EQ(job.filename(), "退货 (2).md");
  EXPECT_EQ(job.kb_incarnation(), "inc1");
  EXPECT_EQ(gateway_.send({.method = "DELETE", .url = gateway_.url("/v1/kbs/nothing/documents/a.md")}).status,
            404);
}

class LimitedUpload : public Upload {
 protected:
  LimitedUpload() : Upload(GatewayConfig{.max_uploads = 1, .max_upload_bytes = 2 * kMiB}) {}
};

TEST_F(LimitedUpload, InChunksStopsAtTheLimit) {
  const std::string output =
      run_command({"curl", "-sS", "-w", "\n%{http_code}", "-H", "Transfer-Encoding: chunked", "-H",
                   "Content-Type: text/plain", "--data-binary", "@" + save(content(2 * kMiB + 1)),
                   gateway_.url("/v1/kbs/shop/documents?filename=a.txt")});
  EXPECT_THAT(output, HasSubstr("larger than 2 MiB"));
  EXPECT_THAT(output, HasSubstr("\n413"));
  EXPECT_EQ(gateway_.stored_messages(proto::kFilesStream), 0U);
  EXPECT_EQ(gateway_.stored_messages(proto::kJobsStream), 0U);
}

TEST_F(LimitedUpload, BesideTooManyOthersIsRefusedAtOnce) {
  gateway_.run([&] { gateway_.store().hold(); });
  auto first = std::async(std::launch::async, [&] {
    return run_command({"curl", "-sS", "-H", "Content-Type: text/plain", "--data-binary", "text",
                        gateway_.url("/v1/kbs/shop/documents?filename=a.txt")});
  });
  ASSERT_TRUE(gateway_.metric_becomes(kUploadBytes, 4));
  const auto second = upload("?filename=b.txt", "text/plain", "text");
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(json_of(second)["error"]["code"], "overloaded");
  EXPECT_EQ(second.fields.get("Retry-After"), "1");
  gateway_.run([&] { gateway_.store().release(); });
  EXPECT_EQ(first.get(), R"({"job":"1"})");
}

}  // namespace
}  // namespace kefu::gateway

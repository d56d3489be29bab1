#include "gateway_harness.hpp"
#include "kefu/v1/log.pb.h"
#include "upload.hpp"

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

namespace kefu::gateway {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr auto kType = "multipart/form-data; boundary=xyz";

std::string part(const std::string& head, const std::string& content) {
  return "--xyz\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + content + "\r\n";
}

class FormUpload : public ::testing::Test {
 protected:
  explicit FormUpload(GatewayConfig config = {}) : gateway_(std::move(config)) {
    gateway_.add_knowledge_base("shop", "inc1");
  }
  http::Response upload(const std::string& body, const std::string& query = {}, const char* type = kType) {
    return gateway_.send({.method = "POST",
                          .url = gateway_.url("/v1/kbs/shop/documents" + query),
                          .fields = {{"Content-Type", type}},
                          .body = body});
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

  GatewayHarness gateway_;
};

TEST_F(FormUpload, TakesTheFileUnderItsOwnName) {
  const auto response =
      upload(part("name=\"file\"; filename=\"退货%22.csv\"\r\nContent-Type: text/csv; charset=gb18030",
                  "q,a\r\n\r\n1,2") +
             "--xyz--\r\n");
  ASSERT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(json_of(response)["job"], "1");
  const auto job = last_job();
  EXPECT_EQ(job.filename(), "退货\".csv");
  EXPECT_EQ(job.content_type(), "text/csv; charset=gb18030");
  EXPECT_EQ(job.file_bytes(), 10U);
  EXPECT_EQ(job.file_sha256(), sha256_hex("q,a\r\n\r\n1,2"));
  EXPECT_EQ(file_of(job), "q,a\r\n\r\n1,2");
}

TEST_F(FormUpload, TakesTheNameOfTheQueryBefore) {
  ASSERT_EQ(upload(part("name=f; filename=a.csv", "x") + "--xyz--", "?filename=b.md").status, 202);
  EXPECT_EQ(last_job().filename(), "b.md");
  EXPECT_EQ(last_job().content_type(), "text/markdown");
}

TEST_F(FormUpload, OfCurlArrivesWhole) {
  const testing::TemporaryDirectory folder;
  const auto file = folder.path() / "大 \"file\".txt";
  std::string content;
  while (content.size() < 3 * kMiB)
    content += fmt::format("line {}\r\n--not the boundary\r\n", content.size());
  std::ofstream(file, std::ios::binary) << content;
  for (const char* chunked : {"", "chunked"}) {
    const std::string output = testing::run_command(
        {"curl", "-sS", "-F", "file=@\"" + (folder.path() / "大 \\\"file\\\".txt").string() + "\"", "-H",
         std::string("Transfer-Encoding: ") + chunked, gateway_.url("/v1/kbs/shop/documents")});
    EXPECT_THAT(output, HasSubstr("{\"job\":\"")) << output;
    EXPECT_EQ(last_job().filename(), "大 \"file\".txt");
    EXPECT_EQ(last_job().content_type(), "text/plain");
    EXPECT_EQ(last_job().file_sha256(), sha256_hex(content));
    EXPECT_EQ(file_of(last_job()), content);
  }
}

TEST_F(FormUpload, ThatMakesNoSenseSaysWhyAndLeavesNothing) {
  const std::string file = part("name=\"file\"; filename=\"a.csv\"", "x");
  const struct {
    std::string body;
    int status;
    const char* message;
  } cases[]{
      {"", 400, "ends before its last boundary"},
      {"--xyz--\r\n", 400, "the form holds no file"},
      {file, 400, "ends before its last boundary"},
      {"--other\r\n\r\n", 400, "ends before its last boundary"},
      {part("name=\"kb\"", "shop") + file + "--xyz--", 400, "the form field \"kb\" is not taken"},
      {file + part("name=\"kb\"", "shop") + "--xyz--", 400, "the form field \"kb\" is not taken"},
      {file + part("name=\"two\"; filename=\"b.csv\"", "y") + "--xyz--", 400, "a second file, \"two\""},
      {part("name=f; filename=\"\"", "x") + "--xyz--", 400, "the filename is empty"},
      {part("name=f; filename=\"a/b.csv\"", "x") + "--xyz--", 400, "'/'"},
      {part("name=f; filename=a.csv", "") + "--xyz--", 400, "the file is empty"},
      {part("name=f; filename=a.pdf\r\nContent-Type: application/pdf", "x") + "--xyz--", 415, "text/csv"},
      {part("name=f; filename=a.pdf", "x") + "--xyz--", 415, ".csv"},
      {part("name=f; filename=a.csv\r\nContent-Type: text/csv; charset=koi8-r", "x") + "--xyz--", 415,
       "gb18030"},
      {part("name=f; filename=a.csv\r\nContent-Transfer-Encoding: base64", "x") + "--xyz--", 415, "binary"},
      {"--xyz\r\nContent-Type: text/csv\r\n\r\nx\r\n--xyz--", 400, "no Content-Disposition"},
      {part("name=f; filename=a.csv\r\nX: " + std::string(9000, 'x'), "x") + "--xyz--", 400, "8192"},
  };
  for (const auto& [body, status, message] : cases) {
    SCOPED_TRACE(body.substr(0, 200));
    const auto response = upload(body);
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_THAT(json_of(response)["error"]["message"].get<std::string>(), HasSubstr(message));
  }
  EXPECT_THAT(upload(file + "--xyz--", "", "multipart/form-data").body, HasSubstr("boundary"));
  EXPECT_EQ(upload(file + "--xyz--", "?filename=a%2Fb").status, 400);
  EXPECT_EQ(gateway_.stored_messages(proto::kJobsStream), 0U);
  EXPECT_EQ(gateway_.stored_messages(proto::kFilesStream), 0U);
}

class HurriedFormUpload : public FormUpload {
 protected:
  HurriedFormUpload() : FormUpload(GatewayConfig{.upload_timeout = std::chrono::milliseconds(100)}) {}
};

/// Each byte comes soon enough for a connection to be kept, and no part ever begins.
TEST_F(HurriedFormUpload, ThatTricklesInWithoutAFileIsGivenUpAtItsDeadline) {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::make_address("127.0.0.1"), gateway_.port()});
  asio::write(socket, asio::buffer(fmt::format("POST /v1/kbs/shop/documents HTTP/1.1\r\nHost: localhost\r\n"
                                               "Content-Type: {}\r\nContent-Length: 100000\r\n\r\n",
                                               kType)));
  const bool answered = eventually([&] {
    boost::system::error_code error;
    asio::write(socket, asio::buffer("x", 1), error);
    return socket.available() > 0;
  });
  ASSERT_TRUE(answered);
  std::string response;
  asio::read_until(socket, asio::dynamic_buffer(response), "\r\n");
  EXPECT_THAT(response, HasSubstr("HTTP/1.1 504 "));
}

class LimitedFormUpload : public FormUpload {
 protected:
  LimitedFormUpload() : FormUpload(GatewayConfig{.max_upload_bytes = kMiB}) {}
};

TEST_F(LimitedFormUpload, MayBeAsLargeAsAnyOther) {
  const auto form = [](std::size_t bytes) {
    return part("name=f; filename=a.txt", std::string(bytes, 'x')) + "--xyz--";
  };
  EXPECT_EQ(upload(form(kMiB)).status, 202);
  EXPECT_EQ(upload(form(kMiB + 1)).status, 413);
  EXPECT_EQ(upload(form(2 * kMiB)).status, 413);
}

}  // namespace
}  // namespace kefu::gateway

#include <kefu/provider/endpoint.hpp>
#include <kefu/provider/status.hpp>

#include <gtest/gtest.h>

namespace kefu::provider {
namespace {

using namespace std::chrono_literals;

TEST(ErrorOfStatus, TellsApartWhatTheCallerCanActOn) {
  const auto code = [](int status) { return error_of_status(kLlm, status, "").code; };
  for (const int status : {302, 204, 400, 401, 403, 404, 422}) EXPECT_EQ(code(status), Errc::bad_upstream);
  EXPECT_EQ(code(413), Errc::payload_too_large);
  EXPECT_EQ(code(429), Errc::overloaded);
  for (const int status : {500, 501, 502, 503, 504, 529}) EXPECT_EQ(code(status), Errc::unavailable);
}

TEST(ErrorOfStatus, MarksOnlyWhatMaySucceedInAMoment) {
  for (const int status : {429, 500, 502, 503, 504}) EXPECT_TRUE(traits_of_status(status).retryable);
  for (const int status : {302, 400, 401, 403, 404, 413, 422, 501})
    EXPECT_FALSE(traits_of_status(status).retryable);
}

TEST(ErrorOfStatus, KeepsTheProvidersWordsForTheLogOnly) {
  const Error error = error_of_status(kLlm, 401, "bad key sk-12 " + std::string(5000, 'x'));
  EXPECT_EQ(error.message, "the language model refused this service's key");
  EXPECT_NE(error.detail.find("401"), std::string::npos);
  EXPECT_LT(error.detail.size(), 400U);
}

TEST(ErrorOfStatus, SaysWhenToComeBack) {
  EXPECT_EQ(error_of_status(kEmbedding, 429, "", 1500ms).message,
            "the embedding provider is over its rate limit, try again in 2 s");
}

TEST(CutShort, LeavesNoHalfCharacter) {
  EXPECT_EQ(cut_short("退货", 6), "退货");
  EXPECT_EQ(cut_short("退货", 5), "退");
  EXPECT_EQ(cut_short("退货", 2), "");
  EXPECT_EQ(cut_short("\x80\x80\x80", 2), "");
}

TEST(Endpoint, JoinsItsAddressAndAPathWithOneSlash) {
  EXPECT_EQ((Endpoint{.base_url = "https://host/v1", .model = "m"}.url("/embeddings")),
            "https://host/v1/embeddings");
  EXPECT_EQ((Endpoint{.base_url = "https://host/v1//", .model = "m"}.url("/embeddings")),
            "https://host/v1/embeddings");
  EXPECT_EQ((Endpoint{.base_url = "https://host/v1/?tenant=7", .model = "m"}.url("/embeddings")),
            "https://host/v1/embeddings?tenant=7");
}

TEST(Endpoint, NamesItsPortOnlyWhereItIsUnusual) {
  const auto authority = [](const char* url) { return Endpoint{.base_url = url, .model = "m"}.authority(); };
  EXPECT_EQ(authority("https://host/v1"), "host");
  EXPECT_EQ(authority("https://host:443/v1"), "host");
  EXPECT_EQ(authority("http://host:8080/v1"), "host:8080");
}

TEST(Endpoint, NamesTheSettingThatIsWrong) {
  const auto wrong = [](Endpoint endpoint) { return check(endpoint, "llm").error().message; };
  EXPECT_TRUE(wrong({.base_url = "ftp://host", .model = "m"}).starts_with("llm-url: "));
  EXPECT_TRUE(wrong({.base_url = "http://host", .model = ""}).starts_with("llm-model"));
  const auto key = wrong({.base_url = "http://host", .model = "m", .api_key = "secret\r\nHost: x"});
  EXPECT_TRUE(key.starts_with("llm-api-key")) << key;
  EXPECT_EQ(key.find("secret"), std::string::npos);
  EXPECT_TRUE(check({.base_url = "http://host", .model = "m", .api_key = "sk-1_2"}, "llm"));
}

}  // namespace
}  // namespace kefu::provider

#include "request_context.hpp"

#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

TEST(RequestContext, KeepsASafeRequestIdAndReplacesAnyOther) {
  EXPECT_EQ(request_id_of({{"X-Request-Id", "shop:2024-01_a.7"}}), "shop:2024-01_a.7");
  EXPECT_EQ(request_id_of({{"X-Request-Id", std::string(128, 'a')}}), std::string(128, 'a'));
  for (const std::string& id :
       {std::string(), std::string(129, 'a'), std::string("a b"), std::string("a\"b"), std::string("订单")}) {
    const std::string given = request_id_of({{"X-Request-Id", id}});
    EXPECT_NE(given, id);
    EXPECT_EQ(given.size(), 16U);
  }
}

TEST(RequestContext, CarriesATraceparentThatIsWellFormed) {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_EQ(context_of({{"traceparent", good}}, 1s).traceparent, good);
  EXPECT_EQ(context_of({{"traceparent", good + "0"}}, 1s).traceparent, "");
  EXPECT_EQ(context_of({{"traceparent", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"}}, 1s)
                .traceparent,
            "");
}

}  // namespace
}  // namespace kefu::gateway

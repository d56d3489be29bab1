#include "redis_protocol.hpp"

#include <hiredis/hiredis.h>

#include <new>

namespace kefu::redis {
namespace {

struct FreeReply {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
struct FreeCommand {
  void operator()(char* command) const noexcept { redisFreeCommand(command); }
};

/// Nesting is limited by hiredis to 7 levels.
Reply convert(const redisReply& raw) {
  Reply reply;
  switch (raw.type) {
    case REDIS_REPLY_NIL:
      break;
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::number;
      reply.number = raw.integer;
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::list;
      reply.list.reserve(raw.elements);
      for (std::size_t i = 0; i < raw.elements; ++i) reply.list.push_back(convert(*raw.element[i]));
      break;
    default:
      reply.kind = raw.type == REDIS_REPLY_ERROR ? Reply::Kind::error : Reply::Kind::text;
      reply.text.assign(raw.str, static_cast<std::size_t>(raw.len));
  }
  return reply;
}

}  // namespace

Result<> append_command(std::string& out, std::span<const std::string_view> arguments) {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  texts.reserve(arguments.size());
  lengths.reserve(arguments.size());
  for (const std::string_view argument : arguments) {
    texts.push_back(argument.data());
    lengths.push_back(argument.size());
  }
  char* raw = nullptr;
  const int size = redisFormatCommandArgv(&raw, static_cast<int>(texts.size()), texts.data(), lengths.data());
  const std::unique_ptr<char, FreeCommand> command(raw);
  if (size < 0) return fail(Errc::internal, "a cache command could not be written");
  out.append(command.get(), static_cast<std::size_t>(size));
  return {};
}

void ReplyReader::Free::operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }

ReplyReader::ReplyReader(std::size_t max_reply_bytes)
    : reader_(redisReaderCreate()), max_reply_bytes_(max_reply_bytes) {
  if (!reader_) throw std::bad_alloc();
}

ReplyReader::~ReplyReader() = default;

Result<> ReplyReader::feed(std::string_view bytes) {
  unfinished_bytes_ += bytes.size();
  if (unfinished_bytes_ > max_reply_bytes_)
    return fail(Errc::bad_upstream, "a reply of the cache is too large");
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    return fail(Errc::bad_upstream, "the cache did not speak its protocol", reader_->errstr);
  }
  return {};
}

Result<std::optional<Reply>> ReplyReader::next() {
  void* raw = nullptr;
  if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) {
    return fail(Errc::bad_upstream, "the cache did not speak its protocol", reader_->errstr);
  }
  if (raw == nullptr) return std::nullopt;
  const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(raw));
  unfinished_bytes_ = reader_->len - reader_->pos;
  return convert(*reply);
}

}  // namespace kefu::redis

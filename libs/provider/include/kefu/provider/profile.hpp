#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kefu::provider {

/// Whether a provider takes a field of OpenAI's request for embeddings.
enum class Takes {
  yes,
  some_models,
  no,  ///< or not documented
};

/// What a provider documents of its embeddings; nothing where it documents nothing.
struct Limits {
  std::optional<std::size_t> inputs_a_call = std::nullopt;
  std::optional<std::size_t> tokens_a_call = std::nullopt;
  std::optional<std::size_t> tokens_an_input = std::nullopt;
};

/// Limits of some models of a provider, which replace those of the profile where they are given.
struct ModelLimits {
  std::string_view name_has;  ///< part of the model's name, in lower case
  Limits limits;
};

/// One provider as its documentation describes it: the address of its OpenAI-compatible API, how it wants its
/// key, and what fits into a call. The sources stand in profile.cpp beside the numbers.
struct Profile {
  enum class Key { bearer, api_key };  ///< `Authorization: Bearer ...`, or Azure's `api-key: ...`

  std::string_view name;  ///< as settings have it
  Key key = Key::bearer;
  /// Of its hosts: whole names, or with a leading dot the end of them, or ":11434" for a port of its own.
  std::span<const std::string_view> hosts;
  std::string_view path;  ///< of the API where a URL has none; empty: left as it is
  Limits limits;
  std::span<const ModelLimits> models;
  Takes dimensions = Takes::no;
  Takes encoding_format = Takes::no;  ///< the field at all
  Takes base64 = Takes::no;           ///< as its value
};

/// All of them; "generic", of which nothing is known, is the last.
std::span<const Profile> profiles();
const Profile& generic_profile();
/// Null where no profile has this name.
const Profile* profile_named(std::string_view name);
/// By host and port; the generic one where nothing fits or the URL is none.
const Profile& profile_of(const std::string& url);
/// Their names, comma separated, for messages.
std::string profile_names();

Limits limits_of(const Profile& profile, std::string_view model);
/// What both allow.
Limits strictest(const Limits& one, const Limits& other);

}  // namespace kefu::provider

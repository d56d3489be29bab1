#pragma once

#include "admin_key.hpp"
#include "key_store.hpp"
#include "reply.hpp"

namespace kefu::gateway {

/// /v1/keys. While no key exists and none is asked for, the first one made closes the door behind it: so it
/// must be one that manages everything, and the last such key stays, unless there is an admin key.
class KeyRoutes {
 public:
  /// Both outlive this object.
  KeyRoutes(KeyStore& keys, const AdminKey& admin_key) : keys_(keys), admin_key_(admin_key) {}

  Task<Result<Reply>> create(RequestContext context, Caller& caller, http::Exchange& exchange);
  Task<Result<Reply>> list(RequestContext context);
  Task<Result<Reply>> revoke(RequestContext context, http::Exchange& exchange);

 private:
  KeyStore& keys_;
  const AdminKey& admin_key_;
};

}  // namespace kefu::gateway

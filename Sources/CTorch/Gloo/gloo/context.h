// SPDX-License-Identifier: Apache-2.0
// What ProcessGroupGloo.hpp mentions: see ../README.md.
#pragma once

#include <chrono>

namespace gloo {

namespace transport {
class UnboundBuffer;
}

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

}  // namespace gloo

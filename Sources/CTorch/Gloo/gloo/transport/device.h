// SPDX-License-Identifier: Apache-2.0
// What ProcessGroupGloo.hpp mentions: see ../../README.md.
#pragma once

namespace gloo::transport {
class Device;
}

// SPDX-License-Identifier: Apache-2.0

import Testing

/// Commands that several processes run together, started as users start them. One job after another: each takes all
/// cores.
@Suite("Several processes", .serialized) enum ProcessesTests {}

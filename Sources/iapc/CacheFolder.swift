// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where results that other runs can use again are kept.
struct CacheFolder {
  /// The folder, which need not be there.
  let path: String
  /// What of the environment says so.
  let variable: String

  /// By `IAPC_CACHE`, `XDG_CACHE_HOME`, of which a relative path does not count, or `HOME`.
  static let ofThisProcess = CacheFolder(ProcessInfo.processInfo.environment)

  init(_ environment: [String: String]) {
    func given(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let own = given("IAPC_CACHE") {
      (path, variable) = (own, "IAPC_CACHE")
    } else if let base = given("XDG_CACHE_HOME"), base.hasPrefix("/") {
      (path, variable) = ("\(base)/iapc", "XDG_CACHE_HOME")
    } else {
      (path, variable) = ("\(given("HOME") ?? NSHomeDirectory())/.cache/iapc", "HOME")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// The control groups of Linux that limit this process: its own and those above it. Empty elsewhere.
enum ControlGroup {
  /// A group's folder, and which of the two versions of control groups has it.
  struct Place {
    let folder: String
    let isSecond: Bool
  }

  /// The groups that a controller ("memory", "cpu") limits this process by, the innermost first.
  static func places(of controller: String) -> [Place] {
    (text("/proc/self/cgroup") ?? "").split(separator: "\n").flatMap { line -> [Place] in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return [] }
      let isSecond = parts[0] == "0" && parts[1].isEmpty
      guard isSecond || parts[1].split(separator: ",").contains(Substring(controller)) else { return [] }
      let root = isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/\(controller)"
      var found: [Place] = []
      var path = String(parts[2])
      while true {
        found.append(Place(folder: "\(root)\(path == "/" ? "" : path)", isSecond: isSecond))
        if path.isEmpty || path == "/" { return found }
        path = parentFolder(of: path)
      }
    }
  }

  /// A file of /proc or /sys, whose length is not known before it is read.
  static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The first number in a text; nil where there is none ("max").
  static func firstNumber(_ text: String) -> Int? {
    text.split { !$0.isNumber }.first.flatMap { Int($0) }
  }
}

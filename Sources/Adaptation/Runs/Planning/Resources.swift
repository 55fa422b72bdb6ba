// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// What is free for a run.
public struct Resources: Sendable {
  /// A file system with room left.
  public struct Disk: Equatable, Sendable {
    /// Tells file systems apart.
    public let number: UInt64
    /// Bytes that this user may still write.
    public let free: Int

    /// A file system of a number with so many bytes free.
    public init(number: UInt64, free: Int) {
      self.number = number
      self.free = free
    }
  }

  /// Bytes of memory that the process may still take; nil where it cannot be told.
  public let memory: @Sendable () -> Int?
  /// The disk that a path lies on, or will; nil where it cannot be told.
  public let disk: @Sendable (String) -> Disk?

  /// What functions tell of memory and disks, in bytes; nil where they cannot know.
  public init(memory: @escaping @Sendable () -> Int?, disk: @escaping @Sendable (String) -> Disk?) {
    self.memory = memory
    self.disk = disk
  }

  /// Memory: what the system can give without swapping, or what the control group leaves where that is less.
  public static let ofThisMachine = Resources(memory: freeMemory, disk: disk(of:))
}

// MARK: Memory

private func freeMemory() -> Int? {
  #if os(Linux)
    let system = text("/proc/meminfo").flatMap { number(after: "MemAvailable:", in: $0) }.map { $0 * 1024 }
    return ([system] + groupLeaves()).compactMap { $0 }.min()
  #else
    return Int(ProcessInfo.processInfo.physicalMemory)
  #endif
}

/// What the memory limits of the process's control group and those above it leave.
private func groupLeaves() -> [Int?] {
  (text("/proc/self/cgroup") ?? "").split(separator: "\n").flatMap { line -> [Int?] in
    let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { return [] }
    let isSecond = parts[0] == "0" && parts[1].isEmpty
    guard isSecond || parts[1].split(separator: ",").contains("memory") else { return [] }
    let root = isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
    let names =
      isSecond
      ? ("memory.max", "memory.current", "inactive_file ")
      : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ")
    var leaves: [Int?] = []
    var path = String(parts[2])
    while true {
      leaves.append(groupLeaves("\(root)\(path == "/" ? "" : path)", names))
      if path.isEmpty || path == "/" { return leaves }
      path = parentFolder(of: path)
    }
  }
}

/// The limit less what is in use; file pages that were not read lately are given up when memory is wanted.
private func groupLeaves(_ folder: String, _ names: (limit: String, usage: String, files: String)) -> Int? {
  guard let limit = text("\(folder)/\(names.limit)").flatMap(firstNumber),
    let usage = text("\(folder)/\(names.usage)").flatMap(firstNumber)
  else { return nil }
  let files = text("\(folder)/memory.stat").flatMap { number(after: names.files, in: $0) } ?? 0
  return max(0, limit - usage + min(files, usage))
}

/// A file of /proc or /sys, whose length is not told.
private func text(_ path: String) -> String? {
  FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
}

private func number(after name: String, in text: String) -> Int? {
  text.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap {
    firstNumber(String($0.dropFirst(name.count)))
  }
}

private func firstNumber(_ text: String) -> Int? {
  text.split { !$0.isNumber }.first.flatMap { Int($0) }
}

// MARK: Disk

private func disk(of path: String) -> Resources.Disk? {
  var place = path
  var status = stat()
  while stat(place.isEmpty ? "." : place, &status) != 0 {
    if place.isEmpty || place == "/" { return nil }
    place = parentFolder(of: place)
  }
  var system = statvfs()
  guard statvfs(place.isEmpty ? "." : place, &system) == 0 else { return nil }
  return Resources.Disk(
    number: UInt64(truncatingIfNeeded: status.st_dev), free: Int(system.f_bavail) * Int(system.f_frsize))
}

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
    let system = ControlGroup.text("/proc/meminfo").flatMap { number(after: "MemAvailable:", in: $0) }.map {
      $0 * 1024
    }
    return ([system] + groupLeaves()).compactMap { $0 }.min()
  #else
    return Int(ProcessInfo.processInfo.physicalMemory)
  #endif
}

/// What the memory limits of the process's control group and those above it leave.
private func groupLeaves() -> [Int?] {
  ControlGroup.places(of: "memory").map { place in
    groupLeaves(
      place.folder,
      place.isSecond
        ? ("memory.max", "memory.current", "inactive_file ")
        : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "))
  }
}

/// The limit less what is in use; file pages that were not read lately are given up when memory is wanted.
private func groupLeaves(_ folder: String, _ names: (limit: String, usage: String, files: String)) -> Int? {
  guard let limit = ControlGroup.text("\(folder)/\(names.limit)").flatMap(ControlGroup.firstNumber),
    let usage = ControlGroup.text("\(folder)/\(names.usage)").flatMap(ControlGroup.firstNumber)
  else { return nil }
  let files = ControlGroup.text("\(folder)/memory.stat").flatMap { number(after: names.files, in: $0) } ?? 0
  return max(0, limit - usage + min(files, usage))
}

private func number(after name: String, in text: String) -> Int? {
  text.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap {
    ControlGroup.firstNumber(String($0.dropFirst(name.count)))
  }
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

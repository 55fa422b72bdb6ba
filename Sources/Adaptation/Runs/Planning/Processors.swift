// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The processors that a process may use.
public enum Processors {
  /// Cores that the system schedules this process on.
  public static var cores: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

  /// How many cores' time the control groups of a container grant; nil where they set no limit.
  public static var limit: Double? {
    ControlGroup.places(of: "cpu").compactMap { place in
      place.isSecond
        ? ControlGroup.text("\(place.folder)/cpu.max").flatMap(granted(byMax:))
        : granted(
          quota: ControlGroup.text("\(place.folder)/cpu.cfs_quota_us"),
          period: ControlGroup.text("\(place.folder)/cpu.cfs_period_us"))
    }.min()
  }

  /// Threads that can compute at once: the cores, or as many as the limit grants time for where that is less.
  ///
  /// More threads than that would wait for each other whenever the group's time is used up.
  public static var usable: Int {
    min(cores, limit.map { max(1, Int($0.rounded(.up))) } ?? cores)
  }

  /// The cores' worth of time of `cpu.max`: "150000 100000" is 1.5; nil for "max".
  package static func granted(byMax text: String) -> Double? {
    let parts = text.split(whereSeparator: \.isWhitespace)
    guard parts.count == 2 else { return nil }
    return granted(quota: String(parts[0]), period: String(parts[1]))
  }

  /// The cores' worth of time of a quota for each period, in microseconds; nil for no limit.
  package static func granted(quota: String?, period: String?) -> Double? {
    func number(_ text: String?) -> Double? {
      text.flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    guard let quota = number(quota), let period = number(period), quota > 0, period > 0 else { return nil }
    return quota / period
  }

  /// Cores' worth of time that all processes together use, measured over so many seconds; nil where the system does
  /// not say it.
  public static func busy(over seconds: Double) -> Double? {
    guard let before = ticks() else { return nil }
    Thread.sleep(forTimeInterval: seconds)
    guard let after = ticks(), after.all > before.all else { return nil }
    return Double(after.busy - before.busy) / Double(after.all - before.all) * Double(after.cores)
  }

  private static func ticks() -> (busy: Int, all: Int, cores: Int)? {
    ControlGroup.text("/proc/stat").flatMap(ticks(in:))
  }

  /// The times of all processors together in the text of `/proc/stat`.
  package static func ticks(in text: String) -> (busy: Int, all: Int, cores: Int)? {
    let lines = text.split(separator: "\n")
    guard let total = lines.first, total.hasPrefix("cpu ") else { return nil }
    // User, nice, system, idle, waiting for disks, interrupts (two kinds), stolen; guests count among users.
    let times = total.split(separator: " ").dropFirst().prefix(8).compactMap { Int($0) }
    guard times.count == 8 else { return nil }
    let cores = lines.dropFirst().prefix { $0.hasPrefix("cpu") }.count
    let all = times.reduce(0, +)
    return (all - times[3] - times[4], all, cores)
  }
}

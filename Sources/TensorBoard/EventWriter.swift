// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import SwiftProtobuf

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file of a folder that TensorBoard shows: numbers, pictures and texts by tag and step.
///
/// What is written is in the file at once; a process that is killed leaves at worst half a record at its end,
/// which readers pass over. Each writer has a file of its own, and readers take those of a folder together, in
/// the order of their names.
public final class EventWriter {
  private let path: String
  private let descriptor: Int32
  private let clock: () -> Double

  /// Begins a new file after those that the folder has.
  ///
  /// - `step`: what older files of the folder tell of this step and later ones no longer holds.
  /// - `clock`: seconds since 1970.
  /// - Throws: `Problem` where the file cannot be made.
  public init(
    in folder: String, from step: Int, clock: @escaping () -> Double = { Date().timeIntervalSince1970 }
  ) throws {
    self.clock = clock
    path = "\(folder)/\(Self.nextName(in: folder, at: clock()))"
    let name = path
    descriptor = Int32(
      try Self.called(name, needing: 1 << 10) {
        Int(open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666))
      })
    try write(0) { $0.fileVersion = "brain.Event:2" }
    try write(step) { $0.sessionLog.status = .start }
  }

  deinit { _ = systemClose(descriptor) }

  /// Adds numbers by tag, as 32-bit floats.
  public func add(_ numbers: [(tag: String, value: Double)], at step: Int) throws {
    guard !numbers.isEmpty else { return }
    try write(step) {
      $0.summary.value = numbers.map { number in
        .with {
          $0.tag = number.tag
          $0.simpleValue = Float(number.value)
        }
      }
    }
  }

  /// Adds a picture.
  ///
  /// - `encoded`: the bytes of a PNG or JPEG file in RGB.
  /// - `size`: in pixels.
  public func add(
    picture encoded: [UInt8], _ size: (width: Int, height: Int), tag: String, at step: Int
  ) throws {
    try write(step) {
      $0.summary.value = [
        .with {
          $0.tag = tag
          $0.image.width = Int32(size.width)
          $0.image.height = Int32(size.height)
          $0.image.colorspace = 3
          $0.image.encodedImageString = Data(encoded)
        }
      ]
    }
  }

  /// Adds a text, which TensorBoard shows as Markdown.
  public func add(text: String, tag: String, at step: Int) throws {
    let strings: Int32 = 7
    try write(step) {
      $0.summary.value = [
        .with {
          $0.tag = tag
          $0.metadata.pluginData.pluginName = "text"
          $0.tensor.dtype = strings
          $0.tensor.tensorShape = .init()
          $0.tensor.stringVal = [Data(text.utf8)]
        }
      ]
    }
  }

  /// Waits until all is on the disk.
  public func settle() throws {
    _ = try Self.called(path) { Int(fsync(descriptor)) }
  }

  private func write(_ step: Int, _ fill: (inout ProtoEvent) -> Void) throws {
    var event = ProtoEvent()
    event.wallTime = clock()
    event.step = Int64(step)
    fill(&event)
    let record = RecordFraming.record(try event.serializedBytes())
    var rest = record[...]
    // One call takes all of it where there is room, so that no reader finds half a record.
    while !rest.isEmpty {
      let count = try rest.withUnsafeBytes { bytes in
        try Self.called(path, needing: record.count) {
          systemWrite(descriptor, bytes.baseAddress, bytes.count)
        }
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Makes a call of the system, again where a signal cut it short. Foundation's own would not say why one fails.
  private static func called(_ path: String, needing bytes: Int? = nil, _ call: () -> Int) throws -> Int {
    while true {
      let result = call()
      if result >= 0 { return result }
      guard errno != EINTR else { continue }
      let needed = bytes.map { "; \($0) bytes are needed" } ?? ""
      throw Problem(
        "cannot write the events for TensorBoard", at: path,
        because: String(cString: strerror(errno)) + needed,
        remedy: "check the disk and make room, then go on with --resume")
    }
  }

  /// A name that comes after those of the folder, whatever the clock says.
  private static func nextName(in folder: String, at time: Double) -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let last = names.compactMap { name in
      name.hasPrefix(prefix)
        ? name.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) } : nil
    }.max()
    let number = String(max(Int(time), (last ?? 0) + 1))
    return prefix + String(repeating: "0", count: max(0, 10 - number.count)) + number + ".iapc"
  }

  private static let prefix = "events.out.tfevents."
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }

private func systemWrite(_ descriptor: Int32, _ from: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, from, count)
}

// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TensorBoard

/// What the event files of a folder tell, as TensorBoard takes them: file after file in the order of their
/// names, and without what a later session took back.
public struct EventFiles {
  public private(set) var numbers: [String: [Int: Double]] = [:]
  public private(set) var pictures: [String: [Int: [UInt8]]] = [:]
  public private(set) var texts: [String: [Int: String]] = [:]
  /// Tags and steps that were told twice.
  public private(set) var repeated: [String] = []

  public init(_ folder: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    for name in names.sorted() where name.contains("tfevents") {
      for message in RecordFraming.messages(in: try FileBytes.read("\(folder)/\(name)")) {
        take(try ProtoEvent(serializedBytes: message))
      }
    }
  }

  /// All of it but seconds, in an order of its own; what was told twice stands there too.
  public var lines: [String] {
    let numbers = numbers.filter { $0.key != "seconds" }.flatMap { tag, values in
      values.map { (step: $0.key, text: "\(tag) \($0.value)") }
    }
    let pictures = pictures.flatMap { tag, values in
      values.map { (step: $0.key, text: "\(tag) \(FileHash.sha256(of: $0.value))") }
    }
    // Not what they say: a config names folders.
    let texts = texts.flatMap { tag, values in values.keys.map { (step: $0, text: tag) } }
    return (numbers + pictures + texts).sorted { ($0.step, $0.text) < ($1.step, $1.text) }
      .map { "\($0.step): \($0.text)" } + repeated.map { "twice: \($0)" }
  }

  private mutating func take(_ event: ProtoEvent) {
    let step = Int(event.step)
    if event.sessionLog.status == .start {
      for tag in numbers.keys { numbers[tag] = numbers[tag]?.filter { $0.key < step } }
      for tag in pictures.keys { pictures[tag] = pictures[tag]?.filter { $0.key < step } }
      for tag in texts.keys { texts[tag] = texts[tag]?.filter { $0.key < step } }
    }
    for value in event.summary.value {
      let isKnown =
        numbers[value.tag]?[step] != nil || pictures[value.tag]?[step] != nil
        || texts[value.tag]?[step] != nil
      if isKnown { repeated.append("\(value.tag) at \(step)") }
      switch value.value {
      case .simpleValue(let number): numbers[value.tag, default: [:]][step] = Double(number)
      case .image(let image): pictures[value.tag, default: [:]][step] = Array(image.encodedImageString)
      case .tensor(let tensor):
        texts[value.tag, default: [:]][step] = String(decoding: tensor.stringVal.joined(), as: UTF8.self)
      case nil: continue
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// A normalisation in numbers, as a user writes it: `mean=123.675/116.28/103.53,std=58.395/57.12/57.375,bgr,scale=1/255`.
///
/// Means and deviations are of pixels in 0 to 255, in the network's order of channels. Where none of them is over 1
/// they are of pixels in 0 to 1, as torchvision has them. What is normalised is multiplied by the scale.
struct NormalisationText {
  private var mean: [Double]?
  private var std: [Double]?
  private var scale: Double?
  private var order: Normalisation.ChannelOrder?
  private let text: String

  /// What an error shows that can be typed.
  static let example = "mean=123.675/116.28/103.53,std=58.395/57.12/57.375"

  private static let brackets: Set<Character> = ["[", "]", "(", ")", "{", "}", "\"", "'"]

  /// - Throws: `Problem` for a part that is none, one that comes twice, and what is no number.
  init(_ text: String) throws {
    self.text = text
    var values: [(key: String, texts: [String])] = []
    for part in Self.parts(of: text) {
      if let mark = part.firstIndex(where: { "=:".contains($0) }) {
        let key = String(part[..<mark])
        guard ["mean", "std", "scale", "order"].contains(key) else {
          throw unknownName(
            key, of: "part of a normalisation", known: ["mean", "std", "bgr", "rgb", "scale"], at: text)
        }
        guard !values.contains(where: { $0.key == key }) else {
          throw flaw("it says \(key) twice", "keep one of the two")
        }
        values.append((key, [String(part[part.index(after: mark)...])].filter { !$0.isEmpty }))
      } else if let named = Normalisation.ChannelOrder(rawValue: part) {
        try take(named)
      } else if values.isEmpty || part.first?.isLetter == true && Double(part) == nil {
        throw unknownName(
          part, of: "part of a normalisation", known: ["mean", "std", "bgr", "rgb", "scale"], at: text)
      } else {
        values[values.count - 1].texts.append(part)
      }
    }
    for (key, texts) in values { try take(key, texts) }
  }

  /// The parts between commas, semicolons and spaces, without brackets, in small letters.
  private static func parts(of text: String) -> [String] {
    // A `mean = 1` is one part.
    let joined = text.lowercased().replacing(#/\s*([=:\/])\s*/#) { "\($0.1)" }
    return String(joined.map { brackets.contains($0) ? " " : $0 })
      .replacing(#/([=:])\s+/#) { "\($0.1)" }
      .split { $0 == "," || $0 == ";" || $0.isWhitespace }.map(String.init)
  }

  private mutating func take(_ named: Normalisation.ChannelOrder) throws {
    guard order == nil || order == named else { throw flaw("it says rgb and bgr", "keep one of the two") }
    order = named
  }

  private mutating func take(_ key: String, _ texts: [String]) throws {
    switch key {
    case "mean": mean = try numbers(texts, key)
    case "std": std = try numbers(texts, key)
    case "scale":
      let parts = texts.count == 1 ? texts[0].split(separator: "/").compactMap { Double($0) } : []
      let value = parts.count == 1 ? parts[0] : parts.count == 2 ? parts[0] / parts[1] : .nan
      guard value.isFinite, value > 0 else {
        throw flaw(
          "its scale is \(texts.joined(separator: ",")), expected a number above 0", "write it as 1/255")
      }
      scale = value
    default:
      guard let named = texts.first.flatMap(Normalisation.ChannelOrder.init) else {
        throw flaw("its order is \(texts.joined(separator: ",")), expected rgb or bgr", "name one of the two")
      }
      try take(named)
    }
  }

  private func numbers(_ texts: [String], _ key: String) throws -> [Double] {
    let parts = texts.flatMap { $0.split(separator: "/") }
    let values = parts.compactMap { Double($0) }
    guard values.count == 3, values.count == parts.count, values.allSatisfy(\.isFinite) else {
      throw flaw(
        "its \(key) is \(parts.joined(separator: "/")), expected three finite numbers",
        "write \(Self.example)")
    }
    return values
  }

  private func flaw(_ why: String, _ remedy: String) -> Problem {
    Problem("cannot use the normalisation", at: text, because: why, remedy: remedy)
  }

  /// The normalisation that is meant, under a known name where there is one.
  ///
  /// - Throws: `Problem` where it cannot be one, and where it may be of pixels in 0 to 1 as well as in 0 to 255.
  func normalisation() throws -> Normalisation {
    guard let mean else { throw flaw("it says no mean", "write \(Self.example)") }
    guard let std else { throw flaw("it says no std", "write \(Self.example), std=1/1/1 for none") }
    guard std.allSatisfy({ $0 > 0 }) else {
      throw flaw("its std is \(Self.joined(std)), expected three numbers above 0", "correct these numbers")
    }
    let isOne = try isOfPixelsToOne(mean, std)
    let (range, factor) = (isOne ? 255.0 : 1, isOne ? 1 : scale ?? 1)
    return try Normalisation(
      order: order ?? .rgb, mean: mean.map { $0 * range }, std: std.map { $0 * range }, scale: factor)
  }

  /// Whether the numbers are of pixels in 0 to 1.
  private func isOfPixelsToOne(_ mean: [Double], _ std: [Double]) throws -> Bool {
    let (noMean, noStd) = (mean.allSatisfy { $0 == 0 }, std.allSatisfy { $0 == 1 })
    let small = (mean: mean.allSatisfy { abs($0) <= 1 }, std: std.allSatisfy { $0 <= 1 })
    // Where a user divides or multiplies by 255 it is the range of the pixels that is meant.
    let says255 = scale.map { abs($0 - 255) < 0.5 || abs($0 * 255 - 1) < 0.01 } ?? false
    if noMean, noStd {
      guard let scale, says255 || scale == 1 else {
        throw flaw(
          "it may be of pixels in 0 to 1 or in 0 to 255",
          "add scale=1/255 for those in 0 to 1, or write `pixels` for those in 0 to 255")
      }
      return says255
    }
    guard small.mean == small.std || noMean || noStd else {
      throw flaw(
        "its \(small.mean ? "mean is of pixels in 0 to 1, its std" : "std is of pixels in 0 to 1, its mean") in 0 to 255",
        "write both for the same pixels")
    }
    let isOne = small.mean && small.std
    if let scale, isOne, abs(scale - 255) >= 0.5, scale != 1 {
      throw flaw(
        "its mean and std are of pixels in 0 to 1, and what is normalised would be multiplied by \(scale)",
        "leave scale out, or write mean and std for pixels in 0 to 255")
    }
    if let scale, !isOne, scale > 2 {
      throw flaw(
        "what is normalised would be multiplied by \(scale)", "write scale=1/\(Self.short(scale)) to divide")
    }
    return isOne
  }

  /// A normalisation as a text that is read as the same.
  static func text(
    _ order: Normalisation.ChannelOrder, _ mean: [Double], _ std: [Double], _ scale: Double
  ) -> String {
    "mean=\(joined(mean)),std=\(joined(std))" + (order == .bgr ? ",bgr" : "")
      + (scale == 1 ? "" : ",scale=\(short(scale))")
  }

  private static func joined(_ values: [Double]) -> String { values.map(short).joined(separator: "/") }

  private static func short(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }
}

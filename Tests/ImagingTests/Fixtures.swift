// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Testing

/// The files that Reference/imaging_fixtures.py writes.
enum Fixtures {
  static let folder = String(#filePath.dropLast("Fixtures.swift".count)) + "Fixtures/"

  static func path(_ name: String) -> String { folder + name }

  static func picture(_ name: String) throws -> RGBImage { try ImageFile.readRGB(path(name)) }

  /// Pillow's RGB bytes, stored without any coding.
  static func rgb(_ name: String) throws -> RGBImage {
    let bytes = try FileBytes.read(path(name))
    let size = PixelSize(width: word(bytes, 0), height: word(bytes, 4))
    return RGBImage(size: size, pixels: Array(bytes[8...]))
  }

  /// A PNG's stored samples.
  static func samples(_ name: String, isPalette: Bool) throws -> IndexImage {
    let bytes = try FileBytes.read(path(name))
    let places = stride(from: 12, to: bytes.count, by: 2)
    let values = places.map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
    let size = PixelSize(width: word(bytes, 0), height: word(bytes, 4))
    return IndexImage(size: size, channels: word(bytes, 8), values: values, isPalette: isPalette)
  }

  private static func word(_ bytes: [UInt8], _ place: Int) -> Int {
    (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
  }

  static let pngs = [
    "grey1", "grey2", "grey4", "grey8", "grey16", "grey8_transparent", "grey_alpha8", "grey_alpha16",
    "grey16_interlaced", "palette1", "palette2", "palette4", "palette8", "palette8_transparent",
    "palette4_interlaced", "rgb8", "rgb16", "rgba8", "rgba16", "rgb8_interlaced",
  ]
  static let jpegs = [
    "baseline", "full_chroma", "half_chroma", "progressive", "restarts", "grey", "inks",
  ]
}

/// The largest difference of two pictures' values; nil where their sizes differ.
func largestDifference(_ a: RGBImage, _ b: RGBImage) -> Int? {
  guard a.size == b.size else { return nil }
  return zip(a.pixels, b.pixels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
}

/// The Problem that the body throws, or nil.
func problem(_ body: () throws -> Void) -> Problem? {
  do {
    try body()
    return nil
  } catch {
    return error as? Problem
  }
}

/// A folder of its own for one test, removed afterwards.
func withScratchFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.path)
}

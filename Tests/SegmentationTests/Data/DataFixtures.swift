// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging

/// A folder for one test, removed when the test lets go of it.
final class ScratchFolder: Sendable {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "/iapc-data-\(UUID().uuidString)"
    create("")
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A path without double slashes and steps upwards.
  static func standardized(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

  func at(_ name: String) -> String { "\(path)/\(name)" }

  private func create(_ folder: String) {
    try? FileManager.default.createDirectory(atPath: at(folder), withIntermediateDirectories: true)
  }

  /// Empty files, with the folders they need; for tests that look at names only.
  func touch(_ names: String...) throws {
    for name in names { try write("", to: name) }
  }

  func write(_ text: String, to name: String) throws {
    create((name as NSString).deletingLastPathComponent)
    try Data(text.utf8).write(to: URL(fileURLWithPath: at(name)))
  }

  func link(_ name: String, to destination: String) throws {
    create((name as NSString).deletingLastPathComponent)
    try FileManager.default.createSymbolicLink(atPath: at(name), withDestinationPath: destination)
  }
}

/// The problem that a body ends with; nil where it ends well.
func problem(_ body: () throws -> Void) -> Problem? {
  do { try body() } catch { return error as? Problem }
  return nil
}

func pixelSize(_ width: Int, _ height: Int) -> PixelSize { PixelSize(width: width, height: height) }

/// A picture whose colours tell the place of each pixel: red the column, green the row.
func placeImage(_ width: Int, _ height: Int) -> RGBImage {
  var image = RGBImage(size: pixelSize(width, height))
  for y in 0..<height {
    for x in 0..<width {
      let i = 3 * (y * width + x)
      (image.pixels[i], image.pixels[i + 1]) = (UInt8(x & 255), UInt8(y & 255))
    }
  }
  return image
}

/// A label map of square tiles, numbered row by row up to `classes`.
func tiledLabel(_ width: Int, _ height: Int, tile: Int, classes: Int) -> LabelMap {
  var map = LabelMap(size: pixelSize(width, height))
  let across = (width + tile - 1) / tile
  for y in 0..<height {
    for x in 0..<width {
      map.pixels[y * width + x] = UInt8((y / tile * across + x / tile) % classes)
    }
  }
  return map
}

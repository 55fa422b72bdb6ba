// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Foundation
import Imaging
import Segmentation

/// Reads a config file as each command does, and lays its settings over the defaults.
func readConfig(at path: String) throws {
  try attempt([
    { _ = try ConfigFile.read(path) },
    { try settings(of: TrainingSettings.self, at: path).check() },
    { try settings(of: AdaptationSettings.self, at: path).check() },
    { _ = try ConfigFile.read(path, for: "evaluate") { _ in true } },
  ])
}

private func settings<Root: RunSettings>(of _: Root.Type, at path: String) throws -> Root {
  let table = Root.table
  let items = try ConfigFile.read(path, for: Root.job.rawValue) { name in
    table.settings.contains { $0.name == name }
  }
  var root = Root()
  try attempt(items.map { item, file in { try table.set(item.name, to: item.value, in: &root, at: file) } })
  return root
}

/// Reads the file of a data set of one's own, without a look at the folders it names.
func readDataSet(at path: String) throws {
  let set = try DataSet(file: path)
  _ = try set.split(named: nil)
  guard let space = set.labelSpace else { return }
  try expect((1...255).contains(space.count), "\(space.count) classes")
  try expect(space.palette.bytes.count == 768, "a palette of \(space.palette.bytes.count) bytes")
  try attempt([
    { _ = try space.learned.told(in: .cityscapes19) },
    { _ = try space.map(ids(channels: 1), path: path) },
    { _ = try space.map(ids(channels: 3), path: path) },
  ])
}

/// A label image of ids from 0 to 65535.
private func ids(channels: Int) -> IndexImage {
  let values = (0..<16 * channels).map { UInt16(truncatingIfNeeded: $0 < 8 ? $0 : $0 * 1365) }
  return IndexImage(
    size: PixelSize(width: 8, height: 2), channels: channels, values: values, isPalette: false)
}

/// Reads a list of images beside two that are there.
///
/// Results are written under an image's name, so no name may lead out of their folder.
func readList(at path: String, in folder: String) throws {
  for name in ["a.png", "b.jpg"] {
    let picture = "\(folder)/\(name)"
    guard !FileManager.default.fileExists(atPath: picture) else { continue }
    try Data().write(to: URL(fileURLWithPath: picture))
  }
  let list = try ImageList(listFile: path)
  try expect(list.count > 0, "a list without an image")
  for entry in list.entries {
    let parts = entry.name.split(separator: "/", omittingEmptySubsequences: false)
    let leadsOut = parts.contains("..") || entry.name.hasPrefix("/") || entry.name.isEmpty
    try expect(!leadsOut, "the name \"\(entry.name)\"")
  }
}

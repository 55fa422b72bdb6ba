// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Imaging
import Segmentation
import Streets

extension StreetClasses: ExpressibleByArgument {}

/// The data set whose folders, names and label files a set of scenes takes.
enum StreetLayout: String, CaseIterable, ExpressibleByArgument {
  case folders, cityscapes, gta5, synthia

  /// The scenes' size where none is asked for: in the shape of the data set's own, but small.
  var size: PixelSize {
    switch self {
    case .folders: PixelSize(width: 320, height: 240)
    case .cityscapes: PixelSize(width: 512, height: 256)
    case .gta5: PixelSize(width: 478, height: 263)
    case .synthia: PixelSize(width: 320, height: 190)
    }
  }

  /// How many scenes the digits of its file names can tell apart.
  var mostScenes: Int {
    switch self {
    case .folders: .max
    case .cityscapes, .gta5: 99_999
    case .synthia: 9_999_999
    }
  }
}

/// The part of Cityscapes that scenes are for.
enum StreetSplit: String, CaseIterable, ExpressibleByArgument {
  case train, val, test

  /// Towns that no other split has.
  var cities: [String] {
    switch self {
    case .train: ["aldenheim", "brunnstadt", "castelbruck", "dornfurt"]
    case .val: ["eschenau", "falkenried"]
    case .test: ["grunwerder", "hohenmark"]
    }
  }

  /// Where its scenes start, so that no scene of one seed is in two splits.
  var firstScene: Int {
    switch self {
    case .train: 0
    case .val: 100_000
    case .test: 200_000
    }
  }
}

/// The files of a set of scenes.
struct StreetFiles {
  let layout: StreetLayout
  let classes: StreetClasses
  let domain: String
  let split: StreetSplit
  let count: Int
  let labelled: Bool

  /// The number of a scene in its series.
  func scene(_ index: Int) -> Int { (layout == .cityscapes ? split.firstScene : 0) + index }

  func image(_ index: Int) -> String {
    switch layout {
    case .folders: "images/\(stem(index)).png"
    case .cityscapes: "leftImg8bit/\(stem(index))_leftImg8bit.png"
    case .gta5: "images/\(stem(index)).png"
    case .synthia: "RGB/\(stem(index)).png"
    }
  }

  /// The label file, or nothing where there is none: Cityscapes keeps those of its test split to itself.
  func label(_ index: Int) -> String? {
    guard labelled else { return nil }
    switch layout {
    case .folders, .gta5: return "labels/\(stem(index)).png"
    case .cityscapes: return split == .test ? nil : "gtFine/\(stem(index))_gtFine_labelIds.png"
    case .synthia: return "GT/LABELS/\(stem(index)).png"
    }
  }

  private func stem(_ index: Int) -> String {
    switch layout {
    case .folders: return "\(domain)_\(digits(index, 5))"
    case .gta5: return digits(index + 1, 5)
    case .synthia: return digits(index, 7)
    case .cityscapes:
      // Each city has the scenes of a stretch, numbered anew.
      let cities = split.cities
      let city = index * cities.count / count
      let first = (city * count + cities.count - 1) / cities.count
      let name = cities[city]
      return "\(split.rawValue)/\(name)/\(name)_\(digits(index - first, 6))_000019"
    }
  }

  private func digits(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  /// Every file, relative to the output.
  var names: [String] { (0..<count).flatMap { [image($0)] + (label($0).map { [$0] } ?? []) } }

  /// The folders that hold files.
  var leaves: [String] {
    Set(names.map { String($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)]) }).sorted()
  }

  /// The folders that must be empty; other splits may lie beside this one.
  var folders: [String] {
    layout == .cityscapes ? ["leftImg8bit/\(split.rawValue)", "gtFine/\(split.rawValue)"] : [""]
  }
}

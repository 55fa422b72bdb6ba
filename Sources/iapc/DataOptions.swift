// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Imaging
import Segmentation

extension ExifOrientation: ExpressibleByArgument {}

/// Where images come from, as every command that reads some takes it.
struct ImageOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The images: a folder, a list file or one image.", valueName: "dir-or-list"),
    completion: .file())
  var images: String?
  @Option(
    help: ArgumentHelp(
      "A data set in the place of --images: \(DataSet.known.map(\.name).joined(separator: ", ")); "
        + "or the .yaml of one's own.", valueName: "name-or-yaml"), completion: .dataSets)
  var dataset: String?
  @Option(
    help: ArgumentHelp("The data set's root folder, as it was unpacked.", valueName: "dir"),
    completion: .directory)
  var data: String?
  @Option(help: "The data set's part: train, val, ... (default: the set's own)")
  var split: String?
  @Flag(help: "Go on where images or labels are missing or have no partner; results say so.")
  var allowMissing = false
  @Option(
    help:
      "Turn images and labels as their EXIF says, or ignore it: pixels as they are stored. (default: apply)")
  var exifOrientation: ExifOrientation?

  var isEmpty: Bool { source().isEmpty }

  /// - Parameter labels: where labels are read too.
  func source(_ labels: LabelOptions? = nil) -> DataSource {
    DataSource(
      dataset: dataset, data: data, split: split, images: images, labels: labels?.labels,
      labelSpace: labels?.labelSpace, allowMissing: allowMissing,
      exifOrientation: exifOrientation ?? .apply)
  }

  /// The images that are named; tells what was left out.
  func list() throws -> ImageList {
    let list = try source().imageList()
    tell(list.leftOut)
    return list
  }

  /// These options under the names of settings.
  var settings: [(String, String?)] {
    [
      ("data.images", images), ("data.dataset", dataset), ("data.root", data), ("data.split", split),
      ("data.allow_missing", allowMissing ? "on" : nil), ("data.exif_orientation", exifOrientation?.rawValue),
    ]
  }
}

/// Tells what was found beside images and could not be taken.
func tell(_ leftOut: LeftOut) {
  for line in leftOut.lines { ProgressDisplay().observer.note("left out: \(line)") }
}

/// Where labels come from, beside the images.
struct LabelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The folder of label images (PNG). (default: the data set's)", valueName: "dir"),
    completion: .directory)
  var labels: String?
  @Option(
    help: ArgumentHelp(
      "What the label images hold: \(LabelSpace.known.map(\.name).joined(separator: ", ")), "
        + "or the .yaml of one's own. (default: as the data set says, or the network's classes)",
      valueName: "space"),
    completion: .labelSpaces)
  var labelSpace: String?
}

// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// A few files of a split, named and laid out as its data set ships them.
struct ShippedTree: CustomTestStringConvertible, Sendable {
  let dataset: String
  let split: String
  /// Image files, and the label file of each; the names are what the images are called.
  let images: [String]
  let labels: [String]
  let names: [String]
  /// Files that lie in the same folders and belong to neither.
  var extras: [String] = []
  /// The ids written into every label file, and the classes they stand for.
  var ids: [UInt8] = ShippedTree.trainIDs
  var classes: [UInt8] = ShippedTree.trainIDs
  /// Whether the labels are palette indices in colours of no meaning, as GTA5's are.
  var hasPalette = false
  /// How many images the whole split has.
  var count: Int?

  var testDescription: String { "\(dataset) \(split)" }

  static let size = pixelSize(6, 4)

  /// Writes the files, the labels of 6x4 pixels with `ids` and then 255.
  func write(to folder: ScratchFolder) throws {
    for path in images {
      try folder.touch(path)
      if path.hasSuffix(".png") {
        try RGBImage(size: Self.size, filledWith: 9).writePNG(to: folder.at(path))
      } else {
        try AtomicFile.write(FileBytes.read(Fixtures.path("datasets/street.jpg")), to: folder.at(path))
      }
    }
    let palette = hasPalette ? Palette(bytes: [UInt8](repeating: 200, count: 768)) : nil
    for path in labels {
      try folder.touch(path)
      if dataset == "synthia" {
        try AtomicFile.write(
          FileBytes.read(Fixtures.path("datasets/synthia_label.png")), to: folder.at(path))
      } else {
        try LabelMap(size: Self.size, pixels: padded(ids)).writePNG(to: folder.at(path), palette: palette)
      }
    }
    for path in extras { try folder.touch(path) }
  }

  /// The classes of a label file as they are read.
  var expected: [UInt8] { padded(classes) }

  private func padded(_ values: [UInt8]) -> [UInt8] {
    values + [UInt8](repeating: 255, count: Self.size.area - values.count)
  }

  private static let trainIDs = (0..<19).map { UInt8($0) } + [255]
  private static let scored: [UInt8] = [
    7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33,
  ]

  static let all = cityscapes + synthetic + adverse + elsewhere

  private static let cityscapes = [
    ShippedTree(
      dataset: "cityscapes", split: "val",
      images: ["leftImg8bit/val/lindau/lindau_000000_000019_leftImg8bit.png"],
      labels: ["gtFine/val/lindau/lindau_000000_000019_gtFine_labelIds.png"],
      names: ["lindau/lindau_000000_000019_leftImg8bit"],
      extras: ["color.png", "instanceIds.png", "labelTrainIds.png", "polygons.json"].map {
        "gtFine/val/lindau/lindau_000000_000019_gtFine_\($0)"
      } + ["leftImg8bit/val/lindau/montage.png"],
      ids: scored + [0, 34], classes: trainIDs + [255], count: 500),
    ShippedTree(
      dataset: "foggy-cityscapes", split: "val-0.01",
      images: ["leftImg8bit_foggy/val/lindau/lindau_000000_000019_leftImg8bit_foggy_beta_0.01.png"],
      labels: ["gtFine/val/lindau/lindau_000000_000019_gtFine_labelIds.png"],
      names: ["lindau/lindau_000000_000019_leftImg8bit_foggy_beta_0.01"],
      extras: ["0.005", "0.02"].map {
        "leftImg8bit_foggy/val/lindau/lindau_000000_000019_leftImg8bit_foggy_beta_\($0).png"
      }, ids: scored, classes: (0..<19).map { UInt8($0) }, count: 500),
  ]

  private static let synthetic = [
    ShippedTree(
      dataset: "gta5", split: "train", images: ["images/00001.png", "images/00002.png"],
      labels: ["labels/00001.png", "labels/00002.png"], names: ["00001", "00002"],
      extras: ["labels/00001_labelTrainIds.png", "labels/sample_class_stats.json", "read_mapping.zip"],
      ids: scored + [0, 34], classes: trainIDs + [255], hasPalette: true, count: 24966),
    ShippedTree(
      dataset: "synthia", split: "train", images: ["RGB/0000000.png"],
      labels: ["GT/LABELS/0000000.png"], names: ["0000000"],
      extras: ["GT/COLOR/0000000.png", "GT/LABELS/0000000_labelTrainIds.png", "Depth/Depth/0000000.png"],
      classes: [
        255, 10, 2, 0, 1, 4, 8, 5, 13, 7, 11, 18, 17, 255, 255, 6, 255, 12, 255, 15, 255, 3, 255, 255,
      ], count: 9400),
  ]

  private static let adverse = [
    ShippedTree(
      dataset: "acdc", split: "val",
      images: [
        "rgb_anon/fog/val/GOPR0476/GOPR0476_frame_000854_rgb_anon.png",
        "rgb_anon/night/val/GOPR0356/GOPR0356_frame_000321_rgb_anon.png",
      ],
      labels: [
        "gt/fog/val/GOPR0476/GOPR0476_frame_000854_gt_labelTrainIds.png",
        "gt/night/val/GOPR0356/GOPR0356_frame_000321_gt_labelTrainIds.png",
      ],
      names: [
        "fog/val/GOPR0476/GOPR0476_frame_000854_rgb_anon",
        "night/val/GOPR0356/GOPR0356_frame_000321_rgb_anon",
      ],
      extras: ["labelIds", "labelColor", "invGray"].map {
        "gt/fog/val/GOPR0476/GOPR0476_frame_000854_gt_\($0).png"
      } + ["rgb_anon/fog/val_ref/GOPR0476/GOPR0476_frame_000854_rgb_ref_anon.png"], count: 406),
    ShippedTree(
      dataset: "acdc", split: "val-night",
      images: ["rgb_anon/night/val/GOPR0356/GOPR0356_frame_000321_rgb_anon.png"],
      labels: ["gt/night/val/GOPR0356/GOPR0356_frame_000321_gt_labelTrainIds.png"],
      names: ["GOPR0356/GOPR0356_frame_000321_rgb_anon"],
      extras: ["rgb_anon/fog/val/GOPR0476/GOPR0476_frame_000854_rgb_anon.png"], count: 106),
    ShippedTree(
      dataset: "dark-zurich", split: "val",
      images: ["rgb_anon/val/night/GOPR0356/GOPR0356_frame_000324_rgb_anon.png"],
      labels: ["gt/val/night/GOPR0356/GOPR0356_frame_000324_gt_labelTrainIds.png"],
      names: ["GOPR0356/GOPR0356_frame_000324_rgb_anon"],
      extras: [
        "gt/val/night/GOPR0356/GOPR0356_frame_000324_gt_invGray.png",
        "rgb_anon/val_ref/day/GOPR0356_ref/GOPR0356_frame_000324_ref_rgb_anon.png",
      ], count: 50),
  ]

  private static let elsewhere = [
    ShippedTree(
      dataset: "bdd100k", split: "val", images: ["images/10k/val/7d06fefd-f7be05a6.jpg"],
      labels: ["labels/sem_seg/masks/val/7d06fefd-f7be05a6.png"], names: ["7d06fefd-f7be05a6"],
      extras: ["labels/sem_seg/colormaps/val/7d06fefd-f7be05a6.png"], count: 1000),
    ShippedTree(
      dataset: "mapillary", split: "val", images: ["validation/images/_1Gn_xkw7sa_i9GU4mkxxQ.jpg"],
      labels: ["validation/labels/_1Gn_xkw7sa_i9GU4mkxxQ.png"], names: ["_1Gn_xkw7sa_i9GU4mkxxQ"],
      extras: ["validation/instances/_1Gn_xkw7sa_i9GU4mkxxQ.png"],
      ids: [13, 24, 41, 15, 17, 6, 3, 47, 48, 50, 30, 29, 27, 19, 22, 55, 61, 54, 58, 57, 52, 65, 0],
      classes: [0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 255, 255],
      hasPalette: true, count: 2000),
    ShippedTree(
      dataset: "mapillary", split: "train", images: ["training/images/a.jpg"],
      labels: ["training/v1.2/labels/a.png"], names: ["a"], extras: ["training/v2.0/labels/a.png"],
      ids: [2, 45, 20, 21], classes: [1, 5, 12, 12], hasPalette: true, count: 18000),
    ShippedTree(
      dataset: "idd", split: "val", images: ["leftImg8bit/val/119/903127_leftImg8bit.png"],
      labels: ["gtFine/val/119/903127_gtFine_labelids.png"], names: ["119/903127_leftImg8bit"],
      extras: ["polygons.json", "labellevel3Ids.png", "labelcsTrainIds.png", "instanceids.png"].map {
        "gtFine/val/119/903127_gtFine_\($0)"
      },
      ids: [0, 3, 29, 20, 21, 26, 25, 24, 32, 5, 33, 6, 8, 12, 13, 14, 17, 9, 10, 11, 39],
      classes: trainIDs + [255]),
    ShippedTree(
      dataset: "nthu", split: "test", images: ["Images/Test/pano_00002_2_180.jpg"],
      labels: ["Labels/Test/pano_00002_2_180_eval.png"], names: ["pano_00002_2_180"],
      extras: ["Images/Train/pano_00000_0_0.png", "Labels/Test/pano_00002_2_180_color.png"],
      ids: [7, 8, 11, 19, 20, 21, 23, 24, 25, 26, 28, 32, 33, 12, 0],
      classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 255, 255], count: 100),
    ShippedTree(
      dataset: "camvid", split: "test", images: ["test/0001TP_008550.png"],
      labels: ["testannot/0001TP_008550.png"], names: ["0001TP_008550"], extras: ["test.txt"],
      ids: (0..<12).map { UInt8($0) }, classes: (0..<11).map { UInt8($0) } + [255], count: 233),
  ]
}

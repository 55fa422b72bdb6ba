// SPDX-License-Identifier: Apache-2.0

extension DataSet {
  /// The data sets that have a name on the command line, in the layouts that their archives unpack to.
  public static let known = [
    cityscapes, foggyCityscapes, gta5, synthia, acdc, darkZurich, bdd100k, mapillary, idd, nthu, camvid,
  ]

  /// Source: Cordts et al. 2016. The test labels are withheld: their files are there and hold no class.
  private static let cityscapes = DataSet(
    "cityscapes", .cityscapesIDs,
    splits: cityscapesSplits.map { name, count in
      Split(
        name, FileGroup("leftImg8bit/\(name)", suffix: "_leftImg8bit"), labels: gtFine(name), count: count)
    })

  /// Source: Sakaridis et al. 2018. Each image in three densities of fog; the labels are Cityscapes' own.
  private static let foggyCityscapes = DataSet(
    "foggy-cityscapes", .cityscapesIDs,
    splits: cityscapesSplits.flatMap { name, count in
      [("", "0.02"), ("-0.02", "0.02"), ("-0.01", "0.01"), ("-0.005", "0.005")].map { ending, beta in
        Split(
          name + ending, FileGroup("leftImg8bit_foggy/\(name)", suffix: "_leftImg8bit_foggy_beta_\(beta)"),
          labels: gtFine(name), count: count)
      }
    })

  private static let cityscapesSplits = [("train", 2975), ("val", 500), ("test", 1525)]

  private static func gtFine(_ split: String) -> [FileGroup] {
    split == "test" ? [] : [FileGroup("gtFine/\(split)")]
  }

  /// Source: Richter et al. 2016.
  private static let gta5 = DataSet(
    "gta5", .cityscapesIDs,
    splits: [Split("train", FileGroup("images"), labels: [FileGroup("labels")], count: 24966)])

  /// Source: Ros et al. 2016, the part named SYNTHIA-RAND-CITYSCAPES.
  private static let synthia = DataSet(
    "synthia", .synthiaIDs,
    splits: [Split("train", FileGroup("RGB"), labels: [FileGroup("GT/LABELS")], count: 9400)])

  /// Source: Sakaridis et al. 2021. A split is all four conditions, or one: "val", "val-fog".
  private static let acdc = DataSet(
    "acdc", .cityscapes19,
    splits: ["train", "val", "test"].flatMap { split in
      let counts = ["fog", "night", "rain", "snow"].map { condition in
        switch split {
        case "train": (condition, 400)
        case "val": (condition, condition == "night" ? 106 : 100)
        default: (condition, 500)
        }
      }
      let folders = counts.map { "\($0.0)/\(split)" }
      let whole = Split(
        split, FileGroup("rgb_anon", folders: folders, suffix: "_rgb_anon"),
        labels: split == "test" ? [] : [FileGroup("gt", folders: folders)],
        count: counts.map(\.1).reduce(0, +))
      return [whole]
        + counts.map { condition, count in
          Split(
            "\(split)-\(condition)", FileGroup("rgb_anon/\(condition)/\(split)", suffix: "_rgb_anon"),
            labels: split == "test" ? [] : [FileGroup("gt/\(condition)/\(split)")], count: count)
        }
    })

  /// Source: Sakaridis et al. 2019. Only the nights of `val` have labels; "train-day" and "train-twilight"
  /// lead from day to the nights of "train".
  private static let darkZurich = DataSet(
    "dark-zurich", .cityscapes19,
    splits: [
      Split("train", FileGroup("rgb_anon/train/night", suffix: "_rgb_anon"), count: 2416),
      Split("train-twilight", FileGroup("rgb_anon/train/twilight", suffix: "_rgb_anon"), count: 2920),
      Split("train-day", FileGroup("rgb_anon/train/day", suffix: "_rgb_anon"), count: 3041),
      Split(
        "val", FileGroup("rgb_anon/val/night", suffix: "_rgb_anon"), labels: [FileGroup("gt/val/night")],
        count: 50),
      Split("test", FileGroup("rgb_anon/test/night", suffix: "_rgb_anon"), count: 151),
    ])

  /// Source: Yu et al. 2020, its 10,000 images with semantic labels.
  private static let bdd100k = DataSet(
    "bdd100k", .cityscapes19,
    splits: [("train", 7000), ("val", 1000), ("test", 2000)].map { name, count in
      Split(
        name, FileGroup("images/10k/\(name)"),
        labels: name == "test" ? [] : [FileGroup("labels/sem_seg/masks/\(name)")], count: count)
    })

  /// Source: Neuhold et al. 2017, the labels of version 1.2, alone or beside those of 2.0.
  private static let mapillary = DataSet(
    "mapillary", .mapillaryV1,
    splits: [("train", "training", 18000), ("val", "validation", 2000), ("test", "testing", 5000)].map {
      name, folder, count in
      let labels = ["labels", "v1.2/labels"].map { FileGroup("\(folder)/\($0)") }
      return Split(name, FileGroup("\(folder)/images"), labels: name == "test" ? [] : labels, count: count)
    })

  /// Source: Varma et al. 2019. The label files are those that its public tools make of its polygons.
  private static let idd = DataSet(
    "idd", .iddIDs,
    splits: ["train", "val", "test"].map { name in
      Split(name, FileGroup("leftImg8bit/\(name)", suffix: "_leftImg8bit"), labels: gtFine(name))
    })

  /// Source: Chen et al. 2017. The root is the folder of one of its four cities.
  private static let nthu = DataSet(
    "nthu", .nthuIDs,
    splits: [
      Split("train", FileGroup("Images/Train"), count: 3200),
      Split(
        "test", FileGroup("Images/Test"), labels: [FileGroup("Labels/Test", suffix: "_eval")], count: 100),
    ])

  /// Source: Brostow, Fauqueur and Cipolla 2009, in the form given out with SegNet.
  private static let camvid = DataSet(
    "camvid", .camvid11,
    splits: [("train", 367), ("val", 101), ("test", 233)].map { name, count in
      Split(name, FileGroup(name), labels: [FileGroup("\(name)annot")], count: count)
    })
}

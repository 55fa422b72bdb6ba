// SPDX-License-Identifier: Apache-2.0

import Files

extension LabelSpace {
  /// The label spaces that have a name on the command line.
  public static let known = [cityscapes19, cityscapesIDs, camvid11]

  /// The 19 classes scored on Cityscapes; the files hold their train ids.
  ///
  /// Source: Cordts et al. 2016, with the names and colours of the official label table.
  public static let cityscapes19 = LabelSpace(
    unchecked: "cityscapes19", classes: cityscapesClasses, indices: nil, ignoredIDs: [255],
    fileSuffix: "_labelTrainIds")

  /// The 19 classes of Cityscapes; the files hold the ids of its official label table, as GTA5's do.
  ///
  /// The licence plate, -1 in the table, appears as 34, 255 or 65535 in the files of different writers.
  public static let cityscapesIDs: LabelSpace = {
    let scored = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    let indices = Dictionary(uniqueKeysWithValues: zip(scored, 0...))
    let ignored = Set(0...34).subtracting(scored).union([255, 65535])
    return LabelSpace(
      unchecked: "cityscapesIds", classes: cityscapesClasses, indices: indices, ignoredIDs: ignored,
      fileSuffix: "_labelIds")
  }()

  /// CamVid in its form of 11 classes; the files hold the indices, and 11 for what has no class.
  ///
  /// Source: Brostow, Fauqueur and Cipolla 2009; grouping and colours of Badrinarayanan et al. (SegNet) 2017.
  public static let camvid11 = LabelSpace(
    unchecked: "camvid11",
    classes: [
      LabelClass("sky", 128, 128, 128), LabelClass("building", 128, 0, 0), LabelClass("pole", 192, 192, 128),
      LabelClass("road", 128, 64, 128), LabelClass("pavement", 60, 40, 222), LabelClass("tree", 128, 128, 0),
      LabelClass("sign", 192, 128, 128), LabelClass("fence", 64, 64, 128), LabelClass("car", 64, 0, 128),
      LabelClass("pedestrian", 64, 64, 0), LabelClass("bicyclist", 0, 128, 192),
    ],
    indices: nil, ignoredIDs: [11, 255], fileSuffix: nil)

  private static let cityscapesClasses = [
    LabelClass("road", 128, 64, 128), LabelClass("sidewalk", 244, 35, 232),
    LabelClass("building", 70, 70, 70), LabelClass("wall", 102, 102, 156),
    LabelClass("fence", 190, 153, 153), LabelClass("pole", 153, 153, 153),
    LabelClass("traffic light", 250, 170, 30), LabelClass("traffic sign", 220, 220, 0),
    LabelClass("vegetation", 107, 142, 35), LabelClass("terrain", 152, 251, 152),
    LabelClass("sky", 70, 130, 180), LabelClass("person", 220, 20, 60),
    LabelClass("rider", 255, 0, 0), LabelClass("car", 0, 0, 142),
    LabelClass("truck", 0, 0, 70), LabelClass("bus", 0, 60, 100),
    LabelClass("train", 0, 80, 100), LabelClass("motorcycle", 0, 0, 230),
    LabelClass("bicycle", 119, 11, 32),
  ]

  /// The known label space of a name.
  ///
  /// - Throws: a `Problem` that lists the known names and says which is nearest.
  public static func named(_ name: String) throws -> LabelSpace {
    if let space = known.first(where: { $0.name == name }) { return space }
    throw unknownName(name, of: "label space", known: known.map(\.name))
  }
}

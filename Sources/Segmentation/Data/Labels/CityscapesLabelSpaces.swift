// SPDX-License-Identifier: Apache-2.0

extension LabelSpace {
  /// The 19 classes scored on Cityscapes; the files hold their train ids.
  ///
  /// Source: Cordts et al. 2016, with the names and colours of the official label table.
  public static let cityscapes19 = LabelSpace(
    unchecked: "cityscapes19", classes: cityscapesClasses, fileSuffix: "_labelTrainIds")

  /// The 19 classes of Cityscapes; the files hold the ids of its official label table, as GTA5's do.
  ///
  /// The licence plate, -1 in the table, appears as 34, 255 or 65535 in the files of different writers.
  public static let cityscapesIDs = LabelSpace(
    unchecked: "cityscapesIds", classes: cityscapesClasses,
    indices: Dictionary(uniqueKeysWithValues: zip(scoredIDs, 0...)), ignoredIDs: others(than: scoredIDs),
    fileSuffix: "_labelIds")

  /// The 16 classes that SYNTHIA shares with Cityscapes, numbered without gaps: the outputs of networks that
  /// leave terrain, truck and train out.
  public static let cityscapes16 = LabelSpace(unchecked: "cityscapes16", classes: classes(of: sixteen))

  /// The 13 classes scored where wall, fence and pole are left out of the 16, numbered without gaps.
  public static let cityscapes13 = LabelSpace(unchecked: "cityscapes13", classes: classes(of: thirteen))

  /// The 13 classes of the four cities of Chen et al. 2017; the files hold the ids of Cityscapes.
  public static let nthuIDs: LabelSpace = {
    let ids = thirteen.map { scoredIDs[$0] }
    return LabelSpace(
      unchecked: "nthuIds", classes: classes(of: thirteen),
      indices: Dictionary(uniqueKeysWithValues: zip(ids, 0...)), ignoredIDs: others(than: ids))
  }()

  /// The Cityscapes id of each of the 19 classes.
  private static let scoredIDs = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
  private static let sixteen = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 15, 17, 18]
  private static let thirteen = [0, 1, 2, 6, 7, 8, 10, 11, 12, 13, 15, 17, 18]

  private static func others(than ids: [Int]) -> Set<Int> {
    Set(0...34).subtracting(ids).union([255, 65535])
  }

  private static func classes(of trainIDs: [Int]) -> [LabelClass] { trainIDs.map { cityscapesClasses[$0] } }

  static let cityscapesClasses = [
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
}

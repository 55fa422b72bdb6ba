// SPDX-License-Identifier: Apache-2.0

extension LabelSpace {
  /// The 19 classes of Cityscapes in the files of SYNTHIA-RAND-CITYSCAPES: 16-bit PNG files of three channels
  /// with the class in red and an instance in green. Terrain, truck and train do not occur.
  ///
  /// Source: Ros et al. 2016; the lane marking (22) is ignored, as most published code does.
  public static let synthiaIDs = foreign(
    "synthiaIds",
    trainIDs: [
      3: 0, 4: 1, 2: 2, 21: 3, 5: 4, 7: 5, 15: 6, 9: 7, 6: 8, 1: 10, 10: 11, 17: 12, 8: 13, 19: 15, 12: 17,
      11: 18,
    ], last: 22, fileSuffix: "_labelIds", channel: 0)

  /// The 19 classes of Cityscapes in the 66 ids of Mapillary Vistas 1.2; those of 2.0 are others.
  ///
  /// Source: Neuhold et al. 2017, grouped as in the published code of RobustNet and HRDA.
  public static let mapillaryV1 = foreign(
    "mapillaryV1",
    trainIDs: [
      13: 0, 24: 0, 41: 0, 2: 1, 15: 1, 17: 2, 6: 3, 3: 4, 45: 5, 47: 5, 48: 6, 50: 7, 30: 8, 29: 9, 27: 10,
      19: 11, 20: 12, 21: 12, 22: 12, 55: 13, 61: 14, 54: 15, 58: 16, 57: 17, 52: 18,
    ], last: 65)

  /// The 19 classes of Cityscapes in the ids of the India Driving Dataset: its `id`, neither its level-3 ids
  /// nor its train ids. Auto-rickshaws have no class.
  ///
  /// Source: Varma et al. 2019, the `csTrainId` of its label table.
  public static let iddIDs = foreign(
    "iddIds",
    trainIDs: [
      0: 0, 3: 1, 5: 9, 6: 11, 8: 12, 9: 17, 10: 18, 12: 13, 13: 14, 14: 15, 17: 16, 20: 3, 21: 4, 24: 7,
      25: 6, 26: 5, 29: 2, 32: 8, 33: 10,
    ], last: 39, fileSuffix: "_labelids")

  /// A space of the 19 classes whose files have ids of their own, 0 to `last`.
  private static func foreign(
    _ name: String, trainIDs: [Int: Int], last: Int, fileSuffix: String? = nil, channel: Int? = nil
  ) -> LabelSpace {
    LabelSpace(
      unchecked: name, classes: cityscapesClasses, indices: trainIDs,
      ignoredIDs: Set(0...last).subtracting(trainIDs.keys).union([255]), fileSuffix: fileSuffix,
      channel: channel)
  }
}

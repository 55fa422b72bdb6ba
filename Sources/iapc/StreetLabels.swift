// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation
import Streets

extension StreetFiles {
  /// The label file of a scene, in the layout's ids.
  func labelBytes(_ scene: StreetScene) -> [UInt8] {
    switch layout {
    case .folders:
      let space = classes == .camvid11 ? LabelSpace.camvid11 : .cityscapes19
      return scene.labels.pngBytes(palette: space.palette)
    case .cityscapes: return cityscapesIDs(scene.labels).pngBytes()
    case .gta5: return cityscapesIDs(scene.labels).pngBytes(palette: Self.idPalette)
    case .synthia: return synthia(scene).png16Bytes()
    }
  }

  private func cityscapesIDs(_ labels: LabelMap) -> LabelMap {
    LabelMap(size: labels.size, pixels: labels.pixels.map { Self.cityscapesIDs[Int($0)] })
  }

  /// The raw id of SYNTHIA-RAND-CITYSCAPES in red, the instance in green, nothing in blue.
  private func synthia(_ scene: StreetScene) -> IndexImage {
    var values = [UInt16](repeating: 0, count: 3 * scene.instances.count)
    for (i, label) in scene.labels.pixels.enumerated() {
      values[3 * i] = Self.synthiaIDs[Int(label)]
      values[3 * i + 1] = scene.instances[i]
    }
    return IndexImage(size: scene.labels.size, channels: 3, values: values, isPalette: false)
  }

  /// The id of each of the 19 classes in the files of Cityscapes and GTA5.
  static let cityscapesIDs: [UInt8] = {
    let ids = LabelSpace.cityscapesIDs.indices.sorted { $0.value < $1.value }
    return ids.map { UInt8($0.key) }
  }()

  /// The id of each of the 19 classes in the files of SYNTHIA-RAND-CITYSCAPES.
  ///
  /// Terrain, truck and train have ids there, though no picture of that set shows them.
  static let synthiaIDs: [UInt16] = [3, 4, 2, 21, 5, 7, 15, 9, 6, 16, 1, 10, 17, 8, 18, 19, 20, 12, 11]

  /// The colours of the 19 classes at the places of their ids; black elsewhere.
  static let idPalette: Palette = {
    var bytes = [UInt8](repeating: 0, count: 768)
    for (id, index) in LabelSpace.cityscapesIDs.indices {
      let item = LabelSpace.cityscapesIDs.classes[index]
      bytes.replaceSubrange(3 * id..<3 * id + 3, with: [item.red, item.green, item.blue])
    }
    return Palette(bytes: bytes)
  }()
}

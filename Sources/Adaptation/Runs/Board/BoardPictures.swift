// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation

/// A few of a run's images with a network's labels laid over, to look at in TensorBoard.
struct BoardPictures {
  private let images: [ImageList.Entry]
  private let size: PixelSize
  private let classes: LabelSpace

  private static let most = 4
  private static let widest = 480

  /// - `size`: the network's input size.
  init(_ images: ImageList, _ size: PixelSize, _ classes: LabelSpace) {
    self.images = images.spread(Self.most)
    (self.size, self.classes) = (size, classes)
  }

  /// The overlays of a network, which is left as it is. Images that cannot be read any more are left out.
  func overlays(of network: any Segmenter) -> [(name: String, image: RGBImage)] {
    let predictor = Predictor(network, PredictionSettings(size: size))
    return images.compactMap { entry in
      guard let image = try? entry.read() else { return nil }
      let small = image.size.fitted(width: Self.widest)
      let labels = predictor.labels(of: image, at: small)
      return ("overlay/\(entry.name)", classes.overlay(labels, on: image.resizedBicubic(to: small)))
    }
  }
}

extension ImageList {
  /// So many of the images, spread evenly over the list; all where there are no more.
  package func spread(_ most: Int) -> [Entry] {
    guard count > most else { return entries }
    return (0..<most).map { entries[(2 * $0 + 1) * count / (2 * most)] }
  }
}

extension PixelSize {
  /// The same shape, at most so wide.
  package func fitted(width widest: Int) -> PixelSize {
    guard width > widest else { return self }
    return PixelSize(width: widest, height: max(1, (height * widest + width / 2) / width))
  }
}

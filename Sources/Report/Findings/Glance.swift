// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Imaging
import Segmentation
import Torch

/// What the labels of a few images say of a network without a true label.
struct Glance {
  let meanEntropy: Double
  let information: Double
  let mirrorAgreement: Double
  /// The share of the pixels of each class of the network.
  let shares: [Double]

  /// - `size`: the network's input size.
  init(_ network: any Segmenter, _ images: [RGBImage], _ size: PixelSize) {
    let check = LabelFreeCheck(
      network, images: images.map { $0.resizedBicubic(to: size) }, normalisation: network.normalisation)
    meanEntropy = check.meanEntropy
    information = check.information
    mirrorAgreement = check.mirrorAgreement
    shares = check.histogram
  }
}

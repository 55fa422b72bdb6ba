// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import TestSupport
import Testing
import Torch

@Suite("Networks as programs") struct TracedNetworkTests {
  private static let families = [
    "espnet", "espnetv2", "deeplabv2-resnet50", "deeplabv2-vgg16", "segformer-b1",
  ]

  /// A network with other than the first statistics.
  private func loaded(
    _ family: String, _ normalisation: Normalisation = .espnetCityscapes, seed: UInt64 = 5
  ) throws -> LoadedNetwork {
    let classes = try LabelSpace.named("camvid11")
    let network = try NetworkFamily.named(family).fresh(
      BuildRequest(classCount: classes.count, normalisation: normalisation, seed: seed))
    _ = network(TensorGenerator(seed: 6).normal([2, 3, 64, 96]), .training)
    return LoadedNetwork(network: network, classes: classes, file: "net.pth", sha256: "")
  }

  private func picture(_ size: PixelSize) -> RGBImage {
    RGBImage(size: size, pixels: (0..<3 * size.area).map { UInt8(($0 * 37 >> 3) & 255) })
  }

  /// How large values are.
  private func scale(of scores: Tensor) -> Double { (scores * scores).mean().item.squareRoot() }

  /// The pixels as the program takes them.
  private func pixels(_ image: RGBImage) -> Tensor { Normalisation.pixels.batch([image, image.mirrored()]) }

  @Test("A program gives a network's scores at the size of images of any size", arguments: families)
  func scores(family: String) throws {
    let loaded = try loaded(family)
    let (network, traced) = (loaded.network, try TracedNetwork(loaded))
    #expect(traced.sizeMultiple == network.sizeMultiple && traced.classCount == 11)
    let odd = network.sizeMultiple * 9
    for size in [PixelSize(width: 160, height: 96), PixelSize(width: max(72, odd), height: max(104, odd))]
      + (network.sizeMultiple == 1 ? [PixelSize(width: 77, height: 65)] : [])
    {
      let image = picture(size)
      let expected = withoutGradients {
        network(network.input([image, image.mirrored()]), .evaluation).logits
          .resizedBilinear(height: size.height, width: size.width)
      }
      let found = try withoutGradients {
        try traced.module.forward(pixels(image), .evaluation).scores
      }
      #expect(found.shape == [2, 11, size.height, size.width])
      assertClose(found, expected, relative: 1e-4, absolute: 1e-4 * scale(of: expected))
    }
  }

  @Test(
    "It normalises as the network wants it", arguments: Normalisation.known + [Normalisation.caffe.swapped])
  func colours(normalisation: Normalisation) throws {
    let loaded = try loaded("espnet", normalisation)
    let image = picture(PixelSize(width: 64, height: 48))
    let expected = withoutGradients {
      loaded.network(loaded.network.input([image, image.mirrored()]), .evaluation).logits
    }
    let found = try TracedNetwork(loaded).module.forward(pixels(image), .evaluation).scores
    assertClose(found, expected, relative: 1e-4, absolute: 1e-4 * scale(of: expected))
  }

  @Test("Its tensors keep their names, and a later step of the network is in it")
  func sharing() throws {
    let loaded = try loaded("espnet")
    let traced = try TracedNetwork(loaded)
    let names = Set(loaded.network.store.entries.map(\.name))
    #expect(Set(traced.module.entries.map(\.name)) == names.union(["pixels.mean", "pixels.factor"]))
    let other = try self.loaded("espnet", seed: 8).network
    #expect(loaded.network.store.load(other.store.state).isExact)
    let image = picture(PixelSize(width: 64, height: 48))
    let expected = withoutGradients { other(other.input([image, image.mirrored()]), .evaluation).logits }
    let found = try traced.module.forward(pixels(image), .evaluation).scores
    assertClose(found, expected, relative: 1e-4, absolute: 1e-4 * scale(of: expected))
  }
}

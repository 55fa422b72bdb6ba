// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Testing

@Suite("Normalisation of network inputs")
struct NormalisationTests {
  private func values(_ normalisation: Normalisation, _ image: RGBImage) -> [Float] {
    [Float](unsafeUninitializedCapacity: 3 * image.size.area) { buffer, count in
      count = 3 * image.size.area
      normalisation.write(image, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
    }
  }

  private let image = RGBImage(size: PixelSize(width: 2, height: 1), pixels: [10, 20, 30, 200, 100, 0])

  @Test("BGR planes minus Caffe's mean")
  func caffe() {
    let expected: [Float] = [
      30 - 104.00698793, 0 - 104.00698793, 20 - 116.66876762, 100 - 116.66876762, 10 - 122.67891434,
      200 - 122.67891434,
    ]
    #expect(zip(values(.caffe, image), expected).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test("RGB planes as torchvision makes them of x / 255")
  func imageNet() {
    let found = values(.imageNet, image)
    #expect(abs(found[0] - Float((10.0 / 255 - 0.485) / 0.229)) < 1e-6)
    #expect(abs(found[3] - Float((100.0 / 255 - 0.456) / 0.224)) < 1e-6)
    #expect(abs(found[4] - Float((30.0 / 255 - 0.406) / 0.225)) < 1e-6)
  }

  @Test("ESPNet's input: BGR, normalised, then divided by 255")
  func espnet() {
    let found = values(.espnetCityscapes, image)
    #expect(abs(found[0] - Float((30 - 72.3923111) / 45.3192215 / 255)) < 1e-8)
    #expect(abs(found[5] - Float((200 - 73.15840149) / 44.91483307 / 255)) < 1e-8)
  }

  @Test("it survives JSON, and a flawed one does not")
  func coding() throws {
    for normalisation in Normalisation.known {
      let data = try JSONEncoder().encode(normalisation)
      #expect(try JSONDecoder().decode(Normalisation.self, from: data) == normalisation)
      #expect(try Normalisation.named(normalisation.name) == normalisation)
    }
    let flawed = #"{"name":"x","order":"rgb","mean":[1,2,3],"std":[1,0,1],"scale":1}"#
    #expect(throws: Problem.self) { try JSONDecoder().decode(Normalisation.self, from: Data(flawed.utf8)) }
    #expect(problem { _ = try Normalisation(name: "x", order: .rgb, mean: [1, 2]) } != nil)
    #expect(problem { _ = try Normalisation.named("cafe") }?.remedy.contains("caffe") == true)
  }

  @Test("a buffer of another size is a mistake of the program")
  func wrongBuffer() async {
    await #expect(processExitsWith: .failure) {
      var values = [Float](repeating: 0, count: 5)
      let image = RGBImage(size: PixelSize(width: 1, height: 2))
      values.withUnsafeMutableBufferPointer { Normalisation.caffe.write(image, into: $0) }
    }
  }
}

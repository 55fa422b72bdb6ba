// SPDX-License-Identifier: Apache-2.0

import Imaging
import Testing

@Suite("Exposure")
struct ExposureTests {
  /// Mean and deviation of all values of a picture.
  private func measured(_ image: RGBImage) -> (mean: Double, deviation: Double) {
    let values = image.pixels.map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(values.count)).squareRoot())
  }

  private func gradient(from low: Int, by step: Int) -> RGBImage {
    RGBImage(
      size: PixelSize(width: 8, height: 4), pixels: (0..<96).map { UInt8(low + $0 / 3 * step) })
  }

  @Test("brings a dark and a bright picture to the same mean and deviation")
  func brings() {
    let wanted = Exposure(mean: 110, deviation: 40)
    for image in [gradient(from: 5, by: 2), gradient(from: 120, by: 4)] {
      let found = measured(wanted(image))
      #expect(abs(found.mean - 110) < 0.5 && abs(found.deviation - 40) < 0.5)
    }
  }

  @Test("leaves the contrast where no deviation is named, and one colour as it is")
  func leaves() {
    let image = gradient(from: 30, by: 3)
    let found = measured(Exposure(mean: 90, deviation: nil)(image))
    // Half a value is rounded up everywhere.
    #expect(abs(found.mean - 90) <= 0.5 && abs(found.deviation - measured(image).deviation) < 0.5)
    let flat = RGBImage(size: PixelSize(width: 3, height: 2), filledWith: 7, 7, 7)
    #expect(Exposure(mean: 90, deviation: 40)(flat) == flat)
  }

  @Test("keeps values in range, and contrast from growing without bound")
  func bounded() {
    var image = RGBImage(size: PixelSize(width: 4, height: 4), filledWith: 10, 10, 10)
    image.pixels[0] = 14
    let found = Exposure(mean: 76, deviation: 45)(image)
    // The outlier moves by at most four times its distance.
    #expect(found.pixels[0] <= 76 + 17 && found.pixels[5] == 76)
    let extreme = Exposure(mean: 250, deviation: 100)(gradient(from: 0, by: 8))
    #expect(extreme.pixels.max() == 255)
  }
}

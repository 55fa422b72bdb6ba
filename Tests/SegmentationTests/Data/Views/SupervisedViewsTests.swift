// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import Testing

@Suite("Samples of labelled images")
struct SupervisedViewsTests {
  private let image = placeImage(60, 40)
  private let label = LabelMap(
    size: PixelSize(width: 60, height: 40), pixels: (0..<2400).map { UInt8($0 % 60) })

  private func sample(_ views: SupervisedViews, seed: UInt64) -> SupervisedSample {
    var generator = SeededGenerator(seed: seed)
    return views.make(image: image, label: label, using: &generator)
  }

  private func reds(_ image: RGBImage) -> [UInt8] {
    stride(from: 0, to: image.pixels.count, by: 3).map { image.pixels[$0] }
  }

  @Test("a crop inside the image: picture and label show the same pixels, mirrored or not")
  func crop() throws {
    let views = try SupervisedViews(crop: pixelSize(30, 20), scaleRange: 1...1)
    var firsts: Set<UInt8> = []
    var mirrored: Set<Bool> = []
    for seed in 0..<30 as Range<UInt64> {
      let made = sample(views, seed: seed)
      #expect(made.image.size == pixelSize(30, 20))
      #expect(reds(made.image) == made.label.pixels)
      firsts.insert(made.label.pixels[0])
      mirrored.insert(made.label.pixels[0] > made.label.pixels[1])
    }
    #expect(firsts.count > 10 && mirrored == [true, false])
  }

  @Test("an image smaller than the crop is surrounded by ignored pixels of the padding's colour")
  func padding() throws {
    var views = try SupervisedViews(crop: pixelSize(70, 30), scaleRange: 1...1, mirror: false)
    views.padding = (200, 201, 202)
    var columns: Set<Int> = []
    for seed in 0..<20 as Range<UInt64> {
      let made = sample(views, seed: seed)
      let ignored = made.label.pixels.map { $0 == LabelMap.ignored }
      #expect(ignored.filter { $0 }.count == 10 * 30)
      #expect(reds(made.image) == made.label.pixels.map { $0 == 255 ? 200 : $0 })
      columns.insert(try #require(ignored.firstIndex(of: false)))
    }
    #expect(columns.count > 5 && columns.allSatisfy { $0 <= 10 })
  }

  @Test("scales below and above the crop give samples of its size")
  func scales() throws {
    let views = try SupervisedViews(size: pixelSize(48, 32), crop: pixelSize(40, 40), colourPolicy: true)
    for seed in 0..<40 as Range<UInt64> {
      let made = sample(views, seed: seed)
      #expect(made.image.size == pixelSize(40, 40) && made.label.size == pixelSize(40, 40))
      #expect(made.label.pixels.contains { $0 != 255 })
    }
  }

  @Test("brightness and contrast change the picture and not the label")
  func light() throws {
    let plain = try SupervisedViews(crop: pixelSize(30, 20), scaleRange: 1...1, mirror: false)
    var bright = plain
    bright.brightness = 0.5
    var spread = plain
    spread.contrast = 0.5
    for views in [bright, spread] {
      var changed = 0
      for seed in 0..<8 as Range<UInt64> {
        let (base, made) = (sample(plain, seed: seed), sample(views, seed: seed))
        #expect(made.label == base.label)
        changed += made.image.pixels == base.image.pixels ? 0 : 1
      }
      #expect(changed >= 6)
    }
  }

  /// A map with one class on its left three quarters and two others on its right.
  private var lopsided: LabelMap {
    LabelMap(
      size: image.size,
      pixels: (0..<2400).map { i in i % 60 < 45 ? 0 : i / 60 < 20 ? 1 : 2 })
  }

  private func shares(_ views: SupervisedViews, _ wanted: WantedClass? = nil) -> [(top: Double, two: Int)] {
    (0..<200 as Range<UInt64>).map { seed in
      var generator = SeededGenerator(seed: seed)
      let made = views.make(image: image, label: lopsided, wanted: wanted, using: &generator).label
      let counts = (0..<3).map { id in made.pixels.filter { $0 == id }.count }
      return (Double(counts.max() ?? 0) / Double(made.pixels.count), counts[2])
    }
  }

  @Test("a crop that one class fills is drawn again, up to ten times")
  func classMaximum() throws {
    var views = try SupervisedViews(crop: pixelSize(20, 10), scaleRange: 1...1, mirror: false)
    let plain = shares(views).filter { $0.top > 0.75 }.count
    views.classMaximum = 0.75
    let mixed = shares(views).filter { $0.top > 0.75 }.count
    // 30 of 41 places are too uniform; eleven such in a row come in 0.03 of the cases.
    #expect(plain > 120 && mixed < 20)
    views.classMaximum = 1
    #expect(shares(views).filter { $0.top > 0.75 }.count == plain)
  }

  @Test("a crop with too little of a wanted class is drawn again; the least scales with the image")
  func wanted() throws {
    var views = try SupervisedViews(crop: pixelSize(20, 10), scaleRange: 1...1, mirror: false)
    let plain = shares(views).filter { $0.two < 40 }.count
    #expect(plain > 120)
    #expect(shares(views, WantedClass(index: 2, pixels: 40)).filter { $0.two < 40 }.count < plain / 3)
    views.scaleRange = 0.5...0.5
    views.crop = pixelSize(10, 5)
    // A quarter of the pixels at half of the size.
    #expect(shares(views, WantedClass(index: 2, pixels: 40)).filter { $0.two < 10 }.count < plain / 3)
  }

  @Test("distortion and blur change the picture alone, and the same way for the same seed")
  func distorted() throws {
    let plain = try SupervisedViews(crop: pixelSize(30, 20), scaleRange: 1...1)
    var (distorted, blurred) = (plain, plain)
    distorted.distortion = PhotometricDistortion()
    blurred.blur = RandomBlur(probability: 0.5, deviations: 1...2)
    for (views, least, most) in [(distorted, 34, 40), (blurred, 10, 30)] {
      var changed = 0
      for seed in 0..<40 as Range<UInt64> {
        let (base, made) = (sample(plain, seed: seed), sample(views, seed: seed))
        #expect(made.label == base.label && made == sample(views, seed: seed))
        changed += made.image == base.image ? 0 : 1
      }
      #expect((least...most).contains(changed))
    }
  }

  @Test("impossible settings are refused")
  func refused() {
    #expect(problem { _ = try SupervisedViews(crop: pixelSize(0, 1)) } != nil)
    #expect(problem { _ = try SupervisedViews(crop: pixelSize(1, 1), scaleRange: 0...1) } != nil)
    #expect(problem { _ = try SupervisedViews(crop: pixelSize(1, 1), brightness: 1.5) } != nil)
    #expect(problem { _ = try SupervisedViews(size: pixelSize(1, 0), crop: pixelSize(1, 1)) } != nil)
  }

  @Test("a loader reads pairs")
  func loader() throws {
    let folder = ScratchFolder()
    try folder.touch("i/x", "l/x")
    try image.writePNG(to: folder.at("i/a.png"))
    try LabelMap(size: image.size, filledWith: 3).writePNG(to: folder.at("l/a.png"))
    let list = try ImageList(folder: folder.at("i"))
    let pairs = try LabelledImages(images: list, labelFolder: folder.at("l"), space: .camvid11)
    let views = try SupervisedViews(crop: pixelSize(30, 20), scaleRange: 1...1)
    let order = BatchOrder(count: 1, batchSize: 3, seed: 1)
    let batch = try pairs.loader(views, order, workers: 1, replacing: 0).next().compactMap(\.sample)
    #expect(
      batch.count == 3 && batch.allSatisfy { $0.label == LabelMap(size: pixelSize(30, 20), filledWith: 3) })
  }
}

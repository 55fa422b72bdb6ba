// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Segmentation
import Testing

@Suite("Views of target images")
struct TargetViewTests {
  private let image = placeImage(96, 64)
  private let label = tiledLabel(96, 64, tile: 8, classes: 19)

  private func settings(
    _ scales: ClosedRange<Double> = 0.8...1.2, mirror: Bool = true, colour: Bool = true, classes: Int = 10,
    tries: Int = 10
  ) throws -> TargetViewSettings {
    try TargetViewSettings(
      size: pixelSize(96, 64), crop: pixelSize(48, 32), scaleRange: scales, mirror: mirror, colour: colour,
      minimumClasses: classes, tries: tries)
  }

  private func views(
    _ settings: TargetViewSettings, seed: UInt64, label: LabelMap? = nil
  ) -> TargetViews {
    var generator = SeededGenerator(seed: seed)
    return TargetView.make(
      image: image, pseudoLabel: label ?? self.label, settings: settings, using: &generator)
  }

  @Test("all views have the crop's size, scales and places vary and stay inside")
  func sizes() throws {
    let settings = try settings()
    let all = (0..<60).map { views(settings, seed: $0) }
    for view in all {
      for size in [view.image.size, view.scaled.size, view.augmented.size, view.label.size] {
        #expect(size == settings.crop)
      }
      #expect(settings.factors.contains(view.factor))
      #expect(view.imagePlace.fits(in: settings.size))
    }
    let factors = all.map(\.factor)
    #expect(try #require(factors.min()) < 0.85 && (try #require(factors.max())) > 1.15)
    #expect(Set(all.map(\.place)).count > 40)
    #expect((15...45).contains(all.filter(\.mirrored).count))
  }

  @Test("the same generator gives the same views, another gives others")
  func seeded() throws {
    #expect(try views(settings(), seed: 5) == views(settings(), seed: 5))
    #expect(try views(settings(), seed: 5) != views(settings(), seed: 6))
  }

  @Test("each view is its part of the image, resized as a whole")
  func content() throws {
    let settings = try settings(mirror: false)
    for seed in 0..<12 as Range<UInt64> {
      let view = views(settings, seed: seed)
      let width = Int((view.factor * 96).rounded())
      let height = Int((view.factor * 64).rounded())
      let whole = image.resizedBicubic(to: pixelSize(width, height))
      #expect(view.scaled.pixels.elementsEqual(whole.cropped(to: view.place).pixels))
      #expect(view.image.pixels.elementsEqual(image.cropped(to: view.imagePlace).pixels))
      let ids = label.resizedNearest(to: pixelSize(width, height))
      #expect(view.label.pixels.elementsEqual(ids.cropped(to: view.place).pixels))
    }
  }

  @Test("colours are drawn after the factor and see the whole scaled image")
  func colours() throws {
    let settings = try settings(mirror: false)
    var changed = 0
    for seed in 0..<20 as Range<UInt64> {
      let view = views(settings, seed: seed)
      var generator = SeededGenerator(seed: seed)
      _ = generator.uniform(settings.factors.lowerBound, settings.factors.upperBound)
      let operations = ColourPolicy.imageNet.draw(using: &generator)
      let width = Int((view.factor * 96).rounded())
      let height = Int((view.factor * 64).rounded())
      let whole = ColourPolicy.apply(operations, to: image.resizedBicubic(to: pixelSize(width, height)))
      #expect(view.augmented.pixels.elementsEqual(whole.cropped(to: view.place).pixels))
      changed += view.augmented == view.scaled ? 0 : 1
    }
    #expect(changed > 5)
    let plain = try views(self.settings(colour: false), seed: 3)
    #expect(plain.augmented == plain.scaled)
  }

  @Test("the image's crop lies at the scaled crop's place divided by the factor, rounded down, inside")
  func proportional() throws {
    let settings = try settings(classes: 0)
    let wrong = (0..<200).map(UInt64.init).filter { seed in
      let view = views(settings, seed: seed)
      let x = min(96 - 48, Int(Double(view.place.x) / view.factor))
      let y = min(64 - 32, Int(Double(view.place.y) / view.factor))
      return (view.imagePlace.x, view.imagePlace.y) != (x, y)
    }
    #expect(wrong.isEmpty)
  }

  @Test("at the factor 1 all views and the label show one place")
  func together() throws {
    let identity = LabelMap(size: image.size, pixels: (0..<image.size.area).map { UInt8($0 % 96) })
    let settings = try settings(1...1, colour: false)
    var seen: Set<Bool> = []
    for seed in 0..<20 as Range<UInt64> {
      let view = views(settings, seed: seed, label: identity)
      #expect(view.image == view.scaled && view.scaled == view.augmented)
      let reds = stride(from: 0, to: view.image.pixels.count, by: 3).map { view.image.pixels[$0] }
      #expect(reds == view.label.pixels)
      let first = UInt8(view.place.x)
      #expect(
        view.label.pixels.prefix(2) == (view.mirrored ? [first + 47, first + 46] : [first, first + 1]))
      seen.insert(view.mirrored)
    }
    #expect(seen == [true, false])
    #expect(try (0..<20).allSatisfy { !views(try self.settings(mirror: false), seed: $0).mirrored })
  }

  @Test("places are tried until the label has more classes than asked for, not as many")
  func moreThan() throws {
    var half = LabelMap(size: pixelSize(96, 64), filledWith: 255)
    for y in 0..<32 { for x in 0..<48 { half.pixels[y * 96 + x] = UInt8(x / 12) } }
    func found(_ classes: Int, tries: Int) throws -> Int {
      let settings = try settings(1...1, classes: classes, tries: tries)
      return (0..<60).filter {
        views(settings, seed: $0, label: half).label.classCount(in: settings.bounds) == 4
      }
      .count
    }
    let once = try found(3, tries: 1)
    #expect(try found(3, tries: 400) == 60)
    #expect(try found(4, tries: 400) < 40)
    #expect(once < 40)
  }

  @Test("of tries in vain the last is kept: exactly so many places are drawn")
  func lastTry() throws {
    let settings = try settings(1...1, mirror: false, colour: false, classes: 200, tries: 7)
    var generator = SeededGenerator(seed: 9)
    _ = generator.unit()
    var last = (0, 0)
    for _ in 0..<7 { last = (generator.below(96 - 48 + 1), generator.below(64 - 32 + 1)) }
    let view = views(settings, seed: 9)
    #expect((view.place.x, view.place.y) == last)
  }

  @Test("ignored pixels are no class")
  func ignored() {
    let map = LabelMap(size: pixelSize(3, 2), pixels: [255, 1, 2, 255, 255, 2])
    #expect(map.classCount(in: PixelRect(x: 0, y: 0, size: pixelSize(3, 2))) == 2)
    #expect(map.classCount(in: PixelRect(x: 0, y: 0, size: pixelSize(1, 2))) == 0)
    #expect(map.classCount(in: PixelRect(x: 1, y: 1, size: pixelSize(2, 1))) == 1)
  }

  @Test("factors at which the crop does not fit are not drawn")
  func largeCrop() throws {
    let settings = try TargetViewSettings(
      size: pixelSize(96, 64), crop: pixelSize(90, 60), minimumClasses: 0)
    #expect(settings.factors == 60.0 / 64...1.2)
    let whole = try TargetViewSettings(size: pixelSize(97, 63), crop: pixelSize(97, 63), scaleRange: 0.5...1)
    for seed in 0..<50 as Range<UInt64> { #expect(views(whole, seed: seed).imagePlace.x == 0) }
  }

  @Test("impossible settings are refused")
  func refused() {
    func why(
      _ crop: PixelSize, _ scales: ClosedRange<Double> = 0.8...1.2, tries: Int = 10, classes: Int = 10
    ) -> String? {
      problem {
        _ = try TargetViewSettings(
          size: pixelSize(96, 64), crop: crop, scaleRange: scales, minimumClasses: classes, tries: tries)
      }?.why
    }
    #expect(why(pixelSize(96, 64)) == nil)
    #expect(why(pixelSize(97, 64)) != nil)
    #expect(why(pixelSize(0, 64)) != nil)
    #expect(why(pixelSize(96, 64), 0.5...0.9)?.contains("at most 0.9") == true)
    #expect(why(pixelSize(8, 8), 0...1) != nil)
    #expect(why(pixelSize(8, 8), tries: 0) != nil)
    #expect(why(pixelSize(8, 8), classes: -1) != nil)
  }

  @Test("a loader makes views of files; an image without pseudo-label is told by name")
  func maker() throws {
    let folder = ScratchFolder()
    try image.writePNG(to: folder.at("a.png"))
    try image.writePNG(to: folder.at("b.png"))
    let images = try ImageList(folder: folder.path)
    let order = BatchOrder(count: 2, batchSize: 2, seed: 1)
    let both = PseudoLabelTable(["a": label, "b": label])
    let loader = TargetViewMaker(images: images, pseudoLabels: both, settings: try settings()).loader(
      order, workers: 1, replacing: 0)
    #expect(try Set(loader.next().map { $0.sample?.path }) == [folder.at("a.png"), folder.at("b.png")])
    let one = PseudoLabelTable(["a": label])
    let short = TargetViewMaker(images: images, pseudoLabels: one, settings: try settings()).loader(
      order, workers: 1, replacing: 5)
    #expect(problem { _ = try short.next() }?.place == "b")
  }
}

extension TargetViewSettings {
  fileprivate var bounds: PixelRect { PixelRect(x: 0, y: 0, size: crop) }
}

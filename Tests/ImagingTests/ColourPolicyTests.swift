// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Testing

@Suite("Colour policy")
struct ColourPolicyTests {
  @Test(
    "Every operation at every level gives Pillow's bytes", arguments: ColourPolicy.Kind.allCases,
    ["vivid", "flat"])
  func operations(kind: ColourPolicy.Kind, picture: String) throws {
    let source = try Fixtures.picture("colour/\(picture).png")
    let expected = try Fixtures.picture("colour/\(picture)_\(kind).png")
    let count = expected.height / source.height
    let perLevel = ColourPolicy.Step(1, kind, 0).hasSign ? 2 : 1
    #expect(count == 1 || count == perLevel * ColourPolicy.levels)
    for index in 0..<count {
      let step = ColourPolicy.Step(1, kind, index / perLevel)
      let operation = step.operation(lowering: index % perLevel == 1)
      let place = PixelRect(x: 0, y: index * source.height, size: source.size)
      #expect(source.applying(operation) == expected.cropped(to: place), "\(operation)")
    }
  }

  @Test("Operations apply in their order")
  func order() throws {
    let source = try Fixtures.picture("colour/vivid.png")
    let result = ColourPolicy.apply([.posterize(bits: 5), .invert], to: source)
    #expect(result == source.applying(.posterize(bits: 5)).applying(.invert))
    #expect(result != source.applying(.invert).applying(.posterize(bits: 5)))
    #expect(ColourPolicy.apply([], to: source) == source)
  }

  @Test("A pointwise operation on a crop is the crop of the changed picture; others differ", arguments: 1...9)
  func pointwise(level: Int) throws {
    let source = try Fixtures.picture("colour/vivid.png")
    let rect = PixelRect(
      x: 3, y: 2, size: PixelSize(width: source.width / 2, height: source.height / 3))
    for kind in ColourPolicy.Kind.allCases {
      for lowering in [false, true] {
        let operation = ColourPolicy.Step(1, kind, level).operation(lowering: lowering)
        let same =
          source.cropped(to: rect).applying(operation) == source.applying(operation).cropped(to: rect)
        #expect(same == operation.isPointwise, "\(operation)")
      }
    }
  }

  @Test("Pictures too small for the smoothing kernel stay as they are")
  func tiny() {
    for size in [PixelSize(width: 1, height: 1), PixelSize(width: 2, height: 9)] {
      let image = RGBImage(size: size, filledWith: 10, 200, 30)
      #expect(image.applying(.sharpness(factor: 1.9)) == image)
      #expect(image.applying(.equalize) == image)
      #expect(image.applying(.autocontrast) == image)
    }
  }

  @Test("Levels map to Pillow's strengths")
  func strengths() {
    let bits = (0..<10).map { ColourPolicy.Step(1, .posterize, $0).operation() }
    #expect(bits == [8, 8, 7, 7, 6, 6, 5, 5, 4, 4].map { .posterize(bits: $0) })
    #expect(ColourPolicy.Step(1, .solarize, 0).operation() == .solarize(threshold: 256))
    #expect(ColourPolicy.Step(1, .solarize, 9).operation() == .solarize(threshold: 0))
    #expect(ColourPolicy.Step(1, .color, 9).operation() == .color(factor: 1.9))
    #expect(ColourPolicy.Step(1, .contrast, 0).operation(lowering: true) == .contrast(factor: 1))
  }

  @Test("The ImageNet policy has 18 sub-policies of two colour operations")
  func list() {
    #expect(ColourPolicy.imageNet.subpolicies.count == 18)
    #expect(ColourPolicy.imageNet.subpolicies.allSatisfy { $0.count == 2 })
    let repeated = ColourPolicy.imageNet.subpolicies.filter { $0[0] == .init(0.6, .solarize, 5) }
    #expect(repeated.count == 2)
  }

  @Test("A drawing follows from its seed")
  func seeds() {
    var (a, b) = (SeededGenerator(seed: 9), SeededGenerator(seed: 9))
    for _ in 0..<50 {
      #expect(ColourPolicy.imageNet.draw(using: &a) == ColourPolicy.imageNet.draw(using: &b))
    }
    #expect(a == b)
  }

  @Test("Operations happen as often as the policy says, and factors fall on both sides of 1")
  func frequencies() {
    var generator = SeededGenerator(seed: 1)
    let policy = ColourPolicy(subpolicies: [[.init(0.8, .color, 8), .init(0, .invert, 1)]])
    var (raised, lowered, others) = (0, 0, 0)
    for _ in 0..<10_000 {
      for operation in policy.draw(using: &generator) {
        switch operation {
        case .color(let factor) where factor > 1: raised += 1
        case .color: lowered += 1
        default: others += 1
        }
      }
    }
    #expect(abs(raised - 4_000) < 200)
    #expect(abs(lowered - 4_000) < 200)
    #expect(others == 0)
  }
}

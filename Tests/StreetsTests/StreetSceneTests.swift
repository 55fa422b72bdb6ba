// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Streets
import Testing

@Suite struct StreetSceneTests {
  static let small = PixelSize(width: 160, height: 120)

  /// How many pixels of each label value a scene has.
  static func counts(_ labels: LabelMap) -> [Int] {
    labels.pixels.reduce(into: [Int](repeating: 0, count: 256)) { $0[Int($1)] += 1 }
  }

  @Test(
    "The same arguments give the same bytes, whatever was drawn between",
    arguments: StreetDomain.all.map(\.name))
  func determinism(name: String) throws {
    let domain = try StreetDomain.named(name)
    let first = StreetScene.render(domain: domain, size: Self.small, seed: 5, index: 3)
    _ = StreetScene.render(domain: .noon, size: PixelSize(width: 33, height: 20), seed: 9, index: 0)
    let again = StreetScene.render(domain: domain, size: Self.small, seed: 5, index: 3)
    #expect(first.image == again.image)
    #expect(first.labels == again.labels)
  }

  @Test("Scenes drawn at the same time are those drawn one after the other")
  func parallel() async {
    let alone = (0..<4).map { StreetScene.render(domain: .rain, size: Self.small, seed: 2, index: $0).image }
    let together = await withTaskGroup(of: (Int, RGBImage).self) { group in
      for i in 0..<4 {
        group.addTask { (i, StreetScene.render(domain: .rain, size: Self.small, seed: 2, index: i).image) }
      }
      return await group.reduce(into: [Int: RGBImage]()) { $0[$1.0] = $1.1 }
    }
    for i in 0..<4 { #expect(together[i] == alone[i]) }
  }

  @Test("Seed, index and domain each change the scene")
  func difference() {
    let one = StreetScene.render(domain: .noon, size: Self.small, seed: 1, index: 0)
    let others = [
      StreetScene.render(domain: .noon, size: Self.small, seed: 2, index: 0),
      StreetScene.render(domain: .noon, size: Self.small, seed: 1, index: 1),
      StreetScene.render(domain: .fog, size: Self.small, seed: 1, index: 0),
    ]
    for other in others {
      #expect(other.image != one.image)
      let moved = zip(one.labels.pixels, other.labels.pixels).count { $0 != $1 }
      #expect(moved > Self.small.area / 20, "the layout must change too, not only the noise")
    }
  }

  @Test(
    "Picture and labels have the size asked for, and every label is one of the classes asked for",
    arguments: [(97, 61), (1, 1), (2, 7), (64, 200), (200, 40), (320, 240)])
  func sizes(width: Int, height: Int) {
    let size = PixelSize(width: width, height: height)
    for domain in StreetDomain.all {
      for (classes, count) in [(StreetClasses.camvid11, 11), (.cityscapes19, 19)] {
        let scene = StreetScene.render(domain: domain, size: size, seed: 7, index: 1, classes: classes)
        #expect(scene.image.size == size)
        #expect(scene.labels.size == size)
        #expect(scene.instances.count == size.area)
        #expect(scene.labels.pixels.allSatisfy { $0 < count })
      }
    }
  }

  @Test(
    "Every class of CamVid is in most scenes, large enough to learn", arguments: StreetDomain.all.map(\.name))
  func classes(name: String) throws {
    let domain = try StreetDomain.named(name)
    let scenes = 20
    var seen = [Int](repeating: 0, count: 256)
    for i in 0..<scenes {
      let counts = Self.counts(StreetScene.render(domain: domain, size: Self.small, seed: 3, index: i).labels)
      for value in 0..<256 where counts[value] * 2000 >= Self.small.area { seen[value] += 1 }
    }
    for value in 0..<11 {
      #expect(seen[value] * 10 >= scenes * 7, "class \(value) in \(seen[value]) of \(scenes)")
    }
    #expect(seen[11...].allSatisfy { $0 == 0 })
  }

  @Test(
    "Two domains show every class of Cityscapes, in enough scenes to learn", arguments: ["simulator", "city"])
  func allClasses(name: String) throws {
    let domain = try StreetDomain.named(name)
    let scenes = 60
    var (seen, total) = ([Int](repeating: 0, count: 256), [Int](repeating: 0, count: 256))
    for i in 0..<scenes {
      let scene = StreetScene.render(
        domain: domain, size: Self.small, seed: 3, index: i, classes: .cityscapes19)
      for (value, count) in Self.counts(scene.labels).enumerated() {
        total[value] += count
        if count * 2000 >= Self.small.area { seen[value] += 1 }
      }
    }
    for kind in StreetClass.allCases {
      let value = Int(kind.rawValue)
      #expect(seen[value] * 10 >= scenes * (kind == .train ? 1 : 3), "\(kind) in \(seen[value]) of \(scenes)")
      let share = Double(total[value]) / Double(scenes * Self.small.area)
      #expect(share >= 0.002, "\(kind) fills \(share)")
    }
  }

  @Test("The classes asked for change the labels only, and the 19 sum up to the eleven")
  func classesAgree() {
    let camvid: [UInt8] = [3, 4, 1, 1, 7, 2, 6, 6, 5, 5, 0, 9, 10, 8, 8, 8, 8, 10, 10]
    for domain in [StreetDomain.noon, .city] {
      let coarse = StreetScene.render(domain: domain, size: Self.small, seed: 8, index: 0)
      let fine = StreetScene.render(
        domain: domain, size: Self.small, seed: 8, index: 0, classes: .cityscapes19)
      #expect(coarse.image == fine.image)
      // A pixel's samples are counted by class, so edges may differ.
      let same = zip(coarse.labels.pixels, fine.labels.pixels).count { $0 == camvid[Int($1)] }
      #expect(same * 200 > Self.small.area * 199)
      #expect(same < Self.small.area || domain.name == "noon")
    }
  }

  @Test("Everything countable has a number of its own, and nothing else has one")
  func instances() {
    let scene = StreetScene.render(
      domain: .city, size: Self.small, seed: 8, index: 1, classes: .cityscapes19)
    var kinds: [UInt16: UInt8] = [:]
    for (label, instance) in zip(scene.labels.pixels, scene.instances) {
      #expect((instance > 0) == (label >= StreetClass.person.rawValue))
      guard instance > 0 else { continue }
      #expect(kinds[instance, default: label] == label)
      kinds[instance] = label
    }
    #expect(Set(kinds.keys).count > 5)
  }

  @Test("Sky is above and road below, and the classes take up similar room in every domain")
  func geometry() {
    for domain in StreetDomain.all {
      var total = [Int](repeating: 0, count: 256)
      for i in 0..<12 {
        let labels = StreetScene.render(
          domain: domain, size: Self.small, seed: 4, index: i, classes: .cityscapes19
        ).labels
        let lower = labels.pixels.suffix(Self.small.area / 3)
        #expect(!lower.contains(StreetClass.sky.rawValue), "\(domain.name) \(i)")
        #expect(lower.count { $0 == StreetClass.road.rawValue } * 3 > lower.count, "\(domain.name) \(i)")
        #expect(!labels.pixels.prefix(Self.small.area / 5).contains(StreetClass.road.rawValue))
        for (value, count) in Self.counts(labels).enumerated() { total[value] += count }
      }
      let share = { (kind: StreetClass) in Double(total[Int(kind.rawValue)]) / Double(12 * Self.small.area) }
      #expect((0.2...0.5).contains(share(.road)), "\(domain.name)")
      #expect((0.1...0.45).contains(share(.building)), "\(domain.name)")
      #expect((0.05...0.3).contains(share(.sky)), "\(domain.name)")
    }
  }

  @Test("A scene drawn larger is the same scene")
  func scale() {
    let small = StreetScene.render(domain: .noon, size: Self.small, seed: 6, index: 2).labels
    let large = StreetScene.render(
      domain: .noon, size: PixelSize(width: 320, height: 240), seed: 6, index: 2
    ).labels
    var agreeing = 0
    for y in 0..<120 {
      for x in 0..<160 where small.pixels[y * 160 + x] == large.pixels[2 * y * 320 + 2 * x] { agreeing += 1 }
    }
    #expect(agreeing * 100 > Self.small.area * 93)
  }
}
